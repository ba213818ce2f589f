#include "verdict/leak.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/bug.h"
#include "stats/sorted.h"
#include "stats/trend.h"
#include "verdict/limits_around.h"

#define UNKNOWN ((double)NAN)

/* The lower envelope, and room to fit lines to it. */
struct envelope {
    size_t count;
    double bytes[LEAK_POINTS_MAX];
    double asked[LEAK_POINTS_MAX]; /* requests until then */
    double at_s[LEAK_POINTS_MAX];
    double room[LEAK_POINTS_MAX * (LEAK_POINTS_MAX - 1) / 2];
};

static void add_point(struct envelope *e, double bytes, double asked, size_t second)
{
    BUG_IF(e->count == LEAK_POINTS_MAX);
    e->bytes[e->count] = bytes;
    e->asked[e->count] = asked;
    e->at_s[e->count] = (double)second;
    e->count++;
}

/* A piece without any reading has no point. */
static void take_envelope(const int64_t *rss_bytes, const uint64_t *requests, size_t seconds,
                          struct envelope *ret_envelope)
{
    size_t piece = seconds / LEAK_PIECES > 1 ? seconds / LEAK_PIECES : 1;
    double asked = 0, least_asked = 0;
    size_t least = seconds; /* none yet */

    for (size_t i = 0; i < seconds; i++) {
        asked += (double)requests[i];
        if (rss_bytes[i] >= 0 && (least == seconds || rss_bytes[i] < rss_bytes[least])) {
            least = i;
            least_asked = asked;
        }
        if ((i + 1) % piece != 0 || least == seconds)
            continue;
        add_point(ret_envelope, (double)rss_bytes[least], least_asked, least);
        least = seconds;
    }
}

/* Of points [begin, end). */
static struct trend line(struct envelope *e, size_t begin, size_t end, double inflation)
{
    return trend_fit_dependent(e->asked + begin, e->bytes + begin, end - begin, 0.95, inflation,
                               e->room);
}

static double median(struct envelope *e, size_t begin, size_t end)
{
    return sorted_median_of(e->bytes + begin, end - begin, e->room);
}

static double least_of(const struct envelope *e, size_t begin, size_t end)
{
    double least = e->bytes[begin];

    for (size_t i = begin; i < end; i++)
        least = fmin(least, e->bytes[i]);
    return least;
}

/* A logarithm loses speed from third to third. A leak on top of a cache that fills in the beginning
 * loses it once. */
static bool is_slowing(struct envelope *e)
{
    size_t third = e->count / 3;
    struct trend first = line(e, 0, third, 1);
    struct trend middle = line(e, third, e->count - third, 1);
    struct trend last = line(e, e->count - third, e->count, 1);

    return middle.slope < LEAK_SLOWER * first.slope && last.slope < LEAK_SLOWER * middle.slope &&
           last.high < first.low;
}

static bool rises_at_the_end(const struct envelope *e)
{
    size_t third = e->count / 3;
    const double *last = e->bytes + e->count - third;

    return mann_kendall(last, third, 0).s > 0 && mann_kendall_p(last, third) < LEAK_END_P;
}

/* When it had come within a tenth of all its growth of where it stayed. */
static double stopped_s(struct envelope *e)
{
    double stayed = median(e, e->count - e->count / 3, e->count);
    double enough = stayed - (stayed - e->bytes[0]) / 10;
    size_t i = 0;

    while (i + 1 < e->count && e->bytes[i] < enough)
        i++;
    return e->at_s[i];
}

/* Of all growth between the first third and the last, the middle one has its share. Noise that
 * remembers wanders as far, but seldom so straight. */
static bool grows_evenly(struct envelope *e)
{
    size_t third = e->count / 3;
    double first = median(e, 0, third);
    double middle = median(e, third, e->count - third);
    double last = median(e, e->count - third, e->count);

    return middle - first > LEAK_EVEN * (last - first) &&
           last - middle > LEAK_EVEN * (last - first);
}

/* What has stopped growing looks dependent, whatever it is made of, so it is not asked for more
 * than a plain trend; it accuses nobody. */
static enum leak_kind judge(struct envelope *e, const struct leak *leak)
{
    size_t third = e->count / 3;
    struct mann_kendall plain = mann_kendall(e->bytes, e->count, 0);
    double stayed = median(e, e->count - third, e->count);

    if (!(plain.s > 0 && plain.p < LEAK_P))
        return LEAK_NONE;
    if (least_of(e, e->count - third, e->count) <= median(e, 0, third))
        return LEAK_NONE; /* it was given back */
    if (!rises_at_the_end(e))
        return stayed - e->bytes[0] > leak->floor_bytes ? LEAK_STOPPED : LEAK_NONE;
    if (!(leak->low * leak->requests > leak->floor_bytes))
        return LEAK_NONE;
    if (is_slowing(e))
        return LEAK_SLOWING;
    return grows_evenly(e) && mann_kendall_p(e->bytes, e->count) < LEAK_P ? LEAK_GROWING
                                                                          : LEAK_NONE;
}

static void note_extremes(const int64_t *rss_bytes, size_t seconds, struct leak *leak)
{
    for (size_t i = 0; i < seconds; i++) {
        if (rss_bytes[i] < 0)
            continue;
        if (leak->least_bytes < 0 || rss_bytes[i] < leak->least_bytes)
            leak->least_bytes = rss_bytes[i];
        if (rss_bytes[i] > leak->most_bytes)
            leak->most_bytes = rss_bytes[i];
    }
}

static void measure(struct envelope *e, struct leak *leak)
{
    double inflation = mann_kendall(e->bytes, e->count, MANN_KENDALL_LAGS).inflation;
    struct trend all = line(e, 0, e->count, fmax(1, inflation));

    leak->bytes_per_request = all.slope;
    leak->low = all.low;
    leak->high = all.high;
    leak->requests = e->asked[e->count - 1] - e->asked[0];
    leak->span_s = e->at_s[e->count - 1] - e->at_s[0];
    leak->floor_bytes = fmax(LEAK_GROWTH_BYTES, LEAK_GROWTH_SHARE * e->bytes[0]);
    if (isnan(all.slope))
        return;
    leak->kind = judge(e, leak);
    if (leak->kind == LEAK_STOPPED)
        leak->stopped_s = stopped_s(e);
}

struct leak leak_of(const int64_t *rss_bytes, const uint64_t *requests, size_t seconds)
{
    struct leak leak = { .kind = LEAK_UNKNOWN,
                         .bytes_per_request = UNKNOWN,
                         .low = UNKNOWN,
                         .high = UNKNOWN,
                         .requests = UNKNOWN,
                         .span_s = UNKNOWN,
                         .stopped_s = UNKNOWN,
                         .least_bytes = -1,
                         .most_bytes = -1,
                         .floor_bytes = UNKNOWN };
    struct envelope *e = calloc(1, sizeof(*e));

    BUG_IF(e == NULL);
    take_envelope(rss_bytes, requests, seconds, e);
    note_extremes(rss_bytes, seconds, &leak);
    leak.points = e->count;
    if (e->count >= LEAK_POINTS_MIN)
        measure(e, &leak);
    free(e);
    return leak;
}
