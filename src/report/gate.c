#include "report/gate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "report/refusal.h"
#include "run/pairs.h"
#include "stats/interval.h"
#include "verdict/parity.h"

static void *take(size_t count, size_t size)
{
    return fault_hit(FAULT_MEMORY) ? NULL : calloc(count > 0 ? count : 1, size);
}

/* ---- limits ---- */

struct gate_limits gate_limits_default(void)
{
    struct gate_limits limits = { .alpha = COMPARE_ALPHA };

    for (enum metric m = 0; m < METRICS; m++)
        limits.share[m] = RECORD_UNKNOWN;
    limits.share[METRIC_THROUGHPUT] = -0.03;
    limits.share[METRIC_P99] = 0.10;
    limits.share[METRIC_MEMORY] = 0.05;
    return limits;
}

static bool bad_limit(const char *text, struct error *err)
{
    return error_usage(
        err,
        "--limit '%s' is none: write METRIC=PERCENT, like throughput=-3%%, p99=+10%% "
        "or cpu=off; there are throughput (which may fall: -), p50, p99, cpu and "
        "rss (which may rise: +)",
        text);
}

bool gate_limit_parse(const char *text, struct gate_limits *limits, struct error *err)
{
    const char *equals = strchr(text, '=');
    enum metric metric = 0;
    double percent;
    char *end;

    if (equals == NULL)
        return bad_limit(text, err);
    while (metric < METRICS && !slice_equal(slice_of(metric_short(metric)),
                                            (struct slice){ text, (size_t)(equals - text) }))
        metric++;
    if (metric == METRICS)
        return bad_limit(text, err);
    if (strcmp(equals + 1, "off") == 0) {
        limits->share[metric] = RECORD_UNKNOWN;
        return true;
    }
    percent = strtod(equals + 1, &end);
    end += strspn(end, " ");
    end += *end == '%';
    if (end == equals + 1 || *end != '\0' || !isfinite(percent))
        return bad_limit(text, err);
    if (metric_more_is_better(metric) ? percent > 0 || percent <= -100 : percent < 0)
        return bad_limit(text, err);
    limits->share[metric] = percent / 100;
    return true;
}

size_t gate_pairs_needed(const struct gate_limits *limits, size_t cells)
{
    size_t gates = 0;

    for (enum metric m = 0; m < METRICS; m++)
        gates += isnan(limits->share[m]) ? 0 : cells;
    return gates > 0 ? compare_fewest(true, gates, limits->alpha) : 0;
}

/* ---- the trials of a row ---- */

static bool same_cell(const struct trial_record *a, const struct trial_record *b)
{
    return slice_equal(a->workload.name, b->workload.name) &&
           slice_equal(a->load.name, b->load.name);
}

static bool is_head_of(const struct trial_record *t, const struct trial_record *base)
{
    size_t len = strlen(base->target) - strlen(PAIR_BASE_NAME);

    return strncmp(t->target, base->target, len) == 0 &&
           strcmp(t->target + len, PAIR_HEAD_NAME) == 0;
}

static bool is_base(const struct trial_record *t)
{
    size_t len = strlen(t->target), suffix = strlen(PAIR_BASE_NAME);

    return !t->control && len > suffix && strcmp(t->target + len - suffix, PAIR_BASE_NAME) == 0;
}

static const struct trial_record *find(const struct run_record *run,
                                       const struct trial_record *base, uint32_t block,
                                       enum pair_side side)
{
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *t = run->trials[i];

        if (t->block != block || !same_cell(t, base))
            continue;
        if (side == PAIR_HEAD
                ? is_head_of(t, base)
                : strcmp(t->target, base->target) == 0 && t->control == (side == PAIR_AGAIN))
            return t;
    }
    return NULL;
}

static double value_of(const struct trial_record *t, enum metric metric)
{
    if (t == NULL || t->state != TRIAL_DONE || t->tally.partial)
        return RECORD_UNKNOWN;
    return metric_of(t, metric);
}

/* Wrong answers of either are the graver reason. */
static const struct check *refused_by(const struct trial_record *base,
                                      const struct trial_record *head, enum metric metric)
{
    const struct check *of_base = metric_refused(base, metric);
    const struct check *of_head = metric_refused(head, metric);

    if (of_base == NULL || (of_head != NULL && of_head->id == CHECK_ANSWERS))
        return of_head;
    return of_base;
}

/* ---- a row ---- */

struct values {
    double *base, *head, *control; /* control: base again / base */
    const struct trial_record **trials;
};

static void say_why(struct gate_row *row, const struct check *check)
{
    snprintf(row->why, sizeof(row->why), "%s: %s%s%s", check_name(check->id), check->text,
             check->remedy[0] != '\0' ? "; " : "", check->remedy);
}

/* Then no pair is one: each of them compares two different things. */
static void refuse_other_work(struct gate_row *row, const struct values *v)
{
    struct check parity = check_parity(v->trials, 2 * row->asked);

    if (parity.state != CHECK_FAIL)
        return;
    row->hidden = true;
    row->refused = row->asked;
    say_why(row, &parity);
}

static void refuse_other_loop(struct gate_row *row, const struct values *v)
{
    if (row->asked == 0 || !metric_depends_on_loop(row->metric) ||
        v->trials[0]->load.model == v->trials[1]->load.model)
        return;
    row->hidden = row->other_loop = true;
    row->refused = row->asked;
    snprintf(row->why, sizeof(row->why),
             "one version is asked in a closed loop, the other in an open one");
}

static void fill_values(struct gate_row *row, const struct run_record *run, uint32_t first,
                        uint32_t last, const struct values *v)
{
    struct refusals found = { .count = 0 };
    size_t n = 0;

    for (uint32_t block = first; block < last; block++) {
        const struct trial_record *base = find(run, row->cell, block, PAIR_BASE);
        const struct trial_record *head = find(run, row->cell, block, PAIR_HEAD);
        const struct trial_record *again = find(run, row->cell, block, PAIR_AGAIN);

        if (base == NULL || head == NULL)
            continue;
        v->base[n] = value_of(base, row->metric);
        v->head[n] = value_of(head, row->metric);
        v->control[n] = value_of(again, row->metric) / v->base[n];
        v->trials[2 * n] = base;
        v->trials[2 * n + 1] = head;
        refusals_add(&found, refused_by(base, head, row->metric));
        n++;
    }
    row->asked = n;
    row->refused = found.refused;
    row->hidden = refusals_too_many(&found);
    if (found.refused > 0)
        say_why(row, refusals_by(&found));
}

static double median_of(double *values, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i]))
            values[kept++] = values[i];
    return kept > 0 ? interval_median(values, kept, 0.95).median : RECORD_UNKNOWN;
}

static bool fill_row(struct gate_row *row, const struct run_record *run, uint32_t first,
                     uint32_t last, const struct values *v, struct error *err)
{
    const struct entrant both[] = { { v->head }, { v->base } };

    fill_values(row, run, first, last, v);
    refuse_other_work(row, v);
    refuse_other_loop(row, v);
    row->noise = noise_floor_of(v->control, row->asked);
    if (!compare_all(both, 2, row->asked, row->noise.floor, &row->difference, err))
        return false;
    row->pairs = row->difference.blocks;
    row->base = median_of(v->base, row->asked);
    row->head = median_of(v->head, row->asked);
    return true;
}

/* ---- what is said of it ---- */

static bool is_worse(enum metric metric, double ratio, double than)
{
    return metric_more_is_better(metric) ? ratio < than : ratio > than;
}

/* Really worse (or better) than base: beyond what base differs from itself by. */
static bool is_real(const struct gate_row *row, double alpha, bool worse)
{
    const struct difference *d = &row->difference;
    bool less = metric_more_is_better(row->metric) == worse;

    if (!d->bounded || d->p_holm > alpha)
        return false;
    return less ? d->high < 1 / (1 + d->floor) : d->low > 1 + d->floor;
}

/* How far the interval may reach from the ratio: of what is worse than its limit as far as the
 * noise floor, beyond which it is real; of all else as far as the limit. Not above 0: it is not
 * real, and more pairs do not make it so. */
static double gap_of(const struct gate_row *row)
{
    const struct difference *d = &row->difference;

    if (is_worse(row->metric, d->ratio, 1 + row->limit))
        return fabs(log(d->ratio)) - log1p(d->floor);
    return fabs(log(d->ratio / (1 + row->limit)));
}

/* So many pairs until the interval, which narrows with their square root, reaches no farther than
 * it may; if the ratio and the spread are what they seem to be. */
static size_t pairs_needed(const struct gate_row *row, size_t gates, double alpha)
{
    const struct difference *d = &row->difference;
    double n = (double)compare_fewest(true, gates, alpha);

    if (d->bounded)
        n = fmax(n,
                 ceil((double)d->blocks * pow((log(d->high) - log(d->low)) / 2 / gap_of(row), 2)));
    n = fmax(n, (double)d->blocks + 1); /* with these it was not shown */
    return n <= COMPARE_BLOCKS_MAX ? (size_t)n : 0;
}

static enum gate_word judge(const struct gate_row *row, double alpha)
{
    const struct difference *d = &row->difference;
    double limit = 1 + row->limit; /* NaN: then nothing is worse than it */
    double worst = metric_more_is_better(row->metric) ? d->low : d->high;

    if (row->other_loop)
        return GATE_INCONCLUSIVE;
    if (is_real(row, alpha, true) && is_worse(row->metric, d->ratio, limit))
        return GATE_SUSPECTED;
    if (row->hidden && d->bounded)
        return GATE_INCONCLUSIVE;
    if (is_real(row, alpha, false))
        return GATE_BETTER;
    if (d->bounded && (isnan(limit) || !is_worse(row->metric, worst, limit)))
        return GATE_WITHIN;
    return GATE_INCONCLUSIVE;
}

/* What would settle it. Where trials are refused, or have no value, more of the same would not. */
static void look_ahead(struct gate_row *row, size_t gates, double alpha)
{
    const struct difference *d = &row->difference;

    if (row->word != GATE_INCONCLUSIVE || isnan(row->limit) || row->pairs == 0 || row->other_loop ||
        (row->hidden && d->bounded))
        return;
    row->in_noise =
        d->bounded && is_worse(row->metric, d->ratio, 1 + row->limit) && gap_of(row) <= 0;
    if (!row->in_noise)
        row->pairs_needed = pairs_needed(row, gates, alpha);
}

/* Only gates are corrected together: what stops nobody makes it no harder to stop. */
static bool judge_all(struct gate *g, struct error *err)
{
    struct difference *all = take(g->row_count, sizeof(*all));
    size_t n = 0, gates;
    bool fine;

    if (all == NULL)
        return error_set(err, ENOMEM, "compare %zu figures", g->row_count);
    for (size_t i = 0; i < g->row_count; i++)
        if (!isnan(g->rows[i].limit) && g->rows[i].pairs > 0)
            all[n++] = g->rows[i].difference;
    fine = compare_together(all, n, err);
    gates = n > 0 ? n : 1;
    n = 0;
    for (size_t i = 0; i < g->row_count && fine; i++) {
        struct gate_row *row = &g->rows[i];

        if (!isnan(row->limit) && row->pairs > 0)
            row->difference = all[n++];
        row->word = judge(row, g->limits.alpha);
        look_ahead(row, gates, g->limits.alpha);
    }
    free(all);
    return fine;
}

/* ---- all of them ---- */

static bool is_new_cell(const struct gate *g, const struct trial_record *t)
{
    for (size_t i = 0; i < g->row_count; i++)
        if (same_cell(g->rows[i].cell, t) && strcmp(g->rows[i].cell->target, t->target) == 0)
            return false;
    return true;
}

/* A metric that neither side has, as the memory of a server that cannot be read, is no row. */
static bool add_rows(struct gate *g, const struct run_record *run, uint32_t first, uint32_t last,
                     const struct values *v, struct error *err)
{
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *t = run->trials[i];

        if (t->block < first || t->block >= last || !is_base(t) || !is_new_cell(g, t))
            continue;
        for (enum metric m = 0; m < METRICS; m++) {
            struct gate_row *row = &g->rows[g->row_count];

            *row = (struct gate_row){ .cell = t, .metric = m, .limit = g->limits.share[m] };
            if (!fill_row(row, run, first, last, v, err))
                return false;
            /* What has a limit and cannot be judged is not passed over in silence. */
            g->row_count += !isnan(row->limit) || isfinite(row->base) || isfinite(row->head);
        }
    }
    return true;
}

bool gate_make(const struct run_record *run, uint32_t first, uint32_t last,
               const struct gate_limits *limits, struct gate *ret_gate, struct error *err)
{
    size_t n = run->trial_count;
    struct values v = { .base = take(n, sizeof(double)),
                        .head = take(n, sizeof(double)),
                        .control = take(n, sizeof(double)),
                        .trials = take(n, sizeof(const struct trial_record *)) };
    struct gate g = { .limits = *limits, .rows = take(n * METRICS, sizeof(*g.rows)) };
    bool fine;

    if (v.base == NULL || v.head == NULL || v.control == NULL || v.trials == NULL || g.rows == NULL)
        fine = error_set(err, ENOMEM, "compare %zu trials", n);
    else
        fine = add_rows(&g, run, first, last, &v, err) && judge_all(&g, err);
    free(v.base);
    free(v.head);
    free(v.control);
    free((void *)v.trials);
    if (fine)
        *ret_gate = g;
    else
        gate_free(&g);
    return fine;
}

static struct gate_row *row_like(struct gate *g, const struct gate_row *like)
{
    for (size_t i = 0; i < g->row_count; i++)
        if (g->rows[i].metric == like->metric && same_cell(g->rows[i].cell, like->cell) &&
            strcmp(g->rows[i].cell->target, like->cell->target) == 0)
            return &g->rows[i];
    return NULL;
}

/* Only what is suspected is asked again, so only that has to be corrected for. */
static void forget_the_rest(struct gate *again, struct gate *first)
{
    for (size_t i = 0; i < again->row_count; i++) {
        const struct gate_row *before = row_like(first, &again->rows[i]);

        if (before == NULL || before->word != GATE_SUSPECTED)
            again->rows[i].limit = RECORD_UNKNOWN;
    }
}

static uint32_t blocks_of(const struct run_record *run)
{
    uint32_t most = 0;

    for (size_t i = 0; i < run->trial_count; i++)
        most = run->trials[i]->block >= most ? run->trials[i]->block + 1 : most;
    return most;
}

bool gate_confirm(struct gate *gate, const struct run_record *run, uint32_t first,
                  struct error *err)
{
    struct gate again;

    if (!gate_make(run, first, blocks_of(run), &gate->limits, &again, err))
        return false;
    forget_the_rest(&again, gate);
    if (!judge_all(&again, err)) {
        gate_free(&again);
        return false;
    }
    for (size_t i = 0; i < gate->row_count; i++) {
        struct gate_row *row = &gate->rows[i];
        const struct gate_row *new_row = row_like(&again, row);

        if (row->word != GATE_SUSPECTED)
            continue;
        row->again = new_row != NULL;
        row->word = new_row != NULL && new_row->word == GATE_SUSPECTED ? GATE_REGRESSION
                                                                       : GATE_INCONCLUSIVE;
        if (new_row != NULL)
            row->confirmation = new_row->difference;
    }
    gate_free(&again);
    return true;
}

void gate_free(struct gate *gate)
{
    free(gate->rows);
}

size_t gate_count(const struct gate *gate, enum gate_word word)
{
    size_t count = 0;

    for (size_t i = 0; i < gate->row_count; i++)
        count += !isnan(gate->rows[i].limit) && gate->rows[i].word == word;
    return count;
}
