/* report/listing.h -- lists for people, as wide as the screen: the runs of a database, the trials
 * of a plan. Names that others gave are printed as screen_add_foreign() has it, cut where there is
 * no room for all of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "report/screen.h"
#include "store/store.h"

void listing_runs(const struct screen *s, const struct store_line *lines, size_t count);

struct planned_trial {
    uint32_t block, position; /* from 0 */
    struct slice target, workload, load;
    uint32_t stages; /* of the load; 0: it has none */
    bool control;    /* of the A/A control */
};

/* The trial in that place of the plan. */
typedef struct planned_trial planned_at(const void *context, size_t index);

void listing_plan(const struct screen *s, planned_at *at, const void *context, size_t count);

/* A sentence, wrapped. */
void listing_sentence(const struct screen *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
