/* verdict/compare.h -- who is faster, as far as blocks can say it. Pure.
 *
 * Each block has one value of every entrant, measured close together in time, so that what hits a
 * block hits all: entrants are compared in pairs, block by block, on the logarithms of their values
 * (shared/spec/validity.md, T9 and T10). A difference is said only when it is real (Wilcoxon's
 * signed-rank test, Holm over all pairs) and larger than the noise floor, which an A/A control
 * tells: one entrant measured twice in the same block. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define COMPARE_FLOOR_MIN 0.01 /* differences below 1 % are not believed of any machine */
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
    size_t blocks;    /* in which both have a value */
    double ratio;     /* a / b, Hodges-Lehmann; NaN: no block */
    bool bounded;     /* the interval exists */
    double low, high; /* of the ratio, 95 % */
    double p, p_holm; /* two-sided; corrected for all pairs */
    enum finding finding;
    size_t blocks_needed; /* so many in all would probably settle a FINDING_NOT_SHOWN: from the
                             spread of the block ratios; 0: it cannot be told */
};

struct noise_floor {
    bool known; /* an A/A control with blocks enough for an interval */
    size_t blocks;
    double ratio, low, high; /* of the control: twin / itself, 95 % */
    double floor;            /* a share: 0.013. COMPARE_FLOOR_MIN where it is not known */
    bool differs; /* the control differs from itself: this machine cannot rank. Its 95 % interval
                     excludes 1, or the floor is above COMPARE_FLOOR_MAX */
};
#define COMPARE_FLOOR_MAX 0.05

/* `control[b]` is twin / original in block b (NaN: none). */
struct noise_floor noise_floor_of(const double *control, size_t blocks);

/* The fewest blocks with which any pair of so many entrants can be told apart. */
size_t compare_blocks_needed(size_t entrants);

/* All pairs, i < j, in order; room for k (k - 1) / 2. `floor` is a share. False when memory runs
 * out. */
bool compare_all(const struct entrant *entrants, size_t count, size_t blocks, double floor,
                 struct difference *ret_differences, struct error *err);

/* Ranks by the values, larger is better, with ties: places[i] is the best and worst rank that
 * entrant i may have (1-based). Entrants that are not shown to differ from a neighbour share a
 * group: groups are runs of entrants, in order of their medians, such that every member of one is
 * shown to be more than every member of the next. */
struct place {
    unsigned best, worst;
};
void compare_places(const struct difference *differences, const double *medians, size_t count,
                    struct place *ret_places);
