/* stats/ranktest.h -- is one really larger than the other? Tests that only look at ranks.
 *
 * Pure: numbers in, numbers out; no assumption about the distribution of the values. Values must be
 * finite. Sources: Wilcoxon 1945, Mann and Whitney 1947, Hodges and Lehmann 1963, Holm 1979; the
 * conventions (zero differences dropped, middle ranks for ties) are R's wilcox.test, but the
 * distributions stay exact when there are ties. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Up to so many values (of both samples together) the distribution is counted exactly; beyond, the
 * normal approximation with ties and continuity corrected is used. */
#define RANKTEST_EXACT_MAX 64

struct ranktest {
    double statistic;                /* V: sum of the positive ranks; or U of the first sample */
    double p_two, p_greater, p_less; /* "greater": the first is the larger one */
    size_t n;                        /* values that took part */
    bool exact;
};

/* Wilcoxon's signed-rank test that the differences are symmetric about 0. n may be 0 (then all p
 * are 1). */
struct ranktest ranktest_signed(const double *differences, size_t n);

/* Mann-Whitney: two independent samples, neither of them empty. */
struct ranktest ranktest_two(const double *a, size_t a_n, const double *b, size_t b_n);

/* A location with its interval. Bounded is false where the sample is too small for the confidence:
 * then low and high are not there. */
struct shift {
    double estimate;
    bool bounded;
    double low, high;
    double coverage; /* what the interval really covers, at least the confidence asked */
};

/* Hodges-Lehmann: the median of all pairwise means (i <= j) of the differences; the interval
 * inverts the signed-rank test. n from 1 to SHIFT_MAX. */
#define SHIFT_MAX 1024
struct shift shift_paired(const double *differences, size_t n, double confidence);

/* The same for two samples: the median of all a[i] - b[j]; the interval inverts Mann-Whitney. */
struct shift shift_two(const double *a, size_t a_n, const double *b, size_t b_n, double confidence);

/* Holm's step-down correction of m p-values that are read together, in place and in their order. */
void holm(double *p, size_t m);

/* The fewest pairs for which the smallest possible p of the signed-rank test, two-sided and
 * corrected for `comparisons`, can be below alpha: 2 / 2^n <= alpha / comparisons. */
size_t ranktest_pairs_needed(size_t comparisons, double alpha);
