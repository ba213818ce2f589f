/* verdict/parity.h -- did all targets do the same work? Pure.
 *
 * Who compresses and who does not, who sends 27 bytes and who 350, who keeps connections and who
 * closes every hundredth answer are not faster or slower, but different (shared/spec/validity.md,
 * T11 and T12). */
#pragma once

#include <stddef.h>

#include "store/record.h"

/* Trials of one workload and one load, of any targets, in any order. Those that were not driven to
 * a right answer and our own server are left aside. Names who differs from what most do. */
struct check check_parity(const struct trial_record *const *trials, size_t count);
