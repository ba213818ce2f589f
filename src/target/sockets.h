/* target/sockets.h -- the folder for a target's Unix sockets: short, private, gone afterwards.
 *
 * A Unix address has room for 107 bytes, which a build folder's path can take alone. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

#define SOCKETS_FOLDER_MAX 32

/* Makes it; `ret_folder` has room for SOCKETS_FOLDER_MAX bytes. */
bool sockets_make(char *ret_folder, struct error *err);

/* Removes it with the sockets and files in it. Does nothing where it is "" or not there. */
void sockets_remove(const char *folder);
