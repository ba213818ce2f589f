#include <math.h>

#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/percentiles.h"
#include "report/terminal_priv.h"
#include "store/samples.h"

#define OCTAVES      64
#define OCTAVE_OF_MS 20 /* octave 20 begins at 1 ms, octave 0 at 1 ms / 2^20, below everything */
#define SHOWN_MAX    12 /* of a wider range the fastest ones are lumped together: the tail matters */

struct octaves {
    const struct histogram *histogram;
    const struct percentiles *shown;
    struct samples_quantile marks[PERCENTILES_MAX];
    uint64_t counts[OCTAVES], largest;
    int first, last;
    bool lumped; /* the first one holds everything faster, too */
};

static double low_ns(int octave)
{
    return ldexp(1e6, octave - OCTAVE_OF_MS);
}

static int octave_of(int64_t ns)
{
    int octave = OCTAVE_OF_MS + (int)floor(log2((double)(ns > 0 ? ns : 1) / 1e6));

    return octave < 0 ? 0 : octave;
}

/* Buckets go by their middle, so an edge is off by half a bucket (0.05 %) at most. */
static void count_octaves(struct octaves *o)
{
    const struct histogram *h = o->histogram;

    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        int64_t middle_ns = histogram_bucket_low_ns(i) + histogram_bucket_width_ns(i) / 2;

        if (h->counts[i] > 0)
            o->counts[octave_of(middle_ns)] += h->counts[i];
    }
    o->counts[octave_of(HISTOGRAM_MAX_NS)] += h->too_large;
}

static void find_range(struct octaves *o)
{
    for (o->first = 0; o->first < OCTAVES - 1 && o->counts[o->first] == 0;)
        o->first++;
    for (o->last = OCTAVES - 1; o->last > o->first && o->counts[o->last] == 0;)
        o->last--;
    while (o->last - o->first >= SHOWN_MAX) {
        o->counts[o->first + 1] += o->counts[o->first];
        o->first++;
        o->lumped = true;
    }
    for (int i = o->first; i <= o->last; i++)
        o->largest = o->counts[i] > o->largest ? o->counts[i] : o->largest;
}

static void add_markers(struct line *l, const struct octaves *o, int octave)
{
    bool any = false;

    for (size_t i = 0; i < o->shown->count; i++) {
        const struct samples_quantile *mark = &o->marks[i];
        int at = octave_of(mark->value_ns);

        if (!mark->reliable || (at < o->first ? o->first : at) != octave)
            continue;
        line_piece(l, any ? 0 : 3, STYLE_PLAIN, "%s%s%s", any ? ", " : "← ",
                   mark->is_bound ? "≥" : "", o->shown->list[i].name);
        any = true;
    }
}

/* Columns: label 9, " ┤", bar, share 9, and up to 31 for the markers: 80 with a bar of 26. */
static void print_octave(const struct screen *s, const struct octaves *o, int octave)
{
    int cells = s->width >= 91 ? 40 : s->width >= 77 ? 26 : 10;
    bool below = o->lumped && octave == o->first;
    struct number label = number_duration(low_ns(below ? octave + 1 : octave));
    char bar[200];
    struct line l;

    line_begin(&l, s, "", 0);
    l.indent = 11; /* should the markers not fit */
    line_pad(&l, 9 - screen_columns(label.text) - below);
    line_add(&l, "%s%s ┤", below ? "<" : "", label.text);
    line_add(
        &l, "%s",
        screen_bar(s, (double)o->counts[octave] / (double)o->largest, cells, bar, sizeof(bar)));
    line_pad(&l, 11 + cells);
    if (o->counts[octave] > 0)
        line_add(&l, "%9s",
                 number_percent((double)o->counts[octave] / (double)o->histogram->count).text);
    add_markers(&l, o, octave);
    line_end(&l);
}

void octaves_print(const struct screen *s, const struct trial_record *t)
{
    struct octaves o = { .histogram = &t->tally.response,
                         .shown =
                             s->percentiles != NULL ? s->percentiles : &PERCENTILES_OF_RESULT };

    if (o.histogram->count == 0)
        return;
    for (size_t i = 0; i < o.shown->count; i++)
        o.marks[i] = samples_quantile(t, o.shown->list[i].q);
    count_octaves(&o);
    find_range(&o);
    fputc('\n', s->out);
    for (int octave = o.first; octave <= o.last; octave++)
        print_octave(s, &o, octave);
}
