#include "run/cpus.h"

void cpus_go_to(const uint32_t *cpus, uint32_t count, cpu_set_t *ret_before)
{
    cpu_set_t set;

    sched_getaffinity(0, sizeof(*ret_before), ret_before);
    if (count == 0)
        return;
    CPU_ZERO(&set);
    for (uint32_t i = 0; i < count; i++)
        CPU_SET(cpus[i], &set);
    sched_setaffinity(0, sizeof(set), &set);
}
