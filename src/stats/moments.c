#include "stats/moments.h"

#include <math.h>

#include "base/bug.h"

/* Neumaier's sum: what rounding takes from the sum is kept beside it. */
struct sum {
    double value, lost;
};

static void add(struct sum *sum, double x)
{
    double total = sum->value + x;

    sum->lost += fabs(sum->value) >= fabs(x) ? (sum->value - total) + x : (x - total) + sum->value;
    sum->value = total;
}

static double total(const struct sum *sum)
{
    return sum->value + sum->lost;
}

struct moments moments(const double *values, size_t n)
{
    struct moments m = { .n = n, .mean = NAN, .sd = NAN, .lag1 = NAN };
    struct sum sum = { 0 }, off = { 0 }, squares = { 0 }, products = { 0 };
    double count = (double)n, spread;

    for (size_t i = 0; i < n; i++) {
        BUG_IF(!isfinite(values[i]));
        add(&sum, values[i]);
    }
    if (n == 0)
        return m;
    m.mean = total(&sum) / count;
    for (size_t i = 0; i < n; i++) {
        double d = values[i] - m.mean;

        add(&off, d);
        add(&squares, d * d);
        if (i > 0)
            add(&products, d * (values[i - 1] - m.mean));
    }
    /* The mean is rounded, so that the deviations do not quite sum to 0. */
    spread = fmax(0, total(&squares) - total(&off) * total(&off) / count);
    if (n > 1)
        m.sd = sqrt(spread / (count - 1));
    if (spread > 0)
        m.lag1 = total(&products) / spread;
    return m;
}
