#include "report/proof_block.h"

#include "report/line_priv.h"
#include "verdict/prove.h"

static enum screen_style elasticity_style(enum elasticity_state state)
{
    if (state == ELASTICITY_LIMITING || state == ELASTICITY_DIED)
        return STYLE_BAD;
    return state == ELASTICITY_NOT_LIMITING ? STYLE_GOOD : STYLE_DIM;
}

static const char *elasticity_label(enum elasticity_state state)
{
    if (state == ELASTICITY_DIED)
        return "DIED";
    return state == ELASTICITY_OPEN ? "open" : "PROVED";
}

static enum screen_style leak_style(enum leak_proof_state state)
{
    if (state == LEAK_PROOF_DIED)
        return STYLE_BAD;
    if (state == LEAK_PROOF_PROVED)
        return STYLE_WARN;
    return state == LEAK_PROOF_FLAT ? STYLE_GOOD : STYLE_DIM;
}

static const char *leak_label(enum leak_proof_state state)
{
    if (state == LEAK_PROOF_DIED)
        return "DIED";
    if (state == LEAK_PROOF_PROVED)
        return "PROVED";
    return state == LEAK_PROOF_FLAT ? "ok" : "open";
}

/* "2 of 3": in how many trials of several it is so. */
struct share {
    size_t count, of;
};

struct proof_line {
    const struct trial_record *named; /* whose target and load begin the line; NULL: there is one */
    const char *what;
    enum screen_style style;
    const char *label;
    struct share share;
    struct text words;
    bool died; /* the target did, while this was tried */
};

static void print_line(const struct screen *s, const struct proof_line *p)
{
    struct line l;

    if (p->words.len == 0)
        return;
    line_begin(&l, s, p->label, LINE_INDENT);
    if (p->named != NULL) {
        line_words(&l, STYLE_PLAIN, slice_of(p->named->target));
        line_add(&l, ",");
        line_words(&l, STYLE_PLAIN, p->named->workload.name);
        line_words(&l, STYLE_PLAIN, p->named->load.name);
        line_add(&l, ",");
    }
    line_piece(&l, 1, p->style, "%s", p->what);
    if (p->share.of > 1)
        line_prose(&l, STYLE_PLAIN, "in %zu of %zu trials", p->share.count, p->share.of);
    line_add(&l, ":");
    /* How it died: in the block of a single trial that stands above. */
    if (p->died && p->named != NULL && p->named->reason[0] != '\0')
        line_words(&l, STYLE_PLAIN, slice_of(p->named->reason));
    else
        line_prose(&l, STYLE_PLAIN, "%s", p->words.ptr);
    line_end(&l);
}

static void elasticity_line(const struct screen *s, const struct proof_elasticity *e,
                            const struct trial_record *named, struct share share)
{
    char words[CHECK_TEXT_MAX] = "";
    struct proof_line p = { .named = named,
                            .what = "generator",
                            .style = elasticity_style(e->state),
                            .label = elasticity_label(e->state),
                            .share = share,
                            .words = TEXT(words),
                            .died = e->state == ELASTICITY_DIED };

    prove_elasticity_words(e, &p.words);
    print_line(s, &p);
}

static void leak_line(const struct screen *s, const struct proof_leak *leak,
                      const struct trial_record *named, struct share share)
{
    char words[CHECK_TEXT_MAX] = "";
    struct proof_line p = { .named = named,
                            .what = "memory",
                            .style = leak_style(leak->state),
                            .label = leak_label(leak->state),
                            .share = share,
                            .words = TEXT(words),
                            .died = leak->state == LEAK_PROOF_DIED };

    prove_leak_words(leak, &p.words);
    print_line(s, &p);
}

void proof_print(const struct screen *s, const struct trial_record *t)
{
    elasticity_line(s, &t->proof.elasticity, NULL, (struct share){ 1, 1 });
    leak_line(s, &t->proof.leak, NULL, (struct share){ 1, 1 });
}

/* ---- of several trials ---- */

static bool same_cell(const struct trial_record *a, const struct trial_record *b)
{
    return a->control == b->control && strcmp(a->target, b->target) == 0 &&
           slice_equal(a->workload.name, b->workload.name) &&
           slice_equal(a->load.name, b->load.name);
}

static bool is_first(const struct run_record *run, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (same_cell(run->trials[i], run->trials[index]))
            return false;
    return true;
}

/* What is not settled stands above what is fine, and below what was found. */
static int elasticity_weight(const struct trial_record *t)
{
    static const int WEIGHT[] = { [ELASTICITY_NONE] = 0,
                                  [ELASTICITY_NOT_LIMITING] = 1,
                                  [ELASTICITY_OPEN] = 2,
                                  [ELASTICITY_LIMITING] = 3,
                                  [ELASTICITY_DIED] = 4 };

    return WEIGHT[t->proof.elasticity.state];
}

static int leak_weight(const struct trial_record *t)
{
    static const int WEIGHT[] = {
        [LEAK_PROOF_NONE] = 0,    [LEAK_PROOF_FLAT] = 1,   [LEAK_PROOF_OPEN] = 2,
        [LEAK_PROOF_DIFFERS] = 3, [LEAK_PROOF_PROVED] = 4, [LEAK_PROOF_DIED] = 5
    };

    return WEIGHT[t->proof.leak.state];
}

/* The first of the heaviest trials in the cell of trial `index`. */
static const struct trial_record *heaviest(const struct run_record *run, size_t index,
                                           int (*weight)(const struct trial_record *),
                                           struct share *ret_share)
{
    const struct trial_record *worst = run->trials[index];
    struct share share = { 0, 0 };

    for (size_t i = index; i < run->trial_count; i++) {
        const struct trial_record *t = run->trials[i];

        if (!same_cell(t, run->trials[index]))
            continue;
        if (weight(t) > weight(worst)) {
            worst = t;
            share.count = 0;
        }
        share.count += weight(t) == weight(worst);
        share.of += weight(t) > 0;
    }
    *ret_share = share;
    return worst;
}

static bool any_proof(const struct run_record *run)
{
    for (size_t i = 0; i < run->trial_count; i++)
        if (elasticity_weight(run->trials[i]) + leak_weight(run->trials[i]) > 0)
            return true;
    return false;
}

void proof_print_run(const struct screen *s, const struct run_record *run)
{
    if (!any_proof(run))
        return;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *t;
        struct share share;

        if (run->trials[i]->control || !is_first(run, i))
            continue;
        t = heaviest(run, i, elasticity_weight, &share);
        elasticity_line(s, &t->proof.elasticity, t, share);
        t = heaviest(run, i, leak_weight, &share);
        leak_line(s, &t->proof.leak, t, share);
    }
    fputc('\n', s->out);
}
