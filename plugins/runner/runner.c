#include "runner/runner.h"

#include <fcntl.h>
#include <jansson.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "runner/answer.h"

#define COMMANDS_FD 3
#define ANSWERS_FD  4

/* What one "run" may ask for, so that a mistyped number is a sentence and not an endless wait. */
#define BATCHES_MAX 10000
#define POINTS_MAX  10000
#define CALLS_MAX   INT64_C(1000000000000)

struct runner {
    const struct runner_ops *ops;
    FILE *commands, *answers;
    json_t *open_command; /* the texts of spec point into it */
    struct runner_spec spec;
    bool opened;
    int counter_fd; /* of instructions; -1 where the machine does not count them */
    char error[RUNNER_TEXT_MAX];
};

__attribute__((format(printf, 2, 3))) static json_t *refuse(struct runner *r, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(r->error, sizeof(r->error), fmt, args);
    va_end(args);
    return NULL;
}

/* What a framework says need not be UTF-8, and JSON takes nothing else: then what is no ASCII is a
 * '?'. Changes the text. */
static json_t *sentence(char *text)
{
    json_t *json = json_string(text);

    for (char *c = text; json == NULL && *c != '\0'; c++)
        if ((unsigned char)*c > 0x7e)
            *c = '?';
    return json != NULL ? json : json_string(text);
}

static json_t *known(int64_t value)
{
    return value < 0 ? json_null() : json_integer(value);
}

/* ---- "open" ---- */

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : otherwise;
}

/* [["Name","value"], ...] */
static bool read_headers(const json_t *list, struct runner_header **ret_headers, size_t *ret_count)
{
    size_t count = json_array_size(list);
    struct runner_header *headers = calloc(count + 1, sizeof(*headers));

    if (headers == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(list, i);

        headers[i].name = json_string_value(json_array_get(pair, 0));
        headers[i].value = json_string_value(json_array_get(pair, 1));
        if (headers[i].name == NULL || headers[i].value == NULL) {
            free(headers);
            return false;
        }
    }
    *ret_headers = headers;
    *ret_count = count;
    return true;
}

/* "body", or what "body_base64" stands for; NULL when neither is there. False when it is not
 * base64: an answer that was to be checked must not pass unchecked. */
static bool read_body(const json_t *object, const char **ret_body, size_t *ret_len)
{
    const json_t *text = json_object_get(object, "body");
    const char *coded = json_string_value(json_object_get(object, "body_base64"));
    char *bytes;

    *ret_body = json_string_value(text);
    *ret_len = json_string_length(text);
    if (coded == NULL)
        return true;
    bytes = malloc(strlen(coded) + 1);
    if (bytes == NULL || !base64_decode(slice_of(coded), bytes, ret_len)) {
        free(bytes);
        return false;
    }
    *ret_body = bytes;
    return true;
}

static bool read_case(const json_t *object, struct runner_case *one)
{
    const json_t *expect = json_object_get(object, "expect");

    one->method = text_of(object, "method", "GET");
    one->path = text_of(object, "path", "/");
    one->query = text_of(object, "query", "");
    one->expect_status = (int)json_integer_value(json_object_get(expect, "status"));
    if (!read_body(object, &one->body, &one->body_len) ||
        !read_body(expect, &one->expect_body, &one->expect_body_len))
        return false;
    if (one->body == NULL)
        one->body = "";
    return read_headers(json_object_get(object, "headers"), &one->headers, &one->header_count) &&
           read_headers(json_object_get(expect, "headers"), &one->expect_headers,
                        &one->expect_header_count);
}

/* What is taken here is given back by the end of the process: one application a process. */
static bool read_spec(const json_t *command, struct runner_spec *spec)
{
    const json_t *cases = json_object_get(command, "cases");

    spec->app = text_of(command, "app", "");
    spec->folder = text_of(command, "folder", ".");
    spec->interface = text_of(command, "interface", "");
    spec->gc = text_of(command, "gc", "on");
    spec->timed = json_is_true(json_object_get(command, "timed"));
    spec->case_count = json_array_size(cases);
    spec->cases = calloc(spec->case_count + 1, sizeof(*spec->cases));
    if (spec->cases == NULL)
        return false;
    for (size_t i = 0; i < spec->case_count; i++) {
        struct runner_case one = { 0 };

        if (!read_case(json_array_get(cases, i), &one))
            return false;
        spec->cases[i] = one;
    }
    return spec->case_count > 0;
}

static bool call_once(struct runner *r, size_t index, char *ret_error)
{
    const struct runner_case *one = &r->spec.cases[index];
    struct answer answer;

    if (r->ops->call != NULL)
        return r->ops->call(one, index, ret_error);
    return r->ops->answer(one, index, &answer, ret_error) && answer_check(one, &answer, ret_error);
}

static json_t *facts_answer(const struct runner_facts *facts)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:b}", "runtime", facts->runtime, "version",
                     facts->version, "interface", facts->interface, "driver", facts->driver,
                     "driver_ns", known(facts->driver_ns), "jit", facts->jit);
}

static json_t *do_open(struct runner *r, json_t *command)
{
    struct runner_facts facts = { .driver_ns = -1 };
    char why[RUNNER_TEXT_MAX];

    if (r->opened)
        return refuse(r, "open: one application a process, and there is one");
    r->open_command = json_incref(command);
    if (!read_spec(command, &r->spec))
        return refuse(r, "open: no case, or one that is not of the protocol's form");
    if (!r->ops->open(&r->spec, &facts, r->error))
        return NULL;
    r->opened = true;
    for (size_t i = 0; i < r->spec.case_count; i++)
        if (!call_once(r, i, why))
            return refuse(r, "%s %s: %.4000s", r->spec.cases[i].method, r->spec.cases[i].path, why);
    return facts_answer(&facts);
}

/* ---- "ask" ---- */

static json_t *bytes_to_json(const char *bytes, size_t len)
{
    char *text = malloc(BASE64_LEN(len) + 1);
    json_t *json = NULL;

    if (text != NULL) {
        base64_encode((struct slice){ bytes, len }, text);
        json = json_string(text);
    }
    free(text);
    return json;
}

/* HTTP's header values are any bytes; one that is not UTF-8 cannot be told, and is left out. */
static json_t *headers_to_json(const struct answer *answer)
{
    json_t *list = json_array();

    for (size_t i = 0; i < answer->header_count; i++) {
        const struct answer_header *h = &answer->headers[i];
        json_t *pair = json_pack("[s%,s%]", h->name, h->name_len, h->value, h->value_len);

        if (pair != NULL)
            json_array_append_new(list, pair);
    }
    return list;
}

static json_t *do_ask(struct runner *r, const json_t *command)
{
    json_int_t index = json_integer_value(json_object_get(command, "case"));
    struct answer answer;

    if (index < 0 || (size_t)index >= r->spec.case_count)
        return refuse(r, "ask: there is no case %lld", (long long)index);
    if (!r->ops->answer(&r->spec.cases[index], (size_t)index, &answer, r->error))
        return NULL;
    return json_pack("{s:i, s:o, s:o}", "status", answer.status, "headers",
                     headers_to_json(&answer), "body_base64",
                     bytes_to_json(answer.body, answer.body_len));
}

/* ---- "run" ---- */

static int64_t cpu_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * SECOND_NS + ts.tv_nsec;
}

/* -1 where there is no such counter: most virtual machines. */
static int open_counter(void)
{
    struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE,
                                    .size = sizeof(attr),
                                    .config = PERF_COUNT_HW_INSTRUCTIONS,
                                    .disabled = 1,
                                    .exclude_kernel = 1,
                                    .exclude_hv = 1 };

    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* By this name callgrind finds where a "run" begins (src/inproc/callgrind.c). */
void runner_counts_from_here(int fd);

__attribute__((noinline)) void runner_counts_from_here(int fd)
{
    if (fd >= 0) {
        ioctl(fd, PERF_EVENT_IOC_RESET, 0);
        ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
    }
}

static json_t *counter_stop(int fd)
{
    uint64_t count;

    if (fd < 0 || ioctl(fd, PERF_EVENT_IOC_DISABLE, 0) != 0 ||
        read(fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
        return json_null();
    return json_integer((json_int_t)count);
}

struct tally {
    int64_t ok, wrong;
    char first_wrong[RUNNER_TEXT_MAX];
};

static void call_cases(struct runner *r, int64_t calls, struct tally *tally)
{
    char why[RUNNER_TEXT_MAX];
    size_t index = 0;

    for (int64_t i = 0; i < calls; i++) {
        if (__builtin_expect(call_once(r, index, why), 1))
            tally->ok++;
        else if (tally->wrong++ == 0)
            snprintf(tally->first_wrong, sizeof(tally->first_wrong), "%s %s: %.4000s",
                     r->spec.cases[index].method, r->spec.cases[index].path, why);
        if (++index == r->spec.case_count)
            index = 0;
    }
}

static json_t *numbers(const int64_t *values, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(values[i]));
    return list;
}

static json_t *run_answer(struct tally *tally, const int64_t *wall_ns, const int64_t *cpu_ns,
                          size_t batches, json_t *instructions)
{
    return json_pack("{s:o, s:o, s:o, s:I, s:I, s:o}", "wall_ns", numbers(wall_ns, batches),
                     "cpu_ns", numbers(cpu_ns, batches), "instructions", instructions, "ok",
                     (json_int_t)tally->ok, "wrong", (json_int_t)tally->wrong, "first_wrong",
                     sentence(tally->first_wrong));
}

static bool count_of(const json_t *command, const char *key, int64_t max, int64_t *ret_count)
{
    *ret_count = json_integer_value(json_object_get(command, key));
    return *ret_count >= 1 && *ret_count <= max;
}

static json_t *do_run(struct runner *r, const json_t *command)
{
    static int64_t wall_ns[BATCHES_MAX], cpu_ns[BATCHES_MAX];
    static struct tally tally;
    int64_t batches, calls;
    json_t *instructions;

    if (!count_of(command, "batches", BATCHES_MAX, &batches) ||
        !count_of(command, "calls", CALLS_MAX, &calls))
        return refuse(r, "run: batches are 1 to %d, calls 1 and more", BATCHES_MAX);
    memset(&tally, 0, sizeof(tally));
    runner_counts_from_here(r->counter_fd);
    for (int64_t i = 0; i < batches; i++) {
        int64_t cpu = cpu_now_ns();
        struct mono start = mono_now();

        call_cases(r, calls, &tally);
        wall_ns[i] = mono_diff_ns(start, mono_now());
        cpu_ns[i] = cpu_now_ns() - cpu;
    }
    instructions = counter_stop(r->counter_fd);
    return run_answer(&tally, wall_ns, cpu_ns, (size_t)batches, instructions);
}

/* ---- "profile" and "growth" ---- */

static json_t *do_profile(struct runner *r)
{
    struct runner_profile profile = { -1, -1, -1 };

    if (r->ops->profile != NULL && !r->ops->profile(&profile, r->error))
        return NULL;
    return json_pack("{s:o, s:o, s:o}", "tcalls", known(profile.tcalls), "funcs",
                     known(profile.funcs), "allocations", known(profile.allocations));
}

static int64_t resident_bytes(void)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    long pages = 0;
    bool fine = statm != NULL && fscanf(statm, "%*d %ld", &pages) == 1;

    if (statm != NULL)
        fclose(statm);
    return fine ? pages * sysconf(_SC_PAGESIZE) : 0;
}

static json_t *do_growth(struct runner *r, const json_t *command)
{
    int64_t (*memory)(void) = r->ops->memory_bytes != NULL ? r->ops->memory_bytes : resident_bytes;
    static int64_t bytes[POINTS_MAX + 1];
    static struct tally tally;
    int64_t points, calls;

    if (!count_of(command, "points", POINTS_MAX, &points) ||
        !count_of(command, "calls", CALLS_MAX, &calls))
        return refuse(r, "growth: points are 1 to %d, calls 1 and more", POINTS_MAX);
    memset(&tally, 0, sizeof(tally));
    bytes[0] = memory();
    for (int64_t i = 1; i <= points; i++) {
        call_cases(r, calls, &tally);
        bytes[i] = memory();
    }
    if (tally.wrong > 0)
        return refuse(r, "%s", tally.first_wrong);
    return json_pack("{s:o}", "bytes", numbers(bytes, (size_t)points + 1));
}

/* ---- the loop ---- */

/* Flushed: what the application printed must not come after our answer, nor be lost by a crash. */
static bool send_answer(struct runner *r, json_t *answer)
{
    bool fine;

    if (answer == NULL)
        answer = json_pack("{s:o}", "error", sentence(r->error));
    fflush(stdout);
    fine = json_dumpf(answer, r->answers, JSON_COMPACT) == 0 && fputc('\n', r->answers) != EOF &&
           fflush(r->answers) == 0;
    json_decref(answer);
    return fine;
}

static json_t *obey(struct runner *r, json_t *command, bool *ret_quit)
{
    const char *name = text_of(command, "cmd", "");

    *ret_quit = strcmp(name, "quit") == 0;
    if (*ret_quit)
        return json_object();
    if (strcmp(name, "open") == 0)
        return do_open(r, command);
    if (!r->opened)
        return refuse(r, "'%s' comes before the application was opened", name);
    if (strcmp(name, "ask") == 0)
        return do_ask(r, command);
    if (strcmp(name, "run") == 0)
        return do_run(r, command);
    if (strcmp(name, "profile") == 0)
        return do_profile(r);
    if (strcmp(name, "growth") == 0)
        return do_growth(r, command);
    return refuse(r, "command '%s' is not known to this runner", name);
}

static void loop(struct runner *r)
{
    char *line = NULL;
    size_t room = 0;
    bool quit = false;

    while (!quit && getline(&line, &room, r->commands) > 0) {
        json_error_t why;
        json_t *command = json_loads(line, JSON_ALLOW_NUL, &why);
        json_t *answer = command != NULL ? obey(r, command, &quit)
                                         : refuse(r, "a command that is no JSON: %s", why.text);

        json_decref(command);
        if (!send_answer(r, answer))
            break;
    }
    free(line);
}

int runner_main(const struct runner_ops *ops)
{
    static struct runner r; /* what it holds is not given back, and no leak */

    r = (struct runner){ .ops = ops,
                         .commands = fdopen(COMMANDS_FD, "r"),
                         .answers = fdopen(ANSWERS_FD, "w") };
    if (r.commands == NULL || r.answers == NULL) {
        fprintf(stderr, "this program is started by `assay inproc`, which speaks to it through "
                        "descriptors 3 and 4\n");
        return 2;
    }
    /* What the application starts must not keep them open behind our end. */
    fcntl(COMMANDS_FD, F_SETFD, FD_CLOEXEC);
    fcntl(ANSWERS_FD, F_SETFD, FD_CLOEXEC);
    r.counter_fd = open_counter();
    loop(&r);
    if (r.opened && ops->close != NULL)
        ops->close();
    return 0;
}
