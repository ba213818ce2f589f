#include "run/blocks.h"

#include <string.h>

#include "base/clock.h"
#include "base/rng.h"

#define AROUND_NS  (1500 * MILLISECOND_NS)
#define BETWEEN_NS (500 * MILLISECOND_NS)

#define GUESS_PER_SEC 1000.0

size_t blocks_plan_bytes(const struct suite *suite, size_t variant_count, uint32_t blocks)
{
    /* The one: a twin. */
    return sizeof(struct trial_slot) * (variant_count + 1) * suite->workload_count *
               suite->load_count * blocks +
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

/* ---- planning ---- */

struct planner {
    const struct suite *suite;
    const struct variant *variants;
    size_t variant_count;
    size_t rotation;          /* where the twins' round begins */
    size_t twins_from;        /* so many must take part where one of them has a twin */
    bool shares;              /* loads whose rates are shares of a capacity; else all others */
    struct trial_slot *slots; /* of this block */
    size_t count;
    struct rng rng; /* of this block */
};

static bool is_driven(const struct planner *p, size_t variant, size_t workload, size_t load)
{
    return takes_part(p->suite, p->variants[variant].target, workload, load) &&
           p->suite->loads[load].model != LOAD_INPROC &&
           load_needs_capacity(&p->suite->loads[load]) == p->shares;
}

static void add_originals(struct planner *p, uint32_t block)
{
    for (size_t v = 0; v < p->variant_count; v++)
        for (size_t w = 0; w < p->suite->workload_count; w++)
            for (size_t l = 0; l < p->suite->load_count; l++)
                if (is_driven(p, v, w, l))
                    p->slots[p->count++] = (struct trial_slot){
                        .block = block, .variant = v, .workload = w, .load = l
                    };
    shuffle(p->slots, p->count, &p->rng);
}

/* Takes part, and may be ranked. */
static bool is_entrant(const struct planner *p, size_t variant, size_t workload, size_t load)
{
    return is_driven(p, variant, workload, load) && !p->variants[variant].target->ceiling;
}

static size_t count_entrants(const struct planner *p, size_t workload, size_t load)
{
    size_t count = 0;

    for (size_t v = 0; v < p->variant_count; v++)
        count += is_entrant(p, v, workload, load);
    return count;
}

/* Who is alone has nobody to differ from, unless all are alone: such a run can only be meant for a
 * comparison with another run, which asks for its noise. */
static size_t twins_from(const struct planner *p)
{
    for (size_t w = 0; w < p->suite->workload_count; w++)
        for (size_t l = 0; l < p->suite->load_count; l++)
            if (count_entrants(p, w, l) > 1)
                return 2;
    return 1;
}

/* The twin's variant is the next in turn of those that take part here. False: too few do. */
static bool choose_twin(const struct planner *p, size_t workload, size_t load, uint32_t block,
                        size_t *ret_variant)
{
    size_t count = count_entrants(p, workload, load), turn;

    if (count < p->twins_from)
        return false;
    turn = (p->rotation + block) % count;
    for (size_t v = 0; v < p->variant_count; v++) {
        if (!is_entrant(p, v, workload, load))
            continue;
        *ret_variant = v;
        if (turn-- == 0)
            break;
    }
    return true;
}

/* One put at random into a random order leaves it a random order; and that of the others. */
static void insert_slot(struct planner *p, struct trial_slot slot)
{
    size_t at = rng_below(&p->rng, p->count + 1);

    memmove(&p->slots[at + 1], &p->slots[at], (p->count - at) * sizeof(slot));
    p->slots[at] = slot;
    p->count++;
}

static void add_twins(struct planner *p, uint32_t block)
{
    for (size_t w = 0; w < p->suite->workload_count; w++)
        for (size_t l = 0; l < p->suite->load_count; l++) {
            struct trial_slot slot = { .block = block, .workload = w, .load = l, .control = true };

            if (choose_twin(p, w, l, block, &slot.variant))
                insert_slot(p, slot);
        }
}

static void plan_block(struct planner *p, uint32_t block, bool twins)
{
    add_originals(p, block);
    if (twins)
        add_twins(p, block);
    for (size_t i = 0; i < p->count; i++)
        p->slots[i].position = (uint32_t)i;
    p->slots += p->count;
    p->count = 0;
}

struct trial_slot *blocks_plan(const struct suite *suite, const struct variant *variants,
                               size_t variant_count, uint32_t blocks, uint64_t seed,
                               struct arena *arena, size_t *ret_count)
{
    size_t most = (variant_count + 1) * suite->workload_count * suite->load_count * blocks;
    struct trial_slot *slots = arena_new(arena, struct trial_slot, most);
    struct rng rotation = rng_split(seed, UINT64_MAX); /* blocks have the parts from 0 on */
    struct planner p = { suite, variants, variant_count, .slots = slots };

    p.twins_from = twins_from(&p);
    p.rotation = variant_count > 0 ? rng_below(&rotation, variant_count) : 0;
    for (uint32_t block = 0; block < blocks; block++) {
        p.rng = rng_split(seed, block);
        plan_block(&p, block, suite->control && blocks >= BLOCKS_CONTROL_MIN);
    }
    /* A capacity is the median of all blocks. No twins: such loads are not ranked. */
    p.shares = true;
    for (uint32_t block = 0; block < blocks; block++) {
        p.rng = rng_split(seed, blocks + (uint64_t)block);
        plan_block(&p, block, false);
    }
    *ret_count = (size_t)(p.slots - slots);
    return slots;
}

/* ---- how long it takes ---- */

static double guessed_per_sec(const struct load *load)
{
    uint32_t lanes = load->connections < 10 ? load->connections : 10;

    if (load->share > 0) /* of who knows what */
        return GUESS_PER_SEC * load->share;
    return load->model == LOAD_OPEN ? load->rate_per_sec : GUESS_PER_SEC * lanes;
}

/* For so long, or so many requests. */
static int64_t length_ns(const struct load *load, int64_t ns, uint64_t requests)
{
    return requests == 0 ? ns : (int64_t)((double)requests / guessed_per_sec(load) * 1e9);
}

int64_t blocks_trial_ns(const struct load *load)
{
    int64_t sum_ns = AROUND_NS - BETWEEN_NS;

    for (uint32_t i = 0; i < load_drives(load); i++) {
        const struct load drive = load_drive(load, i);

        sum_ns += length_ns(&drive, drive.warmup_ns, drive.warmup_requests) +
                  length_ns(&drive, drive.duration_ns, drive.requests) + BETWEEN_NS;
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
