#include "stats/trend.h"

#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "stats/sorted.h"

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

    sorted_median_of(values, n, room); /* leaves them sorted in the room */
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
    sorted_make(ret_slopes, count);
    return count;
}

size_t trend_room(size_t n)
{
    return n < 3 ? n + 1 : n * (n - 1) / 2;
}

struct trend trend_fit_dependent(const double *x, const double *y, size_t n, double confidence,
                                 double inflation, double *room)
{
    struct trend trend = { n, (double)NAN, (double)NAN, (double)NAN, (double)NAN };
    double sigma, z, median_x, median_y, lower, upper;
    size_t count;

    BUG_IF(!(confidence > 0 && confidence < 1));
    BUG_IF(!(inflation > 0));
    if (n < 2)
        return trend;
    sigma = sqrt(inflation) * sigma_of_s(x, y, n, room);
    median_x = sorted_median_of(x, n, room);
    median_y = sorted_median_of(y, n, room);
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

struct trend trend_fit(const double *x, const double *y, size_t n, double confidence, double *room)
{
    return trend_fit_dependent(x, y, n, confidence, 1, room);
}

/* ---- Mann and Kendall ---- */

static double kendall_s(const double *values, size_t n)
{
    double s = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            s += (values[k] > values[i]) - (values[k] < values[i]);
    return s;
}

/* From 1; equal values share the mean of their ranks. Less the mean of all ranks. */
static void centred_ranks(const double *values, size_t n, double *ret_ranks)
{
    for (size_t i = 0; i < n; i++) {
        double below = 0, same = 0;

        for (size_t k = 0; k < n; k++) {
            below += values[k] < values[i];
            same += !(values[k] < values[i]) && !(values[k] > values[i]);
        }
        ret_ranks[i] = below + (same + 1) / 2 - ((double)n + 1) / 2;
    }
}

static double lagged_product(const double *values, size_t n, size_t lag)
{
    double sum = 0;

    for (size_t i = lag; i < n; i++)
        sum += values[i] * values[i - lag];
    return sum;
}

/* Hamed and Rao's n/n*: only lags count at which a series without dependence would be so seldom (5
 * %). Where nothing, or less, would be left of the variance, the correction is not believed. */
static double inflation_of(const double *ranks, size_t n, size_t lags)
{
    double count = (double)n, sum = 0, all = lagged_product(ranks, n, 0), inflation;
    double significant = normal_quantile(0.975) / sqrt(count);

    if (!(all > 0))
        return 1;
    for (size_t lag = 1; lag <= lags && lag + 2 < n; lag++) {
        double left = count - (double)lag, r = lagged_product(ranks, n, lag) / all;

        if (fabs(r) > significant)
            sum += left * (left - 1) * (left - 2) * r;
    }
    inflation = 1 + 2 * sum / (count * (count - 1) * (count - 2));
    return inflation > 0 ? inflation : 1;
}

/* The autocorrelation that matters is what is left when the trend is taken out: a trend itself is
 * the strongest of all. */
static double dependence(const double *values, size_t n, size_t lags)
{
    size_t slopes = trend_room(n);
    double *room = calloc(slopes + 3 * n, sizeof(room[0])), inflation;
    double *x, *rest, *ranks;
    struct trend trend;

    BUG_IF(room == NULL);
    x = room + slopes;
    rest = x + n;
    ranks = rest + n;
    for (size_t i = 0; i < n; i++)
        x[i] = (double)(i + 1);
    trend = trend_fit(x, values, n, 0.95, room);
    for (size_t i = 0; i < n; i++)
        rest[i] = values[i] - x[i] * trend.slope;
    centred_ranks(rest, n, ranks);
    inflation = inflation_of(ranks, n, lags);
    free(room);
    return inflation;
}

static double kendall_variance(const double *values, size_t n)
{
    double *room = calloc(n, sizeof(room[0]));
    double count = (double)n, variance;

    BUG_IF(room == NULL);
    variance = (count * (count - 1) * (2 * count + 5) - ties(values, n, room)) / 18;
    free(room);
    return variance;
}

struct mann_kendall mann_kendall(const double *values, size_t n, size_t lags)
{
    struct mann_kendall test = { .inflation = 1, .p = 1 };

    if (n < 3)
        return test;
    test.s = kendall_s(values, n);
    test.variance = kendall_variance(values, n);
    if (!(test.variance > 0))
        return test;
    if (lags > 0)
        test.inflation = dependence(values, n, lags);
    /* One off towards zero: S moves in steps of two (Kendall's correction for continuity). */
    test.z = copysign(fmax(0, fabs(test.s) - 1), test.s) / sqrt(test.variance * test.inflation);
    test.p = erfc(fabs(test.z) / sqrt(2));
    return test;
}

double mann_kendall_p(const double *values, size_t n)
{
    return fmax(mann_kendall(values, n, 0).p, mann_kendall(values, n, MANN_KENDALL_LAGS).p);
}
