/* run/capacity.h -- what a target has shown that it can do, for loads that ask shares of it. Pure.
 */
#pragma once

#include "base/bytes.h"
#include "store/record.h"

/* The median throughput of the target's complete trials with this workload and load in the run so
 * far; NaN: it has none with a right answer. */
double capacity_per_sec(const struct run_record *run, struct slice target, struct slice workload,
                        struct slice load);
