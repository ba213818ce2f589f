/* base/rng.h -- seeded random numbers: one seed, one sequence, on every machine.
 *
 * splitmix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"; constants
 * of Vigna's public-domain version). Passes BigCrush; 64 bits of state, so a struct is its seed.
 * Not for secrets. */
#pragma once

#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t z = (rng->state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* In (0, 1]: its logarithm is always finite. */
static inline double rng_unit(struct rng *rng)
{
    return ((double)(rng_next(rng) >> 11) + 1.0) * 0x1p-53;
}

/* In [0, limit), without bias (Lemire 2019). `limit` must be above zero. */
uint64_t rng_below(struct rng *rng, uint64_t limit);

/* A generator of its own for part number `part` of a plan: independent of how many draws the
 * others make. */
struct rng rng_split(uint64_t seed, uint64_t part);
