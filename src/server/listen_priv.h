/* server/listen_priv.h -- the listening sockets, one a thread, all on one port of 127.0.0.1, or on
 * one Unix socket. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "net/addr.h"

/* Fills ret_fds with `count` listening sockets. *port 0: any free one, and *port becomes which.
 * On failure none stays open; err->sys is EADDRINUSE when the port is taken, and the text names by
 * whom where that can be seen. */
bool listen_open(uint16_t *port, uint32_t count, int *ret_fds, struct error *err);

/* The same for a Unix socket: `count` descriptors of one, as Linux does not spread connections over
 * several. A socket that nobody listens on any more, from a server that was killed, is replaced. */
bool listen_open_unix(const struct addr *addr, uint32_t count, int *ret_fds, struct error *err);
