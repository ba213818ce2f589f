/* cli/run_plan.h -- what `assay run --dry-run` prints: every trial in its order, and the time. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "report/screen.h"
#include "run/session.h"

/* Both are false when it cannot be written. */
bool run_plan_print(const struct screen *out, const struct session *session);
bool run_plan_write_json(FILE *out, const struct session *session);
