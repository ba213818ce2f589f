/* run/blocks.h -- which trials there are, and in which order. Pure.
 *
 * A block holds one trial of every variant with every workload and load it takes part in, in an
 * order drawn by the seed. So whatever drifts with time hits all targets alike, and block by block
 * they can be compared in pairs.
 *
 * The A/A control: in each block, every workload and load has one variant twice, a twin beside the
 * original. Nothing but chance and the machine tells the two apart, so what they differ by is what
 * a difference between targets must exceed (verdict/compare.h). Which variant it is goes round from
 * block to block, in an order drawn by the seed: one that is noisier than the others would
 * otherwise speak for all. Our own server, the ceiling, is not asked: it is not ranked. Nor is a
 * variant that is alone with a workload and load, beside others that are compared. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "suite/suite.h"

struct trial_slot {
    uint32_t block, position; /* from 0 */
    size_t variant, workload, load;
    bool control; /* its variant's second entry in this block */
};

/* With fewer blocks a control has no interval, and costs time for nothing. */
#define BLOCKS_CONTROL_MIN 6

/* Whether this target is called in-process for this workload and load (run/calls.h). Such a load
 * has no trials here. */
bool blocks_calls(const struct suite *suite, const struct suite_target *target, size_t workload,
                  size_t load);

/* All of them, block after block, in the arena; then, once more block after block, the loads whose
 * rates are shares of what the targets reach in others. One seed, one order; twins stand between
 * the others without changing theirs. The stages of a load are one slot: they are driven in their
 * order on one start of the target, and each becomes a trial's record. */
struct trial_slot *blocks_plan(const struct suite *suite, const struct variant *variants,
                               size_t variant_count, uint32_t blocks, uint64_t seed,
                               struct arena *arena, size_t *ret_count);

/* Room that blocks_plan() needs. */
size_t blocks_plan_bytes(const struct suite *suite, size_t variant_count, uint32_t blocks);

/* How long a trial of this load takes, with all its stages: warm-up, windows, about a second and a
 * half around them to start, ask, drain and stop, and half a second between two stages. What is
 * by count is guessed at 1000 requests a second for each connection up to ten. */
int64_t blocks_trial_ns(const struct load *load);

/* How many records these slots come to: one a stage, or one. */
size_t blocks_records(const struct suite *suite, const struct trial_slot *slots, size_t count);
