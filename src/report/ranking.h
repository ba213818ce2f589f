/* report/ranking.h -- who is faster, as far as the trials can say. Pure: records in, rows out,
 * which point into the records.
 *
 * One ranking for each workload x load x class of connection (persistent, or a connection a
 * request): across the classes both figures are shown without an order. A target with a failed or
 * partial trial in that cell is listed with the reason and not ranked, and so is one with a trial
 * without any right answer; one with some wrong answers is ranked by its right ones, and the row
 * says so. Our own server is the ceiling's row. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "stats/interval.h"
#include "store/record.h"

#define RANKING_REASON_MAX  2000 /* as long as the error it may come from */
#define RANKING_EXAMPLE_MAX 160
#define RANKING_NAME_MAX    200

struct ranking_row {
    const char *target; /* variant name */
    const char *title;  /* for people, with the version; "" if none */
    unsigned rank;      /* from 1; 0: not ranked */
    bool ceiling;
    char reason[RANKING_REASON_MAX];    /* why it is not ranked; "" */
    size_t trials;                      /* complete ones */
    struct interval throughput_per_sec; /* by-count loads too */
    struct interval server_cpu_ns;      /* per right answer; n 0: unknown */
    struct interval services_cpu_ns;    /* the same of all its services together; n 0: none */
    struct interval seconds;            /* of the window: for loads by count */
    double relative;           /* throughput's median / that of the first; NaN: not ranked */
    int64_t p50_ns, p99_ns;    /* of the merged response times of all complete trials; -1 */
    bool p50_bound, p99_bound; /* lower bounds: print >= */
    bool p50_reliable, p99_reliable;
    uint64_t ok, failed; /* of all trials, those that count for nothing included */
    uint64_t unsent;     /* due and never sent, likewise */
    int64_t rss_peak_bytes, pss_peak_bytes, rss_idle_bytes; /* largest of the trials; -1 unknown */
    double ready_ms, build_ms;                              /* medians; NaN unknown */
    int64_t shipped_bytes, image_bytes;
    char example[RANKING_EXAMPLE_MAX]; /* "12 x 503", the commonest wrong answer; "" */
    struct slice complaint; /* the last line with "error" in what the target itself said in a trial
                               with wrong answers; empty: none */
};

struct ranking {
    char workload[RANKING_NAME_MAX], load[RANKING_NAME_MAX];
    const struct load *load_spec; /* of the first trial */
    enum connection_class connections;
    struct ranking_row *rows; /* ranked ones by rank, then the ceiling, then those not ranked */
    size_t row_count;
};

/* All rankings of a run, in the order in which workloads and loads first appear; rows without any
 * complete trial stand in the persistent class, unless the load itself is one connection a request.
 * Free them with rankings_free(). */
bool rankings_make(const struct run_record *run, struct ranking **ret_rankings, size_t *ret_count,
                   struct error *err);
void rankings_free(struct ranking *rankings, size_t count);
