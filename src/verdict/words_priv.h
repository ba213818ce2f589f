/* verdict/words_priv.h -- figures as texts that live until the end of the caller's expression, for
 * the sentences of checks: check_fine(&c, ..., "p99 %s", words_duration(ns).text). */
#pragma once

#include <stdint.h>

#include "base/units.h"
#include "store/record.h"

struct words {
    char text[UNITS_TEXT_MAX];
};

struct words words_duration(int64_t ns);  /* "1.21ms" */
struct words words_whole(uint64_t count); /* "1,428,600" */
struct words words_rate(double per_sec);  /* "47,620"; below 1000 with its decimals, "4.52" */
struct words words_percent(double share); /* "41 %"; below 10 % "4.1 %", "0.08 %", "<0.01 %" */

/* How to give generator and server CPUs of their own, as it can be typed for this trial. */
const char *words_pin(const struct trial_record *t);
