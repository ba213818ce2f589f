#include "report/ranking_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/units.h"
#include "report/refusal.h"
#include "store/samples.h"
#include "verdict/limits.h"
#include "verdict/verdict.h"

#define CONFIDENCE 0.95

void *ranking_take(size_t count, size_t size)
{
    return fault_hit(FAULT_MEMORY) ? NULL : calloc(count, size);
}

/* Room for what one row is computed from. */
struct scratch {
    double *values; /* one a trial of the run */
    struct histogram *response;
};

bool trials_same_cell(const struct trial_record *a, const struct trial_record *b)
{
    return slice_equal(a->workload.name, b->workload.name) &&
           slice_equal(a->load.name, b->load.name);
}

static bool same_group(const struct trial_record *a, const struct trial_record *b)
{
    return trials_same_cell(a, b) && strcmp(a->target, b->target) == 0;
}

const struct trial_record *row_trials_next(const struct row_trials *g, size_t *at)
{
    while (*at < g->run->trial_count) {
        const struct trial_record *t = g->run->trials[(*at)++];

        if (!t->control && same_group(t, g->first))
            return t;
    }
    return NULL;
}

bool trial_is_complete(const struct trial_record *t)
{
    return t->state == TRIAL_DONE && !t->tally.partial;
}

/* ---- figures of a row ---- */

typedef double figure(const struct trial_record *t); /* NaN: this trial has none */

static double seconds(const struct trial_record *t)
{
    return t->tally.window_ns > 0 ? (double)t->tally.window_ns / 1e9 : RECORD_UNKNOWN;
}

static double ready_ms(const struct trial_record *t)
{
    return t->server.ready_ms;
}

static double build_ms(const struct trial_record *t)
{
    return t->server.build_ms;
}

static struct interval median_of(const struct row_trials *g, const struct scratch *s, figure *of)
{
    const struct trial_record *t;
    size_t at = 0, n = 0;

    while ((t = row_trials_next(g, &at)) != NULL) {
        double value = trial_is_complete(t) ? of(t) : RECORD_UNKNOWN;

        if (isfinite(value))
            s->values[n++] = value;
    }
    return interval_median(s->values, n, CONFIDENCE);
}

static double plain_median_of(const struct row_trials *g, const struct scratch *s, figure *of)
{
    struct interval found = median_of(g, s, of);

    return found.n > 0 ? found.median : RECORD_UNKNOWN;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void add_up(const struct row_trials *g, struct ranking_row *row)
{
    const struct trial_record *t;
    size_t at = 0;

    row->rss_peak_bytes = row->pss_peak_bytes = row->rss_idle_bytes = row->shipped_bytes = -1;
    row->image_bytes = -1;
    while ((t = row_trials_next(g, &at)) != NULL) {
        row->trials += trial_is_complete(t);
        row->ok += t->tally.ok;
        row->failed += tally_failed(&t->tally);
        row->unsent += t->tally.unsent;
        row->rss_peak_bytes = larger(row->rss_peak_bytes, t->server.rss_bytes_peak);
        row->pss_peak_bytes = larger(row->pss_peak_bytes, t->server.pss_bytes_peak);
        row->rss_idle_bytes = larger(row->rss_idle_bytes, t->server.rss_bytes_idle);
        row->shipped_bytes = larger(row->shipped_bytes, t->server.shipped_bytes);
        row->image_bytes = larger(row->image_bytes, t->server.image_bytes);
    }
}

/* The response times of several trials together. */
struct pool {
    struct histogram *all;
    double worth_p50, worth_p99; /* samples */
    struct refusals refusals;
};

static struct pool empty_pool(const struct scratch *s)
{
    memset(s->response, 0, sizeof(*s->response));
    return (struct pool){ .all = s->response };
}

static void pool_add(struct pool *pool, const struct trial_record *t)
{
    histogram_merge(pool->all, &t->tally.response);
    pool->worth_p50 += samples_worth(t, 0.5);
    pool->worth_p99 += samples_worth(t, 0.99);
    refusals_add(&pool->refusals, verdict_refuses_latency(&t->verdict));
}

static const struct check *refuses_pool(const struct pool *pool)
{
    return refusals_too_many(&pool->refusals) ? refusals_by(&pool->refusals) : NULL;
}

/* By the rules of the check `samples`, for all trials together. */
static bool is_known(const struct samples_quantile *q)
{
    return q->reliable && samples_half_width(q) <= SAMPLES_HALF_WIDTH;
}

static bool knows_p99(const struct pool *pool)
{
    struct samples_quantile p99 = samples_pooled(pool->all, pool->worth_p99, 0.99);

    return is_known(&p99);
}

static void merge_responses(const struct row_trials *g, const struct scratch *s,
                            struct ranking_row *row)
{
    struct pool pool = empty_pool(s);
    const struct trial_record *t;
    size_t at = 0;

    while ((t = row_trials_next(g, &at)) != NULL)
        if (trial_is_complete(t))
            pool_add(&pool, t);
    row->p50_ns = row->p99_ns = -1;
    if (pool.all->count == 0)
        return;
    row->p50_ns = histogram_quantile_ns(pool.all, 0.5);
    row->p99_ns = histogram_quantile_ns(pool.all, 0.99);
    row->p50_bound = histogram_quantile_is_bound(pool.all, 0.5);
    row->p99_bound = histogram_quantile_is_bound(pool.all, 0.99);
    row->latency_refused = refuses_pool(&pool);
    row->p50_reliable =
        row->latency_refused == NULL && samples_pooled(pool.all, pool.worth_p50, 0.5).reliable;
    row->p99_reliable = row->latency_refused == NULL && knows_p99(&pool);
}

/* Of another load, which asks for shares of what the target reaches in this one. */
static bool asks_share_shown(const struct trial_record *t, const struct trial_record *first)
{
    return trial_is_complete(t) && !t->control && fabs(t->load.share - SHARE_SHOWN) < 1e-6 &&
           slice_equal(t->load.of, first->load.name) && strcmp(t->target, first->target) == 0 &&
           slice_equal(t->workload.name, first->workload.name);
}

static void merge_at_share(const struct row_trials *g, const struct scratch *s,
                           struct ranking_row *row)
{
    struct pool pool = empty_pool(s);

    for (size_t i = 0; i < g->run->trial_count; i++)
        if (asks_share_shown(g->run->trials[i], g->first))
            pool_add(&pool, g->run->trials[i]);
    row->p99_at_share_ns = -1;
    if (pool.all->count == 0)
        return;
    row->p99_at_share_ns = histogram_quantile_ns(pool.all, 0.99);
    row->p99_at_share_bound = histogram_quantile_is_bound(pool.all, 0.99);
    row->at_share_refused = refuses_pool(&pool);
    row->p99_at_share_reliable = row->at_share_refused == NULL && knows_p99(&pool);
}

/* ---- percentiles that were asked for ---- */

static void fill_asked(const struct row_trials *g, bool at_share, const struct percentiles *asked,
                       const struct scratch *s, struct ranking_quantile *ret_asked)
{
    struct pool pool = empty_pool(s);
    double worth[PERCENTILES_MAX] = { 0 };

    for (size_t i = 0; i < g->run->trial_count; i++) {
        const struct trial_record *t = g->run->trials[i];

        if (at_share ? !asks_share_shown(t, g->first)
                     : t->control || !trial_is_complete(t) || !same_group(t, g->first))
            continue;
        pool_add(&pool, t);
        for (size_t k = 0; k < asked->count; k++)
            worth[k] += samples_worth(t, asked->list[k].q);
    }
    for (size_t k = 0; k < asked->count; k++) {
        struct samples_quantile q = samples_pooled(pool.all, worth[k], asked->list[k].q);

        ret_asked[k] = (struct ranking_quantile){ q.value_ns, q.is_bound,
                                                  refuses_pool(&pool) == NULL && is_known(&q) };
    }
}

bool rankings_ask(const struct run_record *run, const struct percentiles *asked,
                  struct ranking *rankings, size_t count, struct error *err)
{
    const struct scratch s = { .response = ranking_take(1, sizeof(*s.response)) };

    if (s.response == NULL)
        return error_set(err, ENOMEM, "look up %zu percentiles", asked->count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < rankings[i].row_count; k++) {
            struct ranking_row *row = &rankings[i].rows[k];
            const struct row_trials g = { run, row->first };

            fill_asked(&g, false, asked, &s, row->asked);
            fill_asked(&g, true, asked, &s, row->asked_at_share);
        }
    free(s.response);
    return true;
}

/* ---- what went wrong ---- */

/* What comes after it is often the farewell of a server that is being stopped. */
static struct slice last_complaint(const char *output)
{
    struct slice last = { NULL, 0 };

    for (const char *line = output; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        const char *word = strcasestr(line, "error");

        if (word != NULL && word < line + len)
            last = (struct slice){ line, len };
        line += len + (line[len] == '\n');
    }
    return last;
}

static bool alike(const struct example *a, const struct example *b)
{
    return a->outcome == b->outcome && a->status == b->status && a->sys == b->sys;
}

static uint64_t count_alike(const struct row_trials *g, const struct example *kind)
{
    const struct trial_record *t;
    uint64_t count = 0;
    size_t at = 0;

    while ((t = row_trials_next(g, &at)) != NULL)
        for (uint32_t i = 0; i < t->tally.example_count; i++)
            if (alike(&t->tally.examples[i], kind))
                count += t->tally.examples[i].count;
    return count;
}

static void name_commonest(const struct row_trials *g, struct ranking_row *row)
{
    const struct example *commonest = NULL;
    const struct trial_record *t;
    uint64_t most = 0;
    size_t at = 0;
    char number[UNITS_TEXT_MAX];

    while ((t = row_trials_next(g, &at)) != NULL) {
        if (tally_failed(&t->tally) > 0 && row->complaint.len == 0)
            row->complaint = last_complaint(t->output_tail);
        for (uint32_t i = 0; i < t->tally.example_count; i++) {
            uint64_t count = count_alike(g, &t->tally.examples[i]);

            if (count > most) {
                most = count;
                commonest = &t->tally.examples[i];
            }
        }
    }
    if (commonest != NULL)
        snprintf(row->example, sizeof(row->example), "%s x %s", units_whole(most, number),
                 commonest->reason[0] != '\0' ? commonest->reason
                                              : outcome_name(commonest->outcome));
}

static void explain_no_answer(const struct trial_record *t, struct ranking_row *row)
{
    char number[UNITS_TEXT_MAX];

    if (row->example[0] != '\0')
        snprintf(row->reason, sizeof(row->reason), "no right answer: %s", row->example);
    else if (t->tally.in_flight > 0)
        snprintf(row->reason, sizeof(row->reason), "no right answer: %s unanswered at the end",
                 units_whole(t->tally.in_flight, number));
    else
        snprintf(row->reason, sizeof(row->reason), "no right answer");
}

static void explain(const struct trial_record *t, struct ranking_row *row)
{
    if (t->state != TRIAL_DONE)
        snprintf(row->reason, sizeof(row->reason), "%s",
                 t->reason[0] != '\0' ? t->reason : trial_state_name(t->state));
    else if (t->tally.partial)
        snprintf(row->reason, sizeof(row->reason), "a trial was interrupted");
    else if (t->tally.ok_in_window == 0)
        explain_no_answer(t, row);
}

/* The first trial that keeps the target out of the ranking gives the reason. */
static void find_reason(const struct row_trials *g, struct ranking_row *row)
{
    const struct trial_record *t;
    size_t at = 0;

    while (row->reason[0] == '\0' && (t = row_trials_next(g, &at)) != NULL)
        explain(t, row);
}

/* ---- rows and rankings ---- */

static enum connection_class class_of(const struct row_trials *g)
{
    const struct trial_record *t;
    size_t at = 0;

    while ((t = row_trials_next(g, &at)) != NULL)
        if (trial_is_complete(t))
            return record_connection_class(t);
    return g->first->load.keepalive ? CONNECTION_PERSISTENT : CONNECTION_EACH;
}

static void make_row(const struct row_trials *g, const struct scratch *s, struct ranking_row *row)
{
    *row = (struct ranking_row){
        .first = g->first,
        .target = g->first->target,
        .title = g->first->target_title,
        .ceiling = g->first->ceiling,
        .throughput_per_sec = median_of(g, s, record_throughput_per_sec),
        .server_cpu_ns = median_of(g, s, record_server_cpu_ns_per_request),
        .services_cpu_ns = median_of(g, s, record_services_cpu_ns_per_request),
        .seconds = median_of(g, s, seconds),
        .relative = RECORD_UNKNOWN,
        .ready_ms = plain_median_of(g, s, ready_ms),
        .build_ms = plain_median_of(g, s, build_ms),
    };
    add_up(g, row);
    merge_responses(g, s, row);
    merge_at_share(g, s, row);
    name_commonest(g, row);
    find_reason(g, row);
}

bool ranking_row_has_figures(const struct ranking_row *row)
{
    return row->trials > 0 && (row->reason[0] == '\0' || row->refused);
}

static bool opens_group(const struct run_record *run, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (!run->trials[i]->control && same_group(run->trials[i], run->trials[index]))
            return false;
    return true;
}

static bool opens_cell(const struct run_record *run, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (!run->trials[i]->control && trials_same_cell(run->trials[i], run->trials[index]))
            return false;
    return true;
}

/* Makes the rows of the cell that trial `index` opens, of the targets in that class; returns how
 * many there are. With `rows` NULL they are only counted. */
static size_t make_rows(const struct run_record *run, size_t index, enum connection_class class,
                        const struct scratch *s, struct ranking_row *rows)
{
    size_t count = 0;

    for (size_t i = index; i < run->trial_count; i++) {
        struct row_trials g = { run, run->trials[i] };

        if (g.first->control || !trials_same_cell(run->trials[index], g.first) ||
            !opens_group(run, i) || class_of(&g) != class)
            continue;
        if (rows != NULL)
            make_row(&g, s, &rows[count]);
        count++;
    }
    return count;
}

/* Leaves *r alone when nobody is in that class. False when memory ran out. */
static bool make_ranking(const struct run_record *run, size_t index, enum connection_class class,
                         const struct scratch *s, struct ranking *r, struct error *err)
{
    const struct trial_record *first = run->trials[index];
    size_t count = make_rows(run, index, class, s, NULL);

    if (count == 0)
        return true;
    r->rows = ranking_take(count, sizeof(*r->rows));
    if (r->rows == NULL)
        return error_set(err, ENOMEM, "the rows of a ranking");
    text_add(&TEXT(r->workload), first->workload.name);
    text_add(&TEXT(r->load), first->load.name);
    r->load_spec = &first->load;
    r->connections = class;
    r->row_count = make_rows(run, index, class, s, r->rows);
    return ranking_order(run, r, err);
}

static bool make_all(const struct run_record *run, const struct scratch *s,
                     struct ranking *rankings, size_t *ret_count, struct error *err)
{
    static const enum connection_class classes[] = { CONNECTION_PERSISTENT, CONNECTION_EACH };

    for (size_t i = 0; i < run->trial_count; i++) {
        for (size_t c = 0; c < 2 && !run->trials[i]->control && opens_cell(run, i); c++) {
            struct ranking *r = &rankings[*ret_count];
            bool made = make_ranking(run, i, classes[c], s, r, err);

            *ret_count += r->row_count > 0; /* also of one that is only half made: it is freed */
            if (!made)
                return false;
        }
    }
    return true;
}

bool rankings_make(const struct run_record *run, struct ranking **ret_rankings, size_t *ret_count,
                   struct error *err)
{
    /* One more of each than trials: none is no reason to get NULL. Each trial opens a cell at most,
     * and a cell has two classes. */
    size_t room = run->trial_count + 1;
    struct scratch s = { .values = ranking_take(room, sizeof(*s.values)),
                         .response = ranking_take(1, sizeof(*s.response)) };
    struct ranking *rankings = ranking_take(2 * room, sizeof(*rankings));
    size_t count = 0;
    bool made = s.values != NULL && s.response != NULL && rankings != NULL &&
                make_all(run, &s, rankings, &count, err);

    free(s.values);
    free(s.response);
    if (!made) {
        rankings_free(rankings, count);
        return error_set(err, ENOMEM, "rank %zu trials", run->trial_count);
    }
    *ret_rankings = rankings;
    *ret_count = count;
    return true;
}

void rankings_free(struct ranking *rankings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rankings[i].rows);
        free(rankings[i].pairs);
    }
    free(rankings);
}
