/* tests/unit/interval_test.c -- exact order-statistic intervals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "aborts.h"
#include "base/rng.h"
#include "stats/interval.h"

/* validity.md, section 2; the definition is R's qbinom. */
static void ranks_are_exact_up_to_a_million_samples(void **state)
{
    static const struct {
        int line;
        uint64_t n;
        double q;
        uint64_t lower, upper;
        double coverage;
    } cases[] = {
        {__LINE__,  100,     0.5,    40,     61,     0.9648 },
        { __LINE__, 1000,    0.5,    469,    532,    0.95371},
        { __LINE__, 1000,    0.9,    881,    919,    0.95491},
        { __LINE__, 1000,    0.99,   983,    997,    0.97609},
        { __LINE__, 10000,   0.99,   9880,   9920,   0.95575},
        { __LINE__, 100000,  0.99,   98938,  99062,  0.95123},
        { __LINE__, 10000,   0.999,  9983,   9997,   0.97546},
        { __LINE__, 100000,  0.999,  99880,  99920,  0.95479},
        { __LINE__, 1000000, 0.9999, 999880, 999920, 0.95469},
        { __LINE__, 368,     0.99,   360,    368,    0.96242},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ranks r = interval_ranks(cases[i].n, cases[i].q, 0.95);

        if (r.lower != cases[i].lower || r.upper != cases[i].upper ||
            fabs(r.coverage - cases[i].coverage) > (cases[i].n == 100 ? 5e-5 : 5e-6))
            fail_msg("line %d: %llu, %llu, %.6f", cases[i].line, (unsigned long long)r.lower,
                     (unsigned long long)r.upper, r.coverage);
    }
    assert_int_equal(interval_ranks(367, 0.99, 0.95).upper, 368); /* above every sample */
    (void)state;
}

static void an_interval_exists_from_the_right_number_of_samples_on(void **state)
{
    static const struct {
        int line;
        double q;
        uint64_t needs;
    } cases[] = {
        {__LINE__,  0.5,     6     },
        { __LINE__, 0.9,     36    },
        { __LINE__, 0.99,    368   },
        { __LINE__, 0.999,   3688  },
        { __LINE__, 0.9999,  36887 },
        { __LINE__, 0.99999, 368887},
        { __LINE__, 0.1,     36    },
        { __LINE__, 0.01,    368   },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t n = interval_needs(cases[i].q, 0.95);
        struct ranks enough = interval_ranks(n, cases[i].q, 0.95);
        struct ranks few = interval_ranks(n - 1, cases[i].q, 0.95);

        if (n != cases[i].needs)
            fail_msg("line %d: needs %llu", cases[i].line, (unsigned long long)n);
        if (enough.lower < 1 || enough.upper > n)
            fail_msg("line %d: not enough", cases[i].line);
        if (few.lower >= 1 && few.upper <= n - 1)
            fail_msg("line %d: one less is enough", cases[i].line);
    }
    assert_int_equal(interval_needs(0.5, 0.75), 3); /* 2 * 0.5^3 is 0.25 exactly */
    assert_int_equal(interval_ranks(3, 0.5, 0.75).lower, 1);
    assert_int_equal(interval_ranks(3, 0.5, 0.75).upper, 3);
    (void)state;
}

/* By the definition, from Pascal's triangle, for every n that is small. */
static void ranks_of_small_samples_follow_the_definition(void **state)
{
    static const double quantiles[] = { 0.01, 0.25, 0.5, 0.9, 0.99 };
    static const double confidences[] = { 0.5, 0.9, 0.95, 0.999 };

    for (size_t qi = 0; qi < 5; qi++) {
        double q = quantiles[qi], p[62] = { 1 }; /* P(X = k) for the n at hand */

        for (uint64_t n = 1; n <= 60; n++) {
            for (uint64_t k = n; k > 0; k--)
                p[k] = p[k] * (1 - q) + p[k - 1] * q;
            p[0] *= 1 - q;
            for (size_t c = 0; c < 4; c++) {
                double tail = (1 - confidences[c]) / 2, below = 0, above = 0;
                struct ranks r = interval_ranks(n, q, confidences[c]);
                uint64_t lower = 0, upper = n + 1;

                while (below + p[lower] <= tail)
                    below += p[lower++];
                while (above + p[upper - 1] <= tail)
                    above += p[--upper];
                assert_int_equal(r.lower, lower);
                assert_int_equal(r.upper, upper);
                assert_true(fabs(r.coverage - (1 - below - above)) < 1e-12);
            }
        }
    }
    (void)state;
}

static void medians_are_the_middle_and_bounded_from_six_on(void **state)
{
    double five[] = { 5, 1, 4, 2, 3 };
    double six[] = { 6, 5, 1, 4, 2, 3 };
    double ten[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 };
    struct interval i = interval_median(NULL, 0, 0.95);

    assert_int_equal(i.n, 0);
    assert_false(i.bounded);
    assert_true(i.median == 0);

    i = interval_median(five, 5, 0.95);
    assert_true(i.median == 3);
    assert_false(i.bounded);

    i = interval_median(six, 6, 0.95);
    assert_true(i.median == 3.5 && i.bounded && i.low == 1 && i.high == 6);

    i = interval_median(ten, 10, 0.95);
    assert_true(i.median == 5.5 && i.bounded && i.low == 2 && i.high == 9);
    assert_int_equal(i.n, 10);
    (void)state;
}

/* The promise itself: of intervals from skewed samples, at least 95 % hold the true median. */
static void intervals_hold_the_true_median_as_often_as_they_say(void **state)
{
    enum { TRIALS = 4000, N = 15 };
    double expected = interval_ranks(N, 0.5, 0.95).coverage;
    struct rng rng = { 11 };
    int held = 0;

    for (int trial = 0; trial < TRIALS; trial++) {
        double values[N];
        struct interval i;

        for (int k = 0; k < N; k++)
            values[k] = -log(rng_unit(&rng));
        i = interval_median(values, N, 0.95);
        held += i.low <= log(2) && log(2) <= i.high;
    }
    assert_true(expected >= 0.95);
    assert_true(fabs((double)held / TRIALS - expected) <
                4 * sqrt(expected * (1 - expected) / TRIALS));
    (void)state;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

enum tail { EXPONENTIAL, LOGNORMAL, PARETO, TAILS };

static double draw(struct rng *rng, enum tail tail)
{
    double u = rng_unit(rng);

    switch (tail) {
    case EXPONENTIAL:
        return -log(u);
    case LOGNORMAL:
        return exp(sqrt(-2 * log(u)) * cos(2 * M_PI * rng_unit(rng)));
    case PARETO:
        return pow(u, -1 / 1.5);
    case TAILS:
        break;
    }
    return 0;
}

/* The same of a p99 of 1000 samples, however heavy the tail (shared/spec/validity.md, T7). */
static void intervals_hold_a_true_p99_too(void **state)
{
    static const double truths[TAILS] = { 4.605170186, 10.240473658, 21.544346900 };
    enum { TRIALS = 1000, N = 1000 };
    struct ranks r = interval_ranks(N, 0.99, 0.95);

    for (int tail = 0; tail < TAILS; tail++) {
        struct rng rng = { 12 };
        int held = 0;

        for (int trial = 0; trial < TRIALS; trial++) {
            static double values[N];

            for (int k = 0; k < N; k++)
                values[k] = draw(&rng, (enum tail)tail);
            qsort(values, N, sizeof(values[0]), compare_doubles);
            held += values[r.lower - 1] <= truths[tail] && truths[tail] <= values[r.upper - 1];
        }
        assert_in_range(held, 940, 995);
    }
    (void)state;
}

static void ask_for_a_median_of_nothing_known(void *unused)
{
    double values[] = { 1, (double)NAN, 2 };

    (void)unused;
    interval_median(values, 3, 0.95);
}

static void ask_without_samples(void *unused)
{
    (void)unused;
    interval_ranks(0, 0.5, 0.95);
}

static void ask_for_certainty(void *unused)
{
    (void)unused;
    interval_ranks(10, 0.5, 1);
}

static void questions_without_an_answer_stop_the_program(void **state)
{
    assert_true(aborts(ask_for_a_median_of_nothing_known, NULL));
    assert_true(aborts(ask_without_samples, NULL));
    assert_true(aborts(ask_for_certainty, NULL));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_exact_up_to_a_million_samples),
        cmocka_unit_test(an_interval_exists_from_the_right_number_of_samples_on),
        cmocka_unit_test(ranks_of_small_samples_follow_the_definition),
        cmocka_unit_test(medians_are_the_middle_and_bounded_from_six_on),
        cmocka_unit_test(intervals_hold_the_true_median_as_often_as_they_say),
        cmocka_unit_test(intervals_hold_a_true_p99_too),
        cmocka_unit_test(questions_without_an_answer_stop_the_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
