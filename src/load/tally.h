/* load/tally.h -- everything one worker, or all of them together, counted in one trial.
 *
 * The books (checked at the end of each trial, by tally_balance()):
 *     scheduled = sent + unsent
 *     sent      = ok + sum of failed[] + in_flight
 *     ok        = samples of `response` that are not lower bounds
 * and ok_in_window = sum of by_connection = sum of by_worker,
 * of the requests that were due inside the measured window. Those of the warm-up are in `warmup`
 * only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "load/outcome.h"
#include "stats/histogram.h"

#define TALLY_EXAMPLES_MAX 16
#define TALLY_HEAD_MAX     512
#define TALLY_GAPS_MAX     4096

#define TENTH_NS (100 * MILLISECOND_NS)

/* One kept example of a kind of wrong answer, and how many were like it: same outcome, same errno,
 * same status. */
struct example {
    enum outcome outcome;
    int sys;         /* errno, or 0 */
    uint16_t status; /* of the answer, or 0 */
    uint64_t count;
    char reason[96]; /* "503", "Connection refused", "body differs at byte 12" */
    uint16_t head_len;
    char head[TALLY_HEAD_MAX]; /* the first bytes of what came; of a body that went wrong behind a
                                  right head, those of the read in which it did */
};

/* Percentiles of one second, small enough to keep one for every second of a long run: 27 octaves
 * from 1.024 us, 32 buckets each (3.1 % wide); the first also holds all that is faster, the last
 * all that is slower. */
#define SECOND_OCTAVES 27
#define SECOND_BUCKETS (SECOND_OCTAVES * 32)

struct tally_second {
    uint64_t ok, failed;             /* completed in this second of the window */
    uint32_t busy_threads;           /* workers that used over 90 % of a CPU in it */
    uint32_t counts[SECOND_BUCKETS]; /* response times of right answers */
};

/* Which bucket of a second a bucket of the full histogram belongs to. */
uint32_t second_bucket(uint32_t histogram_index);
/* Quantile of a second (q in (0,1]), 0 when it has no right answers. */
int64_t second_quantile_ns(const struct tally_second *second, double q);

struct tally {
    /* Requests, as in the books. */
    uint64_t scheduled, sent, ok, unsent, in_flight;
    uint64_t unsent_pool;           /* of the unsent, those that were due and never found a free
                                       connection: not our fault, as in pool_late */
    uint64_t failed[OUTCOME_KINDS]; /* [OUTCOME_OK] stays 0 */
    uint64_t resent;                /* sent once more: a reused connection had ended; all phases */
    uint64_t warmup;                /* sent before the window */
    uint64_t ok_in_window;          /* right answers completed in it, whenever due: throughput */

    uint64_t bytes_sent, bytes_received; /* on the wire's payload, all phases */
    uint64_t opened, closed_by_server, closed_by_client;
    uint64_t ended_after_one; /* of the closed ones, those that had carried one answer */
    uint64_t connect_failed;  /* each failed attempt, those between requests included */
    uint64_t out_of_ports;    /* of these, those for which there was no local port left */
    int connect_sys;          /* errno of the first one; 0: none failed */

    int64_t window_ns; /* as it was: by count it ends with the last answer */
    bool partial;      /* ended before its time */
    bool gave_up;      /* by itself: by count, and no answer came any more */

    struct histogram response;   /* due -> last byte; right answers, and lower bounds of the rest */
    struct histogram service;    /* sent -> last byte; the same ones */
    struct histogram first_byte; /* sent -> first byte of a right answer */
    struct histogram connect;    /* connect -> connected */
    struct histogram loop_late;  /* due -> sent where a connection was free: our fault */
    struct histogram pool_late;  /* due -> sent where none was free */

    int64_t cpu_user_ns, cpu_system_ns; /* of the workers' threads, inside the window */
    double busiest_thread_share;        /* CPU of the busiest one, as a share of the window */

    /* How the generator itself was, inside the window. */
    struct tally_second loop;  /* .counts: from a wake-up to the next sleep; what came in between
                                  waited unread for as long. The rest: unused */
    uint64_t waits, events;    /* wake-ups, and the completions they brought */
    int64_t run_queue_wait_ns; /* ready to run, and no CPU: the worker that waited most; -1 unknown
                                */
    uint64_t preempted;        /* involuntary switches of all workers */
    uint32_t seconds_busy;     /* seconds in which some thread used over 90 % of a CPU */
    uint64_t gap_count;        /* of the timetable (open loop), from the window's begin, of the
                                  first worker, requests of the window only: */
    int64_t gaps_ns[TALLY_GAPS_MAX]; /* from one send to the next, in the order they were due */

    /* Right answers of the window, by connection slot and by worker: number, sum, squares. A slot
     * that was never opened had none. */
    struct tally_shares {
        uint64_t count;
        double sum, squares, least, most;
    } by_connection, by_worker;

    /* Right answers completed in each whole tenth of a second since the start, warm-up included.
     * Not owned; `tenth_count` of them, of which `tenths_before` do not lie wholly inside the
     * window. They end with it. */
    uint32_t *tenths;
    uint32_t tenth_count, tenths_before;
    uint32_t restarts; /* how often the window was begun anew, because it was not steady yet */

    struct example examples[TALLY_EXAMPLES_MAX];
    uint32_t example_count;
    uint64_t examples_left_out; /* wrong answers of kinds beyond TALLY_EXAMPLES_MAX */

    struct tally_second *seconds; /* not owned; `second_count` of them */
    uint32_t second_count;
};

/* Adds a worker's tally to the sum, which began as tally_clear() made it. Windows must be of the
 * same trial. `into->seconds` must have room for from->second_count, `into->tenths` for
 * from->tenth_count. */
void tally_merge(struct tally *into, const struct tally *from);

/* An empty sum: all zero, but what nobody could read is unknown. */
void tally_clear(struct tally *t);

/* All that was measured becomes warm-up, as if the window had not begun. What counts all phases
 * stays, and so do the tenths. */
void tally_begin_anew(struct tally *t);

/* One more connection slot, or worker, that had so many right answers. */
void tally_share(struct tally_shares *shares, uint64_t right);

/* Counts one more like an example that is kept already; false when there is none. */
bool tally_example_again(struct tally *t, enum outcome outcome, int sys, uint16_t status);

/* Counts a wrong answer under its kind and keeps the first of each as an example. */
void tally_example(struct tally *t, enum outcome outcome, int sys, uint16_t status,
                   const char *reason, const char *head, size_t head_len);

/* Stops the program when the books do not balance. */
void tally_balance(const struct tally *t);

uint64_t tally_failed(const struct tally *t);           /* sum of failed[] */
double tally_throughput_per_sec(const struct tally *t); /* right answers in the window / window */
