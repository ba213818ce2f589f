/* run/judge.h -- what a driven trial's record still lacks: its ceiling, and its verdict. */
#pragma once

#include "run/ceiling.h"

/* Fills in record->ceiling_per_sec and record->verdict. order->record is this one. */
void judge_trial(const struct ceiling_order *order, struct trial_record *record);
