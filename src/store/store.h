/* store/store.h -- the results database: one SQLite file, tables `run`, `trial` and `inproc`.
 *
 * WAL, STRICT tables, schema versions by user_version. Each trial is committed as it ends, so that
 * a crash loses at most the trial that was running. The whole record is kept as JSON in the row
 * (store/record_json.h); the columns beside it are copies for people who ask in SQL. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "store/record.h"

struct store;

/* Opens or makes the file, brings an older schema up to date. Errors, each with what to do: not a
 * database, written by a newer assay, no such folder, no permission. Several processes may have it
 * open: a writer waits up to 10 s for another. */
bool store_open(const char *path, struct store **ret_store, struct error *err);
/* False, and why, when this database can be read only: found out before something is measured for
 * it. */
bool store_check_writable(struct store *store, struct error *err);
void store_close(struct store *store);

/* Adds the run; its id is made here (unique in this file) and written into run->id. The trials it
 * holds are not written. */
bool store_add_run(struct store *store, struct run_record *run, struct error *err);

/* Adds one finished trial of that run, committed and synced on return. */
bool store_add_trial(struct store *store, const struct run_record *run,
                     const struct trial_record *trial, struct error *err);

/* Marks the run as complete, or as partial. A run that was never ended reads as partial. */
bool store_end_run(struct store *store, const struct run_record *run, bool partial,
                   struct error *err);

/* The run with all its trials. `id` may be a unique beginning, or "last". Errors list the nearest.
 */
bool store_read_run(struct store *store, const char *id, struct run_record **ret_run,
                    struct error *err);

/* The table of `assay inproc` (store/inproc_json.h) that belongs to this run, which has no trials.
 */
bool store_add_inproc(struct store *store, const char *run_id, const json_t *document,
                      struct error *err);

/* *ret_document: a new reference; NULL when this run has no such table. (store_inproc.c) */
bool store_read_inproc(struct store *store, const char *run_id, json_t **ret_document,
                       struct error *err);

struct store_line {
    char id[16];
    char suite[64], target[64]; /* target: of a single load, its URL; of a suite, "5 targets" */
    char started[32];
    size_t trials, failed;
    bool partial;
};

/* The newest `max` runs, newest first. */
bool store_list(struct store *store, struct store_line *ret_lines, size_t max, size_t *ret_count,
                struct error *err);
