/* stats/histogram.h -- counts of durations, from 1 ns to 73 minutes, to within 0.1 %.
 *
 * Log-linear, the layout of HdrHistogram with 3 significant digits: values below 2048 ns have a
 * bucket each; above, every power of two is cut into 1024 equal buckets. A bucket of width w starts
 * at no less than 1024 w, so a value and the middle of its bucket differ by at most w/2, which is
 * 1/2048 = 0.049 % of the value; a value and its bucket's highest value by at most 1/1024 = 0.098
 * %.
 *
 *     index(v) = (e << 10) + (v >> e),   e = max(0, floor(log2 v) - 10)
 *
 * Counts are 64 bits wide. Nothing is clipped: a value above HISTOGRAM_MAX_NS is counted in
 * `too_large` (and in `max_ns`, exactly), a negative one, which is a bug of ours or a broken clock,
 * in `negative`. min, max and sum are exact.
 *
 * Right-censored samples (time-outs, requests unfinished at the end) are recorded at the age they
 * had reached, as lower bounds, through histogram_record_censored(). They belong to the
 * distribution; a quantile at or above the smallest of them is itself a lower bound.
 *
 * Fixed size (264 KiB), no allocation, owned by one thread; merging is exact. All zero is empty and
 * ready to use. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HISTOGRAM_MAX_NS  ((INT64_C(1) << 42) - 1)
#define HISTOGRAM_BUCKETS ((31 << 10) + 2048)

struct histogram {
    uint64_t count; /* of all samples: counts[] + too_large; negative ones are not among them */
    uint64_t too_large, negative;
    uint64_t censored;       /* of these, how many are lower bounds */
    int64_t censored_min_ns; /* the smallest of them; only with censored > 0 */
    int64_t min_ns, max_ns;  /* only with count > 0 */
    double sum_ns;           /* exact to 2^53 ns (104 days) in sum, then to 1e-16 a step */
    uint64_t counts[HISTOGRAM_BUCKETS];
};

/* Which bucket a value of 0 .. HISTOGRAM_MAX_NS falls into. */
static inline uint32_t histogram_index(int64_t value_ns)
{
    unsigned exponent = 53u - (unsigned)__builtin_clzll((uint64_t)value_ns | 2047u);

    return (uint32_t)(exponent << 10) + (uint32_t)((uint64_t)value_ns >> exponent);
}

/* The bucket's lowest value, and how many values it holds. */
int64_t histogram_bucket_low_ns(uint32_t index);
int64_t histogram_bucket_width_ns(uint32_t index);

/* The value that stands for all of a bucket: its middle; where a bucket holds one value, that one.
 */
int64_t histogram_bucket_middle_ns(uint32_t index);

/* Counts a sample that does not fit. Kept out of line: it is rare. */
void histogram_record_odd(struct histogram *h, int64_t value_ns);

static inline void histogram_record(struct histogram *h, int64_t value_ns)
{
    if (__builtin_expect((uint64_t)value_ns > (uint64_t)HISTOGRAM_MAX_NS, 0)) {
        histogram_record_odd(h, value_ns);
        return;
    }
    if (value_ns < h->min_ns || h->count == 0)
        h->min_ns = value_ns;
    if (value_ns > h->max_ns)
        h->max_ns = value_ns;
    h->count++;
    h->sum_ns += (double)value_ns;
    h->counts[histogram_index(value_ns)]++;
}

/* `times` samples of one value, as when a recorded histogram is read back. */
void histogram_record_many(struct histogram *h, int64_t value_ns, uint64_t times);

/* A sample known only to be at least `value_ns`. */
void histogram_record_censored(struct histogram *h, int64_t value_ns);

/* Adds what `from` counted. Exact. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The bucket midpoint at rank ceil(q * count) (1-based), kept within [min, max]; q in (0, 1].
 * 0 when empty. max_ns when the rank falls among the samples that were too large. */
int64_t histogram_quantile_ns(const struct histogram *h, double q);

double histogram_mean_ns(const struct histogram *h); /* 0 when empty */

/* Of the sample (n-1), from bucket midpoints; samples that were too large stand at max_ns. 0 below
 * two samples. */
double histogram_stdev_ns(const struct histogram *h);

/* True when the quantile is only a lower bound: a censored sample lies at or below it, so that the
 * true one may be larger. Print it with a >= in front. */
bool histogram_quantile_is_bound(const struct histogram *h, double q);

/* True when at least ten samples lie beyond the quantile: n (1 - q) >= 10. Fewer say too little to
 * print it (shared/spec/validity.md, T7). */
bool histogram_quantile_is_reliable(const struct histogram *h, double q);
