#include "stats/sorted.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void sorted_make(double *values, size_t n)
{
    qsort(values, n, sizeof(values[0]), compare);
}

double sorted_median(const double *sorted, size_t n)
{
    BUG_IF(n == 0);
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

double sorted_median_of(const double *values, size_t n, double *room)
{
    memcpy(room, values, n * sizeof(room[0]));
    sorted_make(room, n);
    return sorted_median(room, n);
}
