#include "verdict/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "stats/equivalence.h"
#include "stats/moments.h"
#include "stats/ranktest.h"

#define CONFIDENCE (1 - COMPARE_ALPHA)

/* For planning only. With values that are normally distributed, ranks need pi/3 times as many
 * blocks as the mean does; and a plan should succeed in four of five cases, not in one of two. */
#define RANKS_COST (M_PI / 3)
#define POWER      0.80

/* ---- one pair ---- */

static bool has_log(double value)
{
    return value > 0 && isfinite(value);
}

static struct margin within(double floor)
{
    BUG_IF(!(floor > 0 && isfinite(floor)));
    return (struct margin){ -log1p(floor), log1p(floor) };
}

static struct difference not_seen(double floor)
{
    return (struct difference){ .b = 1,
                                .floor = floor,
                                .ratio = (double)NAN,
                                .low = (double)NAN,
                                .high = (double)NAN,
                                .spread = (double)NAN,
                                .p = 1,
                                .p_holm = 1,
                                .finding = FINDING_NOT_SHOWN };
}

static void take_shift(struct difference *d, const struct shift *shift)
{
    d->ratio = exp(shift->estimate);
    d->bounded = shift->bounded;
    d->low = shift->bounded ? exp(shift->low) : (double)NAN;
    d->high = shift->bounded ? exp(shift->high) : (double)NAN;
}

/* From the logarithms of the ratios in each block. */
static struct difference of_blocks(const double *logs, size_t n, double floor)
{
    struct difference d = not_seen(floor);
    struct shift shift;

    d.paired = true;
    d.blocks = n;
    if (n == 0)
        return d;
    shift = shift_paired(logs, n, CONFIDENCE);
    take_shift(&d, &shift);
    d.spread = moments(logs, n).sd;
    d.same = equivalence_paired(logs, n, within(floor), COMPARE_ALPHA).shown;
    d.p = d.p_holm = ranktest_signed(logs, n).p_two;
    return d;
}

/* ---- how many more ---- */

/* How far from the middle of the normal distribution so much of it lies below, share above 0.5. */
static double normal_quantile(double share)
{
    double low = 0, high = 40;

    for (int i = 0; i < 100; i++) {
        double z = (low + high) / 2;

        if (erfc(z / M_SQRT2) / 2 > 1 - share)
            low = z;
        else
            high = z;
    }
    return high;
}

/* So many blocks until something of size `gap` is seen in a test at `alpha`, one-sided. */
static double blocks_to_see(double gap, double spread, double alpha)
{
    double z = (normal_quantile(1 - alpha) + normal_quantile(POWER)) * spread / gap;

    return RANKS_COST * z * z;
}

/* The fewest on each side with which Mann-Whitney can be below alpha: 2 / C(2n, n) <= alpha. */
static double samples_needed(double alpha)
{
    double n = 1, ways = 2;

    while (2 / ways > alpha) {
        ways *= 2 * (2 * n + 1) / (n + 1);
        n++;
    }
    return n;
}

static double fewest(bool paired, size_t comparisons, double alpha)
{
    return paired ? (double)ranktest_pairs_needed(comparisons, alpha)
                  : samples_needed(alpha / (double)comparisons);
}

/* If ratio r and spread s are what they seem to be, with r = |log ratio| and f = log(1 + floor):
 *   r > f: a difference. The end of the 95 % interval has to clear the floor, a way of r - f; and
 *          Holm's first step, at alpha / comparisons, has to see r.
 *   r < f: the same. Both ends of the 90 % interval have to stay within the floor: a way of f - r.
 * A way w is seen with n = pi/3 ((z of the test + z of the power) s / w)^2 blocks, and never with
 * fewer than the test itself needs. The nearer r is to f, the more; at f no number will do. */
static size_t blocks_needed(const struct difference *d, size_t comparisons)
{
    double r = fabs(log(d->ratio)), f = log1p(d->floor), n;

    if (isnan(d->spread))
        return 0;
    if (r > f) {
        n = fmax(blocks_to_see(r - f, d->spread, COMPARE_ALPHA / 2),
                 blocks_to_see(r, d->spread, COMPARE_ALPHA / 2 / (double)comparisons));
        n = fmax(n, fewest(d->paired, comparisons, COMPARE_ALPHA));
    } else {
        n = fmax(blocks_to_see(f - r, d->spread, COMPARE_ALPHA),
                 fewest(d->paired, 1, 2 * COMPARE_ALPHA));
    }
    n = fmax(ceil(n), (double)d->blocks + 1); /* with these it was not shown */
    return n <= COMPARE_BLOCKS_MAX ? (size_t)n : 0;
}

/* ---- the finding ---- */

static void find(struct difference *d, double p_holm, size_t comparisons)
{
    bool real = d->bounded && p_holm < COMPARE_ALPHA;

    d->p_holm = p_holm;
    if (real && d->low > 1 + d->floor)
        d->finding = FINDING_MORE;
    else if (real && d->high < 1 / (1 + d->floor))
        d->finding = FINDING_LESS;
    else
        d->finding = d->same ? FINDING_SAME : FINDING_NOT_SHOWN;
    d->blocks_needed = d->finding == FINDING_NOT_SHOWN ? blocks_needed(d, comparisons) : 0;
}

bool compare_together(struct difference *differences, size_t count, struct error *err)
{
    double *p = calloc(count > 0 ? count : 1, sizeof(p[0]));

    if (p == NULL)
        return error_set(err, ENOMEM, "compare %zu pairs", count);
    for (size_t i = 0; i < count; i++)
        p[i] = differences[i].p;
    holm(p, count);
    for (size_t i = 0; i < count; i++)
        find(&differences[i], p[i], count);
    free(p);
    return true;
}

size_t compare_fewest(bool paired, size_t comparisons, double alpha)
{
    return (size_t)fmax(fewest(paired, comparisons, alpha), fewest(paired, 1, COMPARE_ALPHA));
}

size_t compare_blocks_needed(size_t entrants)
{
    return entrants < 2 ? 0 : ranktest_pairs_needed(entrants * (entrants - 1) / 2, COMPARE_ALPHA);
}

bool compare_all(const struct entrant *entrants, size_t count, size_t blocks, double floor,
                 struct difference *ret_differences, struct error *err)
{
    double logs[SHIFT_MAX];
    size_t pairs = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            const double *a = entrants[i].values, *b = entrants[j].values;
            size_t n = 0;

            for (size_t k = 0; k < blocks && n < SHIFT_MAX; k++)
                if (has_log(a[k]) && has_log(b[k]))
                    logs[n++] = log(a[k] / b[k]);
            ret_differences[pairs] = of_blocks(logs, n, floor);
            ret_differences[pairs].a = i;
            ret_differences[pairs++].b = j;
        }
    }
    return compare_together(ret_differences, pairs, err);
}

static size_t logs_of(const double *values, size_t n, double *ret_logs)
{
    size_t logs = 0;

    for (size_t i = 0; i < n && logs < SHIFT_MAX; i++)
        if (has_log(values[i]))
            ret_logs[logs++] = log(values[i]);
    return logs;
}

struct difference compare_two(const double *a, size_t a_n, const double *b, size_t b_n,
                              double floor)
{
    struct difference d = not_seen(floor);
    double x[SHIFT_MAX], y[SHIFT_MAX];
    size_t x_n = logs_of(a, a_n, x), y_n = logs_of(b, b_n, y);
    struct shift shift;

    d.blocks = x_n < y_n ? x_n : y_n;
    if (d.blocks == 0)
        return d;
    shift = shift_two(x, x_n, y, y_n, CONFIDENCE);
    take_shift(&d, &shift);
    d.spread = hypot(moments(x, x_n).sd, moments(y, y_n).sd);
    d.same = equivalence_two(x, x_n, y, y_n, within(floor), COMPARE_ALPHA).shown;
    d.p = ranktest_two(x, x_n, y, y_n).p_two;
    find(&d, d.p, 1);
    return d;
}

/* ---- the control ---- */

struct noise_floor noise_floor_of(const double *control, size_t blocks)
{
    double logs[SHIFT_MAX];
    struct difference d = of_blocks(logs, logs_of(control, blocks, logs), COMPARE_FLOOR_MIN);
    struct noise_floor floor = { .known = d.bounded,
                                 .blocks = d.blocks,
                                 .ratio = d.ratio,
                                 .low = d.low,
                                 .high = d.high,
                                 .floor = COMPARE_FLOOR_MIN };

    if (!floor.known)
        return floor;
    floor.floor = fmax(COMPARE_FLOOR_MIN, fmax(d.high, 1 / d.low) - 1);
    find(&d, d.p, 1);
    floor.differs =
        d.finding == FINDING_MORE || d.finding == FINDING_LESS || floor.floor > COMPARE_FLOOR_MAX;
    return floor;
}

/* ---- places ---- */

/* Differences are in the order (0,1), (0,2) .. (0,count-1), (1,2) ... */
static bool shown_above(const struct difference *differences, size_t count, size_t x, size_t y)
{
    size_t i = x < y ? x : y, j = x < y ? y : x;
    const struct difference *d = &differences[i * (2 * count - i - 1) / 2 + (j - i - 1)];

    return d->finding == (x < y ? FINDING_MORE : FINDING_LESS);
}

/* In order of medians, from 1; 0 without one. */
static unsigned position(const double *medians, size_t count, size_t of)
{
    unsigned at = 1;

    if (isnan(medians[of]))
        return 0;
    for (size_t i = 0; i < count; i++)
        at += medians[i] > medians[of] || (i < of && medians[i] >= medians[of]);
    return at;
}

/* Who holds a position; count: nobody. */
static size_t holder(const struct place *places, size_t count, unsigned at)
{
    size_t i = 0;

    while (i < count && places[i].best != at)
        i++;
    return i;
}

void compare_places(const struct difference *differences, const double *medians, size_t count,
                    struct place *ret_places)
{
    /* First `best` is one's own position and `worst` the last one that is not shown to be behind
     * it. */
    for (size_t i = 0; i < count; i++)
        ret_places[i].best = ret_places[i].worst = position(medians, count, i);
    for (size_t x = 0; x < count; x++)
        for (size_t y = 0; y < count; y++)
            if (ret_places[x].best > 0 && ret_places[y].best > ret_places[x].worst &&
                !shown_above(differences, count, x, y))
                ret_places[x].worst = ret_places[y].best;
    /* Then a group goes as far as any of its members reaches. */
    for (unsigned first = 1, last; holder(ret_places, count, first) < count; first = last + 1) {
        last = first;
        for (unsigned at = first; at <= last; at++) {
            unsigned reach = ret_places[holder(ret_places, count, at)].worst;

            last = reach > last ? reach : last;
        }
        for (size_t i = 0; i < count; i++)
            if (ret_places[i].best >= first && ret_places[i].best <= last)
                ret_places[i] = (struct place){ first, last };
    }
}
