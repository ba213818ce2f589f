/* run/around on the recorded machines of tests/data/machine, at moments that the test chooses. The
 * thread that watches for hiccups is a real one. */
#include "run/around.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SERVER 4242

static char before[512], after[512];
static struct around around;
static struct machine_change machine;
static struct hiccup_found hiccup;

static struct mono at_ms(int64_t ms)
{
    return (struct mono){ 77 * SECOND_NS + ms * MILLISECOND_NS };
}

static int begin(void **state)
{
    const char *data = getenv("ASSAY_TEST_DATA");

    if (data == NULL)
        data = "tests/data";
    snprintf(before, sizeof(before), "%s/machine/metal/before", data);
    snprintf(after, sizeof(after), "%s/machine/metal/after", data);
    machine = machine_change_unknown();
    hiccup = hiccup_unknown();
    around_start(&around, before, -1);
    (void)state;
    return 0;
}

static int end(void **state)
{
    around_stop(&around);
    (void)state;
    return 0;
}

static void a_window_has_the_machines_change_and_the_hiccups(void **state)
{
    around_window_begins(&around, at_ms(0), SERVER, 5 * SECOND_NS, &machine);
    assert_int_equal(machine.span_ns, 0);
    around.root = after;
    around_window_ends(&around, at_ms(10000), 11 * SECOND_NS, &machine, &hiccup);
    assert_int_equal(machine.span_ns, 10 * SECOND_NS);
    assert_true(fabs(machine.steal_share - 0.087) < 1e-9);
    assert_true(fabs(machine.steal_share_worst - 0.087) < 1e-9);
    assert_true(fabs(machine.foreign_cores - 0.13) < 1e-9);
    assert_int_equal(machine.listen_overflows, 312);
    assert_true(fabs(machine.frequency_min_share - 0.75) < 1e-9);
    assert_true(hiccup.clock_step_ns > 0);
    (void)state;
}

static void the_card_on_the_way_to_the_target_is_looked_at(void **state)
{
    const char *data = getenv("ASSAY_TEST_DATA");
    struct addr away = { .in = { .sin_family = AF_INET } }, here = addr_loopback(80);

    if (data == NULL)
        data = "tests/data";
    snprintf(before, sizeof(before), "%s/link/before", data);
    snprintf(after, sizeof(after), "%s/link/after", data);
    away.in.sin_addr.s_addr = htonl(0x0a000007);
    for (int local = 0; local < 2; local++) {
        around.root = before;
        around.link[0] = '\0';
        around_target(&around, local ? &here : &away);
        around_window_begins(&around, at_ms(0), 0, -1, &machine);
        around.root = after;
        around_window_ends(&around, at_ms(10000), -1, &machine, &hiccup);
        assert_int_equal(machine.link_dropped, local ? -1 : 12);
        assert_int_equal(machine.link_bits_per_sec, local ? -1 : 1000000000);
        assert_true(local ? isnan(machine.link_share) : fabs(machine.link_share - 0.93) < 1e-9);
    }
    (void)state;
}

/* What was stolen in one second of three, and is a smaller share of all. */
static void the_worst_second_is_kept(void **state)
{
    around_window_begins(&around, at_ms(0), SERVER, -1, &machine);
    around.root = after;
    around_in_window(&around, at_ms(999), &machine);
    assert_true(isnan(machine.steal_share_worst));
    around_in_window(&around, at_ms(1000), &machine);
    assert_true(fabs(machine.steal_share_worst - 0.087) < 1e-9);
    around_in_window(&around, at_ms(2000), &machine);
    around_window_ends(&around, at_ms(3000), 11 * SECOND_NS, &machine, &hiccup);
    assert_true(fabs(machine.steal_share_worst - 0.087) < 1e-9);
    assert_true(isnan(machine.foreign_cores)); /* what was ours at the begin is unknown */
    (void)state;
}

static void a_window_that_begins_anew_forgets_the_one_before(void **state)
{
    around_window_begins(&around, at_ms(0), SERVER, 0, &machine);
    around.root = after;
    around_in_window(&around, at_ms(1000), &machine);
    around_window_begins(&around, at_ms(2000), SERVER, 0, &machine);
    assert_true(isnan(machine.steal_share_worst));
    around_window_ends(&around, at_ms(3000), 0, &machine, &hiccup);
    assert_int_equal(machine.span_ns, SECOND_NS);
    assert_true(machine.steal_share == 0);
    assert_int_equal(machine.listen_overflows, 0);
    (void)state;
}

static void without_a_window_nothing_is_known(void **state)
{
    around_in_window(&around, at_ms(1000), &machine);
    around_window_ends(&around, at_ms(2000), 0, &machine, &hiccup);
    assert_int_equal(machine.span_ns, 0);
    assert_true(isnan(machine.steal_share));
    assert_int_equal(hiccup.samples, -1);
    (void)state;
}

static void without_a_thread_the_machine_is_known_all_the_same(void **state)
{
    around_stop(&around);
    around_start(&around, before, 1023); /* there is no such CPU */
    around_window_begins(&around, at_ms(0), 0, 0, &machine);
    around_window_ends(&around, at_ms(1000), 0, &machine, &hiccup);
    assert_int_equal(machine.span_ns, SECOND_NS);
    assert_int_equal(hiccup.samples, -1);
    assert_int_equal(hiccup.clock_step_ns, -1);
    (void)state;
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_window_has_the_machines_change_and_the_hiccups),
        test(the_card_on_the_way_to_the_target_is_looked_at),
        test(the_worst_second_is_kept),
        test(a_window_that_begins_anew_forgets_the_one_before),
        test(without_a_window_nothing_is_known),
        test(without_a_thread_the_machine_is_known_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
