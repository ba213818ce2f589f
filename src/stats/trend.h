/* stats/trend.h -- does it grow, and how fast: the slope of Theil and Sen.
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
