#include "probe/hiccup.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/rng.h"
#include "probe/hiccup_priv.h"

/* ---- how late ---- */

static void a_value_comes_back_to_a_sixteenth_and_never_smaller(void **state)
{
    struct rng rng = { 7 };

    for (int i = 0; i < 20000; i++) {
        int64_t value = (int64_t)(rng_next(&rng) >> (1 + i % 63));
        struct lateness l = { 0 };
        int64_t back;

        lateness_add(&l, value);
        lateness_add(&l, INT64_MAX); /* so that the largest does not help */
        back = lateness_quantile_ns(&l, 0.5);
        assert_true(back >= value);
        assert_true(back - value <= value / 16);
    }
    (void)state;
}

static void quantiles_are_ranks(void **state)
{
    static struct lateness l;

    for (int i = 1; i <= 1000; i++)
        lateness_add(&l, i <= 990 ? 10 : i <= 999 ? 20 : 30);
    assert_int_equal(lateness_quantile_ns(&l, 0.5), 10);
    assert_int_equal(lateness_quantile_ns(&l, 0.99), 10);
    assert_int_equal(lateness_quantile_ns(&l, 0.991), 20);
    assert_int_equal(lateness_quantile_ns(&l, 0.999), 20);
    assert_int_equal(lateness_quantile_ns(&l, 1), 30);
    (void)state;
}

static void of_nothing_there_is_no_quantile(void **state)
{
    static const struct lateness NOTHING;

    assert_int_equal(lateness_quantile_ns(&NOTHING, 0.5), -1);
    (void)state;
}

static void nobody_is_woken_too_early(void **state)
{
    struct lateness l = { 0 };

    lateness_add(&l, -5);
    assert_int_equal(lateness_quantile_ns(&l, 0.5), 0);
    assert_int_equal(l.max_ns, 0);
    (void)state;
}

static void waiting_for_a_turn_is_not_the_machines_doing(void **state)
{
    struct turns t = { 0, 1000, 0 };

    assert_int_equal(turns_late_ns(&t, 15000, 15070, 1000), 70);
    assert_int_equal(turns_late_ns(&t, 30000, 32700, 3650), 50);
    assert_int_equal(turns_late_ns(&t, 45000, 45080, 3650), 80);
    (void)state;
}

/* 40 too late, of which the last 30 was waiting: the moments that were missed in it are excused. */
static void one_wait_excuses_all_moments_that_it_covers(void **state)
{
    struct turns t = { 0, 0, 0 };

    assert_int_equal(turns_late_ns(&t, 15, 55, 30), 10);
    assert_int_equal(turns_late_ns(&t, 30, 55, 30), -5);
    assert_int_equal(turns_late_ns(&t, 45, 56, 31), -20);
    assert_int_equal(turns_late_ns(&t, 60, 62, 31), 2);
    (void)state;
}

static void a_kernel_that_tells_no_waiting_excuses_none(void **state)
{
    struct turns t = { 0, -1, 0 };

    assert_int_equal(turns_late_ns(&t, 15000, 17700, -1), 2700);
    (void)state;
}

/* ---- the clock ---- */

static struct clock_watch looks(const struct clock_pair *pairs, size_t count)
{
    struct clock_watch w = { 0 };

    for (size_t i = 0; i < count; i++)
        clock_watch_look(&w, pairs[i]);
    return w;
}

static void a_jump_is_what_one_clock_advanced_more_than_the_other(void **state)
{
    static const struct clock_pair forward[] = {
        {1000,                        500                      },
        { 1000 + 4 * MILLISECOND_NS,  500 + 4 * MILLISECOND_NS },
        { 1000 + 48 * MILLISECOND_NS, 500 + 8 * MILLISECOND_NS },
        { 1000 + 52 * MILLISECOND_NS, 500 + 12 * MILLISECOND_NS},
    };
    static const struct clock_pair back[] = {
        {1000,                        500                     },
        { 1000 - 36 * MILLISECOND_NS, 500 + 4 * MILLISECOND_NS},
    };
    /* Both stood still as long: the machine slept, the clock is right. */
    static const struct clock_pair asleep[] = {
        {0,          0        },
        { SECOND_NS, SECOND_NS}
    };
    struct clock_watch w = looks(forward, 4);

    assert_int_equal(w.jump_ns, 40 * MILLISECOND_NS);
    w = looks(back, 2);
    assert_int_equal(w.jump_ns, 40 * MILLISECOND_NS);
    w = looks(asleep, 2);
    assert_int_equal(w.jump_ns, 0);
    (void)state;
}

static void drift_is_told_over_a_tenth_of_a_second_and_more(void **state)
{
    static const struct clock_pair second[] = {
        {0,                  0        },
        { SECOND_NS + 20000, SECOND_NS}
    };
    static const struct clock_pair moment[] = {
        {0,                      0             },
        { MILLISECOND_NS + 2000, MILLISECOND_NS}
    };
    struct clock_watch w = looks(second, 2);

    assert_true(fabs(clock_watch_drift_ppm(&w) - 20) < 1e-6);
    w = looks(moment, 2);
    assert_true(isnan(clock_watch_drift_ppm(&w)));
    w = looks(NULL, 0);
    assert_true(isnan(clock_watch_drift_ppm(&w)));
    (void)state;
}

static void a_window_forgets_the_jump_before_it_and_keeps_the_one_across(void **state)
{
    static const struct clock_pair before[] = {
        {0,                    0                 },
        { 44 * MILLISECOND_NS, 4 * MILLISECOND_NS}
    };
    struct clock_watch w = looks(before, 2);

    clock_watch_restart(&w);
    assert_int_equal(w.jump_ns, 0);
    clock_watch_look(&w, (struct clock_pair){ 55 * MILLISECOND_NS, 8 * MILLISECOND_NS });
    assert_int_equal(w.jump_ns, 7 * MILLISECOND_NS);
    (void)state;
}

/* ---- the thread ---- */

/* However soon it is stopped, it was woken once. */
static void it_starts_and_stops(void **state)
{
    struct hiccup *hiccup;
    struct hiccup_found found;
    struct error err;

    assert_true(hiccup_start(-1, &hiccup, &err));
    found = hiccup_stop(hiccup);
    assert_true(found.samples >= 1);
    assert_true(found.p50_ns >= 0 && found.p50_ns <= found.p99_ns);
    assert_true(found.p99_ns <= found.p999_ns && found.p999_ns <= found.max_ns);
    assert_true(found.clock_step_ns > 0);
    (void)state;
}

static void what_was_due_before_the_window_is_forgotten(void **state)
{
    struct hiccup *hiccup;
    struct hiccup_found found;
    struct error err;

    assert_true(hiccup_start(-1, &hiccup, &err));
    hiccup_restart(hiccup);
    found = hiccup_stop(hiccup);
    /* One moment lies before it or none, as the thread came to run. */
    assert_true(found.samples == -1 || found.samples >= 1);
    assert_true(found.clock_step_ns > 0);
    (void)state;
}

static void a_cpu_that_is_not_there_is_an_error(void **state)
{
    struct hiccup *hiccup = NULL;
    struct error err;

    assert_false(hiccup_start(1023, &hiccup, &err));
    assert_null(hiccup);
    (void)state;
}

static void without_a_thread_nothing_is_known(void **state)
{
    struct hiccup_found found = hiccup_stop(NULL);

    hiccup_restart(NULL);
    assert_int_equal(found.samples, -1);
    assert_int_equal(found.max_ns, -1);
    assert_int_equal(found.clock_jump_ns, -1);
    assert_true(isnan(found.clock_drift_ppm));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_comes_back_to_a_sixteenth_and_never_smaller),
        cmocka_unit_test(quantiles_are_ranks),
        cmocka_unit_test(of_nothing_there_is_no_quantile),
        cmocka_unit_test(nobody_is_woken_too_early),
        cmocka_unit_test(waiting_for_a_turn_is_not_the_machines_doing),
        cmocka_unit_test(one_wait_excuses_all_moments_that_it_covers),
        cmocka_unit_test(a_kernel_that_tells_no_waiting_excuses_none),
        cmocka_unit_test(a_jump_is_what_one_clock_advanced_more_than_the_other),
        cmocka_unit_test(drift_is_told_over_a_tenth_of_a_second_and_more),
        cmocka_unit_test(a_window_forgets_the_jump_before_it_and_keeps_the_one_across),
        cmocka_unit_test(it_starts_and_stops),
        cmocka_unit_test(what_was_due_before_the_window_is_forgotten),
        cmocka_unit_test(a_cpu_that_is_not_there_is_an_error),
        cmocka_unit_test(without_a_thread_nothing_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
