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
    KEY_NO_SAVE,
    KEY_END,
};

/* clang-format off */
static const struct argp_option option_table[] = {
    { "runtime", KEY_RUNTIME, "NAME", 0, "cpython, pypy, php or c (cpython)", 1 },
    { "folder", KEY_FOLDER, "DIR", 0, "Where the applications are (the current folder)", 1 },
    { "interface", KEY_INTERFACE, "NAME", 0,
      "wsgi or asgi (asgi where it is a coroutine function)", 1 },
    { "path", KEY_PATH, "PATH", 0, "What is asked, with its query (/)", 2 },
    { "method", 'm', "METHOD", 0, "GET, HEAD, POST, ... (GET, with a body POST)", 2 },
    { NULL, 'X', NULL, OPTION_ALIAS, NULL, 2 },
    { "header", 'H', "NAME: VALUE", 0, "This header too, or in place of the browser's own; @FILE: one a line", 2 },
    { "body", 'b', "TEXT", 0, "With this body; @FILE: what is in it", 2 },
    { "data", 0, NULL, OPTION_ALIAS, NULL, 2 },
    { "expect-status", KEY_EXPECT_STATUS, "CODE", 0,
      "The right status (what the first answers have, if below 400)", 3 },
    { "expect-body", KEY_EXPECT_BODY, "TEXT", 0,
      "The right body, @FILE likewise (what the first answers have, if they agree)", 3 },
    { "calls", 'n', "N", 0,
      "Measure at least this many calls in each process, in 20 equal batches; fewer than 20 in one "
      "(about one second of them)",
      4 },
    { "processes", KEY_PROCESSES, "N", 0, "Fresh processes for each application (6)", 4 },
    { "gc", KEY_GC, "STATE", 0, "The garbage collector: on, off or frozen (on)", 4 },
    { "timeout", KEY_TIMEOUT, "TIME", 0,
      "Give an application up that takes longer to load or to answer (30s)", 4 },
    { "cpus", KEY_CPUS, "LIST", 0, "Pin the runner to the first of these (the last there is)", 4 },
    { "instructions", KEY_INSTRUCTIONS, NULL, 0,
      "Count instructions with callgrind where the machine does not; takes a minute each", 4 },
    { "no-save", KEY_NO_SAVE, NULL, 0, "Do not write to the results database", 4 },
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
    bool method_given, no_save;
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
static bool take_option(struct options *o, int key, const char *argument, struct error *err)
{
    uint64_t number;

    switch (key) {
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
    case KEY_NO_SAVE:
        o->no_save = true;
        return true;
    default:
        return error_usage(err, "option %d has no meaning", key);
    }
}

static bool is_ours(int key)
{
    return (key >= KEY_RUNTIME && key < KEY_END) || (key > 0 && strchr("mHbn", key) != NULL);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;
    struct error err;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->common;
        return 0;
    case ARGP_KEY_ARG:
        if (o->app_count == APPS_MAX)
            argp_error(state, "more than %d applications", APPS_MAX);
        o->apps[o->app_count++] = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which application? Python's are written module:name, like app:app");
        return EINVAL;
    default:
        if (key == 'X')
            key = 'm';
        if (!is_ours(key))
            return ARGP_ERR_UNKNOWN;
        if (!take_option(o, key, argument, &err))
            argp_error(state, "%s", err.text);
        return 0;
    }
}

static const struct argp_child children[] = {
    {&common_argp, 0, NULL, 90 },
    { 0       }
};
static const struct argp inproc_argp = {
    .options = option_table,
    .parser = parse_option,
    .args_doc = "APP...",
    .doc =
        "Drives applications inside the process of their own runtime, without server and "
        "network: what does the framework cost? Each call gets a fresh request, each answer is "
        "checked, each figure comes from several fresh processes; the bare callable comes first.",
    .children = children,
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

struct view {
    struct screen screen;
    bool quiet;
};

/* One line, on a terminal always the same one. */
static void show_next(void *context, const struct inproc_row *row, size_t round, size_t rounds)
{
    const struct view *v = context;
    bool asked = status_wanted();
    char bytes[512];
    struct text text = TEXT(bytes);

    if (!asked && (v->quiet || (!v->screen.terminal && round > 0)))
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

static void show_end(const struct view *v)
{
    if (!v->quiet && v->screen.terminal)
        fprintf(stderr, "\r\033[K");
}

/* ---- the run ---- */

static bool measure(struct options *o, struct inproc_table *table, struct error *err)
{
    struct inproc_spec specs[APPS_MAX];
    struct view view = { screen_detect(stderr, o->common.color), o->common.quiet > 0 };
    struct inproc_observer observer = { &view, show_next };
    bool fine;

    for (size_t i = 0; i < o->app_count; i++) {
        specs[i] = o->spec;
        specs[i].app = o->apps[i];
    }
    if (!inproc_table_open(table, specs, o->app_count, o->processes, err))
        return false;
    fine = inproc_measure(table, &observer, err);
    show_end(&view);
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
    static char program_name[] = "assay inproc"; /* as which argp's messages speak */
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
    struct arena arena;
    struct error err;
    int full_argc, given, code;
    char **full_argv;
    const char *command;

    if (!with_environment(argc, argv, option_table, &full_argc, &full_argv, &given, &err) ||
        !arena_map(&arena, 65536, &err))
        return fail(&err);
    command = arena_format(&arena, "assay inproc %s",
                           command_line(&arena, argc, argv) + strlen("assay "));
    full_argv[0] = program_name;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&inproc_argp, full_argc, full_argv, 0, NULL, &o);
    signals_catch();
    run = new_run(command, &err);
    if (run == NULL || !finish_options(&o, &err) ||
        (!o.no_save && !database_open_to_write(&o.common, &store, &err)))
        code = fail(&err);
    else
        code = measure_and_report(&o, store, run, &err);
    store_close(store);
    run_record_free(run);
    text_files_release(&o.files);
    arena_unmap(&arena);
    free_words(full_argv, given);
    return code;
}
