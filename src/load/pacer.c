#include "load/pacer.h"

#include <math.h>

#include "base/bug.h"

static double next_offset_ns(struct pacer *p)
{
    switch (p->shape) {
    case PACER_EVEN:
        /* Multiplied, not summed: a sum rounds once per request, and drifts. */
        return (double)p->taken * p->gap_ns_mean;
    case PACER_POISSON:
        return p->offset_ns - log(rng_unit(&p->rng)) * p->gap_ns_mean;
    }
    BUG("shape out of range");
}

/* The loop asks for the moment several times a turn: it is rounded once. */
static void move_on(struct pacer *p)
{
    p->offset_ns = next_offset_ns(p);
    p->next = mono_after(p->start, llround(p->offset_ns));
}

void pacer_init(struct pacer *p, enum pacer_shape shape, double rate_per_sec, struct mono start,
                uint64_t seed)
{
    BUG_IF(!isfinite(rate_per_sec));
    BUG_IF(rate_per_sec <= 0);
    BUG_IF(1e9 / rate_per_sec > PACER_GAP_MAX_NS);
    *p = (struct pacer){
        .shape = shape, .start = start, .gap_ns_mean = 1e9 / rate_per_sec, .rng = { seed }
    };
    move_on(p);
}

struct mono pacer_next(const struct pacer *p)
{
    return p->next;
}

bool pacer_take(struct pacer *p, struct mono now, struct mono *ret_due)
{
    if (now.ns < p->next.ns)
        return false;
    *ret_due = p->next;
    p->taken++;
    move_on(p);
    return true;
}
