/* probe/files_priv.h -- reading the kernel's small files and folders without allocating.
 *
 * Nothing here may disturb a trial that is being measured: no heap, no stdio. */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The folder `root`/`path`, or -1 with errno. */
int files_folder(const char *root, const char *path);

/* Reads a file from its beginning, as much of it as fits; ends with a NUL. -1 when it is gone. */
ssize_t files_read(int folder, const char *path, char *ret_text, size_t size);

/* The same of `root`/`path`. */
ssize_t files_text(const char *root, const char *path, char *ret_text, size_t size);

/* The number that `root`/`path` holds, or -1. */
int64_t files_number(const char *root, const char *path);

/* What stands in such a text behind `name` (with its colon or blank) at the beginning of a line. */
const char *files_line(const char *text, const char *name);    /* NULL: there is none */
int64_t files_line_number(const char *text, const char *name); /* -1 */

/* Goes through a folder's entries in steps of one buffer. Close `fd` when done. */
struct listing {
    int fd;
    ssize_t len, next;
    _Alignas(struct dirent64) char entries[4096];
};

bool listing_open(struct listing *l, int folder, const char *path);
const char *listing_take(struct listing *l); /* NULL: no more */

/* The next entry that is a number: a process, a thread, a descriptor. */
bool listing_take_number(struct listing *l, int32_t *ret_number);
