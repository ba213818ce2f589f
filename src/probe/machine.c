#include "probe/machine.h"

#include <math.h>

#define UNKNOWN ((double)NAN)

struct machine_change machine_change_unknown(void)
{
    return (struct machine_change){
        .steal_share = UNKNOWN,
        .steal_share_worst = UNKNOWN,
        .foreign_cores = UNKNOWN,
        .softirq_share_worst = UNKNOWN,
        .memory_full_share = UNKNOWN,
        .io_full_share = UNKNOWN,
        .throttled = -1,
        .thermal = -1,
        .resent_share = UNKNOWN,
        .segments_resent = -1,
        .listen_overflows = -1,
        .listen_drops = -1,
        .syn_retrans = -1,
        .timeouts = -1,
        .backlog_drops = -1,
        .receive_drops = -1,
        .request_queue_drops = -1,
        .time_wait_overflows = -1,
        .softnet_dropped = -1,
        .softnet_squeezed = -1,
        .time_wait_share = UNKNOWN,
        .frequency_min_share = UNKNOWN,
    };
}
