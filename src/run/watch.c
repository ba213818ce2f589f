#include "run/watch.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"

#define PSS_EVERY_NS     SECOND_NS
#define THREADS_EVERY_NS SECOND_NS
#define FIND_EVERY_NS    SECOND_NS
#define SETTLE_SAMPLE_NS (100 * MILLISECOND_NS)
#define SETTLE_MAX_NS    (2 * SECOND_NS)
#define TICK_NS          (10 * MILLISECOND_NS) /* of the kernel's CPU times */

void watch_init(struct watch *watch, const char *root, int32_t ancestor, bool ancestor_counts)
{
    *watch = (struct watch){ .root = root,
                             .ancestor = ancestor,
                             .ancestor_counts = ancestor_counts,
                             .server_cpus = -1,
                             .last_pss = { INT64_MIN / 2 },
                             .found_at = { INT64_MIN / 2 } };
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t cpu_ns(const struct proc_usage *usage)
{
    return usage->cpu_user_ns + usage->cpu_system_ns;
}

/* Of children that end without being waited for, the CPU time is lost (probe/proc.h). It is seen
 * before it happens, or by a sum that goes down: by more than the two ticks that are cut off where
 * children are reaped. */
static bool loses_cpu(const struct proc_usage *before, const struct proc_usage *now)
{
    int64_t cut_ns = 2 * TICK_NS * ((int64_t)before->processes + 1);

    return now->forgets_children || cpu_ns(now) < cpu_ns(before) - cut_ns;
}

/* ---- services ---- */

#define NO_SERVICE SIZE_MAX

void watch_services(struct watch *watch, const struct target_leader *leaders, size_t leader_count,
                    struct service_usage *usages, size_t service_count)
{
    memcpy(watch->leaders, leaders, leader_count * sizeof(*leaders));
    watch->leader_count = leader_count;
    watch->service_count = service_count;
    for (size_t i = 0; i < service_count; i++)
        watch->services[i] = (struct watch_service){ .usage = &usages[i] };
}

static size_t service_of_leader(const struct watch *watch, int32_t pid)
{
    for (size_t i = 0; i < watch->leader_count; i++)
        if (watch->leaders[i].pid == pid)
            return watch->leaders[i].service;
    return NO_SERVICE;
}

/* Whose process number `i` is: its group's, else its parent's, which stands before it. */
static size_t service_of(const struct watch *watch, const struct proc_tree *tree,
                         const size_t *services, size_t i)
{
    size_t service = service_of_leader(watch, tree->pids[i]);

    if (service == NO_SERVICE)
        service = service_of_leader(watch, tree->groups[i]);
    for (size_t parent = 0; service == NO_SERVICE && parent < i; parent++)
        if (tree->pids[parent] == tree->parents[i])
            service = services[parent];
    return service;
}

static void take_part(const struct proc_tree *tree, const size_t *services, size_t wanted,
                      struct proc_tree *ret_part)
{
    ret_part->count = 0;
    for (size_t i = 0; i < tree->count; i++)
        if (services[i] == wanted)
            proc_tree_add(ret_part, tree, i);
}

static void sample_service(struct watch *watch, const struct proc_tree *part,
                           struct watch_service *service)
{
    struct proc_usage before = service->last;
    bool known_before = service->known;
    struct error ignored;

    service->known = proc_usage_read(watch->root, 0, part, 0, &service->last, &ignored) &&
                     service->last.processes > 0;
    watch->some_gone |= !service->known || service->last.processes < part->count;
    if (!service->known)
        return;
    service->cpu_lost |= loses_cpu(known_before ? &before : &service->last, &service->last);
    service->usage->processes = service->last.processes;
    service->usage->rss_bytes_peak =
        larger(service->usage->rss_bytes_peak, (int64_t)service->last.rss_bytes);
}

/* Reads the services, and leaves the rest of the tree, the server's own. */
static void split_services(struct watch *watch)
{
    const struct proc_tree *all = &watch->found;
    struct proc_tree part;
    size_t services[PROC_TREE_MAX] = { 0 };

    for (size_t i = 0; i < all->count; i++)
        services[i] = service_of(watch, all, services, i);
    for (size_t i = 0; i < watch->service_count; i++) {
        take_part(all, services, i, &part);
        sample_service(watch, &part, &watch->services[i]);
    }
    take_part(all, services, NO_SERVICE, &watch->tree);
}

/* The two parts are shared out by the kernel's ticks anew at each look, so that one of them can go
 * down a little, and their sum by the ticks that are cut off when children are reaped. */
static void cpu_between(const struct proc_usage *begin, const struct proc_usage *end,
                        int64_t *ret_user_ns, int64_t *ret_system_ns)
{
    int64_t user_ns = end->cpu_user_ns - begin->cpu_user_ns;
    int64_t system_ns = end->cpu_system_ns - begin->cpu_system_ns;
    int64_t sum_ns = larger(user_ns + system_ns, 0);

    if (user_ns < 0)
        system_ns = sum_ns;
    *ret_system_ns = system_ns < 0 ? 0 : system_ns;
    *ret_user_ns = sum_ns - *ret_system_ns;
}

static void services_begin(struct watch *watch)
{
    for (size_t i = 0; i < watch->service_count; i++) {
        watch->services[i].begin = watch->services[i].last;
        watch->services[i].known_begin = watch->services[i].known;
        watch->services[i].cpu_lost = watch->services[i].last.forgets_children;
    }
}

static void services_end(struct watch *watch)
{
    for (size_t i = 0; i < watch->service_count; i++) {
        struct watch_service *s = &watch->services[i];

        if (!s->known || !s->known_begin || s->cpu_lost || loses_cpu(&s->begin, &s->last))
            continue;
        cpu_between(&s->begin, &s->last, &s->usage->cpu_user_ns, &s->usage->cpu_system_ns);
    }
}

int64_t watch_cpu_ns(const struct watch *watch)
{
    int64_t sum_ns = cpu_ns(&watch->last);

    if (!watch->known || watch->cpu_lost)
        return -1;
    for (size_t i = 0; i < watch->service_count; i++) {
        if (!watch->services[i].known || watch->services[i].cpu_lost)
            return -1;
        sum_ns += cpu_ns(&watch->services[i].last);
    }
    return sum_ns;
}

/* ---- the server's threads ---- */

/* Those of the tree that was read last. */
static bool read_threads(struct watch *watch, struct mono now, struct thread_look *ret_look)
{
    watch->last_threads = now;
    return watch->known && threads_read(watch->root, &watch->tree, ret_look);
}

static void threads_at_begin(struct watch *watch, struct mono now, struct server_usage *server)
{
    struct thread_look look;

    threads_begin(&watch->threads, read_threads(watch, now, &look) ? &look : NULL);
    server->cpus_allowed = watch->known ? watch->last.cpus_allowed : 0;
}

static void threads_since(struct watch *watch, struct mono now)
{
    struct thread_look look;

    /* A moment at which nothing could be read does not cost the window. */
    if (!watch->known || mono_diff_ns(watch->last_threads, now) < THREADS_EVERY_NS)
        return;
    threads_next(&watch->threads, read_threads(watch, now, &look) ? &look : NULL);
}

static_assert(THREADS_TOP == RECORD_THREADS_MAX, "the record keeps the busiest threads");

static void threads_at_end(struct watch *watch, struct mono now, struct server_usage *server)
{
    struct threads_found found;
    struct thread_look look;

    threads_next(&watch->threads, read_threads(watch, now, &look) ? &look : NULL);
    found = threads_found(&watch->threads);
    server->run_ns = found.run_ns;
    server->run_queue_wait_ns = found.wait_ns;
    server->thread_count = (uint32_t)found.top_count;
    memcpy(server->thread_cpu_ns, found.top_ns, sizeof(found.top_ns));
    if (watch->known)
        server->cpus_allowed |= watch->last.cpus_allowed;
}

/* ---- the server ---- */

int32_t watch_first_pid(const struct watch *watch)
{
    return watch->known && watch->tree.count > 0 ? watch->tree.pids[0] : 0;
}

/* The processes are looked for only now and then: with a thousand on the machine that takes 15 ms
 * of the generator's CPU. */
static bool find_processes(struct watch *watch, struct mono now, bool anew)
{
    struct error ignored;

    if (!anew && watch->known && !watch->some_gone &&
        mono_diff_ns(watch->found_at, now) < FIND_EVERY_NS)
        return true;
    watch->found_at = now;
    watch->some_gone = false;
    return proc_tree_read(watch->root, watch->ancestor, &watch->found, &ignored);
}

static bool read_processes(struct watch *watch, unsigned dear)
{
    struct error ignored;
    bool good;

    watch->tree = watch->found;
    if (watch->service_count > 0)
        split_services(watch);
    if (watch->ancestor_counts && watch->tree.count < PROC_TREE_MAX)
        watch->tree.pids[watch->tree.count++] = watch->ancestor;
    good = proc_usage_read(watch->root, watch->ancestor_counts ? 0 : watch->ancestor, &watch->tree,
                           dear, &watch->last, &ignored);
    watch->some_gone |= watch->last.processes < watch->tree.count;
    return good;
}

/* `anew`: the processes are to be found now. `dear`: PROC_THREADS at the borders of the window,
 * else 0. */
static void take_sample(struct watch *watch, struct mono now, bool anew, unsigned dear,
                        struct server_usage *server)
{
    bool with_pss = mono_diff_ns(watch->last_pss, now) >= PSS_EVERY_NS;
    struct proc_usage before = watch->last;
    bool known_before = watch->known;

    if (watch->ancestor == 0)
        return;
    watch->known =
        find_processes(watch, now, anew) && read_processes(watch, dear | (with_pss ? PROC_PSS : 0));
    /* Who has no memory is dead and waits to be reaped: to print its 0 bytes would be a lie. */
    watch->known = watch->known && watch->last.processes > 0 && watch->last.rss_bytes > 0;
    if (!watch->known) {
        watch->server_cpus = -1;
        return;
    }
    if (with_pss)
        watch->last_pss = now;
    server->processes = watch->last.processes;
    server->threads = watch->last.threads;
    server->descriptors = watch->last.descriptors;
    server->rss_bytes_peak = larger(server->rss_bytes_peak, (int64_t)watch->last.rss_bytes);
    if (with_pss && watch->last.pss_known)
        server->pss_bytes_peak = larger(server->pss_bytes_peak, (int64_t)watch->last.pss_bytes);
    watch->cpu_lost |= loses_cpu(known_before ? &before : &watch->last, &watch->last);
    if (watch->cpu_lost)
        watch->server_cpus = -1;
    else if (known_before && now.ns > watch->last_at.ns)
        watch->server_cpus = (double)(cpu_ns(&watch->last) - cpu_ns(&before)) /
                             (double)mono_diff_ns(watch->last_at, now);
    watch->last_at = now;
}

void watch_sample(struct watch *watch, struct mono now, struct server_usage *server)
{
    take_sample(watch, now, false, 0, server);
}

static bool same_size(const struct proc_usage *a, const struct proc_usage *b)
{
    uint64_t larger_rss = a->rss_bytes > b->rss_bytes ? a->rss_bytes : b->rss_bytes;
    uint64_t smaller_rss = a->rss_bytes > b->rss_bytes ? b->rss_bytes : a->rss_bytes;

    return a->processes == b->processes && a->threads == b->threads &&
           larger_rss - smaller_rss <= larger_rss / 100;
}

void watch_settle(struct watch *watch, struct server_usage *server)
{
    const struct timespec pause = { 0, SETTLE_SAMPLE_NS };
    unsigned alike = 0;

    take_sample(watch, mono_now(), true, 0, server);
    for (int64_t waited_ns = 0; watch->known && alike < 2 && waited_ns < SETTLE_MAX_NS;
         waited_ns += SETTLE_SAMPLE_NS) {
        struct proc_usage before = watch->last;

        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        take_sample(watch, mono_now(), true, 0, server);
        alike = same_size(&before, &watch->last) ? alike + 1 : 0;
    }
    if (watch->known)
        server->rss_bytes_idle = (int64_t)watch->last.rss_bytes;
}

void watch_window_begins(struct watch *watch, struct mono now, struct server_usage *server)
{
    take_sample(watch, now, true, PROC_THREADS, server);
    services_begin(watch);
    watch->begin_at = now;
    watch->points = 0; /* of a window that was given up */
    watch->second_cpu_ns = -1;
    server->rss_bytes_start = -1;
    threads_at_begin(watch, now, server);
    if (!watch->known)
        return;
    watch->cpu_lost = watch->last.forgets_children;
    watch->begin = watch->last;
    watch->second_cpu_ns = cpu_ns(&watch->last);
    server->rss_bytes_start = (int64_t)watch->last.rss_bytes;
}

/* A whole second of the window is over. */
static bool point_is_due(const struct watch *watch, struct mono now)
{
    return mono_diff_ns(watch->begin_at, now) >= (int64_t)(watch->points + 1) * SECOND_NS;
}

void watch_in_window(struct watch *watch, struct mono now, struct server_usage *server,
                     struct series_point *points, uint32_t max)
{
    take_sample(watch, now, point_is_due(watch, now), 0, server);
    threads_since(watch, now);
    while (watch->points < max && point_is_due(watch, now)) {
        struct series_point *point = &points[watch->points++];

        *point = (struct series_point){ .rss_bytes = -1, .cpu_ns = -1 };
        if (watch->known)
            point->rss_bytes = (int64_t)watch->last.rss_bytes;
        if (watch->known && watch->second_cpu_ns >= 0 && !watch->cpu_lost)
            point->cpu_ns = larger(cpu_ns(&watch->last) - watch->second_cpu_ns, 0);
        watch->second_cpu_ns = watch->known ? cpu_ns(&watch->last) : -1;
    }
}

void watch_window_ends(struct watch *watch, struct mono now, struct server_usage *server)
{
    take_sample(watch, now, true, PROC_THREADS, server);
    services_end(watch);
    threads_at_end(watch, now, server);
    if (!watch->known || server->rss_bytes_start < 0)
        return; /* one of the borders is unknown */
    if (!watch->cpu_lost && !loses_cpu(&watch->begin, &watch->last))
        cpu_between(&watch->begin, &watch->last, &server->cpu_user_ns, &server->cpu_system_ns);
    server->switches_voluntary =
        (int64_t)(watch->last.switches_voluntary - watch->begin.switches_voluntary);
    server->switches_involuntary =
        (int64_t)(watch->last.switches_involuntary - watch->begin.switches_involuntary);
}
