#include "inproc/inproc.h"

#include <math.h>
#include <string.h>

static double ns_of(const struct inproc_timing *t)
{
    return (double)t->wall_ns / (double)t->calls;
}

const struct inproc_row *inproc_floor_of(const struct inproc_table *table,
                                         const struct inproc_row *row)
{
    for (size_t i = 0; i < table->row_count; i++) {
        const struct inproc_row *floor = &table->rows[i];

        if (floor->floor && floor->state == INPROC_DONE &&
            strcmp(floor->look.interface, row->look.interface) == 0)
            return floor;
    }
    return NULL;
}

struct interval inproc_ns(const struct inproc_row *row)
{
    double values[INPROC_PROCESSES_MAX];

    for (size_t i = 0; i < row->timing_count; i++)
        values[i] = ns_of(&row->timings[i]);
    return interval_median(values, row->timing_count, 0.95);
}

struct interval inproc_times_floor(const struct inproc_row *row, const struct inproc_row *floor)
{
    double values[INPROC_PROCESSES_MAX];
    size_t count = row->timing_count;

    if (floor == NULL || floor->timing_count < count)
        count = floor != NULL ? floor->timing_count : 0;
    for (size_t i = 0; i < count; i++)
        values[i] = ns_of(&row->timings[i]) / ns_of(&floor->timings[i]);
    return interval_median(values, count, 0.95);
}

struct trend inproc_growth(const struct inproc_row *row)
{
    double x[INPROC_GROWTH_POINTS + 1], y[INPROC_GROWTH_POINTS + 1];
    double room[(INPROC_GROWTH_POINTS + 1) * INPROC_GROWTH_POINTS / 2];

    for (size_t i = 0; i <= INPROC_GROWTH_POINTS; i++) {
        x[i] = (double)(i * row->look.growth_calls);
        y[i] = (double)row->look.growth_bytes[i];
    }
    return trend_fit(x, y, INPROC_GROWTH_POINTS + 1, 0.95, room);
}

double inproc_cpu_share(const struct inproc_row *row)
{
    double wall = 0, cpu = 0;

    for (size_t i = 0; i < row->timing_count; i++) {
        wall += (double)row->timings[i].wall_ns;
        cpu += (double)row->timings[i].cpu_ns;
    }
    return wall > 0 ? cpu / wall : (double)NAN;
}

double inproc_instructions(const struct inproc_row *row)
{
    double values[INPROC_PROCESSES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < row->timing_count; i++)
        if (!isnan(row->timings[i].instructions))
            values[count++] = row->timings[i].instructions;
    return count > 0 ? interval_median(values, count, 0.95).median : row->look.instructions;
}
