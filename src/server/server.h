/* server/server.h -- our own server: the ceiling, and an oracle that misbehaves as told.
 *
 * One thread, or several that share nothing (SO_REUSEPORT); each an epoll loop. Answers GET, HEAD,
 * POST and the rest with the same rendered bytes; reads request bodies (length and chunked) and
 * throws them away; pipelining; Connection: close and HTTP/1.0, also with Connection: keep-alive.
 * Counts what it saw: connections accepted, requests whose head was complete. Bytes that are no
 * request get 400 and a close.
 *
 * Raises the soft limit of open files to the hard one, since a connection is a descriptor. SIGPIPE
 * is never raised; other signals are the caller's: its threads take over the mask of
 * server_start(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "server/behave.h"

#define SERVER_THREADS_MAX 256
#define SERVER_BODY_MAX    ((uint64_t)1 << 30)

/* Open files of the process while it serves. One client address has 64 Ki ports at most to connect
 * from; a connection beyond the limit is accepted, counted and closed. */
#define SERVER_DESCRIPTORS_MAX (UINT32_C(128) * 1024)

struct server_config {
    uint16_t port;           /* 0: any; see server_port() */
    const char *unix_socket; /* a path, in place of the port; NULL: the port */
    uint32_t threads;
    struct slice body;         /* what is answered */
    struct slice content_type; /* "text/plain" */
    bool close;                /* one answer a connection, announced */

    /* NULL: answers at once, and the truth. An oracle has one thread, or those of its mode. */
    const struct behave *oracle;
};

struct server_counts {
    uint64_t connections, requests;
    uint64_t lies[LIE_KINDS]; /* told */
    uint64_t closes;          /* announced after so many answers */
    uint64_t stalls;          /* pauses that held answers back */
};

struct server;

/* Binds to 127.0.0.1, or to the Unix socket, whose file goes with it, and starts; nothing of
 * `config` is needed afterwards. When the port is taken err->sys is EADDRINUSE, and the text names
 * who has it where that can be seen. */
bool server_start(const struct server_config *config, struct server **ret_server,
                  struct error *err);
uint16_t server_port(const struct server *server);
struct server_counts server_counts(const struct server *server); /* any time */

/* Serves what has arrived already, so that a client that is done finds its own figures in the final
 * counts; then ends the threads, closes everything and frees. */
struct server_counts server_stop(struct server *server);
