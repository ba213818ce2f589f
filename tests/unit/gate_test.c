/* tests/unit/gate_test.c -- which changes stop head, which do not, and what must be asked again. */
#include <math.h>
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

static void a_sentence_begins(const struct gate_row *row, const char *expected)
{
    char text[1200];

    gate_sentence(row, text, sizeof(text));
    if (!slice_starts(slice_of(text), slice_of(expected)))
        fail_msg("\"%s\" does not begin with \"%s\"", text, expected);
}

static bool is_head(const struct trial_record *t)
{
    return strcmp(t->target, "app@head") == 0;
}

/* A head that stops compressing, or sends less, is quicker for a reason of its own. */
static void a_head_that_does_other_work_is_not_better(void **state)
{
    static const double ratios[] = { 1.0, 1.1, 0.9 };

    for (size_t i = 0; i < 3; i++) {
        struct run_record *run = new_run(36);
        struct gate g;

        add_pairs(run, 0, 12, ratios[i], 0.01, 0.01);
        for (size_t t = 0; t < run->trial_count; t++)
            run->trials[t]->probe_answer =
                (struct probe_answer){ 200, 500, is_head(run->trials[t]) ? "" : "gzip" };
        g = gate_of(run, 12);
        if (ratios[i] < 1)
            assert_int_equal(row_of(&g, METRIC_THROUGHPUT)->word, GATE_SUSPECTED);
        else
            a_sentence_begins(row_of(&g, METRIC_THROUGHPUT),
                              "? inconclusive: 12 of 12 pairs are refused: parity: app@head: not "
                              "compressed, app@base: compressed (gzip): different work; make all");
        assert_int_equal(row_of(&g, METRIC_MEMORY)->word, GATE_INCONCLUSIVE);
        gate_free(&g);
        run_record_free(run);
    }
    (void)state;
}

static void of_a_closed_loop_and_an_open_one_only_the_costs_are_judged(void **state)
{
    struct run_record *run = new_run(36);
    struct gate g;

    add_pairs(run, 0, 12, 0.5, 0.01, 0.01);
    for (size_t t = 0; t < run->trial_count; t++)
        run->trials[t]->load.model = is_head(run->trials[t]) ? LOAD_OPEN : LOAD_CLOSED;
    g = gate_of(run, 12);
    a_sentence_begins(row_of(&g, METRIC_THROUGHPUT),
                      "? inconclusive: 12 of 12 pairs are refused: one version is asked in a "
                      "closed loop, the other in an open one");
    assert_int_equal(row_of(&g, METRIC_P99)->word, GATE_INCONCLUSIVE);
    assert_int_equal(row_of(&g, METRIC_MEMORY)->word, GATE_WITHIN);
    gate_free(&g);
    run_record_free(run);
    (void)state;
}

static void each_percentile_is_refused_by_its_own_samples(void **state)
{
    struct gate_limits limits = gate_limits_default();

    limits.share[METRIC_P50] = 0.10;
    for (unsigned few = 0; few < 2; few++) {
        struct run_record *run = new_run(36);
        struct error err;
        struct gate g;

        for (uint32_t i = 0; i < 36; i++) {
            add(run, i % 3 == 1 ? "app@head" : "app@base", i / 3, few ? 500 : 5000, i % 3 == 2);
            add_check(run->trials[i], CHECK_SAMPLES, CHECK_WARN, "p99 is not known", "use -d 60");
        }
        assert_true(gate_make(run, 0, 12, &limits, &g, &err));
        assert_int_equal(row_of(&g, METRIC_P50)->word, GATE_WITHIN);
        a_sentence_begins(row_of(&g, METRIC_P99),
                          few ? "? inconclusive: no trial has a value that can be relied on: "
                                "samples: p99 is not known; use -d 60"
                              : "? inconclusive: 12 of 12 pairs are refused: samples: p99 is not "
                                "known; use -d 60");
        assert_int_equal(row_of(&g, METRIC_P99)->pairs_needed, 0);
        gate_free(&g);
        run_record_free(run);
    }
    (void)state;
}

/* ---- how many pairs ---- */

/* The smallest p that n pairs can give is 2 / 2^n, and Holm multiplies it by the gates. */
static void so_many_pairs_it_takes_to_stop_anybody(void **state)
{
    static const struct {
        int line;
        double alpha;
        size_t cells, pairs;
    } cases[] = {
        {__LINE__,  0.05,  1,  7 },
        { __LINE__, 0.05,  40, 13},
        { __LINE__, 0.001, 1,  13},
        { __LINE__, 0.5,   1,  6 }, /* which an interval of 95 % takes */
        { __LINE__, 0.05,  0,  0 },
    };
    struct gate_limits limits = gate_limits_default();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        limits.alpha = cases[i].alpha;
        if (gate_pairs_needed(&limits, cases[i].cells) != cases[i].pairs)
            fail_msg("line %d: %zu", cases[i].line, gate_pairs_needed(&limits, cases[i].cells));
    }
    for (enum metric m = 0; m < METRICS; m++)
        limits.share[m] = RECORD_UNKNOWN;
    assert_int_equal(gate_pairs_needed(&limits, 3), 0);
    (void)state;
}

/* Head is half as fast in every pair, which so many pairs show and one less does not. */
static void with_so_many_pairs_it_is_stopped_and_with_one_less_it_is_not(void **state)
{
    static const double alphas[] = { 0.05, 0.001, 0.5, 0.09375 };

    for (size_t i = 0; i < sizeof(alphas) / sizeof(alphas[0]); i++) {
        struct gate_limits limits = gate_limits_default();
        struct run_record *run = new_run(39);
        const struct gate_row *row;
        struct error err;
        struct gate g;
        uint32_t needed;

        limits.alpha = alphas[i];
        needed = (uint32_t)gate_pairs_needed(&limits, 1);
        add_pairs(run, 0, needed, 0.5, 0.01, 0.01);
        assert_true(gate_make(run, 0, needed - 1, &limits, &g, &err));
        row = row_of(&g, METRIC_THROUGHPUT);
        assert_int_equal(row->word, GATE_INCONCLUSIVE);
        assert_int_equal(row->pairs_needed, needed);
        gate_free(&g);
        assert_true(gate_make(run, 0, needed, &limits, &g, &err));
        assert_int_equal(row_of(&g, METRIC_THROUGHPUT)->word, GATE_SUSPECTED);
        gate_free(&g);
        run_record_free(run);
    }
    (void)state;
}

/* Slower by 7 %, where base is up to a quarter off itself: no number of pairs makes that real. */
static void what_is_beyond_the_limit_and_within_the_noise_is_told_no_number(void **state)
{
    struct run_record *run = new_run(36);
    const struct gate_row *row;
    struct gate g;

    add_pairs(run, 0, 12, 0.93, 0.01, 0.25);
    g = gate_of(run, 12);
    row = row_of(&g, METRIC_THROUGHPUT);
    assert_true(row->difference.high < 0.97);
    assert_int_equal(row->word, GATE_INCONCLUSIVE);
    assert_int_equal(row->pairs_needed, 0);
    a_sentence_begins(row, "? inconclusive: beyond the limit, but base differs from itself by up "
                           "to 2");
    gate_free(&g);
    run_record_free(run);
    (void)state;
}

/* Slower by 5 %, with a floor of some 3 %: the interval has to end before the floor, not before the
 * limit, so it has to be narrower than the way from the limit alone would have it. */
static void pairs_are_planned_against_the_noise_floor(void **state)
{
    struct run_record *run = new_run(36);
    const struct gate_row *row;
    double reach, way;
    struct gate g;

    add_pairs(run, 0, 12, 0.95, 0.08, 0.06);
    g = gate_of(run, 12);
    row = row_of(&g, METRIC_THROUGHPUT);
    assert_int_equal(row->word, GATE_INCONCLUSIVE);
    way = -log(row->difference.ratio) - log1p(row->difference.floor);
    reach = log(row->difference.high / row->difference.low) / 2;
    assert_true(way > 0);
    assert_int_equal(row->pairs_needed, (size_t)ceil(12 * reach * reach / way / way));
    gate_free(&g);
    run_record_free(run);
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

static char *written(writer *write, const struct gate *g, const char *policy)
{
    struct gate_about said = about;
    char *text = NULL;
    size_t size;
    struct error err;
    FILE *out = open_memstream(&text, &size);

    said.policy = policy;
    assert_true(write(out, g, &said, &err));
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
    gate_annotate(out, g, a);
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
        char *text = written(outputs[i].write, &g, "fail");

        golden_check(outputs[i].name, text);
        free(text);
    }
    gate_free(&g);
    run_record_free(run);
    (void)state;
}

static void what_fails_nobody_is_no_failure_to_ci_servers(void **state)
{
    static const char *const policies[] = { "warn", "off" };
    struct run_record *run = new_run(72);
    struct error err;
    struct gate g;

    add_pairs(run, 0, 12, 0.9, 0.01, 0.01);
    add_pairs(run, 12, 12, 0.9, 0.01, 0.01);
    g = gate_of(run, 12);
    assert_true(gate_confirm(&g, run, 12, &err));
    assert_int_equal(gate_count(&g, GATE_REGRESSION), 1);
    for (size_t i = 0; i < 2; i++) {
        char *junit = written(gate_write_junit, &g, policies[i]);
        char *github = written(write_annotations, &g, policies[i]);

        assert_non_null(strstr(junit, " failures=\"0\""));
        assert_null(strstr(junit, "<failure"));
        assert_non_null(strstr(junit, "<skipped message=\"\xe2\x88\x92"));
        assert_int_equal(strncmp(github, "::warning title=", strlen("::warning title=")), 0);
        assert_null(strstr(github, "::error"));
        free(junit);
        free(github);
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
        cmocka_unit_test(a_head_that_does_other_work_is_not_better),
        cmocka_unit_test(of_a_closed_loop_and_an_open_one_only_the_costs_are_judged),
        cmocka_unit_test(each_percentile_is_refused_by_its_own_samples),
        cmocka_unit_test(so_many_pairs_it_takes_to_stop_anybody),
        cmocka_unit_test(with_so_many_pairs_it_is_stopped_and_with_one_less_it_is_not),
        cmocka_unit_test(what_is_beyond_the_limit_and_within_the_noise_is_told_no_number),
        cmocka_unit_test(pairs_are_planned_against_the_noise_floor),
        cmocka_unit_test(a_limit_that_cannot_be_judged_is_not_passed_over),
        cmocka_unit_test(limits_are_read_and_wrong_ones_refused),
        cmocka_unit_test(a_gate_is_printed_for_people_and_for_ci_servers),
        cmocka_unit_test(what_fails_nobody_is_no_failure_to_ci_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
