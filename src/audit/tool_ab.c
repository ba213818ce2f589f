/* ApacheBench. Its "Time per request" is computed from its rate and says nothing new; the mean that
 * it measured stands in the table of connection times, in whole milliseconds. */
#include "audit/scan_priv.h"
#include "audit/tools_priv.h"

static bool begins(struct slice line, const struct audit_result *r)
{
    bool free_for_more = r == NULL || figure_known(r->rate_per_sec);

    if (scan_after(&line, "This is ApacheBench"))
        return true;
    return free_for_more &&
           (scan_after(&line, "Server Software:") || scan_after(&line, "Concurrency Level:"));
}

/* "0    0   0.1      0       1": min, mean, deviation, median, max */
static void take_total(struct audit_result *r, struct slice rest)
{
    struct figure min, mean, stdev, median, max;

    if (!scan_time(&rest, 1e6, &min) || !scan_time(&rest, 1e6, &mean) ||
        !scan_time(&rest, 1e6, &stdev) || !scan_time(&rest, 1e6, &median) ||
        !scan_time(&rest, 1e6, &max))
        return;
    r->min_ns = min;
    r->mean_ns = mean;
    r->max_ns = max;
}

/* "0, Receive: 0, Length: 200, Exceptions: 0)", behind "(Connect:" */
static void take_failures(struct audit_result *r, struct slice rest)
{
    struct figure count;

    if (scan_count(&rest, &count))
        figure_add(&r->wrong, count);
    if (scan_find(&rest, "Receive:") && scan_count(&rest, &count))
        figure_add(&r->wrong, count);
    if (scan_find(&rest, "Length:") && scan_count(&rest, &count))
        r->other_length = count;
    if (scan_find(&rest, "Exceptions:") && scan_count(&rest, &count))
        figure_add(&r->wrong, count);
}

static void take_seconds(struct audit_result *r, struct slice rest)
{
    struct figure ns;

    if (scan_time(&rest, 1e9, &ns))
        r->seconds = figure_scaled(ns, 1e-9);
}

static void take(struct audit_result *r, struct slice line)
{
    struct slice rest = line;
    struct figure count;

    if (scan_after(&rest, "Document Path:")) {
        name_copy(r->path, slice_trim(rest));
    } else if (scan_after(&rest, "Concurrency Level:")) {
        (void)scan_count(&rest, &r->connections);
    } else if (scan_after(&rest, "Time taken for tests:")) {
        take_seconds(r, rest);
    } else if (scan_after(&rest, "Complete requests:")) {
        (void)scan_count(&rest, &r->requests);
        r->kept = FIGURE_COUNT(0); /* without -k the line below is not there */
    } else if (scan_after(&rest, "Keep-Alive requests:")) {
        (void)scan_count(&rest, &r->kept);
    } else if (scan_after(&rest, "Failed requests:")) {
        figure_add(&r->wrong, FIGURE_COUNT(0)); /* the line below says what kind they are */
    } else if (scan_after(&rest, "(Connect:")) {
        take_failures(r, rest);
    } else if (scan_after(&rest, "Non-2xx responses:")) {
        if (scan_count(&rest, &count))
            figure_add(&r->wrong, count);
    } else if (scan_after(&rest, "Total transferred:")) {
        (void)scan_bytes(&rest, &r->total_bytes);
    } else if (scan_after(&rest, "HTML transferred:")) {
        (void)scan_bytes(&rest, &r->body_bytes);
    } else if (scan_after(&rest, "Requests per second:")) {
        (void)scan_number(&rest, &r->rate_per_sec);
    } else if (scan_after(&rest, "Total:")) {
        take_total(r, rest);
    } else {
        (void)scan_percentile(line, 1e6, r);
    }
}

const struct tool tool_ab = {
    .name = "ab",
    .looked_for = "\"This is ApacheBench\"",
    .begins = begins,
    .take = take,
};
