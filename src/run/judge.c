#include "run/judge.h"

#include "verdict/verdict.h"

void judge_trial(const struct ceiling_order *order, struct trial_record *record)
{
    record->ceiling_per_sec = ceiling_find(order);
    verdict_trial(record);
}
