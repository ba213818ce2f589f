/* tests/unit/parity_test.c -- targets that did other work are found and named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "records.h"
#include "verdict/parity.h"

#define TRIALS 6

/* Two blocks of three targets. */
struct race {
    struct trial_record *trials[TRIALS];
};

static struct race race_of_equals(void)
{
    static const char *const names[] = { "a", "b", "c" };
    struct race r = { 0 };

    for (size_t i = 0; i < TRIALS; i++) {
        r.trials[i] = good_trial(names[i % 3], 100000);
        r.trials[i]->probe_answer = (struct probe_answer){ 200, 27, "" };
        r.trials[i]->tally.opened = 10;
        r.trials[i]->tally.closed_by_client = 10;
    }
    return r;
}

/* Takes the race. */
static void expect(int line, struct race r, enum check_state state, const char *piece)
{
    const struct trial_record *trials[TRIALS];
    struct check c;

    for (size_t i = 0; i < TRIALS; i++)
        trials[i] = r.trials[i];
    c = check_parity(trials, TRIALS);
    if (c.id != CHECK_PARITY || c.state != state || strstr(c.text, piece) == NULL)
        fail_msg("line %d: \"%s\" (%s), expected %s with \"%s\"", line, c.text,
                 check_state_name(c.state), check_state_name(state), piece);
    if (c.state >= CHECK_WARN && c.remedy[0] == '\0')
        fail_msg("line %d: no remedy", line);
    for (size_t i = 0; i < TRIALS; i++)
        trial_record_free(r.trials[i]);
}

#define EXPECT(r, state, piece) expect(__LINE__, r, state, piece)

static void equals_did_the_same_work(void **state)
{
    EXPECT(race_of_equals(), CHECK_OK,
           "the same work of all: status 200, 27 B of body, persistent connections");
    (void)state;
}

static void who_closes_is_named(void **state)
{
    struct race r = race_of_equals();

    for (size_t i = 1; i < TRIALS; i += 3)
        r.trials[i]->tally.ended_after_one = r.trials[i]->tally.closed_by_server = 100000;
    EXPECT(r, CHECK_FAIL, "b: a connection a request, a: persistent connections: different work");
    r = race_of_equals();
    r.trials[4]->tally.closed_by_server = 1000;
    EXPECT(r, CHECK_FAIL, "b: closes every 100 requests, a: persistent");
    r = race_of_equals();
    r.trials[4]->tally.closed_by_server = 100;
    EXPECT(r, CHECK_WARN, "b: closes every 1,000 requests, a: persistent");
    r = race_of_equals();
    r.trials[4]->tally.closed_by_server = 3; /* idle ones, say */
    EXPECT(r, CHECK_OK, "");
    (void)state;
}

/* As nginx does with its keepalive_requests, and all others too. */
static void all_may_close_alike(void **state)
{
    struct race r = race_of_equals();

    for (size_t i = 0; i < TRIALS; i++)
        r.trials[i]->tally.closed_by_server = 1000 + i;
    EXPECT(r, CHECK_OK, "closes every 100 requests");
    (void)state;
}

static void who_sends_more_is_named(void **state)
{
    struct race r = race_of_equals();

    r.trials[0]->probe_answer.body_bytes = r.trials[3]->probe_answer.body_bytes = 350;
    EXPECT(r, CHECK_FAIL, "a: 350 B of body, b: 27 B of body: different work");
    r = race_of_equals();
    r.trials[0]->probe_answer.body_bytes = r.trials[3]->probe_answer.body_bytes = 28;
    EXPECT(r, CHECK_WARN, "a: 28 B of body, b: 27 B of body: not quite the same work");
    (void)state;
}

static void a_json_value_may_be_written_in_more_than_one_way(void **state)
{
    struct race r = race_of_equals();

    for (size_t i = 0; i < TRIALS; i++)
        r.trials[i]->workload.expect.json = SLICE("{\"message\": \"pong\"}");
    r.trials[2]->probe_answer.body_bytes = 18;
    EXPECT(r, CHECK_OK, "");
    r = race_of_equals();
    for (size_t i = 0; i < TRIALS; i++)
        r.trials[i]->workload.expect.json = SLICE("{\"message\": \"pong\"}");
    r.trials[2]->probe_answer.body_bytes = 350;
    EXPECT(r, CHECK_WARN, "c: 350 B of body");
    (void)state;
}

static void other_answers_are_other_work(void **state)
{
    struct race r = race_of_equals();

    r.trials[1]->probe_answer.status = 302;
    r.trials[2]->probe_answer.status = 301;
    EXPECT(r, CHECK_FAIL, "b, c: status 302, a: status 200: different work");
    r = race_of_equals();
    r.trials[5]->probe_answer.encoding = "gzip";
    EXPECT(r, CHECK_FAIL, "c: compressed (gzip), a: not compressed: different work");
    (void)state;
}

static void what_is_not_known_is_not_the_same(void **state)
{
    struct race r = race_of_equals();

    r.trials[1]->probe_answer.body_bytes = -1;
    EXPECT(r, CHECK_UNKNOWN, "not known to be the same work: b: bodies of no fixed length");
    r = race_of_equals();
    for (size_t i = 0; i < TRIALS; i++)
        r.trials[i]->probe_answer.status = 0;
    EXPECT(r, CHECK_UNKNOWN, "a, b, c: status not known");
    (void)state;
}

static void only_targets_that_answered_take_part(void **state)
{
    struct race r = race_of_equals();

    r.trials[0]->state = TRIAL_NOT_READY;
    r.trials[3]->ceiling = true;
    r.trials[0]->probe_answer.status = r.trials[3]->probe_answer.status = 500;
    EXPECT(r, CHECK_OK, "");
    r = race_of_equals();
    for (size_t i = 0; i < TRIALS; i++)
        r.trials[i]->tally.ok = 0;
    EXPECT(r, CHECK_UNKNOWN, "no target was driven to a right answer");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_did_the_same_work),
        cmocka_unit_test(who_closes_is_named),
        cmocka_unit_test(all_may_close_alike),
        cmocka_unit_test(who_sends_more_is_named),
        cmocka_unit_test(a_json_value_may_be_written_in_more_than_one_way),
        cmocka_unit_test(other_answers_are_other_work),
        cmocka_unit_test(what_is_not_known_is_not_the_same),
        cmocka_unit_test(only_targets_that_answered_take_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
