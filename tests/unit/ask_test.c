/* load/ask: whether a body is right. What it does with sockets is in tests/e2e. */
#include "load/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

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
        { __LINE__, { .body = SLICE("") },            SLICE("x"),                  false, "body has 1 bytes, expected 0"                         },
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_compared_with_what_is_expected),
        cmocka_unit_test(without_a_nonce_its_mark_is_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
