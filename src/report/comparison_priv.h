/* report/comparison_priv.h -- what the parts of report/comparison share. */
#pragma once

#include "report/comparison.h"

/* Notes what is not the same of the sides' machines, and of every cell. */
bool comparison_take_notes(struct comparison *c, struct error *err);
