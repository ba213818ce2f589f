/* Who is ranked, before whom, and what keeps the others from it. */
#include "report/ranking_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/refusal.h"
#include "verdict/parity.h"
#include "verdict/verdict.h"

/* As many as a suite may have: a higher number in a document is not worth gigabytes of memory. */
#define BLOCKS_MAX 10000

/* ---- rows that cannot be believed ---- */

/* What the verdicts of a row's complete trials refuse. */
static struct refusals refusals_of(const struct run_record *run, const struct ranking_row *row)
{
    const struct row_trials g = { run, row->first };
    struct refusals found = { .count = 0 };
    const struct trial_record *t;
    size_t at = 0;

    while ((t = row_trials_next(&g, &at)) != NULL)
        if (trial_is_complete(t))
            refusals_add(&found, verdict_refuses_throughput(&t->verdict));
    return found;
}

static void refuse_rows(const struct run_record *run, struct ranking *r)
{
    for (size_t i = 0; i < r->row_count; i++) {
        struct ranking_row *row = &r->rows[i];
        const struct refusals found = refusals_of(run, row);
        const struct check *by = refusals_by(&found);

        if (row->reason[0] != '\0' || row->ceiling || !refusals_too_many(&found))
            continue;
        row->refused = true;
        row->refused_by = by->id;
        refusals_text(&found, by, row->reason, sizeof(row->reason));
        snprintf(row->remedy, sizeof(row->remedy), "%s", by->remedy);
    }
}

/* ---- rows in their order ---- */

static bool is_entrant(const struct ranking_row *row)
{
    return row->reason[0] == '\0' && !row->ceiling;
}

/* Those that may be ranked, the ceiling, those that are refused, those that have no figures. */
static int place_of(const struct ranking_row *row)
{
    if (is_entrant(row))
        return 0;
    if (row->reason[0] == '\0')
        return 1;
    return row->refused ? 2 : 3;
}

/* More is better. What everyone had to do is the same by count: so it is time that decides. */
static double speed_of(const struct ranking_row *row)
{
    return row->first->load.requests > 0 ? 1 / row->seconds.median : row->throughput_per_sec.median;
}

static bool before(const struct ranking_row *a, const struct ranking_row *b, bool by_speed)
{
    if (place_of(a) != place_of(b))
        return place_of(a) < place_of(b);
    if (by_speed && is_entrant(a))
        return speed_of(a) > speed_of(b);
    return a->first->order < b->first->order;
}

/* As they came where nothing else decides (qsort gives no such promise). */
static void sort_rows(struct ranking *r, bool by_speed)
{
    for (size_t i = 1; i < r->row_count; i++) {
        struct ranking_row row = r->rows[i];
        size_t to = i;

        for (; to > 0 && before(&row, &r->rows[to - 1], by_speed); to--)
            r->rows[to] = r->rows[to - 1];
        r->rows[to] = row;
    }
}

static size_t count_entrants(const struct ranking *r)
{
    size_t count = 0;

    while (count < r->row_count && is_entrant(&r->rows[count]))
        count++;
    return count;
}

/* ---- what is compared ---- */

/* NaN: this trial has none. */
static double trial_speed(const struct trial_record *t)
{
    double speed = record_throughput_per_sec(t);

    if (t->load.requests > 0 && t->tally.window_ns > 0)
        speed = 1e9 / (double)t->tally.window_ns;
    return trial_is_complete(t) && speed > 0 ? speed : RECORD_UNKNOWN;
}

static size_t count_blocks(const struct run_record *run)
{
    size_t blocks = 1;

    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i]->block >= blocks && run->trials[i]->block < BLOCKS_MAX)
            blocks = run->trials[i]->block + (size_t)1;
    return blocks;
}

static void fill_speeds(const struct run_record *run, const struct ranking_row *row, size_t blocks,
                        double *ret_speeds)
{
    const struct row_trials g = { run, row->first };
    const struct trial_record *t;
    size_t at = 0;

    for (size_t block = 0; block < blocks; block++)
        ret_speeds[block] = RECORD_UNKNOWN;
    while ((t = row_trials_next(&g, &at)) != NULL)
        if (t->block < blocks)
            ret_speeds[t->block] = trial_speed(t);
}

/* The speed of the trial whose twin this is. */
static double original_speed(const struct run_record *run, const struct trial_record *twin)
{
    const struct row_trials g = { run, twin };
    const struct trial_record *t;
    size_t at = 0;

    while ((t = row_trials_next(&g, &at)) != NULL)
        if (t->block == twin->block)
            return trial_speed(t);
    return RECORD_UNKNOWN;
}

/* Of all classes of connection together: it is the machine that is asked, and each class alone
 * would have too few pairs. */
static struct noise_floor measure_noise(const struct run_record *run,
                                        const struct trial_record *cell, size_t blocks,
                                        double *control)
{
    for (size_t block = 0; block < blocks; block++)
        control[block] = RECORD_UNKNOWN;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *t = run->trials[i];

        if (t->control && trials_same_cell(t, cell) && t->block < blocks)
            control[t->block] = trial_speed(t) / original_speed(run, t);
    }
    return noise_floor_of(control, blocks);
}

/* Blocks in which each entrant has a value. */
static size_t count_whole_blocks(const double *speeds, size_t entrants, size_t blocks)
{
    size_t whole = 0;

    for (size_t block = 0; block < blocks; block++) {
        bool all = true;

        for (size_t i = 0; i < entrants; i++)
            all = all && isfinite(speeds[i * blocks + block]);
        whole += all;
    }
    return whole;
}

/* ---- can it be repeated? ---- */

static struct check check_repeat(const struct run_record *run, const struct ranking *r,
                                 size_t entrants)
{
    const struct noise_floor *noise = &r->noise;
    struct check c = { .id = CHECK_REPEAT,
                       .state = CHECK_OK,
                       .value = noise->known ? noise->floor : RECORD_UNKNOWN,
                       .limit = COMPARE_FLOOR_MAX,
                       .unit = "share" };
    struct text text = TEXT(c.text), remedy = TEXT(c.remedy);

    if (r->blocks < r->blocks_needed) {
        c.state = CHECK_UNKNOWN;
        c.value = (double)r->blocks;
        c.limit = (double)r->blocks_needed;
        c.unit = "count";
        text_format(&text, "needs %zu blocks (has %zu)", r->blocks_needed, r->blocks);
        text_format(&remedy, "run it with --blocks %zu%s", r->blocks_needed,
                    entrants > 2 ? ", or with fewer targets (--only)" : "");
    } else if (noise->differs) {
        c.state = CHECK_FAIL;
        text_format(&text, "the A/A control differs by %.1f %%: this machine cannot rank them now",
                    100 * fmax(fabs(noise->ratio - 1), noise->floor));
        text_format(&remedy, "stop what else runs here and run it again, with more blocks "
                             "(--blocks) or longer trials");
    } else if (!noise->known) {
        c.state = CHECK_UNKNOWN;
        text_format(&text, "%zu interleaved blocks without an A/A control: the noise is not known",
                    r->blocks);
        text_format(&remedy, "run 6 blocks or more, and no control: false in the suite");
    } else {
        text_format(&text, "%zu interleaved blocks, A/A noise floor %.1f %%, seed %llu", r->blocks,
                    100 * noise->floor, (unsigned long long)run->seed);
    }
    return c;
}

/* Nobody is before anybody where they did different work, or where it could not be repeated. That
 * the noise is not known is no reason: differences below 1 % are taken for noise then. */
static void say_unranked(struct ranking *r, size_t entrants)
{
    const struct check *why = NULL;

    if (r->load_spec->share > 0) {
        snprintf(r->reason, sizeof(r->reason),
                 "each was asked for %.0f %% of its own capacity: compare response times",
                 100 * r->load_spec->share);
        return;
    }
    if (entrants < 2)
        return;
    if (r->parity.state == CHECK_FAIL)
        why = &r->parity;
    else if (r->repeat.state == CHECK_FAIL || r->blocks < r->blocks_needed)
        why = &r->repeat;
    if (why == NULL)
        return;
    memcpy(r->reason, why->text, sizeof(r->reason));
    memcpy(r->remedy, why->remedy, sizeof(r->remedy));
}

/* ---- did they do the same work? ---- */

/* Asked of those that could be ranked: each of the others has its own reason. */
static struct check parity_of(const struct run_record *run, const struct ranking *r,
                              size_t entrants, const struct trial_record **trials)
{
    size_t count = 0;

    for (size_t i = 0; i < entrants; i++) {
        const struct row_trials g = { run, r->rows[i].first };
        size_t at = 0;

        while ((trials[count] = row_trials_next(&g, &at)) != NULL)
            count++;
    }
    return check_parity(trials, count);
}

/* ---- ranks ---- */

/* Room for the comparison of one ranking. */
struct room {
    double *speeds; /* of an entrant all blocks, then those of the next; one row more for the
                       control */
    double *medians;
    struct entrant *entrants;
    struct place *places;
    const struct trial_record **trials;
};

static bool room_take(struct room *room, struct ranking *r, size_t entrants, size_t blocks,
                      size_t trials)
{
    *room =
        (struct room){ .speeds = ranking_take((entrants + 1) * blocks, sizeof(double)),
                       .medians = ranking_take(entrants + 1, sizeof(double)),
                       .entrants = ranking_take(entrants + 1, sizeof(struct entrant)),
                       .places = ranking_take(entrants + 1, sizeof(struct place)),
                       .trials = ranking_take(trials + 1, sizeof(const struct trial_record *)) };
    r->pairs = ranking_take(entrants * entrants / 2 + 1, sizeof(*r->pairs));
    return room->speeds != NULL && room->medians != NULL && room->entrants != NULL &&
           room->places != NULL && room->trials != NULL && r->pairs != NULL;
}

static void room_free(struct room *room)
{
    free(room->speeds);
    free(room->medians);
    free(room->entrants);
    free(room->places);
    free((void *)room->trials);
}

/* The ranks of rows that stand in the order of their speeds. */
static void give_ranks(struct ranking *r, const struct place *places, size_t entrants)
{
    for (size_t i = 0; i < entrants; i++) {
        r->rows[i].rank = places[i].best;
        r->rows[i].rank_worst = places[i].worst;
        r->rows[i].relative =
            r->rows[i].throughput_per_sec.median / r->rows[0].throughput_per_sec.median;
    }
}

static void fill_room(const struct run_record *run, const struct ranking *r,
                      const struct room *room, size_t entrants, size_t blocks)
{
    for (size_t i = 0; i < entrants; i++) {
        room->entrants[i].values = &room->speeds[i * blocks];
        room->medians[i] = speed_of(&r->rows[i]);
        fill_speeds(run, &r->rows[i], blocks, &room->speeds[i * blocks]);
    }
}

static bool compare_rows(const struct run_record *run, struct ranking *r, const struct room *room,
                         size_t entrants, size_t blocks, struct error *err)
{
    sort_rows(r, true);
    fill_room(run, r, room, entrants, blocks);
    if (!compare_all(room->entrants, entrants, blocks, r->noise.floor, r->pairs, err))
        return false;
    r->pair_count = entrants * (entrants - 1) / 2;
    compare_places(r->pairs, room->medians, entrants, room->places);
    give_ranks(r, room->places, entrants);
    return true;
}

/* Rows stand as in the suite until it is known that there are ranks: no order is better than one
 * that looks like a rank. */
static bool order_in(const struct run_record *run, struct ranking *r, const struct room *room,
                     size_t entrants, size_t blocks, struct error *err)
{
    static const struct place alone = { 1, 1 };

    fill_room(run, r, room, entrants, blocks);
    r->noise = measure_noise(run, r->rows[0].first, blocks, &room->speeds[entrants * blocks]);
    r->blocks = entrants > 0 ? count_whole_blocks(room->speeds, entrants, blocks) : 0;
    r->blocks_needed = entrants > 1 ? compare_blocks_needed(entrants) : 0;
    r->parity = parity_of(run, r, entrants, room->trials);
    r->repeat = check_repeat(run, r, entrants);
    say_unranked(r, entrants);
    if (entrants == 1 && r->reason[0] == '\0') /* nobody to be before or behind */
        give_ranks(r, &alone, 1);
    if (entrants < 2 || r->reason[0] != '\0')
        return true;
    return compare_rows(run, r, room, entrants, blocks, err);
}

bool ranking_order(const struct run_record *run, struct ranking *r, struct error *err)
{
    size_t blocks = count_blocks(run), entrants;
    struct room room;
    bool fine;

    refuse_rows(run, r);
    sort_rows(r, false);
    entrants = count_entrants(r);
    if (room_take(&room, r, entrants, blocks, run->trial_count))
        fine = order_in(run, r, &room, entrants, blocks, err);
    else
        fine = error_set(err, ENOMEM, "rank %zu trials", run->trial_count);
    room_free(&room);
    return fine;
}
