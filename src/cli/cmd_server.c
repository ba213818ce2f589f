/* assay server: our own server on one port, until told to stop.
 *
 * No ASSAY_... variables here: a suite starts it as a target, and what its command line says must
 * be all that it does, whatever was set for the generator. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/cmd.h"
#include "cli/common.h"
#include "server/server.h"

#define BODY_DEFAULT "hello, world\n"

enum key {
    KEY_SIZE = 0x100,
    KEY_BODY,
    KEY_TYPE,
    KEY_CLOSE,
    KEY_CPUS,
    KEY_UNIX,
    KEY_ORACLE,
    KEY_SEED,
};

/* clang-format off */
static const struct argp_option options[] = {
    { "port", 'p', "PORT", 0, "Port on 127.0.0.1; 0 takes a free one", 0 },
    { "unix-socket", KEY_UNIX, "PATH", 0, "Listen on this Unix socket instead of a port", 0 },
    { "size", KEY_SIZE, "BYTES", 0, "Answer with a body of this many bytes (1k, 64KiB, 1MiB)", 0 },
    { "body", KEY_BODY, "TEXT", 0,
      "Answer with this body (default: \"hello, world\" and a newline)", 0 },
    { "content-type", KEY_TYPE, "TYPE", 0, "Content-Type of the answers (default: text/plain)", 0 },
    { "threads", 't', "N", 0, "Threads that serve (default: 1)", 0 },
    { "close", KEY_CLOSE, NULL, 0, "Close the connection after every answer, and say so", 0 },
    { "oracle", KEY_ORACLE, "MODE", 0, "Misbehave as told, see below; can be repeated", 0 },
    { "seed", KEY_SEED, "N", 0, "Seed of the oracle's random numbers (default: 1)", 0 },
    { "cpus", KEY_CPUS, "LIST", 0, "Run on these CPUs only, such as 1 or 0,2-3", 0 },
    { "help", 'h', NULL, 0, "Show this help", -1 },
    { 0 },
};
/* clang-format on */

struct command {
    struct server_config config;
    struct behave oracle;
    bool port_given, body_given, size_given, help;
    uint64_t size;
    cpu_set_t cpus;
    bool pinned;
    struct error err;
    bool failed;
};

static bool number(struct slice text, uint64_t max, const char *option, uint64_t *ret_value,
                   struct error *err)
{
    if (slice_u64(text, max, ret_value))
        return true;
    return error_usage(err, "--%s takes a whole number up to %" PRIu64 ", not '%.*s'", option, max,
                       (int)text.len, text.ptr);
}

static bool take_cpus(struct command *c, struct slice text)
{
    uint32_t list[CPU_SETSIZE], count;

    if (!parse_cpus(text, list, CPU_SETSIZE, &count, &c->err))
        return false;
    CPU_ZERO(&c->cpus);
    for (uint32_t i = 0; i < count; i++)
        CPU_SET(list[i], &c->cpus);
    return c->pinned = true;
}

static bool take_port(struct command *c, struct slice text)
{
    uint64_t port;

    if (!number(text, UINT16_MAX, "port", &port, &c->err))
        return false;
    c->config.port = (uint16_t)port;
    c->port_given = true;
    return true;
}

static bool take_threads(struct command *c, struct slice text)
{
    uint64_t threads;

    if (!number(text, SERVER_THREADS_MAX, "threads", &threads, &c->err))
        return false;
    if (threads == 0)
        return error_usage(&c->err, "--threads 0: at least one has to serve");
    c->config.threads = (uint32_t)threads;
    return true;
}

static bool take_size(struct command *c, struct slice text)
{
    if (!units_parse_bytes(text, &c->size) || c->size > SERVER_BODY_MAX)
        return error_usage(&c->err,
                           "--size takes bytes up to 1GiB, such as 1024 or 64KiB, not '%.*s'",
                           (int)text.len, text.ptr);
    c->size_given = true;
    return true;
}

static bool take(struct command *c, int key, const char *arg)
{
    struct slice text = arg != NULL ? slice_of(arg) : SLICE("");

    switch (key) {
    case 'p':
        return take_port(c, text);
    case 't':
        return take_threads(c, text);
    case KEY_SIZE:
        return take_size(c, text);
    case KEY_BODY:
        c->config.body = text;
        c->body_given = true;
        return true;
    case KEY_TYPE:
        c->config.content_type = text;
        return true;
    case KEY_CLOSE:
        return c->config.close = true;
    case KEY_CPUS:
        return take_cpus(c, text);
    case KEY_UNIX:
        c->config.unix_socket = arg;
        return true;
    case KEY_ORACLE:
        c->config.oracle = &c->oracle;
        return behave_add(&c->oracle, text, &c->err);
    case KEY_SEED:
        return number(text, UINT64_MAX, "seed", &c->oracle.seed, &c->err);
    case ARGP_KEY_ARG:
        return error_usage(&c->err, "'%s' is not an option; see assay server --help", arg);
    default:
        return true;
    }
}

static error_t on_key(int key, char *arg, struct argp_state *state)
{
    struct command *c = state->input;

    if (key == 'h') {
        c->help = true;
        return 0;
    }
    if (key == ARGP_KEY_ERROR && !c->failed) {
        c->failed = true;
        error_usage(&c->err, "'%s' is not understood here; see assay server --help",
                    state->argv[state->next - 1]);
        return 0;
    }
    if (c->failed || take(c, key, arg))
        return 0;
    c->failed = true;
    return EINVAL;
}

static const struct argp argp = {
    .options = options,
    .parser = on_key,
    .doc =
        "Serves the same answer to every request on 127.0.0.1 or a Unix socket, as cheaply as we "
        "can: "
        "the ceiling, the most that a load generator can reach here.\v"
        "Prints \"listening on URL\" when it is ready. On SIGTERM or SIGINT it ends and prints "
        "one line of JSON with the connections and requests it has seen.\n"
        "\n"
        "An oracle is a server whose truth is known before it is measured. Its modes (--oracle):",
};

static bool complete(struct command *c, struct error *err)
{
    if (c->failed)
        return false;
    if (c->port_given && c->config.unix_socket != NULL)
        return error_usage(err, "--port and --unix-socket exclude each other");
    if (!c->port_given && c->config.unix_socket == NULL)
        return error_usage(err, "--port is missing; --port 0 takes a free one");
    if (c->size_given && c->body_given)
        return error_usage(err, "--size and --body exclude each other");
    if (c->pinned && sched_setaffinity(0, sizeof(c->cpus), &c->cpus) < 0) {
        error_set(err, errno, "--cpus: this process may not run there");
        err->usage = true;
        return false;
    }
    return true;
}

/* The alphabet again and again: a client that loses or shifts a byte gets a different body. */
static bool fill(uint64_t size, char **ret_body, struct error *err)
{
    char *body = malloc(size + 1);

    if (body == NULL)
        return error_set(err, ENOMEM, "a body of %" PRIu64 " bytes", size);
    for (uint64_t i = 0; i < size; i++)
        body[i] = (char)('a' + i % 26);
    *ret_body = body;
    return true;
}

static bool start(struct command *c, struct server **ret_server, struct error *err)
{
    char *body = NULL;
    bool started;

    if (c->size_given) {
        if (!fill(c->size, &body, err))
            return false;
        c->config.body = (struct slice){ body, c->size };
    }
    started = server_start(&c->config, ret_server, err);
    free(body);
    if (!started && err->sys == EADDRINUSE && c->config.unix_socket == NULL) {
        size_t used = strlen(err->text);

        snprintf(err->text + used, sizeof(err->text) - used, "; choose another --port or stop it");
    }
    return started;
}

static bool print_line(struct error *err)
{
    return fflush(stdout) == 0 || error_set(err, errno, "write to standard output");
}

static void print_counts(const struct command *c, const struct server_counts *counts)
{
    printf("{\"connections\": %" PRIu64 ", \"requests\": %" PRIu64, counts->connections,
           counts->requests);
    if (c->config.oracle != NULL) {
        printf(", \"lies\": {");
        for (unsigned lie = LIE_NONE + 1; lie < LIE_KINDS; lie++)
            printf("%s\"%s\": %" PRIu64, lie == LIE_NONE + 1 ? "" : ", ", lie_name((enum lie)lie),
                   counts->lies[lie]);
        printf("}, \"closes\": %" PRIu64 ", \"stalls\": %" PRIu64, counts->closes, counts->stalls);
    }
    printf("}\n");
}

static bool serve(struct command *c, struct error *err)
{
    struct server_counts counts;
    struct server *server;
    sigset_t ends;
    bool written;
    int number;

    /* Before the threads start, so that they inherit it, and before the line that says ready. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    if (!start(c, &server, err))
        return false;
    if (c->config.unix_socket != NULL)
        printf("listening on unix:%s\n", c->config.unix_socket);
    else
        printf("listening on http://127.0.0.1:%u/\n", server_port(server));
    written = print_line(err);
    if (written)
        sigwait(&ends, &number);
    counts = server_stop(server);
    if (!written)
        return false;
    print_counts(c, &counts);
    return print_line(err);
}

static void print_modes(void)
{
    for (const struct behave_mode *mode = behave_modes(); mode->form != NULL; mode++)
        printf("  %-17s %s\n", mode->form, mode->truth);
    puts("D, S, T, TAU and P are durations such as 10ms, B and MAX bytes such as 64MiB, F\na "
         "factor such as 1.2x; t is the time since the start. KIND is\n"
         "  500       that status, with a short body, well framed\n"
         "  flip      a wrong bit somewhere in the body\n"
         "  short     the connection ends in the middle of the body\n"
         "  length    a byte too many, announced\n"
         "  previous  the body is the end of the path asked for (16 bytes); in a lie, of\n"
         "            the path that the request before asked for\n"
         "Modes can be combined, except two of service (delay to slowdown), two of memory\n"
         "(leak to onestep), and workers with any other. The line of JSON then counts the\n"
         "lies by kind, the closes of closeevery, and the pauses that held answers back\n"
         "(stalls).");
}

int cmd_server(int argc, char **argv)
{
    struct command c = {
        .config = {.threads = 1,
                   .body = SLICE(BODY_DEFAULT),
                   .content_type = SLICE("text/plain") },
        .oracle = { .seed = 1},
    };

    argp_parse(&argp, argc, argv, ARGP_SILENT, NULL, &c);
    if (c.help) {
        char name[] = "assay server";

        argp_help(&argp, stdout,
                  ARGP_HELP_PRE_DOC | ARGP_HELP_USAGE | ARGP_HELP_LONG | ARGP_HELP_POST_DOC, name);
        print_modes();
        return EXIT_DONE;
    }
    if (complete(&c, &c.err) && serve(&c, &c.err))
        return EXIT_DONE;
    return fail(&c.err);
}
