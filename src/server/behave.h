/* server/behave.h -- how an oracle misbehaves: modes as text, and what each of them means.
 *
 * An oracle is a server whose truth is known before it is measured: its service times, its memory,
 * its lies. Here are the modes and the functions that decide them. They are pure: time is an
 * argument (nanoseconds since the server's start), randomness a seed, so that a unit test can hold
 * each mode against its formula with a virtual clock; worker.c does nothing but obey.
 *
 * A service time belongs to a virtual worker, not to a thread: an answer leaves at
 * max(arrival, worker free) + service, and the worker is free again at that computed moment, not
 * when a timer woke somebody. So a late timer delays one answer and never the queue behind it. In
 * every mode answers leave in the order in which their requests came. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/rng.h"

enum behave_service {
    SERVICE_NONE,
    SERVICE_DELAY, /* each request for itself */
    /* One worker, first come, first served: */
    SERVICE_MM1,
    SERVICE_MD1,
    SERVICE_WARMUP,
    SERVICE_STEP,
    SERVICE_SQUARE,
    SERVICE_SLOWDOWN,
};

enum behave_memory {
    MEMORY_FLAT,
    MEMORY_LEAK,
    MEMORY_SAWTOOTH,
    MEMORY_PLATEAU,
    MEMORY_LOGCACHE,
    MEMORY_ONESTEP,
};

enum lie {
    LIE_NONE,
    LIE_500,      /* status 500 and a short body, well framed */
    LIE_FLIP,     /* one bit of the body is wrong */
    LIE_SHORT,    /* the connection ends in the middle of the body */
    LIE_LENGTH,   /* one byte too many, and announced */
    LIE_PREVIOUS, /* the answer of the request before */
    LIE_KINDS,
};

#define BEHAVE_WORKERS_MAX 64
#define BEHAVE_TURNS_MAX   1000 /* sum of the shares, divided by what they have in common */
#define BEHAVE_WORK_NS     INT64_C(100000)      /* CPU time of a request with `workers` */
#define BEHAVE_MEMORY_MAX  (UINT64_C(64) << 30) /* bytes kept */
#define BEHAVE_FACTOR_MAX  1000.0

/* Answers that are never lies: who looks at a server before driving it learns the truth. */
#define BEHAVE_HONEST 16

/* All zero: answers at once, honestly, and keeps nothing. */
struct behave {
    uint32_t given; /* a bit for each mode told so far */
    enum behave_service service;
    int64_t service_ns;
    double factor;
    int64_t
        span_ns; /* warm-up: tau; step: when; square: the period; slowdown: when it is `factor` */

    int64_t pause_ns, pause_every_ns; /* 0: none */

    enum behave_memory memory;
    uint64_t memory_bytes; /* a request; of the step; the scale of the logarithm */
    uint64_t memory_max;
    uint64_t memory_requests;
    int64_t memory_at_ns;

    uint64_t lie_every[LIE_KINDS]; /* one in so many; 0: never */
    uint64_t close_every;          /* 0: connections are kept */
    bool two_writes;               /* head and body apart, with Nagle's algorithm */
    int64_t accept_every_ns;       /* 0: at once */

    uint32_t workers; /* 0: a worker is virtual */
    uint32_t turn_count;
    uint8_t turns[BEHAVE_TURNS_MAX]; /* which worker's turn it is */

    uint64_t seed;
};

/* Adds one mode ("mm1:1ms") to what is there. False: not understood, or against another one. */
bool behave_add(struct behave *b, struct slice mode, struct error *err);

/* For the help: the modes in order; behind the last one `form` is NULL. */
struct behave_mode {
    const char *form;      /* "pause:P/T" */
    const char *arguments; /* in it: d a duration, f a factor with its x, b bytes, n a count, l a
                              kind of lie, s shares; what is between them stands as it is */
    const char *truth;
};
const struct behave_mode *behave_modes(void);

const char *lie_name(enum lie lie); /* "flip" */

/* ---- how it goes ---- */

struct behave_state {
    struct rng service_rng, lie_rng[LIE_KINDS];
    int64_t free_at_ns;    /* the virtual worker's */
    int64_t stall_ends_ns; /* of the last pause that held an answer back */
    uint64_t asked;        /* requests so far, this one included */
    uint64_t lie_at[LIE_KINDS], lies_due[LIE_KINDS];
};

/* `worker`: each one draws numbers of its own. */
void behave_begin(const struct behave *b, struct behave_state *s, uint32_t worker);

/* How long a service takes that begins now. */
int64_t behave_service_ns(const struct behave *b, int64_t now_ns, struct rng *rng);

/* When the answer to a request that came now leaves. Once a request, in their order.
 * ret_stalled: a pause held it back, the first of its answers. */
int64_t behave_leaves_ns(const struct behave *b, struct behave_state *s, int64_t now_ns,
                         bool *ret_stalled);

/* What becomes of the next request. `may_lie` false puts a lie off to the one behind it. Of each K
 * requests one is a lie, at a place drawn for each K. */
enum lie behave_lie(const struct behave *b, struct behave_state *s, bool may_lie);

/* How much memory is kept after so many requests. */
uint64_t behave_memory(const struct behave *b, uint64_t requests, int64_t now_ns);

/* Which of the workers has the nth request. */
uint32_t behave_worker(const struct behave *b, uint64_t n);

/* Answers then carry the last BEHAVE_ECHO bytes of what was asked for: one can only be taken for
 * another where they differ. */
#define BEHAVE_ECHO 16
static inline bool behave_echoes(const struct behave *b)
{
    return b->lie_every[LIE_PREVIOUS] > 0;
}
