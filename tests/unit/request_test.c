#include "load/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena arena;

static int map(void **state)
{
    struct error err;

    (void)state;
    return arena_map(&arena, 1 << 20, &err) ? 0 : -1;
}

static int unmap(void **state)
{
    arena_unmap(&arena);
    (void)state;
    return 0;
}

#define HOST SLICE("h:1")

static void a_request_holds_what_was_asked_for_and_nothing_else(void **state)
{
    static const struct {
        int line;
        struct workload workload;
        bool keepalive;
        const char *text;
    } CASES[] = {
        {__LINE__,
         { .method = SLICE("GET"), .path = SLICE("/") },
         true,  "GET / HTTP/1.1\r\nHost: h:1\r\n\r\n"                                        },
        { __LINE__,
         { .method = SLICE("GET"), .path = SLICE("/a?b=c") },
         false, "GET /a?b=c HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n"              },
        { __LINE__,
         { .method = SLICE("PUT"), .path = SLICE("/"), .body = SLICE("12345") },
         true,  "PUT / HTTP/1.1\r\nHost: h:1\r\nContent-Length: 5\r\n\r\n12345"              },
        { __LINE__,
         { .method = SLICE("POST"), .path = SLICE("/") },
         true,  "POST / HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n"                  },
        { __LINE__,
         { .method = SLICE("GET"),
            .path = SLICE("/"),
            .headers = { { SLICE("host"), SLICE("other") }, { SLICE("X-A"), SLICE("b c") } },
            .header_count = 2 },
         true,  "GET / HTTP/1.1\r\nhost: other\r\nX-A: b c\r\n\r\n"                          },
        { __LINE__,
         { .method = SLICE("GET"),
            .path = SLICE("/"),
            .headers = { { SLICE("CONNECTION"), SLICE("keep-alive") } },
            .header_count = 1 },
         false, "GET / HTTP/1.1\r\nHost: h:1\r\nCONNECTION: keep-alive\r\n\r\n"              },
        { __LINE__,
         { .method = SLICE("POST"),
            .path = SLICE("/"),
            .headers = { { SLICE("Transfer-Encoding"), SLICE("chunked") } },
            .header_count = 1,
            .body = SLICE("0\r\n\r\n") },
         true,  "POST / HTTP/1.1\r\nHost: h:1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct request_text request;
        struct error err = { 0 };

        if (!request_render(&CASES[i].workload, HOST, CASES[i].keepalive, &arena, &request, &err))
            fail_msg("line %d: %s", CASES[i].line, err.text);
        if (!slice_equal(request.bytes, slice_of(CASES[i].text)))
            fail_msg("line %d: '%s'", CASES[i].line, request.bytes.ptr);
        assert_int_equal(request.nonce_count, 0);
    }
    (void)state;
}

/* A line break smuggled into a header would be a second request, and the books would not balance.
 */
static void what_would_break_the_line_is_refused(void **state)
{
    static const struct {
        int line;
        struct workload workload;
        struct slice host;
    } CASES[] = {
        {__LINE__,  { .method = SLICE(""), .path = SLICE("/") },            SLICE("h")        },
        { __LINE__, { .method = SLICE("GE T"), .path = SLICE("/") },        SLICE("h")        },
        { __LINE__, { .method = SLICE("GET"), .path = SLICE("") },          SLICE("h")        },
        { __LINE__, { .method = SLICE("GET"), .path = SLICE("x") },         SLICE("h")        },
        { __LINE__, { .method = SLICE("GET"), .path = SLICE("/a b") },      SLICE("h")        },
        { __LINE__, { .method = SLICE("GET"), .path = SLICE("/\r\nX: y") }, SLICE("h")        },
        { __LINE__, { .method = SLICE("GET"), .path = SLICE("/") },         SLICE("h\r\nX: y")},
        { __LINE__,
         { .method = SLICE("GET"),
            .path = SLICE("/"),
            .headers = { { SLICE("A:"), SLICE("b") } },
            .header_count = 1 },
         SLICE("h")                                                                           },
        { __LINE__,
         { .method = SLICE("GET"),
            .path = SLICE("/"),
            .headers = { { SLICE("A"), SLICE("b\nC: d") } },
            .header_count = 1 },
         SLICE("h")                                                                           },
        { __LINE__,
         { .method = SLICE("GET"),
            .path = SLICE("/"),
            .headers = { { SLICE("A"), SLICE("b\0") } },
            .header_count = 1 },
         SLICE("h")                                                                           },
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct request_text request;
        struct error err = { 0 };

        if (request_render(&CASES[i].workload, CASES[i].host, true, &arena, &request, &err))
            fail_msg("line %d: rendered", CASES[i].line);
        if (!err.usage)
            fail_msg("line %d: not called the user's mistake", CASES[i].line);
    }
    (void)state;
}

static void nonces_are_written_into_each_of_their_places(void **state)
{
    static const struct workload WORKLOAD = { .method = SLICE("POST"),
                                              .path = SLICE("/{nonce}?again={nonce}"),
                                              .body = SLICE("{{nonce}}{nonc}") };
    struct request_text request;
    struct error err = { 0 };
    char *bytes;

    assert_true(request_render(&WORKLOAD, HOST, true, &arena, &request, &err));
    assert_int_equal(request.nonce_count, 3);
    assert_string_equal(request.bytes.ptr,
                        "POST /0000000000000000?again=0000000000000000 HTTP/1.1\r\nHost: h:1\r\n"
                        "Content-Length: 24\r\n\r\n{0000000000000000}{nonc}");
    bytes = arena_text(&arena, request.bytes.ptr, request.bytes.len);
    request_put_nonce(&request, UINT64_C(0x0123456789abcdef), bytes);
    assert_string_equal(bytes,
                        "POST /0123456789abcdef?again=0123456789abcdef HTTP/1.1\r\nHost: h:1\r\n"
                        "Content-Length: 24\r\n\r\n{0123456789abcdef}{nonc}");
    (void)state;
}

static void nine_nonces_are_one_too_many(void **state)
{
    struct workload workload = { .method = SLICE("GET"),
                                 .path = SLICE("/{nonce}{nonce}{nonce}{nonce}"),
                                 .body = SLICE("{nonce}{nonce}{nonce}{nonce}{nonce}") };
    struct request_text request;
    struct error err = { 0 };

    assert_false(request_render(&workload, HOST, true, &arena, &request, &err));
    assert_true(err.usage);
    assert_non_null(strstr(err.text, "9 places"));
    workload.body = SLICE("{nonce}{nonce}{nonce}{nonce}");
    assert_true(request_render(&workload, HOST, true, &arena, &request, &err));
    (void)state;
}

static void head_has_no_body_in_its_answer(void **state)
{
    static const struct workload WORKLOAD = { .method = SLICE("HEAD"), .path = SLICE("/") };
    struct request_text request;
    struct error err;

    assert_true(request_render(&WORKLOAD, HOST, true, &arena, &request, &err));
    assert_true(request.is_head);
    (void)state;
}

static void the_content_type_is_watched_first_and_nine_headers_are_too_many(void **state)
{
    struct expect expect = { .content_type = SLICE("text/plain") };
    struct http1_watch watches[HTTP1_WATCH_MAX];
    struct error err = { 0 };
    uint8_t count;

    for (expect.header_count = 0; expect.header_count < 7; expect.header_count++)
        expect.headers[expect.header_count] = (struct header){ SLICE("a"), SLICE("b") };
    assert_true(request_watches(&expect, watches, &count, &err));
    assert_int_equal(count, 8);
    assert_true(watches[0].media_type);
    assert_false(watches[1].media_type);
    expect.headers[expect.header_count++] = (struct header){ SLICE("a"), SLICE("b") };
    assert_false(request_watches(&expect, watches, &count, &err));
    assert_true(err.usage);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_holds_what_was_asked_for_and_nothing_else),
        cmocka_unit_test(what_would_break_the_line_is_refused),
        cmocka_unit_test(nonces_are_written_into_each_of_their_places),
        cmocka_unit_test(nine_nonces_are_one_too_many),
        cmocka_unit_test(head_has_no_body_in_its_answer),
        cmocka_unit_test(the_content_type_is_watched_first_and_nine_headers_are_too_many),
    };

    return cmocka_run_group_tests(tests, map, unmap);
}
