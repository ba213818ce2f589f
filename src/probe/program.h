/* probe/program.h -- which processes make up a program that somebody else started. */
#pragma once

#include <stdint.h>

/* The oldest ancestor of `pid` (or itself) that is reached over parents of the same name: the
 * master of a server whose worker holds the socket. Whoever `self` descends from is none: a script
 * that starts a server in its own language, and then us, has the server's name and our cost. */
int32_t program_root(const char *root, int32_t pid, int32_t self);
