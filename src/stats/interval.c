#include "stats/interval.h"

#include <math.h>

#include "base/bug.h"
#include "stats/sorted.h"

/* Where probability and limit are equal on paper, as for 3 trials at 75 %, rounding must not
 * decide. Our sums are good to 1e-13. */
#define TIE_SLACK 1e-12

/* Weights this small beside the mode's are left out of the sum. */
#define WEIGHT_MIN 1e-30

/* Ratios of neighbouring terms of Bin(n, q): P(k+1) / P(k) and P(k-1) / P(k). */
static double step_up(uint64_t n, double odds, uint64_t k)
{
    return (double)(n - k) / (double)(k + 1) * odds;
}

static double step_down(uint64_t n, double odds, uint64_t k)
{
    return (double)k / (double)(n - k + 1) / odds;
}

/* max{ j : P(X <= j-1) <= tail }, X ~ Bin(n, q); and that probability.
 *
 * Terms are computed relative to the largest, the mode's, from each other, and divided by their sum
 * in the end: no factorial and no logarithm, hence nothing that loses digits for a large n. Both
 * tails fall off like a bell, so about 24 sqrt(n q (1-q)) terms are looked at. */
static uint64_t lower_rank(uint64_t n, double q, double tail, double *ret_mass)
{
    double odds = q / (1 - q);
    uint64_t mode = (uint64_t)fmin(((double)n + 1) * q, (double)n);
    double total = 0, mass = 0, weight = 1;
    uint64_t k = mode;

    while (weight >= WEIGHT_MIN) { /* ends by itself behind n, where the ratio is 0 */
        total += weight;
        weight *= step_up(n, odds, k++);
    }
    k = mode;
    weight = 1;
    while (k > 0 && weight >= WEIGHT_MIN) {
        weight *= step_down(n, odds, k--);
        total += weight;
    }
    while ((mass + weight) / total <= tail * (1 + TIE_SLACK)) {
        mass += weight;
        weight *= step_up(n, odds, k++);
    }
    *ret_mass = mass / total;
    return k;
}

struct ranks interval_ranks(uint64_t n, double q, double confidence)
{
    double tail = (1 - confidence) / 2;
    double below, above;
    struct ranks ranks;

    BUG_IF(n == 0);
    BUG_IF(!(q > 0 && q < 1));
    BUG_IF(!(confidence > 0 && confidence < 1));
    ranks.lower = lower_rank(n, q, tail, &below);
    /* The upper rank is the lower one of the mirror image, n - X ~ Bin(n, 1-q). */
    ranks.upper = n + 1 - lower_rank(n, 1 - q, tail, &above);
    ranks.coverage = 1 - below - above;
    return ranks;
}

/* Both ranks are inside as soon as neither all samples nor none lie below the quantile with more
 * than half of what may go wrong: max(q, 1-q)^n <= (1 - confidence) / 2. */
uint64_t interval_needs(double q, double confidence)
{
    BUG_IF(!(q > 0 && q < 1));
    BUG_IF(!(confidence > 0 && confidence < 1));
    return (uint64_t)ceil(log((1 - confidence) / 2) / log(fmax(q, 1 - q)) * (1 - TIE_SLACK));
}

struct interval interval_median(double *values, size_t n, double confidence)
{
    struct interval interval = { .n = n };
    struct ranks ranks;

    if (n == 0)
        return interval;
    for (size_t i = 0; i < n; i++)
        BUG_IF(isnan(values[i]));
    sorted_make(values, n);
    interval.median = sorted_median(values, n);
    ranks = interval_ranks(n, 0.5, confidence);
    if (ranks.lower >= 1 && ranks.upper <= n) {
        interval.bounded = true;
        interval.low = values[ranks.lower - 1];
        interval.high = values[ranks.upper - 1];
    }
    return interval;
}
