/* report/refusal.h -- may figures of several trials be believed? One rule for rankings, comparisons
 * and gates. Pure.
 *
 * One in ten may be refused by its verdict without the others being so: a machine that was
 * disturbed once in a long run did not make the other trials wrong. Wrong answers are other work,
 * in however few trials. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "store/check.h"

/* Of trials, or of pairs of them. Begins with zeroes. */
struct refusals {
    size_t count, refused;
    size_t by[CHECK_KINDS];
    const struct check *first[CHECK_KINDS];
};

/* One more, which `by` refuses; NULL: nothing does. */
void refusals_add(struct refusals *r, const struct check *by);

/* What to say of them: wrong answers, else the first of the commonest kind; NULL: none is refused.
 */
const struct check *refusals_by(const struct refusals *r);

/* Whether all of them are refused. */
bool refusals_too_many(const struct refusals *r);

/* "in 2 of 10 trials, first: the generator was the limit"; of one trial only what the check says.
 * Returns ret_text. */
char *refusals_text(const struct refusals *r, const struct check *by, char *ret_text, size_t size);
