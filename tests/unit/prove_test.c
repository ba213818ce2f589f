/* tests/unit/prove_test.c -- what further drives prove, what they do not, what the checks make of
 * it, and how it is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "asked.h"
#include "base/rng.h"
#include "report/proof_block.h"
#include "verdict/check_priv.h"
#include "verdict/prove.h"

#define SERIES 1000

static double normal(struct rng *rng)
{
    double radius = sqrt(-2 * log(rng_unit(rng)));

    return radius * cos(2 * 3.14159265358979323846 * rng_unit(rng));
}

/* ---- elasticity ---- */

static struct proof_elasticity of_two(double without1, double without2, double with1, double with2)
{
    const double without[] = { without1, without2 }, with[] = { with1, with2 };

    return prove_elasticity(without, with, 2, 1000, 0.10);
}

/* As run/prove.c does it: round after round until it is settled. Drives scatter by `sd`. */
static enum elasticity_state simulate(struct rng *rng, double change, double sd)
{
    double without[PROVE_ROUNDS_MAX], with[PROVE_ROUNDS_MAX];
    enum elasticity_state state = ELASTICITY_OPEN;

    for (uint32_t i = 0; i < PROVE_ROUNDS_MAX && state == ELASTICITY_OPEN; i++) {
        without[i] = 50000 * (1 + sd * normal(rng));
        with[i] = 50000 * (1 + change) * (1 + sd * normal(rng));
        state = prove_elasticity(without, with, i + 1, 600, 0.10).state;
    }
    return state;
}

static int times_in(double change, double sd, enum elasticity_state state)
{
    struct rng rng = { 20261121 };
    int times = 0;

    for (int i = 0; i < SERIES; i++)
        times += simulate(&rng, change, sd) == state;
    return times;
}

static void what_more_work_does_not_slow_down_is_not_limited_by_it(void **state)
{
    struct proof_elasticity e = of_two(1000, 1002, 998, 1001);

    assert_int_equal(e.state, ELASTICITY_NOT_LIMITING);
    assert_int_equal(e.rounds, 2);
    assert_int_equal(e.burn_ns, 1000);
    assert_true(fabs(e.without_per_sec - 1001) < 1e-9 && fabs(e.with_per_sec - 999.5) < 1e-9);
    assert_true(fabs(e.change_share + 0.0015) < 1e-4);
    assert_true(fabs(e.elasticity - 0.015) < 1e-3);
    /* 2.920 * sqrt((2 + 4.5) / 2) / 1001 */
    assert_true(fabs(e.noise_share - 0.005259) < 1e-5);
    assert_int_equal(of_two(1000, 1000, 1000, 1000).state, ELASTICITY_NOT_LIMITING);
    assert_int_equal(of_two(1000, 1000, 1040, 1040).state, ELASTICITY_NOT_LIMITING);
    (void)state;
}

static void a_generator_that_is_all_there_is_loses_a_tenth_of_one_and_a_tenth(void **state)
{
    struct proof_elasticity e = of_two(1100, 1100, 1000, 1000);

    assert_int_equal(e.state, ELASTICITY_LIMITING);
    assert_true(fabs(e.change_share + 0.0909) < 1e-4);
    assert_true(fabs(e.elasticity - 0.909) < 1e-3);
    (void)state;
}

static void what_noise_hides_is_not_settled(void **state)
{
    const double one[] = { 1000 };

    assert_int_equal(of_two(1000, 1100, 1050, 980).state, ELASTICITY_OPEN);
    assert_int_equal(of_two(1100, 1000, 760, 810).state, ELASTICITY_OPEN); /* a bad moment */
    assert_int_equal(of_two(1000, 1000, 970, 970).state, ELASTICITY_OPEN); /* a little */
    assert_int_equal(prove_elasticity(one, one, 1, 1000, 0.1).state, ELASTICITY_OPEN);
    assert_true(isnan(prove_elasticity(one, one, 0, 1000, 0.1).change_share));
    assert_int_equal(of_two(0, 0, 0, 0).state, ELASTICITY_OPEN);
    (void)state;
}

/* Of a thousand proofs with drives that scatter by so much. */
static void proofs_are_seldom_wrong_and_on_a_quiet_machine_settled(void **state)
{
    static const double SD[] = { 0.003, 0.01, 0.02, 0.03, 0.05, 0.1 };

    for (size_t i = 0; i < sizeof(SD) / sizeof(SD[0]); i++) {
        assert_in_range(times_in(0, SD[i], ELASTICITY_LIMITING), 0, 30);
        assert_in_range(times_in(-0.0909, SD[i], ELASTICITY_NOT_LIMITING), 0, 5);
    }
    assert_in_range(times_in(0, 0.01, ELASTICITY_NOT_LIMITING), 950, SERIES);
    assert_in_range(times_in(-0.0909, 0.02, ELASTICITY_LIMITING), 950, SERIES);
    (void)state;
}

/* ---- a leak ---- */

static struct proof_leak of_slopes(enum leak_kind first, double first_bytes, enum leak_kind second,
                                   double second_bytes)
{
    const struct leak leaks[] = {
        {.kind = first,   .bytes_per_request = first_bytes },
        { .kind = second, .bytes_per_request = second_bytes}
    };
    const double rates[] = { 1000, 2000 };

    return prove_leak(leaks, rates, 60);
}

static void a_leak_leaves_as_much_for_each_request_at_both_rates(void **state)
{
    struct proof_leak leak = of_slopes(LEAK_GROWING, 512, LEAK_GROWING, 509);

    assert_int_equal(leak.state, LEAK_PROOF_PROVED);
    assert_true(leak.duration_s == 60 && leak.rate_per_sec[1] == 2000);
    assert_true(leak.bytes_per_request[0] == 512 && leak.bytes_per_request[1] == 509);
    assert_int_equal(of_slopes(LEAK_GROWING, 100, LEAK_GROWING, 129).state, LEAK_PROOF_PROVED);
    assert_int_equal(of_slopes(LEAK_GROWING, 100, LEAK_GROWING, 71).state, LEAK_PROOF_PROVED);
    (void)state;
}

static void what_differs_from_rate_to_rate_is_no_leak_of_requests(void **state)
{
    assert_int_equal(of_slopes(LEAK_GROWING, 100, LEAK_GROWING, 131).state, LEAK_PROOF_DIFFERS);
    assert_int_equal(of_slopes(LEAK_GROWING, 100, LEAK_GROWING, 50).state, LEAK_PROOF_DIFFERS);
    assert_int_equal(of_slopes(LEAK_GROWING, 100, LEAK_NONE, 99).state, LEAK_PROOF_DIFFERS);
    assert_int_equal(of_slopes(LEAK_STOPPED, 100, LEAK_GROWING, 100).state, LEAK_PROOF_DIFFERS);
    (void)state;
}

static void where_nothing_grows_nothing_is_to_be_proved(void **state)
{
    assert_int_equal(of_slopes(LEAK_NONE, 0, LEAK_STOPPED, 1).state, LEAK_PROOF_FLAT);
    assert_int_equal(of_slopes(LEAK_SLOWING, 9, LEAK_NONE, 0).state, LEAK_PROOF_FLAT);
    assert_int_equal(of_slopes(LEAK_UNKNOWN, RECORD_UNKNOWN, LEAK_GROWING, 1).state,
                     LEAK_PROOF_OPEN);
    assert_int_equal(of_slopes(LEAK_NONE, 0, LEAK_UNKNOWN, RECORD_UNKNOWN).state, LEAK_PROOF_OPEN);
    (void)state;
}

/* ---- the checks ---- */

/* Takes the trial. */
static void expect(int line, struct trial_record *t, enum check_state state, const char *piece)
{
    struct check c = check_generator(t);

    if (c.state != state || strstr(c.text, piece) == NULL)
        fail_msg("line %d: \"%s\" (%s), expected %s with \"%s\"", line, c.text,
                 check_state_name(c.state), check_state_name(state), piece);
    trial_record_free(t);
}

#define EXPECT(t, state, piece) expect(__LINE__, t, state, piece)

static struct trial_record *cleared_trial(void)
{
    struct trial_record *t = closed_trial();

    t->proof.elasticity = of_two(1000, 1000, 996, 996);
    return t;
}

static void what_was_tried_outweighs_the_ceiling_and_the_gap(void **state)
{
    static const char PROVED[] =
        "proved: 10 % more work for the generator changed nothing (-0.4 %)";
    struct trial_record *t = cleared_trial();

    EXPECT(t, CHECK_OK, PROVED);
    t = cleared_trial();
    t->ceiling_per_sec = record_throughput_per_sec(t) / 0.7;
    EXPECT(t, CHECK_OK, PROVED);
    t = cleared_trial();
    t->ceiling_per_sec = record_throughput_per_sec(t) / 0.95; /* few connections */
    EXPECT(t, CHECK_OK, PROVED);
    t = cleared_trial();
    t->ceiling_per_sec = RECORD_UNKNOWN;
    EXPECT(t, CHECK_OK, PROVED);
    t = cleared_trial();
    t->tally.response.sum_ns *= 0.9;
    EXPECT(t, CHECK_OK, PROVED);
    (void)state;
}

static void what_is_wrong_for_sure_is_not_outweighed(void **state)
{
    struct trial_record *t = cleared_trial();

    t->tally.response.sum_ns *= 0.8;
    EXPECT(t, CHECK_FAIL, "connections spent 20 %");
    t = cleared_trial();
    t->tally.busiest_thread_share = 0.95;
    EXPECT(t, CHECK_FAIL, "used 95 % of a CPU");
    t = cleared_trial();
    t->tally.run_queue_wait_ns = t->tally.window_ns / 50;
    EXPECT(t, CHECK_WARN, "had no CPU");
    (void)state;
}

static void a_generator_that_was_the_limit_fails_by_that(void **state)
{
    struct trial_record *t = closed_trial();

    t->proof.elasticity = of_two(1100, 1100, 1000, 1000);
    EXPECT(t, CHECK_FAIL, "proved: 10 % more work for the generator cost 9.1 % of the throughput");
    t = closed_trial();
    t->proof.elasticity = of_two(1000, 1000, 970, 970); /* not settled: as if it had not been */
    EXPECT(t, CHECK_OK, "busiest thread 41 %");
    (void)state;
}

static void two_drives_know_more_of_memory_than_one_that_was_short(void **state)
{
    struct trial_record *t = closed_trial();
    struct check c;

    t->proof.leak = of_slopes(LEAK_GROWING, 512, LEAK_GROWING, 509);
    c = check_memory(t);
    assert_int_equal(c.state, CHECK_WARN);
    assert_string_equal(c.text,
                        "leak proved: 512 B a request at 1,000/s and 509 B a request at 2,000/s");
    assert_true(c.value == 509 && c.remedy[0] != '\0');
    t->proof.leak = of_slopes(LEAK_NONE, 0, LEAK_NONE, 0);
    c = check_memory(t);
    assert_int_equal(c.state, CHECK_OK);
    assert_string_equal(c.text, "memory did not grow in two drives of 60 s at 1,000/s and 2,000/s");
    t->proof.leak = of_slopes(LEAK_GROWING, 512, LEAK_GROWING, 256);
    assert_int_equal(check_memory(t).state, CHECK_UNKNOWN);
    trial_record_free(t);
    (void)state;
}

/* ---- how it is said ---- */

static void assert_says(struct trial_record *t, const char *expected)
{
    char *text = NULL;
    size_t size;
    struct screen s = { .width = 80, .ascii = true };

    s.out = open_memstream(&text, &size);
    assert_non_null(s.out);
    proof_print(&s, t);
    fclose(s.out);
    assert_string_equal(text, expected);
    free(text);
}

static void each_proof_is_a_sentence(void **state)
{
    struct trial_record *t = closed_trial();

    assert_says(t, "");
    t->proof.elasticity = of_two(1000, 1000, 996, 996);
    t->proof.leak.state = LEAK_PROOF_FLAT;
    assert_says(t, "PROVED   generator: 10 % more work for the generator changed nothing (-0.4 %)\n"
                   "ok       memory: nothing to prove: it does not grow with requests\n");
    t->proof.elasticity = of_two(1000, 1100, 1050, 980);
    t->proof.leak = of_slopes(LEAK_NONE, 0, LEAK_NONE, 0);
    assert_says(t,
                "open     generator: 10 % more work for the generator changed throughput by -3.3\n"
                "         %, with noise of 17 %: too much noise to tell\n"
                "ok       memory: nothing to prove: it does not grow with requests, at 1,000/s\n"
                "         nor at 2,000/s\n");
    t->proof.elasticity = of_two(1000, 1000, 970, 970);
    t->proof.leak = of_slopes(LEAK_GROWING, 2048, LEAK_GROWING, 1024);
    assert_says(t,
                "open     generator: 10 % more work for the generator changed throughput by -3.0\n"
                "         %, with noise of 0.0 %: too little to tell\n"
                "open     memory: leak not confirmed: 2.00 KiB a request at 1,000/s, but 1.00 KiB\n"
                "         a request at 2,000/s: it grows with time\n");
    t->proof.elasticity = prove_elasticity(NULL, NULL, 0, 1000, 0.1);
    t->proof.leak = of_slopes(LEAK_UNKNOWN, RECORD_UNKNOWN, LEAK_UNKNOWN, RECORD_UNKNOWN);
    assert_says(
        t, "open     generator: the drives with more work for the generator came to no end\n"
           "open     memory: the drives at two rates came to no end, or had too few readings\n");
    t->proof.elasticity.state = ELASTICITY_DIED;
    t->proof.leak.state = LEAK_PROOF_DIED;
    assert_says(t, "DIED     generator: the target ended while it was driven again\n"
                   "DIED     memory: the target ended while it was driven again\n");
    t->proof = proof_none();
    t->proof.leak.state = LEAK_PROOF_OPEN;
    assert_says(t, "open     memory: the server's memory could not be read\n");
    trial_record_free(t);
    (void)state;
}

static void of_several_trials_the_worst_is_shown_with_how_many_are_like_it(void **state)
{
    struct run_record *run = new_run(5);
    char *text = NULL;
    size_t size;
    struct screen s = { .width = 90, .ascii = true };

    for (int i = 0; i < 5; i++)
        add_trial(run, good_trial(i == 4 ? "quiet" : "nginx", 100));
    run->trials[0]->proof.elasticity = of_two(1000, 1000, 996, 996);
    run->trials[1]->proof.elasticity = of_two(1100, 1100, 1000, 1000);
    run->trials[2]->proof.elasticity = of_two(1100, 1100, 1001, 1001);
    run->trials[3]->control = true;
    run->trials[3]->proof.elasticity = of_two(1100, 1100, 1002, 1002);
    run->trials[1]->proof.leak = of_slopes(LEAK_GROWING, 512, LEAK_GROWING, 509);
    s.out = open_memstream(&text, &size);
    assert_non_null(s.out);
    proof_print_run(&s, run);
    fclose(s.out);
    assert_string_equal(
        text,
        "PROVED   nginx, json wrk, generator in 2 of 3 trials: 10 % more work for the generator\n"
        "         cost 9.1 % of the throughput\n"
        "PROVED   nginx, json wrk, memory: leak proved: 512 B a request at 1,000/s and 509 B a\n"
        "         request at 2,000/s\n"
        "\n");
    free(text);
    run_record_free(run);
    (void)state;
}

static void of_several_trials_one_that_died_is_shown_with_its_reason(void **state)
{
    struct run_record *run = new_run(2);
    char *text = NULL;
    size_t size;
    struct screen s = { .width = 90, .ascii = true };

    for (int i = 0; i < 2; i++)
        add_trial(run, good_trial("nginx", 100));
    run->trials[0]->proof.elasticity = of_two(1100, 1100, 1000, 1000);
    run->trials[1]->proof.elasticity.state = ELASTICITY_DIED;
    run->trials[1]->reason = "nginx (pid 7) exited with status 1 while it was driven again";
    s.out = open_memstream(&text, &size);
    assert_non_null(s.out);
    proof_print_run(&s, run);
    fclose(s.out);
    assert_string_equal(
        text,
        "DIED     nginx, json wrk, generator in 1 of 2 trials: nginx (pid 7) exited with status 1\n"
        "         while it was driven again\n"
        "\n");
    free(text);
    run_record_free(run);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_more_work_does_not_slow_down_is_not_limited_by_it),
        cmocka_unit_test(a_generator_that_is_all_there_is_loses_a_tenth_of_one_and_a_tenth),
        cmocka_unit_test(what_noise_hides_is_not_settled),
        cmocka_unit_test(proofs_are_seldom_wrong_and_on_a_quiet_machine_settled),
        cmocka_unit_test(a_leak_leaves_as_much_for_each_request_at_both_rates),
        cmocka_unit_test(what_differs_from_rate_to_rate_is_no_leak_of_requests),
        cmocka_unit_test(where_nothing_grows_nothing_is_to_be_proved),
        cmocka_unit_test(what_was_tried_outweighs_the_ceiling_and_the_gap),
        cmocka_unit_test(what_is_wrong_for_sure_is_not_outweighed),
        cmocka_unit_test(a_generator_that_was_the_limit_fails_by_that),
        cmocka_unit_test(two_drives_know_more_of_memory_than_one_that_was_short),
        cmocka_unit_test(each_proof_is_a_sentence),
        cmocka_unit_test(of_several_trials_the_worst_is_shown_with_how_many_are_like_it),
        cmocka_unit_test(of_several_trials_one_that_died_is_shown_with_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
