/* One rate for everyone: whose limit was it? */
#include <stdlib.h>

#include "audit/judge_priv.h"
#include "base/bug.h"

/* 20 %: the five best of the study that showed it lie within 17 % of each other on the network, and
 * 33-fold apart without it (suites/python-frameworks-2012). */
#define CEILING_SHARE 0.8
#define CEILING_MIN   3
#define APART         3.0
#define PLATEAU_MIN   5 /* without evidence */
#define EQUAL_SHARE   0.98

static const char *number_word(size_t n, char ret_word[24])
{
    static const char *const words[] = { "no",  "one",   "two",   "three", "four", "five",
                                         "six", "seven", "eight", "nine",  "ten" };

    if (n < sizeof(words) / sizeof(words[0]))
        snprintf(ret_word, 24, "%s", words[n]);
    else
        snprintf(ret_word, 24, "%zu", n);
    return ret_word;
}

/* One target, or one family of them ("falcon-uwsgi" and "falcon-gunicorn"), at its best. */
struct racer {
    struct slice name;
    const struct audit_result *best;
};

static struct slice racer_name(const struct audit_result *r, bool family)
{
    struct slice name = slice_of(r->target);

    if (name.len == 0)
        return slice_of(r->section[0] != '\0' ? r->section : r->file);
    return family ? (struct slice){ name.ptr, strcspn(name.ptr, "- ") } : name;
}

static bool same_number(struct figure a, struct figure b)
{
    return figure_known(a) == figure_known(b) && (!figure_known(a) || a.value == b.value);
}

/* Measured in the same way, so that the rates may be set side by side. */
static bool same_race(const struct audit_result *a, const struct audit_result *b)
{
    bool tables = a->target[0] != '\0';

    return strcmp(a->tool, b->tool) == 0 && (!tables || a->file == b->file) &&
           strcmp(a->series, b->series) == 0 && strcmp(a->path, b->path) == 0 &&
           same_number(a->connections, b->connections) && a->open_loop == b->open_loop;
}

void number_races(struct audit *audit)
{
    unsigned races = 0;

    for (size_t i = 0; i < audit->result_count; i++) {
        struct audit_result *r = &audit->results[i];

        r->first_of_race = true;
        for (size_t j = 0; j < i && r->first_of_race; j++) {
            if (!audit->results[j].first_of_race || !same_race(&audit->results[j], r))
                continue;
            r->first_of_race = false;
            r->race = audit->results[j].race;
        }
        if (r->first_of_race)
            r->race = ++races;
    }
}

static int faster_first(const void *a, const void *b)
{
    const struct racer *x = a, *y = b;

    return x->best->rate_per_sec.value > y->best->rate_per_sec.value
               ? -1
               : x->best->rate_per_sec.value < y->best->rate_per_sec.value;
}

static size_t line_up(const struct audit *audit, const struct audit_result *race, bool families,
                      struct racer *ret_racers)
{
    size_t count = 0;

    for (size_t i = 0; i < audit->result_count; i++) {
        const struct audit_result *r = &audit->results[i];
        struct slice name = racer_name(r, families);
        size_t at = 0;

        if (r->race != race->race || !(r->rate_per_sec.value > 0))
            continue;
        while (at < count && !slice_equal(ret_racers[at].name, name))
            at++;
        if (at == count)
            ret_racers[count++] = (struct racer){ name, r };
        if (r->rate_per_sec.value > ret_racers[at].best->rate_per_sec.value)
            ret_racers[at].best = r;
    }
    qsort(ret_racers, count, sizeof(*ret_racers), faster_first);
    return count;
}

/* How many from the top reach this share of the best. */
static size_t level_with_best(const struct racer *racers, size_t count, double share)
{
    size_t level = 0;

    while (level < count &&
           racers[level].best->rate_per_sec.value >= share * racers[0].best->rate_per_sec.value)
        level++;
    return level;
}

/* The same targets in another race of the same table: the slowest and the fastest of them. */
struct evidence {
    const struct audit_result *slowest, *fastest;
    size_t racers;
};

static struct evidence ask_race(const struct audit *audit, const struct audit_result *race,
                                const struct racer *top, size_t level, struct racer *scratch)
{
    size_t count = line_up(audit, race, true, scratch);
    struct evidence e = { .racers = 0 };

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < level; j++) {
            if (!slice_equal(racer_name(top[j].best, true), scratch[i].name))
                continue;
            e.fastest = e.fastest == NULL ? scratch[i].best : e.fastest;
            e.slowest = scratch[i].best;
            e.racers++;
            break;
        }
    }
    return e;
}

static double ratio(const struct evidence *e)
{
    return e->racers < CEILING_MIN
               ? 0
               : e->fastest->rate_per_sec.value / e->slowest->rate_per_sec.value;
}

/* The race that tells them apart best. */
static struct evidence find_evidence(const struct audit *audit, const struct racer *top,
                                     size_t level, struct racer *scratch)
{
    struct evidence best = { .racers = 0 };

    for (size_t i = 0; i < audit->result_count; i++) {
        const struct audit_result *race = &audit->results[i];
        struct evidence e;

        if (!race->first_of_race || race->race == top[0].best->race || race->target[0] == '\0' ||
            race->file != top[0].best->file)
            continue;
        e = ask_race(audit, race, top, level, scratch);
        if (ratio(&e) > ratio(&best))
            best = e;
    }
    return best;
}

static void tell_level(const struct racer *top, size_t level, const char *is,
                       struct audit_finding *f)
{
    struct text what = { f->what, 0, sizeof(f->what), false };
    struct text sums = { f->arithmetic, 0, sizeof(f->arithmetic), false };
    char word[24];

    text_format(&what, "%s %s targets", is, number_word(level, word));
    if (f->about->series[0] != '\0')
        text_format(&what, " in %s", f->about->series);
    for (size_t i = 0; i < level; i++) {
        text_add(&what, i == 0 ? SLICE(": ") : SLICE(", "));
        text_add(&what, top[i].name.len > 40 ? (struct slice){ top[i].name.ptr, 40 } : top[i].name);
    }
    f->value = top[0].best->rate_per_sec.value;
    f->limit = top[level - 1].best->rate_per_sec.value;
    f->unit = "1/s";
    text_format(&sums, "%s to %s/s: all within %.1f %% of the best",
                printed_figure(top[level - 1].best->rate_per_sec).text,
                printed_figure(top[0].best->rate_per_sec).text, 100 * (1 - f->limit / f->value));
}

static void tell_ceiling(struct audit *audit, const struct racer *top, size_t level,
                         const struct evidence *e)
{
    struct audit_finding *f = finding_add(audit, AUDIT_CEILING, top[0].best);
    struct text sums;

    BUG_IF(e->slowest == NULL || e->fastest == NULL); /* else nothing told them apart */
    tell_level(top, level, "one ceiling for", f);
    sums = (struct text){ f->arithmetic, strlen(f->arithmetic), sizeof(f->arithmetic), false };
    text_format(&sums, "; in %.60s the same are %s to %s/s, %.0f-fold", e->fastest->series,
                printed_figure(e->slowest->rate_per_sec).text,
                printed_figure(e->fastest->rate_per_sec).text, ratio(e));
    snprintf(f->means, sizeof(f->means),
             "something they share was the limit (client, wire, back end): no order among them");
}

/* Five of the best level with each other where others are far behind, or all of them equal. */
static void judge_plateau(struct audit *audit, const struct racer *racers, size_t count,
                          size_t level)
{
    bool all_equal = count >= CEILING_MIN && level_with_best(racers, count, EQUAL_SHARE) == count;
    bool flat_top = level >= PLATEAU_MIN && racers[0].best->rate_per_sec.value >
                                                APART * racers[count - 1].best->rate_per_sec.value;
    struct audit_finding *f;

    if (!all_equal && !flat_top)
        return;
    f = finding_add(audit, AUDIT_PLATEAU, racers[0].best);
    tell_level(racers, level, "much the same rate for", f);
    snprintf(f->means, sizeof(f->means),
             "perhaps the client's ceiling: ask what it reaches against an empty server");
}

void judge_race(struct audit *audit, const struct audit_result *race, struct arena scratch)
{
    struct racer *racers = arena_new(&scratch, struct racer, audit->result_count);
    struct racer *others = arena_new(&scratch, struct racer, audit->result_count);
    size_t count = line_up(audit, race, true, racers), level;
    struct evidence e;

    if (race->open_loop)
        return;
    if (count == 1) /* "server-1", "server-2": no families */
        count = line_up(audit, race, false, racers);
    level = level_with_best(racers, count, CEILING_SHARE);
    if (level < CEILING_MIN)
        return;
    e = find_evidence(audit, racers, level, others);
    if (ratio(&e) >= APART)
        tell_ceiling(audit, racers, level, &e);
    else
        judge_plateau(audit, racers, count, level);
}
