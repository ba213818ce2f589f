#include "probe/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void facts_are_read_as_the_kernel_writes_them(void **state)
{
    const char *data = getenv("ASSAY_TEST_DATA");
    struct host host;
    char root[512];

    snprintf(root, sizeof(root), "%s/proc/host", data != NULL ? data : "tests/data");
    host_read(root, &host);
    assert_string_equal(host.hostname, "bench-7");
    assert_string_equal(host.kernel, "Linux 6.18.44-fc");
    assert_string_equal(host.distro, "Debian GNU/Linux 12 (bookworm)");
    assert_string_equal(host.cpu, "Intel(R) Xeon(R) Processor @ 2.60GHz");
    assert_string_equal(host.governor, "performance");
    assert_string_equal(host.clocksource, "tsc");
    assert_int_equal(host.cpus_online, 5);
    assert_int_equal(host.memory_bytes, UINT64_C(24600000) * 1024);
    assert_true(host.load_1min > 0.519 && host.load_1min < 0.521);
    assert_int_equal(host.somaxconn, 4096);
    assert_int_equal(host.port_low, 32768);
    assert_int_equal(host.port_high, 60999);
    (void)state;
}

static void unknown_facts_stay_empty(void **state)
{
    static const struct host NOTHING;
    struct host host;

    host_read("/nowhere", &host);
    assert_memory_equal(&host, &NOTHING, sizeof(host));
    (void)state;
}

static void this_process_may_run_somewhere(void **state)
{
    uint32_t cpus[4096];
    uint32_t count = host_cpus(cpus, 4096);

    assert_true(count >= 1);
    assert_int_equal(host_cpus(cpus, 1), 1);
    for (uint32_t i = 1; i < count; i++)
        assert_true(cpus[i] > cpus[i - 1]);
    (void)state;
}

static void lists_of_cpus_are_sets(void **state)
{
    static const struct {
        int line;
        const char *list;
        uint64_t bits;
    } CASES[] = {
        {__LINE__,  "0",           0x1         },
        { __LINE__, "0-3,8\n",     0x10f       },
        { __LINE__, "\t1,3,5-6\n", 0x6a        },
        { __LINE__, "62-400",      0x3ull << 62},
        { __LINE__, "64",          0           },
        { __LINE__, "",            0           },
        { __LINE__, "\n",          0           },
        { __LINE__, "x",           0           },
        { __LINE__, "3-1",         0           },
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        if (host_cpu_bits(CASES[i].list) != CASES[i].bits)
            fail_msg("line %d", CASES[i].line);
    (void)state;
}

static void siblings_share_a_core(void **state)
{
    const char *data = getenv("ASSAY_TEST_DATA");
    char root[512];

    snprintf(root, sizeof(root), "%s/proc/host", data != NULL ? data : "tests/data");
    assert_int_equal(host_with_siblings(root, 0x1), 0x11);
    assert_int_equal(host_with_siblings(root, 0x10), 0x11);
    assert_int_equal(host_with_siblings(root, 0x2), 0x2);
    assert_int_equal(host_with_siblings(root, 0x8), 0x8); /* nothing is known of it */
    assert_int_equal(host_with_siblings(root, 0), 0);
    assert_true(host_cpus_allowed() != 0);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_read_as_the_kernel_writes_them),
        cmocka_unit_test(unknown_facts_stay_empty),
        cmocka_unit_test(this_process_may_run_somewhere),
        cmocka_unit_test(lists_of_cpus_are_sets),
        cmocka_unit_test(siblings_share_a_core),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
