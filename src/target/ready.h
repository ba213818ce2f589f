/* target/ready.h -- finds out by asking, never by sleeping, that what was started answers rightly.
 *
 * It asks twenty times in the time that has passed so far (but 1000 times a second at most, and ten
 * at least): so the moment is known to 5 %, at a price that does not grow with the wait. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "load/workload.h"
#include "target/guardian.h"
#include "target/recipe.h"

struct ready {
    struct guardian *guardian;
    const struct recipe *recipe;
    const volatile sig_atomic_t *stop_asked;
    struct mono begin, deadline;
    int64_t timeout_ns;  /* deadline - begin, for the message */
    int64_t wrong_ns;    /* with the same wrong answer for that long it is given up */
    struct arena *arena; /* scratch for answers */
    uint64_t probes;     /* requests asked */
    bool port_taken;     /* failed because another program has one of the ports */
};

/* Waits until every instance of this process of the recipe answers: `workload` rightly, or, where
 * that is NULL, its `ready` path with anything in HTTP, or else a connect. */
bool ready_wait(struct ready *ready, size_t process, const struct workload *workload,
                struct error *err);

/* A process of the target that has ended, as a sentence; adds who holds its port, if another
 * program does, and notes that in ready->port_taken. Returns false. */
bool ready_explain_exit(struct ready *ready, const struct guardian_event *event, struct error *err);
