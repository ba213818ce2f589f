/* tests/unit/trend_test.c -- the slope of Theil and Sen with its interval; Mann and Kendall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

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

/* ---- Mann and Kendall ---- */

/* Monthly rainfall at Bogra, Bangladesh, in mm, 1981 to 2010; seven months have no record. What is
 * published for it: pyMannKendall's tests at 2541218, where these months follow each other. (At
 * ec2e3ab, which validity.md quotes, the slope that is taken out keeps the gaps: -1/157 for -1/155,
 * and p becomes .603711 and .000122.) */
static const double RAINFALL[] = {
    32,  20,  25,  189, 240, 193, 379, 278, 301, 0,   0,   82,  0,   4,   121, 234, 360, 262, 120,
    30,  11,  1,   7,   3,   31,  31,  355, 102, 248, 274, 308, 5,   26,  11,  16,  6,   48,  388,
    539, 431, 272, 404, 186, 0,   2,   0,   4,   1,   54,  272, 459, 235, 164, 365, 135, 2,   4,
    0,   128, 210, 163, 446, 225, 462, 467, 19,  13,  0,   3,   17,  132, 178, 338, 525, 623, 145,
    31,  19,  3,   0,   29,  25,  87,  259, 756, 486, 180, 292, 43,  92,  1,   0,   16,  2,   0,
    130, 253, 594, 111, 273, 30,  0,   4,   0,   27,  24,  41,  292, 378, 499, 265, 320, 227, 4,
    0,   4,   14,  8,   48,  416, 240, 404, 207, 733, 105, 0,   112, 0,   14,  0,   30,  140, 202,
    289, 159, 424, 106, 3,   0,   65,  3,   14,  58,  268, 466, 432, 266, 240, 95,  1,   0,   10,
    26,  4,   114, 94,  289, 173, 208, 263, 156, 5,   0,   16,  16,  14,  0,   111, 475, 534, 432,
    471, 117, 70,  1,   3,   28,  7,   401, 184, 283, 338, 171, 335, 176, 0,   0,   10,  11,  9,
    140, 102, 208, 298, 245, 220, 29,  2,   27,  10,  13,  26,  84,  143, 367, 749, 563, 283, 353,
    10,  0,   0,   0,   0,   9,   246, 265, 343, 429, 168, 133, 17,  0,   18,  35,  76,  158, 272,
    250, 190, 289, 466, 84,  0,   0,   0,   0,   0,   22,  217, 299, 185, 115, 344, 203, 8,   0,
    5,   284, 123, 254, 476, 496, 326, 27,  20,  0,   4,   53,  72,  113, 214, 364, 219, 220, 156,
    264, 0,   13,  0,   0,   45,  90,  137, 638, 529, 261, 206, 251, 0,   0,   5,   9,   58,  72,
    138, 130, 471, 328, 356, 523, 0,   1,   0,   0,   12,  143, 193, 184, 192, 138, 174, 69,  1,
    0,   0,   18,  25,  28,  92,  732, 320, 256, 302, 131, 15,  0,   27,  0,   22,  20,  213, 393,
    474, 374, 109, 159, 0,   0,   0,   3,   3,   49,  205, 128, 194, 570, 169, 89,  0,   0,   0,
    0,   0,   26,  185, 286, 92,  225, 244, 190, 3,   20,
};
#define MONTHS (sizeof(RAINFALL) / sizeof(RAINFALL[0]))

static void the_trend_of_rainfall_is_that_of_pymannkendall(void **state)
{
    struct mann_kendall plain = mann_kendall(RAINFALL, MONTHS, 0);
    struct mann_kendall three = mann_kendall(RAINFALL, MONTHS, 3);
    struct mann_kendall all = mann_kendall(RAINFALL, MONTHS, MONTHS - 1);

    assert_int_equal(MONTHS, 353);
    assert_true(fabs(plain.s - -1959) <= 0);
    assert_true(fabs(plain.variance - 4889800.3333333) <= 1e-6);
    assert_true(fabs(plain.z - -.8854562842589916) <= 1e-12);
    assert_true(fabs(plain.p - .37591058740506833) <= 1e-12);
    assert_true(fabs(three.z - -.5191093899188985) <= 1e-12);
    assert_true(fabs(three.p - .603684460662274) <= 1e-12);
    assert_true(fabs(all.z - -3.859273515045842) <= 1e-12);
    assert_true(fabs(all.p - .00011372459883540742) <= 1e-12);
    assert_true(mann_kendall_p(RAINFALL, MONTHS) >= plain.p);
    (void)state;
}

static void what_always_rises_has_the_largest_s(void **state)
{
    double rising[360], falling[360], same[360];

    for (size_t i = 0; i < 360; i++) {
        rising[i] = (double)i;
        falling[i] = -(double)i;
        same[i] = 7;
    }
    assert_true(fabs(mann_kendall(rising, 360, 0).s - 64620) <= 0);
    assert_true(mann_kendall(rising, 360, 10).p < 1e-9);
    assert_true(mann_kendall(falling, 360, 10).z < -10);
    assert_true(fabs(mann_kendall(same, 360, 10).p - 1) <= 0);
    assert_true(fabs(mann_kendall(rising, 2, 10).p - 1) <= 0);
    (void)state;
}

static double normal(struct rng *rng)
{
    double radius = sqrt(-2 * log(rng_unit(rng)));

    return radius * cos(2 * 3.14159265358979323846 * rng_unit(rng));
}

/* Of 500 series without a trend, in how many it sees one at 5 %. */
static int alarms(double phi, bool careful)
{
    struct rng rng = { 77 };
    int seen = 0;

    for (int run = 0; run < 500; run++) {
        double series[50], value = normal(&rng) / sqrt(1 - phi * phi);

        for (size_t i = 0; i < 50; i++)
            series[i] = value = phi * value + normal(&rng);
        seen += (careful ? mann_kendall_p(series, 50) : mann_kendall(series, 50, 0).p) < 0.05;
    }
    return seen;
}

static void dependent_noise_is_taken_for_a_trend_less_often(void **state)
{
    assert_in_range(alarms(0, false), 12, 40); /* 5 % of 500 is 25 */
    assert_in_range(alarms(0, true), 5, 40);
    assert_in_range(alarms(0.6, false), 110, 200); /* validity.md, T13: 25 to 27 % */
    assert_in_range(alarms(0.6, true), 50, 100);   /* better, and far from 5 % */
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
        cmocka_unit_test(the_trend_of_rainfall_is_that_of_pymannkendall),
        cmocka_unit_test(what_always_rises_has_the_largest_s),
        cmocka_unit_test(dependent_noise_is_taken_for_a_trend_less_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
