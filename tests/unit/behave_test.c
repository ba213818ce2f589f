/* The oracle's modes against their formulas, with a virtual clock. Seeds are fixed: what passes
 * once passes always. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "server/behave.h"
#include "stats/histogram.h"

#define LINES(array) (sizeof(array) / sizeof((array)[0]))

static struct behave told(const char *modes)
{
    struct behave b = { .seed = 1 };

    while (*modes != '\0') {
        size_t len = strcspn(modes, " ");
        struct error err = { 0 };

        if (!behave_add(&b, (struct slice){ modes, len }, &err))
            fail_msg("%s", err.text);
        modes += len + (modes[len] == ' ');
    }
    return b;
}

static void near(int line, double got, double expected, double share)
{
    if (!(fabs(got - expected) <= share * fabs(expected)))
        fail_msg("line %d: got %g, expected %g within %g %%", line, got, expected, share * 100);
}

/* ---- modes as text ---- */

static void every_form_is_understood(void **state)
{
    static const char *const modes[] = {
        "delay:10ms",        "mm1:1ms",
        "md1:1ms",           "warmup:1ms,3s",
        "step:1ms,1.2x@30s", "square:1ms,3x/2s",
        "pause:1s/10s",      "slowdown:1ms,1.2x/60s",
        "leak:512",          "sawtooth:1k,64MiB",
        "plateau:1k,1GiB",   "logcache:1MiB,10k",
        "onestep:64MiB@30s", "liar:500/1000",
        "liar:flip/10",      "liar:short/10",
        "liar:length/10",    "liar:previous/10",
        "closeevery:100",    "twowrites",
        "lateaccept:2s",     "workers:70/10/10/10",
        "workers:1/0",
    };

    for (size_t i = 0; i < LINES(modes); i++)
        told(modes[i]);
    (void)state;
}

static void what_is_not_understood_is_the_users_fault_and_changes_nothing(void **state)
{
    static const struct {
        int line;
        const char *mode, *text;
    } cases[] = {
        {__LINE__,  "",                     "oracle: there is no mode ''; see assay server --help"   },
        { __LINE__, "lag:1s",               "oracle: there is no mode 'lag'; see assay server --help"},
        { __LINE__, "delay",
         "oracle: 'delay' is not understood; it is delay:D, see assay "
          "server --help"                                                                            },
        { __LINE__, "delay:0",              NULL                                                     },
        { __LINE__, "delay:1ms,2ms",        NULL                                                     },
        { __LINE__, "warmup:1ms",           NULL                                                     },
        { __LINE__, "step:1ms,1.2@30s",     NULL                                                     },
        { __LINE__, "step:1ms,2kx@30s",     NULL                                                     },
        { __LINE__, "step:1ms,0x@30s",      NULL                                                     },
        { __LINE__, "step:1ms,x@30s",       NULL                                                     },
        { __LINE__, "slowdown:1ms,0.5x/1s", NULL                                                     },
        { __LINE__, "pause:10s/1s",         NULL                                                     },
        { __LINE__, "pause:1s/1s",          NULL                                                     },
        { __LINE__, "leak:0",               NULL                                                     },
        { __LINE__, "plateau:1k,1000GiB",   NULL                                                     },
        { __LINE__, "liar:lazy/10",         NULL                                                     },
        { __LINE__, "liar:none/10",         NULL                                                     },
        { __LINE__, "liar:flip",            NULL                                                     },
        { __LINE__, "liar:flip/0",          NULL                                                     },
        { __LINE__, "twowrites:1",          NULL                                                     },
        { __LINE__, "workers:0/0",          NULL                                                     },
        { __LINE__, "workers:",             NULL                                                     },
        { __LINE__, "workers:1//1",         NULL                                                     },
        { __LINE__, "workers:999/2",        NULL                                                     },
    };

    for (size_t i = 0; i < LINES(cases); i++) {
        struct behave b = { .seed = 1 }, before = b;
        struct error err = { 0 };

        if (behave_add(&b, slice_of(cases[i].mode), &err) || !err.usage ||
            memcmp(&b, &before, sizeof(b)) != 0)
            fail_msg("line %d", cases[i].line);
        if (cases[i].text != NULL && strcmp(err.text, cases[i].text) != 0)
            fail_msg("line %d: got %s", cases[i].line, err.text);
    }
    (void)state;
}

static void modes_that_contradict_each_other_are_refused(void **state)
{
    static const struct {
        int line;
        const char *first, *second;
        bool fit;
    } cases[] = {
        {__LINE__,  "mm1:1ms",        "md1:1ms",        false},
        { __LINE__, "delay:1ms",      "warmup:1ms,1s",  false},
        { __LINE__, "leak:1",         "sawtooth:1,2",   false},
        { __LINE__, "pause:1s/2s",    "pause:1s/3s",    false},
        { __LINE__, "workers:1/1",    "delay:1ms",      false},
        { __LINE__, "leak:512",       "workers:1/1",    false},
        { __LINE__, "liar:flip/1",    "workers:1/1",    false},
        { __LINE__, "md1:1ms",        "pause:1s/10s",   true },
        { __LINE__, "md1:1ms",        "leak:512",       true },
        { __LINE__, "liar:flip/10",   "liar:500/10",    true },
        { __LINE__, "closeevery:100", "twowrites",      true },
        { __LINE__, "lateaccept:2s",  "liar:length/10", true },
    };

    for (size_t i = 0; i < LINES(cases); i++) {
        struct behave b = told(cases[i].first);
        struct error err = { 0 };

        if (behave_add(&b, slice_of(cases[i].second), &err) != cases[i].fit ||
            err.usage == cases[i].fit)
            fail_msg("line %d: %s", cases[i].line, err.text);
    }
    (void)state;
}

/* ---- service times ---- */

struct simulated {
    struct behave behave;
    struct behave_state state;
    struct histogram *times;
    double sum_ns;
    uint64_t count;
};

static void begin(struct simulated *s, const char *modes)
{
    *s = (struct simulated){ .behave = told(modes), .times = calloc(1, sizeof(*s->times)) };
    assert_non_null(s->times);
    behave_begin(&s->behave, &s->state, 0);
}

static int64_t ask(struct simulated *s, int64_t now_ns)
{
    bool stalled;
    int64_t leaves_ns = behave_leaves_ns(&s->behave, &s->state, now_ns, &stalled);

    histogram_record(s->times, leaves_ns - now_ns);
    s->sum_ns += (double)(leaves_ns - now_ns);
    s->count++;
    return leaves_ns;
}

static double mean_ms(const struct simulated *s)
{
    return s->sum_ns / (double)s->count / 1e6;
}

static double quantile_ms(const struct simulated *s, double q)
{
    return (double)histogram_quantile_ns(s->times, q) / 1e6;
}

/* 900 of 1000 a second, Poisson: response times are Exp(100/s). Neighbours depend on each other so
 * much that two million are worth some twenty thousand. */
static void a_queue_before_an_exponential_server_is_mm1(void **state)
{
    struct rng arrivals = { 7 };
    struct simulated s;
    double now_ns = 0;

    begin(&s, "mm1:1ms");
    for (int i = 0; i < 2000000; i++) {
        now_ns -= log(rng_unit(&arrivals)) * 1e9 / 900;
        ask(&s, (int64_t)now_ns);
    }
    near(__LINE__, mean_ms(&s), 10.0, 0.03);
    near(__LINE__, quantile_ms(&s, 0.5), 6.93, 0.03);
    near(__LINE__, quantile_ms(&s, 0.99), 46.05, 0.05);
    free(s.times);
    (void)state;
}

/* Ten clients who ask again at once: Erlang(10) with the same mean, and quite another tail. */
static void ten_waiting_clients_see_another_tail(void **state)
{
    int64_t asks_ns[10] = { 0 };
    struct simulated s;

    begin(&s, "mm1:1ms");
    for (int i = 0; i < 1000000; i++)
        asks_ns[i % 10] = ask(&s, asks_ns[i % 10]);
    near(__LINE__, mean_ms(&s), 10.0, 0.02);
    near(__LINE__, quantile_ms(&s, 0.99), 18.78, 0.02);
    free(s.times);
    (void)state;
}

static void a_queue_before_a_constant_server_is_md1(void **state)
{
    struct rng arrivals = { 7 };
    struct simulated s;
    double now_ns = 0;

    begin(&s, "md1:1ms");
    for (int i = 0; i < 1000000; i++) {
        now_ns -= log(rng_unit(&arrivals)) * 1e9 / 900;
        ask(&s, (int64_t)now_ns);
    }
    near(__LINE__, mean_ms(&s), 5.5, 0.03);
    free(s.times);
    (void)state;
}

static void a_delay_is_the_same_for_everybody(void **state)
{
    struct behave b = told("delay:10ms");
    struct behave_state s;
    bool stalled;

    behave_begin(&b, &s, 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(behave_leaves_ns(&b, &s, i, &stalled), i + 10 * MILLISECOND_NS);
        assert_false(stalled);
    }
    (void)state;
}

/* x_q = P - (1 - q)(1 - rho)T, of even arrivals at 100/s before 1 ms of service, in whole periods.
 */
static void a_pause_gives_the_percentiles_of_the_fluid_limit(void **state)
{
    struct simulated s;

    begin(&s, "md1:1ms pause:1s/10s");
    for (int64_t i = 0; i < 20000; i++)
        ask(&s, 10 * SECOND_NS + i * 10 * MILLISECOND_NS);
    near(__LINE__, quantile_ms(&s, 0.9), 100, 0.03);
    near(__LINE__, quantile_ms(&s, 0.95), 550, 0.03);
    near(__LINE__, quantile_ms(&s, 0.99), 910, 0.03);
    near(__LINE__, quantile_ms(&s, 0.999), 991, 0.03);
    free(s.times);
    (void)state;
}

static void a_pause_holds_what_is_due_in_it_and_nothing_else(void **state)
{
    static const struct {
        int line;
        int64_t asked_ms, leaves_ms;
        bool stalled;
    } cases[] = {
        {__LINE__,  500,   550,   false}, /* before the first pause */
        { __LINE__, 9940,  9990,  false},
        { __LINE__, 9950,  11000, true },
        { __LINE__, 10900, 11000, false}, /* the same pause */
        { __LINE__, 10950, 11000, false},
        { __LINE__, 11500, 11550, false},
        { __LINE__, 20000, 21000, true },
    };
    struct behave b = told("delay:50ms pause:1s/10s");
    struct behave_state s;

    behave_begin(&b, &s, 0);
    for (size_t i = 0; i < LINES(cases); i++) {
        bool stalled;
        int64_t leaves_ns = behave_leaves_ns(&b, &s, cases[i].asked_ms * MILLISECOND_NS, &stalled);

        if (leaves_ns != cases[i].leaves_ms * MILLISECOND_NS || stalled != cases[i].stalled)
            fail_msg("line %d: %g ms", cases[i].line, (double)leaves_ns / 1e6);
    }
    (void)state;
}

static void curves_are_what_their_formulas_say(void **state)
{
    static const struct {
        int line;
        const char *mode;
        int64_t at_ms, service_us;
    } cases[] = {
        {__LINE__,  "warmup:1ms,3s",         0,     3000},
        { __LINE__, "warmup:1ms,3s",         3000,  1736}, /* 1 + 2/e */
        { __LINE__, "warmup:1ms,3s",         30000, 1000},
        { __LINE__, "step:1ms,1.2x@30s",     29999, 1000},
        { __LINE__, "step:1ms,1.2x@30s",     30000, 1200},
        { __LINE__, "step:1ms,0.5x@30s",     90000, 500 },
        { __LINE__, "square:1ms,3x/2s",      999,   1000},
        { __LINE__, "square:1ms,3x/2s",      1000,  3000},
        { __LINE__, "square:1ms,3x/2s",      2000,  1000},
        { __LINE__, "slowdown:1ms,1.2x/60s", 0,     1000},
        { __LINE__, "slowdown:1ms,1.2x/60s", 30000, 1100},
        { __LINE__, "slowdown:1ms,1.2x/60s", 60000, 1200},
    };

    for (size_t i = 0; i < LINES(cases); i++) {
        struct behave b = told(cases[i].mode);
        struct rng rng = { 1 };
        int64_t ns = behave_service_ns(&b, cases[i].at_ms * MILLISECOND_NS, &rng);

        if (llround((double)ns / 1e3) != cases[i].service_us)
            fail_msg("line %d: %g us", cases[i].line, (double)ns / 1e3);
    }
    (void)state;
}

/* The next service begins where the last one was to end, however late anybody looks. */
static void a_busy_worker_serves_exactly_its_rate(void **state)
{
    struct behave b = told("md1:1ms");
    struct behave_state s;
    int64_t leaves_ns = 0;
    bool stalled;

    behave_begin(&b, &s, 0);
    for (int64_t i = 0; i < 1000; i++)
        leaves_ns = behave_leaves_ns(&b, &s, i * 900000, &stalled);
    assert_int_equal(leaves_ns, SECOND_NS);
    (void)state;
}

static void one_seed_gives_one_sequence_and_each_worker_its_own(void **state)
{
    struct behave b = told("mm1:1ms");
    struct behave_state s[3];
    int64_t leaves_ns[3];
    bool stalled;

    behave_begin(&b, &s[0], 0);
    behave_begin(&b, &s[1], 0);
    behave_begin(&b, &s[2], 1);
    for (int i = 0; i < 3; i++)
        leaves_ns[i] = behave_leaves_ns(&b, &s[i], 0, &stalled);
    assert_int_equal(leaves_ns[0], leaves_ns[1]);
    assert_int_not_equal(leaves_ns[0], leaves_ns[2]);
    (void)state;
}

/* ---- memory ---- */

static void memory_is_what_its_formula_says(void **state)
{
    static const struct {
        int line;
        const char *mode;
        uint64_t requests;
        int64_t at_ms;
        uint64_t bytes;
    } cases[] = {
        {__LINE__,  "delay:1ms",         1000,       1000,  0                },
        { __LINE__, "leak:512",          1000,       0,     512000           },
        { __LINE__, "leak:64GiB",        1000000000, 0,     BEHAVE_MEMORY_MAX},
        { __LINE__, "sawtooth:10,100",   9,          0,     90               },
        { __LINE__, "sawtooth:10,100",   10,         0,     0                },
        { __LINE__, "sawtooth:10,100",   25,         0,     50               },
        { __LINE__, "plateau:10,100",    9,          0,     90               },
        { __LINE__, "plateau:10,100",    1000,       0,     100              },
        { __LINE__, "logcache:1000,100", 0,          0,     0                },
        { __LINE__, "logcache:1000,100", 100,        0,     693              },
        { __LINE__, "logcache:1000,100", 9900,       0,     4605             },
        { __LINE__, "onestep:1000@30s",  5,          29999, 0                },
        { __LINE__, "onestep:1000@30s",  5,          30000, 1000             },
    };

    for (size_t i = 0; i < LINES(cases); i++) {
        struct behave b = told(cases[i].mode);
        uint64_t bytes = behave_memory(&b, cases[i].requests, cases[i].at_ms * MILLISECOND_NS);

        if (bytes != cases[i].bytes)
            fail_msg("line %d: %llu bytes", cases[i].line, (unsigned long long)bytes);
    }
    (void)state;
}

/* ---- lies and workers ---- */

static void of_each_k_answers_one_is_a_lie_and_the_first_are_right(void **state)
{
    struct behave b = told("liar:flip/100");
    struct behave_state s;
    int lies_of_block[50] = { 0 }, at_the_first = 0;

    behave_begin(&b, &s, 0);
    for (int i = 0; i < BEHAVE_HONEST; i++)
        assert_int_equal(behave_lie(&b, &s, true), LIE_NONE);
    for (int i = 0; i < 5000; i++) {
        enum lie lie = behave_lie(&b, &s, true);

        assert_true(lie == LIE_NONE || lie == LIE_FLIP);
        lies_of_block[i / 100] += lie == LIE_FLIP;
        at_the_first += lie == LIE_FLIP && i % 100 == 0;
    }
    for (int i = 0; i < 50; i++)
        assert_int_equal(lies_of_block[i], 1);
    assert_true(at_the_first < 5); /* no rhythm that a client's could fall into */
    (void)state;
}

static void a_lie_that_may_not_be_told_now_is_told_next(void **state)
{
    struct behave b = told("liar:500/10 liar:short/10");
    struct behave_state s;
    int told_lies[LIE_KINDS] = { 0 };

    behave_begin(&b, &s, 0);
    for (int i = 0; i < BEHAVE_HONEST + 10; i++)
        assert_int_equal(behave_lie(&b, &s, false), LIE_NONE);
    for (int i = 0; i < 1000; i++)
        told_lies[behave_lie(&b, &s, true)]++;
    assert_in_range(told_lies[LIE_500], 100, 101);
    assert_in_range(told_lies[LIE_SHORT], 100, 101);
    (void)state;
}

static void shares_are_exact_and_turns_are_spread(void **state)
{
    struct behave b = told("workers:70/10/10/10");
    int turns[4] = { 0 };

    assert_int_equal(b.workers, 4);
    for (uint64_t i = 0; i < 1000; i++)
        turns[behave_worker(&b, i)]++;
    assert_int_equal(turns[0], 700);
    for (int i = 1; i < 4; i++)
        assert_int_equal(turns[i], 100);
    b = told("workers:25/25/25/25");
    for (uint64_t i = 0; i < 8; i++)
        assert_int_equal(behave_worker(&b, i), i % 4);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_understood),
        cmocka_unit_test(what_is_not_understood_is_the_users_fault_and_changes_nothing),
        cmocka_unit_test(modes_that_contradict_each_other_are_refused),
        cmocka_unit_test(a_queue_before_an_exponential_server_is_mm1),
        cmocka_unit_test(ten_waiting_clients_see_another_tail),
        cmocka_unit_test(a_queue_before_a_constant_server_is_md1),
        cmocka_unit_test(a_delay_is_the_same_for_everybody),
        cmocka_unit_test(a_pause_gives_the_percentiles_of_the_fluid_limit),
        cmocka_unit_test(a_pause_holds_what_is_due_in_it_and_nothing_else),
        cmocka_unit_test(curves_are_what_their_formulas_say),
        cmocka_unit_test(a_busy_worker_serves_exactly_its_rate),
        cmocka_unit_test(one_seed_gives_one_sequence_and_each_worker_its_own),
        cmocka_unit_test(memory_is_what_its_formula_says),
        cmocka_unit_test(of_each_k_answers_one_is_a_lie_and_the_first_are_right),
        cmocka_unit_test(a_lie_that_may_not_be_told_now_is_told_next),
        cmocka_unit_test(shares_are_exact_and_turns_are_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
