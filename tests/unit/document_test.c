/* tests/unit/document_test.c -- the documents that leave, and the schemas that describe them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>

#include "base/fault.h"
#include "records.h"
#include "report/document.h"
#include "report/schema.h"
#include "store/record_json.h"

/* Six trials of each target: enough for an interval. */
static struct run_record *small_run(void)
{
    struct run_record *run = new_run(12);

    fill_run(run);
    for (uint64_t i = 0; i < 6; i++) {
        add_trial(run, good_trial("nginx", 1000 + i));
        add_trial(run, good_trial("flask", 10));
    }
    run->trials[3]->state = TRIAL_DIED;
    run->trials[3]->reason = "killed by signal 11";
    return run;
}

static json_t *parsed(FILE *out)
{
    json_error_t bad;
    json_t *json;

    rewind(out);
    json = json_loadf(out, 0, &bad);
    if (json == NULL)
        fail_msg("line %d: %s", bad.line, bad.text);
    fclose(out);
    return json;
}

static void a_run_is_one_document_with_its_trials_and_rankings(void **state)
{
    struct run_record *run = small_run(), *back;
    FILE *out = tmpfile();
    struct error err;
    const char *connections, *first, *second, *reason;
    double median, low, high, relative;
    int rank, n;
    json_t *json;

    assert_true(document_write_run(out, run, &err));
    json = parsed(out);
    assert_int_equal(json_array_size(json_object_get(json, "trials")), 12);
    assert_int_equal(json_unpack(json_object_get(json, "ranking"),
                                 "[{s:s, s:[{s:s, s:i, s:F, s:{s:F, s:F, s:F, s:i}},"
                                 " {s:s, s:n, s:n, s:s}]}]",
                                 "connections", &connections, "rows", "target", &first, "rank",
                                 &rank, "relative", &relative, "throughput_per_sec", "median",
                                 &median, "low", &low, "high", &high, "n", &n, "target", &second,
                                 "rank", "relative", "reason", &reason),
                     0);
    assert_string_equal(connections, "persistent");
    assert_string_equal(first, "nginx");
    assert_int_equal(rank, 1);
    assert_int_equal(n, 6);
    assert_true(median == 1002.5 && low == 1000 && high == 1005 && relative == 1);
    assert_string_equal(second, "flask");
    assert_string_equal(reason, "killed by signal 11");
    back = run_from_json(json, &err);
    assert_non_null(back);
    assert_int_equal(back->trial_count, 12);
    json_decref(json);
    run_record_free(run);
    run_record_free(back);
    (void)state;
}

/* Two targets in six blocks, and the first one's twin, 2 % faster or slower in turn. */
static struct run_record *compared_run(void)
{
    struct run_record *run = new_run(18);

    fill_run(run);
    for (uint32_t i = 0; i < 18; i++) {
        uint32_t block = i / 3;
        struct trial_record *t = i % 3 == 0   ? good_trial("nginx", 1000 + block)
                                 : i % 3 == 1 ? good_trial("flask", 500 + block)
                                              : good_trial("nginx", block % 2 == 0 ? 1020 : 981);

        t->block = block;
        t->control = i % 3 == 2;
        add_trial(run, t);
    }
    return run;
}

static void a_ranking_has_its_noise_its_pairs_and_whether_it_can_be_repeated(void **state)
{
    struct run_record *run = compared_run();
    FILE *out = tmpfile();
    struct error err;
    const char *a, *b, *finding, *repeat_state, *unit;
    int best, worst, tie, known, pairs;
    double ratio, floor, p, value;
    json_t *json, *ranking;

    assert_true(document_write_run(out, run, &err));
    json = parsed(out);
    ranking = json_array_get(json_object_get(json, "ranking"), 0);
    assert_int_equal(json_array_size(json_object_get(ranking, "pairs")), 1);
    assert_int_equal(json_array_size(json_object_get(ranking, "rows")), 2);
    assert_int_equal(
        json_unpack(ranking,
                    "{s:[{s:s, s:s, s:F, s:F, s:s, s:n}], s:{s:b, s:i, s:F}, s:{s:s, s:s, s:F},"
                    " s:[{s:i, s:i, s:b, s:n}, {}], s:n}",
                    "pairs", "a", &a, "b", &b, "ratio", &ratio, "p_holm", &p, "finding", &finding,
                    "blocks_needed", "noise_floor", "known", &known, "blocks", &pairs, "floor",
                    &floor, "repeat", "state", &repeat_state, "unit", &unit, "value", &value,
                    "rows", "rank_best", &best, "rank_worst", &worst, "tie", &tie, "refused",
                    "reason"),
        0);
    assert_string_equal(a, "nginx");
    assert_string_equal(b, "flask");
    assert_string_equal(finding, "faster");
    assert_true(ratio > 1.98 && ratio < 2.01);
    assert_true(p == 2.0 / 64); /* six of six */
    assert_true(known);
    assert_int_equal(pairs, 6);
    assert_true(floor > 0.01 && floor < 0.03);
    assert_string_equal(repeat_state, "ok");
    assert_string_equal(unit, "share");
    assert_true(value == floor);
    assert_int_equal(best, 1);
    assert_int_equal(worst, 1);
    assert_false(tie);
    json_decref(json);
    run_record_free(run);
    (void)state;
}

/* The ranking refuses a percentile that the trials keep. */
static void a_ranking_has_no_percentile_of_too_few_samples(void **state)
{
    struct run_record *run = new_run(1);
    FILE *out = tmpfile();
    struct error err;
    json_t *json, *row, *response;

    add_trial(run, good_trial("a", 100));
    assert_true(document_write_run(out, run, &err));
    json = parsed(out);
    response = json_array_get(json_object_get(json, "trials"), 0);
    response = json_object_get(json_object_get(response, "latency_ns"), "response");
    row = json_array_get(json_object_get(json, "ranking"), 0);
    row = json_array_get(json_object_get(row, "rows"), 0);
    assert_true(json_is_integer(json_object_get(response, "p99")));
    assert_true(json_is_null(json_object_get(row, "p99_ns")));
    assert_true(json_is_integer(json_object_get(row, "p50_ns")));
    json_decref(json);
    run_record_free(run);
    (void)state;
}

static void a_ranking_has_no_percentile_that_a_check_refuses(void **state)
{
    struct run_record *run = new_run(1);
    FILE *out = tmpfile();
    struct error err;
    json_t *json, *row;

    add_trial(run, good_trial("a", 2000));
    add_check(run->trials[0], CHECK_CLOCK, CHECK_FAIL, "the clock jumped by 40ms", "again");
    assert_true(document_write_run(out, run, &err));
    json = parsed(out);
    row = json_array_get(json_object_get(json, "ranking"), 0);
    row = json_array_get(json_object_get(row, "rows"), 0);
    assert_true(json_is_null(json_object_get(row, "p99_ns")));
    assert_true(json_is_null(json_object_get(row, "p50_ns")));
    assert_true(json_is_integer(json_object_get(row, "rank")));
    json_decref(json);
    run_record_free(run);
    (void)state;
}

static void a_trial_is_one_document(void **state)
{
    struct trial_record *t = full_trial(), *back;
    FILE *out = tmpfile();
    struct error err;
    json_t *json;

    assert_true(document_write_trial(out, t, &err));
    json = parsed(out);
    back = trial_from_json(json, &err);
    assert_non_null(back);
    json_decref(json);
    trial_record_free(t);
    trial_record_free(back);
    (void)state;
}

static void a_full_disk_is_an_error_that_says_what_to_do(void **state)
{
    struct run_record *run = small_run();
    struct error err;

    for (int buffer = 0; buffer < 2; buffer++) {
        FILE *out = fopen("/dev/full", "w");

        setvbuf(out, NULL, buffer == 0 ? _IOFBF : _IONBF, 4096);
        assert_false(document_write_run(out, run, &err));
        assert_string_equal(err.text, "the document is not whole: free some space, or write it "
                                      "elsewhere: No space left on device");
        assert_false(document_write_trial(out, run->trials[0], &err));
        fclose(out);
    }
    run_record_free(run);
    (void)state;
}

static void memory_that_runs_out_is_an_error(void **state)
{
    struct run_record *run = new_run(1);
    bool done = false;

    add_trial(run, good_trial("a", 100));
    for (unsigned n = 1; !done && n < 10000; n++) {
        struct error err = { .text = "" };
        FILE *out = fopen("/dev/null", "w");

        fault_arm(FAULT_MEMORY, n);
        done = document_write_run(out, run, &err);
        assert_true(done || err.text[0] != '\0');
        fclose(out);
    }
    assert_true(done);
    fault_arm(FAULT_MEMORY, 0);
    run_record_free(run);
    (void)state;
}

/* ---- schemas ---- */

static json_t *schema(const char *which)
{
    json_t *json = json_loads(schema_text(which), JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(json);
    return json;
}

/* Both are whole, so that one file is enough to check a document by: they must not drift apart. */
static void the_schema_of_a_run_holds_that_of_a_trial(void **state)
{
    static const char *const parts[] = { "type", "additionalProperties", "required", "properties" };
    json_t *trial = schema("trial"), *run = schema("run");
    json_t *run_defs = json_object_get(run, "$defs"), *trial_defs = json_object_get(trial, "$defs");
    json_t *inside = json_object_get(run_defs, "trial"), *def;
    const char *name;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_true(
            json_equal(json_object_get(trial, parts[i]), json_object_get(inside, parts[i])));
    json_object_foreach(trial_defs, name, def)
        assert_true(json_equal(def, json_object_get(run_defs, name)));
    json_decref(trial);
    json_decref(run);
    (void)state;
}

/* Without a validator in C: every key that is written is described, and none is described in vain.
 */
static void assert_described(const json_t *document, json_t *described, const char *what)
{
    json_t *properties = json_object_get(described, "properties"), *value;
    const char *key;

    json_object_foreach(properties, key, value) if (json_object_get(document, key) == NULL &&
                                                    strstr(key, "_base64") == NULL)
        fail_msg("%s has no %s", what, key);
    json_object_foreach((json_t *)(uintptr_t)document, key, value)
    {
        json_t *inner = json_object_get(properties, key);

        if (inner == NULL)
            fail_msg("%s.%s is not described", what, key);
        if (json_is_object(value) && json_object_get(inner, "properties") != NULL)
            assert_described(value, inner, key);
    }
}

static void assert_items_described(const json_t *document, const json_t *described,
                                   const char *list)
{
    json_t *items = json_object_get(json_object_get(described, "properties"), list);

    assert_true(json_array_size(json_object_get(document, list)) > 0);
    assert_described(json_array_get(json_object_get(document, list), 0),
                     json_object_get(items, "items"), list);
}

static void every_key_of_a_ranking_is_described(void **state)
{
    struct run_record *run = compared_run();
    struct error err;
    FILE *out = tmpfile();
    json_t *json, *whole = schema("run"), *ranking, *described;

    assert_true(document_write_run(out, run, &err));
    json = parsed(out);
    ranking = json_array_get(json_object_get(json, "ranking"), 0);
    described =
        json_object_get(json_object_get(json_object_get(whole, "properties"), "ranking"), "items");
    assert_described(ranking, described, "ranking");
    assert_items_described(ranking, described, "pairs");
    assert_items_described(ranking, described, "rows");
    assert_described(json_object_get(ranking, "repeat"),
                     json_object_get(json_object_get(whole, "$defs"), "check"), "repeat");
    json_decref(json);
    json_decref(whole);
    run_record_free(run);
    (void)state;
}

static void every_key_is_described(void **state)
{
    struct run_record *run = small_run();
    struct error err;
    FILE *out = tmpfile();
    json_t *json, *trial = schema("trial"), *whole = schema("run");

    trial_record_free(run->trials[0]);
    run->trials[0] = full_trial();
    assert_true(document_write_run(out, run, &err));
    json = parsed(out);
    assert_described(json, whole, "run");
    assert_described(json_array_get(json_object_get(json, "trials"), 0), trial, "trial");
    assert_null(schema_text("suite"));
    json_decref(json);
    json_decref(trial);
    json_decref(whole);
    run_record_free(run);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_one_document_with_its_trials_and_rankings),
        cmocka_unit_test(a_ranking_has_its_noise_its_pairs_and_whether_it_can_be_repeated),
        cmocka_unit_test(a_ranking_has_no_percentile_of_too_few_samples),
        cmocka_unit_test(a_ranking_has_no_percentile_that_a_check_refuses),
        cmocka_unit_test(a_trial_is_one_document),
        cmocka_unit_test(a_full_disk_is_an_error_that_says_what_to_do),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
        cmocka_unit_test(the_schema_of_a_run_holds_that_of_a_trial),
        cmocka_unit_test(every_key_is_described),
        cmocka_unit_test(every_key_of_a_ranking_is_described),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
