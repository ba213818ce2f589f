#include "verdict/steady.h"

#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "stats/changepoint.h"
#include "stats/sorted.h"
#include "stats/steady.h"
#include "stats/trend.h"
#include "verdict/limits_around.h"

#define UNKNOWN ((double)NAN)

static double *room_for(size_t count)
{
    double *room = calloc(count > 0 ? count : 1, sizeof(room[0]));

    BUG_IF(room == NULL);
    return room;
}

static double median(const double *values, size_t n)
{
    double *room = room_for(n), middle = sorted_median_of(values, n, room);

    free(room);
    return middle;
}

static double mean(const double *values, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

/* Sums of `per` values each; what is left at the end is left out. Returns how many. */
static size_t gather(const double *values, size_t n, size_t per, double *ret_sums)
{
    for (size_t i = 0; i < n / per; i++)
        ret_sums[i] = mean(values + i * per, per) * (double)per;
    return n / per;
}

/* ---- time to steady ---- */

/* How far the beginning is from the rest, as a share of the rest; 0 when it is no further than the
 * rest's own batches scatter, or than 5 %. Asked is the first quarter of it: a warm-up is furthest
 * there, while one bad moment somewhere in between is no warm-up. */
static double beginning_differs(const double *values, size_t n, size_t discard)
{
    size_t head = discard / STEADY_BATCH, count = n / STEADY_BATCH, rest = count - head;
    size_t asked = head / 4 > 1 ? head / 4 : 1;
    double *batches = room_for(count), squares = 0, level, share, error;

    gather(values, n, STEADY_BATCH, batches);
    level = median(batches + head, rest);
    for (size_t i = head; i < count; i++)
        squares += (batches[i] - level) * (batches[i] - level);
    share = (median(batches, asked) - level) / level;
    /* Of the difference between two medians: 1.25 times that between two means. */
    error = 1.25 * sqrt(squares / (double)rest * (1 / (double)asked + 1 / (double)rest)) / level;
    free(batches);
    return level > 0 && fabs(share) >= fmax(STEADY_CHANGE_SHARE, 3 * error) ? share : 0;
}

/* How many values at the beginning do not belong to the rest. MSER always finds the best cut, even
 * where none is needed; so it counts only where the beginning really differs. */
struct settled {
    bool known;
    size_t discard;
    double share; /* by how much the beginning differs; below 0: less */
};

static struct settled settled(const double *values, size_t n)
{
    struct mser cut = mser(values, n, STEADY_BATCH);
    struct settled found = { .known = n >= STEADY_TENTHS_MIN };

    if (!found.known || cut.discard == 0)
        return found;
    found.share = beginning_differs(values, n, cut.discard);
    if (fabs(found.share) > 0) {
        found.known = cut.known;
        found.discard = cut.discard;
    }
    return found;
}

/* ---- levels ---- */

struct levels {
    size_t count;
    size_t end[CHANGEPOINTS_MAX + 1]; /* of each segment */
    double level[CHANGEPOINTS_MAX + 1];
};

static size_t begin_of(const struct levels *l, size_t segment)
{
    return segment == 0 ? 0 : l->end[segment - 1];
}

static void find_levels(const double *values, size_t n, struct levels *ret_levels)
{
    struct changepoint_rule rule = { STEADY_SEGMENT_MIN, STEADY_CHANGE_ALPHA, STEADY_PERMUTATIONS,
                                     1 };
    size_t changes = changepoints(values, n, &rule, ret_levels->end);

    ret_levels->end[changes] = n;
    ret_levels->count = changes + 1;
    for (size_t i = 0; i < ret_levels->count; i++)
        ret_levels->level[i] =
            median(values + begin_of(ret_levels, i), ret_levels->end[i] - begin_of(ret_levels, i));
}

/* The median deviation of windows from the level of their segment. */
static double scatter(const double *values, const struct levels *l)
{
    size_t n = l->end[l->count - 1];
    double *off = room_for(n), middle;

    for (size_t i = 0, segment = 0; i < n; i++) {
        segment += i == l->end[segment];
        off[i] = fabs(values[i] - l->level[segment]);
    }
    middle = median(off, n);
    free(off);
    return middle;
}

/* `enough` may be 0, of a server that fell silent. */
static bool differ(double a, double b, double enough)
{
    double gap = fabs(a - b);

    return gap > 0 && gap >= enough;
}

/* Joins neighbours whose levels differ by less than `enough`, the closest first. */
static void join_levels(const double *values, double enough, struct levels *l)
{
    while (l->count > 1) {
        size_t closest = 0;

        for (size_t i = 1; i + 1 < l->count; i++)
            if (fabs(l->level[i + 1] - l->level[i]) <
                fabs(l->level[closest + 1] - l->level[closest]))
                closest = i;
        if (differ(l->level[closest + 1], l->level[closest], enough))
            return;
        l->count--;
        for (size_t i = closest; i < l->count; i++) {
            l->end[i] = l->end[i + 1];
            l->level[i] = l->level[i + 1];
        }
        l->level[closest] =
            median(values + begin_of(l, closest), l->end[closest] - begin_of(l, closest));
    }
}

/* ---- one series ---- */

/* Windows of equal length, `before` of which lie before the measured window. */
struct series {
    double *values;
    size_t count, before;
    int64_t window_ns;
    bool of_latency; /* more is slower */
};

static double change_share(const struct series *s)
{
    return s->of_latency ? STEADY_CHANGE_LATENCY_SHARE : STEADY_CHANGE_SHARE;
}

/* The kind, and where the last segment that is unlike the final one ends. */
static size_t classify(const struct series *s, const struct levels *l, double enough,
                       struct steady *steady)
{
    double final = l->level[l->count - 1];
    bool some_faster = false;
    size_t unlike_end = 0;

    for (size_t i = 0; i + 1 < l->count; i++) {
        if (!differ(l->level[i], final, enough))
            continue;
        unlike_end = l->end[i];
        some_faster = some_faster || (l->level[i] > final) != s->of_latency;
    }
    if (unlike_end == 0)
        steady->kind = STEADY_FLAT;
    else if (2 * unlike_end > s->count && unlike_end > s->before)
        steady->kind = STEADY_NEVER;
    else
        steady->kind = some_faster ? STEADY_SLOWDOWN : STEADY_WARMUP;
    return unlike_end;
}

/* Of the higher one: a level may be 0. */
static double share_between(double before, double after)
{
    return (after - before) / fmax(before, after);
}

static void note_changes(const struct series *s, const struct levels *l, struct steady *steady)
{
    for (size_t i = 0; i + 1 < l->count; i++) {
        double share = share_between(l->level[i], l->level[i + 1]);
        bool slower = (share > 0) == s->of_latency;

        if (l->end[i] <= s->before || (steady->kind == STEADY_SLOWDOWN && !slower))
            continue;
        steady->changes++;
        if (steady->changes > 1 && fabs(share) <= fabs(steady->change_share))
            continue;
        steady->change_share = share;
        steady->change_ns = (int64_t)(l->end[i] - s->before) * s->window_ns;
    }
}

/* ---- swings ---- */

/* The largest rise, or fall, between neighbours of STEADY_SEGMENT_MIN windows each, and where. */
struct swing {
    size_t at;
    double before, after; /* their medians */
};

static struct swing largest_swing(const double *values, size_t n, double direction)
{
    struct swing largest = { 0 };

    for (size_t at = STEADY_SEGMENT_MIN; at + STEADY_SEGMENT_MIN <= n; at++) {
        struct swing swing = { at, median(values + at - STEADY_SEGMENT_MIN, STEADY_SEGMENT_MIN),
                               median(values + at, STEADY_SEGMENT_MIN) };

        if (direction * (swing.after - swing.before) > direction * (largest.after - largest.before))
            largest = swing;
    }
    return largest;
}

/* From one window to the next: what swings slowly does not count in it. */
static double jitter(const double *values, size_t n)
{
    double *steps = room_for(n), middle;

    for (size_t i = 0; i + 1 < n; i++)
        steps[i] = fabs(values[i + 1] - values[i]) / sqrt(2);
    middle = median(steps, n - 1);
    free(steps);
    return middle;
}

/* A server that is fast and slow by turns has no two parts that differ, so E-divisive does not
 * split it: each half has as much of both. But its neighbours differ, and in both directions; by
 * more than noise that remembers makes them. */
static void note_swings(const struct series *s, size_t begin, struct steady *steady)
{
    size_t n = s->count - begin;
    const double *values = s->values + begin;
    struct swing rise, fall;
    double enough;

    if (n < STEADY_DRIFT_WINDOWS_MIN)
        return;
    rise = largest_swing(values, n, 1);
    fall = largest_swing(values, n, -1);
    enough =
        fmax(STEADY_SWING_SHARE * median(values, n), STEADY_CHANGE_DEVIATIONS * jitter(values, n));
    if (!differ(rise.after, rise.before, enough) || !differ(fall.before, fall.after, enough))
        return;
    steady->kind = STEADY_NEVER;
    steady->changes = 2; /* there, and back */
    steady->change_share = share_between(fall.before, fall.after);
    steady->change_ns = (int64_t)(begin + fall.at - s->before) * s->window_ns;
}

/* ---- drift ---- */

static void note_drift(const struct series *s, size_t begin, struct steady *steady)
{
    size_t n = s->count - begin;
    const double *values = s->values + begin;
    double *x, *room, level;
    struct trend line;

    if (n < STEADY_DRIFT_WINDOWS_MIN)
        return;
    x = room_for(n);
    room = room_for(trend_room(n));
    for (size_t i = 0; i < n; i++)
        x[i] = (double)i;
    line = trend_fit(x, values, n, 0.95, room);
    level = median(values, n);
    steady->drift_share = level > 0 ? line.slope * (double)n / level : UNKNOWN;
    steady->drift_p = mann_kendall_p(values, n);
    free(x);
    free(room);
}

static struct steady nothing_known(int64_t begin_ns, bool of_latency)
{
    return (struct steady){ .begin_ns = begin_ns,
                            .of_latency = of_latency,
                            .after_ns = -1,
                            .bias_share = UNKNOWN,
                            .drift_share = UNKNOWN,
                            .drift_p = UNKNOWN };
}

/* Returns the window with which it becomes steady. */
static size_t judge_levels(const struct series *s, struct steady *steady)
{
    struct levels l;
    double enough;
    size_t unlike_end, begin;

    find_levels(s->values, s->count, &l);
    enough = fmax(change_share(s) * l.level[l.count - 1],
                  STEADY_CHANGE_DEVIATIONS * scatter(s->values, &l));
    join_levels(s->values, enough, &l);
    unlike_end = classify(s, &l, enough, steady);
    note_changes(s, &l, steady);
    begin = unlike_end > s->before ? unlike_end : s->before;
    if (steady->kind != STEADY_NEVER)
        note_drift(s, begin, steady);
    return unlike_end;
}

/* ---- throughput ---- */

/* What the mean of values[begin..n) has more than that of values[from..n). */
static double bias(const double *values, size_t n, size_t begin, size_t from)
{
    double right;

    if (from <= begin)
        return 0;
    if (from >= n)
        return UNKNOWN;
    right = mean(values + from, n - from);
    return right > 0 ? mean(values + begin, n - begin) / right - 1 : UNKNOWN;
}

/* Windows end where the measured one begins: what is too short for one more is left out in front.
 */
static struct series windows_of(const double *tenths, size_t count, size_t before)
{
    size_t seconds = count / 10;
    size_t per = 10 * ((seconds + STEADY_WINDOWS_MAX - 1) / STEADY_WINDOWS_MAX);
    struct series s = { .window_ns = (int64_t)per * TENTH_NS };
    size_t skipped;

    BUG_IF(per == 0);
    s.before = before / per;
    skipped = before % per;
    s.values = room_for((count - skipped) / per);
    s.count = gather(tenths + skipped, count - skipped, per, s.values);
    return s;
}

/* The first whole window of the measured ones that begins so many tenths after the start. */
static size_t window_after(const struct series *s, size_t tenths)
{
    size_t per = (size_t)(s->window_ns / TENTH_NS), window = (tenths + per - 1) / per;

    if (window < s->before)
        return s->before;
    return window < s->count ? window : s->count;
}

static bool long_enough(size_t tenths)
{
    return (tenths + STEADY_BATCH) / 10 >= STEADY_SECONDS_MIN; /* 299 tenths are 30 s */
}

struct steady steady_of_rate(const uint32_t *tenths, size_t count, size_t tenths_before)
{
    struct steady steady = nothing_known((int64_t)tenths_before * TENTH_NS, false);
    double *values = room_for(count);
    struct settled first;
    size_t from, unlike = 0;

    BUG_IF(tenths_before > count);
    for (size_t i = 0; i < count; i++)
        values[i] = tenths[i];
    first = settled(values, count);
    from = first.known ? first.discard : 0;
    steady.known = long_enough(count - tenths_before);
    if (steady.known) {
        struct series s = windows_of(values, count, tenths_before);

        unlike = judge_levels(&s, &steady) * (size_t)(s.window_ns / TENTH_NS);
        if (unlike > 0)
            unlike += tenths_before % (size_t)(s.window_ns / TENTH_NS);
        from = unlike > from ? unlike : from;
        if (steady.kind == STEADY_FLAT)
            note_swings(&s, window_after(&s, from), &steady);
        free(s.values);
    }
    if ((first.known || unlike > 0) && steady.kind != STEADY_NEVER) {
        steady.after_ns = (int64_t)from * TENTH_NS;
        steady.bias_share = bias(values, count, tenths_before, from);
    }
    free(values);
    return steady;
}

/* ---- response times ---- */

struct steady steady_of_latency(const double *medians_ns, size_t seconds, int64_t begin_ns)
{
    struct steady steady = nothing_known(begin_ns, true);
    size_t per = (seconds + STEADY_WINDOWS_MAX - 1) / STEADY_WINDOWS_MAX, unlike;
    struct series s = { .of_latency = true, .window_ns = (int64_t)per * SECOND_NS };

    if (seconds < STEADY_SECONDS_MIN)
        return steady;
    s.values = room_for(seconds / per);
    s.count = gather(medians_ns, seconds, per, s.values);
    steady.known = true;
    unlike = judge_levels(&s, &steady);
    if (steady.kind == STEADY_FLAT)
        note_swings(&s, 0, &steady);
    /* A window that is flat says nothing of what was before it. */
    if (unlike > 0 && steady.kind != STEADY_NEVER) {
        steady.after_ns = begin_ns + (int64_t)unlike * s.window_ns;
        steady.bias_share = bias(s.values, s.count, 0, unlike);
    }
    free(s.values);
    return steady;
}

/* ---- a trial ---- */

static struct steady rate_of_trial(const struct tally *t)
{
    size_t in_window = (size_t)(t->window_ns / TENTH_NS);
    size_t count = t->tenth_count, before = t->tenths_before;

    if (before > count)
        before = count;
    if (count - before > in_window)
        count = before + in_window;
    return steady_of_rate(t->tenths, count, before);
}

/* Seconds without a right answer have no median: their throughput speaks for them. */
static struct steady latency_of_trial(const struct tally *t)
{
    double *medians = room_for(t->second_count);
    size_t seconds = 0;
    struct steady steady;

    for (uint32_t i = 0; i < t->second_count; i++)
        if (t->seconds[i].ok > 0)
            medians[seconds++] = (double)second_quantile_ns(&t->seconds[i], 0.5);
    steady = steady_of_latency(medians, seconds, (int64_t)t->tenths_before * TENTH_NS);
    free(medians);
    return steady;
}

struct steady steady_of_trial(const struct trial_record *t)
{
    struct steady rate = rate_of_trial(&t->tally), latency;

    if (t->load.model != LOAD_OPEN)
        return rate;
    /* An even timetable is steady from its first request on, whatever the server does. */
    rate.after_ns = -1;
    latency = latency_of_trial(&t->tally);
    return rate.kind != STEADY_FLAT || !latency.known ? rate : latency;
}

/* ---- in the middle of a run ---- */

/* Slower in its first half than in its second, by more than chance. */
static bool still_rises(const double *values, size_t n)
{
    size_t half = n / 2 / STEADY_BATCH * STEADY_BATCH;

    return half > 0 && beginning_differs(values, n, half) < 0;
}

bool steady_wants_more(const uint32_t *tenths, size_t count, size_t tenths_before)
{
    double *values = room_for(count);
    struct settled first;
    bool wants;

    BUG_IF(tenths_before > count);
    for (size_t i = 0; i < count; i++)
        values[i] = tenths[i];
    first = settled(values, count);
    /* In the middle of a slow warm-up MSER takes its last half for steady: so the window is also
     * asked by itself. */
    wants = count >= STEADY_TENTHS_MIN &&
            ((first.known && first.share < 0 && first.discard > tenths_before) ||
             still_rises(values + tenths_before, count - tenths_before));
    free(values);
    return wants;
}
