/* tests/unit/comparison_test.c -- two sides, what is said of them, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fault.h"
#include "golden.h"
#include "records.h"
#include "report/comparison_out.h"

/* With so many right answers in its second, in this block. */
static struct trial_record *trial_in(const char *target, uint32_t block, uint64_t ok)
{
    struct trial_record *t = good_trial(target, ok);

    t->block = block;
    t->server.rss_bytes_peak = 10 << 20;
    return t;
}

/* A block is fast or slow for all that is in it: by more than the targets differ. */
static uint64_t in_block(uint32_t block, uint64_t per_sec)
{
    return per_sec * (100 + block * 7 % 23) / 100 + block % 3;
}

static void add_trials(struct run_record *run, const char *target, uint32_t blocks,
                       uint64_t per_sec)
{
    for (uint32_t i = 0; i < blocks; i++)
        add_trial(run, trial_in(target, i, in_block(i, per_sec)));
}

/* A twin of `target` in each block, faster by so many in a thousand, and slower in each second. */
static void add_control(struct run_record *run, const char *target, uint32_t blocks,
                        uint64_t per_sec, uint64_t per_mille)
{
    for (uint32_t i = 0; i < blocks; i++) {
        uint64_t same = in_block(i, per_sec), change = same * per_mille / 1000;
        struct trial_record *t = trial_in(target, i, i % 2 == 0 ? same + change : same - change);

        t->control = true;
        add_trial(run, t);
    }
}

static struct run_record *run_called(const char *id, const char *host)
{
    struct run_record *run = new_run(200);

    snprintf(run->id, sizeof(run->id), "%s", id);
    snprintf(run->host.hostname, sizeof(run->host.hostname), "%s", host);
    run->suite = "demo";
    return run;
}

static struct comparison_side side_of(const struct run_record *run, const char *target)
{
    return (struct comparison_side){ .run = run, .name = run->id, .target = target };
}

static struct comparison compared(struct comparison_side a, struct comparison_side b)
{
    struct comparison c;
    struct error err;

    if (!comparison_make(&a, &b, &c, &err))
        fail_msg("%s", err.text);
    return c;
}

static void says(const struct comparison *c, size_t cell, enum metric metric, const char *expected)
{
    char text[COMPARISON_TEXT_MAX];

    assert_true(cell < c->cell_count);
    assert_string_equal(comparison_sentence(&c->cells[cell], metric, text, sizeof(text)), expected);
}

static void advises(const struct comparison *c, enum metric metric, const char *expected)
{
    char text[COMPARISON_TEXT_MAX];

    assert_string_equal(comparison_remedy(c, &c->cells[0], metric, text, sizeof(text)), expected);
}

static void begins(const struct comparison *c, enum metric metric, const char *expected)
{
    char text[COMPARISON_TEXT_MAX];

    comparison_sentence(&c->cells[0], metric, text, sizeof(text));
    if (!slice_starts(slice_of(text), slice_of(expected)))
        fail_msg("\"%s\" does not begin with \"%s\"", text, expected);
}

/* ---- one run ---- */

/* Blocks differ by 20 %, the targets by 5 %: only pairs can show it. */
static void targets_of_one_run_are_compared_block_by_block(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");
    struct comparison c, mirror;

    add_trials(run, "h2o", 10, 10500);
    add_trials(run, "nginx", 10, 10000);
    c = compared(side_of(run, "h2o"), side_of(run, "nginx"));
    assert_int_equal(c.cell_count, 1);
    assert_true(c.cells[0].paired);
    begins(&c, METRIC_THROUGHPUT,
           "A is faster than B by 5.0 % [5.0, 5.0], Holm p = 0.002, noise "
           "floor unknown (1 % taken)");
    begins(&c, METRIC_P50, "same within 1.0 %");
    mirror = compared(side_of(run, "nginx"), side_of(run, "h2o"));
    begins(&mirror, METRIC_THROUGHPUT, "A is slower than B by 4.8 % [4.8, 4.8]");
    assert_int_equal(c.note_count, 0);
    comparison_free(&c);
    comparison_free(&mirror);
    run_record_free(run);
    (void)state;
}

static void the_control_tells_the_noise_floor_and_is_no_value(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");
    struct comparison c;

    add_trials(run, "h2o", 10, 10200);
    add_trials(run, "nginx", 10, 10000);
    add_control(run, "nginx", 10, 10000, 30); /* itself, 3 % up and down */
    c = compared(side_of(run, "h2o"), side_of(run, "nginx"));
    assert_true(c.cells[0].figures[METRIC_THROUGHPUT].noise.known);
    assert_int_equal(c.cells[0].figures[METRIC_THROUGHPUT].b_n, 10);
    begins(&c, METRIC_THROUGHPUT, "same within 3.");
    comparison_free(&c);
    run_record_free(run);
    (void)state;
}

static void where_a_target_differs_from_itself_nothing_is_told_apart(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");
    struct comparison c;

    add_trials(run, "h2o", 10, 20000);
    add_trials(run, "nginx", 10, 10000);
    add_control(run, "nginx", 10, 10000, 300);
    c = compared(side_of(run, "h2o"), side_of(run, "nginx"));
    begins(&c, METRIC_THROUGHPUT, "refused: the A/A control, one target twice, differs by up to 4");
    comparison_free(&c);
    run_record_free(run);
    (void)state;
}

static void too_few_trials_are_said_to_be_too_few_with_what_to_do(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");
    struct comparison c;

    add_trials(run, "h2o", 1, 20000);
    add_trials(run, "nginx", 1, 10000);
    c = compared(side_of(run, "h2o"), side_of(run, "nginx"));
    says(&c, 0, METRIC_THROUGHPUT, "no verdict: needs 6 trials of each (has 1)");
    advises(&c, METRIC_THROUGHPUT, "assay run SUITE --blocks 6");
    comparison_free(&c);
    run_record_free(run);
    (void)state;
}

static void an_interrupted_trial_is_no_value(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");
    struct comparison c;

    add_trials(run, "h2o", 7, 20000);
    add_trials(run, "nginx", 7, 10000);
    run->trials[13]->tally.partial = true;
    run->trials[13]->tally.ok = 0;
    c = compared(side_of(run, "h2o"), side_of(run, "nginx"));
    assert_int_equal(c.cells[0].figures[METRIC_THROUGHPUT].a_n, 7);
    assert_int_equal(c.cells[0].figures[METRIC_THROUGHPUT].b_n, 6);
    assert_int_equal(c.cells[0].figures[METRIC_THROUGHPUT].difference.blocks, 6);
    comparison_free(&c);
    run_record_free(run);
    (void)state;
}

/* ---- two runs ---- */

static void two_runs_are_two_samples_of_one_target(void **state)
{
    struct run_record *a = run_called("aaaaaa", "web1"), *b = run_called("bbbbbb", "web1");
    struct comparison c;

    for (uint32_t i = 0; i < 8; i++) {
        add_trial(a, trial_in("nginx", i, 11000 + i));
        add_trial(b, trial_in("nginx", i, 10000 + 3 * i));
    }
    c = compared(side_of(a, NULL), side_of(b, NULL));
    assert_false(c.cells[0].paired);
    begins(&c, METRIC_THROUGHPUT, "A is faster than B by 9.9 % [9.");
    assert_int_equal(c.note_count, 0);
    comparison_free(&c);
    run_record_free(a);
    run_record_free(b);
    (void)state;
}

static void the_larger_floor_of_two_runs_counts(void **state)
{
    struct run_record *a = run_called("aaaaaa", "web1"), *b = run_called("bbbbbb", "web1");
    struct comparison c;

    add_trials(a, "nginx", 8, 10000);
    add_control(a, "nginx", 8, 10000, 15);
    add_trials(b, "nginx", 8, 10000);
    add_control(b, "nginx", 8, 10000, 40);
    c = compared(side_of(a, NULL), side_of(b, NULL));
    assert_true(c.cells[0].figures[METRIC_THROUGHPUT].noise.floor > 0.039);
    comparison_free(&c);
    run_record_free(a);
    run_record_free(b);
    (void)state;
}

/* The twin of b is always faster by 5 %; that of a is faster and slower in turn, by more. */
static void either_machine_that_cannot_rank_refuses(void **state)
{
    struct run_record *a = run_called("aaaaaa", "web1"), *b = run_called("bbbbbb", "web1");
    struct comparison c;

    add_trials(a, "nginx", 8, 10000);
    add_control(a, "nginx", 8, 10000, 150);
    add_trials(b, "nginx", 8, 10000);
    for (uint32_t i = 0; i < 8; i++) {
        struct trial_record *t = trial_in("nginx", i, in_block(i, 10000) * 105 / 100);

        t->control = true;
        add_trial(b, t);
    }
    c = compared(side_of(a, NULL), side_of(b, NULL));
    assert_true(c.cells[0].figures[METRIC_THROUGHPUT].noise.floor > 0.1);
    begins(&c, METRIC_THROUGHPUT, "refused: the A/A control, one target twice, differs by up to 1");
    comparison_free(&c);
    run_record_free(a);
    run_record_free(b);
    (void)state;
}

static void targets_are_matched_by_name_unless_each_side_has_one(void **state)
{
    struct run_record *a = run_called("aaaaaa", "web1"), *b = run_called("bbbbbb", "web1");
    struct comparison c;

    add_trials(a, "nginx", 4, 10000);
    add_trials(a, "h2o", 4, 10000);
    add_trials(b, "apache", 4, 10000);
    add_trials(b, "h2o", 4, 10000);
    c = compared(side_of(a, NULL), side_of(b, NULL));
    assert_int_equal(c.cell_count, 1);
    assert_string_equal(c.cells[0].a->target, "h2o");
    assert_int_equal(c.a_alone, 1);
    assert_int_equal(c.b_alone, 1);
    comparison_free(&c);
    c = compared(side_of(a, "nginx"), side_of(b, "apache"));
    assert_string_equal(c.cells[0].b->target, "apache");
    comparison_free(&c);
    run_record_free(a);
    run_record_free(b);
    (void)state;
}

/* Four trials differ by 2 / 70 at the least: one cell shows it, two cells together do not. */
static void the_p_of_all_cells_of_a_metric_are_corrected_together(void **state)
{
    struct run_record *a = run_called("aaaaaa", "web1"), *b = run_called("bbbbbb", "web1");
    struct comparison c;

    for (uint32_t i = 0; i < 4; i++) {
        add_trial(a, trial_in("nginx", i, 12000 + i));
        add_trial(b, trial_in("nginx", i, 10000 + i));
        add_trial(a, trial_in("h2o", i, 12000 + i));
        add_trial(b, trial_in("h2o", i, 10000 + i));
    }
    c = compared(side_of(a, "nginx"), side_of(b, "nginx"));
    begins(&c, METRIC_THROUGHPUT, "A is faster than B by 20.0 % [20.0, 20.0], Holm p = 0.029");
    comparison_free(&c);
    c = compared(side_of(a, NULL), side_of(b, NULL));
    begins(&c, METRIC_THROUGHPUT, "no difference shown (+20.0 … +20.0 %), Holm p = 0.057");
    comparison_free(&c);
    run_record_free(a);
    run_record_free(b);
    (void)state;
}

static bool notes(const struct comparison *c, const char *what, const char *text)
{
    for (size_t i = 0; i < c->note_count; i++)
        if (strcmp(c->notes[i].what, what) == 0 && strcmp(c->notes[i].text, text) == 0)
            return true;
    return false;
}

static void what_was_not_the_same_is_noted_once(void **state)
{
    struct run_record *a = run_called("aaaaaa", "web1"), *b = run_called("bbbbbb", "web2");
    struct comparison c;

    add_trials(a, "nginx", 2, 1000);
    add_trials(a, "h2o", 2, 1000);
    add_trials(b, "nginx", 2, 1000);
    add_trials(b, "h2o", 2, 1000);
    for (size_t i = 0; i < b->trial_count; i++) {
        struct trial_record *t = b->trials[i];

        t->ring = "io_uring";
        t->load.connections = 64;
        t->workload.path = SLICE("/other");
        t->client.cpu_count = 1;
        t->tally.opened = t->tally.ok + 100;
        t->load.keepalive = false;
    }
    c = compared(side_of(a, NULL), side_of(b, NULL));
    assert_int_equal(c.note_count, 6);
    assert_true(notes(&c, "machine", "host web1 and web2"));
    assert_true(notes(&c, "ring", "ring epoll and io_uring"));
    assert_true(notes(&c, "CPUs", "generator on anywhere and 0"));
    assert_true(notes(&c, "load", "connections 10 and 64; connections kept and one a request"));
    assert_true(notes(&c, "work", "path / and /other"));
    assert_true(
        notes(&c, "class of connection", "connections persistent and a connection a request"));
    comparison_free(&c);
    run_record_free(a);
    run_record_free(b);
    (void)state;
}

static void a_warm_up_is_compared_as_it_was_told(void **state)
{
    struct run_record *a = run_called("aaaaaa", "web1"), *b = run_called("bbbbbb", "web1");
    struct comparison c;

    add_trials(a, "nginx", 2, 1000);
    add_trials(b, "nginx", 2, 1000);
    for (size_t i = 0; i < b->trial_count; i++) {
        a->trials[i]->load.warmup_ns = 2 * SECOND_NS;
        b->trials[i]->load.warmup_ns = 0;
        b->trials[i]->load.warmup_requests = 500;
    }
    c = compared(side_of(a, NULL), side_of(b, NULL));
    assert_true(notes(&c, "load", "warm-up 2.00s and 500n"));
    comparison_free(&c);
    run_record_free(a);
    run_record_free(b);
    (void)state;
}

static void the_machine_of_a_single_trial_is_not_known(void **state)
{
    struct run_record *a = run_called("", ""), *b = run_called("", "");
    struct comparison_side first = side_of(a, NULL), second = side_of(b, NULL);
    struct comparison c;

    add_trials(a, "127.0.0.1:80", 1, 1000);
    add_trials(b, "127.0.0.1:81", 1, 1000);
    a->suite = b->suite = "";
    first.single = second.single = true;
    c = compared(first, second);
    assert_true(c.notes[0].unknown);
    says(&c, 0, METRIC_THROUGHPUT, "no verdict: needs 4 trials of each (has 1)");
    advises(&c, METRIC_THROUGHPUT,
            "make both targets of one suite, which measures them in turn: assay run SUITE "
            "--blocks 6 (docs/ADD-A-TARGET.md)");
    comparison_free(&c);
    run_record_free(a);
    run_record_free(b);
    (void)state;
}

/* ---- what is refused ---- */

static void more_than_one_trial_in_ten_that_is_refused_refuses_the_cell(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");
    struct comparison c;

    add_trials(run, "h2o", 10, 20000);
    add_trials(run, "nginx", 10, 10000);
    add_check(run->trials[15], CHECK_GENERATOR, CHECK_FAIL, "the generator was the limit", "-t 2");
    add_check(run->trials[19], CHECK_GENERATOR, CHECK_FAIL, "it was again", "-t 3");
    c = compared(side_of(run, "h2o"), side_of(run, "nginx"));
    assert_true(c.cells[0].refused);
    for (enum metric m = 0; m < METRICS; m++)
        says(&c, 0, m,
             "refused: B: generator: in 2 of 10 trials, first: the generator was the limit");
    advises(&c, METRIC_CPU, "-t 2");
    comparison_free(&c);
    run_record_free(run);
    (void)state;
}

static void one_trial_in_ten_may_be_refused_but_not_for_wrong_answers(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");
    struct comparison c;

    add_trials(run, "h2o", 10, 20000);
    add_trials(run, "nginx", 10, 10000);
    add_check(run->trials[15], CHECK_GENERATOR, CHECK_FAIL, "the generator was the limit", "");
    c = compared(side_of(run, "h2o"), side_of(run, "nginx"));
    begins(&c, METRIC_THROUGHPUT, "A is faster than B by 100");
    begins(&c, METRIC_P50, "same within 1.0 %");
    assert_int_equal(c.cells[0].figures[METRIC_P50].b_n, 10);
    comparison_free(&c);
    add_check(run->trials[15], CHECK_ANSWERS, CHECK_FAIL, "12 of 10,000 wrong", "");
    c = compared(side_of(run, "h2o"), side_of(run, "nginx"));
    says(&c, 0, METRIC_THROUGHPUT,
         "refused: B: answers: in 1 of 10 trials, first: 12 of 10,000 wrong");
    comparison_free(&c);
    run_record_free(run);
    (void)state;
}

/* Both figures are there, and no order; and the note says which side did what. */
static void is_other_work(const struct run_record *run, const char *expected, const char *what,
                          const char *note)
{
    struct comparison c = compared(side_of(run, "h2o"), side_of(run, "nginx"));

    assert_true(c.cells[0].refused);
    assert_true(c.cells[0].figures[METRIC_THROUGHPUT].a > 1);
    assert_true(c.cells[0].figures[METRIC_THROUGHPUT].b > 1);
    for (enum metric m = 0; m < METRICS; m++)
        says(&c, 0, m, expected);
    assert_true(notes(&c, what, note));
    comparison_free(&c);
}

static void different_work_is_not_put_in_order(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");

    add_trials(run, "h2o", 8, 20000);
    add_trials(run, "nginx", 8, 10000);
    for (size_t i = 0; i < 16; i++)
        run->trials[i]->probe_answer = (struct probe_answer){ 200, i < 8 ? 27 : 350, "" };
    is_other_work(run, "refused: parity: nginx: 350 B of body, h2o: 27 B of body: different work",
                  "work", "bytes of answered body 27 and 350");
    for (size_t i = 8; i < 16; i++) {
        run->trials[i]->probe_answer.body_bytes = 27;
        run->trials[i]->tally.ended_after_one = run->trials[i]->tally.ok;
    }
    is_other_work(run,
                  "refused: parity: nginx: a connection a request, h2o: persistent "
                  "connections: different work",
                  "class of connection", "connections persistent and a connection a request");
    run_record_free(run);
    (void)state;
}

static void a_closed_loop_is_not_put_beside_an_open_one(void **state)
{
    struct run_record *a = run_called("aaaaaa", "web1"), *b = run_called("bbbbbb", "web1");
    struct comparison c;

    add_trials(a, "nginx", 8, 20000);
    add_trials(b, "nginx", 8, 10000);
    for (size_t i = 0; i < 8; i++)
        b->trials[i]->load.model = LOAD_OPEN;
    c = compared(side_of(a, NULL), side_of(b, NULL));
    assert_false(c.cells[0].refused);
    begins(&c, METRIC_THROUGHPUT, "refused: A is a closed loop, B an open loop: ");
    begins(&c, METRIC_P50, "refused: A is a closed loop, B an open loop: ");
    begins(&c, METRIC_P99, "refused: A is a closed loop, B an open loop: ");
    begins(&c, METRIC_CPU, "same within 1.0 %");
    comparison_free(&c);
    run_record_free(a);
    run_record_free(b);
    (void)state;
}

/* 500 answers are enough for p50, and not for p99. */
static void each_percentile_is_refused_by_its_own_samples(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");
    struct comparison c;

    for (uint32_t i = 0; i < 12; i++) {
        struct trial_record *t = trial_in(i < 6 ? "h2o" : "nginx", i % 6, 500);

        add_check(t, CHECK_SAMPLES, CHECK_WARN, "p99 needs 1,000", "measure longer (-d)");
        add_trial(run, t);
    }
    c = compared(side_of(run, "h2o"), side_of(run, "nginx"));
    begins(&c, METRIC_P50, "same within 1.0 %");
    says(&c, 0, METRIC_P99, "refused: A: samples: in 6 of 6 trials, first: p99 needs 1,000");
    advises(&c, METRIC_P99, "measure longer (-d)");
    comparison_free(&c);
    run_record_free(run);
    (void)state;
}

static void a_trial_that_failed_refuses_the_cell(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");
    struct comparison c;

    add_trials(run, "h2o", 2, 20000);
    add_trials(run, "nginx", 2, 10000);
    run->trials[1]->state = TRIAL_DIED;
    run->trials[1]->reason = "ended by signal 11";
    c = compared(side_of(run, "h2o"), side_of(run, "nginx"));
    says(&c, 0, METRIC_THROUGHPUT, "refused: A: the trial in block 2 failed: ended by signal 11");
    comparison_free(&c);
    run_record_free(run);
    (void)state;
}

static void what_nobody_measured_is_no_value(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");
    struct comparison c;

    add_trials(run, "h2o", 6, 500); /* five beyond p99 */
    add_trials(run, "nginx", 6, 500);
    for (size_t i = 0; i < 6; i++)
        run->trials[i]->server.rss_bytes_peak = -1;
    c = compared(side_of(run, "h2o"), side_of(run, "nginx"));
    says(&c, 0, METRIC_P99, "no verdict: neither side has a value that can be relied on");
    says(&c, 0, METRIC_MEMORY, "no verdict: A has no value that can be relied on");
    comparison_free(&c);
    run_record_free(run);
    (void)state;
}

/* ---- wrong input ---- */

static void refuses(struct comparison_side a, struct comparison_side b, const char *expected)
{
    struct comparison c;
    struct error err;

    assert_false(comparison_make(&a, &b, &c, &err));
    assert_true(err.usage);
    assert_string_equal(err.text, expected);
}

static void nothing_in_common_names_what_there_is(void **state)
{
    struct run_record *a = run_called("aaaaaa", "web1"), *b = run_called("bbbbbb", "web1");

    add_trials(a, "nginx", 2, 1000);
    add_trials(a, "h2o", 2, 1000);
    add_trials(b, "apache", 2, 1000);
    refuses(side_of(a, NULL), side_of(b, NULL),
            "nothing in A and B can be compared: no target with the same workload and load is in "
            "both; name a target on each side (RUN:TARGET). A, aaaaaa, has nginx (json wrk), h2o "
            "(json wrk); B, bbbbbb, has apache (json wrk)");
    refuses(side_of(a, "ngin"), side_of(b, NULL),
            "nothing in A and B can be compared: no target with the same workload and load is in "
            "both; name a target on each side (RUN:TARGET). A, aaaaaa, has no trial called ngin, "
            "but nginx (json wrk), h2o (json wrk); B, bbbbbb, has apache (json wrk)");
    refuses(side_of(a, NULL), side_of(a, NULL),
            "A and B are the same run: name two of its targets, as in RUN:TARGET; it has nginx "
            "(json wrk), h2o (json wrk)");
    refuses(side_of(a, "x"), side_of(a, "nginx"),
            "nothing in A and B can be compared: no target with the same workload and load is in "
            "both; name a target on each side (RUN:TARGET). A, aaaaaa, has no trial called x, but "
            "nginx (json wrk), h2o (json wrk); B, aaaaaa, has nginx (json wrk)");
    run_record_free(a);
    run_record_free(b);
    (void)state;
}

static void memory_that_runs_out_is_an_error_and_leaks_nothing(void **state)
{
    struct run_record *run = run_called("7f3a9c", "web1");
    struct comparison_side a, b;
    struct comparison c;
    struct error err;
    unsigned n = 0;

    add_trials(run, "h2o", 2, 20000);
    add_trials(run, "nginx", 2, 10000);
    a = side_of(run, "h2o");
    b = side_of(run, "nginx");
    do
        fault_arm(FAULT_MEMORY, ++n);
    while (!comparison_make(&a, &b, &c, &err));
    assert_int_equal(n, 7);
    fault_arm(FAULT_MEMORY, 0);
    comparison_free(&c);
    run_record_free(run);
    (void)state;
}

/* ---- on the screen ---- */

static char *printed(struct screen s, const struct comparison *c)
{
    char *text = NULL;
    size_t size;

    s.out = open_memstream(&text, &size);
    comparison_print(&s, c);
    fclose(s.out);
    return text;
}

static char *as_markdown(const struct comparison *c)
{
    char *text = NULL;
    size_t size;
    struct error err;
    FILE *out = open_memstream(&text, &size);

    assert_true(comparison_write_markdown(out, c, &err));
    fclose(out);
    return text;
}

static void a_comparison_fits_80_columns(void **state)
{
    struct run_record *a = run_called("aaaaaa", "web1"), *b = run_called("bbbbbb", "web2");
    struct comparison c;
    char *text;

    add_trials(a, "nginx", 8, 12000);
    add_control(a, "nginx", 8, 12000, 15);
    add_trials(a, "h2o", 1, 12000);
    add_trials(a, "caddy", 1, 12000);
    add_trials(b, "nginx", 8, 9000);
    add_trials(b, "h2o", 1, 9000);
    add_trials(b, "apache", 1, 9000);
    a->trials[0]->load.connections = 64;
    add_check(b->trials[8], CHECK_ANSWERS, CHECK_FAIL, "12 of 9,000 answers were wrong\n\033[2J",
              "see what they were: assay show RUN");
    c = compared(side_of(a, NULL), side_of(b, NULL));
    text = printed((struct screen){ .width = 80 }, &c);
    golden_check("comparison-80", text);
    free(text);
    text = printed((struct screen){ .width = 80, .ascii = true }, &c);
    golden_check("comparison-80-ascii", text);
    free(text);
    text = as_markdown(&c);
    golden_check("comparison-markdown", text);
    free(text);
    comparison_free(&c);
    run_record_free(a);
    run_record_free(b);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_of_one_run_are_compared_block_by_block),
        cmocka_unit_test(the_control_tells_the_noise_floor_and_is_no_value),
        cmocka_unit_test(where_a_target_differs_from_itself_nothing_is_told_apart),
        cmocka_unit_test(too_few_trials_are_said_to_be_too_few_with_what_to_do),
        cmocka_unit_test(an_interrupted_trial_is_no_value),
        cmocka_unit_test(two_runs_are_two_samples_of_one_target),
        cmocka_unit_test(the_larger_floor_of_two_runs_counts),
        cmocka_unit_test(either_machine_that_cannot_rank_refuses),
        cmocka_unit_test(targets_are_matched_by_name_unless_each_side_has_one),
        cmocka_unit_test(the_p_of_all_cells_of_a_metric_are_corrected_together),
        cmocka_unit_test(what_was_not_the_same_is_noted_once),
        cmocka_unit_test(a_warm_up_is_compared_as_it_was_told),
        cmocka_unit_test(the_machine_of_a_single_trial_is_not_known),
        cmocka_unit_test(more_than_one_trial_in_ten_that_is_refused_refuses_the_cell),
        cmocka_unit_test(one_trial_in_ten_may_be_refused_but_not_for_wrong_answers),
        cmocka_unit_test(different_work_is_not_put_in_order),
        cmocka_unit_test(a_closed_loop_is_not_put_beside_an_open_one),
        cmocka_unit_test(each_percentile_is_refused_by_its_own_samples),
        cmocka_unit_test(a_trial_that_failed_refuses_the_cell),
        cmocka_unit_test(what_nobody_measured_is_no_value),
        cmocka_unit_test(nothing_in_common_names_what_there_is),
        cmocka_unit_test(memory_that_runs_out_is_an_error_and_leaks_nothing),
        cmocka_unit_test(a_comparison_fits_80_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
