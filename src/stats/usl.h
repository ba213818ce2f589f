/* stats/usl.h -- how throughput grows with the load: Gunther's Universal Scalability Law. Pure.
 *
 *     X(N) = gamma N / (1 + alpha (N - 1) + beta N (N - 1))
 *
 * gamma: what one unit of load gets alone. alpha: the share that has to wait for its turn
 * (contention). beta: what keeping each other informed costs (coherency); with it throughput has a
 * peak, at N* = sqrt((1 - alpha) / beta), and falls behind it. Gunther 2007, "Guerrilla Capacity
 * Planning". Least squares on X, as in R's package usl: a linear fit of N/X as the start, then
 * Gauss and Newton. Intervals: the linear approximation at the solution, with Student's t and the
 * variance of each point by itself (HC3). The textbook's, from one variance for all points, held
 * the true beta in 70 % instead of 95 % of simulated runs whose noise was 2 % of the throughput;
 * these hold it in 95 %, and are wide: seven loads tell less about three numbers than it looks.
 *
 * A fit says when it is no claim, and why. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define USL_LOADS_MIN    6
#define USL_RESIDUAL_MAX 0.10 /* of the largest X */

enum usl_claim {
    USL_CLAIM,
    USL_FEW_LOADS, /* fewer than USL_LOADS_MIN different N: nothing is fitted, all is NaN */
    USL_NO_FIT,    /* the search found no solution: all is NaN */
    USL_RESIDUALS, /* the points lie too far from the curve: standard error above
                      USL_RESIDUAL_MAX */
    USL_NOT_SO,    /* throughput grows faster than the load, which this law does not know: alpha or
                      beta is below 0 with its whole interval, or a unit of load gets more than
                      USL_RESIDUAL_MAX above what it gets alone */
};

struct usl_value {
    double estimate, low, high;
};

struct usl {
    enum usl_claim claim;
    size_t loads; /* different N */
    struct usl_value alpha, beta, gamma;
    double residual;       /* standard error (n - 3) over the largest X */
    struct usl_value peak; /* N*; NaN unless beta is estimated above 0 and alpha below 1 */
    double peak_x;         /* X(N*) */
    bool peaks;            /* beta is shown to be above 0; if not, there need be no peak at all */
    double limit;          /* gamma / alpha: what it could reach without beta; infinite: alpha is
                              not above 0 */
};

/* count points: load[i] at least 1, throughput[i] above 0, all finite, in any order; a load may
 * come several times. confidence in (0, 1). */
struct usl usl_fit(const double *load, const double *throughput, size_t count, double confidence);

/* What the law says for a load. */
double usl_throughput(const struct usl *usl, double load);
