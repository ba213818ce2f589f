/* wrk and wrk2, which prints the same and more; and wrk of 2013 ("Making 10000 requests to"). */
#include "audit/scan_priv.h"
#include "audit/tools_priv.h"

static bool begins(struct slice line, const struct audit_result *r)
{
    (void)r;
    if (scan_after(&line, "Running "))
        return scan_holds(line, " test @ ");
    return scan_after(&line, "Making ") && scan_holds(line, " requests to ");
}

/* "3.58ms    1.70ms  42.16ms   94.75%": mean, deviation, maximum. */
static void take_latency(struct audit_result *r, struct slice rest)
{
    struct figure mean, stdev, max;

    if (!scan_time(&rest, 0, &mean) || !scan_time(&rest, 0, &stdev) || !scan_time(&rest, 0, &max))
        return;
    r->mean_ns = mean;
    r->max_ns = max;
}

/* "268403 requests in 30.10s, 45.82MB read" */
static void take_books(struct audit_result *r, struct slice line)
{
    struct figure requests, ns;

    if (!scan_count(&line, &requests) || !scan_after(&line, "requests in "))
        return;
    r->requests = requests;
    if (scan_time(&line, 0, &ns))
        r->seconds = figure_scaled(ns, 1e-9);
    if (scan_after(&line, ", "))
        (void)scan_bytes(&line, &r->total_bytes);
}

/* "connect 0, read 0, write 0, timeout 256" */
static void take_socket_errors(struct audit_result *r, struct slice rest)
{
    struct figure count;

    do {
        (void)scan_word(&rest);
        if (scan_count(&rest, &count))
            figure_add(&r->lost, count);
    } while (scan_find(&rest, ","));
}

/* What only wrk2 prints: a rate was asked for, and its histogram holds what was waited for. */
static bool is_wrk2(struct slice line)
{
    return scan_after(&line, "Thread calibration:") || scan_holds(line, "(HdrHistogram");
}

static void take(struct audit_result *r, struct slice line)
{
    struct slice path, rest = line;
    struct figure threads, connections;

    if (begins(line, NULL)) {
        /* What stopped after so many requests ("Making ...") did not do it yet. */
        r->back_fills = scan_after(&rest, "Running ");
        if (scan_path(line, &path))
            name_copy(r->path, path);
    } else if (is_wrk2(line)) {
        r->tool = "wrk2";
        r->open_loop = true;
        r->back_fills = false;
        r->uncorrected = scan_holds(line, "Uncorrected Latency"); /* with -U */
    } else if (scan_after(&rest, "Latency ")) {
        take_latency(r, rest);
    } else if (scan_after(&rest, "Socket errors:")) {
        take_socket_errors(r, rest);
    } else if (scan_after(&rest, "Non-2xx or 3xx responses:")) {
        (void)scan_count(&rest, &r->wrong);
    } else if (scan_after(&rest, "Requests/sec:")) {
        (void)scan_number(&rest, &r->rate_per_sec);
    } else if (scan_find(&rest, "Total count    =")) {
        if (!r->uncorrected)
            (void)scan_count(&rest, &r->samples);
    } else if (scan_count(&rest, &threads) && scan_after(&rest, "threads and ")) {
        if (scan_count(&rest, &connections))
            r->connections = connections;
    } else if (r->uncorrected || !scan_percentile(line, 0, r)) {
        take_books(r, line);
    }
}

const struct tool tool_wrk = {
    .name = "wrk, wrk2",
    .looked_for = "\"Running 30s test @ URL\"",
    .begins = begins,
    .take = take,
};
