/* base/sabotage.h -- hidden faults of our own generator, which its checks have to find.
 *
 * Only for the tests: tests/assay-faulty is assay with these compiled in (-DASSAY_FAULTS, and
 * clock_gettime() wrapped by the linker). Everywhere else the calls below are empty and vanish. The
 * environment says what is wrong:
 *
 *     ASSAY_FAULTS="loop-stall=5ms/100ms,receive-stall=5ms/100ms,burn=20us,coarse-clock=1ms,
 *                   clock-jump=40ms@2s,drop-slots=10"
 *
 * A stall is a sleep of each worker, again and again after that time. The clock jumps so long after
 * the start of the program. Of the slots of a timetable every tenth is dropped. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#ifdef ASSAY_FAULTS

/* What the environment would say. Stops the program when it cannot be understood. */
void sabotage_set(const char *faults);

void sabotage_loop(void);           /* once a turn of the loop */
bool sabotage_receive(void);        /* before completions are looked at; whether it took time */
int64_t sabotage_burn_ns(void);     /* CPU to waste on each request */
bool sabotage_drops_slot(void);     /* this request of the timetable is to be forgotten */
int64_t sabotage_clock_ahead(void); /* of the kernel's own clock, which sets off its alarms */

#else

static inline void sabotage_loop(void)
{
}

static inline bool sabotage_receive(void)
{
    return false;
}

static inline int64_t sabotage_burn_ns(void)
{
    return 0;
}

static inline bool sabotage_drops_slot(void)
{
    return false;
}

static inline int64_t sabotage_clock_ahead(void)
{
    return 0;
}

#endif
