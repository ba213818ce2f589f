#include "stats/histogram.h"

#include <math.h>

#include "base/bug.h"

/* Ten samples beyond a quantile: fewer say too little about it. */
#define BEYOND_MIN 10.0

static unsigned bucket_exponent(uint32_t index)
{
    BUG_IF(index >= HISTOGRAM_BUCKETS);
    return index < 2048 ? 0 : (index >> 10) - 1;
}

int64_t histogram_bucket_low_ns(uint32_t index)
{
    unsigned exponent = bucket_exponent(index);

    return (int64_t)(index - (exponent << 10)) << exponent;
}

int64_t histogram_bucket_width_ns(uint32_t index)
{
    return INT64_C(1) << bucket_exponent(index);
}

int64_t histogram_bucket_middle_ns(uint32_t index)
{
    return histogram_bucket_low_ns(index) + histogram_bucket_width_ns(index) / 2;
}

void histogram_record_many(struct histogram *h, int64_t value_ns, uint64_t times)
{
    if (times == 0)
        return;
    if (value_ns < 0) {
        h->negative += times;
        return;
    }
    if (value_ns < h->min_ns || h->count == 0)
        h->min_ns = value_ns;
    if (value_ns > h->max_ns)
        h->max_ns = value_ns;
    h->count += times;
    h->sum_ns += (double)value_ns * (double)times;
    if (value_ns > HISTOGRAM_MAX_NS)
        h->too_large += times;
    else
        h->counts[histogram_index(value_ns)] += times;
}

void histogram_record_odd(struct histogram *h, int64_t value_ns)
{
    histogram_record_many(h, value_ns, 1);
}

void histogram_record_censored(struct histogram *h, int64_t value_ns)
{
    histogram_record(h, value_ns);
    if (value_ns < 0)
        return;
    if (value_ns < h->censored_min_ns || h->censored == 0)
        h->censored_min_ns = value_ns;
    h->censored++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (from->count > 0 && (from->min_ns < into->min_ns || into->count == 0))
        into->min_ns = from->min_ns;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    if (from->censored > 0 &&
        (from->censored_min_ns < into->censored_min_ns || into->censored == 0))
        into->censored_min_ns = from->censored_min_ns;
    into->count += from->count;
    into->too_large += from->too_large;
    into->negative += from->negative;
    into->censored += from->censored;
    into->sum_ns += from->sum_ns;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->counts[i] += from->counts[i];
}

/* The 1-based rank ceil(q * count). The decimal 0.55 has no exact double, and 0.55 * 100 is a hair
 * above 55: that hair, at most 1.5 * 2^-53 of the product, must not become a rank. */
static uint64_t rank_of(const struct histogram *h, double q)
{
    uint64_t rank;

    BUG_IF(!(q > 0 && q <= 1));
    rank = (uint64_t)ceil(q * (double)h->count * (1 - 0x1p-51));
    return rank > 0 ? rank : 1;
}

/* The bucket of that rank, or HISTOGRAM_BUCKETS when it is among those that were too large. */
static uint32_t bucket_of(const struct histogram *h, uint64_t rank)
{
    uint64_t seen = 0;
    uint32_t index = 0;

    while (index < HISTOGRAM_BUCKETS && (seen += h->counts[index]) < rank)
        index++;
    return index;
}

int64_t histogram_quantile_ns(const struct histogram *h, double q)
{
    uint32_t index;
    int64_t middle_ns;

    if (h->count == 0)
        return 0;
    index = bucket_of(h, rank_of(h, q));
    if (index == HISTOGRAM_BUCKETS)
        return h->max_ns;
    middle_ns = histogram_bucket_middle_ns(index);
    if (middle_ns < h->min_ns)
        return h->min_ns;
    return middle_ns > h->max_ns ? h->max_ns : middle_ns;
}

bool histogram_quantile_is_bound(const struct histogram *h, double q)
{
    if (h->censored == 0)
        return false;
    /* Whole buckets are compared: which of two values in one bucket is larger is not known, and to
     * call a figure a bound too often is the honest mistake. */
    if (h->censored_min_ns > HISTOGRAM_MAX_NS)
        return bucket_of(h, rank_of(h, q)) == HISTOGRAM_BUCKETS;
    return bucket_of(h, rank_of(h, q)) >= histogram_index(h->censored_min_ns);
}

bool histogram_quantile_is_reliable(const struct histogram *h, double q)
{
    /* 1 - 0.9999 is short of 0.0001 by 1e-12 of it; 1e5 samples are meant to be enough. */
    return (double)h->count * (1 - q) >= BEYOND_MIN * (1 - 1e-9);
}

double histogram_mean_ns(const struct histogram *h)
{
    return h->count > 0 ? h->sum_ns / (double)h->count : 0;
}

/* Two passes: the textbook's sum of squares loses everything when the spread is small beside the
 * mean. Around the mean of the midpoints, so that equal samples have no deviation. */
double histogram_stdev_ns(const struct histogram *h)
{
    double count = (double)h->count;
    double sum = (double)h->max_ns * (double)h->too_large;
    double mean, squares;

    if (h->count < 2)
        return 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (h->counts[i] > 0)
            sum += (double)histogram_bucket_middle_ns(i) * (double)h->counts[i];
    mean = sum / count;
    squares = pow((double)h->max_ns - mean, 2) * (double)h->too_large;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (h->counts[i] > 0)
            squares += pow((double)histogram_bucket_middle_ns(i) - mean, 2) * (double)h->counts[i];
    return sqrt(squares / (count - 1));
}
