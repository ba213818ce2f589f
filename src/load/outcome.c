#include "load/outcome.h"

#include "base/bug.h"

const char *outcome_name(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_OK:
        return "ok";
    case OUTCOME_CONNECT:
        return "connect";
    case OUTCOME_RESET:
        return "reset";
    case OUTCOME_CLOSED_EARLY:
        return "closed_early";
    case OUTCOME_TIMEOUT:
        return "timeout";
    case OUTCOME_PROTOCOL:
        return "protocol";
    case OUTCOME_STATUS:
        return "status";
    case OUTCOME_BODY:
        return "body";
    case OUTCOME_TLS:
        return "tls";
    case OUTCOME_KINDS:
        break;
    }
    BUG("outcome out of range");
}

enum outcome outcome_named(struct slice name)
{
    unsigned kind = 0;

    while (kind < OUTCOME_KINDS && !slice_equal(name, slice_of(outcome_name((enum outcome)kind))))
        kind++;
    return (enum outcome)kind;
}
