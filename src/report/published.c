#include "report/published_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "base/error.h"
#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/table_priv.h"
#include "report/terminal_priv.h"

#define BESIDE_MAX 2048

/* ---- today's figures ---- */

/* One printed line: what was published, and what it is today for one variant (NULL: not run). */
struct beside {
    const struct published_row *published;
    const struct ranking_row *today;
    const char *called; /* or the application, where it was called in-process */
    size_t note;        /* from 1; 0: none */
    bool heading;       /* names the workload and the load of those that follow */
    bool repeated;      /* the same published figure, beside one more variant */
    char figure[TABLE_CELL_MAX];
};

struct comparison {
    const struct screen *s;
    const struct run_record *run;
    struct beside rows[BESIDE_MAX];
    size_t count, notes;
    bool full;
};

/* "gin" as published is every variant of gin today. */
static bool is_target(const char *published, const struct ranking_row *row)
{
    size_t len = strlen(published);

    if (strcasecmp(published, row->target) == 0 || strcasecmp(published, row->title) == 0)
        return true;
    return strncasecmp(published, row->target, len) == 0 && row->target[len] == ' ';
}

static bool matches(const char *published, const char *today)
{
    return published[0] == '\0' || strcmp(published, today) == 0;
}

static bool is_trial_of(const struct trial_record *t, const struct ranking *ranking,
                        const struct ranking_row *row)
{
    return t->state == TRIAL_DONE && !t->tally.partial && !t->control &&
           strcmp(t->target, row->target) == 0 &&
           slice_equal(t->workload.name, slice_of(ranking->workload)) &&
           slice_equal(t->load.name, slice_of(ranking->load));
}

/* Mean, standard deviation and maximum are of all samples of all trials together. */
static bool merged_latency(const struct run_record *run, const struct ranking *ranking,
                           const struct ranking_row *row, const char *metric, double *ret_ns)
{
    struct histogram *all = calloc(1, sizeof(*all));
    bool known;

    if (all == NULL)
        return false;
    for (size_t i = 0; i < run->trial_count; i++)
        if (is_trial_of(run->trials[i], ranking, row))
            histogram_merge(all, &run->trials[i]->tally.response);
    known = all->count > 0;
    *ret_ns = strcmp(metric, "mean_ms") == 0    ? histogram_mean_ns(all)
              : strcmp(metric, "stdev_ms") == 0 ? histogram_stdev_ns(all)
                                                : (double)all->max_ns;
    free(all);
    return known;
}

static bool is_merged_latency(const char *metric)
{
    return strcmp(metric, "mean_ms") == 0 || strcmp(metric, "stdev_ms") == 0 ||
           strcmp(metric, "max_ms") == 0;
}

static void bytes_figure(int64_t bytes, char *ret_text)
{
    if (bytes >= 0)
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_bytes((double)bytes).text);
}

static void ns_figure(double ns, char *ret_text)
{
    if (isfinite(ns))
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_duration_fine(ns).text);
}

/* Stays "–" for what is not known today. */
static void today_figure(const struct run_record *run, const struct ranking *ranking,
                         const struct ranking_row *row, const char *metric, char *ret_text)
{
    double ns;

    snprintf(ret_text, TABLE_CELL_MAX, "–");
    if (row->trials == 0)
        snprintf(ret_text, TABLE_CELL_MAX, "not measured");
    else if (strcmp(metric, "throughput_per_sec") == 0)
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_rate(row->throughput_per_sec.median).text);
    else if (strcmp(metric, "seconds") == 0 && ranking->load_spec->requests > 0)
        snprintf(ret_text, TABLE_CELL_MAX, "%.3f s (%s)", row->seconds.median,
                 number_whole(ranking->load_spec->requests).text);
    else if (is_merged_latency(metric) && merged_latency(run, ranking, row, metric, &ns))
        ns_figure(ns, ret_text);
    else if (strcmp(metric, "p50_ms") == 0 && row->p50_reliable)
        ns_figure((double)row->p50_ns, ret_text);
    else if (strcmp(metric, "p99_ms") == 0 && row->p99_reliable)
        ns_figure((double)row->p99_ns, ret_text);
    else if (strcmp(metric, "ready_ms") == 0)
        ns_figure(row->ready_ms * 1e6, ret_text);
    else if (strcmp(metric, "build_ms") == 0)
        ns_figure(row->build_ms * 1e6, ret_text);
    else if (strcmp(metric, "shipped_bytes") == 0)
        bytes_figure(row->shipped_bytes, ret_text);
    else if (strcmp(metric, "image_bytes") == 0)
        bytes_figure(row->image_bytes, ret_text);
    else if (strcmp(metric, "rss_bytes_peak") == 0)
        bytes_figure(row->rss_peak_bytes, ret_text);
    else if (strcmp(metric, "rss_bytes_idle") == 0)
        bytes_figure(row->rss_idle_bytes, ret_text);
}

static struct beside *add_beside(struct comparison *c, const struct published_row *published)
{
    struct beside *row;

    if (c->count == BESIDE_MAX) {
        c->full = true;
        return NULL;
    }
    row = &c->rows[c->count++];
    *row = (struct beside){ .published = published };
    snprintf(row->figure, sizeof(row->figure), "–");
    return row;
}

/* What does not depend on the load is said once a variant. */
static bool said_before(const struct comparison *c, size_t from, const struct ranking_row *row)
{
    for (size_t i = from; i < c->count; i++)
        if (c->rows[i].today != NULL && strcmp(c->rows[i].today->target, row->target) == 0)
            return true;
    return false;
}

/* Nothing grows unless the whole interval says so: as in the table of what was called. */
static void growth_figure(const json_t *growth, char *ret_text)
{
    const json_t *slope = json_object_get(growth, "bytes_per_request");
    const json_t *low = json_object_get(growth, "low");

    if (json_is_number(low) && json_number_value(low) <= 0)
        snprintf(ret_text, TABLE_CELL_MAX, "0");
    else if (json_is_number(slope))
        snprintf(ret_text, TABLE_CELL_MAX, json_number_value(slope) < 99.5 ? "%.3g" : "%.0f",
                 json_number_value(slope));
}

/* An application's figure, from the record of what was called in-process. */
static void called_figure(const json_t *row, const char *metric, char *ret_text)
{
    const json_t *count = json_object_get(row, metric);

    if (strcmp(metric, "throughput_per_sec") == 0 &&
        json_is_number(json_object_get(row, "requests_per_sec")))
        snprintf(ret_text, TABLE_CELL_MAX, "%s",
                 number_rate(json_number_value(json_object_get(row, "requests_per_sec"))).text);
    else if (strcmp(metric, "growth_bytes_per_call") == 0)
        growth_figure(json_object_get(row, "growth"), ret_text);
    else if (json_is_integer(count))
        snprintf(ret_text, TABLE_CELL_MAX, "%s",
                 number_whole((uint64_t)json_integer_value(count)).text);
}

/* A published figure of a call without a server, beside today's. */
static void compare_called(struct comparison *c, const struct published_row *published)
{
    const json_t *table, *row;
    size_t i, k;

    json_array_foreach(c->run->inproc, i, table)
    {
        json_array_foreach(json_object_get(table, "rows"), k, row)
        {
            const char *name = json_string_value(json_object_get(row, "app"));
            struct beside *beside;

            if (name == NULL || strcmp(name, published->field[PUBLISHED_TARGET]) != 0)
                continue;
            beside = add_beside(c, published);
            if (beside == NULL)
                return;
            beside->called = name;
            called_figure(row, published->field[PUBLISHED_METRIC], beside->figure);
        }
    }
}

static bool is_cell(const struct published_row *published, const struct ranking *ranking)
{
    return matches(published->field[PUBLISHED_WORKLOAD], ranking->workload) &&
           matches(published->field[PUBLISHED_LOAD], ranking->load);
}

static bool any_measured(const struct published_row *published, const struct ranking *rankings,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; is_cell(published, &rankings[i]) && k < rankings[i].row_count; k++)
            if (is_target(published->field[PUBLISHED_TARGET], &rankings[i].rows[k]) &&
                rankings[i].rows[k].trials > 0)
                return true;
    return false;
}

/* A variant that was not measured has its reason in the ranking: here it stands only where none
 * was. */
static void compare_row(struct comparison *c, const struct published_row *published,
                        const struct ranking *rankings, size_t count)
{
    bool measured = any_measured(published, rankings, count);
    size_t first = c->count;
    struct beside *beside;

    for (size_t i = 0; i < count; i++) {
        if (!is_cell(published, &rankings[i]))
            continue;
        for (size_t k = 0; k < rankings[i].row_count; k++) {
            const struct ranking_row *row = &rankings[i].rows[k];

            if (!is_target(published->field[PUBLISHED_TARGET], row) || said_before(c, first, row) ||
                (measured && row->trials == 0))
                continue;
            beside = add_beside(c, published);
            if (beside == NULL)
                return;
            beside->today = row;
            beside->repeated = c->count - 1 > first;
            today_figure(c->run, &rankings[i], row, published->field[PUBLISHED_METRIC],
                         beside->figure);
        }
    }
    if (c->count == first)
        compare_called(c, published);
    if (c->count == first)
        add_beside(c, published);
    if (c->count > first && published->field[PUBLISHED_NOTE][0] != '\0')
        c->rows[first].note = ++c->notes;
}

/* ---- on the screen ---- */

static const char *metric_title(const char *metric)
{
    static const struct {
        const char *metric, *title;
    } titles[] = {
        {"throughput_per_sec",     "req/s"          },
        { "seconds",               "total time"     },
        { "mean_ms",               "mean latency"   },
        { "stdev_ms",              "sd of latency"  },
        { "max_ms",                "max latency"    },
        { "p50_ms",                "p50 latency"    },
        { "p99_ms",                "p99 latency"    },
        { "ready_ms",              "start to ready" },
        { "build_ms",              "build"          },
        { "image_bytes",           "container image"},
        { "shipped_bytes",         "shipped"        },
        { "rss_bytes_peak",        "rss peak"       },
        { "rss_bytes_idle",        "rss idle"       },
        { "growth_bytes_per_call", "growth, B/call" },
    };

    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
        if (strcmp(titles[i].metric, metric) == 0)
            return titles[i].title;
    return metric;
}

enum { CELL_TARGET, CELL_METRIC, CELL_PUBLISHED, CELL_TODAY, CELL_COUNT };

static void asked_cell(const struct screen *s, const char *const *field, struct text *ret_text)
{
    bool both = field[PUBLISHED_WORKLOAD][0] != '\0' && field[PUBLISHED_LOAD][0] != '\0';

    if (field[PUBLISHED_WORKLOAD][0] == '\0' && field[PUBLISHED_LOAD][0] == '\0')
        text_add(ret_text, SLICE("whatever is asked"));
    screen_add_foreign(s, ret_text, slice_of(field[PUBLISHED_WORKLOAD]));
    text_add(ret_text, slice_of(both ? " · " : ""));
    screen_add_foreign(s, ret_text, slice_of(field[PUBLISHED_LOAD]));
    text_add(ret_text, SLICE(":"));
}

/* As published; "req/s" and its like are said by the column before, bytes are counted for people.
 */
static void published_figure(const struct screen *s, const char *const *field,
                             struct text *ret_text)
{
    bool per_sec =
        strcmp(field[PUBLISHED_UNIT], "1/s") == 0 || strcmp(field[PUBLISHED_UNIT], "req/s") == 0;
    char *end;
    double bytes = strtod(field[PUBLISHED_VALUE], &end);

    if (strcmp(field[PUBLISHED_UNIT], "bytes") == 0 && end != field[PUBLISHED_VALUE] &&
        *end == '\0') {
        text_add(ret_text, slice_of(number_bytes(bytes).text));
        return;
    }
    screen_add_foreign(s, ret_text, slice_of(field[PUBLISHED_VALUE]));
    if (per_sec || field[PUBLISHED_UNIT][0] == '\0')
        return;
    text_add(ret_text, SLICE(" "));
    screen_add_foreign(s, ret_text, slice_of(field[PUBLISHED_UNIT]));
}

static void published_cell(const struct screen *s, const struct beside *row, struct text *ret_text)
{
    char mark[32] = "";

    published_figure(s, row->published->field, ret_text);
    if (row->note > 0)
        snprintf(mark, sizeof(mark), "[%zu]", row->note);
    /* Of one width, so that the figures stay below each other. */
    text_format(ret_text, " %-4s", mark);
}

static void beside_cell(const void *context, size_t index, size_t column, char *ret_text)
{
    const struct comparison *c = context;
    const struct beside *row = &c->rows[index];
    const char *const *field = row->published->field;
    struct text text = { ret_text, 0, TABLE_CELL_MAX, false };

    if (row->heading) {
        if (column == CELL_TARGET)
            asked_cell(c->s, field, &text);
        return;
    }
    switch (column) {
    case CELL_TARGET:
        text_add(&text, SLICE("  "));
        screen_add_foreign(
            c->s, &text,
            slice_of(row->today == NULL ? field[PUBLISHED_TARGET] : row->today->target));
        break;
    case CELL_METRIC:
        screen_add_foreign(c->s, &text, slice_of(metric_title(field[PUBLISHED_METRIC])));
        break;
    case CELL_PUBLISHED:
        if (!row->repeated)
            published_cell(c->s, row, &text);
        break;
    case CELL_TODAY:
        text_add(&text,
                 slice_of(row->today == NULL && row->called == NULL ? "not run" : row->figure));
        break;
    }
}

static void notes_print(const struct comparison *c)
{
    for (size_t i = 0; i < c->count; i++) {
        char label[32];
        struct line l;

        if (c->rows[i].note == 0)
            continue;
        snprintf(label, sizeof(label), "[%zu]", c->rows[i].note);
        line_begin(&l, c->s, label, 5);
        line_words(&l, STYLE_PLAIN, slice_of(c->rows[i].published->field[PUBLISHED_NOTE]));
        line_end(&l);
    }
}

static void corrections_print(const struct screen *s, const struct published *published)
{
    size_t number = 0;
    struct line l;

    for (size_t i = 0; i < published->count; i++) {
        const char *const *field = published->rows[i].field;
        char label[32];

        if (strcmp(field[PUBLISHED_METRIC], "correction") != 0)
            continue;
        if (number++ == 0) {
            fputc('\n', s->out);
            line_begin(&l, s, "what was wrong in the published figures", 0);
            line_end(&l);
        }
        snprintf(label, sizeof(label), "%3zu.", number);
        line_begin(&l, s, label, 5);
        line_words(&l, STYLE_PLAIN, slice_of(field[PUBLISHED_NOTE]));
        line_end(&l);
    }
}

static bool asked_alike(const struct published_row *a, const struct published_row *b)
{
    return strcmp(a->field[PUBLISHED_WORKLOAD], b->field[PUBLISHED_WORKLOAD]) == 0 &&
           strcmp(a->field[PUBLISHED_LOAD], b->field[PUBLISHED_LOAD]) == 0;
}

static void compare_rows(struct comparison *c, const struct published *published,
                         const struct ranking *rankings, size_t count)
{
    const struct published_row *before = NULL;
    struct beside *heading;

    for (size_t i = 0; i < published->count; i++) {
        const struct published_row *row = &published->rows[i];

        if (strcmp(row->field[PUBLISHED_METRIC], "correction") == 0)
            continue;
        if (before == NULL || !asked_alike(before, row)) {
            heading = add_beside(c, row);
            if (heading != NULL)
                heading->heading = true;
        }
        compare_row(c, row, rankings, count);
        before = row;
    }
}

static void print_all(struct comparison *c, const struct published *published,
                      const struct ranking *rankings, size_t count)
{
    static const struct column columns[CELL_COUNT] = {
        [CELL_TARGET] = {"server",          true },
        [CELL_METRIC] = { "what",           true },
        [CELL_PUBLISHED] = { "published     ", false},
        [CELL_TODAY] = { "today",          false},
    };
    struct table table = { c->s, columns, CELL_COUNT, 0, beside_cell, c, 0, 2 };
    struct warnings warnings = { c->s, true };

    compare_rows(c, published, rankings, count);
    table.row_count = c->count;
    if (c->count > 0)
        table_print(&table);
    notes_print(c);
    if (c->full)
        line_warning(&warnings,
                     "the published table has more than %d lines with today's; the rest is "
                     "left out. Use --only for fewer targets",
                     BESIDE_MAX);
    corrections_print(c->s, published);
    fputc('\n', c->s->out);
}

static void warn_unread(const struct screen *s, const char *why)
{
    struct line l;

    line_begin(&l, s, "!", 2);
    line_prose(&l, STYLE_PLAIN, "no published table:");
    line_words(&l, STYLE_PLAIN, slice_of(why));
    line_end(&l);
}

static int by_name(const void *a, const void *b)
{
    const struct ranking *x = a, *y = b;
    int order = strcmp(x->workload, y->workload);

    return order != 0 ? order : strcmp(x->load, y->load);
}

void published_table(const struct screen *s, const struct run_record *run,
                     const struct ranking *rankings, size_t count)
{
    struct published *published = calloc(1, sizeof(*published));
    struct comparison *comparison = calloc(1, sizeof(*comparison));
    struct ranking *sorted = calloc(count > 0 ? count : 1, sizeof(*sorted));
    struct error err;
    struct line l;

    if (published == NULL || comparison == NULL || sorted == NULL) {
        warn_unread(s, "out of memory");
    } else if (!published_read(run->published_text, published, &err)) {
        warn_unread(s, err.text);
    } else {
        comparison->s = s;
        comparison->run = run;
        line_begin(&l, s, "published beside today's", 0);
        line_end(&l);
        /* Rankings come in the random order of trials: of several loads a published figure that
         * names none stands beside the first by name, in every run. */
        memcpy(sorted, rankings, count * sizeof(*sorted));
        qsort(sorted, count, sizeof(*sorted), by_name);
        print_all(comparison, published, sorted, count);
    }
    if (published != NULL)
        free(published->text);
    free(published);
    free(comparison);
    free(sorted);
}
