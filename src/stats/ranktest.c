#include "stats/ranktest.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "stats/sorted.h"

/* Ranks are kept doubled, so that middle ranks of ties are whole numbers and sums can be counted.
 */
#define DOUBLED_SUM_MAX (RANKTEST_EXACT_MAX * (RANKTEST_EXACT_MAX + 1))

/* Equal on paper must stay equal: sums of probabilities are good to far more digits than this. */
#define TIE_SLACK 1e-9

struct item {
    double value;
    bool first; /* of the first sample; or: the difference is positive */
    unsigned doubled_rank;
};

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    return (x->value > y->value) - (x->value < y->value);
}

/* Sorts and ranks; returns the sum of t^3 - t over groups of t equal values. */
static double rank(struct item *items, size_t n)
{
    double ties = 0;

    qsort(items, n, sizeof(items[0]), compare_items);
    for (size_t i = 0, end; i < n; i = end) {
        double t;

        for (end = i + 1; end < n && items[end].value <= items[i].value;)
            end++;
        for (size_t k = i; k < end; k++)
            items[k].doubled_rank = (unsigned)(i + 1 + end);
        t = (double)(end - i);
        ties += t * t * t - t;
    }
    return ties;
}

static double normal_above(double z)
{
    return 0.5 * erfc(z / sqrt(2));
}

static void by_normal(struct ranktest *test, double mean, double variance)
{
    double sd = sqrt(variance), off = test->statistic - mean;

    if (!(sd > 0)) {
        test->p_two = test->p_greater = test->p_less = 1;
        return;
    }
    test->p_greater = normal_above((off - 0.5) / sd);
    test->p_less = normal_above((-off - 0.5) / sd);
    test->p_two = fmin(1, 2 * normal_above((fabs(off) - 0.5) / sd));
}

/* p from the chance of each doubled sum; the two-sided one doubles the smaller tail. */
static void by_counting(struct ranktest *test, const double *chance, unsigned sum_max,
                        unsigned observed)
{
    double at_least = 0, at_most = 0;

    for (unsigned s = 0; s <= sum_max; s++) {
        at_least += s >= observed ? chance[s] : 0;
        at_most += s <= observed ? chance[s] : 0;
    }
    test->exact = true;
    test->p_greater = fmin(1, at_least);
    test->p_less = fmin(1, at_most);
    test->p_two = fmin(1, 2 * fmin(at_least, at_most));
}

/* ---- signed ranks ---- */

/* Each rank is in the sum or not, with even chances. `chance` has DOUBLED_SUM_MAX + 1 places. */
static unsigned count_signed(const unsigned *doubled_ranks, size_t n, double *chance)
{
    unsigned top = 0;

    memset(chance, 0, (DOUBLED_SUM_MAX + 1) * sizeof(chance[0]));
    chance[0] = 1;
    for (size_t i = 0; i < n; i++) {
        unsigned r = doubled_ranks[i];

        top += r;
        for (unsigned s = top + 1; s-- > 0;)
            chance[s] = (chance[s] + (s >= r ? chance[s - r] : 0)) / 2;
    }
    return top;
}

struct ranktest ranktest_signed(const double *differences, size_t n)
{
    struct ranktest test = { .p_two = 1, .p_greater = 1, .p_less = 1 };
    struct item *items = calloc(n > 0 ? n : 1, sizeof(items[0]));
    unsigned doubled[RANKTEST_EXACT_MAX];
    double chance[DOUBLED_SUM_MAX + 1];
    double ties;

    BUG_IF(items == NULL);
    for (size_t i = 0; i < n; i++) {
        BUG_IF(!isfinite(differences[i]));
        if (differences[i] != 0)
            items[test.n++] = (struct item){ fabs(differences[i]), differences[i] > 0, 0 };
    }
    ties = rank(items, test.n);
    for (size_t i = 0; i < test.n; i++) {
        test.statistic += items[i].first ? items[i].doubled_rank / 2.0 : 0;
        if (test.n <= RANKTEST_EXACT_MAX)
            doubled[i] = items[i].doubled_rank;
    }
    free(items);
    if (test.n == 0)
        return test;
    if (test.n <= RANKTEST_EXACT_MAX) {
        by_counting(&test, chance, count_signed(doubled, test.n, chance),
                    (unsigned)lround(test.statistic * 2));
    } else {
        double k = (double)test.n;

        by_normal(&test, k * (k + 1) / 4, k * (k + 1) * (2 * k + 1) / 24 - ties / 48);
    }
    return test;
}

/* ---- two samples ---- */

/* Chances of each doubled rank sum of a_n items drawn out of all: how many ways there are to
 * choose, counted item by item. Rows of `ways` are how many are chosen. */
static unsigned count_two(const struct item *items, size_t n, size_t a_n, double *chance)
{
    size_t width = DOUBLED_SUM_MAX + 1;
    double *ways = calloc((a_n + 1) * width, sizeof(ways[0]));
    double total = 0;

    BUG_IF(ways == NULL);
    ways[0] = 1;
    for (size_t i = 0; i < n; i++) {
        unsigned r = items[i].doubled_rank;

        for (size_t chosen = i + 1 < a_n ? i + 1 : a_n; chosen > 0; chosen--)
            for (size_t s = r; s < width; s++)
                ways[chosen * width + s] += ways[(chosen - 1) * width + s - r];
    }
    for (size_t s = 0; s < width; s++)
        total += ways[a_n * width + s];
    for (size_t s = 0; s < width; s++)
        chance[s] = ways[a_n * width + s] / total;
    free(ways);
    return DOUBLED_SUM_MAX;
}

struct ranktest ranktest_two(const double *a, size_t a_n, const double *b, size_t b_n)
{
    size_t n = a_n + b_n;
    struct ranktest test = { .n = n };
    struct item *items = calloc(n, sizeof(items[0]));
    double least = (double)a_n * ((double)a_n + 1) / 2, sum = 0, ties;
    double chance[DOUBLED_SUM_MAX + 1];

    BUG_IF(a_n == 0 || b_n == 0 || items == NULL);
    for (size_t i = 0; i < n; i++) {
        items[i] = (struct item){ i < a_n ? a[i] : b[i - a_n], i < a_n, 0 };
        BUG_IF(!isfinite(items[i].value));
    }
    ties = rank(items, n);
    for (size_t i = 0; i < n; i++)
        sum += items[i].first ? items[i].doubled_rank / 2.0 : 0;
    test.statistic = sum - least;
    if (n <= RANKTEST_EXACT_MAX) {
        by_counting(&test, chance, count_two(items, n, a_n, chance), (unsigned)lround(sum * 2));
    } else {
        double x = (double)a_n, y = (double)b_n, all = (double)n;

        by_normal(&test, x * y / 2, x * y / 12 * (all + 1 - ties / (all * (all - 1))));
    }
    free(items);
    return test;
}

/* ---- how much ---- */

static double median_of_sorted(const double *values, size_t n)
{
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/* The interval between the k-th smallest and the k-th largest of the sorted values, k from 1. */
static struct shift between(const double *sorted, size_t n, size_t k, double missed)
{
    struct shift shift = { .estimate = median_of_sorted(sorted, n) };

    if (k >= 1 && k <= (n + 1) / 2) {
        shift.bounded = true;
        shift.low = sorted[k - 1];
        shift.high = sorted[n - k];
        shift.coverage = 1 - missed;
    }
    return shift;
}

/* How many of the smallest sums together are no likelier than `tail`; and twice how likely. Sums
 * are the even places of `chance`, without ties. */
static size_t rank_below(const double *chance, unsigned first, unsigned last, double tail,
                         double *ret_missed)
{
    double mass = 0;
    size_t k = 0;

    for (unsigned s = first; s <= last && mass + chance[s] <= tail * (1 + TIE_SLACK); s += 2) {
        mass += chance[s];
        k++;
    }
    *ret_missed = 2 * mass;
    return k;
}

/* Where there are too many to count: as far from the middle as the normal distribution says. */
static size_t rank_by_normal(double mean, double variance, double confidence, double *ret_missed)
{
    double low = 0, high = 40, z, k;

    for (int i = 0; i < 100; i++) {
        z = (low + high) / 2;
        if (normal_above(z) > (1 - confidence) / 2)
            low = z;
        else
            high = z;
    }
    k = floor(mean - high * sqrt(variance) - 0.5);
    *ret_missed = 1 - confidence;
    return k < 0 ? 0 : (size_t)k + 1;
}

struct shift shift_paired(const double *differences, size_t n, double confidence)
{
    size_t count = n * (n + 1) / 2, at = 0, k;
    double *walsh = calloc(count > 0 ? count : 1, sizeof(walsh[0]));
    double chance[DOUBLED_SUM_MAX + 1];
    double missed, m = (double)n;
    unsigned doubled[RANKTEST_EXACT_MAX];
    struct shift shift;

    BUG_IF(n == 0 || n > SHIFT_MAX || walsh == NULL);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            walsh[at++] = (differences[i] + differences[j]) / 2;
    sorted_make(walsh, count);
    if (n <= RANKTEST_EXACT_MAX) {
        for (size_t i = 0; i < n; i++)
            doubled[i] = (unsigned)(2 * (i + 1));
        k = rank_below(chance, 0, count_signed(doubled, n, chance), (1 - confidence) / 2, &missed);
    } else {
        k = rank_by_normal(m * (m + 1) / 4, m * (m + 1) * (2 * m + 1) / 24, confidence, &missed);
    }
    shift = between(walsh, count, k, missed);
    free(walsh);
    return shift;
}

struct shift shift_two(const double *a, size_t a_n, const double *b, size_t b_n, double confidence)
{
    size_t count = a_n * b_n, at = 0, k;
    double *gaps = calloc(count > 0 ? count : 1, sizeof(gaps[0]));
    struct item items[RANKTEST_EXACT_MAX] = { 0 };
    double chance[DOUBLED_SUM_MAX + 1];
    double missed, x = (double)a_n, y = (double)b_n;
    struct shift shift;

    BUG_IF(a_n == 0 || b_n == 0 || a_n > SHIFT_MAX || b_n > SHIFT_MAX || gaps == NULL);
    for (size_t i = 0; i < a_n; i++)
        for (size_t j = 0; j < b_n; j++)
            gaps[at++] = a[i] - b[j];
    sorted_make(gaps, count);
    if (a_n + b_n <= RANKTEST_EXACT_MAX) {
        unsigned least = (unsigned)(a_n * (a_n + 1)), last;

        for (size_t i = 0; i < a_n + b_n; i++)
            items[i].doubled_rank = (unsigned)(2 * (i + 1));
        last = count_two(items, a_n + b_n, a_n, chance);
        k = rank_below(chance, least, last, (1 - confidence) / 2, &missed);
    } else {
        k = rank_by_normal(x * y / 2, x * y * (x + y + 1) / 12, confidence, &missed);
    }
    shift = between(gaps, count, k, missed);
    free(gaps);
    return shift;
}

/* ---- many at once ---- */

void holm(double *p, size_t m)
{
    bool *done = calloc(m > 0 ? m : 1, sizeof(done[0]));
    double largest = 0;

    BUG_IF(done == NULL);
    for (size_t step = 0; step < m; step++) {
        size_t smallest = m;

        for (size_t i = 0; i < m; i++)
            if (!done[i] && (smallest == m || p[i] < p[smallest]))
                smallest = i;
        done[smallest] = true;
        largest = fmax(largest, fmin(1, (double)(m - step) * p[smallest]));
        p[smallest] = largest;
    }
    free(done);
}

size_t ranktest_pairs_needed(size_t comparisons, double alpha)
{
    BUG_IF(comparisons == 0 || !(alpha > 0 && alpha < 1));
    return (size_t)ceil(log2(2 * (double)comparisons / alpha) * (1 - 1e-12));
}
