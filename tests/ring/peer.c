#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Of one connection's thread: scripts hold small buffers on it. */
#define STACK_BYTES (512 * 1024)

struct visit {
    struct peer *peer;
    int fd;
    uint32_t number;
};

/* ---- the server ---- */

static void *follow_script(void *argument)
{
    struct visit *visit = argument;
    struct peer *peer = visit->peer;

    peer->script(peer, visit->fd, visit->number);
    close(visit->fd);
    free(visit);
    pthread_mutex_lock(&peer->lock);
    peer->live--;
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
    return NULL;
}

static bool start_visit(struct peer *peer, int fd, pthread_attr_t *attributes)
{
    struct timeval limit = { .tv_sec = PEER_LIMIT_S };
    struct visit *visit = malloc(sizeof(*visit));
    pthread_t thread;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (visit == NULL)
        return false;
    pthread_mutex_lock(&peer->lock);
    *visit = (struct visit){ peer, fd, peer->accepted++ };
    peer->live++;
    pthread_mutex_unlock(&peer->lock);
    if (pthread_create(&thread, attributes, follow_script, visit) == 0)
        return true;
    free(visit);
    pthread_mutex_lock(&peer->lock);
    peer->live--;
    pthread_mutex_unlock(&peer->lock);
    return false;
}

static void *accept_all(void *argument)
{
    struct peer *peer = argument;
    struct pollfd ready[] = {
        {.fd = peer->listener, .events = POLLIN},
        { .fd = peer->stop,    .events = POLLIN}
    };
    pthread_attr_t attributes;
    int fd;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (;;) {
        bool stopping = poll(ready, 2, -1) > 0 && ready[1].revents != 0;

        /* Before it stops, everyone who came is let in. */
        while ((fd = accept(peer->listener, NULL, NULL)) >= 0)
            if (!start_visit(peer, fd, &attributes)) {
                peer_complain(peer, "no thread for a connection");
                close(fd);
            }
        if (stopping)
            break;
    }
    pthread_attr_destroy(&attributes);
    return NULL;
}

void peer_start_at(struct peer *peer, const struct addr *addr, int receive_bytes,
                   peer_script *script, void *context)
{
    *peer = (struct peer){ .addr = *addr, .script = script, .context = context };
    sem_init(&peer->go, 0, 0);
    sem_init(&peer->told, 0, 0);
    pthread_mutex_init(&peer->lock, NULL);
    pthread_cond_init(&peer->changed, NULL);
    peer->stop = eventfd(0, EFD_CLOEXEC);
    assert_true(peer->stop >= 0);
    peer->listener = socket(addr->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(peer->listener >= 0);
    if (receive_bytes > 0) /* accepted connections inherit it */
        setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    assert_return_code(bind(peer->listener, &addr->any, addr->len), errno);
    assert_return_code(listen(peer->listener, 1024), errno);
    if (addr->any.sa_family != AF_UNIX)
        assert_return_code(getsockname(peer->listener, &peer->addr.any, &peer->addr.len), errno);
    assert_int_equal(pthread_create(&peer->acceptor, NULL, accept_all, peer), 0);
}

void peer_start(struct peer *peer, peer_script *script, void *context)
{
    struct addr any_port = addr_loopback(0);

    peer_start_at(peer, &any_port, 0, script, context);
}

static struct timespec limit_from_now(void)
{
    struct timespec limit;

    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += PEER_LIMIT_S;
    return limit;
}

uint32_t peer_stop(struct peer *peer)
{
    struct timespec limit = limit_from_now();
    int answer = 0;

    eventfd_write(peer->stop, 1);
    pthread_join(peer->acceptor, NULL);
    close(peer->listener);
    close(peer->stop);
    pthread_mutex_lock(&peer->lock);
    while (peer->live > 0 && answer == 0)
        answer = pthread_cond_timedwait(&peer->changed, &peer->lock, &limit);
    pthread_mutex_unlock(&peer->lock);
    if (peer->complaint[0] != '\0')
        fail_msg("the peer: %s", peer->complaint);
    if (answer != 0)
        fail_msg("%u scripts of the peer do not end", peer->live);
    pthread_cond_destroy(&peer->changed);
    pthread_mutex_destroy(&peer->lock);
    sem_destroy(&peer->go);
    sem_destroy(&peer->told);
    return peer->accepted;
}

static bool take_in_time(sem_t *semaphore)
{
    struct timespec limit = limit_from_now();
    int answer;

    do {
        answer = sem_timedwait(semaphore, &limit);
    } while (answer < 0 && errno == EINTR);
    return answer == 0;
}

void peer_hear(struct peer *peer)
{
    if (!take_in_time(&peer->told))
        fail_msg("the peer says nothing");
}

struct addr peer_nobody(int *ret_fd)
{
    struct addr addr = addr_loopback(0);

    *ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(*ret_fd >= 0);
    assert_return_code(bind(*ret_fd, &addr.any, addr.len), errno);
    assert_return_code(getsockname(*ret_fd, &addr.any, &addr.len), errno);
    return addr;
}

unsigned peer_sockets_to(const struct addr *addr, enum peer_states states)
{
    FILE *table = fopen("/proc/net/tcp", "r");
    unsigned count = 0;
    char line[512];

    assert_non_null(table);
    while (fgets(line, sizeof(line), table) != NULL) {
        unsigned port, in;

        if (sscanf(line, " %*d: %*x:%*x %*x:%x %x", &port, &in) == 2)
            count += port == addr_port(addr) && ((unsigned)states >> in & 1) != 0;
    }
    fclose(table);
    return count;
}

/* ---- for scripts ---- */

void peer_complain(struct peer *peer, const char *what)
{
    pthread_mutex_lock(&peer->lock);
    if (peer->complaint[0] == '\0')
        snprintf(peer->complaint, sizeof(peer->complaint), "%s", what);
    pthread_mutex_unlock(&peer->lock);
}

void peer_wait(struct peer *peer)
{
    if (!take_in_time(&peer->go))
        peer_complain(peer, "was not told to go on");
}

void peer_tell(struct peer *peer)
{
    sem_post(&peer->told);
}

size_t peer_read_some(struct peer *peer, int fd, void *ret_bytes, size_t size)
{
    ssize_t got = recv(fd, ret_bytes, size, 0);

    if (got < 0 && errno == EAGAIN)
        peer_complain(peer, "nothing more came, and no end");
    return got > 0 ? (size_t)got : 0;
}

bool peer_read(struct peer *peer, int fd, void *ret_bytes, size_t len)
{
    size_t have = 0, got = 1;

    while (have < len && got > 0) {
        got = peer_read_some(peer, fd, (char *)ret_bytes + have, len - have);
        have += got;
    }
    return have == len;
}

bool peer_write(struct peer *peer, int fd, const void *bytes, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t sent = send(fd, (const char *)bytes + done, len - done, MSG_NOSIGNAL);

        if (sent < 0) {
            if (errno == EAGAIN)
                peer_complain(peer, "nobody reads what is sent");
            return false;
        }
        done += (size_t)sent;
    }
    return true;
}

void peer_await_end(struct peer *peer, int fd)
{
    char bytes[65536];

    while (peer_read_some(peer, fd, bytes, sizeof(bytes)) > 0)
        continue;
}

void peer_reset(int fd)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* ---- contents ---- */

/* 251 is prime to every size that buffers have. */
static char pattern_at(uint32_t seed, uint64_t offset)
{
    return (char)((offset + offset / 251 * 7 + (uint64_t)seed * 89) % 251);
}

void pattern_fill(char *ret_bytes, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++)
        ret_bytes[i] = pattern_at(seed, i);
}

bool pattern_matches(struct slice piece, uint32_t seed, uint64_t offset)
{
    for (size_t i = 0; i < piece.len; i++)
        if (piece.ptr[i] != pattern_at(seed, offset + i))
            return false;
    return true;
}
