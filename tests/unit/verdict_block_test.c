/* tests/unit/verdict_block_test.c -- what a verdict looks like, and what it silences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "golden.h"
#include "records.h"
#include "report/terminal.h"
#include "report/verdict_block.h"

static struct screen screen_of(int width)
{
    return (struct screen){ .width = width };
}

static struct screen ascii_of(int width)
{
    return (struct screen){ .width = width, .ascii = true };
}

/* What one of the printers below prints. */
typedef void printer(const struct screen *s, const void *record);

static char *printed(struct screen s, printer *print, const void *record)
{
    char *text = NULL;
    size_t size;

    s.out = open_memstream(&text, &size);
    assert_non_null(s.out);
    print(&s, record);
    fclose(s.out);
    return text;
}

static void print_block(const struct screen *s, const void *trial)
{
    verdict_print(s, trial);
}

static void print_all(const struct screen *s, const void *trial)
{
    verdict_print_all(s, trial);
}

static void print_result(const struct screen *s, const void *trial)
{
    terminal_trial(s, trial);
}

static void print_line(const struct screen *s, const void *trial)
{
    terminal_trial_line(s, trial, 3, 30);
}

static void print_run(const struct screen *s, const void *run)
{
    terminal_run(s, run);
}

static void print_trial_rows(const struct screen *s, const void *run)
{
    terminal_trial_rows(s, run);
}

static void print_trials(const struct screen *s, const void *run)
{
    terminal_trials(s, run);
}

static void print_checks(const struct screen *s, const void *run)
{
    terminal_checks(s, run);
}

static void print_markdown(const struct screen *s, const void *run)
{
    struct error err;

    assert_true(markdown_write(s->out, run, NULL, &err));
}

static void assert_fits(const struct screen *s, const char *text)
{
    char *copy = strdup(text), *rest = copy, *line;

    assert_non_null(copy);
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (screen_columns(line) > s->width)
            fail_msg("%d columns: %s", screen_columns(line), line);
        for (const char *c = line; *c != '\0'; c++)
            if ((*c == '\033' && !s->colour) || ((unsigned char)*c > 0x7e && s->ascii))
                fail_msg("not for this screen: %s", line);
    }
    free(copy);
}

static void check_golden(struct screen s, printer *print, const void *record, const char *golden)
{
    char *text = printed(s, print, record);

    assert_fits(&s, text);
    golden_check(golden, text);
    free(text);
}

static void assert_prints(struct screen s, printer *print, const void *record, const char *expected)
{
    char *text = printed(s, print, record);

    assert_string_equal(text, expected);
    free(text);
}

/* Of every state more than one, and one that tries to write to the terminal. */
static struct trial_record *judged_trial(void)
{
    struct trial_record *t = good_trial("nginx", 5000);

    add_check(t, CHECK_LOAD, CHECK_OK, "5,000 of 5,000 sent when they were due", "");
    add_check(t, CHECK_GENERATOR, CHECK_WARN,
              "the busiest thread used 74 % of a core for 3.2 s, the loop took 12.5µs.",
              "more threads (-t), or a core of its own (--cpus).");
    add_check(t, CHECK_LIMITER, CHECK_UNKNOWN, "the server's CPU time is not known", "");
    add_check(t, CHECK_ANSWERS, CHECK_FAIL, "12 of 5,000 answers were wrong: \033[31mred", "");
    add_check(t, CHECK_STEADY, CHECK_FAIL,
              "throughput fell by 18 % at 21 s and did not come back before the end",
              "find what happens then, or drive it longer (-d 60s)");
    add_check(t, CHECK_MACHINE, CHECK_WARN, "steal 3.1 %", "another time, another machine");
    add_check(t, CHECK_MEMORY, CHECK_UNKNOWN, "12 points are too few, 20 are needed", "");
    t->verdict.checks[1].unit = "share";
    t->verdict.checks[1].value = 0.74;
    t->verdict.checks[1].limit = 0.7;
    t->verdict.checks[2].value = t->verdict.checks[2].limit = RECORD_UNKNOWN;
    t->verdict.checks[3].unit = "count";
    t->verdict.checks[3].value = 12;
    t->verdict.checks[3].limit = 0;
    t->verdict.checks[5].unit = "ns";
    t->verdict.checks[5].value = 31e6;
    t->verdict.checks[5].limit = RECORD_UNKNOWN;
    t->verdict.checks[6].unit = "points";
    t->verdict.checks[6].value = 12;
    t->verdict.checks[6].limit = 20;
    return t;
}

static void the_worst_findings_come_first_and_the_fine_ones_not_at_all(void **state)
{
    struct trial_record *t = judged_trial();
    struct screen colour = screen_of(100);

    colour.colour = true;
    check_golden(screen_of(100), print_block, t, "verdict-100");
    check_golden(screen_of(80), print_block, t, "verdict-80");
    check_golden(ascii_of(80), print_block, t, "verdict-80-ascii");
    check_golden(colour, print_block, t, "verdict-100-colour");
    trial_record_free(t);
    (void)state;
}

static void every_check_is_shown_with_its_figure_on_demand(void **state)
{
    struct trial_record *t = judged_trial();

    check_golden(screen_of(80), print_all, t, "verdict-all-80");
    check_golden(ascii_of(80), print_all, t, "verdict-all-80-ascii");
    t->verdict.count = 0;
    assert_prints(screen_of(80), print_all, t,
                  "VERDICT  none: it was not driven, or before there were checks\n");
    trial_record_free(t);
    (void)state;
}

static void one_line_says_the_sum(void **state)
{
    struct trial_record *t = good_trial("nginx", 100);

    assert_prints(screen_of(80), print_block, t, "");
    add_check(t, CHECK_LOAD, CHECK_OK, "fine", "");
    assert_prints(screen_of(80), print_block, t, "\nVERDICT  valid\n");
    add_check(t, CHECK_STEADY, CHECK_UNKNOWN, "3 s are too short to tell.", "drive 30 s");
    add_check(t, CHECK_MEMORY, CHECK_UNKNOWN, "too few points", "");
    assert_prints(screen_of(80), print_block, t,
                  "\nVERDICT  valid with warnings\n"
                  "unknown  steady (3 s are too short to tell), memory\n");
    t->verdict.checks[0].state = CHECK_FAIL;
    assert_prints(screen_of(80), print_block, t,
                  "\nVERDICT  INVALID\n"
                  "FAIL     load: fine\n"
                  "unknown  steady (3 s are too short to tell), memory\n");
    trial_record_free(t);
    (void)state;
}

/* 60 % late, 90 % busy, on one core with the server, half of the connections idle: a trial that the
 * screen used to warn of by itself. */
static struct trial_record *worrying_trial(void)
{
    struct trial_record *t = good_trial("nginx", 5000);

    t->url = "http://127.0.0.1:8080/";
    t->check_text = "200, 5 B, they differed in the probes";
    t->tally.busiest_thread_share = 0.9;
    for (int i = 0; i < 5000; i++) {
        histogram_record(&t->tally.loop_late, (i % 5 < 3 ? 20 : 0) * MILLISECOND_NS);
        histogram_record(&t->tally.service, MILLISECOND_NS);
    }
    t->tally.response.negative = 3;
    return t;
}

static void nothing_is_said_twice(void **state)
{
    static const struct {
        int line;
        enum load_model model;
        enum check_id id;
        enum check_state check;
        const char *warning;
    } cases[] = {
        {__LINE__,  LOAD_OPEN,   CHECK_LOAD,      CHECK_OK,   "sent late though"         },
        { __LINE__, LOAD_OPEN,   CHECK_LOAD,      CHECK_WARN, "due but never sent"       },
        { __LINE__, LOAD_OPEN,   CHECK_GENERATOR, CHECK_OK,   "may be the limit"         },
        { __LINE__, LOAD_CLOSED, CHECK_GENERATOR, CHECK_OK,   "had a request on the wire"},
        { __LINE__, LOAD_OPEN,   CHECK_CORES,     CHECK_OK,   "a joint figure"           },
        { __LINE__, LOAD_OPEN,   CHECK_ANSWERS,   CHECK_WARN, "bodies were not compared" },
        { __LINE__, LOAD_OPEN,   CHECK_CLOCK,     CHECK_FAIL, "came out negative"        },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trial_record *t = worrying_trial();
        char *before, *after;

        t->load.model = cases[i].model;
        t->load.rate_per_sec = 6000;
        t->tally.unsent = cases[i].model == LOAD_OPEN ? 1000 : 0;
        t->tally.scheduled = 5000 + t->tally.unsent;
        before = printed(screen_of(100), print_result, t);
        add_check(t, cases[i].id, cases[i].check, "seen", "");
        after = printed(screen_of(100), print_result, t);
        if (strstr(before, cases[i].warning) == NULL || strstr(after, cases[i].warning) != NULL)
            fail_msg("line %d:\n%s\n%s", cases[i].line, before, after);
        free(before);
        free(after);
        trial_record_free(t);
    }
    (void)state;
}

/* What a check has nothing to say about is not silenced by it. */
static void an_unsent_request_is_told_of_where_the_check_is_content(void **state)
{
    struct trial_record *t = worrying_trial();
    char *text;

    t->load.model = LOAD_OPEN;
    t->load.rate_per_sec = 6000;
    t->tally.unsent = 1;
    t->tally.scheduled = 5001;
    add_check(t, CHECK_LOAD, CHECK_OK, "fine", "");
    text = printed(screen_of(100), print_result, t);
    assert_non_null(strstr(text, "due but never sent"));
    free(text);
    trial_record_free(t);
    (void)state;
}

static void a_generator_in_doubt_is_not_cleared(void **state)
{
    struct trial_record *t = good_trial("nginx", 5000);
    char *text;

    t->url = "http://192.0.2.1/";
    text = printed(screen_of(100), print_result, t);
    assert_non_null(strstr(text, "not the limit ✓"));
    free(text);
    add_check(t, CHECK_GENERATOR, CHECK_WARN, "0.7 of the ceiling", "");
    text = printed(screen_of(100), print_result, t);
    assert_null(strstr(text, "not the limit"));
    free(text);
    trial_record_free(t);
    (void)state;
}

/* What failed has its place before every figure but the rate and the errors. */
static void a_trials_line_names_the_checks_that_failed(void **state)
{
    struct trial_record *t = good_trial("nginx", 5000);

    add_check(t, CHECK_GENERATOR, CHECK_FAIL, "it was the limit", "");
    add_check(t, CHECK_CORES, CHECK_WARN, "shared", "");
    assert_prints(screen_of(100), print_line, t,
                  "[ 3/30] block 1  nginx              5.00k req/s  0 errors  p50 1.00ms  "
                  "p99 1.00ms  ✗ generator\n");
    assert_prints(ascii_of(80), print_line, t,
                  "[ 3/30] block 1  nginx              5.00k req/s  0 errors  x generator\n");
    add_check(t, CHECK_STEADY, CHECK_FAIL, "it fell", "");
    add_check(t, CHECK_MACHINE, CHECK_FAIL, "steal", "");
    assert_prints(ascii_of(80), print_line, t,
                  "[ 3/30] block 1  nginx              5.00k req/s  0 errors  p50 1.00ms\n");
    trial_record_free(t);
    (void)state;
}

static struct run_record *staged_run(void)
{
    struct run_record *run = new_run(3);

    for (uint32_t i = 0; i < 3; i++) {
        static const char *const names[] = { "ramp/100", "ramp/200", "ramp/400" };
        struct trial_record *t = good_trial("http://127.0.0.1:1/", 1000);

        t->load.name = slice_of(names[i]);
        t->load.model = LOAD_OPEN;
        t->load.rate_per_sec = 100 << i;
        t->load.stage = i + 1;
        t->load.stage_count = 3;
        t->tally.busiest_thread_share = 0.95;
        add_trial(run, t);
    }
    return run;
}

static void stages_have_one_verdict_together(void **state)
{
    struct run_record *run = staged_run();

    for (size_t i = 0; i < 3; i++) {
        add_check(run->trials[i], CHECK_LOAD, i == 0 ? CHECK_OK : CHECK_FAIL,
                  i == 1 ? "1.2 % were sent late" : "3.4 % were sent late", "a lower rate (-r)");
        add_check(run->trials[i], CHECK_GENERATOR, i == 2 ? CHECK_WARN : CHECK_OK, "95 % of a core",
                  "more threads (-t)");
        add_check(run->trials[i], CHECK_STEADY, CHECK_UNKNOWN, "1 s is too short", "");
    }
    check_golden(screen_of(80), print_run, run, "verdict-stages-80");
    run_record_free(run);
    (void)state;
}

static struct run_record *suite_run(size_t trials)
{
    struct run_record *run = new_run(trials);

    fill_run(run);
    for (size_t i = 0; i < trials; i++) {
        struct trial_record *t = good_trial(i % 2 == 0 ? "nginx" : "flask", 5000 + i);

        t->suite = "demo";
        t->block = (uint32_t)(i / 2);
        add_check(t, CHECK_STEADY, i == 3 ? CHECK_FAIL : CHECK_OK, "warm after 0.4 s", "");
        add_trial(run, t);
    }
    return run;
}

static void print_verdicts(const struct screen *s, const void *run)
{
    verdict_print_run(s, run);
}

/* What could not be looked at makes a warning, and is not named: it is no finding. */
static void one_line_says_how_many_trials_of_a_run_can_be_believed(void **state)
{
    struct run_record *run = suite_run(6);
    struct trial_record **t = run->trials;

    assert_prints(screen_of(80), print_verdicts, run,
                  "verdicts: 6 trials: 5 valid, 1 INVALID (steady 1)\n\n");
    add_check(t[0], CHECK_MACHINE, CHECK_WARN, "steal", "");
    add_check(t[1], CHECK_MACHINE, CHECK_WARN, "steal", "");
    add_check(t[1], CHECK_LOAD, CHECK_WARN, "late", "");
    add_check(t[2], CHECK_MEMORY, CHECK_UNKNOWN, "too short", "");
    add_check(t[3], CHECK_MACHINE, CHECK_WARN, "steal", "");
    add_check(t[4], CHECK_GENERATOR, CHECK_FAIL, "the limit", "");
    add_check(t[4], CHECK_STEADY, CHECK_FAIL, "it fell", "");
    t[5]->verdict.count = 0;
    assert_prints(screen_of(100), print_verdicts, run,
                  "verdicts: 6 trials: 3 with warnings (machine 2, load 1), 2 INVALID (steady 2, "
                  "generator 1), 1\nwithout one\n\n");
    run_record_free(run);
    (void)state;
}

static void a_run_without_verdicts_says_nothing_of_them(void **state)
{
    struct run_record *run = suite_run(2);

    run->trials[0]->verdict.count = run->trials[1]->verdict.count = 0;
    assert_prints(screen_of(80), print_verdicts, run, "");
    run->trials[1]->verdict.count = 1;
    assert_prints(screen_of(80), print_verdicts, run,
                  "verdicts: 2 trials: 1 valid, 1 without one\n\n");
    run_record_free(run);
    (void)state;
}

static void of_many_reasons_the_commonest_are_named(void **state)
{
    struct run_record *run = suite_run(2);

    for (enum check_id id = CHECK_ANSWERS; id <= CHECK_BALANCE; id++)
        if (id != CHECK_STEADY)
            add_check(run->trials[1], id, CHECK_FAIL, "so", "");
    add_check(run->trials[0], CHECK_CLOCK, CHECK_FAIL, "so", "");
    assert_prints(
        ascii_of(80), print_verdicts, run,
        "verdicts: 2 trials: 2 INVALID (clock 2, answers 1, parity 1, network 1, ...)\n\n");
    run_record_free(run);
    (void)state;
}

static void every_trial_of_a_run_can_be_listed(void **state)
{
    struct run_record *run = suite_run(4);

    check_golden(screen_of(80), print_trials, run, "trials-80");
    check_golden(screen_of(80), print_checks, run, "checks-80");
    run_record_free(run);
    (void)state;
}

/* How often one text stands in the other. */
static size_t count_of(const char *part, const char *text)
{
    size_t count = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

static void every_trial_is_in_a_suites_markdown_many_of_them_in_rows(void **state)
{
    struct run_record *few = suite_run(60), *many = suite_run(61);
    char *text = printed(screen_of(80), print_markdown, few);

    assert_int_equal(count_of("\n[", text), 60);
    assert_non_null(strstr(text, "### Trials\n"));
    free(text);
    text = printed(screen_of(80), print_markdown, many);
    assert_int_equal(count_of("\n[", text), 0);
    assert_non_null(strstr(text, "assay show 7f3a9c --trials"));
    free(text);
    text = printed(screen_of(80), print_trial_rows, many);
    assert_int_equal(count_of("  nginx ", text), 1);
    assert_int_equal(count_of(" 5.0", text), 61);
    assert_int_equal(count_of("✗  5.0", text), 1);
    free(text);
    run_record_free(few);
    run_record_free(many);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_findings_come_first_and_the_fine_ones_not_at_all),
        cmocka_unit_test(every_check_is_shown_with_its_figure_on_demand),
        cmocka_unit_test(one_line_says_the_sum),
        cmocka_unit_test(nothing_is_said_twice),
        cmocka_unit_test(an_unsent_request_is_told_of_where_the_check_is_content),
        cmocka_unit_test(a_generator_in_doubt_is_not_cleared),
        cmocka_unit_test(a_trials_line_names_the_checks_that_failed),
        cmocka_unit_test(stages_have_one_verdict_together),
        cmocka_unit_test(one_line_says_how_many_trials_of_a_run_can_be_believed),
        cmocka_unit_test(a_run_without_verdicts_says_nothing_of_them),
        cmocka_unit_test(of_many_reasons_the_commonest_are_named),
        cmocka_unit_test(every_trial_of_a_run_can_be_listed),
        cmocka_unit_test(every_trial_is_in_a_suites_markdown_many_of_them_in_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
