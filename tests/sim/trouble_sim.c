/* Servers that freeze, refuse, lose a request or speak too early: what the generator makes of them,
 * and whom it blames. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "load/engine.h"
#include "net/ring.h"
#include "ring_sim.h"
#include "store/record.h"
#include "verdict/check_priv.h"

/* Too large for a stack. */
static struct tally tally;

static struct plan open_plan(struct sim_server *server, double rate_per_sec, int64_t duration_ns)
{
    struct plan plan = sim_plan(server);

    plan.load.model = LOAD_OPEN;
    plan.load.rate_per_sec = rate_per_sec;
    plan.load.duration_ns = duration_ns;
    return plan;
}

static struct plan counted(struct plan plan, uint64_t requests)
{
    plan.load.duration_ns = 0;
    plan.load.requests = requests;
    return plan;
}

typedef struct check checker(const struct trial_record *t);

static struct check judged(const struct plan *plan, checker *check)
{
    struct error err;
    struct trial_record *t = trial_record_new(4096, &err);
    struct check c;

    assert_non_null(t);
    t->load = plan->load;
    t->tally = tally;
    c = check(t);
    trial_record_free(t);
    return c;
}

static void assert_says(const struct check *c, enum check_state state, const char *piece)
{
    if (c->state != state || strstr(c->text, piece) == NULL)
        fail_msg("%s: '%s' is not '%s'", check_state_name(c->state), c->text, piece);
}

/* ---- who is to blame ---- */

#define FROZEN_NS (SIM_START_NS + 10 * SECOND_NS)

static struct sim_reply freezes(void *context, uint64_t number, int64_t now_ns, uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    if (now_ns >= FROZEN_NS)
        reply.what = SIM_SILENT;
    return reply;
}

/* Ten requests are out, again after each time-out; all others wait for one of their connections. */
static void what_a_frozen_server_kept_from_being_sent_is_not_our_fault(void **state)
{
    struct sim_server server = { .reply = freezes };
    struct plan plan = open_plan(&server, 1000, 20 * SECOND_NS);
    struct check c;

    sim_drive(&plan, &tally);
    assert_int_equal(tally.scheduled, 20000);
    assert_int_equal(tally.ok, 10000);
    assert_true(tally.unsent > 9900);
    assert_int_equal(tally.unsent_pool, tally.unsent);
    c = judged(&plan, check_load);
    assert_says(&c, CHECK_WARN, "for the rest no connection was free");
    /* Nor is the gap in which nothing could be sent: it is among those that are looked at. */
    plan.load.arrivals = PACER_POISSON;
    plan.load.rate_per_sec = 300;
    sim_drive(&plan, &tally);
    c = judged(&plan, check_load);
    assert_says(&c, CHECK_WARN, "for the rest no connection was free");
    (void)state;
}

static struct sim_reply freezes_for_a_second(void *context, uint64_t number, int64_t now_ns,
                                             uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    if (now_ns >= FROZEN_NS && now_ns < FROZEN_NS + SECOND_NS)
        reply.delay_ns = FROZEN_NS + SECOND_NS - now_ns;
    return reply;
}

static void what_is_sent_late_is_not_unsent(void **state)
{
    struct sim_server server = { .reply = freezes_for_a_second };
    struct plan plan = open_plan(&server, 1000, 20 * SECOND_NS);

    sim_drive(&plan, &tally);
    assert_int_equal(tally.ok, 20000);
    assert_true(tally.pool_late.count > 900);
    assert_int_equal(tally.unsent + tally.unsent_pool, 0);
    (void)state;
}

static struct sim_reply resets_from_the_middle_on(void *context, uint64_t number, int64_t now_ns,
                                                  uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    if (now_ns >= FROZEN_NS)
        reply.what = SIM_RESET;
    return reply;
}

static int refuses_from_the_middle_on(void *context, uint64_t number, int64_t now_ns)
{
    (void)context;
    (void)number;
    return now_ns >= FROZEN_NS ? ECONNREFUSED : 0;
}

static void a_pool_that_nobody_lets_in_any_more_says_why(void **state)
{
    struct sim_server server = { .reply = resets_from_the_middle_on,
                                 .accept = refuses_from_the_middle_on };
    struct plan plan = open_plan(&server, 1000, 20 * SECOND_NS);
    struct check c;

    sim_drive(&plan, &tally);
    assert_true(tally.connect_failed > 10);
    assert_int_equal(tally.connect_sys, ECONNREFUSED);
    assert_int_equal(tally.out_of_ports, 0);
    assert_int_equal(tally.unsent_pool, tally.unsent);
    c = judged(&plan, check_load);
    assert_says(&c, CHECK_WARN, "connects failed (Connection refused)");
    (void)state;
}

static int has_five_ports(void *context, uint64_t number, int64_t now_ns)
{
    (void)context;
    (void)now_ns;
    return number < 5 ? 0 : EADDRNOTAVAIL;
}

static void ports_that_are_used_up_are_counted_in_both_loops(void **state)
{
    for (enum load_model model = LOAD_CLOSED; model <= LOAD_OPEN; model++) {
        struct sim_server server = { .reply = sim_at_once, .accept = has_five_ports };
        struct plan plan = open_plan(&server, 1000, 2 * SECOND_NS);
        struct check c;

        plan.load.model = model;
        if (model == LOAD_CLOSED)
            server.send_ns = MILLISECOND_NS; /* else no time would pass */
        sim_drive(&plan, &tally);
        assert_true(tally.out_of_ports >= 5);
        assert_int_equal(tally.out_of_ports, tally.connect_failed);
        assert_int_equal(tally.connect_sys, EADDRNOTAVAIL);
        c = judged(&plan, check_network);
        assert_says(&c, CHECK_FAIL, "ran out of local ports");
    }
    (void)state;
}

/* Every second handshake never ends, and who is let in is not answered. */
static int lets_every_second_one_in(void *context, uint64_t number, int64_t now_ns)
{
    struct sim_server *server = context;

    (void)now_ns;
    server->connect_ns = number % 2 == 0 ? 0 : 60 * SECOND_NS;
    return 0;
}

static void a_handshake_that_does_not_end_is_no_missing_answer(void **state)
{
    struct sim_server server = { .reply = sim_says_nothing, .accept = lets_every_second_one_in };
    struct plan plan = sim_plan(&server);

    server.context = &server;
    plan.load.connections = 2;
    plan.load.duration_ns = 3500 * MILLISECOND_NS;
    plan.load.timeout_ns = SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.example_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        const struct example *e = &tally.examples[i];

        assert_int_equal(e->outcome, OUTCOME_TIMEOUT);
        assert_true(e->count > 2);
        assert_string_equal(e->reason, e->sys == ETIMEDOUT ? "no connection within 1 s"
                                                           : "no complete answer within 1 s");
    }
    assert_int_not_equal(tally.examples[0].sys, tally.examples[1].sys);
    assert_int_equal(tally.connect_sys, ETIMEDOUT);
    (void)state;
}

/* ---- by count: dead, or only seldom asked ---- */

static struct sim_reply loses_the_fifth(void *context, uint64_t number, int64_t now_ns,
                                        uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    if (number == 4)
        reply.what = SIM_SILENT;
    return reply;
}

/* Five time-outs fit between two requests, and one of these is lost. */
static void a_slow_timetable_is_no_dead_server(void **state)
{
    struct sim_server server = { .reply = loses_the_fifth };
    struct plan plan = counted(open_plan(&server, 1, 0), 20);

    plan.load.timeout_ns = 200 * MILLISECOND_NS;
    sim_drive(&plan, &tally);
    assert_false(tally.gave_up);
    assert_false(tally.partial);
    assert_int_equal(tally.ok, 19);
    assert_int_equal(tally.failed[OUTCOME_TIMEOUT], 1);
    (void)state;
}

static struct sim_reply loses_the_fifth_and_freezes(void *context, uint64_t number, int64_t now_ns,
                                                    uint32_t answers)
{
    return number == 4 ? loses_the_fifth(context, number, now_ns, answers)
                       : freezes(context, number, now_ns, answers);
}

static void one_that_dies_is_given_up_however_seldom_it_is_asked(void **state)
{
    struct sim_server server = { .reply = loses_the_fifth_and_freezes };
    struct plan plan = counted(open_plan(&server, 1, 0), 1000);

    plan.load.timeout_ns = 200 * MILLISECOND_NS;
    sim_drive(&plan, &tally);
    assert_true(tally.gave_up);
    assert_int_equal(tally.ok, 9);
    assert_in_range(tally.sent, 11, 12);
    (void)state;
}

/* Not one request can be sent any more. What waits for a connection has no answer either. */
static void a_pool_that_stays_empty_is_given_up(void **state)
{
    struct sim_server server = { .reply = resets_from_the_middle_on,
                                 .accept = refuses_from_the_middle_on };
    struct plan plan = counted(open_plan(&server, 100, 0), 1000000);

    plan.load.timeout_ns = SECOND_NS;
    sim_drive(&plan, &tally);
    assert_true(tally.gave_up);
    assert_int_equal(tally.ok, 1000);
    assert_in_range(tally.window_ns, 14 * SECOND_NS, 16 * SECOND_NS);
    (void)state;
}

/* ---- answers that come too early, in pieces, or never ---- */

static void a_request_that_is_not_out_ends_its_connection(void **state)
{
    static const char request[RING_SENT_AT_ONCE_BYTES + 1];
    struct sim_server server = { .reply = sim_at_once, .upload_ns = 10 * MILLISECOND_NS };
    struct plan plan = counted(sim_plan(&server), 100);

    plan.request.bytes = (struct slice){ request, sizeof(request) };
    plan.load.connections = 2;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.ok, 100);
    assert_int_equal(tally.closed_by_client, 100);
    assert_int_equal(server.connections, 100);
    (void)state;
}

#define HALF "HTTP/1.1 503 Bu"
#define HEAD HALF "sy\r\nContent-Length: 10\r\n\r\n"

static struct sim_reply is_busy(void *context, uint64_t number, int64_t now_ns, uint32_t answers)
{
    static const struct sim_reply kinds[] = {
        {.bytes = SLICE(HEAD "01234"),      .rest = SLICE("56789")                                     },
        { .bytes = SLICE(HALF),             .rest = SLICE("sy\r\nContent-Length: 10\r\n\r\n0123456789")},
        { .bytes = SLICE("HTTP/1.1 200 O"), .rest = SLICE("K\r\nContent-Length: 2\r\n\r\nok")          },
    };

    (void)context;
    (void)now_ns;
    (void)answers;
    return kinds[number % 3 == 2 ? 2 : number / 3 % 2];
}

/* Whichever of the three comes first; the right one leaves nothing of itself behind. */
static void an_example_shows_how_the_answer_began(void **state)
{
    static const struct {
        uint32_t connections;
        uint64_t first;
    } cases[] = {
        {3,  0},
        { 3, 3},
        { 1, 2},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sim_server server = { .reply = is_busy, .requests = cases[i].first };
        struct plan plan = counted(sim_plan(&server), 60);
        const struct example *e = &tally.examples[0];

        plan.load.connections = cases[i].connections;
        sim_drive(&plan, &tally);
        assert_int_equal(tally.ok, 20);
        assert_int_equal(tally.failed[OUTCOME_STATUS], 40);
        assert_int_equal(tally.example_count, 1);
        assert_int_equal(e->head_len, sizeof(HEAD "0123456789") - 1);
        assert_memory_equal(e->head, HEAD "0123456789", e->head_len);
    }
    (void)state;
}

static struct sim_reply begins_and_stops(void *context, uint64_t number, int64_t now_ns,
                                         uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    reply.bytes = SLICE(HALF);
    return reply;
}

static void half_an_answer_is_shown_too(void **state)
{
    struct sim_server server = { .reply = begins_and_stops };
    struct plan plan = counted(sim_plan(&server), 2);

    plan.load.connections = 1;
    plan.load.timeout_ns = SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.failed[OUTCOME_TIMEOUT], 2);
    assert_int_equal(tally.examples[0].head_len, sizeof(HALF) - 1);
    assert_memory_equal(tally.examples[0].head, HALF, sizeof(HALF) - 1);
    (void)state;
}

static void a_second_has_the_times_of_right_answers_only(void **state)
{
    struct sim_server server = { .reply = sim_every_tenth_is_silent };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 4;
    plan.load.duration_ns = 20 * SECOND_NS;
    plan.load.timeout_ns = 600 * MILLISECOND_NS;
    sim_drive(&plan, &tally);
    assert_true(tally.failed[OUTCOME_TIMEOUT] > 20);
    assert_int_equal(tally.response.censored, tally.failed[OUTCOME_TIMEOUT] + tally.in_flight);
    for (uint32_t i = 0; i < tally.second_count; i++) {
        uint64_t times = 0;

        for (uint32_t bucket = 0; bucket < SECOND_BUCKETS; bucket++)
            times += tally.seconds[i].counts[bucket];
        assert_int_equal(times, tally.seconds[i].ok);
    }
    (void)state;
}

/* ---- the first connections ---- */

#define WORKERS 4

static int counts_the_first(void *context, uint64_t number, int64_t now_ns)
{
    (void)number;
    *(uint32_t *)context += now_ns == SIM_START_NS;
    return 0;
}

static void all_workers_together_open_so_many_at_a_time(void **state)
{
    struct sim_server servers[WORKERS];
    uint32_t first[WORKERS] = { 0 }, sum = 0;
    struct plan plan;

    for (size_t i = 0; i < WORKERS; i++)
        servers[i] = (struct sim_server){ .reply = sim_every_tenth_is_silent,
                                          .accept = counts_the_first,
                                          .connect_ns = SECOND_NS,
                                          .context = &first[i] };
    plan = sim_plan(servers);
    plan.open_ring = ring_sim_open_own;
    plan.load.threads = WORKERS;
    plan.load.connections = 400;
    plan.load.duration_ns = 1100 * MILLISECOND_NS;
    sim_drive(&plan, &tally);
    for (size_t i = 0; i < WORKERS; i++)
        sum += first[i];
    assert_int_equal(sum, 128); /* the least backlog that servers commonly have */
    assert_int_equal(tally.by_worker.count, WORKERS);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_frozen_server_kept_from_being_sent_is_not_our_fault),
        cmocka_unit_test(what_is_sent_late_is_not_unsent),
        cmocka_unit_test(a_pool_that_nobody_lets_in_any_more_says_why),
        cmocka_unit_test(ports_that_are_used_up_are_counted_in_both_loops),
        cmocka_unit_test(a_handshake_that_does_not_end_is_no_missing_answer),
        cmocka_unit_test(a_slow_timetable_is_no_dead_server),
        cmocka_unit_test(one_that_dies_is_given_up_however_seldom_it_is_asked),
        cmocka_unit_test(a_pool_that_stays_empty_is_given_up),
        cmocka_unit_test(a_request_that_is_not_out_ends_its_connection),
        cmocka_unit_test(an_example_shows_how_the_answer_began),
        cmocka_unit_test(half_an_answer_is_shown_too),
        cmocka_unit_test(a_second_has_the_times_of_right_answers_only),
        cmocka_unit_test(all_workers_together_open_so_many_at_a_time),
    };

    return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
