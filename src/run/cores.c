#include "run/cores.h"

static bool has(const struct places *places, uint32_t cpu)
{
    for (uint32_t i = 0; i < places->server_count; i++)
        if (places->server[i] == cpu)
            return true;
    return false;
}

bool cores_places(const struct places *all, const struct variant *variant,
                  struct places *ret_places, struct error *err)
{
    struct places places = *all;

    if (variant->cores == 0) {
        *ret_places = places;
        return true;
    }
    for (uint32_t i = 0; i < all->client_count; i++)
        if (!has(&places, all->client[i]) && places.server_count < SUITE_CORES_MAX)
            places.server[places.server_count++] = all->client[i];
    if (places.server_count < variant->cores)
        return error_usage(err, "needs %u cores, this run has %u", variant->cores,
                           places.server_count);
    places.server_count = variant->cores;
    *ret_places = places;
    return true;
}
