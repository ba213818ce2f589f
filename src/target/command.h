/* target/command.h -- runs one command of a target to its end, under a guardian like the target
 * itself: an interrupt or a crash of ours leaves no compiler behind. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "target/guardian.h"

/* "interrupted", with err->sys EINTR; returns false. */
bool command_interrupted(struct error *err);

/* Who waits for it. */
struct command_waiter {
    const volatile sig_atomic_t *stop_asked; /* NULL: nobody can */
    void (*still)(void *context);            /* called ten times a second meanwhile; NULL: nobody */
    void *context;
};

/* False when it could not be run, did not end in time, or was interrupted. *ret_status: as from
 * wait(). Whatever it left running is ended. */
bool command_run(const struct order *order, int64_t limit_ns, const struct command_waiter *waiter,
                 int *ret_status, int64_t *ret_ns, struct error *err);
