/* verdict/verdict.h -- can this trial be believed? The checks of shared/spec/validity.md.
 *
 * Pure: a record in, a verdict out; nothing is read, timed or printed. Each check looks for one way
 * of being wrong and answers with a state, the figure that decided with its limit, one sentence and
 * a remedy. Limits stand in verdict/limits.h, with where they come from. docs/MEASURING.md lists
 * for each check what proves it. */
#pragma once

#include "store/record.h"

/* The thirteen checks of a single trial, into t->verdict, and when it became steady. A trial that
 * was never driven has none.
 */
void verdict_trial(struct trial_record *t);

/* Why this trial's throughput, its response times, or this one percentile of them, cannot be
 * ranked: wrong answers, else the first check that refuses it, or NULL. Too few samples refuse a
 * percentile of the trial, and not its response times: with those of other trials they may be
 * enough. A trial without a verdict is not refused. */
const struct check *verdict_refuses_throughput(const struct verdict *verdict);
const struct check *verdict_refuses_latency(const struct verdict *verdict);
const struct check *verdict_refuses_percentile(const struct trial_record *t, double q);
