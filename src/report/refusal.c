#include "report/refusal.h"

#include <stdio.h>

void refusals_add(struct refusals *r, const struct check *by)
{
    r->count++;
    if (by == NULL)
        return;
    r->refused++;
    if (r->by[by->id]++ == 0)
        r->first[by->id] = by;
}

const struct check *refusals_by(const struct refusals *r)
{
    enum check_id most = CHECK_LOAD;

    for (enum check_id id = CHECK_LOAD; id < CHECK_KINDS; id++)
        if (r->by[id] > r->by[most])
            most = id;
    return r->first[r->by[CHECK_ANSWERS] > 0 ? CHECK_ANSWERS : most];
}

bool refusals_too_many(const struct refusals *r)
{
    return r->by[CHECK_ANSWERS] > 0 || r->refused * 10 > r->count;
}

char *refusals_text(const struct refusals *r, const struct check *by, char *ret_text, size_t size)
{
    if (r->count == 1)
        snprintf(ret_text, size, "%s", by->text);
    else
        snprintf(ret_text, size, "in %zu of %zu trials, first: %s", r->by[by->id], r->count,
                 by->text);
    return ret_text;
}
