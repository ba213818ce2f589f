/* probe/link.h -- the network card on the way to a target: how fast it is, and how much went over
 * it. Read from /proc/net and /sys/class/net under a root prefix, so that it is tested on recorded
 * trees.
 *
 * It is found in the routing table. What the card itself counts is on the wire: headers, what was
 * sent again, and other programs' packets too, for these fill it as well. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

#define LINK_NAME_MAX 32

/* The card that packets to this address leave by, "eth0"; "" when there is none (a Unix socket) or
 * it is not known. Of the machine's own addresses IPv4's table knows nothing: then it is a card
 * over which nothing goes. */
void link_find(const char *root, const struct addr *to, char *ret_name);

struct link_sample {
    int64_t bits_per_sec;                        /* -1: unknown */
    bool half_duplex;                            /* both directions share it */
    int64_t received_bytes, sent_bytes, dropped; /* since the card came up; -1: unknown */
};

/* Never fails: what cannot be read is unknown. */
void link_read(const char *root, const char *name, struct link_sample *ret_sample);

/* How full it was between the two, in the fuller direction: 0 ... 1; NaN: unknown. */
double link_share(const struct link_sample *from, const struct link_sample *to, int64_t span_ns);
