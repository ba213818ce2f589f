/* load/pacer.h -- decides when each request is due.
 *
 * An open-loop test sends by a timetable fixed before the run, so that a slow server cannot
 * slow down its own exam. The pacer is that timetable. It reads no clock and knows no sockets:
 * time is an argument, and one seed gives one timetable, in a unit test as on 64 cores.
 *
 * Owned by one worker. Allocates nothing, so there is nothing to release. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/rng.h"

enum pacer_shape { PACER_EVEN, PACER_POISSON };

struct pacer {
    enum pacer_shape shape;
    struct mono start;
    double gap_ns_mean;
    double offset_ns; /* of the next due request, from start */
    struct mono next; /* that moment */
    uint64_t taken;
    struct rng rng;
};

/* The longest mean gap. An exponential one can be 37 times as long (the logarithm of 53 random
 * bits), and a moment has to hold that. */
#define PACER_GAP_MAX_NS INT64_C(100000000000000000)

/* `rate_per_sec` must be finite and above zero, the mean gap at most PACER_GAP_MAX_NS. */
void pacer_init(struct pacer *p, enum pacer_shape shape, double rate_per_sec, struct mono start,
                uint64_t seed);

/* If a request is due by `now`: stores when in *ret_due, moves on, returns true. Call until false.
 * Latency counts from *ret_due, not from when the bytes left: waiting in our queue is waiting. */
bool pacer_take(struct pacer *p, struct mono now, struct mono *ret_due);

struct mono pacer_next(const struct pacer *p); /* when to come back */
