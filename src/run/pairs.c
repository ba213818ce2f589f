#include "run/pairs.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/rng.h"
#include "run/cpus.h"
#include "run/room.h"

/* ---- the order ---- */

void pair_order(uint32_t pair, enum pair_side ret_order[PAIR_SIDES])
{
    static const enum pair_side orders[6][PAIR_SIDES] = {
        {PAIR_BASE,   PAIR_HEAD,  PAIR_AGAIN},
        { PAIR_AGAIN, PAIR_HEAD,  PAIR_BASE },
        { PAIR_HEAD,  PAIR_BASE,  PAIR_AGAIN},
        { PAIR_AGAIN, PAIR_BASE,  PAIR_HEAD },
        { PAIR_BASE,  PAIR_AGAIN, PAIR_HEAD },
        { PAIR_HEAD,  PAIR_AGAIN, PAIR_BASE },
    };

    memcpy(ret_order, orders[pair % 6], sizeof(orders[0]));
}

/* ---- planning ---- */

static const struct variant *variant_of(const struct session *s, size_t slot)
{
    return &s->variants[s->slots[slot].variant];
}

static const struct workload *workload_of(const struct session *s, size_t slot)
{
    return &s->suite->workloads[s->slots[slot].workload];
}

static const struct load *load_of(const struct session *s, size_t slot)
{
    return &s->suite->loads[s->slots[slot].load];
}

/* Our own server is compared with nobody; and shares of a capacity would be of two capacities. */
static bool can_be_compared(const struct session *s, size_t slot)
{
    return !variant_of(s, slot)->target->ceiling && !load_needs_capacity(load_of(s, slot));
}

static size_t counterpart(const struct session *base, size_t slot, const struct session *head)
{
    size_t i = 0;

    while (i < head->slot_count &&
           (!can_be_compared(head, i) ||
            !slice_equal(variant_of(base, slot)->name, variant_of(head, i)->name) ||
            !slice_equal(workload_of(base, slot)->name, workload_of(head, i)->name) ||
            !slice_equal(load_of(base, slot)->name, load_of(head, i)->name)))
        i++;
    return i;
}

static size_t slots_to_compare(const struct session *s)
{
    size_t count = 0;

    for (size_t i = 0; i < s->slot_count; i++)
        count += can_be_compared(s, i);
    return count;
}

static bool find_cells(struct pairs *p, struct error *err)
{
    const struct session *base = &p->sessions[0], *head = &p->sessions[1];

    p->cells = calloc(base->slot_count > 0 ? base->slot_count : 1, sizeof(*p->cells));
    if (p->cells == NULL)
        return error_set(err, ENOMEM, "plan %zu cells", base->slot_count);
    for (size_t i = 0; i < base->slot_count; i++) {
        size_t other = counterpart(base, i, head);

        if (can_be_compared(base, i) && other < head->slot_count)
            p->cells[p->cell_count++] = (struct pair_cell){
                .slot = {i, other},
                  .chosen = true
            };
    }
    p->base_alone = slots_to_compare(base) - p->cell_count;
    p->head_alone = slots_to_compare(head) - p->cell_count;
    if (p->cell_count > 0)
        return true;
    return error_usage(err, "base and head have no target, workload and load in common (our own "
                            "server, loads with model: inproc and loads in shares of a capacity do "
                            "not count)");
}

/* Another command can take the place of one start command, not of several targets'. */
static bool replace_start(struct session *s, const char *start, struct error *err)
{
    struct suite_target *chosen = NULL;

    for (size_t i = 0; i < s->variant_count; i++) {
        struct suite_target *target = &s->suite->targets[s->variants[i].target_index];

        if (target->ceiling)
            continue;
        if (chosen != NULL && chosen != target)
            return error_usage(err,
                               "a command takes the place of one target's start, and %s has "
                               "several: choose one with --only",
                               s->suite->file);
        chosen = target;
    }
    if (chosen != NULL && chosen->process_count > 0)
        chosen->processes[chosen->process_count - 1].start = slice_of(start);
    return true;
}

static bool plan_version(const struct session_options *options, const struct pair_version *version,
                         struct session *ret_session, struct error *err)
{
    struct session_options own = *options;

    own.path = version->path;
    own.blocks = 1; /* the cells; how often each is run is ours */
    if (!session_plan(&own, ret_session, err))
        return false;
    if (version->start == NULL || replace_start(ret_session, version->start, err))
        return true;
    session_release(ret_session);
    return false;
}

bool pairs_plan(const struct session_options *options, const struct pair_version versions[2],
                uint32_t most, struct pairs *ret_pairs, struct error *err)
{
    struct pairs *p = ret_pairs;

    *p = (struct pairs){ .most = most };
    p->locks[0] = p->locks[1] = -1;
    if (!plan_version(options, &versions[0], &p->sessions[0], err))
        return error_wrap(err, "base");
    if (!plan_version(options, &versions[1], &p->sessions[1], err)) {
        session_release(&p->sessions[0]);
        return error_wrap(err, "head");
    }
    if (find_cells(p, err))
        return true;
    pairs_release(p);
    return false;
}

int64_t pairs_ns(const struct pairs *pairs)
{
    int64_t sum_ns = 0;

    for (size_t i = 0; i < pairs->cell_count; i++)
        if (pairs->cells[i].chosen)
            sum_ns +=
                PAIR_SIDES * blocks_trial_ns(load_of(&pairs->sessions[0], pairs->cells[i].slot[0]));
    return sum_ns;
}

void pairs_release(struct pairs *pairs)
{
    for (size_t i = 0; i < 2; i++)
        if (pairs->locks[i] >= 0)
            close(pairs->locks[i]);
    run_record_free(pairs->run);
    free(pairs->cells);
    session_release(&pairs->sessions[0]);
    session_release(&pairs->sessions[1]);
}

/* ---- beginning ---- */

static bool stopped(const struct pairs *p)
{
    const volatile sig_atomic_t *asked = p->sessions[0].options.stop_asked;

    return asked != NULL && *asked > 0;
}

static const char *name_of(size_t version)
{
    return version == 0 ? "base" : "head";
}

static bool all_built(const struct pairs *p, struct error *err)
{
    for (size_t i = 0; i < p->cell_count; i++)
        for (size_t v = 0; v < 2; v++) {
            const struct session *s = &p->sessions[v];
            size_t slot = p->cells[i].slot[v];
            const char *why = p->prepared[v][s->slots[slot].variant].not_built;

            if (why != NULL)
                return error_set(err, 0, "%s: %s: %s", name_of(v), variant_of(s, slot)->name.ptr,
                                 why);
        }
    return true;
}

size_t pairs_compared(const struct pairs *p)
{
    size_t sum = 0;

    for (size_t i = 0; i < p->cell_count; i++)
        sum += (size_t)load_drives(load_of(&p->sessions[0], p->cells[i].slot[0]));
    return sum;
}

bool pairs_begin(struct pairs *pairs, struct store *store, const struct observer *observer,
                 struct error *err)
{
    struct session *s = pairs->sessions;

    pairs->store = store;
    pairs->observer = observer;
    for (size_t v = 0; v < 2; v++)
        if (!room_check(&s[v], "", err))
            return false;
    for (size_t v = 0; v < 2; v++)
        if (!session_prepare(&s[v], observer, &pairs->prepared[v], &pairs->locks[v], err))
            return error_wrap(err, "%s", name_of(v));
    if (!stopped(pairs) && !all_built(pairs, err))
        return false;
    pairs->run = session_new_run(&s[1], PAIR_SIDES * pairs_compared(pairs) * pairs->most, err);
    if (pairs->run == NULL)
        return false;
    pairs->run->blocks = pairs->most;
    return store == NULL || store_add_run(store, pairs->run, err);
}

/* ---- the trials ---- */

struct taking {
    struct pairs *pairs;
    enum pair_side side;
    struct error why; /* of the first trial that could not be measured */
    bool failed;
};

static bool is_measured(const struct trial_record *t)
{
    return t->state == TRIAL_DONE && (t->tally.partial || t->tally.ok > 0);
}

static bool take_trial(void *context, struct trial_record *record, struct error *err)
{
    struct taking *taking = context;
    struct pairs *p = taking->pairs;

    if (stopped(p) && record->state == TRIAL_NOT_READY) {
        trial_record_free(record); /* not its fault: we were asked to stop while it started */
        return true;
    }
    record->target = arena_format(&record->arena, "%s%s", record->target,
                                  taking->side == PAIR_HEAD ? PAIR_HEAD_NAME : PAIR_BASE_NAME);
    p->run->trials[p->run->trial_count++] = record;
    if (p->store != NULL && !store_add_trial(p->store, p->run, record, err))
        return false;
    if (p->observer != NULL)
        p->observer->trial_done(p->observer->context, record, p->run->trial_count - 1,
                                PAIR_SIDES * pairs_compared(p) * p->most);
    if (!is_measured(record) && !taking->failed) {
        taking->failed = true;
        error_set(&taking->why, 0, "%s (%.*s %.*s): %s", record->target,
                  (int)record->workload.name.len, record->workload.name.ptr,
                  (int)record->load.name.len, record->load.name.ptr,
                  record->reason[0] != '\0' ? record->reason : "no right answer");
    }
    return true;
}

static bool run_side(struct pairs *p, const struct pair_cell *cell, enum pair_side side,
                     uint32_t position, struct error *err)
{
    size_t v = side == PAIR_HEAD ? 1 : 0, slot = cell->slot[v];
    const struct session *s = &p->sessions[v];
    struct taking taking = { .pairs = p, .side = side };
    const struct trial_taker taker = { .context = &taking, .take = take_trial };
    struct trial_order order = {
        .suite = s->suite,
        .variant = variant_of(s, slot),
        .prepared = &p->prepared[v][s->slots[slot].variant],
        .workload = workload_of(s, slot),
        .load = load_of(s, slot),
        .block = p->done,
        .position = position,
        .order = (uint32_t)v,
        .control = side == PAIR_AGAIN,
        .seed = rng_split(s->options.seed, p->run->trial_count + 1).state,
        .ring = s->options.ring,
        .places = &p->prepared[v][s->slots[slot].variant].places,
        .kept_ceiling_only = s->options.kept_ceiling_only,
        .stop_asked = s->options.stop_asked,
        .observer = p->observer,
    };

    if (!trial_run(&order, &taker, err))
        return stopped(p);
    if (taking.failed)
        *err = taking.why;
    return !taking.failed;
}

static bool run_pair(struct pairs *p, struct error *err)
{
    enum pair_side order[PAIR_SIDES];
    uint32_t position = 0;

    pair_order(p->done, order);
    for (size_t i = 0; i < p->cell_count; i++) {
        /* Cells too are taken forwards and backwards. */
        const struct pair_cell *cell = &p->cells[p->done % 2 == 0 ? i : p->cell_count - 1 - i];

        for (size_t k = 0; k < PAIR_SIDES && cell->chosen && !stopped(p); k++)
            if (!run_side(p, cell, order[k], position++, err))
                return false;
    }
    return true;
}

void pairs_choose_none(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->cell_count; i++)
        pairs->cells[i].chosen = false;
}

/* A load's trials have its name; those of its stages begin with it and a slash. */
static bool is_of_load(const struct trial_record *t, const struct load *load)
{
    struct slice name = t->load.name;

    return slice_equal(name, load->name) ||
           (load->stages != NULL && name.len > load->name.len && slice_starts(name, load->name) &&
            name.ptr[load->name.len] == '/');
}

void pairs_choose(struct pairs *pairs, const struct trial_record *trial)
{
    const struct session *base = &pairs->sessions[0];

    for (size_t i = 0; i < pairs->cell_count; i++) {
        size_t slot = pairs->cells[i].slot[0];
        struct slice name = variant_of(base, slot)->name;

        if (strncmp(trial->target, name.ptr, name.len) == 0 &&
            strcmp(trial->target + name.len, PAIR_BASE_NAME) == 0 &&
            slice_equal(trial->workload.name, workload_of(base, slot)->name) &&
            is_of_load(trial, load_of(base, slot)))
            pairs->cells[i].chosen = true;
    }
}

bool pairs_next(struct pairs *pairs, struct error *err)
{
    const struct places *places = &pairs->sessions[0].places;
    cpu_set_t before;
    bool fine;

    BUG_IF(pairs->done >= pairs->most);
    /* The main thread only samples and waits: see session_run(). */
    cpus_go_to(places->client, places->client_count, &before);
    fine = run_pair(pairs, err);
    pairs->done++;
    sched_setaffinity(0, sizeof(before), &before);
    pairs->run->partial = !fine || stopped(pairs);
    return fine;
}

bool pairs_end(struct pairs *pairs, struct error *err)
{
    return pairs->store == NULL ||
           store_end_run(pairs->store, pairs->run, pairs->run->partial, err);
}
