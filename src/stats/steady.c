#include "stats/steady.h"

#include <math.h>
#include <stdlib.h>

#include "base/bug.h"

#define MSER_IGNORED 5

/* ---- MSER ---- */

static void batch_means(const double *values, size_t batch, double *means, size_t count)
{
    for (size_t b = 0; b < count; b++) {
        means[b] = 0;
        for (size_t i = 0; i < batch; i++)
            means[b] += values[b * batch + i] / (double)batch;
    }
}

/* Mean and sum of squares of what remains are kept while one more batch at a time joins them from
 * the end (Welford 1962). */
struct mser mser(const double *values, size_t n, size_t batch)
{
    size_t count, best = 0;
    double *means, mean = 0, squares = 0, least = HUGE_VAL;
    struct mser found = { 0 };

    BUG_IF(batch == 0);
    count = n / batch;
    means = calloc(count > 0 ? count : 1, sizeof(means[0]));
    BUG_IF(means == NULL);
    batch_means(values, batch, means, count);
    for (size_t left = 1; left <= count; left++) {
        double off = means[count - left] - mean;
        double k = (double)left;

        mean += off / k;
        squares += off * (means[count - left] - mean);
        /* "<=": the earliest of equal cuts. */
        if (left > MSER_IGNORED && squares / (k * k) <= least) {
            least = squares / (k * k);
            best = count - left;
        }
    }
    free(means);
    found.discard = best * batch;
    found.value = least;
    found.known = count > MSER_IGNORED && 2 * best <= count;
    return found;
}

/* ---- KPSS ---- */

static double *residuals(const double *values, size_t n, enum detrend detrend)
{
    double *e = calloc(n, sizeof(e[0]));
    double mean = 0, slope = 0, middle = ((double)n - 1) / 2, spread = 0;

    BUG_IF(n < 3 || e == NULL);
    for (size_t i = 0; i < n; i++)
        mean += values[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        slope += ((double)i - middle) * (values[i] - mean);
        spread += ((double)i - middle) * ((double)i - middle);
    }
    slope = detrend == DETREND_LINE ? slope / spread : 0;
    for (size_t i = 0; i < n; i++)
        e[i] = values[i] - mean - slope * ((double)i - middle);
    return e;
}

static double lagged(const double *e, size_t n, size_t lag)
{
    double sum = 0;

    for (size_t i = lag; i < n; i++)
        sum += e[i] * e[i - lag];
    return sum / (double)n;
}

/* A variance below this is none: values that are all the same leave some by rounding. */
static double rounding(const double *values, size_t n)
{
    double largest = 0;

    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(values[i]));
    return largest * largest * 1e-24;
}

/* The variance of the sum, with Bartlett's weights for its autocorrelation. */
double kpss(const double *values, size_t n, enum detrend detrend, size_t lags)
{
    double *e = residuals(values, n, detrend);
    double long_run = lagged(e, n, 0), partial = 0, eta = 0;

    BUG_IF(lags >= n);
    for (size_t i = 0; i < n; i++) {
        partial += e[i];
        eta += partial * partial / ((double)n * (double)n);
    }
    for (size_t lag = 1; lag <= lags; lag++)
        long_run += 2 * lagged(e, n, lag) * (1 - (double)lag / ((double)lags + 1));
    free(e);
    return long_run > rounding(values, n) ? eta / long_run : 0;
}

size_t kpss_lags(const double *values, size_t n, enum detrend detrend)
{
    double *e = residuals(values, n, detrend);
    double sum = lagged(e, n, 0), weighted = 0, lags;
    size_t looked_at = (size_t)pow((double)n, 2.0 / 9);

    for (size_t lag = 1; lag <= looked_at; lag++) {
        double twice = 2 * lagged(e, n, lag);

        sum += twice;
        weighted += (double)lag * twice;
    }
    free(e);
    if (!(fabs(sum) > rounding(values, n)))
        return 0;
    lags = 1.1447 * cbrt(weighted / sum * (weighted / sum)) * cbrt((double)n);
    return lags < (double)n - 1 ? (size_t)lags : n - 1;
}

/* ---- ADF ---- */

#define COLUMNS_MAX (ADF_LAGS_MAX + 3)

/* dy[t] on a constant, perhaps the time, the `lags` differences before, and y[t-1]: rows from
 * t = lags + 1 on. */
struct regression {
    size_t rows, columns;
    double *column[COLUMNS_MAX];
    double *target;
};

static void fill_regression(struct regression *r, const double *y, enum detrend detrend,
                            size_t lags)
{
    for (size_t row = 0; row < r->rows; row++) {
        size_t t = row + lags + 1, c = 0;

        r->column[c++][row] = 1;
        if (detrend == DETREND_LINE)
            r->column[c++][row] = (double)row / (double)r->rows;
        for (size_t lag = 1; lag <= lags; lag++)
            r->column[c++][row] = y[t - lag] - y[t - lag - 1];
        r->column[c++][row] = y[t - 1];
        r->target[row] = y[t] - y[t - 1];
    }
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void subtract(double *from, const double *unit, size_t n)
{
    double along = dot(from, unit, n);

    for (size_t i = 0; i < n; i++)
        from[i] -= along * unit[i];
}

/* t of the last column: each column is made a unit vector at right angles to those before it
 * (modified Gram-Schmidt); what the last one explains of the target, in standard errors of the
 * rest, is its t. */
static double last_t(struct regression *r)
{
    double explained = 0, left;

    for (size_t c = 0; c < r->columns; c++) {
        double before = sqrt(dot(r->column[c], r->column[c], r->rows)), length;

        for (size_t k = 0; k < c; k++)
            subtract(r->column[c], r->column[k], r->rows);
        length = sqrt(dot(r->column[c], r->column[c], r->rows));
        if (!(length > before * 1e-10))
            return nan(""); /* nothing of its own: the column says what others say already */
        for (size_t row = 0; row < r->rows; row++)
            r->column[c][row] /= length;
        explained = dot(r->target, r->column[c], r->rows);
        subtract(r->target, r->column[c], r->rows);
    }
    left = dot(r->target, r->target, r->rows) / (double)(r->rows - r->columns);
    return explained / sqrt(left);
}

double adf(const double *values, size_t n, enum detrend detrend, size_t lags)
{
    struct regression r = { .columns = lags + 2 + (detrend == DETREND_LINE) };
    double *block, t;

    BUG_IF(lags > ADF_LAGS_MAX);
    if (n < lags + 8 || n - lags - 1 <= r.columns)
        return nan("");
    r.rows = n - lags - 1;
    block = calloc(r.rows * (r.columns + 1), sizeof(block[0]));
    BUG_IF(block == NULL);
    r.column[0] = block;
    for (size_t c = 1; c < r.columns; c++)
        r.column[c] = r.column[c - 1] + r.rows;
    r.target = block + r.columns * r.rows;
    fill_regression(&r, values, detrend, lags);
    t = last_t(&r);
    free(block);
    return t;
}

double adf_critical_5_percent(size_t n)
{
    double t = (double)n;

    return -2.86154 - 2.8903 / t - 4.234 / (t * t) - 40.04 / (t * t * t);
}

double adf_critical_1_percent(size_t n)
{
    double t = (double)n;

    return -3.43035 - 6.5393 / t - 16.786 / (t * t) - 79.433 / (t * t * t);
}
