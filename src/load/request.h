/* load/request.h -- a workload as the bytes that are sent, rendered once, before anything is timed.
 *
 * A request holds Host, what the workload asks for, and nothing else: a browser's worth of headers
 * would measure the server's parser. A Content-Length is added where there is a body (and for POST,
 * PUT and PATCH without one, RFC 9110 section 8.6), "Connection: close" where each request gets a
 * connection of its own. A header that the workload names itself is not added a second time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "load/workload.h"
#include "proto/http1.h"

#define REQUEST_NONCES_MAX 8 /* places in one request; more is an error that names this limit */

struct request_text {
    struct slice bytes;                    /* in the arena; zeros stand in the nonces' places */
    uint32_t nonce_at[REQUEST_NONCES_MAX]; /* offsets into bytes; WORKLOAD_NONCE_LEN digits each */
    uint32_t nonce_count;                  /* 0: the same bytes can be sent again and again */
    bool is_head;                          /* the answer has no body, whatever it announces */
};

/* `host` is the value of the Host header. False when the workload cannot be sent: a control
 * character or a space where it would end the line, too many nonces. */
bool request_render(const struct workload *workload, struct slice host, bool keepalive,
                    struct arena *arena, struct request_text *ret_request, struct error *err);

/* The 16 digits that stand for this number. `ret_digits` gets no NUL. */
void request_nonce_digits(uint64_t nonce, char *ret_digits);

/* Writes the digits into every place of a nonce. `bytes` is a copy of request->bytes that belongs
 * to the caller. */
void request_put_nonce(const struct request_text *request, uint64_t nonce, char *bytes);

/* What the parser has to watch for: the expected content type, when there is one, comes first, then
 * the expected headers; bit i of http1.watch_equal is ret_watches[i]. False when that is more than
 * HTTP1_WATCH_MAX. The watches point into `expect`. */
bool request_watches(const struct expect *expect, struct http1_watch *ret_watches,
                     uint8_t *ret_count, struct error *err);
