/* stats/equivalence.h -- are two the same, as far as it matters? Two one-sided tests, by ranks.
 *
 * "No difference was found" is not "there is none": with few values nothing is found of anything.
 * To show that two are the same takes a margin within which a difference does not matter, and
 * evidence that the true one lies within it: it is above the lower end AND below the upper one,
 * each tested at alpha (TOST: Schuirmann 1987). That is the same as asking whether the interval of
 * 1 - 2 alpha (90 % for 5 %) lies inside. The tests are Wilcoxon's and Mann and Whitney's. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "stats/ranktest.h"

struct margin {
    double low, high; /* low < high; a difference between them does not matter */
};

struct equivalence {
    bool shown;         /* the interval exists and lies inside */
    double p;           /* the larger one of the two tests' */
    struct shift shift; /* Hodges-Lehmann with its interval of 1 - 2 alpha */
};

/* n from 1 to SHIFT_MAX; alpha in (0, 0.5). */
struct equivalence equivalence_paired(const double *differences, size_t n, struct margin margin,
                                      double alpha);

/* Of a - b; both from 1 to SHIFT_MAX. */
struct equivalence equivalence_two(const double *a, size_t a_n, const double *b, size_t b_n,
                                   struct margin margin, double alpha);
