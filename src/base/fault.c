#include "base/fault.h"

static unsigned calls_left[FAULT_KINDS];

void fault_arm(enum fault_kind kind, unsigned nth)
{
    calls_left[kind] = nth;
}

bool fault_hit(enum fault_kind kind)
{
    return calls_left[kind] > 0 && --calls_left[kind] == 0;
}
