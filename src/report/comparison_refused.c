/* What keeps two sides from being compared, however many trials they have. */
#include "report/comparison_priv.h"

#include <stdio.h>

#include "report/refusal.h"
#include "verdict/parity.h"

static void refuse(struct comparison_figure *f, const char *reason, const char *remedy)
{
    f->obstacle = OBSTACLE_REFUSED;
    snprintf(f->reason, sizeof(f->reason), "%s", reason);
    snprintf(f->remedy, sizeof(f->remedy), "%s", remedy);
}

/* ---- one side ---- */

static bool refuse_failed(struct comparison_figure *f, const char *name,
                          const struct trial_record *t)
{
    char reason[COMPARISON_TEXT_MAX];

    if (t->state == TRIAL_DONE && t->tally.ok > 0)
        return false;
    snprintf(reason, sizeof(reason), "%s: the trial in block %u %s%s%s", name, t->block + 1,
             t->state == TRIAL_DONE ? "had no right answer" : "failed: ",
             t->state == TRIAL_DONE ? "" : t->reason,
             t->state != TRIAL_DONE && t->reason[0] == '\0' ? trial_state_name(t->state) : "");
    refuse(f, reason, "assay show RUN tells more of it");
    return true;
}

static bool refuse_by_verdict(struct comparison_figure *f, enum metric metric,
                              const struct comparison_side *side, const char *name,
                              const struct trial_record *first)
{
    struct refusals found = { .count = 0 };
    char text[CHECK_TEXT_MAX + 60], reason[COMPARISON_TEXT_MAX];
    const struct trial_record *t;
    const struct check *by;
    size_t at = 0;

    while ((t = comparison_next(side, first, &at)) != NULL)
        if (!t->tally.partial)
            refusals_add(&found, metric_refused(t, metric));
    by = refusals_by(&found);
    if (!refusals_too_many(&found))
        return false;
    snprintf(reason, sizeof(reason), "%s: %s: %s", name, check_name(by->id),
             refusals_text(&found, by, text, sizeof(text)));
    refuse(f, reason, by->remedy);
    return true;
}

/* A trial that failed refuses the side, as it does in a ranking. */
static bool refuse_side(struct comparison_figure *f, const struct comparison_side *side,
                        const char *name, const struct trial_record *first)
{
    const struct trial_record *t;
    size_t at = 0;

    while ((t = comparison_next(side, first, &at)) != NULL)
        if (!t->tally.partial && refuse_failed(f, name, t))
            return true;
    return refuse_by_verdict(f, METRIC_THROUGHPUT, side, name, first);
}

/* ---- both sides ---- */

static size_t collect(const struct comparison_side *side, const struct trial_record *first,
                      const struct trial_record **ret_trials)
{
    const struct trial_record *t;
    size_t at = 0, n = 0;

    while ((t = comparison_next(side, first, &at)) != NULL)
        if (!t->tally.partial)
            ret_trials[n++] = t;
    return n;
}

/* Who keeps connections against who opens one for each request is other work too. */
static bool refuse_other_work(const struct comparison *c, const struct comparison_cell *cell,
                              struct comparison_figure *f, const struct trial_record **trials)
{
    size_t n = collect(&c->a, cell->a, trials);
    struct check parity;
    char reason[COMPARISON_TEXT_MAX];

    n += collect(&c->b, cell->b, trials + n);
    parity = check_parity(trials, n);
    if (parity.state != CHECK_FAIL)
        return false;
    snprintf(reason, sizeof(reason), "%s: %s", check_name(CHECK_PARITY), parity.text);
    refuse(f, reason, parity.remedy);
    return true;
}

static void refuse_other_loop(struct comparison_cell *cell, enum metric metric)
{
    static const char *const models[] = { "a closed loop", "an open loop", "in-process" };
    char reason[COMPARISON_TEXT_MAX];

    if (cell->a->load.model == cell->b->load.model || !metric_depends_on_loop(metric))
        return;
    snprintf(reason, sizeof(reason),
             "A is %s, B %s: an open loop is as fast as it is asked to be, "
             "and only there waiting counts",
             models[cell->a->load.model], models[cell->b->load.model]);
    refuse(&cell->figures[metric], reason, "ask both in the same way");
}

void comparison_refuse_cell(const struct comparison *c, struct comparison_cell *cell,
                            const struct trial_record **trials)
{
    struct comparison_figure *first = &cell->figures[METRIC_THROUGHPUT];

    cell->refused = refuse_side(first, &c->a, "A", cell->a) ||
                    refuse_side(first, &c->b, "B", cell->b) ||
                    refuse_other_work(c, cell, first, trials);
    for (enum metric m = 0; m < METRICS; m++) {
        struct comparison_figure *f = &cell->figures[m];

        if (cell->refused && f != first)
            refuse(f, first->reason, first->remedy);
        else if (!cell->refused && !refuse_by_verdict(f, m, &c->a, "A", cell->a) &&
                 !refuse_by_verdict(f, m, &c->b, "B", cell->b))
            refuse_other_loop(cell, m);
    }
}

/* Of other metrics than throughput a large floor is usual, and says enough by itself. */
void comparison_refuse_noisy(struct comparison_cell *cell)
{
    struct comparison_figure *f = &cell->figures[METRIC_THROUGHPUT];
    char reason[COMPARISON_TEXT_MAX];

    if (!f->noise.differs || f->obstacle == OBSTACLE_REFUSED)
        return;
    snprintf(reason, sizeof(reason),
             "the A/A control, one target twice, differs by up to %.1f %%: this machine cannot "
             "tell targets apart",
             f->noise.floor * 100);
    refuse(f, reason, "assay doctor tells what disturbs it; or more blocks");
}
