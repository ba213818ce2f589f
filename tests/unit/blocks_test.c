/* tests/unit/blocks_test.c -- which trials there are, and that their order is fair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run/blocks.h"

/* Three targets in five variants, three workloads, two loads. The second target takes no part in
 * the first workload, the third only in the last workload with the second load. */
#define VARIANTS  5
#define WORKLOADS 3
#define LOADS     2

static struct suite_target targets[] = {
    {.workloads_mask = UINT64_MAX, .loads_mask = UINT64_MAX},
    { .workloads_mask = 6,         .loads_mask = 3         },
    { .workloads_mask = 4,         .loads_mask = 2         },
};

static const struct variant VARIANT[VARIANTS] = { { .target = &targets[0] },
                                                  { .target = &targets[0] },
                                                  { .target = &targets[1] },
                                                  { .target = &targets[1] },
                                                  { .target = &targets[2] } };

#define BLOCK_TRIALS (2 * 6 + 2 * 4 + 1)

static struct load plain_loads[LOADS]; /* closed loops */

static const struct suite SUITE = { .loads = plain_loads,
                                    .workload_count = WORKLOADS,
                                    .load_count = LOADS,
                                    .workloads_mask = 7,
                                    .loads_mask = 3 };

static bool takes_part(const struct trial_slot *slot)
{
    const struct suite_target *target = VARIANT[slot->variant].target;

    return (target->workloads_mask & UINT64_C(1) << slot->workload) != 0 &&
           (target->loads_mask & UINT64_C(1) << slot->load) != 0;
}

/* A plan in memory of its own: exactly as much as blocks_plan_bytes() asks for. */
static struct trial_slot *plan(struct arena *arena, uint32_t blocks, uint64_t seed,
                               size_t *ret_count)
{
    struct error err;

    assert_true(arena_map(arena, blocks_plan_bytes(&SUITE, VARIANTS, blocks), &err));
    return blocks_plan(&SUITE, VARIANT, VARIANTS, blocks, seed, arena, ret_count);
}

static bool same_order(const struct trial_slot *a, const struct trial_slot *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].variant != b[i].variant || a[i].workload != b[i].workload ||
            a[i].load != b[i].load)
            return false;
    return true;
}

static void each_block_holds_each_trial_exactly_once(void **state)
{
    struct arena arena;
    size_t count;
    struct trial_slot *slots = plan(&arena, 7, 42, &count);

    assert_int_equal(count, 7 * BLOCK_TRIALS);
    for (uint32_t block = 0; block < 7; block++) {
        bool seen[VARIANTS][WORKLOADS][LOADS] = { 0 };

        for (uint32_t i = 0; i < BLOCK_TRIALS; i++) {
            const struct trial_slot *slot = &slots[block * BLOCK_TRIALS + i];

            assert_int_equal(slot->block, block);
            assert_int_equal(slot->position, i);
            assert_true(slot->variant < VARIANTS);
            assert_true(slot->workload < WORKLOADS);
            assert_true(slot->load < LOADS);
            assert_true(takes_part(slot));
            assert_false(seen[slot->variant][slot->workload][slot->load]);
            seen[slot->variant][slot->workload][slot->load] = true;
        }
    }
    arena_unmap(&arena);
    (void)state;
}

static void one_seed_is_one_order_and_another_seed_another(void **state)
{
    struct arena arenas[3];
    size_t count;
    struct trial_slot *first = plan(&arenas[0], 3, 42, &count);
    struct trial_slot *again = plan(&arenas[1], 3, 42, &count);
    struct trial_slot *other = plan(&arenas[2], 3, 43, &count);

    assert_true(same_order(first, again, count));
    assert_false(same_order(first, other, count));
    for (int i = 0; i < 3; i++)
        arena_unmap(&arenas[i]);
    (void)state;
}

static void every_block_has_an_order_of_its_own(void **state)
{
    struct arena arena;
    size_t count;
    struct trial_slot *slots = plan(&arena, 20, 42, &count);

    for (size_t a = 0; a < 20; a++)
        for (size_t b = 0; b < a; b++)
            assert_false(
                same_order(slots + a * BLOCK_TRIALS, slots + b * BLOCK_TRIALS, BLOCK_TRIALS));
    arena_unmap(&arena);
    (void)state;
}

/* So that a run that was begun with few blocks can be told from, and compared with, a longer one.
 */
static void more_blocks_leave_the_order_of_the_first_ones(void **state)
{
    struct arena arenas[2];
    size_t few, many;
    struct trial_slot *small = plan(&arenas[0], 2, 42, &few);
    struct trial_slot *large = plan(&arenas[1], 5, 42, &many);

    assert_true(same_order(small, large, few));
    arena_unmap(&arenas[0]);
    arena_unmap(&arenas[1]);
    (void)state;
}

/* Whatever drifts within a block must hit all alike: over many blocks each trial stands in each
 * position as often. 21 000 blocks, 1000 expected in each of 441 cells: five standard deviations
 * are 155. Seeds follow each other as people choose them. */
static void every_trial_stands_in_every_position_as_often(void **state)
{
    enum { SEEDS = 100, BLOCKS = 210 };
    static uint32_t times[VARIANTS][WORKLOADS][LOADS][BLOCK_TRIALS];

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct arena arena;
        size_t count;
        struct trial_slot *slots = plan(&arena, BLOCKS, seed, &count);

        for (size_t i = 0; i < count; i++)
            times[slots[i].variant][slots[i].workload][slots[i].load][slots[i].position]++;
        arena_unmap(&arena);
    }
    for (size_t v = 0; v < VARIANTS; v++)
        for (size_t w = 0; w < WORKLOADS; w++)
            for (size_t l = 0; l < LOADS; l++) {
                struct trial_slot slot = { .variant = v, .workload = w, .load = l };

                for (size_t i = 0; takes_part(&slot) && i < BLOCK_TRIALS; i++)
                    assert_in_range(times[v][w][l][i], 1000 - 155, 1000 + 155);
            }
    (void)state;
}

/* ---- the A/A control ---- */

/* SUITE with twins; the variants of the second target are our own server's. */
struct twins {
    struct suite suite;
    struct suite_target targets[3];
    struct variant variants[VARIANTS];
    struct arena arena;
    struct trial_slot *slots;
    size_t count;
};

static void plan_twins(struct twins *t, uint32_t blocks, uint64_t seed)
{
    struct error err;

    t->suite = SUITE;
    t->suite.control = true;
    memcpy(t->targets, targets, sizeof(targets));
    t->targets[1].ceiling = true;
    for (size_t i = 0; i < VARIANTS; i++)
        t->variants[i].target = &t->targets[VARIANT[i].target - targets];
    assert_true(arena_map(&t->arena, blocks_plan_bytes(&t->suite, VARIANTS, blocks), &err));
    t->slots = blocks_plan(&t->suite, t->variants, VARIANTS, blocks, seed, &t->arena, &t->count);
}

static const struct trial_slot *find_slot(const struct twins *t, uint32_t block, size_t workload,
                                          size_t load, const size_t *variant)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct trial_slot *s = &t->slots[i];

        if (s->block == block && s->workload == workload && s->load == load &&
            (variant == NULL ? s->control : !s->control && s->variant == *variant))
            return s;
    }
    fail_msg("block %u has none in workload %zu, load %zu", block, workload, load);
    return t->slots;
}

/* In the last workload with the second load three variants take part that are not the ceiling, else
 * two: each is the twin as often as the others, and never in a cell it has no part in. */
static void in_every_block_each_cell_has_one_variant_twice_in_turn(void **state)
{
    uint32_t times[VARIANTS][WORKLOADS][LOADS] = { 0 };
    struct twins t = { .count = 0 };

    plan_twins(&t, 6, 42);
    assert_int_equal(t.count, 6 * (BLOCK_TRIALS + WORKLOADS * LOADS));
    for (uint32_t block = 0; block < 6; block++)
        for (size_t w = 0; w < WORKLOADS; w++)
            for (size_t l = 0; l < LOADS; l++) {
                const struct trial_slot *twin = find_slot(&t, block, w, l, NULL);

                find_slot(&t, block, w, l, &twin->variant);
                times[twin->variant][w][l]++;
            }
    for (size_t v = 0; v < VARIANTS; v++)
        for (size_t w = 0; w < WORKLOADS; w++)
            for (size_t l = 0; l < LOADS; l++) {
                bool of_three = w == 2 && l == 1;
                uint32_t expected = v < 2 ? (of_three ? 2 : 3) : v == 4 && of_three ? 2 : 0;

                assert_int_equal(times[v][w][l], expected);
            }
    arena_unmap(&t.arena);
    (void)state;
}

static void twins_leave_the_order_of_the_others(void **state)
{
    struct twins t = { .count = 0 };
    struct arena arena;
    size_t count, k = 0;
    struct trial_slot *without = plan(&arena, 6, 42, &count);

    plan_twins(&t, 6, 42);
    for (size_t i = 0; i < t.count; i++) {
        assert_int_equal(t.slots[i].position, i % (BLOCK_TRIALS + WORKLOADS * LOADS));
        if (!t.slots[i].control)
            assert_true(same_order(&t.slots[i], &without[k++], 1));
    }
    assert_int_equal(k, count);
    arena_unmap(&arena);
    arena_unmap(&t.arena);
    (void)state;
}

static size_t twins_of(const struct twins *t, size_t workload)
{
    size_t count = 0;

    for (size_t i = 0; i < t->count; i++)
        count += t->slots[i].control && t->slots[i].workload == workload;
    return count;
}

/* Two variants, one of them the ceiling: each cell has one that could be ranked. With the third the
 * other workloads have two of them, and in the first one it is still alone. */
static void who_is_alone_has_a_twin_only_where_all_are(void **state)
{
    struct suite_target alone = { .workloads_mask = 7, .loads_mask = 1 },
                        other = { .workloads_mask = 6, .loads_mask = 1 },
                        ceiling = { .workloads_mask = 7, .loads_mask = 1, .ceiling = true };
    const struct variant variants[] = { { .target = &alone },
                                        { .target = &ceiling },
                                        { .target = &other } };

    for (size_t count = 2; count <= 3; count++) {
        struct twins t = { .suite = SUITE };
        struct error err;

        t.suite.control = true;
        assert_true(arena_map(&t.arena, blocks_plan_bytes(&t.suite, count, 6), &err));
        t.slots = blocks_plan(&t.suite, variants, count, 6, 42, &t.arena, &t.count);
        assert_int_equal(twins_of(&t, 0), count == 2 ? 6 : 0);
        assert_int_equal(twins_of(&t, 1), 6);
        assert_int_equal(twins_of(&t, 2), 6);
        arena_unmap(&t.arena);
    }
    (void)state;
}

static void too_few_blocks_for_an_interval_have_no_twins(void **state)
{
    struct twins t = { .count = 0 };

    plan_twins(&t, BLOCKS_CONTROL_MIN - 1, 42);
    assert_int_equal(t.count, (BLOCKS_CONTROL_MIN - 1) * BLOCK_TRIALS);
    arena_unmap(&t.arena);
    (void)state;
}

/* A twin must not be nearer to the block's begin or end than its original: 10 000 draws, half of
 * them before; five standard deviations are 250. */
static void a_twin_comes_before_its_original_as_often_as_after_it(void **state)
{
    unsigned before = 0, pairs = 0;

    for (uint64_t seed = 0; pairs < 10000; seed++) {
        struct twins t = { .count = 0 };

        plan_twins(&t, 6, seed);
        for (size_t i = 0; i < t.count; i++) {
            const struct trial_slot *s = &t.slots[i];

            if (!s->control)
                continue;
            pairs++;
            before +=
                s->position < find_slot(&t, s->block, s->workload, s->load, &s->variant)->position;
        }
        arena_unmap(&t.arena);
    }
    assert_in_range(before, pairs / 2 - 250, pairs / 2 + 250);
    (void)state;
}

/* The target is started once for all of them: so they are one slot, and as many records. */
static void the_stages_of_a_load_are_one_slot_and_a_record_each(void **state)
{
    static struct load_stage stages[] = {
        {.connections = 1,  .duration_ns = SECOND_NS},
        { .connections = 2, .duration_ns = SECOND_NS},
        { .connections = 3, .duration_ns = SECOND_NS}
    };
    struct load loads[LOADS] = { load_default(), load_default() };
    struct suite suite = SUITE;
    struct arena arena;
    struct error err;
    size_t count;
    struct trial_slot *slots;

    load_set_stages(&loads[1], stages, 3);
    suite.loads = loads;
    assert_true(arena_map(&arena, blocks_plan_bytes(&suite, VARIANTS, 2), &err));
    slots = blocks_plan(&suite, VARIANT, VARIANTS, 2, 42, &arena, &count);
    assert_int_equal(count, 2 * BLOCK_TRIALS);
    /* In each block 6 + 4 slots of the first load, and as many of the second and one more. */
    assert_int_equal(blocks_records(&suite, slots, count), 2 * (10 + 11 * 3));
    arena_unmap(&arena);
    (void)state;
}

static void what_a_preset_leaves_out_is_not_planned(void **state)
{
    struct suite suite = SUITE;
    struct arena arena;
    struct error err;
    size_t count;
    struct trial_slot *slots;

    suite.workloads_mask = 2;
    suite.loads_mask = 1;
    assert_true(arena_map(&arena, blocks_plan_bytes(&suite, VARIANTS, 1), &err));
    slots = blocks_plan(&suite, VARIANT, VARIANTS, 1, 42, &arena, &count);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(slots[i].workload, 1);
        assert_int_equal(slots[i].load, 0);
    }
    arena_unmap(&arena);
    (void)state;
}

static void nobody_to_test_is_an_empty_plan(void **state)
{
    struct arena arena;
    struct error err;
    size_t count = 1;

    assert_true(arena_map(&arena, blocks_plan_bytes(&SUITE, 0, 10), &err));
    blocks_plan(&SUITE, VARIANT, 0, 10, 1, &arena, &count);
    assert_int_equal(count, 0);
    arena_unmap(&arena);
    (void)state;
}

/* 1.5 s around it, the warm-up once, half a second between two. */
static void stages_take_their_windows_one_after_the_other(void **state)
{
    static struct load_stage stages[] = {
        {.rate_per_sec = 10,  .duration_ns = 2 * SECOND_NS},
        { .rate_per_sec = 10, .requests = 50              }
    };
    struct load load = load_default();

    load.warmup_ns = SECOND_NS;
    load_set_stages(&load, stages, 2);
    assert_int_equal(blocks_trial_ns(&load), (1000 + 1500 + 2000 + 500 + 5000) * MILLISECOND_NS);
    load.warmup_ns = 0;
    load.warmup_requests = 20; /* at the first stage's rate */
    assert_int_equal(blocks_trial_ns(&load), (2000 + 1500 + 2000 + 500 + 5000) * MILLISECOND_NS);
    (void)state;
}

static void a_trial_takes_its_window_and_what_stands_around_it(void **state)
{
    static const struct {
        int line;
        struct load load;
        int64_t ms;
    } CASES[] = {
        {__LINE__,  { .duration_ns = 3 * SECOND_NS, .warmup_ns = SECOND_NS / 2 },           5000 },
        { __LINE__, { .requests = 10000, .connections = 1 },                                11500},
        { __LINE__, { .requests = 10000, .connections = 4 },                                4000 },
        { __LINE__, { .requests = 10000, .connections = 10 },                               2500 },
        { __LINE__, { .requests = 10000, .connections = 64 },                               2500 },
        { __LINE__,
         { .requests = 10000, .connections = 64, .model = LOAD_OPEN, .rate_per_sec = 500 },
         21500                                                                                   },
        { __LINE__, { .requests = 1000, .connections = 1, .warmup_ns = SECOND_NS },         3500 },
        { __LINE__, { .requests = 1000, .connections = 1, .warmup_requests = 500 },         3000 },
        { __LINE__,
         { .duration_ns = SECOND_NS,
            .warmup_requests = 500,
            .model = LOAD_OPEN,
            .rate_per_sec = 50 },
         12500                                                                                   },
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        int64_t ns = blocks_trial_ns(&CASES[i].load);

        if (ns != CASES[i].ms * MILLISECOND_NS)
            fail_msg("line %d: %lld ns", CASES[i].line, (long long)ns);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_block_holds_each_trial_exactly_once),
        cmocka_unit_test(one_seed_is_one_order_and_another_seed_another),
        cmocka_unit_test(every_block_has_an_order_of_its_own),
        cmocka_unit_test(more_blocks_leave_the_order_of_the_first_ones),
        cmocka_unit_test(every_trial_stands_in_every_position_as_often),
        cmocka_unit_test(in_every_block_each_cell_has_one_variant_twice_in_turn),
        cmocka_unit_test(twins_leave_the_order_of_the_others),
        cmocka_unit_test(who_is_alone_has_a_twin_only_where_all_are),
        cmocka_unit_test(too_few_blocks_for_an_interval_have_no_twins),
        cmocka_unit_test(a_twin_comes_before_its_original_as_often_as_after_it),
        cmocka_unit_test(the_stages_of_a_load_are_one_slot_and_a_record_each),
        cmocka_unit_test(what_a_preset_leaves_out_is_not_planned),
        cmocka_unit_test(stages_take_their_windows_one_after_the_other),
        cmocka_unit_test(nobody_to_test_is_an_empty_plan),
        cmocka_unit_test(a_trial_takes_its_window_and_what_stands_around_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
