/* tests/unit/equivalence_test.c -- two one-sided tests by ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "aborts.h"
#include "base/rng.h"
#include "stats/equivalence.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct margin ONE = { -1, 1 };

static double normal(struct rng *rng)
{
    return sqrt(-2 * log(rng_unit(rng))) * cos(2 * M_PI * rng_unit(rng));
}

/* Five is the fewest: 1/2^5 is the first below 5 %, and both tests reach it when all lie inside. */
static void five_blocks_are_the_fewest(void **state)
{
    static const double d[] = { .1, -.2, .3, -.05, .4 };

    assert_true(equivalence_paired(d, 5, ONE, 0.05).shown);
    assert_true(fabs(equivalence_paired(d, 5, ONE, 0.05).p - 1 / 32.0) < 1e-12);
    assert_false(equivalence_paired(d, 4, ONE, 0.05).shown);
    assert_true(fabs(equivalence_paired(d, 4, ONE, 0.05).p - 1 / 16.0) < 1e-12);
    (void)state;
}

/* 1 / C(6, 3) is 5 %. */
static void three_on_each_side_without_blocks(void **state)
{
    static const double a[] = { 10.1, 10.2, 10.4 }, b[] = { 10.05, 10.25, 10.5 };

    assert_true(equivalence_two(a, 3, b, 3, ONE, 0.05).shown);
    assert_true(fabs(equivalence_two(a, 3, b, 3, ONE, 0.05).p - 1 / 20.0) < 1e-12);
    assert_false(equivalence_two(a, 2, b, 3, ONE, 0.05).shown);
    (void)state;
}

static void neither_a_difference_nor_ignorance_is_sameness(void **state)
{
    static const double different[] = { 2.1, 1.8, 2.3, 1.95, 2.4, 2 };
    static const double wide[] = { -6, 7, 3, -5, .5, -2 };
    static const double below[] = { -2.1, -1.8, -2.3, -1.95, -2.4, -2 };

    assert_false(equivalence_paired(different, 6, ONE, 0.05).shown);
    assert_false(equivalence_paired(wide, 6, ONE, 0.05).shown);
    assert_false(equivalence_paired(below, 6, ONE, 0.05).shown);
    assert_true(equivalence_paired(different, 6, ONE, 0.05).p > 0.9);
    (void)state;
}

/* The interval inside the margin and p at most alpha are one statement, made twice. */
static void interval_and_p_agree(void **state)
{
    struct rng rng = { 8 };
    int shown = 0;

    for (int run = 0; run < 300; run++) {
        double a[9], b[7], d[12];
        struct equivalence paired, two;

        for (size_t i = 0; i < COUNT(d); i++)
            d[i] = 1.2 * normal(&rng);
        for (size_t i = 0; i < COUNT(a); i++)
            a[i] = .7 * normal(&rng);
        for (size_t i = 0; i < COUNT(b); i++)
            b[i] = .7 * normal(&rng);
        paired = equivalence_paired(d, COUNT(d), ONE, 0.05);
        two = equivalence_two(a, COUNT(a), b, COUNT(b), ONE, 0.05);
        assert_int_equal(paired.shown, paired.p <= 0.05);
        assert_int_equal(two.shown, two.p <= 0.05);
        shown += paired.shown + two.shown;
    }
    assert_in_range(shown, 100, 500); /* both ways have been seen */
    (void)state;
}

/* A true difference at the very end of the margin is called the same in one of twenty. */
static void the_same_is_said_wrongly_as_often_as_agreed(void **state)
{
    struct rng rng = { 9 };
    int wrong = 0, right = 0;

    for (int run = 0; run < 2000; run++) {
        double d[10], zero[10];

        for (size_t i = 0; i < COUNT(d); i++) {
            zero[i] = .8 * normal(&rng);
            d[i] = 1 + zero[i];
        }
        wrong += equivalence_paired(d, COUNT(d), ONE, 0.05).shown;
        right += equivalence_paired(zero, COUNT(zero), ONE, 0.05).shown;
    }
    assert_in_range(wrong, 40, 130);    /* at most 5 %, and 4 standard errors */
    assert_in_range(right, 1700, 2000); /* and where there is none, it is seen */
    (void)state;
}

static void ask_about_nothing(void *unused)
{
    (void)unused;
    equivalence_paired(NULL, 0, ONE, 0.05);
}

static void ask_with_an_empty_margin(void *unused)
{
    static const double d[] = { 1, 2 };

    (void)unused;
    equivalence_paired(d, 2, (struct margin){ 1, 1 }, 0.05);
}

static void questions_without_an_answer_stop_the_program(void **state)
{
    assert_true(aborts(ask_about_nothing, NULL));
    assert_true(aborts(ask_with_an_empty_margin, NULL));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_blocks_are_the_fewest),
        cmocka_unit_test(three_on_each_side_without_blocks),
        cmocka_unit_test(neither_a_difference_nor_ignorance_is_sameness),
        cmocka_unit_test(interval_and_p_agree),
        cmocka_unit_test(the_same_is_said_wrongly_as_often_as_agreed),
        cmocka_unit_test(questions_without_an_answer_stop_the_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
