/* cli/version.h -- which assay this is, and what is in it. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

extern const char VERSION_TEXT[]; /* "0.1.0 (1a2b3c4)" */

/* Version, commit, compiler, linked libraries, features, licence. False when the stream refuses. */
bool version_print(FILE *out);
