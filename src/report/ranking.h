/* report/ranking.h -- who is faster, as far as the trials can say. Pure: records in, rows out,
 * which point into the records.
 *
 * One ranking for each workload x load x class of connection (persistent, or a connection a
 * request): across the classes both figures are shown without an order.
 *
 * Targets are compared in pairs, block by block, by throughput; under loads by count by the time it
 * took (verdict/compare.h). What the A/A control differs by is the noise floor. Those that are not
 * shown to differ share their ranks: a tie. There are no ranks at all with too few blocks, when the
 * control differs from itself, or when not all did the same work (verdict/parity.h).
 *
 * A target with a failed or partial trial in that cell is listed with the reason and not ranked,
 * and so is one with a trial without any right answer. One whose trials cannot be believed
 * (verdict/verdict.h: more than one in ten, or too many wrong answers in any) has its figures, and
 * no rank: it is refused. Our own server is the ceiling's row.
 *
 * The trials of the control are in no figure of any row. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "report/percentiles.h"
#include "stats/interval.h"
#include "store/check.h"
#include "store/record.h"
#include "verdict/compare.h"

#define RANKING_REASON_MAX  2000 /* as long as the error it may come from */
#define RANKING_EXAMPLE_MAX 160
#define RANKING_NAME_MAX    200

/* At which share of its capacity a target's response times stand beside its throughput: busy, and
 * far enough from what it cannot do. */
#define SHARE_SHOWN 0.7

/* A percentile of all complete trials together that was asked for. */
struct ranking_quantile {
    int64_t ns;
    bool is_bound, reliable; /* reliable: as of p99, below */
};

struct ranking_row {
    const char *target; /* variant name */
    const char *title;  /* for people, with the version; "" if none */
    const struct trial_record *first;
    unsigned rank;       /* from 1, the best it may have; 0: not ranked */
    unsigned rank_worst; /* the worst it may have: above `rank` in a tie */
    bool ceiling;
    char reason[RANKING_REASON_MAX]; /* why it is not ranked, where that is its own doing; "" */
    bool refused;                    /* it has figures that are not believed */
    enum check_id refused_by;
    char remedy[CHECK_TEXT_MAX];        /* of a refusal; "" */
    size_t trials;                      /* complete ones */
    struct interval throughput_per_sec; /* by-count loads too */
    struct interval server_cpu_ns;      /* per right answer; n 0: unknown */
    struct interval services_cpu_ns;    /* the same of all its services together; n 0: none */
    struct interval seconds;            /* of the window: for loads by count */
    double relative;                 /* throughput's median / that of the first; NaN: not ranked */
    int64_t p50_ns, p99_ns;          /* of the merged response times of all complete trials; -1 */
    bool p50_bound, p99_bound;       /* lower bounds: print >= */
    bool p50_reliable, p99_reliable; /* not refused, and enough samples, effective ones where they
                                        are known; p99 to within SAMPLES_HALF_WIDTH */
    const struct check *latency_refused; /* the first to refuse response times, where more than one
                                            trial in ten is refused (verdict_refuses_latency()) */
    /* p99 in open loop at SHARE_SHOWN of what this target reaches here, where the suite asks it. */
    int64_t p99_at_share_ns; /* -1: not asked */
    bool p99_at_share_bound, p99_at_share_reliable;
    const struct check *at_share_refused;
    struct ranking_quantile asked[PERCENTILES_MAX], asked_at_share[PERCENTILES_MAX];
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
    struct ranking_row *rows; /* those that are ranked, or would be if anyone was; the ceiling;
                                 those that are refused; those without figures. The first ones by
                                 rank, else as in the suite */
    size_t row_count;
    size_t blocks, blocks_needed; /* in which all that could be ranked have a figure; 0 needed:
                                     there are no two of them */
    char reason[CHECK_TEXT_MAX];  /* why nobody is ranked, though there are figures; "" */
    char remedy[CHECK_TEXT_MAX];
    struct noise_floor noise; /* of the workload and load: of all classes of connection together */
    struct difference *pairs; /* of all that are ranked; `a` and `b` are rows */
    size_t pair_count;
    struct check parity, repeat;
};

/* Whether the row's figures are those of a target that took part to the end. Such rows come first.
 */
bool ranking_row_has_figures(const struct ranking_row *row);

/* All rankings of a run, in the order in which workloads and loads first appear; rows without any
 * complete trial stand in the persistent class, unless the load itself is one connection a request.
 * Free them with rankings_free(). */
bool rankings_make(const struct run_record *run, struct ranking **ret_rankings, size_t *ret_count,
                   struct error *err);

/* Fills in what was asked for beyond that, in all rows. */
bool rankings_ask(const struct run_record *run, const struct percentiles *asked,
                  struct ranking *rankings, size_t count, struct error *err);

void rankings_free(struct ranking *rankings, size_t count);
