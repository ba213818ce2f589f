/* tests/unit/watch_test.c -- what is written down of a server's processes while a trial goes on.
 * The processes are files that the test writes, the moments numbers that it chooses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/watch.h"

#define ANCESTOR 100

/* ---- a /proc of our own ---- */

static char root[] = "/tmp/assay-watch-XXXXXX";
static struct watch watch;
static struct server_usage server;

struct process {
    int32_t pid, parent, group;
    int user_ticks, system_ticks, reaped_ticks; /* 10 ms each; of its children: user */
    int rss_kb, pss_kb;
    int voluntary, involuntary; /* switches */
    bool ignores_children;
};

static void write_file(int32_t pid, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/proc/%d/%s", root, pid, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* As proc(5) has it, as far as probe/proc.c reads it. Written again, it has moved on. */
static void set_process(struct process p)
{
    static const char *const FOLDERS[] = { "", "/task", "/task/1", "/fd" };
    char text[256];

    for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++) {
        snprintf(text, sizeof(text), "%s/proc/%d%s", root, p.pid, FOLDERS[i]);
        mkdir(text, 0700);
    }
    snprintf(text, sizeof(text), "%d (x) S %d %d 1 0 -1 0 0 0 0 0 %d %d %d 0 20 0 1 0 1\n", p.pid,
             p.parent, p.group, p.user_ticks, p.system_ticks, p.reaped_ticks);
    write_file(p.pid, "stat", text);
    snprintf(text, sizeof(text), "Name:\tx\nVmRSS:\t%d kB\nSigIgn:\t00000000000%s\n", p.rss_kb,
             p.ignores_children ? "11000" : "01000");
    write_file(p.pid, "status", text);
    snprintf(text, sizeof(text), "Pss:\t%d kB\n", p.pss_kb);
    write_file(p.pid, "smaps_rollup", text);
    snprintf(text, sizeof(text), "voluntary_ctxt_switches:\t%d\nnonvoluntary_ctxt_switches:\t%d\n",
             p.voluntary, p.involuntary);
    write_file(p.pid, "task/1/status", text);
    write_file(p.pid, "fd/0", "");
}

/* One thread of a process that is there. */
static void set_thread(int32_t pid, int32_t tid, int run_ns, int wait_ns, const char *cpus)
{
    char name[64], text[128];

    snprintf(name, sizeof(name), "%s/proc/%d/task/%d", root, pid, tid);
    mkdir(name, 0700);
    snprintf(name, sizeof(name), "task/%d/schedstat", tid);
    snprintf(text, sizeof(text), "%d %d 1\n", run_ns, wait_ns);
    write_file(pid, name, text);
    snprintf(name, sizeof(name), "task/%d/status", tid);
    snprintf(text, sizeof(text), "Name:\tx\nCpus_allowed_list:\t%s\n", cpus);
    write_file(pid, name, text);
}

static void remove_process(int32_t pid)
{
    static const char *const NAMES[] = {
        "stat",
        "status",
        "smaps_rollup",
        "task/1/status",
        "task/1/schedstat",
        "task/1",
        "task/2/status",
        "task/2/schedstat",
        "task/2",
        "task/3/status",
        "task/3/schedstat",
        "task/3",
        "task",
        "fd/0",
        "fd",
        "",
    };
    char path[128];

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        snprintf(path, sizeof(path), "%s/proc/%d/%s", root, pid, NAMES[i]);
        remove(path);
    }
}

/* The ancestor is assay's guardian, and not of the target. */
static int begin(void **state)
{
    static const char TEMPLATE[] = "/tmp/assay-watch-XXXXXX";
    char path[64];

    memcpy(root, TEMPLATE, sizeof(root));
    if (mkdtemp(root) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/proc", root);
    mkdir(path, 0700);
    set_process((struct process){ .pid = ANCESTOR, .parent = 1, .rss_kb = 7777 });
    server = (struct server_usage){ .processes = -1,
                                    .threads = -1,
                                    .descriptors = -1,
                                    .cpu_user_ns = -1,
                                    .cpu_system_ns = -1,
                                    .rss_bytes_start = -1,
                                    .rss_bytes_peak = -1,
                                    .rss_bytes_idle = -1,
                                    .pss_bytes_peak = -1,
                                    .switches_voluntary = -1,
                                    .switches_involuntary = -1,
                                    .run_ns = -1,
                                    .run_queue_wait_ns = -1 };
    watch_init(&watch, root, ANCESTOR, false);
    (void)state;
    return 0;
}

static int end(void **state)
{
    char path[64];

    for (int32_t pid = ANCESTOR; pid < ANCESTOR + 8; pid++)
        remove_process(pid);
    snprintf(path, sizeof(path), "%s/proc", root);
    remove(path);
    (void)state;
    return remove(root);
}

static struct mono at_ms(int64_t ms)
{
    return (struct mono){ 1000 * SECOND_NS + ms * MILLISECOND_NS };
}

static void sample(int64_t ms)
{
    watch_sample(&watch, at_ms(ms), &server);
}

static struct process worker(int user_ticks, int rss_kb)
{
    return (struct process){ .pid = 101,
                             .parent = ANCESTOR,
                             .user_ticks = user_ticks,
                             .rss_kb = rss_kb,
                             .pss_kb = rss_kb / 2 };
}

/* ---- one sample after the other ---- */

static void peaks_stay_and_counts_follow(void **state)
{
    set_process(worker(0, 1000));
    set_process((struct process){ .pid = 102, .parent = 101, .rss_kb = 500 });
    sample(0);
    assert_true(watch.known);
    assert_int_equal(server.processes, 2);
    assert_int_equal(server.threads, 2);
    assert_int_equal(server.descriptors, 2);
    assert_int_equal(server.rss_bytes_peak, 1500 * 1024);
    remove_process(102);
    set_process(worker(0, 1200));
    sample(100);
    assert_int_equal(server.processes, 1);
    assert_int_equal(server.rss_bytes_peak, 1500 * 1024);
    assert_int_equal(watch.last.rss_bytes, 1200 * 1024);
    set_process(worker(0, 1501));
    sample(200);
    assert_int_equal(server.rss_bytes_peak, 1501 * 1024);
    (void)state;
}

/* To find processes means to look at all of the machine's. */
static void a_new_process_is_found_within_a_second(void **state)
{
    set_process(worker(0, 1000));
    sample(0);
    set_process((struct process){ .pid = 102, .parent = 101, .rss_kb = 500 });
    sample(900);
    assert_int_equal(server.processes, 1);
    sample(1000);
    assert_int_equal(server.processes, 2);
    (void)state;
}

static void where_a_process_has_gone_another_may_have_come(void **state)
{
    set_process(worker(0, 1000));
    set_process((struct process){ .pid = 102, .parent = 101, .rss_kb = 500 });
    sample(0);
    remove_process(102);
    set_process((struct process){ .pid = 103, .parent = 101, .rss_kb = 500 });
    sample(100);
    assert_int_equal(server.processes, 1);
    sample(200);
    assert_int_equal(server.processes, 2);
    (void)state;
}

static void borders_and_seconds_of_the_window_find_new_processes(void **state)
{
    struct series_point points[2];

    set_process(worker(0, 1000));
    sample(0);
    set_process((struct process){ .pid = 102, .parent = 101, .rss_kb = 500 });
    watch_window_begins(&watch, at_ms(100), &server);
    assert_int_equal(server.processes, 2);
    set_process((struct process){ .pid = 103, .parent = 101, .rss_kb = 500 });
    watch_in_window(&watch, at_ms(1000), &server, points, 2);
    assert_int_equal(server.processes, 2);
    watch_in_window(&watch, at_ms(1150), &server, points, 2);
    assert_int_equal(server.processes, 3);
    assert_int_equal(points[0].rss_bytes, 2000 * 1024);
    /* Less than a second later, which is another second of the window. */
    set_process((struct process){ .pid = 104, .parent = 101, .rss_kb = 500 });
    watch_in_window(&watch, at_ms(2100), &server, points, 2);
    assert_int_equal(points[1].rss_bytes, 2500 * 1024);
    set_process((struct process){ .pid = 105, .parent = 101, .rss_kb = 500 });
    watch_window_ends(&watch, at_ms(2200), &server);
    assert_int_equal(server.processes, 5);
    (void)state;
}

/* Reading it walks all page tables and holds the target's lock. */
static void proportional_memory_is_read_once_a_second(void **state)
{
    set_process(worker(0, 1000));
    sample(0);
    assert_int_equal(server.pss_bytes_peak, 500 * 1024);
    set_process(worker(0, 4000));
    sample(999);
    assert_int_equal(server.pss_bytes_peak, 500 * 1024);
    set_process(worker(0, 3000));
    sample(1000);
    assert_int_equal(server.pss_bytes_peak, 1500 * 1024);
    (void)state;
}

/* Linux before 4.14 has no smaps_rollup. */
static void a_kernel_without_proportional_memory_has_none_to_tell(void **state)
{
    char path[128];

    set_process(worker(0, 1000));
    snprintf(path, sizeof(path), "%s/proc/101/smaps_rollup", root);
    remove(path);
    sample(0);
    assert_true(watch.known);
    assert_int_equal(server.pss_bytes_peak, -1);
    (void)state;
}

static void busy_cores_are_those_between_two_samples(void **state)
{
    set_process(worker(100, 1000));
    sample(0);
    assert_true(watch.server_cpus < 0); /* one sample is no difference */
    set_process(worker(105, 1000));
    sample(100);
    assert_true(watch.server_cpus > 0.499 && watch.server_cpus < 0.501);
    set_process(worker(145, 1000));
    sample(300);
    assert_true(watch.server_cpus > 1.999 && watch.server_cpus < 2.001);
    remove_process(101);
    sample(400);
    assert_false(watch.known);
    assert_true(watch.server_cpus < 0);
    (void)state;
}

static void a_server_that_is_gone_leaves_its_last_figures(void **state)
{
    set_process(worker(0, 1000));
    sample(0);
    remove_process(101);
    sample(100);
    assert_false(watch.known);
    assert_int_equal(server.processes, 1);
    assert_int_equal(server.rss_bytes_peak, 1000 * 1024);
    (void)state;
}

/* A server that assay did not start, whose first process is known. */
/* A dead process that nobody has reaped still stands in /proc, without memory. */
static void a_server_that_is_dead_has_no_figures(void **state)
{
    set_process(worker(10, 0));
    sample(100);
    assert_false(watch.known);
    assert_int_equal(server.rss_bytes_peak, -1);
    (void)state;
}

static void the_ancestor_itself_counts_where_it_is_the_server(void **state)
{
    set_process(worker(0, 1000));
    set_process((struct process){
        .pid = ANCESTOR, .parent = 1, .user_ticks = 10, .reaped_ticks = 5, .rss_kb = 300 });
    watch_init(&watch, root, ANCESTOR, true);
    sample(0);
    assert_int_equal(server.processes, 2);
    assert_int_equal(server.rss_bytes_peak, 1300 * 1024);
    assert_int_equal(watch.last.cpu_user_ns, 15 * 10 * MILLISECOND_NS); /* once, not twice */
    (void)state;
}

static void of_a_server_that_nobody_knows_nothing_is_known(void **state)
{
    struct series_point points[3] = { 0 };

    watch_init(&watch, root, 0, false);
    set_process(worker(0, 1000));
    sample(0);
    watch_settle(&watch, &server);
    watch_window_begins(&watch, at_ms(0), &server);
    watch_in_window(&watch, at_ms(1500), &server, points, 3);
    watch_window_ends(&watch, at_ms(2000), &server);
    assert_false(watch.known);
    assert_int_equal(watch.points, 1);
    assert_int_equal(points[0].rss_bytes, -1);
    assert_int_equal(points[0].cpu_ns, -1);
    assert_int_equal(server.processes, -1);
    assert_int_equal(server.cpu_user_ns, -1);
    assert_int_equal(server.rss_bytes_start, -1);
    assert_int_equal(server.rss_bytes_idle, -1);
    assert_int_equal(server.run_ns, -1);
    assert_int_equal(server.run_queue_wait_ns, -1);
    assert_int_equal(server.thread_count, 0);
    assert_int_equal(server.cpus_allowed, 0);
    assert_int_equal(watch_cpu_ns(&watch), -1);
    assert_int_equal(watch_first_pid(&watch), 0);
    (void)state;
}

/* ---- the window ---- */

static void the_window_has_what_was_used_between_its_borders(void **state)
{
    set_process((struct process){ .pid = 101,
                                  .parent = ANCESTOR,
                                  .user_ticks = 50,
                                  .system_ticks = 20,
                                  .rss_kb = 1000,
                                  .voluntary = 7,
                                  .involuntary = 3 });
    sample(-500);
    watch_window_begins(&watch, at_ms(0), &server);
    assert_int_equal(server.rss_bytes_start, 1000 * 1024);
    set_process((struct process){ .pid = 101,
                                  .parent = ANCESTOR,
                                  .user_ticks = 80,
                                  .system_ticks = 31,
                                  .reaped_ticks = 4, /* a child that came and went */
                                  .rss_kb = 900,
                                  .voluntary = 107,
                                  .involuntary = 4 });
    watch_window_ends(&watch, at_ms(3000), &server);
    assert_int_equal(server.cpu_user_ns, 34 * 10 * MILLISECOND_NS);
    assert_int_equal(server.cpu_system_ns, 11 * 10 * MILLISECOND_NS);
    assert_int_equal(server.switches_voluntary, 100);
    assert_int_equal(server.switches_involuntary, 1);
    assert_int_equal(server.rss_bytes_start, 1000 * 1024);
    (void)state;
}

static void a_window_without_a_known_border_has_no_cpu_time(void **state)
{
    watch_window_begins(&watch, at_ms(0), &server);
    set_process(worker(50, 1000));
    sample(100);
    watch_window_ends(&watch, at_ms(1000), &server);
    assert_true(watch.known);
    assert_int_equal(server.cpu_user_ns, -1);
    assert_int_equal(server.rss_bytes_start, -1);
    (void)state;
}

static void a_window_whose_end_is_unknown_has_no_cpu_time(void **state)
{
    set_process(worker(50, 1000));
    watch_window_begins(&watch, at_ms(0), &server);
    remove_process(101);
    watch_window_ends(&watch, at_ms(1000), &server);
    assert_int_equal(server.cpu_user_ns, -1);
    assert_int_equal(server.rss_bytes_start, 1000 * 1024);
    (void)state;
}

static void a_moment_that_could_not_be_read_does_not_cost_the_window(void **state)
{
    struct series_point points[1];

    set_process(worker(50, 1000));
    watch_window_begins(&watch, at_ms(0), &server);
    remove_process(101);
    watch_in_window(&watch, at_ms(900), &server, points, 1);
    set_process(worker(70, 1000));
    watch_window_ends(&watch, at_ms(1000), &server);
    assert_int_equal(server.cpu_user_ns, 20 * 10 * MILLISECOND_NS);
    (void)state;
}

static void each_second_of_the_window_has_a_point(void **state)
{
    struct series_point points[4] = { 0 };

    set_process(worker(100, 1000));
    watch_window_begins(&watch, at_ms(0), &server);
    set_process(worker(103, 1001));
    watch_in_window(&watch, at_ms(999), &server, points, 4);
    assert_int_equal(watch.points, 0);
    watch_in_window(&watch, at_ms(1000), &server, points, 4);
    assert_int_equal(watch.points, 1);
    set_process(worker(110, 1002));
    watch_in_window(&watch, at_ms(1990), &server, points, 4);
    assert_int_equal(watch.points, 1);
    set_process(worker(120, 1003));
    watch_in_window(&watch, at_ms(2050), &server, points, 4);
    assert_int_equal(watch.points, 2);
    assert_int_equal(points[0].rss_bytes, 1001 * 1024);
    assert_int_equal(points[0].cpu_ns, 3 * 10 * MILLISECOND_NS);
    assert_int_equal(points[1].rss_bytes, 1003 * 1024);
    assert_int_equal(points[1].cpu_ns, 17 * 10 * MILLISECOND_NS);
    (void)state;
}

static void a_window_that_begins_anew_has_its_own_seconds(void **state)
{
    struct series_point points[2] = { 0 };

    set_process(worker(100, 1000));
    watch_window_begins(&watch, at_ms(0), &server);
    set_process(worker(130, 1001));
    watch_in_window(&watch, at_ms(1000), &server, points, 2);
    watch_window_begins(&watch, at_ms(1500), &server);
    assert_int_equal(server.rss_bytes_start, 1001 * 1024);
    set_process(worker(140, 1002));
    watch_in_window(&watch, at_ms(2000), &server, points, 2);
    assert_int_equal(watch.points, 0);
    watch_in_window(&watch, at_ms(2500), &server, points, 2);
    watch_window_ends(&watch, at_ms(2500), &server);
    assert_int_equal(watch.points, 1);
    assert_int_equal(points[0].rss_bytes, 1002 * 1024);
    assert_int_equal(points[0].cpu_ns, 10 * 10 * MILLISECOND_NS);
    assert_int_equal(server.cpu_user_ns, 10 * 10 * MILLISECOND_NS);
    remove_process(101);
    watch_window_begins(&watch, at_ms(3000), &server);
    assert_int_equal(server.rss_bytes_start, -1);
    (void)state;
}

static void there_are_no_more_points_than_there_is_room_for(void **state)
{
    struct series_point points[3] = { { 0 }, { 0 }, { .rss_bytes = 4711 } };

    set_process(worker(100, 1000));
    watch_window_begins(&watch, at_ms(0), &server);
    watch_in_window(&watch, at_ms(60000), &server, points, 2);
    assert_int_equal(watch.points, 2);
    assert_int_equal(points[2].rss_bytes, 4711);
    (void)state;
}

/* Nor is the CPU time of the next one: part of it may be of the second before. */
static void a_second_that_could_not_be_read_is_unknown(void **state)
{
    struct series_point points[4] = { 0 };

    set_process(worker(100, 1000));
    watch_window_begins(&watch, at_ms(0), &server);
    remove_process(101);
    watch_in_window(&watch, at_ms(1000), &server, points, 4);
    set_process(worker(150, 1000));
    watch_in_window(&watch, at_ms(2000), &server, points, 4);
    set_process(worker(160, 1000));
    watch_in_window(&watch, at_ms(3000), &server, points, 4);
    assert_int_equal(watch.points, 3);
    assert_int_equal(points[0].rss_bytes, -1);
    assert_int_equal(points[0].cpu_ns, -1);
    assert_int_equal(points[1].rss_bytes, 1000 * 1024);
    assert_int_equal(points[1].cpu_ns, -1);
    assert_int_equal(points[2].cpu_ns, 10 * 10 * MILLISECOND_NS);
    (void)state;
}

/* ---- threads ---- */

static void threads_are_those_of_the_window(void **state)
{
    struct series_point points[1];

    set_process(worker(50, 1000));
    set_thread(101, 1, 1000, 100, "0-1");
    watch_window_begins(&watch, at_ms(0), &server);
    set_thread(101, 1, 1700, 150, "0-1");
    set_thread(101, 2, 900, 7, "3");
    watch_in_window(&watch, at_ms(1000), &server, points, 1);
    set_thread(101, 1, 1800, 160, "0-1");
    watch_window_ends(&watch, at_ms(1200), &server);
    assert_int_equal(server.run_ns, 800 + 900);
    assert_int_equal(server.run_queue_wait_ns, 60 + 7);
    assert_int_equal(server.thread_count, 2);
    assert_int_equal(server.thread_cpu_ns[0], 900);
    assert_int_equal(server.thread_cpu_ns[1], 800);
    assert_int_equal(server.cpus_allowed, 0xb);
    (void)state;
}

/* Between the borders once a second, which finds who came and went. */
static void a_thread_that_comes_and_goes_counts_if_it_is_there_at_a_second(void **state)
{
    struct series_point points[2];

    set_process(worker(50, 1000));
    set_process((struct process){ .pid = 102, .parent = 101, .rss_kb = 10 });
    set_thread(101, 1, 10, 0, "0");
    set_thread(102, 2, 10, 0, "0");
    watch_window_begins(&watch, at_ms(0), &server);
    set_thread(102, 2, 90, 5, "0");
    set_process((struct process){ .pid = 103, .parent = 101, .rss_kb = 10 });
    set_thread(103, 3, 7, 7, "0");
    watch_in_window(&watch, at_ms(999), &server, points, 2);
    remove_process(103);
    watch_in_window(&watch, at_ms(1000), &server, points, 2);
    remove_process(102);
    watch_in_window(&watch, at_ms(1500), &server, points, 2);
    watch_window_ends(&watch, at_ms(1900), &server);
    assert_int_equal(server.run_ns, 80);
    assert_int_equal(server.run_queue_wait_ns, 5);
    (void)state;
}

static void an_unknown_moment_does_not_cost_the_threads_and_an_unknown_border_does(void **state)
{
    struct series_point points[3];

    set_process(worker(50, 1000));
    set_thread(101, 1, 10, 0, "0");
    watch_window_begins(&watch, at_ms(0), &server);
    remove_process(101);
    watch_in_window(&watch, at_ms(1000), &server, points, 3);
    set_process(worker(50, 1000));
    set_thread(101, 1, 25, 0, "0");
    watch_window_ends(&watch, at_ms(1500), &server);
    assert_int_equal(server.run_ns, 15);
    remove_process(101);
    watch_window_ends(&watch, at_ms(2500), &server);
    assert_int_equal(server.run_ns, -1);
    assert_int_equal(server.run_queue_wait_ns, -1);
    assert_int_equal(server.thread_count, 0);
    (void)state;
}

/* ---- services ---- */

/* 101 is the front; 102 and 103 are the leaders of a service, 104 is 103's child, 105 was left to
 * the guardian by 102 and has its process group still. */
static void set_services(int ticks)
{
    set_process(worker(ticks, 1000));
    set_process((struct process){
        .pid = 102, .parent = ANCESTOR, .group = 102, .user_ticks = 2 * ticks, .rss_kb = 10 });
    set_process((struct process){
        .pid = 103, .parent = ANCESTOR, .group = 103, .system_ticks = 3 * ticks, .rss_kb = 20 });
    set_process((struct process){
        .pid = 104, .parent = 103, .group = 999, .user_ticks = 4 * ticks, .rss_kb = 40 });
    set_process((struct process){
        .pid = 105, .parent = ANCESTOR, .group = 102, .user_ticks = 5 * ticks, .rss_kb = 80 });
}

static void services_are_measured_apart_from_the_server(void **state)
{
    static const struct target_leader leaders[] = {
        {102,  0},
        { 103, 1}
    };
    struct service_usage usages[] = {
        {.processes = -1,  .cpu_user_ns = -1, .cpu_system_ns = -1, .rss_bytes_peak = -1},
        { .processes = -1, .cpu_user_ns = -1, .cpu_system_ns = -1, .rss_bytes_peak = -1},
    };

    watch_services(&watch, leaders, 2, usages, 2);
    set_services(10);
    watch_window_begins(&watch, at_ms(0), &server);
    set_services(20);
    watch_window_ends(&watch, at_ms(1000), &server);
    assert_int_equal(watch_first_pid(&watch), 101);
    assert_int_equal(watch_cpu_ns(&watch), (200 + 400 + 600 + 800 + 1000) * MILLISECOND_NS);
    assert_int_equal(server.processes, 1);
    assert_int_equal(server.rss_bytes_peak, 1000 * 1024);
    assert_int_equal(server.cpu_user_ns, 100 * MILLISECOND_NS);
    assert_int_equal(usages[0].processes, 2);
    assert_int_equal(usages[0].cpu_user_ns, (200 + 500) * MILLISECOND_NS);
    assert_int_equal(usages[0].rss_bytes_peak, 90 * 1024);
    assert_int_equal(usages[1].processes, 2);
    assert_int_equal(usages[1].cpu_user_ns, 400 * MILLISECOND_NS);
    assert_int_equal(usages[1].cpu_system_ns, 300 * MILLISECOND_NS);
    assert_int_equal(usages[1].rss_bytes_peak, 60 * 1024);
    (void)state;
}

static void a_service_that_is_gone_has_no_cpu_time(void **state)
{
    static const struct target_leader leader = { 102, 0 };
    struct service_usage usage = {
        .processes = -1, .cpu_user_ns = -1, .cpu_system_ns = -1, .rss_bytes_peak = -1
    };

    watch_services(&watch, &leader, 1, &usage, 1);
    set_process(worker(100, 1000));
    set_process((struct process){ .pid = 102, .parent = ANCESTOR, .group = 102, .rss_kb = 10 });
    watch_window_begins(&watch, at_ms(0), &server);
    remove_process(102);
    watch_window_ends(&watch, at_ms(1000), &server);
    assert_int_equal(usage.cpu_user_ns, -1);
    assert_int_equal(watch_cpu_ns(&watch), -1); /* the sum lacks it */
    assert_int_equal(usage.rss_bytes_peak, 10 * 1024);
    assert_int_equal(server.cpu_user_ns, 0);
    (void)state;
}

static void a_service_that_lost_a_process_may_have_a_new_one(void **state)
{
    static const struct target_leader leader = { 102, 0 };
    struct service_usage usage = { .processes = -1, .rss_bytes_peak = -1 };

    watch_services(&watch, &leader, 1, &usage, 1);
    set_services(1);
    sample(0);
    assert_int_equal(usage.processes, 2);
    remove_process(105);
    set_process((struct process){ .pid = 106, .parent = 102, .group = 102, .rss_kb = 80 });
    sample(100);
    assert_int_equal(usage.processes, 1);
    sample(200);
    assert_int_equal(usage.processes, 2);
    (void)state;
}

/* The kernel shares ticks out anew: the user's part may shrink while the sum grows. */
static void parts_of_cpu_time_are_not_negative_and_their_sum_is_right(void **state)
{
    set_process((struct process){ .pid = 101, .parent = ANCESTOR, .user_ticks = 5, .rss_kb = 9 });
    watch_window_begins(&watch, at_ms(0), &server);
    set_process((struct process){
        .pid = 101, .parent = ANCESTOR, .user_ticks = 3, .system_ticks = 6, .rss_kb = 9 });
    watch_window_ends(&watch, at_ms(1000), &server);
    assert_int_equal(server.cpu_user_ns, 0);
    assert_int_equal(server.cpu_system_ns, 40 * MILLISECOND_NS);
    (void)state;
}

/* ---- CPU time that becomes nobody's ---- */

static struct process child(int ticks)
{
    return (struct process){ .pid = 102, .parent = 101, .user_ticks = ticks, .rss_kb = 10 };
}

/* It had used a second, and its parent did not wait for it; meanwhile that used more itself. */
static void a_child_that_nobody_waited_for_makes_cpu_time_unknown(void **state)
{
    struct series_point points[3] = { 0 };

    set_process(worker(10, 1000));
    set_process(child(100));
    watch_window_begins(&watch, at_ms(0), &server);
    remove_process(102);
    sample(100);
    assert_true(watch.server_cpus < 0);
    set_process(worker(210, 1000));
    watch_in_window(&watch, at_ms(1500), &server, points, 3);
    watch_window_ends(&watch, at_ms(2000), &server);
    assert_true(watch.known);
    assert_int_equal(points[0].cpu_ns, -1);
    assert_int_equal(server.cpu_user_ns, -1);
    assert_int_equal(server.cpu_system_ns, -1);
    assert_int_equal(watch_cpu_ns(&watch), -1);
    watch_window_begins(&watch, at_ms(3000), &server); /* what comes now is known */
    set_process(worker(211, 1000));
    watch_window_ends(&watch, at_ms(4000), &server);
    assert_int_equal(server.cpu_user_ns, 10 * MILLISECOND_NS);
    (void)state;
}

static void a_child_that_was_waited_for_costs_a_tick_or_two_at_most(void **state)
{
    set_process(worker(10, 1000));
    set_process(child(3));
    watch_window_begins(&watch, at_ms(0), &server);
    remove_process(102);
    set_process((struct process){
        .pid = 101, .parent = ANCESTOR, .user_ticks = 10, .reaped_ticks = 1, .rss_kb = 1000 });
    watch_window_ends(&watch, at_ms(1000), &server);
    assert_int_equal(server.cpu_user_ns, 0);
    assert_int_equal(server.cpu_system_ns, 0);
    (void)state;
}

/* Its children may come and go between two samples. */
static void a_parent_that_ignores_the_end_of_its_children_has_no_cpu_time(void **state)
{
    struct process parent = worker(10, 1000);

    parent.ignores_children = true;
    set_process(parent);
    set_process(child(0));
    watch_window_begins(&watch, at_ms(0), &server);
    assert_int_equal(watch_cpu_ns(&watch), -1);
    parent.user_ticks = 20;
    set_process(parent);
    watch_window_ends(&watch, at_ms(1000), &server);
    assert_int_equal(server.cpu_user_ns, -1);
    remove_process(102);
    watch_window_begins(&watch, at_ms(2000), &server); /* who has no children loses nothing */
    parent.user_ticks = 30;
    set_process(parent);
    watch_window_ends(&watch, at_ms(3000), &server);
    assert_int_equal(server.cpu_user_ns, 100 * MILLISECOND_NS);
    (void)state;
}

static void a_service_that_forgets_its_children_has_no_cpu_time(void **state)
{
    static const struct target_leader leader = { 102, 0 };
    struct service_usage usage = {
        .processes = -1, .cpu_user_ns = -1, .cpu_system_ns = -1, .rss_bytes_peak = -1
    };

    watch_services(&watch, &leader, 1, &usage, 1);
    set_process(worker(100, 1000));
    set_process((struct process){ .pid = 102, .parent = ANCESTOR, .group = 102, .rss_kb = 10 });
    set_process((struct process){
        .pid = 103, .parent = 102, .group = 102, .user_ticks = 50, .rss_kb = 10 });
    watch_window_begins(&watch, at_ms(0), &server);
    remove_process(103);
    watch_window_ends(&watch, at_ms(1000), &server);
    assert_int_equal(usage.cpu_user_ns, -1);
    assert_int_equal(watch_cpu_ns(&watch), -1);
    assert_int_equal(server.cpu_user_ns, 0);
    (void)state;
}

#define watched(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        watched(peaks_stay_and_counts_follow),
        watched(a_new_process_is_found_within_a_second),
        watched(where_a_process_has_gone_another_may_have_come),
        watched(borders_and_seconds_of_the_window_find_new_processes),
        watched(proportional_memory_is_read_once_a_second),
        watched(a_kernel_without_proportional_memory_has_none_to_tell),
        watched(busy_cores_are_those_between_two_samples),
        watched(a_server_that_is_gone_leaves_its_last_figures),
        watched(a_server_that_is_dead_has_no_figures),
        watched(the_ancestor_itself_counts_where_it_is_the_server),
        watched(of_a_server_that_nobody_knows_nothing_is_known),
        watched(the_window_has_what_was_used_between_its_borders),
        watched(a_window_without_a_known_border_has_no_cpu_time),
        watched(a_window_whose_end_is_unknown_has_no_cpu_time),
        watched(a_moment_that_could_not_be_read_does_not_cost_the_window),
        watched(each_second_of_the_window_has_a_point),
        watched(a_window_that_begins_anew_has_its_own_seconds),
        watched(there_are_no_more_points_than_there_is_room_for),
        watched(a_second_that_could_not_be_read_is_unknown),
        watched(threads_are_those_of_the_window),
        watched(a_thread_that_comes_and_goes_counts_if_it_is_there_at_a_second),
        watched(an_unknown_moment_does_not_cost_the_threads_and_an_unknown_border_does),
        watched(services_are_measured_apart_from_the_server),
        watched(a_service_that_is_gone_has_no_cpu_time),
        watched(a_service_that_lost_a_process_may_have_a_new_one),
        watched(parts_of_cpu_time_are_not_negative_and_their_sum_is_right),
        watched(a_child_that_nobody_waited_for_makes_cpu_time_unknown),
        watched(a_child_that_was_waited_for_costs_a_tick_or_two_at_most),
        watched(a_parent_that_ignores_the_end_of_its_children_has_no_cpu_time),
        watched(a_service_that_forgets_its_children_has_no_cpu_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
