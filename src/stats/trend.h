/* stats/trend.h -- does it grow, and how fast: the slope of Theil and Sen, the test of Mann and
 * Kendall.
 *
 * The median of the slopes of all pairs of points. A fifth of the points may lie anywhere without
 * moving it far, which is what memory under a garbage collector asks for. The interval is Sen's
 * (1968): by ranks among the slopes, from the variance of Kendall's S with its correction for ties.
 * Source: shared/spec/validity.md, section 2; the definition is scipy.stats.theilslopes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct trend {
    size_t n;         /* points */
    double slope;     /* NaN: no two points with different x */
    double low, high; /* of the slope; both NaN when slope is */
    double intercept; /* median(y) - slope * median(x) */
};

/* How many doubles trend_fit() needs to work in. */
size_t trend_room(size_t n);

/* x and y may be in any order, none NaN; confidence in (0,1). `room` holds trend_room(n) doubles.
 */
struct trend trend_fit(const double *x, const double *y, size_t n, double confidence, double *room);

/* The same with an interval for values that depend on their neighbours: `inflation` is how many
 * times as large as among independent ones the variance of S is (mann_kendall() tells). */
struct trend trend_fit_dependent(const double *x, const double *y, size_t n, double confidence,
                                 double inflation, double *room);

/* Mann and Kendall's test for a trend: do later values tend to be larger than earlier ones?
 *
 * It takes values for independent, and memory or throughput never is: on AR(1) noise of 0.9 it sees
 * a trend in 65 of 100 series without one. Hamed and Rao (1998) correct the variance of S by the
 * autocorrelation of the ranks, with Sen's slope taken out, at those lags where it is significant.
 * Implementations differ in how many lags they look at, and that decides: shared/spec/validity.md,
 * section 2, has one series for which p is .0001 with all lags and .60 with three. */
struct mann_kendall {
    double s;         /* pairs that rise less pairs that fall */
    double variance;  /* of s if there were no trend: for ties, not yet for dependence */
    double inflation; /* what dependence multiplies it by; 1 when no lags are looked at */
    double z, p;      /* two-sided, with both corrections; p is 1 when no two values differ */
};

#define MANN_KENDALL_LAGS 10

/* Of values in order of time. `lags` 0: as if they were independent. Time grows with n squared. */
struct mann_kendall mann_kendall(const double *values, size_t n, size_t lags);

/* The larger of the two p: of independent values, and of dependent ones. The correction can also
 * make a variance smaller, which is no ground to believe a trend. */
double mann_kendall_p(const double *values, size_t n);
