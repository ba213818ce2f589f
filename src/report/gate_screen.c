#include "report/gate_out.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/line_priv.h"
#include "report/metric_priv.h"
#include "report/stream_priv.h"

#define NAME_MAX_BYTES 400
#define VALUES_END     (LINE_INDENT + 22)

static struct number chance(const struct gate_row *row)
{
    struct number n = { "–" };
    double p = row->difference.p_holm;

    if (!row->difference.bounded)
        return n;
    if (p < 0.001)
        snprintf(n.text, sizeof(n.text), "p < 0.001");
    else
        snprintf(n.text, sizeof(n.text), "p = %.*f", p < 0.1 ? 3 : 2, p);
    return n;
}

static enum screen_style style_of(const struct gate_row *row)
{
    if (isnan(row->limit) || row->word == GATE_WITHIN)
        return STYLE_PLAIN;
    if (row->word == GATE_BETTER)
        return STYLE_GOOD;
    return row->word == GATE_INCONCLUSIVE ? STYLE_WARN : STYLE_BAD;
}

static void print_row(const struct screen *s, const struct gate_row *row)
{
    char change[120], sentence[GATE_TEXT_MAX * 2];
    struct line l;

    line_begin(&l, s, metric_label(row->metric), LINE_INDENT);
    line_piece(&l, 0, STYLE_PLAIN, "%s → %s", metric_number(row->metric, row->base).text,
               metric_number(row->metric, row->head).text);
    line_pad(&l, VALUES_END);
    line_piece(&l, 1, STYLE_BOLD, "%s", gate_change(&row->difference, change, sizeof(change)));
    line_piece(&l, 2, STYLE_DIM, "%s", chance(row).text);
    line_pad(&l, l.column + 1);
    line_words(&l, style_of(row), slice_of(gate_sentence(row, sentence, sizeof(sentence))));
    line_end(&l);
}

static bool begins_cell(const struct gate *g, size_t index)
{
    return index == 0 || g->rows[index].cell != g->rows[index - 1].cell;
}

static void print_heading(const struct screen *s, const struct gate_row *row)
{
    char name[NAME_MAX_BYTES];
    struct line l;

    fputc('\n', s->out);
    line_begin(&l, s, "", 0);
    line_words(&l, STYLE_BOLD, slice_of(gate_row_name(row, name, sizeof(name))));
    line_piece(&l, 3, STYLE_DIM, "%zu pair%s", row->pairs, units_plural(row->pairs));
    if (row->refused > 0)
        line_piece(&l, 1, STYLE_WARN, "(%zu refused by a verdict)", row->refused);
    if (row->noise.known)
        line_piece(&l, 3, STYLE_DIM, "A/A noise floor %.1f %%", row->noise.floor * 100);
    else
        line_piece(&l, 3, STYLE_DIM, "noise floor unknown");
    line_end(&l);
}

static const char *result_word(const struct gate *g)
{
    if (gate_count(g, GATE_REGRESSION) + gate_count(g, GATE_SUSPECTED) > 0)
        return "FAIL";
    return gate_count(g, GATE_INCONCLUSIVE) > 0 ? "inconclusive" : "pass";
}

static void print_result(const struct screen *s, const struct gate *g,
                         const struct gate_about *about)
{
    size_t bad = gate_count(g, GATE_REGRESSION) + gate_count(g, GATE_SUSPECTED);
    size_t open = gate_count(g, GATE_INCONCLUSIVE);
    struct line l;

    fputc('\n', s->out);
    line_begin(&l, s, "gate:", 7);
    line_piece(&l, 0,
               bad > 0    ? STYLE_BAD
               : open > 0 ? STYLE_WARN
                          : STYLE_GOOD,
               "%s", result_word(g));
    line_piece(&l, 3, STYLE_PLAIN, "%zu regression%s, %zu inconclusive", bad, bad == 1 ? "" : "s",
               open);
    if (strcmp(about->policy, "fail") != 0)
        line_piece(&l, 3, STYLE_PLAIN, "--gate=%s", about->policy);
    line_piece(&l, 3, STYLE_PLAIN, "exit %d", about->exit_code);
    line_end(&l);
    line_begin(&l, s, "again:", 7);
    line_words(&l, STYLE_PLAIN, slice_of(about->again));
    line_end(&l);
}

static void print_sides(const struct screen *s, const struct gate_about *about)
{
    struct line l;

    line_begin(&l, s, "", 0);
    line_piece(&l, 0, STYLE_PLAIN, "base"); /* bold, it would be a heading in Markdown */
    line_words(&l, STYLE_PLAIN, slice_of(about->base));
    line_piece(&l, 3, STYLE_PLAIN, "head");
    line_words(&l, STYLE_PLAIN, slice_of(about->head));
    line_piece(&l, 3, STYLE_DIM, "%u pair%s, seed %llu", about->pairs, units_plural(about->pairs),
               (unsigned long long)about->seed);
    line_end(&l);
}

void gate_print(const struct screen *s, const struct gate *g, const struct gate_about *about)
{
    print_sides(s, about);
    for (size_t i = 0; i < g->row_count; i++) {
        if (begins_cell(g, i))
            print_heading(s, &g->rows[i]);
        print_row(s, &g->rows[i]);
    }
    print_result(s, g, about);
}

/* ---- Markdown ---- */

static void write_row(const struct screen *s, const struct gate_row *row)
{
    char name[NAME_MAX_BYTES], change[120], sentence[GATE_TEXT_MAX * 2], shown[8000];
    struct text text = TEXT(shown);

    screen_add_foreign(s, &text, slice_of(gate_row_name(row, name, sizeof(name))));
    fprintf(s->out, "| %s | %s | %s | %s | ", shown, metric_label(row->metric),
            metric_number(row->metric, row->base).text, metric_number(row->metric, row->head).text);
    text = TEXT(shown);
    screen_add_foreign(s, &text, slice_of(gate_sentence(row, sentence, sizeof(sentence))));
    fprintf(s->out, "%s | %s | %s |\n", gate_change(&row->difference, change, sizeof(change)),
            chance(row).text, shown);
}

bool gate_write_markdown(FILE *out, const struct gate *g, const struct gate_about *about,
                         struct error *err)
{
    struct screen s = screen_markdown(out);

    errno = 0;
    fprintf(out, "### Performance: %s\n\n", result_word(g));
    print_sides(&s, about);
    fputs("| | metric | base | head | change [95 % CI] | p (Holm) | |\n"
          "|---|---|---:|---:|---:|---:|---|\n",
          out);
    for (size_t i = 0; i < g->row_count; i++)
        write_row(&s, &g->rows[i]);
    print_result(&s, g, about);
    return stream_finish(out, err);
}

/* ---- GitHub ---- */

/* What ends a command there, or begins an escape, is escaped. */
static void put_escaped(FILE *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '%' || *c == '\r' || *c == '\n')
            fprintf(out, "%%%02X", (unsigned)*c);
        else
            fputc(*c, out);
    }
}

void gate_annotate(FILE *out, const struct gate *g, const struct gate_about *about)
{
    const char *command = strcmp(about->policy, "fail") == 0 ? "error" : "warning";

    for (size_t i = 0; i < g->row_count; i++) {
        const struct gate_row *row = &g->rows[i];
        char name[NAME_MAX_BYTES], change[120], line[1000];

        if (row->word != GATE_REGRESSION || isnan(row->limit))
            continue;
        snprintf(line, sizeof(line), "%s %s %s, limit %+.3g %%",
                 gate_row_name(row, name, sizeof(name)), metric_label(row->metric),
                 gate_change(&row->difference, change, sizeof(change)), row->limit * 100);
        fprintf(out, "::%s title=Performance regression::", command);
        put_escaped(out, line);
        fputc('\n', out);
    }
}
