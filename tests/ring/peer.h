/* tests/ring/peer.h -- the other end of a connection: a small server on loopback that follows a
 * script.
 *
 * Blocking sockets, one thread a connection. A script is a function; when it returns, its
 * connection is closed. Nothing here sleeps: every wait is for the thing itself, and ends after
 * PEER_LIMIT_S with a complaint that fails the test in peer_stop(). */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "net/addr.h"

#define PEER_LIMIT_S 10

struct peer;

/* `number` counts the connections of this peer from 0. */
typedef void peer_script(struct peer *peer, int fd, uint32_t number);

struct peer {
    struct addr addr; /* where it listens */
    void *context;    /* for the script */
    sem_t go;         /* the test lets a script go on */
    sem_t told;       /* a script tells the test something */

    /* Its own. */
    peer_script *script;
    int listener, stop; /* `stop` is readable when it is time to end */
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t accepted, live; /* connections; those whose script still runs */
    char complaint[200];     /* the first one */
};

/* ---- for the test ---- */

/* Listens on 127.0.0.1, or at a Unix address. `receive_bytes` above 0: connections take in no more
 * than about this much before they are read. */
void peer_start(struct peer *peer, peer_script *script, void *context);
void peer_start_at(struct peer *peer, const struct addr *addr, int receive_bytes,
                   peer_script *script, void *context);

/* Waits for all scripts to end; fails the test with what they complained about. Returns how many
 * connections there were. */
uint32_t peer_stop(struct peer *peer);

void peer_hear(struct peer *peer); /* waits for one peer_tell() */

/* An address of loopback where nobody listens, and nobody else will: *ret_fd holds the port. */
struct addr peer_nobody(int *ret_fd);

/* How many sockets whose far end is this address the kernel has in these states (of TCP, as bits):
 * tells whether a connection is really closed where its peer cannot see it yet. */
enum peer_states { PEER_CONNECTING = 1 << 2, PEER_OPEN = 1 << 1 | 1 << 8 }; /* or CLOSE-WAIT */
unsigned peer_sockets_to(const struct addr *addr, enum peer_states states);

/* ---- for scripts ---- */

void peer_complain(struct peer *peer, const char *what);
void peer_wait(struct peer *peer); /* for one sem_post(&peer->go) */
void peer_tell(struct peer *peer);

/* False when the connection ended (or, with a complaint, when that took too long). */
bool peer_read(struct peer *peer, int fd, void *ret_bytes, size_t len);
bool peer_write(struct peer *peer, int fd, const void *bytes, size_t len);

/* Reads what there is, at most `size`: 0 at the end, be it a reset. */
size_t peer_read_some(struct peer *peer, int fd, void *ret_bytes, size_t size);

void peer_await_end(struct peer *peer, int fd); /* throws away what comes before */
void peer_reset(int fd);                        /* the close will be a reset */

/* ---- contents that show what is missing, doubled or out of place ---- */

void pattern_fill(char *ret_bytes, size_t len, uint32_t seed);
/* Whether this is what stands `offset` bytes into the pattern of that seed. */
bool pattern_matches(struct slice piece, uint32_t seed, uint64_t offset);
