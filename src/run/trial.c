#include "run/trial.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/drive.h"

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

static void identify(const struct trial_order *order, struct trial_record *record)
{
    const struct variant *variant = order->variant;
    struct arena *arena = &record->arena;

    record->suite = keep(arena, order->suite->name);
    record->target = keep(arena, variant->name);
    record->target_title = keep(arena, variant->target->title);
    record->language = keep(arena, variant->target->language);
    record->version = arena_format(arena, "%s", order->prepared->version);
    record->ceiling = variant->target->ceiling;
    record->workers = variant->workers;
    for (size_t i = 0; i < variant->setting_count && i < RECORD_FACTORS_MAX; i++)
        record->factors[record->factor_count++] =
            (struct setting_text){ keep(arena, variant->settings[i].name),
                                   keep(arena, variant->settings[i].value) };
    record->workload = target_workload(order->suite, variant, order->workload);
    record->load = *order->load;
    record->block = order->block;
    record->position = order->position;
    record->seed = order->seed;
    record->started = wall_now();
    record->server.build_ms = order->prepared->build_ms;
    record->server.shipped_bytes = order->prepared->shipped_bytes;
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

static bool drive_target(const struct trial_order *order, struct target *target,
                         struct trial_record *record, struct error *err)
{
    char where[ADDR_TEXT_MAX];
    struct error wrong;
    struct drive drive = { .workload = &record->workload,
                           .load = order->load,
                           .ring = order->ring,
                           .cpus = order->places->client,
                           .cpu_count = order->places->client_count,
                           .seed = order->seed,
                           .target = target,
                           .ancestor = target_guardian(target),
                           .stop_asked = order->stop_asked,
                           .observer = order->observer };

    drive.addresses = target_addresses(target, &drive.address_count);
    addr_text(&drive.addresses[0], where);
    drive.host = slice_of(where);
    record->url = arena_format(&record->arena, "http://%s%.*s", where,
                               (int)record->workload.path.len, record->workload.path.ptr);
    record->server.ready_ms = (double)target_ready_ns(target) / 1e6;
    record->probes += target_probes(target);
    if (!target_verify(order->suite, order->variant, &record->workload, &order->prepared->place,
                       target, order->stop_asked, &wrong)) {
        set_reason(record, TRIAL_NOT_READY, wrong.text);
        return true;
    }
    return drive_run(&drive, record, err);
}

static bool start_and_drive(const struct trial_order *order, struct trial_record *record,
                            struct error *err)
{
    struct target *target;
    struct error odd;
    bool fine;

    say(order, record, PROGRESS_START);
    if (!target_start(order->suite, order->variant, order->workload, order->load,
                      &order->prepared->place, order->stop_asked, &target, &odd)) {
        set_reason(record, TRIAL_NOT_READY, odd.text);
        return true;
    }
    fine = drive_target(order, target, record, err);
    say(order, record, PROGRESS_STOP);
    if (!target_stop(target, &odd) && record->reason[0] == '\0')
        record->reason = arena_format(&record->arena, "%s", odd.text);
    return fine;
}

struct trial_record *trial_run(const struct trial_order *order, struct error *err)
{
    struct drive sizing = { .load = order->load, .workload = order->workload };
    struct trial_record *record = trial_record_new(drive_arena_bytes(&sizing) + 65536, err);

    if (record == NULL)
        return NULL;
    identify(order, record);
    if (order->prepared->not_built != NULL) {
        set_reason(record, TRIAL_NOT_BUILT, order->prepared->not_built);
        return record;
    }
    if (!start_and_drive(order, record, err)) {
        error_wrap(err, "%.*s", (int)order->variant->name.len, order->variant->name.ptr);
        trial_record_free(record);
        return NULL;
    }
    record->output_tail = output_tail(order->prepared->place.output, &record->arena);
    return record;
}
