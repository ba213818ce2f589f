/* tests/unit/load_test.c -- what a load is where nobody said otherwise, and the names of outcomes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aborts.h"
#include "load/load.h"
#include "load/outcome.h"

static void the_default_load_is_the_one_of_the_help_text(void **state)
{
    struct load load = load_default();

    load_complete(&load);
    assert_int_equal(load.model, LOAD_CLOSED);
    assert_int_equal(load.connections, 10);
    assert_int_equal(load.threads, 1);
    assert_int_equal(load.arrivals, PACER_POISSON);
    assert_int_equal(load.duration_ns, 10 * SECOND_NS);
    assert_int_equal(load.warmup_ns, SECOND_NS);
    assert_int_equal(load.timeout_ns, 5 * SECOND_NS);
    assert_int_equal(load.requests, 0);
    assert_true(load.keepalive);
    (void)state;
}

static void a_load_by_count_has_no_warmup_unless_told(void **state)
{
    struct load load = load_default();

    load.duration_ns = 0;
    load.requests = 1000;
    load_complete(&load);
    assert_int_equal(load.warmup_ns, 0);
    load.warmup_ns = SECOND_NS;
    load_complete(&load);
    assert_int_equal(load.warmup_ns, SECOND_NS);
    (void)state;
}

static void a_warm_up_by_count_stays_one_and_comes_before_the_first_stage(void **state)
{
    static struct load_stage stages[] = {
        {.connections = 1,  .requests = 5},
        { .connections = 2, .requests = 5}
    };
    struct load load = load_default();

    load.warmup_ns = 0;
    load.warmup_requests = 500;
    load_complete(&load);
    assert_int_equal(load.warmup_ns, 0);
    assert_true(load_warms_up(&load));
    load_set_stages(&load, stages, 2);
    assert_int_equal(load_drive(&load, 0).warmup_requests, 500);
    load = load_drive(&load, 1);
    assert_false(load_warms_up(&load));
    (void)state;
}

static void what_was_given_stays(void **state)
{
    struct load load = load_default();

    load.warmup_ns = 0;
    load.connections = 3;
    load.threads = 2;
    load_complete(&load);
    assert_int_equal(load.warmup_ns, 0);
    assert_int_equal(load.connections, 3);
    (void)state;
}

static void every_thread_has_a_connection(void **state)
{
    struct load load = load_default();

    load.threads = 16;
    load_complete(&load);
    assert_int_equal(load.connections, 16);
    (void)state;
}

static void complete(void *load)
{
    load_complete(load);
}

static void a_load_without_end_or_with_two_stops_the_program(void **state)
{
    struct load load = load_default();

    assert_false(aborts(complete, &load));
    load.requests = 1;
    assert_true(aborts(complete, &load));
    load.requests = 0;
    load.duration_ns = 0;
    assert_true(aborts(complete, &load));
    (void)state;
}

/* The keys of the JSON contract. */
static void outcomes_are_named_as_in_the_contract(void **state)
{
    static const char *const names[] = { "ok",       "connect", "reset", "closed_early", "timeout",
                                         "protocol", "status",  "body",  "tls" };

    assert_int_equal(sizeof(names) / sizeof(names[0]), OUTCOME_KINDS);
    for (unsigned kind = 0; kind < OUTCOME_KINDS; kind++) {
        assert_string_equal(outcome_name((enum outcome)kind), names[kind]);
        assert_int_equal(outcome_named(slice_of(names[kind])), kind);
    }
    assert_int_equal(outcome_named(SLICE("")), OUTCOME_KINDS);
    assert_int_equal(outcome_named(SLICE("okay")), OUTCOME_KINDS);
    (void)state;
}

static void name_no_outcome(void *unused)
{
    (void)unused;
    outcome_name(OUTCOME_KINDS);
}

static void an_outcome_out_of_range_stops_the_program(void **state)
{
    assert_true(aborts(name_no_outcome, NULL));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_load_is_the_one_of_the_help_text),
        cmocka_unit_test(a_load_by_count_has_no_warmup_unless_told),
        cmocka_unit_test(a_warm_up_by_count_stays_one_and_comes_before_the_first_stage),
        cmocka_unit_test(what_was_given_stays),
        cmocka_unit_test(every_thread_has_a_connection),
        cmocka_unit_test(a_load_without_end_or_with_two_stops_the_program),
        cmocka_unit_test(outcomes_are_named_as_in_the_contract),
        cmocka_unit_test(an_outcome_out_of_range_stops_the_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
