/* tests/ring/close_test.c -- what net/ring.h promises of ends, failures and closes, whatever the
 * connection is doing, and of slots that are used again and again. Called as ring_test. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "client.h"

/* ---- ends ---- */

static void answers_and_ends(struct peer *peer, int fd, uint32_t number)
{
    (void)number;
    peer_write(peer, fd, long_answer, 100000);
}

static void the_end_comes_behind_the_data_and_once(void **state)
{
    struct peer peer;

    peer_start(&peer, answers_and_ends, NULL);
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        struct ring *ring = open_ring(1, 0, one_shot != 0);

        connect_slot(ring, 0, &peer.addr);
        expect_pattern(ring, 0, ANSWER_SEED, 100000);
        expect(ring, RING_END, 0);
        expect_nothing(ring);
        ring_close(ring, 0);
        expect_nothing(ring);
        ring_close_all(ring);
    }
    peer_stop(&peer);
    (void)state;
}

static void resets_when_told(struct peer *peer, int fd, uint32_t number)
{
    (void)number;
    peer_wait(peer);
    peer_reset(fd);
}

static void resets_at_once(struct peer *peer, int fd, uint32_t number)
{
    (void)peer;
    (void)number;
    peer_reset(fd);
}

static void a_reset_is_a_failure(void **state)
{
    struct peer peer;

    peer_start(&peer, resets_when_told, NULL);
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        struct ring *ring = open_ring(1, 0, one_shot != 0);

        connect_slot(ring, 0, &peer.addr);
        sem_post(&peer.go);
        expect_failed(ring, 0, ECONNRESET);
        ring_close(ring, 0);
        expect_nothing(ring);
        ring_close_all(ring);
    }
    peer_stop(&peer);
    (void)state;
}

/* ---- closing ---- */

/* The first connection is for the close; the second shows that the slot works again. */
static void ends_once_and_then_says_yes(struct peer *peer, int fd, uint32_t number)
{
    if (number % 2 == 1) {
        says_yes(peer, fd, number);
        return;
    }
    peer_await_end(peer, fd);
    peer_tell(peer);
}

static void ask_again(struct ring *ring, const struct peer *peer)
{
    ring_connect(ring, 0, &peer->addr);
    ring_send(ring, 0, ASK);
    expect(ring, RING_CONNECTED, 0);
    expect_yes(ring, 0);
    ring_close(ring, 0);
    expect_nothing(ring);
}

static void a_close_while_an_answer_is_awaited_reaches_the_peer(void **state)
{
    struct peer peer;

    peer_start(&peer, ends_once_and_then_says_yes, NULL);
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        struct ring *ring = open_ring(1, 0, one_shot != 0);

        ring_connect(ring, 0, &peer.addr);
        ring_send(ring, 0, ASK);
        expect(ring, RING_CONNECTED, 0);
        expect_nothing(ring);
        ring_close(ring, 0);
        ring_close(ring, 0); /* harmless */
        expect_nothing(ring);
        peer_hear(&peer);
        ask_again(ring, &peer);
        ring_close_all(ring);
    }
    peer_stop(&peer);
    (void)state;
}

/* A listener whose queue is full: handshakes with it hang. */
struct jam {
    int listener, filler;
    struct addr addr;
};

static struct jam jam_open(void)
{
    struct jam jam = { .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                       .filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                       .addr = addr_loopback(0) };

    assert_return_code(bind(jam.listener, &jam.addr.any, jam.addr.len), errno);
    assert_return_code(listen(jam.listener, 0), errno);
    assert_return_code(getsockname(jam.listener, &jam.addr.any, &jam.addr.len), errno);
    assert_return_code(connect(jam.filler, &jam.addr.any, jam.addr.len), errno);
    return jam;
}

static void jam_close(const struct jam *jam)
{
    close(jam->filler);
    close(jam->listener);
}

/* Until the kernel has none of our sockets to this address in these states any more. */
static void expect_gone(struct ring *ring, const struct addr *addr, enum peer_states states)
{
    struct mono limit = mono_after(mono_now(), LIMIT_NS);

    do {
        if (mono_now().ns >= limit.ns)
            fail_msg("a closed connection lives on");
        expect_nothing(ring);
    } while (peer_sockets_to(addr, states) > 0);
}

static void a_connect_under_way_can_be_closed(void **state)
{
    struct jam jam = jam_open();
    struct peer peer;

    peer_start(&peer, says_yes, NULL);
    for (int one_shot = 0; one_shot < 2; one_shot++)
        for (int with_request = 0; with_request < 2; with_request++) {
            struct ring *ring = open_ring(1, 0, one_shot != 0);

            ring_connect(ring, 0, &jam.addr);
            if (with_request != 0)
                ring_send(ring, 0, ASK);
            expect_nothing(ring);
            assert_int_equal(peer_sockets_to(&jam.addr, PEER_CONNECTING), 1);
            ring_close(ring, 0);
            expect_gone(ring, &jam.addr, PEER_CONNECTING);
            ask_again(ring, &peer);
            ring_close_all(ring);
        }
    jam_close(&jam);
    peer_stop(&peer);
    (void)state;
}

static void expect_both_connected(struct ring *ring)
{
    struct ring_event first = next(ring), second = next(ring);

    assert_int_equal(first.what, RING_CONNECTED);
    assert_int_equal(second.what, RING_CONNECTED);
    assert_int_not_equal(first.slot, second.slot);
}

static void says_yes_when_told(struct peer *peer, int fd, uint32_t number)
{
    (void)number;
    peer_wait(peer);
    peer_write(peer, fd, YES.ptr, YES.len);
    peer_tell(peer);
    peer_await_end(peer, fd);
}

/* Both have something to tell. What the first one tells makes the caller close the other and use
 * its slot for a connection that hangs: nothing may be told of that. */
static void what_one_slot_tells_may_close_another(void **state)
{
    struct jam jam = jam_open();
    struct peer peer;

    peer_start(&peer, says_yes_when_told, NULL);
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        struct ring *ring = open_ring(2, 0, one_shot != 0);
        struct ring_event event;
        uint32_t other;

        ring_connect(ring, 0, &peer.addr);
        ring_connect(ring, 1, &peer.addr);
        expect_both_connected(ring);
        expect_nothing(ring);
        sem_post(&peer.go);
        sem_post(&peer.go);
        peer_hear(&peer);
        peer_hear(&peer);
        event = next(ring);
        assert_int_equal(event.what, RING_DATA);
        other = 1 - event.slot;
        ring_close(ring, other);
        ring_connect(ring, other, &jam.addr);
        while (ring_next(ring, &event))
            fail_msg("event %d of slot %u", (int)event.what, event.slot);
        expect_nothing(ring);
        ring_close_all(ring);
    }
    jam_close(&jam);
    peer_stop(&peer);
    (void)state;
}

/* Between a connect and its close nobody hands anything to the kernel. */
static void a_connect_can_be_taken_back_before_it_is_begun(void **state)
{
    struct peer peer, silent;

    peer_start(&silent, waits_for_the_end, NULL);
    peer_start(&peer, says_yes, NULL);
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        struct ring *ring = open_ring(1, 0, one_shot != 0);

        for (int i = 0; i < 50; i++) {
            ring_connect(ring, 0, &silent.addr);
            if (i % 2 != 0)
                ring_send(ring, 0, ASK);
            ring_close(ring, 0);
        }
        ask_again(ring, &peer);
        ring_close_all(ring);
    }
    peer_stop(&peer);
    peer_stop(&silent);
    (void)state;
}

/* What the peer does before it reads, and it reads only when it is told. */
enum meanwhile { SILENT, ENDS_ITS_SIDE, ANSWERS, NOT_YET_BEGUN, MEANWHILES };

/* What it read before the end. */
struct half_read {
    uint64_t bytes;
    bool pure; /* all of them as they were when they were sent */
};

static void reads_when_told(struct peer *peer, int fd, uint32_t number)
{
    struct half_read *half = (struct half_read *)peer->context + number;
    char piece[65536];
    size_t got = 1;

    half->pure = true;
    if (number % MEANWHILES == ENDS_ITS_SIDE)
        shutdown(fd, SHUT_WR);
    if (number % MEANWHILES == ANSWERS)
        peer_write(peer, fd, YES.ptr, YES.len);
    peer_wait(peer);
    while (got > 0) {
        got = peer_read_some(peer, fd, piece, sizeof(piece));
        half->pure =
            half->pure && pattern_matches((struct slice){ piece, got }, REQUEST_SEED, half->bytes);
        half->bytes += got;
    }
    peer_tell(peer);
}

static void close_while_sending(struct peer *peer, enum meanwhile meanwhile, bool one_shot)
{
    struct ring *ring = open_ring(1, 0, one_shot);

    connect_slot(ring, 0, &peer->addr);
    ring_send(ring, 0, (struct slice){ long_request, sizeof(long_request) });
    if (meanwhile == SILENT)
        expect_nothing(ring);
    else if (meanwhile == ENDS_ITS_SIDE)
        expect(ring, RING_END, 0);
    else if (meanwhile == ANSWERS)
        expect_yes(ring, 0);
    ring_close(ring, 0);
    memset(long_request, '!', sizeof(long_request));
    expect_gone(ring, &peer->addr, PEER_OPEN);
    sem_post(&peer->go);
    peer_hear(peer);
    ring_close_all(ring);
    pattern_fill(long_request, sizeof(long_request), REQUEST_SEED);
}

/* From the close on the bytes are the caller's again: none of what it writes there may go out. */
static void a_close_ends_a_send_under_way(void **state)
{
    struct half_read half[2 * MEANWHILES] = { 0 };
    struct addr any_port = addr_loopback(0);
    struct peer peer;

    peer_start_at(&peer, &any_port, 32768, reads_when_told, half);
    for (int i = 0; i < 2 * MEANWHILES; i++) {
        close_while_sending(&peer, (enum meanwhile)(i % MEANWHILES), i / MEANWHILES != 0);
        if (half[i].bytes >= sizeof(long_request) || !half[i].pure)
            fail_msg("case %d: %llu bytes, %s", i, (unsigned long long)half[i].bytes,
                     half[i].pure ? "as sent" : "of a buffer that was given back");
    }
    peer_stop(&peer);
    (void)state;
}

/* Closed before anything was handed to the kernel, when ring_wait() has heard what the caller has
 * not, and in the middle of what there is to tell. */
static void what_happened_before_a_close_is_not_told_after_it(void **state)
{
    enum { AT_ONCE, AFTER_A_WAIT, AFTER_AN_EVENT, WHENS };
    struct peer peers[4];
    const uint32_t refused = 3;
    int fd;
    struct addr nobody = peer_nobody(&fd);

    peer_start(&peers[0], answers_at_length, NULL);
    peer_start(&peers[1], answers_and_ends, NULL);
    peer_start(&peers[2], resets_at_once, NULL);
    peer_start(&peers[3], says_yes, NULL);
    for (uint32_t round = 0; round < 10 * 2 * 4 * WHENS; round++) {
        uint32_t what = round % 4, when = round / 4 % WHENS;
        struct ring *ring = open_ring(1, 0, round / 4 / WHENS % 2 != 0);
        struct ring_event event;

        ring_connect(ring, 0, what == refused ? &nobody : &peers[what].addr);
        if (when == AFTER_A_WAIT)
            assert_int_equal(ring_wait(ring, mono_after(mono_now(), LIMIT_NS)), 0);
        else if (when == AFTER_AN_EVENT)
            next(ring);
        ring_close(ring, 0);
        assert_false(ring_next(ring, &event));
        ask_again(ring, &peers[3]);
        ring_close_all(ring);
    }
    for (int i = 0; i < 4; i++)
        peer_stop(&peers[i]);
    close(fd);
    (void)state;
}

static void closing_the_ring_ends_all_its_connections(void **state)
{
    struct peer peer;
    struct ring *ring = open_ring(20, 0, false);

    peer_start(&peer, waits_for_the_end, NULL);
    for (uint32_t slot = 0; slot < 20; slot++)
        connect_slot(ring, slot, &peer.addr);
    ring_close_all(ring);
    assert_int_equal(peer_stop(&peer), 20);
    (void)state;
}

/* ---- a connection a request ---- */

#define SHORT_ONES 500

static void answers_one_request(struct peer *peer, int fd, uint32_t number)
{
    char request[3];

    (void)number;
    if (!peer_read(peer, fd, request, sizeof(request)))
        return;
    peer_write(peer, fd, long_answer, 2000);
}

/* Both ways: the server closes, and we do, as soon as the answer is complete. */
static void five_hundred_connections_in_a_row_share_few_slots(void **state)
{
    uint32_t begun = 0, done = 0;
    uint64_t have[4] = { 0 };
    struct peer peer;
    struct ring *ring = open_ring(4, 2000, true);

    peer_start(&peer, answers_one_request, NULL);
    for (; begun < 4; begun++) {
        ring_connect(ring, begun, &peer.addr);
        ring_send(ring, begun, ASK);
    }
    while (done < SHORT_ONES) {
        struct ring_event event = next(ring);
        uint64_t *so_far = &have[event.slot];

        if (event.what == RING_CONNECTED) {
            assert_int_equal(*so_far, 0);
            continue;
        }
        if (event.what == RING_DATA) {
            assert_true(pattern_matches(event.data, ANSWER_SEED, *so_far));
            *so_far += event.data.len;
            if (*so_far < 2000 || done % 2 == 0)
                continue;
        } else {
            assert_int_equal(event.what, RING_END);
        }
        assert_int_equal(*so_far, 2000);
        *so_far = 0;
        done++;
        ring_close(ring, event.slot);
        if (begun == SHORT_ONES)
            continue;
        begun++;
        ring_connect(ring, event.slot, &peer.addr);
        ring_send(ring, event.slot, ASK);
    }
    expect_nothing(ring);
    ring_close_all(ring);
    assert_int_equal(peer_stop(&peer), SHORT_ONES);
    (void)state;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_comes_behind_the_data_and_once),
        cmocka_unit_test(a_reset_is_a_failure),
        cmocka_unit_test(a_close_while_an_answer_is_awaited_reaches_the_peer),
        cmocka_unit_test(a_connect_under_way_can_be_closed),
        cmocka_unit_test(what_one_slot_tells_may_close_another),
        cmocka_unit_test(a_connect_can_be_taken_back_before_it_is_begun),
        cmocka_unit_test(a_close_ends_a_send_under_way),
        cmocka_unit_test(what_happened_before_a_close_is_not_told_after_it),
        cmocka_unit_test(closing_the_ring_ends_all_its_connections),
        cmocka_unit_test(five_hundred_connections_in_a_row_share_few_slots),
    };

    if (!client_begin(argc, argv))
        return CLIENT_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
