/* run/trial.h -- one trial: start a target afresh, drive it, stop it, and know everything about it.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "net/ring.h"
#include "run/progress.h"
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
    const char *not_built; /* why it cannot be started; NULL: it can */
    double build_ms;       /* NaN: nothing to build */
    int64_t shipped_bytes; /* -1 unknown */
    const char *version;
};

struct trial_order {
    const struct suite *suite;
    const struct variant *variant;
    const struct prepared *prepared;
    const struct workload *workload;
    const struct load *load;
    uint32_t block, position;
    uint64_t seed; /* of this trial */
    enum ring_kind ring;
    const struct places *places;
    const volatile sig_atomic_t *stop_asked;
    const struct observer *observer;
};

/* The record, whatever became of the trial. NULL only when the world refused us (no memory, no
 * ring): then `err` says what. */
struct trial_record *trial_run(const struct trial_order *order, struct error *err);
