/* tests/unit/contract_test.c -- what is learnt from the first answers, and what is right from then
 * on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "load/contract.h"

static struct arena arena;

static int make_arena(void **state)
{
    struct error err;

    (void)state;
    return arena_map(&arena, 1u << 20, &err) ? 0 : -1;
}

static int drop_arena(void **state)
{
    (void)state;
    arena_unmap(&arena);
    return 0;
}

static struct answer answered(uint16_t status, const char *content_type, struct slice body)
{
    struct answer answer = { .outcome = OUTCOME_OK, .status = status, .body = body };
    struct text text = TEXT(answer.content_type);

    text_add(&text, slice_of(content_type));
    return answer;
}

static struct contract learn(const struct workload *workload, const struct answer *answers,
                             uint32_t count, const char **ret_text)
{
    struct contract contract;
    struct error err = { 0 };

    if (!contract_learn(workload, answers, count, &arena, &contract, ret_text, &err))
        fail_msg("%s", err.text);
    return contract;
}

static const struct workload GET = { .method = SLICE("GET"), .path = SLICE("/") };

/* ---- learning ---- */

static void a_body_that_all_probes_had_is_expected_from_then_on(void **state)
{
    struct answer answers[3];
    struct contract contract;
    const char *text;

    for (int i = 0; i < 3; i++)
        answers[i] = answered(201, "application/json", SLICE("{\"message\":\"pong\",\"a\":1}\n"));
    contract = learn(&GET, answers, 3, &text);
    assert_int_equal(contract.status, 201);
    assert_true(contract.body_known);
    assert_true(slice_equal(contract.body, answers[0].body));
    assert_int_equal(contract.nonce_count, 0);
    assert_int_equal(contract.watch_count, 0);
    assert_false(contract.answers_head);
    assert_string_equal(text, "201, 25 B application/json, identical in 3 probes");
    (void)state;
}

/* The last one counts as much as the second. */
static void bodies_that_differ_are_not_looked_at(void **state)
{
    struct answer answers[3] = { answered(200, "text/html", SLICE("now: 1")),
                                 answered(200, "text/html", SLICE("now: 1")),
                                 answered(200, "text/html", SLICE("now: 2")) };
    const char *text;
    struct contract contract = learn(&GET, answers, 3, &text);

    assert_false(contract.body_known);
    assert_string_equal(text, "200, 6 B text/html, bodies differ from probe to probe: status and "
                              "framing are checked, not the body");
    answers[2] = answered(200, "text/html", SLICE("now: 1 ")); /* one begins like the other */
    assert_false(learn(&GET, answers, 3, &text).body_known);
    assert_true(learn(&GET, answers, 2, &text).body_known);
    (void)state;
}

/* A clock that shows seconds is the same in three probes, and another in the drive. */
static void where_any_body_is_right_what_the_probes_had_is_not_expected(void **state)
{
    struct workload workload = GET;
    struct answer answers[] = { answered(200, "text/html", SLICE("now: 1")),
                                answered(200, "text/html", SLICE("now: 1")) };
    const char *text;

    workload.expect.any_body = true;
    assert_false(learn(&workload, answers, 2, &text).body_known);
    assert_string_equal(text, "200, 6 B text/html, any body is right: status and framing are "
                              "checked, not the body");
    (void)state;
}

static void what_the_workload_expects_goes_before_what_was_answered(void **state)
{
    struct workload workload = GET;
    struct answer answer = answered(200, "", SLICE("something else"));
    const char *text;
    struct contract contract;

    workload.expect.status = 404;
    workload.expect.body = SLICE("not here");
    contract = learn(&workload, &answer, 1, &text);
    assert_int_equal(contract.status, 404);
    assert_true(contract.body_known);
    assert_true(slice_equal(contract.body, SLICE("not here")));
    workload.expect.body = SLICE(""); /* expected to be empty: not the same as not expected */
    contract = learn(&workload, &answer, 1, &text);
    assert_true(contract.body_known);
    assert_int_equal(contract.body.len, 0);
    (void)state;
}

static void answers_without_a_content_type_are_described_without_one(void **state)
{
    struct answer answer = answered(204, "", SLICE(""));
    const char *text;

    learn(&GET, &answer, 1, &text);
    assert_string_equal(text, "204, 0 B, identical in 1 probes");
    (void)state;
}

/* The longest type that an answer has room for, and every byte of it unprintable. */
/* Nobody follows it, so that it is what is measured. */
static void a_redirect_says_where_to(void **state)
{
    struct answer answer = answered(301, "text/html", SLICE("moved"));
    struct text location = TEXT(answer.location);
    const char *text;

    text_add(&location, SLICE("https://a/\033[2J"));
    learn(&GET, &answer, 1, &text);
    assert_string_equal(text, "301 to https://a/\\x1b[2J, 5 B text/html, identical in 1 probes");
    (void)state;
}

static void the_description_cannot_write_to_the_terminal_and_is_not_cut(void **state)
{
    struct answer answer = answered(200, "", SLICE("x"));
    const char *text;

    memset(answer.content_type, '\033', sizeof(answer.content_type) - 1);
    learn(&GET, &answer, 1, &text);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "\\x1b, identical in 1 probes"));
    (void)state;
}

static void an_answer_to_head_has_no_body(void **state)
{
    struct workload workload = GET;
    struct answer answer = answered(200, "", SLICE(""));
    const char *text;

    workload.method = SLICE("HEAD");
    assert_true(learn(&workload, &answer, 1, &text).answers_head);
    workload.method = SLICE("HEADS");
    assert_false(learn(&workload, &answer, 1, &text).answers_head);
    (void)state;
}

static void the_places_of_the_nonce_are_found_in_the_expected_body(void **state)
{
    struct workload workload = GET;
    struct answer answer = answered(200, "text/plain", SLICE("0123456789abcdef"));
    const char *text;
    struct contract contract;

    workload.expect.body = SLICE("{nonce}{nonce} and {nonce {nonce}");
    contract = learn(&workload, &answer, 1, &text);
    assert_int_equal(contract.nonce_count, 3);
    assert_int_equal(contract.nonce_at[0], 0);
    assert_int_equal(contract.nonce_at[1], 16);
    assert_int_equal(contract.nonce_at[2], 16 + 16 + 12);
    assert_int_equal(contract.body.len, 3 * 16 + 12);
    assert_memory_equal(contract.body.ptr + 32, " and {nonce ", 12);
    assert_string_equal(text, "200, 16 B text/plain, with the nonce it was asked for");
    (void)state;
}

static void more_nonces_or_headers_than_can_be_checked_are_an_error(void **state)
{
    struct workload workload = GET;
    struct answer answer = answered(200, "", SLICE(""));
    struct contract contract;
    const char *text;
    struct error err = { 0 };

    workload.expect.body = SLICE("{nonce}{nonce}{nonce}{nonce}{nonce}{nonce}{nonce}{nonce}{nonce}");
    assert_false(contract_learn(&workload, &answer, 1, &arena, &contract, &text, &err));
    assert_true(err.usage);
    assert_non_null(strstr(err.text, "more than 8 places"));
    workload.expect.body = (struct slice){ 0 };
    workload.expect.header_count = HTTP1_WATCH_MAX + 1;
    for (size_t i = 0; i <= HTTP1_WATCH_MAX; i++)
        workload.expect.headers[i] = (struct header){ SLICE("X"), SLICE("1") };
    err = (struct error){ 0 };
    assert_false(contract_learn(&workload, &answer, 1, &arena, &contract, &text, &err));
    assert_true(err.usage);
    (void)state;
}

/* ---- pieces of a body ---- */

static const char NONCE[] = "0123456789abcdef";

/* The expected body as it has to come, nonces filled in. */
static size_t fill_in(const struct contract *contract, char *ret_body)
{
    if (contract->body.len > 0)
        memcpy(ret_body, contract->body.ptr, contract->body.len);
    for (uint8_t i = 0; i < contract->nonce_count; i++)
        memcpy(ret_body + contract->nonce_at[i], NONCE, WORKLOAD_NONCE_LEN);
    return contract->body.len;
}

/* Cuts a body at random places, and lets at most one byte of it be wrong, or lets it run on: each
 * piece must match exactly when all its bytes are those of the expected body. */
static void pieces_match_as_a_comparison_of_all_bytes_says(void **state)
{
    static const char *const BODIES[] = {
        "",
        "x",
        "hello, world",
        "{nonce}",
        "<{nonce}>",
        "{nonce}{nonce}",
        "{nonce}, then {nonce}{nonce} and a longer text behind them",
        "a{nonce}b{nonce}c{nonce}d{nonce}e{nonce}f{nonce}g{nonce}h{nonce}",
    };
    struct rng rng = { 5 };
    unsigned matched = 0, refused = 0;

    for (unsigned round = 0; round < 20000; round++) {
        struct workload workload = GET;
        struct answer answer = answered(200, "", SLICE(""));
        struct arena scratch = arena;
        struct contract contract;
        char wanted[256], got[256 + 8];
        size_t len, sent;
        const char *text;
        struct error err;

        workload.expect.body = slice_of(BODIES[round % (sizeof(BODIES) / sizeof(BODIES[0]))]);
        assert_true(contract_learn(&workload, &answer, 1, &scratch, &contract, &text, &err));
        len = fill_in(&contract, wanted);
        memset(got, 0, sizeof(got)); /* what a buffer often has behind its text */
        memcpy(got, wanted, len);
        sent = len + (round % 3 == 0 ? rng_below(&rng, 8) : 0);
        if (round % 2 == 0 && len > 0)
            got[rng_below(&rng, len)] ^= 1;
        for (size_t at = 0; at < sent;) {
            size_t piece = 1 + rng_below(&rng, sent - at);
            bool right = at + piece <= len && memcmp(got + at, wanted + at, piece) == 0;

            if (contract_piece_matches(&contract, NONCE, at, (struct slice){ got + at, piece }) !=
                right)
                fail_msg("'%s', %zu bytes from %zu: should be %s", workload.expect.body.ptr, piece,
                         at, right ? "right" : "wrong");
            matched += right;
            refused += !right;
            at += piece;
        }
    }
    assert_true(matched > 1000);
    assert_true(refused > 1000);
    (void)state;
}

static void another_requests_nonce_is_not_right(void **state)
{
    struct workload workload = GET;
    struct answer answer = answered(200, "", SLICE(""));
    const char *text;
    struct contract contract;

    workload.expect.body = SLICE("{nonce}");
    contract = learn(&workload, &answer, 1, &text);
    assert_true(contract_piece_matches(&contract, NONCE, 0, slice_of(NONCE)));
    assert_false(contract_piece_matches(&contract, "0123456789abcdee", 0, slice_of(NONCE)));
    assert_false(contract_piece_matches(&contract, NONCE, 0, SLICE("0000000000000000")));
    (void)state;
}

/* ---- heads ---- */

static enum outcome check(const struct contract *contract, const char *head)
{
    struct slice input = slice_of(head), body;
    struct http1 p;

    http1_begin(&p, HTTP1_RESPONSE, false, contract->watch, contract->watch_count);
    assert_int_equal(http1_step(&p, &input, &body), HTTP1_HEAD);
    return contract_check_head(contract, &p);
}

static void a_status_is_right_when_it_is_the_one_expected(void **state)
{
    static const struct {
        int line;
        uint16_t expected;
        const char *head;
        enum outcome outcome;
    } CASES[] = {
        {__LINE__,  200, "HTTP/1.1 200 OK\r\n\r\n",   OUTCOME_OK    },
        { __LINE__, 200, "HTTP/1.1 201 Made\r\n\r\n", OUTCOME_STATUS},
        { __LINE__, 200, "HTTP/1.1 503 No\r\n\r\n",   OUTCOME_STATUS},
        { __LINE__, 404, "HTTP/1.1 404 No\r\n\r\n",   OUTCOME_OK    },
        { __LINE__, 404, "HTTP/1.1 200 OK\r\n\r\n",   OUTCOME_STATUS},
        { __LINE__, 0,   "HTTP/1.1 200 OK\r\n\r\n",   OUTCOME_OK    },
        { __LINE__, 0,   "HTTP/1.1 304 Same\r\n\r\n", OUTCOME_OK    },
        { __LINE__, 0,   "HTTP/1.1 399 ?\r\n\r\n",    OUTCOME_OK    },
        { __LINE__, 0,   "HTTP/1.1 400 No\r\n\r\n",   OUTCOME_STATUS},
        { __LINE__, 0,   "HTTP/1.1 500 No\r\n\r\n",   OUTCOME_STATUS},
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct contract contract = { .status = CASES[i].expected };
        enum outcome outcome = check(&contract, CASES[i].head);

        if (outcome != CASES[i].outcome)
            fail_msg("line %d: %s", CASES[i].line, outcome_name(outcome));
    }
    (void)state;
}

static void every_expected_header_has_to_be_there(void **state)
{
    static const struct {
        int line;
        const char *head;
        enum outcome outcome;
    } CASES[] = {
        {__LINE__,  "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-A: 1\r\n\r\n",            OUTCOME_OK  },
        { __LINE__, "HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-type: text/html; charset=x\r\n\r\n",
         OUTCOME_OK                                                                                        },
        { __LINE__, "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n",                                       OUTCOME_BODY},
        { __LINE__, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",                      OUTCOME_BODY},
        { __LINE__, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-A: 2\r\n\r\n",            OUTCOME_BODY},
        { __LINE__, "HTTP/1.1 500 No\r\nContent-Type: text/html\r\nX-A: 2\r\n\r\n",
         OUTCOME_STATUS                                                                                    },
    };
    struct workload workload = GET;
    struct answer answer = answered(200, "text/html", SLICE(""));
    const char *text;
    struct contract contract;

    workload.expect.content_type = SLICE("text/html");
    workload.expect.headers[0] = (struct header){ SLICE("X-A"), SLICE("1") };
    workload.expect.header_count = 1;
    contract = learn(&workload, &answer, 1, &text);
    assert_int_equal(contract.watch_count, 2);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        enum outcome outcome = check(&contract, CASES[i].head);

        if (outcome != CASES[i].outcome)
            fail_msg("line %d: %s", CASES[i].line, outcome_name(outcome));
    }
    (void)state;
}

static void as_many_headers_as_can_be_watched_are_all_watched(void **state)
{
    static const char *const NAMES[HTTP1_WATCH_MAX] = { "A", "B", "C", "D", "E", "F", "G", "H" };
    struct workload workload = GET;
    struct answer answer = answered(200, "", SLICE(""));
    const char *text;
    struct contract contract;

    for (size_t i = 0; i < HTTP1_WATCH_MAX; i++)
        workload.expect.headers[i] = (struct header){ slice_of(NAMES[i]), SLICE("1") };
    workload.expect.header_count = HTTP1_WATCH_MAX;
    contract = learn(&workload, &answer, 1, &text);
    assert_int_equal(check(&contract, "HTTP/1.1 200 OK\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n"
                                      "F: 1\r\nG: 1\r\nH: 1\r\n\r\n"),
                     OUTCOME_OK);
    assert_int_equal(check(&contract, "HTTP/1.1 200 OK\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n"
                                      "F: 1\r\nG: 1\r\nH: 2\r\n\r\n"),
                     OUTCOME_BODY);
    (void)state;
}

#define learnt(test) cmocka_unit_test_setup_teardown(test, make_arena, drop_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        learnt(a_body_that_all_probes_had_is_expected_from_then_on),
        learnt(bodies_that_differ_are_not_looked_at),
        learnt(where_any_body_is_right_what_the_probes_had_is_not_expected),
        learnt(what_the_workload_expects_goes_before_what_was_answered),
        learnt(answers_without_a_content_type_are_described_without_one),
        learnt(a_redirect_says_where_to),
        learnt(the_description_cannot_write_to_the_terminal_and_is_not_cut),
        learnt(an_answer_to_head_has_no_body),
        learnt(the_places_of_the_nonce_are_found_in_the_expected_body),
        learnt(more_nonces_or_headers_than_can_be_checked_are_an_error),
        learnt(pieces_match_as_a_comparison_of_all_bytes_says),
        learnt(another_requests_nonce_is_not_right),
        cmocka_unit_test(a_status_is_right_when_it_is_the_one_expected),
        learnt(every_expected_header_has_to_be_there),
        learnt(as_many_headers_as_can_be_watched_are_all_watched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
