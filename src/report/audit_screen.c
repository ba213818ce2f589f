#include <string.h>

#include "report/audit.h"
#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/table_priv.h"

static const struct {
    const char *title, *mark;
    enum screen_style style;
} levels[AUDIT_LEVELS] = {
    [AUDIT_IMPOSSIBLE] = {"cannot be true",  "✗", STYLE_BAD  },
    [AUDIT_INCOMPARABLE] = { "not comparable", "!",   STYLE_WARN },
    [AUDIT_DOUBT] = { "read with care", "·",  STYLE_PLAIN},
};

/* ---- findings ---- */

/* "gin.txt:41 (Incremental load, 4 of 5)"; a table's target stands in front. */
static void add_place(struct line *l, const struct audit_result *r)
{
    char place[1000];
    struct text text = TEXT(place);

    if (r->target[0] != '\0')
        text_format(&text, "%s, ", r->target);
    text_add(&text, slice_of(r->file));
    if (r->of > 1 || r->section[0] != '\0' || r->target[0] != '\0')
        text_format(&text, ":%u", r->line);
    if (r->section[0] != '\0')
        text_format(&text, " (%s, %u of %u)", r->section, r->nth, r->of);
    text_add(&text, SLICE(":"));
    line_words(l, STYLE_BOLD, (struct slice){ place, text.len });
}

static void print_finding(const struct screen *s, const struct audit_finding *f)
{
    enum audit_level level = audit_kind_level(f->kind);
    struct line l;

    line_begin(&l, s, "", 0);
    line_piece(&l, 0, levels[level].style, "%s", levels[level].mark);
    l.indent = 2;
    add_place(&l, f->about);
    line_words(&l, STYLE_PLAIN, slice_of(f->what));
    line_end(&l);
    if (f->arithmetic[0] != '\0') {
        line_begin(&l, s, "", 4);
        line_words(&l, STYLE_PLAIN, slice_of(f->arithmetic));
        line_end(&l);
    }
    line_begin(&l, s, "", 4);
    line_prose(&l, STYLE_DIM, "→ %s", f->means);
    line_end(&l);
}

static void print_findings(const struct screen *s, const struct audit *audit)
{
    const struct audit_finding *last = NULL;

    for (size_t i = 0; i < audit->finding_count; i++) {
        const struct audit_finding *f = &audit->findings[i];
        enum audit_level level = audit_kind_level(f->kind);
        struct line l;

        if (last == NULL || audit_kind_level(last->kind) != level) {
            line_begin(&l, s, "", 0);
            line_piece(&l, 0, STYLE_BOLD, "%s", levels[level].title);
            line_piece(&l, 2, STYLE_DIM, "%zu", audit_count(audit, level));
            line_end(&l);
        }
        print_finding(s, f);
        last = f;
        if (i + 1 == audit->finding_count || audit_kind_level(audit->findings[i + 1].kind) != level)
            fputc('\n', s->out);
    }
}

/* ---- results ---- */

struct results {
    const struct screen *s;
    const struct audit *audit;
};

enum { PLACE, TOOL, RATE, RIGHT, FLIGHT, TOTAL, BODY, COLUMNS };

static const struct column columns[COLUMNS] = {
    [PLACE] = {"result",      true },
      [TOOL] = { "tool",       true },
    [RATE] = { "per second", false},
      [RIGHT] = { "right",      false},
    [FLIGHT] = { "in flight",  true },
      [TOTAL] = { "bytes each", false},
    [BODY] = { "body",       false},
};

#define PLACE_COLUMNS 34

/* The end of a long name tells more than its beginning. */
static void place_cell(const struct results *c, const struct audit_result *r, char *ret_text)
{
    struct text text = { ret_text, 0, TABLE_CELL_MAX, false };
    char name[AUDIT_NAME_MAX * 2 + 8];
    struct text full = TEXT(name);
    size_t len, room;

    if (r->target[0] != '\0')
        text_format(&full, "%s %s", r->target, r->series);
    else
        text_add(&full, slice_of(r->section[0] != '\0' ? r->section : r->file));
    len = full.len;
    room = PLACE_COLUMNS - (r->of > 1 ? 6 : 0);
    if (len > room) {
        text_add(&text, slice_of(screen_glyph(c->s, "…")));
        screen_add_foreign(c->s, &text, (struct slice){ name + len - room + 1, room - 1 });
    } else {
        screen_add_foreign(c->s, &text, (struct slice){ name, len });
    }
    if (r->of > 1)
        text_format(&text, " :%u", r->line);
}

/* "31.9 of 32 ✓"; nothing is said about loads whose limit is not known. */
static void flight_cell(const struct audit_result *r, char *ret_text)
{
    double in_flight = audit_in_flight(r), all = audit_capacity(r);
    struct text text = { ret_text, 0, TABLE_CELL_MAX, false };

    if (isnan(in_flight))
        return;
    if (r->mean_ns.half >= r->mean_ns.value) {
        text_add(&text, SLICE("rounded away"));
        return;
    }
    text_format(&text, "%.1f", in_flight);
    if (isnan(all))
        return;
    text_format(&text, " of %.0f", all);
    if (!r->open_loop)
        text_format(&text, "%s", audit_fits(r) ? " ✓" : " ✗");
}

static void result_cell(const void *context, size_t row, size_t column, char *ret_text)
{
    const struct results *c = context;
    const struct audit_result *r = &c->audit->results[row];
    struct figure total = audit_total_each(r), body = audit_body_each(r);

    switch (column) {
    case PLACE:
        place_cell(c, r, ret_text);
        break;
    case TOOL:
        snprintf(ret_text, TABLE_CELL_MAX, "%s", r->tool);
        break;
    case RATE:
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_rate(r->rate_per_sec.value).text);
        break;
    case RIGHT:
        if (audit_rate_has_errors(r))
            snprintf(ret_text, TABLE_CELL_MAX, "%.1f", audit_good_per_sec(r));
        break;
    case FLIGHT:
        flight_cell(r, ret_text);
        break;
    case TOTAL:
        if (figure_known(total))
            snprintf(ret_text, TABLE_CELL_MAX, "%.1f", total.value);
        break;
    default:
        if (figure_known(body))
            snprintf(ret_text, TABLE_CELL_MAX, "%.1f", body.value);
        break;
    }
}

void audit_print(const struct screen *s, const struct audit *audit)
{
    const struct results context = { s, audit };
    struct table table = { .s = s,
                           .columns = columns,
                           .column_count = COLUMNS,
                           .row_count = audit->result_count,
                           .cell = result_cell,
                           .context = &context,
                           .gap = 2 };
    struct line l;

    print_findings(s, audit);
    table_print(&table);
    fputc('\n', s->out);
    line_begin(&l, s, "", 0);
    line_prose(
        &l, STYLE_PLAIN,
        "%zu result%s read: %zu cannot be true, %zu not comparable, %zu to be read with care",
        audit->result_count, audit->result_count == 1 ? "" : "s",
        audit_count(audit, AUDIT_IMPOSSIBLE), audit_count(audit, AUDIT_INCOMPARABLE),
        audit_count(audit, AUDIT_DOUBT));
    line_end(&l);
}
