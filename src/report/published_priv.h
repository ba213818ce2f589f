/* report/published_priv.h -- the table that a study published, as a suite has it in published.csv:
 * RFC 4180, a header line, these columns. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define PUBLISHED_ROWS_MAX 1024

enum {
    PUBLISHED_TARGET,
    PUBLISHED_WORKLOAD,
    PUBLISHED_LOAD,
    PUBLISHED_METRIC,
    PUBLISHED_VALUE,
    PUBLISHED_UNIT,
    PUBLISHED_NOTE,
    PUBLISHED_FIELDS
};

struct published_row {
    const char *field[PUBLISHED_FIELDS]; /* "" where the line ends early */
};

struct published {
    char *text; /* fields point into it; the caller frees it, after a failure too */
    struct published_row rows[PUBLISHED_ROWS_MAX];
    size_t count;
};

/* Into an empty struct. Lines without a metric say nothing, and are left out. */
bool published_read(const char *table, struct published *ret_published, struct error *err);
