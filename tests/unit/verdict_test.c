/* tests/unit/verdict_test.c -- all checks in their order, and what they refuse. The checks of what
 * happened around a trial stand here as they may answer: theirs is another test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "asked.h"
#include "verdict/check_priv.h"
#include "verdict/verdict.h"

static struct check fine(enum check_id id)
{
    struct check c = check_begin(id, "");

    check_fine(&c, 0, 0, "fine");
    return c;
}

#define STAND_IN(name, id)                          \
    struct check name(const struct trial_record *t) \
    {                                               \
        (void)t;                                    \
        return fine(id);                            \
    }

STAND_IN(check_network, CHECK_NETWORK)
STAND_IN(check_machine, CHECK_MACHINE)
STAND_IN(check_cores, CHECK_CORES)
STAND_IN(check_clock, CHECK_CLOCK)
STAND_IN(check_balance, CHECK_BALANCE)
STAND_IN(check_steady, CHECK_STEADY)
STAND_IN(check_memory, CHECK_MEMORY)

static void a_driven_trial_has_thirteen_checks_in_order(void **state)
{
    struct trial_record *t = open_trial();

    verdict_trial(t);
    assert_int_equal(t->verdict.count, 13);
    for (size_t i = 1; i < t->verdict.count; i++)
        assert_true(t->verdict.checks[i - 1].id < t->verdict.checks[i].id);
    assert_null(verdict_check(&t->verdict, CHECK_PARITY));
    assert_null(verdict_check(&t->verdict, CHECK_REPEAT));
    assert_int_equal(verdict_overall(&t->verdict), VERDICT_VALID);
    for (size_t i = 0; i < t->verdict.count; i++)
        assert_true(t->verdict.checks[i].text[0] != '\0');
    verdict_trial(t); /* again, as after a change: no more than these */
    assert_int_equal(t->verdict.count, 13);
    trial_record_free(t);
    (void)state;
}

static void what_was_never_driven_has_no_verdict(void **state)
{
    struct trial_record *not_ready = open_trial(), *not_built = open_trial(),
                        *inproc = open_trial(), *died = open_trial(),
                        *early = new_trial("a", "json", "wrk");

    not_ready->state = TRIAL_NOT_READY;
    not_built->state = TRIAL_NOT_BUILT;
    inproc->load.model = LOAD_INPROC;
    died->state = TRIAL_DIED;
    verdict_trial(not_ready);
    verdict_trial(not_built);
    verdict_trial(inproc);
    verdict_trial(died);
    verdict_trial(early);
    assert_int_equal(not_ready->verdict.count, 0);
    assert_int_equal(not_built->verdict.count, 0);
    assert_int_equal(inproc->verdict.count, 0);
    assert_int_equal(early->verdict.count, 0);
    assert_int_equal(died->verdict.count, 13);
    assert_null(verdict_refuses_throughput(&not_ready->verdict));
    assert_null(verdict_refuses_percentile(not_ready, 0.99));
    trial_record_free(not_ready);
    trial_record_free(not_built);
    trial_record_free(inproc);
    trial_record_free(died);
    trial_record_free(early);
    (void)state;
}

/* One check in that state: what is refused? */
static void each_failure_refuses_what_it_spoils(void **state)
{
    static const struct {
        int line;
        enum check_id id;
        enum check_state state;
        bool throughput, latency;
    } table[] = {
        {__LINE__,  CHECK_LOAD,      CHECK_FAIL,    true,  true },
        { __LINE__, CHECK_LOAD,      CHECK_WARN,    false, false},
        { __LINE__, CHECK_GENERATOR, CHECK_FAIL,    true,  true },
        { __LINE__, CHECK_GENERATOR, CHECK_UNKNOWN, false, false},
        { __LINE__, CHECK_LIMITER,   CHECK_FAIL,    true,  true },
        { __LINE__, CHECK_LIMITER,   CHECK_UNKNOWN, false, false},
        { __LINE__, CHECK_OMISSION,  CHECK_FAIL,    false, true },
        { __LINE__, CHECK_OMISSION,  CHECK_WARN,    false, false},
        { __LINE__, CHECK_ANSWERS,   CHECK_FAIL,    true,  true },
        { __LINE__, CHECK_ANSWERS,   CHECK_WARN,    false, false},
        { __LINE__, CHECK_PARITY,    CHECK_FAIL,    true,  true },
        { __LINE__, CHECK_NETWORK,   CHECK_FAIL,    true,  true },
        { __LINE__, CHECK_STEADY,    CHECK_FAIL,    true,  true },
        { __LINE__, CHECK_STEADY,    CHECK_UNKNOWN, false, false},
        { __LINE__, CHECK_SAMPLES,   CHECK_WARN,    false, true },
        { __LINE__, CHECK_SAMPLES,   CHECK_UNKNOWN, false, false},
        { __LINE__, CHECK_MACHINE,   CHECK_FAIL,    false, false},
        { __LINE__, CHECK_CORES,     CHECK_FAIL,    true,  true },
        { __LINE__, CHECK_CLOCK,     CHECK_FAIL,    false, true },
        { __LINE__, CHECK_CLOCK,     CHECK_WARN,    false, false},
        { __LINE__, CHECK_BALANCE,   CHECK_FAIL,    false, false},
        { __LINE__, CHECK_MEMORY,    CHECK_FAIL,    false, false},
        { __LINE__, CHECK_REPEAT,    CHECK_FAIL,    true,  true },
    };

    struct trial_record *t = good_trial("a", 500);
    struct verdict *v = &t->verdict;

    v->count = 2;
    v->checks[0] = fine(CHECK_STEADY);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct check *throughput, *latency;

        v->checks[1] = (struct check){ .id = table[i].id, .state = table[i].state };
        throughput = verdict_refuses_throughput(v);
        latency = verdict_refuses_percentile(t, 0.99);
        if (throughput != (table[i].throughput ? &v->checks[1] : NULL) ||
            latency != (table[i].latency ? &v->checks[1] : NULL))
            fail_msg("line %d", table[i].line);
    }
    trial_record_free(t);
    (void)state;
}

static void each_percentile_is_refused_by_its_own_samples(void **state)
{
    struct trial_record *enough = good_trial("a", 500), *few = good_trial("a", 12);

    add_check(enough, CHECK_SAMPLES, CHECK_WARN, "has 500", "");
    add_check(few, CHECK_SAMPLES, CHECK_WARN, "has 12", "");
    assert_null(verdict_refuses_percentile(enough, 0.5));
    assert_ptr_equal(verdict_refuses_percentile(enough, 0.99), &enough->verdict.checks[0]);
    assert_ptr_equal(verdict_refuses_percentile(few, 0.5), &few->verdict.checks[0]);
    trial_record_free(enough);
    trial_record_free(few);
    (void)state;
}

static void wrong_answers_are_the_first_reason(void **state)
{
    struct trial_record *t = good_trial("a", 500);

    add_check(t, CHECK_GENERATOR, CHECK_FAIL, "it was the limit", "");
    add_check(t, CHECK_ANSWERS, CHECK_FAIL, "12 wrong", "");
    assert_int_equal(verdict_refuses_throughput(&t->verdict)->id, CHECK_ANSWERS);
    assert_int_equal(verdict_refuses_percentile(t, 0.5)->id, CHECK_ANSWERS);
    trial_record_free(t);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driven_trial_has_thirteen_checks_in_order),
        cmocka_unit_test(what_was_never_driven_has_no_verdict),
        cmocka_unit_test(each_failure_refuses_what_it_spoils),
        cmocka_unit_test(each_percentile_is_refused_by_its_own_samples),
        cmocka_unit_test(wrong_answers_are_the_first_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
