/* verdict/prove.h -- what further drives of a target prove about its trial (run/prove.h). Pure.
 *
 * Elasticity (shared/spec/validity.md, T1.6): the same load without and with a tenth more work for
 * the generator, in turn. Where throughput stays, the generator was not the limit, whatever share
 * of a ceiling it had reached; where it falls, it was. It needs no spare CPU and no second machine.
 *
 * A leak at two rates (T13): the same target at a rate and at twice that rate. A leak leaves so
 * many bytes for each request, at both. What grows with time, or until it is full, does not. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "store/proof.h"
#include "verdict/leak.h"

#define PROVE_WORK_SHARE 0.10 /* of the generator's CPU time a request, in addition */

/* Two rounds, and more while they do not settle it: an interval from two rounds is 2.9 standard
 * deviations of a drive wide to each side, from five 1.2. */
#define PROVE_ROUNDS_MIN 2
#define PROVE_ROUNDS_MAX 5

/* Throughputs of `rounds` drives without the work, and of as many with it, which was burn_ns a
 * request and work_share of what one took anyway. Below PROVE_ROUNDS_MIN nothing is settled. */
struct proof_elasticity prove_elasticity(const double *without_per_sec, const double *with_per_sec,
                                         uint32_t rounds, int64_t burn_ns, double work_share);

/* What was found in the memory of two drives of duration_s, at these rates. */
struct proof_leak prove_leak(const struct leak leaks[2], const double rates_per_sec[2],
                             double duration_s);

/* A sentence, without a full stop: "10 % more work for the generator changed nothing (-0.4 %)".
 * Nothing where nothing was tried. */
void prove_elasticity_words(const struct proof_elasticity *e, struct text *into);
void prove_leak_words(const struct proof_leak *leak, struct text *into);
