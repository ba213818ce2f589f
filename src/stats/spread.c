#include "stats/spread.h"

#include <math.h>

#include "base/bug.h"
#include "stats/sorted.h"

double jain(const double *shares, size_t n)
{
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        BUG_IF(!(shares[i] >= 0));
        sum += shares[i];
        squares += shares[i] * shares[i];
    }
    return squares > 0 ? sum * sum / ((double)n * squares) : nan("");
}

struct exponential_fit exponential_fit(double *gaps, size_t n)
{
    struct exponential_fit fit = { 0 };
    double mean = 0, sum = 0, count = (double)n;

    BUG_IF(n < 2);
    for (size_t i = 0; i < n; i++) {
        BUG_IF(!(gaps[i] > 0));
        mean += gaps[i] / count;
    }
    sorted_make(gaps, n);
    for (size_t i = 0; i < n; i++) {
        double below = -expm1(-gaps[i] / mean);
        double log_above_mirror = -gaps[n - 1 - i] / mean; /* ln(1 - F), exactly */
        double rank = (double)i;

        sum += (2 * rank + 1) * (log(below) + log_above_mirror);
        fit.distance = fmax(fit.distance, fmax(below - rank / count, (rank + 1) / count - below));
    }
    fit.a_squared = (-count - sum / count) * (1 + 0.6 / count);
    return fit;
}

double effective_samples(const uint64_t *above, const uint64_t *counts, size_t batches, double q)
{
    double n = 0, beyond = 0, scatter = 0, inflation;

    BUG_IF(!(q > 0 && q < 1));
    for (size_t b = 0; b < batches; b++) {
        n += (double)counts[b];
        beyond += (double)above[b];
    }
    if (batches < EFFECTIVE_BATCHES_MIN || !(n > 0))
        return 0;
    for (size_t b = 0; b < batches; b++) {
        double off = (double)above[b] - (double)counts[b] * beyond / n;

        scatter += off * off;
    }
    /* Variance of a batch's count over that of independent draws, m q (1 - q). */
    inflation = scatter / (double)(batches - 1) / (n / (double)batches * q * (1 - q));
    return n / fmax(1, inflation);
}
