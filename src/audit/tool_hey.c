/* hey, and oha's text, which was made to look like it. The rate of both counts every request that
 * ended, whatever its answer was. */
#include "audit/scan_priv.h"
#include "audit/tools_priv.h"

static bool begins(struct slice line, const struct audit_result *r)
{
    (void)r;
    return slice_equal(line, SLICE("Summary:"));
}

/* "[500]  250 responses": a status; "[12]  Get ...: EOF": so many times an error. What oha's own
 * deadline cut off is in the rate and nobody's fault. */
static void take_bracket(struct audit_result *r, struct slice line)
{
    struct figure first, count;

    if (!scan_after(&line, "[") || !scan_count(&line, &first) || !scan_after(&line, "]"))
        return;
    if (scan_count(&line, &count) && scan_after(&line, "responses")) {
        figure_add(&r->requests, count);
        figure_add(&r->wrong, FIGURE_COUNT(first.value >= 400 ? count.value : 0));
        figure_add(&r->server_errors, FIGURE_COUNT(first.value >= 500 ? count.value : 0));
        return;
    }
    figure_add(&r->requests, first);
    if (!scan_holds(line, "aborted due to deadline"))
        figure_add(&r->wrong, first);
}

static void take_seconds(struct slice rest, double factor, struct figure *ret)
{
    struct figure ns;

    if (scan_time(&rest, 1e9, &ns))
        *ret = figure_scaled(ns, factor);
}

static void take(struct audit_result *r, struct slice line)
{
    struct slice rest = line;

    if (scan_after(&rest, "Success rate:"))
        r->tool = "oha";
    else if (scan_after(&rest, "Total:"))
        take_seconds(rest, 1e-9, &r->seconds);
    else if (scan_after(&rest, "Slowest:"))
        take_seconds(rest, 1, &r->max_ns);
    else if (scan_after(&rest, "Fastest:"))
        take_seconds(rest, 1, &r->min_ns);
    else if (scan_after(&rest, "Average:"))
        take_seconds(rest, 1, &r->mean_ns);
    else if (scan_after(&rest, "Requests/sec:"))
        (void)scan_number(&rest, &r->rate_per_sec);
    else if (scan_after(&rest, "Total data:"))
        (void)scan_bytes(&rest, &r->body_bytes);
    else if (!scan_percentile(line, 1e9, r))
        take_bracket(r, line);
}

const struct tool tool_hey = {
    .name = "hey",
    .looked_for = "\"Summary:\" and \"Requests/sec:\"",
    .begins = begins,
    .take = take,
};
