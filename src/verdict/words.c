#include "verdict/words_priv.h"

#include <math.h>
#include <stdio.h>

struct words words_duration(int64_t ns)
{
    struct words w;

    units_duration(ns, false, w.text);
    return w;
}

struct words words_whole(uint64_t count)
{
    struct words w;

    units_whole(count, w.text);
    return w;
}

struct words words_rate(double per_sec)
{
    struct words w;

    units_rate(per_sec, w.text);
    return w;
}

struct words words_percent(double share)
{
    double percent = fabs(share) * 100;
    const char *sign = share < 0 ? "-" : "";
    struct words w;

    if (percent > 0 && percent < 0.01)
        snprintf(w.text, sizeof(w.text), "<0.01 %%");
    else if (percent < 0.995 && percent > 0)
        snprintf(w.text, sizeof(w.text), "%s%.2f %%", sign, percent);
    else if (percent < 9.95)
        snprintf(w.text, sizeof(w.text), "%s%.1f %%", sign, percent);
    else
        snprintf(w.text, sizeof(w.text), "%s%.0f %%", sign, percent);
    return w;
}

/* What assay did not start it can watch (its figures are known), but not pin. */
const char *words_pin(const struct trial_record *t)
{
    return isfinite(t->server.ready_ms)
               ? "give each its own CPUs: --cpus client=0,server=1"
               : "give each its own CPUs: --cpus client=0, and the server with taskset -acp 1 PID";
}
