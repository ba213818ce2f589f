/* A warm-up by count: so many requests, then the window, and no request belongs to both. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "load/engine.h"
#include "ring_sim.h"

/* Too large for a stack. */
static struct tally tally;

static struct sim_reply a_millisecond(void *context, uint64_t number, int64_t now_ns,
                                      uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    reply.delay_ns = MILLISECOND_NS;
    return reply;
}

/* 2 s by the clock or 1000 requests, behind a warm-up of 500. */
static struct plan warmed_plan(struct sim_server *server, bool by_count)
{
    struct plan plan = sim_plan(server);

    plan.load.warmup_requests = 500;
    plan.load.duration_ns = by_count ? 0 : 2 * SECOND_NS;
    plan.load.requests = by_count ? 1000 : 0;
    return plan;
}

/* Whatever became of them: the books of the warm-up and of the window are what the server saw. */
static void assert_books(const struct sim_server *server, const struct plan *plan)
{
    assert_int_equal(tally.warmup, plan->load.warmup_requests);
    assert_int_equal(server->requests, tally.warmup + tally.sent + tally.resent);
    assert_false(tally.partial);
    if (plan->load.requests > 0)
        assert_int_equal(tally.sent, plan->load.requests);
    else
        assert_int_equal(tally.window_ns, plan->load.duration_ns);
}

static void so_many_requests_are_no_part_of_the_window(void **state)
{
    for (int by_count = 0; by_count < 2; by_count++)
        for (int keepalive = 0; keepalive < 2; keepalive++) {
            struct sim_server server = { .reply = a_millisecond };
            struct plan plan = warmed_plan(&server, by_count);

            plan.load.connections = 8;
            plan.load.keepalive = keepalive;
            sim_drive(&plan, &tally);
            assert_books(&server, &plan);
            /* 500 through 8 take 63 rounds; then all 8 go on together. */
            assert_int_equal(tally.tenths_before, 1);
            assert_int_equal(tally.window_ns, by_count ? 125 * MILLISECOND_NS : 2 * SECOND_NS);
            assert_int_equal(tally.ok, by_count ? 1000 : 16000);
            assert_int_equal(server.connections, keepalive ? 8 : tally.ok + 500);
        }
    (void)state;
}

/* The server's slow beginning is behind a warm-up that ends with an answer, however long it takes;
 * and an answer to it can be as late as the time-out. */
static struct sim_reply first_five_take_a_second(void *context, uint64_t number, int64_t now_ns,
                                                 uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    reply.delay_ns = number < 5 ? SECOND_NS : MILLISECOND_NS;
    return reply;
}

static void it_lasts_until_the_last_of_them_has_its_outcome(void **state)
{
    struct sim_server server = { .reply = first_five_take_a_second };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 2;
    plan.load.warmup_requests = 5;
    plan.load.duration_ns = SECOND_NS;
    sim_drive(&plan, &tally);
    assert_books(&server, &plan);
    /* Two, two, and one while the other connection waits. */
    assert_int_equal(tally.tenths_before, 30);
    assert_int_equal(tally.ok, 2000);
    assert_int_equal(tally.response.max_ns, MILLISECOND_NS);
    (void)state;
}

static void more_connections_than_it_has_requests_are_opened_in_the_window(void **state)
{
    struct sim_server server = { .reply = a_millisecond };
    struct plan plan = sim_plan(&server);

    plan.load.connections = 20;
    plan.load.warmup_requests = 5;
    plan.load.duration_ns = SECOND_NS;
    sim_drive(&plan, &tally);
    assert_books(&server, &plan);
    assert_int_equal(server.connections, 20);
    assert_int_equal(tally.by_connection.least, 1000);
    (void)state;
}

static int refuses_every_third(void *context, uint64_t number, int64_t now_ns)
{
    (void)context;
    (void)now_ns;
    return number % 3 == 0 ? ECONNREFUSED : 0;
}

static struct sim_reply ends_or_is_silent(void *context, uint64_t number, int64_t now_ns,
                                          uint32_t answers)
{
    struct sim_reply reply = a_millisecond(context, number, now_ns, answers);

    if (number % 7 == 3)
        reply.what = SIM_END;
    if (number % 50 == 6)
        reply.what = SIM_SILENT;
    return reply;
}

/* What failed while it warmed up is as much an outcome as what was answered, and none of the
 * window's. */
static void what_fails_in_it_counts_and_is_in_no_figure(void **state)
{
    for (int by_count = 0; by_count < 2; by_count++) {
        struct sim_server server = { .reply = ends_or_is_silent, .accept = refuses_every_third };
        struct plan plan = warmed_plan(&server, by_count);

        plan.load.connections = 4;
        plan.load.timeout_ns = 300 * MILLISECOND_NS;
        sim_drive(&plan, &tally);
        assert_int_equal(tally.warmup, 500);
        assert_int_equal(tally.sent, tally.ok + tally_failed(&tally) + tally.in_flight);
        assert_true(tally.failed[OUTCOME_TIMEOUT] > 0);
        assert_true(tally.failed[OUTCOME_CONNECT] > 0);
        assert_false(tally.partial);
    }
    (void)state;
}

/* 500 time-outs of a second, two at a time, would be four minutes. */
static void a_server_that_says_nothing_is_given_up_while_it_warms_up(void **state)
{
    for (int by_count = 0; by_count < 2; by_count++) {
        struct sim_server server = { .reply = sim_says_nothing };
        struct plan plan = warmed_plan(&server, by_count);

        plan.load.connections = 2;
        plan.load.timeout_ns = SECOND_NS;
        sim_drive(&plan, &tally);
        assert_true(tally.gave_up);
        assert_true(tally.partial);
        assert_int_equal(tally.warmup, 10); /* each asks a fifth time before it is seen */
        assert_int_equal(tally.sent, 0);
        assert_int_equal(tally.window_ns, 0);
        assert_int_equal(tally.unsent, by_count ? 1000 : 0);
    }
    (void)state;
}

/* At its 5000th request it is told that all so far was warm-up. */
static struct sim_reply is_steady_later(void *context, uint64_t number, int64_t now_ns,
                                        uint32_t answers)
{
    struct sim_server *server = context;

    if (number == 5000)
        assert_true(engine_restart_window(sim_engine(server),
                                          (struct mono){ now_ns + 200 * MILLISECOND_NS }));
    return a_millisecond(NULL, number, now_ns, answers);
}

/* Then the load goes on as behind a warm-up by time: what it was told to ask before is over. */
static void a_window_behind_it_may_begin_anew(void **state)
{
    struct sim_server server = { .reply = is_steady_later };
    struct plan plan = warmed_plan(&server, false);

    server.context = &server;
    plan.load.connections = 4;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.restarts, 1);
    assert_int_equal(tally.window_ns, 2 * SECOND_NS);
    assert_in_range(tally.warmup, 5790, 5810);
    assert_in_range(tally.ok, 7996, 8000);
    assert_int_equal(server.requests, tally.warmup + tally.sent);
    (void)state;
}

/* ---- open loop ---- */

/* The timetable knows before when the 501st is due: even ones exactly, Poisson's by the seed. */
static void in_an_open_loop_the_window_begins_when_the_next_one_is_due(void **state)
{
    for (enum pacer_shape shape = PACER_EVEN; shape <= PACER_POISSON; shape++)
        for (int by_count = 0; by_count < 2; by_count++) {
            struct sim_server server = { .reply = a_millisecond };
            struct plan plan = warmed_plan(&server, by_count);

            plan.load.model = LOAD_OPEN;
            plan.load.arrivals = shape;
            plan.load.rate_per_sec = 1000;
            sim_drive(&plan, &tally);
            assert_books(&server, &plan);
            if (shape == PACER_EVEN)
                assert_int_equal(tally.tenths_before, 5);
            if (shape == PACER_EVEN && !by_count)
                assert_int_equal(tally.scheduled, 2000);
            assert_int_equal(tally.ok, tally.scheduled);
            assert_int_equal(tally.response.max_ns, MILLISECOND_NS);
        }
    (void)state;
}

/* ---- several workers ---- */

#define WORKERS 4

/* The clocks of these workers know nothing of one another, but a count is a count. */
static void workers_share_it_out(void **state)
{
    for (enum load_model model = LOAD_CLOSED; model <= LOAD_OPEN; model++) {
        struct sim_server servers[WORKERS];
        uint64_t seen = 0;
        struct plan plan;

        for (size_t i = 0; i < WORKERS; i++)
            servers[i] = (struct sim_server){ .reply = a_millisecond };
        plan = warmed_plan(servers, true);
        plan.open_ring = ring_sim_open_own;
        plan.load.model = model;
        plan.load.arrivals = PACER_POISSON;
        plan.load.rate_per_sec = 4000;
        plan.load.threads = WORKERS;
        plan.load.connections = 10;
        plan.load.warmup_requests = 502;
        sim_drive(&plan, &tally);
        for (size_t i = 0; i < WORKERS; i++)
            seen += servers[i].requests;
        assert_int_equal(tally.warmup, 502);
        assert_int_equal(tally.ok, 1000);
        assert_int_equal(seen, 1502);
    }
    (void)state;
}

/* Fewer than there are workers: some have no part in it, and wait. */
static void who_has_no_share_of_it_waits_for_the_others(void **state)
{
    struct sim_server servers[WORKERS];
    struct plan plan;

    for (size_t i = 0; i < WORKERS; i++)
        servers[i] = (struct sim_server){ .reply = a_millisecond };
    plan = warmed_plan(servers, true);
    plan.open_ring = ring_sim_open_own;
    plan.load.threads = WORKERS;
    plan.load.connections = WORKERS;
    plan.load.warmup_requests = 1;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.warmup, 1);
    assert_int_equal(tally.ok, 1000);
    for (size_t i = 0; i < WORKERS; i++)
        assert_int_equal(servers[i].requests, 250 + (i == 0));
    (void)state;
}

/* One worker's half of the target is dead: it gives up, and does not keep the others waiting. */
static void a_worker_that_gives_up_keeps_nobody_waiting(void **state)
{
    struct sim_server servers[WORKERS];
    struct plan plan;

    for (size_t i = 0; i < WORKERS; i++)
        servers[i] = (struct sim_server){ .reply = i == 2 ? sim_says_nothing : a_millisecond };
    plan = warmed_plan(servers, true);
    plan.open_ring = ring_sim_open_own;
    plan.load.threads = WORKERS;
    plan.load.connections = WORKERS;
    plan.load.timeout_ns = SECOND_NS;
    sim_drive(&plan, &tally);
    assert_true(tally.gave_up);
    assert_int_equal(tally.warmup, 3 * 125 + 5);
    assert_int_equal(tally.ok, 750);
    assert_int_equal(tally.unsent, 250);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_requests_are_no_part_of_the_window),
        cmocka_unit_test(it_lasts_until_the_last_of_them_has_its_outcome),
        cmocka_unit_test(more_connections_than_it_has_requests_are_opened_in_the_window),
        cmocka_unit_test(what_fails_in_it_counts_and_is_in_no_figure),
        cmocka_unit_test(a_server_that_says_nothing_is_given_up_while_it_warms_up),
        cmocka_unit_test(a_window_behind_it_may_begin_anew),
        cmocka_unit_test(in_an_open_loop_the_window_begins_when_the_next_one_is_due),
        cmocka_unit_test(workers_share_it_out),
        cmocka_unit_test(who_has_no_share_of_it_waits_for_the_others),
        cmocka_unit_test(a_worker_that_gives_up_keeps_nobody_waiting),
    };

    return cmocka_run_group_tests_name("warmup", tests, NULL, NULL);
}
