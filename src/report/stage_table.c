/* Loads with stages: a table a target, a row a stage. Nothing is averaged across stages; each has
 * its own ranking too, which the documents hold and a screen has no room for. */
#include <math.h>
#include <string.h>

#include "base/bug.h"
#include "base/units.h"
#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/table_priv.h"
#include "report/terminal_priv.h"
#include "report/verdict_block.h"

/* The stages of one load under one workload. */
struct group {
    const char *workload;
    struct slice load; /* without the stage's name */
};

/* The stages of one target in it, in their order; NULL: not begun. */
struct view {
    const struct screen *s;
    const struct load *first; /* any of the group's loads */
    const struct ranking *rankings[STAGES_MAX];
    const struct ranking_row *rows[STAGES_MAX];
    size_t count;
    size_t meanings[TABLE_COLUMNS_MAX]; /* of the columns that are shown (table_ask) */
};

enum {
    COLUMN_STAGE,
    COLUMN_ACHIEVED,
    COLUMN_TOTAL,
    COLUMN_ERRORS,
    COLUMN_UNSENT,
    COLUMN_P50,
    COLUMN_P99,
    COLUMN_CPU,
    COLUMN_SERVICES,
    COLUMN_RSS,
    COLUMN_COUNT
};

bool ranking_is_stage(const struct ranking *ranking)
{
    return ranking->load_spec != NULL && ranking->load_spec->stage > 0;
}

static struct group group_of(const struct ranking *ranking)
{
    const char *slash = strrchr(ranking->load, '/');

    return (struct group){
        ranking->workload, {ranking->load, slash == NULL ? 0 : (size_t)(slash - ranking->load)}
    };
}

static bool in_group(const struct ranking *ranking, const struct group *g)
{
    return ranking_is_stage(ranking) && strcmp(ranking->workload, g->workload) == 0 &&
           slice_equal(group_of(ranking).load, g->load);
}

/* ---- cells ---- */

static bool is_open(const struct view *view)
{
    return view->first->model == LOAD_OPEN;
}

static const struct load *load_of(const struct view *view, size_t index)
{
    return view->rankings[index] != NULL ? view->rankings[index]->load_spec : NULL;
}

/* A share is a rate of the target's own. */
static double rate_of(const struct view *view, size_t index)
{
    const struct ranking_row *row = view->rows[index];

    return row != NULL ? row->first->load.rate_per_sec : RECORD_UNKNOWN;
}

static void stage_cell(const struct view *view, size_t index, char *ret_text)
{
    const struct load *load = load_of(view, index);

    if (load == NULL)
        snprintf(ret_text, TABLE_CELL_MAX, "stage %zu", index + 1);
    else if (load->share > 0)
        snprintf(ret_text, TABLE_CELL_MAX, "%.0f %% = %s/s", 100 * load->share,
                 number_rate(rate_of(view, index)).text);
    else if (is_open(view))
        snprintf(ret_text, TABLE_CELL_MAX, "%s/s", number_rate(load->rate_per_sec).text);
    else
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_whole(load->connections).text);
}

static void quantile_cell(int64_t ns, bool reliable, bool bound, char *ret_text)
{
    if (!reliable)
        snprintf(ret_text, TABLE_CELL_MAX, "–");
    else
        snprintf(ret_text, TABLE_CELL_MAX, "%s%s", bound ? "≥" : "",
                 number_duration((double)ns).text);
}

static void median_cell(struct interval i, char *ret_text)
{
    if (i.n > 0)
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_duration(i.median).text);
}

static void total_cell(const struct ranking_row *row, const struct load *load, char *ret_text)
{
    if (load != NULL && load->requests > 0 && row->seconds.n > 0)
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_duration(row->seconds.median * 1e9).text);
}

/* One flat switch: a case a column. */
static void stage_row_cell(const void *context, size_t index, size_t column, char *ret_text)
{
    const struct view *view = context;
    const struct ranking_row *row = view->rows[index];
    size_t meaning = view->meanings[column];

    if (meaning == COLUMN_STAGE) {
        stage_cell(view, index, ret_text);
        return;
    }
    if (row == NULL || row->trials == 0) {
        snprintf(ret_text, TABLE_CELL_MAX, meaning == COLUMN_ACHIEVED ? "–" : "");
        return;
    }
    if (meaning >= TABLE_ASKED) {
        const struct ranking_quantile *asked = &row->asked[meaning - TABLE_ASKED];

        quantile_cell(asked->ns, asked->reliable, asked->is_bound, ret_text);
        return;
    }
    switch (meaning) {
    case COLUMN_ACHIEVED:
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_rate(row->throughput_per_sec.median).text);
        break;
    case COLUMN_TOTAL:
        total_cell(row, load_of(view, index), ret_text);
        break;
    case COLUMN_ERRORS:
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_whole(row->failed).text);
        break;
    case COLUMN_UNSENT:
        if (row->unsent > 0)
            snprintf(ret_text, TABLE_CELL_MAX, "%s", number_whole(row->unsent).text);
        break;
    case COLUMN_P50:
        quantile_cell(row->p50_ns, row->p50_reliable, row->p50_bound, ret_text);
        break;
    case COLUMN_P99:
        quantile_cell(row->p99_ns, row->p99_reliable, row->p99_bound, ret_text);
        break;
    case COLUMN_CPU:
        median_cell(row->server_cpu_ns, ret_text);
        break;
    case COLUMN_SERVICES:
        median_cell(row->services_cpu_ns, ret_text);
        break;
    case COLUMN_RSS:
        if (row->rss_peak_bytes >= 0)
            snprintf(ret_text, TABLE_CELL_MAX, "%s",
                     number_bytes((double)row->rss_peak_bytes).text);
        break;
    }
}

/* ---- one target's table ---- */

static const struct ranking_row *row_of(const struct ranking *ranking, const char *target)
{
    for (size_t i = 0; i < ranking->row_count; i++)
        if (strcmp(ranking->rows[i].target, target) == 0)
            return &ranking->rows[i];
    return NULL;
}

static void collect(struct view *view, const struct ranking *rankings, size_t count,
                    const struct group *g, const char *target)
{
    view->count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = ranking_is_stage(&rankings[i]) ? rankings[i].load_spec->stage - 1 : 0;
        const struct ranking_row *row = row_of(&rankings[i], target);

        if (!in_group(&rankings[i], g) || at >= STAGES_MAX)
            continue;
        view->first = rankings[i].load_spec;
        view->count = view->first->stage_count;
        if (row != NULL || view->rankings[at] == NULL)
            view->rankings[at] = &rankings[i];
        if (row != NULL)
            view->rows[at] = row;
    }
}

static bool same_duration(const struct view *view)
{
    for (size_t i = 0; i < view->count; i++)
        if (load_of(view, i) != NULL && (load_of(view, i)->duration_ns == 0 ||
                                         load_of(view, i)->duration_ns != view->first->duration_ns))
            return false;
    return true;
}

static void heading(const struct view *view, const struct group *g, const char *target, bool named)
{
    const struct load *first = view->first;
    struct line l;

    line_begin(&l, view->s, "", 0);
    if (named) {
        line_words(&l, STYLE_BOLD, slice_of(g->workload));
        line_piece(&l, 1, STYLE_BOLD, "·");
        line_words(&l, STYLE_BOLD, g->load);
        line_piece(&l, 3, STYLE_BOLD, "→");
        line_words(&l, STYLE_BOLD, slice_of(target));
    }
    line_piece(&l, 3, STYLE_PLAIN, view->count == 1 ? "1 stage" : "%zu stages, each by itself",
               view->count);
    if (same_duration(view))
        line_piece(&l, 1, STYLE_PLAIN, "· %s each",
                   number_duration((double)first->duration_ns).text);
    if (is_open(view))
        line_piece(&l, 1, STYLE_PLAIN, "· open loop, %s connection%s",
                   number_whole(first->connections).text, units_plural(first->connections));
    else
        line_piece(&l, 1, STYLE_PLAIN, "· closed loop");
    line_end(&l);
}

static void stage_note(const struct view *view, size_t index, const char *text)
{
    char stage[TABLE_CELL_MAX] = "";
    struct line l;

    stage_cell(view, index, stage);
    line_begin(&l, view->s, "!", 2);
    line_piece(&l, 1, STYLE_PLAIN, is_open(view) ? "%s:" : "%s connections:", stage);
    line_words(&l, STYLE_PLAIN, slice_of(text));
    line_end(&l);
}

/* Why a stage is not what it should be: in words, because the table has only numbers. */
static void notes(const struct view *view)
{
    size_t not_begun = 0;
    struct line l;

    for (size_t i = 0; i < view->count; i++) {
        const struct ranking_row *row = view->rows[i];

        not_begun += row == NULL;
        if (row != NULL && row->reason[0] != '\0' && !row->refused)
            stage_note(view, i, row->reason);
        else if (row != NULL && row->failed > 0 && row->example[0] != '\0')
            stage_note(view, i, row->example);
    }
    if (not_begun == 0)
        return;
    line_begin(&l, view->s, "!", 2);
    line_prose(&l, STYLE_PLAIN, "%zu stage%s not begun", not_begun,
               not_begun == 1 ? " was" : "s were");
    line_end(&l);
}

static void print_view(struct view *view)
{
    const struct column usual[COLUMN_COUNT] = {
        [COLUMN_STAGE] = {is_open(view) ? "offered" : "connections", false},
        [COLUMN_ACHIEVED] = { "req/s",                                  false},
        [COLUMN_TOTAL] = { "total",                                  false},
        [COLUMN_ERRORS] = { "errors",                                 false},
        [COLUMN_UNSENT] = { "unsent",                                 false},
        [COLUMN_P50] = { is_open(view) ? "p50" : "p50 (closed)",   false},
        [COLUMN_P99] = { is_open(view) ? "p99" : "p99 (closed)",   false},
        [COLUMN_CPU] = { "CPU/req",                                false},
        [COLUMN_SERVICES] = { "service CPU",                            false},
        [COLUMN_RSS] = { "rss peak",                               false},
    };
    struct column columns[TABLE_COLUMNS_MAX];
    size_t count = table_ask(view->s->percentiles, usual, COLUMN_COUNT, COLUMN_P50, COLUMN_P99,
                             columns, view->meanings);
    const struct table table = {
        view->s, columns, count, view->count, stage_row_cell, view, 0, 2,
    };

    table_print(&table);
    notes(view);
    fputc('\n', view->s->out);
}

/* ---- all of them ---- */

static bool is_first_of_group(const struct ranking *rankings, size_t index)
{
    const struct group g = group_of(&rankings[index]);

    for (size_t i = 0; i < index; i++)
        if (in_group(&rankings[i], &g))
            return false;
    return true;
}

/* Whether the target of this row was met in the group before. */
static bool seen_before(const struct ranking *rankings, size_t ranking, const char *target,
                        const struct group *g)
{
    for (size_t i = 0; i < ranking; i++)
        if (in_group(&rankings[i], g) && row_of(&rankings[i], target) != NULL)
            return true;
    return false;
}

static void print_group(const struct screen *s, const struct ranking *rankings, size_t count,
                        const struct group *g, bool named)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; in_group(&rankings[i], g) && k < rankings[i].row_count; k++) {
            const char *target = rankings[i].rows[k].target;
            struct view view = { .s = s };

            if (seen_before(rankings, i, target, g))
                continue;
            collect(&view, rankings, count, g, target);
            BUG_IF(view.first == NULL);
            heading(&view, g, target, named);
            print_view(&view);
        }
    }
}

void stage_tables(const struct screen *s, const struct ranking *rankings, size_t count, bool named)
{
    for (size_t i = 0; i < count; i++) {
        const struct group g = group_of(&rankings[i]);

        if (ranking_is_stage(&rankings[i]) && is_first_of_group(rankings, i))
            print_group(s, rankings, count, &g, named);
    }
}

static double late_share(const struct tally *tally)
{
    double sends = (double)(tally->loop_late.count + tally->pool_late.count);

    return sends > 0 ? (double)count_above(&tally->loop_late, LATE_NS) / sends : 0;
}

/* The stage in which a figure is largest, and how many pass the limit. */
struct worst {
    const struct trial_record *trial;
    double share;
    size_t count;
};

static void weigh(struct worst *worst, const struct trial_record *t, double share, double limit)
{
    if (share <= limit)
        return;
    worst->count++;
    if (share > worst->share) {
        worst->share = share;
        worst->trial = t;
    }
}

static void stage_warning(struct warnings *w, const struct worst *worst, const char *what)
{
    char name[128] = "";
    struct text text = TEXT(name);

    if (worst->trial == NULL)
        return;
    screen_add_foreign(w->s, &text, worst->trial->load.name);
    line_warning(
        w,
        "%s in %zu stage%s, most in stage %s (%s). More threads (-t), or a core of its own "
        "(--cpus)",
        what, worst->count, worst->count == 1 ? "" : "s", name, number_percent(worst->share).text);
}

void stage_warnings(struct warnings *w, const struct run_record *run)
{
    struct worst busy = { .trial = NULL }, late = { .trial = NULL };

    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *t = run->trials[i];

        if (!verdict_speaks_of(t, CHECK_GENERATOR))
            weigh(&busy, t, t->tally.busiest_thread_share, BUSY_SHARE_LIMIT);
        if (t->load.model == LOAD_OPEN && !verdict_speaks_of(t, CHECK_LOAD))
            weigh(&late, t, late_share(&t->tally), LATE_SHARE_LIMIT);
    }
    stage_warning(w, &busy, "the generator's busiest thread may have been the limit");
    stage_warning(w, &late, "the generator sent late though a connection was free");
    if (run->partial)
        line_warning(w, "PARTIAL: interrupted after %zu of %u stages; the last one is not whole",
                     run->trial_count, run->trials[0]->load.stage_count);
}
