/* tests/unit/room_test.c -- what is known before a drive: whether it can have what it needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run/room.h"

static char root[512];

/* 28,232 ports, of which 22,585 may be taken. */
static int find_root(void **state)
{
    const char *data = getenv("ASSAY_TEST_DATA");

    snprintf(root, sizeof(root), "%s/proc/host", data != NULL ? data : "tests/data");
    (void)state;
    return 0;
}

static void more_connections_than_ports_are_refused_with_what_there_can_be(void **state)
{
    const struct addr two[] = { addr_loopback(80), addr_loopback(81) };
    struct load load = load_default();
    struct error err = { 0 };

    load.connections = 22585;
    assert_true(room_ports(root, &load, two, 1, &err));
    load.connections = 22586;
    assert_false(room_ports(root, &load, two, 1, &err));
    assert_true(err.usage);
    assert_non_null(strstr(err.text, "this machine has 28232, some of them in use"));
    assert_non_null(strstr(err.text, "ask for 22585 connections at most"));
    assert_true(room_ports(root, &load, two, 2, &err)); /* each has ports of its own */
    load.connections = 100000;
    assert_false(room_ports(root, &load, two, 2, &err));
    assert_non_null(strstr(err.text, "28232 for each of 2 addresses"));
    (void)state;
}

static void who_needs_no_ports_is_not_asked_for_them(void **state)
{
    const struct addr tcp = addr_loopback(80);
    struct load load = load_default(), few = load;
    struct error err = { 0 };
    struct addr local;

    assert_true(addr_unix(SLICE("/run/x"), &local, &err));
    load.connections = few.connections = 100000;
    few.requests = 100; /* opens no more than that */
    assert_true(room_ports(root, &load, &local, 1, &err));
    assert_true(room_ports("/nowhere", &load, &tcp, 1, &err)); /* not known */
    assert_true(room_ports(root, &few, &tcp, 1, &err));
    assert_false(room_ports(root, &load, &tcp, 1, &err));
    (void)state;
}

/* What comes before a short window opens connections, too; and a stage is a drive of its own. */
static void all_that_opens_connections_is_counted(void **state)
{
    static struct load_stage stages[] = {
        {.connections = 10,      .requests = 5           },
        { .connections = 100000, .duration_ns = SECOND_NS},
        { .connections = 200000, .requests = 22585       }
    };
    const struct addr tcp = addr_loopback(80);
    struct load load = load_default(), rising;
    struct error err = { 0 };

    load.connections = 100000;
    load.duration_ns = load.warmup_ns = 0;
    load.requests = 100;
    rising = load;
    assert_true(room_ports(root, &load, &tcp, 1, &err));
    load.warmup_requests = 22585;
    assert_true(room_ports(root, &load, &tcp, 1, &err));
    load.warmup_requests = 30000;
    assert_false(room_ports(root, &load, &tcp, 1, &err));
    assert_non_null(strstr(err.text, "30000 connections"));
    load.warmup_requests = 0;
    load.warmup_ns = SECOND_NS;
    assert_false(room_ports(root, &load, &tcp, 1, &err));
    assert_non_null(strstr(err.text, "100000 connections"));
    load_set_stages(&rising, stages, 3);
    assert_false(room_ports(root, &rising, &tcp, 1, &err));
    assert_non_null(strstr(err.text, "100000 connections"));
    stages[1].connections = 20;
    assert_true(room_ports(root, &rising, &tcp, 1, &err));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_connections_than_ports_are_refused_with_what_there_can_be),
        cmocka_unit_test(who_needs_no_ports_is_not_asked_for_them),
        cmocka_unit_test(all_that_opens_connections_is_counted),
    };

    return cmocka_run_group_tests(tests, find_root, NULL);
}
