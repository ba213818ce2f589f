/* report/stream_priv.h -- the end of a document: did all of it arrive? */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/* Flushes. False, with what to do, when the stream refused anything since it was opened. Whoever
 * writes sets errno to 0 first: stdio keeps only that a write failed, the reason is where the write
 * left it. */
bool stream_finish(FILE *out, struct error *err);
