/* base/descriptors.h -- how many files this program may have open, and what it starts.
 *
 * Thousands of connections need more than the soft limit that a shell gives, so we raise our own.
 * What we start must not inherit that: some servers size their tables by the limit, and the first
 * target of a run would have another one than the second. */
#pragma once

#include <stdint.h>

/* Raises the soft limit as far as the hard one goes. Returns how many there can be now; errno says
 * why, where that is not the hard limit. Call it while no other thread does. */
uint64_t descriptors_raise(void);

/* In a process that is about to become another program: the soft limit that we were started with.
 */
void descriptors_restore(void);
