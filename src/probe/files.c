#include "probe/files_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"

#define PATH_MAX_BYTES 1024 /* of a root and a name behind it */

int files_folder(const char *root, const char *path)
{
    char full[PATH_MAX_BYTES];

    if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

ssize_t files_read(int folder, const char *path, char *ret_text, size_t size)
{
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got = 1;

    if (fd < 0)
        return -1;
    while (got > 0 && len < size - 1) {
        got = read(fd, ret_text + len, size - 1 - len);
        if (got > 0)
            len += (size_t)got;
    }
    close(fd);
    ret_text[len] = '\0';
    return got < 0 ? -1 : (ssize_t)len;
}

ssize_t files_text(const char *root, const char *path, char *ret_text, size_t size)
{
    char full[PATH_MAX_BYTES];

    if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
        return -1;
    return files_read(AT_FDCWD, full, ret_text, size);
}

int64_t files_number(const char *root, const char *path)
{
    char text[64], *end;
    int64_t number;

    if (files_text(root, path, text, sizeof(text)) <= 0)
        return -1;
    number = (int64_t)strtoll(text, &end, 10);
    return end == text ? -1 : number;
}

const char *files_line(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) == 0)
            return line + len;
        if (*line == '\0')
            break;
    }
    return NULL;
}

int64_t files_line_number(const char *text, const char *name)
{
    const char *value = files_line(text, name);

    return value == NULL ? -1 : (int64_t)strtoll(value, NULL, 10);
}

bool listing_open(struct listing *l, int folder, const char *path)
{
    l->fd = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    l->len = l->next = 0;
    return l->fd >= 0;
}

const char *listing_take(struct listing *l)
{
    const struct dirent64 *entry;

    if (l->next >= l->len) {
        l->len = getdents64(l->fd, l->entries, sizeof(l->entries));
        l->next = 0;
        if (l->len <= 0)
            return NULL;
    }
    entry = (const struct dirent64 *)(const void *)(l->entries + l->next);
    l->next += entry->d_reclen;
    return entry->d_name;
}

bool listing_take_number(struct listing *l, int32_t *ret_number)
{
    for (const char *name; (name = listing_take(l)) != NULL;) {
        uint64_t number;

        if (!slice_u64(slice_of(name), INT32_MAX, &number))
            continue;
        *ret_number = (int32_t)number;
        return true;
    }
    return false;
}
