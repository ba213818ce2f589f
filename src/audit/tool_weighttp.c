/* weighttp: the text of its first versions, the JSON of today's. Its rate counts what was done,
 * whether it succeeded or not. */
#include "audit/scan_priv.h"
#include "audit/tools_priv.h"

static bool begins(struct slice line, const struct audit_result *r)
{
    (void)r;
    return scan_after(&line, "finished in ") && scan_holds(line, " millisec and ");
}

/* "10 sec, 864 millisec and 227 microsec, 920 req/s, 457 kbyte/s" */
static void take_rate(struct audit_result *r, struct slice rest)
{
    struct figure s, ms, us;

    if (!scan_count(&rest, &s) || !scan_after(&rest, "sec, ") || !scan_count(&rest, &ms) ||
        !scan_after(&rest, "millisec and ") || !scan_count(&rest, &us) ||
        !scan_after(&rest, "microsec, "))
        return;
    r->seconds = (struct figure){ s.value + ms.value / 1e3 + us.value / 1e6, 0.5e-6 };
    (void)scan_number(&rest, &r->rate_per_sec);
}

/* "5090000 bytes total, 1590000 bytes http, 3500000 bytes data" */
static void take_traffic(struct audit_result *r, struct slice rest)
{
    struct figure bytes;

    while (scan_bytes(&rest, &bytes)) {
        if (scan_after(&rest, "total"))
            r->total_bytes = bytes;
        else if (scan_after(&rest, "data"))
            r->body_bytes = bytes;
        if (!scan_find(&rest, ","))
            return;
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
}

static void take_json_times(struct audit_result *r, const json_t *times)
{
    static const double percents[] = { 50, 66, 75, 80, 90, 95, 98, 99 };
    static const char *const keys[] = { "50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%" };
    const char *unit = json_string_value(json_object_get(times, "unit"));

    if (unit == NULL || strcmp(unit, "us") != 0)
        return;
    r->mean_ns = json_figure(times, "avg", 0.5, 1e3);
    r->min_ns = json_figure(times, "0%", 0.5, 1e3);
    r->max_ns = json_figure(times, "100%", 0.5, 1e3);
    r->samples = json_figure(times, "num", 0, 1);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct figure ns = json_figure(times, keys[i], 0.5, 1e3);

        if (figure_known(ns))
            add_percentile(r, percents[i], ns);
    }
}

static bool take_json(struct audit_result *r, const json_t *document)
{
    const json_t *counts = json_object_get(document, "request_counts");
    const json_t *answers = json_object_get(document, "response_counts");
    const json_t *traffic = json_object_get(document, "traffic");

    if (json_object_get(document, "reqs_per_sec") == NULL || counts == NULL)
        return false;
    r->rate_per_sec = json_figure(document, "reqs_per_sec", 0.5, 1);
    r->seconds = json_figure(document, "secs_elapsed", 0.5e-6, 1);
    r->requests = json_figure(counts, "retired", 0, 1);
    r->server_errors = json_figure(json_object_get(document, "status_codes"), "5xx", 0, 1);
    r->kept = json_figure(counts, "keep-alive", 0, 1);
    figure_add(&r->wrong, json_figure(answers, "fail", 0, 1));
    figure_add(&r->wrong, json_figure(answers, "errs", 0, 1));
    r->total_bytes = json_figure(traffic, "bytes_total", 0, 1);
    r->body_bytes = json_figure(traffic, "bytes_body", 0, 1);
    take_json_times(r, json_object_get(document, "total_times"));
    return true;
}

const struct tool tool_weighttp = {
    .name = "weighttp",
    .looked_for = "\"finished in 1 sec, 2 millisec and\" or its JSON",
    .begins = begins,
    .take = take,
    .take_json = take_json,
};
