/* tests/unit/pairs_test.c -- in which order base, head and base again are run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/pairs.h"

static void every_second_pair_is_the_mirror_of_the_one_before(void **state)
{
    for (uint32_t pair = 0; pair < 12; pair += 2) {
        enum pair_side first[PAIR_SIDES], second[PAIR_SIDES];

        pair_order(pair, first);
        pair_order(pair + 1, second);
        for (size_t i = 0; i < PAIR_SIDES; i++)
            assert_int_equal(first[i], second[PAIR_SIDES - 1 - i]);
    }
    (void)state;
}

static void in_six_pairs_each_stands_everywhere_equally_often(void **state)
{
    unsigned stood[PAIR_SIDES][PAIR_SIDES] = { 0 };

    for (uint32_t pair = 6; pair < 12; pair++) {
        enum pair_side order[PAIR_SIDES];

        pair_order(pair, order);
        for (size_t i = 0; i < PAIR_SIDES; i++)
            stood[order[i]][i]++;
    }
    for (size_t side = 0; side < PAIR_SIDES; side++)
        for (size_t i = 0; i < PAIR_SIDES; i++)
            assert_int_equal(stood[side][i], 2);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_second_pair_is_the_mirror_of_the_one_before),
        cmocka_unit_test(in_six_pairs_each_stands_everywhere_equally_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
