/* probe/proc on recorded trees: tests/data/proc/README says what they hold. The sums were made from
 * the recordings by another program. */
#include "probe/proc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/program.h"

#define TICK_NS 10000000

static char *root_of(const char *name)
{
    static char root[512];
    const char *data = getenv("ASSAY_TEST_DATA");

    snprintf(root, sizeof(root), "%s/proc/%s", data != NULL ? data : "tests/data", name);
    return root;
}

static void a_tree_is_the_ancestors_descendants_without_itself(void **state)
{
    static const int32_t WANTED[] = { 11554, 11556, 11557 };
    struct proc_tree tree;
    struct error err;

    assert_true(proc_tree_read(root_of("forest"), 11552, &tree, &err));
    assert_int_equal(tree.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(proc_tree_has(&tree, WANTED[i]));
    assert_false(proc_tree_has(&tree, 11552));
    assert_false(proc_tree_has(&tree, 1));
    (void)state;
}

static void children_are_only_the_next_generation(void **state)
{
    struct proc_tree tree;
    struct error err;

    assert_true(proc_children_read(root_of("forest"), 11552, &tree, &err));
    assert_int_equal(tree.count, 2);
    assert_false(proc_tree_has(&tree, 11557));
    (void)state;
}

/* "a) R 1 (b" reads like the end of a name, a state and a parent: pid 1's child, if believed. */
static void a_name_cannot_forge_a_parent(void **state)
{
    struct proc_tree tree;
    struct error err;
    char name[PROC_NAME_MAX];

    assert_true(proc_tree_read(root_of("forest"), 1, &tree, &err));
    assert_int_equal(tree.count, 0);
    assert_true(proc_tree_read(root_of("forest"), 11554, &tree, &err));
    assert_int_equal(tree.count, 1);
    proc_name(root_of("forest"), 11554, name);
    assert_string_equal(name, "a) R 1 (b");
    assert_int_equal(proc_parent(root_of("forest"), 11554), 11552);
    assert_int_equal(proc_parent(root_of("forest"), 4711), 0);
    proc_name(root_of("forest"), 4711, name);
    assert_string_equal(name, "");
    (void)state;
}

static void usage_is_the_sum_over_the_tree(void **state)
{
    struct proc_tree tree;
    struct proc_usage usage;
    struct error err;

    assert_true(proc_tree_read(root_of("forest"), 11552, &tree, &err));
    assert_true(
        proc_usage_read(root_of("forest"), 11552, &tree, PROC_PSS | PROC_THREADS, &usage, &err));
    assert_int_equal(usage.processes, 3);
    assert_int_equal(usage.threads, 5);
    assert_int_equal(usage.descriptors, 4 + 5 + 4);
    /* Their own, what 11554 reaped (1 and 3), what the ancestor reaped (2 and 9). */
    assert_int_equal(usage.cpu_user_ns, (10 + 1 + 1 + 2) * TICK_NS);
    assert_int_equal(usage.cpu_system_ns, (15 + 3 + 5 + 9) * TICK_NS);
    assert_int_equal(usage.rss_bytes, (8744 + 8356 + 8032) * 1024);
    assert_true(usage.pss_known);
    assert_int_equal(usage.pss_bytes, (2638 + 2410 + 2260) * 1024);
    assert_int_equal(usage.switches_voluntary, 46 + 79 + 82 + 1 + 1);
    assert_int_equal(usage.switches_involuntary, 14 + 3 + 3 + 0 + 10);
    assert_int_equal(usage.cpus_allowed, 0x3); /* 0-1, all of them */
    (void)state;
}

static void what_is_dear_is_unknown_unless_asked_for(void **state)
{
    struct proc_tree tree;
    struct proc_usage usage;
    struct error err;

    assert_true(proc_tree_read(root_of("forest"), 11552, &tree, &err));
    assert_true(proc_usage_read(root_of("forest"), 11552, &tree, 0, &usage, &err));
    assert_false(usage.pss_known);
    assert_int_equal(usage.pss_bytes, 0);
    assert_int_equal(usage.switches_voluntary, 0);
    assert_int_equal(usage.cpus_allowed, 0);
    (void)state;
}

static void a_process_that_ends_while_it_is_read_is_left_out(void **state)
{
    struct proc_tree tree;
    struct proc_usage usage;
    struct error err;

    assert_true(proc_tree_read(root_of("vanished"), 100, &tree, &err));
    assert_int_equal(tree.count, 1);
    assert_int_equal(tree.pids[0], 102);
    tree.pids[tree.count++] = 101; /* was there when the tree was read */
    tree.pids[tree.count++] = 4711;
    assert_true(
        proc_usage_read(root_of("vanished"), 100, &tree, PROC_PSS | PROC_THREADS, &usage, &err));
    assert_int_equal(usage.processes, 1);
    assert_int_equal(usage.threads, 2);
    assert_int_equal(usage.cpu_user_ns, 3 * TICK_NS);
    assert_int_equal(usage.cpu_system_ns, 4 * TICK_NS);
    assert_int_equal(usage.rss_bytes, 0);
    (void)state;
}

static void parents_in_a_circle_end_the_walk_all_the_same(void **state)
{
    struct proc_tree tree;
    struct error err;

    assert_true(proc_tree_read(root_of("ring"), 200, &tree, &err));
    assert_int_equal(tree.count, 2);
    assert_true(proc_tree_has(&tree, 201));
    assert_true(proc_tree_has(&tree, 202));
    (void)state;
}

static void a_server_begins_with_the_oldest_parent_of_its_name(void **state)
{
    assert_int_equal(program_root(root_of("harness"), 402, 420), 400);
    assert_int_equal(program_root(root_of("forest"), 11557, 420), 11557);
    (void)state;
}

/* Else our own CPU time and memory would be the server's. */
static void who_started_us_is_no_server(void **state)
{
    assert_int_equal(program_root(root_of("harness"), 402, 411), 401);
    assert_int_equal(program_root(root_of("harness"), 401, 411), 401);
    (void)state;
}

static void write_stat(int proc, int32_t pid, int32_t parent)
{
    char path[32];
    int fd;

    snprintf(path, sizeof(path), "%d", pid);
    mkdirat(proc, path, 0700);
    snprintf(path, sizeof(path), "%d/stat", pid);
    fd = openat(proc, path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    dprintf(fd, "%d (x) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1\n", pid, parent);
    close(fd);
}

static void remove_stat(int proc, int32_t pid)
{
    char path[32];

    snprintf(path, sizeof(path), "%d/stat", pid);
    unlinkat(proc, path, 0);
    snprintf(path, sizeof(path), "%d", pid);
    unlinkat(proc, path, AT_REMOVEDIR);
}

/* More of them than are kept on the stack, and the one that is looked for among them. */
static void a_machine_may_have_any_number_of_processes(void **state)
{
    enum { OTHERS = 1100, PARENT, CHILD };
    char folder[] = "/tmp/assay-many-XXXXXX", path[64];
    struct proc_tree tree;
    struct error err = { 0 };
    bool read;
    int proc;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/proc", folder);
    mkdir(path, 0700);
    proc = open(path, O_RDONLY | O_DIRECTORY);
    for (int32_t pid = 1; pid <= CHILD; pid++)
        write_stat(proc, pid, pid == CHILD ? PARENT : 0);
    read = proc_tree_read(folder, PARENT, &tree, &err);
    for (int32_t pid = 1; pid <= CHILD; pid++)
        remove_stat(proc, pid);
    close(proc);
    rmdir(path);
    rmdir(folder);
    if (!read)
        fail_msg("%s", err.text);
    assert_int_equal(tree.count, 1);
    assert_int_equal(tree.pids[0], CHILD);
    (void)state;
}

static void without_proc_there_is_an_error_and_a_path_in_it(void **state)
{
    struct proc_tree tree = { .count = 0 };
    struct proc_usage usage;
    struct error err = { 0 };

    assert_false(proc_tree_read("/nowhere", 1, &tree, &err));
    assert_non_null(strstr(err.text, "/nowhere/proc"));
    assert_false(proc_usage_read("/nowhere", 1, &tree, 0, &usage, &err));
    (void)state;
}

static void the_listener_of_a_port_is_found_by_its_socket(void **state)
{
    static const struct {
        int line;
        uint16_t port;
        int32_t pid, or_pid;
        const char *name;
    } CASES[] = {
        {__LINE__,  18901, 11554,                11557,                NULL        }, /* two hold it: either will do */
        { __LINE__, 18902, 11556,                11556,                "( daemon )"},
        { __LINE__, 18903, PROC_LISTENER_UNSEEN, PROC_LISTENER_UNSEEN, ""          },
        { __LINE__, 18904, 0,                    0,                    ""          },
        { __LINE__, 50000, 0,                    0,                    ""          }, /* the far end of a connection is no listener */
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char name[PROC_NAME_MAX] = "?";
        int32_t pid = proc_listener(root_of("forest"), CASES[i].port, name);

        if (pid != CASES[i].pid && pid != CASES[i].or_pid)
            fail_msg("line %d: listener %d", CASES[i].line, pid);
        if (CASES[i].name != NULL && strcmp(name, CASES[i].name) != 0)
            fail_msg("line %d: name '%s'", CASES[i].line, name);
    }
    (void)state;
}

/* The exact clock has to agree with what the kernel tells this process about itself. */
static void the_cpu_time_of_a_live_process_is_exact(void **state)
{
    struct proc_tree self = { .pids = { getpid() }, .count = 1 };
    struct proc_usage usage;
    struct timespec before, after;
    struct error err;

    for (volatile int i = 0; i < 3000000; i++)
        continue;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    assert_true(proc_usage_read("", getppid(), &self, 0, &usage, &err));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    /* The ancestor's reaped children come on top: subtract them. */
    {
        struct proc_tree none = { .count = 0 };
        struct proc_usage reaped;

        assert_true(proc_usage_read("", getppid(), &none, 0, &reaped, &err));
        usage.cpu_user_ns -= reaped.cpu_user_ns;
        usage.cpu_system_ns -= reaped.cpu_system_ns;
    }
    assert_in_range(usage.cpu_user_ns + usage.cpu_system_ns,
                    before.tv_sec * 1000000000LL + before.tv_nsec,
                    after.tv_sec * 1000000000LL + after.tv_nsec);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_the_ancestors_descendants_without_itself),
        cmocka_unit_test(children_are_only_the_next_generation),
        cmocka_unit_test(a_name_cannot_forge_a_parent),
        cmocka_unit_test(usage_is_the_sum_over_the_tree),
        cmocka_unit_test(what_is_dear_is_unknown_unless_asked_for),
        cmocka_unit_test(a_process_that_ends_while_it_is_read_is_left_out),
        cmocka_unit_test(parents_in_a_circle_end_the_walk_all_the_same),
        cmocka_unit_test(a_server_begins_with_the_oldest_parent_of_its_name),
        cmocka_unit_test(who_started_us_is_no_server),
        cmocka_unit_test(a_machine_may_have_any_number_of_processes),
        cmocka_unit_test(without_proc_there_is_an_error_and_a_path_in_it),
        cmocka_unit_test(the_listener_of_a_port_is_found_by_its_socket),
        cmocka_unit_test(the_cpu_time_of_a_live_process_is_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
