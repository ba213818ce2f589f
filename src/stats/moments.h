/* stats/moments.h -- mean, standard deviation, and how alike neighbours are. Pure.
 *
 * Two passes, the second from the mean: values that are large beside their differences (NIST's
 * NumAcc sets) keep all the digits that a double can carry. Where a comparison can do with ranks,
 * it does; this is for planning and for spread. */
#pragma once

#include <stddef.h>

struct moments {
    size_t n;
    double mean; /* NaN: no value */
    double sd;   /* of the sample, n - 1; NaN below two values */
    double lag1; /* autocorrelation at lag 1; NaN below two values, or when none differs */
};

/* In order of time, if lag1 is to mean something. Values must be finite. */
struct moments moments(const double *values, size_t n);
