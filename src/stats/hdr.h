/* stats/hdr.h -- HdrHistogram's V2 encoding, compressed and in base64: how histograms leave and
 * enter a record, and what HdrHistogram's own tools read.
 *
 * Format: HdrHistogram, "V2 encoding": a 40-byte header (cookie 0x1c849303 | 0x10, payload length,
 * normalising offset, significant digits = 3, lowest 1, highest trackable, ratio 1.0), counts as
 * ZigZag LEB128 with runs of zeros negative; deflated behind cookie 0x1c849304 | 0x10 and a length;
 * then base64. All big-endian. Carries the counts only: min, max, sum, censored and too_large
 * travel beside it in the record. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"
#include "stats/histogram.h"

/* The base64 text, NUL-terminated, from malloc(); the caller frees it. NULL and `err` when memory
 * runs out. */
char *hdr_encode(const struct histogram *h, struct error *err);

/* Counts, and min/max/sum as far as the buckets tell them (midpoints). Reads what others wrote too:
 * any number of significant digits up to 3 and any unit magnitude; values that fall between our
 * buckets are counted at the midpoint of theirs. False and `err` on anything malformed; *ret_h is
 * then empty. */
bool hdr_decode(struct slice text, struct histogram *ret_h, struct error *err);
