/* store/record_json.h -- records as JSON, the contract of docs/schema/: "assay/trial/1",
 * "assay/run/1".
 *
 * One representation for files, the database and the page. Units end the key; absent is null.
 * Writing is in record_json.c, reading in record_read.c. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "store/record.h"

#define RECORD_TRIAL_SCHEMA "assay/trial/1"
#define RECORD_RUN_SCHEMA   "assay/run/1"

/* One check, as in a verdict. A new reference, or NULL when memory ran out. */
json_t *check_json(const struct check *check);

/* A new reference, or NULL and `err` when memory ran out. */
json_t *trial_to_json(const struct trial_record *trial, struct error *err);

/* Everything trial_to_json() wrote comes back. NULL and `err` when it is not such a document. */
struct trial_record *trial_from_json(const json_t *json, struct error *err);

/* The run without `trials` and `ranking` (which are put in by the caller). */
json_t *run_to_json(const struct run_record *run, struct error *err);

/* With its trials, where the document has some. */
struct run_record *run_from_json(const json_t *json, struct error *err);
