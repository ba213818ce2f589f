/* load/engine.h -- drives a server by a plan, with workers that share nothing, and counts.
 *
 *     engine_start -> engine_wait (again and again, looking at engine_live) -> engine_finish
 *
 * A worker is a thread with a ring, an arena, histograms and counters of its own. The main thread
 * only reads the few counters that a worker publishes while it runs, and merges the rest after it
 * stopped. Nothing is allocated, locked or printed inside the measured window. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "load/plan.h"
#include "load/tally.h"

struct engine;

/* Makes the workers ready, then lets them go together. On failure nothing is left. */
bool engine_start(const struct plan *plan, struct engine **ret_engine, struct error *err);

enum engine_phase { ENGINE_WARMUP, ENGINE_WINDOW, ENGINE_DRAIN, ENGINE_DONE };

/* Waits until `until`, or until the phase is another than `known`; returns the phase. */
enum engine_phase engine_wait(struct engine *engine, enum engine_phase known, struct mono until);

/* When all workers set off. */
struct mono engine_start_moment(const struct engine *engine);

/* When the measured window begins: fixed at the start, until it is begun anew. Behind a closed
 * loop's warm-up by count it is not known as long as that goes on: MONO_NEVER. */
struct mono engine_window_begin(const struct engine *engine);

/* How long before its begin a new window has to be asked for, so that every worker hears of it. */
#define RESTART_AHEAD_NS (100 * MILLISECOND_NS)

/* The steady state is found, not assumed: what was measured so far turned out to be warm-up. It is
 * counted as that, requests in flight become unmeasured, connections stay as they are, and a window
 * of full length begins at `begin`, RESTART_AHEAD_NS from now or later. Until then the phase is
 * ENGINE_WARMUP, and the figures of engine_live() are 0. False, and nothing has changed, when
 * `begin` lies behind the end of the window there is: too late. Who stops the engine before `begin`
 * has measured nothing. Only for loads by duration. */
bool engine_restart_window(struct engine *engine, struct mono begin);

/* Ends the window now; the drain is cut to a second. The tally is then partial. Called again: no
 * drain either. Safe from a signal handler. */
void engine_stop(struct engine *engine);

/* What is known while it runs; a moment old. */
struct engine_live {
    uint64_t ok, failed;    /* completed in the window so far */
    uint64_t done;          /* requests of the plan that have an outcome; for loads by count */
    uint64_t warmed;        /* those of a closed loop's warm-up by count that have one */
    int64_t cpu_ns;         /* of all workers' threads, since the start */
    int64_t p50_ns, p99_ns; /* of the last whole second; 0: none yet */
};

struct engine_live engine_live(struct engine *engine);

/* Right answers of all workers in each tenth of a second since the start that is over, warm-up
 * included; returns how many tenths were written to *ret_tenths, which has room for `max`. */
uint32_t engine_tenths(const struct engine *engine, uint32_t *ret_tenths, uint32_t max);

const char *engine_ring_name(const struct engine *engine);

/* Waits for the end, checks the books, merges, frees the engine. *ret_tally is filled in
 * completely; its `seconds` and `tenths` are taken from `arena` (must have room:
 * engine_seconds_bytes()). False when a worker met an error of the system in mid-drive; the tally
 * is then what was counted until then, partial. */
bool engine_finish(struct engine *engine, struct arena *arena, struct tally *ret_tally,
                   struct error *err);

/* How much engine_finish() takes from the arena at most. */
size_t engine_seconds_bytes(const struct plan *plan);

/* How many descriptors a drive by this plan needs, besides those that are open already. */
uint64_t engine_descriptors(const struct plan *plan);
