/* tests/fuzz/http1_reading.h -- reads messages in pieces, each flush against memory that may not be
 * touched, and notes all that was said: for the unit tests and the fuzzer, which both hold that
 * the pieces must not matter. */
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include "base/bug.h"
#include "proto/http1.h"

/* Room for one piece, with a page behind it that cannot be read. */
struct guarded {
    char *end;
    size_t cap;
};

static inline struct guarded guarded_new(size_t cap)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (cap + page - 1) / page * page;
    char *base =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    BUG_IF(base == MAP_FAILED);
    BUG_IF(mprotect(base + room, page, PROT_NONE) != 0);
    return (struct guarded){ base + room, room };
}

static inline struct slice guarded_put(const struct guarded *guarded, struct slice piece)
{
    BUG_IF(piece.len > guarded->cap);
    if (piece.len > 0)
        memcpy(guarded->end - piece.len, piece.ptr, piece.len);
    return (struct slice){ guarded->end - piece.len, piece.len };
}

/* One message as it was read. */
struct reading {
    struct http1 p;
    enum http1_step step; /* the last one */
    unsigned heads;       /* how often HTTP1_HEAD was said */
    uint64_t consumed;
    uint64_t body_bytes, body_hash;
};

static inline void reading_note_body(struct reading *r, struct slice body, struct slice piece)
{
    BUG_IF(body.len == 0);
    BUG_IF(body.ptr < piece.ptr);
    BUG_IF(body.ptr + body.len > piece.ptr + piece.len);
    for (size_t i = 0; i < body.len; i++) /* FNV-1a */
        r->body_hash = (r->body_hash ^ (uint8_t)body.ptr[i]) * UINT64_C(1099511628211);
    r->body_bytes += body.len;
}

/* Feeds one piece; false when the message is over, for good or bad. */
static inline bool reading_feed(struct reading *r, struct slice piece)
{
    struct slice input = piece, body;

    do {
        r->step = http1_step(&r->p, &input, &body);
        if (r->step == HTTP1_HEAD)
            r->heads++;
        if (r->step == HTTP1_BODY)
            reading_note_body(r, body, piece);
    } while (r->step == HTTP1_HEAD || r->step == HTTP1_BODY);
    BUG_IF(r->step == HTTP1_MORE && input.len > 0);
    BUG_IF(r->heads > 1);
    r->consumed += piece.len - input.len;
    return r->step == HTTP1_MORE;
}

/* True when two ways of cutting the same bytes told the same. */
static inline bool reading_equal(const struct reading *a, const struct reading *b)
{
    const struct http1 *p = &a->p, *q = &b->p;
    bool same = a->step == b->step && a->heads == b->heads && a->consumed == b->consumed &&
                a->body_bytes == b->body_bytes && a->body_hash == b->body_hash &&
                p->body_bytes == q->body_bytes && p->head_bytes == q->head_bytes &&
                p->informational == q->informational && p->reason == q->reason;

    if (!same || a->heads == 0)
        return same;
    return p->status == q->status && p->version_minor == q->version_minor &&
           p->framing == q->framing && p->keeps == q->keeps && p->head_method == q->head_method &&
           p->expects_continue == q->expects_continue && p->watch_equal == q->watch_equal &&
           p->content_length == q->content_length &&
           slice_equal(http1_method(p), http1_method(q)) &&
           slice_equal(http1_target(p), http1_target(q));
}
