/* report/document.h -- a run or a trial as one JSON document ("assay/run/1", "assay/trial/1"). */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "store/record.h"

/* False when the stream refuses (a full disk). */
bool document_write_trial(FILE *out, const struct trial_record *trial, struct error *err);
/* With its trials and its rankings. */
bool document_write_run(FILE *out, const struct run_record *run, struct error *err);
