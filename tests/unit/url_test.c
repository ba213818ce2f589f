/* Each URL lies flush against a page that cannot be read. */
#include "proto/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../fuzz/http1_reading.h"

static struct guarded guarded;

struct good_case {
    int line;
    const char *text, *host;
    bool tls, host_is_ipv6, port_given;
    uint16_t port;
    const char *path;
};

#define GOOD(text, host, tls, ipv6, given, port, path)     \
    {                                                      \
        __LINE__, text, host, tls, ipv6, given, port, path \
    }

static const struct good_case GOOD_URLS[] = {
    GOOD("http://localhost", "localhost", false, false, false, 80, ""),
    GOOD("http://localhost/", "localhost", false, false, false, 80, "/"),
    GOOD("HTTP://LocalHost/A", "LocalHost", false, false, false, 80, "/A"),
    GOOD("https://a.example/", "a.example", true, false, false, 443, "/"),
    GOOD("hTTpS://a:80/", "a", true, false, true, 80, "/"),
    GOOD("http://127.0.0.1:8080/json?x=1&y=%20", "127.0.0.1", false, false, true, 8080,
         "/json?x=1&y=%20"),
    GOOD("http://a:1", "a", false, false, true, 1, ""),
    GOOD("http://a:65535", "a", false, false, true, 65535, ""),
    GOOD("http://a:00080/", "a", false, false, true, 80, "/"),
    GOOD("http://[::1]", "::1", false, true, false, 80, ""),
    GOOD("http://[::1]:8080/x", "::1", false, true, true, 8080, "/x"),
    GOOD("https://[2001:DB8::ffff:192.0.2.1]/", "2001:DB8::ffff:192.0.2.1", true, true, false, 443,
         "/"),
    GOOD("http://a_b-c.d./", "a_b-c.d.", false, false, false, 80, "/"),
    GOOD("http://a/p#fragment", "a", false, false, false, 80, "/p"),
    GOOD("http://a#fragment?/:@", "a", false, false, false, 80, ""),
    GOOD("http://a/p?q?r#s", "a", false, false, false, 80, "/p?q?r"),
    GOOD("http://a/user@host:7", "a", false, false, false, 80, "/user@host:7"),
    GOOD("http://a//b/../{nonce}|\"<>", "a", false, false, false, 80, "//b/../{nonce}|\"<>"),
};

static void a_url_is_taken_apart(void **state)
{
    for (size_t i = 0; i < sizeof(GOOD_URLS) / sizeof(GOOD_URLS[0]); i++) {
        const struct good_case *c = &GOOD_URLS[i];
        struct url url;
        struct error err;
        bool same;

        if (!url_parse(guarded_put(&guarded, slice_of(c->text)), &url, &err))
            fail_msg("line %d: %s", c->line, err.text);
        same = slice_equal_nocase(url.scheme, c->tls ? SLICE("https") : SLICE("http")) &&
               slice_equal(url.host, slice_of(c->host)) && url.tls == c->tls &&
               url.host_is_ipv6 == c->host_is_ipv6 && url.port_given == c->port_given &&
               url.port == c->port && slice_equal(url.path, slice_of(c->path));
        if (!same)
            fail_msg("line %d: host \"%.*s\", port %u, path \"%.*s\"", c->line, (int)url.host.len,
                     url.host.ptr, url.port, (int)url.path.len, url.path.ptr);
    }
    (void)state;
}

struct bad_case {
    int line;
    struct slice text;
    const char *quoted, *reason;
};

#define BAD(text, quoted, reason)                            \
    {                                                        \
        __LINE__, { text, sizeof(text) - 1 }, quoted, reason \
    }
/* One that is quoted as it is. */
#define WRONG(text, reason) BAD(text, "\"" text "\"", reason)

static const struct bad_case BAD_URLS[] = {
    WRONG("", "this is empty"),
    WRONG("localhost:8080/", "it does not begin with http:// or https://"),
    WRONG("/path", "it does not begin with http:// or https://"),
    WRONG("ftp://a/", "it does not begin with http:// or https://"),
    WRONG("https", "it does not begin with http:// or https://"),
    WRONG("http:/a/", "it does not begin with http:// or https://"),
    WRONG("http:a", "it does not begin with http:// or https://"),
    WRONG("httpx://a/", "it does not begin with http:// or https://"),
    WRONG("://a/", "it does not begin with http:// or https://"),
    WRONG("http://", "the host is missing"),
    WRONG("http:///x", "the host is missing"),
    WRONG("http://:80/", "the host is missing"),
    WRONG("http://?x", "the host is missing"),
    WRONG("http://a b/", "write %20"),
    WRONG(" http://a/", "write %20"),
    BAD("http://a/\n", "\"http://a/\\n\"", "no control characters"),
    BAD("http://a\0b/", "\"http://a\\x00b/\"", "no control characters"),
    BAD("http://a/\x7f", "\"http://a/\\x7f\"", "no control characters"),
    BAD("http://b\xc3\xbc"
        "cher/",
        "\"http://b\\xc3\\xbccher/\"", "xn--"),
    WRONG("http://user@a/", "names a user"),
    WRONG("http://user:secret@a:80/", "names a user"),
    WRONG("http://@a/", "names a user"),
    WRONG("http://a*b/", "no host's name may have"),
    WRONG("http://%61/", "no host's name may have"),
    BAD("http://a\\b", "\"http://a\\\\b\"", "no host's name may have"),
    WRONG("http://a:/", "port behind the colon is missing"),
    WRONG("http://[::1]:", "port behind the colon is missing"),
    WRONG("http://a:0/", "from 1 to 65535"),
    WRONG("http://a:65536/", "from 1 to 65535"),
    WRONG("http://a:99999999999999999999/", "from 1 to 65535"),
    WRONG("http://a:+80/", "from 1 to 65535"),
    WRONG("http://a:8080x/", "from 1 to 65535"),
    WRONG("http://::1/", "the host is missing"),
    WRONG("http://fe80::1/", "in brackets, like [::1]"),
    WRONG("http://a:80:81/", "in brackets, like [::1]"),
    WRONG("http://[::1/", "not closed"),
    WRONG("http://[/]", "not closed"),
    WRONG("http://[::1]8080/", "behind the bracket"),
    WRONG("http://[]/", "no IPv6 address"),
    WRONG("http://[127.0.0.1]/", "no IPv6 address"),
    WRONG("http://[::1%25eth0]/", "no IPv6 address"),
    WRONG("http://[1:2:3:4:5:6:7:8:9]/", "no IPv6 address"),
    WRONG("http://[::ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255:1:2:3]/", "no IPv6 address"),
    WRONG("http://a?x=1", "write a / before the ?"),
};

static void a_wrong_url_is_quoted_and_explained(void **state)
{
    for (size_t i = 0; i < sizeof(BAD_URLS) / sizeof(BAD_URLS[0]); i++) {
        const struct bad_case *c = &BAD_URLS[i];
        struct url url = { .port = 1234 };
        struct error err;

        if (url_parse(guarded_put(&guarded, c->text), &url, &err))
            fail_msg("line %d: was taken", c->line);
        if (strncmp(err.text, c->quoted, strlen(c->quoted)) != 0 ||
            strstr(err.text, c->reason) == NULL ||
            strstr(err.text, "; a URL looks like http://127.0.0.1:8080/path") == NULL)
            fail_msg("line %d: says: %s", c->line, err.text);
        assert_true(err.usage);
        assert_int_equal(url.port, 1234);
    }
    (void)state;
}

static void fill(char *text, size_t size, const char *begin)
{
    memset(text, 'a', size);
    memcpy(text, begin, strlen(begin));
}

static void long_urls_and_hosts_have_a_limit(void **state)
{
    char text[URL_MAX + 1];
    struct url url;
    struct error err;

    fill(text, sizeof(text), "http://a/");
    assert_true(url_parse((struct slice){ text, URL_MAX }, &url, &err));
    assert_false(url_parse((struct slice){ text, URL_MAX + 1 }, &url, &err));
    assert_non_null(strstr(err.text, "...\": this is longer than 8192 bytes"));
    fill(text, sizeof(text), "http://");
    assert_true(url_parse((struct slice){ text, 7 + URL_HOST_MAX }, &url, &err));
    assert_false(url_parse((struct slice){ text, 7 + URL_HOST_MAX + 1 }, &url, &err));
    assert_non_null(strstr(err.text, "the host is longer than 253 bytes"));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_taken_apart),
        cmocka_unit_test(a_wrong_url_is_quoted_and_explained),
        cmocka_unit_test(long_urls_and_hosts_have_a_limit),
    };

    guarded = guarded_new(URL_MAX + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
