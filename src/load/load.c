#include "load/load.h"

#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/units.h"

_Static_assert(LOAD_GAP_MAX_S *SECOND_NS <= PACER_GAP_MAX_NS / LOAD_THREADS_MAX,
               "each thread's part of the lowest rate is a timetable");

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

bool load_parse_warmup(struct slice text, int64_t *ret_ns, uint64_t *ret_requests)
{
    int64_t ns;
    uint64_t requests;

    if (!units_parse_length(text, &ns, &requests) || ns > LOAD_WARMUP_MAX_NS ||
        requests > LOAD_WARMUP_REQUESTS_MAX)
        return false;
    *ret_ns = ns;
    *ret_requests = requests;
    return true;
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

void load_set_stages(struct load *load, struct load_stage *stages, size_t count)
{
    uint32_t most = 0;

    BUG_IF(count == 0);
    BUG_IF(count > STAGES_MAX);
    load->stages = stages;
    load->stage_count = (uint32_t)count;
    load->model = stages[0].connections > 0 ? LOAD_CLOSED : LOAD_OPEN;
    load->rate_per_sec = stages[0].rate_per_sec;
    load->duration_ns = stages[0].duration_ns;
    load->requests = stages[0].requests;
    for (size_t i = 0; i < count; i++)
        most = stages[i].connections > most ? stages[i].connections : most;
    if (load->model == LOAD_CLOSED)
        load->connections = most;
}

struct load load_of_capacity(const struct load *load, double per_sec, struct load_stage *room)
{
    struct load known = *load;

    BUG_IF(!load_needs_capacity(load));
    BUG_IF(!(per_sec > 0));
    for (uint32_t i = 0; i < load->stage_count; i++) {
        room[i] = load->stages[i];
        room[i].rate_per_sec = fmax(room[i].share * per_sec, LOAD_RATE_MIN_PER_SEC);
    }
    known.stages = room;
    known.rate_per_sec = room[0].rate_per_sec;
    return known;
}

uint32_t load_drives(const struct load *load)
{
    return load->stages != NULL ? load->stage_count : 1;
}

struct load load_drive(const struct load *load, uint32_t index)
{
    struct load drive = *load;
    const struct load_stage *stage;

    BUG_IF(index >= load_drives(load));
    if (load->stages == NULL)
        return drive;
    stage = &load->stages[index];
    drive.name = stage->name;
    drive.rate_per_sec = stage->rate_per_sec;
    drive.share = stage->share;
    drive.duration_ns = stage->duration_ns;
    drive.requests = stage->requests;
    if (load->model == LOAD_CLOSED)
        drive.connections = stage->connections;
    if (index > 0) {
        drive.warmup_ns = 0;
        drive.warmup_requests = 0;
    }
    drive.stages = NULL;
    drive.stage = index + 1;
    return drive;
}
