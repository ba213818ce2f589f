/* oha and gcannon, as JSON; oha's text is read by hey's reader. */
#include "audit/scan_priv.h"
#include "audit/tools_priv.h"

#define WHOLE 0.5 /* gcannon prints whole microseconds */

struct figure json_figure(const json_t *object, const char *key, double half, double factor)
{
    const json_t *value = json_object_get(object, key);
    double number = json_number_value(value);

    if (!json_is_number(value) || !isfinite(number) || number < 0)
        return FIGURE_UNKNOWN;
    return figure_scaled((struct figure){ number, half }, factor);
}

/* ---- oha ---- */

/* {"200": 100, "500": 3}; or errors by their text, which are wrong unless oha's own deadline cut
 * them off. */
static void count_answers(struct audit_result *r, json_t *counts, bool statuses)
{
    const char *key;
    json_t *value;

    json_object_foreach(counts, key, value)
    {
        struct slice digits = slice_of(key);
        struct figure status = FIGURE_UNKNOWN, count = json_figure(counts, key, 0, 1);
        bool wrong;

        (void)scan_count(&digits, &status);
        wrong = statuses ? status.value >= 400 : strcmp(key, "aborted due to deadline") != 0;
        figure_add(&r->requests, count);
        figure_add(&r->wrong, wrong ? count : FIGURE_COUNT(0));
        if (statuses && status.value >= 500)
            figure_add(&r->server_errors, count);
    }
}

/* {"p50": 0.0011, ...}, in seconds */
static void take_percentiles(struct audit_result *r, json_t *percentiles)
{
    const char *key;
    json_t *value;

    json_object_foreach(percentiles, key, value)
    {
        struct slice name = slice_of(key);
        struct figure percent, ns = json_figure(percentiles, key, 0, 1e9);

        if (figure_known(ns) && scan_after(&name, "p") && scan_number(&name, &percent))
            add_percentile(r, percent.value, ns);
    }
}

static bool take_oha(struct audit_result *r, const json_t *document)
{
    const json_t *summary = json_object_get(document, "summary");

    if (json_object_get(summary, "requestsPerSec") == NULL)
        return false;
    r->rate_per_sec = json_figure(summary, "requestsPerSec", 0, 1);
    r->seconds = json_figure(summary, "total", 0, 1);
    r->mean_ns = json_figure(summary, "average", 0, 1e9);
    r->min_ns = json_figure(summary, "fastest", 0, 1e9);
    r->max_ns = json_figure(summary, "slowest", 0, 1e9);
    r->body_bytes = json_figure(summary, "totalData", 0, 1);
    take_percentiles(r, json_object_get(document, "latencyPercentiles"));
    count_answers(r, json_object_get(document, "statusCodeDistribution"), true);
    count_answers(r, json_object_get(document, "errorDistribution"), false);
    return true;
}

const struct tool tool_oha = {
    .name = "oha",
    .looked_for = "\"Success rate:\" or its JSON",
    .take_json = take_oha,
};

/* ---- gcannon ---- */

static void count_wrong(struct audit_result *r, const json_t *statuses)
{
    static const char *const keys[] = { "4xx", "5xx", "other" };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        figure_add(&r->wrong, json_figure(statuses, keys[i], 0, 1));
}

static void count_lost(struct audit_result *r, const json_t *errors)
{
    static const char *const keys[] = { "connect", "read", "timeout" };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        figure_add(&r->lost, json_figure(errors, keys[i], 0, 1));
}

static void take_gcannon_times(struct audit_result *r, const json_t *times)
{
    static const double percents[] = { 50, 90, 99, 99.9 };
    static const char *const keys[] = { "p50", "p90", "p99", "p999" };

    r->mean_ns = json_figure(times, "avg", WHOLE, 1e3);
    r->samples = json_figure(times, "samples", 0, 1);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct figure ns = json_figure(times, keys[i], WHOLE, 1e3);

        if (figure_known(ns))
            add_percentile(r, percents[i], ns);
    }
}

static bool take_gcannon(struct audit_result *r, const json_t *document)
{
    struct figure reconnects;

    if (json_object_get(document, "rps") == NULL || json_object_get(document, "latency_us") == NULL)
        return false;
    r->connections = json_figure(document, "connections", 0, 1);
    r->streams = json_figure(document, "pipeline_depth", 0, 1);
    r->rate_per_sec = json_figure(document, "rps", 0.005, 1);
    r->seconds = json_figure(document, "elapsed_sec", 0.0005, 1);
    r->requests = json_figure(document, "responses", 0, 1);
    r->total_bytes = json_figure(document, "bytes_read", 0, 1);
    reconnects = json_figure(document, "reconnects", 0, 1);
    if (figure_known(reconnects) && reconnects.value <= r->requests.value)
        r->kept = FIGURE_COUNT(r->requests.value - reconnects.value);
    r->server_errors = json_figure(json_object_get(document, "status"), "5xx", 0, 1);
    count_wrong(r, json_object_get(document, "status"));
    count_lost(r, json_object_get(document, "errors"));
    take_gcannon_times(r, json_object_get(document, "latency_us"));
    return true;
}

const struct tool tool_gcannon = {
    .name = "gcannon",
    .looked_for = "its JSON",
    .take_json = take_gcannon,
};
