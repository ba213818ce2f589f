/* stats/sorted.h -- values in ascending order, and their median. Pure. No value may be NaN: it has
 * no place in an order. */
#pragma once

#include <stddef.h>

void sorted_make(double *values, size_t n);

/* Of n values in order, n at least 1; the mean of the two in the middle when n is even. */
double sorted_median(const double *sorted, size_t n);

/* Of n values in any order, n at least 1. `room` holds n, and has them in order afterwards. */
double sorted_median_of(const double *values, size_t n, double *room);
