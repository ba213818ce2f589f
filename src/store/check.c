#include "store/check.h"

#include "base/bug.h"

static const char *const NAMES[CHECK_KINDS] = {
    [CHECK_LOAD] = "load",         [CHECK_GENERATOR] = "generator", [CHECK_LIMITER] = "limiter",
    [CHECK_OMISSION] = "omission", [CHECK_ANSWERS] = "answers",     [CHECK_PARITY] = "parity",
    [CHECK_NETWORK] = "network",   [CHECK_STEADY] = "steady",       [CHECK_SAMPLES] = "samples",
    [CHECK_MACHINE] = "machine",   [CHECK_CORES] = "cores",         [CHECK_CLOCK] = "clock",
    [CHECK_BALANCE] = "balance",   [CHECK_MEMORY] = "memory",       [CHECK_REPEAT] = "repeat",
};

const char *check_name(enum check_id id)
{
    BUG_IF(id >= CHECK_KINDS);
    return NAMES[id];
}

bool check_named(struct slice name, enum check_id *ret_id)
{
    for (enum check_id id = CHECK_LOAD; id < CHECK_KINDS; id++) {
        if (slice_equal(name, slice_of(NAMES[id]))) {
            *ret_id = id;
            return true;
        }
    }
    return false;
}

const char *check_state_name(enum check_state state)
{
    switch (state) {
    case CHECK_OK:
        return "ok";
    case CHECK_UNKNOWN:
        return "unknown";
    case CHECK_WARN:
        return "warn";
    case CHECK_FAIL:
        return "fail";
    }
    BUG("check state out of range");
}

bool check_state_named(struct slice name, enum check_state *ret_state)
{
    for (enum check_state state = CHECK_OK; state <= CHECK_FAIL; state++) {
        if (slice_equal(name, slice_of(check_state_name(state)))) {
            *ret_state = state;
            return true;
        }
    }
    return false;
}

const char *verdict_overall_name(enum verdict_overall overall)
{
    switch (overall) {
    case VERDICT_VALID:
        return "valid";
    case VERDICT_WARNINGS:
        return "warnings";
    case VERDICT_INVALID:
        return "invalid";
    }
    BUG("overall verdict out of range");
}

enum verdict_overall verdict_overall(const struct verdict *verdict)
{
    enum verdict_overall overall = VERDICT_VALID;

    BUG_IF(verdict->count == 0);
    for (size_t i = 0; i < verdict->count; i++) {
        if (verdict->checks[i].state == CHECK_FAIL)
            return VERDICT_INVALID;
        if (verdict->checks[i].state != CHECK_OK)
            overall = VERDICT_WARNINGS;
    }
    return overall;
}

const struct check *verdict_check(const struct verdict *verdict, enum check_id id)
{
    for (size_t i = 0; i < verdict->count; i++)
        if (verdict->checks[i].id == id)
            return &verdict->checks[i];
    return NULL;
}
