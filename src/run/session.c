#include "run/session.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "probe/host.h"
#include "run/cache.h"
#include "run/calls.h"
#include "run/capacity.h"
#include "run/cores.h"
#include "run/cpus.h"
#include "run/prepare.h"
#include "run/room.h"
#include "run/times.h"

#define PATH_TEXT_MAX       4096
#define PUBLISHED_BYTES_MAX 262144 /* a published table is a page of a paper */

/* ---- planning ---- */

/* All that the other side does not have; all, when it has all. */
static void take_rest(const uint32_t *all, uint32_t all_count, const uint32_t *others,
                      uint32_t other_count, uint32_t *ret_rest, uint32_t *ret_count)
{
    for (uint32_t i = 0; i < all_count; i++) {
        bool taken = false;

        for (uint32_t k = 0; k < other_count; k++)
            taken = taken || others[k] == all[i];
        if (!taken)
            ret_rest[(*ret_count)++] = all[i];
    }
    for (uint32_t i = 0; *ret_count == 0 && i < other_count; i++)
        ret_rest[i] = others[i];
    if (*ret_count == 0)
        *ret_count = other_count;
}

/* The generator gets as many of the last CPUs as it has threads, half of all at most; the targets
 * get the rest: on two, one each. On one they share it, and the record says so. */
static struct places choose_places(const struct session *s)
{
    struct places places = s->options.places;
    uint32_t cpus[64];
    uint32_t count = host_cpus(cpus, 64);
    uint32_t threads = 1, client;

    if (places.client_count > 0 && places.server_count == 0)
        take_rest(cpus, count, places.client, places.client_count, places.server,
                  &places.server_count);
    if (places.server_count > 0 && places.client_count == 0)
        take_rest(cpus, count, places.server, places.server_count, places.client,
                  &places.client_count);
    if (places.client_count > 0 || places.server_count > 0 || count == 0)
        return places;
    for (size_t i = 0; i < s->suite->load_count; i++)
        if (suite_runs_load(s->suite, i) && s->suite->loads[i].threads > threads)
            threads = s->suite->loads[i].threads;
    client = count / 2 < threads ? count / 2 : threads;
    if (count == 1) {
        places.client[places.client_count++] = cpus[0];
        places.server[places.server_count++] = cpus[0];
        return places;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i < count - client)
            places.server[places.server_count++] = cpus[i];
        else
            places.client[places.client_count++] = cpus[i];
    }
    return places;
}

/* Some variants may need more cores than there are: they are listed with that reason. All of them
 * is nothing to run. */
static bool check_cores(const struct session *s, struct error *err)
{
    struct places places;

    for (size_t i = 0; i < s->variant_count; i++)
        if (cores_places(&s->places, &s->variants[i], &places, err))
            return true;
    return s->variant_count == 0 || error_wrap(err, "suite %s: nothing to run", s->suite->name.ptr);
}

/* Shares of what is not measured would be shares of nothing. */
static bool check_shares(const struct suite *suite, struct error *err)
{
    for (size_t i = 0; i < suite->load_count; i++) {
        const struct load *load = &suite->loads[i];
        size_t of = 0;

        if (!load_needs_capacity(load) || !suite_runs_load(suite, i))
            continue;
        while (!slice_equal(suite->loads[of].name, load->of))
            of++;
        if (!suite_runs_load(suite, of))
            return error_usage(err,
                               "suite %s: load '%s' asks for shares of what targets reach in load "
                               "'%s', which is not run; add it to the preset's loads",
                               suite->name.ptr, load->name.ptr, load->of.ptr);
    }
    return true;
}

/* Names that differ in what no file name should have, or far behind, must not share a folder: the
 * second build would go over the first one's. */
static bool check_folders(const struct session *s, struct error *err)
{
    char name[CACHE_NAME_MAX], other[CACHE_NAME_MAX];

    for (size_t i = 0; i < s->variant_count; i++) {
        cache_name(s->variants[i].name, name);
        for (size_t k = 0; k < i; k++) {
            cache_name(s->variants[k].name, other);
            if (strcmp(name, other) == 0)
                return error_usage(err,
                                   "suite %s: '%s' and '%s' would be built in one folder, %s; give "
                                   "one of them another name",
                                   s->suite->name.ptr, s->variants[k].name.ptr,
                                   s->variants[i].name.ptr, name);
        }
    }
    return true;
}

bool session_plan(const struct session_options *options, struct session *ret_session,
                  struct error *err)
{
    struct session s = { .options = *options };
    char times[PATH_TEXT_MAX];

    if (!suite_read(options->path, &s.suite, err))
        return false;
    if (options->preset != NULL && !suite_apply_preset(s.suite, slice_of(options->preset), err))
        goto failed;
    if (!check_shares(s.suite, err) ||
        !suite_variants(s.suite, options->only, &s.variants, &s.variant_count, err))
        goto failed;
    s.blocks = options->blocks > 0 ? options->blocks : s.suite->blocks;
    for (size_t i = 0; i < s.suite->load_count; i++)
        load_complete(&s.suite->loads[i]);
    s.places = choose_places(&s);
    if (!check_cores(&s, err) || !check_folders(&s, err))
        goto failed;
    if (!arena_map(&s.arena,
                   blocks_plan_bytes(s.suite, s.variant_count, s.blocks) +
                       s.variant_count * (sizeof(struct prepared) + (size_t)4 * PATH_TEXT_MAX) +
                       calls_bytes(&s) + 65536,
                   err))
        goto failed;
    s.slots = blocks_plan(s.suite, s.variants, s.variant_count, s.blocks, options->seed, &s.arena,
                          &s.slot_count);
    if (s.slot_count == 0 && calls_count(&s) == 0) {
        arena_unmap(&s.arena);
        error_usage(err,
                    "suite %s: nothing to run: none of the chosen targets takes part in a "
                    "chosen workload with a chosen load",
                    s.suite->name.ptr);
        goto failed;
    }
    s.record_count = blocks_records(s.suite, s.slots, s.slot_count);
    cache_times(s.suite->name, times, sizeof(times));
    s.times = times_read(times);
    for (size_t i = 0; i < s.slot_count; i++)
        s.control_count += s.slots[i].control ? blocks_records(s.suite, &s.slots[i], 1) : 0;
    *ret_session = s;
    return true;
failed:
    suite_free(s.suite);
    return false;
}

void session_release(struct session *session)
{
    json_decref(session->times);
    arena_unmap(&session->arena);
    suite_free(session->suite);
}

const struct variant *session_variant(const struct session *s, const char *name)
{
    for (size_t i = 0; i < s->variant_count; i++)
        if (slice_equal(slice_of(name), s->variants[i].name))
            return &s->variants[i];
    return NULL;
}

static struct times_key times_key(const struct session *s, const struct trial_slot *slot)
{
    const struct load *load = &s->suite->loads[slot->load];

    return (struct times_key){ s->variants[slot->variant].name,
                               s->suite->workloads[slot->workload].name, load->name,
                               blocks_trial_ns(load) + prove_least_ns(&s->options.prove, load) };
}

struct estimate session_estimate(const struct session *session)
{
    struct estimate estimate = { 0 };

    calls_estimate(session, &estimate);
    for (size_t i = 0; i < session->slot_count; i++) {
        const struct trial_slot *slot = &session->slots[i];
        const struct times_key key = times_key(session, slot);
        int64_t took_ns = times_of(session->times, &key);
        struct places places;
        struct error why;

        if (!cores_places(&session->places, &session->variants[slot->variant], &places, &why))
            continue;
        estimate.ns += took_ns >= 0 ? took_ns : key.guess_ns;
        estimate.guessed += took_ns < 0;
        estimate.starts++;
    }
    return estimate;
}

static bool stopped(const struct session *s)
{
    return s->options.stop_asked != NULL && *s->options.stop_asked > 0;
}

/* ---- the trials ---- */

/* A variant that could not be built, or that did not answer rightly to this workload, is asked
 * once: each further attempt would cost the others' time and tell nothing new. A twin's attempt
 * does not count, because its record does not tell the reason to anyone. */
static bool is_hopeless(const struct run_record *run, const struct session *s,
                        const struct trial_slot *slot)
{
    const struct slice name = s->variants[slot->variant].name;
    const struct slice workload = s->suite->workloads[slot->workload].name;
    const struct load load = load_drive(&s->suite->loads[slot->load], 0);

    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *t = run->trials[i];

        if (t->control || (t->state != TRIAL_NOT_BUILT && t->state != TRIAL_NOT_READY))
            continue;
        if (slice_equal(slice_of(t->target), name) && slice_equal(t->workload.name, workload) &&
            slice_equal(t->load.name, load.name))
            return true;
    }
    return false;
}

/* All trials of a run, as they come. */
struct trials {
    struct session *session;
    const struct prepared *prepared;
    struct store *store; /* NULL: nothing is kept */
    const struct observer *observer;
    struct run_record *run;
    size_t index; /* of the next record, those that were left out counted */
};

static bool keep_trial(void *context, struct trial_record *record, struct error *err)
{
    struct trials *t = context;

    if (stopped(t->session) && record->state == TRIAL_NOT_READY) {
        trial_record_free(record); /* not its fault: we were asked to stop while it started */
        return true;
    }
    t->run->trials[t->run->trial_count++] = record;
    if (t->store != NULL && !store_add_trial(t->store, t->run, record, err))
        return false;
    if (t->observer != NULL)
        t->observer->trial_done(t->observer->context, record, t->index, t->session->record_count);
    t->index++;
    return true;
}

/* A load of shares as it is for this target. False: what it can do is not known. */
static bool at_capacity(const struct trials *t, const struct trial_slot *slot,
                        const struct load *load, struct load_stage *room, struct load *ret_load)
{
    const struct session *s = t->session;
    double per_sec = capacity_per_sec(t->run, s->variants[slot->variant].name,
                                      s->suite->workloads[slot->workload].name, load->of);

    *ret_load = load_of_capacity(load, per_sec > 0 ? per_sec : 1, room);
    return per_sec > 0;
}

static bool run_slot(struct trials *t, const struct trial_slot *slot, struct error *err)
{
    const struct session *s = t->session;
    const struct load *load = &s->suite->loads[slot->load];
    struct load_stage stages[STAGES_MAX];
    struct load known;
    char reason[256];
    const struct trial_taker taker = { .context = t, .take = keep_trial };
    struct trial_order order = {
        .suite = s->suite,
        .variant = &s->variants[slot->variant],
        .prepared = &t->prepared[slot->variant],
        .workload = &s->suite->workloads[slot->workload],
        .load = load,
        .block = slot->block,
        .position = slot->position,
        .order = (uint32_t)slot->variant,
        .control = slot->control,
        .seed = rng_split(s->options.seed, (uint64_t)(slot - s->slots) + 1).state,
        .ring = s->options.ring,
        .places = &t->prepared[slot->variant].places,
        .kept_ceiling_only = s->options.kept_ceiling_only,
        .prove = s->options.prove,
        .stop_asked = s->options.stop_asked,
        .observer = t->observer,
    };

    if (load_needs_capacity(load)) {
        order.load = &known;
        if (!at_capacity(t, slot, load, stages, &known)) {
            snprintf(reason, sizeof(reason),
                     "it had no right answers with load '%.*s', whose shares were to be asked",
                     (int)load->of.len, load->of.ptr);
            order.not_ready = reason;
        }
    }
    return trial_run(&order, &taker, err);
}

static bool run_all(struct trials *t, struct error *err)
{
    const struct session *s = t->session;

    for (size_t i = 0; i < s->slot_count && !stopped(s); i++) {
        const struct trial_slot *slot = &s->slots[i];
        const struct times_key key = times_key(s, slot);
        const struct mono begin = mono_now();

        t->index = blocks_records(s->suite, s->slots, i);
        if (is_hopeless(t->run, s, slot) ||
            (slot->control && t->prepared[slot->variant].not_built != NULL))
            continue;
        if (!run_slot(t, slot, err))
            return stopped(s);
        if (!stopped(s) && t->prepared[slot->variant].not_built == NULL)
            times_note(s->times, &key, mono_diff_ns(begin, mono_now()));
    }
    return true;
}

/* The published table, whole, or "" where there is none to be had. */
static const char *read_published(const struct suite *suite, struct arena *arena)
{
    char path[PATH_TEXT_MAX];
    char *text;
    ssize_t got;
    int fd;

    if (suite->published.len == 0)
        return "";
    snprintf(path, sizeof(path), "%s/%.*s", suite->folder, (int)suite->published.len,
             suite->published.ptr);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return "";
    text = arena_new(arena, char, PUBLISHED_BYTES_MAX + 1);
    got = read(fd, text, PUBLISHED_BYTES_MAX);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    return text;
}

struct run_record *session_new_run(const struct session *s, size_t trials, struct error *err)
{
    const struct suite *suite = s->suite;
    struct run_record *run = run_record_new(suite->text_len + PUBLISHED_BYTES_MAX + 65536 +
                                                trials * sizeof(struct trial_record *),
                                            err);

    if (run == NULL)
        return NULL;
    run->published_text = read_published(suite, &run->arena);
    run->suite = arena_text(&run->arena, suite->name.ptr, suite->name.len);
    run->title = arena_text(&run->arena, suite->title.ptr, suite->title.len);
    run->suite_text = arena_text(&run->arena, suite->text, suite->text_len);
    run->preset =
        s->options.preset == NULL ? "" : arena_format(&run->arena, "%s", s->options.preset);
    run->command = arena_format(&run->arena, "%s", s->options.command);
    run->assay_version = s->options.version;
    run->seed = s->options.seed;
    run->blocks = s->blocks;
    run->started = wall_now();
    host_read("", &run->host);
    run->trials = arena_new(&run->arena, struct trial_record *, trials);
    return run;
}

static bool run_in_folder(struct session *s, const char *folder, struct store *store,
                          const struct observer *observer, struct run_record *run,
                          struct error *err)
{
    struct trials trials = { .session = s, .store = store, .observer = observer, .run = run };
    cpu_set_t before;
    bool fine;

    if (store != NULL && !store_add_run(store, run, err))
        return false;
    /* On all CPUs, because what is built inherits ours. */
    trials.prepared = prepare_all(s, folder, observer);
    /* The main thread only samples and waits; on the generator's CPUs it cannot disturb the target.
     */
    cpus_go_to(s->places.client, s->places.client_count, &before);
    fine = run_all(&trials, err) &&
           (stopped(s) || calls_run(s, trials.prepared, store, observer, run, err));
    sched_setaffinity(0, sizeof(before), &before);
    run->partial = !fine || stopped(s);
    if (store != NULL && fine && !store_end_run(store, run, run->partial, err))
        return false;
    return fine;
}

bool session_prepare(struct session *session, const struct observer *observer,
                     struct prepared **ret_prepared, int *ret_lock, struct error *err)
{
    char folder[PATH_TEXT_MAX];

    if (!cache_take(session->suite->name, folder, sizeof(folder), ret_lock, err))
        return false;
    *ret_prepared = prepare_all(session, folder, observer);
    return true;
}

bool session_run(struct session *session, struct store *store, const struct observer *observer,
                 struct run_record **ret_run, struct error *err)
{
    char folder[PATH_TEXT_MAX], times[PATH_TEXT_MAX];
    struct run_record *run;
    int lock = -1;
    bool fine;

    *ret_run = NULL;
    if (!room_check(session, "", err))
        return false;
    if (!cache_take(session->suite->name, folder, sizeof(folder), &lock, err))
        return false;
    run = session_new_run(session, session->record_count, err);
    if (run == NULL) {
        close(lock);
        return false;
    }
    fine = run_in_folder(session, folder, store, observer, run, err);
    close(lock);
    cache_times(session->suite->name, times, sizeof(times));
    times_write(session->times, times);
    *ret_run = run;
    return fine;
}
