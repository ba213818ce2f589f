/* run/calls.h -- the part of a suite that is called in-process: targets with `inproc`, loads with
 * `model: inproc`.
 *
 * What can be compared stands in one table: the same workload, load, runtime and state of the
 * collector, the runtime's bare callable in front. A table's blocks are rounds: in each, every
 * application is timed once, in a fresh process (inproc/inproc.h). */
#pragma once

#include "run/session.h"

/* How many applications there are to be called, over all tables; 0 in most suites. */
size_t calls_count(const struct session *session);

/* Room in the session's arena that calls_run() needs. */
size_t calls_bytes(const struct session *session);

/* Adds about how long they take. */
void calls_estimate(const struct session *session, struct estimate *estimate);

/* Measures all of them, a table after the other, and puts each into run->inproc and `store` (may be
 * NULL) as it is done. False when the world refused us; an application that fails has its reason
 * in the table. */
bool calls_run(struct session *session, const struct prepared *prepared, struct store *store,
               const struct observer *observer, struct run_record *run, struct error *err);
