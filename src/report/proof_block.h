/* report/proof_block.h -- what --prove found out, for people, below the verdict.
 *
 *     PROVED   generator: 10 % more work for the generator changed nothing (-0.4 %)
 *     ok       memory: nothing to prove: it does not grow with requests
 *
 * "open" is what was tried and is not settled. */
#pragma once

#include "report/screen.h"
#include "store/record.h"

/* Of one trial. Nothing where nothing was tried. */
void proof_print(const struct screen *s, const struct trial_record *t);

/* Of a suite: each target's worst of all trials with a workload and a load. An empty line comes
 * behind it. */
void proof_print_run(const struct screen *s, const struct run_record *run);
