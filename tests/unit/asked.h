/* tests/unit/asked.h -- trials for the tests of the checks: all is well with them, until a test
 * breaks one thing. */
#pragma once

#include "records.h"

#define ASKED_SECONDS 20
#define ASKED_RATE    2000 /* a second */

/* Response times of `mean_ns` on average, exponential, in whole seconds of the window; those of
 * every `period`th second are `slow` times as long. */
static inline void answer_seconds(struct trial_record *t, uint32_t seconds, uint32_t each,
                                  double mean_ns, uint32_t period, double slow)
{
    struct tally *tally = &t->tally;
    struct rng rng = { 42 };

    tally->second_count = seconds;
    tally->seconds = arena_new(&t->arena, struct tally_second, seconds);
    tally->window_ns = seconds * SECOND_NS;
    for (uint32_t s = 0; s < seconds; s++)
        for (uint32_t i = 0; i < each; i++) {
            double times = s % period == 0 ? slow : 1;
            int64_t ns = (int64_t)(-log(rng_unit(&rng)) * mean_ns * times) + 1;

            histogram_record(&tally->response, ns);
            histogram_record(&tally->service, ns);
            tally->seconds[s].counts[second_bucket(histogram_index(ns))]++;
            tally->seconds[s].ok++;
        }
    tally->scheduled = tally->sent = tally->ok = tally->ok_in_window = (uint64_t)seconds * each;
}

/* A generator that had time, and a target with a CPU of its own. */
static inline void be_well(struct trial_record *t)
{
    struct tally *tally = &t->tally;

    tally->busiest_thread_share = 0.41;
    tally->run_queue_wait_ns = tally->window_ns / 1000;
    tally->loop.counts[second_bucket(histogram_index(10 * MICROSECOND_NS))] = 100000;
    tally->waits = 100000;
    t->ceiling_per_sec = record_throughput_per_sec(t) / 0.31;
    t->server.cpu_user_ns = tally->window_ns * 2 / 5;
    t->server.cpu_system_ns = tally->window_ns / 10;
    t->server.cpus_allowed = 2;
    t->client.cpus_allowed = 1;
    t->body_checked = true;
    t->probe_answer = (struct probe_answer){ 200, 27, "" };
}

static inline struct trial_record *open_trial(void)
{
    struct trial_record *t = new_trial("a", "json", "wrk");
    struct rng rng = { 7 };

    t->load.model = LOAD_OPEN;
    t->load.rate_per_sec = ASKED_RATE;
    t->load.arrivals = PACER_POISSON;
    t->load.connections = 50;
    answer_seconds(t, ASKED_SECONDS, ASKED_RATE, 1e6, 1, 1);
    histogram_record_many(&t->tally.loop_late, 5 * MICROSECOND_NS, t->tally.sent);
    t->tally.gap_count = TALLY_GAPS_MAX;
    for (size_t i = 0; i < TALLY_GAPS_MAX; i++)
        t->tally.gaps_ns[i] = (int64_t)(-log(rng_unit(&rng)) * 1e9 / ASKED_RATE);
    be_well(t);
    return t;
}

/* Ten connections, each always waiting for one of its answers of 5 ms. */
static inline struct trial_record *closed_trial(void)
{
    struct trial_record *t = new_trial("a", "json", "wrk");

    answer_seconds(t, ASKED_SECONDS, ASKED_RATE, 5e6, 1, 1);
    t->load.connections = 10;
    t->tally.response.sum_ns = 10.0 * (double)t->tally.window_ns;
    be_well(t);
    return t;
}
