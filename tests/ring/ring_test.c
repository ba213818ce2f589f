/* tests/ring/ring_test.c -- what net/ring.h promises, asked of a real ring over real sockets:
 * connecting, asking, answers, waiting. How connections end: close_test.c.
 *
 * ring_test epoll|io_uring: the same tests for both. Exits with 77, "skipped", where io_uring is
 * not to be had. */
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

/* ---- connecting ---- */

static void a_connect_is_told_once(void **state)
{
    struct peer peer;
    struct ring *ring = open_ring(2, 0, false);

    peer_start(&peer, waits_for_the_end, NULL);
    connect_slot(ring, 1, &peer.addr);
    expect_nothing(ring);
    ring_close_all(ring);
    assert_int_equal(peer_stop(&peer), 1);
    (void)state;
}

static void a_refused_connect_fails_with_its_errno(void **state)
{
    int fd;
    struct addr nobody = peer_nobody(&fd);

    for (int one_shot = 0; one_shot < 2; one_shot++)
        for (int with_request = 0; with_request < 2; with_request++) {
            struct ring *ring = open_ring(1, 0, one_shot != 0);

            for (int again = 0; again < 3; again++) {
                ring_connect(ring, 0, &nobody);
                if (with_request != 0)
                    ring_send(ring, 0, ASK);
                expect_failed(ring, 0, ECONNREFUSED);
                ring_close(ring, 0);
                expect_nothing(ring);
            }
            ring_close_all(ring);
        }
    close(fd);
    (void)state;
}

/* There is no such family: socket() itself says no. */
static void a_connect_that_the_kernel_refuses_at_once_fails_the_same_way(void **state)
{
    struct addr nonsense = { .any.sa_family = 250, .len = sizeof(struct sockaddr_in) };

    for (int one_shot = 0; one_shot < 2; one_shot++) {
        struct ring *ring = open_ring(2, 0, one_shot != 0);

        ring_connect(ring, 1, &nonsense);
        ring_send(ring, 1, ASK);
        expect_failed(ring, 1, EAFNOSUPPORT);
        ring_close(ring, 1);
        for (int i = 0; i < 100; i++) { /* nobody looks in between */
            ring_connect(ring, 0, &nonsense);
            ring_close(ring, 0);
        }
        expect_nothing(ring);
        ring_connect(ring, 0, &nonsense);
        expect_failed(ring, 0, EAFNOSUPPORT);
        ring_close(ring, 0);
        expect_nothing(ring);
        ring_close_all(ring);
    }
    (void)state;
}

static void a_unix_socket_serves_as_well(void **state)
{
    char folder[] = "/tmp/assay-ring-XXXXXX";
    char path[64];
    struct text text = TEXT(path);
    struct error err;
    struct addr addr;
    struct peer peer;

    assert_non_null(mkdtemp(folder));
    text_format(&text, "%s/socket", folder);
    assert_true(addr_unix(slice_of(path), &addr, &err));
    peer_start_at(&peer, &addr, 0, says_yes, NULL);
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        struct ring *ring = open_ring(1, 0, one_shot != 0);

        ring_connect(ring, 0, &addr);
        ring_send(ring, 0, ASK);
        expect(ring, RING_CONNECTED, 0);
        expect_yes(ring, 0);
        ring_close_all(ring);
    }
    peer_stop(&peer);
    unlink(path);
    rmdir(folder);
    (void)state;
}

/* ---- asking ---- */

static void a_request_may_follow_its_connect_at_once(void **state)
{
    struct peer peer;

    peer_start(&peer, says_yes, NULL);
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        struct ring *ring = open_ring(3, 0, one_shot != 0);

        for (uint32_t slot = 0; slot < 3; slot++) {
            ring_connect(ring, slot, &peer.addr);
            ring_send(ring, slot, ASK);
        }
        for (unsigned seen = 0, connected = 0; seen < 6; seen++) {
            struct ring_event event = next(ring);

            if (event.what == RING_CONNECTED) {
                assert_int_equal(connected & 1u << event.slot, 0);
                connected |= 1u << event.slot;
                continue;
            }
            assert_int_equal(event.what, RING_DATA);
            assert_true((connected & 1u << event.slot) != 0);
            assert_true(slice_equal(event.data, YES));
        }
        expect_nothing(ring);
        ring_close_all(ring);
    }
    assert_int_equal(peer_stop(&peer), 6);
    (void)state;
}

static void an_idle_connection_carries_one_request_after_another(void **state)
{
    struct peer peer;
    struct ring *ring = open_ring(1, 0, false);

    peer_start(&peer, says_yes, NULL);
    connect_slot(ring, 0, &peer.addr);
    for (int i = 0; i < 200; i++) {
        ring_send(ring, 0, ASK);
        expect_yes(ring, 0);
    }
    ring_close_all(ring);
    assert_int_equal(peer_stop(&peer), 1);
    (void)state;
}

/* Reads it in small pieces, so that the client meets a full socket again and again. */
static void takes_a_long_request_slowly(struct peer *peer, int fd, uint32_t number)
{
    char piece[5000];
    uint64_t have = 0;

    (void)number;
    while (have < LONG_REQUEST) {
        size_t got = peer_read_some(peer, fd, piece, sizeof(piece));

        if (got == 0 || !pattern_matches((struct slice){ piece, got }, REQUEST_SEED, have)) {
            peer_complain(peer, "the request has a gap");
            return;
        }
        have += got;
    }
    peer_write(peer, fd, YES.ptr, YES.len);
    peer_await_end(peer, fd);
}

static void a_request_longer_than_the_socket_holds_goes_out_whole(void **state)
{
    struct slice request = { long_request, sizeof(long_request) };
    struct addr any_port = addr_loopback(0);
    struct peer peer;

    peer_start_at(&peer, &any_port, 32768, takes_a_long_request_slowly, NULL);
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        struct ring *ring = open_ring(2, 0, one_shot != 0);

        ring_connect(ring, 0, &peer.addr); /* right behind the connect */
        ring_send(ring, 0, request);
        expect(ring, RING_CONNECTED, 0);
        expect_yes(ring, 0);
        connect_slot(ring, 1, &peer.addr); /* on an idle connection */
        ring_send(ring, 1, request);
        expect_yes(ring, 1);
        ring_close_all(ring);
    }
    peer_stop(&peer);
    (void)state;
}

/* A server may answer before it has read all (413), or answer piece by piece what it reads. */
static void answers_before_it_reads_on(struct peer *peer, int fd, uint32_t number)
{
    char piece[1000];

    (void)number;
    peer_read(peer, fd, piece, sizeof(piece));
    peer_write(peer, fd, YES.ptr, YES.len);
    peer_wait(peer);
    peer_await_end(peer, fd);
}

static void an_answer_is_heard_while_the_request_is_still_going_out(void **state)
{
    struct slice request = { long_request, sizeof(long_request) };
    struct addr any_port = addr_loopback(0);
    struct peer peer;

    peer_start_at(&peer, &any_port, 32768, answers_before_it_reads_on, NULL);
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        struct ring *ring = open_ring(2, 0, one_shot != 0);

        ring_connect(ring, 0, &peer.addr);
        ring_send(ring, 0, request);
        expect(ring, RING_CONNECTED, 0);
        expect_yes(ring, 0);
        connect_slot(ring, 1, &peer.addr);
        ring_send(ring, 1, request);
        expect_yes(ring, 1);
        sem_post(&peer.go);
        sem_post(&peer.go);
        ring_close_all(ring);
    }
    peer_stop(&peer);
    (void)state;
}

/* ---- answers ---- */

static void answers_byte_by_byte(struct peer *peer, int fd, uint32_t number)
{
    char answer[1000];

    (void)number;
    pattern_fill(answer, sizeof(answer), 2);
    for (size_t i = 0; i < sizeof(answer); i++)
        peer_write(peer, fd, answer + i, 1);
    peer_await_end(peer, fd);
}

static void an_answer_may_come_byte_by_byte(void **state)
{
    struct peer peer;

    peer_start(&peer, answers_byte_by_byte, NULL);
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        struct ring *ring = open_ring(1, 0, one_shot != 0);

        connect_slot(ring, 0, &peer.addr);
        expect_pattern(ring, 0, 2, 1000);
        ring_close_all(ring);
    }
    peer_stop(&peer);
    (void)state;
}

static void answers_larger_than_the_buffers_come_whole(void **state)
{
    static const uint32_t RECEIVE_BYTES[] = { 0, 100, 5000, 65536, 2 << 20 };
    struct peer peer;

    peer_start(&peer, answers_at_length, NULL);
    for (size_t i = 0; i < sizeof(RECEIVE_BYTES) / sizeof(RECEIVE_BYTES[0]); i++)
        for (int one_shot = 0; one_shot < 2; one_shot++) {
            struct ring *ring = open_ring(2, RECEIVE_BYTES[i], one_shot != 0);

            connect_slot(ring, 1, &peer.addr);
            expect_pattern(ring, 1, ANSWER_SEED, sizeof(long_answer));
            expect_nothing(ring);
            ring_close_all(ring);
        }
    peer_stop(&peer);
    (void)state;
}

/* The long answer again and again: compares, and says how long the piece is. */
static uint64_t expect_endless(struct slice piece, uint64_t offset)
{
    for (size_t at = 0; at < piece.len;) {
        size_t begin = (offset + at) % LONG_ANSWER;
        size_t len = piece.len - at < LONG_ANSWER - begin ? piece.len - at : LONG_ANSWER - begin;

        assert_memory_equal(piece.ptr + at, long_answer + begin, len);
        at += len;
    }
    return piece.len;
}

#define VERY_LONG (16 * LONG_ANSWER)

static void answers_at_great_length(struct peer *peer, int fd, uint32_t number)
{
    (void)number;
    for (size_t sent = 0; sent < VERY_LONG; sent += LONG_ANSWER)
        peer_write(peer, fd, long_answer, sizeof(long_answer));
    peer_await_end(peer, fd);
}

/* Its end waits in the socket, megabytes of it, and nothing new happens there any more. */
static void an_answer_is_read_on_when_nothing_more_comes(void **state)
{
    struct peer peer;
    struct ring *ring = open_ring(1, 0, false);
    uint64_t have = 0;

    peer_start(&peer, answers_at_great_length, NULL);
    connect_slot(ring, 0, &peer.addr);
    while (have < VERY_LONG) {
        struct ring_event event = next(ring);

        assert_int_equal(event.what, RING_DATA);
        have += expect_endless(event.data, have);
    }
    assert_int_equal(have, VERY_LONG);
    expect_nothing(ring);
    ring_close_all(ring);
    peer_stop(&peer);
    (void)state;
}

#define MANY      200
#define MANY_EACH 65536

/* The same to everyone, and who it is for in front. */
static void answers_all_at_once(struct peer *peer, int fd, uint32_t number)
{
    uint32_t slot;

    (void)number;
    if (!peer_read(peer, fd, &slot, sizeof(slot)))
        return;
    peer_wait(peer);
    peer_write(peer, fd, &slot, sizeof(slot));
    peer_write(peer, fd, long_answer, MANY_EACH);
    peer_tell(peer);
    peer_await_end(peer, fd);
}

/* Everything is there before the ring is asked again: far more than it has buffers for. */
static void two_hundred_answers_at_once_lose_no_byte(void **state)
{
    static uint32_t names[MANY];
    uint64_t have[MANY] = { 0 };
    uint32_t complete = 0;
    struct peer peer;
    struct ring *ring = open_ring(MANY, 100, false);

    peer_start(&peer, answers_all_at_once, NULL);
    for (uint32_t slot = 0; slot < MANY; slot++) {
        names[slot] = slot;
        connect_slot(ring, slot, &peer.addr);
        ring_send(ring, slot, (struct slice){ (char *)&names[slot], sizeof(names[slot]) });
    }
    expect_nothing(ring);
    for (uint32_t slot = 0; slot < MANY; slot++)
        sem_post(&peer.go);
    for (uint32_t slot = 0; slot < MANY; slot++)
        peer_hear(&peer);
    while (complete < MANY) {
        struct ring_event event = next(ring);
        uint64_t *so_far = &have[event.slot];
        struct slice data = event.data;

        assert_int_equal(event.what, RING_DATA);
        if (*so_far == 0) {
            assert_true(data.len >= sizeof(uint32_t));
            assert_memory_equal(data.ptr, &names[event.slot], sizeof(uint32_t));
            data.ptr += sizeof(uint32_t);
            data.len -= sizeof(uint32_t);
        }
        assert_true(pattern_matches(data, ANSWER_SEED, *so_far));
        *so_far += data.len;
        complete += *so_far == MANY_EACH;
    }
    for (uint32_t slot = 0; slot < MANY; slot++)
        assert_int_equal(have[slot], MANY_EACH);
    expect_nothing(ring);
    ring_close_all(ring);
    assert_int_equal(peer_stop(&peer), MANY);
    (void)state;
}

/* ---- waiting ---- */

static void a_wait_ends_at_its_time_and_not_before(void **state)
{
    struct peer peer;
    struct ring *ring = open_ring(1, 0, false);

    peer_start(&peer, waits_for_the_end, NULL);
    connect_slot(ring, 0, &peer.addr);
    expect_nothing(ring);
    for (int64_t ns = 1000; ns <= 20 * MILLISECOND_NS; ns *= 3) {
        struct mono until = mono_after(mono_now(), ns);
        struct ring_event event;

        assert_int_equal(ring_wait(ring, until), 0);
        assert_true(mono_now().ns >= until.ns);
        assert_false(ring_next(ring, &event));
    }
    ring_close_all(ring);
    peer_stop(&peer);
    (void)state;
}

static void a_wait_for_a_time_that_has_passed_returns_at_once(void **state)
{
    struct ring *ring = open_ring(1, 0, false);
    struct mono begin = mono_now();

    for (int i = 0; i < 100; i++) {
        assert_int_equal(ring_wait(ring, (struct mono){ 0 }), 0);
        assert_int_equal(ring_wait(ring, mono_now()), 0);
    }
    assert_true(mono_diff_ns(begin, mono_now()) < LIMIT_NS);
    ring_close_all(ring);
    (void)state;
}

static void a_wait_without_an_end_hears_what_happens(void **state)
{
    struct peer peer;
    struct ring *ring = open_ring(1, 0, false);
    struct ring_event event;

    peer_start(&peer, says_yes, NULL);
    ring_connect(ring, 0, &peer.addr);
    do {
        assert_int_equal(ring_wait(ring, MONO_NEVER), 0);
    } while (!ring_next(ring, &event));
    assert_int_equal(event.what, RING_CONNECTED);
    ring_close_all(ring);
    peer_stop(&peer);
    (void)state;
}

static void heard(int signal)
{
    (void)signal;
}

static void a_signal_ends_a_wait_without_an_error(void **state)
{
    struct sigaction action = { .sa_handler = heard }, before;
    /* Again and again: the first may come before the wait begins. */
    struct itimerval ticks = { { .tv_usec = 2000 }, { .tv_usec = 2000 } };
    struct ring *ring = open_ring(1, 0, false);
    struct mono until = mono_after(mono_now(), LIMIT_NS);

    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &ticks, NULL);
    assert_int_equal(ring_wait(ring, until), 0);
    setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_true(mono_now().ns < until.ns);
    ring_close_all(ring);
    (void)state;
}

/* ---- fairness ---- */

static void sends_for_ever(struct peer *peer, int fd, uint32_t number)
{
    (void)number;
    while (peer_write(peer, fd, long_answer, sizeof(long_answer)))
        continue;
}

/* Reads so slowly that there is always more. Whoever drives has to get back to its clock all the
 * same, and to the other connections. */
static void a_peer_that_sends_for_ever_does_not_keep_the_ring_to_itself(void **state)
{
    struct peer flood, peer;
    struct ring *ring = open_ring(2, 0, false);
    struct mono limit = mono_after(mono_now(), LIMIT_NS);
    uint64_t flooded = 0;
    int answers = 0;

    peer_start(&flood, sends_for_ever, NULL);
    peer_start(&peer, says_yes, NULL);
    ring_connect(ring, 0, &flood.addr);
    ring_connect(ring, 1, &peer.addr);
    ring_send(ring, 1, ASK);
    while (answers < 10 || flooded < 64 * LONG_ANSWER) {
        struct ring_event event;
        int in_a_row = 0;

        assert_true(mono_now().ns < limit.ns);
        assert_int_equal(ring_wait(ring, limit), 0);
        while (ring_next(ring, &event)) {
            if (++in_a_row > 1000)
                fail_msg("1000 events, and no end of them");
            if (event.what != RING_DATA)
                continue;
            if (event.slot == 1) {
                answers++;
                ring_send(ring, 1, ASK);
                continue;
            }
            flooded += expect_endless(event.data, flooded);
        }
    }
    ring_close_all(ring);
    peer_stop(&flood);
    peer_stop(&peer);
    (void)state;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connect_is_told_once),
        cmocka_unit_test(a_refused_connect_fails_with_its_errno),
        cmocka_unit_test(a_connect_that_the_kernel_refuses_at_once_fails_the_same_way),
        cmocka_unit_test(a_unix_socket_serves_as_well),
        cmocka_unit_test(a_request_may_follow_its_connect_at_once),
        cmocka_unit_test(an_idle_connection_carries_one_request_after_another),
        cmocka_unit_test(a_request_longer_than_the_socket_holds_goes_out_whole),
        cmocka_unit_test(an_answer_is_heard_while_the_request_is_still_going_out),
        cmocka_unit_test(an_answer_may_come_byte_by_byte),
        cmocka_unit_test(answers_larger_than_the_buffers_come_whole),
        cmocka_unit_test(an_answer_is_read_on_when_nothing_more_comes),
        cmocka_unit_test(two_hundred_answers_at_once_lose_no_byte),
        cmocka_unit_test(a_wait_ends_at_its_time_and_not_before),
        cmocka_unit_test(a_wait_for_a_time_that_has_passed_returns_at_once),
        cmocka_unit_test(a_wait_without_an_end_hears_what_happens),
        cmocka_unit_test(a_signal_ends_a_wait_without_an_error),
        cmocka_unit_test(a_peer_that_sends_for_ever_does_not_keep_the_ring_to_itself),
    };

    if (!client_begin(argc, argv))
        return CLIENT_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
