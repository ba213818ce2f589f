/* run/watch.h -- samples what the server's processes use while a trial goes on: at the borders of
 * the window exactly, in between ten times a second (its threads: once). Pure bookkeeping around
 * probe/proc.h and probe/threads.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "probe/proc.h"
#include "probe/threads.h"
#include "store/record.h"
#include "target/target.h"

/* One service, as a whole. */
struct watch_service {
    struct service_usage *usage; /* in the record */
    bool known, known_begin;
    bool cpu_lost; /* see below */
    struct proc_usage last, begin;
};

struct watch {
    const char *root; /* in front of /proc: "", or a recorded tree; see probe/proc.h */
    int32_t ancestor; /* 0: nothing is known of the server */
    bool ancestor_counts;
    bool known;             /* the last sample could be read */
    bool cpu_lost;          /* in this window: CPU time that was used has become nobody's */
    struct proc_tree found; /* the tree as it was found last */
    struct mono found_at;
    bool some_gone;        /* of these, since */
    struct proc_tree tree; /* without the services */
    struct target_leader leaders[TARGET_LEADERS_MAX];
    size_t leader_count; /* 0: no services */
    struct watch_service services[RECORD_SERVICES_MAX];
    size_t service_count;
    struct proc_usage last, begin;
    struct mono last_pss;
    struct mono begin_at;
    int64_t second_cpu_ns; /* at the last whole second; -1: unknown */
    uint32_t points;
    double server_cpus; /* cores busy between the last two samples; negative: unknown */
    struct mono last_at;
    struct threads threads; /* of the server, in the window */
    struct mono last_threads;
};

void watch_init(struct watch *watch, const char *root, int32_t ancestor, bool ancestor_counts);

/* Services are to be measured apart from now on. `usages` has room for all that the leaders name,
 * and must last as long as the watch. A process that has left both its parent and its process group
 * counts for the server. */
void watch_services(struct watch *watch, const struct target_leader *leaders, size_t leader_count,
                    struct service_usage *usages, size_t service_count);

/* Reads once; keeps the peaks in *server. PSS is read at most once a second. */
void watch_sample(struct watch *watch, struct mono now, struct server_usage *server);

/* Waits until the server's tree has stopped growing: its processes and its memory (within 1 %) are
 * the same in three samples a tenth of a second apart; two seconds at most. A target is ready when
 * its first worker answers; the others may still be starting. */
void watch_settle(struct watch *watch, struct server_usage *server);

/* A window that begins anew forgets the one before. */
void watch_window_begins(struct watch *watch, struct mono now, struct server_usage *server);
/* Also the points of the series, one a second, up to `max`. */
void watch_in_window(struct watch *watch, struct mono now, struct server_usage *server,
                     struct series_point *points, uint32_t max);
void watch_window_ends(struct watch *watch, struct mono now, struct server_usage *server);

/* CPU time that the server and its services had used at the last sample, or -1. */
int64_t watch_cpu_ns(const struct watch *watch);

/* One of the server's processes, the oldest as far as is known; 0: none is known. */
int32_t watch_first_pid(const struct watch *watch);
