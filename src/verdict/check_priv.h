/* verdict/check_priv.h -- the checks, one function each; verdict.c runs them in this order. */
#pragma once

#include "store/check.h"
#include "store/record.h"

/* check_asked.c: what the generator did and could have done */
struct check check_load(const struct trial_record *t);
struct check check_generator(const struct trial_record *t);
/* check_limiter.c */
struct check check_limiter(const struct trial_record *t);
/* check_answered.c: what came back */
struct check check_omission(const struct trial_record *t);
struct check check_answers(const struct trial_record *t);
struct check check_samples(const struct trial_record *t);
/* check_network.c, check_around.c: what happened around it */
struct check check_network(const struct trial_record *t);
struct check check_machine(const struct trial_record *t);
struct check check_cores(const struct trial_record *t);
struct check check_clock(const struct trial_record *t);
struct check check_balance(const struct trial_record *t);
/* check_course.c: how it went on */
struct check check_steady(const struct trial_record *t);
struct check check_memory(const struct trial_record *t);

/* check.c: a check that is all right so far. */
struct check check_begin(enum check_id id, const char *unit);

/* Makes it at least that bad, with this figure and sentence; a worse finding replaces one that is
 * less bad, an equally bad one does not: the first of each kind is the one that is shown. */
void check_worsen(struct check *c, enum check_state state, double value, double limit,
                  const char *remedy, const char *sentence, ...)
    __attribute__((format(printf, 6, 7)));

/* The figure and the sentence of one that is all right. Does nothing once it is worse than that. */
void check_fine(struct check *c, double value, double limit, const char *sentence, ...)
    __attribute__((format(printf, 4, 5)));

/* The worse of two, the first when they are equally bad: for findings in different units. */
struct check check_worse(struct check a, struct check b);

/* Of check_asked.c, for check_limiter.c. */

/* Whether an open loop's target kept up, of so many answers that came inside the window. Behind its
 * end what queued is still sent and answered, so in the books a target that was too slow has
 * answered everything. The end cuts off one request of each connection at most. */
double load_kept_up_share(const struct trial_record *t, uint64_t answers);

/* Of the window, in which the worker that waited most was ready and had no CPU, beyond what its
 * wake-ups cost anyway. NaN: unknown. */
double generator_wait_share(const struct trial_record *t);
