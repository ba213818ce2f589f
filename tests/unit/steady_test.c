/* tests/unit/steady_test.c -- against published results and series whose truth is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "known_series.h"
#include "stats/changepoint.h"
#include "stats/steady.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool close_to(double is, double should, double within)
{
    return fabs(is - should) <= within;
}

/* Box and Muller. */
static double normal(struct rng *rng)
{
    double radius = sqrt(-2 * log(rng_unit(rng)));

    return radius * cos(2 * 3.14159265358979323846 * rng_unit(rng));
}

/* ---- MSER ---- */

static void the_beginning_that_differs_is_cut_off(void **state)
{
    double falling[100] = { 0 }, decaying[200];
    struct mser cut;

    for (size_t i = 0; i < 10; i++)
        falling[i] = 10 - (double)i;
    cut = mser(falling, 100, 1);
    assert_true(cut.known);
    assert_int_equal(cut.discard, 10);
    assert_true(close_to(cut.value, 0, 1e-12));
    for (size_t i = 0; i < 200; i++)
        decaying[i] = 100 * pow(0.8, (double)i) + (i % 2 == 0 ? -1 : 1);
    cut = mser(decaying, 200, 1);
    assert_int_equal(cut.discard, 20);
    assert_true(close_to(cut.value, .0056242797, 1e-9));
    (void)state;
}

static void what_never_settles_is_not_cut_but_refused(void **state)
{
    double ramp[100], step[200];

    for (size_t i = 0; i < 100; i++)
        ramp[i] = (double)i;
    assert_int_equal(mser(ramp, 100, 1).discard, 94);
    assert_false(mser(ramp, 100, 1).known);
    for (size_t i = 0; i < 200; i++)
        step[i] = (i % 2 == 0 ? -1 : 1) + (i >= 150 ? 5 : 0);
    assert_int_equal(mser(step, 200, 1).discard, 150);
    assert_false(mser(step, 200, 1).known);
    assert_false(mser(ramp, 5, 1).known);
    assert_false(mser(ramp, 0, 5).known);
    (void)state;
}

static void batches_are_cut_off_whole(void **state)
{
    double warm[300];
    struct mser cut;

    for (size_t i = 0; i < COUNT(warm); i++)
        warm[i] = 100 - 60 * exp(-(double)i / 20) + (i % 2 == 0 ? -1 : 1);
    cut = mser(warm, COUNT(warm), 5);
    assert_true(cut.known);
    assert_int_equal(cut.discard % 5, 0);
    assert_in_range(cut.discard, 40, 120); /* two to six time constants */
    (void)state;
}

/* ---- KPSS and ADF, against R's tseries, SAS and Stata as statsmodels' tests have them ---- */

static void kpss_is_that_of_r_and_sas(void **state)
{
    size_t n = COUNT(REAL_GDP);

    assert_int_equal(n, 203);
    assert_true(close_to(kpss(REAL_GDP, n, DETREND_MEAN, 3), 5.0169, 1e-4));
    assert_true(close_to(kpss(REAL_GDP, n, DETREND_LINE, 3), 1.1828, 1e-4));
    assert_int_equal(kpss_lags(REAL_GDP, n, DETREND_MEAN), 9);
    assert_int_equal(kpss_lags(NILE, COUNT(NILE), DETREND_MEAN), 5);
    (void)state;
}

static void adf_is_that_of_stata(void **state)
{
    size_t n = COUNT(REAL_GDP);

    assert_true(close_to(adf(REAL_GDP, n, DETREND_MEAN, 4), .97505319, 1e-5));
    assert_true(close_to(adf(REAL_GDP, n, DETREND_LINE, 4), -1.8566374, 1e-5));
    assert_true(close_to(adf(INFLATION, n, DETREND_MEAN, 1), -4.3346988, 1e-5));
    assert_true(close_to(adf(INFLATION, n, DETREND_LINE, 1), -4.425093, 1e-5));
    assert_true(adf(INFLATION, n, DETREND_MEAN, 1) < adf_critical_1_percent(n));
    assert_true(close_to(adf_critical_5_percent(100), -2.8909, 1e-3));
    (void)state;
}

static void a_constant_series_has_no_answer_or_a_calm_one(void **state)
{
    double same[50];

    for (size_t i = 0; i < COUNT(same); i++)
        same[i] = 7;
    assert_true(isnan(adf(same, COUNT(same), DETREND_MEAN, 2)));
    assert_true(isnan(adf(REAL_GDP, 9, DETREND_MEAN, 4)));
    assert_true(close_to(kpss(same, COUNT(same), DETREND_MEAN, 3), 0, 0));
    assert_int_equal(kpss_lags(same, COUNT(same), DETREND_MEAN), 0);
    (void)state;
}

/* 5 % of stationary series are above the 5 % value, all walks are. */
static void kpss_alarms_as_often_as_it_says(void **state)
{
    struct rng rng = { 11 };
    int alarms = 0, walks = 0;

    for (int run = 0; run < 1000; run++) {
        double noise[60], walk[200], sum = 0;

        for (size_t i = 0; i < COUNT(noise); i++)
            noise[i] = normal(&rng);
        for (size_t i = 0; i < COUNT(walk); i++)
            walk[i] = sum += normal(&rng);
        alarms += kpss(noise, COUNT(noise), DETREND_MEAN, 3) > KPSS_MEAN_5_PERCENT;
        walks += kpss(walk, COUNT(walk), DETREND_MEAN, 3) > KPSS_MEAN_5_PERCENT;
    }
    assert_in_range(alarms, 25, 75);
    assert_in_range(walks, 900, 1000);
    (void)state;
}

/* ---- change points ---- */

static const struct changepoint_rule RULE = { 1, 0.01, 199, 1 };

static void changes_are_those_of_otava(void **state)
{
    static const double series[] = { .3,   2.4, 1.5,   -.9,   -.5,   99.7,  98.3,
                                     99.1, 149, 149.7, 149.5, 149.1, 148.8, 150 };
    struct changepoint_rule rule = { 2, 0.05, 999, 1 };
    struct split first = changepoint_split(series, COUNT(series), 1);
    size_t at[CHANGEPOINTS_MAX];

    assert_int_equal(first.at, 5);
    assert_int_equal(first.end, 14);
    assert_true(close_to(first.distance, 761.2821428571, 1e-9));
    assert_int_equal(changepoints(series, COUNT(series), &rule, at), 2);
    assert_int_equal(at[0], 5);
    assert_int_equal(at[1], 8);
    (void)state;
}

static void one_change_is_found_where_it_is(void **state)
{
    static const double series[] = { 1.02, .95, .99, 1,   1.12, 1,  1.01, .98, 1.01, .96,
                                     .50,  .51, .48, .48, .55,  .5, .49,  .51, .5,   .49 };
    static double long_step[2000];
    size_t at[CHANGEPOINTS_MAX];

    assert_int_equal(changepoints(series, COUNT(series), &RULE, at), 1);
    assert_int_equal(at[0], 10);
    for (size_t i = 1000; i < 2000; i++)
        long_step[i] = 1;
    assert_int_equal(changepoint_split(long_step, 2000, 1).at, 1000);
    assert_int_equal(changepoints(NILE, COUNT(NILE), &RULE, at), 1);
    assert_int_equal(at[0], 28); /* 1898 is the last year before: R's strucchange */
    (void)state;
}

static void noise_has_no_changes(void **state)
{
    struct rng rng = { 5 };
    int flagged = 0;
    size_t at[CHANGEPOINTS_MAX];
    struct changepoint_rule rule = { 5, 0.01, 199, 3 };

    for (int run = 0; run < 300; run++) {
        double noise[40];

        for (size_t i = 0; i < COUNT(noise); i++)
            noise[i] = normal(&rng);
        flagged += changepoints(noise, COUNT(noise), &rule, at) > 0;
    }
    assert_in_range(flagged, 0, 9); /* 1 % of 300 is 3 */
    (void)state;
}

static void a_step_of_five_deviations_is_found(void **state)
{
    struct rng rng = { 9 };
    int found = 0;
    size_t at[CHANGEPOINTS_MAX];
    struct changepoint_rule rule = { 5, 0.01, 199, 3 };

    for (int run = 0; run < 100; run++) {
        double series[60];

        for (size_t i = 0; i < COUNT(series); i++)
            series[i] = 100 + 2 * normal(&rng) - (i >= 30 ? 10 : 0);
        found += changepoints(series, COUNT(series), &rule, at) >= 1 && at[0] >= 28 && at[0] <= 32;
    }
    assert_in_range(found, 99, 100);
    (void)state;
}

static void too_short_a_series_has_no_changes(void **state)
{
    static const double few[] = { 1, 9, 1 };
    size_t at[CHANGEPOINTS_MAX];
    struct changepoint_rule rule = { 5, 0.01, 199, 3 };

    assert_int_equal(changepoints(few, COUNT(few), &rule, at), 0);
    assert_int_equal(changepoints(few, 0, &rule, at), 0);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_beginning_that_differs_is_cut_off),
        cmocka_unit_test(what_never_settles_is_not_cut_but_refused),
        cmocka_unit_test(batches_are_cut_off_whole),
        cmocka_unit_test(kpss_is_that_of_r_and_sas),
        cmocka_unit_test(adf_is_that_of_stata),
        cmocka_unit_test(a_constant_series_has_no_answer_or_a_calm_one),
        cmocka_unit_test(kpss_alarms_as_often_as_it_says),
        cmocka_unit_test(changes_are_those_of_otava),
        cmocka_unit_test(one_change_is_found_where_it_is),
        cmocka_unit_test(noise_has_no_changes),
        cmocka_unit_test(a_step_of_five_deviations_is_found),
        cmocka_unit_test(too_short_a_series_has_no_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
