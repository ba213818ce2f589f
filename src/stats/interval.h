/* stats/interval.h -- the median of a few trials, with its exact confidence interval.
 *
 * Distribution-free (order statistics): with X ~ Bin(n, q),
 *     l = max{ j : P(X <= j-1) <= a/2 },  u = min{ k : P(X <= k-1) >= 1-a/2 },  1-based ranks,
 *     P(x_(l) <= quantile <= x_(u)) >= 1 - a.
 * For the median at 95 % such an interval exists from 6 trials on. Where a rank falls outside the
 * sample the interval does not exist; it is not faked. Source: shared/spec/validity.md T7; the
 * definition is R's qbinom. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ranks {
    uint64_t lower, upper; /* 1-based; lower 0 = below every sample, upper n+1 = above every one */
    double coverage;       /* P(Bin in [lower, upper-1]); what the interval really covers */
};

/* q in (0,1), confidence in (0,1), n at least 1. */
struct ranks interval_ranks(uint64_t n, double q, double confidence);

/* The smallest n for which both ranks lie inside the sample: 6 for the median at 0.95. */
uint64_t interval_needs(double q, double confidence);

struct interval {
    double median;
    bool bounded; /* low and high are there; else there were too few trials */
    double low, high;
    size_t n;
};

/* Median (mean of the middle two when n is even) and its interval. Sorts `values` in place; n may
 * be 0 (then median is 0 and nothing is bounded). None of them may be NaN: what is absent is left
 * out. */
struct interval interval_median(double *values, size_t n, double confidence);
