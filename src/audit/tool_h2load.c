/* h2load. Its clients may ask for several things at once (-m), which its output does not tell. */
#include "audit/scan_priv.h"
#include "audit/tools_priv.h"

static bool begins(struct slice line, const struct audit_result *r)
{
    (void)r;
    return scan_after(&line, "finished in ") && scan_holds(line, " req/s, ") &&
           !scan_holds(line, " millisec and ");
}

static void take_rate(struct audit_result *r, struct slice rest)
{
    struct figure ns;

    if (!scan_time(&rest, 0, &ns))
        return;
    r->seconds = figure_scaled(ns, 1e-9);
    if (scan_after(&rest, ","))
        (void)scan_number(&rest, &r->rate_per_sec);
}

/* "3.09MB (3240000) total, 2.08MB (2180000) headers (...), 273.44KB (280000) data" */
static void take_traffic(struct audit_result *r, struct slice rest)
{
    struct figure bytes;

    do {
        if (!scan_find(&rest, "(") || !scan_count(&rest, &bytes) || !scan_after(&rest, ")"))
            return;
        if (scan_after(&rest, "total"))
            r->total_bytes = bytes;
        else if (scan_after(&rest, "data"))
            r->body_bytes = bytes;
    } while (scan_find(&rest, "), ") || scan_find(&rest, ", "));
}

/* "min max mean sd", or in newer versions "min max median p95 p99 mean sd". */
static void take_times(struct audit_result *r, struct slice rest)
{
    struct figure times[7];
    size_t count = 0;

    while (count < 7 && scan_time(&rest, 0, &times[count]))
        count++;
    if (count != 4 && count != 7)
        return;
    r->min_ns = times[0];
    r->max_ns = times[1];
    r->mean_ns = times[count - 2];
    if (count == 7) {
        add_percentile(r, 50, times[2]);
        add_percentile(r, 95, times[3]);
        add_percentile(r, 99, times[4]);
    }
}

static void take(struct audit_result *r, struct slice line)
{
    struct slice rest = line;

    if (scan_after(&rest, "finished in "))
        take_rate(r, rest);
    else if (scan_after(&rest, "requests:"))
        scan_requests(rest, r);
    else if (scan_after(&rest, "status codes:"))
        scan_statuses(rest, r);
    else if (scan_after(&rest, "traffic:"))
        take_traffic(r, rest);
    else if (scan_after(&rest, "time for request:") || scan_after(&rest, "request     :"))
        take_times(r, rest);
}

const struct tool tool_h2load = {
    .name = "h2load",
    .looked_for = "\"finished in 1.20s, 800.00 req/s\"",
    .begins = begins,
    .take = take,
};
