#include "net/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Numbers only: names would ask the network. */
static void numeric_hosts_resolve_without_a_resolver(void **state)
{
    static const struct {
        int line;
        struct slice host;
        uint16_t port;
        const char *text;
        bool local;
    } CASES[] = {
        {__LINE__,  SLICE("127.0.0.1"),        8080,  "127.0.0.1:8080",        true },
        { __LINE__, SLICE("127.8.0.1"),        1,     "127.8.0.1:1",           true },
        { __LINE__, SLICE("192.0.2.7"),        65535, "192.0.2.7:65535",       false},
        { __LINE__, SLICE("::1"),              80,    "[::1]:80",              true },
        { __LINE__, SLICE("2001:db8::2"),      443,   "[2001:db8::2]:443",     false},
        { __LINE__, SLICE("::ffff:127.0.0.1"), 80,    "[::ffff:127.0.0.1]:80", true },
        { __LINE__, SLICE("::ffff:192.0.2.1"), 80,    "[::ffff:192.0.2.1]:80", false},
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char text[ADDR_TEXT_MAX];
        struct error err = { 0 };
        struct addr_found found;
        struct addr addr;

        if (!addr_resolve(CASES[i].host, CASES[i].port, &found, &err))
            fail_msg("line %d: %s", CASES[i].line, err.text);
        assert_int_equal(found.count, 1);
        addr = found.list[0];
        if (strcmp(addr_text(&addr, text), CASES[i].text) != 0)
            fail_msg("line %d: '%s'", CASES[i].line, text);
        if (addr_port(&addr) != CASES[i].port || addr_is_local(&addr) != CASES[i].local)
            fail_msg("line %d: port %u, local %d", CASES[i].line, addr_port(&addr),
                     addr_is_local(&addr));
    }
    (void)state;
}

static void what_is_no_host_name_is_a_mistake_of_the_user(void **state)
{
    static const char LONG[300] = { [0 ... 299] = 'a' };
    const struct slice hosts[] = {
        SLICE(""), SLICE("a\0b"), {LONG, sizeof(LONG)}
    };

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct error err = { 0 };
        struct addr_found found;

        assert_false(addr_resolve(hosts[i], 80, &found, &err));
        assert_true(err.usage);
    }
    (void)state;
}

static void loopback_is_where_targets_listen(void **state)
{
    struct addr addr = addr_loopback(12345);
    char text[ADDR_TEXT_MAX];

    assert_string_equal(addr_text(&addr, text), "127.0.0.1:12345");
    assert_true(addr_is_local(&addr));
    (void)state;
}

static void a_unix_path_has_at_most_107_bytes(void **state)
{
    static const char LONG[108] = { [0 ... 107] = 'p' };
    char text[ADDR_TEXT_MAX];
    struct error err = { 0 };
    struct addr addr;

    assert_true(addr_unix(SLICE("/run/x"), &addr, &err));
    assert_string_equal(addr_text(&addr, text), "unix:/run/x");
    assert_true(addr_is_local(&addr));
    assert_int_equal(addr_port(&addr), 0);
    assert_true(addr_unix((struct slice){ LONG, 107 }, &addr, &err));
    assert_int_equal(strlen(addr_text(&addr, text)), strlen("unix:") + 107);
    assert_false(addr_unix((struct slice){ LONG, 108 }, &addr, &err));
    assert_true(err.usage);
    assert_false(addr_unix(SLICE(""), &addr, &err));
    assert_true(addr_unix(SLICE("@x"), &addr, &err)); /* no path: an abstract name */
    assert_string_equal(addr_text(&addr, text), "unix:@x");
    assert_int_equal(addr.len, offsetof(struct sockaddr_un, sun_path) + 2);
    assert_int_equal(addr.un.sun_path[0], '\0');
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_hosts_resolve_without_a_resolver),
        cmocka_unit_test(what_is_no_host_name_is_a_mistake_of_the_user),
        cmocka_unit_test(loopback_is_where_targets_listen),
        cmocka_unit_test(a_unix_path_has_at_most_107_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
