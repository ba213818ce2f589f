#include "cli/request_options.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (64u << 20) /* of a body or headers read from a file */

static bool read_file(struct text_files *files, const char *path, struct slice *ret_content,
                      struct error *err)
{
    struct arena *arena = &files->files[files->count];
    struct stat info;
    char *content;
    size_t len = 0;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) < 0) {
        error_usage(err, "cannot read %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size > FILE_BYTES_MAX) {
        close(fd);
        return error_usage(err, "%s is not a file of at most %u MiB", path, FILE_BYTES_MAX >> 20);
    }
    if (files->count == sizeof(files->files) / sizeof(files->files[0]) ||
        !arena_map(arena, (size_t)info.st_size + 1, err)) {
        close(fd);
        return error_set(err, ENOMEM, "read %s", path);
    }
    files->count++;
    content = arena_new(arena, char, (size_t)info.st_size + 1);
    while (len < (size_t)info.st_size && got > 0) {
        got = read(fd, content + len, (size_t)info.st_size - len);
        len += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    if (got < 0)
        return error_usage(err, "cannot read %s: %s", path, strerror(errno));
    *ret_content = (struct slice){ content, len };
    return true;
}

bool text_or_file(struct text_files *files, const char *argument, struct slice *ret_text,
                  struct error *err)
{
    if (argument[0] == '@')
        return read_file(files, argument + 1, ret_text, err);
    *ret_text = slice_of(argument);
    return true;
}

static bool add_header(struct workload *w, struct slice line, struct error *err)
{
    const char *colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;
    struct header *header = &w->headers[w->header_count];

    if (colon == NULL || colon == line.ptr)
        return error_usage(err, "'%.*s' is no header; write it like 'Accept: text/html'",
                           (int)line.len, line.ptr);
    if (w->header_count == WORKLOAD_HEADERS_MAX)
        return error_usage(err, "more than %d headers", WORKLOAD_HEADERS_MAX);
    header->name = (struct slice){ line.ptr, (size_t)(colon - line.ptr) };
    header->value = slice_trim((struct slice){ colon + 1, line.len - header->name.len - 1 });
    w->header_count++;
    return true;
}

bool add_headers(struct text_files *files, struct workload *w, const char *argument,
                 struct error *err)
{
    struct slice text = { 0 };

    if (!text_or_file(files, argument, &text, err))
        return false;
    if (argument[0] != '@')
        return add_header(w, text, err);
    while (text.len > 0) {
        const char *newline = memchr(text.ptr, '\n', text.len);
        size_t len = newline == NULL ? text.len : (size_t)(newline - text.ptr);
        struct slice line = { text.ptr, len > 0 && text.ptr[len - 1] == '\r' ? len - 1 : len };

        if (line.len > 0 && !add_header(w, line, err))
            return false;
        text.ptr += newline == NULL ? len : len + 1;
        text.len -= newline == NULL ? len : len + 1;
    }
    return true;
}

void text_files_release(struct text_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        arena_unmap(&files->files[i]);
    files->count = 0;
}
