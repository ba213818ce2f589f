#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/fault.h"
#include "store/record_json.h"
#include "store/store_priv.h"

#define BUSY_TIMEOUT_MS 10000
#define ID_TRIES        100
#define PATH_CAP        4096

/* ---- opening ---- */

/* Why it could not be opened, of which SQLite says no more than that. */
static bool open_error(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_CAP];
    struct stat st;

    if (slash != NULL) {
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
        if (stat(folder, &st) != 0)
            return error_usage(err, "%s: no folder %s: make it, or use another file with --db",
                               path, folder);
    }
    return error_usage(
        err, "%s cannot be opened or made: no permission; use another file with --db", path);
}

/* The path as a URI that says "as it stands": what means something in a URI is escaped. */
static void immutable_uri(const char *path, struct text *uri)
{
    text_add(uri, SLICE("file:"));
    for (const char *at = path; *at != '\0'; at++) {
        if (strchr("%?#", *at) != NULL)
            text_format(uri, "%%%02x", (unsigned)(unsigned char)*at);
        else
            text_add(uri, (struct slice){ at, 1 });
    }
    text_add(uri, SLICE("?immutable=1"));
}

/* Opens, and reads for the first time: only then does SQLite look into the file. */
static int open_database(struct store *store, bool immutable)
{
    char uri_text[3 * PATH_CAP];
    struct text uri = TEXT(uri_text);
    int code;

    if (fault_hit(FAULT_OPEN))
        return SQLITE_CANTOPEN;
    immutable_uri(store->path, &uri);
    if (immutable)
        code = sqlite3_open_v2(uri_text, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    else
        code = sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                               NULL);
    if (code == SQLITE_OK)
        code = sqlite3_extended_result_codes(store->db, 1);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    /* FULL: a trial that was reported as kept is kept, through a power cut too. */
    if (code == SQLITE_OK)
        code = sql_run(store, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                              "SELECT count(*) FROM sqlite_schema");
    return code;
}

/* A file in WAL mode needs two more beside it even to be read. Where they cannot be made it can
 * still be read as it stands, unless a part of it is left in one of them. */
static bool readable_as_it_stands(const char *path)
{
    char wal[PATH_CAP + 8];
    struct stat st;

    snprintf(wal, sizeof(wal), "%s-wal", path);
    return access(path, R_OK) == 0 && (stat(wal, &st) != 0 || st.st_size == 0);
}

static bool cannot_open(int code)
{
    return (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY;
}

static bool open_or_say_why(struct store *store, struct error *err)
{
    int code = open_database(store, false);

    if (cannot_open(code) && readable_as_it_stands(store->path)) {
        sqlite3_close(store->db);
        store->db = NULL;
        code = open_database(store, true);
    }
    if (cannot_open(code))
        return open_error(store->path, err);
    return code == SQLITE_OK || sql_error(store, code, err);
}

bool store_open(const char *path, struct store **ret_store, struct error *err)
{
    size_t path_size = strlen(path) + 1;
    struct store *store;
    struct stat st;

    if (path_size > PATH_CAP)
        return error_usage(err, "the database's path is longer than %d bytes", PATH_CAP - 1);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return error_usage(err, "%s is a folder: name a file with --db", path);
    store = fault_hit(FAULT_MEMORY) ? NULL : calloc(1, sizeof(*store) + path_size);
    if (store == NULL)
        return error_set(err, ENOMEM, "open %s", path);
    memcpy(store->path, path, path_size);
    if (!open_or_say_why(store, err) || !store_migrate(store, err)) {
        store_close(store);
        return false;
    }
    *ret_store = store;
    return true;
}

bool store_check_writable(struct store *store, struct error *err)
{
    if (sqlite3_db_readonly(store->db, "main") == 0)
        return true;
    return error_usage(err,
                       "%s can be read, but not written: no permission, or a read-only file "
                       "system; use another file with --db",
                       store->path);
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    sqlite3_close(store->db);
    free(store);
}

/* ---- one statement with its values ---- */

/* Values are bound in order; the first failure is kept and comes out of row_write(). */
struct row {
    struct store *store;
    sqlite3_stmt *stmt;
    int column, code;
};

static struct row row_begin(struct store *store, const char *sql)
{
    struct row row = { .store = store };

    row.code = sql_prepare(store, sql, &row.stmt);
    return row;
}

static void bound(struct row *row, int code)
{
    if (row->code == SQLITE_OK)
        row->code = code;
}

static void add_bytes(struct row *row, struct slice text)
{
    const char *ptr = text.ptr != NULL ? text.ptr : "";

    bound(row, sqlite3_bind_text64(row->stmt, ++row->column, ptr, text.len, SQLITE_TRANSIENT,
                                   SQLITE_UTF8));
}

/* "" is NULL. */
static void add_text(struct row *row, const char *text)
{
    if (text[0] == '\0')
        bound(row, sqlite3_bind_null(row->stmt, ++row->column));
    else
        add_bytes(row, slice_of(text));
}

static void add_count(struct row *row, uint64_t count)
{
    BUG_IF(count > INT64_MAX);
    bound(row, sqlite3_bind_int64(row->stmt, ++row->column, (sqlite3_int64)count));
}

/* Negative is NULL. */
static void add_known(struct row *row, int64_t value)
{
    if (value < 0)
        bound(row, sqlite3_bind_null(row->stmt, ++row->column));
    else
        add_count(row, (uint64_t)value);
}

/* SQLite makes a NaN NULL by itself. */
static void add_real(struct row *row, double value)
{
    bound(row, sqlite3_bind_double(row->stmt, ++row->column, value));
}

static void add_moment(struct row *row, struct wall moment)
{
    char text[WALL_TEXT_MAX];

    wall_text(moment, text);
    add_text(row, text);
}

/* Runs it, committed on return. */
static int row_write(struct row *row)
{
    int code = row->code;

    if (code == SQLITE_OK)
        code = sql_step(row->store, row->stmt);
    sqlite3_finalize(row->stmt);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Consumes `json`, which may be NULL with `err` filled in. NULL and `err` on failure; free() it. */
static char *compact(json_t *json, struct error *err)
{
    char *text;

    if (json == NULL)
        return NULL;
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL)
        error_set(err, ENOMEM, "write a record");
    return text;
}

/* ---- runs ---- */

/* What lies in the file says "partial" until the run is ended. */
static char *run_text(const struct run_record *run, bool partial, struct error *err)
{
    struct run_record as = *run;

    as.partial = partial;
    return compact(run_to_json(&as, err), err);
}

static int insert_run(struct store *store, const struct run_record *run, const char *record)
{
    struct row row =
        row_begin(store, "INSERT INTO run (id, suite, title, preset, command, assay_version,"
                         " started, blocks, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");

    add_text(&row, run->id);
    add_text(&row, run->suite);
    add_text(&row, run->title);
    add_text(&row, run->preset);
    add_text(&row, run->command);
    add_text(&row, run->assay_version);
    add_moment(&row, run->started);
    add_count(&row, run->blocks);
    add_bytes(&row, slice_of(record));
    return row_write(&row);
}

bool store_add_run_from(struct store *store, struct run_record *run, struct rng *ids,
                        struct error *err)
{
    int code = SQLITE_CONSTRAINT_UNIQUE;

    for (int i = 0; i < ID_TRIES && code == SQLITE_CONSTRAINT_UNIQUE; i++) {
        char *record;

        snprintf(run->id, sizeof(run->id), "%06x", (unsigned)rng_below(ids, 1u << 24));
        record = run_text(run, true, err);
        if (record == NULL)
            return false;
        code = insert_run(store, run, record);
        free(record);
    }
    return code == SQLITE_OK || sql_error(store, code, err);
}

bool store_add_run(struct store *store, struct run_record *run, struct error *err)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        return error_set(err, errno, "make an id for the run");
    return store_add_run_from(store, run, &(struct rng){ seed }, err);
}

bool store_end_run(struct store *store, const struct run_record *run, bool partial,
                   struct error *err)
{
    struct row row;
    char *record = run_text(run, partial, err);
    int code;

    if (record == NULL)
        return false;
    row = row_begin(store, "UPDATE run SET partial = ?, record = ? WHERE id = ?");
    add_count(&row, partial);
    add_bytes(&row, slice_of(record));
    add_text(&row, run->id);
    code = row_write(&row);
    free(record);
    return code == SQLITE_OK || sql_error(store, code, err);
}

/* ---- trials ---- */

static void add_figures(struct row *row, const struct trial_record *t)
{
    const struct histogram *response = &t->tally.response;
    bool any = response->count > 0;

    add_real(row, record_throughput_per_sec(t));
    add_known(row, any ? histogram_quantile_ns(response, 0.5) : -1);
    add_known(row, any ? histogram_quantile_ns(response, 0.99) : -1);
    add_real(row, record_server_cpu_ns_per_request(t));
    add_known(row, t->server.rss_bytes_peak);
    add_count(row, t->tally.ok);
    add_count(row, tally_failed(&t->tally));
}

static int insert_trial(struct store *store, const struct run_record *run,
                        const struct trial_record *t, const char *factors, const char *record)
{
    struct row row = row_begin(
        store, "INSERT INTO trial (run_id, idx, block, position, target, url, workload, load,"
               " factors, state, reason, started, throughput_per_sec, p50_ns, p99_ns,"
               " cpu_ns_per_request, rss_peak_bytes, ok, failed, verdict, record)"
               " VALUES (?1, (SELECT count(*) FROM trial WHERE run_id = ?1), ?2, ?3, ?4, ?5, ?6,"
               " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)");

    add_text(&row, run->id);
    add_count(&row, t->block);
    add_count(&row, t->position);
    add_bytes(&row, slice_of(t->target));
    add_bytes(&row, slice_of(t->url));
    add_bytes(&row, t->workload.name);
    add_bytes(&row, t->load.name);
    add_bytes(&row, slice_of(factors));
    add_text(&row, trial_state_name(t->state));
    add_text(&row, t->reason);
    add_moment(&row, t->started);
    add_figures(&row, t);
    add_text(&row, t->verdict.count > 0 ? verdict_overall_name(verdict_overall(&t->verdict)) : "");
    add_bytes(&row, slice_of(record));
    return row_write(&row);
}

bool store_add_trial(struct store *store, const struct run_record *run,
                     const struct trial_record *trial, struct error *err)
{
    json_t *json = trial_to_json(trial, err);
    char *factors = compact(json_incref(json_object_get(json, "factors")), err);
    char *record = compact(json, err);
    bool done = false;

    if (factors != NULL && record != NULL) {
        int code = insert_trial(store, run, trial, factors, record);

        done = code == SQLITE_OK || sql_error(store, code, err);
    }
    free(factors);
    free(record);
    if (done)
        store->trials_safe++;
    return done;
}
