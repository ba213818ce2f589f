/* assay inproc APP...: applications inside their own runtime, without server and network. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/inproc_output.h"
#include "cli/request_options.h"
#include "cli/show_progress.h"
#include "cli/syntax.h"
#include "cli/version.h"
#include "inproc/inproc.h"
#include "probe/host.h"
#include "store/inproc_json.h"

#define APPS_MAX  100
#define CALLS_MAX UINT64_C(1000000000000)

/* The median's interval at 95 % exists from six on (stats/interval.h). */
#define PROCESSES 6

enum {
    KEY_RUNTIME = 0x100,
    KEY_FOLDER,
    KEY_INTERFACE,
    KEY_PROCESSES,
    KEY_GC,
    KEY_PATH,
    KEY_EXPECT_STATUS,
    KEY_EXPECT_BODY,
    KEY_TIMEOUT,
    KEY_INSTRUCTIONS,
    KEY_CPUS,
};

/* clang-format off */
static const struct argp_option option_table[] = {
    { "runtime", KEY_RUNTIME, "NAME", 0, "cpython, pypy, php or c (cpython)", 1 },
    { "folder", KEY_FOLDER, "DIR", 0, "Where the applications are (the current folder)", 1 },
    { "interface", KEY_INTERFACE, "NAME", 0,
      "wsgi or asgi (asgi where it is a coroutine function)", 1 },
    { "path", KEY_PATH, "PATH", 0, "The path that is asked for, with its query (/)", 2 },
    { "method", 'm', "METHOD", 0, "GET, HEAD, POST, ... (GET, with a body POST)", 2 },
    { NULL, 'X', NULL, OPTION_ALIAS, NULL, 2 },
    { "header", 'H', "NAME: VALUE", 0, "This header too, or in place of the browser's own; @FILE: one a line", 2 },
    { "body", 'b', "TEXT", 0, "With this body; @FILE: what is in it", 2 },
    { "data", 0, NULL, OPTION_ALIAS, NULL, 2 },
    { "expect-status", KEY_EXPECT_STATUS, "CODE", 0,
      "The right status (what the first answers have, if below 400)", 3 },
    { "expect-body", KEY_EXPECT_BODY, "TEXT", 0,
      "The right body; @FILE: what is in it (what the first answers have, if they "
           "agree)", 3 },
    { "calls", 'n', "N", 0,
      "Measure at least this many calls in each process, in 20 equal batches; fewer than 20 are one batch "
           "(about one second of calls)",
      4 },
    { "processes", KEY_PROCESSES, "N", 0, "Fresh processes for each application (6)", 4 },
    { "gc", KEY_GC, "STATE", 0, "The garbage collector: on, off or frozen (on)", 4 },
    { "timeout", KEY_TIMEOUT, "TIME", 0,
      "Give up an application that takes longer to load or to answer (30s)", 4 },
    { "cpus", KEY_CPUS, "LIST", 0, "Pin the runner to the first of these (the last there is)", 4 },
    { "instructions", KEY_INSTRUCTIONS, NULL, 0,
      "Count instructions with callgrind where the machine cannot; takes a minute each", 4 },
    { 0 },
};
/* clang-format on */

struct options {
    struct common_options common;
    struct inproc_spec spec;
    struct workload workload;
    struct text_files files;
    const char *apps[APPS_MAX];
    size_t app_count;
    uint64_t processes;
    bool method_given;
};

/* ---- options ---- */

static bool interface_option(struct options *o, const char *argument, struct error *err)
{
    if (strcmp(argument, "wsgi") != 0 && strcmp(argument, "asgi") != 0)
        return error_usage(err, "--interface is wsgi or asgi, not '%s'", argument);
    o->spec.interface = argument;
    return true;
}

static bool path_option(struct options *o, const char *argument, struct error *err)
{
    if (argument[0] != '/')
        return error_usage(err, "--path '%s' does not begin with '/'", argument);
    o->workload.path = slice_of(argument);
    return true;
}

static bool timeout_option(struct options *o, const char *argument, struct error *err)
{
    if (units_parse_duration(slice_of(argument), &o->spec.timeout_ns) &&
        o->spec.timeout_ns >= MILLISECOND_NS && o->spec.timeout_ns <= 3600 * SECOND_NS)
        return true;
    return error_usage(err, "--timeout '%s' is no duration from 1ms to 1h", argument);
}

static bool cpus_option(struct options *o, const char *argument, struct error *err)
{
    uint32_t cpus[RECORD_CPUS_MAX], count;

    if (!parse_cpus(slice_of(argument), cpus, RECORD_CPUS_MAX, &count, err))
        return false;
    o->spec.pinned = true;
    o->spec.cpu = cpus[0];
    return true;
}

/* One flat switch: a case an option. */
static bool take_option(void *options, int key, const char *argument, enum said_by by,
                        struct error *err)
{
    struct options *o = options;
    uint64_t number;

    (void)by;
    switch (key) {
    case ARGP_KEY_ARG:
        if (o->app_count == APPS_MAX)
            return error_usage(err, "more than %d applications", APPS_MAX);
        o->apps[o->app_count++] = argument;
        return true;
    case ARGP_KEY_END:
        return o->app_count > 0 || error_usage(err, "which application? Python's are written "
                                                    "module:name, like app:app");
    case KEY_RUNTIME:
        o->spec.runtime = argument;
        return true;
    case KEY_FOLDER:
        o->spec.folder = argument;
        return true;
    case KEY_INTERFACE:
        return interface_option(o, argument, err);
    case KEY_PATH:
        return path_option(o, argument, err);
    case 'm':
        o->workload.method = slice_of(argument);
        o->method_given = true;
        return true;
    case 'H':
        return add_headers(&o->files, &o->workload, argument, err);
    case 'b':
        return text_or_file(&o->files, argument, &o->workload.body, err);
    case KEY_EXPECT_STATUS:
        if (!parse_count("--expect-status", argument, 200, 599, &number, err))
            return false;
        o->workload.expect.status = (uint16_t)number;
        return true;
    case KEY_EXPECT_BODY:
        return text_or_file(&o->files, argument, &o->workload.expect.body, err);
    case 'n':
        return parse_count("--calls", argument, 1, CALLS_MAX, &o->spec.calls, err);
    case KEY_PROCESSES:
        return parse_count("--processes", argument, 1, INPROC_PROCESSES_MAX, &o->processes, err);
    case KEY_GC:
        return inproc_gc_named(argument, &o->spec.gc) ||
               error_usage(err, "--gc is on, off or frozen, not '%s'", argument);
    case KEY_TIMEOUT:
        return timeout_option(o, argument, err);
    case KEY_CPUS:
        return cpus_option(o, argument, err);
    case KEY_INSTRUCTIONS:
        o->spec.instructions = true;
        return true;
    default:
        return error_usage(err, "option %d has no meaning", key);
    }
}

static const struct syntax syntax = {
    .name = "assay inproc",
    .kind = SYNTAX_MEASURES,
    .table = option_table,
    .args_doc = "APP...",
    .doc =
        "Drives applications inside the process of their own runtime, without server and "
        "network: what does the framework cost? Each call gets a fresh request, each answer is "
        "checked, each figure comes from several fresh processes; the bare callable comes first.",
    .take = take_option,
};

/* What the options mean together. */
static bool finish_options(struct options *o, struct error *err)
{
    static char folder[PATH_MAX];
    uint32_t cpus[RECORD_CPUS_MAX];
    uint32_t count = host_cpus(cpus, RECORD_CPUS_MAX);

    if (realpath(o->spec.folder, folder) == NULL)
        return error_usage(err, "--folder %s: %s", o->spec.folder, strerror(errno));
    o->spec.folder = folder;
    /* Of a suite it would be hidden from the reader; what is called by hand is the user's own. */
    o->spec.python_path = getenv("PYTHONPATH");
    if (o->workload.body.ptr != NULL && !o->method_given)
        o->workload.method = SLICE("POST");
    if (!o->spec.pinned && count > 0) {
        o->spec.pinned = true;
        o->spec.cpu = cpus[count - 1];
    }
    o->spec.cases = &o->workload;
    o->spec.case_count = 1;
    o->spec.stop_asked = &stop_asked;
    return inproc_check_outputs(&o->common, err);
}

/* ---- what is shown meanwhile ---- */

static void tell_events(struct events *events, const struct inproc_row *row, size_t round,
                        size_t rounds, bool asked)
{
    struct error ignored;
    struct trial_record *record = trial_record_new(4096, &ignored);
    const struct progress progress = { .phase = PROGRESS_MEASURE,
                                       .record = record,
                                       .done = round,
                                       .wanted = rounds,
                                       .server_cpus = -1,
                                       .client_cpus = -1,
                                       .server_rss_bytes = -1 };

    if (record == NULL)
        return;
    record->target = arena_text(&record->arena, row->label, strlen(row->label));
    events_progress(events, mono_now(), round == 0 ? "look" : "measure", &progress, asked);
    trial_record_free(record);
}

/* One line, on a terminal always the same one. */
static void show_next(void *context, const struct inproc_row *row, size_t round, size_t rounds)
{
    const struct progress_view *v = context;
    bool asked = status_wanted();
    char bytes[512];
    struct text text = TEXT(bytes);

    if (v->events != NULL)
        tell_events(v->events, row, round, rounds, asked);
    asked = asked && v->events == NULL;
    if (!asked && (v->hidden || (!v->screen.terminal && round > 0)))
        return;
    text_add_escaped(&text, slice_of(row->label));
    if (round == 0)
        text_format(&text, ": looking");
    else
        text_format(&text, ": process %zu of %zu", round, rounds);
    if (v->screen.terminal && !asked)
        fprintf(stderr, "\r\033[K%.*s", (int)screen_cut(bytes, v->screen.width - 1), bytes);
    else
        fprintf(stderr, "%s%s\n", v->screen.terminal ? "\r\033[K" : "", bytes);
}

static void show_end(const struct progress_view *v)
{
    if (!v->hidden && v->screen.terminal)
        fprintf(stderr, "\r\033[K");
}

/* ---- the run ---- */

static bool measure(struct options *o, struct inproc_table *table, struct error *err)
{
    struct inproc_spec specs[APPS_MAX];
    struct progress_view view;
    struct inproc_observer observer = { &view, show_next };
    bool fine;

    for (size_t i = 0; i < o->app_count; i++) {
        specs[i] = o->spec;
        specs[i].app = o->apps[i];
    }
    if (!inproc_table_open(table, specs, o->app_count, o->processes, err))
        return false;
    progress_view_open(&view, &o->common, false);
    fine = inproc_measure(table, &observer, err);
    show_end(&view);
    progress_view_close(&view);
    return fine;
}

static struct run_record *new_run(const char *command, struct error *err)
{
    struct run_record *run = run_record_new(1u << 18, err);

    if (run == NULL)
        return NULL;
    run->command = arena_text(&run->arena, command, strlen(command));
    run->assay_version = VERSION_TEXT;
    run->blocks = 1;
    run->started = wall_now();
    host_read("", &run->host);
    return run;
}

/* The run first, for its number, which the table carries too. What is not kept has none. */
static bool save(struct store *store, struct run_record *run, const struct inproc_table *table,
                 struct error *err)
{
    json_t *document = NULL;
    bool fine = store == NULL || (store_add_run(store, run, err) &&
                                  (document = inproc_to_json(table, run, err)) != NULL &&
                                  store_add_inproc(store, run->id, document, err) &&
                                  store_end_run(store, run, table->partial, err));

    json_decref(document);
    if (!fine)
        run->id[0] = '\0';
    return fine;
}

static bool all_done(const struct inproc_table *table)
{
    for (size_t i = 0; i < table->row_count; i++)
        if (table->rows[i].state != INPROC_DONE)
            return false;
    return true;
}

static bool put_out(const struct options *o, const struct inproc_table *table,
                    const struct run_record *run, struct error *err)
{
    json_t *document = inproc_to_json(table, run, err);
    bool fine = document != NULL && inproc_output(&o->common, table, document, run, err);

    json_decref(document);
    return fine;
}

static int measure_and_report(struct options *o, struct store *store, struct run_record *run,
                              struct error *err)
{
    struct inproc_table table = { 0 };
    struct error unsaved;
    bool saved;
    int code = EXIT_DONE;

    events_run_start(o->common.events, mono_now(), "inproc", run->command, 0);
    if (!measure(o, &table, err)) {
        inproc_table_close(&table);
        return fail(err);
    }
    run->partial = table.partial;
    saved = save(store, run, &table, &unsaved);
    if (!put_out(o, &table, run, err)) {
        code = fail(err);
    } else if (stop_asked == 0 && !all_done(&table)) {
        fprintf(stderr, "error: not every application could be measured; the reasons stand beside "
                        "them\n");
        code = EXIT_MEASUREMENT;
    }
    if (!saved) {
        error_wrap(&unsaved, "the result above is not saved");
        code = fail(&unsaved);
    }
    inproc_table_close(&table);
    return code == EXIT_DONE ? signals_exit_code(EXIT_DONE) : code;
}

int cmd_inproc(int argc, char **argv)
{
    struct options o = {
        .spec = {.runtime = "cpython",
                 .folder = ".",
                 .interface = "",
                 .timeout_ns = 30 * SECOND_NS },
        .workload = { .method = SLICE("GET"), .path = SLICE("/")},
        .processes = PROCESSES
    };
    struct store *store = NULL;
    struct run_record *run;
    struct words words;
    struct error err;
    int code;

    if (!syntax_read(&syntax, argc, argv, &o, &words, &err))
        return fail(&err);
    signals_catch();
    run = new_run(words.command, &err);
    if (run == NULL || !finish_options(&o, &err) ||
        (!o.common.no_save && !database_open_to_write(&o.common, &store, &err)))
        code = fail(&err);
    else
        code = measure_and_report(&o, store, run, &err);
    events_run_end(o.common.events, mono_now(), run != NULL ? run->id : "", code);
    store_close(store);
    run_record_free(run);
    text_files_release(&o.files);
    words_free(&words);
    events_free(o.common.events);
    return code;
}
