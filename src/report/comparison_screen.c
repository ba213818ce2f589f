#include "report/comparison_out.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "report/line_priv.h"
#include "report/metric_priv.h"
#include "report/stream_priv.h"

#define SENTENCE_MAX (COMPARISON_TEXT_MAX + 100)

/* ---- who is who ---- */

static void print_side(const struct screen *s, const char *label,
                       const struct comparison_side *side)
{
    const struct run_record *run = side->run;
    char when[WALL_TEXT_MAX];
    struct line l;

    line_begin(&l, s, label, 3);
    line_words(&l, STYLE_PLAIN, slice_of(side->name));
    if (run->id[0] != '\0' && strncmp(side->name, run->id, strlen(run->id)) != 0)
        line_piece(&l, 3, STYLE_PLAIN, "run %s", run->id);
    if (run->suite[0] != '\0') {
        line_piece(&l, 3, STYLE_PLAIN, "suite");
        line_words(&l, STYLE_PLAIN, slice_of(run->suite));
    }
    if (run->started.ns != 0) {
        wall_text(run->started, when);
        line_piece(&l, 3, STYLE_DIM, "%s", when);
    }
    if (run->partial)
        line_piece(&l, 3, STYLE_WARN, "interrupted");
    line_end(&l);
}

static void print_note(const struct screen *s, const struct comparison_note *note)
{
    struct line l;

    line_begin(&l, s, "", 0);
    line_piece(&l, 0, STYLE_WARN, "!");
    l.indent = 2;
    line_piece(&l, 1, STYLE_PLAIN, "not %sthe same %s:", note->unknown ? "known to be " : "",
               note->what);
    line_words(&l, STYLE_PLAIN, slice_of(note->text));
    line_end(&l);
}

static void print_alone(const struct screen *s, const struct comparison *c)
{
    struct line l;

    if (c->a_alone + c->b_alone == 0)
        return;
    fputc('\n', s->out);
    line_begin(&l, s, "", 0);
    line_prose(&l, STYLE_DIM,
               "Left out, as the other side has no such target, workload and load: %zu of A, %zu "
               "of B",
               c->a_alone, c->b_alone);
    line_end(&l);
}

/* ---- a cell ---- */

static enum screen_style style_of(const struct comparison_figure *f)
{
    if (f->obstacle == OBSTACLE_REFUSED)
        return STYLE_BAD;
    if (f->obstacle != OBSTACLE_NONE || f->difference.finding == FINDING_NOT_SHOWN)
        return STYLE_WARN;
    return f->difference.finding == FINDING_SAME ? STYLE_PLAIN : STYLE_BOLD;
}

static void add_target(struct line *l, const char *label, const struct trial_record *t, size_t n)
{
    line_piece(l, 3, STYLE_BOLD, "%s", label);
    line_words(l, STYLE_PLAIN, slice_of(t->target));
    line_piece(l, 1, STYLE_DIM, "(%zu trial%s)", n, n == 1 ? "" : "s");
}

static void print_heading(const struct screen *s, const struct comparison_cell *cell)
{
    const struct comparison_figure *f = &cell->figures[METRIC_THROUGHPUT];
    struct line l;

    fputc('\n', s->out);
    line_begin(&l, s, "", 0);
    line_words(&l, STYLE_BOLD, cell->a->workload.name);
    line_words(&l, STYLE_BOLD, cell->a->load.name);
    l.indent = 2;
    add_target(&l, "A", cell->a, f->a_n);
    add_target(&l, "B", cell->b, f->b_n);
    line_piece(&l, 3, STYLE_DIM, cell->paired ? "in pairs, block by block" : "two samples");
    line_end(&l);
}

/* A server that assay did not start has no memory to speak of; but a figure that is refused by
 * itself says why it is not there. */
static bool is_shown(const struct comparison_cell *cell, const struct comparison_figure *f)
{
    return f->a_n + f->b_n > 0 || (!cell->refused && f->obstacle == OBSTACLE_REFUSED);
}

static void print_figure(const struct screen *s, const struct comparison_cell *cell,
                         enum metric metric)
{
    const struct comparison_figure *f = &cell->figures[metric];
    char sentence[SENTENCE_MAX];
    struct line l;

    if (!is_shown(cell, f))
        return;
    line_begin(&l, s, metric_label(metric), LINE_INDENT);
    line_piece(&l, 0, STYLE_PLAIN, "%s and %s", metric_number(metric, f->a).text,
               metric_number(metric, f->b).text);
    line_pad(&l, LINE_INDENT + 22);
    if (cell->refused)
        line_piece(&l, 1, STYLE_BAD, "refused");
    else
        line_words(&l, style_of(f),
                   slice_of(comparison_sentence(cell, metric, sentence, sizeof(sentence))));
    line_end(&l);
}

static void print_refusal(const struct screen *s, const struct comparison_cell *cell)
{
    struct line l;

    if (!cell->refused)
        return;
    line_begin(&l, s, "Refused:", LINE_INDENT);
    line_words(&l, STYLE_BAD, slice_of(cell->figures[METRIC_THROUGHPUT].reason));
    line_end(&l);
}

/* Of the first figure that is open: what settles that tends to settle the others. */
static void print_remedy(const struct screen *s, const struct comparison *c,
                         const struct comparison_cell *cell)
{
    char remedy[COMPARISON_TEXT_MAX];
    struct line l;

    for (enum metric m = 0; m < METRICS; m++) {
        if (comparison_remedy(c, cell, m, remedy, sizeof(remedy))[0] == '\0')
            continue;
        line_begin(&l, s, "Remedy:", LINE_INDENT);
        line_words(&l, STYLE_PLAIN, slice_of(remedy));
        line_end(&l);
        return;
    }
}

static void print_cell(const struct screen *s, const struct comparison *c,
                       const struct comparison_cell *cell)
{
    print_heading(s, cell);
    for (enum metric m = 0; m < METRICS; m++)
        print_figure(s, cell, m);
    print_refusal(s, cell);
    print_remedy(s, c, cell);
}

void comparison_print(const struct screen *s, const struct comparison *c)
{
    for (size_t i = 0; i < c->note_count; i++)
        print_note(s, &c->notes[i]);
    if (c->note_count > 0)
        fputc('\n', s->out);
    print_side(s, "A", &c->a);
    print_side(s, "B", &c->b);
    for (size_t i = 0; i < c->cell_count; i++)
        print_cell(s, c, &c->cells[i]);
    print_alone(s, c);
}

/* ---- Markdown ---- */

static void write_row(const struct screen *s, const struct comparison_cell *cell,
                      enum metric metric)
{
    const struct comparison_figure *f = &cell->figures[metric];
    char sentence[SENTENCE_MAX], shown[4 * SENTENCE_MAX];
    struct text text = TEXT(shown);

    if (!is_shown(cell, f))
        return;
    if (cell->refused)
        snprintf(sentence, sizeof(sentence), "refused");
    else
        comparison_sentence(cell, metric, sentence, sizeof(sentence));
    screen_add_foreign(s, &text, slice_of(sentence));
    fprintf(s->out, "| %s | %s | %s | %s |\n", metric_label(metric),
            metric_number(metric, f->a).text, metric_number(metric, f->b).text, shown);
}

static void write_cell(const struct screen *s, const struct comparison *c,
                       const struct comparison_cell *cell)
{
    print_heading(s, cell);
    fputs("| | A | B | A against B |\n|---|---:|---:|---|\n", s->out);
    for (enum metric m = 0; m < METRICS; m++)
        write_row(s, cell, m);
    fputc('\n', s->out);
    print_refusal(s, cell);
    print_remedy(s, c, cell);
}

bool comparison_write_markdown(FILE *out, const struct comparison *c, struct error *err)
{
    struct screen s = screen_markdown(out);

    errno = 0;
    for (size_t i = 0; i < c->note_count; i++)
        print_note(&s, &c->notes[i]);
    print_side(&s, "A", &c->a);
    print_side(&s, "B", &c->b);
    for (size_t i = 0; i < c->cell_count; i++)
        write_cell(&s, c, &c->cells[i]);
    print_alone(&s, c);
    return stream_finish(out, err);
}
