/* run/progress.h -- what a run tells while it goes on, to whoever shows it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trial_record;

enum progress_phase {
    PROGRESS_BUILD,
    PROGRESS_START,
    PROGRESS_CHECK,
    PROGRESS_WARMUP,
    PROGRESS_MEASURE,
    PROGRESS_DRAIN,
    PROGRESS_STOP,
    PROGRESS_CEILING, /* against our own empty server: run/ceiling.h */
    PROGRESS_PROVE,   /* further drives of the target: run/prove.h */
};

/* A moment of a trial. Texts and arrays are valid during the call only. */
struct progress {
    enum progress_phase phase;
    const struct trial_record *record; /* as far as it is known: names, load, check */
    int64_t elapsed_ns, total_ns;      /* of the phase; total 0: unknown */
    uint64_t done, wanted;             /* requests, for loads by count; wanted 0: by duration */
    uint64_t ok, failed;               /* in the window so far */
    double now_per_sec, mean_per_sec;
    int64_t p50_ns, p99_ns;          /* of the last whole second; 0: not yet known */
    double server_cpus, client_cpus; /* cores busy; negative: unknown */
    int64_t server_rss_bytes;        /* -1 unknown */
    const double *rates;             /* right answers in each tenth of a second so far */
    size_t rate_count;
};

/* Called ten times a second at most, from the main thread. */
struct observer {
    void *context;
    void (*progress)(void *context, const struct progress *progress);
    /* A trial has ended, and is in the database. */
    void (*trial_done)(void *context, const struct trial_record *record, size_t index,
                       size_t count);
};
