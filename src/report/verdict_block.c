#include "report/verdict_block.h"

#include <math.h>

#include "base/bug.h"
#include "report/line_priv.h"
#include "report/number_priv.h"

/* ---- what was found, in one trial or in several ---- */

struct finding {
    const struct check *check; /* the first of the worst; NULL: none looked */
    const struct trial_record *trial;
    size_t count; /* of trials in which it is as bad */
};

struct findings {
    size_t trials, judged, invalid, doubtful;
    struct finding worst[CHECK_KINDS];
};

static void weigh(struct finding *worst, const struct check *check, const struct trial_record *t)
{
    if (worst->check == NULL || check->state > worst->check->state)
        *worst = (struct finding){ .check = check, .trial = t };
    worst->count += check->state == worst->check->state;
}

static void findings_add(struct findings *f, const struct trial_record *t)
{
    f->trials++;
    if (t->verdict.count == 0)
        return;
    f->judged++;
    f->invalid += verdict_overall(&t->verdict) == VERDICT_INVALID;
    f->doubtful += verdict_overall(&t->verdict) == VERDICT_WARNINGS;
    for (size_t i = 0; i < t->verdict.count; i++)
        weigh(&f->worst[t->verdict.checks[i].id], &t->verdict.checks[i], t);
}

/* ---- the lines ---- */

static const char *state_label(enum check_state state)
{
    return state == CHECK_FAIL ? "FAIL" : check_state_name(state); /* it must not be overlooked */
}

static enum screen_style state_style(enum check_state state)
{
    switch (state) {
    case CHECK_OK:
        return STYLE_GOOD;
    case CHECK_UNKNOWN:
        return STYLE_DIM;
    case CHECK_WARN:
        return STYLE_WARN;
    case CHECK_FAIL:
        return STYLE_BAD;
    }
    BUG("check state out of range");
}

static void headline(const struct screen *s, const struct findings *f)
{
    size_t count = f->invalid > 0 ? f->invalid : f->doubtful;
    struct line l;

    line_begin(&l, s, "VERDICT", LINE_INDENT);
    if (f->invalid > 0)
        line_piece(&l, 0, STYLE_BAD, "INVALID");
    else if (f->doubtful > 0)
        line_piece(&l, 0, STYLE_WARN, "valid with warnings");
    else
        line_piece(&l, 0, STYLE_GOOD, "valid");
    if (f->trials > 1 && count > 0)
        line_piece(&l, 1, STYLE_PLAIN, "in %zu of %zu stages", count, f->trials);
    line_end(&l);
}

static void finding_line(const struct screen *s, const struct findings *f,
                         const struct finding *found)
{
    const struct check *check = found->check;
    struct line l;

    line_begin(&l, s, state_label(check->state), LINE_INDENT);
    line_piece(&l, 0, state_style(check->state), "%s", check_name(check->id));
    if (f->trials > 1 && found->count > 1)
        line_piece(&l, 1, STYLE_PLAIN, "in %zu stages, first", found->count);
    if (f->trials > 1) {
        line_prose(&l, STYLE_PLAIN, "in stage");
        line_words(&l, STYLE_PLAIN, found->trial->load.name);
    }
    line_add(&l, ":");
    line_finding(&l, line_sentence(check->text), check->remedy);
    line_end(&l);
}

/* All in one line: what could not be looked at is no finding. Why is said of the first. */
static void unknown_line(const struct screen *s, const struct findings *f)
{
    bool first = true;
    struct line l;

    line_begin(&l, s, state_label(CHECK_UNKNOWN), LINE_INDENT);
    for (enum check_id id = CHECK_LOAD; id < CHECK_KINDS; id++) {
        const struct check *check = f->worst[id].check;

        if (check == NULL || check->state != CHECK_UNKNOWN)
            continue;
        if (!first)
            line_add(&l, ",");
        line_piece(&l, 1, STYLE_DIM, "%s", check_name(id));
        if (first && check->text[0] != '\0') {
            char text[CHECK_TEXT_MAX + 2];

            snprintf(text, sizeof(text), "(%.*s)", (int)line_sentence(check->text).len,
                     check->text);
            line_words(&l, STYLE_PLAIN, slice_of(text));
        }
        first = false;
    }
    if (!first)
        line_end(&l);
}

static void print(const struct screen *s, const struct findings *f)
{
    headline(s, f);
    for (enum check_state state = CHECK_FAIL; state >= CHECK_WARN; state--)
        for (enum check_id id = CHECK_LOAD; id < CHECK_KINDS; id++)
            if (f->worst[id].check != NULL && f->worst[id].check->state == state)
                finding_line(s, f, &f->worst[id]);
    unknown_line(s, f);
}

void verdict_print(const struct screen *s, const struct trial_record *t)
{
    struct findings f = { 0 };

    findings_add(&f, t);
    if (f.judged == 0)
        return;
    fputc('\n', s->out);
    print(s, &f);
}

bool verdict_print_stages(const struct screen *s, const struct run_record *run)
{
    struct findings f = { 0 };

    for (size_t i = 0; i < run->trial_count; i++)
        findings_add(&f, run->trials[i]);
    if (f.judged == 0)
        return false;
    print(s, &f);
    return true;
}

/* ---- of a whole run ---- */

/* More names than these would say less. */
#define NAMES_MAX 4

struct tally_of_verdicts {
    size_t trials;
    size_t checks[CHECK_KINDS]; /* of the trials, those in which this check is why */
};

/* Which state of a check makes a verdict what it is. What could not be looked at is no finding: it
 * is not named, though a warning. */
static enum check_state reason_state(enum verdict_overall overall)
{
    return overall == VERDICT_INVALID ? CHECK_FAIL : CHECK_WARN;
}

static void tally_add(struct tally_of_verdicts *tallies, const struct verdict *verdict)
{
    enum verdict_overall overall = verdict_overall(verdict);

    tallies[overall].trials++;
    for (size_t i = 0; i < verdict->count; i++)
        tallies[overall].checks[verdict->checks[i].id] +=
            verdict->checks[i].state == reason_state(overall);
}

/* CHECK_KINDS: none is left. */
static enum check_id commonest(const size_t *counts)
{
    enum check_id most = CHECK_KINDS;

    for (enum check_id id = CHECK_LOAD; id < CHECK_KINDS; id++)
        if (counts[id] > (most == CHECK_KINDS ? 0 : counts[most]))
            most = id;
    return most;
}

/* " (machine 5, cores 2)" */
static void add_reasons(struct text *into, struct tally_of_verdicts tally)
{
    const char *before = " (";
    enum check_id id;

    for (int named = 0; named < NAMES_MAX && (id = commonest(tally.checks)) != CHECK_KINDS;
         named++) {
        text_format(into, "%s%s %zu", before, check_name(id), tally.checks[id]);
        tally.checks[id] = 0;
        before = ", ";
    }
    if (commonest(tally.checks) != CHECK_KINDS)
        text_add(into, SLICE(", …"));
    text_add(into, slice_of(before[0] == ',' ? ")" : ""));
}

static void tally_piece(struct line *l, enum verdict_overall overall,
                        const struct tally_of_verdicts *tally, const char *after)
{
    static const struct {
        enum screen_style style;
        const char *words;
    } forms[] = {
        [VERDICT_VALID] = {STYLE_PLAIN, "valid"        },
        [VERDICT_WARNINGS] = { STYLE_WARN, "with warnings"},
        [VERDICT_INVALID] = { STYLE_BAD,  "INVALID"      },
    };
    char reasons[256] = "";
    struct text text = TEXT(reasons);

    if (tally->trials == 0)
        return;
    add_reasons(&text, *tally);
    line_prose(l, forms[overall].style, "%zu %s%s%s", tally->trials, forms[overall].words, reasons,
               after);
}

void verdict_print_run(const struct screen *s, const struct run_record *run)
{
    struct tally_of_verdicts tallies[VERDICT_INVALID + 1] = { 0 };
    size_t left = run->trial_count;
    bool judged = false;
    struct line l;

    for (size_t i = 0; i < run->trial_count; i++) {
        if (run->trials[i]->verdict.count == 0)
            continue;
        tally_add(tallies, &run->trials[i]->verdict);
        judged = true;
    }
    if (!judged)
        return;
    line_begin(&l, s, "", 0);
    line_prose(&l, STYLE_PLAIN, "verdicts: %zu trial%s:", left, left == 1 ? "" : "s");
    for (enum verdict_overall overall = VERDICT_VALID; overall <= VERDICT_INVALID; overall++) {
        left -= tallies[overall].trials;
        tally_piece(&l, overall, &tallies[overall], left > 0 ? "," : "");
    }
    if (left > 0)
        line_prose(&l, STYLE_PLAIN, "%zu without one", left);
    line_end(&l);
    fputc('\n', s->out);
}

/* ---- all of them ---- */

static struct number figure(double value, const char *unit)
{
    struct number n;

    if (strcmp(unit, "ns") == 0)
        return number_duration(value);
    if (strcmp(unit, "share") == 0 && value >= 0)
        return number_percent(value);
    if (strcmp(unit, "bytes") == 0 && value >= 0)
        return number_bytes(value);
    if (value >= 1000 && value < 1e18)
        return number_whole((uint64_t)llround(value));
    snprintf(n.text, sizeof(n.text), "%.4g", value);
    return n;
}

/* Units with a form of their own are in the figure already. */
static const char *bare_unit(const char *unit)
{
    static const char *const shown[] = { "ns", "share", "bytes", "count" };

    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
        if (strcmp(unit, shown[i]) == 0)
            return "";
    return unit;
}

static void figures(struct line *l, const struct check *check)
{
    const char *unit = bare_unit(check->unit);

    if (!isfinite(check->value))
        return;
    line_piece(l, 3, STYLE_DIM, "%s", figure(check->value, check->unit).text);
    if (unit[0] != '\0')
        line_words(l, STYLE_DIM, slice_of(unit));
    if (isfinite(check->limit))
        line_piece(l, 1, STYLE_DIM, "(limit %s)", figure(check->limit, check->unit).text);
}

void verdict_print_all(const struct screen *s, const struct trial_record *t)
{
    struct findings f = { 0 };
    struct line l;

    findings_add(&f, t);
    if (f.judged == 0) {
        line_begin(&l, s, "VERDICT", LINE_INDENT);
        line_prose(&l, STYLE_PLAIN, "none: it was not driven, or before there were checks");
        line_end(&l);
        return;
    }
    headline(s, &f);
    for (size_t i = 0; i < t->verdict.count; i++) {
        const struct check *check = &t->verdict.checks[i];

        line_begin(&l, s, state_label(check->state), LINE_INDENT);
        line_piece(&l, 0, state_style(check->state), "%s", check_name(check->id));
        line_add(&l, ":");
        line_finding(&l, line_sentence(check->text), check->remedy);
        figures(&l, check);
        line_end(&l);
    }
}

/* ---- for others ---- */

bool verdict_speaks_of(const struct trial_record *t, enum check_id id)
{
    return verdict_check(&t->verdict, id) != NULL;
}

bool verdict_objects(const struct trial_record *t, enum check_id id)
{
    const struct check *check = verdict_check(&t->verdict, id);

    return check != NULL && check->state != CHECK_OK;
}

void verdict_failed_names(const struct verdict *verdict, struct text *into)
{
    const char *before = "";

    for (size_t i = 0; i < verdict->count; i++) {
        if (verdict->checks[i].state != CHECK_FAIL)
            continue;
        text_format(into, "%s%s", before, check_name(verdict->checks[i].id));
        before = ", ";
    }
}
