/* run/trial.h -- one trial: start a target afresh, drive it, stop it, and know everything about it.
 *
 * A load with stages is driven stage after stage on one start, each begun when the one before has
 * drained; each stage gives a record of its own. There are records of those that were begun: a
 * target that does not start, or dies, or an interrupt leaves the stages after it without one. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "net/ring.h"
#include "run/progress.h"
#include "run/prove.h"
#include "store/record.h"
#include "suite/suite.h"
#include "target/target.h"

/* Where generator and targets run. */
struct places {
    uint32_t client[64], server[64];
    uint32_t client_count, server_count; /* 0: not pinned */
};

/* What is known of a variant before its first trial. */
struct prepared {
    struct target_place place;
    struct places places;  /* where generator and this variant run (run/cores.h) */
    const char *not_built; /* why it cannot be started; NULL: it can */
    double build_ms;       /* NaN: nothing to build */
    int64_t shipped_bytes; /* -1 unknown */
    int64_t image_bytes;   /* -1 unknown */
    const char *version;
};

struct trial_order {
    const struct suite *suite;
    const struct variant *variant;
    const struct prepared *prepared;
    const struct workload *workload;
    const struct load *load;
    uint32_t block, position;
    uint32_t order; /* the variant's place among all of them */
    bool control;   /* the variant's second trial in this block */
    uint64_t seed;  /* of this trial */
    enum ring_kind ring;
    const struct places *places;
    bool kept_ceiling_only; /* run/ceiling.h */
    struct prove_wish prove;
    const char *not_ready; /* why it cannot be driven at all; NULL: it can */
    const volatile sig_atomic_t *stop_asked;
    const struct observer *observer;
};

/* Gets each record as soon as it is complete, and owns it then. False ends the trial. */
struct trial_taker {
    void *context;
    bool (*take)(void *context, struct trial_record *record, struct error *err);
};

/* At least one record, whatever becomes of the trial. False only when the world refused us (no
 * memory, no ring), or the taker did: then `err` says what. */
bool trial_run(const struct trial_order *order, const struct trial_taker *taker, struct error *err);
