/* proto/http1_priv.h -- what the parts of the HTTP/1 reader share.
 *
 * http1.c knows lines, framing and where a message ends; http1_fields.c knows what header lines
 * mean; http1_known.c recognises heads. Their common memory is struct http1. */
#pragma once

#include <stddef.h>

#include "proto/http1.h"

enum {
    FLAG_LENGTH = 1,      /* Content-Length was there */
    FLAG_CODED = 2,       /* Transfer-Encoding was there */
    FLAG_CHUNKED = 4,     /* ... and its last coding so far is chunked */
    FLAG_CLOSE = 8,       /* Connection: close */
    FLAG_KEEP_ALIVE = 16, /* Connection: keep-alive */
    FLAG_VALUE_CUT = 32,  /* the value is longer than HTTP1_VALUE_MAX */
    FLAG_EMPTY_LINE = 64, /* one empty line before the request was skipped */
    FLAG_HEAD_OVER = 128, /* header lines from now on are trailers */
};

/* A limit's digits, for the sentence that names it. */
#define DIGITS(limit)  DIGITS_(limit)
#define DIGITS_(limit) #limit

/* Refuses the message. Always false, so that `return http1_bad(...)` is the whole error path. */
bool http1_bad(struct http1 *p, const char *reason);

/* What there is between a head and its end of a response, and of a request. */
#define RESPONSE_BYTES offsetof(struct http1, method)
#define REQUEST_BYTES  offsetof(struct http1, value)

_Static_assert(RESPONSE_BYTES <= 128, "begin and recall touch two cache lines");

/* How many bytes at the front are text as in header values: everything but control characters; tabs
 * are fine. */
size_t http1_text_run(struct slice in);

/* How many bytes at the front may stand in a token (RFC 9110, 5.6.2). */
size_t http1_token_run(struct slice in);

/* The name of a header whose value we look at. Never in trailers. */
bool http1_looks_for(const struct http1 *p, struct slice name);

/* A header line begins: its name can be any of those looked for. In trailers none is. */
void http1_begin_field(struct http1 *p);

/* The next piece of the name. A name is never kept, since it may be long and may come in pieces;
 * what is kept is which of those looked for it can still be. */
void http1_narrow(struct http1 *p, struct slice piece, bool complete);

/* The value, trimmed, of a header whose name left candidates. */
bool http1_read_field(struct http1 *p, struct slice value);
