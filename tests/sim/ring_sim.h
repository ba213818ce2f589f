/* tests/sim/ring_sim.h -- one more ring: no kernel, a virtual clock, a server that is a function.
 *
 * Time stands still while the generator works and jumps to the next event when it waits. So a
 * minute is driven in milliseconds, a pause is exactly as long as the script says, and one seed
 * gives one report, byte for byte. One worker only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "load/plan.h"
#include "load/tally.h"
#include "net/ring.h"

enum sim_what {
    SIM_ANSWER, /* `bytes` come, `delay_ns` after the request */
    SIM_END,    /* the peer closes without a word */
    SIM_RESET,  /* the peer resets */
    SIM_SILENT, /* nothing ever comes */
};

struct sim_reply {
    enum sim_what what;
    int64_t delay_ns;
    struct slice bytes;
    struct slice rest; /* of the answer; comes a millisecond later */
    bool then_close;   /* the peer closes right behind the answer */
};

/* The scripted server. `number` counts its requests from 0, `now_ns` is virtual. */
struct sim_server {
    struct sim_reply (*reply)(void *context, uint64_t number, int64_t now_ns, uint32_t answers);
    int (*accept)(void *context, uint64_t number, int64_t now_ns); /* errno, or 0; NULL: always 0 */
    int64_t connect_ns;                                            /* how long a handshake takes */
    int64_t idle_ns;   /* each connection is closed when it is so old; 0: kept */
    int64_t send_ns;   /* how long it takes the generator to send a request */
    int64_t upload_ns; /* how long it is on its way out then, while the generator does other work */
    void *context;
    /* What it saw. */
    uint64_t connections, requests;
    struct engine *_Atomic engine; /* who drives it: for replies that act on it (sim_engine()) */
};

/* The engine that drives this server now; for its functions, which are called while it does. */
struct engine *sim_engine(struct sim_server *server);

/* A ring_opener for plan.open_ring, with the server as its context. */
bool ring_sim_open(void *server, uint32_t worker, const struct ring_config *config,
                   struct ring **ret_ring, struct error *err);

#define SIM_START_NS SECOND_NS /* its clock begins there: any moment, but no special one */

/* "HTTP/1.1 200 OK", two bytes of body: what sim_plan()'s contract expects. */
extern const struct slice SIM_RIGHT;

/* Servers: one that answers so, at once; one that never says anything; one that takes a
 * millisecond, but for every tenth request, which is never answered. */
struct sim_reply sim_at_once(void *context, uint64_t number, int64_t now_ns, uint32_t answers);
struct sim_reply sim_says_nothing(void *context, uint64_t number, int64_t now_ns, uint32_t answers);
struct sim_reply sim_every_tenth_is_silent(void *context, uint64_t number, int64_t now_ns,
                                           uint32_t answers);

/* The same for a load of several threads, with an array of servers, one for each: the simulation
 * knows one worker. Their clocks know nothing of one another. */
bool ring_sim_open_own(void *servers, uint32_t worker, const struct ring_config *config,
                       struct ring **ret_ring, struct error *err);

/* A plan for the simulated server: even arrivals, no warm-up, keep-alive, time-out 5 s. */
struct plan sim_plan(struct sim_server *server);

/* Drives it. The tally's seconds live until the next call. */
void sim_drive(struct plan *plan, struct tally *ret_tally);
