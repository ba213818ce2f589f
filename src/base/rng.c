#include "base/rng.h"

#include "base/bug.h"

__extension__ typedef unsigned __int128 uint128;

uint64_t rng_below(struct rng *rng, uint64_t limit)
{
    uint64_t floor;
    uint128 product;

    BUG_IF(limit == 0);
    floor =
        -limit % limit; /* (2^64 - limit) mod limit: draws below it would favour small numbers */
    do {
        product = (uint128)rng_next(rng) * limit;
    } while ((uint64_t)product < floor);
    return (uint64_t)(product >> 64);
}

struct rng rng_split(uint64_t seed, uint64_t part)
{
    struct rng mixer = { seed };
    struct rng child = { rng_next(&mixer) ^ (part * UINT64_C(0xd1342543de82ef95)) };

    return (struct rng){ rng_next(&child) };
}
