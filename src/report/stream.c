#include "report/stream_priv.h"

#include <errno.h>

bool stream_finish(FILE *out, struct error *err)
{
    int sys;

    if (fflush(out) == 0 && ferror(out) == 0)
        return true;
    sys = errno;
    if (sys == ENOSPC || sys == EDQUOT || sys == EFBIG)
        return error_set(err, sys,
                         "the document is not whole: free some space, or write it elsewhere");
    if (sys == EPIPE)
        return error_set(err, sys, "the document is not whole: its reader went away");
    return error_set(err, sys, "the document is not whole");
}
