#include "suite/suite.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite/suite_priv.h"

/* A median's interval of 95 % needs 6 trials; ten leave room for some that fail. */
#define BLOCKS_DEFAULT 10

/* What reading needs for each byte of the file, and what it needs at all. Of the entries of the
 * file each has at least two bytes there ("a,") and a node with its padding here, 120 bytes or
 * less. Texts are here twice, and libyaml makes three bytes of the two of "\L". The dearest struct
 * for its text is a suite_expect, up to 1200 bytes for the 14 of "{workload: a},". All others take
 * less than ten times their text, but for the arrays of workloads, loads and targets, which have
 * fixed limits. Pages that are not touched cost nothing. */
#define BYTES_PER_BYTE (60 + 2 * 2 + 90 + 10)
#define BYTES_FIXED    (512u << 10)

_Static_assert(sizeof(struct node) <= 104, "BYTES_PER_BYTE counts on it");
_Static_assert(sizeof(struct suite_expect) <= 1200, "BYTES_PER_BYTE counts on it");
_Static_assert(sizeof(struct workload) * SUITE_WORKLOADS_MAX +
                       (sizeof(struct load) + sizeof(struct load_mark)) * SUITE_LOADS_MAX +
                       sizeof(struct suite_target) * SUITE_TARGETS_MAX <
                   BYTES_FIXED - 64 * 1024,
               "BYTES_FIXED counts on it");

/* The table itself is read when a report asks for it; that it is there is known before the run. */
static bool published_convert(struct suite *suite, const struct node *root, const char *published,
                              struct error *err)
{
    char path[PATH_MAX];

    if (published == NULL)
        return true;
    if (snprintf(path, sizeof(path), "%s/%s", suite->folder, published) >= (int)sizeof(path))
        return key_wrong(root, "published", err, "is too long for a file's name");
    if (access(path, R_OK) != 0)
        return key_wrong(root, "published", err, "names a file that cannot be read: %s: %s", path,
                         strerror(errno));
    suite->published = text_copy(suite, published);
    return true;
}

static bool convert(struct suite *suite, const struct node *root, const struct raw_suite *raw,
                    struct error *err)
{
    if (!name_check(root, "suite", err) || !label_check(root, "title", err))
        return false;
    suite->name = text_copy(suite, raw->suite);
    suite->title = text_copy(suite, raw->title);
    suite->blocks = BLOCKS_DEFAULT;
    suite->control = raw->control == NULL || *raw->control;
    return count32_read(root, "blocks", raw->blocks, 1, SUITE_BLOCKS_MAX, &suite->blocks, err) &&
           published_convert(suite, root, raw->published, err) &&
           factors_convert(suite, root, raw->factors, raw->factors_count, &suite->factors,
                           &suite->factor_count, err) &&
           workloads_convert(suite, node_get(root, "workloads"), raw, err) &&
           loads_convert(suite, node_get(root, "loads"), raw, err) &&
           targets_convert(suite, node_get(root, "targets"), raw, err) &&
           workloads_check(suite, node_get(root, "workloads"), err) &&
           presets_convert(suite, node_get(root, "presets"), raw, err);
}

/* Tree, structs, suite: what can go wrong once there is memory. */
static bool fill(struct suite *suite, struct error *err)
{
    struct slice text = { suite->text, suite->text_len };
    const struct node *root;
    struct raw_suite *raw;
    bool ok;

    if (!node_read(text, suite->file, &suite->memory->arena, &root, err))
        return false;
    if (!raw_load(text, root, &raw, err))
        return false;
    ok = convert(suite, root, raw, err);
    raw_free(raw);
    return ok;
}

bool suite_parse(struct slice text, const char *file, const char *folder, struct suite **ret_suite,
                 struct error *err)
{
    struct suite_memory *memory = NULL;
    struct suite *suite;
    struct arena *arena;

    if (!memory_add(&memory, BYTES_FIXED + text.len * BYTES_PER_BYTE, &arena, err))
        return false;
    suite = arena_new(arena, struct suite, 1);
    suite->memory = memory;
    suite->file = arena_text(arena, file, strlen(file));
    suite->folder = arena_text(arena, folder, strlen(folder));
    suite->text = arena_text(arena, text.ptr, text.len);
    suite->text_len = text.len;
    if (!fill(suite, err)) {
        memory_unmap(memory);
        return false;
    }
    *ret_suite = suite;
    return true;
}

void suite_free(struct suite *suite)
{
    if (suite != NULL)
        memory_unmap(suite->memory);
}

bool suite_load_wrong(const struct suite *suite, size_t load, struct error *err)
{
    const struct load_mark *mark = &suite->load_marks[load];

    return error_wrap(err, "%s:%u:%u: error: load '%s'", suite->file, mark->line, mark->column,
                      suite->loads[load].name.ptr);
}

/* ---- finding the file ---- */

/* "DIR" and "DIR/" are DIR/suite.yaml; a file is taken as it is. */
static bool find_file(const char *path, char *ret_file, size_t size, struct error *err)
{
    size_t len = strlen(path);
    struct stat st;

    if (stat(path, &st) != 0)
        return error_usage(err,
                           "%s cannot be opened: %s; name a folder with a suite.yaml in it, or a "
                           "suite's file",
                           path, strerror(errno));
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len + sizeof("/suite.yaml") > size)
        return error_usage(err, "%.100s... is too long for a file's name", path);
    snprintf(ret_file, size, "%.*s%s", (int)len, path, S_ISDIR(st.st_mode) ? "/suite.yaml" : "");
    if (S_ISDIR(st.st_mode) && access(ret_file, F_OK) != 0)
        return error_usage(
            err, "%s has no suite.yaml; name a folder that has one, or a suite's file", path);
    return true;
}

/* The absolute folder that a file lies in. */
static bool find_folder(const char *file, char ret_folder[PATH_MAX], struct error *err)
{
    char *slash;

    if (realpath(file, ret_folder) == NULL)
        return error_usage(err, "%s cannot be opened: %s", file, strerror(errno));
    slash = strrchr(ret_folder, '/');
    slash[slash == ret_folder ? 1 : 0] = '\0';
    return true;
}

bool suite_read(const char *path, struct suite **ret_suite, struct error *err)
{
    char file[PATH_MAX], folder[PATH_MAX];
    struct suite_memory *memory = NULL;
    struct slice text;
    bool ok;

    if (!find_file(path, file, sizeof(file), err) || !find_folder(file, folder, err))
        return false;
    if (file_read(file, SUITE_FILE_MAX, &memory, &text, err))
        ok = suite_parse(text, file, folder, ret_suite, err);
    else
        ok = error_wrap(err, "read the suite %s", file);
    memory_unmap(memory);
    return ok;
}
