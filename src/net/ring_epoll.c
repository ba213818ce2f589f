/* The epoll ring: completions emulated in two system calls a request.
 *
 * A socket is registered once, edge-triggered, for both directions, and never modified: the two
 * epoll_ctl() a request that other clients pay are what this saves. Edge-triggered demands that a
 * socket be read until it is empty; a read that fills less than the buffer says just that, so no
 * second read is needed to hear EAGAIN (epoll(7), "questions and answers"). Sending happens at
 * once, in ring_send(); EPOLLOUT matters only behind a partial send and for the handshake. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/fault.h"
#include "net/ring_priv.h"
#include "net/sock.h"

#define EVENTS_MAX 512 /* taken from the kernel at once */

/* One read takes this much: long enough for most answers whole, short enough for the L2 cache. */
#define RECEIVE_BYTES (128 << 10)

/* Reads in a row before the others, and the caller's clock, get their turn: a peer that sends
 * faster than we read is never read empty. */
#define TURN_READS 4

struct epoll_slot {
    int fd; /* -1: closed */
    uint32_t generation;
    bool connecting;
    int failed_sys;      /* waits in `failed` to be delivered; 0: nothing */
    bool listed;         /* stands in `failed`, perhaps for a connection that was closed since */
    struct slice unsent; /* what the kernel did not take yet */
};

struct ring_epoll {
    struct ring ring;
    int epoll_fd;
    bool one_shot;
    bool coarse; /* the kernel's time-out is in milliseconds */
    uint32_t slot_count;
    struct epoll_slot *slots;
    uint32_t *failed; /* slots whose failure the kernel told us at once */
    uint32_t failed_count;
    struct epoll_event events[EVENTS_MAX];
    int event_count, event_next;
    int turn_reads; /* of the current event */
    int carried;    /* events in front that have more to say than their turn allowed */
    char *buffer;
};

static struct ring_epoll *self(struct ring *ring)
{
    return (struct ring_epoll *)ring;
}

static void fail_later(struct ring_epoll *r, uint32_t slot, int sys)
{
    struct epoll_slot *s = &r->slots[slot];

    if (!s->listed)
        r->failed[r->failed_count++] = slot;
    s->listed = true;
    s->failed_sys = sys;
}

static void send_rest(struct ring_epoll *r, uint32_t slot)
{
    struct epoll_slot *s = &r->slots[slot];
    ssize_t sent = send(s->fd, s->unsent.ptr, s->unsent.len, MSG_NOSIGNAL);

    if (sent >= 0) {
        s->unsent.ptr += sent;
        s->unsent.len -= (size_t)sent;
    } else if (errno != EAGAIN && errno != EINTR) {
        s->unsent.len = 0;
        fail_later(r, slot, errno);
    }
}

/* A connection that sends one request never has unacknowledged bytes for Nagle to wait for. */
static int open_socket(const struct ring_epoll *r, const struct addr *addr)
{
    int fd = socket(addr->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && !r->one_shot && addr->any.sa_family != AF_UNIX)
        sock_send_at_once(fd);
    return fd;
}

static void epoll_connect(struct ring *ring, uint32_t slot, const struct addr *addr)
{
    struct ring_epoll *r = self(ring);
    struct epoll_slot *s = &r->slots[slot];
    struct epoll_event wanted = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };

    BUG_IF(s->fd >= 0);
    s->fd = open_socket(r, addr);
    s->connecting = true;
    s->unsent.len = 0;
    if (s->fd < 0) {
        fail_later(r, slot, errno);
        return;
    }
    if (connect(s->fd, &addr->any, addr->len) < 0 && errno != EINPROGRESS) {
        fail_later(r, slot, errno);
        return;
    }
    wanted.data.u64 = (uint64_t)s->generation << 32 | slot;
    if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, s->fd, &wanted) < 0)
        fail_later(r, slot, errno);
}

static void epoll_send(struct ring *ring, uint32_t slot, struct slice bytes)
{
    struct epoll_slot *s = &self(ring)->slots[slot];

    if (s->failed_sys != 0)
        return; /* its failure is on its way already */
    BUG_IF(s->fd < 0);
    BUG_IF(s->unsent.len > 0);
    s->unsent = bytes;
    /* On loopback the handshake is over when connect() returns, so this succeeds even then. */
    send_rest(self(ring), slot);
}

static bool epoll_sending(const struct ring *ring, uint32_t slot)
{
    return ((const struct ring_epoll *)ring)->slots[slot].unsent.len > 0;
}

static void epoll_close(struct ring *ring, uint32_t slot)
{
    struct epoll_slot *s = &self(ring)->slots[slot];

    if (s->fd >= 0)
        close(s->fd); /* leaves the epoll set by itself */
    s->fd = -1;
    s->generation++;
    s->failed_sys = 0; /* its place in `failed` is recognised by this */
    s->unsent.len = 0;
}

/* epoll_pwait2() is of Linux 5.11, and valgrind does not know it. Without it the last millisecond
 * is spent asking: later than due would be a wrong number, busier than needed is only a pity. */
static int wait_for_events(struct ring_epoll *r, int64_t left_ns)
{
    struct timespec timeout = { left_ns / SECOND_NS, left_ns % SECOND_NS };
    struct epoll_event *free_from = r->events + r->event_count;
    int count;

    if (!r->coarse) {
        count = epoll_pwait2(r->epoll_fd, free_from, EVENTS_MAX - r->event_count, &timeout, NULL);
        if (count >= 0 || errno != ENOSYS)
            return count;
        r->coarse = true;
    }
    return epoll_wait(r->epoll_fd, free_from, EVENTS_MAX - r->event_count,
                      (int)(left_ns / MILLISECOND_NS));
}

static int epoll_wait_until(struct ring *ring, struct mono until)
{
    struct ring_epoll *r = self(ring);
    bool at_once = r->failed_count > 0 || r->carried > 0;
    int64_t left_ns = at_once ? 0 : mono_diff_ns(mono_now(), until);
    int count;

    r->event_next = 0;
    r->event_count = r->carried;
    r->carried = 0;
    if (r->event_count == EVENTS_MAX)
        return 0;
    count = wait_for_events(r, left_ns > 0 ? left_ns : 0);
    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    r->event_count += count;
    return 0;
}

static void next_event(struct ring_epoll *r)
{
    r->event_next++;
    r->turn_reads = 0;
}

/* Edge-triggered: epoll would not speak of it again. */
static void carry_event(struct ring_epoll *r)
{
    r->events[r->carried++] = r->events[r->event_next];
    next_event(r);
}

static bool next_failed(struct ring_epoll *r, struct ring_event *ret_event)
{
    while (r->failed_count > 0) {
        uint32_t slot = r->failed[--r->failed_count];
        int sys = r->slots[slot].failed_sys;

        r->slots[slot].listed = false;
        if (sys == 0)
            continue; /* closed since */
        r->slots[slot].failed_sys = 0;
        *ret_event = (struct ring_event){ .what = RING_FAILED, .slot = slot, .sys = sys };
        return true;
    }
    return false;
}

static bool finish_connect(struct ring_epoll *r, uint32_t slot, uint32_t ready,
                           struct ring_event *ret_event)
{
    struct epoll_slot *s = &r->slots[slot];
    int sys = 0;
    socklen_t len = sizeof(sys);

    if ((ready & (EPOLLERR | EPOLLHUP)) != 0)
        getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &sys, &len);
    else if ((ready & (EPOLLOUT | EPOLLIN | EPOLLRDHUP)) == 0)
        return false; /* EPOLLOUT alone would not do: a long request may have filled the socket */
    s->connecting = false;
    if (sys != 0) {
        *ret_event = (struct ring_event){ .what = RING_FAILED, .slot = slot, .sys = sys };
        return true;
    }
    if (s->unsent.len > 0)
        send_rest(r, slot);
    *ret_event = (struct ring_event){ .what = RING_CONNECTED, .slot = slot };
    return true;
}

/* What one read of a ready socket says. False: it says nothing more for now. */
static bool receive(struct ring_epoll *r, struct epoll_event *event, uint32_t slot,
                    struct ring_event *ret_event)
{
    ssize_t got = recv(r->slots[slot].fd, r->buffer, RECEIVE_BYTES, 0);

    if (got > 0) {
        /* A short read emptied the socket: done with this event, unless an end stands behind it. */
        if (got < RECEIVE_BYTES && (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0)
            next_event(r);
        else if (++r->turn_reads == TURN_READS)
            carry_event(r);
        *ret_event = (struct ring_event){
            .what = RING_DATA, .slot = slot, .data = {r->buffer, (size_t)got}
        };
        return true;
    }
    if (got < 0 && errno == EINTR)
        return false; /* the event stays current: asked again at once */
    next_event(r);
    if (got < 0 && errno == EAGAIN)
        return false;
    *ret_event = (struct ring_event){ .what = got == 0 ? RING_END : RING_FAILED,
                                      .slot = slot,
                                      .sys = got == 0 ? 0 : errno };
    return true;
}

static bool epoll_next(struct ring *ring, struct ring_event *ret_event)
{
    struct ring_epoll *r = self(ring);

    if (next_failed(r, ret_event))
        return true;
    while (r->event_next < r->event_count) {
        struct epoll_event *event = &r->events[r->event_next];
        uint32_t slot = (uint32_t)event->data.u64;
        struct epoll_slot *s = &r->slots[slot];

        if (s->fd < 0 || s->generation != (uint32_t)(event->data.u64 >> 32)) {
            next_event(r);
            continue;
        }
        if (s->connecting) {
            bool told = finish_connect(r, slot, event->events, ret_event);

            if (!told || (event->events & (EPOLLIN | EPOLLRDHUP)) == 0)
                next_event(r);
            if (told)
                return true;
            continue;
        }
        if (s->unsent.len > 0 && (event->events & EPOLLOUT) != 0)
            send_rest(r, slot);
        if ((event->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) {
            next_event(r);
            continue;
        }
        if (receive(r, event, slot, ret_event))
            return true;
    }
    return next_failed(r, ret_event);
}

static void epoll_close_all(struct ring *ring)
{
    struct ring_epoll *r = self(ring);

    for (uint32_t slot = 0; slot < r->slot_count; slot++)
        epoll_close(ring, slot);
    close(r->epoll_fd);
    free(r->buffer);
    free(r->failed);
    free(r->slots);
    free(r);
}

static const struct ring_ops epoll_ops = {
    .name = "epoll",
    .close_all = epoll_close_all,
    .connect = epoll_connect,
    .send = epoll_send,
    .sending = epoll_sending,
    .close = epoll_close,
    .wait = epoll_wait_until,
    .next = epoll_next,
};

bool ring_epoll_open(const struct ring_config *config, struct ring **ret_ring, struct error *err)
{
    struct ring_epoll *r = fault_hit(FAULT_MEMORY) ? NULL : calloc(1, sizeof(*r));

    if (r == NULL)
        return error_set(err, ENOMEM, "epoll for %u connections", config->slots);
    r->ring.ops = &epoll_ops;
    r->slot_count = config->slots;
    r->one_shot = config->one_shot;
    r->slots = calloc(config->slots, sizeof(*r->slots));
    r->failed = calloc(config->slots, sizeof(*r->failed));
    r->buffer = malloc(RECEIVE_BYTES);
    r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t slot = 0; r->slots != NULL && slot < config->slots; slot++)
        r->slots[slot].fd = -1;
    if (r->slots == NULL || r->failed == NULL || r->buffer == NULL || r->epoll_fd < 0) {
        int sys = r->epoll_fd < 0 ? errno : ENOMEM;

        if (r->slots == NULL)
            r->slot_count = 0;
        epoll_close_all((struct ring *)r);
        return error_set(err, sys, "epoll for %u connections", config->slots);
    }
    *ret_ring = (struct ring *)r;
    return true;
}
