/* net/ring_priv.h -- what a ring has to bring. For the implementations only (and tests/sim). */
#pragma once

#include "net/ring.h"

struct ring_ops {
    const char *name;
    void (*close_all)(struct ring *ring);
    void (*connect)(struct ring *ring, uint32_t slot, const struct addr *addr);
    void (*send)(struct ring *ring, uint32_t slot, struct slice bytes);
    bool (*sending)(const struct ring *ring, uint32_t slot);
    void (*close)(struct ring *ring, uint32_t slot);
    int (*wait)(struct ring *ring, struct mono until);
    bool (*next)(struct ring *ring, struct ring_event *ret_event);
    struct mono (*now)(struct ring *ring); /* NULL: CLOCK_MONOTONIC */
};

/* First member of every implementation's struct, and cast to and from it: &r->ring is the same
 * address, but gcc 12's analyzer takes that for a part, by which nothing can be freed. */
struct ring {
    const struct ring_ops *ops;
};

bool ring_uring_open(const struct ring_config *config, struct ring **ret_ring, struct error *err);
bool ring_epoll_open(const struct ring_config *config, struct ring **ret_ring, struct error *err);
