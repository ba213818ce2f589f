/* report/gate_out.h -- what a gate says, to people, programs and CI servers. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "report/gate.h"
#include "report/screen.h"

/* What is printed around the rows. */
struct gate_about {
    const char *base, *head; /* as they were asked for, with the commit */
    const char *policy;      /* "fail", "warn", "off" */
    const char *run, *again; /* number of the run, "": not kept; how to do it again */
    uint32_t pairs;
    uint64_t seed;
    int exit_code;
};

void gate_print(const struct screen *s, const struct gate *g, const struct gate_about *about);

/* A heading and a table, for a pull request or $GITHUB_STEP_SUMMARY. */
bool gate_write_markdown(FILE *out, const struct gate *g, const struct gate_about *about,
                         struct error *err);

/* "assay/gate/1" */
bool gate_write_json(FILE *out, const struct gate *g, const struct gate_about *about,
                     struct error *err);

/* A testcase for each gate; a regression is a failure where it fails the gate, else it is skipped,
 * as is what is inconclusive. */
bool gate_write_junit(FILE *out, const struct gate *g, const struct gate_about *about,
                      struct error *err);

/* GitHub's `::error title=Performance regression::...`, one line for each regression; `::warning`
 * where the policy lets it pass. */
void gate_annotate(FILE *out, const struct gate *g, const struct gate_about *about);
