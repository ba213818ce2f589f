#include "store/store.h"

#include <errno.h>

#include "store/record_json.h"
#include "store/store_priv.h"

#define ID_MAX      16
#define NEAREST_MAX 6 /* ids named in an error */

static struct slice column(sqlite3_stmt *stmt, int number)
{
    const char *text = (const char *)sqlite3_column_text(stmt, number);

    return (struct slice){ text != NULL ? text : "", (size_t)sqlite3_column_bytes(stmt, number) };
}

/* What did not fit is cut, but not within a UTF-8 character. */
static void copy_column(sqlite3_stmt *stmt, int number, char *ret_text, size_t size)
{
    struct slice text = column(stmt, number);
    size_t len = text.len < size ? text.len : size - 1;

    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    memcpy(ret_text, text.ptr, len);
    ret_text[len] = '\0';
}

static int prepare_with(struct store *store, const char *sql, const char *text,
                        sqlite3_stmt **ret_stmt)
{
    int code = sql_prepare(store, sql, ret_stmt);

    if (code == SQLITE_OK && text != NULL)
        code = sqlite3_bind_text(*ret_stmt, 1, text, -1, SQLITE_TRANSIENT);
    return code;
}

/* ---- which run ---- */

/* The ids the statement yields, newest first, at most NEAREST_MAX of them. */
static int read_ids(struct store *store, const char *sql, const char *text,
                    char ids[NEAREST_MAX][ID_MAX], size_t *ret_count)
{
    sqlite3_stmt *stmt;
    size_t count = 0;
    int code = prepare_with(store, sql, text, &stmt);

    if (code == SQLITE_OK)
        code = sql_step(store, stmt);
    for (; code == SQLITE_ROW && count < NEAREST_MAX; code = sql_step(store, stmt))
        copy_column(stmt, 0, ids[count++], ID_MAX);
    sqlite3_finalize(stmt);
    *ret_count = count;
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

static void list_ids(struct text *out, char ids[NEAREST_MAX][ID_MAX], size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_format(out, "%s%s", i > 0 ? ", " : "", ids[i]);
}

static bool no_such_run(struct store *store, const char *id, struct error *err)
{
    char ids[NEAREST_MAX][ID_MAX], listed[NEAREST_MAX * (ID_MAX + 2) + 1];
    struct text list = TEXT(listed);
    size_t count;
    int code = read_ids(store, "SELECT id FROM run ORDER BY number DESC", NULL, ids, &count);

    if (code != SQLITE_OK)
        return sql_error(store, code, err);
    if (count == 0)
        return error_usage(
            err, "%s holds no run yet: make one with  assay URL  or  assay run SUITE", store->path);
    list_ids(&list, ids, count);
    return error_usage(err, "%s holds no run '%.40s': the newest are %s", store->path, id, listed);
}

static bool find_run(struct store *store, const char *id, char *ret_id, struct error *err)
{
    bool last = strcmp(id, "last") == 0;
    char ids[NEAREST_MAX][ID_MAX], listed[NEAREST_MAX * (ID_MAX + 2) + 1];
    struct text list = TEXT(listed);
    size_t count;
    int code = read_ids(store,
                        last ? "SELECT id FROM run ORDER BY number DESC LIMIT 1"
                             : "SELECT id FROM run WHERE substr(id, 1, length(?1)) = lower(?1)"
                               " ORDER BY number DESC",
                        last ? NULL : id, ids, &count);

    if (code != SQLITE_OK)
        return sql_error(store, code, err);
    if (count == 0)
        return no_such_run(store, id, err);
    if (count > 1) {
        list_ids(&list, ids, count);
        return error_usage(err, "'%.40s' is the beginning of several runs: %s; give more of it", id,
                           listed);
    }
    memcpy(ret_id, ids[0], ID_MAX);
    return true;
}

/* ---- a whole run ---- */

/* A new reference; NULL and `err` when the text is no JSON. */
static json_t *parse_column(const struct store *store, sqlite3_stmt *stmt, struct error *err)
{
    struct slice text = column(stmt, 0);
    json_error_t bad;
    json_t *json = json_loadb(text.ptr, text.len, 0, &bad);

    if (json == NULL)
        error_set(err, 0, "%s holds a record that cannot be read: %s", store->path, bad.text);
    return json;
}

static json_t *read_run_row(struct store *store, const char *id, struct error *err)
{
    sqlite3_stmt *stmt;
    json_t *json = NULL;
    int code = prepare_with(store, "SELECT record FROM run WHERE id = ?", id, &stmt);

    if (code == SQLITE_OK)
        code = sql_step(store, stmt);
    if (code == SQLITE_ROW)
        json = parse_column(store, stmt, err);
    else
        sql_error(store, code, err);
    sqlite3_finalize(stmt);
    return json;
}

static bool read_trial_rows(struct store *store, const char *id, json_t *trials, struct error *err)
{
    sqlite3_stmt *stmt;
    bool good = true;
    int code =
        prepare_with(store, "SELECT record FROM trial WHERE run_id = ? ORDER BY idx", id, &stmt);

    if (code == SQLITE_OK)
        code = sql_step(store, stmt);
    for (; good && code == SQLITE_ROW; code = sql_step(store, stmt)) {
        json_t *trial = parse_column(store, stmt, err);

        good = trial != NULL;
        if (good && json_array_append_new(trials, trial) != 0)
            good = error_set(err, ENOMEM, "read run %s", id);
    }
    sqlite3_finalize(stmt);
    if (good && code != SQLITE_DONE)
        good = sql_error(store, code, err);
    return good;
}

/* The rows put together are the document that files hold too: one reader for both. */
bool store_read_run(struct store *store, const char *id, struct run_record **ret_run,
                    struct error *err)
{
    char whole_id[ID_MAX];
    json_t *json, *trials;
    struct run_record *run = NULL;

    if (!find_run(store, id, whole_id, err))
        return false;
    json = read_run_row(store, whole_id, err);
    if (json == NULL)
        return false;
    trials = json_array();
    if (trials == NULL || json_object_set_new(json, "trials", trials) != 0)
        error_set(err, ENOMEM, "read run %s", whole_id);
    else if (read_trial_rows(store, whole_id, trials, err))
        run = run_from_json(json, err);
    json_decref(json);
    if (run == NULL)
        return error_wrap(err, "run %s", whole_id);
    *ret_run = run;
    return true;
}

/* ---- the list ---- */

static void read_line(sqlite3_stmt *stmt, struct store_line *ret_line)
{
    copy_column(stmt, 0, ret_line->id, sizeof(ret_line->id));
    copy_column(stmt, 1, ret_line->suite, sizeof(ret_line->suite));
    copy_column(stmt, 2, ret_line->target, sizeof(ret_line->target));
    copy_column(stmt, 3, ret_line->started, sizeof(ret_line->started));
    ret_line->trials = (size_t)sqlite3_column_int64(stmt, 4);
    ret_line->failed = (size_t)sqlite3_column_int64(stmt, 5);
    ret_line->partial = sqlite3_column_int(stmt, 6) != 0;
}

bool store_list(struct store *store, struct store_line *ret_lines, size_t max, size_t *ret_count,
                struct error *err)
{
    sqlite3_stmt *stmt;
    size_t count = 0;
    int code = sql_prepare(
        store,
        "SELECT id, ifnull(suite, iif(apps IS NULL, NULL, 'in-process')),"
        " CASE WHEN apps IS NOT NULL AND count(trial.run_id) = 0 THEN apps"
        " WHEN suite IS NULL THEN min(url)"
        " ELSE count(DISTINCT target) || iif(count(DISTINCT target) = 1, ' target', ' targets') "
        "END,"
        " run.started, ifnull(rows, 0) + count(trial.run_id),"
        " ifnull(inproc.failed, 0) + count(trial.run_id) FILTER (WHERE state <> 'done'), partial"
        " FROM run LEFT JOIN trial ON trial.run_id = id LEFT JOIN inproc ON inproc.run_id = id"
        " GROUP BY number ORDER BY number DESC",
        &stmt);

    for (; code == SQLITE_OK || code == SQLITE_ROW; code = sql_step(store, stmt)) {
        if (code == SQLITE_ROW && count < max)
            read_line(stmt, &ret_lines[count++]);
        else if (code == SQLITE_ROW)
            break;
    }
    sqlite3_finalize(stmt);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        return sql_error(store, code, err);
    *ret_count = count;
    return true;
}
