#include "stats/trend.h"

#include <math.h>
#include <stdlib.h>

#include "base/bug.h"

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double sorted_median(const double *values, size_t n)
{
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

static double median_of(const double *values, size_t n, double *room)
{
    for (size_t i = 0; i < n; i++)
        room[i] = values[i];
    qsort(room, n, sizeof(*room), compare_doubles);
    return sorted_median(room, n);
}

/* Of the standard normal distribution, by bisection: called once a fit, and without a polynomial
 * whose digits somebody would have to check. */
static double normal_quantile(double p)
{
    double low = -40, high = 40;

    while (high - low > 1e-13) {
        double middle = (low + high) / 2;

        if (erfc(-middle / sqrt(2)) / 2 < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* What ties of these values take from 18 times the variance: sum of k (k-1) (2k+5). */
static double ties(const double *values, size_t n, double *room)
{
    double sum = 0;
    size_t begin = 0;

    median_of(values, n, room); /* leaves them sorted in the room */
    for (size_t i = 1; i <= n; i++)
        if (i == n || room[i] > room[begin]) {
            double k = (double)(i - begin);

            sum += k * (k - 1) * (2 * k + 5);
            begin = i;
        }
    return sum;
}

static double sigma_of_s(const double *x, const double *y, size_t n, double *room)
{
    double count = (double)n;
    double all = count * (count - 1) * (2 * count + 5);

    return sqrt(fmax(0, all - ties(x, n, room) - ties(y, n, room)) / 18);
}

static size_t pair_slopes(const double *x, const double *y, size_t n, double *ret_slopes)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (x[k] > x[i] || x[k] < x[i])
                ret_slopes[count++] = (y[k] - y[i]) / (x[k] - x[i]);
    qsort(ret_slopes, count, sizeof(*ret_slopes), compare_doubles);
    return count;
}

size_t trend_room(size_t n)
{
    return n < 3 ? n + 1 : n * (n - 1) / 2;
}

struct trend trend_fit(const double *x, const double *y, size_t n, double confidence, double *room)
{
    struct trend trend = { n, (double)NAN, (double)NAN, (double)NAN, (double)NAN };
    double sigma, z, median_x, median_y, lower, upper;
    size_t count;

    BUG_IF(!(confidence > 0 && confidence < 1));
    if (n < 2)
        return trend;
    sigma = sigma_of_s(x, y, n, room);
    median_x = median_of(x, n, room);
    median_y = median_of(y, n, room);
    count = pair_slopes(x, y, n, room);
    if (count == 0)
        return trend;
    trend.slope = sorted_median(room, count);
    trend.intercept = median_y - trend.slope * median_x;
    z = normal_quantile((1 + confidence) / 2);
    /* Ranks from 0, rounded to even as scipy does, and kept inside. */
    lower = fmax(nearbyint(((double)count - z * sigma) / 2) - 1, 0);
    upper = fmin(nearbyint(((double)count + z * sigma) / 2), (double)count - 1);
    trend.low = room[(size_t)lower];
    trend.high = room[(size_t)upper];
    return trend;
}
