/* tests/unit/verdict_around_test.c -- what happened around a trial: each check green, red, and
 * without anything to look at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "records.h"
#include "verdict/check_priv.h"

typedef struct check check_function(const struct trial_record *t);

/* All is known, and all is well. */
static struct trial_record *quiet_trial(void)
{
    struct trial_record *t = good_trial("nginx", 10000);

    t->address = "127.0.0.1:8080";
    t->workers = 2;
    for (int i = 0; i < 10000; i++) {
        histogram_record(&t->tally.service, MILLISECOND_NS);
        histogram_record(&t->tally.first_byte, MILLISECOND_NS);
    }
    t->machine = (struct machine_change){ .span_ns = 10 * SECOND_NS, .frequency_min_share = 1 };
    t->hiccup = (struct hiccup_found){ .samples = 2500,
                                       .p50_ns = 60000,
                                       .p99_ns = 90000,
                                       .p999_ns = 120000,
                                       .max_ns = 300000,
                                       .clock_step_ns = 20,
                                       .clock_jump_ns = 500,
                                       .clock_drift_ppm = 3 };
    t->client.cpus_allowed = 1;
    t->server.cpus_allowed = 2;
    t->server.run_ns = 800 * MILLISECOND_NS;
    t->server.run_queue_wait_ns = 8 * MILLISECOND_NS;
    t->server.thread_count = 2;
    t->server.thread_cpu_ns[0] = 410 * MILLISECOND_NS;
    t->server.thread_cpu_ns[1] = 390 * MILLISECOND_NS;
    t->tally.by_connection = (struct tally_shares){
        .count = 10, .sum = 10000, .squares = 1e7, .least = 990, .most = 1010
    };
    t->tally.by_worker = (struct tally_shares){
        .count = 1, .sum = 10000, .squares = 1e8, .least = 1e4, .most = 1e4
    };
    return t;
}

/* Ends the test unless the check says this, with the sentence in it, and with a remedy exactly when
 * something is to be mended. Frees the trial. */
static void expect(struct trial_record *t, check_function *check, enum check_state state,
                   const char *words)
{
    struct check c = check(t);

    if (c.state != state || strstr(c.text, words) == NULL)
        fail_msg("%s: %s, not %s with '%s': %s", check_name(c.id), check_state_name(c.state),
                 check_state_name(state), words, c.text);
    if ((c.remedy[0] == '\0') != (state == CHECK_OK))
        fail_msg("%s: remedy '%s'", c.text, c.remedy);
    trial_record_free(t);
}

/* ---- network ---- */

static void a_network_that_loses_nothing_is_fine(void **state)
{
    struct trial_record *t = quiet_trial();

    expect(t, check_network, CHECK_OK, "0 listen overflows, 0 drops, 0 segments");
    t = quiet_trial();
    t->machine = machine_change_unknown();
    t->address = "unix:/tmp/x";
    expect(t, check_network, CHECK_OK, "Unix socket");
    t = quiet_trial();
    t->machine.softirq_share_worst = 0.95; /* on loopback that is generator and server */
    expect(t, check_network, CHECK_OK, "");
    (void)state;
}

static void what_was_dropped_is_said(void **state)
{
    struct trial_record *t = quiet_trial();

    t->machine.softnet_dropped = 3;
    expect(t, check_network, CHECK_FAIL, "dropped 3 packets");
    t = quiet_trial();
    t->machine.receive_drops = 4;
    t->machine.backlog_drops = -1;
    expect(t, check_network, CHECK_WARN, "4 packets");
    t = quiet_trial();
    t->machine.softnet_squeezed = 30;
    expect(t, check_network, CHECK_WARN, "3.0 times a second");
    t = quiet_trial();
    t->address = "10.0.0.7:80";
    t->machine.softirq_share_worst = 0.95;
    expect(t, check_network, CHECK_WARN, "95 %");
    (void)state;
}

static void a_network_that_is_full_is_said_to_be(void **state)
{
    static const struct {
        double share;
        enum check_state state;
        const char *words;
    } cases[] = {
        {0.69,            CHECK_OK,      ""                          },
        { 0.75,           CHECK_WARN,    "75 % full (of 1000 Mbit/s)"},
        { 0.93,           CHECK_FAIL,    "93 % full (of 1000 Mbit/s)"},
        { RECORD_UNKNOWN, CHECK_UNKNOWN, "its card does not tell"    },
    };
    struct trial_record *t;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        t = quiet_trial();
        t->address = "10.0.0.7:80";
        t->machine.link_bits_per_sec = 1000000000;
        t->machine.link_share = cases[i].share;
        expect(t, check_network, cases[i].state, cases[i].words);
    }
    t = quiet_trial(); /* loopback has no card */
    t->machine.link_share = RECORD_UNKNOWN;
    expect(t, check_network, CHECK_OK, "");
    t = quiet_trial();
    t->address = "[fd00::7]:80";
    t->machine.link_dropped = 12;
    expect(t, check_network, CHECK_WARN, "card on the way to the target dropped 12 packets");
    (void)state;
}

static void segments_sent_again_warn_and_then_fail(void **state)
{
    struct trial_record *t = quiet_trial();

    t->machine.segments_resent = 20;
    t->machine.resent_share = 0.0005;
    expect(t, check_network, CHECK_WARN, "20 segments (0.050 %)");
    t = quiet_trial();
    t->address = "10.0.0.7:80";
    t->machine.segments_resent = 40;
    t->machine.resent_share = 0.002;
    expect(t, check_network, CHECK_FAIL, "40 segments");
    t = quiet_trial(); /* on loopback it was late, not lost */
    t->machine.segments_resent = 40;
    t->machine.resent_share = 0.002;
    expect(t, check_network, CHECK_WARN, "40 segments");
    t = quiet_trial();
    t->machine.segments_resent = 2;
    t->machine.resent_share = 0.002;
    expect(t, check_network, CHECK_WARN, "2 segments");
    (void)state;
}

static void an_overflown_backlog_spoils_a_connection_a_request(void **state)
{
    struct trial_record *t = quiet_trial();

    t->machine.listen_overflows = t->machine.listen_drops = 312;
    expect(t, check_network, CHECK_WARN, "overflowed 312 times");
    t = quiet_trial();
    t->machine.listen_overflows = t->machine.listen_drops = 312;
    t->load.keepalive = false;
    expect(t, check_network, CHECK_FAIL, "overflowed 312 times");
    t = quiet_trial();
    t->machine.listen_drops = 5;
    expect(t, check_network, CHECK_WARN, "5 new connections");
    (void)state;
}

static void used_up_ports_are_named(void **state)
{
    struct trial_record *t = quiet_trial();

    t->tally.connect_failed = 9;
    t->tally.connect_sys = ECONNREFUSED;
    expect(t, check_network, CHECK_OK, "");
    t = quiet_trial();
    t->tally.connect_failed = 86;
    t->tally.connect_sys = ECONNREFUSED;
    t->tally.out_of_ports = 77;
    t->machine = machine_change_unknown(); /* this much is known without it */
    expect(t, check_network, CHECK_FAIL, "local ports: 77");
    (void)state;
}

/* No connect is slower for it: limits_around.h. */
static void a_full_table_of_closed_connections_is_a_warning(void **state)
{
    for (unsigned keepalive = 0; keepalive < 2; keepalive++) {
        struct trial_record *t = quiet_trial();

        t->load.keepalive = keepalive;
        t->machine.time_wait_share = 0.85;
        expect(t, check_network, CHECK_WARN, "85 %");
        t = quiet_trial();
        t->load.keepalive = keepalive;
        t->machine.time_wait_overflows = 6;
        expect(t, check_network, CHECK_WARN, "TIME_WAIT");
    }
    (void)state;
}

static void waits_that_protocols_are_made_of_are_told_from_slow_servers(void **state)
{
    struct trial_record *t = quiet_trial();

    histogram_record_many(&t->tally.service, 41 * MILLISECOND_NS, 50);
    histogram_record_many(&t->tally.first_byte, MILLISECOND_NS, 50);
    t->machine.segments_resent = 40; /* says less of them */
    t->machine.resent_share = 0.002;
    expect(t, check_network, CHECK_WARN, "40 ms");
    t = quiet_trial(); /* late with the first byte too: that is the server */
    histogram_record_many(&t->tally.service, 41 * MILLISECOND_NS, 50);
    histogram_record_many(&t->tally.first_byte, 41 * MILLISECOND_NS, 50);
    expect(t, check_network, CHECK_OK, "");
    t = quiet_trial(); /* the kernel looks at the timer at its next tick: 40 ms are 40 to 50 */
    histogram_record_many(&t->tally.service, 45 * MILLISECOND_NS, 10000);
    histogram_record_many(&t->tally.first_byte, MILLISECOND_NS, 10000);
    expect(t, check_network, CHECK_WARN, "50.0 % of the answers waited 40 ms");
    t = quiet_trial();
    histogram_record_many(&t->tally.service, 205 * MILLISECOND_NS, 50);
    expect(t, check_network, CHECK_OK, ""); /* nothing was sent again */
    t = quiet_trial();
    histogram_record_many(&t->tally.service, 1010 * MILLISECOND_NS, 50);
    t->machine.syn_retrans = 50;
    expect(t, check_network, CHECK_WARN, "0.5 % of the answers took about 1 s");
    t = quiet_trial();
    histogram_record_many(&t->tally.service, 1010 * MILLISECOND_NS, 50000);
    t->machine.syn_retrans = 1;
    expect(t, check_network, CHECK_OK, "");
    (void)state;
}

static void a_network_nobody_can_see_is_unknown(void **state)
{
    struct trial_record *t = quiet_trial();

    t->machine = machine_change_unknown();
    expect(t, check_network, CHECK_UNKNOWN, "could not be read");
    t = quiet_trial();
    t->machine.listen_overflows = -1;
    expect(t, check_network, CHECK_UNKNOWN, "could not be read");
    (void)state;
}

/* ---- machine ---- */

static void a_quiet_machine_is_fine(void **state)
{
    struct trial_record *t = quiet_trial();

    expect(t, check_machine, CHECK_OK, "steal 0.0 %");
    t = quiet_trial(); /* a virtual machine that tells nothing more */
    t->machine.throttled = t->machine.thermal = -1;
    t->machine.memory_full_share = t->machine.frequency_min_share = RECORD_UNKNOWN;
    expect(t, check_machine, CHECK_OK, "steal 0.0 %");
    (void)state;
}

static void stolen_time_warns_and_then_fails(void **state)
{
    struct trial_record *t = quiet_trial();

    t->machine.steal_share = 0.02;
    expect(t, check_machine, CHECK_WARN, "2.0 %");
    t = quiet_trial();
    t->machine.steal_share = 0.087;
    expect(t, check_machine, CHECK_FAIL, "8.7 %");
    (void)state;
}

static void a_second_that_was_stolen_warns(void **state)
{
    struct trial_record *t = quiet_trial();

    t->machine.steal_share = 0.005;
    t->machine.steal_share_worst = 0.3;
    expect(t, check_machine, CHECK_WARN, "in one second the host took 30 % of the CPU time");
    t = quiet_trial();
    t->machine.steal_share_worst = 0.08;
    expect(t, check_machine, CHECK_OK, "");
    (void)state;
}

static void other_programs_are_noticed(void **state)
{
    struct trial_record *t = quiet_trial();

    t->machine.foreign_cores = 0.05;
    expect(t, check_machine, CHECK_WARN, "0.05 CPUs");
    t = quiet_trial();
    t->machine.foreign_cores = 0.9;
    expect(t, check_machine, CHECK_FAIL, "0.90 CPUs");
    t = quiet_trial();
    t->machine.memory_full_share = 0.01;
    expect(t, check_machine, CHECK_WARN, "memory");
    t = quiet_trial();
    t->machine.io_full_share = 0.02;
    expect(t, check_machine, CHECK_WARN, "disk");
    (void)state;
}

static void a_cpu_that_was_held_back_is_no_measure(void **state)
{
    struct trial_record *t = quiet_trial();

    t->machine.throttled = 4;
    expect(t, check_machine, CHECK_FAIL, "quota");
    t = quiet_trial();
    t->machine.thermal = 1;
    expect(t, check_machine, CHECK_FAIL, "hot");
    t = quiet_trial();
    t->machine.frequency_min_share = 0.7;
    expect(t, check_machine, CHECK_WARN, "70 %");
    (void)state;
}

static void a_tail_as_long_as_the_machines_own_is_the_machines(void **state)
{
    struct trial_record *t = quiet_trial(); /* every answer took 1 ms */

    t->hiccup.p999_ns = 260000 + 10000;
    expect(t, check_machine, CHECK_WARN, "the tail belongs to the machine");
    t = quiet_trial();
    t->hiccup.p999_ns = t->hiccup.p99_ns = 40 * MILLISECOND_NS; /* stopped 50 ms in each second */
    expect(t, check_machine, CHECK_FAIL, "p99 belongs to the machine");
    t = quiet_trial(); /* late, but every time: what it takes to wake */
    t->hiccup.p50_ns = 800000;
    t->hiccup.p99_ns = t->hiccup.p999_ns = 900000;
    expect(t, check_machine, CHECK_OK, "");
    (void)state;
}

static void a_machine_nobody_can_see_is_unknown(void **state)
{
    struct trial_record *t = quiet_trial();

    t->machine = machine_change_unknown();
    expect(t, check_machine, CHECK_UNKNOWN, "/proc/stat");
    t = quiet_trial();
    t->machine.foreign_cores = RECORD_UNKNOWN;
    expect(t, check_machine, CHECK_UNKNOWN, "server's CPU time");
    t = quiet_trial();
    t->hiccup = hiccup_unknown();
    expect(t, check_machine, CHECK_UNKNOWN, "wakes");
    (void)state;
}

/* One tick of the kernel's 10 ms is all of a window of 7 ms, or nothing of it. */
static void a_window_of_less_than_a_few_ticks_says_nothing_of_other_programs(void **state)
{
    const double shares[] = { 0, 2.09 };

    for (size_t i = 0; i < 2; i++) {
        struct trial_record *t = quiet_trial();

        t->machine.span_ns = 7 * MILLISECOND_NS;
        t->machine.foreign_cores = shares[i];
        expect(t, check_machine, CHECK_UNKNOWN, "too short to see what else ran");
    }
    (void)state;
}

static void few_sleepers_are_not_called_one_in_a_thousand(void **state)
{
    struct trial_record *t = quiet_trial();

    t->hiccup.samples = 157;
    expect(t, check_machine, CHECK_OK, "CPUs, the latest sleeper was woken");
    t = quiet_trial();
    t->hiccup.samples = 1;
    expect(t, check_clock, CHECK_OK, "the latest sleeper was woken");
    t = quiet_trial();
    expect(t, check_machine, CHECK_OK, "one sleeper in 1000 was woken");
    (void)state;
}

/* ---- cores ---- */

static void cores_of_their_own_are_fine(void **state)
{
    struct trial_record *t = quiet_trial();

    expect(t, check_cores, CHECK_OK, "generator on CPU 0, server on CPU 1");
    t = quiet_trial();
    t->client.cpus_allowed = 0x8000000000000029;
    t->server.cpus_allowed = 0xf00;
    expect(t, check_cores, CHECK_OK, "CPU 0,3,5,63, server on CPU 8-11");
    t = quiet_trial();
    t->client.cpus_allowed = UINT64_C(0x5555555555555555);
    t->server.cpus_allowed = ~t->client.cpus_allowed;
    expect(t, check_cores, CHECK_OK, ",..., server on CPU 1,3");
    (void)state;
}

static void shared_cores_warn_and_competition_fails(void **state)
{
    struct trial_record *t = quiet_trial();

    t->client.cpus_allowed = 3;
    expect(t, check_cores, CHECK_WARN, "share CPU 1");
    t = quiet_trial();
    t->client.cpus_allowed = 3;
    t->server.run_queue_wait_ns = 96 * MILLISECOND_NS;
    expect(t, check_cores, CHECK_FAIL, "waited 120 ms");
    t = quiet_trial();
    t->client.cpus_allowed = 3;
    t->server.run_ns =
        40 * MILLISECOND_NS; /* hardly ever runs, and waits as long for each second */
    t->server.run_queue_wait_ns = 5 * MILLISECOND_NS;
    expect(t, check_cores, CHECK_WARN, "share CPU 1");
    t = quiet_trial();
    t->client.cpus_allowed = 3;
    t->server.run_queue_wait_ns = -1;
    expect(t, check_cores, CHECK_WARN, "share CPU 1");
    (void)state;
}

static void expect_remedy(struct trial_record *t, const char *words)
{
    struct check c = check_cores(t);

    if (strstr(c.remedy, words) == NULL)
        fail_msg("not '%s': %s", words, c.remedy);
    trial_record_free(t);
}

static void a_server_that_assay_did_not_start_is_not_to_be_pinned_by_it(void **state)
{
    struct trial_record *t = quiet_trial();

    t->client.cpus_allowed = 3;
    t->server.ready_ms = 12;
    expect_remedy(t, "client=0,server=1");
    t = quiet_trial();
    t->client.cpus_allowed = 3;
    t->server.ready_ms = RECORD_UNKNOWN;
    expect_remedy(t, "client=0, and the server with taskset");
    (void)state;
}

static void cores_of_somebody_elses_server_are_unknown(void **state)
{
    struct trial_record *t = quiet_trial();

    t->server.cpus_allowed = 0;
    expect(t, check_cores, CHECK_UNKNOWN, "not known");
    (void)state;
}

/* ---- clock ---- */

static void a_fine_clock_is_fine(void **state)
{
    struct trial_record *t = quiet_trial();

    expect(t, check_clock, CHECK_OK, "steps of 20ns");
    (void)state;
}

static void a_coarse_clock_is_judged_by_what_it_measures(void **state)
{
    struct trial_record *t = quiet_trial(); /* p50 is 1 ms */

    t->hiccup.clock_step_ns = 20000;
    expect(t, check_clock, CHECK_WARN, "steps of 20.0µs, 2 %");
    t = quiet_trial();
    t->hiccup.clock_step_ns = MILLISECOND_NS;
    expect(t, check_clock, CHECK_FAIL, "100 %");
    t = quiet_trial();
    t->hiccup.clock_step_ns = MILLISECOND_NS;
    memset(&t->tally.response, 0, sizeof(t->tally.response));
    histogram_record_many(&t->tally.response, SECOND_NS, 100);
    expect(t, check_clock, CHECK_WARN, "steps of 1"); /* 0.1 % of it, and yet coarse */
    (void)state;
}

static void a_clock_that_jumps_or_drifts_is_noticed(void **state)
{
    struct trial_record *t = quiet_trial();

    t->hiccup.clock_jump_ns = 40 * MILLISECOND_NS;
    expect(t, check_clock, CHECK_FAIL, "jumped by 40");
    t = quiet_trial();
    t->hiccup.clock_drift_ppm = -350;
    expect(t, check_clock, CHECK_WARN, "-350 ppm");
    (void)state;
}

static void late_wake_ups_matter_to_a_timetable(void **state)
{
    struct trial_record *t = quiet_trial();

    t->hiccup.p99_ns = 300000;
    expect(t, check_clock, CHECK_OK, "");
    t = quiet_trial();
    t->hiccup.p99_ns = 300000;
    t->load.model = LOAD_OPEN;
    expect(t, check_clock, CHECK_WARN, "30 %");
    (void)state;
}

static void a_clock_that_was_not_tested_is_unknown(void **state)
{
    struct trial_record *t = quiet_trial();

    t->hiccup = hiccup_unknown();
    expect(t, check_clock, CHECK_UNKNOWN, "not tested");
    t = quiet_trial();
    t->hiccup.clock_jump_ns = -1;
    expect(t, check_clock, CHECK_UNKNOWN, "not tested");
    (void)state;
}

/* ---- balance ---- */

/* Sums the shares up as the engine does. */
static struct tally_shares shares_of(const double *each, size_t count)
{
    struct tally_shares s = { .count = count, .least = each[0], .most = each[0] };

    for (size_t i = 0; i < count; i++) {
        s.sum += each[i];
        s.squares += each[i] * each[i];
        s.least = each[i] < s.least ? each[i] : s.least;
        s.most = each[i] > s.most ? each[i] : s.most;
    }
    return s;
}

static void even_shares_are_fine(void **state)
{
    struct trial_record *t = quiet_trial();

    expect(t, check_balance, CHECK_OK, "2 workers had even shares");
    t = quiet_trial();
    t->workers = 1;
    t->server.thread_count = 0;
    expect(t, check_balance, CHECK_OK, "connections had even shares");
    (void)state;
}

static void a_connection_that_is_never_served_shows(void **state)
{
    static const double starved[] = { 5000, 0, 0, 0 }, few[] = { 4, 0, 0, 0 };
    static const double slow[] = { 43, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    static const double fair[] = { 9, 1, 4, 6, 3, 5, 2, 4, 5, 4 };
    struct trial_record *t = quiet_trial();

    t->tally.by_connection = shares_of(slow, 10);
    expect(t, check_balance, CHECK_WARN, "0 to 43 answers");
    t = quiet_trial();
    t->tally.by_connection = shares_of(fair, 10);
    expect(t, check_balance, CHECK_OK, "");
    t = quiet_trial();

    t->tally.by_connection = shares_of(starved, 4);
    expect(t, check_balance, CHECK_WARN, "0 to 5000 answers");
    t = quiet_trial();
    t->tally.by_connection = shares_of(few, 4); /* as chance has it */
    expect(t, check_balance, CHECK_OK, "");
    t = quiet_trial();
    t->tally.by_connection = shares_of(starved, 4);
    t->load.model = LOAD_OPEN; /* the pool gives them out */
    expect(t, check_balance, CHECK_OK, "");
    t = quiet_trial();
    t->tally.by_worker = shares_of(starved, 2);
    expect(t, check_balance, CHECK_WARN, "generator's threads");
    (void)state;
}

static struct trial_record *four_workers(int64_t a, int64_t b, int64_t c, int64_t d)
{
    struct trial_record *t = quiet_trial();

    t->workers = 4;
    t->server.thread_count = 5; /* one that only looks after them */
    t->server.thread_cpu_ns[0] = a * MILLISECOND_NS;
    t->server.thread_cpu_ns[1] = b * MILLISECOND_NS;
    t->server.thread_cpu_ns[2] = c * MILLISECOND_NS;
    t->server.thread_cpu_ns[3] = d * MILLISECOND_NS;
    t->server.thread_cpu_ns[4] = 1;
    return t;
}

static void workers_that_share_badly_show(void **state)
{
    struct trial_record *t = four_workers(700, 100, 100, 100);
    struct check c = check_balance(t);

    assert_true(c.value > 0.48 - 0.01 && c.value < 0.48 + 0.01); /* 1 / (.49 + .03) / 4 */
    expect(t, check_balance, CHECK_WARN, "did 70 % of the work");
    expect(four_workers(250, 250, 250, 250), check_balance, CHECK_OK, "4 workers");
    (void)state;
}

static void with_an_idle_worker_a_throughput_is_not_the_most(void **state)
{
    struct trial_record *t = four_workers(400, 300, 300, 10);

    expect(t, check_balance, CHECK_FAIL, "one of 4 workers was idle");
    t = four_workers(400, 300, 300, 10);
    t->load.model = LOAD_OPEN;
    expect(t, check_balance, CHECK_WARN, "one of 4 workers was idle");
    t = four_workers(400, 300, 300, 10);
    t->load.connections = 3; /* no more can be busy */
    expect(t, check_balance, CHECK_OK, "3 workers");
    expect(four_workers(4, 3, 3, 0), check_balance, CHECK_OK, ""); /* nobody had to work */
    (void)state;
}

static void shares_nobody_counted_are_unknown(void **state)
{
    struct trial_record *t = quiet_trial();

    t->tally.by_connection = (struct tally_shares){ 0 };
    t->server.thread_count = 0;
    expect(t, check_balance, CHECK_UNKNOWN, "not recorded");
    t = quiet_trial();
    t->server.thread_count = 0;
    expect(t, check_balance, CHECK_UNKNOWN, "2 workers");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_that_loses_nothing_is_fine),
        cmocka_unit_test(what_was_dropped_is_said),
        cmocka_unit_test(a_network_that_is_full_is_said_to_be),
        cmocka_unit_test(segments_sent_again_warn_and_then_fail),
        cmocka_unit_test(an_overflown_backlog_spoils_a_connection_a_request),
        cmocka_unit_test(used_up_ports_are_named),
        cmocka_unit_test(a_full_table_of_closed_connections_is_a_warning),
        cmocka_unit_test(waits_that_protocols_are_made_of_are_told_from_slow_servers),
        cmocka_unit_test(a_network_nobody_can_see_is_unknown),
        cmocka_unit_test(a_quiet_machine_is_fine),
        cmocka_unit_test(stolen_time_warns_and_then_fails),
        cmocka_unit_test(a_second_that_was_stolen_warns),
        cmocka_unit_test(other_programs_are_noticed),
        cmocka_unit_test(a_cpu_that_was_held_back_is_no_measure),
        cmocka_unit_test(a_tail_as_long_as_the_machines_own_is_the_machines),
        cmocka_unit_test(a_machine_nobody_can_see_is_unknown),
        cmocka_unit_test(cores_of_their_own_are_fine),
        cmocka_unit_test(shared_cores_warn_and_competition_fails),
        cmocka_unit_test(a_server_that_assay_did_not_start_is_not_to_be_pinned_by_it),
        cmocka_unit_test(cores_of_somebody_elses_server_are_unknown),
        cmocka_unit_test(a_window_of_less_than_a_few_ticks_says_nothing_of_other_programs),
        cmocka_unit_test(few_sleepers_are_not_called_one_in_a_thousand),
        cmocka_unit_test(a_fine_clock_is_fine),
        cmocka_unit_test(a_coarse_clock_is_judged_by_what_it_measures),
        cmocka_unit_test(a_clock_that_jumps_or_drifts_is_noticed),
        cmocka_unit_test(late_wake_ups_matter_to_a_timetable),
        cmocka_unit_test(a_clock_that_was_not_tested_is_unknown),
        cmocka_unit_test(even_shares_are_fine),
        cmocka_unit_test(a_connection_that_is_never_served_shows),
        cmocka_unit_test(workers_that_share_badly_show),
        cmocka_unit_test(with_an_idle_worker_a_throughput_is_not_the_most),
        cmocka_unit_test(shares_nobody_counted_are_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
