/* server/respond_priv.h -- which bytes answer which request.
 *
 * Pure: no socket, no clock. Everything is rendered once, before the first connection; answering is
 * pointing at it. What a server that misbehaves on purpose would say or hold back is decided here
 * and nowhere else.
 *
 * The answers carry no Date: every answer is the same bytes as the one before, which makes a byte
 * count exact, keeps the clock out of the server's path, and gives no client an easier or harder
 * second per second. (RFC 9110, 6.6.1 asks for it of servers that have a clock; this one has none.)
 */
#pragma once

#include <stdbool.h>
#include <sys/uio.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "proto/http1.h"
#include "server/behave.h"
#include "server/server.h"

struct answers {
    bool close;         /* every answer ends its connection */
    struct slice usual; /* head and body in one piece: what nearly every request gets */
    struct slice usual_head;
    struct slice last_head; /* "Connection: close" */
    struct slice kept_head; /* "Connection: keep-alive": HTTP/1.0 assumes the opposite */
    struct slice body;
    struct slice failure;   /* head and body of a 500 */
    struct slice long_head; /* announces one byte more than the body has */
};

/* What to send, in order; points at bytes that live as long as the server. 64: a pipelining client
 * has its answers in one system call, and a blocked connection remembers at most 1 KiB of this. */
#define OUT_MAX    64
#define OUT_ANSWER 3                 /* pieces that one request can add: 100 Continue, head, body */
#define OWN_BYTES  (BEHAVE_ECHO + 1) /* what was asked, and a byte that is wrong */

struct out {
    unsigned first, count;
    struct iovec pieces[OUT_MAX];
    bool apart;          /* one write a piece */
    char own[OWN_BYTES]; /* of an oracle's answer: pieces may point into it */
};

/* A copy whose pieces point into itself where the other's did. */
void out_copy(struct out *to, const struct out *from);

/* How much of an arena answers_render() takes. */
size_t answers_bytes(const struct server_config *config);

void answers_render(const struct server_config *config, struct arena *arena,
                    struct answers *ret_answers);

/* Adds the answer to a complete request. False: the connection ends behind it. */
bool respond(const struct answers *answers, const struct http1 *request, struct out *out);

/* An oracle's answer, one at a time. */
struct oddity {
    enum lie lie;      /* of an answer with a body; LIE_FLIP of one that is not empty */
    size_t flip_at;    /* LIE_FLIP: which byte */
    bool last;         /* says that the connection ends; not with a lie that changes the head */
    struct slice echo; /* the body, if it has a length; of as many bytes as the rendered one */
};
bool respond_oddly(const struct answers *answers, const struct http1 *request,
                   const struct oddity *oddity, struct out *out);

/* Tells a client that waits for it to go on with its body (RFC 9110, 10.1.1). */
void respond_continue(struct out *out);

/* Adds the answer to bytes that are no request; the connection ends behind it. */
void respond_bad(const char *reason, struct out *out);

static inline bool out_has_room(const struct out *out)
{
    return out->count + OUT_ANSWER <= OUT_MAX;
}
