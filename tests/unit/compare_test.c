/* tests/unit/compare_test.c -- who is faster: on simulated machines whose truth is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "verdict/compare.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SERVERS      5
#define PAIRS        (SERVERS * (SERVERS - 1) / 2)
#define BLOCKS_MAX   64
#define ABSENT       ((double)NAN)

static bool close_to(double is, double should, double within)
{
    return fabs(is - should) <= within;
}

static double normal(struct rng *rng)
{
    return sqrt(-2 * log(rng_unit(rng))) * cos(2 * M_PI * rng_unit(rng));
}

static bool differs(const struct difference *d)
{
    return d->finding == FINDING_MORE || d->finding == FINDING_LESS;
}

/* ---- tables as `assay run` makes them: blocks of servers, one of them twice ---- */

struct table {
    double values[SERVERS][BLOCKS_MAX], control[BLOCKS_MAX];
    size_t blocks;
};

/* What hits a block hits all of it (10 %), and each trial has its own (1.5 %). The first server
 * does `more` of the others' throughput. */
static struct table simulate(struct rng *rng, size_t blocks, double more)
{
    struct table t = { .blocks = blocks };

    for (size_t b = 0; b < blocks; b++) {
        double block = 20000 * exp(.10 * normal(rng));

        for (size_t s = 0; s < SERVERS; s++)
            t.values[s][b] = block * (s == 0 ? 1 + more : 1) * exp(.015 * normal(rng));
        t.control[b] = block * exp(.015 * normal(rng)) / t.values[SERVERS - 1][b];
    }
    return t;
}

static struct noise_floor judge(const struct table *t, struct difference *ret_pairs)
{
    struct entrant entrants[SERVERS];
    struct noise_floor floor = noise_floor_of(t->control, t->blocks);
    struct error err;

    for (size_t s = 0; s < SERVERS; s++)
        entrants[s].values = t->values[s];
    assert_true(compare_all(entrants, SERVERS, t->blocks, floor.floor, ret_pairs, &err));
    return floor;
}

/* Five times the same server under five names, a thousand times: nobody may come out ahead. */
static void the_same_server_is_not_faster_than_itself(void **state)
{
    struct rng rng = { 2024 };
    int wrong = 0, unrankable = 0;

    for (int run = 0; run < 1000; run++) {
        struct table t = simulate(&rng, 10, 0);
        struct difference pairs[PAIRS];
        bool any = false;

        unrankable += judge(&t, pairs).differs;
        for (size_t i = 0; i < PAIRS; i++)
            any = any || differs(&pairs[i]);
        wrong += any;
    }
    assert_in_range(wrong, 0, 50);
    assert_in_range(unrankable, 0, 20); /* and a sound machine is rarely called unsound */
    (void)state;
}

static void five_percent_are_found_in_ten_blocks(void **state)
{
    struct rng rng = { 2025 };
    int found = 0, reversed = 0;

    for (int run = 0; run < 1000; run++) {
        struct table t = simulate(&rng, 10, .05);
        struct difference pairs[PAIRS];

        judge(&t, pairs);
        found += pairs[0].finding == FINDING_MORE;
        reversed += pairs[0].finding == FINDING_LESS;
    }
    assert_in_range(found, 850, 1000);
    assert_int_equal(reversed, 0);
    (void)state;
}

/* Welch's t at 5 %, two-sided, for two samples of ten: with 9 to 18 degrees of freedom the critical
 * value is between 2.262 and 2.101; the larger one finds less. */
static bool welch_differs(const double *a, const double *b, size_t n)
{
    double mean_a = 0, mean_b = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        mean_a += a[i] / (double)n;
        mean_b += b[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++)
        squares += (a[i] - mean_a) * (a[i] - mean_a) + (b[i] - mean_b) * (b[i] - mean_b);
    return fabs(mean_a - mean_b) > 2.262 * sqrt(squares / (double)((n - 1) * n));
}

/* A machine that gets 1 % slower with every trial, and one server under two names. Measured one
 * after the other they differ nearly always; in blocks of random order they do not. */
static void blocks_protect_from_a_machine_that_slows_down(void **state)
{
    struct rng rng = { 7 };
    int sequential = 0, blocked = 0;

    for (int run = 0; run < 1000; run++) {
        double a[10], b[10];
        struct entrant both[] = { { a }, { b } };
        struct difference d;
        struct error err;

        for (size_t i = 0; i < 20; i++)
            (i < 10 ? a : b)[i % 10] = pow(.99, (double)i) * exp(.015 * normal(&rng));
        sequential += welch_differs(a, b, 10);
        for (size_t i = 0; i < 10; i++) {
            bool a_first = rng_below(&rng, 2) == 0;
            double now = pow(.99, 2 * (double)i), next = now * .99;

            a[i] = (a_first ? now : next) * exp(.015 * normal(&rng));
            b[i] = (a_first ? next : now) * exp(.015 * normal(&rng));
        }
        assert_true(compare_all(both, 2, 10, COMPARE_FLOOR_MIN, &d, &err));
        blocked += differs(&d);
    }
    assert_in_range(sequential, 900, 1000);
    assert_in_range(blocked, 0, 50);
    (void)state;
}

/* ---- one pair, by hand ---- */

static struct difference pair(const double *a, const double *b, size_t blocks, double floor)
{
    struct entrant both[] = { { a }, { b } };
    struct difference d;
    struct error err;

    assert_true(compare_all(both, 2, blocks, floor, &d, &err));
    return d;
}

static void a_difference_has_a_size_an_interval_and_a_p(void **state)
{
    static const double a[] = { 110, 231, 119, 108, 330, 441 },
                        b[] = { 100, 210, 110, 100, 300, 400 };
    struct difference d = pair(a, b, 6, 0.01), mirror = pair(b, a, 6, 0.01);

    assert_int_equal(d.finding, FINDING_MORE);
    assert_int_equal(d.blocks, 6);
    assert_true(d.paired && d.bounded);
    assert_true(close_to(d.p, 2 / 64.0, 1e-12) && close_to(d.p_holm, d.p, 0));
    assert_true(close_to(d.low, 1.08, 1e-9) && close_to(d.high, 1.1025, 1e-9));
    assert_true(close_to(d.ratio, 1.0945, 0.005));
    assert_int_equal(d.blocks_needed, 0);
    assert_int_equal(mirror.finding, FINDING_LESS);
    assert_true(close_to(mirror.ratio * d.ratio, 1, 1e-12));
    assert_true(close_to(mirror.low * d.high, 1, 1e-12));
    assert_true(close_to(mirror.p, d.p, 0));
    (void)state;
}

/* Real, but not larger than what identical servers differ by. */
static void below_the_floor_nothing_is_a_difference(void **state)
{
    static const double a[] = { 103.1, 103.3, 102.9, 103.2, 103, 103.4 },
                        b[] = { 100, 100, 100, 100, 100, 100 };

    assert_int_equal(pair(a, b, 6, 0.02).finding, FINDING_MORE);
    assert_int_equal(pair(a, b, 6, 0.031).finding, FINDING_NOT_SHOWN); /* the interval straddles */
    assert_int_equal(pair(a, b, 6, 0.04).finding, FINDING_SAME);
    assert_true(pair(a, b, 6, 0.04).p < 0.05);
    (void)state;
}

static void the_same_is_not_the_same_as_unknown(void **state)
{
    static const double a[] = { 100.2, 99.9, 100.1, 99.7, 100.3, 99.8 },
                        b[] = { 100, 100, 100, 100, 100, 100 },
                        wide[] = { 90, 130, 85, 101, 120, 99 };

    assert_int_equal(pair(a, b, 6, 0.01).finding, FINDING_SAME);
    assert_int_equal(pair(a, b, 5, 0.01).finding, FINDING_SAME); /* 90 % exist from 5 on */
    assert_int_equal(pair(a, b, 4, 0.01).finding, FINDING_NOT_SHOWN);
    assert_int_equal(pair(wide, b, 6, 0.01).finding, FINDING_NOT_SHOWN);
    assert_int_equal(pair(b, b, 6, 0.01).finding, FINDING_SAME);
    (void)state;
}

/* A trial that was refused leaves a hole, and takes its block out of this pair alone. */
static void blocks_that_lack_one_are_left_out_of_the_pair(void **state)
{
    static const double a[] = { 110, ABSENT, 121, 109, 110, 0, 112, 111 },
                        b[] = { 100, 100, 110, 100, 100, 100, ABSENT, 100 },
                        none[] = { ABSENT, 0, -1, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT };
    struct difference d = pair(a, b, 8, 0.01), nothing = pair(a, none, 8, 0.01);

    assert_int_equal(d.blocks, 5);
    assert_false(d.bounded);
    assert_true(isnan(d.low) && isnan(d.high));
    assert_true(close_to(d.ratio, 1.10, 0.01));
    assert_int_equal(d.finding, FINDING_NOT_SHOWN);
    assert_int_equal(d.blocks_needed, 6);
    assert_int_equal(nothing.blocks, 0);
    assert_true(isnan(nothing.ratio) && close_to(nothing.p, 1, 0));
    assert_int_equal(nothing.finding, FINDING_NOT_SHOWN);
    assert_int_equal(nothing.blocks_needed, 0);
    (void)state;
}

static void more_blocks_than_can_be_ranked_are_cut(void **state)
{
    static double a[1100], b[1100];

    for (size_t i = 0; i < COUNT(a); i++) {
        a[i] = 100 + (double)(i % 7);
        b[i] = 90 + (double)(i % 5);
    }
    assert_int_equal(pair(a, b, COUNT(a), 0.01).blocks, 1024);
    assert_int_equal(pair(a, b, COUNT(a), 0.01).finding, FINDING_MORE);
    (void)state;
}

/* Read with ten others, a p of 1/32 is nothing. */
static void p_is_corrected_for_all_pairs(void **state)
{
    double values[SERVERS][6];
    struct entrant entrants[SERVERS];
    struct difference pairs[PAIRS];
    struct error err;

    for (size_t s = 0; s < SERVERS; s++) {
        entrants[s].values = values[s];
        for (size_t b = 0; b < 6; b++)
            values[s][b] = (s == 0 ? 120 : 100) + (double)((b * 3 + s * 5) % 7) / 10;
    }
    assert_true(compare_all(entrants, SERVERS, 6, 0.01, pairs, &err));
    assert_int_equal(pairs[0].a, 0);
    assert_int_equal(pairs[0].b, 1);
    assert_int_equal(pairs[PAIRS - 1].a, 3);
    assert_int_equal(pairs[PAIRS - 1].b, 4);
    assert_true(close_to(pairs[0].p, 1 / 32.0, 1e-12));
    assert_true(close_to(pairs[0].p_holm, 10 / 32.0, 1e-12));
    assert_int_equal(pairs[0].finding, FINDING_NOT_SHOWN);
    assert_int_equal(pairs[0].blocks_needed, 9);
    assert_int_equal(pair(values[0], values[1], 6, 0.01).finding, FINDING_MORE);
    (void)state;
}

/* shared/spec/validity.md, T10. */
static void so_many_blocks_are_needed_for_so_many_entrants(void **state)
{
    static const size_t needed[][2] = {
        {0,   0 },
        { 1,  0 },
        { 2,  6 },
        { 3,  7 },
        { 4,  8 },
        { 5,  9 },
        { 6,  10},
        { 8,  11},
        { 10, 11}
    };

    for (size_t i = 0; i < COUNT(needed); i++)
        assert_int_equal(compare_blocks_needed(needed[i][0]), needed[i][1]);
    (void)state;
}

/* Measured with the number that was advised, most of what was open is settled. */
static void the_blocks_advised_settle_it_more_often_than_not(void **state)
{
    static const double truths[] = { 0, .005, .03, .04 };
    struct rng rng = { 31 };
    int open = 0, unknown = 0, settled = 0;

    for (int run = 0; run < 800; run++) {
        double more = truths[run % 4];
        struct table t = simulate(&rng, 8, more);
        struct difference d = pair(t.values[0], t.values[1], 8, 0.015);

        if (d.finding != FINDING_NOT_SHOWN)
            continue;
        open++;
        assert_true(d.blocks_needed == 0 || d.blocks_needed > 8);
        if (d.blocks_needed == 0 || d.blocks_needed > BLOCKS_MAX) {
            unknown++;
            continue;
        }
        t = simulate(&rng, d.blocks_needed, more);
        d = pair(t.values[0], t.values[1], t.blocks, 0.015);
        settled += d.finding != FINDING_NOT_SHOWN;
    }
    assert_in_range(open, 300, 790);
    assert_true(unknown < open / 2);
    assert_true(settled > (open - unknown) / 2);
    (void)state;
}

/* ---- two runs ---- */

static void two_runs_are_compared_without_blocks(void **state)
{
    static const double a[] = { 110, 112, 109, 111 }, b[] = { 100, 101, 99, 100.5, 98 },
                        holed[] = { ABSENT, 110, 112, 109, 0 };
    struct difference d = compare_two(a, 4, b, 5, 0.01), mirror = compare_two(b, 5, a, 4, 0.01);

    assert_false(d.paired);
    assert_int_equal(d.blocks, 4);
    assert_int_equal(d.finding, FINDING_MORE);
    assert_int_equal(mirror.finding, FINDING_LESS);
    assert_true(close_to(d.ratio * mirror.ratio, 1, 1e-12));
    assert_true(close_to(d.p, 2 / 126.0, 1e-12));
    assert_int_equal(compare_two(a, 4, b, 4, 0.01).finding, FINDING_MORE);
    d = compare_two(a, 3, b, 3, 0.01); /* 2 / C(6, 3) is 0.1 */
    assert_int_equal(d.finding, FINDING_NOT_SHOWN);
    assert_false(d.bounded);
    assert_int_equal(d.blocks_needed, 4);
    assert_int_equal(compare_two(holed, 5, b, 5, 0.01).blocks, 3);
    d = compare_two(holed, 1, b, 5, 0.01);
    assert_int_equal(d.blocks, 0);
    assert_int_equal(d.finding, FINDING_NOT_SHOWN);
    assert_int_equal(compare_two(b, 5, b, 5, 0.05).finding, FINDING_SAME);
    (void)state;
}

static void one_answer_of_several_pairs_is_corrected(void **state)
{
    static const double a[] = { 110, 112, 109, 111 }, b[] = { 100, 101, 99, 100.5 };
    struct difference two[] = { compare_two(a, 4, b, 4, 0.01), compare_two(b, 4, a, 4, 0.01) };
    struct error err;

    assert_true(close_to(two[0].p, 2 / 70.0, 1e-12));
    assert_true(compare_together(two, 2, &err));
    assert_true(close_to(two[0].p_holm, 4 / 70.0, 1e-12));
    assert_int_equal(two[0].finding, FINDING_NOT_SHOWN);
    assert_int_equal(two[0].blocks_needed, 5); /* 2 / C(10, 5) is below 0.025 */
    assert_true(compare_together(NULL, 0, &err));
    (void)state;
}

/* ---- the control ---- */

static void the_floor_is_what_the_control_may_differ_by(void **state)
{
    static const double quiet[] = { 1.001, .999, 1.002, .998, 1, 1.0005 },
                        noisy[] = { 1.01, .98, 1.02, .975, 1.005, 1.015 },
                        off[] = { 1.03, 1.031, 1.032, 1.029, 1.03, 1.028 },
                        slightly[] = { 1.003, 1.004, 1.005, 1.003, 1.004, 1.002 },
                        wild[] = { 1.3, .75, 1.2, .7, 1.05, 1.1 };
    struct noise_floor floor = noise_floor_of(quiet, 6);

    assert_true(floor.known && !floor.differs);
    assert_true(close_to(floor.floor, COMPARE_FLOOR_MIN, 0));
    floor = noise_floor_of(noisy, 6);
    assert_true(floor.known && !floor.differs);
    assert_true(close_to(floor.floor, 1 / .975 - 1, 1e-9)); /* its far end, upside down */
    assert_true(close_to(floor.low, .975, 1e-9) && close_to(floor.high, 1.02, 1e-9));
    assert_true(noise_floor_of(off, 6).differs);
    assert_false(noise_floor_of(slightly, 6).differs); /* real, and smaller than anyone asks */
    assert_true(noise_floor_of(wild, 6).differs);      /* nothing real, and too much of it */
    (void)state;
}

static void without_enough_blocks_there_is_no_floor(void **state)
{
    static const double control[] = { 1.2, ABSENT, 1.3, .9, 1, 1.1 };
    struct noise_floor floor = noise_floor_of(control, 6);

    assert_int_equal(floor.blocks, 5);
    assert_false(floor.known);
    assert_false(floor.differs);
    assert_true(close_to(floor.floor, COMPARE_FLOOR_MIN, 0));
    assert_true(isnan(floor.low) && isnan(floor.high));
    assert_true(isnan(noise_floor_of(NULL, 0).ratio));
    (void)state;
}

/* ---- places ---- */

struct places_case {
    int line;
    double medians[4];
    const char *pairs; /* (0,1) (0,2) (0,3) (1,2) (1,3) (2,3) */
    struct place places[4];
};

static void entrants_that_are_not_told_apart_share_their_places(void **state)
{
    static const struct places_case cases[] = {
        {__LINE__,  { 40, 30, 20, 10 }, ">>>>>>", { { 1, 1 }, { 2, 2 }, { 3, 3 }, { 4, 4 } }},
        { __LINE__, { 10, 20, 30, 40 }, "<<<<<<", { { 4, 4 }, { 3, 3 }, { 2, 2 }, { 1, 1 } }},
        { __LINE__, { 40, 30, 20, 10 }, "......", { { 1, 4 }, { 1, 4 }, { 1, 4 }, { 1, 4 } }},
        { __LINE__, { 40, 30, 20, 10 }, ".>>>>=", { { 1, 2 }, { 1, 2 }, { 3, 4 }, { 3, 4 } }},
 /* 1 is like 0 and like 2, though 0 is above 2: one chain, one group. */
        { __LINE__, { 40, 30, 20, 10 }, ".>>.>>", { { 1, 3 }, { 1, 3 }, { 1, 3 }, { 4, 4 } }},
 /* The neighbours are told apart, the outer ones are not: nobody is. */
        { __LINE__, { 40, 30, 20, 10 }, ">.>>>>", { { 1, 3 }, { 1, 3 }, { 1, 3 }, { 4, 4 } }},
        { __LINE__,
         { 20, (double)NAN, 40, 10 },
         ".<>..>",                                { { 2, 2 }, { 0, 0 }, { 1, 1 }, { 3, 3 } }},
        { __LINE__, { 10, 10, 10, 10 }, "======", { { 1, 4 }, { 1, 4 }, { 1, 4 }, { 1, 4 } }},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct difference d[6] = { 0 };
        struct place places[4];

        for (size_t k = 0; k < 6; k++)
            d[k].finding = cases[i].pairs[k] == '>'   ? FINDING_MORE
                           : cases[i].pairs[k] == '<' ? FINDING_LESS
                           : cases[i].pairs[k] == '=' ? FINDING_SAME
                                                      : FINDING_NOT_SHOWN;
        compare_places(d, cases[i].medians, 4, places);
        for (size_t k = 0; k < 4; k++)
            if (places[k].best != cases[i].places[k].best ||
                places[k].worst != cases[i].places[k].worst)
                fail_msg("line %d: entrant %zu has %u to %u", cases[i].line, k, places[k].best,
                         places[k].worst);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_server_is_not_faster_than_itself),
        cmocka_unit_test(five_percent_are_found_in_ten_blocks),
        cmocka_unit_test(blocks_protect_from_a_machine_that_slows_down),
        cmocka_unit_test(a_difference_has_a_size_an_interval_and_a_p),
        cmocka_unit_test(below_the_floor_nothing_is_a_difference),
        cmocka_unit_test(the_same_is_not_the_same_as_unknown),
        cmocka_unit_test(blocks_that_lack_one_are_left_out_of_the_pair),
        cmocka_unit_test(more_blocks_than_can_be_ranked_are_cut),
        cmocka_unit_test(p_is_corrected_for_all_pairs),
        cmocka_unit_test(so_many_blocks_are_needed_for_so_many_entrants),
        cmocka_unit_test(the_blocks_advised_settle_it_more_often_than_not),
        cmocka_unit_test(two_runs_are_compared_without_blocks),
        cmocka_unit_test(one_answer_of_several_pairs_is_corrected),
        cmocka_unit_test(the_floor_is_what_the_control_may_differ_by),
        cmocka_unit_test(without_enough_blocks_there_is_no_floor),
        cmocka_unit_test(entrants_that_are_not_told_apart_share_their_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
