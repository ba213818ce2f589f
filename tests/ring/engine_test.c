/* tests/ring/engine_test.c -- the whole generator over real sockets: what it says it asked must be
 * what the server says it was asked, for every kind of load.
 *
 * engine_test epoll|io_uring, as ring_test. Made to run under the thread sanitizer too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client.h"
#include "load/engine.h"
#include "server/server.h"

/* ---- one drive ---- */

static struct arena memory; /* of one test */
static struct tally tally;  /* of its last drive; too large for a stack */

static int make_memory(void **state)
{
    struct error err;

    (void)state;
    return arena_map(&memory, 64u << 20, &err) ? 0 : -1;
}

static int drop_memory(void **state)
{
    (void)state;
    arena_unmap(&memory);
    return 0;
}

static struct load load_of(uint32_t threads, uint32_t connections)
{
    struct load load = load_default();

    load.threads = threads;
    load.connections = connections;
    load.duration_ns = 150 * MILLISECOND_NS;
    load.warmup_ns = 0;
    return load;
}

static struct load counted(struct load load, uint64_t requests)
{
    load.duration_ns = 0;
    load.requests = requests;
    return load;
}

static struct load opened(struct load load, double rate_per_sec, enum pacer_shape arrivals)
{
    load.model = LOAD_OPEN;
    load.rate_per_sec = rate_per_sec;
    load.arrivals = arrivals;
    return load;
}

static struct plan plan_for(const struct addr *addr, struct load load, const char *path,
                            const char *body)
{
    struct workload workload = {
        .method = SLICE("GET"),
        .path = slice_of(path),
        .expect = {.status = 200, .body = slice_of(body)}
    };
    struct answer right = { .outcome = OUTCOME_OK, .status = 200 };
    struct plan plan = {
        .addresses = addr, .address_count = 1, .ring = client_ring_kind(), .seed = 7
    };
    const char *ignored;
    struct error err = { 0 };

    load_complete(&load);
    plan.load = load;
    if (!request_render(&workload, SLICE("test"), load.keepalive, &memory, &plan.request, &err) ||
        !contract_learn(&workload, &right, 1, &memory, &plan.contract, &ignored, &err))
        fail_msg("%s", err.text);
    return plan;
}

static struct engine *start(const struct plan *plan)
{
    struct engine *engine = NULL;
    struct error err = { 0 };

    if (!engine_start(plan, &engine, &err))
        fail_msg("%s", err.text);
    return engine;
}

/* Looks at it as the terminal does, until it is over. */
static void finish(struct engine *engine)
{
    enum engine_phase phase = ENGINE_WARMUP;
    struct engine_live live = { 0 };
    struct error err = { 0 };

    while (phase != ENGINE_DONE) {
        enum engine_phase now =
            engine_wait(engine, phase, mono_after(mono_now(), 10 * MILLISECOND_NS));
        struct engine_live before = live;

        live = engine_live(engine);
        assert_true(now >= phase);
        assert_true(live.ok >= before.ok);
        assert_true(live.failed >= before.failed);
        assert_true(live.done >= before.done);
        phase = now;
    }
    if (!engine_finish(engine, &memory, &tally, &err))
        fail_msg("%s", err.text);
    assert_int_equal(tally.scheduled, tally.sent + tally.unsent);
    assert_int_equal(tally.sent, tally.ok + tally_failed(&tally) + tally.in_flight);
}

static void drive(const struct plan *plan)
{
    finish(start(plan));
}

static const struct server_config HELLO = { .threads = 1,
                                            .body = SLICE("hello"),
                                            .content_type = SLICE("text/plain") };

static struct server *serve(const struct server_config *config, struct addr *ret_addr)
{
    struct server *server = NULL;
    struct error err = { 0 };

    if (!server_start(config, &server, &err))
        fail_msg("%s", err.text);
    *ret_addr = addr_loopback(server_port(server));
    return server;
}

/* ---- both have counted the same ---- */

static void assert_all_right(const struct server_counts *counts)
{
    assert_int_equal(counts->requests, tally.sent + tally.resent + tally.warmup);
    assert_int_equal(counts->connections, tally.opened);
    assert_true(tally.ok > 0);
    assert_int_equal(tally.ok, tally.sent);
    assert_int_equal(tally.resent, 0);
    assert_int_equal(tally.connect_failed, 0);
    assert_false(tally.partial);
}

/* Against our own server; returns what it counted. */
static struct server_counts counts_agree(struct load load)
{
    struct addr addr;
    struct server *server = serve(&HELLO, &addr);
    struct plan plan = plan_for(&addr, load, "/", "hello");
    struct server_counts counts;

    drive(&plan);
    counts = server_stop(server);
    assert_all_right(&counts);
    return counts;
}

static void a_closed_loop_counts_what_the_server_counts(void **state)
{
    for (uint32_t threads = 1; threads <= 2; threads++) {
        counts_agree(load_of(threads, 16));
        assert_int_equal(tally.opened, 16);
        assert_int_equal(tally.unsent, 0);
        assert_int_equal(tally.window_ns, 150 * MILLISECOND_NS);
        assert_int_equal(tally.service.count, tally.ok);
    }
    (void)state;
}

static void the_warmup_is_counted_apart(void **state)
{
    struct load load = load_of(2, 8);

    load.warmup_ns = 50 * MILLISECOND_NS;
    counts_agree(load);
    assert_true(tally.warmup > 0);
    (void)state;
}

static void a_warmup_by_count_is_exactly_so_many(void **state)
{
    for (uint32_t threads = 1; threads <= 2; threads++)
        for (int kind = 0; kind < 6; kind++) {
            struct load load = load_of(threads, 16);

            load.warmup_requests = 101;
            load.keepalive = kind % 2 == 0;
            if (kind / 2 == 1)
                load = counted(load, 501);
            if (kind / 2 == 2)
                load = opened(load, 2000, PACER_POISSON);
            counts_agree(load);
            assert_int_equal(tally.warmup, 101);
            assert_int_equal(tally.restarts, 0);
            if (load.requests > 0)
                assert_int_equal(tally.sent, 501);
            else
                assert_int_equal(tally.window_ns, 150 * MILLISECOND_NS);
        }
    (void)state;
}

static void an_open_loop_sends_its_timetable(void **state)
{
    for (uint32_t threads = 1; threads <= 2; threads++) {
        counts_agree(opened(load_of(threads, 16), 2000, PACER_EVEN));
        assert_int_equal(tally.scheduled, 300);
        assert_int_equal(tally.loop_late.count + tally.pool_late.count, 300);
        counts_agree(opened(load_of(threads, 16), 2000, PACER_POISSON));
        assert_in_range(tally.scheduled, 200, 400); /* 300, and five times its standard deviation */
    }
    (void)state;
}

/* All that came before is warm-up; the server and we still count the same. Looks at everything that
 * the main thread may look at while it runs. */
static void a_window_begun_anew_makes_warm_up_of_what_was_before(void **state)
{
    for (uint32_t threads = 1; threads <= 2; threads++) {
        struct addr addr;
        struct server *server = serve(&HELLO, &addr);
        struct plan plan;
        struct engine *engine;
        struct load load = threads == 1 ? load_of(1, 16) : opened(load_of(2, 16), 2000, PACER_EVEN);
        struct server_counts counts;
        uint32_t tenths[64], count = 0;
        uint64_t right = 0;
        struct mono begin;

        load.duration_ns = SECOND_NS;
        plan = plan_for(&addr, load, "/", "hello");
        engine = start(&plan);
        while (engine_live(engine).ok == 0)
            engine_wait(engine, ENGINE_WINDOW, mono_after(mono_now(), MILLISECOND_NS));
        begin = mono_after(mono_now(), RESTART_AHEAD_NS);
        assert_false(engine_restart_window(engine, mono_after(begin, SECOND_NS)));
        assert_true(engine_restart_window(engine, begin));
        assert_int_equal(engine_live(engine).ok, 0);
        assert_int_equal(engine_window_begin(engine).ns, begin.ns);
        while (count < 5)
            count = engine_tenths(engine, tenths, 64);
        for (uint32_t i = 0; i < count; i++)
            right += tenths[i];
        finish(engine);
        counts = server_stop(server);
        assert_all_right(&counts);
        assert_int_equal(tally.restarts, 1);
        assert_int_equal(tally.window_ns, SECOND_NS);
        assert_true(tally.warmup > 0);
        assert_true(right <= tally.warmup + tally.ok);
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(tally.tenths[i], tenths[i]);
        assert_in_range(tally.tenth_count - tally.tenths_before, 9, 10); /* whole ones */
        assert_int_equal(tally.by_worker.count, threads);
        assert_int_equal(tally.by_connection.count, 16);
        assert_true(tally.by_connection.sum == (double)tally.ok_in_window);
    }
    (void)state;
}

static void by_count_exactly_so_many_are_asked(void **state)
{
    for (uint32_t threads = 1; threads <= 2; threads++) {
        counts_agree(counted(load_of(threads, 16), 1001));
        assert_int_equal(tally.sent, 1001);
        counts_agree(counted(load_of(threads, 16), 3)); /* fewer than connections */
        assert_int_equal(tally.sent, 3);
        assert_int_equal(tally.opened, 3);
        counts_agree(counted(opened(load_of(threads, 16), 5000, PACER_EVEN), 501));
        assert_int_equal(tally.sent, 501);
    }
    (void)state;
}

static void a_connection_a_request_opens_as_many(void **state)
{
    for (uint32_t threads = 1; threads <= 2; threads++) {
        struct load load = load_of(threads, 8);
        struct server_counts counts;

        load.keepalive = false;
        counts = counts_agree(load);
        assert_int_equal(counts.connections, counts.requests);
        counts = counts_agree(counted(load, 333));
        assert_int_equal(counts.connections, 333);
        counts = counts_agree(opened(load, 2000, PACER_EVEN));
        assert_int_equal(counts.connections, 300);
    }
    (void)state;
}

static void a_server_that_announces_each_close_is_asked_over_new_connections(void **state)
{
    struct server_config config = HELLO;
    struct addr addr;
    struct server *server;
    struct plan plan;
    struct server_counts counts;

    config.close = true;
    server = serve(&config, &addr);
    plan = plan_for(&addr, counted(load_of(2, 8), 500), "/", "hello");
    drive(&plan);
    counts = server_stop(server);
    assert_all_right(&counts);
    assert_int_equal(counts.connections, 500);
    assert_int_equal(tally.closed_by_server, 500);
    (void)state;
}

static void connections_are_spread_over_all_addresses(void **state)
{
    struct addr addr[2];
    struct server *server[2] = { serve(&HELLO, &addr[0]), serve(&HELLO, &addr[1]) };
    struct plan plan = plan_for(addr, counted(load_of(2, 8), 800), "/", "hello");
    struct server_counts first, second;

    plan.address_count = 2;
    drive(&plan);
    first = server_stop(server[0]);
    second = server_stop(server[1]);
    assert_int_equal(first.connections, 4);
    assert_int_equal(second.connections, 4);
    assert_int_equal(first.requests + second.requests, 800);
    assert_int_equal(tally.ok, 800);
    (void)state;
}

/* ---- servers with a will of their own ---- */

struct counts {
    atomic_uint requests, lies;
};

static struct counts *counts_of(const struct peer *peer)
{
    return peer->context;
}

/* Reads up to the empty line. False when the client ended the connection. */
static bool read_request(struct peer *peer, int fd, char *ret_request, size_t size)
{
    size_t len = 0, got = 1;

    ret_request[0] = '\0';
    while (got > 0 && len < size - 1 && strstr(ret_request, "\r\n\r\n") == NULL) {
        got = peer_read_some(peer, fd, ret_request + len, size - 1 - len);
        len += got;
        ret_request[len] = '\0';
    }
    if (got > 0)
        atomic_fetch_add(&counts_of(peer)->requests, 1);
    return got > 0;
}

/* Gives back what stands behind the '='; every tenth time with its last digit changed. */
static void echoes_nonces_and_lies_at_times(struct peer *peer, int fd, uint32_t number)
{
    char request[512], answer[128];

    (void)number;
    while (read_request(peer, fd, request, sizeof(request))) {
        char *nonce = strchr(request, '=');
        struct text text = TEXT(answer);

        if (nonce == NULL) {
            peer_complain(peer, "no nonce in the request");
            return;
        }
        nonce++;
        if (atomic_load(&counts_of(peer)->requests) % 10 == 0) {
            atomic_fetch_add(&counts_of(peer)->lies, 1);
            nonce[WORKLOAD_NONCE_LEN - 1] ^= 1;
        }
        text_format(&text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n<%.*s>",
                    WORKLOAD_NONCE_LEN + 2, WORKLOAD_NONCE_LEN, nonce);
        if (!peer_write(peer, fd, text.ptr, text.len))
            return;
    }
}

static void a_nonce_must_come_back_from_the_request_it_went_with(void **state)
{
    for (uint32_t threads = 1; threads <= 2; threads++) {
        struct counts counts = { 0 };
        struct peer peer;
        struct plan plan;

        peer_start(&peer, echoes_nonces_and_lies_at_times, &counts);
        plan = plan_for(&peer.addr, counted(load_of(threads, 4), 1000), "/?n={nonce}", "<{nonce}>");
        drive(&plan);
        assert_int_equal(peer_stop(&peer), tally.opened);
        assert_int_equal(counts.requests, 1000);
        assert_true(counts.lies > 0);
        assert_int_equal(tally.failed[OUTCOME_BODY], counts.lies);
        assert_int_equal(tally.ok, 1000 - counts.lies);
    }
    (void)state;
}

static const struct slice OK = SLICE("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

static void closes_after_an_answer_without_a_word(struct peer *peer, int fd, uint32_t number)
{
    char request[512];

    (void)number;
    if (read_request(peer, fd, request, sizeof(request)))
        peer_write(peer, fd, OK.ptr, OK.len);
}

/* Each request but the first of each connection is sent where the server has gone away already. */
static void requests_to_a_server_that_closes_silently_are_sent_once_more(void **state)
{
    for (uint32_t threads = 1; threads <= 2; threads++) {
        struct counts counts = { 0 };
        struct peer peer;
        struct plan plan;

        peer_start(&peer, closes_after_an_answer_without_a_word, &counts);
        plan = plan_for(&peer.addr, counted(load_of(threads, 4), 300), "/", "ok");
        drive(&plan);
        assert_int_equal(peer_stop(&peer), 300);
        assert_int_equal(counts.requests, 300);
        assert_int_equal(tally.ok, 300);
        assert_int_equal(tally.resent, 300 - 4);
        assert_int_equal(tally.opened, 300);
    }
    (void)state;
}

static void answers_and_keeps(struct peer *peer, int fd, uint32_t number)
{
    char request[512];

    (void)number;
    while (read_request(peer, fd, request, sizeof(request)))
        peer_write(peer, fd, OK.ptr, OK.len);
}

static void where_the_server_ignores_the_wish_to_close_we_close(void **state)
{
    struct counts counts = { 0 };
    struct load load = counted(load_of(2, 4), 200);
    struct peer peer;
    struct plan plan;

    load.keepalive = false;
    peer_start(&peer, answers_and_keeps, &counts);
    plan = plan_for(&peer.addr, load, "/", "ok");
    drive(&plan);
    assert_int_equal(peer_stop(&peer), 200);
    assert_int_equal(counts.requests, 200);
    assert_int_equal(tally.ok, 200);
    assert_int_equal(tally.closed_by_client, 200);
    (void)state;
}

#define EARLY_BODY (32 << 20)
static const char EARLY_HEAD[] = "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 33554432\r\n\r\n";

static void answers_before_it_has_heard_all(struct peer *peer, int fd, uint32_t number)
{
    char head[sizeof(EARLY_HEAD) - 1], body[65536];

    (void)number;
    while (peer_read(peer, fd, head, sizeof(head))) {
        if (memcmp(head, EARLY_HEAD, sizeof(head)) != 0) {
            peer_complain(peer, "this is not the beginning of a request");
            return;
        }
        atomic_fetch_add(&counts_of(peer)->requests, 1);
        peer_write(peer, fd, OK.ptr, OK.len);
        for (size_t left = EARLY_BODY, got; left > 0; left -= got) {
            got = peer_read_some(peer, fd, body, left < sizeof(body) ? left : sizeof(body));
            if (got == 0)
                return;
        }
    }
}

/* What is left of the request would be taken for the next one: more than all buffers between us
 * hold is still here when the answer comes, but where the machine made us wait for a while. */
static void a_connection_whose_request_is_not_out_is_not_used_again(void **state)
{
    size_t len = sizeof(EARLY_HEAD) - 1 + EARLY_BODY;
    char *request = calloc(len, 1);
    struct addr any_port = addr_loopback(0);
    struct counts counts = { 0 };
    struct peer peer;
    struct plan plan;

    assert_non_null(request);
    memcpy(request, EARLY_HEAD, sizeof(EARLY_HEAD) - 1);
    peer_start_at(&peer, &any_port, 4096, answers_before_it_has_heard_all, &counts);
    plan = plan_for(&peer.addr, counted(load_of(1, 2), 20), "/", "ok");
    plan.request.bytes = (struct slice){ request, len };
    drive(&plan);
    assert_int_equal(peer_stop(&peer), tally.opened);
    assert_int_equal(counts.requests, 20);
    assert_int_equal(tally.ok, 20);
    assert_true(tally.closed_by_client > 0);
    free(request);
    (void)state;
}

static void hears_and_says_nothing(struct peer *peer, int fd, uint32_t number)
{
    char request[512];

    (void)number;
    while (read_request(peer, fd, request, sizeof(request)))
        peer_tell(peer);
}

static void a_silent_server_is_given_up_in_time(void **state)
{
    struct counts counts = { 0 };
    struct peer peer;
    struct load load = counted(load_of(2, 4), 8);
    struct plan plan;

    load.timeout_ns = 30 * MILLISECOND_NS;
    peer_start(&peer, hears_and_says_nothing, &counts);
    plan = plan_for(&peer.addr, load, "/", "ok");
    drive(&plan);
    peer_stop(&peer);
    assert_int_equal(counts.requests, 8);
    assert_int_equal(tally.failed[OUTCOME_TIMEOUT], 8);
    assert_int_equal(tally.response.censored, 8);
    (void)state;
}

static void refused_connects_are_counted_each_time(void **state)
{
    int fd;
    struct addr nobody = peer_nobody(&fd);
    struct plan plan = plan_for(&nobody, load_of(2, 4), "/", "ok");

    drive(&plan);
    assert_int_equal(tally.ok, 0);
    assert_int_equal(tally.opened, 0);
    assert_int_equal(tally.sent, tally.failed[OUTCOME_CONNECT]);
    /* 10 ms, then 20, 40 and 80 ms later: the window of 150 ms sees five of each at most. */
    assert_in_range(tally.sent, 4, 4 * 5);
    close(fd);
    (void)state;
}

/* ---- stopping ---- */

static void a_stop_in_the_middle_keeps_what_was_measured(void **state)
{
    for (uint32_t i = 0; i < 4; i++) {
        struct load load = load_of(1 + i % 2, 8);
        struct addr addr;
        struct server *server = serve(&HELLO, &addr);
        struct mono limit = mono_after(mono_now(), LIMIT_NS);
        struct plan plan;
        struct engine *engine;
        struct server_counts counts;

        load.duration_ns = 3600 * SECOND_NS;
        if (i >= 2)
            load = counted(load, UINT64_C(1) << 40);
        plan = plan_for(&addr, load, "/", "hello");
        engine = start(&plan);
        while (engine_live(engine).ok < 100) {
            assert_true(mono_now().ns < limit.ns);
            engine_wait(engine, ENGINE_WINDOW, mono_after(mono_now(), MILLISECOND_NS));
        }
        engine_stop(engine);
        finish(engine);
        assert_true(mono_now().ns < limit.ns);
        counts = server_stop(server);
        assert_int_equal(counts.requests, tally.sent);
        assert_true(tally.partial);
        assert_true(tally.ok >= 100);
        assert_int_equal(tally.in_flight, 0);
        assert_true(tally.window_ns < LIMIT_NS);
    }
    (void)state;
}

/* The first stop leaves a second for the answers that are out, the next one none. */
static void a_stop_waits_no_longer_than_its_drain(void **state)
{
    for (int stops = 1; stops <= 2; stops++) {
        struct counts counts = { 0 };
        struct load load = load_of(2, 4);
        struct mono stopped;
        struct peer peer;
        struct plan plan;
        struct engine *engine;

        load.duration_ns = load.timeout_ns = 1800 * SECOND_NS;
        peer_start(&peer, hears_and_says_nothing, &counts);
        plan = plan_for(&peer.addr, load, "/", "ok");
        engine = start(&plan);
        for (int i = 0; i < 4; i++)
            peer_hear(&peer);
        stopped = mono_now();
        for (int i = 0; i < stops; i++)
            engine_stop(engine);
        finish(engine);
        assert_true(mono_diff_ns(stopped, mono_now()) < (stops == 1 ? LIMIT_NS : SECOND_NS));
        if (stops == 1)
            assert_true(mono_diff_ns(stopped, mono_now()) >= SECOND_NS);
        peer_stop(&peer);
        assert_int_equal(tally.in_flight, 4);
        assert_int_equal(tally.response.censored, 4);
        assert_true(tally.partial);
    }
    (void)state;
}

static void a_stop_while_it_warms_up_by_count_has_measured_nothing(void **state)
{
    for (uint32_t threads = 1; threads <= 2; threads++) {
        struct addr addr;
        struct server *server = serve(&HELLO, &addr);
        struct load load = load_of(threads, 8);
        struct server_counts counts;
        struct engine *engine;
        struct plan plan;

        load.warmup_requests = LOAD_WARMUP_REQUESTS_MAX;
        plan = plan_for(&addr, load, "/", "hello");
        engine = start(&plan);
        assert_int_equal(engine_window_begin(engine).ns, MONO_NEVER.ns);
        while (engine_live(engine).warmed < 100)
            assert_int_equal(
                engine_wait(engine, ENGINE_WARMUP, mono_after(mono_now(), MILLISECOND_NS)),
                ENGINE_WARMUP);
        engine_stop(engine);
        finish(engine);
        counts = server_stop(server);
        assert_int_equal(counts.requests, tally.warmup);
        assert_int_equal(tally.scheduled, 0);
        assert_int_equal(tally.window_ns, 0);
        assert_true(tally.partial);
        assert_false(tally.gave_up);
    }
    (void)state;
}

/* ---- workers that cannot begin ---- */

static bool opens_for_the_first_only(void *context, uint32_t worker,
                                     const struct ring_config *config, struct ring **ret_ring,
                                     struct error *err)
{
    (void)context;
    if (worker > 0)
        return error_set(err, 0, "worker %u has no ring", worker);
    return ring_open(client_ring_kind(), config, ret_ring, err);
}

static void when_one_worker_cannot_begin_none_does(void **state)
{
    struct addr addr;
    struct server *server = serve(&HELLO, &addr);
    struct plan plan = plan_for(&addr, load_of(3, 6), "/", "hello");
    struct engine *engine = NULL;
    struct error err = { 0 };

    plan.open_ring = opens_for_the_first_only;
    assert_false(engine_start(&plan, &engine, &err));
    assert_non_null(strstr(err.text, "has no ring"));
    assert_int_equal(server_stop(server).connections, 0);
    (void)state;
}

static void the_ring_is_the_one_that_was_asked_for(void **state)
{
    struct addr addr;
    struct server *server = serve(&HELLO, &addr);
    struct plan plan = plan_for(&addr, counted(load_of(1, 1), 1), "/", "hello");
    struct engine *engine = start(&plan);

    assert_string_equal(engine_ring_name(engine),
                        client_ring_kind() == RING_EPOLL ? "epoll" : "io_uring");
    finish(engine);
    server_stop(server);
    (void)state;
}

#define driven(test) cmocka_unit_test_setup_teardown(test, make_memory, drop_memory)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        driven(a_closed_loop_counts_what_the_server_counts),
        driven(the_warmup_is_counted_apart),
        driven(a_warmup_by_count_is_exactly_so_many),
        driven(an_open_loop_sends_its_timetable),
        driven(a_window_begun_anew_makes_warm_up_of_what_was_before),
        driven(by_count_exactly_so_many_are_asked),
        driven(a_connection_a_request_opens_as_many),
        driven(a_server_that_announces_each_close_is_asked_over_new_connections),
        driven(connections_are_spread_over_all_addresses),
        driven(a_nonce_must_come_back_from_the_request_it_went_with),
        driven(requests_to_a_server_that_closes_silently_are_sent_once_more),
        driven(where_the_server_ignores_the_wish_to_close_we_close),
        driven(a_connection_whose_request_is_not_out_is_not_used_again),
        driven(a_silent_server_is_given_up_in_time),
        driven(refused_connects_are_counted_each_time),
        driven(a_stop_in_the_middle_keeps_what_was_measured),
        driven(a_stop_waits_no_longer_than_its_drain),
        driven(a_stop_while_it_warms_up_by_count_has_measured_nothing),
        driven(when_one_worker_cannot_begin_none_does),
        driven(the_ring_is_the_one_that_was_asked_for),
    };

    if (!client_begin(argc, argv))
        return CLIENT_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
