/* proto/http1.h -- reads HTTP/1.0 and HTTP/1.1 messages from bytes as they come.
 *
 * Pure: no allocation, no copy of bodies, no clock, no socket. May be stopped and fed again at
 * every byte: the whole memory of what came before is in the struct. What is not HTTP is HTTP1_BAD
 * with a reason, never a guess (RFC 9112; where it lets a recipient choose, we take the strict
 * side, and say so beside the code). Taken is one leave that it gives, in 2.2: a bare LF ends a
 * line of a head or of the trailers. It can be read in one way only, and small hand-written servers
 * send it. In chunk framing, which has no such leave, it is BAD.
 *
 *     struct http1 p;
 *     http1_begin(&p, HTTP1_RESPONSE, head_request, NULL, 0);
 *     while ((step = http1_step(&p, &input, &body)) != HTTP1_MORE) ...
 *
 * One struct reads one message. After HTTP1_DONE the rest of `input` belongs to the next message.
 * With HTTP1_BAD it begins with the byte that was refused. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Limits: a peer that sends headers for ever must be found long before a time-out finds it, and all
 * of them are far above what well-meaning servers send. Lines count with their ends. */
#define HTTP1_HEAD_MAX          65536 /* bytes of a head, all of its lines; 1xx heads count anew */
#define HTTP1_LINE_MAX          16384 /* bytes of a line; last chunk and trailers count as one */
#define HTTP1_VALUE_MAX         256 /* bytes of a header value that we look at (framing, watched) */
#define HTTP1_METHOD_MAX        24  /* bytes of a request's method; the longest in use has 17 */
#define HTTP1_TARGET_MAX        256 /* bytes of a request's target that are kept; the rest is cut */
#define HTTP1_INFORMATIONAL_MAX 64  /* 1xx heads before one answer: reports, not a stream */
#define HTTP1_BODY_MAX          INT64_MAX /* bytes a length or a chunk may announce: no sum wraps */
#define HTTP1_WATCH_MAX         8

enum http1_side { HTTP1_RESPONSE, HTTP1_REQUEST };

enum http1_step {
    HTTP1_MORE, /* the input is used up; feed more */
    HTTP1_HEAD, /* the final head is complete: the fields below are valid. Once a message. */
    HTTP1_BODY, /* *ret_body is the next piece of the body, inside the input; never empty */
    HTTP1_DONE, /* the message is complete */
    HTTP1_BAD,  /* not HTTP, or against it: see `reason`. The struct is spent. */
};

enum http1_framing {
    HTTP1_EMPTY,   /* no body: HEAD, 204, 304, or a request without one */
    HTTP1_LENGTH,  /* Content-Length */
    HTTP1_CHUNKED, /* Transfer-Encoding: chunked */
    HTTP1_CLOSE,   /* all until the peer closes */
};

/* A header whose value the caller wants compared, in every message, without copying it out. */
struct http1_watch {
    struct slice name;  /* any case, any length */
    struct slice value; /* compared after trimming; at most HTTP1_VALUE_MAX bytes, ptr not NULL */
    /* Compare up to the first ';' only, without case. If `value` has a ';', then all parts between
     * them, without case and without blanks at their ends. */
    bool media_type;
};

/* In the order of use: what a response needs between its head and its end comes first, so that
 * http1_begin() and http1_recall() touch two cache lines. */
struct http1 {
    /* What the head said; valid from HTTP1_HEAD on. */
    uint64_t content_length; /* as announced, whether a body comes or not (HEAD, 304); else 0 */
    enum http1_framing framing;
    uint16_t status;       /* of a response */
    uint8_t version_minor; /* HTTP/1.x */
    bool keeps;            /* the peer keeps the connection after this message, by what it said */
    bool head_method;      /* a request: its method is HEAD */
    bool expects_continue; /* a request with Expect: 100-continue */
    uint8_t watch_equal;   /* bit i: watch[i] was there (once or more), and always with its value */

    /* Running figures. */
    uint16_t informational; /* 1xx heads read before this one */
    uint32_t head_bytes;
    uint64_t body_bytes; /* of the body, without chunk framing */
    const char *reason;  /* with HTTP1_BAD: a sentence without a full stop; static text */

    /* Private from here on. */
    const struct http1_watch *watch;
    uint64_t left; /* of the body or the chunk */
    enum http1_side side;
    uint32_t line_bytes;
    uint16_t flags;
    uint16_t candidates; /* bit i: the header's name can still be the ith of those looked for */
    uint16_t at;         /* bytes read of the name, of the version, of the chunk size */
    uint16_t value_len, target_len;
    uint8_t state;
    uint8_t method_len;
    uint8_t watch_count, watch_seen, watch_wrong;
    bool answers_head;

    char method[HTTP1_METHOD_MAX];
    char target[HTTP1_TARGET_MAX]; /* of a request; see http1_target() */
    char value[HTTP1_VALUE_MAX];   /* of a header that we look at and that came in pieces */
};

/* `answers_head`: the response belongs to a HEAD request and so has no body. `watch` (at most
 * HTTP1_WATCH_MAX) must outlive the struct. */
void http1_begin(struct http1 *p, enum http1_side side, bool answers_head,
                 const struct http1_watch *watch, uint8_t watch_count);

/* Consumes from the front of *input and says what was found. */
enum http1_step http1_step(struct http1 *p, struct slice *input, struct slice *ret_body);

/* The peer closed. HTTP1_DONE: that completes the message. HTTP1_MORE: nothing of a message had
 * come. HTTP1_BAD: it was cut short. */
enum http1_step http1_end(struct http1 *p);

/* Behind HTTP1_HEAD, or http1_recall(). */
bool http1_has_head(const struct http1 *p);

/* True while not one byte of a message was consumed. */
bool http1_is_fresh(const struct http1 *p);

/* A request's method and target ("GET", "/json?x=1"); valid from HTTP1_HEAD on. */
struct slice http1_method(const struct http1 *p);
struct slice http1_target(const struct http1 *p);

/* Servers send the same head again and again. What changes, if anything, is the value of a header
 * that nobody looks at: the date, a request's number, a cookie. Such a head needs no second parse.
 * One of these a worker; all zero knows nothing. */
#define HTTP1_KNOWN_MAX 4096

struct http1_known {
    uint32_t len; /* 0: nothing known */
    char bytes[HTTP1_KNOWN_MAX];
    struct http1 after; /* right behind HTTP1_HEAD */
};

/* Remembers `head` (all of its bytes, from the first of the status line to the empty line) as what
 * leads to *p, which has just answered HTTP1_HEAD. Longer heads than HTTP1_KNOWN_MAX, and heads
 * with 1xx or an empty line before them, are not learnt: what was known stays known. */
void http1_learn(struct http1_known *known, struct slice head, const struct http1 *p);

/* If *p is fresh and the input begins with the known head, or with one that differs from it in such
 * values and in nothing else (that one is then the known one): consumes it, puts *p where
 * HTTP1_HEAD would have left it, and returns true. Then go on with http1_step(), which will not say
 * HTTP1_HEAD again. Valid only between structs begun alike (same side, answers_head, watch). */
bool http1_recall(struct http1 *p, struct http1_known *known, struct slice *input);
