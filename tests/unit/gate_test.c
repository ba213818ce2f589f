/* tests/unit/gate_test.c -- which changes stop head, which do not, and what must be asked again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "golden.h"
#include "records.h"
#include "report/gate_out.h"
#include "run/pairs.h"

static void add(struct run_record *run, const char *target, uint32_t block, double ok, bool control)
{
    struct trial_record *t = good_trial(target, (uint64_t)ok);

    t->block = block;
    t->control = control;
    t->server.rss_bytes_peak = 10 << 20;
    add_trial(run, t);
}

/* Pairs from block `first` on: head is `ratio` of base, more or less by `spread` in turn, and base
 * again is base, more or less by `noise`. Blocks differ by more than any of that. */
static void add_pairs(struct run_record *run, uint32_t first, uint32_t count, double ratio,
                      double spread, double noise)
{
    for (uint32_t i = first; i < first + count; i++) {
        double base = 5000 * (1 + i * 7 % 23 / 100.0);
        double sign = i % 2 == 0 ? 1 : -1, size = 1 + i % 4;

        add(run, "app@base", i, base, false);
        add(run, "app@base", i, base * (1 + sign * noise * size / 4), true);
        add(run, "app@head", i, base * ratio * (1 + sign * spread * size / 4), false);
    }
}

static struct gate gate_of(const struct run_record *run, uint32_t last)
{
    struct gate_limits limits = gate_limits_default();
    struct error err;
    struct gate g;

    if (!gate_make(run, 0, last, &limits, &g, &err))
        fail_msg("%s", err.text);
    return g;
}

static const struct gate_row *row_of(const struct gate *g, enum metric metric)
{
    size_t i = 0;

    while (i < g->row_count && g->rows[i].metric != metric)
        i++;
    assert_true(i < g->row_count);
    return &g->rows[i];
}

static void throughput_is(double ratio, double spread, double noise, uint32_t pairs,
                          enum gate_word word, int line)
{
    struct run_record *run = new_run(3 * pairs);
    struct gate g;

    add_pairs(run, 0, pairs, ratio, spread, noise);
    g = gate_of(run, pairs);
    if (row_of(&g, METRIC_THROUGHPUT)->word != word)
        fail_msg("line %d: it is %s", line, gate_word_name(row_of(&g, METRIC_THROUGHPUT)->word));
    gate_free(&g);
    run_record_free(run);
}

static void a_change_is_judged_by_whether_it_is_real_and_by_the_limit(void **state)
{
    static const struct {
        int line;
        double ratio, spread, noise;
        uint32_t pairs;
        enum gate_word word;
    } cases[] = {
        {__LINE__,  0.90, 0.01,  0.01, 12, GATE_SUSPECTED   },
        { __LINE__, 1.10, 0.01,  0.01, 12, GATE_BETTER      },
        { __LINE__, 1.00, 0.01,  0.01, 12, GATE_WITHIN      },
        { __LINE__, 0.98, 0.002, 0.01, 12, GATE_WITHIN      }, /* real, but less than the limit */
        { __LINE__, 0.98, 0.04,  0.01, 12, GATE_INCONCLUSIVE}, /* on both sides of the limit */
        { __LINE__, 0.90, 0.01,  0.50, 12,
         GATE_INCONCLUSIVE                                  }, /* the machine makes as much of base */
        { __LINE__, 0.90, 0.01,  0.01, 5,  GATE_INCONCLUSIVE}, /* no five pairs can show anything */
        { __LINE__, 1.00, 0.20,  0.01, 12, GATE_INCONCLUSIVE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        throughput_is(cases[i].ratio, cases[i].spread, cases[i].noise, cases[i].pairs,
                      cases[i].word, cases[i].line);
    (void)state;
}

static void only_what_new_pairs_confirm_is_a_regression(void **state)
{
    static const struct {
        double again;
        enum gate_word word;
    } cases[] = {
        {0.9,  GATE_REGRESSION  },
        { 1.0, GATE_INCONCLUSIVE},
        { 1.1, GATE_INCONCLUSIVE}
    };

    for (size_t i = 0; i < 3; i++) {
        struct run_record *run = new_run(72);
        struct error err;
        struct gate g;

        add_pairs(run, 0, 12, 0.9, 0.01, 0.01);
        add_pairs(run, 12, 12, cases[i].again, 0.01, 0.01);
        g = gate_of(run, 12);
        assert_int_equal(gate_count(&g, GATE_SUSPECTED), 1);
        assert_true(gate_confirm(&g, run, 12, &err));
        assert_int_equal(row_of(&g, METRIC_THROUGHPUT)->word, cases[i].word);
        assert_true(row_of(&g, METRIC_THROUGHPUT)->again);
        assert_false(row_of(&g, METRIC_MEMORY)->again);
        gate_free(&g);
        run_record_free(run);
    }
    (void)state;
}

/* Six pairs show a difference by themselves (p = 1/32), and no longer beside a second gate. */
static void gates_are_corrected_together_and_what_has_no_limit_is_not_among_them(void **state)
{
    struct run_record *run = new_run(18);
    struct gate_limits limits = gate_limits_default();
    struct error err;
    struct gate g;

    add_pairs(run, 0, 6, 0.5, 0.01, 0.01);
    g = gate_of(run, 6);
    assert_int_equal(row_of(&g, METRIC_THROUGHPUT)->word, GATE_INCONCLUSIVE);
    assert_true(row_of(&g, METRIC_THROUGHPUT)->pairs_needed >= 7);
    gate_free(&g);
    for (enum metric m = METRIC_P50; m < METRICS; m++)
        limits.share[m] = RECORD_UNKNOWN;
    assert_true(gate_make(run, 0, 6, &limits, &g, &err));
    assert_int_equal(row_of(&g, METRIC_THROUGHPUT)->word, GATE_SUSPECTED);
    gate_free(&g);
    run_record_free(run);
    (void)state;
}

static void what_a_verdict_refuses_passes_nobody_and_excuses_nobody(void **state)
{
    static const double ratios[] = { 1.0, 1.1, 0.9 };

    for (size_t i = 0; i < 3; i++) {
        struct run_record *run = new_run(36);
        const struct gate_row *row;
        char text[600];
        struct gate g;

        add_pairs(run, 0, 12, ratios[i], 0.01, 0.01);
        add_check(run->trials[2], CHECK_GENERATOR, CHECK_FAIL, "it was the limit", "");
        g = gate_of(run, 12);
        assert_int_not_equal(row_of(&g, METRIC_THROUGHPUT)->word, GATE_INCONCLUSIVE);
        gate_free(&g);
        add_check(run->trials[3], CHECK_GENERATOR, CHECK_FAIL, "it was the limit", "");
        g = gate_of(run, 12);
        row = row_of(&g, METRIC_THROUGHPUT);
        assert_int_equal(row->refused, 2);
        assert_int_equal(row->word, ratios[i] < 1 ? GATE_SUSPECTED : GATE_INCONCLUSIVE);
        if (i == 0)
            assert_string_equal(gate_sentence(row, text, sizeof(text)),
                                "? inconclusive: 2 of 12 pairs are refused: generator: it was the "
                                "limit");
        gate_free(&g);
        run_record_free(run);
    }
    (void)state;
}

static void a_limit_that_cannot_be_judged_is_not_passed_over(void **state)
{
    struct run_record *run = new_run(36);
    char text[600];
    struct gate g;

    add_pairs(run, 0, 12, 1.0, 0.01, 0.01);
    for (size_t i = 0; i < run->trial_count; i++)
        run->trials[i]->server.rss_bytes_peak = -1;
    g = gate_of(run, 12);
    assert_string_equal(gate_sentence(row_of(&g, METRIC_MEMORY), text, sizeof(text)),
                        "? inconclusive: no trial has a value that can be relied on");
    assert_int_equal(gate_count(&g, GATE_INCONCLUSIVE), 1);
    gate_free(&g);
    run_record_free(run);
    (void)state;
}

static void limits_are_read_and_wrong_ones_refused(void **state)
{
    static const char *const wrong[] = { "throughput",       "throughput=", "throughput=3%",
                                         "throughput=-100%", "p99=-1%",     "p99=1%x",
                                         "p99=nan",          "speed=1%",    "=1%",
                                         "cpu=none" };
    struct gate_limits limits = gate_limits_default();
    struct error err;

    assert_true(gate_limit_parse("throughput=-2.5%", &limits, &err));
    assert_true(gate_limit_parse("cpu=+7 %", &limits, &err));
    assert_true(gate_limit_parse("p50=0", &limits, &err));
    assert_true(gate_limit_parse("p99=off", &limits, &err));
    assert_true(limits.share[METRIC_THROUGHPUT] < -0.0249 &&
                limits.share[METRIC_THROUGHPUT] > -0.0251);
    assert_true(limits.share[METRIC_CPU] > 0.0699 && limits.share[METRIC_CPU] < 0.0701);
    assert_true(limits.share[METRIC_P50] >= 0 && limits.share[METRIC_P50] <= 0);
    assert_true(limits.share[METRIC_P99] != limits.share[METRIC_P99]);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(gate_limit_parse(wrong[i], &limits, &err));
        assert_true(err.usage);
    }
    (void)state;
}

/* ---- what is printed ---- */

static const struct gate_about about = { .base = "3f1c2ab (main)",
                                         .head = "9d04e71 (<&\">)",
                                         .policy = "fail",
                                         .run = "7f3a9c",
                                         .again = "assay ci --base 3f1c2ab suite --seed 42",
                                         .pairs = 12,
                                         .seed = 42,
                                         .exit_code = 3 };

typedef bool writer(FILE *out, const struct gate *g, const struct gate_about *about,
                    struct error *err);

static char *written(writer *write, const struct gate *g)
{
    char *text = NULL;
    size_t size;
    struct error err;
    FILE *out = open_memstream(&text, &size);

    assert_true(write(out, g, &about, &err));
    fclose(out);
    return text;
}

static bool write_screen(FILE *out, const struct gate *g, const struct gate_about *a,
                         struct error *err)
{
    struct screen s = { .out = out, .width = 80, .ascii = true };

    gate_print(&s, g, a);
    (void)err;
    return true;
}

static bool write_annotations(FILE *out, const struct gate *g, const struct gate_about *a,
                              struct error *err)
{
    gate_annotate(out, g);
    (void)a;
    (void)err;
    return true;
}

static void a_gate_is_printed_for_people_and_for_ci_servers(void **state)
{
    static const struct {
        const char *name;
        writer *write;
    } outputs[] = {
        {"gate-80-ascii",  write_screen       },
        { "gate-markdown", gate_write_markdown},
        { "gate-junit",    gate_write_junit   },
        { "gate-github",   write_annotations  }
    };
    struct run_record *run = new_run(72);
    struct error err;
    struct gate g;

    add_pairs(run, 0, 12, 0.9, 0.01, 0.01);
    add_pairs(run, 12, 12, 0.9, 0.01, 0.01);
    for (size_t i = 0; i < run->trial_count; i++)
        if (i % 2 == 0)
            run->trials[i]->server.rss_bytes_peak += (int64_t)i << 16;
    g = gate_of(run, 12);
    assert_true(gate_confirm(&g, run, 12, &err));
    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        char *text = written(outputs[i].write, &g);

        golden_check(outputs[i].name, text);
        free(text);
    }
    gate_free(&g);
    run_record_free(run);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_judged_by_whether_it_is_real_and_by_the_limit),
        cmocka_unit_test(only_what_new_pairs_confirm_is_a_regression),
        cmocka_unit_test(gates_are_corrected_together_and_what_has_no_limit_is_not_among_them),
        cmocka_unit_test(what_a_verdict_refuses_passes_nobody_and_excuses_nobody),
        cmocka_unit_test(a_limit_that_cannot_be_judged_is_not_passed_over),
        cmocka_unit_test(limits_are_read_and_wrong_ones_refused),
        cmocka_unit_test(a_gate_is_printed_for_people_and_for_ci_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
