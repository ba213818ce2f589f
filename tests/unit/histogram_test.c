/* tests/unit/histogram_test.c -- the histogram against a sorted array that keeps every sample. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "aborts.h"
#include "base/rng.h"
#include "stats/histogram.h"

enum { SAMPLES = 5000 };

/* Too large for the stack with comfort; each test empties what it uses. */
static struct histogram all, part, sum;

static int compare_values(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Over all powers of two alike, so that every exponent is met. */
static int64_t draw_value(struct rng *rng)
{
    return (int64_t)(rng_next(rng) >> (22 + rng_below(rng, 42)));
}

/* The middle of a bucket is within 1/2048 of every value in it: histogram.h. */
static void assert_close(int64_t got_ns, int64_t value_ns, int line)
{
    if (llabs(got_ns - value_ns) > value_ns / 2048)
        fail_msg("line %d: %lld for %lld", line, (long long)got_ns, (long long)value_ns);
}

static void quantiles_are_those_of_the_samples_within_the_stated_error(void **state)
{
    static int64_t values[SAMPLES];
    struct rng rng = { 1 };

    memset(&all, 0, sizeof(all));
    for (int i = 0; i < SAMPLES; i++)
        histogram_record(&all, values[i] = draw_value(&rng));
    qsort(values, SAMPLES, sizeof(values[0]), compare_values);
    for (int64_t permille = 1; permille <= 1000; permille++) {
        int64_t rank = (permille * SAMPLES + 999) / 1000; /* exact: no floating point */

        assert_close(histogram_quantile_ns(&all, (double)permille / 1000), values[rank - 1],
                     __LINE__);
    }
    assert_int_equal(histogram_quantile_ns(&all, 1e-9), values[0]);
    assert_int_equal(all.min_ns, values[0]);
    assert_int_equal(all.max_ns, values[SAMPLES - 1]);
    (void)state;
}

static void mean_is_exact_and_stdev_within_the_stated_error(void **state)
{
    static double values[SAMPLES];
    double total = 0, squares = 0;
    struct rng rng = { 2 };

    memset(&all, 0, sizeof(all));
    for (int i = 0; i < SAMPLES; i++) {
        int64_t value = (int64_t)(-log(rng_unit(&rng)) * 1e6);

        histogram_record(&all, value);
        total += values[i] = (double)value;
    }
    for (int i = 0; i < SAMPLES; i++)
        squares += pow(values[i] - total / SAMPLES, 2);
    assert_true(histogram_mean_ns(&all) == total / SAMPLES);
    assert_true(fabs(histogram_stdev_ns(&all) / sqrt(squares / (SAMPLES - 1)) - 1) < 0.001);
    (void)state;
}

/* The sum of squares of samples at 1 s with a spread of 1 us would be all rounding. */
static void stdev_survives_a_small_spread_around_a_large_mean(void **state)
{
    memset(&all, 0, sizeof(all));
    histogram_record_many(&all, 1000000000, 1000000);
    assert_true(histogram_stdev_ns(&all) == 0);
    memset(&all, 0, sizeof(all));
    for (int64_t value = 1; value <= 5; value++)
        histogram_record(&all, value);
    assert_true(fabs(histogram_stdev_ns(&all) - sqrt(2.5)) < 1e-12);
    (void)state;
}

static void buckets_follow_each_other_without_gap_and_keep_their_relative_width(void **state)
{
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        int64_t low = histogram_bucket_low_ns(i), width = histogram_bucket_width_ns(i);
        int64_t high = low + width - 1, middle = histogram_bucket_middle_ns(i);

        assert_int_equal(histogram_index(low), i);
        assert_int_equal(histogram_index(high), i);
        assert_true(width == 1 || width <= low / 1024);
        assert_close(middle, low, __LINE__);
        assert_close(middle, high, __LINE__);
        if (i + 1 < HISTOGRAM_BUCKETS)
            assert_int_equal(high + 1, histogram_bucket_low_ns(i + 1));
        else
            assert_int_equal(high, HISTOGRAM_MAX_NS);
    }
    (void)state;
}

static void read_behind_the_last_bucket(void *unused)
{
    (void)unused;
    histogram_bucket_low_ns(HISTOGRAM_BUCKETS);
}

static void ask_for_quantile(void *q)
{
    histogram_record(&all, 1);
    histogram_quantile_ns(&all, *(double *)q);
}

static void questions_without_an_answer_stop_the_program(void **state)
{
    assert_true(aborts(read_behind_the_last_bucket, NULL));
    assert_true(aborts(ask_for_quantile, &(double){ 0 }));
    assert_true(aborts(ask_for_quantile, &(double){ 1.001 }));
    assert_true(aborts(ask_for_quantile, &(double){ (double)NAN }));
    assert_false(aborts(ask_for_quantile, &(double){ 1 }));
    (void)state;
}

/* 0.55 and 0.07 times 100 are above 55 and 7 in doubles. */
static void ranks_are_not_moved_by_rounding(void **state)
{
    memset(&all, 0, sizeof(all));
    for (int64_t value = 1; value <= 100; value++)
        histogram_record(&all, value);
    for (int percent = 1; percent <= 100; percent++)
        assert_int_equal(histogram_quantile_ns(&all, percent / 100.0), percent);
    assert_int_equal(histogram_quantile_ns(&all, 0.551), 56);
    (void)state;
}

/* Over random splits: merging the parts gives the whole, bit for bit. */
static void quantiles_of_a_merge_are_those_of_all_samples(void **state)
{
    struct rng rng = { 3 };

    for (int split = 0; split < 50; split++) {
        uint64_t share = rng_below(&rng, 10);

        memset(&all, 0, sizeof(all));
        memset(&part, 0, sizeof(part));
        memset(&sum, 0, sizeof(sum));
        for (int i = 0; i < 200; i++) {
            int64_t value = draw_value(&rng) - 3; /* some negative */

            if (rng_below(&rng, 50) == 0)
                value += HISTOGRAM_MAX_NS; /* and some too large */
            bool censored = rng_below(&rng, 20) == 0;
            struct histogram *one = rng_below(&rng, 10) < share ? &part : &sum;

            (censored ? histogram_record_censored : histogram_record)(&all, value);
            (censored ? histogram_record_censored : histogram_record)(one, value);
        }
        histogram_merge(&sum, &part);
        assert_true(fabs(sum.sum_ns - all.sum_ns) <= 1e-15 * all.sum_ns);
        sum.sum_ns = all.sum_ns; /* the order of additions may show in the last bit */
        assert_memory_equal(&sum, &all, sizeof(all));
    }
    (void)state;
}

/* The known trap: the mean of the two p90s would be 59. */
static void percentiles_are_merged_and_never_averaged(void **state)
{
    memset(&all, 0, sizeof(all));
    memset(&part, 0, sizeof(part));
    for (int64_t i = 1; i <= 10; i++) {
        histogram_record(&all, 10 + i);
        histogram_record(&part, 90 + i);
    }
    histogram_merge(&all, &part);
    assert_int_equal(histogram_quantile_ns(&all, 0.9), 98);
    (void)state;
}

static void merging_nothing_changes_nothing(void **state)
{
    memset(&all, 0, sizeof(all));
    memset(&part, 0, sizeof(part));
    histogram_record_censored(&all, 500);
    sum = all;
    histogram_merge(&all, &part);
    assert_memory_equal(&all, &sum, sizeof(all));
    histogram_merge(&part, &all);
    assert_memory_equal(&part, &all, sizeof(all));
    (void)state;
}

static void what_does_not_fit_is_counted_as_such(void **state)
{
    memset(&all, 0, sizeof(all));
    histogram_record(&all, 100);
    histogram_record(&all, HISTOGRAM_MAX_NS);
    assert_int_equal(all.too_large, 0);
    histogram_record(&all, HISTOGRAM_MAX_NS + 1);
    histogram_record(&all, INT64_MAX);
    histogram_record(&all, -1);
    histogram_record(&all, INT64_MIN);
    assert_int_equal(all.count, 4);
    assert_int_equal(all.too_large, 2);
    assert_int_equal(all.negative, 2);
    assert_int_equal(all.min_ns, 100);
    assert_true(all.max_ns == INT64_MAX);
    assert_int_equal(histogram_quantile_ns(&all, 0.25), 100);
    assert_close(histogram_quantile_ns(&all, 0.5), HISTOGRAM_MAX_NS, __LINE__);
    assert_true(histogram_quantile_ns(&all, 0.75) == INT64_MAX);
    assert_true(histogram_quantile_ns(&all, 1) == INT64_MAX);
    (void)state;
}

static void an_empty_histogram_answers_zero(void **state)
{
    memset(&all, 0, sizeof(all));
    assert_int_equal(histogram_quantile_ns(&all, 0.5), 0);
    assert_true(histogram_mean_ns(&all) == 0);
    assert_true(histogram_stdev_ns(&all) == 0);
    assert_false(histogram_quantile_is_bound(&all, 0.5));
    assert_false(histogram_quantile_is_reliable(&all, 0.5));
    histogram_record(&all, 5);
    assert_true(histogram_stdev_ns(&all) == 0);
    (void)state;
}

/* One value fills its bucket alone: the quantile is that value, not the bucket's middle. */
static void quantiles_stay_between_min_and_max(void **state)
{
    memset(&all, 0, sizeof(all));
    histogram_record_many(&all, 1000000007, 3);
    assert_int_equal(histogram_quantile_ns(&all, 0.01), 1000000007);
    assert_int_equal(histogram_quantile_ns(&all, 1),
                     1000000007); /* in the lower half of its bucket */
    memset(&all, 0, sizeof(all));
    histogram_record(&all, INT64_C(1000341503)); /* the last of its bucket */
    assert_int_equal(histogram_bucket_low_ns(histogram_index(1000341504)), 1000341504);
    assert_int_equal(histogram_quantile_ns(&all, 1), 1000341503);
    (void)state;
}

static void many_at_once_are_the_same_as_one_by_one(void **state)
{
    static const int64_t values[] = { -5, 0, 2047, 2048, 123456789, HISTOGRAM_MAX_NS + 1 };

    memset(&all, 0, sizeof(all));
    memset(&part, 0, sizeof(part));
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        histogram_record_many(&all, values[i], 3);
        histogram_record_many(&all, values[i], 0);
        for (int times = 0; times < 3; times++)
            histogram_record(&part, values[i]);
    }
    assert_memory_equal(&all, &part, sizeof(all));
    (void)state;
}

static void a_quantile_at_or_above_a_censored_sample_is_a_bound(void **state)
{
    memset(&all, 0, sizeof(all));
    for (int64_t i = 1; i <= 90; i++)
        histogram_record(&all, i);
    assert_false(histogram_quantile_is_bound(&all, 1));
    for (int i = 0; i < 10; i++)
        histogram_record_censored(&all, 1000 + i);
    assert_int_equal(all.count, 100);
    assert_int_equal(all.censored, 10);
    assert_int_equal(all.censored_min_ns, 1000);
    assert_false(histogram_quantile_is_bound(&all, 0.9));
    assert_true(histogram_quantile_is_bound(&all, 0.91));
    assert_int_equal(histogram_quantile_ns(&all, 0.91), 1000);

    /* A request still open at age 20 makes every figure from there on a bound. */
    histogram_record_censored(&all, 20);
    assert_false(histogram_quantile_is_bound(&all, 0.18));
    assert_true(histogram_quantile_is_bound(&all, 0.21));
    (void)state;
}

static void a_censored_sample_beyond_the_range_bounds_only_what_is_beyond(void **state)
{
    memset(&all, 0, sizeof(all));
    histogram_record(&all, 10);
    histogram_record_censored(&all, HISTOGRAM_MAX_NS + 5);
    assert_false(histogram_quantile_is_bound(&all, 0.5));
    assert_true(histogram_quantile_is_bound(&all, 1));
    histogram_record_censored(&all, -1);
    assert_int_equal(all.censored, 1);
    assert_int_equal(all.negative, 1);
    (void)state;
}

/* The table of validity.md, T7: "print at all". */
static void ten_samples_beyond_make_a_quantile_reliable(void **state)
{
    static const struct {
        int line;
        double q;
        uint64_t needs;
    } cases[] = {
        {__LINE__,  0.5,     20     },
        { __LINE__, 0.9,     100    },
        { __LINE__, 0.99,    1000   },
        { __LINE__, 0.999,   10000  },
        { __LINE__, 0.9999,  100000 },
        { __LINE__, 0.99999, 1000000},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&all, 0, sizeof(all));
        histogram_record_many(&all, 1, cases[i].needs - 1);
        if (histogram_quantile_is_reliable(&all, cases[i].q))
            fail_msg("line %d: with one sample less", cases[i].line);
        histogram_record(&all, 1);
        if (!histogram_quantile_is_reliable(&all, cases[i].q))
            fail_msg("line %d", cases[i].line);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_samples_within_the_stated_error),
        cmocka_unit_test(mean_is_exact_and_stdev_within_the_stated_error),
        cmocka_unit_test(stdev_survives_a_small_spread_around_a_large_mean),
        cmocka_unit_test(buckets_follow_each_other_without_gap_and_keep_their_relative_width),
        cmocka_unit_test(questions_without_an_answer_stop_the_program),
        cmocka_unit_test(ranks_are_not_moved_by_rounding),
        cmocka_unit_test(quantiles_of_a_merge_are_those_of_all_samples),
        cmocka_unit_test(percentiles_are_merged_and_never_averaged),
        cmocka_unit_test(merging_nothing_changes_nothing),
        cmocka_unit_test(what_does_not_fit_is_counted_as_such),
        cmocka_unit_test(an_empty_histogram_answers_zero),
        cmocka_unit_test(quantiles_stay_between_min_and_max),
        cmocka_unit_test(many_at_once_are_the_same_as_one_by_one),
        cmocka_unit_test(a_quantile_at_or_above_a_censored_sample_is_a_bound),
        cmocka_unit_test(a_censored_sample_beyond_the_range_bounds_only_what_is_beyond),
        cmocka_unit_test(ten_samples_beyond_make_a_quantile_reliable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
