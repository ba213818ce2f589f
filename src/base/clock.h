/* base/clock.h -- moments and durations.
 *
 * Two kinds of moments that do not mix: `struct mono` for measuring (CLOCK_MONOTONIC, which no one
 * can set), `struct wall` for telling people when something was. Durations are int64_t nanoseconds
 * and say so in their names. Wall clocks are never subtracted. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define MICROSECOND_NS INT64_C(1000)
#define MILLISECOND_NS INT64_C(1000000)
#define SECOND_NS      INT64_C(1000000000)

struct mono {
    int64_t ns;
};

struct wall {
    int64_t ns; /* since 1970-01-01 00:00 UTC */
};

/* A moment that never comes: for "no timer set". */
#define MONO_NEVER ((struct mono){ INT64_MAX })

static inline struct mono mono_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (struct mono){ (int64_t)ts.tv_sec * SECOND_NS + ts.tv_nsec };
}

static inline struct mono mono_after(struct mono from, int64_t duration_ns)
{
    return (struct mono){ from.ns + duration_ns };
}

/* How long from `from` to `to`: negative when `to` is earlier. */
static inline int64_t mono_diff_ns(struct mono from, struct mono to)
{
    return to.ns - from.ns;
}

static inline struct mono mono_earlier(struct mono a, struct mono b)
{
    return a.ns < b.ns ? a : b;
}

struct wall wall_now(void);

/* "2026-11-21T03:42:07Z". `ret_text` must hold WALL_TEXT_MAX bytes. */
#define WALL_TEXT_MAX 32
void wall_text(struct wall moment, char *ret_text);
