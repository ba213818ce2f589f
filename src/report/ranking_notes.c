/* What stands below a ranking's table: sentences, each with what follows from it. */
#include <math.h>

#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/phrase.h"
#include "report/terminal_priv.h"

#define REASON_LINES_MAX 6

/* Neighbours in a sentence each; all pairs are in the JSON. */
#define SENTENCES_MAX 5

/* From here on it is said how many times as fast: "1262 %" is no figure for people. */
#define TIMES_FROM 2.0

/* ---- who is not ranked ---- */

/* As many lines of it as say why; the record has them all. */
static struct slice first_lines(struct slice text)
{
    size_t end = 0;

    for (int i = 0; i < REASON_LINES_MAX && end < text.len; i++) {
        const char *feed = memchr(text.ptr + end, '\n', text.len - end);

        end = feed == NULL ? text.len : (size_t)(feed - text.ptr) + 1;
    }
    return (struct slice){ text.ptr, end };
}

static const char *refusal_word(const struct ranking_row *row)
{
    return row->ceiling ? "no ceiling:" : "not ranked:";
}

/* Adds the row to those of the phrase when it is out for the same reason. */
static bool joins(struct phrase *reason, const struct ranking_row *first,
                  const struct ranking_row *row)
{
    return row->reason[0] != '\0' && row->ceiling == first->ceiling &&
           strcmp(row->remedy, first->remedy) == 0 &&
           phrase_join(reason, line_sentence(row->reason));
}

static void row_not_ranked(const struct screen *s, const struct ranking_row *row)
{
    struct line l;

    line_begin(&l, s, "–", 6);
    line_words(&l, STYLE_PLAIN, slice_of(row->target));
    line_piece(&l, 3, STYLE_BAD, "%s", refusal_word(row));
    line_finding(&l, first_lines(line_sentence(row->reason)), row->remedy);
    line_end(&l);
}

/* The reason once, with the range of its figures, and then those it keeps out. */
static void rows_not_ranked(const struct screen *s, const struct ranking *ranking, size_t first,
                            const struct phrase *reason, size_t count)
{
    const struct ranking_row *row = &ranking->rows[first];
    char bytes[RANKING_REASON_MAX + 256];
    struct text text = TEXT(bytes);
    struct phrase same;
    struct line l;

    phrase_add(&text, reason, screen_glyph(s, "–"));
    line_begin(&l, s, "–", 6);
    line_piece(&l, 0, STYLE_PLAIN, "%zu targets", count);
    line_piece(&l, 3, STYLE_BAD, "%s", refusal_word(row));
    line_finding(&l, first_lines(slice_of(bytes)), row->remedy);
    line_end(&l);
    line_begin(&l, s, "", 6);
    phrase_begin(&same, line_sentence(row->reason));
    for (size_t i = first; i < ranking->row_count; i++) {
        char name[RANKING_NAME_MAX];
        struct text text_of_name = TEXT(name);

        if (!joins(&same, row, &ranking->rows[i]))
            continue;
        text_format(&text_of_name, "%s%s", ranking->rows[i].target, --count > 0 ? "," : "");
        line_words(&l, STYLE_PLAIN, slice_of(name));
    }
    line_end(&l);
}

static bool said_before(const struct ranking *ranking, size_t at)
{
    const struct ranking_row *row = &ranking->rows[at];

    for (size_t i = 0; i < at; i++) {
        struct phrase reason;

        phrase_begin(&reason, line_sentence(ranking->rows[i].reason));
        if (ranking->rows[i].reason[0] != '\0' && joins(&reason, &ranking->rows[i], row))
            return true;
    }
    return false;
}

static void not_ranked(const struct screen *s, const struct ranking *ranking)
{
    for (size_t i = 0; i < ranking->row_count; i++) {
        const struct ranking_row *row = &ranking->rows[i];
        struct phrase reason;
        size_t count = 1;

        if (row->reason[0] == '\0' || said_before(ranking, i))
            continue;
        phrase_begin(&reason, line_sentence(row->reason));
        for (size_t k = i + 1; k < ranking->row_count; k++)
            count += joins(&reason, row, &ranking->rows[k]);
        if (count == 1)
            row_not_ranked(s, row);
        else
            rows_not_ranked(s, ranking, i, &reason, count);
    }
}

static void nobody_ranked(const struct screen *s, const struct ranking *ranking)
{
    struct line l;

    if (ranking->reason[0] == '\0')
        return;
    line_begin(&l, s, "!", 2);
    line_piece(&l, 1, STYLE_WARN, "not ranked:");
    line_finding(&l, line_sentence(ranking->reason), ranking->remedy);
    line_end(&l);
}

/* What is unknown of old records is in the JSON, and claims nothing here. */
static void other_work(const struct screen *s, const struct ranking *ranking)
{
    struct line l;

    if (ranking->parity.state != CHECK_WARN)
        return;
    line_begin(&l, s, "!", 2);
    line_finding(&l, line_sentence(ranking->parity.text), ranking->parity.remedy);
    line_end(&l);
}

/* Time-outs and refused connects are among them, which are no answers. */
static void failed_requests(const struct screen *s, const struct ranking_row *row)
{
    struct line l;

    line_begin(&l, s, "!", 2);
    line_words(&l, STYLE_PLAIN, slice_of(row->target));
    line_piece(&l, 0, STYLE_PLAIN, ":");
    line_prose(&l, STYLE_PLAIN, "%s of %s requests failed", number_whole(row->failed).text,
               number_whole(row->ok + row->failed).text);
    if (row->example[0] != '\0') {
        line_piece(&l, 0, STYLE_PLAIN, ":");
        line_words(&l, STYLE_PLAIN, slice_of(row->example));
    }
    line_piece(&l, 0, STYLE_PLAIN, ".");
    line_prose(&l, STYLE_PLAIN,
               "They are not in its req/s; what it said meanwhile is output_tail in the JSON "
               "(-o json=FILE)");
    line_end(&l);
    if (row->complaint.len == 0)
        return;
    line_begin(&l, s, "", 2);
    line_prose(&l, STYLE_PLAIN, "it said:");
    line_words(&l, STYLE_PLAIN, row->complaint);
    line_end(&l);
}

/* ---- figures ---- */

struct figure {
    char text[32];
};

/* "+1.1", "−0.6", "0.0": by how many percent the first is above the second. */
static struct figure percent_above(double ratio)
{
    double percent = (ratio - 1) * 100, size = fmin(fabs(percent), 1e9);
    const char *sign = size < 0.05 ? "" : percent < 0 ? "−" : "+";
    struct figure figure;

    snprintf(figure.text, sizeof(figure.text), "%s%.*f", sign, size < 1000 ? 1 : 0, size);
    return figure;
}

/* Three digits: "2.94", "29.4", "294". */
static struct figure times(double ratio)
{
    struct figure figure;

    snprintf(figure.text, sizeof(figure.text), "%.*f",
             ratio < 10    ? 2
             : ratio < 100 ? 1
                           : 0,
             fmin(ratio, 1e9));
    return figure;
}

/* The difference of two ranked rows, the first of which stands before the second. */
static const struct difference *difference_of(const struct ranking *ranking, size_t a, size_t b)
{
    for (size_t i = 0; i < ranking->pair_count; i++)
        if (ranking->pairs[i].a == a && ranking->pairs[i].b == b)
            return &ranking->pairs[i];
    return NULL;
}

/* ---- ties ---- */

/* The most blocks that any two of the rows need to be told apart, or shown to be the same; 0: some
 * two for which it cannot be told, or none that need any. */
static size_t blocks_to_settle(const struct ranking *ranking, size_t first, size_t end)
{
    size_t most = 0;

    for (size_t i = 0; i < ranking->pair_count; i++) {
        const struct difference *d = &ranking->pairs[i];

        if (d->a < first || d->b >= end || d->finding != FINDING_NOT_SHOWN)
            continue;
        if (d->blocks_needed == 0)
            return 0;
        most = d->blocks_needed > most ? d->blocks_needed : most;
    }
    return most;
}

static void tie_of_two(struct line *l, const struct ranking *ranking, const struct difference *d)
{
    double f = 1 + ranking->noise.floor;

    if (d->bounded) {
        line_piece(l, 0, STYLE_PLAIN, ",");
        line_piece(l, 1, STYLE_PLAIN, "ratio %.2f [%.2f, %.2f]", 1 / d->ratio, 1 / d->high,
                   1 / d->low);
    }
    if (d->finding == FINDING_SAME || d->blocks_needed == 0)
        return;
    line_piece(l, 0, STYLE_PLAIN, ";");
    line_prose(l, STYLE_PLAIN, "%s about %zu blocks",
               d->ratio < f && d->ratio > 1 / f ? "to show them the same needs"
                                                : "separating the two needs",
               d->blocks_needed);
}

/* Rows from `first` up to, not including, `end` share their ranks. */
static void tie_line(const struct screen *s, const struct ranking *ranking, size_t first,
                     size_t end)
{
    const struct difference *d = difference_of(ranking, first, first + 1);
    size_t blocks = blocks_to_settle(ranking, first, end);
    struct line l;

    line_begin(&l, s, "=", 2);
    line_piece(&l, 1, STYLE_PLAIN, "tie %u–%u", ranking->rows[first].rank,
               ranking->rows[first].rank_worst);
    if (end - first == 2 && d != NULL) {
        tie_of_two(&l, ranking, d);
    } else if (blocks > 0) {
        line_piece(&l, 0, STYLE_PLAIN, ";");
        line_prose(&l, STYLE_PLAIN, "settling it needs about %zu blocks", blocks);
    }
    line_end(&l);
}

static void tie_lines(const struct screen *s, const struct ranking *ranking)
{
    size_t end;

    for (size_t first = 0; first < ranking->row_count; first = end) {
        const struct ranking_row *row = &ranking->rows[first];

        end = first + 1;
        while (end < ranking->row_count && row->rank > 0 && ranking->rows[end].rank == row->rank)
            end++;
        if (end > first + 1)
            tie_line(s, ranking, first, end);
    }
}

/* ---- the noise, and what is above it ---- */

static void noise_line(const struct screen *s, const struct ranking *ranking)
{
    const struct noise_floor *noise = &ranking->noise;
    struct line l;

    if (ranking->blocks_needed == 0 || ranking->blocks < ranking->blocks_needed)
        return;
    line_begin(&l, s, "", 0);
    if (noise->known)
        line_prose(&l, STYLE_PLAIN, "noise: A/A, %zu pairs: %s %% [%s, %s]", noise->blocks,
                   percent_above(noise->ratio).text, percent_above(noise->low).text,
                   percent_above(noise->high).text);
    else
        line_prose(&l, STYLE_PLAIN, "noise: not known, without an A/A control");
    if (!noise->differs)
        line_piece(&l, 3, STYLE_PLAIN, "trust differences above ≈ %.1f %%", 100 * noise->floor);
    line_end(&l);
}

/* The same difference, told of the other. */
static struct difference mirrored(const struct difference *d)
{
    struct difference m = *d;

    m.a = d->b;
    m.b = d->a;
    m.ratio = 1 / d->ratio;
    m.low = 1 / d->high;
    m.high = 1 / d->low;
    return m;
}

static void faster_sentence(const struct screen *s, const struct ranking *ranking,
                            const struct difference *d)
{
    const struct slice slower = slice_of(ranking->rows[d->b].target);
    struct line l;

    line_begin(&l, s, "", 0);
    line_words(&l, STYLE_PLAIN, slice_of(ranking->rows[d->a].target));
    if (d->ratio < TIMES_FROM) {
        line_prose(&l, STYLE_PLAIN, "is faster than");
        line_words(&l, STYLE_PLAIN, slower);
        line_piece(&l, 1, STYLE_PLAIN, "by %.1f %% [%.1f, %.1f],", (d->ratio - 1) * 100,
                   (d->low - 1) * 100, (d->high - 1) * 100);
    } else {
        line_prose(&l, STYLE_PLAIN, "is %s [%s, %s] times as fast as", times(d->ratio).text,
                   times(d->low).text, times(d->high).text);
        line_words(&l, STYLE_PLAIN, slower);
        line_piece(&l, 0, STYLE_PLAIN, ",");
    }
    line_piece(&l, 1, STYLE_PLAIN, d->p_holm < 0.001 ? "Holm p < 0.001," : "Holm p = %.3f,",
               d->p_holm);
    line_piece(&l, 1, STYLE_PLAIN, "noise floor %.1f %%", 100 * ranking->noise.floor);
    line_end(&l);
}

static void alike_sentence(const struct screen *s, const struct ranking *ranking,
                           const struct difference *d)
{
    struct line l;

    line_begin(&l, s, "", 0);
    line_words(&l, STYLE_PLAIN, slice_of(ranking->rows[d->a].target));
    line_prose(&l, STYLE_PLAIN, "and");
    line_words(&l, STYLE_PLAIN, slice_of(ranking->rows[d->b].target));
    line_piece(&l, 0, STYLE_PLAIN, ":");
    if (d->finding == FINDING_SAME)
        line_prose(&l, STYLE_PLAIN, "same within %.1f %%", 100 * ranking->noise.floor);
    else
        line_prose(&l, STYLE_PLAIN, "no difference shown");
    if (d->finding != FINDING_SAME && d->bounded)
        line_prose(&l, STYLE_PLAIN, "(%s … %s %%)", percent_above(d->low).text,
                   percent_above(d->high).text);
    line_end(&l);
}

static void sentence(const struct screen *s, const struct ranking *ranking,
                     const struct difference *d)
{
    const struct difference other = mirrored(d);

    switch (d->finding) {
    case FINDING_MORE:
        faster_sentence(s, ranking, d);
        break;
    case FINDING_LESS: /* block by block it is the faster one, though its median is lower */
        faster_sentence(s, ranking, &other);
        break;
    case FINDING_SAME:
    case FINDING_NOT_SHOWN:
        alike_sentence(s, ranking, d);
        break;
    }
}

static void sentences(const struct screen *s, const struct ranking *ranking)
{
    size_t shown = 0;
    struct line l;

    for (size_t i = 0; i < ranking->pair_count && shown < SENTENCES_MAX; i++) {
        const struct difference *d = &ranking->pairs[i];

        if (d->b != d->a + 1)
            continue;
        sentence(s, ranking, d);
        shown++;
    }
    if (shown == ranking->pair_count)
        return;
    line_begin(&l, s, "", 0);
    line_prose(&l, STYLE_PLAIN, "%zu more pair%s in the JSON (-o json=FILE)",
               ranking->pair_count - shown, ranking->pair_count - shown == 1 ? " is" : "s are");
    line_end(&l);
}

void ranking_notes(const struct screen *s, const struct ranking *ranking)
{
    not_ranked(s, ranking);
    nobody_ranked(s, ranking);
    other_work(s, ranking);
    tie_lines(s, ranking);
    noise_line(s, ranking);
    sentences(s, ranking);
    for (size_t i = 0; i < ranking->row_count; i++)
        if (ranking_row_has_figures(&ranking->rows[i]) && ranking->rows[i].failed > 0)
            failed_requests(s, &ranking->rows[i]);
}
