#include "report/decomposition.h"

#include <math.h>
#include <string.h>

#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/table_priv.h"
#include "stats/interval.h"
#include "store/inproc_json.h"

#define APPLICATIONS_MAX 64
#define TRIALS_MAX       1024 /* of one target that are looked at */

/* Nanoseconds of CPU time a request; NaN: not known. */
struct parts {
    const char *application;
    double called, user, kernel, loopback, unix_socket;
    size_t ways; /* in which it was called */
};

struct decomposition {
    const struct screen *s;
    struct parts parts[APPLICATIONS_MAX]; /* those that can be taken apart come first */
    size_t count, whole;
};

/* ---- medians over trials ---- */

typedef double trial_figure(const struct trial_record *t);

static double per_answer(int64_t ns, const struct trial_record *t)
{
    return ns < 0 || t->tally.ok_in_window == 0 ? (double)NAN
                                                : (double)ns / (double)t->tally.ok_in_window;
}

static double user_ns(const struct trial_record *t)
{
    return per_answer(t->server.cpu_user_ns, t);
}

static double kernel_ns(const struct trial_record *t)
{
    return per_answer(t->server.cpu_system_ns, t);
}

static bool is_on_unix(const struct trial_record *t)
{
    return strncmp(t->address, "unix:", 5) == 0;
}

/* Of one workload and load: those of the application's first trial. Nothing is averaged across. */
static double median_of(const struct run_record *run, const struct trial_record *like, bool on_unix,
                        trial_figure *figure)
{
    double values[TRIALS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < run->trial_count && n < TRIALS_MAX; i++) {
        const struct trial_record *t = run->trials[i];

        if (!t->control && strcmp(t->application, like->application) == 0 &&
            is_on_unix(t) == on_unix && slice_equal(t->workload.name, like->workload.name) &&
            slice_equal(t->load.name, like->load.name) && t->state == TRIAL_DONE &&
            !t->tally.partial && isfinite(figure(t)))
            values[n++] = figure(t);
    }
    return n > 0 ? interval_median(values, n, 0.95).median : (double)NAN;
}

/* NaN where it was not timed. */
static double cpu_of_a_call(const struct inproc_row *row)
{
    double values[INPROC_PROCESSES_MAX];

    for (size_t i = 0; i < row->timing_count; i++)
        values[i] = (double)row->timings[i].cpu_ns / (double)row->timings[i].calls;
    return row->timing_count > 0 ? interval_median(values, row->timing_count, 0.95).median
                                 : (double)NAN;
}

static bool is_called_for(const struct inproc_row *row, const struct trial_record *like)
{
    const struct inproc_spec *spec = &row->spec;

    return strcmp(row->application, like->application) == 0 && spec->case_count == 1 &&
           slice_equal(spec->cases[0].method, like->workload.method) &&
           slice_equal(spec->cases[0].path, like->workload.path);
}

/* What the application's call costs that this trial served. *ret_ways: how often it was called in
 * another table, on another runtime or with the collector in another state. Of several none can be
 * said to be the one that was served. */
static double called_ns(const struct run_record *run, const struct trial_record *like,
                        size_t *ret_ways)
{
    double ns = (double)NAN;
    json_t *document;
    size_t i;

    *ret_ways = 0;
    json_array_foreach(run->inproc, i, document)
    {
        struct inproc_table table;
        struct error ignored;

        if (!inproc_from_json(document, &table, &ignored))
            continue;
        for (size_t k = 0; k < table.row_count; k++)
            if (is_called_for(&table.rows[k], like) && isfinite(cpu_of_a_call(&table.rows[k]))) {
                ns = cpu_of_a_call(&table.rows[k]);
                (*ret_ways)++;
            }
        inproc_table_close(&table);
    }
    return *ret_ways == 1 ? ns : (double)NAN;
}

/* ---- the table ---- */

static bool is_known(const struct decomposition *d, const char *application)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->parts[i].application, application) == 0)
            return true;
    return false;
}

static bool is_whole(const struct parts *p)
{
    return isfinite(p->called) && isfinite(p->user) && isfinite(p->loopback) &&
           isfinite(p->unix_socket);
}

static void add_application(struct decomposition *d, const struct run_record *run,
                            const struct trial_record *like)
{
    struct parts parts = {
        .application = like->application,
        .user = median_of(run, like, false, user_ns),
        .kernel = median_of(run, like, false, kernel_ns),
        .loopback = median_of(run, like, false, record_server_cpu_ns_per_request),
        .unix_socket = median_of(run, like, true, record_server_cpu_ns_per_request),
    };

    parts.called = called_ns(run, like, &parts.ways);
    d->parts[d->count] = parts;
    if (is_whole(&parts)) {
        d->parts[d->count] = d->parts[d->whole];
        d->parts[d->whole++] = parts;
    }
    d->count++;
}

enum {
    COLUMN_APPLICATION,
    COLUMN_FRAMEWORK,
    COLUMN_SERVER,
    COLUMN_KERNEL,
    COLUMN_LOOPBACK,
    COLUMN_UNIX,
    COLUMN_ABOVE,
    COLUMN_COUNT
};

static void part_cell(double ns, double of, char *ret_text)
{
    snprintf(ret_text, TABLE_CELL_MAX, "%s (%.0f %%)", number_duration(ns).text, 100 * ns / of);
}

static void cell(const void *context, size_t index, size_t column, char *ret_text)
{
    const struct decomposition *d = context;
    const struct parts *p = &d->parts[index];
    struct text text = { ret_text, 0, TABLE_CELL_MAX, false };

    switch (column) {
    case COLUMN_APPLICATION:
        screen_add_foreign(d->s, &text, slice_of(p->application));
        break;
    case COLUMN_FRAMEWORK:
        part_cell(p->called, p->loopback, ret_text);
        break;
    case COLUMN_SERVER:
        part_cell(p->user - p->called, p->loopback, ret_text);
        break;
    case COLUMN_KERNEL:
        part_cell(p->kernel, p->loopback, ret_text);
        break;
    case COLUMN_LOOPBACK:
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_duration(p->loopback).text);
        break;
    case COLUMN_UNIX:
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_duration(p->unix_socket).text);
        break;
    case COLUMN_ABOVE:
        snprintf(ret_text, TABLE_CELL_MAX, "%+.1fµs", (p->loopback - p->unix_socket) / 1e3);
        break;
    }
}

/* Why an application has no row. */
static void print_missing(const struct screen *s, const struct parts *p)
{
    struct line l;

    line_begin(&l, s, "", 2);
    line_words(&l, STYLE_PLAIN, slice_of(p->application));
    line_prose(&l, STYLE_PLAIN, "cannot be taken apart:");
    if (p->ways > 1)
        line_prose(&l, STYLE_PLAIN,
                   "it was called in %zu ways (runtimes, states of the collector), and which of "
                   "them was served is not known",
                   p->ways);
    else
        line_prose(&l, STYLE_PLAIN, "without a figure %s",
                   isnan(p->called)     ? "of the call in-process"
                   : isnan(p->loopback) ? "over loopback"
                                        : "on a Unix socket");
    line_end(&l);
}

static bool has_unix(const struct run_record *run)
{
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i]->application[0] != '\0' && is_on_unix(run->trials[i]))
            return true;
    return false;
}

static void print_parts(const struct decomposition *d)
{
    static const struct column columns[COLUMN_COUNT] = {
        [COLUMN_APPLICATION] = {"application",       true },
        [COLUMN_FRAMEWORK] = { "framework",        false},
        [COLUMN_SERVER] = { "server",           false},
        [COLUMN_KERNEL] = { "kernel",           false},
        [COLUMN_LOOPBACK] = { "in all",           false},
        [COLUMN_UNIX] = { "on a Unix socket", false},
        [COLUMN_ABOVE] = { "loopback above",   false},
    };
    struct table table = { d->s, columns, COLUMN_COUNT, d->whole, cell, d, 0, 2 };
    struct line l;

    table_print(&table);
    line_begin(&l, d->s, "", 2);
    line_prose(&l, STYLE_PLAIN,
               "framework: the call in-process; kernel: the server's system time; server: the "
               "rest. The last column must be alike for all, or the parts cannot be trusted.");
    line_end(&l);
}

void decomposition_print(const struct screen *s, const struct run_record *run)
{
    struct decomposition d = { .s = s };
    struct line l;

    for (size_t i = 0; i < run->trial_count && d.count < APPLICATIONS_MAX; i++) {
        const char *application = run->trials[i]->application;

        if (application[0] != '\0' && !run->trials[i]->control && !is_known(&d, application))
            add_application(&d, run, run->trials[i]);
    }
    if (d.count == 0 || !has_unix(run))
        return;
    line_begin(&l, s, "taken apart: CPU time a request, over loopback", 0);
    line_end(&l);
    if (d.whole > 0)
        print_parts(&d);
    for (size_t i = d.whole; i < d.count; i++)
        print_missing(s, &d.parts[i]);
    fputc('\n', s->out);
}
