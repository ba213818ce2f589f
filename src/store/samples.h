/* store/samples.h -- how well a trial knows a percentile of its response times. Pure.
 *
 * Answers of one trial depend on each other: a queue that is long now is long in a millisecond. So
 * n answers are worth fewer, `effective` ones, and an interval from n would be far too narrow
 * (shared/spec/validity.md, T6: at 90 % load it covers 12 % of the time what it should cover in 95
 * %). How many they are worth is told by how the seconds of the window scatter. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/record.h"

struct samples_quantile {
    double q;
    int64_t value_ns; /* 0 when there is no answer */
    bool is_bound;    /* the true one may be larger: print >= */
    double effective; /* samples; NaN: unknown, the window has less than ten seconds */
    bool reliable;    /* at least ten samples beyond it, effective ones where they are known */
    /* The interval, 95 %, of the effective samples; of all where they are unknown. It covers what
     * it should in 9 of 10 windows of a queue at 90 % load, where one of all samples does in 1 of
     * 10 (tests/unit/verdict_asked_test.c). */
    int64_t low_ns, high_ns;
    bool bounded; /* high_ns is there; too few samples leave the upper end open */
};

/* Of the response times; q in (0, 1). */
struct samples_quantile samples_quantile(const struct trial_record *t, double q);

/* The same of answers of several trials put together, which are worth so many samples; `effective`
 * is these. */
struct samples_quantile samples_pooled(const struct histogram *h, double worth, double q);

/* Of its interval, as a share of the value; infinite when the interval is open. */
double samples_half_width(const struct samples_quantile *s);

/* How many samples a percentile rests on: effective ones, all where these are unknown. Those of
 * trials that are put together add up. */
double samples_worth(const struct trial_record *t, double q);

/* Whether so many are enough to print it. */
bool samples_enough(double worth, double q);

/* So many samples, effective ones, it takes to print that percentile at all: 1000 for 0.99. */
uint64_t samples_needed(double q);

/* The percentiles of a result, in order, with their names: 0.99 is "p99". */
#define SAMPLES_PERCENTILES 5
extern const struct samples_percentile {
    double q;
    const char *name;
} SAMPLES_PERCENTILE[SAMPLES_PERCENTILES];
