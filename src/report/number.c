#include "report/number_priv.h"

#include <math.h>
#include <stdio.h>

#include "base/units.h"

struct number number_duration(double ns)
{
    struct number n = { "–" };

    if (isfinite(ns))
        units_duration(llround(ns), false, n.text);
    return n;
}

struct number number_duration_fine(double ns)
{
    struct number n;

    if (ns < 1e6)
        snprintf(n.text, sizeof(n.text), "%.4gµs", ns / 1e3);
    else if (ns < 1e9)
        snprintf(n.text, sizeof(n.text), "%.4gms", ns / 1e6);
    else
        snprintf(n.text, sizeof(n.text), "%.4gs", ns / 1e9);
    return n;
}

struct number number_whole(uint64_t count)
{
    struct number n;

    units_whole(count, n.text);
    return n;
}

struct number number_rate(double per_sec)
{
    struct number n;

    units_rate(per_sec, n.text);
    return n;
}

struct number number_short(double count)
{
    struct number n;

    units_count(count, n.text);
    return n;
}

struct number number_bytes(double bytes)
{
    struct number n;

    units_bytes(bytes, n.text);
    return n;
}

struct number number_percent(double share)
{
    struct number n;

    if (share <= 0)
        snprintf(n.text, sizeof(n.text), "0 %%");
    else if (share < 0.0001)
        snprintf(n.text, sizeof(n.text), "<0.01 %%");
    else if (share < 0.01)
        snprintf(n.text, sizeof(n.text), "%.2f %%", share * 100);
    else if (share < 0.9995)
        snprintf(n.text, sizeof(n.text), "%.1f %%", share * 100);
    else if (share < 1) /* not all of it, and it must not read so */
        snprintf(n.text, sizeof(n.text), ">99.9 %%");
    else
        snprintf(n.text, sizeof(n.text), "%.0f %%", share * 100);
    return n;
}
