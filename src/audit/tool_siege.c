/* siege, as text and as JSON. Its rate counts what succeeded; what failed stands beside it. */
#include "audit/scan_priv.h"
#include "audit/tools_priv.h"

#define HUNDREDTHS 0.005 /* siege prints two decimals; JSON has lost them */

static bool begins(struct slice line, const struct audit_result *r)
{
    return scan_after(&line, "Transactions:") && (r == NULL || figure_known(r->rate_per_sec));
}

static void take_seconds(struct slice rest, double factor, struct figure *ret)
{
    struct figure ns;

    if (scan_time(&rest, 1e9, &ns))
        *ret = figure_scaled(ns, factor);
}

/* Redirects make more successes than transactions. */
static void count_wrong(struct audit_result *r, struct figure good)
{
    if (figure_known(r->requests) && good.value < r->requests.value)
        r->wrong = FIGURE_COUNT(r->requests.value - good.value);
}

static void take(struct audit_result *r, struct slice line)
{
    struct slice rest = line;
    struct figure good;

    if (scan_after(&rest, "Transactions:"))
        (void)scan_count(&rest, &r->requests);
    else if (scan_after(&rest, "Elapsed time:"))
        take_seconds(rest, 1e-9, &r->seconds);
    else if (scan_after(&rest, "Data transferred:"))
        (void)scan_bytes(&rest, &r->body_bytes);
    else if (scan_after(&rest, "Response time:"))
        take_seconds(rest, 1, &r->mean_ns);
    else if (scan_after(&rest, "Transaction rate:"))
        (void)scan_number(&rest, &r->rate_per_sec);
    else if (scan_after(&rest, "Successful transactions:") && scan_count(&rest, &good))
        count_wrong(r, good);
    else if (scan_after(&rest, "Failed transactions:"))
        (void)scan_count(&rest, &r->lost);
    else if (scan_after(&rest, "Longest transaction:"))
        take_seconds(rest, 1, &r->max_ns);
    else if (scan_after(&rest, "Shortest transaction:"))
        take_seconds(rest, 1, &r->min_ns);
}

static bool take_json(struct audit_result *r, const json_t *document)
{
    if (json_object_get(document, "transactions") == NULL ||
        json_object_get(document, "availability") == NULL)
        return false;
    r->requests = json_figure(document, "transactions", 0, 1);
    r->seconds = json_figure(document, "elapsed_time", HUNDREDTHS, 1);
    r->body_bytes = json_figure(document, "data_transferred", HUNDREDTHS, 1024. * 1024);
    r->mean_ns = json_figure(document, "response_time", HUNDREDTHS, 1e9);
    r->rate_per_sec = json_figure(document, "transaction_rate", HUNDREDTHS, 1);
    r->lost = json_figure(document, "failed_transactions", 0, 1);
    r->max_ns = json_figure(document, "longest_transaction", HUNDREDTHS, 1e9);
    r->min_ns = json_figure(document, "shortest_transaction", HUNDREDTHS, 1e9);
    count_wrong(r, json_figure(document, "successful_transactions", 0, 1));
    return true;
}

const struct tool tool_siege = {
    .name = "siege",
    .looked_for = "\"Transactions:\" or its JSON",
    .begins = begins,
    .take = take,
    .take_json = take_json,
};
