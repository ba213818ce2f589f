/* probe/link on recorded trees: tests/data/link/README says what they hold. */
#include "probe/link.h"

#include <arpa/inet.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static const char *tree(const char *when)
{
    static char root[512];
    const char *data = getenv("ASSAY_TEST_DATA");

    snprintf(root, sizeof(root), "%s/link/%s", data != NULL ? data : "tests/data", when);
    return root;
}

static struct addr addr_of(const char *text)
{
    struct addr addr = { .in = { .sin_family = AF_INET } };

    if (strchr(text, ':') == NULL) {
        assert_int_equal(inet_pton(AF_INET, text, &addr.in.sin_addr), 1);
        return addr;
    }
    addr = (struct addr){ .in6 = { .sin6_family = AF_INET6 } };
    assert_int_equal(inet_pton(AF_INET6, text, &addr.in6.sin6_addr), 1);
    return addr;
}

static void the_card_is_that_of_the_longest_prefix(void **state)
{
    static const struct {
        const char *to, *card;
    } cases[] = {
        {"10.0.0.7",       "eth0" },
        { "8.8.8.8",       "eth0" },
        { "192.168.7.200", "eth1" },
        { "192.168.8.1",   "veth1"},
        { "fd00:0:7::1",   "eth1" },
        { "fd00:0:9::1",   "eth0" },
        { "fd00:0:8::1",   "eth0" }, /* what is refused is no way there */
        { "fd00::5",       "lo"   }, /* an address of this machine */
        { "2001:db8::1",   "eth0" },
    };
    char name[LINK_NAME_MAX];
    struct addr unix_socket = { .un = { .sun_family = AF_UNIX } }, addr = addr_of("10.0.0.7");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct addr to = addr_of(cases[i].to);

        link_find(tree("before"), &to, name);
        if (strcmp(name, cases[i].card) != 0)
            fail_msg("%s goes by '%s'", cases[i].to, name);
    }
    link_find(tree("before"), &unix_socket, name);
    assert_string_equal(name, "");
    link_find(tree("nowhere"), &addr, name);
    assert_string_equal(name, "");
    (void)state;
}

static double share_of(const char *card)
{
    struct link_sample from, to;

    link_read(tree("before"), card, &from);
    link_read(tree("after"), card, &to);
    return link_share(&from, &to, 10 * SECOND_NS);
}

static void a_card_is_as_full_as_its_fuller_direction(void **state)
{
    struct link_sample sample;

    assert_true(fabs(share_of("eth0") - 0.93) < 1e-9);
    assert_true(fabs(share_of("eth1") - 0.75) < 1e-9); /* both, where they take turns */
    link_read(tree("after"), "eth0", &sample);
    assert_int_equal(sample.bits_per_sec, 1000000000);
    assert_int_equal(sample.dropped, 18);
    (void)state;
}

static void a_speed_that_is_not_told_or_made_up_is_unknown(void **state)
{
    struct link_sample sample;

    assert_true(isnan(share_of("veth1")));
    assert_true(isnan(share_of("wlan0")));
    assert_true(isnan(share_of("eth2")));
    assert_true(isnan(share_of("eth9")));
    assert_true(isnan(share_of("")));
    link_read(tree("after"), "", &sample);
    assert_int_equal(sample.dropped, -1);
    assert_int_equal(sample.bits_per_sec, -1);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_card_is_that_of_the_longest_prefix),
        cmocka_unit_test(a_card_is_as_full_as_its_fuller_direction),
        cmocka_unit_test(a_speed_that_is_not_told_or_made_up_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
