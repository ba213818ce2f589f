/* target/package.h -- which Debian packages are installed here, what they weigh and what they need.
 *
 * package_list_parse() is pure; package_list_read() asks dpkg-query once for everything. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

#define PACKAGE_LIST_BYTES                                                \
    ((size_t)64 << 20) /* reserved for one list; a big desktop's has 3 MB \
                        */

struct package {
    struct slice name;
    struct slice provides;             /* "a, b (= 1)" */
    struct slice depends, pre_depends; /* "a (>= 1), b | c" */
    uint64_t installed_kib;
};

struct package_list {
    struct package *packages;
    size_t count;
};

/* One line a package: name, db:Status-Abbrev, Installed-Size, Provides, Pre-Depends, Depends, with
 * tabs between them. Those that are not installed are left out. Slices point into `lines`. */
struct package_list package_list_parse(struct slice lines, struct arena *arena);

/* False where there is no dpkg. */
bool package_list_read(struct arena *arena, struct package_list *ret_list, struct error *err);

/* The package of that name, else one that provides it, else NULL. */
const struct package *package_find(const struct package_list *list, struct slice name);

/* The Installed-Size of these packages and of everything they depend on, each counted once; of
 * alternatives ("a | b") the first that is installed. -1 when one of `names` is not installed.
 * `marks`: room for list->count, all false. */
int64_t package_closure_bytes(const struct package_list *list, const struct slice *names,
                              size_t name_count, bool *marks);
