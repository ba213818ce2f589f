#include "store/samples.h"

#include <math.h>

#include "base/bug.h"
#include "stats/interval.h"
#include "stats/spread.h"

/* Seconds are put together into so many batches: enough to see their scatter, long enough to be
 * independent of each other. spec T6. */
#define BATCHES_MAX 32
#define BEYOND_MIN  10.0 /* spec T7: fewer say too little to print it */
#define CONFIDENCE  0.95

const struct samples_percentile SAMPLES_PERCENTILE[SAMPLES_PERCENTILES] = {
    {0.5,     "p50"   },
    { 0.9,    "p90"   },
    { 0.99,   "p99"   },
    { 0.999,  "p99.9" },
    { 0.9999, "p99.99"},
};

/* The seconds of a window, put together into batches. */
struct batches {
    size_t count;
    uint64_t n; /* of all */
    uint64_t counts[BATCHES_MAX], above[BATCHES_MAX];
};

/* Seconds have coarse buckets, so their quantile is one of the borders between them: the last
 * bucket of those below it, with the share of all answers that lie below. There is none where all
 * are in one bucket. */
static bool border_near(const struct tally *t, double q, uint32_t *ret_last, double *ret_below)
{
    uint64_t counts[SECOND_BUCKETS] = { 0 };
    uint64_t n = 0, below = 0;
    bool found = false;

    for (uint32_t s = 0; s < t->second_count; s++)
        for (uint32_t i = 0; i < SECOND_BUCKETS; i++) {
            counts[i] += t->seconds[s].counts[i];
            n += t->seconds[s].counts[i];
        }
    for (uint32_t i = 0; i < SECOND_BUCKETS; i++) {
        double share;

        below += counts[i];
        if (below == 0 || below == n)
            continue;
        share = (double)below / (double)n;
        if (found && fabs(share - q) >= fabs(*ret_below - q))
            continue;
        found = true;
        *ret_last = i;
        *ret_below = share;
    }
    return found;
}

static struct batches batches_of(const struct tally *t, uint32_t last_below)
{
    struct batches b = { .count = t->second_count < BATCHES_MAX ? t->second_count : BATCHES_MAX };

    for (uint32_t s = 0; s < t->second_count; s++) {
        size_t batch = (size_t)s * b.count / t->second_count;

        for (uint32_t i = 0; i < SECOND_BUCKETS; i++) {
            b.counts[batch] += t->seconds[s].counts[i];
            b.above[batch] += i > last_below ? t->seconds[s].counts[i] : 0;
            b.n += t->seconds[s].counts[i];
        }
    }
    return b;
}

/* Where all answers lie within one bucket, 3 % wide, no dependence could move a quantile by more
 * than that: they are worth what they are. */
static double effective(const struct trial_record *t, double q)
{
    double n = (double)t->tally.response.count;
    struct batches batches;
    uint32_t last_below;
    double below, worth;

    if (t->tally.second_count < EFFECTIVE_BATCHES_MIN || n < 1)
        return RECORD_UNKNOWN;
    if (!border_near(&t->tally, q, &last_below, &below))
        return n;
    batches = batches_of(&t->tally, last_below);
    worth = effective_samples(batches.above, batches.counts, batches.count, below);
    return n * worth / (double)batches.n;
}

double samples_worth(const struct trial_record *t, double q)
{
    double known = effective(t, q);

    return isnan(known) ? (double)t->tally.response.count : known;
}

bool samples_enough(double worth, double q)
{
    return worth * (1 - q) >= BEYOND_MIN * (1 - 1e-9); /* 1 - 0.9999 falls short */
}

static void set_interval(const struct histogram *h, double n, struct samples_quantile *s)
{
    uint64_t whole = (uint64_t)n;
    struct ranks ranks;

    if (whole == 0)
        return;
    ranks = interval_ranks(whole, s->q, CONFIDENCE);
    /* Ranks of the effective samples are shares of all. */
    if (ranks.lower >= 1)
        s->low_ns = histogram_quantile_ns(h, (double)ranks.lower / (double)whole);
    if (ranks.upper > whole)
        return;
    s->high_ns = histogram_quantile_ns(h, (double)ranks.upper / (double)whole);
    s->bounded = !histogram_quantile_is_bound(h, (double)ranks.upper / (double)whole);
}

struct samples_quantile samples_pooled(const struct histogram *h, double worth, double q)
{
    struct samples_quantile s = { .q = q, .effective = worth };

    BUG_IF(!(q > 0 && q < 1));
    if (h->count == 0)
        return s;
    s.value_ns = histogram_quantile_ns(h, q);
    s.is_bound = histogram_quantile_is_bound(h, q);
    s.reliable = samples_enough(worth, q);
    set_interval(h, worth, &s);
    return s;
}

struct samples_quantile samples_quantile(const struct trial_record *t, double q)
{
    struct samples_quantile s = samples_pooled(&t->tally.response, samples_worth(t, q), q);

    s.effective = effective(t, q);
    return s;
}

double samples_half_width(const struct samples_quantile *s)
{
    return s->bounded ? (double)(s->high_ns - s->low_ns) / 2 / (double)s->value_ns
                      : (double)INFINITY;
}

uint64_t samples_needed(double q)
{
    BUG_IF(!(q > 0 && q < 1));
    return (uint64_t)llround(BEYOND_MIN / (1 - q));
}
