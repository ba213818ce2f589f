/* assay_app.h -- an application that `assay inproc --runtime c` can drive, as a shared object.
 *
 * One function, with the C ABI, so that C, C++, Rust, Zig, Go (c-shared) and the like can all be
 * measured beside each other and beside Python and PHP. The smallest application:
 *
 *     #include "assay_app.h"
 *
 *     int assay_app(const struct assay_request *request, struct assay_response *response)
 *     {
 *         static const struct assay_header headers[] = { { "Content-Type", "text/plain" } };
 *
 *         (void)request;
 *         response->headers = headers;
 *         response->header_count = 1;
 *         response->body = "Hello World!";
 *         response->body_len = 12;
 *         return 0;
 *     }
 *
 *     gcc -O2 -shared -fPIC -I .../include/assay app.c -o app.so
 *     assay inproc app.so --runtime c
 *
 * The calls come one after the other, from one thread. The request, and what it points to, belongs
 * to the caller and is good until the function returns. What the response points to belongs to the
 * application and has to stay good until the next call. Strings end with NUL; a body need not, and
 * may hold any bytes.
 *
 * This ABI does not change. One that has to will have another name for its function. */
#ifndef ASSAY_APP_H
#define ASSAY_APP_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct assay_header {
    const char *name, *value;
};

struct assay_request {
    const char *method; /* "GET" */
    const char *path;   /* "/welcome", as on the wire: nothing is decoded */
    const char *query;  /* without '?', may be "" */
    const struct assay_header *headers;
    size_t header_count;
    const char *body; /* never NULL */
    size_t body_len;
};

/* Comes as 200 with no header and no body: a function fills in what differs. */
struct assay_response {
    int status;
    const struct assay_header *headers;
    size_t header_count;
    const char *body;
    size_t body_len;
};

/* 0: the response is filled in, whatever its status. Everything else is a failure of the call, and
 * counted as a wrong answer with that number. */
int assay_app(const struct assay_request *request, struct assay_response *response);

/* These three may be left out. Called once: before the first request (0, or a number that is shown
 * as the reason why it could not start), and after the last one. */
int assay_app_open(void);
void assay_app_close(void);

/* What is measured, "mylib 1.2". Good for ever. */
const char *assay_app_version(void);

#ifdef __cplusplus
}
#endif

#endif
