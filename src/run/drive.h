/* run/drive.h -- one load against one address that already answers: ask, drive, measure, record.
 *
 * The part that `assay URL` and a suite's trial have in common. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "load/load.h"
#include "load/workload.h"
#include "net/addr.h"
#include "net/ring.h"
#include "run/progress.h"
#include "store/record.h"
#include "target/target.h"

/* From a connection that breaks off to the end of the process that broke it, if that is why. */
#define END_NS (200 * MILLISECOND_NS)

struct drive {
    const struct addr *addresses; /* the load is spread over them; the first one is asked */
    size_t address_count;
    struct slice host;               /* Host header */
    const struct workload *workload; /* with the expectations that hold for this target */
    const struct load *load;         /* complete */
    enum ring_kind ring;
    const uint32_t *cpus; /* for the workers */
    uint32_t cpu_count;   /* 0: not pinned */
    uint64_t seed;
    int64_t burn_ns; /* load/plan.h */
    bool again;      /* the target was driven before: it has settled, and the window is as told */
    struct target *target;                   /* NULL: a server that assay did not start */
    int32_t ancestor;                        /* whose descendants are the server; 0: unknown */
    bool ancestor_counts;                    /* the ancestor itself is part of the server */
    const volatile sig_atomic_t *stop_asked; /* how many times */
    const struct observer *observer;         /* NULL: nobody watches */
};

/* How large the record's arena must be for this drive. */
size_t drive_arena_bytes(const struct drive *drive);

/* Fills in record->tally, server, client, points, check text, ring, probes, state. A target that
 * does not answer rightly when it is asked makes TRIAL_NOT_READY with the reason, one that ends
 * while it is driven TRIAL_DIED; both are no error. False: the world refused us, `err` says what.
 */
bool drive_run(const struct drive *drive, struct trial_record *record, struct error *err);
