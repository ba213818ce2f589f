/* tests/unit/pacer_test.c -- the timetable of an open-loop test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "aborts.h"
#include "load/pacer.h"

/* The sender sleeps through one second at 1000/s. Every request of that second must still come
 * out, each stamped with the moment it should have left. */
static void a_stall_does_not_erase_demand(void **state)
{
    struct pacer p;
    struct mono due = { 0 };
    int taken = 0;

    pacer_init(&p, PACER_EVEN, 1000.0, (struct mono){ 0 }, 1);
    while (pacer_take(&p, (struct mono){ SECOND_NS - 1 }, &due))
        assert_int_equal(due.ns, taken++ * (SECOND_NS / 1000));
    assert_int_equal(taken, 1000);
    (void)state;
}

static void nothing_is_due_before_its_time(void **state)
{
    struct mono start = { 7 * SECOND_NS };
    struct mono due = { -1 };
    struct pacer p;

    pacer_init(&p, PACER_EVEN, 10.0, start, 1);
    assert_false(pacer_take(&p, (struct mono){ start.ns - 1 }, &due));
    assert_int_equal(due.ns, -1);
    assert_true(pacer_take(&p, start, &due));
    assert_int_equal(due.ns, start.ns);
    assert_int_equal(pacer_next(&p).ns, start.ns + SECOND_NS / 10);
    assert_false(pacer_take(&p, (struct mono){ pacer_next(&p).ns - 1 }, &due));
    assert_true(pacer_take(&p, pacer_next(&p), &due));
    assert_int_equal(p.taken, 2);
    (void)state;
}

/* A third of a nanosecond lost at each request would be a third of a second after 1e9. */
static void even_does_not_drift_in_a_billion_requests(void **state)
{
    struct pacer p;
    struct mono due;

    pacer_init(&p, PACER_EVEN, 3000.0, (struct mono){ 0 }, 1);
    p.taken = 999999999;
    assert_true(pacer_take(&p, pacer_next(&p), &due));
    assert_int_equal(p.taken, 1000000000);
    assert_int_equal(pacer_next(&p).ns, INT64_C(333333333333333)); /* 1e9 / 3000 s */
    (void)state;
}

/* Gaps of a Poisson process are exponential: their variance is the square of their mean. */
static void poisson_gaps_have_the_mean_and_variance_they_should(void **state)
{
    enum { GAPS = 200000 };
    const double mean_ns = 1e9 / 20000;
    double sum = 0, squares = 0;
    int64_t longer = 0;
    struct pacer p;
    struct mono due;

    pacer_init(&p, PACER_POISSON, 20000.0, (struct mono){ 0 }, 5);
    for (int i = 0; i < GAPS; i++) {
        struct mono before = pacer_next(&p);
        double gap;

        assert_true(pacer_take(&p, before, &due));
        gap = (double)mono_diff_ns(before, pacer_next(&p));
        assert_true(gap >= 0);
        sum += gap;
        squares += gap * gap;
        longer += gap > 3 * mean_ns;
    }
    /* Each within five standard errors. */
    assert_true(fabs(sum / GAPS / mean_ns - 1) < 5 / sqrt(GAPS));
    assert_true(fabs((squares / GAPS - pow(sum / GAPS, 2)) / pow(mean_ns, 2) - 1) <
                5 * sqrt(8.0 / GAPS));
    assert_true(fabs((double)longer / GAPS - exp(-3)) < 5 * sqrt(exp(-3) / GAPS));
    (void)state;
}

static void one_seed_gives_one_timetable_whenever_it_is_asked(void **state)
{
    struct mono due_of_often, due_of_once;
    struct pacer often, once, other;
    int differing = 0;

    pacer_init(&often, PACER_POISSON, 1000.0, (struct mono){ 0 }, 9);
    pacer_init(&once, PACER_POISSON, 1000.0, (struct mono){ 0 }, 9);
    pacer_init(&other, PACER_POISSON, 1000.0, (struct mono){ 0 }, 10);
    for (int i = 0; i < 1000; i++) {
        assert_true(pacer_take(&often, pacer_next(&often), &due_of_often));
        assert_true(pacer_take(&once, (struct mono){ 3600 * SECOND_NS }, &due_of_once));
        assert_int_equal(due_of_often.ns, due_of_once.ns);
        differing += pacer_next(&other).ns != due_of_once.ns;
        assert_true(pacer_take(&other, pacer_next(&other), &due_of_once));
    }
    assert_true(differing > 990);
    (void)state;
}

static void start_at_rate(void *rate)
{
    struct pacer p;

    pacer_init(&p, PACER_EVEN, *(double *)rate, (struct mono){ 0 }, 1);
}

static void a_rate_that_is_none_stops_the_program(void **state)
{
    assert_true(aborts(start_at_rate, &(double){ 0 }));
    assert_true(aborts(start_at_rate, &(double){ -1 }));
    assert_true(aborts(start_at_rate, &(double){ (double)NAN }));
    assert_true(aborts(start_at_rate, &(double){ (double)INFINITY }));
    assert_false(aborts(start_at_rate, &(double){ 0.001 }));
    assert_true(aborts(start_at_rate, &(double){ 1e-10 }));
    (void)state;
}

static void the_longest_gap_is_still_a_moment(void **state)
{
    const struct mono start = { 7 * SECOND_NS };

    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct mono due;
        struct pacer p;

        pacer_init(&p, PACER_POISSON, 1e9 / PACER_GAP_MAX_NS, start, seed);
        assert_true(pacer_next(&p).ns > start.ns);
        assert_true(pacer_take(&p, pacer_next(&p), &due));
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stall_does_not_erase_demand),
        cmocka_unit_test(nothing_is_due_before_its_time),
        cmocka_unit_test(even_does_not_drift_in_a_billion_requests),
        cmocka_unit_test(poisson_gaps_have_the_mean_and_variance_they_should),
        cmocka_unit_test(one_seed_gives_one_timetable_whenever_it_is_asked),
        cmocka_unit_test(a_rate_that_is_none_stops_the_program),
        cmocka_unit_test(the_longest_gap_is_still_a_moment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
