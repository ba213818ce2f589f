/* load/ask.h -- asks a server one question at a time and checks the answer against the contract.
 *
 * For everything outside the measured window: is it ready, is the answer right, does it keep the
 * connection. Blocking, with a limit. Uses the same parser and the same checks as the drive. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "load/outcome.h"
#include "load/workload.h"
#include "net/addr.h"

#define ASK_BODY_MAX (64u << 20) /* a longer answer is an error that names this limit */

struct answer {
    enum outcome outcome; /* OUTCOME_OK: every check said yes */
    char reason[200];     /* else a sentence: "status 503, expected 200" */
    int sys;
    uint16_t status;
    struct slice head, body; /* in the arena given; NULs allowed */
    char content_type[128];
    char content_encoding[32]; /* "" for none */
    char location[128];        /* "" for none; where it redirects to */
    bool keeps;                /* it said that the connection stays open */
    bool reused;               /* it came over the connection of the answer before */
    int64_t first_byte_ns, total_ns;
};

/* Asks `count` times, over one connection as far as the server keeps it, each answer into
 * ret_answers[i]. False only when the world refused us (no memory); what the server did is in the
 * answers. `arena` must have room for the heads and bodies: a body that does not fit is
 * OUTCOME_BODY with a reason that names the limit. Asking ends with the first wrong answer, which
 * then stands for the rest too. `timeout_ns` is for each. `host` is the Host header and may be
 * empty (then the address). */
bool ask(const struct addr *addr, const struct workload *workload, struct slice host,
         int64_t timeout_ns, uint32_t count, struct arena *arena, struct answer *ret_answers,
         struct error *err);

/* As ask(), and gives up with false and err->sys == EINTR within a tenth of a second once
 * *stop_asked is set. */
bool ask_until(const volatile sig_atomic_t *stop_asked, const struct addr *addr,
               const struct workload *workload, struct slice host, int64_t timeout_ns,
               uint32_t count, struct arena *arena, struct answer *ret_answers, struct error *err);

/* What somebody can do who reads this wrong answer's reason. */
const char *answer_remedy(const struct answer *answer);

/* Is this body right? ret_reason gets why not. `nonce`: the digits that stood in the request, or an
 * empty slice. Exposed for the tests. */
bool answer_body_matches(const struct expect *expect, struct slice body, struct slice nonce,
                         char *ret_reason, size_t size);
