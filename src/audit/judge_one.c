/* What one result says about itself. Whatever is called impossible is so for every figure that
 * would have been printed as it was. */
#include <float.h>

#include "audit/judge_priv.h"

#define SUMS_SLACK  0.02
#define ORDER_SLACK 1e-9 /* of the arithmetic */
#define IDLE_SHARE  0.5
#define BEYOND_MIN  10   /* answers beyond a percentile, for it to be printed (spec: T7) */
#define COARSE      0.05 /* half a unit of the last digit, of the figure */

static double low(struct figure f)
{
    return f.value - f.half;
}

static double high(struct figure f)
{
    return f.value + f.half;
}

/* ---- Little's law ---- */

static void explain_in_flight(const struct audit_result *r, struct audit_finding *f)
{
    struct figure most = { audit_capacity(r) / r->rate_per_sec.value * 1e9, 0 };

    snprintf(f->means, sizeof(f->means), "the mean cannot be above %s%s", printed_time(most).text,
             r->back_fills ? "; wrk adds samples that it never took, and mean, deviation and "
                             "percentiles are of these"
                           : "; rate and latency are not of the same requests");
}

static void judge_in_flight(struct audit *audit, const struct audit_result *r)
{
    double most = audit_capacity(r);
    struct audit_finding *f;

    if (r->open_loop || !(most >= 1) || isnan(audit_in_flight(r)) || audit_fits(r))
        return;
    f = finding_add(audit, AUDIT_IN_FLIGHT, r);
    f->value = audit_in_flight(r);
    f->limit = most;
    f->unit = "requests";
    snprintf(f->what, sizeof(f->what), "%.1f requests in flight on %s connection%s", f->value,
             printed_count(r->connections.value).text, r->connections.value == 1 ? "" : "s");
    snprintf(f->arithmetic, sizeof(f->arithmetic), "%s/s × %s = %.1f, more than %s",
             printed_figure(r->rate_per_sec).text, printed_time(r->mean_ns).text, f->value,
             printed_count(most).text);
    explain_in_flight(r, f);
}

static void judge_idle(struct audit *audit, const struct audit_result *r)
{
    double most = high(r->rate_per_sec) * high(r->mean_ns) / 1e9, all = audit_capacity(r);
    struct audit_finding *f;

    if (r->open_loop || !(all >= 2) || !(most < all * IDLE_SHARE))
        return;
    f = finding_add(audit, AUDIT_IDLE, r);
    f->value = audit_in_flight(r);
    f->limit = all;
    f->unit = "requests";
    snprintf(f->what, sizeof(f->what), "%.1f requests in flight on %s connection%s", f->value,
             printed_count(r->connections.value).text, r->connections.value == 1 ? "" : "s");
    snprintf(f->arithmetic, sizeof(f->arithmetic), "%s/s × %s = %.1f of %s",
             printed_figure(r->rate_per_sec).text, printed_time(r->mean_ns).text, f->value,
             printed_count(all).text);
    snprintf(f->means, sizeof(f->means),
             "the others were waiting where the latency does not look: connecting, or for the "
             "client");
}

/* ---- sums and order ---- */

static bool near(double rate, double half, double count, struct figure seconds)
{
    double most = count / low(seconds), least = count / high(seconds);

    return rate + half >= least * (1 - SUMS_SLACK) && rate - half <= most * (1 + SUMS_SLACK);
}

static void judge_sums(struct audit *audit, const struct audit_result *r)
{
    struct audit_finding *f;
    double wrong = figure_known(r->wrong) ? r->wrong.value : 0;

    if (!figure_known(r->requests) || !(low(r->seconds) > 0))
        return;
    if (near(r->rate_per_sec.value, r->rate_per_sec.half, r->requests.value, r->seconds) ||
        near(r->rate_per_sec.value, r->rate_per_sec.half, r->requests.value - wrong, r->seconds))
        return;
    f = finding_add(audit, AUDIT_SUMS, r);
    f->value = r->rate_per_sec.value;
    f->limit = r->requests.value / r->seconds.value;
    f->unit = "1/s";
    snprintf(f->what, sizeof(f->what), "the rate is not its own requests by its own seconds");
    snprintf(f->arithmetic, sizeof(f->arithmetic), "%s / %.6g s = %.6g/s, printed is %s/s",
             printed_count(r->requests.value).text, r->seconds.value, f->limit,
             printed_figure(r->rate_per_sec).text);
    snprintf(f->means, sizeof(f->means), "one of the three figures was changed or copied wrongly");
}

static void say_order(struct audit *audit, const struct audit_result *r, const char *small,
                      struct figure a, const char *large, struct figure b)
{
    struct audit_finding *f;

    if (!(low(a) > high(b) * (1 + ORDER_SLACK)))
        return;
    f = finding_add(audit, AUDIT_ORDER, r);
    f->value = a.value;
    f->limit = b.value;
    f->unit = "ns";
    snprintf(f->what, sizeof(f->what), "%s is above %s", small, large);
    snprintf(f->arithmetic, sizeof(f->arithmetic), "%s > %s", printed_time(a).text,
             printed_time(b).text);
    snprintf(f->means, sizeof(f->means), "these are not figures of one distribution");
}

static const char *percent_name(double q, char ret_name[16])
{
    snprintf(ret_name, 16, "p%.7g", q * 100);
    return ret_name;
}

/* The first that breaks the order is told; the rest follows from it. */
static void judge_order(struct audit *audit, const struct audit_result *r)
{
    size_t before = audit->finding_count;
    char small[16], large[16];

    say_order(audit, r, "the mean", r->mean_ns, "the maximum", r->max_ns);
    if (audit->finding_count == before)
        say_order(audit, r, "the minimum", r->min_ns, "the mean", r->mean_ns);
    for (size_t i = 0; i < r->percentile_count && audit->finding_count == before; i++) {
        const struct percentile *p = &r->percentiles[i];

        percent_name(p->q, small);
        say_order(audit, r, small, p->ns, "the maximum", r->max_ns);
        for (size_t j = 0; j < r->percentile_count && audit->finding_count == before; j++)
            if (r->percentiles[j].q > p->q)
                say_order(audit, r, small, p->ns, percent_name(r->percentiles[j].q, large),
                          r->percentiles[j].ns);
    }
}

/* ---- errors ---- */

static void judge_errors(struct audit *audit, const struct audit_result *r)
{
    char whose[100] = "";
    struct audit_finding *f;

    if (!audit_rate_has_errors(r))
        return;
    f = finding_add(audit, AUDIT_ERRORS, r);
    f->value = r->rate_per_sec.value;
    f->limit = audit_good_per_sec(r);
    f->unit = "1/s";
    if (r->server_errors.value > 0)
        snprintf(whose, sizeof(whose), " (%s of 5xx)", printed_count(r->server_errors.value).text);
    snprintf(f->what, sizeof(f->what),
             "errors%s are inside the rate: %.1f right answers a second, not %s", whose, f->limit,
             printed_figure(r->rate_per_sec).text);
    snprintf(f->arithmetic, sizeof(f->arithmetic), "(%s − %s wrong) / %.6g s = %.1f/s",
             printed_count(r->requests.value).text, printed_count(r->wrong.value).text,
             r->seconds.value, f->limit);
    snprintf(f->means, sizeof(f->means), "%.1f %% of this throughput are failures",
             100 * r->wrong.value / r->requests.value);
}

static void judge_left_out(struct audit *audit, const struct audit_result *r)
{
    double beside = figure_known(r->lost) ? r->lost.value : 0;
    bool told = !(r->wrong.value > 0) || audit_rate_has_errors(r);
    double all = r->requests.value + beside;
    struct audit_finding *f;

    beside += told ? 0 : r->wrong.value;
    if (beside == 0)
        return;
    f = finding_add(audit, AUDIT_LEFT_OUT, r);
    f->value = beside;
    f->unit = "requests";
    snprintf(f->what, sizeof(f->what), "%s request%s failed or timed out",
             printed_count(beside).text, beside == 1 ? "" : "s");
    if (all > 0) {
        f->limit = all;
        snprintf(f->arithmetic, sizeof(f->arithmetic), "%s of %s: %.1f %%",
                 printed_count(beside).text, printed_count(all).text, 100 * beside / all);
    }
    snprintf(f->means, sizeof(f->means), "%s",
             told || figure_known(r->seconds) ? "neither the rate nor the latencies show it"
                                              : "nothing tells whether the rate counts them");
}

/* ApacheBench calls every answer failed that is not as long as the first one. */
static void judge_lengths(struct audit *audit, const struct audit_result *r)
{
    double other = r->other_length.value - (figure_known(r->wrong) ? r->wrong.value : 0);
    struct audit_finding *f;

    if (!(other > 0) || !(r->seconds.value > 0))
        return;
    f = finding_add(audit, AUDIT_LENGTHS, r);
    f->value = other;
    f->limit = r->requests.value;
    f->unit = "answers";
    snprintf(f->what, sizeof(f->what), "%s of %s answers were not as long as the first",
             printed_count(other).text, printed_count(r->requests.value).text);
    snprintf(f->arithmetic, sizeof(f->arithmetic),
             "if they are errors: (%s − %s) / %.6g s = %.1f/s, not %s",
             printed_count(r->requests.value).text, printed_count(other).text, r->seconds.value,
             (r->requests.value - other) / r->seconds.value, printed_figure(r->rate_per_sec).text);
    snprintf(f->means, sizeof(f->means), "either the page changes, or these are errors: look");
}

/* ---- figures that say little ---- */

/* wrk fills in what it thinks was left out: for a sample x, samples x − E, x − 2E, ... above E,
 * where E is the mean time between two answers of a connection. */
static void judge_synthetic(struct audit *audit, const struct audit_result *r)
{
    double expected_ns = r->connections.value / r->rate_per_sec.value * 1e9;
    double steps = floor(low(r->max_ns) / expected_ns);
    struct audit_finding *f;

    if (!r->back_fills || !(steps > 2) || !isfinite(steps))
        return;
    f = finding_add(audit, AUDIT_SYNTHETIC, r);
    f->value = steps - 1;
    f->unit = "samples";
    snprintf(f->what, sizeof(f->what), "its latencies hold samples that were never taken");
    snprintf(f->arithmetic, sizeof(f->arithmetic),
             "wrk expects an answer every %s / %s/s = %s, and for the one of %s it adds %s samples",
             printed_count(r->connections.value).text, printed_figure(r->rate_per_sec).text,
             printed_time((struct figure){ expected_ns, 0 }).text, printed_time(r->max_ns).text,
             printed_count(f->value).text);
    snprintf(f->means, sizeof(f->means),
             "mean, deviation and percentiles are not only of what was measured");
}

static void judge_samples(struct audit *audit, const struct audit_result *r)
{
    double n = figure_known(r->samples) ? r->samples.value : r->requests.value;
    const struct percentile *first = NULL;
    struct audit_finding *f;
    char name[16];

    for (size_t i = 0; i < r->percentile_count; i++) {
        const struct percentile *p = &r->percentiles[i];

        if (p->q < 1 && n * (1 - p->q) < BEYOND_MIN * (1 - 1e-9) &&
            (first == NULL || p->q < first->q))
            first = p;
    }
    if (first == NULL)
        return;
    f = finding_add(audit, AUDIT_SAMPLES, r);
    f->value = n * (1 - first->q);
    f->limit = BEYOND_MIN;
    f->unit = "answers";
    snprintf(f->what, sizeof(f->what), "%s and above rest on too few samples",
             percent_name(first->q, name));
    snprintf(f->arithmetic, sizeof(f->arithmetic), "%s × %.7g %% = %.2g answers beyond it",
             printed_count(n).text, 100 * (1 - first->q), f->value);
    snprintf(f->means, sizeof(f->means), "it would take %s samples; this is chance",
             printed_count(ceil(BEYOND_MIN / (1 - first->q) * (1 - 1e-9))).text);
}

static void judge_rounding(struct audit *audit, const struct audit_result *r)
{
    struct figure mean = r->mean_ns;
    struct audit_finding *f;

    if (!figure_known(mean) || mean.half == 0 || mean.half < COARSE * mean.value)
        return;
    f = finding_add(audit, AUDIT_ROUNDING, r);
    f->value = mean.half;
    f->limit = mean.value;
    f->unit = "ns";
    snprintf(f->what, sizeof(f->what), "the mean latency is printed as %s, in steps of %s",
             printed_time(mean).text, printed_time((struct figure){ mean.half * 2, 0 }).text);
    if (mean.value == 0)
        snprintf(f->arithmetic, sizeof(f->arithmetic), "anything below %s prints so",
                 printed_time((struct figure){ mean.half, 0 }).text);
    else
        snprintf(f->arithmetic, sizeof(f->arithmetic), "± %s of %s is ± %.0f %%",
                 printed_time((struct figure){ mean.half, 0 }).text, printed_time(mean).text,
                 100 * mean.half / mean.value);
    snprintf(f->means, sizeof(f->means), "the rounding hides what differs less");
}

void judge_one(struct audit *audit, const struct audit_result *r)
{
    judge_in_flight(audit, r);
    judge_sums(audit, r);
    judge_order(audit, r);
    judge_errors(audit, r);
    judge_lengths(audit, r);
    judge_synthetic(audit, r);
    judge_samples(audit, r);
    judge_rounding(audit, r);
    judge_left_out(audit, r);
    judge_idle(audit, r);
}
