#include "store/store_priv.h"

#include <errno.h>

#include "base/fault.h"

/* SQLite keeps the errno behind an I/O error for some calls only: it is taken down here, before
 * anything else can change it. */
static int noted(struct store *store, int code)
{
    if ((code & 0xff) == SQLITE_IOERR)
        store->sys = errno;
    return code;
}

static int refused(struct store *store)
{
    errno = EIO;
    return noted(store, SQLITE_IOERR);
}

int sql_prepare(struct store *store, const char *sql, sqlite3_stmt **ret_stmt)
{
    *ret_stmt = NULL;
    if (fault_hit(FAULT_SQL))
        return refused(store);
    return noted(store, sqlite3_prepare_v2(store->db, sql, -1, ret_stmt, NULL));
}

int sql_step(struct store *store, sqlite3_stmt *stmt)
{
    return fault_hit(FAULT_SQL) ? refused(store) : noted(store, sqlite3_step(stmt));
}

int sql_run(struct store *store, const char *sql)
{
    if (fault_hit(FAULT_SQL))
        return refused(store);
    return noted(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

/* SQLite says "full" only where write() itself did; a quota and a limit on file sizes hide behind
 * "I/O error". */
static bool is_full(const struct store *store, int code)
{
    if ((code & 0xff) == SQLITE_FULL)
        return true;
    return (code & 0xff) == SQLITE_IOERR &&
           (store->sys == ENOSPC || store->sys == EDQUOT || store->sys == EFBIG);
}

static bool full_error(const struct store *store, struct error *err)
{
    if (store->trials_safe == 0)
        return error_set(err, 0,
                         "%s: the disk is full and nothing was added: free some space, or use "
                         "another file with --db",
                         store->path);
    return error_set(
        err, 0,
        "the disk is full: results up to trial %zu are safe in %s; free some space, or "
        "use another file with --db",
        store->trials_safe, store->path);
}

/* The connection has better words than the code alone, if they are about this code. */
static const char *words(const struct store *store, int code)
{
    if (store->db != NULL && sqlite3_extended_errcode(store->db) == code)
        return sqlite3_errmsg(store->db);
    return sqlite3_errstr(code);
}

bool sql_error(const struct store *store, int code, struct error *err)
{
    const char *path = store->path;

    if (is_full(store, code))
        return full_error(store, err);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(err, 0,
                         "another assay is writing to %s: wait for it, or use another file with "
                         "--db",
                         path);
    case SQLITE_NOTADB:
        return error_usage(err, "%s is not a database: use another file with --db", path);
    case SQLITE_CORRUPT:
        return error_set(err, 0,
                         "%s is damaged: save what can be read with  sqlite3 %s .recover  and use "
                         "another file with --db",
                         path, path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return error_usage(err, "%s cannot be written: no permission; use another file with --db",
                           path);
    case SQLITE_IOERR:
        return error_set(err, store->sys, "%s: reading or writing failed", path);
    default:
        return error_set(err, 0, "%s: %s", path, words(store, code));
    }
}
