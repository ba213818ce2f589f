/* What a target weighs when it is shipped, and whether what it needs is here. */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "target/expand.h"
#include "target/package.h"
#include "target/recipe.h"
#include "target/target.h"

bool target_installed(const struct suite_target *target, char *ret_missing, size_t size)
{
    struct text missing = { ret_missing, 0, size, false };
    struct package_list list;
    struct arena arena;
    struct error ignored;

    ret_missing[0] = '\0';
    if (target->package_count == 0 || !arena_map(&arena, PACKAGE_LIST_BYTES, &ignored))
        return true;
    /* Where there is no dpkg the packages cannot be looked up: the start will tell. */
    if (!package_list_read(&arena, &list, &ignored))
        list.count = 0;
    for (size_t i = 0; list.count > 0 && i < target->package_count; i++)
        if (package_find(&list, target->packages[i]) == NULL)
            text_format(&missing, "%s%.*s", missing.len > 0 ? " " : "",
                        (int)target->packages[i].len, target->packages[i].ptr);
    arena_unmap(&arena);
    return missing.len == 0;
}

/* The bytes of a file, or of all files below a folder; -1 when there is none. */
static int64_t bytes_below(const char *path)
{
    char *room = strdup(path);
    char *const paths[] = { room, NULL };
    FTS *walk =
        room != NULL ? fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL) : NULL;
    int64_t bytes = 0;

    for (FTSENT *entry; walk != NULL && (entry = fts_read(walk)) != NULL;) {
        if (entry->fts_info == FTS_F || entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE)
            bytes += entry->fts_statp->st_size;
        if (entry->fts_level == FTS_ROOTLEVEL && entry->fts_info == FTS_NS)
            bytes = -1;
    }
    if (walk == NULL)
        bytes = -1;
    else
        fts_close(walk);
    free(room);
    return bytes;
}

/* Relative ones start where the target's commands run. -1 when one is not there. */
static int64_t files_bytes(const struct recipe_place *at, struct arena *arena)
{
    const struct suite_target *target = at->variant->target;
    const char *folder = recipe_folder(at->suite, target, arena);
    int64_t sum = 0;

    for (size_t i = 0; i < target->ship_file_count; i++) {
        const char *path;
        struct error ignored;
        int64_t bytes;

        if (!recipe_text(at, target->ship_files[i], arena, &path, &ignored))
            return -1;
        if (path[0] != '/')
            path = arena_format(arena, "%s/%s", folder, path);
        bytes = bytes_below(path);
        if (bytes < 0)
            return -1;
        sum += bytes;
    }
    return sum;
}

static int64_t packages_bytes(const struct suite_target *target, struct arena *arena)
{
    struct package_list list;
    struct error ignored;

    if (target->ship_package_count == 0)
        return 0;
    if (!package_list_read(arena, &list, &ignored))
        return -1;
    return package_closure_bytes(&list, target->ship_packages, target->ship_package_count,
                                 arena_new(arena, bool, list.count));
}

int64_t target_shipped_bytes(const struct suite *suite, const struct variant *variant,
                             const struct target_place *place)
{
    const struct recipe_place at = { .suite = suite, .variant = variant, .place = place };
    const struct suite_target *target = variant->target;
    int64_t files, packages;
    struct arena arena;
    struct error ignored;

    if (target->ship_file_count == 0 && target->ship_package_count == 0)
        return -1;
    if (!arena_map(&arena, PACKAGE_LIST_BYTES + RECIPE_BYTES, &ignored))
        return -1;
    files = files_bytes(&at, &arena);
    packages = packages_bytes(target, &arena);
    arena_unmap(&arena);
    return files < 0 || packages < 0 ? -1 : files + packages;
}
