#include "cli/common.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/cmd.h"
#include "probe/host.h"
#include "report/terminal.h"

volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t stop_signal, status_asked;

static void on_signal(int signal_number)
{
    stop_signal = signal_number;
    stop_asked = stop_asked + 1;
}

static void on_status(int signal_number)
{
    (void)signal_number;
    status_asked = 1;
}

bool status_wanted(void)
{
    bool wanted = status_asked != 0;

    status_asked = 0;
    return wanted;
}

void signals_catch(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal };
    struct sigaction status = { .sa_handler = on_status, .sa_flags = SA_RESTART };
    struct sigaction before;

    /* What was ignored stays so: nohup asks for just that. */
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    sigaction(SIGUSR1, &status, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader that left is an error of writing, not our end */
}

int signals_exit_code(int otherwise)
{
    if (stop_asked == 0)
        return otherwise;
    return stop_signal == SIGINT ? EXIT_INTERRUPTED : EXIT_TERMINATED;
}

int fail(const struct error *err)
{
    fprintf(stderr, "%s%s\n", strstr(err->text, ": error: ") == NULL ? "error: " : "", err->text);
    if (stop_asked > 0)
        return signals_exit_code(EXIT_MEASUREMENT);
    return err->usage ? EXIT_USAGE : EXIT_MEASUREMENT;
}

/* ---- options ---- */

bool progress_hidden(const struct common_options *options)
{
    return options->quiet > 0 || options->progress == PROGRESS_JSON ||
           options->progress == PROGRESS_NONE;
}

bool parse_color(const char *text, struct error *err)
{
    static const char *const words[] = { "auto", "always", "never" };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return error_usage(err, "--color is auto, always or never, not '%s'", text);
}

static bool cpu_number(struct slice text, uint32_t *ret_cpu)
{
    uint64_t value;

    if (!slice_u64(text, CPU_SETSIZE - 1, &value))
        return false;
    *ret_cpu = (uint32_t)value;
    return true;
}

static bool may_use(uint32_t cpu)
{
    static uint32_t ours[CPU_SETSIZE];
    uint32_t count = host_cpus(ours, CPU_SETSIZE);

    for (uint32_t i = 0; i < count; i++)
        if (ours[i] == cpu)
            return true;
    return false;
}

static bool no_cpu_list(struct slice all, struct error *err)
{
    return error_usage(err, "'%.*s' is no list of CPUs; write it like 0,2-3", (int)all.len,
                       all.ptr);
}

bool parse_cpus(struct slice text, uint32_t *ret_cpus, uint32_t max, uint32_t *ret_count,
                struct error *err)
{
    struct slice all = text;
    uint32_t count = 0;

    for (;;) {
        const char *comma = text.len > 0 ? memchr(text.ptr, ',', text.len) : NULL;
        struct slice part = { text.ptr, comma == NULL ? text.len : (size_t)(comma - text.ptr) };
        const char *dash = part.len > 0 ? memchr(part.ptr, '-', part.len) : NULL;
        struct slice low = { part.ptr, dash == NULL ? part.len : (size_t)(dash - part.ptr) };
        struct slice high = dash == NULL ? low : (struct slice){ dash + 1, part.len - low.len - 1 };
        uint32_t first, last;

        if (!cpu_number(low, &first) || !cpu_number(high, &last) || first > last)
            return no_cpu_list(all, err);
        for (; first <= last; first++) {
            if (!may_use(first))
                return error_usage(err, "CPU %u of '%.*s' is not there, or not ours to use", first,
                                   (int)all.len, all.ptr);
            if (count == max)
                return error_usage(err, "more than %u CPUs in '%.*s'", max, (int)all.len, all.ptr);
            ret_cpus[count++] = first;
        }
        if (comma == NULL)
            break;
        text = (struct slice){ comma + 1, text.len - part.len - 1 };
    }
    *ret_count = count;
    return true;
}

/* From behind `name` to the other name, or to the end; ptr NULL when `name` is not there. */
static struct slice place_list(const char *text, const char *name, const char *other)
{
    const char *begin = strstr(text, name);
    const char *stop = strstr(text, other);

    if (begin == NULL)
        return (struct slice){ NULL, 0 };
    begin += strlen(name);
    if (stop == NULL || stop < begin)
        return slice_of(begin);
    return (struct slice){ begin, stop > begin ? (size_t)(stop - begin - 1) : 0 };
}

static bool begins_with_place(const char *text)
{
    return strncmp(text, "client=", strlen("client=")) == 0 ||
           strncmp(text, "server=", strlen("server=")) == 0;
}

bool parse_places(const char *text, struct places *places, struct error *err)
{
    struct slice client = place_list(text, "client=", "server=");
    struct slice server = place_list(text, "server=", "client=");

    if (client.ptr == NULL && server.ptr == NULL)
        client = slice_of(text);
    else if (!begins_with_place(text))
        return error_usage(err,
                           "--cpus '%s': whose are the first ones? Write it like "
                           "client=0,server=1,2",
                           text);
    if (client.ptr != NULL && !parse_cpus(client, places->client, 64, &places->client_count, err))
        return false;
    return server.ptr == NULL || parse_cpus(server, places->server, 64, &places->server_count, err);
}

bool parse_prove_duration(const char *text, struct prove_wish *wish, struct error *err)
{
    char low[UNITS_TEXT_MAX], high[UNITS_TEXT_MAX];
    int64_t duration_ns;

    if (!units_parse_duration(slice_of(text), &duration_ns))
        return error_usage(err, "--prove-duration '%s' is no duration; write it like 60s or 2m",
                           text);
    if (duration_ns < PROVE_LEAK_MIN_NS || duration_ns > PROVE_LEAK_MAX_NS)
        return error_usage(err, "--prove-duration %s is out of range; from %s to %s", text,
                           units_duration(PROVE_LEAK_MIN_NS, true, low),
                           units_duration(PROVE_LEAK_MAX_NS, true, high));
    wish->leak_ns = duration_ns;
    return true;
}

bool parse_ring(const char *text, enum ring_kind *ret_ring, struct error *err)
{
    if (strcmp(text, "io_uring") == 0)
        *ret_ring = RING_IO_URING;
    else if (strcmp(text, "epoll") == 0)
        *ret_ring = RING_EPOLL;
    else
        return error_usage(err, "--ring is io_uring or epoll, not '%s'", text);
    return true;
}

bool parse_count(const char *option, const char *text, uint64_t low, uint64_t high,
                 uint64_t *ret_count, struct error *err)
{
    if (!units_parse_count(slice_of(text), ret_count))
        return error_usage(err, "%s '%s' is no whole number; write it like 64 or 10k", option,
                           text);
    if (*ret_count < low || *ret_count > high)
        return error_usage(err, "%s %s is out of range; from %llu to %llu", option, text,
                           (unsigned long long)low, (unsigned long long)high);
    return true;
}

uint64_t random_seed(void)
{
    uint32_t seed;

    return getrandom(&seed, sizeof(seed), 0) == sizeof(seed) ? seed : 1;
}

const struct percentiles *asked_percentiles(const struct common_options *options)
{
    return options->percentiles.count > 0 ? &options->percentiles : NULL;
}

struct screen result_screen(const struct common_options *options)
{
    struct screen screen = screen_detect(stdout, options->color);

    screen.percentiles = asked_percentiles(options);
    return screen;
}

const char *database_name(const struct common_options *options)
{
    const char *environment = getenv("ASSAY_DB");

    if (options->db != NULL)
        return options->db;
    return environment != NULL && *environment != '\0' ? environment : "assay.db";
}

void add_shell_word(struct text *text, const char *word)
{
    if (word[0] != '\0' && strpbrk(word, " \t\n'\"\\$`;&|<>()*?[]{}#~!") == NULL) {
        text_add(text, slice_of(word));
        return;
    }
    text_add(text, SLICE("'"));
    for (const char *c = word; *c != '\0'; c++)
        text_add(text, *c == '\'' ? SLICE("'\\''") : (struct slice){ c, 1 });
    text_add(text, SLICE("'"));
}

void print_saved(const struct screen *out, const struct run_record *run,
                 const struct common_options *options)
{
    static const struct common_options nothing_said;
    const char *name = database_name(options);
    char bytes[4096];
    struct text option = TEXT(bytes);

    if (strcmp(name, database_name(&nothing_said)) != 0) {
        text_add(&option, SLICE("--db "));
        add_shell_word(&option, name);
    }
    terminal_saved(out, run, name, bytes);
}

bool database_open(const struct common_options *options, struct store **ret_store,
                   struct error *err)
{
    const char *name = database_name(options);

    if (access(name, F_OK) < 0)
        return error_usage(err, "there is no results database %s here; name it with --db FILE",
                           name);
    return store_open(name, ret_store, err);
}

bool database_open_to_write(const struct common_options *options, struct store **ret_store,
                            struct error *err)
{
    if (!store_open(database_name(options), ret_store, err))
        return error_wrap(err, "results database (--db FILE for another, --no-save for none)");
    if (store_check_writable(*ret_store, err))
        return true;
    store_close(*ret_store);
    return error_wrap(err, "results database (--no-save for none)");
}
