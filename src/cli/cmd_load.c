/* assay URL: one load test of one address. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"
#include "base/units.h"
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/show_progress.h"
#include "cli/version.h"
#include "net/sock.h"
#include "probe/proc.h"
#include "probe/program.h"
#include "proto/url.h"
#include "report/terminal.h"
#include "run/drive.h"
#include "run/judge.h"
#include "run/prove.h"

#define FILE_BYTES_MAX (64u << 20) /* of a body or headers read from a file */

#define OPTIONS_BYTES (256u << 10) /* of texts; 256 stages with their names take 60 KB of it */

enum {
    KEY_TIMEOUT = 0x100,
    KEY_WARMUP,
    KEY_ARRIVALS,
    KEY_CPUS,
    KEY_EXPECT_STATUS,
    KEY_EXPECT_BODY,
    KEY_SEED,
    KEY_CLOSE,
    KEY_RING,
    KEY_PROVE,
    KEY_PROVE_DURATION,
    KEY_NO_CEILING,
    KEY_NO_SAVE,
    KEY_STRICT,
    KEY_STAGES,
    KEY_UNIX_SOCKET,
    KEY_END,
};

/* clang-format off */
static const struct argp_option option_table[] = {
    { "connections", 'c', "N", 0, "Connections; in open loop the size of the pool (10)", 1 },
    { "duration", 'd', "TIME", 0,
      "Measure this long: 30s, 2m, 500ms; bare numbers are seconds (10s)", 1 },
    { "requests", 'n', "N", 0, "Measure this many requests instead", 1 },
    { "threads", 't', "N", 0, "Threads of the generator; each takes its share of the rest (1)", 1 },
    { "rate", 'r', "RATE", 0,
      "Open loop: requests per second in total, whatever the server does", 1 },
    { NULL, 'R', NULL, OPTION_ALIAS, NULL, 1 },
    { "stages", KEY_STAGES, "LIST", 0,
      "Several loads in a row, each reported by itself: 10s:400/s,10s:500/s (open), "
      "10000n:20c,2s:30c (closed), 2s:400..9000+1200/s", 1 },
    { "arrivals", KEY_ARRIVALS, "SHAPE", 0, "Open loop: poisson or even (poisson)", 1 },
    { "warmup", KEY_WARMUP, "TIME", 0,
      "Drive this long before measuring (a tenth of the duration; none with -n)", 1 },
    { "timeout", KEY_TIMEOUT, "TIME", 0, "Give a request up after this long (5s)", 1 },
    { "close", KEY_CLOSE, NULL, 0, "A connection for each request", 1 },
    { "unix-socket", KEY_UNIX_SOCKET, "PATH", 0,
      "Connect to this Unix socket; the URL gives Host and path", 2 },
    { "header", 'H', "NAME: VALUE", 0, "Send this header too; @FILE: one a line", 2 },
    { "method", 'm', "METHOD", 0, "GET, HEAD, POST, ... (GET, with a body POST)", 2 },
    { NULL, 'X', NULL, OPTION_ALIAS, NULL, 2 },
    { "body", 'b', "TEXT", 0, "Send this body; @FILE: what is in it", 2 },
    { "data", 0, NULL, OPTION_ALIAS, NULL, 2 },
    { "expect-status", KEY_EXPECT_STATUS, "CODE", 0,
      "The right status (what the probes get, if below 400)", 3 },
    { "expect-body", KEY_EXPECT_BODY, "TEXT", 0,
      "The right body, @FILE likewise (what the probes get, if they agree)", 3 },
    { "cpus", KEY_CPUS, "LIST", 0, "Pin the generator: 0,2-3 or client=0", 4 },
    { "ring", KEY_RING, "NAME", 0, "io_uring or epoll (what works here)", 4 },
    { "seed", KEY_SEED, "N", 0,
      "Of Poisson arrivals and nonces; printed, so that a run can be repeated", 4 },
    { "prove", KEY_PROVE, NULL, 0,
      "Drive it again afterwards, to prove whether the generator was the limit and whether memory "
      "leaks", 4 },
    { "prove-duration", KEY_PROVE_DURATION, "TIME", 0,
      "Of each of the two drives that prove a leak (60s)", 4 },
    { "no-ceiling", KEY_NO_CEILING, NULL, 0,
      "Do not measure what the generator reaches against an empty server, unless that is known", 4 },
    { "no-save", KEY_NO_SAVE, NULL, 0, "Do not write to the results database", 4 },
    { "strict", KEY_STRICT, NULL, 0, "Exit 1 when the verdict is INVALID", 4 },
    { "latency", 'L', NULL, OPTION_HIDDEN, NULL, 4 }, /* wrk's habit: here it is always shown */
    { 0 },
};
/* clang-format on */

struct options {
    struct common_options common;
    const char *url_text;
    struct url url;
    struct load load;
    struct workload workload;
    enum ring_kind ring;
    struct places places;
    struct prove_wish prove;
    uint64_t seed;
    bool seed_given, method_given, no_save, no_ceiling, strict;
    int given; /* words in front of the command line that the environment gave */
    enum {
        BY_DEFAULT,
        BY_ENVIRONMENT,
        BY_COMMAND
    } duration_by,
        requests_by, rate_by, connections_by, stages_by;
    const char *unix_socket; /* NULL: the URL's host and port */
    struct stages stages;
    struct arena arena;                           /* of texts and stages */
    struct arena files[WORKLOAD_HEADERS_MAX + 2]; /* one for each that was read */
    size_t file_count;
};

/* ---- options ---- */

static bool read_file(struct options *o, const char *path, struct slice *ret_content,
                      struct error *err)
{
    struct arena *arena = &o->files[o->file_count];
    struct stat info;
    char *content;
    size_t len = 0;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) < 0) {
        error_usage(err, "cannot read %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size > FILE_BYTES_MAX) {
        close(fd);
        return error_usage(err, "%s is not a file of at most %u MiB", path, FILE_BYTES_MAX >> 20);
    }
    if (o->file_count == sizeof(o->files) / sizeof(o->files[0]) ||
        !arena_map(arena, (size_t)info.st_size + 1, err)) {
        close(fd);
        return error_set(err, ENOMEM, "read %s", path);
    }
    o->file_count++;
    content = arena_new(arena, char, (size_t)info.st_size + 1);
    while (len < (size_t)info.st_size && got > 0) {
        got = read(fd, content + len, (size_t)info.st_size - len);
        len += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    if (got < 0)
        return error_usage(err, "cannot read %s: %s", path, strerror(errno));
    *ret_content = (struct slice){ content, len };
    return true;
}

/* TEXT, or what is in @FILE. */
static bool text_or_file(struct options *o, const char *argument, struct slice *ret_text,
                         struct error *err)
{
    if (argument[0] == '@')
        return read_file(o, argument + 1, ret_text, err);
    *ret_text = slice_of(argument);
    return true;
}

static bool add_header(struct options *o, struct slice line, struct error *err)
{
    const char *colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;
    struct header *header = &o->workload.headers[o->workload.header_count];

    if (colon == NULL || colon == line.ptr)
        return error_usage(err, "'%.*s' is no header; write it like 'Accept: text/html'",
                           (int)line.len, line.ptr);
    if (o->workload.header_count == WORKLOAD_HEADERS_MAX)
        return error_usage(err, "more than %d headers", WORKLOAD_HEADERS_MAX);
    header->name = (struct slice){ line.ptr, (size_t)(colon - line.ptr) };
    header->value = slice_trim((struct slice){ colon + 1, line.len - header->name.len - 1 });
    o->workload.header_count++;
    return true;
}

static bool add_headers(struct options *o, const char *argument, struct error *err)
{
    struct slice text = { 0 };

    if (!text_or_file(o, argument, &text, err))
        return false;
    if (argument[0] != '@')
        return add_header(o, text, err);
    while (text.len > 0) {
        const char *newline = memchr(text.ptr, '\n', text.len);
        size_t len = newline == NULL ? text.len : (size_t)(newline - text.ptr);
        struct slice line = { text.ptr, len > 0 && text.ptr[len - 1] == '\r' ? len - 1 : len };

        if (line.len > 0 && !add_header(o, line, err))
            return false;
        text.ptr += newline == NULL ? len : len + 1;
        text.len -= newline == NULL ? len : len + 1;
    }
    return true;
}

static bool duration_option(const char *name, const char *argument, int64_t low_ns, int64_t high_ns,
                            int64_t *ret_ns, struct error *err)
{
    char low[UNITS_TEXT_MAX], high[UNITS_TEXT_MAX];

    if (!units_parse_duration(slice_of(argument), ret_ns))
        return error_usage(err, "%s '%s' is no duration; write it like 30s, 2m or 500ms", name,
                           argument);
    if (*ret_ns < low_ns || *ret_ns > high_ns)
        return error_usage(err, "%s %s is out of range; from %s to %s", name, argument,
                           units_duration(low_ns, true, low), units_duration(high_ns, true, high));
    return true;
}

static bool arrivals_option(struct options *o, const char *argument, struct error *err)
{
    if (strcmp(argument, "even") == 0)
        o->load.arrivals = PACER_EVEN;
    else if (strcmp(argument, "poisson") == 0)
        o->load.arrivals = PACER_POISSON;
    else
        return error_usage(err, "--arrivals is poisson or even, not '%s'", argument);
    return true;
}

static bool cpus_option(struct options *o, const char *argument, struct error *err)
{
    if (!parse_places(argument, &o->places, err))
        return false;
    if (o->places.server_count > 0)
        return error_usage(err, "--cpus '%s': assay did not start that server; pin it with taskset",
                           argument);
    return true;
}

static bool method_option(struct options *o, const char *argument, struct error *err)
{
    size_t len = strspn(argument, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

    if (len == 0 || argument[len] != '\0')
        return error_usage(err, "'%s' is no method; they are written in capitals, like GET",
                           argument);
    if (strcmp(argument, "CONNECT") == 0)
        return error_usage(err, "CONNECT makes a tunnel, which has no answer to measure");
    o->workload.method = slice_of(argument);
    o->method_given = true;
    return true;
}

static bool take_option(struct options *o, int key, const char *argument, int by, struct error *err)
{
    uint64_t number;

    switch (key) {
    case 'c':
        if (!parse_count("--connections", argument, 1, LOAD_CONNECTIONS_MAX, &number, err))
            return false;
        o->load.connections = (uint32_t)number;
        o->connections_by = by;
        return true;
    case 't':
        if (!parse_count("--threads", argument, 1, LOAD_THREADS_MAX, &number, err))
            return false;
        o->load.threads = (uint32_t)number;
        return true;
    case 'n':
        o->requests_by = by;
        return parse_count("--requests", argument, 1, UINT64_C(1) << 53, &o->load.requests, err);
    case 'd':
        o->duration_by = by;
        return duration_option("--duration", argument, MILLISECOND_NS, 1000 * (3600 * SECOND_NS),
                               &o->load.duration_ns, err);
    case 'r':
        o->load.model = LOAD_OPEN;
        o->rate_by = by;
        if (!units_parse_rate(slice_of(argument), &o->load.rate_per_sec))
            return error_usage(err, "--rate '%s' is no rate; write it like 400 or 20k", argument);
        if (o->load.rate_per_sec > LOAD_RATE_MAX_PER_SEC)
            return error_usage(err, "--rate %s is out of range; 10M at most", argument);
        return true;
    case KEY_STAGES:
        o->stages.count = 0;
        o->stages_by = by;
        return stages_add_list(&o->stages, slice_of(argument), err) || error_wrap(err, "--stages");
    case KEY_UNIX_SOCKET:
        o->unix_socket = argument;
        return true;
    case KEY_WARMUP:
        return duration_option("--warmup", argument, 0, 3600 * SECOND_NS, &o->load.warmup_ns, err);
    case KEY_TIMEOUT:
        return duration_option("--timeout", argument, MILLISECOND_NS, LOAD_TIMEOUT_MAX_NS,
                               &o->load.timeout_ns, err);
    case KEY_ARRIVALS:
        return arrivals_option(o, argument, err);
    case KEY_CLOSE:
        o->load.keepalive = false;
        return true;
    case 'H':
        return add_headers(o, argument, err);
    case 'm':
        return method_option(o, argument, err);
    case 'b':
        return text_or_file(o, argument, &o->workload.body, err);
    case KEY_EXPECT_STATUS:
        if (!parse_count("--expect-status", argument, 200, 599, &number, err))
            return false;
        o->workload.expect.status = (uint16_t)number;
        return true;
    case KEY_EXPECT_BODY:
        return text_or_file(o, argument, &o->workload.expect.body, err);
    case KEY_CPUS:
        return cpus_option(o, argument, err);
    case KEY_RING:
        return parse_ring(argument, &o->ring, err);
    case KEY_SEED:
        o->seed_given = true;
        return parse_count("--seed", argument, 0, UINT64_MAX, &o->seed, err);
    case KEY_PROVE:
        o->prove.wanted = o->prove.unknown_memory = true;
        return true;
    case KEY_PROVE_DURATION:
        return parse_prove_duration(argument, &o->prove, err);
    case KEY_NO_CEILING:
        o->no_ceiling = true;
        return true;
    case KEY_NO_SAVE:
        o->no_save = true;
        return true;
    case KEY_STRICT:
        o->strict = true;
        return true;
    case 'L':
        return true;
    default:
        return error_usage(err, "option %d has no meaning", key);
    }
}

/* argp hands out an alias of one letter as it was typed: curl's -X, wrk2's -R. */
static int meant(int key)
{
    return key == 'X' ? 'm' : key == 'R' ? 'r' : key;
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
        if (o->url_text != NULL)
            argp_error(state, "one URL is enough: '%s' or '%s'?", o->url_text, argument);
        o->url_text = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which URL? For example: assay http://127.0.0.1:8080/");
        return EINVAL;
    default:
        if (key <= 0 || key >= KEY_END) /* argp's own events, and the common options */
            return ARGP_ERR_UNKNOWN;
        if (!take_option(o, meant(key), argument,
                         state->next - 1 > o->given ? BY_COMMAND : BY_ENVIRONMENT, &err))
            argp_error(state, "%s", err.text);
        return 0;
    }
}

static const struct argp_child children[] = {
    {&common_argp, 0, NULL, 90 },
    { 0       }
};
static const struct argp load_argp = {
    .options = option_table,
    .parser = parse_option,
    .args_doc = "URL",
    .doc = "Loads one HTTP address, checks every answer, and says what a request takes and costs."
           "\vWithout -r the loop is closed: each connection asks again when it was answered. With "
           "-r it "
           "is open: requests are due by a timetable, and waiting counts.\n\n"
           "Each long option can be set by the environment too: ASSAY_CONNECTIONS=64.",
    .children = children,
};

/* What the stages say must not be said beside them; what the environment says gives way. */
static bool finish_stages(struct options *o, struct error *err)
{
    const struct {
        int by;
        const char *option;
    } theirs[] = {
        {o->rate_by,      "-r"},
        { o->duration_by, "-d"},
        { o->requests_by, "-n"},
    };
    const struct load_stage *stages = o->stages.list;

    for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
        if (theirs[i].by == BY_COMMAND && o->stages_by == BY_ENVIRONMENT)
            return true; /* the command line wins */
        else if (theirs[i].by == BY_COMMAND)
            return error_usage(err, "--stages say what %s says; leave one out", theirs[i].option);
    if (stages[0].share > 0)
        return error_usage(err, "--stages: shares like 70%% are of what a suite's other load found "
                                "out; here give rates, like 10s:400/s");
    if (o->prove.wanted)
        return error_usage(err, "--prove needs one load; --stages are several");
    if (o->connections_by == BY_COMMAND && stages[0].connections > 0)
        return error_usage(err, "stages like 20c say how many connections; leave -c out");
    for (size_t i = 0; i < o->stages.count; i++)
        if (stages[i].connections > 0 && stages[i].connections < o->load.threads)
            return error_usage(err,
                               "stage %zu: %u threads for %u connections: a thread needs one "
                               "at least",
                               i + 1, o->load.threads, stages[i].connections);
    load_set_stages(&o->load, stages_name(&o->stages, SLICE(""), &o->arena), o->stages.count);
    return true;
}

static bool finish_options(struct options *o, struct error *err)
{
    if (!url_parse(slice_of(o->url_text), &o->url, err))
        return false;
    if (o->url.tls)
        return error_usage(err, "'%s': this assay speaks http, not https", o->url_text);
    if (o->duration_by == o->requests_by && o->duration_by != BY_DEFAULT)
        return error_usage(err, "-d and -n exclude each other: a time or a number of requests?");
    if (o->requests_by > o->duration_by)
        o->load.duration_ns = 0;
    else
        o->load.requests = 0;
    if (o->stages.count > 0 && !finish_stages(o, err))
        return false;
    if (o->load.threads > o->load.connections)
        return error_usage(err, "%u threads for %u connections: a thread needs one at least",
                           o->load.threads, o->load.connections);
    if (o->workload.body.ptr != NULL && !o->method_given)
        o->workload.method = SLICE("POST");
    o->workload.path = o->url.path.len > 0 ? o->url.path : SLICE("/");
    load_complete(&o->load);
    if (!o->seed_given) {
        uint32_t random = 0;

        if (getrandom(&random, sizeof(random), 0) == sizeof(random))
            o->seed = random;
    }
    return true;
}

/* ---- what is tested ---- */

/* The server's processes, when it runs on this machine: the one that listens, and its parents as
 * far as they are the same program. */
static int32_t find_server(const struct addr *addr, char *ret_name)
{
    int32_t pid;

    if (!addr_is_local(addr))
        return 0;
    if (addr->any.sa_family == AF_UNIX) {
        pid = sock_unix_listener(addr);
        proc_name("", pid, ret_name);
    } else {
        pid = proc_listener("", addr_port(addr), ret_name);
    }
    return pid > 0 ? program_root("", pid) : 0;
}

static const char *host_header(struct options *o)
{
    bool standard = o->url.port == 80;
    const char *open = o->url.host_is_ipv6 ? "[" : "";
    const char *close = o->url.host_is_ipv6 ? "]" : "";

    if (standard)
        return arena_format(&o->arena, "%s%.*s%s", open, (int)o->url.host.len, o->url.host.ptr,
                            close);
    return arena_format(&o->arena, "%s%.*s%s:%u", open, (int)o->url.host.len, o->url.host.ptr,
                        close, o->url.port);
}

/* ---- the test ---- */

struct view {
    struct screen screen;
    struct live *live;
};

static void show(void *context, const struct progress *progress)
{
    struct view *view = context;
    struct progress_texts texts;
    struct live_trial trial = live_trial_of(progress, &view->screen, &texts);

    live_show(view->live, mono_now(), NULL, &trial);
}

static void fill_in(struct options *o, struct trial_record *record, const struct addr *addr,
                    const char *server_name, int32_t server)
{
    char where[ADDR_TEXT_MAX];

    record->url = arena_text(&record->arena, o->url_text, strlen(o->url_text));
    record->address = arena_format(&record->arena, "%s", addr_text(addr, where));
    record->target = record->address;
    if (server > 0)
        record->target_title = arena_format(&record->arena, "pid %d %s", server, server_name);
    record->workload = o->workload;
    record->workload.name = SLICE("load");
    record->workers = 1;
    record->started = wall_now();
}

static void judge(const struct options *o, struct trial_record *record,
                  const struct observer *observer)
{
    const struct ceiling_order order = { .record = record,
                                         .ring = o->ring,
                                         .places = &o->places,
                                         .kept_only = o->no_ceiling,
                                         .stop_asked = &stop_asked,
                                         .observer = observer };

    judge_trial(&order, record);
}

/* One drive of the load: all of it, or a stage. */
static bool test_address(struct options *o, struct trial_record *record, const struct load *load,
                         const struct addr *addr, struct view *view, struct error *err)
{
    char server_name[PROC_NAME_MAX] = "";
    int32_t server = find_server(addr, server_name);
    struct observer observer = { .context = view, .progress = show };
    struct drive drive = { .addresses = addr,
                           .address_count = 1,
                           .host = slice_of(host_header(o)),
                           .workload = &record->workload,
                           .load = load,
                           .ring = o->ring,
                           .cpus = o->places.client,
                           .cpu_count = o->places.client_count,
                           .seed = o->seed,
                           .ancestor = server,
                           .ancestor_counts = true,
                           .stop_asked = &stop_asked,
                           .observer = &observer };

    if (load->stage > 1) /* as in a suite: arrivals of its own */
        drive.seed = rng_split(o->seed, load->stage - 1).state;
    fill_in(o, record, addr, server_name, server);
    if (!drive_run(&drive, record, err) || !prove_trial(&drive, &o->prove, record, err))
        return false;
    judge(o, record, &observer);
    /* Where the first stage was answered, a later one that is not has found a limit. */
    if (record->state == TRIAL_NOT_READY && load->stage <= 1)
        return error_set(err, 0, "%s: %s", o->unix_socket != NULL ? record->address : o->url_text,
                         record->reason);
    return true;
}

static struct run_record *new_run(struct options *o, int argc, char **argv, struct error *err)
{
    struct run_record *run = run_record_new(1u << 20, err);

    if (run == NULL)
        return NULL;
    run->command = command_line(&run->arena, argc, argv);
    run->assay_version = VERSION_TEXT;
    run->seed = o->seed;
    run->blocks = 1;
    run->started = wall_now();
    host_read("", &run->host);
    run->trials = arena_new(&run->arena, struct trial_record *, load_drives(&o->load));
    return run;
}

/* Adds the newest record, and before the first one the run itself. */
static bool save_newest(struct store *store, struct run_record *run, struct error *err)
{
    if (store == NULL)
        return true;
    if (run->trial_count == 1 && !store_add_run(store, run, err))
        return false;
    return store_add_trial(store, run, run->trials[run->trial_count - 1], err);
}

static bool any_answer(const struct run_record *run)
{
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i]->tally.ok > 0)
            return true;
    return false;
}

static bool all_ready(const struct run_record *run)
{
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i]->state == TRIAL_NOT_READY)
            return false;
    return true;
}

static int report(struct options *o, const struct run_record *run, struct error *err)
{
    if (o->common.quiet < 2 && !stdout_taken(&o->common)) {
        struct screen out = screen_detect(stdout, o->common.color);

        terminal_run(&out, run);
        terminal_saved(&out, run, database_name(&o->common));
    }
    if (!write_outputs(&o->common, run, o->load.stages == NULL, err))
        return fail(err);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        error_set(err, errno, "write the result to standard output");
        return fail(err);
    }
    if (!any_answer(run) && stop_asked == 0) {
        fprintf(stderr,
                run->trials[0]->tally.scheduled == 0
                    ? "error: no request was due in so short a time; a longer -d, or a higher -r\n"
                    : "error: not one right answer was measured\n");
        return EXIT_MEASUREMENT;
    }
    if (stop_asked == 0 && !all_ready(run)) {
        fprintf(stderr,
                "error: not every stage could be measured; the reasons stand beside them\n");
        return EXIT_MEASUREMENT;
    }
    if (o->strict && stop_asked == 0 && !all_believed(run))
        return EXIT_MEASUREMENT;
    return signals_exit_code(EXIT_DONE);
}

static bool find_address(const struct options *o, struct addr *ret_addr, struct error *err)
{
    size_t used;

    if (o->unix_socket != NULL)
        return addr_unix(slice_of(o->unix_socket), ret_addr, err) ||
               error_wrap(err, "--unix-socket");
    if (addr_resolve(o->url.host, o->url.port, ret_addr, err))
        return true;
    used = strlen(err->text);
    snprintf(err->text + used, sizeof(err->text) - used,
             "; check the spelling, or give the address itself");
    return false;
}

/* Drive after drive, each kept as it ends. *unsaved: what could not be, was not. */
static bool measure_all(struct options *o, const struct addr *addr, struct view *view,
                        struct store *store, struct run_record *run, struct error *unsaved,
                        struct error *err)
{
    for (uint32_t i = 0; i < load_drives(&o->load) && stop_asked == 0; i++) {
        const struct load load = load_drive(&o->load, i);
        const struct drive sizing = { .load = &load, .workload = &o->workload };
        struct trial_record *record = trial_record_new(drive_arena_bytes(&sizing), err);

        if (record == NULL || !test_address(o, record, &load, addr, view, err)) {
            trial_record_free(record);
            return false;
        }
        run->trials[run->trial_count++] = record;
        run->partial = run->partial || record->tally.partial;
        if (unsaved->text[0] == '\0' && !save_newest(store, run, unsaved))
            run->id[0] = '\0'; /* nobody should look for it */
    }
    return true;
}

static bool measure(struct options *o, struct store *store, struct run_record *run,
                    struct error *unsaved, struct error *err)
{
    struct addr addr;
    struct view view = { .screen = screen_detect(stderr, o->common.color) };
    bool fine;

    if (!find_address(o, &addr, err) || !drive_descriptors(&o->load, err))
        return false;
    view.live = live_new(&view.screen, o->common.quiet > 0);
    fine = measure_all(o, &addr, &view, store, run, unsaved, err);
    live_clear(view.live);
    live_free(view.live);
    run->partial = run->partial || run->trial_count < load_drives(&o->load);
    if (store != NULL && run->trial_count > 0 && unsaved->text[0] == '\0' &&
        !store_end_run(store, run, run->partial, unsaved))
        run->id[0] = '\0';
    return fine;
}

static int load_all(struct options *o, int argc, char **argv, struct error *err)
{
    struct error unsaved = { .text = "" };
    struct store *store = NULL;
    struct run_record *run;
    bool fine;
    int code = EXIT_DONE;

    if (!finish_options(o, err) || !check_outputs(&o->common, err))
        return fail(err);
    if (!o->no_save && !database_open_to_write(&o->common, &store, err))
        return fail(err);
    run = new_run(o, argc, argv, err);
    fine = run != NULL && measure(o, store, run, &unsaved, err);
    /* The stages before one that could not be driven are kept and shown. */
    if (run != NULL && run->trial_count > 0) {
        struct error not_written;

        code = report(o, run, &not_written);
    }
    if (!fine)
        code = fail(err);
    if (unsaved.text[0] != '\0') {
        error_wrap(&unsaved, "the result above is not saved");
        code = fail(&unsaved);
    }
    run_record_free(run);
    store_close(store);
    return code;
}

int cmd_load(int argc, char **argv)
{
    static char program_name[] = "assay"; /* as which argp's messages speak */
    struct options o = { .load = load_default(), .workload = { .method = SLICE("GET") } };
    struct error err;
    int full_argc;
    char **full_argv;
    int code;

    if (!with_environment(argc, argv, option_table, &full_argc, &full_argv, &o.given, &err) ||
        !arena_map(&o.arena, OPTIONS_BYTES, &err))
        return fail(&err);
    full_argv[0] = program_name;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&load_argp, full_argc, full_argv, 0, NULL, &o);
    signals_catch();
    code = load_all(&o, argc, argv, &err);
    for (size_t i = 0; i < o.file_count; i++)
        arena_unmap(&o.files[i]);
    arena_unmap(&o.arena);
    free_words(full_argv, o.given);
    return code;
}
