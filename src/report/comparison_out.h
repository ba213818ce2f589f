/* report/comparison_out.h -- a comparison for people and for programs. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "report/comparison.h"
#include "report/screen.h"

/* What is not the same on both sides comes first; then each cell, a line for each metric. */
void comparison_print(const struct screen *s, const struct comparison *c);

/* The same as Markdown, a table for each cell. */
bool comparison_write_markdown(FILE *out, const struct comparison *c, struct error *err);

/* One document, "assay/comparison/1". False when the stream refuses (a full disk). */
bool comparison_write_json(FILE *out, const struct comparison *c, struct error *err);
