/* tests/unit/verdict_course_test.c -- memory and steadiness, on series whose truth is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "records.h"
#include "server/behave.h"
#include "verdict/check_priv.h"
#include "verdict/leak.h"
#include "verdict/limits_around.h"
#include "verdict/steady.h"

#define SECONDS 600
#define PAGE    4096
#define MIB     1048576.0
#define BASE    (30 * 1048576)
#define PER_SEC 1000

static double normal(struct rng *rng)
{
    double radius = sqrt(-2 * log(rng_unit(rng)));

    return radius * cos(2 * 3.14159265358979323846 * rng_unit(rng));
}

/* ---- memory: the oracle's own formulas, read once a second ---- */

struct readings {
    int64_t bytes[SECONDS];
    uint64_t requests[SECONDS];
};

static struct readings oracle_memory(const char *mode, size_t seconds)
{
    struct readings r = { 0 };
    struct behave b = { 0 };
    struct error err;
    uint64_t asked = PER_SEC; /* a second of warm-up */

    if (!behave_add(&b, slice_of(mode), &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < seconds; i++) {
        asked += r.requests[i] = PER_SEC;
        r.bytes[i] =
            BASE + (int64_t)(behave_memory(&b, asked, (int64_t)(i + 2) * SECOND_NS) / PAGE * PAGE);
    }
    return r;
}

static enum leak_kind kind_of(const char *mode, size_t seconds)
{
    struct readings r = oracle_memory(mode, seconds);

    return leak_of(r.bytes, r.requests, seconds).kind;
}

static void a_leak_is_found_and_its_size_within_a_tenth(void **state)
{
    static const struct {
        const char *mode;
        double bytes;
        size_t seconds;
    } cases[] = {
        {"leak:512",   512,  60 },
        { "leak:512",  512,  25 },
        { "leak:4096", 4096, 30 },
        { "leak:64",   64,   120},
        { "leak:512",  512,  600}
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct readings r = oracle_memory(cases[i].mode, cases[i].seconds);
        struct leak leak = leak_of(r.bytes, r.requests, cases[i].seconds);

        assert_int_equal(leak.kind, LEAK_GROWING);
        assert_true(fabs(leak.bytes_per_request / cases[i].bytes - 1) < 0.02);
        assert_true(leak.low <= cases[i].bytes * 1.01 && leak.high >= cases[i].bytes * 0.99);
    }
    (void)state;
}

/* Wherever in the minute it happens. A cache that is full only in the last quarter is not told from
 * a leak. */
static void what_is_not_a_leak_is_not_called_one(void **state)
{
    static const struct {
        const char *mode;
        int begin, end;
    } cases[] = {
        {"onestep:20MiB@%ds",      3, 62},
        { "sawtooth:512,%d000KiB", 1, 31},
        { "plateau:512,%d000KiB",  1, 22},
        { "logcache:8MiB,%d000",   1, 30},
    };
    char mode[64];

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
        for (int i = cases[c].begin; i < cases[c].end; i++) {
            struct slice form = slice_of(cases[c].mode);
            const char *hole = strchr(cases[c].mode, '%');
            int before = (int)(hole - form.ptr);

            snprintf(mode, sizeof(mode), "%.*s%d%s", before, form.ptr, i, hole + 2);
            if (kind_of(mode, 60) == LEAK_GROWING)
                fail_msg("%s is called a leak", mode);
        }
    (void)state;
}

static void a_cache_is_told_by_how_it_grew(void **state)
{
    struct readings r = oracle_memory("plateau:512,14MiB", 60);
    struct leak leak = leak_of(r.bytes, r.requests, 60);

    assert_int_equal(leak.kind, LEAK_STOPPED);
    assert_true(leak.stopped_s > 22 && leak.stopped_s < 30); /* full after 27.7 s */
    assert_int_equal(kind_of("logcache:8MiB,10000", 60), LEAK_SLOWING);
    assert_int_equal(kind_of("sawtooth:512,5000KiB", 60), LEAK_NONE);
    assert_int_equal(kind_of("leak:24", 60), LEAK_NONE); /* 1.4 MiB in all */
    (void)state;
}

static void without_readings_or_requests_nothing_is_known(void **state)
{
    struct readings r = oracle_memory("leak:512", 60);

    assert_int_equal(leak_of(r.bytes, r.requests, 19).kind, LEAK_UNKNOWN);
    assert_int_equal(leak_of(r.bytes, r.requests, 19).points, 19);
    assert_int_equal(leak_of(r.bytes, r.requests, 0).least_bytes, -1);
    for (size_t i = 0; i < 60; i++)
        r.requests[i] = 0;
    assert_int_equal(leak_of(r.bytes, r.requests, 60).kind, LEAK_UNKNOWN);
    for (size_t i = 0; i < 60; i++)
        r.bytes[i] = -1;
    assert_int_equal(leak_of(r.bytes, r.requests, 60).points, 0);
    (void)state;
}

/* Noise of 20 % that remembers: no trend in it. */
static int called_leaks(size_t seconds)
{
    struct rng rng = { 2026 };
    int called = 0;

    for (int run = 0; run < 200; run++) {
        struct readings r;
        double value = normal(&rng);

        for (size_t i = 0; i < seconds; i++) {
            r.bytes[i] = (int64_t)(100 * MIB + 20 * MIB * value);
            r.requests[i] = PER_SEC;
            value = 0.9 * value + sqrt(1 - 0.81) * normal(&rng);
        }
        called += leak_of(r.bytes, r.requests, seconds).kind == LEAK_GROWING;
    }
    return called;
}

static void noise_that_remembers_is_seldom_called_a_leak(void **state)
{
    static const size_t seconds[] = { 20, 31, 60, 90, 300 };

    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
        assert_in_range(called_leaks(seconds[i]), 0, 4); /* 2 % of 200 */
    (void)state;
}

static void memory_is_judged_in_one_sentence(void **state)
{
    static const struct {
        const char *mode;
        uint32_t seconds;
        enum check_state state;
        const char *words;
    } cases[] = {
        {"leak:512",              60, CHECK_WARN,    "grows by 512 B a request (1.72 GiB an hour"     },
        { "leak:512",             12, CHECK_UNKNOWN, "needs 20 readings, a second apart; there are 12"},
        { "plateau:512,14MiB",    60, CHECK_OK,      "to 44.0 MiB and stopped after 2"                },
        { "logcache:8MiB,10000",  60, CHECK_OK,      "ever more slowly"                               },
        { "sawtooth:512,5000KiB", 60, CHECK_OK,      "does not grow steadily"                         },
        { "leak:1",               60, CHECK_OK,      "memory is flat at 30.1 MiB"                     },
        { "leak:512",             0,  CHECK_UNKNOWN, "could not be read"                              },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct readings r = oracle_memory(cases[i].mode, cases[i].seconds);
        struct trial_record *t = good_trial("leaky", 100);
        struct check c;

        t->tally.second_count = cases[i].seconds;
        t->tally.seconds = arena_new(&t->arena, struct tally_second, 60);
        t->points = arena_new(&t->arena, struct series_point, 60);
        for (size_t k = 0; k < cases[i].seconds; k++) {
            t->tally.seconds[k].ok = r.requests[k];
            t->points[k].rss_bytes = r.bytes[k];
        }
        c = check_memory(t);
        if (c.state != cases[i].state || strstr(c.text, cases[i].words) == NULL)
            fail_msg("%s: %s: %s", cases[i].mode, check_state_name(c.state), c.text);
        assert_int_equal(c.remedy[0] == '\0', c.state == CHECK_OK);
        trial_record_free(t);
    }
    (void)state;
}

/* ---- steady ---- */

#define TENTHS_MAX 700

/* Right answers in each tenth of a second of a closed loop with one connection, as the oracle's
 * service times allow; `scatter` is the noise of each tenth. */
struct course {
    uint32_t tenths[TENTHS_MAX];
    size_t count, before;
};

static struct course oracle_course(const char *mode, size_t before, size_t in_window,
                                   double scatter, struct rng *rng)
{
    struct course c = { .count = before + in_window, .before = before };
    struct behave b = { 0 };
    struct behave_state s;
    struct error err;
    int64_t now_ns = 0;
    bool stalled;

    if (!behave_add(&b, slice_of(mode), &err))
        fail_msg("%s", err.text);
    behave_begin(&b, &s, 0);
    while ((now_ns = behave_leaves_ns(&b, &s, now_ns, &stalled)) <
           (int64_t)c.count * (SECOND_NS / 10))
        c.tenths[now_ns / (SECOND_NS / 10)]++;
    for (size_t i = 0; i < c.count; i++)
        c.tenths[i] = (uint32_t)fmax(0, c.tenths[i] * (1 + scatter * normal(rng)));
    return c;
}

static struct steady judged(const struct course *c)
{
    return steady_of_rate(c->tenths, c->count, c->before);
}

static void the_time_to_steady_of_a_warm_up_is_found(void **state)
{
    static const struct {
        const char *mode;
        double tau_s;
    } cases[] = {
        {"warmup:200us,500ms", 0.5},
        { "warmup:200us,1s",   1  },
        { "warmup:200us,3s",   3  }
    };
    struct rng rng = { 1 };

    for (size_t i = 0; i < 3; i++)
        for (double scatter = 0.01; scatter < 0.2; scatter *= 2) {
            struct course c = oracle_course(cases[i].mode, 30, 600, scatter, &rng);
            struct steady s = judged(&c);
            double taus = (double)s.after_ns / SECOND_NS / cases[i].tau_s;

            assert_true(s.known);
            assert_true(s.kind == STEADY_WARMUP || s.kind == STEADY_FLAT);
            /* From two to six, and the batch of half a second that is cut off whole. */
            if (taus < 2 || taus > 6 + 0.5 / cases[i].tau_s)
                fail_msg("%s, noise %.2f: after %.1f tau", cases[i].mode, scatter, taus);
        }
    (void)state;
}

static void a_slow_down_is_told_from_a_server_that_never_settles(void **state)
{
    static const struct {
        const char *mode;
        enum steady_kind kind;
    } cases[] = {
        {"step:200us,1.25x@12s",   STEADY_SLOWDOWN}, /* 12 s of 40 */
        { "step:200us,1.25x@28s",  STEADY_NEVER   },
        { "square:200us,2x/20s",   STEADY_NEVER   },
        { "square:200us,1.3x/16s", STEADY_NEVER   },
        { "md1:200us",             STEADY_FLAT    },
    };
    struct rng rng = { 2 };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (double scatter = 0.01; scatter < 0.17; scatter *= 2) {
            struct course c = oracle_course(cases[i].mode, 40, 360, scatter, &rng);
            struct steady s = judged(&c);

            if (s.kind != cases[i].kind)
                fail_msg("%s, noise %.2f: kind %d", cases[i].mode, scatter, (int)s.kind);
        }
    (void)state;
}

/* Of a short run, neither half of which is slower than the other. */
static void fast_and_slow_by_turns_is_not_steady(void **state)
{
    struct rng rng = { 12 };

    for (double scatter = 0.01; scatter < 0.17; scatter *= 2) {
        struct course c = oracle_course("square:200us,2x/10s", 0, 300, scatter, &rng);
        struct steady s = judged(&c);

        assert_true(s.kind == STEADY_NEVER || s.kind == STEADY_SLOWDOWN);
        assert_true(s.changes > 0 && s.change_share < -0.2);
    }
    (void)state;
}

static struct course noise(size_t count, double scatter, struct rng *rng)
{
    struct course c = { .count = count, .before = count / 11 };

    for (size_t i = 0; i < count; i++)
        c.tenths[i] = (uint32_t)fmax(0, 1000 * (1 + scatter * normal(rng)));
    return c;
}

static bool is_flagged(const struct steady *s)
{
    return s->kind != STEADY_FLAT || fabs(s->bias_share) > STEADY_BIAS_WARN ||
           (s->drift_p < STEADY_DRIFT_P && fabs(s->drift_share) > STEADY_DRIFT_WARN);
}

/* Windows of a second scatter by 5 %. */
static void steady_servers_are_seldom_called_unsteady(void **state)
{
    struct rng rng = { 3 };
    int flagged = 0, restarted = 0;

    for (int run = 0; run < 1000; run++) {
        struct course c = noise(330, 0.05 * sqrt(10), &rng);
        struct steady s = judged(&c);

        flagged += is_flagged(&s);
        restarted += steady_wants_more(c.tenths, 150, c.before);
    }
    assert_in_range(flagged, 0, 20); /* 2 % */
    assert_in_range(restarted, 0, 20);
    (void)state;
}

static void a_step_of_a_tenth_is_found_where_it_is(void **state)
{
    struct rng rng = { 4 };
    int found = 0;

    for (int run = 0; run < 100; run++) {
        struct course c = noise(600, 0.02 * sqrt(10), &rng);
        struct steady s;

        c.before = 0;
        for (size_t i = 300; i < 600; i++)
            c.tenths[i] = (uint32_t)(0.9 * c.tenths[i]);
        s = judged(&c);
        found += s.changes == 1 && llabs(s.change_ns - 30 * SECOND_NS) <= 2 * SECOND_NS &&
                 fabs(s.change_share - -0.1) < 0.02;
    }
    assert_in_range(found, 99, 100);
    (void)state;
}

static void a_step_of_one_in_a_hundred_is_nothing(void **state)
{
    struct rng rng = { 5 };
    struct course c = oracle_course("step:200us,1.01x@20s", 40, 360, 0.001, &rng);
    struct steady s = judged(&c);

    assert_int_equal(s.kind, STEADY_FLAT);
    assert_int_equal(s.changes, 0);
    (void)state;
}

static void what_drifts_is_measured(void **state)
{
    struct rng rng = { 6 };
    struct course c = noise(600, 0.05, &rng);
    struct steady s;

    c.before = 0;
    for (size_t i = 0; i < 600; i++)
        c.tenths[i] = (uint32_t)(c.tenths[i] * (1 - 0.04 * (double)i / 600));
    s = judged(&c);
    assert_true(s.drift_share < -0.03 && s.drift_share > -0.06);
    assert_true(s.drift_p < STEADY_DRIFT_P);
    (void)state;
}

static void a_window_that_began_in_a_warm_up_begins_anew(void **state)
{
    struct rng rng = { 7 };
    struct course c = oracle_course("warmup:200us,3s", 10, 200, 0.02, &rng);

    assert_false(steady_wants_more(c.tenths, 50, 10)); /* too early to tell */
    assert_true(steady_wants_more(c.tenths, 60, 10));
    assert_true(steady_wants_more(c.tenths, 110, 60)); /* and once more */
    assert_false(steady_wants_more(c.tenths, 210, 180));
    c = oracle_course("step:200us,2x@4s", 10, 100, 0.05, &rng);
    assert_false(steady_wants_more(c.tenths, 110, 10)); /* slower: waiting does not mend that */
    (void)state;
}

static void long_runs_are_judged_in_longer_windows(void **state)
{
    enum { HOUR = 36000 };
    static uint32_t tenths[HOUR];
    struct rng rng = { 8 };
    struct steady s;

    for (size_t i = 0; i < HOUR; i++)
        tenths[i] = (uint32_t)((i < 9000 ? 1250 : 1000) * (1 + 0.1 * normal(&rng)));
    s = steady_of_rate(tenths, HOUR, 100);
    assert_int_equal(s.kind, STEADY_SLOWDOWN);
    assert_true(llabs(s.change_ns - 890 * SECOND_NS) <= 60 * SECOND_NS);
    (void)state;
}

/* ---- the check ---- */

static struct trial_record *trial_of(const struct course *c)
{
    struct trial_record *t = good_trial("oracle", 100);

    t->tally.tenths = arena_new(&t->arena, uint32_t, TENTHS_MAX);
    memcpy(t->tally.tenths, c->tenths, sizeof(c->tenths));
    t->tally.tenth_count = (uint32_t)c->count;
    t->tally.tenths_before = (uint32_t)c->before;
    t->tally.window_ns = (int64_t)(c->count - c->before) * (SECOND_NS / 10);
    return t;
}

static void expect_steady(struct trial_record *t, enum check_state state, const char *words)
{
    struct check c = check_steady(t);

    if (c.state != state || strstr(c.text, words) == NULL)
        fail_msg("%s, not %s with '%s': %s", check_state_name(c.state), check_state_name(state),
                 words, c.text);
    assert_int_equal(c.remedy[0] == '\0', state == CHECK_OK);
    trial_record_free(t);
}

static void steadiness_is_judged_in_one_sentence(void **state)
{
    struct trial_record *old = good_trial("old", 100);
    static const struct {
        const char *mode;
        size_t before, in_window;
        enum check_state state;
        const char *words;
    } cases[] = {
        {"md1:200us",             40,  360, CHECK_OK,      "warm-up of 4.0 s left out; steady 0.0 s after" },
        { "warmup:200us,500ms",   40,  360, CHECK_OK,      "no change of level"                            },
        { "warmup:200us,3s",      40,  360, CHECK_WARN,    "before the server was steady"                  },
        { "warmup:200us,3s",      10,  360, CHECK_FAIL,    "% too low"                                     },
        { "step:200us,1.25x@12s", 40,  360, CHECK_FAIL,
         "became slower: throughput fell by 20 % at 8 s"                                                   },
        { "step:200us,1.25x@28s", 40,  360, CHECK_FAIL,
         "no steady state: throughput fell by 20 % at 24 s"                                                },
        { "square:200us,2x/20s",  40,  360, CHECK_FAIL,    "and changed again"                             },
        { "step:200us,1.25x@6s",  120, 360, CHECK_OK,      "steady 6.0 s after"                            },
        { "md1:200us",            10,  100, CHECK_UNKNOWN, "steady 0.0 s after the start; whether it stays"},
        { "md1:200us",            10,  30,  CHECK_UNKNOWN, "whether it stays so needs a window of 30 s"    },
    };
    struct rng rng = { 9 };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct course c =
            oracle_course(cases[i].mode, cases[i].before, cases[i].in_window, 0.01, &rng);

        expect_steady(trial_of(&c), cases[i].state, cases[i].words);
    }
    expect_steady(good_trial("short", 100), CHECK_UNKNOWN, "needs a window of 30 s");
    old->tally.window_ns = 60 * SECOND_NS;
    expect_steady(old, CHECK_UNKNOWN, "was not recorded");
    (void)state;
}

/* 36 s of a thousand in each tenth, times the share of its third: 0 to 12 s, to 24 s, to 36 s. */
static struct trial_record *thirds(double first, double second, double third)
{
    const double shares[] = { first, second, third };
    struct rng rng = { 13 };
    struct course c = noise(360, 0.02, &rng);

    c.before = 0;
    for (size_t i = 0; i < c.count; i++)
        c.tenths[i] = (uint32_t)(c.tenths[i] * shares[i / 120]);
    return trial_of(&c);
}

/* There is no share of nothing. */
static void changes_are_shares_of_the_higher_level(void **state)
{
    expect_steady(thirds(0, 0, 1), CHECK_FAIL,
                  "no steady state: throughput was 100 % lower before 24 s");
    expect_steady(thirds(1, 1, 0), CHECK_FAIL, "no steady state: throughput fell by 100 % at 24 s");
    expect_steady(thirds(1, 0.8, 0.8), CHECK_FAIL, "throughput fell by 20 % at 12 s");
    (void)state;
}

/* It had risen by more before. */
static void a_slow_down_tells_the_largest_change_for_the_worse(void **state)
{
    struct rng rng = { 14 };
    struct course c = noise(360, 0.02, &rng);

    c.before = 0;
    for (size_t i = 0; i < 160; i++)
        c.tenths[i] = (uint32_t)(c.tenths[i] * (i < 80 ? 0.3 : 1.25));
    expect_steady(trial_of(&c), CHECK_FAIL, "became slower: throughput fell by 20 % at 16 s");
    (void)state;
}

/* An open loop that is kept up with: each second has the same number of answers. */
static struct trial_record *open_trial(double (*median_ns)(uint32_t second))
{
    struct rng rng = { 10 };
    struct course c = noise(400, 0.02, &rng);
    struct trial_record *t = trial_of(&c);

    t->load.model = LOAD_OPEN;
    t->tally.second_count = 36;
    t->tally.seconds = arena_new(&t->arena, struct tally_second, 36);
    for (uint32_t i = 0; i < 36; i++) {
        int64_t ns = (int64_t)(median_ns(i) * (1 + 0.03 * normal(&rng)));

        t->tally.seconds[i].ok = 10000;
        t->tally.seconds[i].counts[second_bucket(histogram_index(ns))] = 10000;
    }
    return t;
}

static double same_ns(uint32_t second)
{
    (void)second;
    return 1e6;
}

static double doubled_ns(uint32_t second)
{
    return second < 25 ? 1e6 : 2e6;
}

static double warming_ns(uint32_t second)
{
    return 1e6 * (1 + 2 * exp(-(double)second / 3));
}

static void at_a_given_rate_response_times_tell(void **state)
{
    expect_steady(open_trial(same_ns), CHECK_OK, "median response time drifted by");
    expect_steady(open_trial(doubled_ns), CHECK_FAIL, " % lower before 25 s");
    expect_steady(open_trial(warming_ns), CHECK_FAIL, "% too high");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leak_is_found_and_its_size_within_a_tenth),
        cmocka_unit_test(what_is_not_a_leak_is_not_called_one),
        cmocka_unit_test(a_cache_is_told_by_how_it_grew),
        cmocka_unit_test(without_readings_or_requests_nothing_is_known),
        cmocka_unit_test(noise_that_remembers_is_seldom_called_a_leak),
        cmocka_unit_test(memory_is_judged_in_one_sentence),
        cmocka_unit_test(the_time_to_steady_of_a_warm_up_is_found),
        cmocka_unit_test(a_slow_down_is_told_from_a_server_that_never_settles),
        cmocka_unit_test(fast_and_slow_by_turns_is_not_steady),
        cmocka_unit_test(steady_servers_are_seldom_called_unsteady),
        cmocka_unit_test(a_step_of_a_tenth_is_found_where_it_is),
        cmocka_unit_test(a_step_of_one_in_a_hundred_is_nothing),
        cmocka_unit_test(what_drifts_is_measured),
        cmocka_unit_test(a_window_that_began_in_a_warm_up_begins_anew),
        cmocka_unit_test(long_runs_are_judged_in_longer_windows),
        cmocka_unit_test(steadiness_is_judged_in_one_sentence),
        cmocka_unit_test(at_a_given_rate_response_times_tell),
        cmocka_unit_test(changes_are_shares_of_the_higher_level),
        cmocka_unit_test(a_slow_down_tells_the_largest_change_for_the_worse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
