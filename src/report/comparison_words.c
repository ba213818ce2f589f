#include "report/comparison.h"

#include <math.h>
#include <stdio.h>

#include "base/bug.h"

const char *comparison_word(const struct comparison_figure *figure)
{
    switch (figure->obstacle) {
    case OBSTACLE_ABSENT:
        return "absent";
    case OBSTACLE_FEW:
        return "too_few";
    case OBSTACLE_REFUSED:
        return "refused";
    case OBSTACLE_NONE:
        break;
    }
    switch (figure->difference.finding) {
    case FINDING_MORE:
        return "more";
    case FINDING_LESS:
        return "less";
    case FINDING_SAME:
        return "same";
    case FINDING_NOT_SHOWN:
        return "not_shown";
    }
    BUG("finding out of range");
}

/* 0.0712 is "7.1", and "0.71" is what 0.0071 is; large ones without decimals. */
static void percent(struct text *into, double share)
{
    double value = fabs(share) * 100;

    text_format(into, value < 1 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
}

static void signed_percent(struct text *into, double share)
{
    text_add(into, share < 0 ? SLICE("−") : SLICE("+"));
    percent(into, share);
}

static void difference(struct text *into, const struct difference *d, enum metric metric)
{
    bool more = d->finding == FINDING_MORE;

    text_format(into, "A is %s than B by ", more ? metric_more(metric) : metric_less(metric));
    percent(into, d->ratio - 1);
    text_add(into, SLICE(" % ["));
    percent(into, (more ? d->low : d->high) - 1);
    text_add(into, SLICE(", "));
    percent(into, (more ? d->high : d->low) - 1);
    text_add(into, SLICE("]"));
}

static void chance(struct text *into, double p)
{
    if (p < 0.001)
        text_add(into, SLICE(", Holm p < 0.001"));
    else
        text_format(into, ", Holm p = %.*f", p < 0.1 ? 3 : 2, p);
}

static void floor_of(struct text *into, const struct noise_floor *noise)
{
    if (noise->known)
        text_format(into, ", noise floor %.1f %%", noise->floor * 100);
    else
        text_format(into, ", noise floor unknown (%.0f %% taken)", noise->floor * 100);
}

static void finding(struct text *into, const struct comparison_figure *f, enum metric metric)
{
    const struct difference *d = &f->difference;

    switch (d->finding) {
    case FINDING_MORE:
    case FINDING_LESS:
        difference(into, d, metric);
        chance(into, d->p_holm);
        floor_of(into, &f->noise);
        return;
    case FINDING_SAME:
        text_format(into, "same within %.1f %%", d->floor * 100);
        if (!f->noise.known)
            floor_of(into, &f->noise);
        return;
    case FINDING_NOT_SHOWN:
        text_add(into, SLICE("no difference shown ("));
        signed_percent(into, d->low - 1);
        text_add(into, SLICE(" … "));
        signed_percent(into, d->high - 1);
        text_add(into, SLICE(" %)"));
        chance(into, d->p_holm);
        floor_of(into, &f->noise);
        return;
    }
}

static void too_few(struct text *into, const struct comparison_figure *f)
{
    text_format(into, "no verdict: needs %zu trials of each (has %zu", f->needed, f->a_n);
    if (f->a_n != f->b_n)
        text_format(into, " and %zu", f->b_n);
    text_add(into, SLICE(")"));
}

static const char *who_lacks(const struct comparison_figure *f)
{
    if (f->a_n == 0 && f->b_n == 0)
        return "neither side has a";
    return f->a_n == 0 ? "A has no" : "B has no";
}

char *comparison_sentence(const struct comparison_cell *cell, enum metric metric, char *ret_text,
                          size_t size)
{
    const struct comparison_figure *f = &cell->figures[metric];
    struct text text = { ret_text, 0, size, false };

    ret_text[0] = '\0';
    switch (f->obstacle) {
    case OBSTACLE_NONE:
        finding(&text, f, metric);
        break;
    case OBSTACLE_ABSENT:
        text_format(&text, "no verdict: %s value that can be relied on", who_lacks(f));
        break;
    case OBSTACLE_FEW:
        too_few(&text, f);
        break;
    case OBSTACLE_REFUSED:
        text_format(&text, "refused: %s", f->reason);
        break;
    }
    return ret_text;
}

/* Within a run the next block costs least; two runs have to be measured together to be paired. */
char *comparison_remedy(const struct comparison *comparison, const struct comparison_cell *cell,
                        enum metric metric, char *ret_text, size_t size)
{
    const struct comparison_figure *f = &cell->figures[metric];
    size_t needed = f->obstacle == OBSTACLE_FEW    ? f->needed
                    : f->obstacle == OBSTACLE_NONE ? f->difference.blocks_needed
                                                   : 0;
    struct text text = { ret_text, 0, size, false };

    ret_text[0] = '\0';
    if (f->obstacle == OBSTACLE_REFUSED)
        text_add(&text, slice_of(f->remedy));
    else if (needed == 0)
        return ret_text;
    else if (comparison->same_run)
        text_format(&text, "assay run SUITE --blocks %zu", needed);
    else if (comparison->a.run->suite[0] != '\0' && comparison->b.run->suite[0] != '\0')
        text_format(&text,
                    "assay run SUITE --blocks %zu for each; fewer do, where both are targets of "
                    "one suite and so measured in turn",
                    needed);
    else
        text_add(&text, SLICE("make both targets of one suite, which measures them in turn: assay "
                              "run SUITE --blocks 6 (docs/ADD-A-TARGET.md)"));
    return ret_text;
}
