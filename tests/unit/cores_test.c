/* tests/unit/cores_test.c -- on which CPUs a variant with the factor `cores` runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "run/cores.h"

/* Three CPUs for targets, the last one for the generator. */
static const struct places FOUR = {
    .server = {0,  2, 4 },
      .server_count = 3, .client = { 6},
      .client_count = 1
};

static void without_the_factor_a_variant_runs_where_targets_run(void **state)
{
    const struct variant variant = { .cores = 0 };
    struct places places;
    struct error err;

    (void)state;
    assert_true(cores_places(&FOUR, &variant, &places, &err));
    assert_memory_equal(&places, &FOUR, sizeof(FOUR));
}

static void fewer_cores_are_the_first_ones_of_the_targets(void **state)
{
    const struct variant variant = { .cores = 2 };
    struct places places;
    struct error err;

    (void)state;
    assert_true(cores_places(&FOUR, &variant, &places, &err));
    assert_int_equal(places.server_count, 2);
    assert_int_equal(places.server[0], 0);
    assert_int_equal(places.server[1], 2);
    assert_int_equal(places.client_count, 1);
    assert_int_equal(places.client[0], 6);
}

static void the_generators_core_is_shared_only_when_the_others_do_not_suffice(void **state)
{
    const struct variant three = { .cores = 3 }, four = { .cores = 4 };
    struct places places;
    struct error err;

    (void)state;
    assert_true(cores_places(&FOUR, &three, &places, &err));
    assert_int_equal(places.server[2], 4);
    assert_true(cores_places(&FOUR, &four, &places, &err));
    assert_int_equal(places.server_count, 4);
    assert_int_equal(places.server[3], 6);
}

static void a_core_that_both_use_already_counts_once(void **state)
{
    const struct places both = {
        .server = {0,  1 },
          .server_count = 2, .client = { 1},
          .client_count = 1
    };
    const struct variant two = { .cores = 2 }, three = { .cores = 3 };
    struct places places;
    struct error err;

    (void)state;
    assert_true(cores_places(&both, &two, &places, &err));
    assert_false(cores_places(&both, &three, &places, &err));
}

static void more_cores_than_there_are_is_refused_with_both_numbers(void **state)
{
    const struct variant variant = { .cores = 5 };
    struct places places = { .server_count = 77 };
    struct error err;

    (void)state;
    assert_false(cores_places(&FOUR, &variant, &places, &err));
    assert_string_equal(err.text, "needs 5 cores, this run has 4");
    assert_int_equal(places.server_count, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_factor_a_variant_runs_where_targets_run),
        cmocka_unit_test(fewer_cores_are_the_first_ones_of_the_targets),
        cmocka_unit_test(the_generators_core_is_shared_only_when_the_others_do_not_suffice),
        cmocka_unit_test(a_core_that_both_use_already_counts_once),
        cmocka_unit_test(more_cores_than_there_are_is_refused_with_both_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
