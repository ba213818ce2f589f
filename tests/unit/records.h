/* tests/unit/records.h -- records as other tests want them: one with every field set to a value of
 * its own, and plain ones to rank and to keep. Failures to make one end the test. */
#pragma once

#include <string.h>

#include "base/rng.h"
#include "store/record.h"

static struct trial_record *new_trial(const char *target, const char *workload, const char *load)
{
    struct error err;
    struct trial_record *t = trial_record_new(1 << 20, &err);

    if (t == NULL)
        fail_msg("%s", err.text);
    t->target = t->url = target;
    t->workload.name = slice_of(workload);
    t->workload.method = SLICE("GET");
    t->workload.path = SLICE("/");
    t->load = load_default();
    t->load.name = slice_of(load);
    load_complete(&t->load);
    t->ring = "epoll";
    return t;
}

/* A second of `ok` right answers, 1 ms each, at 1000 ns of server CPU. */
static inline struct trial_record *good_trial(const char *target, uint64_t ok)
{
    struct trial_record *t = new_trial(target, "json", "wrk");

    t->tally.scheduled = t->tally.sent = t->tally.ok = t->tally.ok_in_window = ok;
    t->tally.window_ns = SECOND_NS;
    for (uint64_t i = 0; i < ok; i++)
        histogram_record(&t->tally.response, MILLISECOND_NS);
    t->server.cpu_user_ns = 600 * (int64_t)ok;
    t->server.cpu_system_ns = 400 * (int64_t)ok;
    return t;
}

static inline struct run_record *new_run(size_t trials)
{
    struct error err;
    struct run_record *run = run_record_new(1 << 16, &err);

    if (run == NULL)
        fail_msg("%s", err.text);
    run->trials = arena_new(&run->arena, struct trial_record *, trials);
    return run;
}

static inline void add_trial(struct run_record *run, struct trial_record *t)
{
    run->trials[run->trial_count++] = t;
}

/* ---- every field ---- */

static inline void fill_histogram(struct histogram *h, uint64_t seed)
{
    struct rng rng = { seed };

    for (int i = 0; i < 500; i++)
        histogram_record(h, (int64_t)(rng_next(&rng) >> (24 + rng_below(&rng, 40))));
    for (uint64_t i = 0; i < 3 + seed; i++)
        histogram_record_censored(h, 700 * MILLISECOND_NS + (int64_t)(seed + i));
    for (uint64_t i = 0; i < seed; i++) {
        histogram_record(h, HISTOGRAM_MAX_NS + 1 + (int64_t)i);
        histogram_record(h, -1);
    }
}

static inline void fill_tally(struct trial_record *t)
{
    struct tally *tally = &t->tally;
    uint64_t *counts[] = {
        &tally->scheduled,
        &tally->sent,
        &tally->ok,
        &tally->unsent,
        &tally->in_flight,
        &tally->resent,
        &tally->warmup,
        &tally->ok_in_window,
        &tally->bytes_sent,
        &tally->bytes_received,
        &tally->opened,
        &tally->closed_by_server,
        &tally->closed_by_client,
        &tally->connect_failed,
        &tally->examples_left_out,
        &tally->waits,
        &tally->events,
        &tally->preempted,
        &tally->ended_after_one,
        &tally->unsent_pool,
        &tally->out_of_ports,
    };
    struct histogram *histograms[] = { &tally->response, &tally->service,   &tally->first_byte,
                                       &tally->connect,  &tally->loop_late, &tally->pool_late };

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        *counts[i] = 1000 + i;
    for (unsigned kind = OUTCOME_OK + 1; kind < OUTCOME_KINDS; kind++)
        tally->failed[kind] = 2000 + kind;
    for (size_t i = 0; i < 6; i++)
        fill_histogram(histograms[i], i + 1);
    tally->window_ns = 3600 * SECOND_NS + 123456789;
    tally->partial = true;
    tally->cpu_user_ns = 31;
    tally->cpu_system_ns = 32;
    tally->busiest_thread_share = 0.1;
    tally->run_queue_wait_ns = 33;
    tally->seconds_busy = 34;
    tally->restarts = 35;
    tally->connect_sys = 111;
    tally->by_connection = (struct tally_shares){ 36, 1e9 / 3, 1e17 / 3, 0.5, 1e8 / 7 };
    tally->by_worker = (struct tally_shares){ 37, 2e9 / 3, 2e17 / 3, 1.5, 2e8 / 7 };
    tally->loop.counts[7] = 38;
    tally->loop.counts[SECOND_BUCKETS - 1] = 39;
    tally->gap_count = 40;
    for (size_t i = 0; i < tally->gap_count; i++)
        tally->gaps_ns[i] = (int64_t)(i * i * i);
    tally_example(tally, OUTCOME_STATUS, 0, 503, "503", "HTTP/1.1 503 \xff\x1b[2J\\\r\n\0end", 25);
    tally_example(tally, OUTCOME_STATUS, 0, 503, "503", "", 0);
    tally_example(tally, OUTCOME_RESET, 104, 0, "Connection reset by peer", "", 0);
}

static inline void fill_series(struct trial_record *t)
{
    t->tally.second_count = 3;
    t->tally.seconds = arena_new(&t->arena, struct tally_second, 3);
    t->points = arena_new(&t->arena, struct series_point, 3);
    for (uint32_t i = 0; i < 3; i++) {
        t->tally.seconds[i].ok = 10 + i;
        t->tally.seconds[i].failed = i;
        t->points[i] = (struct series_point){ .rss_bytes = 5000 + i, .cpu_ns = (int64_t)i - 1 };
    }
    t->tally.tenth_count = 31;
    t->tally.tenths_before = 1;
    t->tally.tenths = arena_new(&t->arena, uint32_t, t->tally.tenth_count);
    t->tally.tenths[0] = UINT32_MAX;
    t->tally.tenths[30] = 41;
    t->tally.seconds[0].counts[0] = 1;
    t->tally.seconds[0].counts[SECOND_BUCKETS - 1] = UINT32_MAX;
    t->tally.seconds[2].counts[331] = 12;
}

static inline void fill_workload(struct workload *w)
{
    *w = (struct workload){
        .name = SLICE("j\xc3\xb6son"),
        .method = SLICE("POST"),
        .path = SLICE("/a?\xff"),
        .headers = {{ SLICE("Accept"), SLICE("*/*") }, { SLICE("X-Latin"), SLICE("\xe9") }},
        .header_count = 2,
        .body = SLICE("\0\x80\xff"),
        .expect = { .status = 201,
                    .content_type = SLICE("application/json"),
                    .headers = { { SLICE("ETag"), SLICE("") } },
                    .header_count = 1,
                    .body = SLICE("{nonce}\n"),
                    .json = SLICE("{\"a\": 1}") },
        .verify = SLICE("./verify.sh {url}")
    };
}

static inline void fill_server(struct trial_record *t)
{
    int64_t *figures[] = {
        &t->server.processes,
        &t->server.threads,
        &t->server.descriptors,
        &t->server.cpu_user_ns,
        &t->server.cpu_system_ns,
        &t->server.rss_bytes_start,
        &t->server.rss_bytes_peak,
        &t->server.rss_bytes_idle,
        &t->server.pss_bytes_peak,
        &t->server.switches_voluntary,
        &t->server.switches_involuntary,
        &t->server.shipped_bytes,
        &t->client.rss_bytes_peak,
        &t->server.run_ns,
        &t->server.run_queue_wait_ns,
        &t->server.image_bytes,
    };

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        *figures[i] = 4000 + (int64_t)i;
    t->server.ready_ms = 12.25;
    t->server.build_ms = 1e3 / 3;
    t->client.cpu_count = 2;
    t->client.cpus[0] = 7;
    t->client.cpus[1] = 4000000000u;
    t->client.server_cpu_count = 1;
    t->client.server_cpus[0] = 9;
    t->client.cpus_allowed = UINT64_C(1) << 63 | 1;
    t->server.cpus_allowed = 6;
    t->server.thread_count = 2;
    t->server.thread_cpu_ns[0] = 4100;
    t->server.thread_cpu_ns[1] = 4099;
    t->service_count = 2;
    t->services[0] = (struct service_usage){ "redis", 1, 5001, 5002, 5003 };
    t->services[1] = (struct service_usage){ "virtuoso", -1, -1, -1, -1 };
}

/* Each of its figures is another number. */
static inline void fill_machine(struct machine_change *m)
{
    double *shares[] = { &m->steal_share,       &m->steal_share_worst,   &m->foreign_cores,
                         &m->memory_full_share, &m->softirq_share_worst, &m->io_full_share,
                         &m->resent_share,      &m->time_wait_share,     &m->frequency_min_share,
                         &m->link_share };
    int64_t *counts[] = { &m->span_ns,
                          &m->throttled,
                          &m->thermal,
                          &m->segments_resent,
                          &m->listen_overflows,
                          &m->listen_drops,
                          &m->syn_retrans,
                          &m->timeouts,
                          &m->backlog_drops,
                          &m->receive_drops,
                          &m->request_queue_drops,
                          &m->time_wait_overflows,
                          &m->softnet_dropped,
                          &m->softnet_squeezed,
                          &m->link_bits_per_sec,
                          &m->link_dropped };

    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
        *shares[i] = (double)(i + 1) / 64;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        *counts[i] = 6001 + (int64_t)i;
}

static inline void add_check(struct trial_record *t, enum check_id id, enum check_state state,
                             const char *text, const char *remedy)
{
    struct check *c = &t->verdict.checks[t->verdict.count++];

    *c = (struct check){ .id = id, .state = state, .value = 0.25, .limit = 0.5, .unit = "share" };
    snprintf(c->text, sizeof(c->text), "%s", text);
    snprintf(c->remedy, sizeof(c->remedy), "%s", remedy);
}

static inline void fill_verdict(struct trial_record *t)
{
    add_check(t, CHECK_LOAD, CHECK_OK, "1,002 of 1,002 sent when they were due", "");
    add_check(t, CHECK_GENERATOR, CHECK_FAIL, "the generator was the limit", "more threads (-t)");
    add_check(t, CHECK_STEADY, CHECK_UNKNOWN, "3 s are too short to tell", "drive 30 s (-d)");
    add_check(t, CHECK_MACHINE, CHECK_WARN, "steal 3 %", "ask the host's owner");
    t->verdict.checks[2].value = t->verdict.checks[2].limit = RECORD_UNKNOWN;
    t->verdict.checks[2].unit = "";
}

/* No two fields of one type hold the same. */
static inline struct trial_record *full_trial(void)
{
    struct trial_record *t = new_trial("nginx mode=\"x\"", "", "wrk");

    t->suite = "demo";
    t->target_title = "nginx \xe2\x9c\x93";
    t->language = "C";
    t->version = "1.22.1";
    t->url = "http://127.0.0.1:8080/a";
    t->address = "unix:/tmp/x";
    t->factors[0] = (struct setting_text){ "workers", "8" };
    t->factors[1] = (struct setting_text){ "mode", "08" };
    t->factors[2] = (struct setting_text){ "size", "18446744073709551616" };
    t->factor_count = 3;
    t->workers = 8;
    t->ceiling = true;
    t->order = 11;
    fill_workload(&t->workload);
    t->load = (struct load){ .name = SLICE("wrk"),
                             .model = LOAD_OPEN,
                             .connections = 64,
                             .threads = 3,
                             .rate_per_sec = 1e5 / 3,
                             .arrivals = PACER_POISSON,
                             .duration_ns = 3600000 * SECOND_NS - 1,
                             .requests = 77,
                             .warmup_ns = 1500000001,
                             .timeout_ns = 2500 * MILLISECOND_NS,
                             .keepalive = true,
                             .stage_count = 9,
                             .share = 0.7,
                             .of = SLICE("wrk"),
                             .stage = 4 };
    t->ring = "io_uring";
    t->block = 5;
    t->position = 6;
    t->state = TRIAL_DIED;
    t->reason = "killed by signal 9";
    t->started = (struct wall){ INT64_C(1795232527123456789) };
    t->seed = UINT64_MAX;
    t->probes = 3;
    t->check_text = "200, 27 B application/json, identical in 3 probes";
    t->body_checked = true;
    t->probe_answer = (struct probe_answer){ 201, 27, "gzip" };
    t->output_tail = "line one\nline two\n";
    fill_tally(t);
    fill_series(t);
    fill_server(t);
    fill_machine(&t->machine);
    t->hiccup = (struct hiccup_found){ 7001, 7002, 7003, 7004, 7005, 7006, 7007, -0.5 };
    t->ceiling_per_sec = 2e5 / 3;
    t->steady_after_ns = 3200000000;
    t->control = true;
    t->proof = (struct proof){
        {ELASTICITY_LIMITING, 8001, 0.0625, 3, 8002.5, 8003.5, -0.375, 0.0078125, 6.0 },
        { LEAK_PROOF_DIFFERS,             60.5,           { 8004.5, 8009.0 },        { 512.5, RECORD_UNKNOWN }     },
    };
    fill_verdict(t);
    return t;
}

static inline void fill_run(struct run_record *run)
{
    snprintf(run->id, sizeof(run->id), "7f3a9c");
    run->suite = "demo";
    run->title = "A demonstration";
    run->suite_text = "suite: demo\n";
    run->preset = "quick";
    run->command = "assay run suites/demo --preset quick";
    run->assay_version = "0.1.0";
    run->seed = 20261121;
    run->blocks = 4;
    run->started = (struct wall){ INT64_C(1795232527000000001) };
    run->host = (struct host){ .hostname = "h",
                               .kernel = "Linux 6.18.44",
                               .distro = "Debian 12",
                               .cpu = "Xeon",
                               .governor = "performance",
                               .clocksource = "tsc",
                               .cpus_online = 2,
                               .memory_bytes = 25000000000,
                               .load_1min = 0.25,
                               .somaxconn = 4096,
                               .port_low = 32768,
                               .port_high = 60999 };
}
