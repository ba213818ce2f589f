/* target/output.h -- what a target wrote, for the person who reads why it failed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

#define OUTPUT_LINES_MAX      10
#define OUTPUT_LINE_BYTES_MAX 160 /* of one line; the rest of it is left out */

/* Makes the file, empty. */
bool output_open(const char *path, struct error *err);

/* Adds the last lines of `content`, each after "\n  | ", escaped. Pure. */
void output_tail(struct slice content, struct text *text);

/* Appends ". Its last output:" and the last lines of the file to the error, where there are any.
 * Returns false. */
bool output_explain(const char *path, struct error *err);
