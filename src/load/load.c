#include "load/load.h"

#include "base/bug.h"

struct load load_default(void)
{
    return (struct load){
        .name = SLICE(""),
        .model = LOAD_CLOSED,
        .connections = LOAD_CONNECTIONS_DEFAULT,
        .threads = 1,
        .arrivals = PACER_POISSON,
        .duration_ns = LOAD_DURATION_DEFAULT_NS,
        .warmup_ns = -1,
        .timeout_ns = LOAD_TIMEOUT_DEFAULT_NS,
        .keepalive = true,
    };
}

void load_complete(struct load *load)
{
    BUG_IF(load->threads == 0);
    BUG_IF((load->duration_ns > 0) == (load->requests > 0));
    if (load->warmup_ns < 0)
        load->warmup_ns = load->duration_ns / 10; /* by count there is no duration: 0 */
    if (load->connections < load->threads)
        load->connections = load->threads;
}
