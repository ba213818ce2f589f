/* probe/hiccup_priv.h -- what the thread of probe/hiccup.h keeps: pure, so that tests can feed it
 * moments of their own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* ---- how late the sleeper was woken ---- */

/* Counts of durations: every power of two is cut into 16 buckets, so that a value is known to 1/16
 * of itself. 4 KiB, as they share the generator's cache. */
#define LATENESS_BUCKETS 960

struct lateness {
    int64_t count, max_ns;
    uint32_t counts[LATENESS_BUCKETS];
};

/* Below zero counts as zero. */
void lateness_add(struct lateness *l, int64_t late_ns);

/* The largest value that the sample of rank ceil(q count) may have had; -1: there is none. */
int64_t lateness_quantile_ns(const struct lateness *l, double q);

/* To wait for a turn while another thread has the CPU is not the machine's doing: beside a
 * generator that is always busy it takes 3 ms (Linux 6.18), which are missed by nobody but the
 * sleeper. The kernel tells how long a thread has waited so far, and that is taken off. */
struct turns {
    int64_t woken_ns;   /* when it ran last */
    int64_t waited_ns;  /* in all, as the kernel tells; negative: unknown */
    int64_t excused_ns; /* of these, before it ran last */
};

/* How much too late the machine was at `now` for the moment `due`. */
int64_t turns_late_ns(struct turns *t, int64_t due_ns, int64_t now_ns, int64_t waited_ns);

/* ---- our clock beside the hardware's ---- */

struct clock_pair { /* read at one moment */
    int64_t ours_ns, hardware_ns;
};

struct clock_watch {
    bool begun;
    struct clock_pair first, last;
    int64_t jump_ns; /* largest difference of two advances, either way */
};

void clock_watch_look(struct clock_watch *w, struct clock_pair now);

/* Begins anew at the last look: a jump across the border belongs to what follows. */
void clock_watch_restart(struct clock_watch *w);

/* NaN when the looks are too near each other to tell. */
double clock_watch_drift_ppm(const struct clock_watch *w);
