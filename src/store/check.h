/* store/check.h -- what a check of validity found, and the verdict: the sum of all of them.
 *
 * Only the data, as a record keeps it; the checks themselves are verdict/. A check says whether one
 * way of being wrong was seen. What could not be looked at is CHECK_UNKNOWN, never CHECK_OK: it
 * counts as a warning, and refuses only the claim that needs it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* In the order in which they are shown. */
enum check_id {
    CHECK_LOAD,      /* the requests went out as planned */
    CHECK_GENERATOR, /* the generator was not the limit */
    CHECK_LIMITER,   /* what was the limit is known */
    CHECK_OMISSION,  /* response times count from due, and none is left out */
    CHECK_ANSWERS,   /* the answers were right */
    CHECK_PARITY,    /* all targets did the same work (of several targets) */
    CHECK_NETWORK,   /* nothing was dropped, refused or resent on the way */
    CHECK_STEADY,    /* the target had warmed up and stayed as it was */
    CHECK_SAMPLES,   /* samples enough for the percentiles */
    CHECK_MACHINE,   /* nobody else took the machine's time */
    CHECK_CORES,     /* generator and target had cores of their own */
    CHECK_CLOCK,     /* time was measured finely enough */
    CHECK_BALANCE,   /* connections and workers had equal shares */
    CHECK_MEMORY,    /* the target's memory does not grow with requests */
    CHECK_REPEAT,    /* it can be repeated: blocks, noise floor (of several trials) */
    CHECK_KINDS,
};

enum check_state { CHECK_OK, CHECK_UNKNOWN, CHECK_WARN, CHECK_FAIL }; /* better ones first */

#define CHECK_TEXT_MAX 256

struct check {
    enum check_id id;
    enum check_state state;
    double value, limit;         /* of the figure that decided; NaN: none, or unknown */
    const char *unit;            /* of both, as it ends a JSON key: "share", "ns", "count"; "" */
    char text[CHECK_TEXT_MAX];   /* one sentence, without the remedy */
    char remedy[CHECK_TEXT_MAX]; /* what to do; "" when all is well */
};

/* Of a trial: all checks but parity and repeat, which need several. */
struct verdict {
    size_t count; /* 0: there is no verdict (the trial was never driven) */
    struct check checks[CHECK_KINDS];
};

enum verdict_overall { VERDICT_VALID, VERDICT_WARNINGS, VERDICT_INVALID };

const char *check_name(enum check_id id);             /* "load" */
const char *check_state_name(enum check_state state); /* "ok", "unknown", "warn", "fail" */
const char *verdict_overall_name(enum verdict_overall overall); /* "valid", "warnings", "invalid" */

/* False when there is none of that name. */
bool check_named(struct slice name, enum check_id *ret_id);
bool check_state_named(struct slice name, enum check_state *ret_state);

/* One FAIL makes it invalid; a warning or something unknown, valid with warnings. count must not be
 * 0. */
enum verdict_overall verdict_overall(const struct verdict *verdict);

/* The check with that id, or NULL. */
const struct check *verdict_check(const struct verdict *verdict, enum check_id id);
