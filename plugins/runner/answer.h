/* plugins/runner/answer.h -- is an answer right? For the runners that have it as bytes.
 *
 * Called for every answer, within the time that is measured: it compares and copies nothing. The
 * sentence about a wrong one is written only when there is one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "runner/runner.h"

struct answer_header {
    const char *name, *value; /* need not end with NUL */
    size_t name_len, value_len;
};

struct answer {
    int status;
    const struct answer_header *headers;
    size_t header_count;
    const char *body;
    size_t body_len;
};

/* Content-Type is compared without its parameters, unless the expected one has some too. False: the
 * first thing that differs, in a sentence of at most RUNNER_TEXT_MAX bytes. */
bool answer_check(const struct runner_case *one, const struct answer *found, char *ret_error);
