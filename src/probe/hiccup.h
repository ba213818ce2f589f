/* probe/hiccup.h -- how late this machine wakes a sleeper, and whether its clock can be trusted.
 *
 * A thread of its own on the generator's CPU sleeps until one absolute moment after the other and
 * notes how late it was woken: what it missed, the generator missed too. The moments are a
 * timetable, so that a long sleep counts for every moment it covers. The thread also holds our
 * clock (base/clock.h) against the hardware's (CLOCK_MONOTONIC_RAW).
 *
 * Where the kernel tells (/proc/PID/schedstat), waiting for a turn while another thread has the CPU
 * is taken off: the generator itself is such a thread, and what others take from it is seen in the
 * generator's own run-queue wait and in machine_change.foreign_cores. What stays is timers that
 * come late, a hypervisor that is elsewhere, a process that was stopped. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* 53 times a second. To be woken, and to look, costs 30 to 50 us on a small virtual machine, as the
 * timer is the hypervisor's (2026-11): 0.24 % of a core; every 4 ms it was 0.6 to 0.9 %. Not a
 * multiple of the kernel's tick of 4 or 10 ms, which is busy work itself. */
#define HICCUP_EVERY_NS (19 * INT64_C(1000000))

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
