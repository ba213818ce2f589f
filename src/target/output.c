#include "target/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define TAIL_BYTES 8192 /* of the file's end: more than the lines that are shown */

bool output_open(const char *path, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0)
        return error_set(err, errno, "open %s", path);
    close(fd);
    return true;
}

/* Without its end, which may be CR LF. */
static struct slice last_line(struct slice *content)
{
    struct slice line;
    size_t begin;

    while (content->len > 0 &&
           (content->ptr[content->len - 1] == '\n' || content->ptr[content->len - 1] == '\r'))
        content->len--;
    begin = content->len;
    while (begin > 0 && content->ptr[begin - 1] != '\n')
        begin--;
    line = (struct slice){ content->ptr + begin, content->len - begin };
    content->len = begin;
    return line;
}

/* One line as it is shown. */
static void add_line(struct slice line, struct text *text)
{
    bool cut = line.len > OUTPUT_LINE_BYTES_MAX;

    if (cut)
        line.len = OUTPUT_LINE_BYTES_MAX;
    text_add(text, SLICE("\n  | "));
    text_add_escaped(text, line);
    if (cut)
        text_add(text, SLICE("..."));
}

static size_t shown_len(struct slice line)
{
    char room[4 * OUTPUT_LINE_BYTES_MAX + 16];
    struct text text = TEXT(room);

    add_line(line, &text);
    return text.len;
}

void output_tail(struct slice content, struct text *text)
{
    struct slice lines[OUTPUT_LINES_MAX];
    size_t room = text->cap - 1 - text->len;
    size_t count = 0;

    /* From the last one backwards, as it mostly says what went wrong: it must not be what is cut.
     */
    while (count < OUTPUT_LINES_MAX) {
        struct slice line = last_line(&content);
        size_t len = shown_len(line);

        if (line.len == 0 || len > room)
            break;
        room -= len;
        lines[count++] = line;
    }
    while (count > 0)
        add_line(lines[--count], text);
}

/* The end of the file; how many bytes. */
static size_t read_end(const char *path, char *ret_bytes, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t end, begin;
    ssize_t got;

    if (fd < 0)
        return 0;
    end = lseek(fd, 0, SEEK_END);
    begin = end > (off_t)size ? end - (off_t)size : 0;
    got = pread(fd, ret_bytes, size, begin);
    close(fd);
    return got > 0 ? (size_t)got : 0;
}

bool output_explain(const char *path, struct error *err)
{
    char bytes[TAIL_BYTES];
    size_t len = read_end(path, bytes, sizeof(bytes));
    struct text text = { err->text, strlen(err->text), sizeof(err->text), false };

    if (len == 0)
        return false;
    text_add(&text, SLICE(". Its last output:"));
    output_tail((struct slice){ bytes, len }, &text);
    return false;
}
