/* tests/unit/audit_test.c -- what other people's tools printed, and what is said about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "audit/audit.h"

#define FILES_MAX 4

/* ---- helpers ---- */

static void near_at(double got, double expected, double slack, int line)
{
    if (!(fabs(got - expected) <= slack))
        fail_msg("line %d: %.9g, not %.9g", line, got, expected);
}

#define assert_near(got, expected, slack) near_at(got, expected, slack, __LINE__)

static struct audit begin(void)
{
    struct audit a;
    struct error err;

    if (!audit_init(&a, &err))
        fail_msg("%s", err.text);
    return a;
}

static void judge(struct audit *a)
{
    struct error err;

    if (!audit_judge(a, &err))
        fail_msg("%s", err.text);
}

static void add_text(struct audit *a, const char *name, const char *text)
{
    struct error err;

    if (!audit_add(a, name, slice_of(text), &err))
        fail_msg("%s", err.text);
}

/* In memory of its very size, so that a sanitizer sees a read beyond it. */
static char *read_data(const char *name, size_t *ret_len)
{
    const char *data = getenv("ASSAY_TEST_DATA");
    char path[512];
    char *text;
    FILE *in;

    snprintf(path, sizeof(path), "%s/audit/%s", data == NULL ? "tests/data" : data, name);
    in = fopen(path, "r");
    if (in == NULL)
        fail_msg("no %s", path);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    *ret_len = (size_t)ftell(in);
    rewind(in);
    text = malloc(*ret_len);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, *ret_len, in), *ret_len);
    fclose(in);
    return text;
}

static void add_data(struct audit *a, const char *name)
{
    struct error err;
    size_t len;
    char *text = read_data(name, &len);

    if (!audit_add(a, name, (struct slice){ text, len }, &err))
        fail_msg("%s", err.text);
    free(text);
}

static struct audit audit_of(const char *const *names)
{
    struct audit a = begin();

    for (size_t i = 0; i < FILES_MAX && names[i] != NULL; i++)
        add_data(&a, names[i]);
    judge(&a);
    return a;
}

static struct audit audit_of_text(const char *text)
{
    struct audit a = begin();

    add_text(&a, "it", text);
    judge(&a);
    return a;
}

/* The nth finding of this kind, from 1; NULL when there are fewer. */
static const struct audit_finding *find(const struct audit *a, enum audit_kind kind, size_t nth)
{
    for (size_t i = 0; i < a->finding_count; i++)
        if (a->findings[i].kind == kind && --nth == 0)
            return &a->findings[i];
    return NULL;
}

static const struct audit_finding *must_find(const struct audit *a, enum audit_kind kind,
                                             size_t nth)
{
    const struct audit_finding *f = find(a, kind, nth);

    if (f == NULL)
        fail_msg("no finding %zu of kind %s", nth, audit_kind_id(kind));
    return f;
}

static size_t accusations(const struct audit *a)
{
    return audit_count(a, AUDIT_IMPOSSIBLE) + audit_count(a, AUDIT_INCOMPARABLE);
}

/* ---- reading ---- */

static void every_tool_is_recognised_and_its_figures_taken(void **state)
{
    static const double no = FIGURE_NONE;
    static const struct {
        const char *file, *tool;
        double rate, connections, seconds, requests, wrong, mean_ns, max_ns, total, body;
    } expected[] = {
        {"wrk.txt",       "wrk",      121162.35,  16, 2.10,     254451, no,   105170,   4280000,  162.0, no  },
        { "wrk2.txt",     "wrk2",     1994.35,    16, 12.00,    23934,  no,   739840,   2580000,  162.1, no  },
        { "wrk2-u.txt",   "wrk2",     1994.35,    16, 12.00,    23934,  no,   739840,   2580000,  162.1, no  },
        { "ab.txt",       "ab",       82981.01,   16, 0.241,    20000,  0,    0,        1000000,  162,   14  },
        { "siege.txt",    "siege",    11737.59,   no, 1.41,     16550,  no,   0,        10000000, no,    13.9},
        { "h2load.txt",   "h2load",   92750.18,   16, 0.21563,  20000,  0,    171000,   2660000,  162,   14  },
        { "weighttp.txt", "weighttp", 103820,     16, 0.192641, 20000,  0,    148000,   1224000,  162,   14  },
        { "hey.txt",      "hey",      34244.8616, no, 2.0012,   68530,  0,    500000,   5600000,  no,    14  },
        { "oha.txt",      "oha",      10000,      no, 2,        20000,  1950, 1100000,  16100000, no,    13.9},
        { "oha.json",     "oha",      10000,      no, 2,        20000,  0,    1190000,  16100000, no,    14  },
        { "gcannon.json", "gcannon",  88551.38,   16, 2.001,    177150, 0,    180000,   no,       162,   no  },
        { "h1load.txt",   "h1load",   142000,     16, no,       237665, no,   112000,   no,       162,   no  },
        { "ab-half.txt",  "ab",       1728.59,    4,  0.231,    400,    200,  2000000,  22000000, 157.5, 17  },
        { "hey-half.txt", "hey",      91.1502,    no, 5.4855,   500,    250,  43900000, 48800000, no,    17  },
    };

    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        const char *const files[] = { expected[i].file, NULL };
        struct audit a = audit_of(files);
        const struct audit_result *r = a.results;
        const double pairs[][2] = {
            {r->rate_per_sec.value,      expected[i].rate       },
            { r->connections.value,      expected[i].connections},
            { r->seconds.value,          expected[i].seconds    },
            { r->requests.value,         expected[i].requests   },
            { r->wrong.value,            expected[i].wrong      },
            { r->mean_ns.value,          expected[i].mean_ns    },
            { r->max_ns.value,           expected[i].max_ns     },
            { audit_total_each(r).value, expected[i].total      },
            { audit_body_each(r).value,  expected[i].body       },
        };

        assert_int_equal(a.result_count, 1);
        assert_string_equal(r->tool, expected[i].tool);
        for (size_t p = 0; p < sizeof(pairs) / sizeof(pairs[0]); p++) {
            double got = pairs[p][0], want = pairs[p][1];

            if (isnan(got) != isnan(want) || fabs(got - want) > 0.001 * want + 0.05 * (p > 6))
                fail_msg("%s, figure %zu: %g, not %g", expected[i].file, p, got, want);
        }
        audit_release(&a);
    }
    (void)state;
}

static void a_line_says_what_it_says(void **state)
{
    static const struct {
        int line;
        const char *text;
        double connections, streams, rate, mean_ns, lost;
        bool open_loop;
    } table[] = {
        {__LINE__,  "$ wrk -t2 -c50 http://h/\nMaking 10 requests to http://h/\nRequests/sec: 9",
         50,                                                                                                      1,           9,     FIGURE_NONE, FIGURE_NONE, false},
        { __LINE__, "wrk -s p.lua -c 8 http://h/\nRunning 1s test @ http://h/\nRequests/sec: 9",     8,
         FIGURE_NONE,                                                                                                          9,     FIGURE_NONE, FIGURE_NONE, false},
        { __LINE__, "Running 1s test @ http://h/\nLatency 1.27m 2s 3.5h 1%\nRequests/sec: 9",
         FIGURE_NONE,                                                                                             1,           9,     76.2e9,      FIGURE_NONE, false},
        { __LINE__,
         "Running 1s test @ u\nSocket errors: connect 1, read 2, write 3, timeout 4\n"
          "Requests/sec: 9",                                                                         FIGURE_NONE, 1,           9,     FIGURE_NONE, 10,          false},
        { __LINE__, "finished in 1.20s, 800.00 req/s, 1.0MB/s",                                      FIGURE_NONE, FIGURE_NONE, 800,
         FIGURE_NONE,                                                                                                                              FIGURE_NONE, false},
        { __LINE__, "h2load -c4 -m10 http://h\nfinished in 1.20s, 800.00 req/s, 1.0MB/s",            4,           10,
         800,                                                                                                                         FIGURE_NONE, FIGURE_NONE, false},
        { __LINE__,
         "spawning thread #0: 4 total client(s). 9 total requests\n"
          "spawning thread #1: 3 total client(s). 9 total requests\n"
          "finished in 1.20s, 800.00 req/s, 1.0MB/s",                                                7,           FIGURE_NONE, 800,   FIGURE_NONE, FIGURE_NONE, false},
        { __LINE__,
         "finished in 1.20s, 800.00 req/s, 1.0MB/s\n"
          "time for request: 1ms 9ms 2ms 5ms 8ms 3ms 1ms 90%",                                       FIGURE_NONE, FIGURE_NONE, 800,   3e6,         FIGURE_NONE, false},
        { __LINE__, "hey -c 30 -q 10 http://h/\nSummary:\n  Average: 0.5 secs\n  Requests/sec: 300",
         30,                                                                                                      1,           300,   0.5e9,       FIGURE_NONE, true },
        { __LINE__,
         "** Preparing 25 concurrent users for battle.\nTransactions: 10 hits\n"
          "Transaction rate: 5 trans/sec\nFailed transactions: 3",                                   25,          1,           5,     FIGURE_NONE, 3,           false},
        { __LINE__,
         "# time conns tot_conn tot_req tot_bytes err cps rps Bps bps ttfb ttlb\n"
          "1 2 2 100 5 1 2 94k3 1 1 1m 1.5m\n2 2 2 200 5 1 2 5k19 1 1 1m 9.5m",                      2,           1,           94300, 1.5e6,       1,           false},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct audit a = audit_of_text(table[i].text);
        const struct audit_result *r = a.results;
        const double pairs[][2] = {
            {r->connections.value,   table[i].connections},
            { r->streams.value,      table[i].streams    },
            { r->rate_per_sec.value, table[i].rate       },
            { r->mean_ns.value,      table[i].mean_ns    },
            { r->lost.value,         table[i].lost       }
        };

        for (size_t p = 0; p < sizeof(pairs) / sizeof(pairs[0]); p++)
            if (isnan(pairs[p][0]) != isnan(pairs[p][1]) ||
                fabs(pairs[p][0] - pairs[p][1]) > 1e-9 * pairs[p][1])
                fail_msg("line %d, figure %zu: %g", table[i].line, p, pairs[p][0]);
        assert_int_equal(r->open_loop, table[i].open_loop);
        audit_release(&a);
    }
    (void)state;
}

static void a_sentence_about_a_tool_is_no_command(void **state)
{
    struct audit a = audit_of_text("weighttp - a lightweight tool\n# wrk results\n"
                                   "Running 1s test @ http://h/a/b?c\nRequests/sec: 9\n");

    assert_true(isnan(a.results[0].connections.value));
    assert_string_equal(a.results[0].section, "wrk results");
    assert_string_equal(a.results[0].path, "/a/b?c");
    audit_release(&a);
    (void)state;
}

static void a_result_knows_its_line_its_heading_and_its_place(void **state)
{
    static const char *const files[] = { "wsgi-servers-2013.txt", NULL };
    struct audit a = audit_of(files);
    const struct audit_result *last = &a.results[a.result_count - 1];

    assert_int_equal(a.result_count, 70);
    assert_string_equal(last->section, "Incremental load against gevent_virtuoso2.py");
    assert_int_equal(last->line, 540);
    assert_int_equal(last->nth, 5);
    assert_int_equal(last->of, 5);
    audit_release(&a);
    (void)state;
}

static void tables_are_read_wide_and_long(void **state)
{
    static const char wide[] = "name;connections;rps;mean (ms);p99_ms;errors;requests\r\n"
                               "\"a; b\";4;1000;2.5;9;3;5000\r\n\r\nc;4;900*;;;;\r\n";
    static const char long_one[] =
        "target,workload,load,metric,value,unit,note\n"
        "gin,,wrk,throughput_per_sec,\"54,471.39\",1/s,\"a \"\"note\"\", and\nmore\"\n"
        "gin,,wrk,mean_ms,2.64,ms,\ngin,,wrk,correction,,,no figure\n"
        "gin,,wrk,throughput_per_sec,50000,1/s,again\n";
    struct audit a = audit_of_text(wide), b = audit_of_text(long_one);

    assert_int_equal(a.result_count, 2);
    assert_string_equal(a.results[0].target, "a; b");
    assert_string_equal(a.results[0].series, "rps");
    assert_near(a.results[0].mean_ns.value, 2.5e6, 0);
    assert_near(a.results[0].percentiles[0].q, 0.99, 1e-12);
    assert_near(a.results[0].wrong.value, 3, 0);
    assert_near(a.results[1].rate_per_sec.value, 900, 0);
    assert_int_equal(a.results[1].line, 4);
    assert_true(isnan(a.results[1].mean_ns.value));
    audit_release(&a);
    assert_int_equal(b.result_count, 2);
    assert_near(b.results[0].rate_per_sec.value, 54471.39, 1e-9);
    assert_near(b.results[0].mean_ns.value, 2.64e6, 1e-6);
    assert_string_equal(b.results[0].series, "wrk");
    assert_int_equal(b.results[1].line, 6);
    audit_release(&b);
    (void)state;
}

static void the_rate_that_was_asked_for_is_no_result(void **state)
{
    struct audit a = audit_of_text("target,model,connections,rate_per_sec,throughput_per_sec,"
                                   "response_mean_ns,service_p50_ns\nx,open,2,400,399,9000000,1\n");

    assert_int_equal(a.result_count, 1);
    assert_near(a.results[0].rate_per_sec.value, 399, 0);
    assert_near(a.results[0].mean_ns.value, 9e6, 0);
    assert_true(a.results[0].open_loop);
    assert_int_equal(accusations(&a), 0);
    audit_release(&a);
    (void)state;
}

static void what_is_no_result_is_refused_and_told_what_was_looked_for(void **state)
{
    static const char *const texts[] = { "",
                                         "hello\nworld\n",
                                         "{\"a\": 1}",
                                         "a,b\n1,2\n",
                                         "Summary:\nnothing\n",
                                         "Running 1s test @ http://h/\n",
                                         "target,rps\n",
                                         "\n\n\n",
                                         "{{{{\n{",
                                         "target,rps\nx,fast\n" };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct audit a = begin();
        struct error err = { .usage = false };

        if (audit_add(&a, "it", slice_of(texts[i]), &err))
            fail_msg("taken: %s", texts[i]);
        assert_true(err.usage);
        assert_non_null(strstr(err.text, "it: no result"));
        assert_non_null(strstr(err.text, "ApacheBench"));
        assert_non_null(strstr(err.text, "CSV"));
        assert_int_equal(a.result_count, 0);
        audit_release(&a);
    }
    (void)state;
}

static void more_results_than_the_limit_are_refused_with_the_number(void **state)
{
    static const char line[] = "x,1\n";
    size_t lines = AUDIT_RESULTS_MAX + 1, len = strlen("target,rps\n");
    char *text = malloc(len + lines * strlen(line));
    struct audit a = begin();
    struct error err;

    assert_non_null(text);
    memcpy(text, "target,rps\n", len);
    for (size_t i = 0; i < lines; i++, len += strlen(line))
        memcpy(text + len, line, strlen(line));
    assert_false(audit_add(&a, "it", (struct slice){ text, len }, &err));
    assert_non_null(strstr(err.text, "2000"));
    assert_true(audit_add(&a, "it", (struct slice){ text, len - strlen(line) }, &err) ||
                strstr(err.text, "2000") != NULL);
    audit_release(&a);
    free(text);
    (void)state;
}

/* Whatever is cut off, what is left is read or refused, and never read beyond. */
static void a_text_may_end_anywhere(void **state)
{
    static const char *const files[] = {
        "wrk.txt", "ab.txt",       "siege.txt",  "h2load.txt", "weighttp.txt",       "hey.txt",
        "oha.txt", "gcannon.json", "h1load.txt", "oha.json",   "frameworks-2012.csv"
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        size_t len;
        char *whole = read_data(files[i], &len);

        for (size_t cut = 0; cut < len; cut += 17) {
            char *text = malloc(cut + 1);
            struct audit a = begin();
            struct error err;

            assert_non_null(text);
            memcpy(text + 1, whole, cut);
            if (audit_add(&a, "it", (struct slice){ text + 1, cut }, &err))
                judge(&a);
            audit_release(&a);
            free(text);
        }
        free(whole);
    }
    (void)state;
}

/* ---- the published studies ---- */

static void gin_and_flask(void **state)
{
    static const char *const files[] = { "gin-flask-2019-gin.wrk.txt",
                                         "gin-flask-2019-flask.wrk.txt", NULL };
    struct audit a = audit_of(files);
    const struct audit_finding *flight = must_find(&a, AUDIT_IN_FLIGHT, 1);
    const struct audit_finding *bytes = must_find(&a, AUDIT_BYTES, 1);

    assert_ptr_equal(flight->about, &a.results[0]);
    assert_near(flight->value, 143.8, 0.05);
    assert_near(flight->limit, 32, 0);
    assert_string_equal(flight->what, "143.8 requests in flight on 32 connections");
    assert_string_equal(flight->arithmetic, "54,471.39/s × 2.64ms = 143.8, more than 32");
    assert_null(find(&a, AUDIT_IN_FLIGHT, 2));
    assert_near(audit_in_flight(&a.results[1]), 31.9, 0.05);
    assert_true(audit_fits(&a.results[1]));
    assert_string_equal(bytes->what, "179.0 against 141.0 bytes an answer");
    assert_non_null(strstr(bytes->means, "Connection: close"));
    assert_near(must_find(&a, AUDIT_SYNTHETIC, 1)->value, 101, 0);
    assert_int_equal(accusations(&a), 2);
    audit_release(&a);
    (void)state;
}

static void tornado_and_gevent(void **state)
{
    static const char *const files[] = { "wsgi-servers-2013.txt", NULL };
    static const struct {
        const char *section;
        unsigned nth; /* of 10, 20, 30, 40 and 50 connections */
        double right, printed;
    } errors[] = {
        {"Incremental load against gevent_virtuoso.py",   4, 266.7, 308},
        { "Incremental load against gevent_virtuoso.py",  5, 203.1, 256},
        { "Incremental load against gevent_virtuoso2.py", 3, 403.9, 413},
        { "Incremental load against gevent_virtuoso2.py", 4, 275.4, 310},
        { "Incremental load against gevent_virtuoso2.py", 5, 276.8, 311},
    };
    struct audit a = audit_of(files);
    const struct audit_finding *loads = must_find(&a, AUDIT_LOADS, 1);

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        const struct audit_finding *f = must_find(&a, AUDIT_ERRORS, i + 1);

        assert_string_equal(f->about->section, errors[i].section);
        assert_int_equal(f->about->nth, errors[i].nth);
        assert_near(f->limit, errors[i].right, 0.05);
        assert_near(f->value, errors[i].printed, 0);
        assert_non_null(strstr(f->what, "of 5xx"));
    }
    assert_null(find(&a, AUDIT_ERRORS, 6));
    assert_string_equal(loads->what, "loads of 5 and 50 connections under one heading");
    /* The study printed these three as if they were rates of one load. */
    assert_near(must_find(&a, AUDIT_LOADS, 2)->value, 900.48, 0.02);
    assert_near(must_find(&a, AUDIT_LOADS, 4)->value, 436.85, 0.005);
    assert_near(must_find(&a, AUDIT_LOADS, 5)->value, 522.32, 0.005);
    assert_string_equal(must_find(&a, AUDIT_BYTES, 2)->what,
                        "350.0 against 184.0 bytes of body an answer");
    /* 60.1 of 50 from sampled latencies; 51.5 of 50, within the sampling, is let be. */
    assert_int_equal(audit_count(&a, AUDIT_IMPOSSIBLE), 1);
    audit_release(&a);
    (void)state;
}

static void one_ceiling_for_five_frameworks(void **state)
{
    static const char *const files[] = { "frameworks-2012.csv", NULL };
    struct audit a = audit_of(files);
    const struct audit_finding *f = must_find(&a, AUDIT_CEILING, 1);

    assert_string_equal(f->what, "one ceiling for five targets in network rps cp2.7: wsgi, "
                                 "wheezy.web, bottle, pyramid, bobo");
    assert_non_null(strstr(f->arithmetic, "33-fold"));
    assert_int_equal(accusations(&a), 3); /* one for each interpreter; none in-process */
    audit_release(&a);
    (void)state;
}

static void honest_output_is_not_accused(void **state)
{
    static const char *const files[] = { "ab.txt",   "gcannon.json", "h1load.txt",   "h2load.txt",
                                         "hey.txt",  "siege.txt",    "weighttp.txt", "wrk.txt",
                                         "wrk2.txt", "wrk2-u.txt" };
    struct audit all = begin();

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const char *const one[] = { files[i], NULL };
        struct audit a = audit_of(one);

        if (accusations(&a) > 0)
            fail_msg("%s: %s", files[i], a.findings[0].what);
        audit_release(&a);
        add_data(&all, files[i]);
    }
    judge(&all);
    if (accusations(&all) > 0)
        fail_msg("together: %s", all.findings[0].what);
    audit_release(&all);
    (void)state;
}

/* The second one leaves out the waiting for a late start. */
static void of_the_two_lists_of_wrk2_the_recorded_one_is_taken(void **state)
{
    static const char *const files[] = { "wrk2.txt", "wrk2-u.txt", NULL };
    struct audit a = audit_of(files);
    const struct audit_result *r = a.results;

    assert_int_equal(a.result_count, 2);
    assert_int_equal(r[1].percentile_count, r[0].percentile_count);
    assert_int_equal(r[1].samples.value, 3843);
    for (size_t i = 0; i < r[0].percentile_count; i++)
        assert_true(r[1].percentiles[i].ns.value >= r[0].percentiles[i].ns.value &&
                    r[1].percentiles[i].ns.value <= r[0].percentiles[i].ns.value);
    audit_release(&a);
    (void)state;
}

/* ---- each check, red and green ---- */

#define WRK(connections, latency, rate)                                                         \
    "Running 10s test @ http://h/\n1 threads and " connections " connections\nLatency " latency \
    " 1ms 9ms 90%\nRequests/sec: " rate "\n"

static void each_check_speaks_when_it_should_and_only_then(void **state)
{
    static const struct {
        int line;
        enum audit_kind kind;
        bool found;
        const char *text;
    } table[] = {
        {__LINE__,         AUDIT_IN_FLIGHT, true,            WRK("10",                                                       "5.00ms", "2200") },
        { __LINE__,         AUDIT_IN_FLIGHT,                       false,                              WRK("10",                                                                     "5.00ms", "2090") },
        { __LINE__,        AUDIT_IN_FLIGHT,               false,
         "wrk -s p.lua http://h/\n" WRK("10","5.00ms", "9000") },
        { __LINE__,AUDIT_IN_FLIGHT,false,
         "hey -c 10 http://h/\nSummary:\nAverage: 0.0002 secs\nRequests/sec: 60000"                                                                                   },
        { __LINE__,               AUDIT_IN_FLIGHT,                      true,
         "hey -c 10 http://h/\nSummary:\nAverage: 0.0002 secs\nRequests/sec: 80000"                                                                                                },
        { __LINE__,               AUDIT_IDLE,                      true,        WRK("10","1.00ms", "4000") },
        { __LINE__,               AUDIT_IDLE,                      false,             WRK("10","1.00ms", "6000") },
        { __LINE__,        AUDIT_IDLE,                false,                              "wrk -R4000 http://h/\n" WRK("10",                                                                                                                          "1.00ms", "4000") },
        { __LINE__,           AUDIT_SYNTHETIC,true,WRK("10",                                                                                             "1.00ms", "5000") },
        { __LINE__,        AUDIT_SYNTHETIC,      false, WRK("90", "1.00ms", "5000") },
        { __LINE__,         AUDIT_SUMS,                       true,
         "Running 1s test @ u\n1000 requests in 10.00s, 1MB read\nRequests/sec: 110.0"                                                                  },
        { __LINE__,        AUDIT_SUMS,               false,
         "Running 1s test @ u\n1000 requests in 10.00s, 1MB read\nRequests/sec: 101.0"},
        { __LINE__,AUDIT_SUMS,false,
         "Running 1s test @ u\n10002 requests in 1.27m, 1MB read\nRequests/sec: 130.91"                                                           },
        { __LINE__,               AUDIT_ORDER,                      true,
         "Summary:\nAverage: 0.05 secs\nSlowest: 0.03 secs\nRequests/sec: 9"                                                      },
        { __LINE__,               AUDIT_ORDER,                      false,
         "Summary:\nAverage: 0.05 secs\nSlowest: 0.05 secs\nRequests/sec: 9"},
        { __LINE__,               AUDIT_ORDER,                      true,
         "Summary:\n50% in 0.30 secs\n90% in 0.20 secs\nRequests/sec: 9"                                                                                             },
        { __LINE__,               AUDIT_ORDER,                      false,
         "Summary:\n50% in 0.20 secs\n90% in 0.20 secs\nRequests/sec: 9"},
        { __LINE__,               AUDIT_ERRORS,                      true,
         "Running 1s test @ u\n1000 requests in 10.00s, 1MB read\nNon-2xx or 3xx responses: 9\n"
          "Requests/sec: 100.00"},
        { __LINE__,               AUDIT_ERRORS,                      false,
         "Running 1s test @ u\n1000 requests in 10.00s, 1MB read\nNon-2xx or 3xx responses: 9\n"
          "Requests/sec: 99.10"                                                    },
        { __LINE__,               AUDIT_LEFT_OUT,                      true,
         "Running 1s test @ u\n1000 requests in 10.00s, 1MB read\nNon-2xx or 3xx responses: 9\n"
          "Requests/sec: 99.10"},
        { __LINE__,               AUDIT_LEFT_OUT,                      true,
         "Transactions: 10 hits\nTransaction rate: 5 trans/sec\nFailed transactions: 3"                                                          },
        { __LINE__,               AUDIT_LEFT_OUT,                      false,
         "Transactions: 10 hits\nTransaction rate: 5 trans/sec\nFailed transactions: 0"                                                     },
        { __LINE__,               AUDIT_LENGTHS,                      true,
         "This is ApacheBench\nTime taken for tests: 10 seconds\nComplete requests: 100\n"
          "(Connect: 0, Receive: 0, Length: 40, Exceptions: 0)\nRequests per second: 10"},
        { __LINE__,               AUDIT_LENGTHS,                      false,         /* the other lengths are those of the errors */
          "This is ApacheBench\nTime taken for tests: 10 seconds\nComplete requests: 100\n"
          "(Connect: 0, Receive: 0, Length: 40, Exceptions: 0)\nNon-2xx responses: 40\n"
          "Requests per second: 10"                                                                                           },
        { __LINE__,               AUDIT_SAMPLES,                      true,
         "Summary:\n99% in 0.20 secs\nRequests/sec: 9\n[200] 999 responses"},
        { __LINE__,               AUDIT_SAMPLES,                      false,
         "Summary:\n99% in 0.20 secs\nRequests/sec: 9\n[200] 1000 responses"},
        { __LINE__,               AUDIT_ROUNDING,                      true,          "Summary:\nAverage: 0.0009 secs\nRequests/sec: 9"                                                    },
        { __LINE__,               AUDIT_ROUNDING,                      false,          "Summary:\nAverage: 0.0011 secs\nRequests/sec: 9"},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct audit a = audit_of_text(table[i].text);

        if ((find(&a, table[i].kind, 1) != NULL) != table[i].found)
            fail_msg("line %d: %s", table[i].line, table[i].found ? "not found" : "found");
        audit_release(&a);
    }
    (void)state;
}

#define AB(kept, bytes)                                                                         \
    "This is ApacheBench\nDocument Path: /\nComplete requests: 100\nKeep-Alive requests: " kept \
    "\nTotal transferred: " bytes " bytes\nRequests per second: 10\n"

static void results_are_held_against_each_other(void **state)
{
    static const struct {
        int line;
        enum audit_kind kind;
        bool found;
        const char *text;
    } table[] = {
        {__LINE__,                                                          AUDIT_CONNECTIONS,                  true,                                                                                       AB("100","9000") AB("0", "9000") },
        { __LINE__,                                                          AUDIT_CONNECTIONS,                                                                                           false,                                                                                                                                                                             AB("100","9000") AB("99", "9000") },
        { __LINE__,                                                         AUDIT_BYTES,                                                                            true,AB("100","9000") AB("100", "9102") },
        { __LINE__,AUDIT_BYTES,false,                                                 AB("100","9000") AB("100", "9098") },
        { __LINE__,                                                                AUDIT_BYTES,                                                                                          false,                                                                                                                                                                            /* another path is other work by intent */
          "Running 1s test @ http://h/a\n100 requests in 1s, 1.00MB read\nRequests/sec: 100\n"
          "Running 1s test @ http://h/b\n100 requests in 1s, 2.00MB read\nRequests/sec: 100\n"},
        { __LINE__,                                                 AUDIT_LOADS,                                                                            true,
         "## a\n" WRK("5",            "1ms", "9") WRK("50", "1ms", "9") WRK("50", "1ms", "9") },
        { __LINE__,                                                            AUDIT_LOADS,false, /* a series of loads */
          "## a\n" WRK("5","1ms", "9") WRK("50", "1ms", "9") WRK("500", "1ms", "9") },
        { __LINE__,                                                             AUDIT_LOADS,                                                                                      false,                                                                                                                                                                           /* nothing says that they belong together */
          WRK("5","1ms", "9") WRK("50", "1ms", "9") WRK("50", "1ms", "9") },
        { __LINE__,                                                    AUDIT_LOADS,                                                                                 false,
         "## a\n" WRK("5","1ms", "9") "## b\n" WRK("50", "1ms", "9") WRK("50", "1ms", "9") },
        { __LINE__,AUDIT_LOADS,                                                                                                                 true,                                                                                                                                                                                  "target,users,rps\na,5,9\na,50,9\na,50,9\n"                                                                                                                                                                                   },
        { __LINE__,                                                            AUDIT_CEILING,                                                                                true,
         "target,rps,alone rps\na,100,1000\nb,99,500\nc,98,300\nd,20,20\n"},
        { __LINE__,                                                         AUDIT_CEILING,                    false,
         "target,rps,alone rps\na,100,1000\nb,99,900\nc,98,800\nd,20,20\n"},
        { __LINE__,                                                    AUDIT_PLATEAU,                                                                                 true,                                                                                                                                                              "target,rps\na,100\nb,99\nc,90\nd,85\ne,81\nf,20\n"},
        { __LINE__,                                                                AUDIT_PLATEAU,                                                                                          false,                                                                                                                      "target,rps\na,100\nb,99\nc,90\nd,85\ne,79\nf,20\n"},
        { __LINE__,                                                            AUDIT_PLATEAU,                                                                        true,                                                                                                                                                             "target,rps\na,100\nb,99\nc,98.5\n"},
        { __LINE__,                                                             AUDIT_PLATEAU,                                                                                              false,                                                                                                                                                                                "target,rps\na,100\nb,99\nc,97\n"},
        { __LINE__,                      AUDIT_PLATEAU,                                                       false,/* one target under three names of one family */
          "target,rps\na-1,100\na-2,99\nb-3,98.5\n"},
        { __LINE__, AUDIT_PLATEAU,                                  true,                                                                                                                    /* unless there are no families */
          "target,rps\nserver-1,100\nserver-2,99\nserver-3,98.5\n"},
        { __LINE__, AUDIT_PLATEAU,                                  false,                                                                                                                    /* the rate is what was asked for */
          "target,model,rps\na,open,100\nb,open,100\nc,open,100\n"                                                 },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct audit a = audit_of_text(table[i].text);

        if ((find(&a, table[i].kind, 1) != NULL) != table[i].found)
            fail_msg("line %d: %s", table[i].line, table[i].found ? "not found" : "found");
        audit_release(&a);
    }
    (void)state;
}

/* h2load's rate, against what its own manual lets one think, counts failures. */
static void the_arithmetic_tells_whether_a_rate_counts_errors(void **state)
{
    static const char *const files[] = { "wrk-half.txt", "ab-half.txt", "h2load-half.txt", NULL };
    static const char *const siege[] = { "siege-half.txt", NULL };
    struct audit a = audit_of(files), b = audit_of(siege);

    for (size_t i = 0; i < 3; i++) {
        const struct audit_finding *f = must_find(&a, AUDIT_ERRORS, i + 1);

        assert_near(f->limit, f->value / 2, 0.01 * f->value);
    }
    assert_null(find(&b, AUDIT_ERRORS, 1));
    assert_near(must_find(&b, AUDIT_LEFT_OUT, 1)->value, 564, 0);
    audit_release(&a);
    audit_release(&b);
    (void)state;
}

static void findings_come_worst_first(void **state)
{
    static const char *const files[] = { "wsgi-servers-2013.txt", "gin-flask-2019-gin.wrk.txt",
                                         NULL };
    struct audit a = audit_of(files);

    for (size_t i = 1; i < a.finding_count; i++)
        assert_true(audit_kind_level(a.findings[i - 1].kind) <=
                    audit_kind_level(a.findings[i].kind));
    assert_int_equal(audit_count(&a, AUDIT_IMPOSSIBLE), 2);
    audit_release(&a);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tool_is_recognised_and_its_figures_taken),
        cmocka_unit_test(a_line_says_what_it_says),
        cmocka_unit_test(a_sentence_about_a_tool_is_no_command),
        cmocka_unit_test(a_result_knows_its_line_its_heading_and_its_place),
        cmocka_unit_test(tables_are_read_wide_and_long),
        cmocka_unit_test(the_rate_that_was_asked_for_is_no_result),
        cmocka_unit_test(what_is_no_result_is_refused_and_told_what_was_looked_for),
        cmocka_unit_test(more_results_than_the_limit_are_refused_with_the_number),
        cmocka_unit_test(a_text_may_end_anywhere),
        cmocka_unit_test(gin_and_flask),
        cmocka_unit_test(tornado_and_gevent),
        cmocka_unit_test(one_ceiling_for_five_frameworks),
        cmocka_unit_test(honest_output_is_not_accused),
        cmocka_unit_test(of_the_two_lists_of_wrk2_the_recorded_one_is_taken),
        cmocka_unit_test(each_check_speaks_when_it_should_and_only_then),
        cmocka_unit_test(results_are_held_against_each_other),
        cmocka_unit_test(the_arithmetic_tells_whether_a_rate_counts_errors),
        cmocka_unit_test(findings_come_worst_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
