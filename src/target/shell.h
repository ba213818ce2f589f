/* target/shell.h -- what can be told about a shell command by looking at it. Pure. */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"

/* Without the blanks and newlines at its end, which YAML's blocks (| and >) leave there. */
struct slice shell_trim(struct slice command);

/* Whether this is one program with its arguments: no second command, no substitution, no assignment
 * in front, no word of the shell's own. Then the shell can become the program ("exec"), which is
 * more than tidy: a shell that only waits would be measured with the target. When in doubt, no. */
bool shell_is_simple(const char *command);
