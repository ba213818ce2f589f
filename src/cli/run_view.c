#include "cli/run_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/units.h"
#include "cli/show_progress.h"
#include "report/terminal.h"
#include "stats/interval.h"
#include "store/record.h"

struct run_view {
    struct progress_view view;
    const struct session *session;
    bool lines; /* one line a trial: where nothing can be repainted */
    struct mono started;
    size_t done;
    size_t columns;
    uint8_t *cells;
    double *rates; /* of each trial, by cell; for the medians */
    double *medians;
    const char **rows, **column_names;
};

/* A load's records have its name; those of its stages begin with it and a slash. */
static bool is_of_load(const struct trial_record *t, const struct load *load)
{
    struct slice name = t->load.name;

    if (load->stages == NULL)
        return slice_equal(name, load->name);
    return name.len > load->name.len && slice_starts(name, load->name) &&
           name.ptr[load->name.len] == '/';
}

static size_t count_bits(uint64_t mask)
{
    return (size_t)__builtin_popcountll(mask);
}

/* The columns are the workloads and loads that are run, in the order of the file. */
static size_t column_of(const struct suite *suite, size_t workload, size_t load)
{
    const uint64_t earlier_workloads = suite->workloads_mask & ((UINT64_C(1) << workload) - 1);
    const uint64_t earlier_loads = suite->loads_mask & ((UINT64_C(1) << load) - 1);

    return count_bits(earlier_workloads) * count_bits(suite->loads_mask) +
           count_bits(earlier_loads);
}

static size_t column_index(const struct session *s, const struct trial_record *t)
{
    for (size_t w = 0; w < s->suite->workload_count; w++)
        for (size_t l = 0; l < s->suite->load_count; l++)
            if (slice_equal(s->suite->workloads[w].name, t->workload.name) &&
                is_of_load(t, &s->suite->loads[l]))
                return column_of(s->suite, w, l);
    return SIZE_MAX;
}

static bool cell_of(const struct run_view *v, const struct trial_record *t, size_t *ret_cell)
{
    const struct session *s = v->session;
    const struct variant *variant = session_variant(s, t->target);
    size_t column = column_index(s, t);

    /* A twin has no place of its own in the table, and is not its original. */
    if (t->control || variant == NULL || column == SIZE_MAX)
        return false;
    *ret_cell = ((size_t)(variant - s->variants) * s->blocks + t->block) * v->columns + column;
    return true;
}

static int64_t time_left_ns(const struct run_view *v, struct mono now)
{
    int64_t elapsed_ns = mono_diff_ns(v->started, now);

    if (v->done == 0)
        return session_estimate(v->session).ns;
    return (int64_t)((double)elapsed_ns / (double)v->done *
                     (double)(v->session->record_count - v->done));
}

static void show(void *context, const struct progress *progress)
{
    struct run_view *v = context;
    const struct session *s = v->session;
    struct mono now = mono_now();
    char title[200];
    size_t cell;
    bool in_table = cell_of(v, progress->record, &cell);
    struct live_run run = { .title = title,
                            .done = v->done,
                            .count = s->record_count,
                            .elapsed_ns = mono_diff_ns(v->started, now),
                            .left_ns = time_left_ns(v, now),
                            .rows = v->rows,
                            .row_count = s->variant_count,
                            .cells = v->cells,
                            .columns = v->columns,
                            .blocks = s->blocks,
                            .column_names = v->column_names,
                            .medians = v->medians };

    snprintf(title, sizeof(title), "%.*s   %zu trial%s in %u block%s   seed %llu",
             (int)s->suite->name.len, s->suite->name.ptr, s->record_count,
             units_plural(s->record_count), s->blocks, units_plural(s->blocks),
             (unsigned long long)s->options.seed);
    if (in_table && v->cells[cell] == LIVE_TO_COME)
        v->cells[cell] = LIVE_RUNNING;
    progress_view_show(&v->view, &run, progress);
}

static void update_median(struct run_view *v, size_t row, size_t column)
{
    double values[10000];
    size_t count = 0;

    for (uint32_t block = 0; block < v->session->blocks; block++) {
        double rate = v->rates[(row * v->session->blocks + block) * v->columns + column];

        if (!isnan(rate))
            values[count++] = rate;
    }
    if (count > 0)
        v->medians[row * v->columns + column] = interval_median(values, count, 0.95).median;
}

static void trial_done(void *context, const struct trial_record *t, size_t index, size_t count)
{
    struct run_view *v = context;
    size_t cell;

    v->done = index + 1;
    if (cell_of(v, t, &cell)) {
        bool fine = t->state == TRIAL_DONE && !t->tally.partial && t->tally.ok > 0;

        /* The stages of a load share a cell, and have no rate in common. */
        if (t->load.stage <= 1 || !fine)
            v->cells[cell] = fine ? LIVE_DONE : LIVE_FAILED;
        v->rates[cell] = fine && t->load.stage == 0 ? record_throughput_per_sec(t) : (double)NAN;
        update_median(v, cell / v->columns / v->session->blocks, cell % v->columns);
    }
    if (v->lines)
        terminal_trial_line(&v->view.screen, t, index + 1, count);
    events_trial_end(v->view.events, mono_now(), t);
}

static const char *column_name(struct session *s, size_t workload, size_t load)
{
    const struct slice w = s->suite->workloads[workload].name;
    const struct slice l = s->suite->loads[load].name;

    if (count_bits(s->suite->loads_mask) == 1)
        return arena_text(&s->arena, w.ptr, w.len);
    if (count_bits(s->suite->workloads_mask) == 1)
        return arena_text(&s->arena, l.ptr, l.len);
    return arena_format(&s->arena, "%.*s %.*s", (int)w.len, w.ptr, (int)l.len, l.ptr);
}

static bool make_tables(struct run_view *v)
{
    const struct session *s = v->session;
    size_t cells = s->variant_count * s->blocks * v->columns;

    v->cells = calloc(cells, sizeof(*v->cells));
    v->rates = calloc(cells, sizeof(*v->rates));
    v->medians = calloc(s->variant_count * v->columns, sizeof(*v->medians));
    v->rows = calloc(s->variant_count, sizeof(*v->rows));
    v->column_names = calloc(v->columns, sizeof(*v->column_names));
    if (!v->cells || !v->rates || !v->medians || !v->rows || !v->column_names)
        return false;
    for (size_t i = 0; i < cells; i++)
        v->rates[i] = (double)NAN;
    for (size_t i = 0; i < s->variant_count * v->columns; i++)
        v->medians[i] = (double)NAN;
    return true;
}

static void name_tables(struct run_view *v, struct session *s)
{
    for (size_t i = 0; i < s->variant_count; i++)
        v->rows[i] = arena_text(&s->arena, s->variants[i].name.ptr, s->variants[i].name.len);
    for (size_t w = 0; w < s->suite->workload_count; w++)
        for (size_t l = 0; l < s->suite->load_count; l++)
            if (suite_runs_workload(s->suite, w) && suite_runs_load(s->suite, l))
                v->column_names[column_of(s->suite, w, l)] = column_name(s, w, l);
}

struct run_view *run_view_new(const struct common_options *options, struct session *s)
{
    struct run_view *v = calloc(1, sizeof(*v));

    if (v == NULL)
        return NULL;
    v->session = s;
    v->columns = count_bits(s->suite->workloads_mask) * count_bits(s->suite->loads_mask);
    if (!make_tables(v)) {
        run_view_free(v);
        return NULL;
    }
    name_tables(v, s);
    progress_view_open(&v->view, options, true);
    v->lines = !v->view.screen.terminal && !v->view.hidden;
    v->started = mono_now();
    return v;
}

struct observer run_view_observer(struct run_view *view)
{
    return (struct observer){ .context = view, .progress = show, .trial_done = trial_done };
}

void run_view_free(struct run_view *v)
{
    if (v == NULL)
        return;
    progress_view_close(&v->view);
    free(v->cells);
    free(v->rates);
    free(v->medians);
    free(v->rows);
    free(v->column_names);
    free(v);
}
