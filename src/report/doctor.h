/* report/doctor.h -- what assay doctor found, for people and for programs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "report/screen.h"
#include "verdict/doctor.h"

/* A line each, with its remedy below; then whether one can measure here. */
void doctor_print(const struct screen *s, const struct host *host,
                  const struct finding_of_doctor *findings, size_t count);

/* {"schema": "assay/doctor/1", "overall": "ok", "findings": [...]} */
bool doctor_write_json(FILE *out, const struct finding_of_doctor *findings, size_t count,
                       struct error *err);

/* The worst of them; something unknown is no more than a warning. */
enum check_state doctor_overall(const struct finding_of_doctor *findings, size_t count);
