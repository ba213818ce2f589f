/* run/cpus.h -- where this thread runs. */
#pragma once

#include <sched.h>
#include <stdint.h>

/* Moves it to these CPUs (count 0: nowhere else); *ret_before is for sched_setaffinity(), to go
 * back. What it starts from then on begins there too. */
void cpus_go_to(const uint32_t *cpus, uint32_t count, cpu_set_t *ret_before);
