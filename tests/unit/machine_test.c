/* probe/machine on recorded trees: tests/data/machine/README says what they hold. The wanted
 * figures were worked out by hand from the recordings. */
#include "probe/machine.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define SERVER 4242 /* of tests/data/machine/metal */

static struct machine_sample from, to;
static struct machine_change change;

static void read_tree(const char *name, int32_t net_pid, int64_t at_ms,
                      struct machine_sample *ret_sample)
{
    const char *data = getenv("ASSAY_TEST_DATA");
    char root[512];

    snprintf(root, sizeof(root), "%s/machine/%s", data != NULL ? data : "tests/data", name);
    machine_sample_read(root, net_pid, at_ms * MILLISECOND_NS, ret_sample);
}

static int begin(void **state)
{
    change = machine_change_unknown();
    (void)state;
    return 0;
}

static void metal(int32_t net_pid)
{
    read_tree("metal/before", net_pid, 5000, &from);
    read_tree("metal/after", net_pid, 15000, &to);
}

#define assert_near(is, wanted) assert_true(fabs((is) - (wanted)) < 1e-9)

static void a_virtual_machine_says_what_it_knows(void **state)
{
    read_tree("vm/before", 0, 0, &from);
    read_tree("vm/after", 0, 3100, &to);
    assert_int_equal(from.cpu_count, 2);
    machine_change_between(&from, &to, 4170 * MILLISECOND_NS, &change);
    assert_int_equal(change.span_ns, 3100 * MILLISECOND_NS);
    assert_near(change.steal_share, 1.0 / 618);
    assert_near(change.foreign_cores, (6.17 - 4.17) / 3.1);
    assert_near(change.softirq_share_worst, 0.56 / 3.1);
    assert_near(change.memory_full_share, 0);
    assert_near(change.io_full_share, 0.004712 / 3.1);
    assert_int_equal(change.throttled, 0);
    assert_int_equal(change.segments_resent, 0);
    assert_near(change.resent_share, 0);
    assert_int_equal(change.listen_overflows, 0);
    assert_int_equal(change.listen_drops, 0);
    assert_int_equal(change.syn_retrans, 0);
    assert_int_equal(change.softnet_dropped, 0);
    assert_int_equal(change.softnet_squeezed, 1);
    (void)state;
}

/* No cpufreq, no thermal counters: that is not the same as a steady clock and a cool core. */
static void what_a_virtual_machine_does_not_tell_is_unknown(void **state)
{
    read_tree("vm/before", 0, 0, &from);
    read_tree("vm/after", 0, 3100, &to);
    machine_change_between(&from, &to, -1, &change);
    machine_change_second(&from, &to, &change);
    assert_int_equal(change.thermal, -1);
    assert_true(isnan(change.frequency_min_share));
    assert_true(isnan(change.foreign_cores)); /* nobody said what was ours */
    assert_near(change.time_wait_share, 58406.0 / 131072);
    (void)state;
}

static void stolen_time_is_a_share_of_the_busy_time(void **state)
{
    metal(SERVER);
    machine_change_between(&from, &to, 7 * SECOND_NS, &change);
    assert_near(change.steal_share, 0.087);
    assert_true(isnan(change.steal_share_worst)); /* that is fed by the second */
    machine_change_second(&from, &to, &change);
    assert_near(change.steal_share_worst, 0.087);
    (void)state;
}

/* Where interrupts are timed apart they are in nobody's CPU time, ours neither. */
static void other_programs_are_what_is_busy_without_us(void **state)
{
    metal(SERVER);
    assert_true(to.irq_apart);
    machine_change_between(&from, &to, 7 * SECOND_NS, &change);
    assert_near(change.foreign_cores, (7.30 - 7.0) / 10);
    to.irq_apart = false;
    machine_change_between(&from, &to, 7 * SECOND_NS, &change);
    assert_near(change.foreign_cores, (9.13 - 7.0) / 10);
    machine_change_between(&from, &to, 9500 * MILLISECOND_NS, &change);
    assert_near(change.foreign_cores, 0); /* our clock is finer than the kernel's ticks */
    (void)state;
}

static void heat_throttling_and_pressure_are_differences(void **state)
{
    metal(SERVER);
    machine_change_between(&from, &to, -1, &change);
    assert_int_equal(change.thermal, 5);
    assert_int_equal(change.throttled, 17);
    assert_near(change.memory_full_share, 0.02 / 10);
    assert_near(change.io_full_share, 0.3 / 10);
    assert_near(change.softirq_share_worst, 1.6 / 10);
    (void)state;
}

static void the_network_is_that_of_the_servers_namespace(void **state)
{
    metal(SERVER);
    machine_change_between(&from, &to, -1, &change);
    assert_int_equal(change.listen_overflows, 312);
    assert_int_equal(change.listen_drops, 315);
    assert_int_equal(change.timeouts, 8);
    assert_int_equal(change.backlog_drops, 2);
    assert_int_equal(change.receive_drops, 1);
    assert_int_equal(change.request_queue_drops, 6);
    assert_int_equal(change.time_wait_overflows, 4);
    assert_int_equal(change.syn_retrans, 9);
    assert_int_equal(change.segments_resent, 40);
    assert_near(change.resent_share, 40 / 400000.0);
    assert_int_equal(change.softnet_dropped, 3);
    assert_int_equal(change.softnet_squeezed, 21);
    (void)state;
}

static void a_namespace_that_is_gone_is_unknown(void **state)
{
    read_tree("metal/before", SERVER, 0, &from);
    read_tree("metal/after", 4711, 1000, &to);
    machine_change_between(&from, &to, -1, &change);
    machine_change_second(&to, &to, &change);
    assert_int_equal(change.listen_overflows, -1);
    assert_int_equal(change.segments_resent, -1);
    assert_true(isnan(change.resent_share));
    assert_int_equal(change.softnet_dropped, -1);
    assert_true(isnan(change.time_wait_share));
    assert_near(change.steal_share, 0.087); /* of the machine */
    (void)state;
}

static void extremes_are_the_worst_of_all_seconds(void **state)
{
    metal(SERVER);
    machine_change_second(&from, &to, &change);
    machine_change_second(&from, &from, &change);
    assert_near(change.time_wait_share, 57344.0 / 65536);
    assert_near(change.frequency_min_share, 0.75);
    assert_near(change.steal_share_worst, 0.087);
    (void)state;
}

/* One tick of five would be 20 %, and is the kernel's coarseness. */
static void a_second_in_which_little_was_busy_proves_no_theft(void **state)
{
    metal(SERVER);
    to = from;
    to.cpus[0].busy_ns += 40 * MILLISECOND_NS;
    to.cpus[0].steal_ns += 10 * MILLISECOND_NS;
    machine_change_second(&from, &to, &change);
    assert_near(change.steal_share_worst, 0.05);
    (void)state;
}

static void assert_all_unknown(void)
{
    assert_true(isnan(change.steal_share) && isnan(change.steal_share_worst));
    assert_true(isnan(change.foreign_cores) && isnan(change.softirq_share_worst));
    assert_true(isnan(change.memory_full_share) && isnan(change.io_full_share));
    assert_true(isnan(change.resent_share) && isnan(change.time_wait_share));
    assert_true(isnan(change.frequency_min_share));
    assert_int_equal(change.throttled, -1);
    assert_int_equal(change.thermal, -1);
    assert_int_equal(change.listen_overflows, -1);
    assert_int_equal(change.listen_drops, -1);
    assert_int_equal(change.softnet_dropped, -1);
    assert_int_equal(change.time_wait_overflows, -1);
}

static void where_nothing_can_be_read_nothing_is_known(void **state)
{
    machine_sample_read("/nowhere", 0, 0, &from);
    machine_sample_read("/nowhere", 0, SECOND_NS, &to);
    machine_change_between(&from, &to, SECOND_NS, &change);
    machine_change_second(&from, &to, &change);
    assert_int_equal(from.cpu_count, 0);
    assert_int_equal(change.span_ns, SECOND_NS);
    assert_all_unknown();
    (void)state;
}

static void one_border_is_no_difference(void **state)
{
    metal(SERVER);
    machine_sample_read("/nowhere", 0, 0, &from);
    machine_change_between(&from, &to, SECOND_NS, &change);
    assert_true(isnan(change.steal_share));
    assert_int_equal(change.listen_overflows, -1);
    assert_int_equal(change.throttled, -1);
    (void)state;
}

static void between_a_moment_and_itself_nothing_is_known(void **state)
{
    metal(SERVER);
    machine_change_between(&to, &to, SECOND_NS, &change);
    assert_int_equal(change.span_ns, 0);
    assert_all_unknown();
    (void)state;
}

static void a_counter_that_went_down_is_another_one(void **state)
{
    metal(SERVER);
    from.listen_overflows = 1000;
    machine_change_between(&from, &to, -1, &change);
    assert_int_equal(change.listen_overflows, -1);
    assert_int_equal(change.listen_drops, 315);
    (void)state;
}

static void a_cpu_that_was_taken_away_does_not_count(void **state)
{
    metal(SERVER);
    to.cpus[1].online = false;
    machine_change_between(&from, &to, 0, &change);
    assert_near(change.steal_share, 87.0 / (630 + 87));
    (void)state;
}

/* ---- control groups ---- */

static char root[] = "/tmp/assay-machine-XXXXXX";

static void put(const char *path, const char *text)
{
    char command[512], full[256];
    FILE *file;

    snprintf(full, sizeof(full), "%s%s", root, path);
    snprintf(command, sizeof(command), "mkdir -p \"$(dirname %s)\"", full);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
    file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int64_t throttled(void)
{
    machine_sample_read(root, 0, 0, &to);
    return to.throttled;
}

static int end(void **state)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s/*", root);
    (void)state;
    return system(command); /* NOLINT(cert-env33-c) */
}

static void groups_without_a_limit_up_to_the_machines_root_were_not_throttled(void **state)
{
    put("/proc/self/cgroup", "0::/user.slice\n");
    assert_int_equal(throttled(), -1);
    put("/sys/fs/cgroup/user.slice/cpu.stat", "usage_usec 5\n");
    put("/sys/fs/cgroup/cpu.stat", "usage_usec 5\n");
    assert_int_equal(throttled(), 0);
    /* A container's root has events: what limits it may stand outside. */
    put("/sys/fs/cgroup/cgroup.events", "populated 1\n");
    assert_int_equal(throttled(), -1);
    put("/sys/fs/cgroup/cpu.stat", "usage_usec 5\nnr_throttled 3\n");
    assert_int_equal(throttled(), 3);
    (void)state;
}

/* A container sees the path that its group has outside. */
static void the_first_version_counts_where_it_has_the_cpu(void **state)
{
    put("/proc/self/cgroup", "4:cpu,cpuacct:/docker/7\n2:cpuset:/x\n0::/\n");
    put("/sys/fs/cgroup/cpu.stat", "nr_throttled 1\n");
    assert_int_equal(throttled(), -1);
    put("/sys/fs/cgroup/cpu/cpu.stat", "nr_periods 9\nnr_throttled 6\n");
    assert_int_equal(throttled(), 6);
    put("/sys/fs/cgroup/cpu/docker/7/cpu.stat", "nr_throttled 2\n");
    assert_int_equal(throttled(), 8);
    (void)state;
}

static void more_cpus_than_there_is_room_for_are_unknown(void **state)
{
    put("/proc/stat", "cpu  1 1 1 1 1 1 1 1\ncpu0 1 1 1 1 1 1 1 1\ncpu255 1 1 1 1 1 1 1 1\n");
    machine_sample_read(root, 0, 0, &to);
    assert_int_equal(to.cpu_count, 256);
    put("/proc/stat", "cpu  1 1 1 1 1 1 1 1\ncpu0 1 1 1 1 1 1 1 1\ncpu256 1 1 1 1 1 1 1 1\n");
    machine_sample_read(root, 0, 0, &to);
    assert_int_equal(to.cpu_count, 0);
    (void)state;
}

#define test(name) cmocka_unit_test_setup(name, begin)
#define made(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_virtual_machine_says_what_it_knows),
        test(what_a_virtual_machine_does_not_tell_is_unknown),
        test(stolen_time_is_a_share_of_the_busy_time),
        test(other_programs_are_what_is_busy_without_us),
        test(heat_throttling_and_pressure_are_differences),
        test(the_network_is_that_of_the_servers_namespace),
        test(a_namespace_that_is_gone_is_unknown),
        test(extremes_are_the_worst_of_all_seconds),
        test(a_second_in_which_little_was_busy_proves_no_theft),
        test(where_nothing_can_be_read_nothing_is_known),
        test(one_border_is_no_difference),
        test(between_a_moment_and_itself_nothing_is_known),
        test(a_counter_that_went_down_is_another_one),
        test(a_cpu_that_was_taken_away_does_not_count),
        made(groups_without_a_limit_up_to_the_machines_root_were_not_throttled),
        made(the_first_version_counts_where_it_has_the_cpu),
        made(more_cpus_than_there_is_room_for_are_unknown),
    };
    int failed;

    if (mkdtemp(root) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(root);
    return failed;
}
