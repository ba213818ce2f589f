/* tests/unit/inproc_test.c -- what in-process figures are made of, without a process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/base64.h"
#include "inproc/inproc_priv.h"
#include "records.h"
#include "store/inproc_json.h"

/* ---- what is asked, and what is learnt ---- */

static struct workload a_workload(const char *path)
{
    return (struct workload){ .method = SLICE("GET"), .path = slice_of(path) };
}

static json_t *cases_of(const struct workload *workload)
{
    struct inproc_spec spec = { .cases = workload, .case_count = 1 };
    json_t *cases = cases_new(&spec);

    assert_non_null(cases);
    return cases;
}

static const char *header_in(const json_t *list, const char *name)
{
    const char *found = NULL;
    size_t i;
    json_t *pair;

    json_array_foreach(list, i, pair)
    {
        if (strcmp(json_string_value(json_array_get(pair, 0)), name) == 0) {
            assert_null(found); /* once only */
            found = json_string_value(json_array_get(pair, 1));
        }
    }
    return found;
}

static const char *text_in(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void a_case_is_what_a_browser_asks_with_its_query_apart(void **state)
{
    struct workload w = a_workload("/a/b?x=1&y={nonce}");
    const json_t *one, *headers;
    json_t *cases;

    w.headers[0] = (struct header){ SLICE("accept"), SLICE("application/json") };
    w.headers[1] = (struct header){ SLICE("X-Token"), SLICE("t={nonce}") };
    w.header_count = 2;
    cases = cases_of(&w);
    one = json_array_get(cases, 0);
    headers = json_object_get(one, "headers");
    assert_string_equal(text_in(one, "path"), "/a/b");
    assert_string_equal(text_in(one, "query"), "x=1&y=0123456789abcdef");
    assert_string_equal(text_in(one, "body"), "");
    assert_non_null(header_in(headers, "User-Agent"));
    assert_non_null(header_in(headers, "Host"));
    assert_null(header_in(headers, "Accept")); /* the workload's own is in its place */
    assert_string_equal(header_in(headers, "accept"), "application/json");
    assert_string_equal(header_in(headers, "X-Token"), "t=0123456789abcdef");
    json_decref(cases);
    (void)state;
}

static void a_body_that_is_no_text_goes_in_base64(void **state)
{
    struct workload w = a_workload("/");
    json_t *cases;

    w.body = (struct slice){ "\xff\x00\x01", 3 };
    cases = cases_of(&w);
    assert_null(text_in(json_array_get(cases, 0), "body"));
    assert_string_equal(text_in(json_array_get(cases, 0), "body_base64"), "/wAB");
    json_decref(cases);
    (void)state;
}

static json_t *an_answer(int status, const char *type, const char *body)
{
    char coded[BASE64_LEN(100) + 1];

    base64_encode(slice_of(body), coded);
    return json_pack("{s:i, s:[[s,s],[s,s]], s:s}", "status", status, "headers", "content-type",
                     type, "Date", "today", "body_base64", coded);
}

/* Learns from two answers; the error's text, or "" and what was learnt in ret_expect. */
static void learn(const struct workload *w, json_t *first, json_t *second, json_t **ret_expect,
                  char *ret_check, struct error *err)
{
    struct inproc_spec spec = { .cases = w, .case_count = 1 };
    json_t *cases = cases_of(w);

    err->text[0] = '\0';
    *ret_expect = NULL;
    if (cases_learn(cases, &spec, 0, first, second, ret_check, 200, err))
        *ret_expect = json_incref(json_object_get(json_array_get(cases, 0), "expect"));
    json_decref(first);
    json_decref(second);
    json_decref(cases);
}

static void what_two_answers_agree_in_is_what_every_call_is_compared_with(void **state)
{
    struct workload w = a_workload("/");
    char check[200];
    struct error err;
    json_t *expect;

    learn(&w, an_answer(200, "text/plain", "one"), an_answer(200, "text/plain", "one"), &expect,
          check, &err);
    assert_non_null(expect);
    assert_string_equal(check, "200, 3 B text/plain, the same twice");
    assert_string_equal(text_in(expect, "body_base64"), "b25l");
    assert_string_equal(header_in(json_object_get(expect, "headers"), "Content-Type"),
                        "text/plain");
    assert_null(header_in(json_object_get(expect, "headers"), "Date")); /* it will change */
    json_decref(expect);

    learn(&w, an_answer(200, "text/plain", "one"), an_answer(200, "text/plain", "two"), &expect,
          check, &err);
    assert_non_null(expect);
    assert_string_equal(check, "200, 3 B text/plain, its body varies and is not checked");
    assert_null(json_object_get(expect, "body_base64"));
    json_decref(expect);
    (void)state;
}

static void an_answer_that_is_not_the_expected_one_is_refused_with_a_sentence(void **state)
{
    static const struct {
        int line;
        struct expect expect;
        int status, again;
        const char *type, *body, *said;
    } cases[] = {
        {__LINE__,
         { 0 },
         500, 500,
         "text/plain",               "x",
         "GET /: status 500 (--expect-status 500 if that is right)"           },
        { __LINE__,
         { .status = 200 },
         404, 404,
         "text/plain",               "x",
         "GET /: status 404, expected 200"                                    },
        { __LINE__,
         { 0 },
         200, 204,
         "text/plain",               "x",
         "GET /: status 200, and when asked again 204"                        },
        { __LINE__,
         { .content_type = SLICE("text/html") },
         200, 200,
         "text/plain",               "x",
         "GET /: Content-Type is text/plain, expected text/html"              },
        { __LINE__,
         { .content_type = SLICE("text/html") },
         200, 200,
         "Text/HTML; charset=utf-8", "x",
         ""                                                                   },
        { __LINE__,
         { .content_type = SLICE("text/html; charset=utf-8") },
         200, 200,
         "text/html",                "x",
         "GET /: Content-Type is text/html, expected text/html; charset=utf-8"},
        { __LINE__,
         { .body = SLICE("y") },
         200, 200,
         "text/plain",               "x",
         "GET /: body differs at byte 0: 'x', expected 'y'"                   },
        { __LINE__,
         { .body = SLICE("it is {nonce}") },
         200, 200,
         "text/plain",               "it is 0123456789abcdef",
         ""                                                                   },
        { __LINE__,
         { .json = SLICE("{\"a\": [1]}") },
         200, 200,
         "application/json",         "{\"a\":[1]}",
         ""                                                                   },
        { __LINE__,
         { .headers = { { SLICE("Date"), SLICE("tomorrow") } }, .header_count = 1 },
         200, 200,
         "text/plain",               "x",
         "GET /: header Date is today, expected tomorrow"                     },
        { __LINE__,
         { .headers = { { SLICE("X"), SLICE("y") } }, .header_count = 1 },
         200, 200,
         "text/plain",               "x",
         "GET /: header X is not there, expected y"                           },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct workload w = a_workload("/");
        char check[200];
        struct error err;
        json_t *expect;

        w.expect = cases[i].expect;
        learn(&w, an_answer(cases[i].status, cases[i].type, cases[i].body),
              an_answer(cases[i].again, cases[i].type, cases[i].body), &expect, check, &err);
        json_decref(expect);
        if (strcmp(err.text, cases[i].said) != 0)
            fail_msg("line %d: %s", cases[i].line, err.text);
    }
    (void)state;
}

/* ---- figures ---- */

/* `ns` a call in each of six processes, a little more in each. */
static void fill_row(struct inproc_row *row, const char *label, const char *interface, double ns)
{
    snprintf(row->label, sizeof(row->label), "%s", label);
    snprintf(row->look.interface, sizeof(row->look.interface), "%s", interface);
    row->looked = true;
    row->look.tcalls = 70;
    row->look.funcs = 36;
    row->look.allocations = -1;
    row->look.driver_ns = -1;
    row->look.instructions = (double)NAN;
    row->look.growth_calls = 100;
    for (size_t i = 0; i < 6; i++) {
        struct inproc_timing *t = &row->timings[row->timing_count++];

        t->calls = 1000;
        t->warmup_calls = 250;
        t->warmup_ns = 5000;
        t->wall_ns = (int64_t)(ns * 1000 * (1 + 0.01 * (double)i));
        t->cpu_ns = t->wall_ns / 2;
        t->batch_ns[0] = t->wall_ns;
        t->batch_count = 1;
        t->instructions = (double)NAN;
    }
}

static const struct workload root = { .method = SLICE("GET"), .path = SLICE("/") };

static struct inproc_table a_table(void)
{
    static const struct inproc_spec specs[4] = {
        {"cpython",  "a", "/apps", "", INPROC_GC_FROZEN, &root, 1, 0, true, 1, SECOND_NS, false,
         NULL, NULL},
        { "cpython", "b", "/apps", "", INPROC_GC_FROZEN, &root, 1, 0, true, 1, SECOND_NS, false,
         NULL, NULL},
        { "cpython", "c", "/apps", "", INPROC_GC_FROZEN, &root, 1, 0, true, 1, SECOND_NS, false,
         NULL, NULL},
        { "cpython", "d", "/apps", "", INPROC_GC_FROZEN, &root, 1, 0, true, 1, SECOND_NS, false,
         NULL, NULL},
    };
    struct inproc_table table;
    struct error err;

    assert_true(inproc_table_open(&table, specs, 4, 6, &err));
    fill_row(&table.rows[0], "wsgi floor", "wsgi", 200);
    fill_row(&table.rows[1], "asgi floor", "asgi", 500);
    table.rows[0].floor = table.rows[1].floor = true;
    fill_row(&table.rows[2], "bottle", "wsgi", 6000);
    snprintf(table.rows[3].label, sizeof(table.rows[3].label), "odd");
    table.rows[3].state = INPROC_FAILED;
    table.rows[3].fault.signal = 11;
    snprintf(table.rows[3].reason, sizeof(table.rows[3].reason), "it crashed");
    return table;
}

static void an_application_is_compared_with_the_floor_of_its_interface_round_by_round(void **state)
{
    struct inproc_table table = a_table();
    struct inproc_row *row = &table.rows[2];
    const struct inproc_row *floor = inproc_floor_of(&table, row);
    struct interval ratio = inproc_times_floor(row, floor);
    struct interval ns = inproc_ns(row);

    assert_ptr_equal(floor, &table.rows[0]);
    assert_true(fabs(ratio.median - 30) <= 1e-9); /* what slows both is no difference */
    assert_true(ratio.bounded);
    assert_true(fabs(ratio.high - ratio.low - 0) <= 1e-9);
    assert_true(fabs(ns.median - 6000 * 1.025) <= 1e-6);
    assert_true(fabs(ns.low - 6000) <= 1e-6);
    assert_true(fabs(ns.high - 6300) <= 1e-6);
    assert_true(fabs(inproc_cpu_share(row) - 0.5) <= 1e-9);
    row->timing_count = 5;
    assert_false(inproc_ns(row).bounded); /* six are needed */
    table.rows[0].state = INPROC_FAILED;
    assert_null(inproc_floor_of(&table, row));
    assert_int_equal(inproc_times_floor(row, NULL).n, 0);
    assert_int_equal(inproc_ns(&table.rows[3]).n, 0);
    inproc_table_close(&table);
    (void)state;
}

static void memory_grows_by_its_slope_over_the_calls(void **state)
{
    struct inproc_table table = a_table();
    struct inproc_row *row = &table.rows[2];
    struct trend trend;

    for (size_t i = 0; i <= INPROC_GROWTH_POINTS; i++)
        row->look.growth_bytes[i] = 1000000 + (int64_t)i * 100 * 48; /* 48 bytes a call */
    trend = inproc_growth(row);
    assert_true(fabs(trend.slope - 48) <= 1e-9);
    assert_true(trend.low > 0);
    inproc_table_close(&table);
    (void)state;
}

static void instructions_are_the_machines_if_it_counts_them_else_callgrinds(void **state)
{
    struct inproc_table table = a_table();
    struct inproc_row *row = &table.rows[2];

    assert_true(isnan(inproc_instructions(row)));
    row->look.instructions = 3400;
    assert_true(fabs(inproc_instructions(row) - 3400) <= 0);
    row->timings[4].instructions = 3300;
    assert_true(fabs(inproc_instructions(row) - 3300) <= 0);
    inproc_table_close(&table);
    (void)state;
}

/* ---- as JSON ---- */

static void a_table_comes_back_from_its_json_as_it_was(void **state)
{
    struct inproc_table table = a_table(), back;
    struct run_record *run = new_run(0);
    struct error err;
    json_t *json = inproc_to_json(&table, run, &err);
    json_t *row, *again;

    assert_non_null(json);
    assert_string_equal(text_in(json, "gc"), "frozen");
    row = json_array_get(json_object_get(json, "rows"), 3);
    assert_string_equal(text_in(row, "signal"), "SIGSEGV");
    assert_string_equal(text_in(row, "state"), "failed");
    assert_true(json_is_null(json_object_get(row, "growth")));
    row = json_array_get(json_object_get(json, "rows"), 2);
    assert_true(json_is_null(json_object_get(row, "allocations")));
    assert_int_equal(json_integer_value(json_object_get(row, "tcalls")), 70);

    assert_true(inproc_from_json(json, &back, &err));
    again = inproc_to_json(&back, run, &err);
    assert_non_null(again);
    for (size_t i = 0; i < 4; i++) {
        json_t *before = json_array_get(json_object_get(json, "rows"), i);
        json_t *after = json_array_get(json_object_get(again, "rows"), i);

        /* The number of a signal is known by name only, once it is written. */
        json_object_del(before, "signal");
        json_object_del(after, "signal");
        assert_true(json_equal(before, after));
    }
    json_decref(again);
    json_decref(json);
    inproc_table_close(&back);
    inproc_table_close(&table);
    run_record_free(run);
    (void)state;
}

static void what_is_no_such_document_is_refused(void **state)
{
    struct inproc_table table;
    struct error err;
    json_t *other = json_pack("{s:s, s:[{}]}", "schema", "assay/run/1", "rows");
    json_t *empty = json_pack("{s:s, s:[]}", "schema", "assay/inproc/1", "rows");

    assert_false(inproc_from_json(other, &table, &err));
    assert_false(inproc_from_json(empty, &table, &err));
    json_decref(other);
    json_decref(empty);
    (void)state;
}

/* ---- the processes ---- */

static void a_runtime_without_a_runner_says_what_to_install(void **state)
{
    char path[4096];
    struct error err;

    assert_false(runner_find("cobol", path, sizeof(path), &err));
    assert_non_null(strstr(err.text, "assay-runner-cobol"));
    assert_non_null(strstr(err.text, "packages/inproc.txt"));
    assert_true(err.usage);
    assert_false(runner_find("../sh", path, sizeof(path), &err));
    (void)state;
}

static void states_of_the_collector_have_names(void **state)
{
    enum inproc_gc gc = INPROC_GC_ON;

    assert_true(inproc_gc_named("frozen", &gc));
    assert_int_equal(gc, INPROC_GC_FROZEN);
    assert_string_equal(inproc_gc_name(INPROC_GC_OFF), "off");
    assert_false(inproc_gc_named("", &gc));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_is_what_a_browser_asks_with_its_query_apart),
        cmocka_unit_test(a_body_that_is_no_text_goes_in_base64),
        cmocka_unit_test(what_two_answers_agree_in_is_what_every_call_is_compared_with),
        cmocka_unit_test(an_answer_that_is_not_the_expected_one_is_refused_with_a_sentence),
        cmocka_unit_test(an_application_is_compared_with_the_floor_of_its_interface_round_by_round),
        cmocka_unit_test(memory_grows_by_its_slope_over_the_calls),
        cmocka_unit_test(instructions_are_the_machines_if_it_counts_them_else_callgrinds),
        cmocka_unit_test(a_table_comes_back_from_its_json_as_it_was),
        cmocka_unit_test(what_is_no_such_document_is_refused),
        cmocka_unit_test(a_runtime_without_a_runner_says_what_to_install),
        cmocka_unit_test(states_of_the_collector_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
