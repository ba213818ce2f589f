/* tests/ring/client.h -- the test's side of a ring, and what it and its peers agree on.
 *
 * Each call waits for what it names, PEER_LIMIT_S at most, and fails the test when something else
 * comes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/ring.h"
#include "peer.h"

#define LIMIT_NS ((int64_t)PEER_LIMIT_S * SECOND_NS)

/* Reads which ring is to be tested: "epoll" or "io_uring". False when that one is not to be had
 * here; then it has said why, and the program returns CLIENT_SKIPPED. */
#define CLIENT_SKIPPED 77
bool client_begin(int argc, char **argv);
enum ring_kind client_ring_kind(void);

struct ring *open_ring(uint32_t slots, uint32_t receive_bytes, bool one_shot);

struct ring_event next(struct ring *ring); /* whatever it is */
void expect(struct ring *ring, enum ring_what what, uint32_t slot);
void expect_failed(struct ring *ring, uint32_t slot, int sys);
void expect_yes(struct ring *ring, uint32_t slot);
/* `len` bytes of a pattern, in whatever pieces. */
void expect_pattern(struct ring *ring, uint32_t slot, uint32_t seed, uint64_t len);
/* What is ready, or becomes ready by handing in what was asked for, is told at once. */
void expect_nothing(struct ring *ring);
void connect_slot(struct ring *ring, uint32_t slot, const struct addr *addr);

/* ---- what is asked and answered ---- */

#define ASK SLICE("ask")
#define YES SLICE("yes")

#define LONG_REQUEST ((size_t)8 << 20)
#define LONG_ANSWER  ((size_t)1 << 20)

/* Patterns of these seeds, from client_begin() on. */
enum { REQUEST_SEED = 1, ANSWER_SEED };
extern char long_request[LONG_REQUEST];
extern char long_answer[LONG_ANSWER];

/* YES for each ASK, until the client ends the connection. */
peer_script says_yes;
peer_script waits_for_the_end;
peer_script answers_at_length; /* unasked; then waits for the end */
