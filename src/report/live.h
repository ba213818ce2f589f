/* report/live.h -- the live region: a few lines on stderr that are repainted while a trial or a run
 * goes on (at most 4 Hz), and vanish before the result is printed. On anything but a terminal: one
 * line a phase of a single load ("warm-up ok 5.0s", "measured 30.0s"; of a suite the caller prints
 * one line a trial), and at most one line every 30 s inside a long one. Never touches the result.
 *
 * The cursor is never hidden and nothing is written in a way that has to be undone: a program that
 * dies leaves an old region on the screen, and nothing else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "report/screen.h"
#include "store/record.h"

/* What is shown of a trial that is going on. */
struct live_trial {
    const char
        *headline; /* "closed loop - 64 connections - 1 thread - HTTP/1.1 keep-alive - epoll" */
    const char *target;           /* "127.0.0.1:8080  pid 41873 nginx (2 procs)" */
    const char *check;            /* "200, 27 B application/json, identical in 3 probes" */
    const char *phase;            /* "build", "start", "warm-up", "measure", "drain", "stop" */
    int64_t elapsed_ns, total_ns; /* of the phase; total 0: unknown */
    uint64_t done, wanted;        /* requests, for loads by count; wanted 0: by duration */
    bool in_process;              /* no trial: `done` of `wanted` are fresh processes */
    uint64_t ok, failed;          /* in the window so far */
    double now_per_sec, mean_per_sec;
    int64_t p50_ns, p99_ns, max_ns;  /* 0: not yet known */
    double server_cpus, client_cpus; /* cores busy; negative: unknown */
    int64_t server_rss_bytes;        /* -1 unknown */
    const double *rates; /* right answers in each tenth of a second so far, for the sparkline */
    size_t rate_count;
};

enum live_cell { LIVE_TO_COME, LIVE_RUNNING, LIVE_DONE, LIVE_FAILED };

/* What is shown of a suite that is going on. Rows are variants, cells the trials so far. */
struct live_run {
    const char *title;  /* "suites/demo  5 targets x 1 workload x 6 blocks = 30 trials ..." */
    size_t done, count; /* trials */
    int64_t elapsed_ns, left_ns;
    const char **rows; /* variant names */
    size_t row_count;
    const uint8_t *cells;   /* enum live_cell, [(row * blocks + block) * columns + column] */
    size_t columns, blocks; /* columns: workload x load */
    const char **column_names;
    const double *medians; /* row_count x columns; NaN: none yet */
};

struct live; /* opaque */

/* NULL when memory runs out, which all the others take: there is then nothing to see. */
struct live *live_new(const struct screen *screen, bool quiet);
void live_free(struct live *live);
/* `run` is NULL for a single load, `trial` between trials; texts may be NULL. Repaints if it is
 * time, else returns at once. */
void live_show(struct live *live, struct mono now, const struct live_run *run,
               const struct live_trial *trial);
/* One line about where it is, at once and also where nothing else is shown: somebody asked. */
void live_status(struct live *live, const struct live_run *run, const struct live_trial *trial);
/* Takes the region off the screen; what is printed next starts where it was. */
void live_clear(struct live *live);
