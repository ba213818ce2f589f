/* Calibration: what the generator reports of servers whose truth is known. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "load/engine.h"
#include "ring_sim.h"
#include "store/record.h"
#include "store/record_json.h"
#include "verdict/verdict.h"

/* Too large for a stack. */
static struct tally tally;

static void assert_near(double value, double truth, double tolerance)
{
    if (!(fabs(value - truth) <= tolerance))
        fail_msg("%.17g is not within %.3g of %.17g", value, tolerance, truth);
}

static uint64_t all_failed(void)
{
    return tally_failed(&tally);
}

/* ---- coordinated omission ---- */

#define STALL_BEGIN_NS (21 * SECOND_NS)
#define STALL_END_NS   (22 * SECOND_NS)

/* Silent for one second; what it was asked in that time it answers at the end of it. */
static struct sim_reply stalls_once(void *context, uint64_t number, int64_t now_ns,
                                    uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    if (now_ns >= STALL_BEGIN_NS && now_ns < STALL_END_NS)
        reply.delay_ns = STALL_END_NS - now_ns;
    return reply;
}

/* 1 s of 60 s is 1/60 of the requests, waiting evenly from 1 s down to 0; the slowest 1 % of all
 * are the slowest 0.6 of these: p99 = 1 s - 0.6 s. */
static void one_silent_second_of_sixty_reads_p99_of_400_ms(void **state)
{
    struct sim_server server = { .reply = stalls_once };
    struct plan plan = sim_plan(&server);

    plan.load.model = LOAD_OPEN;
    plan.load.rate_per_sec = 1000;
    plan.load.duration_ns = 60 * SECOND_NS;
    plan.load.connections = 10;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.scheduled, 60000);
    assert_int_equal(tally.ok, 60000);
    assert_int_equal(server.requests, 60000);
    assert_near((double)histogram_quantile_ns(&tally.response, 0.99), 0.400e9, 0.0021e9);
    /* What was sent was answered at once, but for the ten that the stall caught. */
    assert_true(histogram_quantile_ns(&tally.service, 0.99) < MILLISECOND_NS);
    /* 990 of them waited for a connection: the pool's lateness, not the loop's. */
    assert_true(histogram_quantile_ns(&tally.loop_late, 1.0) < MILLISECOND_NS);
    assert_in_range(tally.pool_late.count, 980, 1000);
    (void)state;
}

static struct sim_reply stalls_once_else_takes_a_millisecond(void *context, uint64_t number,
                                                             int64_t now_ns, uint32_t answers)
{
    struct sim_reply reply = stalls_once(context, number, now_ns, answers);

    if (reply.delay_ns == 0)
        reply.delay_ns = MILLISECOND_NS;
    return reply;
}

/* One slow sample a connection, however many requests the pause kept from being sent. */
static void a_closed_loop_hides_the_same_second(void **state)
{
    struct sim_server server = { .reply = stalls_once_else_takes_a_millisecond };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 10;
    plan.load.duration_ns = 60 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_in_range(tally.ok, 590000, 590020);
    assert_true(tally.response.max_ns > 990 * MILLISECOND_NS);
    assert_near((double)histogram_quantile_ns(&tally.response, 0.9999), 1e6, 1e3);
    (void)state;
}

/* ---- a known distribution comes back ---- */

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

#define SAMPLES 50000

struct known_times {
    int64_t ns[SAMPLES];
};

static struct sim_reply takes_known_time(void *context, uint64_t number, int64_t now_ns,
                                         uint32_t answers)
{
    struct sim_reply reply = sim_at_once(NULL, number, now_ns, answers);

    reply.delay_ns = ((struct known_times *)context)->ns[number % SAMPLES];
    return reply;
}

static void a_known_distribution_comes_back_within_the_histograms_error(void **state)
{
    static struct known_times times;
    struct sim_server server = { .reply = takes_known_time, .context = &times };
    struct plan plan = sim_plan(&server);
    struct rng rng = { 7 };
    const double quantiles[] = { 0.5, 0.9, 0.99, 0.999, 0.9999 };

    /* Log-normal around 1 ms: four decades in one distribution. */
    for (size_t i = 0; i < SAMPLES; i++)
        times.ns[i] = llround(
            1e6 * exp(1.5 * sqrt(-2 * log(rng_unit(&rng))) * cos(2 * M_PI * rng_unit(&rng))));
    plan.load.connections = 16;
    plan.load.duration_ns = 0;
    plan.load.requests = SAMPLES;
    plan.load.timeout_ns = 600 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.ok, SAMPLES);
    qsort(times.ns, SAMPLES, sizeof(times.ns[0]), by_size);
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        double truth = (double)times.ns[(size_t)ceil(quantiles[i] * SAMPLES) - 1];
        double read = (double)histogram_quantile_ns(&tally.response, quantiles[i]);

        assert_near(read / truth, 1.0, 0.001);
    }
    assert_int_equal(tally.response.min_ns, times.ns[0]);
    assert_int_equal(tally.response.max_ns, times.ns[SAMPLES - 1]);
    (void)state;
}

/* Little's law holds to the last digit where time is virtual. */
static void ten_connections_at_ten_milliseconds_make_a_thousand_a_second(void **state)
{
    static struct known_times times;
    struct sim_server server = { .reply = takes_known_time, .context = &times };
    struct plan plan = sim_plan(&server);

    for (size_t i = 0; i < SAMPLES; i++)
        times.ns[i] = 10 * MILLISECOND_NS;
    plan.load.connections = 10;
    plan.load.duration_ns = 10 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_near(tally_throughput_per_sec(&tally), 1000.0, 1e-9);
    assert_int_equal(tally.second_count, 10);
    for (uint32_t i = 0; i < 10; i++)
        assert_in_range(tally.seconds[i].ok, 990, 1010);
    (void)state;
}

/* ---- an overload is not the rate that was asked for ---- */

/* What the checks say of a fixed delay of 10 ms, 10 connections, and so many requests a second. */
static struct trial_record *judged_at(double rate_per_sec)
{
    static struct known_times times;
    struct sim_server server = { .reply = takes_known_time, .context = &times };
    struct plan plan = sim_plan(&server);
    struct error err;
    struct trial_record *record = trial_record_new(1 << 20, &err);

    assert_non_null(record);
    for (size_t i = 0; i < SAMPLES; i++)
        times.ns[i] = 10 * MILLISECOND_NS;
    plan.load.model = LOAD_OPEN;
    plan.load.rate_per_sec = rate_per_sec;
    plan.load.connections = 10;
    plan.load.duration_ns = 10 * SECOND_NS;
    sim_drive(&plan, &record->tally);
    record->load = plan.load;
    verdict_trial(record);
    return record;
}

/* It can answer 1000 a second; of 1300 the rest is answered behind the end, so all are sent and all
 * are right. */
static void an_overload_that_drains_is_not_limited_by_the_rate(void **state)
{
    struct trial_record *within = judged_at(900), *beyond = judged_at(1300);
    const struct check *load = verdict_check(&beyond->verdict, CHECK_LOAD);

    assert_int_equal(verdict_check(&within->verdict, CHECK_LOAD)->state, CHECK_OK);
    assert_non_null(strstr(verdict_check(&within->verdict, CHECK_LIMITER)->text, "the rate asked"));
    assert_int_equal(beyond->tally.ok, 13000);
    assert_int_equal(beyond->tally.unsent, 0);
    assert_in_range(beyond->tally.ok_in_window, 9990, 10000);
    assert_int_equal(load->state, CHECK_WARN);
    assert_non_null(strstr(load->text, "asked 1,300/s, answered "));
    assert_null(strstr(verdict_check(&beyond->verdict, CHECK_LIMITER)->text, "the rate asked"));
    trial_record_free(within);
    trial_record_free(beyond);
    (void)state;
}

/* ---- reproducible ---- */

/* What the kernel says of the worker's thread is not simulated. */
static void forget_real_time(struct tally *t)
{
    t->cpu_user_ns = t->cpu_system_ns = 0;
    t->busiest_thread_share = 0;
    t->run_queue_wait_ns = -1;
    t->preempted = 0;
    t->seconds_busy = 0;
    for (uint32_t i = 0; i < t->second_count; i++)
        t->seconds[i].busy_threads = 0;
}

static char *report_of(struct plan *plan)
{
    struct error err;
    struct trial_record *record = trial_record_new(1 << 20, &err);
    json_t *json;
    char *text;

    assert_non_null(record);
    sim_drive(plan, &tally);
    forget_real_time(&tally);
    record->tally = tally;
    record->load = plan->load;
    json = trial_to_json(record, &err);
    assert_non_null(json);
    text = json_dumps(json, JSON_INDENT(1));
    json_decref(json);
    trial_record_free(record);
    return text;
}

static void one_seed_gives_one_report_byte_for_byte(void **state)
{
    static struct known_times times;
    struct rng rng = { 3 };
    char *reports[3];

    for (size_t i = 0; i < SAMPLES; i++)
        times.ns[i] = (int64_t)rng_below(&rng, 30 * MILLISECOND_NS);
    for (unsigned i = 0; i < 3; i++) {
        struct sim_server server = { .reply = takes_known_time, .context = &times };
        struct plan plan = sim_plan(&server);

        plan.load.model = LOAD_OPEN;
        plan.load.arrivals = PACER_POISSON;
        plan.load.rate_per_sec = 700;
        plan.load.duration_ns = 20 * SECOND_NS;
        plan.load.warmup_ns = 2 * SECOND_NS;
        plan.load.connections = 12;
        plan.seed = i == 2 ? 43 : 42;
        reports[i] = report_of(&plan);
        assert_non_null(reports[i]);
    }
    assert_string_equal(reports[0], reports[1]);
    assert_string_not_equal(reports[0], reports[2]);
    for (unsigned i = 0; i < 3; i++)
        free(reports[i]);
    (void)state;
}

/* ---- failures have names, and the books balance (engine_finish() checks them) ---- */

static void timeouts_stay_in_the_distribution_as_lower_bounds(void **state)
{
    struct sim_server server = { .reply = sim_every_tenth_is_silent };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 1;
    plan.load.requests = 1000;
    plan.load.duration_ns = 0;
    plan.load.timeout_ns = 2 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.ok, 900);
    assert_int_equal(tally.failed[OUTCOME_TIMEOUT], 100);
    assert_int_equal(tally.response.count, 1000);
    assert_int_equal(tally.response.censored, 100);
    assert_false(histogram_quantile_is_bound(&tally.response, 0.9));
    assert_true(histogram_quantile_is_bound(&tally.response, 0.99));
    assert_near((double)histogram_quantile_ns(&tally.response, 0.99), 2e9, 2e6);
    assert_int_equal(tally.closed_by_client, 100);
    (void)state;
}

static struct sim_reply one_answer_a_second(void *context, uint64_t number, int64_t now_ns,
                                            uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    reply.delay_ns = SECOND_NS;
    return reply;
}

static void what_was_due_and_never_sent_is_counted_and_carried_at_its_age(void **state)
{
    struct sim_server server = { .reply = one_answer_a_second };
    struct plan plan = sim_plan(&server);

    plan.load.model = LOAD_OPEN;
    plan.load.rate_per_sec = 10;
    plan.load.connections = 1;
    plan.load.duration_ns = 10 * SECOND_NS;
    plan.load.timeout_ns = 5 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.scheduled, 100);
    assert_int_equal(tally.scheduled, tally.sent + tally.unsent);
    assert_in_range(tally.ok, 14, 15); /* ten in the window, five while it drains */
    assert_in_range(tally.unsent, 84, 86);
    assert_int_equal(tally.ok_in_window, 10);
    assert_int_equal(tally.response.count, 100);
    assert_true(histogram_quantile_is_bound(&tally.response, 0.5));
    (void)state;
}

static struct sim_reply closes_after_each(void *context, uint64_t number, int64_t now_ns,
                                          uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    reply.delay_ns = MILLISECOND_NS;
    if (answers > 0) /* the second request on a connection finds it closed */
        reply = (struct sim_reply){ .what = SIM_END, .delay_ns = MILLISECOND_NS };
    return reply;
}

static void a_reused_connection_that_ends_is_no_verdict_on_the_request(void **state)
{
    struct sim_server server = { .reply = closes_after_each };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 1;
    plan.load.requests = 100;
    plan.load.duration_ns = 0;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.ok, 100);
    assert_int_equal(all_failed(), 0);
    assert_int_equal(tally.resent, 99);
    assert_int_equal(server.requests, tally.sent + tally.resent);
    /* The time that the dead connection cost is in the response: it was due before. */
    assert_near((double)histogram_quantile_ns(&tally.response, 0.5), 2e6, 2e3);
    (void)state;
}

static struct sim_reply ends_at_once(void *context, uint64_t number, int64_t now_ns,
                                     uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    reply.what = number % 2 == 0 ? SIM_END : SIM_RESET;
    return reply;
}

static void a_fresh_connection_that_ends_is_one(void **state)
{
    struct sim_server server = { .reply = ends_at_once };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 1;
    plan.load.requests = 10;
    plan.load.duration_ns = 0;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.failed[OUTCOME_CLOSED_EARLY], 5);
    assert_int_equal(tally.failed[OUTCOME_RESET], 5);
    assert_int_equal(tally.resent, 0);
    assert_int_equal(tally.example_count, 2);
    (void)state;
}

static int refuses_for_three_seconds(void *context, uint64_t number, int64_t now_ns)
{
    (void)context;
    (void)number;
    return now_ns < 4 * SECOND_NS ? ECONNREFUSED : 0;
}

/* 10 + 20 + 40 + 80 + 160 + 320 + 640 + 1000 + 1000 ms: nine attempts in 3.27 s, the tenth
 * succeeds. */
static void refused_connects_are_retried_ever_more_slowly_and_counted(void **state)
{
    struct sim_server server = { .reply = sim_at_once, .accept = refuses_for_three_seconds };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 1;
    plan.load.requests = 100;
    plan.load.duration_ns = 0;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.failed[OUTCOME_CONNECT], 9);
    assert_int_equal(tally.connect_failed, 9);
    assert_int_equal(tally.ok, 91);
    assert_int_equal(tally.examples[0].sys, ECONNREFUSED);
    assert_int_equal(tally.examples[0].count, 9);
    (void)state;
}

static struct sim_reply answers_of_all_kinds(void *context, uint64_t number, int64_t now_ns,
                                             uint32_t answers)
{
    static const struct slice kinds[] = {
        SLICE("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        SLICE("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
        SLICE("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"),
        SLICE("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok!"),
        SLICE("SSH-2.0-OpenSSH_9.2\r\n"),
        SLICE("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP"),
        SLICE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        SLICE("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    };

    (void)context;
    (void)now_ns;
    (void)answers;
    return (struct sim_reply){ .what = SIM_ANSWER,
                               .delay_ns = MILLISECOND_NS,
                               .bytes = kinds[number % (sizeof(kinds) / sizeof(kinds[0]))] };
}

static void every_wrong_answer_is_counted_by_its_kind(void **state)
{
    struct sim_server server = { .reply = answers_of_all_kinds };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 4;
    plan.load.requests = 800;
    plan.load.duration_ns = 0;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.ok, 300);
    assert_int_equal(tally.failed[OUTCOME_STATUS], 100);
    assert_int_equal(tally.failed[OUTCOME_BODY], 200);
    assert_int_equal(tally.failed[OUTCOME_PROTOCOL], 200);
    assert_int_equal(tally.ok_in_window, 300);
    assert_int_equal(tally.response.count, 300); /* wrong answers are no response times */
    (void)state;
}

static struct sim_reply announces_close(void *context, uint64_t number, int64_t now_ns,
                                        uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    reply.bytes = SLICE("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok");
    reply.then_close = true;
    reply.delay_ns = MILLISECOND_NS;
    return reply;
}

static void a_connection_a_request_takes_a_new_one_each_time(void **state)
{
    struct sim_server server = { .reply = announces_close, .connect_ns = MILLISECOND_NS };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 2;
    plan.load.keepalive = false;
    plan.load.duration_ns = 10 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(all_failed(), 0);
    assert_int_equal(tally.opened, tally.sent);
    assert_int_equal(server.connections, tally.sent);
    assert_near((double)histogram_quantile_ns(&tally.connect, 0.5), 1e6, 1e3);
    (void)state;
}

static void warm_up_is_counted_apart(void **state)
{
    struct sim_server server = { .reply = one_answer_a_second };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 5;
    plan.load.warmup_ns = 3 * SECOND_NS;
    plan.load.duration_ns = 10 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.warmup, 15);
    assert_int_equal(tally.sent, 50);
    assert_int_equal(server.requests, 65);
    assert_int_equal(tally.window_ns, 10 * SECOND_NS);
    (void)state;
}

/* A server that accepts and closes at once must not be met with a storm of connects. */
static struct sim_reply never_asked(void *context, uint64_t number, int64_t now_ns,
                                    uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    reply.what = SIM_END;
    return reply;
}

static void a_server_that_hangs_up_on_everyone_is_not_asked_faster_than_one_that_refuses(
    void **state)
{
    struct sim_server server = { .reply = never_asked };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 1;
    plan.load.duration_ns = 10 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.ok, 0);
    assert_in_range(server.connections, 15, 17);
    (void)state;
}

/* ---- borders of the window ---- */

static struct sim_reply first_one_takes_two_seconds(void *context, uint64_t number, int64_t now_ns,
                                                    uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    reply.delay_ns = number == 0 ? 2 * SECOND_NS : MILLISECOND_NS;
    return reply;
}

/* A straggler of the warm-up is none of the window's requests, and does not stretch it. */
static void by_count_the_window_ends_with_its_own_last_answer(void **state)
{
    struct sim_server server = { .reply = first_one_takes_two_seconds };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 2;
    plan.load.warmup_ns = 300 * MILLISECOND_NS;
    plan.load.duration_ns = 0;
    plan.load.requests = 100;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.ok, 100);
    assert_in_range(tally.window_ns, 99 * MILLISECOND_NS, 101 * MILLISECOND_NS);
    (void)state;
}

static struct sim_reply answers_ten_then_none(void *context, uint64_t number, int64_t now_ns,
                                              uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    if (number >= 10)
        reply.what = SIM_SILENT;
    return reply;
}

static void by_count_a_server_that_says_no_more_is_given_up(void **state)
{
    struct sim_server server = { .reply = answers_ten_then_none };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 1;
    plan.load.duration_ns = 0;
    plan.load.requests = 1000000;
    plan.load.timeout_ns = SECOND_NS;
    sim_drive(&plan, &tally);
    assert_true(tally.gave_up);
    assert_true(tally.partial);
    assert_int_equal(tally.ok, 10);
    assert_in_range(tally.window_ns, 4 * SECOND_NS, 5 * SECOND_NS);
    assert_int_equal(tally.unsent, 1000000 - tally.sent);
    (void)state;
}

/* A connection of the pool that its server closed as idle is as little a verdict as a used one. */
static void idle_connections_that_the_server_closes_cost_no_request(void **state)
{
    struct sim_server server = { .reply = sim_at_once, .idle_ns = 300 * MILLISECOND_NS };
    struct plan plan = sim_plan(&server);

    plan.load.model = LOAD_OPEN;
    plan.load.rate_per_sec = 1;
    plan.load.connections = 3;
    plan.load.duration_ns = 30 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.ok, 30);
    assert_int_equal(all_failed(), 0);
    assert_true(histogram_quantile_ns(&tally.response, 1.0) < MILLISECOND_NS);
    (void)state;
}

static struct sim_reply second_is_lost_then_silent(void *context, uint64_t number, int64_t now_ns,
                                                   uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    if (number == 1)
        reply = (struct sim_reply){ .what = SIM_END, .delay_ns = 800 * MILLISECOND_NS };
    if (number == 2)
        reply.what = SIM_SILENT;
    return reply;
}

static void a_request_that_is_sent_twice_lives_one_life(void **state)
{
    struct sim_server server = { .reply = second_is_lost_then_silent };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 1;
    plan.load.duration_ns = 0;
    plan.load.requests = 2;
    plan.load.timeout_ns = SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.resent, 1);
    assert_int_equal(tally.failed[OUTCOME_TIMEOUT], 1);
    assert_int_equal(tally.response.max_ns, SECOND_NS);
    (void)state;
}

/* What never was a connection was closed by nobody, and sent nothing. */
static void handshakes_that_time_out_are_failed_connects(void **state)
{
    struct sim_server server = { .reply = sim_at_once, .connect_ns = 60 * SECOND_NS };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 2;
    plan.load.duration_ns = 3500 * MILLISECOND_NS;
    plan.load.timeout_ns = SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.opened, 0);
    assert_int_equal(tally.closed_by_client, 0);
    assert_int_equal(tally.bytes_sent, 0);
    assert_int_equal(tally.connect_failed, tally.failed[OUTCOME_TIMEOUT]);
    assert_true(tally.connect_failed >= 6);
    (void)state;
}

/* ---- evidence of the generator itself ---- */

static void right_answers_are_shared_out_by_connection_and_by_tenth(void **state)
{
    struct sim_server server = { .reply = one_answer_a_second };
    struct plan plan = sim_plan(&server);
    uint32_t by_tenth = 0;

    plan.load.connections = 5;
    plan.load.warmup_ns = 2050 * MILLISECOND_NS;
    plan.load.duration_ns = 10 * SECOND_NS;
    sim_drive(&plan, &tally);
    /* The answers of 3, 4, ... 12 s. */
    assert_int_equal(tally.ok_in_window, 50);
    assert_int_equal(tally.by_connection.count, 5);
    assert_near(tally.by_connection.least, 10, 0);
    assert_near(tally.by_connection.most, 10, 0);
    assert_near(tally.by_connection.sum, 50, 0);
    assert_near(tally.by_connection.squares, 500, 0);
    assert_int_equal(tally.by_worker.count, 1);
    assert_near(tally.by_worker.sum, 50, 0);
    /* 12.05 s: 120 whole tenths. The one in which the window begins is not of the window. */
    assert_int_equal(tally.tenth_count, 120);
    assert_int_equal(tally.tenths_before, 21);
    for (uint32_t i = 0; i < tally.tenth_count; i++) {
        assert_int_equal(tally.tenths[i], i > 0 && i % 10 == 0 ? 5 : 0);
        by_tenth += tally.tenths[i];
    }
    assert_int_equal(by_tenth, 55); /* the last five come after the last whole tenth */
    (void)state;
}

/* Time stands still while the generator works: it has no turn that takes any. */
static void a_generator_that_takes_no_time_has_none_in_its_loop(void **state)
{
    struct sim_server server = { .reply = stalls_once_else_takes_a_millisecond };
    struct plan plan = sim_plan(&server);

    plan.load.model = LOAD_OPEN;
    plan.load.rate_per_sec = 1000;
    plan.load.warmup_ns = SECOND_NS;
    plan.load.duration_ns = 10 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_true(tally.waits > 0);
    assert_int_equal(tally.loop.counts[0], tally.waits);
    assert_in_range(tally.events, tally.ok_in_window - 10, tally.ok_in_window + 10);
    /* Even arrivals, sent as they are due: a millisecond from each to the next. */
    assert_int_equal(tally.gap_count, TALLY_GAPS_MAX);
    for (uint64_t i = 0; i < tally.gap_count; i++)
        assert_int_equal(tally.gaps_ns[i], MILLISECOND_NS);
    (void)state;
}

static void a_turn_of_the_loop_lasts_as_long_as_what_is_done_in_it(void **state)
{
    for (enum load_model model = LOAD_CLOSED; model <= LOAD_OPEN; model++) {
        struct sim_server server = { .reply = stalls_once_else_takes_a_millisecond,
                                     .send_ns = 50 * MICROSECOND_NS };
        struct plan plan = sim_plan(&server);

        plan.load.model = model;
        plan.load.rate_per_sec = 500;
        plan.load.connections = 1;
        plan.load.duration_ns = 10 * SECOND_NS;
        sim_drive(&plan, &tally);
        /* In a closed loop it sends what it was waken for. In an open one the answer wakes it, too,
         * and there is nothing to send then. */
        assert_near((double)second_quantile_ns(&tally.loop, model == LOAD_OPEN ? 0.9 : 0.1), 50e3,
                    50e3 / 32);
    }
    (void)state;
}

static void gaps_are_between_what_was_sent_not_what_was_due(void **state)
{
    struct sim_server server = { .reply = one_answer_a_second };
    struct plan plan = sim_plan(&server);

    plan.load.model = LOAD_OPEN;
    plan.load.rate_per_sec = 10;
    plan.load.connections = 1;
    plan.load.duration_ns = 5 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.gap_count, tally.sent - 1);
    for (uint64_t i = 0; i < tally.gap_count; i++)
        assert_int_equal(tally.gaps_ns[i], SECOND_NS);
    (void)state;
}

/* ---- a window that begins anew ---- */

/* Wrong and slow until `well_ns`; some time before that it was told that this is warm-up. */
struct slow_start {
    struct sim_server *server;
    int64_t asked_ns, begin_ns, well_ns;
    bool asked;
};

static struct sim_reply starts_slowly(void *context, uint64_t number, int64_t now_ns,
                                      uint32_t answers)
{
    struct slow_start *slow = context;
    struct sim_reply reply = sim_at_once(NULL, number, now_ns, answers);

    if (!slow->asked && now_ns >= slow->asked_ns) {
        slow->asked = true;
        assert_true(
            engine_restart_window(sim_engine(slow->server), (struct mono){ slow->begin_ns }));
    }
    reply.delay_ns = MILLISECOND_NS;
    if (now_ns >= slow->well_ns)
        return reply;
    reply.delay_ns = 10 * MILLISECOND_NS;
    if (number % 5 == 0)
        reply.bytes = SLICE("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
    return reply;
}

/* 1 s of warm-up and a window of 10 s; at 9 s it is begun anew for 9.5 s, when all has been well
 * for a second. */
static void a_window_begun_anew_reports_only_what_came_after(void **state)
{
    struct sim_server server = { .reply = starts_slowly };
    struct slow_start slow = { .server = &server,
                               .asked_ns = SIM_START_NS + 9200 * MILLISECOND_NS,
                               .begin_ns = SIM_START_NS + 9500 * MILLISECOND_NS,
                               .well_ns = SIM_START_NS + 8400 * MILLISECOND_NS };
    struct plan plan = sim_plan(&server);
    uint64_t before = 0;

    server.context = &slow;
    plan.load.connections = 4;
    plan.load.warmup_ns = SECOND_NS;
    plan.load.duration_ns = 10 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.restarts, 1);
    assert_int_equal(tally.window_ns, 10 * SECOND_NS);
    assert_int_equal(all_failed(), 0);
    assert_int_equal(tally.example_count, 0);
    assert_in_range(tally.ok, 39996, 40000);
    assert_int_equal(tally.response.count, tally.ok);
    assert_int_equal(tally.response.max_ns, MILLISECOND_NS);
    assert_int_equal(tally.first_byte.max_ns, MILLISECOND_NS);
    assert_int_equal(tally.second_count, 10);
    for (uint32_t i = 0; i < 10; i++) {
        const struct tally_second *second = &tally.seconds[i];

        assert_in_range(second->ok, 3996, 4004);
        assert_in_range(second->counts[second_bucket(histogram_index(MILLISECOND_NS))], 3996, 4004);
    }
    assert_near(tally.by_connection.least, 10000, 1);
    assert_near(tally.by_connection.sum, (double)tally.ok_in_window, 0);
    /* Both have counted the same, and nobody was sent away for it. */
    assert_int_equal(server.requests, tally.sent + tally.warmup);
    assert_int_equal(server.connections, 4);
    /* The course of it all is still there: 320 right ones a second, then 4000. */
    assert_int_equal(tally.tenths_before, 95);
    assert_int_equal(tally.tenth_count, 195);
    for (uint32_t i = 0; i < 84; i++)
        before += tally.tenths[i];
    assert_in_range(before, 2640, 2700);
    assert_in_range(tally.tenths[100], 396, 404);
    (void)state;
}

/* The calibration of coordinated omission, behind a restart: its second of silence is the second
 * window's. */
static struct sim_reply stalls_once_after_a_slow_start(void *context, uint64_t number,
                                                       int64_t now_ns, uint32_t answers)
{
    struct slow_start *slow = context;
    struct sim_reply reply = starts_slowly(context, number, now_ns, answers);
    struct sim_reply stalled = stalls_once(NULL, number, now_ns - slow->well_ns, answers);

    if (now_ns < slow->well_ns)
        return reply;
    return stalled;
}

static void percentiles_are_as_true_in_a_window_begun_anew(void **state)
{
    struct sim_server server = { .reply = stalls_once_after_a_slow_start };
    struct slow_start slow = { .server = &server,
                               .asked_ns = SIM_START_NS + 30 * SECOND_NS,
                               .begin_ns = SIM_START_NS + 31 * SECOND_NS,
                               .well_ns = SIM_START_NS + 31 * SECOND_NS };
    struct plan plan = sim_plan(&server);

    server.context = &slow;
    plan.load.model = LOAD_OPEN;
    plan.load.rate_per_sec = 1000;
    plan.load.connections = 20;
    plan.load.duration_ns = 60 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.scheduled, 60000);
    assert_int_equal(tally.ok, 60000);
    assert_int_equal(all_failed(), 0);
    assert_near((double)histogram_quantile_ns(&tally.response, 0.99), 0.400e9, 0.0021e9);
    assert_int_equal(tally.loop_late.count + tally.pool_late.count, 60000);
    assert_int_equal(server.requests, tally.sent + tally.warmup);
    assert_int_equal(tally.warmup, 31000);
    (void)state;
}

/* A worker that was held up hears of it when the old window's end is over, and its connections,
 * which were not asked again then, have to go on. Each send takes 300 ms: the one at 1.8 s asks,
 * the two answers that came with its own are looked at behind 2 s. */
static void a_restart_that_is_heard_late_leaves_no_connection_behind(void **state)
{
    struct sim_server server = { .reply = starts_slowly, .send_ns = 300 * MILLISECOND_NS };
    struct slow_start slow = { .server = &server,
                               .asked_ns = SIM_START_NS + 1800 * MILLISECOND_NS,
                               .begin_ns = SIM_START_NS + 2 * SECOND_NS,
                               .well_ns = 0 };
    struct plan plan = sim_plan(&server);

    server.context = &slow;
    plan.load.connections = 3;
    plan.load.duration_ns = 2 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.restarts, 1);
    assert_int_equal(tally.window_ns, 2 * SECOND_NS);
    assert_true(tally.by_connection.least >= 1);
    assert_int_equal(server.requests, tally.sent + tally.warmup);
    assert_int_equal(server.connections, 3);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_silent_second_of_sixty_reads_p99_of_400_ms),
        cmocka_unit_test(a_closed_loop_hides_the_same_second),
        cmocka_unit_test(a_known_distribution_comes_back_within_the_histograms_error),
        cmocka_unit_test(ten_connections_at_ten_milliseconds_make_a_thousand_a_second),
        cmocka_unit_test(an_overload_that_drains_is_not_limited_by_the_rate),
        cmocka_unit_test(one_seed_gives_one_report_byte_for_byte),
        cmocka_unit_test(timeouts_stay_in_the_distribution_as_lower_bounds),
        cmocka_unit_test(what_was_due_and_never_sent_is_counted_and_carried_at_its_age),
        cmocka_unit_test(a_reused_connection_that_ends_is_no_verdict_on_the_request),
        cmocka_unit_test(a_fresh_connection_that_ends_is_one),
        cmocka_unit_test(refused_connects_are_retried_ever_more_slowly_and_counted),
        cmocka_unit_test(every_wrong_answer_is_counted_by_its_kind),
        cmocka_unit_test(a_connection_a_request_takes_a_new_one_each_time),
        cmocka_unit_test(warm_up_is_counted_apart),
        cmocka_unit_test(by_count_the_window_ends_with_its_own_last_answer),
        cmocka_unit_test(by_count_a_server_that_says_no_more_is_given_up),
        cmocka_unit_test(idle_connections_that_the_server_closes_cost_no_request),
        cmocka_unit_test(a_request_that_is_sent_twice_lives_one_life),
        cmocka_unit_test(handshakes_that_time_out_are_failed_connects),
        cmocka_unit_test(right_answers_are_shared_out_by_connection_and_by_tenth),
        cmocka_unit_test(a_generator_that_takes_no_time_has_none_in_its_loop),
        cmocka_unit_test(a_turn_of_the_loop_lasts_as_long_as_what_is_done_in_it),
        cmocka_unit_test(gaps_are_between_what_was_sent_not_what_was_due),
        cmocka_unit_test(a_window_begun_anew_reports_only_what_came_after),
        cmocka_unit_test(percentiles_are_as_true_in_a_window_begun_anew),
        cmocka_unit_test(a_restart_that_is_heard_late_leaves_no_connection_behind),
        cmocka_unit_test(
            a_server_that_hangs_up_on_everyone_is_not_asked_faster_than_one_that_refuses),
    };

    return cmocka_run_group_tests_name("drive", tests, NULL, NULL);
}
