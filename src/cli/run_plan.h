/* cli/run_plan.h -- what `assay run --dry-run` prints: every trial in its order, and the time. */
#pragma once

#include <stdbool.h>

#include "run/session.h"

/* On standard output; false when it cannot be written. */
bool run_plan_print(const struct session *session);
bool run_plan_print_json(const struct session *session);
