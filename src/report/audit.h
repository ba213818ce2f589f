/* report/audit.h -- what an audit found, for people and for programs. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "audit/audit.h"
#include "base/error.h"
#include "report/screen.h"

/* Findings, worst first, then every result with what follows from it. */
void audit_print(const struct screen *s, const struct audit *audit);

/* assay/audit/1, docs/schema/assay-audit-1.json. */
bool audit_write_json(FILE *out, const struct audit *audit, struct error *err);
