#include "stats/moments.h"

#include <math.h>

#include "base/bug.h"

struct moments moments(const double *values, size_t n)
{
    struct moments m = { .n = n, .mean = (double)NAN, .sd = (double)NAN, .lag1 = (double)NAN };
    double count = (double)n, sum = 0, off = 0, squares = 0, products = 0;

    for (size_t i = 0; i < n; i++) {
        BUG_IF(!isfinite(values[i]));
        sum += values[i];
    }
    if (n == 0)
        return m;
    m.mean = sum / count;
    for (size_t i = 0; i < n; i++) {
        double d = values[i] - m.mean;

        off += d;
        squares += d * d;
        products += i > 0 ? d * (values[i - 1] - m.mean) : 0;
    }
    /* The mean was rounded, so the deviations do not quite sum to 0: what is left of them says by
     * how much. */
    m.mean += off / count;
    squares = fmax(0, squares - off * off / count);
    if (n > 1)
        m.sd = sqrt(squares / (count - 1));
    if (squares > 0)
        m.lag1 = products / squares;
    return m;
}
