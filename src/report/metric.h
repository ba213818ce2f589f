/* report/metric.h -- the figures by which two sides are compared, one value a trial. Pure. */
#pragma once

#include <stdbool.h>

#include "store/record.h"

enum metric { METRIC_THROUGHPUT, METRIC_P50, METRIC_P99, METRIC_CPU, METRIC_MEMORY, METRICS };

/* Of this trial; NaN: it has none. A percentile is none where it is only a lower bound, or where
 * too few samples lie beyond it. */
double metric_of(const struct trial_record *t, enum metric metric);

/* The check for which this trial's value is not to be compared; NULL: it may be. */
const struct check *metric_refused(const struct trial_record *t, enum metric metric);

/* Whether it is of response times, which more checks refuse than throughput. */
bool metric_is_latency(enum metric metric);

/* Whether it says nothing where one was driven in a closed loop and the other in an open one. An
 * open loop's throughput is what was asked of it, and its response times count the waiting. */
bool metric_depends_on_loop(enum metric metric);

/* More throughput is better; of everything else, less. */
bool metric_more_is_better(enum metric metric);

const char *metric_key(enum metric metric);   /* as in JSON: "throughput_per_sec" */
const char *metric_short(enum metric metric); /* as options name it: "throughput", "p99", "cpu" */
const char *metric_label(enum metric metric); /* for people, in front of the values: "req/s" */
const char *metric_more(enum metric metric);  /* "faster": what has the larger value */
const char *metric_less(enum metric metric);
