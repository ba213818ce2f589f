/* base/units.h -- numbers as people write and read them: "30s", "20k", "1.21ms", "14.2 MiB".
 *
 * Parsing is strict: all of the text must be understood, or false. Formatting fits a fixed small
 * buffer, keeps three significant digits and never a locale's comma. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define UNITS_TEXT_MAX 32

/* "30s" "1.5s" "250ms" "10us" "100ns" "2m" "1h"; a bare number is seconds. Not negative, at most
 * 1000 hours. */
bool units_parse_duration(struct slice text, int64_t *ret_ns);

/* "10000" "20k" "1.5M" "2G": decimal multipliers; the result must be whole. */
bool units_parse_count(struct slice text, uint64_t *ret_count);

/* "10s", or "10000n": for so long, or so many of something, one at least; of the two outputs the
 * other one is 0. */
bool units_parse_length(struct slice text, int64_t *ret_ns, uint64_t *ret_count);

/* "400" "20k" "0.5" "400/s" "20k/s": a rate per second, finite and above zero. */
bool units_parse_rate(struct slice text, double *ret_per_sec);

/* "1024" "4k" "64KiB" "1MiB": k, m, g and KiB, MiB, GiB are powers of 1024, KB, MB, GB of 1000. */
bool units_parse_bytes(struct slice text, uint64_t *ret_bytes);

/* What stands behind a noun that is counted: "%u block%s". */
static inline const char *units_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* Each writes at most UNITS_TEXT_MAX bytes with the NUL, and returns ret_text. `ascii` writes "us"
 * for "µs". */
char *units_duration(int64_t ns, bool ascii, char *ret_text); /* 312µs 1.21ms 26.3ms 1.34s 2m05s */
char *units_count(double count, char *ret_text);              /* 47.6k 1.43M 870 */
char *units_whole(uint64_t count, char *ret_text);            /* 1,428,600 */
char *units_rate(double per_sec, char *ret_text);             /* 47,620 4.52 */
char *units_bytes(double bytes, char *ret_text);              /* 14.2 MiB 178 B */
