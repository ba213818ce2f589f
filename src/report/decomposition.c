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
};

struct decomposition {
    const struct screen *s;
    struct parts parts[APPLICATIONS_MAX];
    size_t count;
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

        if (strcmp(t->application, like->application) == 0 && is_on_unix(t) == on_unix &&
            slice_equal(t->workload.name, like->workload.name) &&
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

static double called_ns(const struct run_record *run, const char *application)
{
    double ns = (double)NAN;
    json_t *document;
    size_t i;

    json_array_foreach(run->inproc, i, document)
    {
        struct inproc_table table;
        struct error ignored;

        if (!inproc_from_json(document, &table, &ignored))
            continue;
        for (size_t k = 0; k < table.row_count && isnan(ns); k++)
            if (strcmp(table.rows[k].application, application) == 0)
                ns = cpu_of_a_call(&table.rows[k]);
        inproc_table_close(&table);
    }
    return ns;
}

/* ---- the table ---- */

static bool is_known(const struct decomposition *d, const char *application)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->parts[i].application, application) == 0)
            return true;
    return false;
}

static void add_application(struct decomposition *d, const struct run_record *run,
                            const struct trial_record *like)
{
    struct parts parts = {
        .application = like->application,
        .called = called_ns(run, like->application),
        .user = median_of(run, like, false, user_ns),
        .kernel = median_of(run, like, false, kernel_ns),
        .loopback = median_of(run, like, false, record_server_cpu_ns_per_request),
        .unix_socket = median_of(run, like, true, record_server_cpu_ns_per_request),
    };

    if (isfinite(parts.called) && isfinite(parts.loopback) && isfinite(parts.unix_socket))
        d->parts[d->count++] = parts;
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

void decomposition_print(const struct screen *s, const struct run_record *run)
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
    struct decomposition d = { .s = s };
    struct table table = { s, columns, COLUMN_COUNT, 0, cell, &d, 0, 2 };
    struct line l;

    for (size_t i = 0; i < run->trial_count && d.count < APPLICATIONS_MAX; i++) {
        const char *application = run->trials[i]->application;

        if (application[0] != '\0' && !is_known(&d, application))
            add_application(&d, run, run->trials[i]);
    }
    if (d.count == 0)
        return;
    table.row_count = d.count;
    line_begin(&l, s, "taken apart: CPU time a request, over loopback", 0);
    line_end(&l);
    table_print(&table);
    line_begin(&l, s, "", 2);
    line_prose(&l, STYLE_PLAIN,
               "framework: the call in-process; kernel: the server's system time; server: the "
               "rest. The last column must be alike for all, or the parts cannot be trusted.");
    line_end(&l);
    fputc('\n', s->out);
}
