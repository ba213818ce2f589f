/* probe/threads: what is read of one look, from files that the test writes, and what becomes of
 * looks, which it makes up. */
#include "probe/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

static struct threads threads;
static struct thread_look look;

static int begin(void **state)
{
    look.count = 0;
    (void)state;
    return 0;
}

/* ---- one look ---- */

static char root[] = "/tmp/assay-threads-XXXXXX";
static struct proc_tree tree = {
    .pids = {10, 30},
      .count = 2
};

/* `schedstat` or `stat` NULL: there is none. */
static void set_thread(int32_t pid, int32_t tid, const char *schedstat, const char *stat_line)
{
    const char *const texts[] = { schedstat, stat_line };
    static const char *const NAMES[] = { "schedstat", "stat" };
    char path[128];

    snprintf(path, sizeof(path), "%s/proc/%d", root, pid);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/proc/%d/task", root, pid);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/proc/%d/task/%d", root, pid, tid);
    mkdir(path, 0700);
    for (size_t i = 0; i < 2; i++) {
        FILE *file;

        snprintf(path, sizeof(path), "%s/proc/%d/task/%d/%s", root, pid, tid, NAMES[i]);
        unlink(path);
        if (texts[i] == NULL)
            continue;
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
    }
}

static int clear(void **state)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s/proc/*", root);
    (void)state;
    return system(command); /* NOLINT(cert-env33-c) */
}

#define STAT(user, system) "1 (a) b) S 1 1 1 0 -1 0 0 0 0 0 " #user " " #system " 9 9 20 0 1 0 1\n"

static void nanoseconds_are_read_of_all_threads(void **state)
{
    set_thread(10, 10, "123456789 2345 17\n", STAT(12, 3));
    set_thread(10, 11, "5 6 7\n", STAT(0, 0));
    set_thread(30, 30, "8 9 1\n", STAT(0, 0));
    assert_true(threads_read(root, &tree, &look));
    assert_int_equal(look.count, 3);
    for (size_t i = 0; i < 3; i++) {
        int32_t tid = look.threads[i].tid;

        assert_int_equal(look.threads[i].run_ns, tid == 10 ? 123456789 : tid == 11 ? 5 : 8);
        assert_int_equal(look.threads[i].wait_ns, tid == 10 ? 2345 : tid == 11 ? 6 : 9);
    }
    (void)state;
}

/* Then there are ticks, and nobody knows of waiting. */
static void a_kernel_without_schedstat_tells_ticks(void **state)
{
    set_thread(10, 10, NULL, STAT(12, 3));
    assert_true(threads_read(root, &tree, &look));
    assert_int_equal(look.count, 1);
    assert_int_equal(look.threads[0].run_ns, 150 * MILLISECOND_NS);
    assert_int_equal(look.threads[0].wait_ns, -1);
    set_thread(10, 10, "0 0 0\n", STAT(12, 3)); /* it has the file, and does not count */
    look.count = 0;
    assert_true(threads_read(root, &tree, &look));
    assert_int_equal(look.threads[0].run_ns, 150 * MILLISECOND_NS);
    assert_int_equal(look.threads[0].wait_ns, -1);
    set_thread(10, 10, "0 0 0\n", STAT(0, 0)); /* it has not run yet */
    assert_true(threads_read(root, &tree, &look));
    assert_int_equal(look.threads[0].run_ns, 0);
    assert_int_equal(look.threads[0].wait_ns, 0);
    (void)state;
}

static void threads_and_processes_that_end_are_left_out(void **state)
{
    set_thread(10, 10, "1 1 1\n", STAT(0, 0));
    set_thread(10, 11, NULL, NULL);
    assert_true(threads_read(root, &tree, &look));
    assert_int_equal(look.count, 1);
    assert_int_equal(look.threads[0].tid, 10);
    (void)state;
}

static void too_many_threads_are_not_read(void **state)
{
    set_thread(10, 100, "1 1 1\n", NULL);
    for (int32_t tid = 101; tid < 100 + THREADS_MAX; tid++) {
        char path[128];

        snprintf(path, sizeof(path), "%s/proc/10/task/%d", root, tid);
        assert_int_equal(symlink("100", path), 0);
    }
    assert_true(threads_read(root, &tree, &look));
    assert_int_equal(look.count, THREADS_MAX);
    set_thread(30, 30, "1 1 1\n", NULL);
    assert_false(threads_read(root, &tree, &look));
    (void)state;
}

static void without_proc_there_are_none(void **state)
{
    assert_false(threads_read("/nowhere", &tree, &look));
    (void)state;
}

/* ---- from look to look ---- */

static void seen(int32_t tid, int64_t run_ns, int64_t wait_ns)
{
    look.threads[look.count++] =
        (struct thread_time){ .tid = tid, .run_ns = run_ns, .wait_ns = wait_ns };
}

static void next(void)
{
    threads_next(&threads, &look);
    look.count = 0;
}

static void first(void)
{
    threads_begin(&threads, &look);
    look.count = 0;
}

static void what_counts_is_what_was_used_since_the_first_look(void **state)
{
    struct threads_found found;

    seen(1, 1000, 100);
    seen(2, 500, 50);
    first();
    seen(1, 1400, 130);
    seen(2, 1500, 51);
    next();
    found = threads_found(&threads);
    assert_int_equal(found.run_ns, 1400);
    assert_int_equal(found.wait_ns, 31);
    assert_int_equal(found.top_count, 2);
    assert_int_equal(found.top_ns[0], 1000);
    assert_int_equal(found.top_ns[1], 400);
    (void)state;
}

static void who_is_born_later_counts_from_birth(void **state)
{
    struct threads_found found;

    seen(1, 1000, 100);
    first();
    seen(7, 30, 3);
    seen(1, 1001, 101);
    next();
    seen(7, 70, 4);
    seen(1, 1002, 102);
    next();
    found = threads_found(&threads);
    assert_int_equal(found.run_ns, 72);
    assert_int_equal(found.wait_ns, 6);
    assert_int_equal(found.top_ns[0], 70);
    (void)state;
}

static void who_ended_counts_as_last_seen(void **state)
{
    struct threads_found found;

    seen(1, 1000, 100);
    seen(2, 0, 0);
    first();
    seen(1, 1500, 110);
    seen(2, 3, 1);
    next();
    seen(2, 4, 1);
    next();
    seen(2, 5, 1);
    next();
    found = threads_found(&threads);
    assert_int_equal(found.run_ns, 505);
    assert_int_equal(found.wait_ns, 11);
    assert_int_equal(found.top_count, 2);
    assert_int_equal(found.top_ns[0], 500);
    (void)state;
}

/* The kernel gives numbers again. */
static void a_number_whose_time_went_down_is_another_thread(void **state)
{
    struct threads_found found;

    seen(1, 1000, 100);
    first();
    seen(1, 1200, 105);
    next();
    seen(1, 40, 2);
    next();
    found = threads_found(&threads);
    assert_int_equal(found.run_ns, 240);
    assert_int_equal(found.wait_ns, 7);
    assert_int_equal(found.top_count, 2);
    (void)state;
}

static void one_wait_that_is_unknown_makes_the_sum_unknown(void **state)
{
    struct threads_found found;

    seen(1, 10, 1);
    seen(2, 10, -1);
    first();
    seen(1, 20, 2);
    next();
    found = threads_found(&threads);
    assert_int_equal(found.run_ns, 10);
    assert_int_equal(found.wait_ns, -1);
    (void)state;
}

static void a_look_that_could_not_be_taken_ends_the_knowledge(void **state)
{
    struct threads_found found;

    seen(1, 10, 1);
    first();
    threads_next(&threads, NULL);
    seen(1, 20, 1);
    next();
    found = threads_found(&threads);
    assert_int_equal(found.run_ns, -1);
    assert_int_equal(found.wait_ns, -1);
    assert_int_equal(found.top_count, 0);
    threads_begin(&threads, NULL);
    assert_int_equal(threads_found(&threads).run_ns, -1);
    (void)state;
}

/* Against a slow and simple twin: many threads that come and go. */
static void the_busiest_are_the_busiest(void **state)
{
    static int64_t begun[200], now[200];
    struct threads_found found;
    int64_t sum = 0;

    for (int32_t tid = 0; tid < 200; tid++)
        seen(tid, begun[tid] = now[tid] = tid * 3, 0);
    first();
    for (int round = 0; round < 5; round++) {
        /* In another order each time; some end in each round. */
        for (int32_t i = 0; i < 200; i++) {
            int32_t tid = (i * 7 + round) % 200;

            if (tid % 10 < round)
                continue;
            now[tid] += (tid * 37 + round) % 101;
            seen(tid, now[tid], 0);
        }
        next();
    }
    found = threads_found(&threads);
    for (size_t i = 0; i < 200; i++)
        sum += now[i] - begun[i];
    assert_int_equal(found.run_ns, sum);
    assert_int_equal(found.top_count, THREADS_TOP);
    for (size_t i = 0; i < THREADS_TOP; i++) {
        size_t busier = 0, as_busy = 0;

        for (size_t k = 0; k < 200; k++) {
            busier += now[k] - begun[k] > found.top_ns[i];
            as_busy += now[k] - begun[k] == found.top_ns[i];
        }
        assert_true(busier <= i && i < busier + as_busy);
    }
    (void)state;
}

#define read_test(name) cmocka_unit_test_setup_teardown(name, begin, clear)
#define made_up(name)   cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        read_test(nanoseconds_are_read_of_all_threads),
        read_test(a_kernel_without_schedstat_tells_ticks),
        read_test(threads_and_processes_that_end_are_left_out),
        read_test(too_many_threads_are_not_read),
        made_up(without_proc_there_are_none),
        made_up(what_counts_is_what_was_used_since_the_first_look),
        made_up(who_is_born_later_counts_from_birth),
        made_up(who_ended_counts_as_last_seen),
        made_up(a_number_whose_time_went_down_is_another_thread),
        made_up(one_wait_that_is_unknown_makes_the_sum_unknown),
        made_up(a_look_that_could_not_be_taken_ends_the_knowledge),
        made_up(the_busiest_are_the_busiest),
    };
    char folder[64];
    int failed;

    if (mkdtemp(root) == NULL)
        return 1;
    snprintf(folder, sizeof(folder), "%s/proc", root);
    mkdir(folder, 0700);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    rmdir(root);
    return failed;
}
