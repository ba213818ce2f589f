#include "stats/usl.h"

#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "stats/sorted.h"

#define STEPS_MAX    200
#define HALVINGS_MAX 40
/* What the next step is expected to gain, as a share of the squares: done; done if it does not. */
#define GAIN_MIN       1e-16
#define GAIN_NOISE     1e-8
#define EXACT          1e-24 /* squares that are rounding alone, as a share of those of X */
#define DRAWN_REST_MIN 1e-6  /* a point that alone decides: its distance says nothing */
#define SINGULAR       1e-13 /* determinant of a matrix with 1 in its diagonal */

/* Indices of parameters: p[ALPHA] and so on. */
enum { ALPHA, BETA, GAMMA, PARAMETERS };

struct points {
    const double *load, *x;
    size_t count;
};

/* Normal equations: rows' rows, and rows' right sides. */
struct normal {
    double matrix[PARAMETERS][PARAMETERS], right[PARAMETERS];
};

static double divisor(const double *p, double n)
{
    return 1 + p[ALPHA] * (n - 1) + p[BETA] * n * (n - 1);
}

static double curve(const double *p, double n)
{
    return p[GAMMA] * n / divisor(p, n);
}

static void normal_add(struct normal *normal, const double *row, double right)
{
    for (size_t i = 0; i < PARAMETERS; i++) {
        for (size_t j = 0; j < PARAMETERS; j++)
            normal->matrix[i][j] += row[i] * row[j];
        normal->right[i] += row[i] * right;
    }
}

/* By cofactors, after scaling to a diagonal of ones: the three columns differ by powers of N.
 * False: singular, the points do not tell the three apart. */
static bool invert(double m[PARAMETERS][PARAMETERS], double ret[PARAMETERS][PARAMETERS])
{
    double scale[PARAMETERS], s[PARAMETERS][PARAMETERS], determinant = 0;

    for (size_t i = 0; i < PARAMETERS; i++) {
        if (!(m[i][i] > 0))
            return false;
        scale[i] = sqrt(m[i][i]);
    }
    for (size_t i = 0; i < PARAMETERS; i++)
        for (size_t j = 0; j < PARAMETERS; j++)
            s[i][j] = m[i][j] / scale[i] / scale[j];
    for (size_t i = 0; i < PARAMETERS; i++) {
        size_t i1 = (i + 1) % 3, i2 = (i + 2) % 3;

        for (size_t j = 0; j < PARAMETERS; j++) {
            size_t j1 = (j + 1) % 3, j2 = (j + 2) % 3;

            ret[j][i] = (s[i1][j1] * s[i2][j2] - s[i1][j2] * s[i2][j1]) / scale[i] / scale[j];
        }
        determinant += s[0][i] * ret[i][0] * scale[0] * scale[i];
    }
    if (!(determinant > SINGULAR))
        return false;
    for (size_t i = 0; i < PARAMETERS; i++)
        for (size_t j = 0; j < PARAMETERS; j++)
            ret[i][j] /= determinant;
    return true;
}

static void multiply(double m[PARAMETERS][PARAMETERS], const double *v, double *ret)
{
    for (size_t i = 0; i < PARAMETERS; i++) {
        ret[i] = 0;
        for (size_t j = 0; j < PARAMETERS; j++)
            ret[i] += m[i][j] * v[j];
    }
}

/* Infinite where the curve has a pole among the loads. */
static double squares(const struct points *points, const double *p)
{
    double sum = 0;

    for (size_t i = 0; i < points->count; i++) {
        double off = points->x[i] - curve(p, points->load[i]);

        if (!(divisor(p, points->load[i]) > 0))
            return (double)INFINITY;
        sum += off * off;
    }
    return sum;
}

/* N / X is linear in 1/gamma, alpha/gamma and beta/gamma. */
static bool start(const struct points *points, double *ret_p)
{
    struct normal normal = { 0 };
    double inverse[PARAMETERS][PARAMETERS], linear[PARAMETERS];

    for (size_t i = 0; i < points->count; i++) {
        double n = points->load[i], row[PARAMETERS] = { n - 1, n * (n - 1), 1 };

        normal_add(&normal, row, n / points->x[i]);
    }
    if (!invert(normal.matrix, inverse))
        return false;
    multiply(inverse, normal.right, linear);
    if (linear[GAMMA] > 0) {
        ret_p[GAMMA] = 1 / linear[GAMMA];
        ret_p[ALPHA] = linear[ALPHA] / linear[GAMMA];
        ret_p[BETA] = linear[BETA] / linear[GAMMA];
        if (isfinite(squares(points, ret_p)))
            return true;
    }
    /* Far from any such curve. Somewhere in the range of the points, then. */
    ret_p[ALPHA] = 0.1;
    ret_p[BETA] = 0;
    ret_p[GAMMA] = points->x[0] * divisor(ret_p, points->load[0]) / points->load[0];
    return true;
}

/* How X changes with each parameter. */
static void slopes(const double *p, double n, double *ret)
{
    double x = curve(p, n);

    ret[ALPHA] = -x * (n - 1) / divisor(p, n);
    ret[BETA] = -x * n * (n - 1) / divisor(p, n);
    ret[GAMMA] = x / p[GAMMA];
}

/* The same at all points, and the inverse of what that makes. */
static bool linearise(const struct points *points, const double *p, struct normal *ret_normal,
                      double ret_inverse[PARAMETERS][PARAMETERS])
{
    *ret_normal = (struct normal){ 0 };
    for (size_t i = 0; i < points->count; i++) {
        double row[PARAMETERS];

        slopes(p, points->load[i], row);
        normal_add(ret_normal, row, points->x[i] - curve(p, points->load[i]));
    }
    return invert(ret_normal->matrix, ret_inverse);
}

/* Gauss and Newton; a step that does not help is halved. False: it leads nowhere. */
static bool search(const struct points *points, double *p,
                   double ret_inverse[PARAMETERS][PARAMETERS])
{
    double error = squares(points, p), rounding = 0;

    for (size_t i = 0; i < points->count; i++)
        rounding += EXACT * points->x[i] * points->x[i];
    for (int step = 0; step < STEPS_MAX; step++) {
        struct normal normal;
        double by[PARAMETERS], next[PARAMETERS] = { 0 }, gain = 0, better = (double)INFINITY;

        if (!linearise(points, p, &normal, ret_inverse))
            return false;
        multiply(ret_inverse, normal.right, by);
        for (size_t i = 0; i < PARAMETERS; i++)
            gain += by[i] * normal.right[i];
        if (gain <= GAIN_MIN * error + rounding)
            return true;
        for (int halving = 0; halving < HALVINGS_MAX && !(better < error); halving++) {
            for (size_t i = 0; i < PARAMETERS; i++)
                next[i] = p[i] + ldexp(by[i], -halving);
            better = next[GAMMA] > 0 ? squares(points, next) : (double)INFINITY;
        }
        if (!(better < error))
            return gain <= GAIN_NOISE * error;
        error = better;
        for (size_t i = 0; i < PARAMETERS; i++)
            p[i] = next[i];
    }
    return false;
}

/* How far to either side of 0 Student's t has so much of its mass: by the finite series in
 * theta = atan(t / sqrt(freedom)) (Abramowitz and Stegun 26.7.3 and 26.7.4). */
static double student(double mass, size_t freedom)
{
    bool odd = freedom % 2 == 1;
    double low = 0, high = M_PI / 2;

    for (int i = 0; i < 100; i++) {
        double theta = (low + high) / 2, c = cos(theta), term = odd ? c : 1, sum = 0;

        for (size_t k = odd ? 3 : 2; k <= freedom; k += 2) {
            sum += term;
            term *= c * c * (double)(k - 1) / (double)k;
        }
        sum *= sin(theta);
        if ((odd ? (theta + sum) * 2 / M_PI : sum) < mass)
            low = theta;
        else
            high = theta;
    }
    return sqrt((double)freedom) * tan(high);
}

static size_t different(const double *values, size_t n)
{
    double *sorted = calloc(n > 0 ? n : 1, sizeof(sorted[0]));
    size_t count = n > 0;

    BUG_IF(sorted == NULL);
    for (size_t i = 0; i < n; i++)
        sorted[i] = values[i];
    sorted_make(sorted, n);
    for (size_t i = 1; i < n; i++)
        count += sorted[i] > sorted[i - 1];
    free(sorted);
    return count;
}

/* By the logarithm of N*: it is a ratio, and cannot be below 0. */
static void find_peak(struct usl *usl, double covariance[PARAMETERS][PARAMETERS], double t)
{
    double a = -1 / (2 * (1 - usl->alpha.estimate)), b = -1 / (2 * usl->beta.estimate);
    double variance = a * a * covariance[ALPHA][ALPHA] + b * b * covariance[BETA][BETA] +
                      2 * a * b * covariance[ALPHA][BETA];
    double factor = exp(t * sqrt(fmax(0, variance)));

    usl->peaks = usl->beta.low > 0;
    usl->peak.estimate = sqrt((1 - usl->alpha.estimate) / usl->beta.estimate);
    usl->peak.low = usl->peak.estimate / factor;
    usl->peak.high = usl->peak.estimate * factor;
    usl->peak_x = usl_throughput(usl, usl->peak.estimate);
}

/* How sure the parameters are. Not from one variance for all points, for a throughput of 100 000 is
 * not as exact as one of 1000, but from what each point is off by, the more so the more it has
 * drawn the curve to itself (HC3: MacKinnon and White 1985). */
static void covariance_of(const struct points *points, const double *p,
                          double inverse[PARAMETERS][PARAMETERS],
                          double ret[PARAMETERS][PARAMETERS])
{
    for (size_t i = 0; i < PARAMETERS; i++)
        for (size_t j = 0; j < PARAMETERS; j++)
            ret[i][j] = 0;
    for (size_t at = 0; at < points->count; at++) {
        double row[PARAMETERS], pull[PARAMETERS], drawn = 0;
        double off = points->x[at] - curve(p, points->load[at]);

        slopes(p, points->load[at], row);
        multiply(inverse, row, pull);
        for (size_t i = 0; i < PARAMETERS; i++)
            drawn += row[i] * pull[i];
        off /= fmax(1 - drawn, DRAWN_REST_MIN);
        for (size_t i = 0; i < PARAMETERS; i++)
            for (size_t j = 0; j < PARAMETERS; j++)
                ret[i][j] += pull[i] * pull[j] * off * off;
    }
}

static struct usl_value around(double estimate, double variance, double t)
{
    double half = t * sqrt(variance);

    return (struct usl_value){ estimate, estimate - half, estimate + half };
}

static void describe(struct usl *usl, const struct points *points, const double *p,
                     double inverse[PARAMETERS][PARAMETERS], double confidence)
{
    size_t freedom = points->count - PARAMETERS;
    double variance = squares(points, p) / (double)freedom, t = student(confidence, freedom);
    double covariance[PARAMETERS][PARAMETERS], largest = 0, least = 1;

    covariance_of(points, p, inverse, covariance);
    for (size_t i = 0; i < points->count; i++)
        largest = fmax(largest, points->x[i]);
    for (size_t i = 0; i < points->count; i++)
        least = fmin(least, divisor(p, points->load[i]));
    usl->alpha = around(p[ALPHA], covariance[ALPHA][ALPHA], t);
    usl->beta = around(p[BETA], covariance[BETA][BETA], t);
    usl->gamma = around(p[GAMMA], covariance[GAMMA][GAMMA], t);
    usl->residual = sqrt(variance) / largest;
    usl->limit = p[ALPHA] > 0 ? p[GAMMA] / p[ALPHA] : (double)INFINITY;
    if (p[BETA] > 0 && p[ALPHA] < 1)
        find_peak(usl, covariance, t);
    if (usl->residual > USL_RESIDUAL_MAX)
        usl->claim = USL_RESIDUALS;
    else if (usl->alpha.high < 0 || usl->beta.high < 0 || least < 1 - USL_RESIDUAL_MAX)
        usl->claim = USL_NOT_SO;
    else
        usl->claim = USL_CLAIM;
}

struct usl usl_fit(const double *load, const double *throughput, size_t count, double confidence)
{
    static const struct usl_value nothing = { (double)NAN, (double)NAN, (double)NAN };
    struct points points = { load, throughput, count };
    struct usl usl = { .claim = USL_FEW_LOADS,
                       .alpha = nothing,
                       .beta = nothing,
                       .gamma = nothing,
                       .residual = (double)NAN,
                       .peak = nothing,
                       .peak_x = (double)NAN,
                       .limit = (double)NAN };
    double inverse[PARAMETERS][PARAMETERS], p[PARAMETERS];

    BUG_IF(!(confidence > 0 && confidence < 1));
    for (size_t i = 0; i < count; i++) {
        BUG_IF(!(load[i] >= 1 && isfinite(load[i])));
        BUG_IF(!(throughput[i] > 0 && isfinite(throughput[i])));
    }
    usl.loads = different(load, count);
    if (usl.loads < USL_LOADS_MIN)
        return usl;
    usl.claim = USL_NO_FIT;
    if (start(&points, p) && search(&points, p, inverse))
        describe(&usl, &points, p, inverse, confidence);
    return usl;
}

double usl_throughput(const struct usl *usl, double load)
{
    double p[PARAMETERS] = { usl->alpha.estimate, usl->beta.estimate, usl->gamma.estimate };

    return curve(p, load);
}
