/* probe/hiccup.h -- how late this machine wakes a sleeper, and whether its clock can be trusted.
 *
 * A thread of its own on the generator's CPU sleeps until one absolute moment after the other and
 * notes how late it was woken: what it missed, the generator missed too. It also holds our clock
 * (base/clock.h) against the hardware's (CLOCK_MONOTONIC_RAW). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define HICCUP_EVERY_NS (4 * INT64_C(1000000)) /* 250 times a second: costs 0.1 % of a core */

struct hiccup; /* one that is running */

/* What it found; all -1 or NaN when nothing is known. */
struct hiccup_found {
    int64_t samples;
    int64_t p50_ns, p99_ns, p999_ns, max_ns; /* woken so much too late */
    int64_t clock_step_ns;  /* smallest difference seen between two readings of our clock */
    int64_t clock_jump_ns;  /* largest |our clock's advance - the hardware's| between two looks */
    double clock_drift_ppm; /* of our clock against the hardware's, over all of it; NaN: less than
                               0.1 s */
};

struct hiccup_found hiccup_unknown(void);

/* `cpu` negative: not pinned. */
bool hiccup_start(int32_t cpu, struct hiccup **ret_hiccup, struct error *err);

/* Forgets what was found so far, all but the clock's step: the window begins. NULL is allowed. */
void hiccup_restart(struct hiccup *hiccup);

/* Ends the thread at its next moment and frees it. NULL is allowed: nothing is known then. */
struct hiccup_found hiccup_stop(struct hiccup *hiccup);
