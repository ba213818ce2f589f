/* report/inproc_table.h -- what `assay inproc` found, for people. */
#pragma once

#include "inproc/inproc.h"
#include "report/screen.h"

/* The table, the floor first; what failed, with its reason; what to be careful with; how it was
 * measured. */
void inproc_table_print(const struct screen *s, const struct inproc_table *table);
