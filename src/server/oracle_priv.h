/* server/oracle_priv.h -- one worker's oracle: obeys behave.h with a real clock and real memory.
 *
 * It decides what becomes of a request and when its answer may leave; the worker, which has the
 * sockets, holds the answer back until then. Owned by its worker; only `turn` is shared. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "server/behave.h"
#include "server/respond_priv.h"

struct worker;

/* What all workers' oracles share. */
struct oracle_plan {
    struct behave behave;
    struct mono start;
    struct worker *workers;
    _Atomic uint64_t turn; /* of a worker, with `workers` */
};

struct oracle {
    _Atomic uint64_t lies[LIE_KINDS], closes, stalls;

    struct oracle_plan *plan;
    struct behave_state state;
    struct blocked *first, *last; /* answers held back, in the order in which they leave */
    int64_t accept_at_ns;         /* with accept_every_ns */

    char *memory; /* reserved, not yet there */
    uint64_t memory_bytes;
    char previous[BEHAVE_ECHO]; /* the path asked for before this one, its end */
};

/* Prepares the worker's listening socket too. `number`: which worker it is. */
bool oracle_open(struct oracle *o, struct oracle_plan *plan, uint32_t number, int listener,
                 struct error *err);
void oracle_close(struct oracle *o);

int64_t oracle_now_ns(const struct oracle *o);

/* Adds the answer to a complete request, its connection's `nth`, and does the work that it costs.
 * ret_leaves_ns: not before. False: the connection ends behind it. */
bool oracle_answer(struct oracle *o, const struct answers *answers, const struct http1 *request,
                   uint32_t nth, struct out *out, int64_t *ret_leaves_ns);

/* One writer: no locked instruction needed. */
static inline void count(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}
