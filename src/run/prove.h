/* run/prove.h -- `--prove`: drives a target that was just driven again, to prove what one drive
 * only suggests (verdict/prove.h).
 *
 * Was the generator the limit? A closed loop is driven for two seconds or more without and with a
 * tenth more work for the generator, in turn, until that settles it: 10 s, half a minute at most.
 * Does memory leak? Where it seemed to grow, the target is driven at two rates, long enough for a
 * trend each. Both on the same start of the target, because its state is part of the question.
 *
 * A load in stages is not proved: its stages are the proof. Nor is our own empty server. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "load/load.h"
#include "store/record.h"

struct drive;

#define PROVE_LEAK_DEFAULT_NS (60 * SECOND_NS)
#define PROVE_LEAK_MIN_NS     (21 * SECOND_NS) /* 20 readings, a second apart, and one to spare */
#define PROVE_LEAK_MAX_NS     (3600 * SECOND_NS)

struct prove_wish {
    bool wanted;
    bool unknown_memory; /* drives at two rates also where it could not be told if memory grows */
    int64_t leak_ns;     /* of each of the two drives; 0: PROVE_LEAK_DEFAULT_NS */
};

/* Into record->proof; `drive` is the one that made the record, and its target still runs. Nothing
 * where nothing is wanted, or the trial came to no end. False: the world refused us. */
bool prove_trial(const struct drive *drive, const struct prove_wish *wish,
                 struct trial_record *record, struct error *err);

/* How long the two drives take that prove a leak. */
int64_t prove_leak_ns(const struct prove_wish *wish);

/* How long it takes at least after a trial of this load, for an estimate. */
int64_t prove_least_ns(const struct prove_wish *wish, const struct load *load);
