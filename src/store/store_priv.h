/* store/store_priv.h -- what store.c, migrate.c and store_read.c share: the connection, and one
 * place where SQLite's codes become sentences. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/rng.h"
#include "store/store.h"

struct store {
    sqlite3 *db;
    size_t trials_safe; /* committed through this connection */
    int sys;            /* errno of the last I/O error */
    char path[];        /* as the user wrote it, for messages */
};

extern const char schema_sql[]; /* store/schema.sql */
extern const char inproc_sql[]; /* store_inproc.c */

/* Every call to SQLite that touches the file goes through one of these, so that tests can make the
 * Nth one fail (FAULT_SQL). They return SQLite's extended codes. */
int sql_prepare(struct store *store, const char *sql, sqlite3_stmt **ret_stmt);
int sql_step(struct store *store, sqlite3_stmt *stmt);
int sql_run(struct store *store, const char *sql); /* all statements in the text */

/* Fills `err` with a sentence for this code, and what to do about it. */
bool sql_error(const struct store *store, int code, struct error *err);

/* Brings the schema of an open file up to date, or refuses it. */
bool store_migrate(struct store *store, struct error *err);

/* store_add_run() with its source of ids, so that a test can make them clash. */
bool store_add_run_from(struct store *store, struct run_record *run, struct rng *ids,
                        struct error *err);
