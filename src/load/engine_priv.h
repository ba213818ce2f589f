/* load/engine_priv.h -- what workers need of the engine that started them. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

struct engine;

/* Called once by each worker when it is ready, or has failed to be. Waits for the others. False
 * when any of them failed: then nobody drives. */
bool engine_all_ready(struct engine *engine, bool failed, struct mono *ret_start);

/* How often engine_stop() was called. */
unsigned engine_stops(const struct engine *engine);

/* Called once by each worker of a closed loop with a warm-up by count: its share of it is over, or
 * it has no more part in it. When the last one says so, engine_window_begin() becomes known, to all
 * the workers before it comes. */
void engine_warmed(struct engine *engine, struct mono now);

/* How often engine_restart_window() was called; *ret_begin is of the last time. */
unsigned engine_restarts(const struct engine *engine, struct mono *ret_begin);

/* Wakes engine_wait(): the phase may have changed. */
void engine_notify(struct engine *engine);
