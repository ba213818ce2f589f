/* tests/unit/trend_test.c -- the slope of Theil and Sen, with its interval. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/rng.h"
#include "stats/trend.h"

#define POINTS 24

static void sens_own_example_comes_out_as_published(void **state)
{
    /* Sen 1968, as scipy's tests have it: validity.md, section 2. */
    static const double x[] = { 1, 2, 3, 4, 10, 12, 18 };
    static const double y[] = { 9, 15, 19, 20, 45, 55, 78 };
    double room[21];
    struct trend t = trend_fit(x, y, 7, 0.93, room);

    assert_true(fabs(t.slope - 4) <= 1e-12);
    assert_true(fabs(t.intercept - 4) <= 1e-12);
    assert_true(fabs(t.low - 26.0 / 7) <= 1e-12); /* printed as 3.71 */
    assert_true(fabs(t.high - 4.375) <= 1e-12);   /* and 4.38 */
    (void)state;
}

static void the_smallest_example_comes_out_as_published(void **state)
{
    static const double x[] = { 0, 1, 2 };
    static const double y[] = { 0, 1, 1 };
    double room[3];
    struct trend t = trend_fit(x, y, 3, 0.95, room);

    assert_true(fabs(t.slope - 0.5) <= 1e-12);
    assert_true(fabs(t.intercept - 0.5) <= 1e-12);
    (void)state;
}

/* Without the correction it would be -0.2 to 0.25: computed apart, by the formula as it is printed.
 */
static void ties_make_the_interval_narrower(void **state)
{
    static const double x[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
    static const double y[] = { 4, 3, 2, 2, 3, 2, 5, 3, 2, 2, 3, 5 };
    double room[66];
    struct trend t = trend_fit(x, y, 12, 0.95, room);

    assert_true(fabs(t.slope) <= 1e-12);
    assert_true(fabs(t.low - -1.0 / 7) <= 1e-12);
    assert_true(fabs(t.high - 0.2) <= 1e-12);
    (void)state;
}

static void points_that_do_not_move_have_no_slope_and_no_interval_around_it(void **state)
{
    double x[POINTS], y[POINTS], room[POINTS * (POINTS - 1) / 2];
    struct trend t;

    for (size_t i = 0; i < POINTS; i++) {
        x[i] = (double)i * 100;
        y[i] = 8244208;
    }
    t = trend_fit(x, y, POINTS, 0.95, room);
    assert_true(fabs(t.slope - 0) <= 0);
    assert_true(fabs(t.low - 0) <= 0);
    assert_true(fabs(t.high - 0) <= 0);
    (void)state;
}

static void one_step_in_memory_is_no_growth(void **state)
{
    double x[POINTS], y[POINTS], room[POINTS * (POINTS - 1) / 2];
    struct trend t;

    for (size_t i = 0; i < POINTS; i++) {
        x[i] = (double)i;
        y[i] = i < 5 ? 1e6 : 2e6; /* a cache that was filled once */
    }
    t = trend_fit(x, y, POINTS, 0.95, room);
    assert_true(fabs(t.slope - 0) <= 0);
    assert_true(t.low <= 0 && t.high >= 0);
    (void)state;
}

static void the_interval_holds_the_truth_as_often_as_it_says(void **state)
{
    double x[POINTS], y[POINTS], room[POINTS * (POINTS - 1) / 2];
    struct rng rng = { 42 };
    int held = 0, tries = 2000;

    for (int k = 0; k < tries; k++) {
        struct trend t;

        for (size_t i = 0; i < POINTS; i++) {
            x[i] = (double)i;
            y[i] = 3.5 * x[i] - 20 * log(rng_unit(&rng));
        }
        t = trend_fit(x, y, POINTS, 0.95, room);
        held += t.low <= 3.5 && t.high >= 3.5;
    }
    assert_in_range(held, tries * 93 / 100, tries * 98 / 100);
    (void)state;
}

static void without_two_different_points_there_is_no_slope(void **state)
{
    static const double same[] = { 7, 7, 7 };
    static const double y[] = { 1, 2, 3 };
    double room[4];

    assert_true(isnan(trend_fit(same, y, 3, 0.95, room).slope));
    assert_true(isnan(trend_fit(same, y, 1, 0.95, room).slope));
    assert_true(isnan(trend_fit(same, y, 0, 0.95, room).low));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sens_own_example_comes_out_as_published),
        cmocka_unit_test(the_smallest_example_comes_out_as_published),
        cmocka_unit_test(ties_make_the_interval_narrower),
        cmocka_unit_test(points_that_do_not_move_have_no_slope_and_no_interval_around_it),
        cmocka_unit_test(one_step_in_memory_is_no_growth),
        cmocka_unit_test(the_interval_holds_the_truth_as_often_as_it_says),
        cmocka_unit_test(without_two_different_points_there_is_no_slope),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
