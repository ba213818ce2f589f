#include "stats/changepoint.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/rng.h"

/* Room for one pass over a segment. */
struct work {
    double *values;   /* the segment, in the order that is looked at */
    double *to_left;  /* [j]: sum of |values[j] - values[i]| over i left of the split */
    double *all_left; /* [k]: sum over all pairs in values[0..k) */
};

static double pairs_of(size_t n)
{
    return (double)n * ((double)n - 1) / 2;
}

/* Q of values[0..at) against values[at..end), from the sums over pairs inside each and across. */
static double distance(size_t at, size_t end, double left, double right, double across)
{
    double n = (double)at, m = (double)(end - at);
    double spread = (at > 1 ? left / pairs_of(at) : 0) + (m > 1 ? right / pairs_of(end - at) : 0);

    return n * m / (n + m) * (2 * across / (n * m) - spread);
}

static void sum_pairs(struct work *w, size_t n)
{
    w->all_left[0] = 0;
    for (size_t k = 0; k < n; k++) {
        double to_k = 0;

        for (size_t i = 0; i < k; i++)
            to_k += fabs(w->values[i] - w->values[k]);
        w->all_left[k + 1] = w->all_left[k] + to_k;
    }
}

/* All splits and all ends, each in constant time: the pairs in [0, end) are those inside the left
 * part, those inside the right one, and those across. */
static struct split best_split(struct work *w, size_t n, size_t segment_min)
{
    struct split best = { .distance = -HUGE_VAL };

    sum_pairs(w, n);
    memset(w->to_left, 0, n * sizeof(w->to_left[0]));
    for (size_t at = 1; at + segment_min <= n; at++) {
        double across = 0;

        for (size_t j = at; j < n; j++)
            w->to_left[j] += fabs(w->values[at - 1] - w->values[j]);
        if (at < segment_min)
            continue;
        for (size_t end = at + 1; end <= n; end++) {
            double right, q;

            across += w->to_left[end - 1];
            if (end < at + segment_min)
                continue;
            right = w->all_left[end] - w->all_left[at] - across;
            q = distance(at, end, w->all_left[at], right, across);
            if (q > best.distance)
                best = (struct split){ at, end, q };
        }
    }
    return best;
}

static struct work work_for(const double *values, size_t n)
{
    double *block = calloc(3 * n + 1, sizeof(block[0]));

    BUG_IF(block == NULL);
    memcpy(block, values, n * sizeof(block[0]));
    return (struct work){ block, block + n, block + 2 * n };
}

struct split changepoint_split(const double *values, size_t n, size_t segment_min)
{
    struct work w;
    struct split best;

    BUG_IF(segment_min < 1 || n > CHANGEPOINT_N_MAX);
    if (n < 2 * segment_min)
        return (struct split){ 0 };
    w = work_for(values, n);
    best = best_split(&w, n, segment_min);
    free(w.values);
    return best;
}

static void shuffle(double *values, size_t n, struct rng *rng)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)rng_below(rng, i);
        double kept = values[i - 1];

        values[i - 1] = values[k];
        values[k] = kept;
    }
}

/* Among random orders of the same values, is so large a distance rare enough? Stops as soon as it
 * cannot be any more. */
static bool is_real(const double *values, size_t n, double observed,
                    const struct changepoint_rule *rule, struct rng *rng)
{
    unsigned allowed = (unsigned)(rule->alpha * (rule->permutations + 1.0) * (1 + 1e-12));
    struct work w = work_for(values, n);
    unsigned as_large = 1; /* the order that was observed is one of them */

    for (unsigned i = 0; i < rule->permutations && as_large <= allowed; i++) {
        shuffle(w.values, n, rng);
        as_large += best_split(&w, n, rule->segment_min).distance >= observed * (1 - 1e-12);
    }
    free(w.values);
    return as_large <= allowed;
}

struct search {
    const double *values;
    const struct changepoint_rule *rule;
    struct rng rng;
    size_t *found;
    size_t count;
};

static void search_in(struct search *s, size_t begin, size_t end)
{
    size_t n = end - begin;
    struct split split = changepoint_split(s->values + begin, n, s->rule->segment_min);

    if (split.at == 0 || s->count == CHANGEPOINTS_MAX || !(split.distance > 0))
        return;
    if (!is_real(s->values + begin, n, split.distance, s->rule, &s->rng))
        return;
    search_in(s, begin, begin + split.at);
    if (s->count < CHANGEPOINTS_MAX)
        s->found[s->count++] = begin + split.at;
    search_in(s, begin + split.at, end);
}

size_t changepoints(const double *values, size_t n, const struct changepoint_rule *rule,
                    size_t ret_at[CHANGEPOINTS_MAX])
{
    struct search s = { values, rule, { rule->seed }, ret_at, 0 };

    for (size_t i = 0; i < n; i++)
        BUG_IF(!isfinite(values[i]));
    search_in(&s, 0, n);
    return s.count;
}
