/* report/terminal_priv.h -- the parts of terminal.c, each in a file of its own. */
#pragma once

#include <stddef.h>

#include "report/line_priv.h"
#include "report/ranking.h"
#include "report/screen.h"
#include "report/terminal.h"
#include "store/record.h"

/* Above this share of a core a generator's thread begins to queue its own work
 * (shared/spec/validity.md, T1.2). */
#define BUSY_SHARE_LIMIT 0.7

/* What is later than this was not sent when it was due, by anyone's measure. A tenth of a percent
 * of late sends moves p99.9. */
#define LATE_NS          MILLISECOND_NS
#define LATE_SHARE_LIMIT 0.001

/* Samples above `limit_ns`, to within a bucket. (result_block.c) */
uint64_t count_above(const struct histogram *h, int64_t limit_ns);

/* The log2 histogram of response times, with the percentiles' places. (octaves.c) */
void octaves_print(const struct screen *s, const struct trial_record *t);

/* What went wrong, how often, and what to do about it. Nothing when nothing did. (failures.c) */
void failures_print(const struct screen *s, const struct trial_record *t);

/* What it cost: Server, Client and Wire; and the warnings that belong to them. (costs.c) */
void costs_print(const struct screen *s, const struct trial_record *t);
void costs_warnings(struct warnings *w, const struct trial_record *t);

/* Requests on the wire at a time where they were clearly fewer than the connections of a closed
 * loop; else NaN. (costs.c) */
double in_flight_short(const struct trial_record *t);

/* All rankings of a run, and what each target takes to have and to start. (ranking_table.c,
 * footprint_table.c) */
void ranking_tables(const struct screen *s, const struct ranking *rankings, size_t count);
void footprint_table(const struct screen *s, const struct ranking *rankings, size_t count);

/* Below a ranking's table: who is not ranked and why, ties, the noise floor, neighbours in a
 * sentence each, wrong answers. (ranking_notes.c) */
void ranking_notes(const struct screen *s, const struct ranking *ranking);

/* Rate and response time against offered rate, or connections, of every load with stages; `named`:
 * the targets have names that say something. (stage_table.c) */
void stage_tables(const struct screen *s, const struct ranking *rankings, size_t count, bool named);

/* What is asked, in two lines. (result_block.c) */
void asked_lines(const struct screen *s, const struct trial_record *t);

/* In which stages of a single load the generator was the limit, and an interrupt. (stage_table.c)
 */
void stage_warnings(struct warnings *w, const struct run_record *run);

/* Whether this ranking is of one stage of a load. */
bool ranking_is_stage(const struct ranking *ranking);

/* The published table beside today's figures, and what was wrong in it. A table that cannot
 * be read is a warning. (published.c) */
void published_table(const struct screen *s, const struct run_record *run,
                     const struct ranking *rankings, size_t count);
