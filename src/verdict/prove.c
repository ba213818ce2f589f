#include "verdict/prove.h"

#include <math.h>
#include <stdio.h>

#include "base/bug.h"
#include "base/units.h"
#include "stats/moments.h"
#include "verdict/limits.h"
#include "verdict/words_priv.h"

#define DIED_WORDS "the target ended while it was driven again"

/* ---- elasticity ---- */

/* Student's t, 95 % to one side, for the 2 n - 2 degrees of freedom of two groups of n (R:
 * qt(.95, c(2, 4, 6, 8))). */
static double student(uint32_t rounds)
{
    static const double T[] = { 2.920, 2.132, 1.943, 1.860 };

    BUG_IF(rounds < PROVE_ROUNDS_MIN || rounds > PROVE_ROUNDS_MAX);
    return T[rounds - PROVE_ROUNDS_MIN];
}

/* A rise beyond noise is none that the work could have made: chance, or the machine. */
static enum elasticity_state settle(const struct proof_elasticity *e)
{
    double nothing = fmax(e->noise_share, PROVE_NOTHING);

    if (e->change_share <= PROVE_LIMITING && e->noise_share <= PROVE_LIMITING_NOISE)
        return ELASTICITY_LIMITING;
    if (e->change_share >= -nothing && e->noise_share <= PROVE_NOTHING_NOISE)
        return ELASTICITY_NOT_LIMITING;
    return ELASTICITY_OPEN;
}

struct proof_elasticity prove_elasticity(const double *without_per_sec, const double *with_per_sec,
                                         uint32_t rounds, int64_t burn_ns, double work_share)
{
    struct proof_elasticity e = proof_none().elasticity;
    struct moments without = moments(without_per_sec, rounds);
    struct moments with = moments(with_per_sec, rounds);

    e.state = ELASTICITY_OPEN;
    e.rounds = rounds;
    e.burn_ns = burn_ns;
    e.work_share = work_share;
    e.without_per_sec = without.mean;
    e.with_per_sec = with.mean;
    if (rounds < PROVE_ROUNDS_MIN || !(without.mean > 0))
        return e;
    e.change_share = with.mean / without.mean - 1;
    e.noise_share = student(rounds) * sqrt((without.sd * without.sd + with.sd * with.sd) / rounds) /
                    without.mean;
    e.elasticity = -e.change_share / work_share;
    e.state = settle(&e);
    return e;
}

void prove_elasticity_words(const struct proof_elasticity *e, struct text *into)
{
    char change[16];

    snprintf(change, sizeof(change), "%+.1f %%", 100 * e->change_share);
    switch (e->state) {
    case ELASTICITY_NONE:
        return;
    case ELASTICITY_NOT_LIMITING:
        text_format(into, "%s more work for the generator changed nothing (%s)",
                    words_percent(e->work_share).text, change);
        return;
    case ELASTICITY_LIMITING:
        text_format(into, "%s more work for the generator cost %s of the throughput",
                    words_percent(e->work_share).text, words_percent(-e->change_share).text);
        return;
    case ELASTICITY_DIED:
        text_add(into, SLICE(DIED_WORDS));
        return;
    case ELASTICITY_OPEN:
        break;
    }
    if (isnan(e->change_share))
        text_format(into, "the drives with more work for the generator came to no end");
    else
        text_format(into,
                    "%s more work for the generator changed throughput by %s, with noise of %s: "
                    "%s to tell",
                    words_percent(e->work_share).text, change, words_percent(e->noise_share).text,
                    e->noise_share > PROVE_NOTHING_NOISE ? "too much noise" : "too little");
}

/* ---- a leak ---- */

struct proof_leak prove_leak(const struct leak leaks[2], const double rates_per_sec[2],
                             double duration_s)
{
    struct proof_leak proof = { .state = LEAK_PROOF_OPEN, .duration_s = duration_s };
    double ratio = leaks[1].bytes_per_request / leaks[0].bytes_per_request;
    bool known = true;
    int growing = 0;

    for (int i = 0; i < 2; i++) {
        proof.rate_per_sec[i] = rates_per_sec[i];
        proof.bytes_per_request[i] = leaks[i].bytes_per_request;
        known = known && leaks[i].kind != LEAK_UNKNOWN;
        growing += leaks[i].kind == LEAK_GROWING;
    }
    if (!known)
        return proof;
    if (growing == 0)
        proof.state = LEAK_PROOF_FLAT;
    else if (growing == 2 && fabs(ratio - 1) <= PROVE_LEAK_ALIKE)
        proof.state = LEAK_PROOF_PROVED;
    else
        proof.state = LEAK_PROOF_DIFFERS;
    return proof;
}

/* "512 B a request at 2,000/s": at the `index`th rate. */
static void growth(const struct proof_leak *leak, int index, struct text *into)
{
    double bytes = fmax(0, leak->bytes_per_request[index]);
    char each[UNITS_TEXT_MAX];

    text_format(into, "%s a request at %s/s", units_bytes(bytes, each),
                words_rate(leak->rate_per_sec[index]).text);
}

/* What grows with time grows by half as much for a request at twice the rate. */
static bool grows_with_time(const struct proof_leak *leak)
{
    return fabs(2 * leak->bytes_per_request[1] / leak->bytes_per_request[0] - 1) <=
           PROVE_LEAK_ALIKE;
}

void prove_leak_words(const struct proof_leak *leak, struct text *into)
{
    switch (leak->state) {
    case LEAK_PROOF_NONE:
        return;
    case LEAK_PROOF_FLAT:
        text_format(into, "nothing to prove: it does not grow with requests");
        if (!isnan(leak->duration_s))
            text_format(into, ", at %s/s nor at %s/s", words_rate(leak->rate_per_sec[0]).text,
                        words_rate(leak->rate_per_sec[1]).text);
        return;
    case LEAK_PROOF_OPEN:
        text_format(into, isnan(leak->duration_s)
                              ? "the server's memory could not be read"
                              : "the drives at two rates came to no end, or had too few readings");
        return;
    case LEAK_PROOF_DIED:
        text_add(into, SLICE(DIED_WORDS));
        return;
    case LEAK_PROOF_DIFFERS:
    case LEAK_PROOF_PROVED:
        break;
    }
    text_format(into, leak->state == LEAK_PROOF_PROVED ? "leak proved: " : "leak not confirmed: ");
    growth(leak, 0, into);
    text_format(into, leak->state == LEAK_PROOF_PROVED ? " and " : ", but ");
    growth(leak, 1, into);
    if (leak->state == LEAK_PROOF_DIFFERS && grows_with_time(leak))
        text_format(into, ": it grows with time");
}
