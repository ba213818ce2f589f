#include "net/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/rng.h"

#define LOOK_AROUND_NS (100 * MILLISECOND_NS) /* how often *stop_asked is looked at */

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){ ns / SECOND_NS, ns % SECOND_NS };
}

/* 0 when the descriptor is ready for `events`. */
static int wait_for(int fd, short events, const struct sock_limit *limit)
{
    for (;;) {
        struct pollfd wanted = { .fd = fd, .events = events };
        int64_t left_ns = mono_diff_ns(mono_now(), limit->deadline);
        struct timespec patience;
        int ready;

        if (limit->stop_asked != NULL && *limit->stop_asked)
            return -EINTR;
        if (left_ns <= 0)
            return -ETIMEDOUT;
        patience = timespec_of(left_ns < LOOK_AROUND_NS ? left_ns : LOOK_AROUND_NS);
        ready = ppoll(&wanted, 1, &patience, NULL);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return -errno;
    }
}

static int connected(int fd, const struct sock_limit *limit)
{
    int failure = wait_for(fd, POLLOUT, limit);
    socklen_t len = sizeof(failure);

    if (failure < 0)
        return failure;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) < 0)
        return -errno;
    return -failure;
}

int sock_connect(const struct addr *addr, const struct sock_limit *limit)
{
    int fd = socket(addr->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int failure = 0;

    if (fd < 0)
        return -errno;
    if (connect(fd, &addr->any, addr->len) < 0)
        failure = errno == EINPROGRESS ? connected(fd, limit) : -errno;
    if (failure == 0)
        return fd;
    close(fd);
    return failure;
}

int32_t sock_unix_listener(const struct addr *addr)
{
    const struct sock_limit limit = { mono_after(mono_now(), SECOND_NS), NULL };
    struct ucred peer = { .pid = 0 };
    socklen_t len = sizeof(peer);
    int fd = sock_connect(addr, &limit);

    if (fd < 0)
        return 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        peer.pid = 0;
    close(fd);
    return peer.pid;
}

int sock_send(int fd, struct slice bytes, const struct sock_limit *limit)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

        if (sent >= 0) {
            bytes.ptr += sent;
            bytes.len -= (size_t)sent;
        } else if (errno == EAGAIN) {
            int failure = wait_for(fd, POLLOUT, limit);

            if (failure < 0)
                return failure;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

ssize_t sock_receive(int fd, char *ret_bytes, size_t size, const struct sock_limit *limit)
{
    BUG_IF(size == 0);
    for (;;) {
        /* Waited for first, so that a peer that never pauses cannot outrun the deadline. */
        int failure = wait_for(fd, POLLIN, limit);
        ssize_t got;

        if (failure < 0)
            return failure;
        got = recv(fd, ret_bytes, size, 0);
        if (got >= 0)
            return got;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
}

/* ---- free ports ---- */

/* Below this, ports belong to well-known services and to people's own development servers. */
#define PORT_FIRST 20000
#define PORT_TRIES 1000

static unsigned local_ports_begin(void)
{
    char line[64]; /* "32768\t60999\n" */
    unsigned low = 0;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

    if (file == NULL)
        return 0;
    if (fgets(line, sizeof(line), file) != NULL)
        low = (unsigned)strtoul(line, NULL, 10);
    fclose(file);
    return low;
}

/* A socket that holds this port on all addresses (0: one that the kernel chooses), or -errno.
 * Bound, not listening: nobody can connect to it. Without SO_REUSEADDR, so that a port on which old
 * connections linger is refused too. */
static int hold_port(uint16_t port)
{
    const struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0) {
        int failure = -errno;

        close(fd);
        return failure;
    }
    return fd;
}

static int hold_free_port(struct rng *rng, unsigned below)
{
    for (int i = 0; below > PORT_FIRST && i < PORT_TRIES; i++) {
        int fd = hold_port((uint16_t)(PORT_FIRST + rng_below(rng, below - PORT_FIRST)));

        if (fd != -EADDRINUSE)
            return fd;
    }
    return hold_port(0);
}

static int port_of(int fd, uint16_t *ret_port)
{
    struct addr addr = { .len = sizeof(addr.in6) };

    if (getsockname(fd, &addr.any, &addr.len) < 0)
        return -errno;
    *ret_port = addr_port(&addr);
    return 0;
}

bool sock_send_at_once(int fd)
{
    static const char plainest[] = "reno";
    int on = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
        return false;
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, plainest, sizeof(plainest) - 1);
    return true;
}

int sock_free_ports(uint16_t *ret_ports, size_t count)
{
    struct rng rng;
    unsigned below = local_ports_begin();
    int held[SOCK_PORTS_MAX];
    size_t held_count = 0;
    int failure = 0;

    BUG_IF(count > SOCK_PORTS_MAX);
    /* Two runs that start in the same instant should not look at the same ports; where the kernel
     * has no random bytes yet, the clock alone must do. */
    if (getrandom(&rng.state, sizeof(rng.state), GRND_NONBLOCK) < 0)
        rng.state = (uint64_t)mono_now().ns ^ (uint64_t)getpid();
    /* All are held until the last one is known: so they differ. */
    while (failure == 0 && held_count < count) {
        int fd = hold_free_port(&rng, below);

        if (fd < 0) {
            failure = fd;
            break;
        }
        held[held_count] = fd;
        failure = port_of(fd, &ret_ports[held_count]);
        held_count++;
    }
    while (held_count > 0)
        close(held[--held_count]);
    return failure;
}
