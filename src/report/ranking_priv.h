/* report/ranking_priv.h -- the parts of ranking.c, each in a file of its own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "report/ranking.h"
#include "store/record.h"

/* The trials of one target under one workload and load, known by the first of them. The control's
 * are not among them: they say nothing about a target. */
struct row_trials {
    const struct run_record *run;
    const struct trial_record *first;
};

/* The next one from *at on, which moves behind it; NULL at the end. */
const struct trial_record *row_trials_next(const struct row_trials *g, size_t *at);

/* Driven to its planned end. */
bool trial_is_complete(const struct trial_record *t);

/* Of one workload and load. */
bool trials_same_cell(const struct trial_record *a, const struct trial_record *b);

/* calloc(), but for the tests of what happens without memory. */
void *ranking_take(size_t count, size_t size);

/* Refuses rows, compares the others, gives them ranks and puts all in their order. The rows must be
 * there, with their figures. (ranking_order.c) */
bool ranking_order(const struct run_record *run, struct ranking *r, struct error *err);
