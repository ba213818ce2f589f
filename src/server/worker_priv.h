/* server/worker_priv.h -- one thread of the server: its epoll loop and its connections.
 *
 * Workers share the rendered answers, which nobody writes, and nothing else: each has a table of
 * its own for every descriptor that the process may have. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "proto/http1.h"
#include "server/oracle_priv.h"
#include "server/respond_priv.h"

/* One read. 64 KiB: request bodies come in few pieces, and the buffer stays in the L2 cache. */
#define READ_BYTES (64 * 1024)

#define EVENTS_MAX 256

enum conn_end {
    END_NO,
    END_DEALT,  /* none, but another worker's turn: see deal() */
    END_CLOSE,  /* when the answer has left */
    END_LINGER, /* the same, but the client may be sending still: see linger() */
};

/* 10 000 connections are 320 KB; what a connection needs only when it is slow or odd is apart. */
struct conn {
    struct blocked *blocked; /* the socket is full, or an oracle waits: what waits with it; NULL */
    struct http1 *parser;    /* of a request that came in pieces; NULL until one did */
    uint32_t watched;        /* events that epoll reports; 0: not registered */
    uint8_t end;             /* enum conn_end */
    bool midway;             /* `parser` is inside a request */
    bool lingers;
    bool held;               /* `blocked` is in the oracle's list: it leaves when its time comes */
    uint32_t lingered_bytes; /* thrown away since we shut down our side */
    uint32_t answered;       /* counted by an oracle only */
};

struct worker {
    /* Written by this worker alone, read by anyone, on a cache line of their own. */
    _Alignas(64) _Atomic uint64_t connections;
    _Atomic uint64_t requests;

    _Alignas(64) const struct answers *answers;
    struct oracle *oracle; /* NULL: answers at once, and the truth */
    struct conn *conns;    /* by descriptor; entries of others stay zero */
    uint32_t conn_limit;
    int listener, epoll, stop; /* descriptors; `stop` is readable when it is time to end */
    bool accepting;            /* false while descriptors have run out */
    bool stopping;
    pthread_t thread;
    struct http1 parser; /* between two reads always fresh */
    struct http1_known known;
    struct out out;
    struct epoll_event events[EVENTS_MAX];
    char buffer[READ_BYTES];
};

/* The caller has filled in answers, oracle, conns, conn_limit, listener and stop, and closes the
 * latter two. */
bool worker_open(struct worker *w, struct error *err);
void worker_close(struct worker *w); /* and every connection */

/* The thread's function: returns NULL when `stop` became readable and what had arrived is served.
 */
void *worker_run(void *worker);
