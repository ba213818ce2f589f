/* tests/unit/ranking_test.c -- who is ranked, in which order, and who is not and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/fault.h"
#include "records.h"
#include "report/ranking.h"

static struct ranking *made(const struct run_record *run, size_t expected_count)
{
    struct ranking *rankings = NULL;
    struct error err;
    size_t count;

    if (!rankings_make(run, &rankings, &count, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count, expected_count);
    return rankings;
}

static void assert_row(const struct ranking_row *row, const char *target, unsigned rank, int line)
{
    if (strcmp(row->target, target) != 0 || row->rank != rank)
        fail_msg("line %d: %s has rank %u (%s)", line, row->target, row->rank, row->reason);
}

static void targets_are_ranked_by_the_median_of_their_throughput(void **state)
{
    static const uint64_t ok[3][3] = {
        {100,  900, 110},
        { 200, 210, 1  },
        { 150, 150, 150}
    };
    static const char *const names[] = { "a", "b", "c" };
    struct run_record *run = new_run(9);
    struct ranking *r;

    for (size_t block = 0; block < 3; block++)
        for (size_t i = 0; i < 3; i++)
            add_trial(run, good_trial(names[i], ok[i][block]));
    r = made(run, 1);
    assert_string_equal(r->workload, "json");
    assert_string_equal(r->load, "wrk");
    assert_int_equal(r->connections, CONNECTION_PERSISTENT);
    assert_ptr_equal(r->load_spec, &run->trials[0]->load);
    assert_int_equal(r->row_count, 3);
    assert_row(&r->rows[0], "b", 1, __LINE__);
    assert_row(&r->rows[1], "c", 2, __LINE__);
    assert_row(&r->rows[2], "a", 3, __LINE__);
    assert_true(r->rows[0].throughput_per_sec.median == 200);
    assert_int_equal(r->rows[0].throughput_per_sec.n, 3);
    assert_false(r->rows[0].throughput_per_sec.bounded);
    assert_int_equal(r->rows[0].trials, 3);
    assert_true(r->rows[0].relative == 1);
    assert_true(r->rows[2].relative == 110.0 / 200);
    assert_true(r->rows[0].server_cpu_ns.median == 1000);
    assert_int_equal(r->rows[2].ok, 1110);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

/* Exact order-statistic interval: with six trials, the smallest and the largest. */
static void six_trials_give_an_interval(void **state)
{
    struct run_record *run = new_run(6);
    struct ranking *r;

    for (uint64_t i = 0; i < 6; i++)
        add_trial(run, good_trial("a", 100 + i));
    r = made(run, 1);
    assert_true(r->rows[0].throughput_per_sec.bounded);
    assert_true(r->rows[0].throughput_per_sec.low == 100);
    assert_true(r->rows[0].throughput_per_sec.high == 105);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

static void a_target_with_a_trial_that_failed_is_not_ranked(void **state)
{
    static const struct {
        int line;
        enum trial_state state;
        bool partial;
        const char *reason, *expected;
    } cases[] = {
        {__LINE__,  TRIAL_NOT_BUILT, false, "packages missing: gunicorn",
         "packages missing: gunicorn"                                                              },
        { __LINE__, TRIAL_NOT_READY, false, "never listened",             "never listened"         },
        { __LINE__, TRIAL_DIED,      false, "",                           "died"                   },
        { __LINE__, TRIAL_DONE,      true,  "",                           "a trial was interrupted"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run_record *run = new_run(4);
        struct trial_record *bad = good_trial("a", 500);
        struct ranking *r;

        bad->state = cases[i].state;
        bad->reason = cases[i].reason;
        bad->tally.partial = cases[i].partial;
        add_trial(run, good_trial("a", 400));
        add_trial(run, good_trial("b", 100));
        add_trial(run, bad);
        add_trial(run, good_trial("b", 100));
        r = made(run, 1);
        assert_row(&r->rows[0], "b", 1, cases[i].line);
        assert_row(&r->rows[1], "a", 0, cases[i].line);
        assert_string_equal(r->rows[1].reason, cases[i].expected);
        assert_int_equal(r->rows[1].trials, 1);
        assert_true(r->rows[1].throughput_per_sec.median == 400);
        assert_true(isnan(r->rows[1].relative));
        rankings_free(r, 1);
        run_record_free(run);
    }
    (void)state;
}

/* What was odd in stopping a target is no reason against what it did before. */
static void a_trial_that_is_done_may_have_a_remark(void **state)
{
    struct run_record *run = new_run(1);
    struct ranking *r;

    add_trial(run, good_trial("a", 100));
    run->trials[0]->reason = "had to be killed";
    r = made(run, 1);
    assert_row(&r->rows[0], "a", 1, __LINE__);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

static void wrong_answers_are_named_and_right_ones_ranked(void **state)
{
    struct run_record *run = new_run(2);
    struct ranking *r;

    for (int i = 0; i < 2; i++) {
        struct trial_record *t = good_trial("a", 100);

        t->tally.failed[OUTCOME_STATUS] = 6;
        t->tally.failed[OUTCOME_TIMEOUT] = 10;
        tally_example(&t->tally, OUTCOME_STATUS, 0, 503, "503", "", 0);
        t->tally.examples[0].count = 6;
        /* One of each trial: together fewer than the 503s. */
        tally_example(&t->tally, i == 0 ? OUTCOME_TIMEOUT : OUTCOME_RESET, 0, 0, "late", "", 0);
        t->tally.examples[1].count = 10;
        add_trial(run, t);
    }
    r = made(run, 1);
    assert_row(&r->rows[0], "a", 1, __LINE__);
    assert_int_equal(r->rows[0].failed, 32);
    assert_string_equal(r->rows[0].example, "12 x 503");
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

static void no_right_answer_is_no_rank(void **state)
{
    struct run_record *run = new_run(3);
    struct trial_record *wrong = good_trial("wrong", 0), *silent = good_trial("silent", 0);
    struct ranking *r;

    tally_example(&wrong->tally, OUTCOME_STATUS, 0, 503, "503", "", 0);
    wrong->tally.examples[0].count = 2345;
    silent->tally.in_flight = 64;
    add_trial(run, wrong);
    add_trial(run, silent);
    add_trial(run, good_trial("good", 1));
    r = made(run, 1);
    assert_row(&r->rows[0], "good", 1, __LINE__);
    assert_row(&r->rows[1], "wrong", 0, __LINE__);
    assert_string_equal(r->rows[1].reason, "no right answer: 2,345 x 503");
    assert_string_equal(r->rows[2].reason, "no right answer: 64 unanswered at the end");
    assert_int_equal(r->rows[1].p50_ns, -1);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

static void the_ceiling_stands_between_the_ranked_and_the_others(void **state)
{
    struct run_record *run = new_run(3);
    struct ranking *r;

    add_trial(run, good_trial("broken", 0));
    add_trial(run, good_trial("assay", 1000));
    add_trial(run, good_trial("nginx", 500));
    run->trials[1]->ceiling = true;
    r = made(run, 1);
    assert_row(&r->rows[0], "nginx", 1, __LINE__);
    assert_row(&r->rows[1], "assay", 0, __LINE__);
    assert_row(&r->rows[2], "broken", 0, __LINE__);
    assert_true(r->rows[1].ceiling);
    assert_string_equal(r->rows[1].reason, "");
    assert_true(r->rows[0].relative == 1);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

static void each_class_of_connections_has_a_ranking_of_its_own(void **state)
{
    struct run_record *run = new_run(3);
    struct ranking *r;

    add_trial(run, good_trial("keeps", 1000));
    add_trial(run, good_trial("closes", 2000));
    add_trial(run, good_trial("absent", 0));
    run->trials[1]->tally.ended_after_one = run->trials[1]->tally.opened = 2000;
    run->trials[2]->state = TRIAL_NOT_BUILT;
    r = made(run, 2);
    assert_int_equal(r[0].connections, CONNECTION_PERSISTENT);
    assert_int_equal(r[0].row_count, 2);
    assert_row(&r[0].rows[0], "keeps", 1, __LINE__);
    assert_row(&r[0].rows[1], "absent", 0, __LINE__);
    assert_int_equal(r[1].connections, CONNECTION_EACH);
    assert_int_equal(r[1].row_count, 1);
    assert_row(&r[1].rows[0], "closes", 1, __LINE__);
    rankings_free(r, 2);
    run_record_free(run);
    (void)state;
}

static void a_load_of_one_connection_a_request_is_one_class(void **state)
{
    struct run_record *run = new_run(2);
    struct ranking *r;

    add_trial(run, good_trial("a", 1000));
    add_trial(run, good_trial("absent", 0));
    run->trials[1]->state = TRIAL_NOT_BUILT;
    run->trials[0]->load.keepalive = run->trials[1]->load.keepalive = false;
    r = made(run, 1);
    assert_int_equal(r->connections, CONNECTION_EACH);
    assert_int_equal(r->row_count, 2);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

static void workloads_and_loads_come_in_the_order_in_which_they_appear(void **state)
{
    static const struct {
        const char *workload, *load;
    } order[] = {
        {"json",   "wrk"},
        { "json",  "one"},
        { "plain", "wrk"}
    };
    struct run_record *run = new_run(6);
    struct ranking *r;

    for (size_t i = 0; i < 6; i++) {
        struct trial_record *t = good_trial(i < 3 ? "a" : "b", 10 + i);

        t->workload.name = slice_of(order[i % 3].workload);
        t->load.name = slice_of(order[i % 3].load);
        add_trial(run, t);
    }
    r = made(run, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(r[i].workload, order[i].workload);
        assert_string_equal(r[i].load, order[i].load);
        assert_int_equal(r[i].row_count, 2);
        assert_row(&r[i].rows[0], "b", 1, __LINE__);
    }
    rankings_free(r, 3);
    run_record_free(run);
    (void)state;
}

/* By count the window is as long as it took: 100 requests in half a second are 200/s. */
static void loads_by_count_are_ranked_by_throughput_too(void **state)
{
    struct run_record *run = new_run(2);
    struct ranking *r;

    for (int i = 0; i < 2; i++) {
        struct trial_record *t = good_trial(i == 0 ? "slow" : "fast", 100);

        t->load.requests = 100;
        t->load.duration_ns = 0;
        t->tally.window_ns = i == 0 ? SECOND_NS : SECOND_NS / 2;
        add_trial(run, t);
    }
    r = made(run, 1);
    assert_row(&r->rows[0], "fast", 1, __LINE__);
    assert_true(r->rows[0].throughput_per_sec.median == 200);
    assert_true(r->rows[0].seconds.median == 0.5);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

/* 500 fast and 500 slow ones in two trials: p50 of both together is fast, p99 a lower bound. */
static void percentiles_are_those_of_all_trials_together(void **state)
{
    struct run_record *run = new_run(3);
    struct ranking *r;

    add_trial(run, good_trial("a", 500));
    add_trial(run, good_trial("a", 0));
    run->trials[1]->tally.ok_in_window = 1;
    for (int i = 0; i < 499; i++)
        histogram_record_censored(&run->trials[1]->tally.response, SECOND_NS);
    add_trial(run, good_trial("b", 19));
    r = made(run, 1);
    assert_in_range(r->rows[0].p50_ns, 999000, 1001000);
    assert_in_range(r->rows[0].p99_ns, 999 * MILLISECOND_NS, 1001 * MILLISECOND_NS);
    assert_string_equal(r->rows[0].target, "a");
    assert_false(r->rows[0].p50_bound);
    assert_true(r->rows[0].p99_bound);
    assert_false(r->rows[0].p99_reliable); /* 999 samples: not ten beyond it */
    assert_true(r->rows[0].p50_reliable);
    assert_false(r->rows[1].p50_reliable);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

static void memory_is_the_largest_and_times_are_medians(void **state)
{
    struct run_record *run = new_run(3);
    struct ranking *r;

    for (int i = 0; i < 3; i++) {
        struct trial_record *t = good_trial("a", 10);

        t->server.rss_bytes_peak = 100 - i;
        t->server.pss_bytes_peak = 50 + i;
        t->server.ready_ms = 10 * i;
        add_trial(run, t);
    }
    run->trials[0]->server.build_ms = 700;
    run->trials[2]->server.shipped_bytes = 5;
    r = made(run, 1);
    assert_int_equal(r->rows[0].rss_peak_bytes, 100);
    assert_int_equal(r->rows[0].pss_peak_bytes, 52);
    assert_int_equal(r->rows[0].rss_idle_bytes, -1);
    assert_int_equal(r->rows[0].shipped_bytes, 5);
    assert_true(r->rows[0].ready_ms == 10);
    assert_true(r->rows[0].build_ms == 700);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

static void a_run_without_trials_has_no_ranking(void **state)
{
    struct run_record *run = new_run(0);

    rankings_free(made(run, 0), 0);
    run_record_free(run);
    (void)state;
}

static void memory_that_runs_out_is_an_error(void **state)
{
    struct run_record *run = new_run(2);
    struct ranking *r = NULL;
    struct error err = { .text = "" };
    size_t count = 0;
    unsigned n;
    bool done = false;

    add_trial(run, good_trial("a", 10));
    add_trial(run, good_trial("b", 10));
    run->trials[1]->load.keepalive = false;
    for (n = 1; !done && n < 100; n++) {
        fault_arm(FAULT_MEMORY, n);
        done = rankings_make(run, &r, &count, &err);
        assert_true(done || err.text[0] != '\0');
    }
    fault_arm(FAULT_MEMORY, 0);
    assert_int_equal(n, 7);
    rankings_free(r, count);
    run_record_free(run);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_ranked_by_the_median_of_their_throughput),
        cmocka_unit_test(six_trials_give_an_interval),
        cmocka_unit_test(a_target_with_a_trial_that_failed_is_not_ranked),
        cmocka_unit_test(a_trial_that_is_done_may_have_a_remark),
        cmocka_unit_test(wrong_answers_are_named_and_right_ones_ranked),
        cmocka_unit_test(no_right_answer_is_no_rank),
        cmocka_unit_test(the_ceiling_stands_between_the_ranked_and_the_others),
        cmocka_unit_test(each_class_of_connections_has_a_ranking_of_its_own),
        cmocka_unit_test(a_load_of_one_connection_a_request_is_one_class),
        cmocka_unit_test(workloads_and_loads_come_in_the_order_in_which_they_appear),
        cmocka_unit_test(loads_by_count_are_ranked_by_throughput_too),
        cmocka_unit_test(percentiles_are_those_of_all_trials_together),
        cmocka_unit_test(memory_is_the_largest_and_times_are_medians),
        cmocka_unit_test(a_run_without_trials_has_no_ranking),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
