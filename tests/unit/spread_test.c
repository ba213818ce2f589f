/* tests/unit/spread_test.c -- fairness, exponential gaps, what dependent samples are worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/rng.h"
#include "stats/interval.h"
#include "stats/spread.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool close_to(double is, double should, double within)
{
    return fabs(is - should) <= within;
}

static void fairness_runs_from_one_to_one_nth(void **state)
{
    static const double even[] = { 3, 3, 3, 3 }, one[] = { 0, 9, 0, 0 },
                        skewed[] = { .7, .1, .1, .1 };

    assert_true(close_to(jain(even, 4), 1, 1e-12));
    assert_true(close_to(jain(one, 4), 0.25, 1e-12));
    assert_true(close_to(jain(skewed, 4), 1 / (4 * .52), 1e-12));
    assert_true(isnan(jain(even, 0)));
    (void)state;
}

/* shared/spec/validity.md, section 2; there without the factor 1 + 0.6/n. */
static void gaps_are_judged_as_published(void **state)
{
    double quantiles[50], even[50], constant[50];
    double factor = 1 + 0.6 / 50;

    for (size_t i = 0; i < 50; i++) {
        quantiles[i] = -log(1 - ((double)i + 0.5) / 50);
        even[i] = ((double)i + 1) / 50;
        constant[i] = 1 + .001 * (double)i;
    }
    assert_true(close_to(exponential_fit(quantiles, 50).a_squared / factor, .0216552060, 1e-9));
    assert_true(close_to(exponential_fit(even, 50).a_squared / factor, 3.17471602, 1e-8));
    assert_true(close_to(exponential_fit(constant, 50).a_squared / factor, 22.2951402, 1e-7));
    assert_true(exponential_fit(constant, 50).distance > 0.5);
    assert_true(exponential_fit(quantiles, 50).distance < 0.02);
    (void)state;
}

static void poisson_gaps_are_rejected_as_often_as_said(void **state)
{
    struct rng rng = { 3 };
    int one_percent = 0, five_percent = 0;

    for (int run = 0; run < 1000; run++) {
        double gaps[200];
        double a;

        for (size_t i = 0; i < COUNT(gaps); i++)
            gaps[i] = -log(rng_unit(&rng)) + 1e-12;
        a = exponential_fit(gaps, COUNT(gaps)).a_squared;
        one_percent += a > EXPONENTIAL_1_PERCENT;
        five_percent += a > EXPONENTIAL_5_PERCENT;
    }
    assert_in_range(one_percent, 2, 22);
    assert_in_range(five_percent, 30, 72);
    (void)state;
}

#define SAMPLES 20000
#define BATCHES 32

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Samples in their order; what they are worth for q, and whether the naive and the corrected 95 %
 * interval of the quantile hold the truth. */
struct judged {
    double effective;
    bool naive_covers, corrected_covers;
};

static bool covers(const double *sorted, double n, double q, double truth)
{
    struct ranks r = interval_ranks((uint64_t)n, q, 0.95);
    /* Ranks of the smaller sample, as shares of the real one. */
    size_t low = (size_t)((double)r.lower / n * SAMPLES),
           high = (size_t)((double)r.upper / n * SAMPLES);

    return (low == 0 || sorted[low - 1] <= truth) && (high >= SAMPLES || sorted[high - 1] >= truth);
}

static struct judged judge(const double *samples, double q, double truth)
{
    static double sorted[SAMPLES];
    uint64_t above[BATCHES] = { 0 }, counts[BATCHES] = { 0 };
    struct judged judged;
    double cut;

    for (size_t i = 0; i < SAMPLES; i++)
        sorted[i] = samples[i];
    qsort(sorted, SAMPLES, sizeof(sorted[0]), compare_doubles);
    cut = sorted[(size_t)(q * SAMPLES) - 1];
    for (size_t i = 0; i < SAMPLES; i++) {
        counts[i * BATCHES / SAMPLES]++;
        above[i * BATCHES / SAMPLES] += samples[i] > cut;
    }
    judged.effective = effective_samples(above, counts, BATCHES, q);
    judged.naive_covers = covers(sorted, SAMPLES, q, truth);
    judged.corrected_covers = covers(sorted, floor(judged.effective), q, truth);
    return judged;
}

static void independent_samples_keep_their_worth(void **state)
{
    static double samples[SAMPLES];
    struct rng rng = { 17 };
    int lowered = 0;

    for (int run = 0; run < 100; run++) {
        for (size_t i = 0; i < SAMPLES; i++)
            samples[i] = -log(rng_unit(&rng));
        lowered += judge(samples, 0.99, -log(0.01)).effective < SAMPLES / 1.7;
    }
    assert_in_range(lowered, 0, 9); /* D is at most 1.7 in 95 % */
    (void)state;
}

/* One FIFO worker at 90 %: answers wait for each other, so that neighbours are alike. Lindley's
 * equation; the response time is exponential with mean 1 / (1 - 0.9). */
static void waiting_answers_are_worth_far_less(void **state)
{
    static double samples[SAMPLES];
    struct rng rng = { 23 };
    int naive = 0, corrected = 0;
    double worth = 0;

    for (int run = 0; run < 200; run++) {
        double wait = -log(rng_unit(&rng)) * 10 * (rng_unit(&rng) < 0.9 ? 1 : 0);
        struct judged judged;

        for (size_t i = 0; i < SAMPLES; i++) {
            double service = -log(rng_unit(&rng)), gap = -log(rng_unit(&rng)) / 0.9;

            samples[i] = wait + service;
            wait = fmax(0, wait + service - gap);
        }
        judged = judge(samples, 0.99, -log(0.01) * 10);
        worth += judged.effective / 200;
        naive += judged.naive_covers;
        corrected += judged.corrected_covers;
    }
    assert_true(worth > 50 && worth < 1000); /* of 20 000 */
    assert_in_range(naive, 0, 119);          /* below 60 % */
    assert_in_range(corrected, 170, 200);    /* at least 85 % */
    (void)state;
}

static void too_few_batches_say_nothing(void **state)
{
    static const uint64_t above[9] = { 0 }, counts[10] = { 0 };

    assert_true(close_to(effective_samples(above, above, 9, 0.5), 0, 0));
    assert_true(close_to(effective_samples(counts, counts, 10, 0.5), 0, 0));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fairness_runs_from_one_to_one_nth),
        cmocka_unit_test(gaps_are_judged_as_published),
        cmocka_unit_test(poisson_gaps_are_rejected_as_often_as_said),
        cmocka_unit_test(independent_samples_keep_their_worth),
        cmocka_unit_test(waiting_answers_are_worth_far_less),
        cmocka_unit_test(too_few_batches_say_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
