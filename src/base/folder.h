/* base/folder.h -- makes folders. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* The folder with all that are missing above it. One that is there already is fine. */
bool folder_make(const char *path, struct error *err);
