/* report/terminal_priv.h -- the parts of terminal.c, each in a file of its own. */
#pragma once

#include <stddef.h>

#include "report/line_priv.h"
#include "report/ranking.h"
#include "report/screen.h"
#include "report/terminal.h"
#include "store/record.h"

/* The log2 histogram of response times, with the percentiles' places. (octaves.c) */
void octaves_print(const struct screen *s, const struct histogram *h);

/* What went wrong, how often, and what to do about it. Nothing when nothing did. (failures.c) */
void failures_print(const struct screen *s, const struct trial_record *t);

/* What it cost: Server, Client and Wire; and the warnings that belong to them. (costs.c) */
void costs_print(const struct screen *s, const struct trial_record *t);
void costs_warnings(struct warnings *w, const struct trial_record *t);

/* All rankings of a run, and what each target takes to have and to start. (ranking_table.c) */
void ranking_tables(const struct screen *s, const struct ranking *rankings, size_t count);

/* The published table beside today's figures, and what was wrong in it. A table that cannot
 * be read is a warning. (published.c) */
void published_table(const struct screen *s, const struct run_record *run,
                     const struct ranking *rankings, size_t count);
