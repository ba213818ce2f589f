#include "run/trial.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "run/drive.h"
#include "run/judge.h"

#define OUTPUT_TAIL_BYTES 4000

/* The last lines that the target wrote, whole ones. */
static const char *output_tail(const char *path, struct arena *arena)
{
    char tail[OUTPUT_TAIL_BYTES];
    ssize_t got = 0;
    char *start = tail;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return "";
    if (lseek(fd, -(off_t)sizeof(tail), SEEK_END) < 0)
        lseek(fd, 0, SEEK_SET);
    got = read(fd, tail, sizeof(tail));
    close(fd);
    if (got <= 0)
        return "";
    if (got == (ssize_t)sizeof(tail)) {
        char *newline = memchr(tail, '\n', sizeof(tail));

        start = newline == NULL ? tail : newline + 1;
    }
    return arena_text(arena, start, (size_t)(tail + got - start));
}

static const char *keep(struct arena *arena, struct slice text)
{
    return arena_text(arena, text.ptr, text.len);
}

static void identify(const struct trial_order *order, const struct load *load, uint64_t seed,
                     struct trial_record *record)
{
    const struct variant *variant = order->variant;
    struct arena *arena = &record->arena;

    record->suite = keep(arena, order->suite->name);
    record->target = keep(arena, variant->name);
    record->target_title = keep(arena, variant->target->title);
    record->language = keep(arena, variant->target->language);
    record->application = keep(arena, variant->target->application);
    record->version = arena_format(arena, "%s", order->prepared->version);
    record->ceiling = variant->target->ceiling;
    record->workers = variant->workers;
    for (size_t i = 0; i < variant->setting_count && i < RECORD_FACTORS_MAX; i++)
        record->factors[record->factor_count++] =
            (struct setting_text){ keep(arena, variant->settings[i].name),
                                   keep(arena, variant->settings[i].value) };
    record->workload = target_workload(order->suite, variant, order->workload);
    record->load = *load;
    record->block = order->block;
    record->position = order->position;
    record->control = order->control;
    record->order = order->order;
    record->seed = seed;
    record->started = wall_now();
    record->server.build_ms = order->prepared->build_ms;
    record->server.shipped_bytes = order->prepared->shipped_bytes;
    record->server.image_bytes = order->prepared->image_bytes;
    record->client.server_cpu_count = order->places->server_count;
    memcpy(record->client.server_cpus, order->places->server, sizeof(record->client.server_cpus));
}

static void say(const struct trial_order *order, const struct trial_record *record,
                enum progress_phase phase)
{
    struct progress progress = { .phase = phase,
                                 .record = record,
                                 .server_cpus = -1,
                                 .client_cpus = -1,
                                 .server_rss_bytes = -1 };

    if (order->observer != NULL)
        order->observer->progress(order->observer->context, &progress);
}

static void set_reason(struct trial_record *record, enum trial_state state, const char *reason)
{
    record->state = state;
    record->reason = arena_format(&record->arena, "%s", reason);
}

/* Drive number `index` of the load, from 0, as it is recorded. */
static struct trial_record *new_record(const struct trial_order *order, uint32_t index,
                                       struct error *err)
{
    const struct load load = load_drive(order->load, index);
    const struct drive sizing = { .load = &load, .workload = order->workload };
    struct trial_record *record = trial_record_new(drive_arena_bytes(&sizing) + 65536, err);

    /* Each stage has arrivals of its own; the first has those of a load without stages. */
    if (record != NULL)
        identify(order, &load, index == 0 ? order->seed : rng_split(order->seed, index).state,
                 record);
    return record;
}

/* While the target runs no ceiling is measured: it would take the target's CPUs. */
static void judge(const struct trial_order *order, struct trial_record *record, bool target_runs)
{
    const struct ceiling_order ceiling = { .record = record,
                                           .ring = order->ring,
                                           .places = order->places,
                                           .kept_only = order->kept_ceiling_only || target_runs,
                                           .stop_asked = order->stop_asked,
                                           .observer = order->observer };

    judge_trial(&ceiling, record);
}

static bool drive_target(const struct trial_order *order, struct target *target,
                         struct trial_record *record, struct error *err)
{
    const struct load load = record->load;
    struct drive drive = { .workload = &record->workload,
                           .load = &load,
                           .ring = order->ring,
                           .cpus = order->places->client,
                           .cpu_count = order->places->client_count,
                           .seed = record->seed,
                           .target = target,
                           .ancestor = target_guardian(target),
                           .stop_asked = order->stop_asked,
                           .observer = order->observer };
    char where[ADDR_TEXT_MAX];
    struct error died;

    drive.addresses = target_addresses(target, &drive.address_count);
    record->address = arena_format(&record->arena, "%s", addr_text(&drive.addresses[0], where));
    drive.host = addr_port(&drive.addresses[0]) == 0 ? SLICE("localhost") : slice_of(where);
    record->url =
        arena_format(&record->arena, "http://%.*s%.*s", (int)drive.host.len, drive.host.ptr,
                     (int)record->workload.path.len, record->workload.path.ptr);
    record->server.ready_ms = (double)target_ready_ns(target) / 1e6;
    if (!drive_run(&drive, record, err) || !prove_trial(&drive, &order->prove, record, err))
        return false;
    /* It had been ready, and was driven, before it was asked again. */
    if (record->state == TRIAL_NOT_READY && load.stage > 1 && !target_alive(target, END_NS, &died))
        set_reason(record, TRIAL_DIED, died.text);
    return true;
}

static bool is_last(const struct trial_order *order, const struct trial_record *record)
{
    return record->load.stage >= load_drives(order->load) || record->load.stage == 0 ||
           record->state == TRIAL_DIED || (order->stop_asked != NULL && *order->stop_asked > 0);
}

/* All stages, on the target that has started. All records but the last one, which is still without
 * the target's end, go to the taker. */
static bool drive_stages(const struct trial_order *order, struct target *target,
                         const struct trial_taker *taker, struct trial_record **record,
                         struct error *err)
{
    struct error wrong;

    (*record)->probes += target_probes(target);
    if (!target_verify(order->suite, order->variant, &(*record)->workload, &order->prepared->place,
                       target, order->stop_asked, &wrong)) {
        set_reason(*record, TRIAL_NOT_READY, wrong.text);
        return true;
    }
    for (;;) {
        struct trial_record *done = *record;
        uint32_t next = done->load.stage;

        if (!drive_target(order, target, done, err))
            return false;
        if (is_last(order, done))
            return true;
        done->output_tail = output_tail(order->prepared->place.output, &done->arena);
        judge(order, done, true);
        *record = NULL;
        if (!taker->take(taker->context, done, err))
            return false;
        *record = new_record(order, next, err);
        if (*record == NULL)
            return false;
    }
}

/* How much there is in a process's environment moves its stack, and with that how memory is laid
 * out and how fast it is, by percents (Mytkowicz et al., ASPLOS 2009). So no trial has the same. */
static struct target_place padded(const struct trial_order *order)
{
    struct target_place place = order->prepared->place;
    struct rng rng = rng_split(order->seed, UINT64_MAX); /* stages have the parts from 1 on */

    place.padding_bytes = (uint32_t)rng_below(&rng, TARGET_PADDING_MAX + 1);
    return place;
}

static bool start_and_drive(const struct trial_order *order, const struct trial_taker *taker,
                            struct trial_record **record, struct error *err)
{
    const struct target_place place = padded(order);
    struct target *target;
    struct error odd;
    bool fine;

    say(order, *record, PROGRESS_START);
    if (!target_start(order->suite, order->variant, order->workload, order->load, &place,
                      order->stop_asked, &target, &odd)) {
        set_reason(*record, TRIAL_NOT_READY, odd.text);
        return true;
    }
    fine = drive_stages(order, target, taker, record, err);
    if (fine)
        say(order, *record, PROGRESS_STOP);
    if (!target_stop(target, &odd) && fine && (*record)->reason[0] == '\0')
        (*record)->reason = arena_format(&(*record)->arena, "%s", odd.text);
    return fine;
}

bool trial_run(const struct trial_order *order, const struct trial_taker *taker, struct error *err)
{
    struct trial_record *record = new_record(order, 0, err);

    if (record == NULL)
        return false;
    if (order->prepared->not_built != NULL) {
        set_reason(record, TRIAL_NOT_BUILT, order->prepared->not_built);
    } else if (order->not_ready != NULL) {
        set_reason(record, TRIAL_NOT_READY, order->not_ready);
    } else if (start_and_drive(order, taker, &record, err)) {
        record->output_tail = output_tail(order->prepared->place.output, &record->arena);
        judge(order, record, false);
    } else {
        trial_record_free(record);
        return error_wrap(err, "%.*s", (int)order->variant->name.len, order->variant->name.ptr);
    }
    return taker->take(taker->context, record, err);
}
