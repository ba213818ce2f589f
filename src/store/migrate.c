#include "store/store_priv.h"

/* "assy": so that no other program's database is taken for ours, and filled with our tables. */
#define APPLICATION_ID 0x61737379

/* Step N leads from version N to N + 1. A step that was released is never changed: what it should
 * have been is the next one. */
static const char verdict_sql[] =
    "ALTER TABLE trial ADD COLUMN verdict TEXT;"; /* valid, warnings, invalid; NULL: none */
static const char *const steps[] = { schema_sql, inproc_sql, verdict_sql };

#define VERSION ((int)(sizeof(steps) / sizeof(steps[0])))

static int pragma(struct store *store, const char *sql, int *ret_value)
{
    sqlite3_stmt *stmt;
    int code = sql_prepare(store, sql, &stmt);

    if (code == SQLITE_OK)
        code = sql_step(store, stmt);
    if (code == SQLITE_ROW) {
        *ret_value = sqlite3_column_int(stmt, 0);
        code = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return code;
}

/* What the file is: *ret_version of our schema, 0 when it is empty. */
static bool inspect(struct store *store, int *ret_version, struct error *err)
{
    int application = 0, version = 0, objects = 0;
    int code = pragma(store, "PRAGMA application_id", &application);

    if (code == SQLITE_OK)
        code = pragma(store, "PRAGMA user_version", &version);
    if (code == SQLITE_OK)
        code = pragma(store, "SELECT count(*) FROM sqlite_schema", &objects);
    if (code != SQLITE_OK)
        return sql_error(store, code, err);
    if (application != APPLICATION_ID && (application != 0 || version != 0 || objects != 0))
        return error_usage(err, "%s is a database of another program: use another file with --db",
                           store->path);
    if (version > VERSION)
        return error_usage(err,
                           "%s was written by a newer assay (schema %d; this one knows %d): use "
                           "that version, or another file with --db",
                           store->path, version, VERSION);
    *ret_version = version;
    return true;
}

static int run_steps(struct store *store, int version)
{
    char stamp[80];
    int code = SQLITE_OK;

    snprintf(stamp, sizeof(stamp), "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, VERSION);
    while (code == SQLITE_OK && version < VERSION)
        code = sql_run(store, steps[version++]);
    return code == SQLITE_OK ? sql_run(store, stamp) : code;
}

/* The version is read again inside: another process may have been here first. */
static bool upgrade(struct store *store, struct error *err)
{
    int code = sql_run(store, "BEGIN IMMEDIATE");
    int version = 0;

    if (code != SQLITE_OK)
        return sql_error(store, code, err);
    if (inspect(store, &version, err)) {
        code = run_steps(store, version);
        if (code == SQLITE_OK)
            code = sql_run(store, "COMMIT");
        if (code == SQLITE_OK)
            return true;
        sql_error(store, code, err);
    }
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

/* In one transaction: what is read piece by piece while another process makes the schema looks like
 * another program's file. */
static bool inspect_at_once(struct store *store, int *ret_version, struct error *err)
{
    int code = sql_run(store, "BEGIN");
    bool done;

    if (code != SQLITE_OK)
        return sql_error(store, code, err);
    done = inspect(store, ret_version, err);
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return done;
}

bool store_migrate(struct store *store, struct error *err)
{
    int code, version = 0;

    if (!inspect_at_once(store, &version, err))
        return false;
    if (version == VERSION)
        return true;
    if (sqlite3_db_readonly(store->db, "main") == 1)
        return sql_error(store, SQLITE_READONLY, err);
    if (!upgrade(store, err))
        return false;
    /* Kept in the file. Where it cannot be had (a network's file system) the file works without. */
    code = sql_run(store, "PRAGMA journal_mode = WAL");
    return code == SQLITE_OK || sql_error(store, code, err);
}
