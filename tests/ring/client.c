#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum ring_kind kind;

char long_request[LONG_REQUEST];
char long_answer[LONG_ANSWER];

bool client_begin(int argc, char **argv)
{
    struct error err;

    pattern_fill(long_request, sizeof(long_request), REQUEST_SEED);
    pattern_fill(long_answer, sizeof(long_answer), ANSWER_SEED);
    kind = argc > 1 && strcmp(argv[1], "io_uring") == 0 ? RING_IO_URING : RING_EPOLL;
    if (kind == RING_EPOLL || ring_probe_io_uring(&err))
        return true;
    printf("skipped: %s\n", err.text);
    return false;
}

enum ring_kind client_ring_kind(void)
{
    return kind;
}

struct ring *open_ring(uint32_t slots, uint32_t receive_bytes, bool one_shot)
{
    struct ring_config config = { .slots = slots,
                                  .receive_bytes = receive_bytes,
                                  .one_shot = one_shot };
    struct ring *ring = NULL;
    struct error err = { 0 };

    if (!ring_open(kind, &config, &ring, &err))
        fail_msg("%s", err.text);
    return ring;
}

struct ring_event next(struct ring *ring)
{
    struct mono limit = mono_after(mono_now(), LIMIT_NS);
    struct ring_event event;

    while (!ring_next(ring, &event)) {
        if (mono_now().ns >= limit.ns)
            fail_msg("nothing happens");
        assert_int_equal(ring_wait(ring, limit), 0);
    }
    return event;
}

void expect(struct ring *ring, enum ring_what what, uint32_t slot)
{
    struct ring_event event = next(ring);

    if (event.what != what || event.slot != slot)
        fail_msg("event %d of slot %u (errno %d), expected %d of slot %u", (int)event.what,
                 event.slot, event.sys, (int)what, slot);
}

void expect_failed(struct ring *ring, uint32_t slot, int sys)
{
    struct ring_event event = next(ring);

    if (event.what != RING_FAILED || event.slot != slot || event.sys != sys)
        fail_msg("event %d of slot %u, errno %d, expected errno %d of slot %u", (int)event.what,
                 event.slot, event.sys, sys, slot);
}

void expect_pattern(struct ring *ring, uint32_t slot, uint32_t seed, uint64_t len)
{
    uint64_t have = 0;

    while (have < len) {
        struct ring_event event = next(ring);

        if (event.what != RING_DATA || event.slot != slot)
            fail_msg("event %d of slot %u (errno %d) after %llu bytes", (int)event.what, event.slot,
                     event.sys, (unsigned long long)have);
        assert_true(event.data.len > 0);
        if (!pattern_matches(event.data, seed, have))
            fail_msg("wrong in the %zu bytes from byte %llu", event.data.len,
                     (unsigned long long)have);
        have += event.data.len;
    }
    assert_int_equal(have, len);
}

void expect_yes(struct ring *ring, uint32_t slot)
{
    struct ring_event event = next(ring);

    assert_int_equal(event.what, RING_DATA);
    assert_int_equal(event.slot, slot);
    assert_true(slice_equal(event.data, YES)); /* three bytes come in one piece */
}

void expect_nothing(struct ring *ring)
{
    struct ring_event event;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(ring_wait(ring, (struct mono){ 0 }), 0);
        if (ring_next(ring, &event))
            fail_msg("event %d of slot %u, errno %d, expected none", (int)event.what, event.slot,
                     event.sys);
    }
}

void connect_slot(struct ring *ring, uint32_t slot, const struct addr *addr)
{
    ring_connect(ring, slot, addr);
    expect(ring, RING_CONNECTED, slot);
}

/* ---- scripts ---- */

void says_yes(struct peer *peer, int fd, uint32_t number)
{
    char request[3];

    (void)number;
    while (peer_read(peer, fd, request, sizeof(request))) {
        if (memcmp(request, ASK.ptr, ASK.len) != 0)
            peer_complain(peer, "the request is not the one that was sent");
        if (!peer_write(peer, fd, YES.ptr, YES.len))
            return;
    }
}

void waits_for_the_end(struct peer *peer, int fd, uint32_t number)
{
    (void)number;
    peer_await_end(peer, fd);
}

void answers_at_length(struct peer *peer, int fd, uint32_t number)
{
    (void)number;
    peer_write(peer, fd, long_answer, sizeof(long_answer));
    peer_await_end(peer, fd);
}
