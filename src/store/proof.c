#include "store/proof.h"

#include <math.h>

#include "base/bug.h"

#define UNKNOWN ((double)NAN)

struct proof proof_none(void)
{
    return (struct proof){
        .elasticity = {.state = ELASTICITY_NONE,
                       .work_share = UNKNOWN,
                       .without_per_sec = UNKNOWN,
                       .with_per_sec = UNKNOWN,
                       .change_share = UNKNOWN,
                       .noise_share = UNKNOWN,
                       .elasticity = UNKNOWN },
        .leak = { .state = LEAK_PROOF_NONE,
                       .duration_s = UNKNOWN,
                       .rate_per_sec = { UNKNOWN, UNKNOWN },
                       .bytes_per_request = { UNKNOWN, UNKNOWN }}
    };
}

const char *elasticity_state_name(enum elasticity_state state)
{
    switch (state) {
    case ELASTICITY_NONE:
        return "none";
    case ELASTICITY_OPEN:
        return "not_settled";
    case ELASTICITY_DIED:
        return "died";
    case ELASTICITY_NOT_LIMITING:
        return "not_limiting";
    case ELASTICITY_LIMITING:
        return "limiting";
    }
    BUG("state of a proof out of range");
}

const char *leak_proof_state_name(enum leak_proof_state state)
{
    switch (state) {
    case LEAK_PROOF_NONE:
        return "none";
    case LEAK_PROOF_OPEN:
        return "not_settled";
    case LEAK_PROOF_DIED:
        return "died";
    case LEAK_PROOF_FLAT:
        return "flat";
    case LEAK_PROOF_DIFFERS:
        return "not_confirmed";
    case LEAK_PROOF_PROVED:
        return "proved";
    }
    BUG("state of a proof out of range");
}

bool elasticity_state_named(struct slice name, enum elasticity_state *ret_state)
{
    for (enum elasticity_state s = ELASTICITY_NONE; s <= ELASTICITY_LIMITING; s++) {
        if (slice_equal(name, slice_of(elasticity_state_name(s)))) {
            *ret_state = s;
            return true;
        }
    }
    return false;
}

bool leak_proof_state_named(struct slice name, enum leak_proof_state *ret_state)
{
    for (enum leak_proof_state s = LEAK_PROOF_NONE; s <= LEAK_PROOF_PROVED; s++) {
        if (slice_equal(name, slice_of(leak_proof_state_name(s)))) {
            *ret_state = s;
            return true;
        }
    }
    return false;
}
