/* tests/unit/usl_test.c -- the scalability law, against R's package usl and against known truths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "stats/usl.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool close_to(double is, double should, double relative)
{
    return fabs(is - should) <= relative * fabs(should);
}

static double normal(struct rng *rng)
{
    return sqrt(-2 * log(rng_unit(rng))) * cos(2 * M_PI * rng_unit(rng));
}

static bool holds(struct usl_value interval, double truth)
{
    return interval.low <= truth && truth <= interval.high;
}

/* A real system (SPEC SDM, 1991), as R fits it: shared/spec/validity.md, section 2. */
static void a_published_fit_comes_out_the_same(void **state)
{
    static const double load[] = { 1, 18, 36, 72, 108, 144, 216 };
    static const double x[] = { 64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2 };
    struct usl usl = usl_fit(load, x, COUNT(x), 0.95);

    assert_int_equal(usl.claim, USL_CLAIM);
    assert_int_equal(usl.loads, 7);
    assert_true(close_to(usl.alpha.estimate, .0277284756, 1e-7));
    assert_true(close_to(usl.beta.estimate, .000104365484, 1e-7));
    assert_true(close_to(usl.gamma.estimate, 89.9952331, 1e-7));
    assert_true(close_to(usl.peak.estimate, 96.51956, 1e-6));
    assert_true(close_to(usl.limit, 3245.589, 1e-6));
    assert_false(usl.peaks); /* one point alone says that it falls */
    (void)state;
}

static void points_on_the_curve_give_it_back(void **state)
{
    static const double load[] = { 1, 2, 4, 6, 8, 10 };
    static const double rounded[] = { 1, 1.8868, 3.0769, 3.5294, 3.5398, 3.3557 };
    struct usl truth = { .alpha.estimate = .02, .beta.estimate = .02, .gamma.estimate = 1 };
    struct usl usl = usl_fit(load, rounded, COUNT(load), 0.95);
    double exact[COUNT(load)];

    assert_true(close_to(usl.alpha.estimate, .02, 1e-2));
    assert_true(close_to(usl.beta.estimate, .02, 1e-3));
    assert_true(close_to(usl.gamma.estimate, 1, 1e-4));
    for (size_t i = 0; i < COUNT(load); i++)
        exact[i] = usl_throughput(&truth, load[i]);
    usl = usl_fit(load, exact, COUNT(load), 0.95);
    assert_int_equal(usl.claim, USL_CLAIM);
    assert_true(close_to(usl.alpha.estimate, .02, 1e-9));
    assert_true(close_to(usl.beta.estimate, .02, 1e-9));
    assert_true(close_to(usl.gamma.estimate, 1, 1e-9));
    assert_true(close_to(usl.peak.estimate, 7, 1e-9));
    assert_true(close_to(usl.peak_x, usl_throughput(&truth, 7), 1e-9));
    (void)state;
}

#define LOADS 8
static const double DOUBLING[LOADS] = { 1, 2, 4, 8, 16, 32, 64, 128 };

/* Noise of 2 % of the value, as runs have it, or of 200/s everywhere. */
static struct usl noisy_fit(struct rng *rng, const struct usl *truth, bool relative)
{
    double x[LOADS];

    for (size_t i = 0; i < LOADS; i++) {
        double exact = usl_throughput(truth, DOUBLING[i]);

        x[i] = fmax(1, exact + (relative ? .02 * exact : 200) * normal(rng));
    }
    return usl_fit(DOUBLING, x, LOADS, 0.95);
}

static void intervals_hold_the_truth_whatever_the_noise(void **state)
{
    struct usl truth = { .alpha.estimate = .03, .beta.estimate = 2e-4, .gamma.estimate = 900 };

    for (int relative = 0; relative < 2; relative++) {
        struct rng rng = { 5 };
        int alpha = 0, beta = 0, gamma = 0, peaks = 0, peak = 0;

        for (int run = 0; run < 1000; run++) {
            struct usl usl = noisy_fit(&rng, &truth, relative == 1);

            alpha += holds(usl.alpha, .03);
            beta += holds(usl.beta, 2e-4);
            gamma += holds(usl.gamma, 900);
            peaks += usl.peaks;
            peak += usl.peaks && holds(usl.peak, sqrt(.97 / 2e-4));
        }
        assert_in_range(alpha, 940, 1000);
        assert_in_range(beta, 930, 1000);
        assert_in_range(gamma, 940, 1000);
        assert_in_range(peaks, 700, 1000);
        assert_true(peak > .92 * peaks);
    }
    (void)state;
}

/* With contention alone throughput rises for ever: a peak must not be made of the noise. */
static void without_coherency_no_peak_is_claimed(void **state)
{
    struct usl truth = { .alpha.estimate = .03, .gamma.estimate = 900 };

    for (int relative = 0; relative < 2; relative++) {
        struct rng rng = { 6 };
        int peaks = 0;

        for (int run = 0; run < 1000; run++)
            peaks += noisy_fit(&rng, &truth, relative == 1).peaks;
        assert_in_range(peaks, 0, 40); /* 2.5 % on paper, one side of 95 % */
    }
    (void)state;
}

static void what_is_no_claim_says_why(void **state)
{
    static const double load[] = { 1, 2, 4, 8, 16, 32 }, twice[] = { 1, 2, 4, 8, 16, 16 };
    static const double rising[] = { 10, 19, 36, 66, 110, 170 };
    static const double wild[] = { 10, 90, 12, 150, 9, 130 };
    static const double square[] = { 1, 4, 16, 64, 256, 1024 };

    assert_int_equal(usl_fit(load, rising, 6, 0.95).claim, USL_CLAIM);
    assert_int_equal(usl_fit(load, rising, 5, 0.95).claim, USL_FEW_LOADS);
    assert_int_equal(usl_fit(twice, rising, 6, 0.95).claim, USL_FEW_LOADS);
    assert_int_equal(usl_fit(load, rising, 0, 0.95).claim, USL_FEW_LOADS);
    assert_true(isnan(usl_fit(load, rising, 5, 0.95).alpha.estimate));
    assert_int_equal(usl_fit(load, wild, 6, 0.95).claim, USL_RESIDUALS);
    assert_int_equal(usl_fit(load, square, 6, 0.95).claim, USL_NOT_SO);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_fit_comes_out_the_same),
        cmocka_unit_test(points_on_the_curve_give_it_back),
        cmocka_unit_test(intervals_hold_the_truth_whatever_the_noise),
        cmocka_unit_test(without_coherency_no_peak_is_claimed),
        cmocka_unit_test(what_is_no_claim_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
