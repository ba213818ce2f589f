/* load/load.h -- how it is asked: closed or open loop, how much, how long. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "load/pacer.h"
#include "load/stage.h"

/* Closed: `connections` clients, each asks again when it was answered. Open: requests become due by
 * a timetable of `rate_per_sec`, whatever the server does; `connections` is the size of the pool.
 * Inproc: `requests` calls of an application in its own process (0: about a second of them); the
 * generator has no part in it. */
enum load_model { LOAD_CLOSED, LOAD_OPEN, LOAD_INPROC };

#define LOAD_CONNECTIONS_DEFAULT 10
#define LOAD_DURATION_DEFAULT_NS (10 * SECOND_NS)
#define LOAD_TIMEOUT_DEFAULT_NS  (5 * SECOND_NS)
#define LOAD_CONNECTIONS_MAX     1000000
#define LOAD_RATE_MAX_PER_SEC    1e7 /* beyond what any one machine could send */
#define LOAD_RATE_MIN_PER_SEC    (1.0 / LOAD_GAP_MAX_S)
#define LOAD_GAP_MAX_S           86400 /* a request a day: below it moments would overflow */
#define LOAD_THREADS_MAX         256
#define LOAD_TIMEOUT_MAX_NS      (3600 * SECOND_NS) /* what a histogram can hold, and then some */
#define LOAD_WARMUP_MAX_NS       (3600 * SECOND_NS)
#define LOAD_WARMUP_REQUESTS_MAX 10000000 /* a timetable is gone through in advance */

struct load {
    struct slice name;
    enum load_model model;
    uint32_t connections; /* in all threads together */
    uint32_t threads;
    double rate_per_sec; /* total; open loop only, else 0 */
    enum pacer_shape arrivals;
    int64_t duration_ns; /* of the measured window; 0: until `requests` are done */
    uint64_t requests;   /* 0: until `duration_ns` is over. Exactly one of the two is set. */
    /* Before the window: for so long, or so many requests. In a closed loop the window then begins
     * when the last of them has its outcome, in an open one when the next one is due. */
    int64_t warmup_ns;        /* -1: not given, see load_complete(); by count 0 */
    uint64_t warmup_requests; /* 0: by time */
    int64_t timeout_ns;       /* a request's longest life, from sent; also the longest drain */
    bool keepalive;           /* false: one connection a request */
    /* A load with stages is driven as so many loads, one after the other on the same server; what
     * is above is then as in its first stage, with the connections of the largest one. */
    struct load_stage *stages; /* NULL: none */
    uint32_t stage_count;      /* also in a load that is one of them */
    uint32_t stage;            /* from 1, in a load that is one of them, else 0 */
    /* Stages that are shares: of what the target reaches in the load of this name; len 0: none are.
     * In a drive: which share it is. */
    struct slice of;
    double share;
};

/* What a load is where nobody said otherwise. */
struct load load_default(void);

/* "3s", "500n": what stands above, within its limits. */
#define LOAD_WARMUP_FORM \
    "a duration from 0 to 1h, like 3s, or a count of requests up to 10M, like 500n"
bool load_parse_warmup(struct slice text, int64_t *ret_ns, uint64_t *ret_requests);

/* Fills in what depends on other settings: warm-up a tenth of the duration (none when the load is
 * by count: then it would ask more often than told). Connections at least one a thread. */
void load_complete(struct load *load);

static inline bool load_warms_up(const struct load *load)
{
    return load->warmup_ns > 0 || load->warmup_requests > 0;
}

/* Makes `stages`, at least one and all of one kind, those of the load. */
void load_set_stages(struct load *load, struct load_stage *stages, size_t count);

/* Whether its rates are shares of a capacity that has to be measured first. */
static inline bool load_needs_capacity(const struct load *load)
{
    return load->of.len > 0;
}

/* The same with the rates that go with a capacity above 0; the stages are copied into `room`, which
 * holds load->stage_count of them. */
struct load load_of_capacity(const struct load *load, double per_sec, struct load_stage *room);

/* How many drives it takes: its stages, or one. */
uint32_t load_drives(const struct load *load);

/* Number `index` of them, from 0: a stage as a load of its own, warmed up before the first only. */
struct load load_drive(const struct load *load, uint32_t index);
