/* cli/demands.h -- what the exit code depends on beyond whether it could be measured, where that
 * was asked for: --strict and --max-errors. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "store/record.h"

struct demands {
    bool strict;       /* no trial may be INVALID */
    double max_errors; /* the share of a trial's requests that may fail, from 0 to 1 */
};

/* Whoever asks for nothing is told of wrong answers, and gets exit 0 when there was a right one. */
#define DEMANDS_NONE                     \
    {                                    \
        .strict = false, .max_errors = 1 \
    }

/* "1%", "0.5 %", "1" (percent too, as of assay ci --limit), "0". */
bool demands_parse_share(const char *text, struct demands *demands, struct error *err);

/* Asked when all is printed and kept: false, and an error is printed, when some trial does not do
 * what was demanded. */
bool demands_met(const struct demands *demands, const struct run_record *run);
