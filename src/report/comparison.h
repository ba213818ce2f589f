/* report/comparison.h -- two runs, targets or results side by side. Pure: records in, findings out,
 * which point into the records.
 *
 * A cell is what was asked in one way on both sides: one workload, one load, and the same target;
 * where each side has exactly one target, these two are compared whatever they are called. Targets
 * of one run are compared block by block (verdict/compare.h), of different runs as two samples. The
 * noise floor is what the A/A control of that workload and load tells, with two runs the larger of
 * both. Trials that were interrupted, and those of the control, are not among the values; our own
 * server is no target here unless it is named. Of each metric the p are corrected over all cells
 * (Holm).
 *
 * Refused, with both figures and without an order, is a cell with a failed trial, one of whose
 * sides is not believed (report/refusal.h), or whose sides did not do the same work
 * (verdict/parity.h; of different classes of connection, too); throughput where the machine cannot
 * rank; a percentile that its own checks refuse; throughput and response times of a closed loop
 * beside an open one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "report/metric.h"
#include "store/record.h"
#include "verdict/compare.h"

#define COMPARISON_TEXT_MAX 400

struct comparison_side {
    const struct run_record *run;
    const char *name;   /* as the user called it */
    const char *target; /* only this one; NULL: all */
    bool single;        /* a trial's own document, which does not say where it was measured */
};

/* What kept a figure from being compared. */
enum obstacle {
    OBSTACLE_NONE,
    OBSTACLE_ABSENT,  /* one side has no such value */
    OBSTACLE_FEW,     /* too few trials to show anything */
    OBSTACLE_REFUSED, /* `reason` says why */
};

struct comparison_figure {
    double a, b;     /* medians; NaN: none */
    size_t a_n, b_n; /* values they are of */
    struct noise_floor noise;
    struct difference difference; /* without an obstacle */
    enum obstacle obstacle;
    size_t needed; /* trials of each, with OBSTACLE_FEW */
    char reason[COMPARISON_TEXT_MAX], remedy[COMPARISON_TEXT_MAX]; /* with OBSTACLE_REFUSED */
};

struct comparison_cell {
    const struct trial_record *a, *b; /* the first of each side */
    bool paired;                      /* block by block */
    bool refused;                     /* all figures are, for the reason of the first */
    struct comparison_figure figures[METRICS];
};

/* One thing that was not the same on both sides, or is not known to be. */
struct comparison_note {
    const char *what; /* "machine", "ring", "CPUs", "load", "work", "class of connection" */
    bool unknown;     /* not known to be the same */
    char text[COMPARISON_TEXT_MAX]; /* "connections 64 and 128"; foreign */
};

struct comparison {
    struct comparison_side a, b;
    bool same_run;
    struct comparison_cell *cells; /* in the order of A */
    size_t cell_count;
    struct comparison_note *notes;
    size_t note_count;
    size_t a_alone, b_alone; /* cells without a counterpart on the other side */
};

/* False when the sides have nothing in common (with the names there are), or memory runs out. */
bool comparison_make(const struct comparison_side *a, const struct comparison_side *b,
                     struct comparison *ret_comparison, struct error *err);
void comparison_free(struct comparison *comparison);

/* "A is faster than B by 7.1 % [5.2, 9.0], Holm p = 0.004, noise floor 1.3 %", with our own glyphs
 * and, of a refusal, what a check says. Writes at most `size` bytes; returns ret_text. */
char *comparison_sentence(const struct comparison_cell *cell, enum metric metric, char *ret_text,
                          size_t size);

/* What would settle this figure at the least cost; "" where nothing is open. */
char *comparison_remedy(const struct comparison *comparison, const struct comparison_cell *cell,
                        enum metric metric, char *ret_text, size_t size);

/* "more", "less", "same", "not_shown"; of an obstacle "absent", "too_few", "refused". */
const char *comparison_word(const struct comparison_figure *figure);
