/* report/verdict_block.h -- can it be believed, and if not, why: for people.
 *
 *     VERDICT  INVALID
 *     FAIL     generator: the generator was the limit. Remedy: more threads (-t)
 *     warn     machine: steal 3 %. Remedy: ask the host's owner
 *     unknown  steady, memory (3 s are too short to tell)
 *
 * Checks that are all right are not mentioned. What a check speaks of, no other part of the screen
 * warns of. */
#pragma once

#include <stdbool.h>

#include "report/screen.h"
#include "store/record.h"

/* Of one trial, after an empty line. Nothing where there is no verdict. */
void verdict_print(const struct screen *s, const struct trial_record *t);

/* Of a load in stages: each check once, as it was in the first stage in which it was worst. False:
 * there is none, and nothing was printed. */
bool verdict_print_stages(const struct screen *s, const struct run_record *run);

/* Of a whole run, in one line and an empty one: how many of its trials are valid, and of the others
 * which checks say why, the commonest first.
 *
 *     verdicts: 30 trials: 22 valid, 6 with warnings (machine 5, cores 2), 2 INVALID (generator 2)
 *
 * Nothing where no trial has a verdict. */
void verdict_print_run(const struct screen *s, const struct run_record *run);

/* Every check of one trial, with its figure and its limit. */
void verdict_print_all(const struct screen *s, const struct trial_record *t);

/* Whether there is such a check of this trial: then its word counts. */
bool verdict_speaks_of(const struct trial_record *t, enum check_id id);

/* Whether that check found something to say. */
bool verdict_objects(const struct trial_record *t, enum check_id id);

/* "generator, steady": the checks that failed, as they are named; "" when none did. */
void verdict_failed_names(const struct verdict *verdict, struct text *into);
