/* report/comparison_priv.h -- what the parts of report/comparison share. */
#pragma once

#include "report/comparison.h"

/* The next trial of that side, from *at on, which was asked like `first` of the same target; *at
 * moves behind it. NULL at the end. */
const struct trial_record *comparison_next(const struct comparison_side *side,
                                           const struct trial_record *first, size_t *at);

/* Refuses what of a cell cannot be believed or set side by side, before it is compared. `trials`
 * has room for all of both sides. (comparison_refused.c) */
void comparison_refuse_cell(const struct comparison *c, struct comparison_cell *cell,
                            const struct trial_record **trials);

/* Refuses a cell's throughput where a target differs from itself, once the floor is known. */
void comparison_refuse_noisy(struct comparison_cell *cell);

/* Notes what is not the same of the sides' machines, and of every cell. */
bool comparison_take_notes(struct comparison *c, struct error *err);
