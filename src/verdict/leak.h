/* verdict/leak.h -- does memory grow with every request, and does it go on growing? Pure.
 *
 * One reading a second becomes the lower envelope: the least of each of about thirty pieces, below
 * the teeth of a garbage collector. A leak is what passes all of these (shared/spec/validity.md,
 * T13): the envelope rises (Mann and Kendall with Hamed and Rao's variance), by more than it could
 * by chance and more than LEAK_GROWTH_* (the lower end of Sen's interval), still does so in its
 * last third, stands there above where it began, and does not rise ever more slowly, as a cache
 * does. Slopes are taken against requests, not time: a server that is asked less leaks less. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum leak_kind {
    LEAK_UNKNOWN, /* too few readings, or no requests between them */
    LEAK_NONE,    /* does not grow, or not by enough to tell */
    LEAK_STOPPED, /* grew, and stopped at stopped_s */
    LEAK_SLOWING, /* grows, ever more slowly: a cache that fills */
    LEAK_GROWING,
};

struct leak {
    enum leak_kind kind;
    size_t points;            /* of the envelope */
    double bytes_per_request; /* with its 95 % interval; NaN: unknown */
    double low, high;
    double requests;                 /* between the first point and the last */
    double span_s;                   /* likewise */
    double stopped_s;                /* since the first reading; NaN unless LEAK_STOPPED */
    int64_t least_bytes, most_bytes; /* of all readings; -1: unknown */
    double floor_bytes;              /* growth below this is none */
};

/* rss_bytes[i] (-1: unknown) was read after second i, `requests[i]` came in it. */
struct leak leak_of(const int64_t *rss_bytes, const uint64_t *requests, size_t seconds);

struct trial_record;
struct leak leak_of_trial(const struct trial_record *t); /* in check_course.c */
