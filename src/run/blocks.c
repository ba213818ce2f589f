#include "run/blocks.h"

#include "base/clock.h"
#include "base/rng.h"

#define AROUND_NS  (1500 * MILLISECOND_NS)
#define BETWEEN_NS (500 * MILLISECOND_NS)

size_t blocks_plan_bytes(const struct suite *suite, size_t variant_count, uint32_t blocks)
{
    return sizeof(struct trial_slot) * variant_count * suite->workload_count * suite->load_count *
               blocks +
           64;
}

static void shuffle(struct trial_slot *slots, size_t count, struct rng *rng)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = rng_below(rng, i);
        struct trial_slot kept = slots[i - 1];

        slots[i - 1] = slots[other];
        slots[other] = kept;
    }
}

static bool takes_part(const struct suite *suite, const struct suite_target *target,
                       size_t workload, size_t load)
{
    return suite_runs_workload(suite, workload) && suite_runs_load(suite, load) &&
           (target->workloads_mask >> workload & 1) != 0 && (target->loads_mask >> load & 1) != 0;
}

bool blocks_calls(const struct suite *suite, const struct suite_target *target, size_t workload,
                  size_t load)
{
    return suite->loads[load].model == LOAD_INPROC && takes_part(suite, target, workload, load);
}

struct trial_slot *blocks_plan(const struct suite *suite, const struct variant *variants,
                               size_t variant_count, uint32_t blocks, uint64_t seed,
                               struct arena *arena, size_t *ret_count)
{
    size_t most = variant_count * suite->workload_count * suite->load_count * blocks;
    struct trial_slot *slots = arena_new(arena, struct trial_slot, most);
    size_t count = 0;

    for (uint32_t block = 0; block < blocks; block++) {
        struct rng rng = rng_split(seed, block);
        size_t first = count;

        for (size_t v = 0; v < variant_count; v++)
            for (size_t w = 0; w < suite->workload_count; w++)
                for (size_t l = 0; l < suite->load_count; l++)
                    if (takes_part(suite, variants[v].target, w, l) &&
                        suite->loads[l].model != LOAD_INPROC)
                        slots[count++] = (struct trial_slot){
                            .block = block, .variant = v, .workload = w, .load = l
                        };
        shuffle(slots + first, count - first, &rng);
        for (size_t i = first; i < count; i++)
            slots[i].position = (uint32_t)(i - first);
    }
    *ret_count = count;
    return slots;
}

static int64_t window_ns(const struct load *load)
{
    uint32_t lanes = load->connections < 10 ? load->connections : 10;

    if (load->requests == 0)
        return load->duration_ns;
    if (load->model == LOAD_OPEN)
        return (int64_t)((double)load->requests / load->rate_per_sec * 1e9);
    return (int64_t)((double)load->requests / (1000.0 * lanes) * 1e9);
}

int64_t blocks_trial_ns(const struct load *load)
{
    int64_t sum_ns = load->warmup_ns + AROUND_NS - BETWEEN_NS;

    for (uint32_t i = 0; i < load_drives(load); i++) {
        const struct load drive = load_drive(load, i);

        sum_ns += window_ns(&drive) + BETWEEN_NS;
    }
    return sum_ns;
}

size_t blocks_records(const struct suite *suite, const struct trial_slot *slots, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += load_drives(&suite->loads[slots[i].load]);
    return sum;
}
