/* Open loop: the timetable's requests go to free connections, and how late they were is kept. */
#include "load/worker_priv.h"

#include "base/sabotage.h"

bool worker_lacked_conn(const struct worker *w, struct mono due)
{
    return w->idle.head == NO_CONN || due.ns < w->idle_since.ns;
}

/* A late send is our fault where a connection was free when the request was due, the target's (or
 * the pool's size) where none was. */
static void count_lag(struct worker *w, struct mono due, struct mono now)
{
    int64_t lag_ns = mono_diff_ns(due, now);

    if (!(due.ns >= w->begin.ns && due.ns < w->end.ns))
        return;
    histogram_record(due.ns >= w->idle_since.ns ? &w->tally->loop_late : &w->tally->pool_late,
                     lag_ns);
}

/* Evidence that requests went out as the timetable wanted. One worker's is enough: the timetables
 * of all are alike. */
static void keep_gap(struct worker *w, struct mono due, struct mono now)
{
    struct tally *t = w->tally;

    if (w->index > 0 || t->gap_count == TALLY_GAPS_MAX || due.ns < w->begin.ns)
        return;
    if (w->last_sent.ns >= w->begin.ns)
        t->gaps_ns[t->gap_count++] = mono_diff_ns(w->last_sent, now);
    w->last_sent = now;
}

void worker_dispatch(struct worker *w, struct mono now)
{
    struct mono horizon = now.ns < w->end.ns ? now : mono_after(w->end, -1);
    struct mono due;

    while (w->idle.head != NO_CONN && !w->stopping) {
        uint32_t slot = w->idle.head;

        if (w->by_count && w->quota == 0)
            return;
        if (!pacer_take(&w->pacer, horizon, &due))
            return;
        if (sabotage_drops_slot())
            continue;
        if (w->by_count && due.ns >= w->begin.ns)
            w->quota--;
        list_remove(w, &w->idle, slot);
        count_lag(w, due, now);
        keep_gap(w, due, now);
        conn_start(w, slot, due, now);
    }
}
