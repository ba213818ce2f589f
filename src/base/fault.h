/* base/fault.h -- lets a test make the Nth call to the world fail.
 *
 * A test calls fault_arm(kind, n) for n = 1, 2, 3, ... until the code under test succeeds, and so
 * walks through every error path. Costs one predictable branch; nothing is armed outside tests.
 * Not for use inside the measured window, and not thread-safe. */
#pragma once

#include <stdbool.h>

enum fault_kind { FAULT_MEMORY, FAULT_OPEN, FAULT_SQL, FAULT_KINDS };

/* The nth fault_hit() of this kind from now on answers true, once. 0 disarms. */
void fault_arm(enum fault_kind kind, unsigned nth);

bool fault_hit(enum fault_kind kind);
