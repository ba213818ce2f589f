/* load/plan.h -- everything a drive needs to know, fixed before it begins. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "load/contract.h"
#include "load/load.h"
#include "load/request.h"
#include "net/addr.h"
#include "net/ring.h"

/* Opens a worker's ring, in the worker's thread. The tests bring one that simulates. */
typedef bool ring_opener(void *context, uint32_t worker, const struct ring_config *config,
                         struct ring **ret_ring, struct error *err);

/* Owned by the caller; must outlive the engine. */
struct plan {
    struct load load;             /* complete: load_complete() was called */
    const struct addr *addresses; /* connections are spread over them in turn */
    size_t address_count;
    struct request_text request;
    struct contract contract;
    bool own_close; /* keep-alive was wanted, but the target closes after every answer without
                       saying so: a connection a request */
    enum ring_kind ring;
    uint32_t receive_bytes; /* of a typical answer, head included; 0: unknown */
    const uint32_t *cpus;   /* workers are pinned to these in turn */
    uint32_t cpu_count;     /* 0: not pinned */
    uint64_t seed;
    int64_t burn_ns; /* CPU to use up for each request beyond what it needs, for --prove: what is
                        not limited by the generator does not get slower by it. 0: none */
    ring_opener *open_ring; /* NULL: ring_open(ring, ...) */
    void *open_ring_context;
};

/* One connection a request, by the user's wish or the target's way. */
static inline bool plan_one_shot(const struct plan *plan)
{
    return !plan->load.keepalive || plan->own_close;
}
