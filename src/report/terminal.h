/* report/terminal.h -- results for people. Writes to screen->out; computes nothing itself. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "report/ranking.h"
#include "report/screen.h"
#include "store/record.h"

/* The RESULT block of one trial (shared/spec/interface.md, 6 a). */
void terminal_trial(const struct screen *s, const struct trial_record *t);

/* The rankings of a run, failures with their reasons (6 b); of a single load its
 * RESULT block. `published_file` may be NULL: the suite's published table (CSV with the columns
 * target,workload,load,metric,value,unit,note), printed beside today's figures. A row whose metric
 * is `correction` holds, in its note, something that was wrong in the published figures. */
void terminal_run(const struct screen *s, const struct run_record *run);

/* The same as Markdown, for a file: under a heading, tables as pipes; of a single load the RESULT
 * block as it is. `asked` as a screen's percentiles. */
bool markdown_write(FILE *out, const struct run_record *run, const struct percentiles *asked,
                    struct error *err);

/* The closing lines: in which database the record is, and what to type next, for which `option` is
 * "--db FILE" as a shell takes it, or "". A run without a number is not saved. */
void terminal_saved(const struct screen *s, const struct run_record *run, const char *database,
                    const char *option);

/* One line for a finished trial, for logs and for screens that cannot be repainted. `index` from 1.
 * Figures that do not fit are left out, the names of checks that failed last of all. */
void terminal_trial_line(const struct screen *s, const struct trial_record *t, size_t index,
                         size_t count);

/* Such a line for every trial of a run. */
void terminal_trials(const struct screen *s, const struct run_record *run);

/* Every trial too, where they are many: for each cell a line a target, with the figure of each of
 * its trials. (trial_rows.c) */
void terminal_trial_rows(const struct screen *s, const struct run_record *run);

/* The same, and below each every check with its figures. */
void terminal_checks(const struct screen *s, const struct run_record *run);
