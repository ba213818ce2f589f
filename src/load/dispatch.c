/* Open loop: the timetable's requests go to free connections, and how late they were is kept. */
#include "load/worker_priv.h"

#include <math.h>

#include "base/bug.h"
#include "base/sabotage.h"

struct pacer dispatch_timetable(const struct plan *plan, uint32_t index, struct mono start)
{
    const struct load *load = &plan->load;
    struct pacer pacer;
    int64_t shift_ns = 0;

    /* Even arrivals of all workers interleave; Poisson ones add up to a Poisson stream by
     * themselves. */
    if (load->arrivals == PACER_EVEN)
        shift_ns = llround((double)index * 1e9 / load->rate_per_sec);
    pacer_init(&pacer, load->arrivals, load->rate_per_sec / load->threads,
               mono_after(start, shift_ns), rng_split(plan->seed, index).state);
    return pacer;
}

int64_t dispatch_due_ns(const struct plan *plan, uint64_t count)
{
    struct pacer timetables[LOAD_THREADS_MAX];
    uint32_t threads = plan->load.threads;
    struct mono due;

    BUG_IF(threads > LOAD_THREADS_MAX);
    for (uint32_t i = 0; i < threads; i++)
        timetables[i] = dispatch_timetable(plan, i, (struct mono){ 0 });
    for (;; count--) {
        struct pacer *next = &timetables[0];

        for (uint32_t i = 1; i < threads; i++)
            if (pacer_next(&timetables[i]).ns < pacer_next(next).ns)
                next = &timetables[i];
        if (count == 0)
            return pacer_next(next).ns;
        pacer_take(next, pacer_next(next), &due);
    }
}

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
