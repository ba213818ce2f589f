/* The io_uring ring: one system call a loop, however many connections are ready.
 *
 * SINGLE_ISSUER | DEFER_TASKRUN: the kernel does its part inside our io_uring_enter(), never by
 * interrupting us. Sockets live in the ring's own file table, at the slot's index. A kept
 * connection has one multishot receive that fills buffers from a mapped ring; they go back in one
 * step a loop. Sends that go well leave no completion (CQE_SKIP_SUCCESS). Where each request has a
 * connection of its own, socket, connect and close are entries of the queue too, so that it costs
 * no system call of its own either. (Linking the four into one chain was measured, and is not
 * cheaper.) Needs Linux 6.1; measured in bench/ against epoll. */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/fault.h"
#include "base/sabotage.h"
#include "net/ring_priv.h"
#include "net/sock.h"

#define BUFFER_GROUP 0

/* Receive buffers cycle through all of the cache they are given, so there are only as many as one
 * loop can use up. What the pool lacks costs a re-armed receive, never a lost byte. */
#define BUFFER_BYTES_MIN 1024u
#define BUFFER_BYTES_MAX 131072u /* 64 KiB cost 10 % more for bodies of 100 KiB (bench/shapes) */
#define BUFFERS_MIN      64u
#define BUFFERS_MAX      2048u
#define POOL_BYTES_MAX   (8u << 20)

enum op { OP_IGNORED, OP_ALARM, OP_SOCKET, OP_CONNECT, OP_SEND, OP_ROOM, OP_RECEIVE };

#define ALARM_TAG ((uint64_t)OP_ALARM << 56)

struct uring_slot {
    uint32_t generation; /* 24 bits are used */
    bool open, connecting, armed;
    bool sending;        /* a long request is not out yet */
    int failed_sys;      /* waits in `failed` to be delivered; 0: nothing */
    bool listed;         /* stands in `failed`, perhaps for a connection that was closed since */
    struct slice unsent; /* goes out behind the handshake, or behind what the socket took */
};

struct ring_uring {
    struct ring ring;
    struct io_uring io;
    bool one_shot;
    uint32_t slot_count;
    struct uring_slot *slots;
    struct io_uring_buf_ring *pool;
    char *buffers;
    uint32_t buffer_bytes, buffer_count;
    int given_back; /* added to the pool, not yet shown to the kernel */

    unsigned ready, seen; /* completions of this loop */
    /* What the event before this one still needs. */
    int32_t held_buffer; /* -1: none */
    uint32_t rearm_slot; /* slot_count: none */
    uint32_t rearm_generation;
    uint32_t *failed; /* slots whose failure the kernel told us at once, without a completion */
    uint32_t failed_count;
    bool queues_up;
    bool alarm_set;
    struct mono alarm; /* when it wakes a wait */
    struct __kernel_timespec alarm_time;
};

static struct ring_uring *self(struct ring *ring)
{
    return (struct ring_uring *)ring;
}

static uint64_t tag(const struct ring_uring *r, enum op op, uint32_t slot)
{
    return (uint64_t)op << 56 | (uint64_t)(r->slots[slot].generation & 0xffffff) << 32 | slot;
}

static struct io_uring_sqe *take_sqe(struct ring_uring *r)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&r->io);

    if (sqe == NULL) {
        io_uring_submit(&r->io);
        sqe = io_uring_get_sqe(&r->io);
    }
    BUG_IF(sqe == NULL); /* without SQPOLL a submit empties the queue */
    return sqe;
}

static void give_back(struct ring_uring *r, uint32_t buffer)
{
    io_uring_buf_ring_add(r->pool, r->buffers + (size_t)buffer * r->buffer_bytes, r->buffer_bytes,
                          (unsigned short)buffer, (int)r->buffer_count - 1, r->given_back++);
}

static void prepare_receive(struct ring_uring *r, struct io_uring_sqe *sqe, uint32_t slot)
{
    if (r->one_shot) {
        io_uring_prep_recv(sqe, (int)slot, NULL, r->buffer_bytes, 0);
    } else {
        io_uring_prep_recv_multishot(sqe, (int)slot, NULL, 0, 0);
    }
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUFFER_GROUP;
    io_uring_sqe_set_data64(sqe, tag(r, OP_RECEIVE, slot));
    r->slots[slot].armed = true;
}

/* A short request goes out in one piece (or the kernel itself goes on), and that it did is silent.
 * A long one goes out as far as the socket takes it, and on when there is room: a send that waits
 * inside the kernel might go on reading the caller's bytes after a close, for behind the peer's end
 * no cancel finds it (Linux 6.18: it is tried again and again, and never waits). */
static void prepare_send(struct ring_uring *r, uint32_t slot)
{
    struct uring_slot *s = &r->slots[slot];
    struct io_uring_sqe *sqe = take_sqe(r);

    io_uring_prep_send(sqe, (int)slot, s->unsent.ptr, s->unsent.len,
                       MSG_NOSIGNAL | (s->sending ? MSG_DONTWAIT : MSG_WAITALL));
    sqe->flags |= IOSQE_FIXED_FILE | (s->sending ? 0 : IOSQE_CQE_SKIP_SUCCESS);
    io_uring_sqe_set_data64(sqe, tag(r, OP_SEND, slot));
}

static void await_room(struct ring_uring *r, uint32_t slot)
{
    struct io_uring_sqe *sqe = take_sqe(r);

    io_uring_prep_poll_add(sqe, (int)slot, POLLOUT);
    sqe->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(sqe, tag(r, OP_ROOM, slot));
}

/* A kept connection's socket is made by hand, for TCP_NODELAY has to be set on it; a connection
 * that sends one request never has unacknowledged bytes for Nagle to wait for. */
static int install_socket(struct ring_uring *r, uint32_t slot, int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int answer;

    if (fd < 0)
        return -errno;
    if (family != AF_UNIX)
        sock_send_at_once(fd);
    /* Its close, if one is queued, has to come first. */
    io_uring_submit(&r->io);
    answer = io_uring_register_files_update(&r->io, slot, &fd, 1);
    close(fd);
    return answer < 0 ? answer : 0;
}

/* Makes the slot's socket, or asks the ring to: entries are executed in order, and making a socket
 * never waits, so that the connect behind it finds it. */
static int make_socket(struct ring_uring *r, uint32_t slot, int family)
{
    struct io_uring_sqe *sqe;

    if (!r->one_shot)
        return install_socket(r, slot, family);
    sqe = take_sqe(r);
    io_uring_prep_socket_direct(sqe, family, SOCK_STREAM, 0, slot, 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, tag(r, OP_SOCKET, slot));
    return 0;
}

static void uring_connect(struct ring *ring, uint32_t slot, const struct addr *addr)
{
    struct ring_uring *r = self(ring);
    struct uring_slot *s = &r->slots[slot];
    struct io_uring_sqe *sqe;
    int answer;

    BUG_IF(s->open);
    s->open = true;
    s->connecting = true;
    answer = make_socket(r, slot, addr->any.sa_family);
    if (answer < 0) {
        s->failed_sys = -answer;
        if (!s->listed)
            r->failed[r->failed_count++] = slot;
        s->listed = true;
        return;
    }
    sqe = take_sqe(r);
    io_uring_prep_connect(sqe, (int)slot, &addr->any, addr->len);
    sqe->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(sqe, tag(r, OP_CONNECT, slot));
}

static void uring_send(struct ring *ring, uint32_t slot, struct slice bytes)
{
    struct ring_uring *r = self(ring);
    struct uring_slot *s = &r->slots[slot];

    BUG_IF(s->sending);
    s->unsent = bytes;
    s->sending = bytes.len > RING_SENT_AT_ONCE_BYTES;
    if (!s->connecting)
        prepare_send(r, slot);
}

static bool uring_sending(const struct ring *ring, uint32_t slot)
{
    return ((const struct ring_uring *)ring)->slots[slot].sending;
}

static void uring_close(struct ring *ring, uint32_t slot)
{
    struct ring_uring *r = self(ring);
    struct uring_slot *s = &r->slots[slot];
    struct io_uring_sqe *sqe;

    if (!s->open)
        return;
    if (s->sending)
        io_uring_submit(&r->io); /* a send that is queued still: later the bytes may be others */
    if (s->armed || s->connecting || s->sending) {
        /* What is under way holds the socket open: a close alone would not reach the peer. */
        sqe = take_sqe(r);
        io_uring_prep_cancel_fd(sqe, (int)slot,
                                IORING_ASYNC_CANCEL_FD_FIXED | IORING_ASYNC_CANCEL_ALL);
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        io_uring_sqe_set_data64(sqe, tag(r, OP_IGNORED, slot));
    }
    sqe = take_sqe(r);
    io_uring_prep_close_direct(sqe, slot);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, tag(r, OP_IGNORED, slot));
    *s = (struct uring_slot){ .generation = s->generation + 1, .listed = s->listed };
}

/* Finishes what the event handed out last still needs: its buffer, and its receive if that ended.
 */
static void settle_last_event(struct ring_uring *r)
{
    uint32_t slot = r->rearm_slot;

    if (r->held_buffer >= 0)
        give_back(r, (uint32_t)r->held_buffer);
    r->held_buffer = -1;
    r->rearm_slot = r->slot_count;
    if (slot == r->slot_count || !r->slots[slot].open || r->slots[slot].armed)
        return;
    if (r->slots[slot].generation == r->rearm_generation)
        prepare_receive(r, take_sqe(r), slot);
}

/* Sees to it that a wait ends at `until` or before. A timer of the wait's own would be set and
 * cleared by every wait, which costs 4 % of all CPU time; this one stays until it rings, and one
 * that rings early only makes the loop turn once more. */
static void set_alarm(struct ring_uring *r, struct mono until)
{
    struct io_uring_sqe *sqe;
    int64_t at_ns = until.ns - sabotage_clock_ahead();

    if (r->alarm_set && r->alarm.ns <= until.ns)
        return;
    sqe = take_sqe(r);
    r->alarm_time =
        (struct __kernel_timespec){ .tv_sec = at_ns / SECOND_NS, .tv_nsec = at_ns % SECOND_NS };
    if (r->alarm_set) {
        /* Fails when it rings at this moment: that ends the wait, too, and the next sets it anew.
         */
        io_uring_prep_timeout_update(sqe, &r->alarm_time, ALARM_TAG, IORING_TIMEOUT_ABS);
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        io_uring_sqe_set_data64(sqe, 0);
    } else {
        io_uring_prep_timeout(sqe, &r->alarm_time, 0, IORING_TIMEOUT_ABS);
        io_uring_sqe_set_data64(sqe, ALARM_TAG);
    }
    r->alarm_set = true;
    r->alarm = until;
}

static int uring_wait(struct ring *ring, struct mono until)
{
    struct ring_uring *r = self(ring);
    bool sleep = mono_diff_ns(mono_now(), until) > 0 && r->failed_count == 0;
    int answer;

    settle_last_event(r);
    io_uring_cq_advance(&r->io, r->seen);
    if (r->given_back > 0)
        io_uring_buf_ring_advance(r->pool, r->given_back);
    r->given_back = 0;
    r->seen = 0;
    if (sleep)
        set_alarm(r, until);
    answer = sleep ? io_uring_submit_and_wait(&r->io, 1) : io_uring_submit_and_get_events(&r->io);
    r->ready = io_uring_cq_ready(&r->io);
    if (answer >= 0 || answer == -EINTR || answer == -EAGAIN || answer == -EBUSY)
        return 0;
    return answer;
}

static bool told(struct ring_event *ret_event, enum ring_what what, uint32_t slot, int sys)
{
    *ret_event = (struct ring_event){ .what = what, .slot = slot, .sys = sys };
    return true;
}

static bool connected(struct ring_uring *r, uint32_t slot, int result, struct ring_event *ret_event)
{
    struct uring_slot *s = &r->slots[slot];

    if (result < 0)
        return told(ret_event, RING_FAILED, slot, -result);
    s->connecting = false;
    if (s->unsent.len > 0)
        prepare_send(r, slot);
    prepare_receive(r, take_sqe(r), slot);
    return told(ret_event, RING_CONNECTED, slot, 0);
}

/* Of a long request, or a failure: success of a short one is silent. */
static bool sent(struct ring_uring *r, uint32_t slot, int result, struct ring_event *ret_event)
{
    struct uring_slot *s = &r->slots[slot];

    if (result < 0 && result != -EAGAIN)
        return told(ret_event, RING_FAILED, slot, -result);
    if (result > 0) {
        s->unsent.ptr += result;
        s->unsent.len -= (size_t)result;
    }
    s->sending = s->unsent.len > 0;
    if (s->sending)
        await_room(r, slot);
    return false;
}

static bool received(struct ring_uring *r, uint32_t slot, int result, uint32_t flags,
                     struct ring_event *ret_event)
{
    bool over = (flags & IORING_CQE_F_MORE) == 0;

    if (over)
        r->slots[slot].armed = false;
    if (over && (result > 0 || result == -ENOBUFS)) {
        r->rearm_slot = slot;
        r->rearm_generation = r->slots[slot].generation;
    }
    if (result == -ENOBUFS)
        return false; /* more was ready than the pool held: asked again behind what we give back */
    if (result < 0)
        return told(ret_event, RING_FAILED, slot, -result);
    if (result == 0)
        return told(ret_event, RING_END, slot, 0);
    *ret_event = (struct ring_event){
        .what = RING_DATA,
        .slot = slot,
        .data = {r->buffers + (size_t)r->held_buffer * r->buffer_bytes, (size_t)result},
    };
    return true;
}

/* One completion. False when it says nothing to the caller. */
static bool deliver(struct ring_uring *r, const struct io_uring_cqe *cqe,
                    struct ring_event *ret_event)
{
    uint64_t data = cqe->user_data;
    uint32_t slot = (uint32_t)data;
    struct uring_slot *s = &r->slots[slot];
    int result = cqe->res;

    if (data == ALARM_TAG) {
        r->alarm_set = false;
        return false;
    }
    if ((cqe->flags & IORING_CQE_F_BUFFER) != 0)
        r->held_buffer = (int32_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    if (!s->open || (s->generation & 0xffffff) != (uint32_t)(data >> 32 & 0xffffff))
        return false; /* of a connection that was closed since */
    switch ((enum op)(data >> 56)) {
    case OP_RECEIVE:
        return received(r, slot, result, cqe->flags, ret_event);
    case OP_CONNECT:
        return connected(r, slot, result, ret_event);
    case OP_SEND:
        return sent(r, slot, result, ret_event);
    case OP_ROOM: /* or an error of the socket, which the send will name */
        prepare_send(r, slot);
        return false;
    case OP_SOCKET:
        return told(ret_event, RING_FAILED, slot, -result); /* success is silent */
    case OP_IGNORED:
    case OP_ALARM:
        return false;
    }
    BUG("operation out of range");
}

static bool uring_next(struct ring *ring, struct ring_event *ret_event)
{
    struct ring_uring *r = self(ring);

    settle_last_event(r);
    while (r->failed_count > 0) {
        uint32_t slot = r->failed[--r->failed_count];
        int sys = r->slots[slot].failed_sys;

        r->slots[slot].failed_sys = 0;
        r->slots[slot].listed = false;
        if (sys != 0) /* else it was closed since */
            return told(ret_event, RING_FAILED, slot, sys);
    }
    while (r->seen < r->ready) {
        unsigned at = (*r->io.cq.khead + r->seen++) & r->io.cq.ring_mask;

        if (deliver(r, &r->io.cq.cqes[at], ret_event))
            return true;
        settle_last_event(r);
    }
    return false;
}

static void uring_close_all(struct ring *ring)
{
    struct ring_uring *r = self(ring);

    if (r->queues_up)
        io_uring_queue_exit(&r->io); /* closes the file table, and with it every socket */
    if (r->pool != NULL)
        munmap(r->pool, r->buffer_count * sizeof(struct io_uring_buf));
    if (r->buffers != NULL)
        munmap(r->buffers, (size_t)r->buffer_count * r->buffer_bytes);
    free(r->failed);
    free(r->slots);
    free(r);
}

static uint32_t power_of_two_from(uint32_t wanted, uint32_t low, uint32_t high)
{
    uint32_t power = low;

    while (power < wanted && power < high)
        power *= 2;
    return power;
}

static void *map(size_t bytes)
{
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return base == MAP_FAILED ? NULL : base;
}

static int set_up_pool(struct ring_uring *r, const struct ring_config *config)
{
    struct io_uring_buf_reg registration = { .bgid = BUFFER_GROUP };
    int answer;

    r->buffer_bytes = power_of_two_from(config->receive_bytes, BUFFER_BYTES_MIN, BUFFER_BYTES_MAX);
    r->buffer_count = power_of_two_from(2 * config->slots, BUFFERS_MIN,
                                        POOL_BYTES_MAX / r->buffer_bytes < BUFFERS_MAX
                                            ? POOL_BYTES_MAX / r->buffer_bytes
                                            : BUFFERS_MAX);
    r->pool = map(r->buffer_count * sizeof(struct io_uring_buf));
    r->buffers = map((size_t)r->buffer_count * r->buffer_bytes);
    if (r->pool == NULL || r->buffers == NULL)
        return -ENOMEM;
    registration.ring_addr = (uintptr_t)r->pool;
    registration.ring_entries = r->buffer_count;
    answer = io_uring_register_buf_ring(&r->io, &registration, 0);
    if (answer < 0)
        return answer;
    io_uring_buf_ring_init(r->pool);
    for (uint32_t buffer = 0; buffer < r->buffer_count; buffer++)
        give_back(r, buffer);
    io_uring_buf_ring_advance(r->pool, r->given_back);
    r->given_back = 0;
    return 0;
}

/* Queues no longer than the work: submission entries, too, cycle through the cache. */
static int set_up_queues(struct ring_uring *r, const struct ring_config *config)
{
    uint32_t entries = power_of_two_from(2 * config->slots, 64, 2048);
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
                 IORING_SETUP_CLAMP,
        .cq_entries = power_of_two_from(4 * config->slots, 512, 65536),
    };
    int answer = io_uring_queue_init_params(entries, &r->io, &params);

    if (answer < 0)
        return answer;
    r->queues_up = true;
    answer = io_uring_register_ring_fd(&r->io);
    if (answer >= 0)
        answer = io_uring_register_files_sparse(&r->io, config->slots);
    if (answer >= 0)
        answer = set_up_pool(r, config);
    return answer < 0 ? answer : 0;
}

static const struct ring_ops uring_ops = {
    .name = "io_uring",
    .close_all = uring_close_all,
    .connect = uring_connect,
    .send = uring_send,
    .sending = uring_sending,
    .close = uring_close,
    .wait = uring_wait,
    .next = uring_next,
};

bool ring_uring_open(const struct ring_config *config, struct ring **ret_ring, struct error *err)
{
    struct ring_uring *r = fault_hit(FAULT_MEMORY) ? NULL : calloc(1, sizeof(*r));
    int answer = -ENOMEM;

    if (r == NULL)
        return error_set(err, ENOMEM, "io_uring for %u connections", config->slots);
    *r = (struct ring_uring){ .ring = { &uring_ops },
                              .one_shot = config->one_shot,
                              .slot_count = config->slots,
                              .held_buffer = -1,
                              .rearm_slot = config->slots,
                              .slots = calloc(config->slots, sizeof(*r->slots)),
                              .failed = calloc(config->slots, sizeof(*r->failed)) };
    if (r->slots != NULL && r->failed != NULL)
        answer = set_up_queues(r, config);
    if (answer < 0) {
        uring_close_all((struct ring *)r);
        return error_set(err, -answer, "io_uring for %u connections", config->slots);
    }
    *ret_ring = (struct ring *)r;
    return true;
}

bool ring_probe_io_uring(struct error *err)
{
    struct ring_config config = { .slots = 1 };
    struct ring *ring = NULL;

    if (!ring_uring_open(&config, &ring, err))
        return error_wrap(err, "this kernel or container does not allow io_uring as assay needs it "
                               "(Linux 6.1); use --ring epoll");
    ring_close_all(ring);
    return true;
}
