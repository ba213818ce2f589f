#include "store/store.h"

#include <errno.h>
#include <stdlib.h>

#include "store/store_priv.h"

/* What a run called in-process, one row a run: the table of `assay inproc`, whose run has no
 * trials, or an array of the tables of a suite, which grows while it runs. */
const char inproc_sql[] = "CREATE TABLE inproc ("
                          "    run_id TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,"
                          "    apps   TEXT NOT NULL,"    /* the only one, or \"3 applications\" */
                          "    rows   INTEGER NOT NULL," /* the floor is one */
                          "    failed INTEGER NOT NULL,"
                          "    record TEXT NOT NULL" /* assay/inproc/1 */
                          ") STRICT;";

struct inproc_count {
    const char *last; /* application's name */
    size_t applications, rows, failed;
};

static void count_rows(const json_t *table, struct inproc_count *tally)
{
    json_t *row;
    size_t i;

    json_array_foreach(json_object_get(table, "rows"), i, row)
    {
        tally->rows++;
        tally->failed += json_string_length(json_object_get(row, "reason")) > 0;
        if (json_is_true(json_object_get(row, "floor")))
            continue;
        tally->last = json_string_value(json_object_get(row, "app"));
        tally->applications++;
    }
}

static struct inproc_count count_all(const json_t *document)
{
    struct inproc_count tally = { .last = "" };
    json_t *table;
    size_t i;

    if (json_is_array(document)) {
        json_array_foreach(document, i, table) count_rows(table, &tally);
    } else {
        count_rows(document, &tally);
    }
    return tally;
}

static int insert_inproc(struct store *store, const char *run_id, const json_t *document,
                         const char *record)
{
    struct inproc_count tally = count_all(document);
    char apps[64];
    sqlite3_stmt *stmt;
    int code = sql_prepare(store,
                           "INSERT OR REPLACE INTO inproc (run_id, apps, rows, failed, record)"
                           " VALUES (?, ?, ?, ?, ?)",
                           &stmt);

    snprintf(apps, sizeof(apps), "%zu applications", tally.applications);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(stmt, 1, run_id, -1, SQLITE_TRANSIENT);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(stmt, 2, tally.applications == 1 ? tally.last : apps, -1,
                                 SQLITE_TRANSIENT);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(stmt, 3, (sqlite3_int64)tally.rows);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(stmt, 4, (sqlite3_int64)tally.failed);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(stmt, 5, record, -1, SQLITE_TRANSIENT);
    if (code == SQLITE_OK)
        code = sql_step(store, stmt);
    sqlite3_finalize(stmt);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

bool store_add_inproc(struct store *store, const char *run_id, const json_t *document,
                      struct error *err)
{
    char *record = json_dumps(document, JSON_COMPACT);
    int code;

    if (record == NULL)
        return error_set(err, ENOMEM, "write a record");
    code = insert_inproc(store, run_id, document, record);
    free(record);
    return code == SQLITE_OK || sql_error(store, code, err);
}

bool store_read_inproc(struct store *store, const char *run_id, json_t **ret_document,
                       struct error *err)
{
    json_t *document = NULL;
    json_error_t bad;
    sqlite3_stmt *stmt;
    int code = sql_prepare(store, "SELECT record FROM inproc WHERE run_id = ?", &stmt);

    if (code == SQLITE_OK)
        code = sqlite3_bind_text(stmt, 1, run_id, -1, SQLITE_TRANSIENT);
    if (code == SQLITE_OK)
        code = sql_step(store, stmt);
    if (code == SQLITE_ROW) {
        document = json_loads((const char *)sqlite3_column_text(stmt, 0), 0, &bad);
        if (document == NULL)
            error_set(err, 0, "%s holds a record that cannot be read: %s", store->path, bad.text);
    } else if (code != SQLITE_DONE) {
        sql_error(store, code, err);
    }
    sqlite3_finalize(stmt);
    *ret_document = document;
    return document != NULL || code == SQLITE_DONE;
}
