/* verdict/steady.h -- had the server warmed up, and did it stay as it was? Pure.
 *
 * Two questions about one series. Time to steady: MSER-5 on tenths of a second from the first
 * request on, warm-up included. And from windows of a second or more: does the level change
 * (E-divisive), does it drift (Theil and Sen, Mann and Kendall)? Kinds are those of Barrett and
 * others (2017); a change counts only when it is also large: shared/spec/validity.md, T4 and T5,
 * limits_around.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/record.h"

enum steady_kind {
    STEADY_FLAT,
    STEADY_WARMUP,   /* slower at first, then one level */
    STEADY_SLOWDOWN, /* faster at first */
    STEADY_NEVER,    /* still changed in the second half of the run */
};

struct steady {
    bool known;      /* a window of 30 s or more: kind, changes and drift mean something */
    bool of_latency; /* about the median response time, not throughput */
    enum steady_kind kind;
    int64_t begin_ns;   /* of the window, from the start of the load */
    int64_t after_ns;   /* time to steady, from the start of the load; -1: unknown, or never */
    double bias_share;  /* what the window's mean has too much (or, below 0, too little) because it
                           began earlier than that; 0 when it did not; NaN: unknown */
    double drift_share; /* over the steady part of the window; NaN: unknown */
    double drift_p;
    size_t changes;      /* of level, inside the window; of a slow-down, those for the worse */
    int64_t change_ns;   /* when the largest of them was, from the window's begin */
    double change_share; /* and how large, of the higher of both levels: -0.18 fell by so much,
                            0.18 was so much lower before */
};

/* Throughput: right answers of each tenth of a second since the start of the load; `tenths_before`
 * of them are the warm-up. */
struct steady steady_of_rate(const uint32_t *tenths, size_t count, size_t tenths_before);

/* Median response times of each second of the window, which began `begin_ns` after the load. Of an
 * open loop, whose throughput is the timetable's as long as the server keeps up. */
struct steady steady_of_latency(const double *medians_ns, size_t seconds, int64_t begin_ns);

/* Of a trial: throughput; in an open loop, response times where these say worse. */
struct steady steady_of_trial(const struct trial_record *t);

/* In the middle of a run: did the window begin inside a warm-up, so that it should begin anew now?
 * False while there is too little to tell. */
bool steady_wants_more(const uint32_t *tenths, size_t count, size_t tenths_before);
