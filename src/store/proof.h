/* store/proof.h -- what --prove found out about a trial by driving its target again. Only the data,
 * as a record keeps it; the judgement is verdict/prove.h, the driving run/prove.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Was the generator the limit? It is given more work for each request: what it does not limit does
 * not get slower by that. */
enum elasticity_state {
    ELASTICITY_NONE, /* was not tried */
    ELASTICITY_OPEN, /* tried, and not settled: noise, or a drive that came to no end */
    ELASTICITY_DIED, /* the target ended while it was tried: the record's reason says how */
    ELASTICITY_NOT_LIMITING,
    ELASTICITY_LIMITING,
};

struct proof_elasticity {
    enum elasticity_state state;
    int64_t burn_ns;   /* CPU that was used up for each request in every other drive; 0: unknown */
    double work_share; /* that, of what the generator needs for a request anyway */
    uint32_t rounds;   /* drives without and with it, in turn */
    double without_per_sec, with_per_sec; /* their means; NaN: unknown, as all below */
    double change_share;                  /* with over without, less 1 */
    double noise_share;                   /* half of that figure's 90 % interval */
    double elasticity;                    /* change for change: 1 is a generator that is all */
};

/* Does memory grow with requests? Then twice the requests make twice the growth. */
enum leak_proof_state {
    LEAK_PROOF_NONE, /* was not tried */
    LEAK_PROOF_OPEN, /* tried, and not settled: memory could not be read, or not for long enough */
    LEAK_PROOF_DIED, /* the target ended while it was tried */
    LEAK_PROOF_FLAT, /* nothing to prove: it does not grow */
    LEAK_PROOF_DIFFERS, /* it grows, but not by the same for a request at both rates */
    LEAK_PROOF_PROVED,
};

struct proof_leak {
    enum leak_proof_state state;
    double duration_s;           /* of each of the two drives; NaN: there was none, as below */
    double rate_per_sec[2];      /* asked, the second twice the first */
    double bytes_per_request[2]; /* NaN too where it could not be told */
};

struct proof {
    struct proof_elasticity elasticity;
    struct proof_leak leak;
};

struct proof proof_none(void);

const char *elasticity_state_name(enum elasticity_state state); /* "not_limiting" */
const char *leak_proof_state_name(enum leak_proof_state state); /* "proved" */

/* False when there is none of that name. */
bool elasticity_state_named(struct slice name, enum elasticity_state *ret_state);
bool leak_proof_state_named(struct slice name, enum leak_proof_state *ret_state);
