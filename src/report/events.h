/* report/events.h -- progress for programs: JSON Lines, an event a line, each a whole object
 * (docs/schema/assay-progress-1.json, which `assay schema progress` prints).
 *
 * The main thread writes them while the workers measure, so nothing is allocated on the way, and
 * nobody is waited for: an event for which the reader has no room is left out, and the next one
 * says how many were. A reader that left is no failure: the rest goes nowhere. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "run/progress.h"
#include "store/record.h"

/* So long is a line at most, with its line feed: a pipe takes it whole, or not at all. */
#define EVENTS_LINE_MAX 4096

struct events; /* opaque */

/* NULL when memory runs out, which all the others take: then nobody is told. Does not own `fd`. */
struct events *events_new(int fd);
void events_free(struct events *events);

/* `what`: the command's name. `trials`: how many are planned; 0 is not known. */
void events_run_start(struct events *events, struct mono now, const char *what, const char *command,
                      size_t trials);

/* At most one a second, unless somebody `asked`. The first of a trial tells that it starts, too. */
void events_progress(struct events *events, struct mono now, const char *phase,
                     const struct progress *progress, bool asked);
void events_trial_end(struct events *events, struct mono now, const struct trial_record *trial);

/* `id` of the run in the database, "" where it is not kept. Nothing without a start. */
void events_run_end(struct events *events, struct mono now, const char *id, int exit_code);
