#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "golden.h"
#include "report/percentiles.h"
#include "report/terminal.h"

/* ---- what is printed, as text ---- */

static struct screen screen_of(int width)
{
    return (struct screen){ .width = width };
}

static struct screen ascii_of(int width)
{
    return (struct screen){ .width = width, .ascii = true };
}

static void begin_capture(struct screen *s, char **buffer, size_t *size)
{
    s->out = open_memstream(buffer, size);
    assert_non_null(s->out);
}

static char *print_trial(struct screen s, const struct trial_record *t)
{
    char *buffer = NULL;
    size_t size;

    begin_capture(&s, &buffer, &size);
    terminal_trial(&s, t);
    fclose(s.out);
    return buffer;
}

static char *print_run(struct screen s, const struct run_record *run)
{
    char *buffer = NULL;
    size_t size;

    begin_capture(&s, &buffer, &size);
    terminal_run(&s, run);
    terminal_saved(&s, run, "assay.db", "");
    fclose(s.out);
    return buffer;
}

static char *print_line(struct screen s, const struct trial_record *t, size_t index, size_t count)
{
    char *buffer = NULL;
    size_t size;

    begin_capture(&s, &buffer, &size);
    terminal_trial_line(&s, t, index, count);
    fclose(s.out);
    return buffer;
}

/* True of everything that we print: it fits, nothing in it steers the terminal, and where the
 * screen knows ASCII only it is ASCII only. */
static void assert_fits(const struct screen *s, const char *text)
{
    char copy[65536];
    char *rest = copy, *line;

    assert_true(strlen(text) < sizeof(copy));
    memcpy(copy, text, strlen(text) + 1);
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (screen_columns(line) > s->width)
            fail_msg("%d columns: %s", screen_columns(line), line);
        for (const char *c = line; *c != '\0'; c++) {
            if (*c == '\033' && !s->colour)
                fail_msg("an escape sequence in: %s", line);
            if ((unsigned char)*c > 0x7e && s->ascii)
                fail_msg("not ASCII: %s", line);
        }
    }
}

static void check_trial(struct screen s, const struct trial_record *t, const char *golden)
{
    char *text = print_trial(s, t);

    assert_fits(&s, text);
    golden_check(golden, text);
    free(text);
}

static void check_run(struct screen s, const struct run_record *run, const char *golden)
{
    char *text = print_run(s, run);

    assert_fits(&s, text);
    golden_check(golden, text);
    free(text);
}

/* ---- records ---- */

static struct trial_record *new_trial(const char *target)
{
    struct error err;
    struct trial_record *t = trial_record_new(4096, &err);

    assert_non_null(t);
    t->target = target;
    t->target_title = "";
    t->url = "http://127.0.0.1:8080/json";
    t->ring = "io_uring";
    t->check_text = "200, 27 B application/json, identical in 3 probes";
    t->body_checked = true;
    t->workload.name = SLICE("json");
    t->workload.method = SLICE("GET");
    t->workload.path = SLICE("/json");
    t->load = (struct load){ .name = SLICE("steady"),
                             .model = LOAD_CLOSED,
                             .connections = 64,
                             .threads = 1,
                             .duration_ns = 3 * SECOND_NS,
                             .timeout_ns = 5 * SECOND_NS,
                             .keepalive = true };
    return t;
}

/* An exponential tail upon a floor, by its quantile function: `count` samples of that mean. */
static void record_times(struct histogram *h, uint64_t count, double floor_ns, double mean_ns)
{
    for (uint64_t i = 0; i < count; i++) {
        double u = ((double)i + 0.5) / (double)count;

        histogram_record(h, llround(floor_ns - log(1 - u) * (mean_ns - floor_ns)));
    }
}

/* `count` right answers over 3 s on 64 connections, as Little's law wants them. */
static void fill_steady(struct trial_record *t, uint64_t count)
{
    struct tally *y = &t->tally;
    double mean_ns = 64.0 * 3e9 / (double)count;

    y->window_ns = 3 * SECOND_NS;
    y->scheduled = y->sent = y->ok = y->ok_in_window = count;
    y->warmup = count / 10;
    y->bytes_received = 178 * (y->ok + y->warmup);
    y->opened = 64;
    y->cpu_user_ns = llround((double)count * 3800);
    y->cpu_system_ns = llround((double)count * 9000);
    y->busiest_thread_share = (double)(y->cpu_user_ns + y->cpu_system_ns) / 3e9;
    record_times(&y->response, count, mean_ns / 4, mean_ns);
    record_times(&y->service, count, mean_ns / 4, mean_ns);
}

static void fill_server(struct trial_record *t, double user_us, double system_us)
{
    t->server = (struct server_usage){
        .processes = 2,
        .threads = 2,
        .descriptors = 66,
        .cpu_user_ns = llround((double)t->tally.ok * user_us * 1e3),
        .cpu_system_ns = llround((double)t->tally.ok * system_us * 1e3),
        .rss_bytes_start = 14575206,
        .rss_bytes_peak = 14889779,
        .rss_bytes_idle = 14000000,
        .pss_bytes_peak = 9000000,
        .ready_ms = 41.5,
        .build_ms = (double)NAN,
        .shipped_bytes = -1,
        .image_bytes = -1,
    };
    t->client.cpu_count = 1;
    t->client.cpus[0] = 0;
    t->client.server_cpu_count = 1;
    t->client.server_cpus[0] = 1;
}

static void a_steady_closed_loop(void **state)
{
    struct trial_record *t = new_trial("nginx");
    struct screen colour = screen_of(100);

    colour.colour = true;
    fill_steady(t, 142860);
    fill_server(t, 7.1, 13.3);
    check_trial(screen_of(100), t, "trial-closed-100");
    check_trial(screen_of(80), t, "trial-closed-80");
    check_trial(ascii_of(80), t, "trial-closed-80-ascii");
    check_trial(colour, t, "trial-closed-100-colour");
    trial_record_free(t);
    (void)state;
}

static void an_open_loop_shows_two_kinds_of_time_and_who_was_late(void **state)
{
    struct trial_record *t = new_trial("nginx");
    struct tally *y = &t->tally;

    fill_steady(t, 60000);
    fill_server(t, 7.1, 13.3);
    memset(&y->response, 0, sizeof(y->response));
    memset(&y->service, 0, sizeof(y->service));
    t->load.model = LOAD_OPEN;
    t->load.rate_per_sec = 20000;
    t->load.arrivals = PACER_POISSON;
    y->scheduled = 60012;
    y->unsent = 12;
    record_times(&y->response, 59970, 200e3, 412e3);
    record_times(&y->service, 59970, 200e3, 400e3);
    for (int i = 0; i < 30; i++)
        histogram_record_censored(&y->response, (20 + i) * MILLISECOND_NS);
    y->ok -= 30;
    y->in_flight = 30;
    record_times(&y->loop_late, 59000, 1e3, 4e3);
    record_times(&y->pool_late, 1000, 100e3, 800e3);
    check_trial(screen_of(100), t, "trial-open-100");
    check_trial(screen_of(80), t, "trial-open-80");
    check_trial(ascii_of(80), t, "trial-open-80-ascii");
    trial_record_free(t);
    (void)state;
}

static void a_load_by_count_shows_the_seconds_in_all(void **state)
{
    struct trial_record *t = new_trial("gin");
    struct tally *y = &t->tally;

    t->load.connections = 1;
    t->load.duration_ns = 0;
    t->load.requests = 10000;
    t->load.keepalive = false;
    y->window_ns = 21956 * MILLISECOND_NS;
    y->scheduled = y->sent = y->ok = y->ok_in_window = 10000;
    y->opened = y->closed_by_client = 10000;
    y->bytes_received = 10000 * 143;
    record_times(&y->response, 10000, 1.5e6, 2.19e6);
    record_times(&y->service, 10000, 1.5e6, 2.19e6);
    check_trial(screen_of(80), t, "trial-count-80");
    trial_record_free(t);
    (void)state;
}

static void add_example(struct trial_record *t, enum outcome outcome, int sys, uint16_t status,
                        uint64_t count, const char *reason, const char *head)
{
    struct example *e = &t->tally.examples[t->tally.example_count++];

    *e = (struct example){ .outcome = outcome, .sys = sys, .status = status, .count = count };
    snprintf(e->reason, sizeof(e->reason), "%s", reason);
    e->head_len = (uint16_t)strlen(head);
    memcpy(e->head, head, e->head_len);
    t->tally.failed[outcome] += count;
}

/* Everything that can be wrong with a trial, and a server that tries to write to the terminal. */
static void a_bad_day_is_told_with_remedies(void **state)
{
    struct trial_record *t = new_trial("bad \033[31mserver");
    struct tally *y = &t->tally;

    t->load.duration_ns = 10 * SECOND_NS;
    y->window_ns = 3200 * MILLISECOND_NS;
    y->partial = true;
    y->ok = y->ok_in_window = 640;
    record_times(&y->response, 640, 1e6, 40e6);
    record_times(&y->service, 640, 1e6, 40e6);
    add_example(t, OUTCOME_CONNECT, ECONNREFUSED, 0, 1000, "Connection refused", "");
    add_example(t, OUTCOME_STATUS, 0, 503, 200, "503",
                "HTTP/1.1 503 Service Unavailable\r\nServer: \033]0;owned\007\r\n\r\n");
    add_example(t, OUTCOME_STATUS, 0, 502, 4, "502", "HTTP/1.1 502 Bad Gateway\r\n\r\n");
    add_example(t, OUTCOME_TIMEOUT, 0, 0, 12, "no answer in 5s", "");
    add_example(t, OUTCOME_PROTOCOL, 0, 0, 2, "not HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n");
    add_example(t, OUTCOME_BODY, 0, 200, 1, "body differs at byte 12", "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 12; i++)
        histogram_record_censored(&y->response, 5 * SECOND_NS);
    y->sent = y->ok + tally_failed(y);
    y->scheduled = y->sent;
    y->opened = 80;
    y->closed_by_server = 30;
    y->connect_failed = 1000;
    y->resent = 7;
    y->bytes_received = 170000;
    y->cpu_user_ns = y->cpu_system_ns = 1300 * MILLISECOND_NS;
    y->busiest_thread_share = 0.8125;
    t->body_checked = false;
    check_trial(screen_of(100), t, "trial-bad-100");
    check_trial(screen_of(80), t, "trial-bad-80");
    check_trial(ascii_of(80), t, "trial-bad-80-ascii");
    trial_record_free(t);
    (void)state;
}

static void a_rate_limiter_is_called_one(void **state)
{
    struct trial_record *t = new_trial("127.0.0.1:8080");
    char *text;

    t->tally.scheduled = t->tally.sent = 10;
    t->tally.window_ns = 3 * SECOND_NS;
    add_example(t, OUTCOME_STATUS, 0, 429, 10, "429", "");
    text = print_trial(screen_of(100), t);
    assert_non_null(strstr(text, "limits the rate"));
    assert_null(strstr(text, "--expect-status"));
    free(text);
    trial_record_free(t);
    (void)state;
}

static void who_gave_up_was_not_interrupted(void **state)
{
    struct trial_record *t = new_trial("127.0.0.1:8080");
    char *text;

    t->tally.scheduled = t->tally.sent = t->tally.ok = t->tally.ok_in_window = 1;
    t->tally.window_ns = 3 * SECOND_NS;
    histogram_record(&t->tally.response, MILLISECOND_NS);
    t->tally.partial = t->tally.gave_up = true;
    text = print_trial(screen_of(100), t);
    assert_non_null(strstr(text, "PARTIAL: given up after 3.0 s"));
    free(text);
    trial_record_free(t);
    (void)state;
}

static void a_server_whose_memory_alone_is_known_says_so(void **state)
{
    struct trial_record *t = new_trial("127.0.0.1:8080");
    char *text;

    t->tally.scheduled = t->tally.sent = t->tally.ok = t->tally.ok_in_window = 1;
    t->tally.window_ns = 3 * SECOND_NS;
    histogram_record(&t->tally.response, MILLISECOND_NS);
    t->server.processes = 1;
    t->server.rss_bytes_start = t->server.rss_bytes_peak = 2 << 20;
    t->server.cpu_user_ns = t->server.cpu_system_ns = -1;
    text = print_trial(screen_of(100), t);
    assert_non_null(strstr(text, "CPU unknown   rss 2.00 MiB"));
    free(text);
    trial_record_free(t);
    (void)state;
}

/* Eight of ten connections wait in a backlog: they are not in flight, nor in the generator. */
static void who_waits_for_the_server_is_not_in_flight(void **state)
{
    struct trial_record *t = new_trial("127.0.0.1:8080");
    struct tally *y = &t->tally;
    char *text;

    y->opened = t->load.connections = 10;
    y->scheduled = y->sent = y->ok = y->ok_in_window = 1000;
    y->window_ns = 3 * SECOND_NS;
    y->by_connection =
        (struct tally_shares){ .count = 10, .sum = 1000, .squares = 5e5, .least = 0, .most = 500 };
    for (int i = 0; i < 1000; i++) {
        histogram_record(&y->response, 6 * MILLISECOND_NS);
        histogram_record(&y->service, 6 * MILLISECOND_NS);
    }
    text = print_trial(screen_of(100), t);
    assert_non_null(strstr(text, "2.0 of 10 in flight"));
    assert_null(strstr(text, "the others"));
    free(text);
    t->load.duration_ns = 0;
    t->load.requests = 1000;
    y->opened = 7;
    text = print_trial(screen_of(100), t);
    assert_non_null(strstr(text, "7.0 of 10 in flight"));
    free(text);
    t->load.duration_ns = 3 * SECOND_NS;
    t->load.requests = 0;
    y->opened = 10;
    y->by_connection.least = 90; /* all were served, and seldom: then it is ours */
    text = print_trial(screen_of(100), t);
    assert_non_null(strstr(text, "the others"));
    free(text);
    trial_record_free(t);
    (void)state;
}

static void a_server_that_died_is_partial_and_shows_its_last_words(void **state)
{
    struct trial_record *t = new_trial("crashy");

    fill_steady(t, 900);
    fill_server(t, 7.1, 13.3);
    t->state = TRIAL_DIED;
    t->reason = "crashy (pid 812) ended by signal 11 (Segmentation fault)";
    t->output_tail = "worker 1 ready\npanic: \033[5mout of luck\n";
    check_trial(screen_of(80), t, "trial-died-80");
    trial_record_free(t);
    (void)state;
}

static void nothing_right_is_said_without_figures(void **state)
{
    struct trial_record *t = new_trial("closed port");

    t->tally.window_ns = 3 * SECOND_NS;
    add_example(t, OUTCOME_CONNECT, ECONNREFUSED, 0, 44, "Connection refused", "");
    t->tally.sent = t->tally.scheduled = t->tally.connect_failed = 44;
    t->tally.connect_sys = ECONNREFUSED;
    t->check_text = "";
    check_trial(screen_of(80), t, "trial-nothing-80");
    trial_record_free(t);
    (void)state;
}

static void what_was_not_ready_is_not_measured(void **state)
{
    struct trial_record *t = new_trial("flask-gunicorn");

    t->state = TRIAL_NOT_READY;
    t->reason = "exited with status 1 before it answered; its last lines of output:\n"
                "  File \"app.py\", line 3\n    import flsk\nModuleNotFoundError: No module named "
                "'flsk'";
    check_trial(screen_of(80), t, "trial-not-ready-80");
    trial_record_free(t);
    (void)state;
}

/* Ten samples beyond a percentile, or it is not shown: 19 samples say nothing about p50. */
static void a_percentile_without_enough_samples_is_never_a_value(void **state)
{
    static const struct {
        int line;
        uint64_t samples;
        const char *has, *has_not;
    } cases[] = {
        {__LINE__,  19,     "p50 needs 20 samples",         "needs 5"    },
        { __LINE__, 20,     "p90 needs 100 samples",        "p50 needs"  },
        { __LINE__, 999,    "p99 needs 1,000 samples",      "p90 needs"  },
        { __LINE__, 1000,   "p99.9 needs 10,000 samples",   "p99 needs"  },
        { __LINE__, 99999,  "p99.99 needs 100,000 samples", "p99.9 needs"},
        { __LINE__, 100000, "p99.99",                       "needs"      },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trial_record *t = new_trial("nginx");
        char *text;

        fill_steady(t, cases[i].samples);
        text = print_trial(screen_of(100), t);
        if (strstr(text, cases[i].has) == NULL || strstr(text, cases[i].has_not) != NULL)
            fail_msg("case of line %d:\n%s", cases[i].line, text);
        free(text);
        trial_record_free(t);
    }
    (void)state;
}

/* 20 s of a load, 2000 answers in each: in every fifth second all are three times as slow. */
static void fill_dependent(struct trial_record *t, struct tally_second *seconds)
{
    struct tally *y = &t->tally;

    fill_steady(t, 40000);
    memset(&y->response, 0, sizeof(y->response));
    memset(&y->service, 0, sizeof(y->service));
    y->seconds = seconds;
    y->second_count = 20;
    for (uint32_t s = 0; s < y->second_count; s++)
        for (uint32_t i = 0; i < 2000; i++) {
            int64_t ns = llround(-log(1 - (i + 0.5) / 2000) * (s % 5 == 0 ? 3e6 : 1e6));

            histogram_record(&y->response, ns);
            histogram_record(&y->service, ns);
            seconds[s].counts[second_bucket(histogram_index(ns))]++;
        }
}

/* Where a percentile is shown: in the table, in the picture, in the line of a log. */
static void answers_that_depend_on_each_other_are_worth_fewer(void **state)
{
    static struct tally_second seconds[20];
    struct trial_record *t = new_trial("nginx");
    char *text, *line;

    fill_dependent(t, seconds);
    t->load.model = LOAD_OPEN; /* service times too: those it does not hold for */
    text = print_trial(screen_of(100), t);
    line = print_line(screen_of(100), t, 1, 1);
    assert_non_null(
        strstr(text, "(from due)   250ns   831µs   3.22ms        –        –        –  "));
    assert_non_null(
        strstr(text, "(from send)   250ns   831µs   3.22ms   8.97ms   15.7ms        –  "));
    assert_non_null(strstr(text, "– p99 needs 1,000 samples · p99.9 needs"));
    assert_non_null(strstr(text, "(there are 40,000, worth "));
    assert_non_null(strstr(text, "← p90"));
    assert_null(strstr(text, "← p99"));
    assert_non_null(strstr(line, "p50 "));
    assert_null(strstr(line, "p99 "));
    free(text);
    free(line);
    trial_record_free(t);
    (void)state;
}

static struct percentiles asked_for(const char *text)
{
    struct percentiles asked;
    struct error err;

    assert_true(percentiles_parse(slice_of(text), &asked, &err));
    return asked;
}

/* In the row, at the bars and in a trial's line; too few samples are too few all the same. */
static void percentiles_that_were_asked_for_take_the_place_of_the_usual_ones(void **state)
{
    const struct percentiles asked = asked_for("25,75,99.5,99.99");
    struct trial_record *t = new_trial("nginx");
    struct screen s = screen_of(100);
    char *text;

    s.percentiles = &asked;
    fill_steady(t, 14286);
    fill_server(t, 7.1, 13.3);
    check_trial(s, t, "trial-asked-100");
    t->load.model = LOAD_OPEN;
    t->load.rate_per_sec = 20000;
    check_trial(s, t, "trial-asked-open-100");
    text = print_line(s, t, 1, 1);
    assert_non_null(strstr(text, "p25 "));
    assert_non_null(strstr(text, "p99.5 "));
    assert_null(strstr(text, "p50 "));
    assert_null(strstr(text, "p99.99 "));
    free(text);
    trial_record_free(t);
    (void)state;
}

static void what_no_bucket_holds_is_shown_all_the_same(void **state)
{
    struct trial_record *t = new_trial("glacier");
    char *text;

    fill_steady(t, 999);
    histogram_record(&t->tally.response, HISTOGRAM_MAX_NS + 1);
    text = print_trial(screen_of(100), t);
    assert_non_null(strstr(text, "    1h09m ┤▏"));
    free(text);
    trial_record_free(t);
    (void)state;
}

/* "not the limit" is claimed only of a generator with time to spare on a core of its own. */
static void the_generator_is_cleared_only_where_it_can_be(void **state)
{
    static const struct {
        int line;
        double busiest;
        uint32_t client_cpu, server_cpu;
        bool pinned;
        const char *url, *has, *has_not;
    } cases[] = {
        {__LINE__,  0.69, 0, 1, true,  "http://127.0.0.1:1/", "not the limit ✓",            "!"  },
        { __LINE__, 0.70, 0, 1, true,  "http://127.0.0.1:1/", "may be the limit",             "✓"},
        { __LINE__, 0.10, 1, 1, true,  "http://127.0.0.1:1/", "share 1 core: a joint figure", "✓"},
        { __LINE__, 0.10, 0, 0, false, "http://localhost:1/", "share this machine's cores",   "✓"},
        { __LINE__, 0.10, 0, 0, false, "http://[::1]:1/",     "share this machine's cores",   "✓"},
        { __LINE__, 0.10, 0, 0, false, "http://192.0.2.1/",   "not the limit ✓",            "!"  },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trial_record *t = new_trial("nginx");
        char *text;

        t->url = cases[i].url;
        t->tally.window_ns = SECOND_NS;
        t->tally.ok = t->tally.sent = t->tally.ok_in_window = 1;
        t->tally.busiest_thread_share = cases[i].busiest;
        t->client.cpu_count = t->client.server_cpu_count = cases[i].pinned;
        t->client.cpus[0] = cases[i].client_cpu;
        t->client.server_cpus[0] = cases[i].server_cpu;
        text = print_trial(screen_of(100), t);
        if (strstr(text, cases[i].has) == NULL || strstr(text, cases[i].has_not) != NULL)
            fail_msg("case of line %d:\n%s", cases[i].line, text);
        free(text);
        trial_record_free(t);
    }
    (void)state;
}

/* 64 connections cannot have 70 requests on the wire, nor should 50 be all. */
static void littles_law_is_checked(void **state)
{
    static const struct {
        int line;
        double in_flight;
        const char *has, *has_not;
    } cases[] = {
        {__LINE__,  64, "✓",                   "L = λ·W)"},
        { __LINE__, 62, "✓",                   "L = λ·W)"},
        { __LINE__, 58, "L = λ·W: 58.0",       "✓"       },
        { __LINE__, 50, "the others waited",     "✓"       },
        { __LINE__, 70, "cannot be (L = λ·W)", "✓"       },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trial_record *t = new_trial("nginx");
        char *text;

        t->tally.window_ns = 10 * SECOND_NS;
        t->tally.ok = t->tally.sent = t->tally.ok_in_window = 10000;
        t->tally.busiest_thread_share = 0.2;
        record_times(&t->tally.service, 10000, cases[i].in_flight * 0.5e6,
                     cases[i].in_flight * 1e6);
        text = print_trial(screen_of(100), t);
        if (strstr(text, cases[i].has) == NULL || strstr(text, cases[i].has_not) != NULL)
            fail_msg("case of line %d:\n%s", cases[i].line, text);
        free(text);
        trial_record_free(t);
    }
    (void)state;
}

/* ---- lines of a log ---- */

static void a_trial_is_one_line_in_a_log(void **state)
{
    struct trial_record *t = new_trial("nginx");
    struct trial_record *bad = new_trial("flask-gunicorn class=gthread");
    struct screen wide = screen_of(100), narrow = ascii_of(80);
    char *text;

    fill_steady(t, 147300);
    fill_server(t, 7.1, 13.3);
    t->block = 1;
    text = print_line(wide, t, 7, 30);
    assert_string_equal(text, "[ 7/30] block 2  nginx              49.1k req/s  0 errors  "
                              "p50 1.00ms  p99 4.83ms  20.4µs CPU/req\n");
    free(text);
    t->suite = "demo";
    text = print_line(wide, t, 7, 30);
    assert_string_equal(text, "[ 7/30] block 2  json/steady  nginx              49.1k req/s  "
                              "0 errors  p50 1.00ms  p99 4.83ms\n");
    free(text);
    bad->state = TRIAL_NOT_READY;
    bad->reason = "exited with status 1 before it answered\nTraceback ...";
    text = print_line(wide, bad, 8, 30);
    assert_string_equal(text, "[ 8/30] block 1  ✗ flask-gunicorn class=gthread: not ready: exited "
                              "with status 1 before it answered\n");
    free(text);
    text = print_line(narrow, bad, 8, 30);
    assert_string_equal(text, "[ 8/30] block 1  x flask-gunicorn class=gthread: not ready: exited "
                              "with statu...\n");
    free(text);
    trial_record_free(t);
    trial_record_free(bad);
    (void)state;
}

/* ---- runs ---- */

#define TRIALS_MAX 64

static struct run_record *new_run(void)
{
    struct error err;
    struct run_record *run = run_record_new(65536, &err);

    assert_non_null(run);
    snprintf(run->id, sizeof(run->id), "7f3a9c");
    run->suite = "demo";
    run->title = "Five ways to say hello";
    run->command = "assay run suites/demo";
    run->seed = 20261121;
    run->host.cpus_online = 2;
    snprintf(run->host.kernel, sizeof(run->host.kernel), "Linux 6.18");
    run->trials = arena_new(&run->arena, struct trial_record *, TRIALS_MAX);
    return run;
}

/* Trials of one target, a little apart from each other. */
static void add_trials(struct run_record *run, const char *target, size_t trials, uint64_t count,
                       double cpu_us)
{
    for (size_t i = 0; i < trials; i++) {
        struct trial_record *t = new_trial(target);

        assert_true(run->trial_count < TRIALS_MAX);
        t->suite = run->suite;
        t->block = (uint32_t)i;
        fill_steady(t, count + count * i / 400);
        fill_server(t, cpu_us / 3, cpu_us * 2 / 3);
        run->trials[run->trial_count++] = t;
    }
}

static struct trial_record *last_trial(struct run_record *run)
{
    return run->trials[run->trial_count - 1];
}

static struct run_record *demo_run(size_t trials)
{
    struct run_record *run = new_run();

    add_trials(run, "assay", trials, 30000, 4);
    for (size_t i = 0; i < run->trial_count; i++)
        run->trials[i]->ceiling = true;
    add_trials(run, "nginx", trials, 14700, 20.4);
    add_trials(run, "flask-gunicorn class=gthread", trials, 1080, 276);
    last_trial(run)->tally.failed[OUTCOME_STATUS] = 12;
    last_trial(run)->tally.sent += 12;
    add_example(last_trial(run), OUTCOME_STATUS, 0, 503, 0, "503", "");
    last_trial(run)->tally.examples[0].count = 12;
    last_trial(run)->output_tail = "worker ready\n[error] no upstream is left\ngood bye\n";
    add_trials(run, "http.server", trials, 540, 900);
    for (size_t i = run->trial_count - trials; i < run->trial_count; i++)
        run->trials[i]->tally.ended_after_one = run->trials[i]->tally.opened =
            run->trials[i]->tally.sent;
    add_trials(run, "broken", 1, 100, 5);
    last_trial(run)->state = TRIAL_NOT_READY;
    last_trial(run)->reason = "listened, but answered wrongly: body differs from the expected one "
                              "at byte 12; its last lines of output:\nGET / 200\nGET / 200";
    add_trials(run, "absent", 1, 100, 5);
    last_trial(run)->state = TRIAL_NOT_BUILT;
    last_trial(run)->reason = "not installed: apt-get install absent-\033[0mserver";
    return run;
}

static void a_run_is_ranked_with_exact_intervals(void **state)
{
    struct run_record *run = demo_run(6);

    check_run(screen_of(100), run, "run-100");
    check_run(screen_of(80), run, "run-80");
    check_run(ascii_of(80), run, "run-80-ascii");
    run_record_free(run);
    (void)state;
}

/* Twins of a target's trials, a little apart from them. */
static void add_twins(struct run_record *run, const char *target, size_t trials, uint64_t count)
{
    size_t first = run->trial_count;

    add_trials(run, target, trials, count, 20);
    for (size_t i = 0; i < trials; i++) {
        struct trial_record *t = run->trials[first + i];

        t->control = true;
        t->tally.ok_in_window += i % 2 == 0 ? count / 200 : -(count / 200);
    }
}

static void refuse(struct trial_record *t, const char *text, const char *remedy)
{
    struct check *c = &t->verdict.checks[t->verdict.count++];

    *c = (struct check){ .id = CHECK_GENERATOR, .state = CHECK_FAIL, .unit = "share" };
    snprintf(c->text, sizeof(c->text), "%s", text);
    snprintf(c->remedy, sizeof(c->remedy), "%s", remedy);
}

/* A winner, one behind it, two that nothing tells apart, and one that is not believed. */
static struct run_record *compared_run(void)
{
    struct run_record *run = new_run();

    add_trials(run, "nginx", 8, 3000, 20.4);
    add_trials(run, "h2o", 8, 3270, 18.1);
    add_trials(run, "uvicorn", 8, 1000, 181);
    add_trials(run, "gunicorn", 8, 1000, 183);
    for (size_t i = run->trial_count - 8; i < run->trial_count; i++)
        run->trials[i]->tally.ok_in_window += i % 2 == 0 ? 21 : (uint64_t)-19;
    add_trials(run, "php-fpm", 8, 600, 208);
    for (size_t i = run->trial_count - 8; i < run->trial_count; i += 2)
        refuse(run->trials[i], "too close to what this generator can do (0.86)",
               "use more threads (threads: 2)");
    add_twins(run, "nginx", 8, 3000);
    return run;
}

static void ties_noise_and_neighbours_stand_below_the_table(void **state)
{
    struct run_record *run = compared_run();

    check_run(screen_of(100), run, "run-compared-100");
    check_run(screen_of(80), run, "run-compared-80");
    check_run(ascii_of(80), run, "run-compared-80-ascii");
    run_record_free(run);
    (void)state;
}

static void a_machine_that_tells_a_target_from_itself_ranks_nobody(void **state)
{
    struct run_record *run = new_run();
    char *text;

    add_trials(run, "nginx", 6, 3000, 20.4);
    add_trials(run, "h2o", 6, 3270, 18.1);
    add_twins(run, "nginx", 6, 3300);
    text = print_run(screen_of(80), run);
    assert_non_null(strstr(text, "\n! not ranked: the A/A control differs by 10."));
    assert_non_null(strstr(text, "\nnoise: A/A, 6 pairs: +10."));
    assert_null(strstr(text, "trust differences"));
    assert_null(strstr(text, "× best"));
    assert_null(strstr(text, "faster"));
    free(text);
    run_record_free(run);
    (void)state;
}

/* Each figure is that of all trials together; p99 is the one that stands there otherwise. */
static void a_ranking_has_the_percentiles_that_were_asked_for(void **state)
{
    const struct percentiles asked = asked_for("50,99,99.999"), p99 = asked_for("99");
    struct run_record *run = demo_run(6);
    struct screen s = screen_of(100);
    char *text, *usual;

    s.percentiles = &asked;
    check_run(s, run, "run-asked-100");
    s.percentiles = &p99;
    text = print_run(s, run);
    usual = print_run(screen_of(100), run);
    for (const char *at = usual; (at = strstr(at, "ms  ")) != NULL; at++) {
        char figure[16];

        snprintf(figure, sizeof(figure), "%.6s", at - 4);
        if (strstr(text, figure) == NULL)
            fail_msg("no %s in %s", figure, text);
    }
    free(text);
    free(usual);
    run_record_free(run);
    (void)state;
}

static void a_p99_that_is_refused_is_a_dash_with_the_check_that_did(void **state)
{
    struct run_record *run = new_run();
    char *text;

    add_trials(run, "nginx", 6, 4000, 20.4);
    add_trials(run, "flask", 6, 2000, 200);
    refuse(last_trial(run), "all well", "");
    last_trial(run)->verdict.checks[0].id = CHECK_OMISSION;
    text = print_run(screen_of(100), run);
    assert_non_null(strstr(text, "\n– p99 is refused: flask (omission)\n"));
    assert_null(strstr(text, "nginx (")); /* only in the table, with a figure */
    free(text);
    run_record_free(run);
    (void)state;
}

static void a_large_difference_is_told_as_how_many_times(void **state)
{
    struct run_record *run = new_run();
    char *text;

    add_trials(run, "nginx", 6, 4000, 20.4);
    add_trials(run, "flask", 6, 2000, 200);
    text = print_run(screen_of(100), run);
    assert_non_null(strstr(text,
                           "\nnginx is 2.00 [2.00, 2.00] times as fast as flask, Holm p = 0.031, "
                           "noise floor 1.0 %\n"));
    free(text);
    run_record_free(run);
    (void)state;
}

/* Narrower than we promise to look good on, but never wrapped by the terminal. */
static void everything_fits_however_narrow_the_screen(void **state)
{
    struct run_record *run = demo_run(6), *compared = compared_run();
    struct run_record *single = demo_run(1);

    single->suite = "";
    for (int width = SCREEN_WIDTH_MIN; width <= SCREEN_WIDTH_MAX; width += 4) {
        struct screen screens[] = { screen_of(width), ascii_of(width) };

        for (size_t i = 0; i < 2; i++) {
            char *text = print_run(screens[i], run);
            char *trials = print_run(screens[i], single);
            char *notes = print_run(screens[i], compared);

            assert_fits(&screens[i], text);
            assert_fits(&screens[i], trials);
            assert_fits(&screens[i], notes);
            free(text);
            free(trials);
            free(notes);
        }
    }
    run_record_free(run);
    run_record_free(compared);
    run_record_free(single);
    (void)state;
}

static void few_trials_get_no_interval(void **state)
{
    struct run_record *run = demo_run(3);
    char *text;

    run->partial = true;
    check_run(screen_of(80), run, "run-few-80");
    text = print_run(screen_of(100), run);
    assert_non_null(strstr(text, "needs 6 trials"));
    assert_null(strstr(text, "±"));
    free(text);
    run_record_free(run);
    (void)state;
}

/* Where some have enough trials and some have not, each says for itself; and an interval with one
 * long side is shown by its ends. */
static void each_server_has_the_interval_its_trials_allow(void **state)
{
    struct run_record *run = new_run();
    char *text;

    add_trials(run, "nginx", 6, 14700, 20.4);
    last_trial(run)->tally.ok_in_window = 18000;
    add_trials(run, "gunicorn", 5, 1080, 276);
    text = print_run(screen_of(100), run);
    assert_non_null(strstr(text, "–     nginx     4.93k  [4.90k–6.00k]   "));
    assert_non_null(strstr(text, "–     gunicorn    362  needs 6 trials  "));
    assert_non_null(
        strstr(text, "\n! not ranked: needs 6 blocks (has 5). Remedy: run it with --blocks 6\n"));
    assert_non_null(strstr(text, "5 to 6 trials, each a fresh start · median [95 % CI]"));
    free(text);
    run_record_free(run);
    (void)state;
}

static void make_count_trial(struct trial_record *t)
{
    t->load.name = SLICE("one-at-a-time");
    t->load.connections = 1;
    t->load.duration_ns = 0;
    t->load.requests = 2000;
    t->load.keepalive = false;
    t->tally.opened = t->tally.sent;
    t->server.shipped_bytes = 21700000;
    t->server.build_ms = 4321;
}

static void the_published_table_stands_beside_todays(void **state)
{
    static char table[65536];
    struct run_record *run = new_run();
    char path[512];
    FILE *in;

    run->suite = "gin-flask-2019";
    run->title = "Gin against Flask (2019)";
    run->preset = "quick";
    run->command = "assay run suites/gin-flask-2019 --preset quick --seed 7";
    add_trials(run, "gin mode=release", 3, 2000, 20);
    add_trials(run, "gin mode=debug", 3, 1900, 22);
    add_trials(run, "flask-gunicorn", 3, 500, 200);
    for (size_t i = 0; i < run->trial_count; i++)
        make_count_trial(run->trials[i]);
    golden_path("published", path, sizeof(path));
    memcpy(strrchr(path, '.'), ".csv", 5);
    in = fopen(path, "r");
    assert_non_null(in);
    table[fread(table, 1, sizeof(table) - 1, in)] = '\0';
    fclose(in);
    run->published_text = table;
    check_run(screen_of(100), run, "run-published-100");
    check_run(screen_of(80), run, "run-published-80");
    check_run(ascii_of(80), run, "run-published-80-ascii");
    run_record_free(run);
    (void)state;
}

static char *print_published(const char *csv)
{
    struct run_record *run = new_run();
    char *text;

    run->published_text = csv;
    add_trials(run, "nginx", 1, 3000, 20);
    text = print_run(screen_of(100), run);
    run_record_free(run);
    return text;
}

#define CSV_HEADER "target,workload,load,metric,value,unit,note"

static void published_tables_are_csv_as_everyone_writes_it(void **state)
{
    static const struct {
        int line;
        const char *csv, *has;
    } cases[] = {
        {__LINE__,  CSV_HEADER "\nnginx,json,steady,throughput_per_sec,5,req/s,\n",
         "  nginx         req/s          5       1,000\n"                                                                },
        { __LINE__, CSV_HEADER "\r\nNginx,json,steady,throughput_per_sec,5,req/s,a note\r\n",
         "[1]  a note\n"                                                                                                 },
        { __LINE__, CSV_HEADER "\nnginx,json,steady,throughput_per_sec,\"5,0\",,\"a \"\"b\"\", c\"",
         "[1]  a \"b\", c\n"                                                                                             },
        { __LINE__, CSV_HEADER "\n\nnginx,json,steady,throughput_per_sec\n",
         "  nginx         req/s                  1,000\n"                                                                },
        { __LINE__, CSV_HEADER ",more\n,,,correction,,,\"two\nlines\",more\n",
         "  1. two\n     lines\n"                                                                                        },
        { __LINE__, CSV_HEADER "\nnginx,json,steady,no_such_metric,5,,\n",                           "–"               },
        { __LINE__, CSV_HEADER "\nnginx,json,steady,throughput_per_sec,5,1/s,\n",
         "  nginx         req/s          5       1,000\n"                                                                },
        { __LINE__, CSV_HEADER "\nnginx,,,rss_bytes_peak,21700000,bytes,\n",
         "  nginx             rss peak   20.7 MiB       14.2 MiB\n"                                                      },
        { __LINE__, CSV_HEADER "\nnginx,other,steady,throughput_per_sec,5,,\n",                      "not run"           },
        { __LINE__, CSV_HEADER,                                                                      "saved 7f3a9c"      },
        { __LINE__, "",                                                                              "saved 7f3a9c"      },
        { __LINE__, "a,b\n1,2\n",                                                                    "first line must be"},
        { __LINE__, CSV_HEADER "\n,,,correction,,,\"never closed",                                   "never closed"      },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = print_published(cases[i].csv);

        if (strstr(text, cases[i].has) == NULL)
            fail_msg("case of line %d:\n%s", cases[i].line, text);
        free(text);
    }
    (void)state;
}

/* A variant with more cores than there are, for example: the ranking says why. */
static void a_variant_without_figures_stands_beside_published_ones_only_alone(void **state)
{
    const char *table = CSV_HEADER "\ngin,json,steady,throughput_per_sec,5,1/s,\n";
    struct run_record *run = new_run();
    char *text;

    add_trials(run, "gin cores=4", 1, 0, 0);
    last_trial(run)->state = TRIAL_NOT_BUILT;
    run->published_text = table;
    text = print_run(screen_of(100), run);
    assert_non_null(strstr(text, "gin cores=4   req/s          5       not measured\n"));
    free(text);
    add_trials(run, "gin cores=2", 1, 3000, 20);
    text = print_run(screen_of(100), run);
    assert_non_null(strstr(text, "gin cores=2   req/s          5       1,000\n"));
    assert_null(strstr(text, "not measured"));
    free(text);
    run_record_free(run);
    (void)state;
}

/* What a record says of an application that was called, beside "*" for memory that grew. */
static char *print_growth(double slope, double low)
{
    struct run_record *run = new_run();
    char *text;

    run->published_text = CSV_HEADER "\nbottle,welcome,in-process,growth_bytes_per_call,*,,\n";
    run->inproc = json_pack("[{s:[{s:s, s:{s:f, s:f}}]}]", "rows", "app", "bottle", "growth",
                            "bytes_per_request", slope, "low", low);
    assert_non_null(run->inproc);
    add_trials(run, "nginx", 1, 3000, 20);
    text = print_run(screen_of(100), run);
    run_record_free(run);
    return text;
}

static void memory_whose_growth_is_not_established_is_0_beside_the_published_figure(void **state)
{
    static const struct {
        int line;
        double slope, low;
        const char *has;
    } cases[] = {
        {__LINE__,  3.42,  -1.5, "growth, B/call          *           0\n"},
        { __LINE__, 3.42,  0,    "growth, B/call          *           0\n"},
        { __LINE__, -3.42, -5,   "growth, B/call          *           0\n"},
        { __LINE__, 3.42,  3.1,  "growth, B/call          *        3.42\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = print_growth(cases[i].slope, cases[i].low);

        if (strstr(text, cases[i].has) == NULL)
            fail_msg("case of line %d:\n%s", cases[i].line, text);
        free(text);
    }
    (void)state;
}

/* Tables come in the random order of trials. */
static void a_published_figure_without_a_load_stands_beside_the_first_by_name(void **state)
{
    for (int turned = 0; turned < 2; turned++) {
        struct run_record *run = new_run();
        char *text;

        add_trials(run, "nginx", 1, turned ? 3000 : 6000, 20);
        last_trial(run)->load.name = turned ? SLICE("close") : SLICE("keep");
        add_trials(run, "nginx", 1, turned ? 6000 : 3000, 20);
        last_trial(run)->load.name = turned ? SLICE("keep") : SLICE("close");
        run->published_text = CSV_HEADER "\nnginx,json,,throughput_per_sec,5,1/s,\n";
        text = print_run(screen_of(100), run);
        assert_non_null(strstr(text, "  nginx  req/s          5       1,000\n"));
        free(text);
        run_record_free(run);
    }
    (void)state;
}

static char *print_markdown(const struct run_record *run)
{
    char *buffer = NULL;
    size_t size;
    FILE *out = open_memstream(&buffer, &size);
    struct error err;

    assert_non_null(out);
    assert_true(markdown_write(out, run, NULL, &err));
    fclose(out);
    return buffer;
}

static void a_run_in_markdown_has_headings_and_tables(void **state)
{
    struct run_record *run = demo_run(6);
    char *text;

    run->published_text = CSV_HEADER "\nnginx,json,,throughput_per_sec,\"9|000\",1/s,*rounded*\n";
    text = print_markdown(run);
    golden_check("run-markdown", text);
    assert_null(strchr(text, '\033'));
    free(text);
    run_record_free(run);
    run = compared_run();
    text = print_markdown(run);
    golden_check("run-compared-markdown", text);
    free(text);
    run_record_free(run);
    (void)state;
}

static void a_single_load_ends_with_where_it_was_saved(void **state)
{
    struct run_record *run = new_run();
    char *text;

    run->suite = "";
    add_trials(run, "http://127.0.0.1:8080/", 1, 1000, 20);
    text = print_run(screen_of(80), run);
    assert_non_null(strstr(text, "RESULT   333 req/s   0 errors / 1,000\n"));
    assert_non_null(
        strstr(text, "\nsaved 7f3a9c in assay.db   next:  assay show 7f3a9c    assay list\n"));
    assert_null(strstr(text, "again:"));
    free(text);
    run_record_free(run);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_closed_loop),
        cmocka_unit_test(an_open_loop_shows_two_kinds_of_time_and_who_was_late),
        cmocka_unit_test(a_load_by_count_shows_the_seconds_in_all),
        cmocka_unit_test(a_bad_day_is_told_with_remedies),
        cmocka_unit_test(a_rate_limiter_is_called_one),
        cmocka_unit_test(who_gave_up_was_not_interrupted),
        cmocka_unit_test(a_server_whose_memory_alone_is_known_says_so),
        cmocka_unit_test(who_waits_for_the_server_is_not_in_flight),
        cmocka_unit_test(a_server_that_died_is_partial_and_shows_its_last_words),
        cmocka_unit_test(nothing_right_is_said_without_figures),
        cmocka_unit_test(what_was_not_ready_is_not_measured),
        cmocka_unit_test(a_percentile_without_enough_samples_is_never_a_value),
        cmocka_unit_test(answers_that_depend_on_each_other_are_worth_fewer),
        cmocka_unit_test(percentiles_that_were_asked_for_take_the_place_of_the_usual_ones),
        cmocka_unit_test(what_no_bucket_holds_is_shown_all_the_same),
        cmocka_unit_test(the_generator_is_cleared_only_where_it_can_be),
        cmocka_unit_test(littles_law_is_checked),
        cmocka_unit_test(a_trial_is_one_line_in_a_log),
        cmocka_unit_test(a_run_is_ranked_with_exact_intervals),
        cmocka_unit_test(ties_noise_and_neighbours_stand_below_the_table),
        cmocka_unit_test(a_machine_that_tells_a_target_from_itself_ranks_nobody),
        cmocka_unit_test(a_ranking_has_the_percentiles_that_were_asked_for),
        cmocka_unit_test(a_p99_that_is_refused_is_a_dash_with_the_check_that_did),
        cmocka_unit_test(a_large_difference_is_told_as_how_many_times),
        cmocka_unit_test(everything_fits_however_narrow_the_screen),
        cmocka_unit_test(few_trials_get_no_interval),
        cmocka_unit_test(each_server_has_the_interval_its_trials_allow),
        cmocka_unit_test(the_published_table_stands_beside_todays),
        cmocka_unit_test(published_tables_are_csv_as_everyone_writes_it),
        cmocka_unit_test(a_variant_without_figures_stands_beside_published_ones_only_alone),
        cmocka_unit_test(a_published_figure_without_a_load_stands_beside_the_first_by_name),
        cmocka_unit_test(memory_whose_growth_is_not_established_is_0_beside_the_published_figure),
        cmocka_unit_test(a_run_in_markdown_has_headings_and_tables),
        cmocka_unit_test(a_single_load_ends_with_where_it_was_saved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
