#include "run/capacity.h"

#include <stdlib.h>

#include "stats/interval.h"

static bool tells(const struct trial_record *t, struct slice target, struct slice workload,
                  struct slice load)
{
    return t->state == TRIAL_DONE && !t->tally.partial && !t->control &&
           t->tally.ok_in_window > 0 && slice_equal(slice_of(t->target), target) &&
           slice_equal(t->workload.name, workload) && slice_equal(t->load.name, load);
}

double capacity_per_sec(const struct run_record *run, struct slice target, struct slice workload,
                        struct slice load)
{
    double *values = calloc(run->trial_count + 1, sizeof(*values));
    double median = RECORD_UNKNOWN;
    size_t count = 0;

    if (values == NULL)
        return median;
    for (size_t i = 0; i < run->trial_count; i++)
        if (tells(run->trials[i], target, workload, load))
            values[count++] = record_throughput_per_sec(run->trials[i]);
    if (count > 0)
        median = interval_median(values, count, 0.95).median;
    free(values);
    return median;
}
