/* run/around.h -- what went on around a trial, apart from generator and server: the machine's
 * counters at the borders of the window and about once a second in it, and how late the machine
 * wakes a sleeper. Into the record, for verdict/. Nothing here fails: what cannot be had is
 * unknown.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/addr.h"
#include "probe/hiccup.h"
#include "probe/link.h"
#include "probe/machine.h"

struct around {
    const char *root;      /* in front of /proc and /sys: "", or a recorded tree */
    struct hiccup *hiccup; /* NULL: none runs */
    bool in_window;
    int32_t net_pid; /* whose network is looked at; 0: ours */
    int64_t ours_begin_ns;
    struct machine_sample begin, last;
    char link[LINK_NAME_MAX]; /* the card on the way to the target; "": none, or unknown */
    struct link_sample link_begin;
};

/* Before the drive. `cpu`: one of the generator's, negative: not pinned. */
void around_start(struct around *around, const char *root, int32_t cpu);

/* Whose packets to look for, behind around_start(). Nothing of a target on this machine. */
void around_target(struct around *around, const struct addr *target);

/* `net_pid`: the server's first process, 0: unknown. `ours_ns`: CPU time that assay, server and
 * services have used so far, negative: unknown. What was found before is forgotten. */
void around_window_begins(struct around *around, struct mono now, int32_t net_pid, int64_t ours_ns,
                          struct machine_change *ret_machine);
void around_in_window(struct around *around, struct mono now, struct machine_change *machine);
/* May take as long as HICCUP_EVERY_NS. */
void around_window_ends(struct around *around, struct mono now, int64_t ours_ns,
                        struct machine_change *machine, struct hiccup_found *ret_hiccup);

/* After the drive, whether there was a window or not. */
void around_stop(struct around *around);
