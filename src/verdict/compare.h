/* verdict/compare.h -- who is faster, as far as blocks can say it. Pure.
 *
 * Each block has one value of every entrant, measured close together in time, so that what hits a
 * block hits all: entrants are compared in pairs, block by block, on the logarithms of their values
 * (shared/spec/validity.md, T9 and T10). A difference is said only when it is real (Wilcoxon's
 * signed-rank test, Holm over all pairs) and larger than the noise floor, which an A/A control
 * tells: one entrant measured twice in the same block.
 *
 * "Within the floor" means a ratio between 1 / (1 + floor) and 1 + floor, so that a against b finds
 * the mirror image of b against a. Only values above 0 have a logarithm: any other is as absent as
 * a NaN. Of more than SHIFT_MAX blocks the first SHIFT_MAX are looked at. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define COMPARE_FLOOR_MIN 0.01 /* differences below 1 % are not believed of any machine */
/* Where identical things differ by so much nothing is ranked. Not less: a wide floor by itself
 * makes no false ranks, since a pair has to differ by more than it, with its whole interval. A/A
 * runs of nginx on two virtual cores (suites/same-and-different, 2026-11-21) had floors of 5.7 %
 * with the machine idle and 12 to 17 % beside other programs, and http.server, slower by a third,
 * stood outside of each. */
#define COMPARE_FLOOR_MAX 0.25
#define COMPARE_ALPHA     0.05

/* values[b] is that of block b; NaN where it has none. Larger or smaller may be better: the words
 * "more" and "less" are about the values. */
struct entrant {
    const double *values;
};

enum finding {
    FINDING_MORE, /* the first is really more than the second, by more than the floor */
    FINDING_LESS,
    FINDING_SAME,      /* within the floor: its 90 % interval lies inside (TOST) */
    FINDING_NOT_SHOWN, /* neither is shown */
};

struct difference {
    size_t a, b;      /* entrants */
    size_t blocks;    /* in which both have a value; unpaired: values of the one that has fewer */
    bool paired;      /* block by block, or two separate samples */
    double floor;     /* that it was found with */
    double ratio;     /* a / b, Hodges-Lehmann; NaN: no block */
    bool bounded;     /* the interval exists */
    double low, high; /* of the ratio, 95 %; both NaN where it does not exist */
    double spread;    /* standard deviation of the log ratio in one block; NaN: fewer than 2 */
    bool same;        /* the 90 % interval lies within the floor */
    double p, p_holm; /* two-sided; corrected for all pairs */
    enum finding finding;
    size_t blocks_needed; /* so many in all would probably settle a FINDING_NOT_SHOWN, if ratio and
                             spread are what they seem to be: see compare.c. 0: it cannot be told,
                             or more than COMPARE_BLOCKS_MAX */
};
#define COMPARE_BLOCKS_MAX 1000

struct noise_floor {
    bool known; /* an A/A control with blocks enough for an interval: 6 */
    size_t blocks;
    double ratio, low, high; /* of the control: twin / itself, 95 %; NaN where there is none */
    double floor;            /* a share: 0.013. The end of the interval that is farther from 1, at
                                least COMPARE_FLOOR_MIN; that, too, where it is not known */
    /* This machine cannot rank. Either the control is found to differ from itself by the rule that
     * holds for every pair, with the smallest floor (an interval that only excludes 1 would say so
     * of one sound machine in twenty); or the floor is above COMPARE_FLOOR_MAX. */
    bool differs;
};

/* `control[b]` is twin / original in block b (NaN: none). */
struct noise_floor noise_floor_of(const double *control, size_t blocks);

/* The fewest blocks with which any pair of so many entrants can be told apart; 0 of fewer than 2,
 * which have no pair. */
size_t compare_blocks_needed(size_t entrants);

/* All pairs, i < j, in order; room for k (k - 1) / 2. `floor` is a share, above 0. False when
 * memory runs out. */
bool compare_all(const struct entrant *entrants, size_t count, size_t blocks, double floor,
                 struct difference *ret_differences, struct error *err);

/* Two samples that were not measured in the same blocks, as of two runs: Mann-Whitney on the
 * logarithms. What drifted between them is in the difference: this is for where there is no other
 * way. 4 values on each side are the fewest that can show anything. */
struct difference compare_two(const double *a, size_t a_n, const double *b, size_t b_n,
                              double floor);

/* Corrects the p of differences that are read together, and finds anew, each with its own floor.
 * compare_all() has done it for its pairs; several calls in one answer need it. False when memory
 * runs out. */
bool compare_together(struct difference *differences, size_t count, struct error *err);

/* The fewest blocks (paired), or values on each side, with which anything can be shown in so many
 * comparisons that are read together: with p at most alpha, and an interval of 95 %. */
size_t compare_fewest(bool paired, size_t comparisons, double alpha);

/* Ranks by the values, larger is better, with ties: places[i] is the best and worst rank that
 * entrant i may have (1-based). Entrants that are not shown to differ share a group: in order of
 * medians, a group ends where every entrant so far is shown to be more than every one that follows.
 * `differences` are those of compare_all(). An entrant whose median is NaN has no place (0, 0), and
 * is in nobody's way. */
struct place {
    unsigned best, worst;
};
void compare_places(const struct difference *differences, const double *medians, size_t count,
                    struct place *ret_places);
