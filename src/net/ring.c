#include "net/ring.h"

#include "base/bug.h"
#include "net/ring_priv.h"

#ifndef ASSAY_HAVE_IO_URING
bool ring_probe_io_uring(struct error *err)
{
    return error_set(err, 0, "this assay was built without liburing");
}

bool ring_uring_open(const struct ring_config *config, struct ring **ret_ring, struct error *err)
{
    (void)config;
    (void)ret_ring;
    return ring_probe_io_uring(err);
}
#endif

bool ring_open(enum ring_kind kind, const struct ring_config *config, struct ring **ret_ring,
               struct error *err)
{
    struct error ignored;

    BUG_IF(config->slots == 0);
    switch (kind) {
    case RING_AUTO:
        if (ring_probe_io_uring(&ignored) && ring_uring_open(config, ret_ring, &ignored))
            return true;
        return ring_epoll_open(config, ret_ring, err);
    case RING_IO_URING:
        return ring_uring_open(config, ret_ring, err);
    case RING_EPOLL:
        return ring_epoll_open(config, ret_ring, err);
    }
    BUG("ring kind out of range");
}

void ring_close_all(struct ring *ring)
{
    if (ring != NULL)
        ring->ops->close_all(ring);
}

void ring_connect(struct ring *ring, uint32_t slot, const struct addr *addr)
{
    ring->ops->connect(ring, slot, addr);
}

void ring_send(struct ring *ring, uint32_t slot, struct slice bytes)
{
    ring->ops->send(ring, slot, bytes);
}

bool ring_sending(struct ring *ring, uint32_t slot)
{
    return ring->ops->sending(ring, slot);
}

void ring_close(struct ring *ring, uint32_t slot)
{
    ring->ops->close(ring, slot);
}

int ring_wait(struct ring *ring, struct mono until)
{
    return ring->ops->wait(ring, until);
}

bool ring_next(struct ring *ring, struct ring_event *ret_event)
{
    return ring->ops->next(ring, ret_event);
}

struct mono ring_now(struct ring *ring)
{
    return ring->ops->now == NULL ? mono_now() : ring->ops->now(ring);
}

const char *ring_name(const struct ring *ring)
{
    return ring->ops->name;
}
