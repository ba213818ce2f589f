#include "verdict/verdict.h"

#include "store/samples.h"
#include "verdict/check_priv.h"
#include "verdict/steady.h"

static struct check (*const CHECKS[])(const struct trial_record *t) = {
    check_load,    check_generator, check_limiter, check_omission, check_answers,
    check_network, check_steady,    check_samples, check_machine,  check_cores,
    check_clock,   check_balance,   check_memory,
};

#define CHECK_COUNT (sizeof(CHECKS) / sizeof(CHECKS[0]))

static bool was_driven(const struct trial_record *t)
{
    if (t->load.model == LOAD_INPROC)
        return false;
    return (t->state == TRIAL_DONE || t->state == TRIAL_DIED) &&
           (t->tally.window_ns > 0 || t->tally.scheduled > 0);
}

void verdict_trial(struct trial_record *t)
{
    t->verdict.count = 0;
    if (!was_driven(t))
        return;
    for (size_t i = 0; i < CHECK_COUNT; i++)
        t->verdict.checks[i] = CHECKS[i](t);
    t->verdict.count = CHECK_COUNT;
    t->steady_after_ns = steady_of_trial(t).after_ns;
}

/* ---- what is refused ---- */

/* The machine does not refuse: a ranking compares trials of one block, which had it alike. Who
 * wants an absolute figure reads the verdict. */
static bool refuses_throughput(const struct check *c)
{
    if (c->state != CHECK_FAIL)
        return false;
    switch (c->id) {
    case CHECK_LOAD:
    case CHECK_GENERATOR:
    case CHECK_LIMITER:
    case CHECK_ANSWERS:
    case CHECK_PARITY:
    case CHECK_NETWORK:
    case CHECK_STEADY:
    case CHECK_CORES:
    case CHECK_REPEAT:
        return true;
    case CHECK_OMISSION:
    case CHECK_SAMPLES:
    case CHECK_MACHINE:
    case CHECK_CLOCK:
    case CHECK_BALANCE:
    case CHECK_MEMORY:
    case CHECK_KINDS:
        break;
    }
    return false;
}

static bool refuses_latency(const struct check *c)
{
    return refuses_throughput(c) ||
           ((c->id == CHECK_OMISSION || c->id == CHECK_CLOCK) && c->state == CHECK_FAIL);
}

/* `samples` warns when p99 is not to be ranked, and of nothing else: a lower percentile may have
 * samples enough where p99 has not. */
static bool samples_refuse(const struct check *samples, const struct trial_record *t, double q)
{
    if (samples == NULL || samples->state < CHECK_WARN)
        return false;
    return q >= 0.99 || !samples_quantile(t, q).reliable;
}

static const struct check *first(const struct verdict *verdict,
                                 bool (*refuses)(const struct check *))
{
    const struct check *answers = verdict_check(verdict, CHECK_ANSWERS);

    if (answers != NULL && refuses(answers))
        return answers;
    for (size_t i = 0; i < verdict->count; i++)
        if (refuses(&verdict->checks[i]))
            return &verdict->checks[i];
    return NULL;
}

const struct check *verdict_refuses_throughput(const struct verdict *verdict)
{
    return first(verdict, refuses_throughput);
}

const struct check *verdict_refuses_latency(const struct verdict *verdict)
{
    return first(verdict, refuses_latency);
}

const struct check *verdict_refuses_percentile(const struct trial_record *t, double q)
{
    const struct check *by = verdict_refuses_latency(&t->verdict);
    const struct check *samples = verdict_check(&t->verdict, CHECK_SAMPLES);

    return by == NULL && samples_refuse(samples, t, q) ? samples : by;
}
