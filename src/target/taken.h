/* target/taken.h -- whether a port that a target wants belongs to a program that is not of its
 * tree. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "target/guardian.h"

/* False, with a sentence that names it, when another program listens on the port. A listener that
 * we may not look into counts as the target's own. */
bool taken_by_another(const struct guardian *guardian, uint16_t port, struct error *err);

/* For a command with a port of its own in it, which we do not know to be one: true, with that
 * sentence, when one of its numbers is a port that belongs to another program. Only to explain a
 * failure. */
bool taken_is_mentioned(const struct guardian *guardian, const char *command,
                        struct error *ret_taken);
