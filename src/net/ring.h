/* net/ring.h -- many connections, one thread: asks the kernel, hands out what happened.
 *
 * The interface speaks of completions. io_uring serves it natively; epoll emulates it in the shape
 * of two system calls a request; the tests bring a simulated ring with a virtual clock (tests/sim).
 * A connection is a slot, 0 .. slots-1, chosen by the caller; one slot is one connection at a time.
 *
 *     ring_connect(slot, address)   -> RING_CONNECTED, or RING_FAILED with errno
 *     ring_send(slot, bytes)        -> nothing when it went well, else RING_FAILED
 *     (receiving is always on)      -> RING_DATA ... then RING_END (the peer closed) or RING_FAILED
 *     ring_close(slot)              -> nothing more of this connection is delivered, ever
 *
 * After RING_END or RING_FAILED the slot still holds its socket: ring_close() it. Completions that
 * arrive late, after a close, are recognised by their generation and dropped inside.
 *
 * Owned by one thread, made by it too (io_uring: IORING_SETUP_SINGLE_ISSUER). Allocates nothing
 * after ring_open. Errors are the kernel's: negative errno. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "net/addr.h"

struct ring;

enum ring_kind { RING_AUTO, RING_IO_URING, RING_EPOLL };

enum ring_what { RING_CONNECTED, RING_DATA, RING_END, RING_FAILED };

struct ring_event {
    enum ring_what what;
    uint32_t slot;
    int sys;           /* RING_FAILED: errno, positive */
    struct slice data; /* RING_DATA: valid until the next ring_next() or ring_wait() */
};

struct ring_config {
    uint32_t slots;         /* how many connections at most */
    uint32_t receive_bytes; /* how long a typical answer is, head included; 0 if unknown */
    bool one_shot;          /* a connection carries one request: do not prepare for more */
};

/* RING_AUTO takes io_uring where the kernel and the container allow what we need of it, else epoll.
 * The answer is in ring_kind_name(). */
bool ring_open(enum ring_kind kind, const struct ring_config *config, struct ring **ret_ring,
               struct error *err);
void ring_close_all(struct ring *ring); /* every socket, then the ring itself */

/* Whether io_uring can be used here at all; false with the reason. */
bool ring_probe_io_uring(struct error *err);

/* Starts to connect. The slot must be closed. Failures arrive as RING_FAILED, also those that the
 * kernel reports at once (no descriptors left, no local ports left). */
void ring_connect(struct ring *ring, uint32_t slot, const struct addr *addr);

/* Sends all of `bytes`, which must stay unchanged until the answer is complete or the slot is
 * closed. May be called at once after ring_connect(): the bytes follow the handshake. One at a
 * time: never while ring_sending(). */
void ring_send(struct ring *ring, uint32_t slot, struct slice bytes);

/* A request up to this long goes out at once: the lowest send buffer that Linux gives (tcp_wmem).
 */
#define RING_SENT_AT_ONCE_BYTES 4096

/* Bytes of the last request are not out yet, though the peer has answered perhaps: the slot cannot
 * send another. Never so of a request that goes out at once. */
bool ring_sending(struct ring *ring, uint32_t slot);

/* Closes the slot, whatever it is doing; harmless on a closed slot. */
void ring_close(struct ring *ring, uint32_t slot);

/* Hands everything asked for to the kernel, and waits until something happened or `until`,
 * whichever is first. 0 or -errno; a signal is 0. */
int ring_wait(struct ring *ring, struct mono until);

/* The next thing that happened, or false when it is time for ring_wait() again. */
bool ring_next(struct ring *ring, struct ring_event *ret_event);

/* The ring's clock: CLOCK_MONOTONIC, or the simulation's. */
struct mono ring_now(struct ring *ring);

const char *ring_name(const struct ring *ring); /* "io_uring", "epoll", "simulated" */
