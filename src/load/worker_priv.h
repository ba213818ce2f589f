/* load/worker_priv.h -- one worker of the generator: its connections, its clock marks, its counts.
 *
 * Read this struct first, then conn.c (the life of one request), worker.c (the loop around it) and
 * window.c (what of it is measured).
 * A connection is a slot of the ring; it is in exactly one list at a time, or in none. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "load/pacer.h"
#include "load/plan.h"
#include "load/tally.h"
#include "load/usage.h"
#include "net/ring.h"
#include "proto/http1.h"

#define NO_CONN UINT32_MAX

/* At the start so many connections are opened at a time, by all workers together: a thousand at
 * once would overflow the target's accept queue, and what we then measured would be SYN
 * retransmissions. */
#define CONNECTING_MAX 128

/* Refused connects wait 10 ms, then twice as long each time, 1 s at most: a server that says no
 * must not meet more load than one that says yes. */
#define BACKOFF_STEPS    8
#define BACKOFF_FIRST_NS (10 * MILLISECOND_NS)
#define BACKOFF_MAX_NS   SECOND_NS

/* How often a worker looks whether the others are warm too, and how long before its begin the
 * window is announced to them. */
#define WARMED_LOOK_NS  MILLISECOND_NS
#define WARMED_AHEAD_NS (2 * WARMED_LOOK_NS)

enum conn_state {
    CONN_CLOSED,     /* no socket */
    CONN_OPENING,    /* connecting, no request yet: the open loop's pool */
    CONN_CONNECTING, /* connecting, with a request that goes out behind the handshake */
    CONN_BUSY,       /* a request is out, its answer is awaited or being read */
    CONN_IDLE,       /* open and free */
    CONN_BACKOFF,    /* no socket, and none before its time */
};

struct conn {
    uint8_t state;        /* enum conn_state */
    uint8_t wrong;        /* enum outcome: what the answer has against it so far */
    uint8_t backoff_step; /* how long the next backoff is */
    bool measured;        /* the request was due inside the window */
    bool resent;          /* the request has been sent once more already */
    bool answering;       /* its first byte has come */
    bool fresh;           /* the connection was made for this request */
    uint32_t answers;     /* complete ones on this connection */
    uint32_t right;       /* right answers of this slot, completed in the window */
    uint32_t prev, next;  /* in the list that the state implies */
    struct mono due, sent, first_byte;
    struct mono listed; /* since when it counts as in its list: lists are in this order */
    struct mono connect_began;
    uint64_t wrong_at; /* where the body differed */
    char nonce[WORKLOAD_NONCE_LEN];
    struct http1 parser;
};

/* How an answer began that comes in pieces and may be wrong; for an example. */
struct beginning {
    uint32_t slot;
    struct mono sent; /* the request: once the slot is about another one this is free again */
    uint16_t len;
    char bytes[TALLY_HEAD_MAX];
};

#define BEGINNINGS_MAX TALLY_EXAMPLES_MAX

struct conn_list {
    uint32_t head, tail;
};

/* What the main thread may read while the worker runs. Written by the worker alone, relaxed. */
struct worker_live {
    _Atomic uint64_t ok, failed, done, warmed;
    _Atomic uint32_t seconds; /* how many of tally.seconds are final (release) */
    _Atomic uint32_t tenths;  /* likewise of tally.tenths */
    _Atomic unsigned
        restarts; /* heard: all of the above but `tenths` is of this window (release) */
    _Atomic bool window_over, finished;
};

struct worker {
    /* Fixed before the start. */
    const struct plan *plan;
    uint32_t index;
    uint32_t conn_count;
    bool one_shot;
    bool may_end;  /* one_shot, or an answer may come before its request is out */
    bool prepares; /* there is something to be done before each request: a nonce, CPU to burn */
    struct arena arena;
    struct ring *ring;
    const char *ring_name;
    pthread_t thread;
    struct engine *engine;

    /* The timetable of this drive. */
    struct mono start, begin, end; /* warm-up [start, begin), window [begin, end) */
    struct mono drain_end;
    bool by_count;
    uint64_t quota; /* requests of the window still to start; by count only */
    /* A closed loop's warm-up by count: `begin` is MONO_NEVER as long as it goes on. */
    uint64_t warmup_quota; /* requests of it still to start */
    bool warm;             /* this worker's share of it is over, and the engine knows; or there is
                              no such warm-up */
    struct pacer pacer;
    bool stopping; /* engine_stop() was heard */

    struct conn *conns;
    char *requests; /* a copy for each connection where there are nonces, else the plan's one */
    struct conn_list in_flight; /* CONNECTING, OPENING, BUSY: by the moment they went out */
    struct conn_list idle;      /* open loop: free to take a request, longest waiting first */
    struct conn_list backoff[BACKOFF_STEPS];
    uint32_t connecting;      /* how many are CONNECTING or OPENING */
    uint32_t connecting_max;  /* this worker's share of CONNECTING_MAX */
    uint32_t with_request;    /* how many are CONNECTING or BUSY */
    uint32_t opened_to;       /* slots below have been put to use */
    struct mono idle_since;   /* since when `idle` has had somebody without a break */
    struct http1_known known; /* the head that came last, and was right */
    struct rng nonces;

    struct tally *tally;
    struct histogram *folded; /* tally->response as it was at the last whole second */
    uint64_t folded_ok, folded_failed;
    uint64_t failed_in_window;
    struct mono fold_at;
    uint32_t seconds_max;
    uint64_t right, folded_right; /* right answers of all phases: now, and at the last tenth */
    struct mono tenth_at;
    uint32_t tenths_max;
    bool window_open, window_closed;
    struct mono last_done;   /* of the measured requests */
    struct mono last_answer; /* whole ones, right or wrong */
    /* From the first request without one since then, to the newest. Before last_answer: none. */
    struct mono silent_from, silent_to;
    struct mono last_sent; /* of the measured requests; open loop, first worker */
    int schedstat;         /* usage_open()'s */
    struct thread_usage usage_begin;
    int64_t fold_cpu_ns; /* usage_cpu_ns() at the last whole second */

    struct error error; /* with failed */
    bool failed;
    int64_t cpu_seen_ns; /* the main thread's: what engine_live() read last */
    struct worker_live live;

    struct beginning beginnings[BEGINNINGS_MAX]; /* last: nothing that is used often is far away */
};

/* ---- conn.c: the life of one request ---- */

/* Is there a request to start now? Takes one from the quota if so. Closed loop. */
bool worker_may_start(struct worker *w, struct mono now);
/* Hands a request to a connection that is closed or idle (and in no list). */
void conn_start(struct worker *w, uint32_t slot, struct mono due, struct mono now);
/* Opens a connection without a request. */
void conn_open(struct worker *w, uint32_t slot, struct mono now);
/* The request's, or the handshake's, longest life is over. */
void conn_timed_out(struct worker *w, uint32_t slot, struct mono now);
/* The first connection of this step's list has waited long enough. */
void conn_backed_off(struct worker *w, unsigned step, struct mono now);
void conn_event(struct worker *w, const struct ring_event *event, struct mono now);
int64_t worker_backoff_ns(unsigned step);
/* The connection has no request any more, or never had one: takes the next, or waits for it. */
void conn_free(struct worker *w, uint32_t slot, struct mono now);
/* The measured window includes a completion at this moment. */
bool worker_in_window(const struct worker *w, struct mono now);

/* ---- example.c: wrong answers ---- */

/* The answer goes on beyond these bytes, and may turn out to be wrong. */
void conn_keep_beginning(struct worker *w, uint32_t slot, struct slice input);
/* Counts a wrong answer under its kind. The first of each is explained and kept, with how it began:
 * `input`, or what was kept of it, and then that. */
void conn_keep_example(struct worker *w, uint32_t slot, enum outcome outcome, int sys,
                       struct slice input);

/* ---- dispatch.c: the open loop's timetable ---- */

/* Gives the requests that are due to free connections. */
void worker_dispatch(struct worker *w, struct mono now);
/* No connection was free when that one was due: it waited for the target, or for a larger pool. */
bool worker_lacked_conn(const struct worker *w, struct mono due);
/* A worker's part of the timetable; all of them together are the load's. */
struct pacer dispatch_timetable(const struct plan *plan, uint32_t index, struct mono start);
/* When the first request behind `count` others is due, from the start, whosever it is. */
int64_t dispatch_due_ns(const struct plan *plan, uint64_t count);

/* ---- window.c: what is measured, and when ---- */

/* The window of the plan's length that begins then; MONO_NEVER: that is not known yet. Nothing may
 * have been measured before. */
void window_set(struct worker *w, struct mono begin);
/* Ends a warm-up by count, begins anew when it was asked for, opens, folds seconds and tenths,
 * closes: what is due by now. */
void window_timers(struct worker *w, struct mono now);
/* The next of these moments. */
struct mono window_next_timer(const struct worker *w, struct mono now);
/* It ends now, if it has not ended; and holds nothing, if it has not begun. */
void window_cut(struct worker *w, struct mono now);
void window_close(struct worker *w, struct mono now);
void window_fold_tenths(struct worker *w, struct mono now);
/* At the end: how even the right answers were. */
void window_shares(struct worker *w);

/* A right answer, of any phase. */
static inline void window_right(struct worker *w, struct mono now)
{
    if (now.ns >= w->tenth_at.ns)
        window_fold_tenths(w, now);
    w->right++;
}

uint32_t window_seconds_max(const struct plan *plan);
uint32_t window_tenths_max(const struct plan *plan);

/* ---- worker.c: the loop ---- */

/* The thread: makes itself ready, waits for the others, drives, tells. */
void *worker_main(void *worker);
size_t worker_arena_bytes(const struct plan *plan, uint32_t conn_count);

/* ---- lists ---- */

static inline void list_init(struct conn_list *list)
{
    *list = (struct conn_list){ NO_CONN, NO_CONN };
}

static inline void list_append(struct worker *w, struct conn_list *list, uint32_t slot,
                               struct mono now)
{
    struct conn *c = &w->conns[slot];

    c->listed = now;
    c->prev = list->tail;
    c->next = NO_CONN;
    if (list->tail == NO_CONN)
        list->head = slot;
    else
        w->conns[list->tail].next = slot;
    list->tail = slot;
}

/* Where it belongs by a moment in the past. */
static inline void list_insert(struct worker *w, struct conn_list *list, uint32_t slot,
                               struct mono since)
{
    struct conn *c = &w->conns[slot];
    uint32_t after = list->tail;

    while (after != NO_CONN && w->conns[after].listed.ns > since.ns)
        after = w->conns[after].prev;
    c->listed = since;
    c->prev = after;
    c->next = after == NO_CONN ? list->head : w->conns[after].next;
    if (c->prev == NO_CONN)
        list->head = slot;
    else
        w->conns[c->prev].next = slot;
    if (c->next == NO_CONN)
        list->tail = slot;
    else
        w->conns[c->next].prev = slot;
}

static inline void list_remove(struct worker *w, struct conn_list *list, uint32_t slot)
{
    struct conn *c = &w->conns[slot];

    if (c->prev == NO_CONN)
        list->head = c->next;
    else
        w->conns[c->prev].next = c->next;
    if (c->next == NO_CONN)
        list->tail = c->prev;
    else
        w->conns[c->next].prev = c->prev;
}
