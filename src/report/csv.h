/* report/csv.h -- one row a trial, RFC 4180, the same header always. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "store/record.h"

/* False when the stream refuses (a full disk). */
bool csv_write(FILE *out, const struct run_record *run, struct error *err);
