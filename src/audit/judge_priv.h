/* audit/judge_priv.h -- the checks: of one result, and of several together. */
#pragma once

#include "audit/audit.h"

/* At most so many findings come of one result, in the checks of it alone and of its groups. */
#define FINDINGS_EACH 16

/* Beside the findings, for each result: the lists that judge_together() makes. */
#define SCRATCH_EACH 128

/* A new finding about `r`; its texts are empty. */
struct audit_finding *finding_add(struct audit *audit, enum audit_kind kind,
                                  const struct audit_result *r);

/* Notes which results may be set side by side; before judge_together(). */
void number_races(struct audit *audit);

void judge_one(struct audit *audit, const struct audit_result *r);
void judge_together(struct audit *audit);
/* Whether those that may be set side by side with `race` met one limit. */
void judge_race(struct audit *audit, const struct audit_result *race, struct arena scratch);

/* "file.txt:41", or "target (file.csv:3)": how a result is called in a sentence. */
struct result_name {
    char text[200];
};
struct result_name result_name(const struct audit_result *r);

/* "54,471.39", as it was printed. */
struct printed {
    char text[64];
};
struct printed printed_figure(struct figure f);
struct printed printed_time(struct figure ns);     /* "2.64ms" */
struct printed printed_bytes(struct figure bytes); /* "45.82MB", or exactly "3240000" */
struct printed printed_count(double count);        /* "268,403" */
