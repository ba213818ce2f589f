/* audit/result.h -- one measurement as somebody else's tool printed it.
 *
 * Figures keep how finely they were printed: 3.58ms is anything from 3.575 to 3.585, and what is
 * said about it must hold for all of that. What was not printed is NaN, never 0. */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define FIGURE_NONE ((double)NAN) /* clang holds NAN for a float */

struct figure {
    double value; /* NaN: not printed */
    double half;  /* half a unit of its last digit; 0 for counts */
};

static inline bool figure_known(struct figure f)
{
    return !isnan(f.value);
}

#define AUDIT_PERCENTILES_MAX 16
#define AUDIT_NAME_MAX        128 /* longer names are cut */

struct percentile {
    double q; /* 0.99 */
    struct figure ns;
};

struct audit_result {
    const char *tool;
    const char *file;    /* as it was given */
    unsigned line;       /* where it begins, from 1 */
    unsigned section_id; /* the same number: the same heading of the same file */
    unsigned nth, of;    /* its place among those of the section, from 1 */
    unsigned race;       /* the same number: rates that may be set side by side */
    bool first_of_race;
    char section[AUDIT_NAME_MAX]; /* the heading it stands under; "" for none */
    char target[AUDIT_NAME_MAX];  /* of a table's row; else "" */
    char path[AUDIT_NAME_MAX];    /* that was asked for; "" when it is not told */
    char series[AUDIT_NAME_MAX];  /* of tables: the column, or workload and load; else "" */

    bool open_loop;   /* a rate was asked for, so that the rate says nothing about the server */
    bool back_fills;  /* the tool adds latency samples that it never took */
    bool uncorrected; /* being read: wrk2's second list of percentiles, which leaves out the waiting
                         for a late start, and is not taken */
    struct figure connections;
    struct figure streams; /* requests at once on one connection */

    struct figure rate_per_sec, seconds;
    struct figure requests;      /* that the tool calls finished, good or bad */
    struct figure wrong;         /* of these */
    struct figure server_errors; /* of the wrong ones: status 5xx */
    struct figure lost;          /* failures beside them */
    struct figure other_length; /* of the requests: answers as long as the first one they are not */
    struct figure kept;         /* of the requests: came over a connection that was there */

    struct figure mean_ns, min_ns, max_ns;
    struct figure samples; /* of the percentiles, where the tool says so */
    struct percentile percentiles[AUDIT_PERCENTILES_MAX];
    size_t percentile_count;

    struct figure total_bytes, body_bytes;
};
