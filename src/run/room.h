/* run/room.h -- whether this machine has room for so many connections: known before anything is
 * started, not in the middle of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "load/load.h"
#include "net/addr.h"

struct session;

/* Raises the soft limit of descriptors as far as it goes. False when a drive of so many connections
 * cannot have enough: says how many there can be, and what to do. */
bool room_descriptors(const struct load *load, struct error *err);

/* False when this machine has not local ports enough for so many connections to these addresses:
 * says how many there can be, and what to do. `root` stands before /proc. */
bool room_ports(const char *root, const struct load *load, const struct addr *addresses,
                size_t count, struct error *err);

/* Both, for each load and target that is planned. The error says where in the suite's file. */
bool room_check(const struct session *session, const char *root, struct error *err);
