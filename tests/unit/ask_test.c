/* load/ask: whether a body is right. What it does with sockets is in tests/e2e. */
#include "load/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "load/ask_words_priv.h"

#define NONCE SLICE("0123456789abcdef")

static void bodies_are_compared_with_what_is_expected(void **state)
{
    static const struct {
        int line;
        struct expect expect;
        struct slice body;
        bool right;
        const char *reason; /* part of it */
    } CASES[] = {
        {__LINE__,  { 0 },                            SLICE("anything"),           true,  NULL                                                   },
        { __LINE__, { .body = SLICE("") },            SLICE(""),                   true,  NULL                                                   },
        { __LINE__, { .body = SLICE("") },            SLICE("x"),                  false, "body has 1 byte, expected 0"                          },
        { __LINE__, { .body = SLICE("a\0b") },        SLICE("a\0b"),               true,  NULL                                                   },
        { __LINE__, { .body = SLICE("pong") },        SLICE("pon"),                false, "it lacks 'g'"                                         },
        { __LINE__, { .body = SLICE("pong") },        SLICE("pong\n"),             false, "it also has '\\n'"                                    },
        { __LINE__, { .body = SLICE("pong") },        SLICE("pang"),               false, "differs at byte 1: 'ang'"                             },
        { __LINE__, { .body = SLICE("pong") },        SLICE("\x1b[2J"),            false, "'\\x1b[2J'"                                           },
        { __LINE__, { .body = SLICE("<{nonce}>") },   SLICE("<0123456789abcdef>"), true,  NULL                                                   },
        { __LINE__, { .body = SLICE("<{nonce}>") },   SLICE("<0123456789abcdee>"), false, "byte 16"                                              },
        { __LINE__, { .body = SLICE("<{nonce}>") },   SLICE("<{nonce}>"),          false, ""                                                     },
        { __LINE__,
         { .body = SLICE("{nonce}{nonce}") },
         SLICE("0123456789abcdef0123456789abcdef"),
         true,                                                                            NULL                                                   },
        { __LINE__,
         { .json = SLICE("{\"a\":1,\"b\":[true]}") },
         SLICE(" {\"b\" : [ true ],\n\"a\":1}\n"),
         true,                                                                            NULL                                                   },
        { __LINE__,
         { .json = SLICE("{\"a\":1}") },
         SLICE("{\"a\":2}"),
         false,                                                                           "another JSON value: '{\"a\":2}', expected '{\"a\":1}'"},
        { __LINE__, { .json = SLICE("{\"a\":1}") },   SLICE("{\"a\":1}x"),         false, "not JSON"                                             },
        { __LINE__, { .json = SLICE("{\"a\":1}") },   SLICE(""),                   false, "not JSON"                                             },
        { __LINE__, { .json = SLICE("{\"a\":1}") },   SLICE("{\"a\":2,\"a\":1}"),  false, "not JSON"                                             },
        { __LINE__, { .json = SLICE("\"x\"") },       SLICE("\"x\""),              true,  NULL                                                   },
        { __LINE__,
         { .json = SLICE("{\"id\":\"{nonce}\"}") },
         SLICE("{\"id\": \"0123456789abcdef\"}"),
         true,                                                                            NULL                                                   },
        { __LINE__, { .json = SLICE("{") },           SLICE("{}"),                 false, "the expected JSON is not valid"                       },
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char reason[200] = "";
        bool right =
            answer_body_matches(&CASES[i].expect, CASES[i].body, NONCE, reason, sizeof(reason));

        if (right != CASES[i].right)
            fail_msg("line %d: right is %d: %s", CASES[i].line, right, reason);
        if (!right && strstr(reason, CASES[i].reason) == NULL)
            fail_msg("line %d: reason '%s'", CASES[i].line, reason);
    }
    (void)state;
}

/* Without a nonce in the request, the mark is text like any other. */
static void without_a_nonce_its_mark_is_text(void **state)
{
    static const struct expect EXPECT = { .body = SLICE("{nonce}") };
    char reason[200];

    assert_true(answer_body_matches(&EXPECT, SLICE("{nonce}"), SLICE(""), reason, sizeof(reason)));
    (void)state;
}

/* Parses this answer as far as it goes; what is left of it. */
static struct slice parse(const char *answer, bool answers_head, struct http1 *ret_parser)
{
    struct slice input = slice_of(answer), piece;
    enum http1_step step;

    http1_begin(ret_parser, HTTP1_RESPONSE, answers_head, NULL, 0);
    do
        step = http1_step(ret_parser, &input, &piece);
    while (step == HTTP1_HEAD || step == HTTP1_BODY);
    return input;
}

static void what_follows_an_answer_is_told_with_where_it_ends(void **state)
{
    static const struct {
        int line;
        bool to_head;
        const char *answer, *words;
    } CASES[] = {
        {__LINE__,  true,  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
         "2 bytes follow the end of the answer: one to HEAD ends with its head"},
        { __LINE__, false, "HTTP/1.1 204 No\r\n\r\nhi",
         "2 bytes follow the end of the answer: a 204 ends with its head"      },
        { __LINE__, false, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nhi",
         "1 bytes follow the end of the answer: its Content-Length is 1"       },
        { __LINE__, false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nhi",
         "2 bytes follow the end of the answer"                                },
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char line[200] = "";
        struct text words = TEXT(line);
        struct http1 parser;
        struct slice rest = parse(CASES[i].answer, CASES[i].to_head, &parser);

        ask_say_overlong(&parser, CASES[i].to_head, rest.len, &words);
        if (strcmp(line, CASES[i].words) != 0)
            fail_msg("line %d: %s", CASES[i].line, line);
    }
    (void)state;
}

static void an_answer_without_an_end_is_told_by_what_is_missing(void **state)
{
    static const struct {
        int line;
        const char *answer, *words;
    } CASES[] = {
        {__LINE__,  "HTTP/1.1 200",                                          "not even its head"},
        { __LINE__, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
         "of its Content-Length of 5 came 2 bytes"                                              },
        { __LINE__, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
         "its last chunk is missing"                                                            },
        { __LINE__, "HTTP/1.1 200 OK\r\n\r\nhi",
         "states no length, and the connection stays open"                                      },
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char line[200] = "";
        struct text words = TEXT(line);
        struct http1 parser;

        parse(CASES[i].answer, false, &parser);
        ask_say_unfinished(&parser, "5.00s", &words);
        if (strstr(line, CASES[i].words) == NULL)
            fail_msg("line %d: %s", CASES[i].line, line);
    }
    (void)state;
}

static void what_is_no_http_is_named_or_quoted(void **state)
{
    static const struct {
        int line;
        struct slice head;
        const char *words;
    } CASES[] = {
        {__LINE__,  SLICE("SSH-2.0-x\r\n"),                "broken: 'SSH-2.0-x\\r\\n'"         },
        { __LINE__, SLICE("\x15\x03\x01\0\x02\x02\x46"),   "the answer is TLS, not HTTP/1.1"   },
        { __LINE__, SLICE("\0\0\x12\x04\0\0\0\0\0\0\x03"), "the answer is HTTP/2, not HTTP/1.1"},
        { __LINE__, SLICE("HTTP/1.1 200 OK\r\n folded"),   "broken"                            },
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char line[200] = "";
        struct text words = TEXT(line);

        ask_say_not_http(CASES[i].head, "broken", &words);
        if (strcmp(line, CASES[i].words) != 0)
            fail_msg("line %d: %s", CASES[i].line, line);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_compared_with_what_is_expected),
        cmocka_unit_test(without_a_nonce_its_mark_is_text),
        cmocka_unit_test(what_follows_an_answer_is_told_with_where_it_ends),
        cmocka_unit_test(an_answer_without_an_end_is_told_by_what_is_missing),
        cmocka_unit_test(what_is_no_http_is_named_or_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
