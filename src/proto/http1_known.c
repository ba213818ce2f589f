#include <endian.h>

#include "proto/http1_priv.h"

static void copy_read(struct http1 *to, const struct http1 *from)
{
    if (from->side == HTTP1_RESPONSE)
        memcpy(to, from, RESPONSE_BYTES);
    else
        memcpy(to, from, REQUEST_BYTES);
}

void http1_learn(struct http1_known *known, struct slice head, const struct http1 *p)
{
    if (p->informational > 0 || head.len != p->head_bytes || head.len > HTTP1_KNOWN_MAX)
        return;
    known->len = (uint32_t)head.len;
    memcpy(known->bytes, head.ptr, head.len);
    copy_read(&known->after, p);
}

static size_t equal_run(const char *a, const char *b, size_t len)
{
    size_t n = 0;

    for (uint64_t x, y; len - n >= sizeof(x); n += sizeof(x)) {
        memcpy(&x, a + n, sizeof(x));
        memcpy(&y, b + n, sizeof(y));
        if (x != y)
            return n + (size_t)__builtin_ctzll(le64toh(x ^ y)) / 8;
    }
    while (n < len && a[n] == b[n])
        n++;
    return n;
}

/* Where in the known head the value begins in which its byte `at` lies, if that is a value that
 * nobody looks at. Else 0. */
static size_t idle_value(const struct http1 *p, const struct http1_known *known, size_t at)
{
    const char *line = memrchr(known->bytes, '\n', at);
    const char *colon;

    if (line == NULL)
        return 0;
    line++;
    colon = memchr(line, ':', (size_t)(known->bytes + at - line));
    if (colon == NULL || http1_looks_for(p, (struct slice){ line, (size_t)(colon - line) }))
        return 0;
    return (size_t)(colon + 1 - known->bytes);
}

/* How long the head is at the front of `in` that differs from the known one in values that nobody
 * looks at, and in nothing else. 0: there is none, or the parser should say. */
static size_t similar_head(const struct http1 *p, const struct http1_known *known, struct slice in)
{
    size_t at = 0, n = 0; /* of the known head and of `in` as much is alike */

    for (;;) {
        size_t left = known->len - at, room = in.len - n;
        size_t run = equal_run(known->bytes + at, in.ptr + n, left < room ? left : room);
        size_t value;

        at += run;
        n += run;
        if (at == known->len)
            return n <= HTTP1_HEAD_MAX ? n : 0;
        value = idle_value(p, known, at);
        if (value == 0)
            return 0;
        n -= at - value;
        run = http1_text_run((struct slice){ in.ptr + n, in.len - n });
        n += run + 2;
        if (run + 2 > HTTP1_LINE_MAX - HTTP1_KNOWN_MAX || n > in.len ||
            memcmp(in.ptr + n - 2, "\r\n", 2) != 0)
            return 0;
        at = (size_t)((const char *)rawmemchr(known->bytes + at, '\n') + 1 - known->bytes);
    }
}

static bool take_head(struct http1 *p, const struct http1_known *known, struct slice *input,
                      size_t len)
{
    copy_read(p, &known->after);
    p->head_bytes = (uint32_t)len;
    input->ptr += len;
    input->len -= len;
    return true;
}

/* Out of line, so that a head that is the same does not save registers for it. */
__attribute__((noinline)) static bool recall_similar(struct http1 *p, struct http1_known *known,
                                                     struct slice *input)
{
    struct slice head = { input->ptr, similar_head(p, known, *input) };

    if (head.len == 0)
        return false;
    take_head(p, known, input, head.len);
    http1_learn(known, head, p); /* next time this one will be the likelier */
    return true;
}

bool http1_recall(struct http1 *p, struct http1_known *known, struct slice *input)
{
    if (known->len == 0 || !http1_is_fresh(p))
        return false;
    if (input->len < known->len || memcmp(input->ptr, known->bytes, known->len) != 0)
        return recall_similar(p, known, input);
    return take_head(p, known, input, known->len);
}
