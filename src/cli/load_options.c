#include "cli/load_options.h"

#include <string.h>

#include "base/units.h"

#define OPTIONS_BYTES (256u << 10) /* of texts; 256 stages with their names take 60 KB of it */

enum {
    KEY_TIMEOUT = 0x100,
    KEY_WARMUP,
    KEY_ARRIVALS,
    KEY_OPEN,
    KEY_PERCENTILES,
    KEY_CLOSED,
    KEY_CPUS,
    KEY_EXPECT_STATUS,
    KEY_EXPECT_BODY,
    KEY_ANY_BODY,
    KEY_CLOSE,
    KEY_PROVE,
    KEY_PROVE_DURATION,
    KEY_STRICT,
    KEY_MAX_ERRORS,
    KEY_STAGES,
    KEY_UNIX_SOCKET,
};

/* clang-format off */
static const struct argp_option option_table[] = {
    { "connections", 'c', "N", 0, "Connections; in open loop the size of the pool (10)", 1 },
    { "duration", 'd', "TIME", 0,
      "Measure this long: 30s, 2m, 500ms; bare numbers are seconds (10s)", 1 },
    { "requests", 'n', "N", 0, "Measure this many requests instead of a time", 1 },
    { "threads", 't', "N", 0, "Threads of the generator; they share connections, requests and rate (1)", 1 },
    { "rate", 'r', "RATE", 0,
      "Open loop: requests per second in total, whatever the server does", 1 },
    { NULL, 'R', NULL, OPTION_ALIAS, NULL, 1 },
    { "stages", KEY_STAGES, "LIST", 0,
      "Several loads in a row, each reported by itself: 10s:400/s,10s:500/s (open), "
      "10000n:20c,2s:30c (closed), 2s:400..9000+1200/s", 1 },
    { "open", KEY_OPEN, NULL, 0, "Open loop; says so, and needs -r or --stages of rates", 1 },
    { "closed", KEY_CLOSED, NULL, 0, "Closed loop; says so, and goes without a rate", 1 },
    { "arrivals", KEY_ARRIVALS, "SHAPE", 0, "Open loop: poisson or even (poisson)", 1 },
    { "warmup", KEY_WARMUP, "LENGTH", 0,
      "Drive this long before measuring, or so many requests: 3s, 500n (a tenth of the duration; "
      "none with -n)", 1 },
    { "timeout", KEY_TIMEOUT, "TIME", 0, "Give up a request after this long (5s)", 1 },
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
      "The right body; @FILE: what is in it (what the probes get, if they agree)", 3 },
    { "any-body", KEY_ANY_BODY, NULL, 0,
      "Do not compare bodies: they change with time, as a clock does", 3 },
    { "cpus", KEY_CPUS, "LIST", 0, "Pin the generator: 0,2-3 or client=0", 4 },
    { "prove", KEY_PROVE, NULL, 0,
      "Drive it again afterwards, to prove whether the generator was the limit and whether memory "
      "leaks", 4 },
    { "prove-duration", KEY_PROVE_DURATION, "TIME", 0,
      "Length of each of the two drives that prove a leak (60s)", 4 },
    { "strict", KEY_STRICT, NULL, 0, "Exit 1 when the verdict is INVALID", 4 },
    { "max-errors", KEY_MAX_ERRORS, "SHARE", 0,
      "Exit 1 when a larger share of the requests failed: 1%, 0 (100%)", 4 },
    { "percentiles", KEY_PERCENTILES, "LIST", 0,
      "Which to show of response times: 50,99,99.9; at most 8 (those that each table has)", 90 },
    { "latency", 'L', NULL, 0, "Nothing: percentiles are always shown (for wrk's users)", 90 },
    { 0 },
};
/* clang-format on */

/* ---- one option ---- */

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

static bool arrivals_option(struct load_options *o, const char *argument, struct error *err)
{
    if (strcmp(argument, "even") == 0)
        o->load.arrivals = PACER_EVEN;
    else if (strcmp(argument, "poisson") == 0)
        o->load.arrivals = PACER_POISSON;
    else
        return error_usage(err, "--arrivals is poisson or even, not '%s'", argument);
    return true;
}

static bool cpus_option(struct load_options *o, const char *argument, struct error *err)
{
    if (!parse_places(argument, &o->places, err))
        return false;
    if (o->places.server_count > 0)
        return error_usage(err, "--cpus '%s': assay did not start that server; pin it with taskset",
                           argument);
    return true;
}

static bool method_option(struct load_options *o, const char *argument, struct error *err)
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

static bool take_run_option(struct load_options *o, int key, const char *argument,
                            struct error *err)
{
    switch (key) {
    case KEY_CPUS:
        return cpus_option(o, argument, err);
    case KEY_PROVE:
        o->prove.wanted = o->prove.unknown_memory = true;
        return true;
    case KEY_PROVE_DURATION:
        return parse_prove_duration(argument, &o->prove, err);
    case KEY_STRICT:
        o->demands.strict = true;
        return true;
    case KEY_MAX_ERRORS:
        return demands_parse_share(argument, &o->demands, err);
    case KEY_PERCENTILES:
        return percentiles_parse(slice_of(argument), &o->common.percentiles, err);
    case 'L':
        return true;
    default:
        return error_usage(err, "option %d has no meaning", key);
    }
}

static bool take_request_option(struct load_options *o, int key, const char *argument,
                                struct error *err)
{
    uint64_t number;

    switch (key) {
    case KEY_UNIX_SOCKET:
        o->unix_socket = argument;
        return true;
    case 'H':
        return add_headers(&o->files, &o->workload, argument, err);
    case 'm':
        return method_option(o, argument, err);
    case 'b':
        return text_or_file(&o->files, argument, &o->workload.body, err);
    case KEY_EXPECT_STATUS:
        if (!parse_count("--expect-status", argument, 200, 599, &number, err))
            return false;
        o->workload.expect.status = (uint16_t)number;
        return true;
    case KEY_EXPECT_BODY:
        return text_or_file(&o->files, argument, &o->workload.expect.body, err);
    case KEY_ANY_BODY:
        o->workload.expect.any_body = true;
        return true;
    default:
        return take_run_option(o, key, argument, err);
    }
}

static bool take_load_option(struct load_options *o, int key, const char *argument, enum said_by by,
                             struct error *err)
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
        if (o->load.rate_per_sec < LOAD_RATE_MIN_PER_SEC ||
            o->load.rate_per_sec > LOAD_RATE_MAX_PER_SEC)
            return error_usage(err, "--rate %s is out of range; from one a day up to 10M",
                               argument);
        return true;
    case KEY_STAGES:
        o->stages.count = 0;
        o->stages_by = by;
        return stages_add_list(&o->stages, slice_of(argument), err) || error_wrap(err, "--stages");
    case KEY_WARMUP:
        return load_parse_warmup(slice_of(argument), &o->load.warmup_ns,
                                 &o->load.warmup_requests) ||
               error_usage(err, "--warmup is " LOAD_WARMUP_FORM ", not '%s'", argument);
    case KEY_TIMEOUT:
        return duration_option("--timeout", argument, MILLISECOND_NS, LOAD_TIMEOUT_MAX_NS,
                               &o->load.timeout_ns, err);
    case KEY_ARRIVALS:
        return arrivals_option(o, argument, err);
    case KEY_OPEN:
        o->open_by = by;
        return true;
    case KEY_CLOSED:
        o->closed_by = by;
        return true;
    case KEY_CLOSE:
        o->load.keepalive = false;
        return true;
    default:
        return take_request_option(o, key, argument, err);
    }
}

/* ---- all of them ---- */

static bool take_option(void *options, int key, const char *argument, enum said_by by,
                        struct error *err)
{
    struct load_options *o = options;

    if (key == ARGP_KEY_END)
        return o->url_text != NULL ||
               error_usage(err, "which URL? For example: assay http://127.0.0.1:8080/");
    if (key != ARGP_KEY_ARG)
        return take_load_option(o, key, argument, by, err);
    if (o->url_text != NULL)
        return error_usage(err, "one URL is enough: '%s' or '%s'?", o->url_text, argument);
    o->url_text = argument;
    return true;
}

static const struct syntax load_syntax = {
    .name = "assay",
    .kind = SYNTAX_DRIVES,
    .table = option_table,
    .args_doc = "URL",
    .doc = "Loads one HTTP address, checks every answer, and says what a request takes and costs."
           "\vWithout -r the loop is closed: each connection sends its next request when the last "
           "one was answered. With "
           "-r it "
           "is open: requests are due by a timetable, and waiting counts.\n\n"
           "Each long option can be set by the environment too: ASSAY_CONNECTIONS=64.",
    .take = take_option,
    .refuses_foreign = true,
};

/* What the stages say must not be said beside them; what the environment says gives way. */
static bool finish_stages(struct load_options *o, struct error *err)
{
    const struct {
        enum said_by by;
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
                               "stage %zu: %u threads for %u connection%s: a thread needs one "
                               "at least",
                               i + 1, o->load.threads, stages[i].connections,
                               units_plural(stages[i].connections));
    load_set_stages(&o->load, stages_name(&o->stages, SLICE(""), &o->arena), o->stages.count);
    return true;
}

/* A rate of the environment gives way to --closed on the command line, and the other way round. */
static bool finish_closed(struct load_options *o, struct error *err)
{
    if (o->closed_by < o->rate_by)
        return true;
    if (o->closed_by == o->rate_by)
        return error_usage(err, "--closed and -r contradict each other: a closed loop has the rate "
                                "that the server has; leave one out");
    if (o->stages.count > 0 && o->load.model == LOAD_OPEN)
        return error_usage(err, "--closed, but stages like 10s:400/s are rates, an open loop; "
                                "leave it out, or give connections: 10s:20c");
    o->load.model = LOAD_CLOSED;
    o->load.rate_per_sec = 0;
    return true;
}

/* --open and --closed name the loop that the other options make. */
static bool finish_loop(struct load_options *o, struct error *err)
{
    if (o->open_by == o->closed_by && o->open_by != BY_DEFAULT)
        return error_usage(err, "--open or --closed: a loop cannot be both; leave one out");
    if (o->closed_by > o->open_by)
        return finish_closed(o, err);
    if (o->open_by == BY_DEFAULT || o->load.model == LOAD_OPEN)
        return true;
    if (o->stages.count > 0)
        return error_usage(err, "--open, but stages like 10s:20c are connections, a closed loop; "
                                "leave it out, or give rates: 10s:400/s");
    return error_usage(err, "--open: at which rate? Requests are due by a timetable: add -r RATE, "
                            "like -r 1000");
}

static bool finish_options(struct load_options *o, struct error *err)
{
    if (!url_parse(slice_of(o->url_text), &o->url, err))
        return false;
    if (o->url.tls)
        return error_usage(err, "'%s': this assay speaks http, not https", o->url_text);
    if (o->duration_by == o->requests_by && o->duration_by != BY_DEFAULT)
        return error_usage(err, "-d and -n exclude each other: a time or a number of requests?");
    if (o->workload.expect.any_body && o->workload.expect.body.ptr != NULL)
        return error_usage(err, "--any-body and --expect-body exclude each other");
    if (o->requests_by > o->duration_by)
        o->load.duration_ns = 0;
    else
        o->load.requests = 0;
    if ((o->stages.count > 0 && !finish_stages(o, err)) || !finish_loop(o, err))
        return false;
    if (o->load.threads > o->load.connections)
        return error_usage(err, "%u threads for %u connection%s: a thread needs one at least",
                           o->load.threads, o->load.connections, units_plural(o->load.connections));
    if (o->workload.body.ptr != NULL && !o->method_given)
        o->workload.method = SLICE("POST");
    o->workload.path = o->url.path.len > 0 ? o->url.path : SLICE("/");
    load_complete(&o->load);
    return true;
}

bool load_options_read(int argc, char **argv, struct load_options *ret_options, struct error *err)
{
    struct load_options *o = ret_options;

    *o = (struct load_options){ .load = load_default(),
                                .workload = { .method = SLICE("GET") },
                                .demands = DEMANDS_NONE };
    if (!arena_map(&o->arena, OPTIONS_BYTES, err))
        return false;
    if (!syntax_read(&load_syntax, argc, argv, o, &o->words, err)) {
        arena_unmap(&o->arena);
        return false;
    }
    if (finish_options(o, err))
        return true;
    load_options_release(o);
    return false;
}

void load_options_release(struct load_options *o)
{
    text_files_release(&o->files);
    arena_unmap(&o->arena);
    words_free(&o->words);
    events_free(o->common.events);
}
