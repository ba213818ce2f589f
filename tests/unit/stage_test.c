/* tests/unit/stage_test.c -- the stages of a load: how they are written, and what they are as
 * loads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/clock.h"
#include "load/load.h"

static struct stages stages_of(const char *text)
{
    struct stages stages = { .count = 0 };
    struct error err;

    if (!stages_add_list(&stages, slice_of(text), &err))
        fail_msg("%s: %s", text, err.text);
    return stages;
}

static void a_stage_is_how_long_and_how_much(void **state)
{
    static const struct {
        int line;
        const char *text;
        struct load_stage stage;
    } cases[] = {
        {__LINE__,  "10s:400/s",   { .duration_ns = 10 * SECOND_NS, .rate_per_sec = 400 }   },
        { __LINE__, "10000n:20c",  { .requests = 10000, .connections = 20 }                 },
        { __LINE__, "2s:20c",      { .duration_ns = 2 * SECOND_NS, .connections = 20 }      },
        { __LINE__, "40kn:400/s",  { .requests = 40000, .rate_per_sec = 400 }               },
        { __LINE__, "500ms:0.5/s", { .duration_ns = SECOND_NS / 2, .rate_per_sec = 0.5 }    },
        { __LINE__, " 1m:20k/s ",  { .duration_ns = 60 * SECOND_NS, .rate_per_sec = 20000 } },
        { __LINE__, "1:1kc",       { .duration_ns = SECOND_NS, .connections = 1000 }        },
        { __LINE__, "24h:10M/s",   { .duration_ns = 86400 * SECOND_NS, .rate_per_sec = 1e7 }},
        { __LINE__, "10s:70%",     { .duration_ns = 10 * SECOND_NS, .share = 0.7 }          },
        { __LINE__, "1ms:1Mc",     { .duration_ns = MILLISECOND_NS, .connections = 1000000 }},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct stages found = stages_of(cases[i].text);
        const struct load_stage *is = &found.list[0], *should = &cases[i].stage;

        if (found.count != 1 || is->duration_ns != should->duration_ns ||
            is->requests != should->requests || is->connections != should->connections ||
            is->share < should->share || is->share > should->share ||
            is->rate_per_sec < should->rate_per_sec || is->rate_per_sec > should->rate_per_sec)
            fail_msg("line %d: %s", cases[i].line, cases[i].text);
    }
    (void)state;
}

/* The staircase of the study: 87 steps in one text. */
static void a_range_stands_for_all_its_steps(void **state)
{
    const struct stages up = stages_of("10s:400..9000+100/s");
    const struct stages over = stages_of("2s:400..9000+1200/s");
    const struct stages one = stages_of("2s:7..7+1c");
    const struct stages tenths = stages_of("2s:0.1..0.3+0.1/s");

    assert_int_equal(up.count, 87);
    assert_true(up.list[86].rate_per_sec > 8999.999 && up.list[86].rate_per_sec < 9000.001);
    assert_int_equal(over.count, 8);
    assert_true(over.list[7].rate_per_sec < 8800.001);
    assert_int_equal(over.list[7].duration_ns, 2 * SECOND_NS);
    assert_int_equal(one.count, 1);
    assert_int_equal(one.list[0].connections, 7);
    assert_int_equal(tenths.count, 3);
    (void)state;
}

static void what_is_no_stage_is_refused_with_its_number_and_the_wrong_part(void **state)
{
    static const char amount[] =
        "must end with a rate from one a day up to 10M/s, like 400/s, or connections up to 1M, "
        "like 20c, or a share up to 1000%, like 70%, or a range, like 400..9000+1200/s, not ";
    static const char length[] =
        "must begin with a duration up to 24h, like 10s, or a count, like 10000n, not ";
    static const struct {
        int line;
        const char *text, *where, *must, *not ;
    } cases[] = {
        {__LINE__,  "",                         "stage 1", "must look like 10s:400/s or 10000n:20c, not ", "''"           },
        { __LINE__, "10s",                      "stage 1", "must look like 10s:400/s or 10000n:20c, not ", "'10s'"        },
        { __LINE__, "1s:2c,",                   "stage 2", "must look like 10s:400/s or 10000n:20c, not ", "''"           },
        { __LINE__, "1s:2c,1s:\x1b[0m",         "stage 2", amount,                                         "'\\x1b[0m'"   },
        { __LINE__, "1s:400",                   "stage 1", amount,                                         "'400'"        },
        { __LINE__, "1s:/s",                    "stage 1", amount,                                         "'/s'"         },
        { __LINE__, "1s:0c",                    "stage 1", amount,                                         "'0c'"         },
        { __LINE__, "1s:0/s",                   "stage 1", amount,                                         "'0/s'"        },
        { __LINE__, "1s:0.00001/s",             "stage 1", amount,                                         "'0.00001/s'"  },
        { __LINE__, "1s:1.5c",                  "stage 1", amount,                                         "'1.5c'"       },
        { __LINE__, "1s:400/s/s",               "stage 1", amount,                                         "'400/s/s'"    },
        { __LINE__, "1s:20M/s",                 "stage 1", amount,                                         "'20M/s'"      },
        { __LINE__, "1s:1001%",                 "stage 1", amount,                                         "'1001%'"      },
        { __LINE__, "1s:0%",                    "stage 1", amount,                                         "'0%'"         },
        { __LINE__, "1s:2Mc",                   "stage 1", amount,                                         "'2Mc'"        },
        { __LINE__, "1s:9..4+1/s",              "stage 1", amount,                                         "'9..4+1/s'"   },
        { __LINE__, "1s:4..9/s",                "stage 1", amount,                                         "'4..9/s'"     },
        { __LINE__, "1s:4..9+0/s",              "stage 1", amount,                                         "'4..9+0/s'"   },
        { __LINE__, "x:400/s",                  "stage 1", length,                                         "'x'"          },
        { __LINE__, ":400/s",                   "stage 1", length,                                         "''"           },
        { __LINE__, "0n:400/s",                 "stage 1", length,                                         "'0n'"         },
        { __LINE__, "0s:400/s",                 "stage 1", length,                                         "'0s'"         },
        { __LINE__, "25h:400/s",                "stage 1", length,                                         "'25h'"        },
        { __LINE__, "1s:2c,1s:3c,1s:3/s",       "stage 3",
         "must be of one kind in all stages of a load, /s or c or %, not ",                                "'1s:3/s'"     },
        { __LINE__, "1s:1..300+1c",             "stage 1", "must be 256 stages of one load at most, not ",
         "'1s:1..300+1c'"                                                                                                 },
        { __LINE__, "1s:1..200+1c,1s:1..57+1c", "stage 2",
         "must be 256 stages of one load at most, not ",                                                   "'1s:1..57+1c'"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stages stages = { .count = 0 };
        struct error err = { .text = "" };
        char expected[400];

        snprintf(expected, sizeof(expected), "%s: %s%s", cases[i].where, cases[i].must,
                 cases[i].not );
        if (stages_add_list(&stages, slice_of(cases[i].text), &err))
            fail_msg("line %d: taken", cases[i].line);
        if (!err.usage || strcmp(err.text, expected) != 0)
            fail_msg("line %d:\n  said     %s\n  expected %s", cases[i].line, err.text, expected);
    }
    (void)state;
}

static void two_hundred_and_fifty_six_stages_fit(void **state)
{
    const struct stages stages = stages_of("1s:1..200+1c,1s:1..56+1c");
    struct arena arena;
    struct error err;

    assert_int_equal(stages.count, STAGES_MAX);
    assert_true(arena_map(&arena, stages_name_bytes(&stages), &err));
    stages_name(&stages, SLICE("a-name-of-sixty-three-bytes-which-is-the-longest-there-may-beeee"),
                &arena);
    arena_unmap(&arena);
    (void)state;
}

static void each_stage_has_a_name_of_its_own(void **state)
{
    static const char *const expected[] = { "up/400", "up/0.5", "up/400#2", "up/20000",
                                            "up/400#3" };
    const struct stages stages = stages_of("1s:400/s,1s:0.5/s,2s:400/s,1s:20k/s,5n:400/s");
    const struct stages closed = stages_of("5n:20c");
    struct load_stage *named;
    struct arena arena;
    struct error err;

    assert_true(arena_map(&arena, 65536, &err));
    named = stages_name(&stages, SLICE("up"), &arena);
    for (size_t i = 0; i < stages.count; i++)
        assert_string_equal(named[i].name.ptr, expected[i]);
    named = stages_name(&closed, SLICE(""), &arena);
    assert_string_equal(named[0].name.ptr, "20c");
    arena_unmap(&arena);
    (void)state;
}

static void shares_become_rates_once_the_capacity_is_known(void **state)
{
    const struct stages stages = stages_of("2s:10..150+70%,3s:70%");
    struct load_stage room[4];
    struct load load = load_default(), known, drive;
    struct arena arena;
    struct error err;

    assert_int_equal(stages.count, 4);
    assert_true(arena_map(&arena, stages_name_bytes(&stages), &err));
    load_set_stages(&load, stages_name(&stages, SLICE("at"), &arena), stages.count);
    load.of = SLICE("wrk");
    assert_int_equal(load.model, LOAD_OPEN);
    known = load_of_capacity(&load, 2000, room);
    drive = load_drive(&known, 1);
    assert_true(drive.rate_per_sec > 1599.9 && drive.rate_per_sec < 1600.1);
    assert_true(drive.share > 0.7999 && drive.share < 0.8001);
    assert_true(slice_equal(drive.name, SLICE("at/80%")));
    assert_true(slice_equal(load_drive(&known, 3).name, SLICE("at/70%")));
    assert_int_equal(load_drive(&known, 3).duration_ns, 3 * SECOND_NS);
    assert_true(load.stages[1].rate_per_sec <= 0); /* the suite's own are as they were */
    /* A part of next to nothing is still a rate that can be asked for. */
    known = load_of_capacity(&load, 1e-9, room);
    assert_true(load_drive(&known, 0).rate_per_sec >= LOAD_RATE_MIN_PER_SEC);
    arena_unmap(&arena);
    (void)state;
}

static void a_stage_is_a_load_of_its_own_and_only_the_first_is_warmed_up(void **state)
{
    struct stages stages = stages_of("1s:400/s,500n:500/s");
    struct load load = load_default(), first, second;

    load.connections = 64;
    load_set_stages(&load, stages.list, stages.count);
    load_complete(&load);
    assert_int_equal(load_drives(&load), 2);
    first = load_drive(&load, 0);
    second = load_drive(&load, 1);
    assert_int_equal(first.model, LOAD_OPEN);
    assert_int_equal(first.stage, 1);
    assert_int_equal(first.stage_count, 2);
    assert_null(first.stages);
    assert_int_equal(first.duration_ns, SECOND_NS);
    assert_int_equal(first.requests, 0);
    assert_int_equal(first.warmup_ns, SECOND_NS / 10);
    assert_int_equal(first.connections, 64);
    assert_int_equal(second.stage, 2);
    assert_int_equal(second.duration_ns, 0);
    assert_int_equal(second.requests, 500);
    assert_int_equal(second.warmup_ns, 0);
    assert_true(second.rate_per_sec > 499 && second.rate_per_sec < 501);
    (void)state;
}

static void connections_of_a_load_are_those_of_its_largest_stage(void **state)
{
    struct stages stages = stages_of("1s:20c,1s:30c,1s:10c");
    struct load load = load_default();

    load_set_stages(&load, stages.list, stages.count);
    assert_int_equal(load.model, LOAD_CLOSED);
    assert_int_equal(load.connections, 30);
    assert_int_equal(load_drive(&load, 2).connections, 10);
    (void)state;
}

static void a_load_without_stages_is_its_only_drive(void **state)
{
    const struct load load = load_default();
    const struct load drive = load_drive(&load, 0);

    assert_int_equal(load_drives(&load), 1);
    assert_int_equal(drive.stage, 0);
    assert_int_equal(drive.duration_ns, load.duration_ns);
    assert_int_equal(drive.warmup_ns, -1);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stage_is_how_long_and_how_much),
        cmocka_unit_test(a_range_stands_for_all_its_steps),
        cmocka_unit_test(what_is_no_stage_is_refused_with_its_number_and_the_wrong_part),
        cmocka_unit_test(two_hundred_and_fifty_six_stages_fit),
        cmocka_unit_test(each_stage_has_a_name_of_its_own),
        cmocka_unit_test(shares_become_rates_once_the_capacity_is_known),
        cmocka_unit_test(a_stage_is_a_load_of_its_own_and_only_the_first_is_warmed_up),
        cmocka_unit_test(connections_of_a_load_are_those_of_its_largest_stage),
        cmocka_unit_test(a_load_without_stages_is_its_only_drive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
