/* tests/unit/moments_test.c -- against NIST's certified values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "nist_series.h"
#include "stats/moments.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Digits: -log10 of the relative error, as NIST counts them. */
static void certified(int line, const double *values, size_t n, struct moments should,
                      double digits_sd)
{
    struct moments is = moments(values, n);

    if (fabs(is.mean - should.mean) > 1e-14 * fabs(should.mean) ||
        fabs(is.sd - should.sd) > pow(10, -digits_sd) * should.sd ||
        fabs(is.lag1 - should.lag1) > pow(10, -digits_sd) * fabs(should.lag1))
        fail_msg("line %d: %.15g %.15g %.15g", line, is.mean, is.sd, is.lag1);
}

static void real_data_have_the_certified_moments(void **state)
{
    struct moments lew = { 200, -177.435, 277.332168044316, -.307304800605679 };
    struct moments lottery = { 218, 518.958715596330, 291.699727470969, -.120948622967393 };
    struct moments mavro = { 50, 2.001856, .000429123454003053, .937989183438248 };
    struct moments michelson = { 100, 299.8524, .0790105478190518, .535199668621283 };

    certified(__LINE__, LEW, COUNT(LEW), lew, 14);
    certified(__LINE__, LOTTERY, COUNT(LOTTERY), lottery, 14);
    /* Their decimals are no binary fractions: of 2.0018 - 2.001856 four digits are lost. */
    certified(__LINE__, MAVRO, COUNT(MAVRO), mavro, 12);
    certified(__LINE__, MICHELSON, COUNT(MICHELSON), michelson, 12.5);
    (void)state;
}

#define LIMB_BASE 100000000 /* 8 digits */
#define LIMBS     627       /* 5000 digits, and a few to round in */

static void divide(int64_t *number, int64_t by)
{
    int64_t rest = 0;

    for (size_t i = 0; i < LIMBS; i++) {
        int64_t limb = rest * LIMB_BASE + number[i];

        number[i] = limb / by;
        rest = limb % by;
    }
}

/* sum += times * atan(1/x), by its series. Limbs may leave their range, and be carried later. */
static void add_atan(int64_t *sum, int64_t times, int64_t x)
{
    static int64_t power[LIMBS], term[LIMBS];
    bool more = true;

    for (size_t i = 0; i < LIMBS; i++)
        power[i] = i == 0 ? (times < 0 ? -times : times) : 0;
    divide(power, x);
    for (int64_t k = 0; more; k++) {
        bool minus = (k % 2 == 1) != (times < 0);

        more = false;
        for (size_t i = 0; i < LIMBS; i++)
            term[i] = power[i];
        divide(term, 2 * k + 1);
        divide(power, x * x);
        for (size_t i = 0; i < LIMBS; i++) {
            sum[i] += minus ? -term[i] : term[i];
            more = more || power[i] != 0;
        }
    }
}

/* Machin: pi = 16 atan(1/5) - 4 atan(1/239). */
static void digits_of_pi(double *ret_digits, size_t count)
{
    static int64_t pi[LIMBS];

    add_atan(pi, 16, 5);
    add_atan(pi, -4, 239);
    for (size_t i = LIMBS - 1; i > 0; i--) {
        int64_t carry = pi[i] >= 0 ? pi[i] / LIMB_BASE : -((LIMB_BASE - 1 - pi[i]) / LIMB_BASE);

        pi[i] -= carry * LIMB_BASE;
        pi[i - 1] += carry;
    }
    ret_digits[0] = (double)pi[0];
    for (size_t i = 1; i < count; i++) {
        int64_t limb = pi[1 + (i - 1) / 8];

        for (size_t k = (i - 1) % 8; k < 7; k++)
            limb /= 10;
        ret_digits[i] = (double)(limb % 10);
    }
}

static void the_digits_of_pi_have_them_too(void **state)
{
    struct moments should = { 5000, 4.5348, 2.86733906028871, -.00355099287237972 };
    static double digits[5000];

    digits_of_pi(digits, COUNT(digits));
    /* In NIST's file this one is a 3 (seen in a copy of it; no other digit differs, or the three
     * figures would). */
    assert_true(digits[956] > 7 && digits[956] < 9);
    digits[956] = 3;
    assert_true(digits[0] == 3 && digits[1] == 1 && digits[2] == 4 && digits[3] == 1);
    certified(__LINE__, digits, COUNT(digits), should, 13);
    (void)state;
}

/* One value, then 500 pairs around it: what a sum of squares would lose altogether. */
static void large_values_that_hardly_differ_keep_their_digits(void **state)
{
    static const double three[] = { 10000001, 10000003, 10000002 };
    static const struct {
        int line;
        double mean, low, high, digits;
    } cases[] = {
        {__LINE__,  1.2,        1.1,        1.3,        13 },
        { __LINE__, 1000000.2,  1000000.1,  1000000.3,  8.5},
        { __LINE__, 10000000.2, 10000000.1, 10000000.3, 7.5},
    };

    certified(__LINE__, three, 3, (struct moments){ 3, 10000002, 1, -.5 }, 15);
    for (size_t i = 0; i < COUNT(cases); i++) {
        double values[1001] = { cases[i].mean };

        for (size_t k = 1; k < COUNT(values); k++)
            values[k] = k % 2 == 1 ? cases[i].low : cases[i].high;
        certified(cases[i].line, values, COUNT(values),
                  (struct moments){ 1001, cases[i].mean, .1, -.999 }, cases[i].digits);
    }
    (void)state;
}

static void what_too_few_values_cannot_say_is_absent(void **state)
{
    static const double one[] = { 7, 7, 7 };

    assert_true(isnan(moments(one, 0).mean));
    assert_true(moments(one, 1).mean == 7 && isnan(moments(one, 1).sd));
    assert_true(moments(one, 3).sd == 0 && isnan(moments(one, 3).lag1));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_data_have_the_certified_moments),
        cmocka_unit_test(the_digits_of_pi_have_them_too),
        cmocka_unit_test(large_values_that_hardly_differ_keep_their_digits),
        cmocka_unit_test(what_too_few_values_cannot_say_is_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
