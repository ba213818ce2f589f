#include "report/comparison_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "stats/interval.h"

#define CONFIDENCE (1 - COMPARE_ALPHA)

static void *take(size_t count, size_t size)
{
    return fault_hit(FAULT_MEMORY) ? NULL : calloc(count > 0 ? count : 1, size);
}

/* ---- the cells ---- */

static bool takes_part(const struct comparison_side *side, const struct trial_record *t)
{
    if (t->control)
        return false;
    return side->target != NULL ? strcmp(t->target, side->target) == 0 : !t->ceiling;
}

static bool asked_alike(const struct trial_record *a, const struct trial_record *b)
{
    return slice_equal(a->workload.name, b->workload.name) &&
           slice_equal(a->load.name, b->load.name);
}

static bool same_cell(const struct trial_record *a, const struct trial_record *b)
{
    return asked_alike(a, b) && strcmp(a->target, b->target) == 0;
}

const struct trial_record *comparison_next(const struct comparison_side *side,
                                           const struct trial_record *first, size_t *at)
{
    while (*at < side->run->trial_count) {
        const struct trial_record *t = side->run->trials[(*at)++];

        if (takes_part(side, t) && same_cell(t, first))
            return t;
    }
    return NULL;
}

/* The only target of a side, or NULL: there are several, or none. */
static const char *only_target(const struct comparison_side *side)
{
    const char *found = NULL;

    for (size_t i = 0; i < side->run->trial_count; i++) {
        const struct trial_record *t = side->run->trials[i];

        if (!takes_part(side, t))
            continue;
        if (found != NULL && strcmp(found, t->target) != 0)
            return NULL;
        found = t->target;
    }
    return found;
}

/* The first trial of this target that was asked like `t`; NULL: there is none. */
static const struct trial_record *counterpart(const struct comparison_side *side,
                                              const struct trial_record *t, const char *target)
{
    for (size_t i = 0; i < side->run->trial_count; i++) {
        const struct trial_record *other = side->run->trials[i];

        if (takes_part(side, other) && asked_alike(t, other) && strcmp(other->target, target) == 0)
            return other;
    }
    return NULL;
}

static bool is_first(const struct comparison_side *side, size_t index)
{
    const struct trial_record *t = side->run->trials[index];

    return takes_part(side, t) && counterpart(side, t, t->target) == t;
}

/* Both sides' cells that have no counterpart are counted, so that nobody believes that all was
 * compared. */
static void find_cells(struct comparison *c)
{
    const char *a_only = only_target(&c->a), *b_only = only_target(&c->b);
    bool across = a_only != NULL && b_only != NULL;

    for (size_t i = 0; i < c->a.run->trial_count; i++) {
        const struct trial_record *t = c->a.run->trials[i], *other;

        if (!is_first(&c->a, i))
            continue;
        other = counterpart(&c->b, t, across ? b_only : t->target);
        if (other == NULL)
            c->a_alone++;
        else
            c->cells[c->cell_count++] =
                (struct comparison_cell){ .a = t, .b = other, .paired = c->same_run };
    }
    for (size_t i = 0; i < c->b.run->trial_count; i++)
        c->b_alone += is_first(&c->b, i);
    c->b_alone -= c->cell_count;
}

/* ---- the values ---- */

static double value_of(const struct trial_record *t, enum metric metric)
{
    return t->state == TRIAL_DONE && !t->tally.partial ? metric_of(t, metric) : RECORD_UNKNOWN;
}

/* Returns how many there are, with those that are NaN. */
static size_t values_of(const struct comparison_side *side, const struct trial_record *first,
                        enum metric metric, double *ret_values)
{
    const struct trial_record *t;
    size_t at = 0, n = 0;

    while ((t = comparison_next(side, first, &at)) != NULL)
        ret_values[n++] = value_of(t, metric);
    return n;
}

static const struct trial_record *in_block(const struct comparison_side *side,
                                           const struct trial_record *first, uint32_t block)
{
    const struct trial_record *t;
    size_t at = 0;

    while ((t = comparison_next(side, first, &at)) != NULL)
        if (t->block == block)
            return t;
    return NULL;
}

/* Those of blocks in which both sides have a trial. */
static size_t pairs_of(const struct comparison *c, const struct comparison_cell *cell,
                       enum metric metric, double *ret_a, double *ret_b)
{
    const struct trial_record *a, *b;
    size_t at = 0, n = 0;

    while ((a = comparison_next(&c->a, cell->a, &at)) != NULL) {
        b = in_block(&c->b, cell->b, a->block);
        if (b == NULL)
            continue;
        ret_a[n] = value_of(a, metric);
        ret_b[n++] = value_of(b, metric);
    }
    return n;
}

static double median_of(double *values, size_t n, size_t *ret_count)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i]) && values[i] > 0)
            values[kept++] = values[i];
    *ret_count = kept;
    return kept > 0 ? interval_median(values, kept, CONFIDENCE).median : RECORD_UNKNOWN;
}

/* ---- the noise floor ---- */

static const struct trial_record *original_of(const struct run_record *run,
                                              const struct trial_record *twin)
{
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *t = run->trials[i];

        if (!t->control && t->block == twin->block && same_cell(t, twin))
            return t;
    }
    return NULL;
}

static struct noise_floor noise_of(const struct run_record *run, const struct trial_record *like,
                                   enum metric metric, double *scratch)
{
    size_t n = 0;

    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *twin = run->trials[i], *original;

        if (!twin->control || !asked_alike(twin, like))
            continue;
        original = original_of(run, twin);
        if (original != NULL)
            scratch[n++] = value_of(twin, metric) / value_of(original, metric);
    }
    return noise_floor_of(scratch, n);
}

/* A machine that cannot rank is one, whoever has the larger floor. */
static struct noise_floor larger(struct noise_floor a, struct noise_floor b)
{
    struct noise_floor l = !b.known || (a.known && a.floor > b.floor) ? a : b;

    l.differs = a.differs || b.differs;
    return l;
}

/* ---- the figures ---- */

struct scratch {
    double *a, *b;
    const struct trial_record **trials;
};

static bool find_difference(const struct comparison *c, struct comparison_cell *cell,
                            enum metric metric, const struct scratch *s, struct error *err)
{
    struct comparison_figure *f = &cell->figures[metric];
    const struct entrant both[] = { { s->a }, { s->b } };
    size_t a_n, b_n;

    if (cell->paired) {
        a_n = pairs_of(c, cell, metric, s->a, s->b);
        return compare_all(both, 2, a_n, f->noise.floor, &f->difference, err);
    }
    a_n = values_of(&c->a, cell->a, metric, s->a);
    b_n = values_of(&c->b, cell->b, metric, s->b);
    f->difference = compare_two(s->a, a_n, s->b, b_n, f->noise.floor);
    return true;
}

static bool fill_figure(const struct comparison *c, struct comparison_cell *cell,
                        enum metric metric, const struct scratch *s, struct error *err)
{
    struct comparison_figure *f = &cell->figures[metric];

    f->noise = noise_of(c->a.run, cell->a, metric, s->a);
    if (!c->same_run)
        f->noise = larger(f->noise, noise_of(c->b.run, cell->b, metric, s->a));
    if (!find_difference(c, cell, metric, s, err))
        return false;
    f->a = median_of(s->a, values_of(&c->a, cell->a, metric, s->a), &f->a_n);
    f->b = median_of(s->b, values_of(&c->b, cell->b, metric, s->b), &f->b_n);
    if (f->obstacle == OBSTACLE_REFUSED)
        return true;
    if (f->a_n == 0 || f->b_n == 0)
        f->obstacle = OBSTACLE_ABSENT;
    else if (!f->difference.bounded)
        f->obstacle = OBSTACLE_FEW;
    return true;
}

/* Over all cells that have something to be corrected. */
static bool correct(struct comparison *c, enum metric metric, struct difference *all,
                    struct error *err)
{
    size_t n = 0, comparable = 0;

    for (size_t i = 0; i < c->cell_count; i++) {
        const struct comparison_figure *f = &c->cells[i].figures[metric];

        comparable += f->obstacle != OBSTACLE_ABSENT && f->obstacle != OBSTACLE_REFUSED;
        if (f->obstacle == OBSTACLE_NONE)
            all[n++] = f->difference;
    }
    if (!compare_together(all, n, err))
        return false;
    n = 0;
    for (size_t i = 0; i < c->cell_count; i++) {
        struct comparison_figure *f = &c->cells[i].figures[metric];

        if (f->obstacle == OBSTACLE_NONE)
            f->difference = all[n++];
        if (f->obstacle == OBSTACLE_FEW)
            f->needed = compare_fewest(c->cells[i].paired, comparable, COMPARE_ALPHA);
    }
    return true;
}

static bool fill_cells(struct comparison *c, const struct scratch *s, struct difference *all,
                       struct error *err)
{
    for (size_t i = 0; i < c->cell_count; i++) {
        comparison_refuse_cell(c, &c->cells[i], s->trials);
        for (enum metric m = 0; m < METRICS; m++)
            if (!fill_figure(c, &c->cells[i], m, s, err))
                return false;
        comparison_refuse_noisy(&c->cells[i]);
    }
    for (enum metric m = 0; m < METRICS; m++)
        if (!correct(c, m, all, err))
            return false;
    return true;
}

/* ---- both sides ---- */

/* Runs that were not saved have no number, but no two began in the same nanosecond. */
static bool is_same_run(const struct run_record *a, const struct run_record *b)
{
    return a == b || (a->started.ns != 0 && a->started.ns == b->started.ns && a->seed == b->seed &&
                      strcmp(a->id, b->id) == 0);
}

static void list_targets(struct text *into, const struct comparison_side *side)
{
    const char *before = "";

    for (size_t i = 0; i < side->run->trial_count; i++) {
        const struct trial_record *t = side->run->trials[i];

        if (!is_first(side, i))
            continue;
        text_format(into, "%s%s", before, t->target);
        if (t->workload.name.len > 0 && t->load.name.len > 0) /* else one URL's: it has no more */
            text_format(into, " (%.*s %.*s)", (int)t->workload.name.len, t->workload.name.ptr,
                        (int)t->load.name.len, t->load.name.ptr);
        before = ", ";
    }
    if (before[0] != '\0')
        return;
    text_add(into, SLICE("no trial"));
    if (side->target != NULL) {
        struct comparison_side all = { .run = side->run };

        text_format(into, " called %s, but ", side->target);
        list_targets(into, &all);
    }
}

static bool nothing_in_common(const struct comparison *c, struct error *err)
{
    char a[600], b[600];
    struct text a_text = TEXT(a), b_text = TEXT(b);

    list_targets(&a_text, &c->a);
    list_targets(&b_text, &c->b);
    return error_usage(err,
                       "nothing in A and B can be compared: no target with the same workload and "
                       "load is in both; name a target on each side (RUN:TARGET). A, %s, has %s; "
                       "B, %s, has %s",
                       c->a.name, a, c->b.name, b);
}

static bool same_twice(const struct comparison *c, struct error *err)
{
    const char *a = only_target(&c->a), *b = only_target(&c->b);
    char targets[600];
    struct text text = TEXT(targets);
    struct comparison_side all = c->a;

    if (a == NULL)
        a = c->a.target; /* which it has no trial of: that is said elsewhere */
    if (b == NULL)
        b = c->b.target;
    if (!c->same_run || (a != NULL && b != NULL && strcmp(a, b) != 0))
        return true;
    all.target = NULL;
    list_targets(&text, &all);
    if (only_target(&all) != NULL)
        return error_usage(err, "A and B are the same run, of one target (%s): name two runs",
                           targets);
    return error_usage(err,
                       "A and B are the same run: name two of its targets, as in RUN:TARGET; it "
                       "has %s",
                       targets);
}

static bool make(struct comparison *c, struct error *err)
{
    size_t room = c->a.run->trial_count + c->b.run->trial_count;
    struct scratch s = { .a = take(room, sizeof(double)),
                         .b = take(room, sizeof(double)),
                         .trials = take(room, sizeof(const struct trial_record *)) };
    struct difference *all = take(c->a.run->trial_count, sizeof(*all));
    bool fine;

    c->cells = take(c->a.run->trial_count, sizeof(*c->cells));
    if (s.a == NULL || s.b == NULL || s.trials == NULL || all == NULL || c->cells == NULL) {
        fine = error_set(err, ENOMEM, "compare %s with %s", c->a.name, c->b.name);
    } else {
        find_cells(c);
        fine = c->cell_count > 0 ? fill_cells(c, &s, all, err) && comparison_take_notes(c, err)
                                 : nothing_in_common(c, err);
    }
    free(s.a);
    free(s.b);
    free((void *)s.trials);
    free(all);
    return fine;
}

bool comparison_make(const struct comparison_side *a, const struct comparison_side *b,
                     struct comparison *ret_comparison, struct error *err)
{
    struct comparison c = { .a = *a, .b = *b, .same_run = is_same_run(a->run, b->run) };

    if (!same_twice(&c, err))
        return false;
    if (!make(&c, err)) {
        comparison_free(&c);
        return false;
    }
    *ret_comparison = c;
    return true;
}

void comparison_free(struct comparison *comparison)
{
    free(comparison->cells);
    free(comparison->notes);
}
