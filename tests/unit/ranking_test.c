/* tests/unit/ranking_test.c -- who is ranked, in which order, and who is not and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "asked.h"
#include "base/fault.h"
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

/* What the machine is up to in each block: it hits all targets alike. */
static uint64_t in_block(uint64_t ok, uint32_t block)
{
    return ok + ok * (block % 3) / 10;
}

static struct trial_record *trial_in(uint32_t block, uint32_t order, const char *target,
                                     uint64_t ok)
{
    struct trial_record *t = good_trial(target, ok);

    t->block = block;
    t->order = order;
    return t;
}

/* A target in so many blocks. */
static void add_trials(struct run_record *run, uint32_t order, const char *target, uint64_t ok,
                       uint32_t blocks)
{
    for (uint32_t block = 0; block < blocks; block++)
        add_trial(run, trial_in(block, order, target, in_block(ok, block)));
}

static void targets_are_ranked_by_what_they_reach_block_by_block(void **state)
{
    struct run_record *run = new_run(21);
    struct ranking *r;

    add_trials(run, 0, "a", 110, 7);
    add_trials(run, 1, "b", 200, 7);
    add_trials(run, 2, "c", 150, 7);
    r = made(run, 1);
    assert_string_equal(r->workload, "json");
    assert_string_equal(r->load, "wrk");
    assert_int_equal(r->connections, CONNECTION_PERSISTENT);
    assert_ptr_equal(r->load_spec, &run->trials[0]->load);
    assert_int_equal(r->row_count, 3);
    assert_row(&r->rows[0], "b", 1, __LINE__);
    assert_row(&r->rows[1], "c", 2, __LINE__);
    assert_row(&r->rows[2], "a", 3, __LINE__);
    assert_int_equal(r->rows[1].rank_worst, 2);
    assert_true(r->rows[0].throughput_per_sec.median == 220);
    assert_int_equal(r->rows[0].throughput_per_sec.n, 7);
    assert_true(r->rows[0].throughput_per_sec.bounded);
    assert_int_equal(r->rows[0].trials, 7);
    assert_true(r->rows[0].relative == 1);
    assert_true(r->rows[2].relative == 121.0 / 220);
    assert_true(r->rows[0].server_cpu_ns.median == 1000);
    assert_int_equal(r->rows[2].ok, 3 * 110 + 2 * 121 + 2 * 132);
    assert_int_equal(r->pair_count, 3);
    assert_int_equal(r->pairs[1].a, 0);
    assert_int_equal(r->pairs[1].b, 2);
    assert_int_equal(r->pairs[1].finding, FINDING_MORE);
    assert_int_equal(r->blocks, 7);
    assert_int_equal(r->blocks_needed, 7);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

/* One block is better for the first, the next for the second. */
static void those_that_are_not_shown_to_differ_share_their_ranks(void **state)
{
    struct run_record *run = new_run(40);
    struct ranking *r;

    add_trials(run, 0, "slow", 100, 10);
    for (uint32_t block = 0; block < 10; block++) {
        add_trial(run, trial_in(block, 1, "even", block % 2 == 0 ? 1040 : 1000));
        add_trial(run, trial_in(block, 2, "odd", block % 2 == 0 ? 1000 : 1042));
    }
    add_trials(run, 3, "fast", 2000, 10);
    r = made(run, 1);
    assert_row(&r->rows[0], "fast", 1, __LINE__);
    assert_row(&r->rows[1], "odd", 2, __LINE__);
    assert_row(&r->rows[2], "even", 2, __LINE__);
    assert_row(&r->rows[3], "slow", 4, __LINE__);
    assert_int_equal(r->rows[0].rank_worst, 1);
    assert_int_equal(r->rows[1].rank_worst, 3);
    assert_int_equal(r->rows[2].rank_worst, 3);
    assert_int_equal(r->rows[3].rank_worst, 4);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

/* Three pairs need seven blocks; two targets one pair, six. */
static void too_few_blocks_are_no_ranks_and_the_order_of_the_suite(void **state)
{
    static const struct {
        int line;
        uint32_t targets, blocks;
        unsigned rank;
        const char *reason;
    } cases[] = {
        {__LINE__,  3, 6, 0, "needs 7 blocks (has 6)"},
        { __LINE__, 3, 7, 1, ""                      },
        { __LINE__, 2, 5, 0, "needs 6 blocks (has 5)"},
        { __LINE__, 2, 6, 1, ""                      },
        { __LINE__, 1, 1, 1, ""                      },
    };
    static const char *const names[] = { "first", "second", "third" };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run_record *run = new_run(21);
        struct ranking *r;

        for (uint32_t k = cases[i].targets; k-- > 0;) /* the last one came first, and is fastest */
            add_trials(run, k, names[k], 100 + 100 * k, cases[i].blocks);
        r = made(run, 1);
        assert_string_equal(r->reason, cases[i].reason);
        assert_int_equal(r->repeat.id, CHECK_REPEAT);
        assert_int_equal(r->repeat.state, CHECK_UNKNOWN); /* there is no control either */
        for (uint32_t k = 0; k < cases[i].targets; k++) {
            bool ranked = cases[i].rank > 0;
            uint32_t from_end = cases[i].targets - 1 - k;

            assert_row(&r->rows[k], names[ranked ? from_end : k], ranked ? k + 1 : 0,
                       cases[i].line);
            assert_true(isnan(r->rows[k].relative) == !ranked);
            assert_string_equal(r->rows[k].reason, "");
        }
        assert_true(cases[i].rank > 0 || r->pair_count == 0);
        rankings_free(r, 1);
        run_record_free(run);
    }
    (void)state;
}

/* A block in which one of them has no figure compares nothing. */
static void only_blocks_with_all_of_them_count(void **state)
{
    struct run_record *run = new_run(13);
    struct ranking *r;

    add_trials(run, 0, "a", 100, 7);
    add_trials(run, 1, "b", 300, 6);
    r = made(run, 1);
    assert_int_equal(r->blocks, 6);
    assert_row(&r->rows[0], "b", 1, __LINE__);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

/* ---- the A/A control ---- */

/* In block b the twin of that trial is so much faster. */
static void add_twin(struct run_record *run, const char *target, uint32_t block, uint64_t ok,
                     double faster)
{
    struct trial_record *t =
        trial_in(block, 0, target, (uint64_t)llround((double)in_block(ok, block) * faster));

    t->control = true;
    add_trial(run, t);
}

static void the_control_gives_the_noise_floor_and_is_in_no_figure(void **state)
{
    static const double noise[] = { 1.01, 0.99, 1.02, 0.985, 1.01, 0.99 };
    struct run_record *run = new_run(18);
    struct ranking *r;

    run->seed = 42;
    for (uint32_t block = 0; block < 6; block += 2) /* the very first: it opens no ranking */
        add_twin(run, "a", block, 10000, noise[block]);
    add_trials(run, 0, "a", 10000, 6);
    for (uint32_t block = 1; block < 6; block += 2) /* before its original: it opens no row */
        add_twin(run, "b", block, 30000, noise[block]);
    add_trials(run, 1, "b", 30000, 6);
    r = made(run, 1);
    assert_row(&r->rows[0], "b", 1, __LINE__);
    assert_row(&r->rows[1], "a", 2, __LINE__);
    assert_int_equal(r->row_count, 2);
    assert_int_equal(r->rows[1].trials, 6);
    assert_int_equal(r->rows[1].ok, 2 * (10000 + 11000 + 12000));
    assert_true(r->rows[1].throughput_per_sec.high == 12000);
    assert_ptr_equal(r->load_spec, &run->trials[3]->load);
    assert_true(r->noise.known);
    assert_false(r->noise.differs);
    assert_int_equal(r->noise.blocks, 6);
    assert_true(r->noise.floor > 0.019 && r->noise.floor < 0.021);
    assert_int_equal(r->repeat.state, CHECK_OK);
    assert_string_equal(r->repeat.text, "6 interleaved blocks, A/A noise floor 2.0 %, seed 42");
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

static void a_control_that_differs_leaves_everyone_without_a_rank(void **state)
{
    struct run_record *run = new_run(18);
    struct ranking *r;

    add_trials(run, 1, "b", 30000, 6);
    add_trials(run, 0, "a", 10000, 6);
    for (uint32_t block = 0; block < 6; block++)
        add_twin(run, "a", block, 10000, 1.06);
    r = made(run, 1);
    assert_row(&r->rows[0], "a", 0, __LINE__);
    assert_row(&r->rows[1], "b", 0, __LINE__);
    assert_string_equal(r->reason,
                        "the A/A control differs by 6.0 %: this machine cannot rank them now");
    assert_true(r->remedy[0] != '\0');
    assert_int_equal(r->repeat.state, CHECK_FAIL);
    assert_string_equal(r->repeat.text, r->reason);
    assert_int_equal(r->pair_count, 0);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

/* Who is alone is before nobody. */
static void one_alone_is_the_first_whatever_the_control_says(void **state)
{
    struct run_record *run = new_run(12);
    struct ranking *r;

    add_trials(run, 0, "a", 10000, 6);
    for (uint32_t block = 0; block < 6; block++)
        add_twin(run, "a", block, 10000, 1.06);
    r = made(run, 1);
    assert_row(&r->rows[0], "a", 1, __LINE__);
    assert_string_equal(r->reason, "");
    assert_int_equal(r->repeat.state, CHECK_FAIL);
    assert_int_equal(r->blocks_needed, 0);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

/* Each class alone would have three pairs, too few for an interval. */
static void the_noise_is_that_of_the_machine_in_both_classes(void **state)
{
    struct run_record *run = new_run(18);
    struct ranking *r;

    add_trials(run, 0, "keeps", 10000, 6);
    add_trials(run, 1, "closes", 5000, 6);
    for (uint32_t block = 0; block < 6; block++)
        add_twin(run, block % 2 == 0 ? "keeps" : "closes", block, block % 2 == 0 ? 10000 : 5000, 1);
    for (size_t i = 0; i < 18; i++)
        if (strcmp(run->trials[i]->target, "closes") == 0)
            run->trials[i]->load.keepalive = false;
    r = made(run, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(r[i].noise.known);
        assert_int_equal(r[i].noise.blocks, 6);
    }
    rankings_free(r, 2);
    run_record_free(run);
    (void)state;
}

/* Interrupted before its original: a twin alone is nobody's trial. */
static void a_twin_alone_is_no_ranking(void **state)
{
    struct run_record *run = new_run(1);

    add_twin(run, "a", 0, 100, 1);
    rankings_free(made(run, 0), 0);
    run_record_free(run);
    (void)state;
}

/* ---- what is not believed ---- */

static void fail_check(struct trial_record *t, enum check_id id, const char *text)
{
    struct check *c = &t->verdict.checks[t->verdict.count++];

    *c = (struct check){ .id = id, .state = CHECK_FAIL, .unit = "" };
    snprintf(c->text, sizeof(c->text), "%s", text);
    snprintf(c->remedy, sizeof(c->remedy), "use more threads");
}

static void more_than_one_trial_in_ten_that_is_refused_refuses_the_row(void **state)
{
    static const struct {
        int line;
        uint32_t refused;
        const char *reason;
    } cases[] = {
        {__LINE__,  1, ""                                                     },
        { __LINE__, 2, "in 2 of 10 trials, first: the generator was the limit"},
        { __LINE__, 9, "in 9 of 10 trials, first: the generator was the limit"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run_record *run = new_run(31);
        struct ranking *r;
        bool refused = cases[i].reason[0] != '\0';
        const struct ranking_row *row;

        add_trials(run, 0, "fast", 300, 10);
        for (uint32_t k = 0; k < cases[i].refused; k++)
            fail_check(run->trials[k], CHECK_GENERATOR, "the generator was the limit");
        add_trials(run, 1, "slow", 100, 10);
        add_trials(run, 2, "ours", 900, 10);
        for (size_t k = 20; k < 30; k++)
            run->trials[k]->ceiling = true;
        add_trial(run, trial_in(0, 3, "absent", 0));
        run->trials[30]->state = TRIAL_NOT_BUILT;
        r = made(run, 1);
        row = &r->rows[refused ? 2 : 0];
        assert_row(row, "fast", refused ? 0 : 1, cases[i].line);
        assert_string_equal(row->reason, cases[i].reason);
        assert_int_equal(row->refused, refused);
        assert_string_equal(row->remedy, refused ? "use more threads" : "");
        assert_int_equal(row->refused_by, refused ? CHECK_GENERATOR : CHECK_LOAD);
        assert_true(row->throughput_per_sec.median == 330);
        assert_true(ranking_row_has_figures(row));
        assert_row(&r->rows[refused ? 0 : 1], "slow", refused ? 1 : 2, cases[i].line);
        assert_row(&r->rows[refused ? 1 : 2], "ours", 0, cases[i].line);
        assert_row(&r->rows[3], "absent", 0, cases[i].line);
        assert_false(ranking_row_has_figures(&r->rows[3]));
        rankings_free(r, 1);
        run_record_free(run);
    }
    (void)state;
}

static void wrong_answers_in_a_single_trial_refuse_the_row(void **state)
{
    struct run_record *run = new_run(20);
    struct ranking *r;

    add_trials(run, 0, "liar", 300, 10);
    add_trials(run, 1, "honest", 100, 10);
    fail_check(run->trials[4], CHECK_LOAD, "late");
    fail_check(run->trials[4], CHECK_ANSWERS, "7 of 300 answers were wrong");
    r = made(run, 1);
    assert_row(&r->rows[0], "honest", 1, __LINE__);
    assert_row(&r->rows[1], "liar", 0, __LINE__);
    assert_string_equal(r->rows[1].reason, "in 1 of 10 trials, first: 7 of 300 answers were wrong");
    assert_int_equal(r->rows[1].refused_by, CHECK_ANSWERS);
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

/* Neither is faster at the same thing. The third was not to be ranked, and its work is no matter.
 */
static void different_work_is_not_ranked(void **state)
{
    for (int i = 0; i < 3; i++) {
        struct run_record *run = new_run(19);
        struct ranking *r;

        add_trials(run, 1, "keeps", 300, 6);
        add_trials(run, 0, "capped", 100, 6);
        add_trials(run, 2, "ours", 900, 6);
        for (size_t k = 0; k < 6; k++) {
            if (i == 1)
                run->trials[6 + k]->tally.closed_by_server = 30;
            run->trials[12 + k]->ceiling = true;
            if (i == 2)
                run->trials[12 + k]->tally.closed_by_server = 30;
        }
        r = made(run, 1);
        assert_row(&r->rows[0], i == 1 ? "capped" : "keeps", i == 1 ? 0 : 1, __LINE__);
        assert_int_equal(r->parity.id, CHECK_PARITY);
        assert_int_equal(r->parity.state == CHECK_FAIL, i == 1);
        assert_int_equal(strstr(r->reason, "different work") != NULL, i == 1);
        rankings_free(r, 1);
        run_record_free(run);
    }
    (void)state;
}

/* Two are refused by one check, one by another: the first of the commonest kind speaks. */
static void the_commonest_refusal_is_the_reason(void **state)
{
    struct run_record *run = new_run(3);
    struct ranking *r;

    add_trials(run, 0, "a", 300, 3);
    fail_check(run->trials[0], CHECK_LOAD, "late");
    fail_check(run->trials[1], CHECK_STEADY, "it fell");
    fail_check(run->trials[2], CHECK_STEADY, "it rose");
    r = made(run, 1);
    assert_string_equal(r->rows[0].reason, "in 2 of 3 trials, first: it fell");
    rankings_free(r, 1);
    run_record_free(run);
    (void)state;
}

/* ---- rows ---- */

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
        assert_row(&r[i].rows[0], "a", 0, __LINE__);
        assert_row(&r[i].rows[1], "b", 0, __LINE__);
    }
    rankings_free(r, 3);
    run_record_free(run);
    (void)state;
}

/* By count the window is as long as it took: 100 requests in half a second are 200/s. */
static void loads_by_count_are_ranked_by_the_time_they_take(void **state)
{
    struct run_record *run = new_run(12);
    struct ranking *r;

    for (uint32_t i = 0; i < 12; i++) {
        struct trial_record *t = trial_in(i / 2, i % 2, i % 2 == 0 ? "slow" : "fast", 100);

        t->load.requests = 100;
        t->load.duration_ns = 0;
        t->tally.window_ns = (i % 2 == 0 ? SECOND_NS : SECOND_NS / 2) + i / 2 * MILLISECOND_NS;
        /* The fast one has a wrong answer less to be counted by, and is the faster all the same. */
        t->tally.ok_in_window -= i % 2;
        add_trial(run, t);
    }
    r = made(run, 1);
    assert_row(&r->rows[0], "fast", 1, __LINE__);
    assert_row(&r->rows[1], "slow", 2, __LINE__);
    assert_true(r->rows[0].seconds.median == 0.5025);
    assert_true(fabs(r->pairs[0].ratio - 1.995) < 0.001);
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

/* 40,000 answers a trial, worth less than the 1000 that p99 needs: they depend on each other. */
static void trials_add_up_what_their_answers_are_worth(void **state)
{
    for (size_t trials = 1; trials <= 16; trials += 15) {
        struct run_record *run = new_run(trials);
        struct ranking *r;

        for (uint32_t i = 0; i < trials; i++) {
            struct trial_record *t = trial_in(i, 0, "a", 0);

            answer_seconds(t, ASKED_SECONDS, ASKED_RATE, 1e6, 5, 3);
            add_trial(run, t);
        }
        r = made(run, 1);
        assert_true(r->rows[0].p50_reliable);
        assert_int_equal(r->rows[0].p99_reliable, trials > 1);
        rankings_free(r, 1);
        run_record_free(run);
    }
    (void)state;
}

/* Enough samples beyond p99, and nobody knows to within a quarter where it is; with ten times as
 * many one does. */
static void p99_is_refused_where_all_trials_together_leave_it_open(void **state)
{
    for (uint32_t times = 1; times <= 100; times *= 100) {
        struct run_record *run = new_run(1);
        struct trial_record *t = good_trial("a", 1176);
        struct ranking *r;

        for (int i = 1; i <= 24; i++)
            histogram_record_many(&t->tally.response, i * 10 * MILLISECOND_NS, times);
        histogram_record_many(&t->tally.response, MILLISECOND_NS, 1176 * (times - 1));
        add_trial(run, t);
        r = made(run, 1);
        assert_true(r->rows[0].p50_reliable);
        assert_int_equal(r->rows[0].p99_reliable, times > 1);
        rankings_free(r, 1);
        run_record_free(run);
    }
    (void)state;
}

/* A check that fails for the clock refuses p99, and nobody's rank. */
static void p99_is_refused_with_more_than_one_trial_in_ten(void **state)
{
    for (uint32_t refused = 1; refused <= 2; refused++) {
        struct run_record *run = new_run(20);
        struct ranking *r;

        add_trials(run, 0, "a", 2000, 10);
        add_trials(run, 1, "b", 4000, 10);
        for (uint32_t i = 0; i < refused; i++)
            add_check(run->trials[i], CHECK_CLOCK, CHECK_FAIL, "it jumped", "mend the clock");
        r = made(run, 1);
        assert_row(&r->rows[1], "a", 2, __LINE__);
        assert_true(r->rows[1].p99_reliable == (refused == 1));
        assert_true((r->rows[1].latency_refused != NULL) == (refused > 1));
        assert_true(refused == 1 || r->rows[1].latency_refused->id == CHECK_CLOCK);
        assert_null(r->rows[0].latency_refused);
        rankings_free(r, 1);
        run_record_free(run);
    }
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

/* 2000 answers of 5 ms at 70 % of what it reached with 1 ms each. */
static struct run_record *run_at_share(void)
{
    struct run_record *run = new_run(2);
    struct trial_record *full = good_trial("a", 2000), *share = good_trial("a", 1);

    histogram_record_many(&full->tally.response, 3 * MILLISECOND_NS, 40);
    share->load.name = SLICE("busy");
    share->load.model = LOAD_OPEN;
    share->load.share = SHARE_SHOWN;
    share->load.of = full->load.name;
    histogram_record_many(&share->tally.response, 5 * MILLISECOND_NS, 2000);
    add_trial(run, full);
    add_trial(run, share);
    return run;
}

/* What is always there, asked for: the same rules, and each of its own load. */
static void percentiles_that_are_asked_for_are_those_of_the_row(void **state)
{
    struct run_record *run = run_at_share();
    struct ranking *r = made(run, 2);
    const struct ranking_row *row = &r[0].rows[0];
    struct percentiles asked;
    struct error err;

    assert_true(percentiles_parse(SLICE("50,99,99.99"), &asked, &err));
    assert_true(rankings_ask(run, &asked, r, 2, &err));
    assert_true(row->asked[0].ns == row->p50_ns && row->asked[0].reliable);
    assert_true(row->asked[1].ns == row->p99_ns && row->asked[1].reliable);
    assert_false(row->asked[2].reliable);
    assert_in_range(row->asked[1].ns, 2900000, 3100000);
    assert_true(row->asked_at_share[1].ns == row->p99_at_share_ns);
    assert_true(row->asked_at_share[1].reliable && row->p99_at_share_reliable);
    assert_in_range(row->asked_at_share[1].ns, 4900000, 5100000);
    assert_false(r[1].rows[0].asked_at_share[1].reliable);
    rankings_free(r, 2);
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
    assert_int_equal(n, 19);
    fault_arm(FAULT_MEMORY, 1);
    assert_false(rankings_ask(run, &PERCENTILES_OF_LINE, r, count, &err));
    fault_arm(FAULT_MEMORY, 0);
    rankings_free(r, count);
    run_record_free(run);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_ranked_by_what_they_reach_block_by_block),
        cmocka_unit_test(those_that_are_not_shown_to_differ_share_their_ranks),
        cmocka_unit_test(too_few_blocks_are_no_ranks_and_the_order_of_the_suite),
        cmocka_unit_test(only_blocks_with_all_of_them_count),
        cmocka_unit_test(the_control_gives_the_noise_floor_and_is_in_no_figure),
        cmocka_unit_test(a_control_that_differs_leaves_everyone_without_a_rank),
        cmocka_unit_test(one_alone_is_the_first_whatever_the_control_says),
        cmocka_unit_test(the_noise_is_that_of_the_machine_in_both_classes),
        cmocka_unit_test(a_twin_alone_is_no_ranking),
        cmocka_unit_test(more_than_one_trial_in_ten_that_is_refused_refuses_the_row),
        cmocka_unit_test(wrong_answers_in_a_single_trial_refuse_the_row),
        cmocka_unit_test(different_work_is_not_ranked),
        cmocka_unit_test(the_commonest_refusal_is_the_reason),
        cmocka_unit_test(six_trials_give_an_interval),
        cmocka_unit_test(a_target_with_a_trial_that_failed_is_not_ranked),
        cmocka_unit_test(a_trial_that_is_done_may_have_a_remark),
        cmocka_unit_test(wrong_answers_are_named_and_right_ones_ranked),
        cmocka_unit_test(no_right_answer_is_no_rank),
        cmocka_unit_test(the_ceiling_stands_between_the_ranked_and_the_others),
        cmocka_unit_test(each_class_of_connections_has_a_ranking_of_its_own),
        cmocka_unit_test(a_load_of_one_connection_a_request_is_one_class),
        cmocka_unit_test(workloads_and_loads_come_in_the_order_in_which_they_appear),
        cmocka_unit_test(loads_by_count_are_ranked_by_the_time_they_take),
        cmocka_unit_test(percentiles_are_those_of_all_trials_together),
        cmocka_unit_test(trials_add_up_what_their_answers_are_worth),
        cmocka_unit_test(p99_is_refused_with_more_than_one_trial_in_ten),
        cmocka_unit_test(p99_is_refused_where_all_trials_together_leave_it_open),
        cmocka_unit_test(memory_is_the_largest_and_times_are_medians),
        cmocka_unit_test(a_run_without_trials_has_no_ranking),
        cmocka_unit_test(percentiles_that_are_asked_for_are_those_of_the_row),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
