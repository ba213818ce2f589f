/* net/sock.h -- one blocking connection with a deadline: for asking, never for driving.
 *
 * Sockets from here do not block; each call polls until it is done or the deadline has passed
 * (-ETIMEDOUT). `stop_asked` may be NULL; once what it points to is set, every call ends within a
 * tenth of a second with -EINTR. Errors are the kernel's: negative errno. No call raises SIGPIPE.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "net/addr.h"

struct sock_limit {
    struct mono deadline;
    const volatile sig_atomic_t *stop_asked;
};

/* The descriptor of an established connection, closed on exec. */
int sock_connect(const struct addr *addr, const struct sock_limit *limit);

/* The process that listens on this Unix address: one of those that did when listen() was called; 0
 * when nobody does, or it cannot be told. Costs it one connection. */
int32_t sock_unix_listener(const struct addr *addr);

/* All of the bytes, or a failure. 0 when they are in the kernel's hands. */
int sock_send(int fd, struct slice bytes, const struct sock_limit *limit);

/* Waits for at least one byte; returns how many came, 0 when the peer has closed. */
ssize_t sock_receive(int fd, char *ret_bytes, size_t size, const struct sock_limit *limit);

/* Prepares a TCP socket for small messages that must leave at once: TCP_NODELAY, and the plainest
 * congestion control. BBR, the default of some machines, paces what is sent by a timer of its own:
 * that delay would be ours, and would stand in the response times; it costs 3 % of CPU time too.
 * Sockets accepted from a listener inherit both. False, with errno, when TCP_NODELAY is refused;
 * a kernel that does not know "reno" keeps what it has. */
bool sock_send_at_once(int fd);

/* Chooses `count` different TCP ports that nothing on this machine uses. Where the system's range
 * of local ports leaves room they are taken from below it, so that no outgoing connection can take
 * one before the server binds it. Another server still can: who starts one looks, and tries again.
 */
#define SOCK_PORTS_MAX 256 /* in one call: all are held open for a moment */
int sock_free_ports(uint16_t *ret_ports, size_t count);
