/* run/cache.h -- what assay keeps from run to run, below $XDG_CACHE_HOME/assay: builds and outputs
 * of a suite's targets, how long its trials took, ceilings. Nothing is lost when it is deleted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

/* A folder of this suite's own, locked until *ret_lock is closed, so that a second assay with the
 * same suite builds and runs elsewhere. What it holds is kept for the next run. */
bool cache_take(struct slice suite, char *ret_path, size_t size, int *ret_lock, struct error *err);

/* What a variant's files are called in there: its name, with '_' for what might not be taken as it
 * is. Several names can come to one. */
#define CACHE_NAME_MAX 256
void cache_name(struct slice variant, char ret_name[CACHE_NAME_MAX]);

/* The file of a suite's times (run/times.h). */
void cache_times(struct slice suite, char *ret_path, size_t size);
