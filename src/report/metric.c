#include "report/metric_priv.h"

#include <math.h>

#include "base/bug.h"
#include "verdict/verdict.h"

struct description {
    const char *key, *option, *label, *more, *less;
};

static const struct description descriptions[METRICS] = {
    [METRIC_THROUGHPUT] = {"throughput_per_sec",         "throughput", "req/s",   "faster", "slower" },
    [METRIC_P50] = { "response_p50_ns",           "p50",        "p50",     "longer", "shorter"},
    [METRIC_P99] = { "response_p99_ns",           "p99",        "p99",     "longer", "shorter"},
    [METRIC_CPU] = { "server_cpu_ns_per_request", "cpu",        "CPU/req", "dearer", "cheaper"},
    [METRIC_MEMORY] = { "server_rss_bytes_peak",     "rss",        "memory",  "larger", "smaller"},
};

static double quantile(const struct trial_record *t, double q)
{
    const struct histogram *h = &t->tally.response;

    if (h->count == 0 || histogram_quantile_is_bound(h, q) || !histogram_quantile_is_reliable(h, q))
        return RECORD_UNKNOWN;
    return (double)histogram_quantile_ns(h, q);
}

double metric_of(const struct trial_record *t, enum metric metric)
{
    switch (metric) {
    case METRIC_THROUGHPUT:
        return record_throughput_per_sec(t);
    case METRIC_P50:
        return quantile(t, 0.5);
    case METRIC_P99:
        return quantile(t, 0.99);
    case METRIC_CPU:
        return record_server_cpu_ns_per_request(t);
    case METRIC_MEMORY:
        return t->server.rss_bytes_peak > 0 ? (double)t->server.rss_bytes_peak : RECORD_UNKNOWN;
    case METRICS:
        break;
    }
    BUG("metric out of range");
}

const struct check *metric_refused(const struct trial_record *t, enum metric metric)
{
    if (!metric_is_latency(metric))
        return verdict_refuses_throughput(&t->verdict);
    return verdict_refuses_percentile(t, metric == METRIC_P50 ? 0.5 : 0.99);
}

bool metric_is_latency(enum metric metric)
{
    return metric == METRIC_P50 || metric == METRIC_P99;
}

bool metric_depends_on_loop(enum metric metric)
{
    return metric_is_latency(metric) || metric == METRIC_THROUGHPUT;
}

bool metric_more_is_better(enum metric metric)
{
    return metric == METRIC_THROUGHPUT;
}

const char *metric_key(enum metric metric)
{
    return descriptions[metric].key;
}

const char *metric_short(enum metric metric)
{
    return descriptions[metric].option;
}

const char *metric_label(enum metric metric)
{
    return descriptions[metric].label;
}

const char *metric_more(enum metric metric)
{
    return descriptions[metric].more;
}

const char *metric_less(enum metric metric)
{
    return descriptions[metric].less;
}

struct number metric_number(enum metric metric, double value)
{
    if (isnan(value))
        return (struct number){ "–" };
    if (metric == METRIC_THROUGHPUT)
        return number_short(value);
    return metric == METRIC_MEMORY ? number_bytes(value) : number_duration(value);
}
