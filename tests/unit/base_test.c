/* tests/unit/base_test.c -- arena, bytes, clock, error, fault and rng. Units have their own file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <sys/resource.h>

#include "aborts.h"
#include "base/arena.h"
#include "base/bug.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/rng.h"

/* ---- arena ---- */

static void arena_gives_zeroed_aligned_memory_that_does_not_overlap(void **state)
{
    struct error err = { 0 };
    struct arena arena;
    char *letter;
    uint64_t *numbers;

    assert_true(arena_map(&arena, 1000, &err));
    letter = arena_new(&arena, char, 1);
    numbers = arena_new(&arena, uint64_t, 3);
    *letter = 'x';
    assert_int_equal((uintptr_t)numbers % _Alignof(uint64_t), 0);
    assert_true((char *)numbers > letter);
    for (int i = 0; i < 3; i++)
        assert_int_equal(numbers[i], 0);
    arena_unmap(&arena);
    arena_unmap(&arena); /* a second time does nothing */
    (void)state;
}

static void arena_can_be_filled_to_its_last_byte(void **state)
{
    struct error err = { 0 };
    struct arena arena;

    assert_true(arena_map(&arena, 4096, &err));
    memset(arena_new(&arena, char, 4096), 1, 4096);
    assert_ptr_equal(arena.next, arena.end);
    arena_unmap(&arena);
    (void)state;
}

/* A copy of the struct is scratch: what was taken from it is free again when it goes. */
static void a_copied_arena_leaves_the_original_as_it_was(void **state)
{
    struct error err = { 0 };
    struct arena arena, scratch;
    char *first, *second;

    assert_true(arena_map(&arena, 4096, &err));
    scratch = arena;
    first = arena_new(&scratch, char, 100);
    memset(first, 'x', 100);
    second = arena_new(&arena, char, 100);
    assert_ptr_equal(first, second);
    assert_int_equal(second[99], 0);
    arena_unmap(&arena);
    (void)state;
}

static void arena_text_and_format_end_with_a_nul(void **state)
{
    struct error err = { 0 };
    struct arena arena;

    assert_true(arena_map(&arena, 4096, &err));
    assert_string_equal(arena_text(&arena, "abcdef", 3), "abc");
    assert_string_equal(arena_text(&arena, NULL, 0), "");
    assert_string_equal(arena_format(&arena, "%s-%d", "run", 7), "run-7");
    arena_unmap(&arena);
    (void)state;
}

static void take_100_bytes(void *arena)
{
    arena_new((struct arena *)arena, char, 100);
}

static void take_more_than_there_is(void *arena)
{
    arena_new((struct arena *)arena, char, 4097);
}

static void take_more_than_can_be(void *arena)
{
    arena_new((struct arena *)arena, uint64_t, SIZE_MAX / 4);
}

static void take_behind_the_end(void *arg)
{
    struct arena *arena = arg;

    arena_new(arena, char, 4095);
    arena_take(arena, 0, 64, 1); /* the alignment alone goes past the end */
}

static void arena_stops_the_program_when_the_plan_was_wrong(void **state)
{
    struct error err = { 0 };
    struct arena arena;

    assert_true(arena_map(&arena, 4096, &err));
    assert_false(aborts(take_100_bytes, &arena));
    assert_true(aborts(take_more_than_there_is, &arena));
    assert_true(aborts(take_more_than_can_be, &arena));
    arena.end--; /* so that the next multiple of 64 lies outside */
    assert_true(aborts(take_behind_the_end, &arena));
    arena.end++;
    arena.sealed = true;
    assert_true(aborts(take_100_bytes, &arena));
    arena_unmap(&arena);
    (void)state;
}

static void arena_says_how_much_it_could_not_get(void **state)
{
    struct error err = { 0 };
    struct arena arena = { 0 };

    fault_arm(FAULT_MEMORY, 1);
    assert_false(arena_map(&arena, 5000, &err));
    assert_int_equal(err.sys, ENOMEM);
    assert_string_equal(err.text, "reserve 8192 bytes: Cannot allocate memory");
    assert_false(arena_map(&arena, SIZE_MAX / 2, &err));
    arena_unmap(&arena);
    (void)state;
}

/* ---- bytes ---- */

static void slices_compare_by_their_bytes(void **state)
{
    assert_true(slice_equal(SLICE("a\0b"), SLICE("a\0b")));
    assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
    assert_false(slice_equal(SLICE("ab"), SLICE("abc")));
    assert_true(slice_equal((struct slice){ NULL, 0 }, SLICE("")));
    assert_true(slice_equal_nocase(SLICE("Content-TYPE"), SLICE("content-type")));
    assert_false(slice_equal_nocase(SLICE("[a"), SLICE("{a"))); /* one bit apart, and no letters */
    assert_false(slice_equal_nocase(SLICE("ab"), SLICE("abc")));
    assert_true(slice_starts(SLICE("http://x"), SLICE("http://")));
    assert_true(slice_starts(SLICE("x"), SLICE("")));
    assert_false(slice_starts(SLICE("ht"), SLICE("http")));
    (void)state;
}

static void slice_trim_removes_blanks_at_the_ends_only(void **state)
{
    static const struct {
        int line;
        const char *text, *trimmed;
    } cases[] = {
        {__LINE__,  " a b\t ", "a b"  },
        { __LINE__, "a",       "a"    },
        { __LINE__, "",        ""     },
        { __LINE__, " \t ",    ""     },
        { __LINE__, "\na\n",   "\na\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice got = slice_trim(slice_of(cases[i].text));

        if (!slice_equal(got, slice_of(cases[i].trimmed)))
            fail_msg("line %d: got \"%.*s\"", cases[i].line, (int)got.len, got.ptr);
    }
    (void)state;
}

static void slice_u64_takes_digits_up_to_the_limit_and_nothing_else(void **state)
{
    static const struct {
        int line;
        const char *text;
        uint64_t max;
        bool good;
        uint64_t value;
    } cases[] = {
        {__LINE__,  "0",                    UINT64_MAX, true,  0         },
        { __LINE__, "007",                  UINT64_MAX, true,  7         },
        { __LINE__, "18446744073709551615", UINT64_MAX, true,  UINT64_MAX},
        { __LINE__, "18446744073709551616", UINT64_MAX, false, 0         },
        { __LINE__, "99999999999999999999", UINT64_MAX, false, 0         },
        { __LINE__, "65535",                65535,      true,  65535     },
        { __LINE__, "65536",                65535,      false, 0         },
        { __LINE__, "",                     UINT64_MAX, false, 0         },
        { __LINE__, "+1",                   UINT64_MAX, false, 0         },
        { __LINE__, "-1",                   UINT64_MAX, false, 0         },
        { __LINE__, " 1",                   UINT64_MAX, false, 0         },
        { __LINE__, "1x",                   UINT64_MAX, false, 0         },
        { __LINE__, "0x1",                  UINT64_MAX, false, 0         },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t value = 12345;
        bool good = slice_u64(slice_of(cases[i].text), cases[i].max, &value);

        if (good != cases[i].good || value != (good ? cases[i].value : 12345))
            fail_msg("line %d: %d, %llu", cases[i].line, good, (unsigned long long)value);
    }
    (void)state;
}

static void text_is_cut_at_its_capacity_and_says_so(void **state)
{
    char small[6];
    struct text text = TEXT(small);

    text_add(&text, SLICE("abc"));
    text_add(&text, SLICE("de"));
    assert_false(text.cut);
    text_add(&text, SLICE(""));
    assert_false(text.cut);
    text_add(&text, SLICE("f"));
    assert_true(text.cut);
    assert_string_equal(small, "abcde");

    text = (struct text)TEXT(small);
    text_format(&text, "%d", 12345);
    assert_false(text.cut);
    assert_string_equal(small, "12345");
    text_format(&text, "%d", 6);
    assert_true(text.cut);
    assert_int_equal(text.len, 5);

    text = (struct text)TEXT(small);
    text_format(&text, "%d", 1234567);
    assert_true(text.cut);
    assert_string_equal(small, "12345");
    (void)state;
}

static void escaped_text_cannot_control_a_terminal(void **state)
{
    char buffer[64];
    struct text text = TEXT(buffer);

    text_add_escaped(&text, SLICE("a\r\n\033[2J\\\0\x7f\xff~ "));
    assert_string_equal(buffer, "a\\r\\n\\x1b[2J\\\\\\x00\\x7f\\xff~ ");
    (void)state;
}

/* ---- clock ---- */

static void moments_and_durations_add_up(void **state)
{
    struct mono start = { 5 * SECOND_NS };
    struct mono later = mono_after(start, MILLISECOND_NS);
    struct mono before = mono_now();

    assert_int_equal(mono_diff_ns(start, later), MILLISECOND_NS);
    assert_int_equal(mono_diff_ns(later, start), -MILLISECOND_NS);
    assert_int_equal(mono_earlier(start, later).ns, start.ns);
    assert_int_equal(mono_earlier(MONO_NEVER, later).ns, later.ns);
    assert_true(mono_diff_ns(before, mono_now()) >= 0);
    (void)state;
}

static void wall_moments_are_written_in_utc(void **state)
{
    char text[WALL_TEXT_MAX];

    wall_text((struct wall){ INT64_C(1795232527) * SECOND_NS + 999999999 }, text);
    assert_string_equal(text, "2026-11-21T03:42:07Z");
    assert_true(wall_now().ns > INT64_C(1700000000) * SECOND_NS);
    (void)state;
}

/* ---- error ---- */

static void errors_read_from_the_outside_in(void **state)
{
    struct error err = { 0 };

    assert_false(error_set(&err, ENOENT, "exec %s", "/opt/nginx"));
    assert_false(error_wrap(&err, "start %s", "nginx"));
    assert_false(error_wrap(&err, "trial %d of %d", 3, 10));
    assert_string_equal(err.text,
                        "trial 3 of 10: start nginx: exec /opt/nginx: No such file or directory");
    assert_int_equal(err.sys, ENOENT);
    assert_false(err.usage);
    (void)state;
}

static void usage_errors_are_marked_and_stay_marked(void **state)
{
    struct error err = { 0 };

    assert_false(error_usage(&err, "--rate %s: not a rate", "x"));
    assert_false(error_wrap(&err, "load"));
    assert_true(err.usage);
    assert_string_equal(err.text, "load: --rate x: not a rate");
    assert_false(error_set(&err, 0, "another"));
    assert_false(err.usage);
    assert_string_equal(err.text, "another");
    (void)state;
}

static void a_long_error_is_cut_and_keeps_its_beginning(void **state)
{
    struct error err = { 0 };
    char longest[sizeof(err.text) + 100];

    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    error_set(&err, EIO, "%s", longest);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    error_wrap(&err, "outer");
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    assert_memory_equal(err.text, "outer: xxx", 10);
    error_wrap(&err, "%s", longest);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    (void)state;
}

/* ---- fault ---- */

static void a_fault_hits_once_at_the_call_it_was_armed_for(void **state)
{
    assert_false(fault_hit(FAULT_OPEN));
    fault_arm(FAULT_OPEN, 3);
    assert_false(fault_hit(FAULT_OPEN));
    assert_false(fault_hit(FAULT_MEMORY));
    assert_false(fault_hit(FAULT_OPEN));
    assert_true(fault_hit(FAULT_OPEN));
    assert_false(fault_hit(FAULT_OPEN));
    fault_arm(FAULT_SQL, 1);
    fault_arm(FAULT_SQL, 0);
    assert_false(fault_hit(FAULT_SQL));
    (void)state;
}

/* ---- rng ---- */

/* The first numbers of splitmix64 for seed 1234567, as Vigna's splitmix64.c prints them. */
static void one_seed_gives_one_sequence_everywhere(void **state)
{
    static const uint64_t expected[] = {
        UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821),
    };
    struct rng rng = { 1234567 };

    for (size_t i = 0; i < 5; i++)
        assert_true(rng_next(&rng) == expected[i]);
    (void)state;
}

static void rng_unit_is_above_zero_up_to_one_and_even(void **state)
{
    struct rng rng = { 7 };
    double sum = 0;

    for (int i = 0; i < 100000; i++) {
        double u = rng_unit(&rng);

        assert_true(u > 0 && u <= 1);
        sum += u;
    }
    assert_true(fabs(sum / 100000 - 0.5) < 0.005); /* 5 standard errors */
    (void)state;
}

/* Chi-squared with 6 degrees of freedom: 22.46 is its 99.9 % quantile. */
static void rng_below_favours_nobody(void **state)
{
    struct rng rng = { 42 };
    double seen[7] = { 0 }, chi = 0;

    for (int i = 0; i < 70000; i++) {
        uint64_t drawn = rng_below(&rng, 7);

        assert_true(drawn < 7);
        seen[drawn]++;
    }
    for (int i = 0; i < 7; i++)
        chi += (seen[i] - 10000) * (seen[i] - 10000) / 10000;
    assert_true(chi < 22.46);
    assert_int_equal(rng_below(&rng, 1), 0);
    (void)state;
}

/* With 3/4 of all 64-bit numbers as the limit, a bare multiplication would favour every third
 * number two to one. */
static void rng_below_is_fair_for_huge_limits_too(void **state)
{
    const uint64_t limit = UINT64_C(3) << 62;
    struct rng rng = { 99 };
    double seen[3] = { 0 }, chi = 0;

    for (int i = 0; i < 30000; i++)
        seen[rng_below(&rng, limit) % 3]++;
    for (int i = 0; i < 3; i++)
        chi += (seen[i] - 10000) * (seen[i] - 10000) / 10000;
    assert_true(chi < 13.82); /* 99.9 %, 2 degrees of freedom */
    (void)state;
}

static void parts_of_a_plan_have_sequences_of_their_own(void **state)
{
    struct rng first = rng_split(1, 0), second = rng_split(1, 1), again = rng_split(1, 1);
    struct rng other_seed = rng_split(2, 1);

    assert_true(second.state == again.state);
    assert_true(first.state != second.state);
    assert_true(second.state != other_seed.state);
    assert_true(rng_next(&first) != rng_next(&second));
    (void)state;
}

static void draw_below_zero(void *rng)
{
    rng_below(rng, 0);
}

static void reach_the_unreachable(void *unused)
{
    (void)unused;
    BUG("as a test");
}

static void bugs_stop_the_program(void **state)
{
    struct rng rng = { 1 };

    assert_true(aborts(draw_below_zero, &rng));
    assert_true(aborts(reach_the_unreachable, NULL));
    (void)state;
}

/* ---- descriptors ---- */

static rlim_t soft_limit(void)
{
    struct rlimit limit = { 0 };

    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

static void what_is_started_has_the_limit_of_open_files_that_we_had(void **state)
{
    struct rlimit before, low;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    descriptors_restore(); /* nothing was raised */
    assert_int_equal(soft_limit(), before.rlim_cur);
    low = (struct rlimit){ 50, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(descriptors_raise(), before.rlim_max);
    assert_int_equal(descriptors_raise(), before.rlim_max); /* a second time it is no news */
    assert_int_equal(soft_limit(), before.rlim_max);
    descriptors_restore();
    assert_int_equal(soft_limit(), 50);
    setrlimit(RLIMIT_NOFILE, &before);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_zeroed_aligned_memory_that_does_not_overlap),
        cmocka_unit_test(arena_can_be_filled_to_its_last_byte),
        cmocka_unit_test(a_copied_arena_leaves_the_original_as_it_was),
        cmocka_unit_test(arena_text_and_format_end_with_a_nul),
        cmocka_unit_test(arena_stops_the_program_when_the_plan_was_wrong),
        cmocka_unit_test(arena_says_how_much_it_could_not_get),
        cmocka_unit_test(slices_compare_by_their_bytes),
        cmocka_unit_test(slice_trim_removes_blanks_at_the_ends_only),
        cmocka_unit_test(slice_u64_takes_digits_up_to_the_limit_and_nothing_else),
        cmocka_unit_test(text_is_cut_at_its_capacity_and_says_so),
        cmocka_unit_test(escaped_text_cannot_control_a_terminal),
        cmocka_unit_test(moments_and_durations_add_up),
        cmocka_unit_test(wall_moments_are_written_in_utc),
        cmocka_unit_test(errors_read_from_the_outside_in),
        cmocka_unit_test(usage_errors_are_marked_and_stay_marked),
        cmocka_unit_test(a_long_error_is_cut_and_keeps_its_beginning),
        cmocka_unit_test(a_fault_hits_once_at_the_call_it_was_armed_for),
        cmocka_unit_test(one_seed_gives_one_sequence_everywhere),
        cmocka_unit_test(rng_unit_is_above_zero_up_to_one_and_even),
        cmocka_unit_test(rng_below_favours_nobody),
        cmocka_unit_test(rng_below_is_fair_for_huge_limits_too),
        cmocka_unit_test(parts_of_a_plan_have_sequences_of_their_own),
        cmocka_unit_test(bugs_stop_the_program),
        cmocka_unit_test(what_is_started_has_the_limit_of_open_files_that_we_had),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
