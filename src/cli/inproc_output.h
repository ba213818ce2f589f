/* cli/inproc_output.h -- the table of `assay inproc`, on the screen and into files; for `assay
 * show` too. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "cli/common.h"
#include "inproc/inproc.h"
#include "store/record.h"

/* Whether all outputs are of a format that this table has: JSON and Markdown. */
bool inproc_check_outputs(const struct common_options *options, struct error *err);

/* On the screen unless something else takes it, and into the outputs. */
bool inproc_output(const struct common_options *options, const struct inproc_table *table,
                   const json_t *document, const struct run_record *run, struct error *err);
