/* tests/unit/store_test.c -- what was committed stays, whatever happens next to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "records.h"
#include "store/record_json.h"
#include "store/store_priv.h"

#define NOBODY 65534

static pid_t test_process;

/* A folder of its own for each test, as the one the test stands in; emptied and removed after it.
 * In memory where that can be had: on a disk every commit waits for it. */
static int enter_folder(void **state)
{
    bool in_memory = access("/dev/shm", W_OK) == 0;
    char *folder = strdup(in_memory ? "/dev/shm/assay-XXXXXX" : "/tmp/assay-XXXXXX");

    *state = folder;
    return folder != NULL && mkdtemp(folder) != NULL && chmod(folder, 0777) == 0 ? chdir(folder)
                                                                                 : -1;
}

static int leave_folder(void **state)
{
    char *folder = *state;
    char command[128];
    int rc;

    fault_arm(FAULT_SQL, 0);
    snprintf(command, sizeof(command), "chmod -R u+w %s && rm -r %s", folder, folder);
    rc = chdir("/") + system(command);
    free(folder);
    return rc;
}

/* cmocka's own way out would run the rest of the tests in a child as well. */
static void stop(const struct error *err)
{
    if (getpid() == test_process)
        fail_msg("%s", err->text);
    fprintf(stderr, "in a child: %s\n", err->text);
    _exit(99);
}

static struct store *opened(const char *path)
{
    struct store *store = NULL;
    struct error err;

    if (!store_open(path, &store, &err))
        stop(&err);
    return store;
}

static void added_run(struct store *store, struct run_record *run)
{
    struct error err;

    if (!store_add_run(store, run, &err))
        stop(&err);
}

static void added_trial(struct store *store, const struct run_record *run,
                        const struct trial_record *t)
{
    struct error err;

    if (!store_add_trial(store, run, t, &err))
        stop(&err);
}

static struct run_record *read_run(struct store *store, const char *id)
{
    struct run_record *run = NULL;
    struct error err;

    if (!store_read_run(store, id, &run, &err))
        stop(&err);
    return run;
}

static void assert_open_fails(const char *path, const char *expected, int line)
{
    struct store *store;
    struct error err = { .text = "" };

    if (store_open(path, &store, &err))
        fail_msg("line %d: opened", line);
    if (strcmp(err.text, expected) != 0)
        fail_msg("line %d: %s", line, err.text);
    assert_true(err.usage);
}

/* Asks the file itself, as people do. */
static int64_t asked(const char *path, const char *sql)
{
    sqlite3_stmt *stmt;
    sqlite3 *db;
    int64_t value;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

static void told(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* A run with two trials in assay.db; its id in `ret_id`. */
static void keep_a_run(char *ret_id)
{
    struct store *store = opened("assay.db");
    struct run_record *run = new_run(2);
    struct error err;

    fill_run(run);
    add_trial(run, full_trial());
    add_trial(run, good_trial("flask", 100));
    added_run(store, run);
    added_trial(store, run, run->trials[0]);
    added_trial(store, run, run->trials[1]);
    assert_true(store_end_run(store, run, false, &err));
    memcpy(ret_id, run->id, sizeof(run->id));
    run_record_free(run);
    store_close(store);
}

/* ---- keeping ---- */

static void a_run_comes_back_with_its_trials_in_order(void **state)
{
    struct run_record *run;
    struct store *store;
    char id[16];

    keep_a_run(id);
    store = opened("assay.db");
    run = read_run(store, id);
    assert_string_equal(run->id, id);
    assert_string_equal(run->suite, "demo");
    assert_false(run->partial);
    assert_int_equal(run->trial_count, 2);
    assert_string_equal(run->trials[0]->target, "nginx mode=\"x\"");
    assert_string_equal(run->trials[1]->target, "flask");
    assert_int_equal(run->trials[1]->tally.response.count, 100);
    run_record_free(run);
    store_close(store);
    (void)state;
}

static void a_run_that_was_never_ended_is_partial(void **state)
{
    struct store *store = opened("assay.db");
    struct run_record *run = new_run(0), *back;

    added_run(store, run);
    back = read_run(store, "last");
    assert_true(back->partial);
    run_record_free(run);
    run_record_free(back);
    store_close(store);
    (void)state;
}

static void columns_are_copies_for_people_who_ask_in_sql(void **state)
{
    static const struct {
        int line;
        const char *sql;
        int64_t expected;
    } cases[] = {
        {__LINE__,  "SELECT count(*) FROM run WHERE suite = 'demo' AND partial = 0",           1   },
        { __LINE__, "SELECT count(*) FROM trial JOIN run ON run_id = id",                      2   },
        { __LINE__, "SELECT idx FROM trial WHERE target = 'flask'",                            1   },
        { __LINE__, "SELECT throughput_per_sec FROM trial WHERE idx = 1",                      100 },
        { __LINE__, "SELECT cpu_ns_per_request FROM trial WHERE idx = 1",                      1000},
        { __LINE__, "SELECT p50_ns / 1000000 FROM trial WHERE idx = 1",                        1   },
        { __LINE__, "SELECT rss_peak_bytes IS NULL FROM trial WHERE idx = 1",                  1   },
        { __LINE__, "SELECT reason IS NULL FROM trial WHERE idx = 1",                          1   },
        { __LINE__, "SELECT factors ->> '$.workers' FROM trial WHERE idx = 0",                 8   },
        { __LINE__, "SELECT state = 'died' FROM trial WHERE idx = 0",                          1   },
        { __LINE__, "SELECT record ->> '$.schema' = 'assay/trial/1' FROM trial WHERE idx = 0", 1   },
        { __LINE__, "SELECT record ->> '$.partial' FROM run",                                  0   },
        { __LINE__, "SELECT verdict = 'invalid' FROM trial WHERE idx = 0",                     1   },
        { __LINE__, "SELECT verdict IS NULL FROM trial WHERE idx = 1",                         1   },
        { __LINE__, "PRAGMA user_version",                                                     3   },
    };
    char id[16], mode[8] = "";
    int fd;

    keep_a_run(id);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (asked("assay.db", cases[i].sql) != cases[i].expected)
            fail_msg("line %d: %s", cases[i].line, cases[i].sql);
    /* The file format's own words for WAL: both version numbers are 2. */
    fd = open("assay.db", O_RDONLY);
    assert_int_equal(pread(fd, mode, 2, 18), 2);
    close(fd);
    assert_string_equal(mode, "\2\2");
    (void)state;
}

static void an_id_that_is_taken_is_drawn_again(void **state)
{
    struct store *store = opened("assay.db");
    struct run_record *one = new_run(0), *two = new_run(0);
    struct rng ids = { 7 }, same = { 7 };
    struct error err;

    assert_true(store_add_run_from(store, one, &ids, &err));
    assert_true(store_add_run_from(store, two, &same, &err));
    assert_int_equal(strlen(one->id), 6);
    assert_int_equal(strlen(two->id), 6);
    assert_string_not_equal(one->id, two->id);
    run_record_free(one);
    run_record_free(two);
    store_close(store);
    (void)state;
}

/* ---- finding ---- */

static void insert_ids(const char *const *ids, size_t count)
{
    char sql[256];

    store_close(opened("assay.db"));
    for (size_t i = 0; i < count; i++) {
        snprintf(sql, sizeof(sql),
                 "INSERT INTO run (id, started, blocks, record) SELECT '%s', '', 1, record FROM run"
                 " WHERE number = 1",
                 ids[i]);
        told("assay.db", sql);
    }
}

static void a_run_is_found_by_the_beginning_of_its_id(void **state)
{
    static const char *const ids[] = { "7f3a9c", "7f3b00", "c0ffee" };
    struct store *store;
    struct run_record *run;
    char first[16], sql[128];

    keep_a_run(first);
    insert_ids(ids, 3);
    snprintf(sql, sizeof(sql), "DELETE FROM run WHERE id = '%s'", first);
    told("assay.db", sql);
    store = opened("assay.db");
    run = read_run(store, "7f3b");
    run_record_free(run);
    run = read_run(store, "C0FFEE");
    run_record_free(run);
    run = read_run(store, "last");
    run_record_free(run);
    store_close(store);
    (void)state;
}

static void a_run_that_is_not_found_is_answered_with_those_there_are(void **state)
{
    static const char *const ids[] = { "7f3a9c", "7f3b00", "c0ffee" };
    static const struct {
        int line;
        const char *id, *expected;
    } cases[] = {
        {__LINE__,  "7f3",
         "'7f3' is the beginning of several runs: 7f3b00, 7f3a9c; give more of it"               },
        { __LINE__, "%",       "assay.db holds no run '%': the newest are c0ffee, 7f3b00, 7f3a9c"},
        { __LINE__, "7f3a9cc",
         "assay.db holds no run '7f3a9cc': the newest are c0ffee, 7f3b00, 7f3a9c"                },
    };
    char first[16], sql[128];
    struct store *store;

    keep_a_run(first);
    insert_ids(ids, 3);
    snprintf(sql, sizeof(sql), "DELETE FROM run WHERE id = '%s'", first);
    told("assay.db", sql);
    store = opened("assay.db");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run_record *run;
        struct error err = { .text = "" };

        if (store_read_run(store, cases[i].id, &run, &err) || !err.usage ||
            strcmp(err.text, cases[i].expected) != 0)
            fail_msg("line %d: %s", cases[i].line, err.text);
    }
    store_close(store);
    (void)state;
}

static void an_empty_database_says_how_to_fill_it(void **state)
{
    struct store *store = opened("assay.db");
    struct run_record *run;
    struct store_line lines[2];
    struct error err;
    size_t count;

    assert_false(store_read_run(store, "last", &run, &err));
    assert_string_equal(err.text,
                        "assay.db holds no run yet: make one with  assay URL  or  assay run SUITE");
    assert_true(store_list(store, lines, 2, &count, &err));
    assert_int_equal(count, 0);
    store_close(store);
    (void)state;
}

static void the_list_is_newest_first_and_bounded(void **state)
{
    struct store *store = opened("assay.db");
    struct run_record *single = new_run(1), *suite = new_run(3), *empty = new_run(0);
    struct store_line lines[3];
    struct error err;
    size_t count;

    add_trial(single, good_trial("http://127.0.0.1:8080/", 5));
    fill_run(suite);
    add_trial(suite, good_trial("gin", 5));
    add_trial(suite, good_trial("flask", 5));
    add_trial(suite, good_trial("flask", 5));
    suite->trials[2]->state = TRIAL_NOT_READY;
    added_run(store, empty);
    added_run(store, single);
    added_trial(store, single, single->trials[0]);
    assert_true(store_end_run(store, single, false, &err));
    added_run(store, suite);
    for (size_t i = 0; i < 3; i++)
        added_trial(store, suite, suite->trials[i]);

    assert_true(store_list(store, lines, 3, &count, &err));
    assert_int_equal(count, 3);
    assert_string_equal(lines[0].id, suite->id);
    assert_string_equal(lines[0].suite, "demo");
    assert_string_equal(lines[0].target, "2 targets");
    assert_string_equal(lines[0].started, "2026-11-21T03:42:07Z");
    assert_int_equal(lines[0].trials, 3);
    assert_int_equal(lines[0].failed, 1);
    assert_true(lines[0].partial);
    assert_string_equal(lines[1].suite, "");
    assert_string_equal(lines[1].target, "http://127.0.0.1:8080/");
    assert_false(lines[1].partial);
    assert_int_equal(lines[2].trials, 0);
    assert_string_equal(lines[2].target, "");
    assert_true(store_list(store, lines, 1, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(lines[0].id, suite->id);
    run_record_free(single);
    run_record_free(suite);
    run_record_free(empty);
    store_close(store);
    (void)state;
}

/* ---- tables of applications ---- */

static json_t *a_table(void)
{
    return json_pack("{s:s, s:[{s:s,s:b,s:n}, {s:s,s:b,s:s}, {s:s,s:b,s:n}]}", "schema",
                     "assay/inproc/1", "rows", "app", "floor", "floor", true, "reason", "app",
                     "odd:app", "floor", false, "reason", "it crashed", "app", "good:app", "floor",
                     false, "reason");
}

static void a_table_of_applications_comes_back_and_is_listed(void **state)
{
    struct store *store = opened("assay.db");
    struct run_record *run = new_run(0), *other = new_run(0);
    json_t *table = a_table(), *back = NULL, *none = NULL;
    struct store_line lines[2];
    struct error err;
    size_t count;

    added_run(store, run);
    assert_true(store_add_inproc(store, run->id, table, &err));
    assert_true(store_end_run(store, run, false, &err));
    added_run(store, other);
    assert_true(store_read_inproc(store, run->id, &back, &err));
    assert_true(json_equal(back, table));
    assert_true(store_read_inproc(store, other->id, &none, &err));
    assert_null(none);
    assert_true(store_list(store, lines, 2, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(lines[1].suite, "in-process");
    assert_string_equal(lines[1].target, "2 applications");
    assert_int_equal(lines[1].trials, 3);
    assert_int_equal(lines[1].failed, 1);
    assert_string_equal(lines[0].suite, "");
    json_decref(table);
    json_decref(back);
    run_record_free(run);
    run_record_free(other);
    store_close(store);
    (void)state;
}

/* Up to date, with the run that was in it, and ready to take more. */
static void assert_brought_up_to_date(const char *id)
{
    struct store *store = opened("assay.db");
    struct run_record *run = read_run(store, id);
    json_t *table = a_table();
    struct error err;

    assert_int_equal(run->trial_count, 2);
    assert_true(store_add_inproc(store, id, table, &err));
    assert_true(store_add_trial(store, run, run->trials[0], &err));
    assert_int_equal(asked("assay.db", "PRAGMA user_version"), 3);
    assert_int_equal(asked("assay.db", "SELECT count(*) FROM trial WHERE verdict IS NULL"), 2);
    assert_int_equal(asked("assay.db", "SELECT count(*) FROM trial WHERE verdict = 'invalid'"), 1);
    json_decref(table);
    run_record_free(run);
    store_close(store);
}

static void a_database_of_the_first_version_is_brought_up_to_date(void **state)
{
    char id[16];

    keep_a_run(id);
    told("assay.db", "ALTER TABLE trial DROP COLUMN verdict; DROP TABLE inproc;"
                     "PRAGMA user_version = 1");
    assert_brought_up_to_date(id);
    (void)state;
}

static void a_database_from_before_the_checks_is_brought_up_to_date(void **state)
{
    char id[16];

    keep_a_run(id);
    told("assay.db", "ALTER TABLE trial DROP COLUMN verdict; PRAGMA user_version = 2");
    assert_brought_up_to_date(id);
    (void)state;
}

/* ---- files that are not ours ---- */

static void write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    for (int i = 0; i < 200; i++)
        fputs(text, out);
    fclose(out);
}

static void a_file_that_cannot_be_used_is_refused_with_a_remedy(void **state)
{
    write_file("notes.txt", "not a database\n");
    told("other.db", "CREATE TABLE bookmark (url TEXT)");
    store_close(opened("newer.db"));
    told("newer.db", "PRAGMA user_version = 4");
    assert_int_equal(mkdir("folder", 0777), 0);

    assert_open_fails("notes.txt", "notes.txt is not a database: use another file with --db",
                      __LINE__);
    assert_open_fails("other.db",
                      "other.db is a database of another program: use another file with --db",
                      __LINE__);
    assert_open_fails(
        "newer.db",
        "newer.db was written by a newer assay (schema 4; this one knows 3): use that "
        "version, or another file with --db",
        __LINE__);
    assert_open_fails("folder", "folder is a folder: name a file with --db", __LINE__);
    assert_open_fails(
        "no/such/assay.db",
        "no/such/assay.db: no folder no/such/: make it, or use another file with --db", __LINE__);
    assert_int_equal(asked("other.db", "SELECT count(*) FROM sqlite_schema"), 1);
    (void)state;
}

static void an_empty_file_becomes_a_database(void **state)
{
    int fd = open("empty.db", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

    close(fd);
    store_close(opened("empty.db"));
    assert_int_equal(asked("empty.db", "PRAGMA user_version"), 3);
    (void)state;
}

/* ---- in a child: without root's rights, with limits, to be killed ---- */

/* Assertions of cmocka do not work there: the child answers with its exit status, 0 for yes. */
static int in_child(int (*act)(void))
{
    pid_t child;
    int status = 0;

    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(act());
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool drop_root(void)
{
    return geteuid() != 0 || setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

/* Reads the two trials, and finds that nothing can be added. */
static int read_only_use(void)
{
    struct store *store;
    struct run_record *run;
    struct error err;

    if (!drop_root())
        return 10;
    if (!store_open("assay.db", &store, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 11;
    }
    if (!store_read_run(store, "last", &run, &err) || run->trial_count != 2) {
        fprintf(stderr, "%s\n", err.text);
        return 12;
    }
    if (store_add_run(store, run, &err) || !err.usage)
        return 13;
    if (strcmp(err.text, "assay.db cannot be written: no permission; use another file with --db") !=
        0) {
        fprintf(stderr, "%s\n", err.text);
        return 14;
    }
    run_record_free(run);
    store_close(store);
    return 0;
}

static void a_database_in_a_read_only_place_can_be_read(void **state)
{
    char id[16];

    keep_a_run(id);
    assert_int_equal(chmod("assay.db", 0444), 0);
    assert_int_equal(chmod(".", 0555), 0);
    assert_int_equal(in_child(read_only_use), 0);
    assert_int_equal(chmod(".", 0777), 0);
    assert_int_equal(in_child(read_only_use), 0);
    (void)state;
}

static int open_without_permission(void)
{
    struct store *store;
    struct error err;

    if (!drop_root() || store_open("assay.db", &store, &err))
        return 10;
    return strcmp(err.text,
                  "assay.db cannot be opened or made: no permission; use another file with "
                  "--db") != 0;
}

static void a_place_without_permission_is_an_error_that_says_so(void **state)
{
    assert_int_equal(chmod(".", 0555), 0);
    assert_int_equal(in_child(open_without_permission), 0);
    (void)state;
}

/* Adds a run with two trials and is killed, with the file open. */
static int add_two_and_be_killed(void)
{
    struct store *store = opened("assay.db");
    struct run_record *run = new_run(1);

    fill_run(run);
    add_trial(run, good_trial("gin", 5));
    added_run(store, run);
    added_trial(store, run, run->trials[0]);
    added_trial(store, run, run->trials[0]);
    return raise(SIGKILL);
}

static void what_a_killed_writer_committed_is_there(void **state)
{
    struct store *store;
    struct run_record *run;

    assert_int_equal(in_child(add_two_and_be_killed), 128 + SIGKILL);
    assert_int_equal(access("assay.db-wal", F_OK), 0);
    store = opened("assay.db");
    run = read_run(store, "last");
    assert_int_equal(run->trial_count, 2);
    assert_true(run->partial);
    run_record_free(run);
    store_close(store);
    (void)state;
}

/* The part that is still in the WAL belongs to it, also where nothing can be made beside it. */
static void what_a_killed_writer_committed_is_there_in_a_read_only_place(void **state)
{
    char id[16];

    keep_a_run(id);
    assert_int_equal(in_child(add_two_and_be_killed), 128 + SIGKILL);
    assert_int_equal(chmod("assay.db", 0444), 0);
    assert_int_equal(chmod("assay.db-wal", 0444), 0);
    assert_int_equal(chmod("assay.db-shm", 0444), 0);
    assert_int_equal(chmod(".", 0555), 0);
    assert_int_equal(in_child(read_only_use), 0);
    (void)state;
}

/* Without its -shm such a file cannot be read there. Better nothing than the part that is in it. */
static void a_part_of_a_database_is_not_taken_for_all_of_it(void **state)
{
    char id[16];

    keep_a_run(id);
    assert_int_equal(in_child(add_two_and_be_killed), 128 + SIGKILL);
    assert_int_equal(unlink("assay.db-shm"), 0);
    assert_int_equal(chmod("assay.db", 0444), 0);
    assert_int_equal(chmod(".", 0555), 0);
    assert_int_equal(in_child(open_without_permission), 0);
    (void)state;
}

/* As on a disk that fills up: writes fail from a certain size on. Exits with the number of trials
 * that were said to be safe. */
static int add_until_full(void)
{
    struct store *store = opened("assay.db");
    struct run_record *run = new_run(1);
    struct rlimit limit = { 400000, 400000 };
    struct error err;
    int added = 0;
    char expected[256];

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    add_trial(run, full_trial());
    added_run(store, run);
    while (added < 100 && store_add_trial(store, run, run->trials[0], &err))
        added++;
    snprintf(
        expected, sizeof(expected),
        "the disk is full: results up to trial %d are safe in assay.db; free some space, or use "
        "another file with --db",
        added);
    if (strcmp(err.text, expected) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 200;
    }
    store_close(store);
    return added;
}

static void a_full_disk_loses_no_trial_that_was_added(void **state)
{
    int added = in_child(add_until_full);
    struct store *store = opened("assay.db");
    struct run_record *run = read_run(store, "last");

    assert_in_range(added, 1, 99);
    assert_int_equal(run->trial_count, added);
    run_record_free(run);
    store_close(store);
    (void)state;
}

/* ---- several at once ---- */

#define WRITERS 4
#define TRIALS  5

static int write_a_run(void)
{
    struct store *store = opened("assay.db");
    struct run_record *run = new_run(1);
    struct error err;

    add_trial(run, good_trial("gin", 5));
    added_run(store, run);
    for (int i = 0; i < TRIALS; i++)
        added_trial(store, run, run->trials[0]);
    if (!store_end_run(store, run, false, &err))
        return 1;
    run_record_free(run);
    store_close(store);
    return 0;
}

/* They also all find that there is no file yet. */
static void several_writers_at_once_all_get_through(void **state)
{
    struct store_line lines[WRITERS + 1];
    struct store *store;
    struct error err;
    size_t count;
    int status;

    fflush(NULL);
    for (int i = 0; i < WRITERS; i++)
        if (fork() == 0)
            _exit(write_a_run());
    for (int i = 0; i < WRITERS; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    store = opened("assay.db");
    assert_true(store_list(store, lines, WRITERS + 1, &count, &err));
    assert_int_equal(count, WRITERS);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(lines[i].trials, TRIALS);
        assert_false(lines[i].partial);
    }
    store_close(store);
    (void)state;
}

/* The wait for it is ten seconds long: not waited for here. */
static void a_database_that_another_holds_is_an_error_after_the_wait(void **state)
{
    struct store *store = opened("assay.db");
    struct run_record *run = new_run(0);
    struct error err;
    sqlite3 *other;

    assert_int_equal(sqlite3_open("assay.db", &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_busy_timeout(store->db, 1);
    assert_false(store_add_run(store, run, &err));
    assert_false(err.usage);
    assert_string_equal(err.text,
                        "another assay is writing to assay.db: wait for it, or use another "
                        "file with --db");
    sqlite3_close(other);
    added_run(store, run);
    run_record_free(run);
    store_close(store);
    (void)state;
}

/* ---- faults ---- */

/* Everything the store does, once; false at the first thing that fails. */
static bool use_everything(struct run_record *run, struct error *err)
{
    struct store *store = NULL;
    struct run_record *back = NULL;
    json_t *table = a_table(), *table_back = NULL;
    struct store_line lines[2];
    size_t count;
    bool done = store_open("assay.db", &store, err) && store_add_run(store, run, err) &&
                store_add_trial(store, run, run->trials[0], err) &&
                store_add_inproc(store, run->id, table, err) &&
                store_end_run(store, run, false, err) &&
                store_read_run(store, run->id, &back, err) &&
                store_read_inproc(store, run->id, &table_back, err) &&
                store_list(store, lines, 2, &count, err);

    json_decref(table);
    json_decref(table_back);
    run_record_free(back);
    store_close(store);
    return done;
}

static void walk(enum fault_kind kind, unsigned at_least)
{
    struct run_record *run = new_run(1);
    bool done = false;
    unsigned n;

    fill_run(run);
    add_trial(run, good_trial("gin", 5));
    for (n = 1; !done && n < 2000; n++) {
        struct error err = { .text = "" };

        unlink("assay.db");
        unlink("assay.db-wal");
        unlink("assay.db-shm");
        fault_arm(kind, n);
        done = use_everything(run, &err);
        fault_arm(kind, 0);
        if (!done && err.text[0] == '\0')
            fail_msg("fault %u has no message", n);
    }
    assert_true(done);
    assert_true(n > at_least);
    run_record_free(run);
}

static void every_call_to_sqlite_may_fail(void **state)
{
    walk(FAULT_SQL, 20);
    (void)state;
}

static void memory_may_run_out_and_opening_fail(void **state)
{
    walk(FAULT_OPEN, 1);
    walk(FAULT_MEMORY, 100);
    (void)state;
}

/* A half-made schema would be worse than none. */
static void a_migration_that_fails_leaves_the_file_as_it_was(void **state)
{
    struct store *store = NULL;
    struct error err;
    bool done = false;

    for (unsigned n = 1; !done && n < 100; n++) {
        fault_arm(FAULT_SQL, n);
        done = store_open("assay.db", &store, &err);
        fault_arm(FAULT_SQL, 0);
        if (!done)
            assert_int_equal(
                asked("assay.db", "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"),
                asked("assay.db", "PRAGMA user_version") == 0 ? 0 : 3);
    }
    assert_true(done);
    store_close(store);
    (void)state;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_run_comes_back_with_its_trials_in_order),
        IN_FOLDER(a_run_that_was_never_ended_is_partial),
        IN_FOLDER(columns_are_copies_for_people_who_ask_in_sql),
        IN_FOLDER(an_id_that_is_taken_is_drawn_again),
        IN_FOLDER(a_run_is_found_by_the_beginning_of_its_id),
        IN_FOLDER(a_run_that_is_not_found_is_answered_with_those_there_are),
        IN_FOLDER(an_empty_database_says_how_to_fill_it),
        IN_FOLDER(the_list_is_newest_first_and_bounded),
        IN_FOLDER(a_table_of_applications_comes_back_and_is_listed),
        IN_FOLDER(a_database_of_the_first_version_is_brought_up_to_date),
        IN_FOLDER(a_database_from_before_the_checks_is_brought_up_to_date),
        IN_FOLDER(a_file_that_cannot_be_used_is_refused_with_a_remedy),
        IN_FOLDER(an_empty_file_becomes_a_database),
        IN_FOLDER(a_database_in_a_read_only_place_can_be_read),
        IN_FOLDER(a_place_without_permission_is_an_error_that_says_so),
        IN_FOLDER(what_a_killed_writer_committed_is_there),
        IN_FOLDER(what_a_killed_writer_committed_is_there_in_a_read_only_place),
        IN_FOLDER(a_part_of_a_database_is_not_taken_for_all_of_it),
        IN_FOLDER(a_full_disk_loses_no_trial_that_was_added),
        IN_FOLDER(several_writers_at_once_all_get_through),
        IN_FOLDER(a_database_that_another_holds_is_an_error_after_the_wait),
        IN_FOLDER(every_call_to_sqlite_may_fail),
        IN_FOLDER(memory_may_run_out_and_opening_fail),
        IN_FOLDER(a_migration_that_fails_leaves_the_file_as_it_was),
    };

    test_process = getpid();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
