/* load/contract.h -- what a right answer is, in the form that is checked half a million times a
 * second.
 *
 * Made before the drive from the workload's expectations and from what the server answered when it
 * was asked (load/ask.h): where the workload names no body (nor says that any is right), and all
 * answers were the same, that body is expected from then on. Immutable while driven; workers share
 * it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "load/ask.h"
#include "load/workload.h"
#include "proto/http1.h"

#define CONTRACT_NONCES_MAX \
    8 /* places in one expected body; more is an error that names this limit */

struct contract {
    uint16_t status;   /* 0: any below 400 */
    bool answers_head; /* the method is HEAD: answers have no body */
    struct http1_watch watch[HTTP1_WATCH_MAX];
    uint8_t watch_count;
    bool body_known; /* bodies are compared, byte for byte */
    struct slice body;
    uint32_t
        nonce_at[CONTRACT_NONCES_MAX]; /* offsets in body where the request's nonce must stand */
    uint8_t nonce_count;
};

/* `answers`: at least one, all right. Slices of the result point into the workload, the answers and
 * the arena. *ret_text: one line for people, "200, 27 B application/json, identical in 3 probes".
 */
bool contract_learn(const struct workload *workload, const struct answer *answers, uint32_t count,
                    struct arena *arena, struct contract *ret_contract, const char **ret_text,
                    struct error *err);

/* Whether this piece of a body, `offset` bytes from its start, is as expected. `nonce`:
 * WORKLOAD_NONCE_LEN digits, looked at only where the contract has nonces. */
bool contract_piece_matches(const struct contract *contract, const char *nonce, uint64_t offset,
                            struct slice piece);

/* Status and headers of a complete head. Otherwise OUTCOME_STATUS or OUTCOME_BODY, and why. */
enum outcome contract_check_head(const struct contract *contract, const struct http1 *answer);
