/* verdict/doctor.h -- is this machine fit to measure on, and what to change. Pure: facts in
 * (probe/fitness.h), findings out. */
#pragma once

#include <stddef.h>

#include "probe/fitness.h"
#include "store/check.h"

struct finding_of_doctor {
    const char *id; /* "cores" */
    enum check_state state;
    char text[CHECK_TEXT_MAX];
    char remedy[CHECK_TEXT_MAX]; /* a command where there is one; "" when all is well */
};

#define DOCTOR_FINDINGS 16

/* In the order in which they are shown; returns how many. */
size_t doctor_examine(const struct fitness *fitness,
                      struct finding_of_doctor ret_findings[DOCTOR_FINDINGS]);
