/* tests/unit/ranktest_test.c -- against R's wilcox.test and the tables of the original papers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "stats/ranktest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool close_to(double is, double should, double within)
{
    return fabs(is - should) <= within;
}

#define CLOSE(is, should, within) assert_true(close_to(is, should, within))
#define NEAR(is, should)          CLOSE(is, should, 1e-9)

/* R's ?wilcox.test: depression scores of nine patients before and after. */
static void signed_ranks_are_those_of_r(void **state)
{
    static const double x[] = { 1.83, .50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30 };
    static const double y[] = { .878, .647, .598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29 };
    double d[COUNT(x)];
    struct ranktest test;

    for (size_t i = 0; i < COUNT(x); i++)
        d[i] = x[i] - y[i];
    test = ranktest_signed(d, COUNT(d));
    assert_true(test.exact);
    NEAR(test.statistic, 40);
    NEAR(test.p_greater, 10 / 512.0); /* .01953 */
    NEAR(test.p_two, 20 / 512.0);
    (void)state;
}

static void zero_differences_take_no_part(void **state)
{
    static const double d[] = { 0, 1, 0, 2, 3 };
    struct ranktest test = ranktest_signed(d, COUNT(d));

    assert_int_equal(test.n, 3);
    NEAR(test.p_greater, 1 / 8.0);
    NEAR(ranktest_signed(d, 1).p_two, 1);
    (void)state;
}

/* All eight signs of the ranks 1.5, 1.5, 3 by hand: sums 0, 1.5 twice, 3 twice, 4.5 twice, 6. */
static void ties_are_counted_exactly(void **state)
{
    static const double d[] = { 1, -1, 2 };
    struct ranktest test = ranktest_signed(d, COUNT(d));

    NEAR(test.statistic, 4.5);
    NEAR(test.p_greater, 3 / 8.0);
    NEAR(test.p_less, 7 / 8.0);
    (void)state;
}

static void two_samples_are_those_of_r(void **state)
{
    static const double a[] = { 2, 1, 3, 5 }, b[] = { 12, 11, 13, 15 }, c[] = { 0, 4, 6, 7 };
    static const double d[] = { 1, 2, 3, 5 }, e[] = { 2, 2, 2, 2 };
    static const double x[] = { .80, .83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, .73, 1.46 };
    static const double y[] = { 1.15, .88, .90, .74, 1.21 };
    struct ranktest test = ranktest_two(a, 4, b, 4);

    NEAR(test.statistic, 0);
    CLOSE(test.p_two, .0285714285714, 1e-12);
    test = ranktest_two(a, 4, c, 4);
    NEAR(test.statistic, 5);
    CLOSE(test.p_two, .485714285714, 1e-12);
    test = ranktest_two(d, 4, e, 4);
    NEAR(test.statistic, 10);
    CLOSE(test.p_two, .7142857142857, 1e-12);
    test = ranktest_two(x, 10, y, 5);
    NEAR(test.statistic, 35);
    CLOSE(test.p_greater, .1272, 5e-5);
    (void)state;
}

/* Klotz 1966: m = 5 of N = 10 with two ties of two. Upper tails of the rank sum's deviation. */
static void tables_with_ties_are_those_of_klotz(void **state)
{
    static const double ranked[] = { 1, 2, 3, 3, 5, 6, 7, 7, 9, 10 };
    static const struct {
        int line;
        size_t chosen[5];
        double p_greater;
    } cases[] = {
        {__LINE__,  { 5, 6, 7, 8, 9 }, .003968},
        { __LINE__, { 4, 6, 7, 8, 9 }, .007937},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        double a[5], b[5];
        size_t in_a = 0, in_b = 0;
        double p;

        for (size_t k = 0; k < COUNT(ranked); k++) {
            if (in_a < 5 && cases[i].chosen[in_a] == k)
                a[in_a++] = ranked[k];
            else
                b[in_b++] = ranked[k];
        }
        p = ranktest_two(a, 5, b, 5).p_greater;
        if (fabs(p - cases[i].p_greater) > 5e-7)
            fail_msg("line %d: %.6f", cases[i].line, p);
    }
    (void)state;
}

/* The least that n against n can show: 2 / C(2n, n). */
static void the_smallest_p_depends_on_n(void **state)
{
    static const double least[] = { .0285714286,   .00793650794,  .00216450216,
                                    .000582750583, .000155400155, 4.11353352e-5 };
    double a[9], b[9];

    for (size_t i = 0; i < 9; i++) {
        a[i] = (double)i;
        b[i] = (double)i + 100;
    }
    for (size_t n = 4; n <= 9; n++)
        CLOSE(ranktest_two(a, n, b, n).p_two, least[n - 4], 1e-10);
    (void)state;
}

/* wilcox.test(seq(0, 998, 2), seq(0, 599) * 2 - 41) in R. */
static void many_values_are_approximated(void **state)
{
    static double a[500], b[600];
    struct ranktest test;

    for (size_t i = 0; i < 500; i++)
        a[i] = 2.0 * (double)i;
    for (size_t i = 0; i < 600; i++)
        b[i] = 2.0 * (double)i - 41;
    test = ranktest_two(a, 500, b, 600);
    assert_false(test.exact);
    NEAR(test.statistic, 135250);
    CLOSE(test.p_two, .0049335360814, 1e-10);
    (void)state;
}

static void exact_and_approximate_agree_where_they_meet(void **state)
{
    struct rng rng = { 7 };
    double d[RANKTEST_EXACT_MAX + 1], p_exact, p_normal;

    for (size_t i = 0; i < COUNT(d); i++)
        d[i] = rng_unit(&rng) - 0.4;
    d[RANKTEST_EXACT_MAX] = 1e-9; /* the least of all: it moves next to nothing */
    p_exact = ranktest_signed(d, RANKTEST_EXACT_MAX).p_two;
    p_normal = ranktest_signed(d, RANKTEST_EXACT_MAX + 1).p_two;
    assert_true(ranktest_signed(d, RANKTEST_EXACT_MAX).exact);
    assert_false(ranktest_signed(d, RANKTEST_EXACT_MAX + 1).exact);
    CLOSE(p_exact, p_normal, 0.01);
    (void)state;
}

/* The same data as above: R's wilcox.test(x, y, paired = TRUE, conf.int = TRUE) has the estimate
 * 0.46 and the interval 0.01 .. 0.786. */
static void how_much_more_has_an_interval(void **state)
{
    static const double d[] = { .952, -.147, 1.022, .43, .62, .59, .49, -.08, .01 };
    static const double few[] = { 1, 2, 3, 4, 5 };
    struct shift shift = shift_paired(d, COUNT(d), 0.95);

    assert_true(shift.bounded);
    CLOSE(shift.estimate, 0.46, 1e-9);
    CLOSE(shift.low, 0.01, 1e-9);
    CLOSE(shift.high, 0.786, 1e-9);
    CLOSE(shift.coverage, 1 - 20 / 512.0, 1e-9);
    assert_false(shift_paired(few, COUNT(few), 0.95).bounded); /* 2 / 2^5 is above 0.05 */
    NEAR(shift_paired(few, COUNT(few), 0.95).estimate, 3);
    (void)state;
}

static void of_two_samples_too(void **state)
{
    static const double a[] = { 11, 12, 13, 14, 15 }, b[] = { 1, 2, 3, 4, 5 };
    struct shift shift = shift_two(a, 5, b, 5, 0.95);

    NEAR(shift.estimate, 10);
    assert_true(shift.bounded);
    /* qwilcox(0.025, 5, 5) = 3: the third gap from either end */
    NEAR(shift.low, 7);
    NEAR(shift.high, 13);
    assert_false(shift_two(a, 3, b, 3, 0.95).bounded);
    (void)state;
}

/* Coverage on skewed data, shifted by a known amount. */
static void the_interval_covers_as_often_as_it_says(void **state)
{
    struct rng rng = { 42 };
    size_t covered = 0;

    for (int run = 0; run < 2000; run++) {
        double d[10];
        struct shift shift;

        for (size_t i = 0; i < COUNT(d); i++)
            d[i] = 5 + (rng_unit(&rng) + rng_unit(&rng) - rng_unit(&rng) - rng_unit(&rng));
        shift = shift_paired(d, COUNT(d), 0.95);
        covered += shift.low <= 5 && 5 <= shift.high;
    }
    assert_in_range(covered, 1880, 1960); /* 0.9512 on paper for n = 10 */
    (void)state;
}

static void holm_is_r_p_adjust(void **state)
{
    double p[] = { .03, .01, .05, .02, .04 };
    static const double should[] = { .09, .05, .09, .08, .09 };
    double large[] = { .6, .7 };

    holm(p, COUNT(p));
    for (size_t i = 0; i < COUNT(p); i++)
        NEAR(p[i], should[i]);
    holm(large, 2);
    NEAR(large[0], 1);
    NEAR(large[1], 1);
    (void)state;
}

/* shared/spec/validity.md, T10. */
static void so_many_blocks_are_needed_for_so_many_servers(void **state)
{
    static const struct {
        int line;
        size_t servers, blocks;
    } cases[] = {
        {__LINE__,  2,  6 },
        { __LINE__, 3,  7 },
        { __LINE__, 4,  8 },
        { __LINE__, 5,  9 },
        { __LINE__, 6,  10},
        { __LINE__, 8,  11},
        { __LINE__, 10, 11},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t k = cases[i].servers;
        size_t blocks = ranktest_pairs_needed(k * (k - 1) / 2, 0.05);

        if (blocks != cases[i].blocks)
            fail_msg("line %d: %zu", cases[i].line, blocks);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_ranks_are_those_of_r),
        cmocka_unit_test(zero_differences_take_no_part),
        cmocka_unit_test(ties_are_counted_exactly),
        cmocka_unit_test(two_samples_are_those_of_r),
        cmocka_unit_test(tables_with_ties_are_those_of_klotz),
        cmocka_unit_test(the_smallest_p_depends_on_n),
        cmocka_unit_test(many_values_are_approximated),
        cmocka_unit_test(exact_and_approximate_agree_where_they_meet),
        cmocka_unit_test(how_much_more_has_an_interval),
        cmocka_unit_test(of_two_samples_too),
        cmocka_unit_test(the_interval_covers_as_often_as_it_says),
        cmocka_unit_test(holm_is_r_p_adjust),
        cmocka_unit_test(so_many_blocks_are_needed_for_so_many_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
