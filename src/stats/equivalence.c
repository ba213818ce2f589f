#include "stats/equivalence.h"

#include <math.h>

#include "base/bug.h"

static void check(size_t n, struct margin margin, double alpha)
{
    BUG_IF(n == 0 || n > SHIFT_MAX);
    BUG_IF(!(margin.low < margin.high));
    BUG_IF(!(alpha > 0 && alpha < 0.5));
}

static void move(const double *values, size_t n, double by, double *ret_moved)
{
    for (size_t i = 0; i < n; i++)
        ret_moved[i] = values[i] - by;
}

static bool inside(const struct shift *shift, struct margin margin)
{
    return shift->bounded && shift->low > margin.low && shift->high < margin.high;
}

struct equivalence equivalence_paired(const double *differences, size_t n, struct margin margin,
                                      double alpha)
{
    struct equivalence e;
    double moved[SHIFT_MAX];

    check(n, margin, alpha);
    e.shift = shift_paired(differences, n, 1 - 2 * alpha);
    e.shown = inside(&e.shift, margin);
    move(differences, n, margin.low, moved);
    e.p = ranktest_signed(moved, n).p_greater;
    move(differences, n, margin.high, moved);
    e.p = fmax(e.p, ranktest_signed(moved, n).p_less);
    return e;
}

struct equivalence equivalence_two(const double *a, size_t a_n, const double *b, size_t b_n,
                                   struct margin margin, double alpha)
{
    struct equivalence e;
    double moved[SHIFT_MAX];

    check(a_n, margin, alpha);
    check(b_n, margin, alpha);
    e.shift = shift_two(a, a_n, b, b_n, 1 - 2 * alpha);
    e.shown = inside(&e.shift, margin);
    move(a, a_n, margin.low, moved);
    e.p = ranktest_two(moved, a_n, b, b_n).p_greater;
    move(a, a_n, margin.high, moved);
    e.p = fmax(e.p, ranktest_two(moved, a_n, b, b_n).p_less);
    return e;
}
