#include "run/room.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/descriptors.h"
#include "load/engine.h"
#include "load/plan.h"
#include "probe/host.h"
#include "run/cores.h"
#include "run/session.h"

/* Of the local ports to one address that connections may take: others use some, and those that were
 * closed lately are not free yet (spec T16). */
#define PORTS_SHARE 0.8

/* ---- one load ---- */

static bool too_few_descriptors(uint32_t connections, uint64_t needed, uint64_t limit,
                                struct error *err)
{
    uint64_t others = needed - connections;
    char fewer[64] = "";

    if (limit > others)
        snprintf(fewer, sizeof(fewer), "ask for %llu connections at most, or ",
                 (unsigned long long)(limit - others));
    return error_usage(err,
                       "%u connection%s and %llu files for other things are more than the %llu "
                       "that this user may have open; %sraise the hard limit (ulimit -Hn) as root",
                       connections, connections == 1 ? "" : "s", (unsigned long long)others,
                       (unsigned long long)limit, fewer);
}

bool room_descriptors(const struct load *load, struct error *err)
{
    struct plan plan = { .load = *load };
    uint64_t needed = engine_descriptors(&plan) + 64; /* the database, the screen, the probes */
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return error_set(err, errno, "read the limit of open files");
    if (limit.rlim_cur >= needed)
        return true;
    if (limit.rlim_max < needed)
        return too_few_descriptors(load->connections, needed, limit.rlim_max, err);
    if (descriptors_raise() < needed)
        return error_set(err, errno, "raise the limit of open files to %llu",
                         (unsigned long long)limit.rlim_max);
    return true;
}

/* How many of its connections one drive opens. By count no more than there is to ask. */
static uint64_t opened_by(const struct load *drive)
{
    uint64_t asked =
        drive->requests > drive->warmup_requests ? drive->requests : drive->warmup_requests;
    bool stops_short = drive->model == LOAD_CLOSED && drive->requests > 0 && drive->warmup_ns <= 0;

    return stops_short && asked < drive->connections ? asked : drive->connections;
}

static uint64_t ports_needed(const struct load *load)
{
    uint64_t most = 0;

    for (uint32_t i = 0; i < load_drives(load); i++) {
        const struct load drive = load_drive(load, i);
        uint64_t needed = opened_by(&drive);

        most = needed > most ? needed : most;
    }
    return most;
}

bool room_ports(const char *root, const struct load *load, const struct addr *addresses,
                size_t count, struct error *err)
{
    uint64_t needed = ports_needed(load);
    struct host host;
    char each[64] = "";
    uint64_t ports, room;

    host_read(root, &host);
    if (host.port_low == 0 || host.port_high < host.port_low || addr_port(&addresses[0]) == 0)
        return true; /* not known; or a Unix socket, which takes none */
    ports = host.port_high - host.port_low + 1;
    room = (uint64_t)(PORTS_SHARE * (double)ports * (double)count);
    if (needed <= room)
        return true;
    if (count > 1)
        snprintf(each, sizeof(each), " for each of %zu addresses", count);
    return error_usage(err,
                       "%llu connections need as many local ports, and this machine has %llu%s, "
                       "some of them in use; ask for %llu connections at most, or give it more: "
                       "sysctl net.ipv4.ip_local_port_range='1024 65535'",
                       (unsigned long long)needed, (unsigned long long)ports, each,
                       (unsigned long long)room);
}

/* ---- all that is planned ---- */

/* To how many addresses the load goes. What is no number is told when the target is started. */
static size_t count_addresses(const struct suite *suite, const struct variant *variant,
                              const struct places *places, struct error *err)
{
    const struct suite_target *target = variant->target;
    const struct target_place place = { .folder = "",
                                        .cpus = places->server,
                                        .cpu_count = places->server_count };
    struct arena arena;
    const char *text;
    uint64_t count = 1;

    if (!arena_map(&arena, 1u << 20, err))
        return 1;
    if (target_text(suite, variant, &place, target->processes[target->process_count - 1].instances,
                    &arena, &text, err) &&
        (!slice_u64(slice_of(text), SUITE_INSTANCES_MAX, &count) || count == 0))
        count = 1;
    arena_unmap(&arena);
    return (size_t)count;
}

static bool has_room(const struct session *s, const struct trial_slot *slot, const char *root,
                     struct error *err)
{
    const struct variant *variant = &s->variants[slot->variant];
    const struct load *load = &s->suite->loads[slot->load];
    const struct addr some[] = { addr_loopback(1) }; /* it has no port yet */
    struct places places;
    struct error why;

    if (!cores_places(&s->places, variant, &places, &why))
        return true;                         /* it is not started */
    if (variant->target->address.len == 0 && /* else a Unix socket */
        !room_ports(root, load, some, count_addresses(s->suite, variant, &places, &why), err))
        return false;
    return room_descriptors(load, err);
}

bool room_check(const struct session *session, const char *root, struct error *err)
{
    for (size_t i = 0; i < session->slot_count; i++) {
        const struct trial_slot *slot = &session->slots[i];

        /* All blocks are alike. */
        if (slot->block == 0 && !slot->control && !has_room(session, slot, root, err))
            return suite_load_wrong(session->suite, slot->load, err);
    }
    return true;
}
