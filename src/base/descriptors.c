#include "base/descriptors.h"

#include <stdbool.h>
#include <sys/resource.h>

#include "base/bug.h"

/* Of the process, as the limit itself is; a fork has it too. */
static bool is_raised;
static rlim_t soft_before;

uint64_t descriptors_raise(void)
{
    struct rlimit limit, raised;

    BUG_IF(getrlimit(RLIMIT_NOFILE, &limit) < 0);
    raised = (struct rlimit){ limit.rlim_max, limit.rlim_max };
    if (limit.rlim_cur >= limit.rlim_max || setrlimit(RLIMIT_NOFILE, &raised) < 0)
        return limit.rlim_cur;
    if (!is_raised)
        soft_before = limit.rlim_cur;
    is_raised = true;
    return raised.rlim_cur;
}

void descriptors_restore(void)
{
    struct rlimit limit;

    if (!is_raised)
        return;
    BUG_IF(getrlimit(RLIMIT_NOFILE, &limit) < 0);
    limit.rlim_cur = soft_before;
    BUG_IF(setrlimit(RLIMIT_NOFILE, &limit) < 0);
}
