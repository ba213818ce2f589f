/* stats/changepoint.h -- where does a series change its level or its spread? E-divisive.
 *
 * Matteson and James 2014 (arXiv 1306.4933), energy distance with exponent 1: each segment is split
 * where the two parts differ most; the split is kept when so large a difference is rarer than
 * `alpha` among random orders of the same values, and both parts are then looked at in turn. Pure:
 * one seed, one answer. Time and memory grow with n squared, times the permutations. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CHANGEPOINTS_MAX  64
#define CHANGEPOINT_N_MAX 4000

struct changepoint_rule {
    size_t segment_min;    /* values; at least 1 */
    double alpha;          /* 0.01 */
    unsigned permutations; /* at least 1 / alpha - 1 to ever reject: 199 */
    uint64_t seed;
};

/* What a split of values[0..n) looks like: values[0..at) differ from values[at..end). */
struct split {
    size_t at, end;  /* at 0: none */
    double distance; /* Q */
};

/* The split with the largest Q; both parts have at least segment_min values. */
struct split changepoint_split(const double *values, size_t n, size_t segment_min);

/* Indices at which a new segment begins, ascending; returns how many (CHANGEPOINTS_MAX at most). */
size_t changepoints(const double *values, size_t n, const struct changepoint_rule *rule,
                    size_t ret_at[CHANGEPOINTS_MAX]);
