/* run/pairs.h -- two versions of the same targets in turn: base, head, and base once more.
 *
 * In each pair every cell (target x workload x load) has one trial of base, one of head, and one
 * that is base again: what that differs from base by is what the machine makes of two things that
 * are the same. The three stand next to each other in time, in an order in which every second pair
 * is the mirror of the one before (A B, B A): what drifts steadily cancels out, and over six pairs
 * each has stood first, in the middle and last equally often.
 *
 * All trials are one run's: "app@base" and "app@head", whose control is base once more; so a run of
 * pairs can be shown and compared like any other. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "run/session.h"

enum pair_side { PAIR_BASE, PAIR_HEAD, PAIR_AGAIN, PAIR_SIDES };

#define PAIRS_MAX      1000
#define PAIR_BASE_NAME "@base"
#define PAIR_HEAD_NAME "@head"

/* The order of the three in this pair. Pure. */
void pair_order(uint32_t pair, enum pair_side ret_order[PAIR_SIDES]);

/* One version: a suite of its own, or the same with another command to start its target. */
struct pair_version {
    const char *path;  /* as session_options.path */
    const char *start; /* in place of the target's; NULL: as the suite says */
};

struct pair_cell {
    size_t slot[2]; /* in the sessions of base and head */
    bool chosen;    /* takes part in the next pairs; all do, until one is told otherwise */
};

struct pairs {
    struct session sessions[2]; /* of base and head */
    struct prepared *prepared[2];
    int locks[2];
    struct pair_cell *cells;
    size_t cell_count;
    size_t base_alone, head_alone; /* cells that only one of them has: left out */
    uint32_t done;                 /* pairs so far: the next one's block */
    uint32_t most;
    struct run_record *run; /* NULL: not begun */
    struct store *store;
    const struct observer *observer;
};

/* Reads both suites, starts nothing. `options` hold for both, but for the path; blocks are ignored.
 * At most `most` pairs can be run. */
bool pairs_plan(const struct session_options *options, const struct pair_version versions[2],
                uint32_t most, struct pairs *ret_pairs, struct error *err);

/* How many figures of a metric are compared: one a cell, of a load with stages one a stage. */
size_t pairs_compared(const struct pairs *pairs);

/* About how long a pair takes. */
int64_t pairs_ns(const struct pairs *pairs);

/* Builds both versions and begins the run, which is kept in `store` (NULL: nowhere). False with the
 * reason when one could not be built. */
bool pairs_begin(struct pairs *pairs, struct store *store, const struct observer *observer,
                 struct error *err);

/* From now on only those cells take part that are chosen after this. */
void pairs_choose_none(struct pairs *pairs);
/* The cell that this trial is of. */
void pairs_choose(struct pairs *pairs, const struct trial_record *trial);

/* One more pair of the chosen cells. False when a trial could not be measured, with the reason;
 * interrupted: true, and the run is partial. */
bool pairs_next(struct pairs *pairs, struct error *err);

/* Completes the run in the store. */
bool pairs_end(struct pairs *pairs, struct error *err);

void pairs_release(struct pairs *pairs); /* the run too */
