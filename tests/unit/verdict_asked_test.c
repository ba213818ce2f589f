/* tests/unit/verdict_asked_test.c -- what was asked, what limited it, what came back, and how much
 * of it: each check sees what it is there for, and nothing where there is nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "asked.h"
#include "base/rng.h"
#include "stats/interval.h"
#include "store/samples.h"
#include "verdict/check_priv.h"
#include "verdict/limits.h"

typedef struct check checker(const struct trial_record *t);

/* Takes the trial. The sentence must have that piece in it, and a bad state must have a remedy. */
static void expect(int line, struct trial_record *t, checker *check, enum check_state state,
                   const char *piece)
{
    struct check c = check(t);

    if (c.state != state || strstr(c.text, piece) == NULL)
        fail_msg("line %d: %s: \"%s\" (%s), expected %s with \"%s\"", line, check_name(c.id),
                 c.text, check_state_name(c.state), check_state_name(state), piece);
    if (c.state >= CHECK_WARN && c.remedy[0] == '\0')
        fail_msg("line %d: no remedy", line);
    trial_record_free(t);
}

#define EXPECT(t, check, state, piece) expect(__LINE__, t, check, state, piece)

/* ---- load ---- */

static void a_load_that_went_out_as_planned_is_fine(void **state)
{
    struct trial_record *even = open_trial();

    EXPECT(open_trial(), check_load, CHECK_OK,
           "offered 2,000/s, sent 2,000/s, 0.0 % late by the generator");
    EXPECT(closed_trial(), check_load, CHECK_OK, "closed loop: 10 connections asked again");
    even->load.arrivals = PACER_EVEN;
    EXPECT(even, check_load, CHECK_OK, "0.0 % late");
    (void)state;
}

static void nothing_sent_is_no_load(void **state)
{
    EXPECT(new_trial("a", "json", "wrk"), check_load, CHECK_FAIL, "no request was sent");
    (void)state;
}

/* One slot in twenty was left out of the timetable; the books balance all the same. */
static void dropped_slots_of_the_timetable_are_found(void **state)
{
    struct trial_record *poisson = open_trial(), *even = open_trial();

    poisson->tally.scheduled = poisson->tally.sent = poisson->tally.scheduled * 19 / 20;
    EXPECT(poisson, check_load, CHECK_FAIL, "the timetable has holes");
    even->load.arrivals = PACER_EVEN;
    even->tally.scheduled = even->tally.sent = even->tally.scheduled - 2;
    EXPECT(even, check_load, CHECK_FAIL, "39,998 requests were due where 2,000/s for 20.0s make");
    (void)state;
}

static void chance_is_no_hole_in_the_timetable(void **state)
{
    struct trial_record *poisson = open_trial(), *even = open_trial(), *cut = open_trial(),
                        *counted = open_trial();

    poisson->tally.scheduled = poisson->tally.sent -= 900; /* 4.5 roots of 40000 */
    EXPECT(poisson, check_load, CHECK_OK, "");
    even->load.arrivals = PACER_EVEN;
    even->load.threads = 2;
    even->tally.scheduled = even->tally.sent += 2;
    EXPECT(even, check_load, CHECK_OK, "");
    cut->tally.partial = true;
    cut->tally.window_ns -= SECOND_NS;
    EXPECT(cut, check_load, CHECK_WARN, "ended before its time, after 19.0s");
    counted->load.requests = counted->tally.sent;
    counted->tally.window_ns += SECOND_NS; /* until the last answer */
    EXPECT(counted, check_load, CHECK_OK, "");
    (void)state;
}

static void late(struct trial_record *t, struct histogram *whose, uint64_t count, int64_t lag_ns)
{
    histogram_record_many(whose, lag_ns, count);
    t->tally.loop_late.counts[histogram_index(5 * MICROSECOND_NS)] -= count;
    t->tally.loop_late.count -= count;
}

/* A loop that stalls for 5 ms every 100 ms delays one request in twenty. */
static void a_stalled_generator_is_to_blame(void **state)
{
    struct trial_record *t = open_trial();

    late(t, &t->tally.loop_late, t->tally.sent / 20, 5 * MILLISECOND_NS);
    EXPECT(t, check_load, CHECK_FAIL, "the generator, not the target, held back requests: 5.0 %");
    t = open_trial();
    late(t, &t->tally.loop_late, t->tally.sent / 20, 60 * MICROSECOND_NS);
    EXPECT(t, check_load, CHECK_WARN, "5.0 % left over 50.0µs late");
    (void)state;
}

static void the_same_stall_in_the_target_is_not_ours(void **state)
{
    struct trial_record *t = open_trial();

    late(t, &t->tally.pool_late, t->tally.sent / 20, 5 * MILLISECOND_NS);
    EXPECT(t, check_load, CHECK_OK, "0.0 % late by the generator");
    (void)state;
}

/* A noisy machine wakes one sleeper in two hundred 5 ms too late. */
static void rare_wake_ups_condemn_nobody(void **state)
{
    struct trial_record *t = open_trial();

    late(t, &t->tally.loop_late, t->tally.sent / 200, 5 * MILLISECOND_NS);
    EXPECT(t, check_load, CHECK_OK, "0.50 % late by the generator");
    (void)state;
}

static void unsent(struct trial_record *t, uint64_t count, uint64_t pool)
{
    t->tally.unsent = count;
    t->tally.unsent_pool = pool;
    t->tally.sent -= count;
}

static void who_could_not_send_is_told_apart(void **state)
{
    struct trial_record *ours = open_trial(), *little = open_trial(), *theirs = open_trial();

    unsent(ours, 2000, 0);
    EXPECT(ours, check_load, CHECK_FAIL, "could not send 5.0 % of what was due");
    unsent(little, 200, 0);
    EXPECT(little, check_load, CHECK_WARN, "could not send 0.50 %");
    unsent(theirs, 10000, 10000);
    EXPECT(theirs, check_load, CHECK_WARN, "offered 2,000/s, sent 1,500/s: for the rest no conn");
    (void)state;
}

static void a_target_that_lets_nobody_in_any_more_is_quoted(void **state)
{
    struct trial_record *later = open_trial(), *never = open_trial();

    later->tally.connect_failed = 12;
    never->tally.connect_failed = 44;
    later->tally.connect_sys = never->tally.connect_sys = ECONNREFUSED;
    unsent(later, 10000, 10000);
    EXPECT(later, check_load, CHECK_WARN, "was free, 12 connects failed (Connection refused)");
    unsent(never, never->tally.sent, never->tally.sent);
    EXPECT(never, check_load, CHECK_FAIL, "no request was sent in the measured window: 44 conn");
    (void)state;
}

/* What is left over when a load by count ends early was not due yet: nobody failed to send it. */
static void what_was_never_due_is_nobodys_fault(void **state)
{
    struct trial_record *t = open_trial();

    t->load.requests = t->tally.scheduled;
    t->tally.partial = true;
    unsent(t, 30000, 5);
    EXPECT(t, check_load, CHECK_WARN, "ended before its time");
    (void)state;
}

/* A sleeper that is woken 40 us late sends all that became due meanwhile at once. */
static void wake_ups_within_bounds_are_random_enough(void **state)
{
    struct trial_record *t = open_trial();
    int64_t due_ns = 0, sent_ns = 0;

    for (size_t i = 0; i < TALLY_GAPS_MAX; i++) {
        int64_t before_ns = sent_ns;

        due_ns += t->tally.gaps_ns[i];
        sent_ns = due_ns > sent_ns ? due_ns + 40 * MICROSECOND_NS : sent_ns;
        t->tally.gaps_ns[i] = sent_ns - before_ns;
    }
    EXPECT(t, check_load, CHECK_OK, "");
    (void)state;
}

static void arrivals_that_are_not_random_are_found(void **state)
{
    struct trial_record *slow = open_trial(), *fast = open_trial(), *few = open_trial(),
                        *waiting = open_trial();

    for (size_t i = 0; i < TALLY_GAPS_MAX; i++) {
        slow->tally.gaps_ns[i] = SECOND_NS / ASKED_RATE;
        fast->tally.gaps_ns[i] = i % 10 == 0 ? 400 * MICROSECOND_NS : 0; /* ten at a time */
        few->tally.gaps_ns[i] = waiting->tally.gaps_ns[i] = SECOND_NS / ASKED_RATE;
    }
    EXPECT(slow, check_load, CHECK_FAIL, "did not go out at random moments");
    EXPECT(fast, check_load, CHECK_OK, "");
    few->tally.gap_count = LOAD_GAPS_MIN - 1;
    EXPECT(few, check_load, CHECK_OK, "");
    late(waiting, &waiting->tally.pool_late, waiting->tally.sent / 10, MILLISECOND_NS);
    EXPECT(waiting, check_load, CHECK_OK, "");
    (void)state;
}

/* ---- generator ---- */

static void a_generator_with_time_to_spare_is_fine(void **state)
{
    EXPECT(closed_trial(), check_generator, CHECK_OK,
           "busiest thread 41 % CPU, cycle gap 0.0 %, 0.31 of the empty server's ceiling");
    EXPECT(open_trial(), check_generator, CHECK_OK, "busiest thread 41 % CPU, 0.31 of");
    (void)state;
}

static void a_busy_generator_is_the_limit(void **state)
{
    struct trial_record *t = closed_trial();

    t->tally.busiest_thread_share = 0.95;
    EXPECT(t, check_generator, CHECK_FAIL, "its busiest thread used 95 % of a CPU");
    t = closed_trial();
    t->tally.busiest_thread_share = 0.75;
    EXPECT(t, check_generator, CHECK_WARN, "used 75 % of a CPU");
    t = closed_trial();
    t->tally.seconds_busy = 2;
    EXPECT(t, check_generator, CHECK_FAIL, "in 2 of 20 seconds");
    t = closed_trial();
    t->tally.seconds_busy = 1;
    t->tally.second_count = 10; /* a tenth of them, and one all the same */
    EXPECT(t, check_generator, CHECK_WARN, "over 90 % in some seconds");
    (void)state;
}

static void who_has_a_cpu_of_its_own_is_not_told_to_take_one(void **state)
{
    struct trial_record *t = closed_trial();

    t->tally.run_queue_wait_ns = t->tally.window_ns / 10;
    t->client.cpus_allowed = t->server.cpus_allowed = 3;
    assert_non_null(strstr(check_generator(t).remedy, "--cpus"));
    t->client.cpus_allowed = 1;
    t->server.cpus_allowed = 2;
    assert_non_null(strstr(check_generator(t).remedy, "stop what else runs on"));
    trial_record_free(t);
    (void)state;
}

static void waiting_for_a_cpu_is_found(void **state)
{
    struct trial_record *t = closed_trial();

    t->tally.run_queue_wait_ns = t->tally.window_ns / 10;
    EXPECT(t, check_generator, CHECK_FAIL, "ready and had no CPU 9.5 % of the time");
    t = closed_trial();
    t->tally.run_queue_wait_ns = t->tally.window_ns / 40;
    EXPECT(t, check_generator, CHECK_WARN, "had no CPU 2.0 %");
    t = closed_trial(); /* 0.9 us for each of 600,000 wake-ups: 2.7 % of the window */
    t->tally.waits = 600000;
    t->tally.run_queue_wait_ns = 600000 * INT64_C(900);
    EXPECT(t, check_generator, CHECK_OK, "");
    t = closed_trial();
    t->tally.run_queue_wait_ns = -1;
    EXPECT(t, check_generator, CHECK_UNKNOWN, "waited for a CPU is not known");
    (void)state;
}

static void time_inside_the_generator_is_found(void **state)
{
    struct trial_record *t = closed_trial();

    t->tally.response.sum_ns *= 0.8;
    EXPECT(t, check_generator, CHECK_FAIL, "connections spent 20 % of their time inside");
    t = closed_trial();
    t->tally.response.sum_ns *= 0.9;
    EXPECT(t, check_generator, CHECK_WARN, "connections spent 10 %");
    t = closed_trial(); /* failed requests took time too, it is not known how much */
    t->tally.response.sum_ns *= 0.8;
    t->tally.failed[OUTCOME_STATUS] = 5000;
    EXPECT(t, check_generator, CHECK_OK, "busiest thread 41 % CPU, 0.31");
    t = closed_trial(); /* by count connections end one after the other */
    t->tally.response.sum_ns *= 0.8;
    t->load.requests = t->tally.sent;
    EXPECT(t, check_generator, CHECK_OK, "busiest thread 41 % CPU, 0.31");
    (void)state;
}

/* Two of ten are served, the others wait since the warm-up: their time is nowhere in the books. */
static void connections_that_are_left_waiting_are_not_the_generators(void **state)
{
    struct trial_record *t = closed_trial();

    t->tally.response.sum_ns *= 0.2;
    t->tally.by_connection = (struct tally_shares){
        .count = 10, .sum = 10000, .squares = 5e7, .least = 0, .most = 5000
    };
    EXPECT(t, check_generator, CHECK_OK, "busiest thread 41 % CPU, 0.31");
    (void)state;
}

static void connections_that_never_came_about_are_missed(void **state)
{
    struct trial_record *t = closed_trial();

    t->tally.opened = t->load.connections - 1;
    EXPECT(t, check_load, CHECK_WARN, "came about");
    t = closed_trial();
    t->tally.opened = t->load.connections;
    EXPECT(t, check_load, CHECK_OK, "");
    t = closed_trial(); /* by count the first may have answered all before the last are opened */
    t->tally.opened = t->load.connections - 1;
    t->load.requests = t->tally.sent;
    EXPECT(t, check_load, CHECK_OK, "");
    (void)state;
}

static void answers_that_wait_unread_are_found(void **state)
{
    struct trial_record *t = closed_trial();

    t->tally.loop.counts[second_bucket(histogram_index(5 * MILLISECOND_NS))] = 5000;
    EXPECT(t, check_generator, CHECK_FAIL, "answers waited unread");
    t = closed_trial();
    t->tally.loop.counts[second_bucket(histogram_index(MILLISECOND_NS))] = 5000;
    EXPECT(t, check_generator, CHECK_WARN, "answers waited unread");
    t = closed_trial(); /* 40 us of 60 us: with one connection nothing waits for it */
    memset(&t->tally.response, 0, sizeof(t->tally.response));
    histogram_record_many(&t->tally.response, 60 * MICROSECOND_NS, 333333);
    t->load.connections = 1;
    t->tally.response.sum_ns = (double)t->tally.window_ns;
    t->tally.loop.counts[second_bucket(histogram_index(40 * MICROSECOND_NS))] = 100000;
    EXPECT(t, check_generator, CHECK_OK, "");
    (void)state;
}

static void the_ceiling_is_minded(void **state)
{
    struct trial_record *t = closed_trial();

    t->ceiling_per_sec = ASKED_RATE / 0.86;
    t->tally.busiest_thread_share = 0.8;
    EXPECT(t, check_generator, CHECK_FAIL, "with an empty server (0.86 of it)");
    t = closed_trial();
    t->ceiling_per_sec = ASKED_RATE / 0.86;
    EXPECT(t, check_generator, CHECK_WARN, "an empty server is hardly faster (0.86 of it)");
    t = closed_trial();
    t->ceiling_per_sec = ASKED_RATE / 0.6;
    EXPECT(t, check_generator, CHECK_WARN, "not far from");
    t = closed_trial();
    t->ceiling_per_sec = RECORD_UNKNOWN;
    EXPECT(t, check_generator, CHECK_UNKNOWN, "cycle gap 0.0 %, ceiling unknown");
    EXPECT(new_trial("a", "json", "wrk"), check_generator, CHECK_UNKNOWN, "nothing was measured");
    (void)state;
}

/* ---- limiter ---- */

static void a_busy_server_is_the_limit(void **state)
{
    struct trial_record *t = closed_trial();

    t->server.cpus_allowed = 6;
    t->server.cpu_user_ns = t->tally.window_ns * 196 / 100;
    t->server.cpu_system_ns = 0;
    EXPECT(t, check_limiter, CHECK_OK, "limited by: server CPU (98 % of 2 cores)");
    t = closed_trial();
    t->server.cpus_allowed = 0; /* not known from the kernel, but from what assay did */
    t->client.server_cpu_count = 1;
    t->server.cpu_system_ns = t->tally.window_ns / 2;
    EXPECT(t, check_limiter, CHECK_OK, "limited by: server CPU (90 % of 1 core)");
    t = closed_trial();
    t->server.cpus_allowed = 6;
    t->server.thread_count = 1;
    t->server.thread_cpu_ns[0] = t->tally.window_ns * 97 / 100;
    EXPECT(t, check_limiter, CHECK_OK, "limited by: one thread of the server (97 % of a core)");
    t = closed_trial();
    t->service_count = 1;
    t->services[0] = (struct service_usage){ "redis", 1, t->tally.window_ns * 45 / 100, 0, 1 };
    EXPECT(t, check_limiter, CHECK_OK, "server CPU with its services' (95 % of 1 core)");
    (void)state;
}

static void a_busy_generator_limits_and_refuses(void **state)
{
    struct trial_record *t = closed_trial();

    t->tally.busiest_thread_share = 0.97;
    EXPECT(t, check_limiter, CHECK_FAIL, "limited by: the generator");
    t = closed_trial(); /* others took its CPU: it did not use one up */
    t->server.cpu_user_ns = t->server.cpu_system_ns = 0;
    t->server.thread_count = 0;
    t->tally.run_queue_wait_ns = t->tally.window_ns / 5;
    EXPECT(t, check_limiter, CHECK_UNKNOWN, "the generator had to wait for a CPU");
    t = open_trial(); /* it sent late, but all that was asked for */
    t->tally.run_queue_wait_ns = t->tally.window_ns / 5;
    EXPECT(t, check_limiter, CHECK_OK, "limited by: the rate asked for");
    t = closed_trial();
    t->client.cpus_allowed = t->server.cpus_allowed = 1;
    t->tally.cpu_user_ns = t->tally.window_ns * 45 / 100;
    EXPECT(t, check_limiter, CHECK_WARN, "which server and generator share (95 % of 1 in use)");
    (void)state;
}

static void a_full_network_limits_and_refuses(void **state)
{
    struct trial_record *t = closed_trial();

    t->machine.link_share = 0.93;
    t->machine.link_bits_per_sec = 1000000000;
    EXPECT(t, check_limiter, CHECK_FAIL, "limited by: the network (93 % of 1000 Mbit/s)");
    t = open_trial(); /* as full as the rate makes it */
    t->machine.link_share = 0.93;
    EXPECT(t, check_limiter, CHECK_OK, "limited by: the rate asked for");
    (void)state;
}

static void with_nobody_busy_the_limit_is_latency_or_the_rate(void **state)
{
    struct trial_record *t = open_trial();

    t->server.cpu_user_ns = t->server.cpu_system_ns = -1;
    EXPECT(t, check_limiter, CHECK_OK, "limited by: the rate asked for (2,000/s)");
    EXPECT(closed_trial(), check_limiter, CHECK_OK, "latency x connections (10 wait");
    t = closed_trial();
    t->load.connections = 256;
    t->tally.response.sum_ns = 256.0 * (double)t->tally.window_ns;
    EXPECT(t, check_limiter, CHECK_UNKNOWN, "neither side was busy (server 50 %, generator 41 %");
    t = closed_trial();
    t->server.cpu_user_ns = -1;
    EXPECT(t, check_limiter, CHECK_UNKNOWN, "the server's CPU time cannot be read");
    (void)state;
}

/* All that was due is answered in the end, a fifth of it behind the window's. */
static void fall_behind(struct trial_record *t)
{
    t->tally.ok_in_window = t->tally.scheduled * 4 / 5;
}

static void who_answers_behind_the_end_has_not_kept_up(void **state)
{
    struct trial_record *t = open_trial();

    fall_behind(t);
    EXPECT(t, check_load, CHECK_WARN, "asked 2,000/s, answered 1,600/s in the window");
    t = open_trial();
    fall_behind(t);
    EXPECT(t, check_limiter, CHECK_UNKNOWN, "neither side was busy");
    t = open_trial(); /* the end cuts off what its connections are at work on */
    t->tally.ok_in_window -= t->load.connections + t->tally.scheduled / 100;
    EXPECT(t, check_load, CHECK_OK, "");
    t = open_trial(); /* answers they are, and others say that they are wrong */
    fall_behind(t);
    t->tally.failed[OUTCOME_STATUS] = t->tally.scheduled / 5;
    EXPECT(t, check_load, CHECK_OK, "");
    t = open_trial(); /* by count nothing is behind the end: it took longer than the rate does */
    t->load.requests = t->tally.sent;
    t->tally.window_ns = t->tally.window_ns * 13 / 10;
    EXPECT(t, check_limiter, CHECK_UNKNOWN, "neither side was busy");
    (void)state;
}

/* ---- omission ---- */

static void how_latency_is_counted_is_said(void **state)
{
    EXPECT(open_trial(), check_omission, CHECK_OK, "counted from when it was due: p99 4.");
    EXPECT(closed_trial(), check_omission, CHECK_OK, "no latency at a rate is claimed");
    EXPECT(new_trial("a", "json", "wrk"), check_omission, CHECK_UNKNOWN, "no response time");
    (void)state;
}

static void censor(struct trial_record *t, uint64_t count)
{
    t->tally.in_flight = count;
    for (uint64_t i = 0; i < count; i++)
        histogram_record_censored(&t->tally.response, 2 * SECOND_NS);
}

static void unfinished_requests_make_bounds(void **state)
{
    struct trial_record *t = open_trial();

    censor(t, 3);
    EXPECT(t, check_omission, CHECK_OK, "; 3 unfinished, counted as at least 2.00s");
    t = open_trial();
    censor(t, 30);
    EXPECT(t, check_omission, CHECK_OK, "; from p99.99 on percentiles are lower bounds");
    t = open_trial();
    censor(t, 900);
    EXPECT(t, check_omission, CHECK_WARN, "; from p99 on percentiles are lower bounds");
    t = closed_trial();
    censor(t, 900);
    EXPECT(t, check_omission, CHECK_WARN, "; from p99 on percentiles are lower bounds");
    (void)state;
}

static void requests_that_are_left_out_are_missed(void **state)
{
    struct trial_record *t = open_trial();

    unsent(t, 500, 0);
    EXPECT(t, check_omission, CHECK_FAIL, "500 requests are missing from the response times");
    t = closed_trial();
    t->tally.failed[OUTCOME_TIMEOUT] = 4;
    EXPECT(t, check_omission, CHECK_FAIL, "4 requests are missing");
    t = closed_trial(); /* by count, interrupted: the rest was never due */
    t->load.requests = t->tally.sent + 100;
    t->tally.unsent = 100;
    EXPECT(t, check_omission, CHECK_OK, "");
    (void)state;
}

/* ---- answers ---- */

static void right_answers_are_right(void **state)
{
    struct trial_record *t = closed_trial();

    EXPECT(closed_trial(), check_answers, CHECK_OK, "40,000 of 40,000 answers right");
    t->body_checked = false;
    EXPECT(t, check_answers, CHECK_WARN, "their bodies were not compared");
    EXPECT(new_trial("a", "json", "wrk"), check_answers, CHECK_FAIL, "there was no right answer");
    (void)state;
}

static void wrong_answers_are_counted_by_kind(void **state)
{
    struct trial_record *t = closed_trial();

    t->tally.failed[OUTCOME_STATUS] = 1200;
    t->tally.failed[OUTCOME_BODY] = 7;
    tally_example(&t->tally, OUTCOME_STATUS, 0, 500, "500", "", 0);
    EXPECT(t, check_answers, CHECK_FAIL,
           "1,207 of 40,000 wrong: 1,200 wrong status (500), 7 wrong body");
    t = closed_trial(); /* one wrong body is one too many, one time-out in 40,000 is not */
    t->tally.failed[OUTCOME_BODY] = 1;
    EXPECT(t, check_answers, CHECK_FAIL, "1 wrong body");
    t = closed_trial();
    t->tally.failed[OUTCOME_TIMEOUT] = 1;
    EXPECT(t, check_answers, CHECK_WARN, "1 timed out");
    t = closed_trial();
    t->tally.failed[OUTCOME_RESET] = 41;
    EXPECT(t, check_answers, CHECK_FAIL, "41 reset");
    (void)state;
}

/* ---- samples ---- */

static void independent_answers_are_worth_what_they_are(void **state)
{
    struct trial_record *t = open_trial();
    struct samples_quantile p99 = samples_quantile(t, 0.99);

    assert_true(p99.effective > 20000 && p99.effective <= 40000);
    assert_true(p99.reliable && p99.bounded);
    assert_true(p99.low_ns < 4605170 && 4605170 < p99.high_ns); /* ms x ln 100 */
    EXPECT(t, check_samples, CHECK_OK, "p99 4.");
    (void)state;
}

/* Every fifth second is three times as slow: what one of its answers says, the others say too. */
static void dependent_answers_are_worth_less(void **state)
{
    struct trial_record *t = new_trial("a", "json", "wrk");
    struct samples_quantile p99;

    answer_seconds(t, ASKED_SECONDS, ASKED_RATE, 1e6, 5, 3);
    p99 = samples_quantile(t, 0.99);
    assert_true(p99.effective > 100 && p99.effective < 2000);
    assert_true((double)(p99.high_ns - p99.low_ns) > 0.3 * (double)p99.value_ns);
    EXPECT(t, check_samples, CHECK_WARN, "not printed: needs 1,000 effective samples, has ");
    (void)state;
}

static void percentiles_that_are_not_to_be_printed_are_named(void **state)
{
    struct trial_record *t = new_trial("a", "json", "wrk");

    answer_seconds(t, ASKED_SECONDS, 100, 1e6, 1, 1);
    EXPECT(t, check_samples, CHECK_OK, "p99.9 and above not printed: needs 10,000 effective");
    t = new_trial("a", "json", "wrk");
    answer_seconds(t, ASKED_SECONDS, 4, 1e6, 1, 1);
    EXPECT(t, check_samples, CHECK_WARN, "80 answers; p90 and above not printed: needs 100");
    EXPECT(new_trial("a", "json", "wrk"), check_samples, CHECK_WARN, "0 answers");
    (void)state;
}

/* Pareto(1): a thousand answers are enough to print p99, and leave it anywhere within a factor of
 * three. */
static void a_wide_interval_is_not_ranked(void **state)
{
    struct trial_record *t = new_trial("a", "json", "wrk");
    struct rng rng = { 5 };

    t->tally.second_count = 20;
    t->tally.seconds = arena_new(&t->arena, struct tally_second, 20);
    for (uint32_t i = 0; i < 1500; i++) {
        int64_t ns = (int64_t)(1e5 / rng_unit(&rng));

        histogram_record(&t->tally.response, ns);
        t->tally.seconds[i % 20].counts[second_bucket(histogram_index(ns))]++;
    }
    EXPECT(t, check_samples, CHECK_WARN, "too wide: p99 8.37ms [5.40ms, 17.0ms]");
    (void)state;
}

static void a_short_window_does_not_tell(void **state)
{
    struct trial_record *t = new_trial("a", "json", "wrk");

    answer_seconds(t, 9, ASKED_RATE, 1e6, 1, 1);
    assert_true(isnan(samples_quantile(t, 0.99).effective));
    EXPECT(t, check_samples, CHECK_UNKNOWN, "too short to know how independent they are");
    (void)state;
}

/* All answers take the same: there is no border between buckets to look at. */
static void equal_answers_are_worth_what_they_are(void **state)
{
    struct trial_record *t = new_trial("a", "json", "wrk");

    t->tally.second_count = 12;
    t->tally.seconds = arena_new(&t->arena, struct tally_second, 12);
    for (uint32_t s = 0; s < 12; s++)
        t->tally.seconds[s].counts[second_bucket(histogram_index(MILLISECOND_NS))] = 1000;
    histogram_record_many(&t->tally.response, MILLISECOND_NS, 12000);
    assert_true(samples_quantile(t, 0.99).effective == 12000);
    EXPECT(t, check_samples, CHECK_OK, "(120 beyond; effective 120)");
    (void)state;
}

/* ---- the corrected interval ---- */

#define WINDOWS        100
#define WINDOW_SECONDS 100

/* M/M/1 at 900 of 1000/s, from its steady state on: response times are exponential with a mean of
 * 10 ms, and neighbours are nearly equal. */
static void queue_up(struct trial_record *t, struct rng *rng)
{
    double now_s = 0, wait_s = rng_unit(rng) < 0.9 ? -log(rng_unit(rng)) / 100 : 0;

    memset(&t->tally.response, 0, sizeof(t->tally.response));
    memset(t->tally.seconds, 0, WINDOW_SECONDS * sizeof(t->tally.seconds[0]));
    while (now_s < WINDOW_SECONDS) {
        double service_s = -log(rng_unit(rng)) / 1000, gap_s = -log(rng_unit(rng)) / 900;
        int64_t ns = (int64_t)((wait_s + service_s) * 1e9) + 1;
        uint32_t bucket = second_bucket(histogram_index(ns));

        histogram_record(&t->tally.response, ns);
        t->tally.seconds[(size_t)now_s].counts[bucket]++;
        wait_s = fmax(0, wait_s + service_s - gap_s);
        now_s += gap_s;
    }
}

static bool covers(const struct samples_quantile *s, double truth_ns)
{
    return (double)s->low_ns <= truth_ns && (!s->bounded || truth_ns <= (double)s->high_ns);
}

static void the_corrected_interval_covers_where_the_naive_one_does_not(void **state)
{
    struct trial_record *t = new_trial("a", "json", "wrk");
    double truth_ns = 1e7 * log(100);
    struct rng rng = { 11 };
    int corrected = 0, naive = 0;

    t->tally.seconds = arena_new(&t->arena, struct tally_second, WINDOW_SECONDS);
    for (int window = 0; window < WINDOWS; window++) {
        struct samples_quantile with, without;

        queue_up(t, &rng);
        t->tally.second_count = WINDOW_SECONDS;
        with = samples_quantile(t, 0.99);
        t->tally.second_count = 0; /* nothing is known of dependence */
        without = samples_quantile(t, 0.99);
        corrected += covers(&with, truth_ns);
        naive += covers(&without, truth_ns);
    }
    assert_true(corrected >= 0.85 * WINDOWS);
    assert_true(naive < 0.6 * WINDOWS);
    trial_record_free(t);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_load_that_went_out_as_planned_is_fine),
        cmocka_unit_test(nothing_sent_is_no_load),
        cmocka_unit_test(dropped_slots_of_the_timetable_are_found),
        cmocka_unit_test(chance_is_no_hole_in_the_timetable),
        cmocka_unit_test(a_stalled_generator_is_to_blame),
        cmocka_unit_test(the_same_stall_in_the_target_is_not_ours),
        cmocka_unit_test(rare_wake_ups_condemn_nobody),
        cmocka_unit_test(who_could_not_send_is_told_apart),
        cmocka_unit_test(a_target_that_lets_nobody_in_any_more_is_quoted),
        cmocka_unit_test(what_was_never_due_is_nobodys_fault),
        cmocka_unit_test(wake_ups_within_bounds_are_random_enough),
        cmocka_unit_test(arrivals_that_are_not_random_are_found),
        cmocka_unit_test(a_generator_with_time_to_spare_is_fine),
        cmocka_unit_test(a_busy_generator_is_the_limit),
        cmocka_unit_test(waiting_for_a_cpu_is_found),
        cmocka_unit_test(who_has_a_cpu_of_its_own_is_not_told_to_take_one),
        cmocka_unit_test(time_inside_the_generator_is_found),
        cmocka_unit_test(connections_that_are_left_waiting_are_not_the_generators),
        cmocka_unit_test(connections_that_never_came_about_are_missed),
        cmocka_unit_test(answers_that_wait_unread_are_found),
        cmocka_unit_test(the_ceiling_is_minded),
        cmocka_unit_test(a_busy_server_is_the_limit),
        cmocka_unit_test(a_busy_generator_limits_and_refuses),
        cmocka_unit_test(a_full_network_limits_and_refuses),
        cmocka_unit_test(with_nobody_busy_the_limit_is_latency_or_the_rate),
        cmocka_unit_test(who_answers_behind_the_end_has_not_kept_up),
        cmocka_unit_test(how_latency_is_counted_is_said),
        cmocka_unit_test(unfinished_requests_make_bounds),
        cmocka_unit_test(requests_that_are_left_out_are_missed),
        cmocka_unit_test(right_answers_are_right),
        cmocka_unit_test(wrong_answers_are_counted_by_kind),
        cmocka_unit_test(independent_answers_are_worth_what_they_are),
        cmocka_unit_test(dependent_answers_are_worth_less),
        cmocka_unit_test(percentiles_that_are_not_to_be_printed_are_named),
        cmocka_unit_test(a_wide_interval_is_not_ranked),
        cmocka_unit_test(a_short_window_does_not_tell),
        cmocka_unit_test(equal_answers_are_worth_what_they_are),
        cmocka_unit_test(the_corrected_interval_covers_where_the_naive_one_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
