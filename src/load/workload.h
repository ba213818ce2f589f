/* load/workload.h -- what is asked, and what a right answer is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define WORKLOAD_HEADERS_MAX 32
#define WORKLOAD_NONCE_LEN   16 /* hexadecimal digits that stand where "{nonce}" stood */

struct header {
    struct slice name, value;
};

/* Absent parts are not checked. {nonce} in path or request body is replaced by 16 fresh hexadecimal
 * digits in each request, and must come back where {nonce} stands in the expected body. */
struct expect {
    uint16_t status;           /* 0: any final status below 400 */
    struct slice content_type; /* parameters are ignored unless given here too; ptr NULL: any */
    struct header headers[WORKLOAD_HEADERS_MAX];
    size_t header_count;
    struct slice body; /* these bytes; ptr NULL: see json, else any */
    struct slice json; /* this value, however it is written; ptr NULL: not asked for */
    bool any_body;     /* nor that which all probes had: it may change with time */
};

struct workload {
    struct slice name;
    struct slice method; /* "GET" */
    struct slice path;   /* begins with '/', query included */
    struct header headers[WORKLOAD_HEADERS_MAX];
    size_t header_count;
    struct slice body; /* of the request; ptr NULL: none */
    struct expect expect;
    struct slice verify; /* a command asked with the URL before the drive; ptr NULL: none */
};
