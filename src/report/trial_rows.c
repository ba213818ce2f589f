/* Every trial of a run with many: a line for each target of each cell, a figure for each trial. */
#include <math.h>

#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/terminal_priv.h"
#include "store/check.h"

#define NAME_COLUMNS_MAX 40

static bool same_cell(const struct trial_record *a, const struct trial_record *b)
{
    return slice_equal(a->workload.name, b->workload.name) &&
           slice_equal(a->load.name, b->load.name);
}

static bool same_row(const struct trial_record *a, const struct trial_record *b)
{
    return a->control == b->control && strcmp(a->target, b->target) == 0 && same_cell(a, b);
}

typedef bool same(const struct trial_record *a, const struct trial_record *b);

/* Whether no trial before this one is the same. */
static bool is_first(const struct run_record *run, size_t at, same *as)
{
    for (size_t i = 0; i < at; i++)
        if (as(run->trials[i], run->trials[at]))
            return false;
    return true;
}

static void row_name(const struct screen *s, const struct trial_record *t, struct text *name)
{
    screen_add_foreign(s, name, slice_of(t->target));
    if (t->control)
        text_add(name, SLICE(" (A/A)"));
}

static int name_columns(const struct screen *s, const struct run_record *run)
{
    int most = 0;

    for (size_t i = 0; i < run->trial_count; i++) {
        char bytes[256] = "";
        struct text name = TEXT(bytes);

        row_name(s, run->trials[i], &name);
        most = screen_columns(bytes) > most ? screen_columns(bytes) : most;
    }
    return most < NAME_COLUMNS_MAX ? most : NAME_COLUMNS_MAX;
}

/* What the ranking's median is made of: the time it took by count, else the rate. */
static struct number figure_of(const struct trial_record *t)
{
    return t->load.requests > 0 ? number_duration((double)t->tally.window_ns)
                                : number_short(record_throughput_per_sec(t));
}

static void trial_piece(struct line *l, const struct trial_record *t)
{
    bool measured = t->state == TRIAL_DONE && !t->tally.partial && t->tally.ok > 0;
    bool believed = measured && verdict_overall(&t->verdict) != VERDICT_INVALID;

    line_piece(l, 1, measured ? STYLE_PLAIN : STYLE_BAD, "%s%7s",
               believed ? " " : screen_glyph(l->s, "✗"), measured ? figure_of(t).text : "failed");
}

static void row_line(const struct screen *s, const struct run_record *run, size_t first,
                     int columns)
{
    char bytes[256] = "";
    struct text name = TEXT(bytes);
    struct line l;

    row_name(s, run->trials[first], &name);
    line_begin(&l, s, "", 2);
    line_add(&l, "%s", bytes);
    l.indent = columns + 2; /* of what does not fit on the name's line */
    line_pad(&l, l.indent);
    for (size_t i = first; i < run->trial_count; i++)
        if (same_row(run->trials[first], run->trials[i]))
            trial_piece(&l, run->trials[i]);
    line_end(&l);
}

static void cell_line(const struct screen *s, const struct trial_record *t)
{
    struct line l;

    line_begin(&l, s, "", 0);
    line_words(&l, STYLE_PLAIN, t->workload.name);
    line_words(&l, STYLE_PLAIN, t->load.name);
    line_piece(&l, 0, STYLE_PLAIN, t->load.requests > 0 ? ", time of all requests" : ", req/s");
    line_end(&l);
}

void terminal_trial_rows(const struct screen *s, const struct run_record *run)
{
    int columns = name_columns(s, run);

    for (size_t cell = 0; cell < run->trial_count; cell++) {
        if (!is_first(run, cell, same_cell))
            continue;
        cell_line(s, run->trials[cell]);
        for (size_t i = cell; i < run->trial_count; i++)
            if (same_cell(run->trials[cell], run->trials[i]) && is_first(run, i, same_row))
                row_line(s, run, i, columns);
    }
}
