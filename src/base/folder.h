/* base/folder.h -- makes folders. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The folder with all that are missing above it. One that is there already is fine. */
bool folder_make(const char *path, struct error *err);

/* Where this user's builds and figures of this machine are kept: $XDG_CACHE_HOME/assay, else
 * ~/.cache/assay, else below /tmp. Not made here. Nothing is lost when it is deleted. */
void folder_cache(char *ret_path, size_t size);
