/* store/inproc_json.h -- a table of applications as JSON, the contract "assay/inproc/1"
 * (docs/schema/assay-inproc-1.json): figures for whoever reads it, and beside them what was
 * measured, from which inproc/'s functions compute the same figures again. */
#pragma once

#include <jansson.h>

#include "base/error.h"
#include "inproc/inproc.h"
#include "store/record.h"

#define RECORD_INPROC_SCHEMA "assay/inproc/1"

/* `run`: when, where and how it was measured. A new reference, or NULL and `err`. */
json_t *inproc_to_json(const struct inproc_table *table, const struct run_record *run,
                       struct error *err);

/* What inproc_to_json() wrote, for the figures and the screen. The texts stay the document's, which
 * is kept until inproc_table_close(). */
bool inproc_from_json(json_t *document, struct inproc_table *ret_table, struct error *err);
