/* stats/spread.h -- three small questions about how values are spread. Pure.
 *
 * Sources: Jain, Chiu and Hawe 1984; Anderson and Darling 1954 with Stephens' correction for an
 * estimated mean; batch means: shared/spec/validity.md T6. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Jain's fairness index: 1 when all have the same, 1/n when one has everything. NaN for n = 0 or
 * when nobody has anything. None may be negative. */
double jain(const double *shares, size_t n);

/* Are these gaps exponential, as between Poisson arrivals? Anderson and Darling's A squared with
 * the mean estimated, already multiplied by (1 + 0.6/n); and the largest distance between the two
 * distribution functions (Kolmogorov and Smirnov's D), for the size of the effect. Sorts `gaps` in
 * place; n at least 2, all positive. */
struct exponential_fit {
    double a_squared, distance;
};
struct exponential_fit exponential_fit(double *gaps, size_t n);
#define EXPONENTIAL_5_PERCENT 1.321
#define EXPONENTIAL_1_PERCENT 1.959

/* How many independent samples n dependent ones are worth, for a quantile q: the run is cut into
 * batches of equal length, each tells how many of its samples lie above the pooled quantile. Where
 * they scatter more than chance allows, n is divided by how much more.
 * `above` and `counts` have one entry a batch; q in (0, 1). With fewer than 10 batches or no
 * samples nothing is known: 0. */
#define EFFECTIVE_BATCHES_MIN 10
double effective_samples(const uint64_t *above, const uint64_t *counts, size_t batches, double q);
