/* run/ceiling.h -- what the generator reaches against our own empty server.
 *
 * The same connections, the same threads on the same CPUs, the same way of connecting, the same
 * body sent and as many bytes answered (up to an eighth more; below 4 KiB up to twice), but a
 * server that does nothing: more than that no target can show here. A throughput near it says more
 * of the generator than of the target (validity, T1.5).
 *
 * Measured in a closed loop, with the server in threads of ours on the target's CPUs, once for each
 * shape of load; kept in a file of the user's cache folder, and measured anew when the machine or
 * the program has changed, or when a target has shown more: then it was measured in a bad moment.
 * Where a target still shows more than a tenth above it, there is none.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/ring.h"
#include "run/progress.h"
#include "run/trial.h"
#include "store/record.h"

struct ceiling_order {
    const struct trial_record *record; /* a trial that was driven: its load, bytes, connections */
    enum ring_kind ring;
    const struct places *places;
    bool kept_only; /* do not measure one that is not kept */
    const volatile sig_atomic_t *stop_asked;
    const struct observer *observer; /* NULL: nobody watches */
};

/* Right answers per second; NaN where there is none: our own server was the target, nothing was
 * answered, the window was below a second, it was interrupted, or it could not (or must not) be
 * measured. Takes up to three seconds when it is not kept yet. */
double ceiling_find(const struct ceiling_order *order);
