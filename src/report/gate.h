/* report/gate.h -- head against base, metric by metric: may it pass? Pure.
 *
 * A gate is a cell, a metric and a limit: how much worse head may be. Pairs are compared as targets
 * of one run are (verdict/compare.h), head / base, with what base differs from itself by as the
 * noise floor, and the p corrected over all gates together (Holm).
 *
 *     regression    really worse: p at most alpha, the interval beyond the noise floor, and beyond
 *                   the limit; suspected first, a regression only when new pairs say so again
 *     better        really better, beyond the noise floor
 *     within        whatever it is, the 95 % interval does not reach the limit
 *     inconclusive  none of these: too few pairs, or too much noise
 *
 * What a verdict refuses (validity) may hide a difference, as a generator does that is the limit
 * itself, or wrong answers that come quickly; but it makes none that base against itself does not
 * show. So where more than one pair in ten has such a trial (report/refusal.h), or head did other
 * work than base (verdict/parity.h), nothing is within or better any more, and a regression stays
 * one. Of a closed loop and an open one neither throughput nor response times are judged at all. A
 * metric without a limit is compared and shown, and stops nobody. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "report/metric.h"
#include "store/record.h"
#include "verdict/compare.h"

#define GATE_TEXT_MAX 600

struct gate_limits {
    double share[METRICS]; /* -0.03: at most 3 % less; 0.10: at most 10 % more; NaN: no limit */
    double alpha;
};

struct gate_limits gate_limits_default(void); /* throughput -3 %, p99 +10 %, rss +5 % */

/* "throughput=-3%", "p99=+10 %", "cpu=off". False when it is none, with what there is. */
bool gate_limit_parse(const char *text, struct gate_limits *limits, struct error *err);

/* The fewest pairs with which these limits can stop anybody, in so many cells; 0: there is no
 * limit.
 */
size_t gate_pairs_needed(const struct gate_limits *limits, size_t cells);

enum gate_word { GATE_WITHIN, GATE_BETTER, GATE_SUSPECTED, GATE_REGRESSION, GATE_INCONCLUSIVE };

struct gate_row {
    const struct trial_record *cell; /* the first of base */
    enum metric metric;
    double limit;      /* NaN: none */
    double base, head; /* medians; NaN: none */
    size_t asked;      /* pairs that there are */
    size_t pairs;      /* of these, with a value on both sides */
    size_t refused;    /* of those asked, with a trial whose verdict refuses it */
    bool hidden;       /* so many are, or head did other work: a difference may not show */
    bool other_loop;   /* one is a closed loop, the other an open one */
    struct noise_floor noise;
    struct difference difference; /* head / base */
    enum gate_word word;
    bool in_noise;           /* inconclusive: worse than the limit, by no more than the noise */
    size_t pairs_needed;     /* in all, to settle GATE_INCONCLUSIVE; 0: cannot be told */
    char why[GATE_TEXT_MAX]; /* they are refused, and what to do; "" */
    bool again;              /* new pairs were asked, and said: */
    struct difference confirmation;
};

struct gate {
    struct gate_limits limits;
    struct gate_row *rows;
    size_t row_count;
};

/* From the pairs whose blocks are in [first, last) of a run of pairs (run/pairs.h). */
bool gate_make(const struct run_record *run, uint32_t first, uint32_t last,
               const struct gate_limits *limits, struct gate *ret_gate, struct error *err);

/* Suspected regressions become regressions where the pairs from block `first` on say so too, else
 * they are inconclusive. */
bool gate_confirm(struct gate *gate, const struct run_record *run, uint32_t first,
                  struct error *err);

void gate_free(struct gate *gate);

size_t gate_count(const struct gate *gate, enum gate_word word); /* of rows with a limit */
const char *gate_word_name(enum gate_word word);                 /* "within" */

/* "app json p99": what a row is called; without the "@base". */
char *gate_row_name(const struct gate_row *row, char *ret_text, size_t size);
/* "−9.7 % [−10.9, −8.5]"; "–" where there is none. */
char *gate_change(const struct difference *d, char *ret_text, size_t size);
/* "slower, limit −3 %", with what is open. */
char *gate_sentence(const struct gate_row *row, char *ret_text, size_t size);
