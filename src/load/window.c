/* The measured window of one worker: when it opens and closes, what of each second and tenth of a
 * second is kept, and how it begins anew. */
#include "load/worker_priv.h"

#include <string.h>

#include "base/bug.h"
#include "load/engine.h"
#include "load/engine_priv.h"

/* The series of a long run ends here (25 MB a worker), the counts do not. By count, window or
 * warm-up, nobody knows how long it takes. */
#define SECONDS_MAX      7200
#define SECONDS_BY_COUNT 600

/* Room for the tenths of as many windows, each with the second in which it is asked for. */
#define WINDOWS_MAX 4

uint32_t window_seconds_max(const struct plan *plan)
{
    int64_t seconds = plan->load.duration_ns / SECOND_NS + 1;

    if (plan->load.requests > 0)
        return SECONDS_BY_COUNT;
    return seconds < SECONDS_MAX ? (uint32_t)seconds : SECONDS_MAX;
}

uint32_t window_tenths_max(const struct plan *plan)
{
    int64_t warmup_ns =
        plan->load.warmup_requests > 0 ? SECONDS_BY_COUNT * SECOND_NS : plan->load.warmup_ns;
    int64_t tenths =
        warmup_ns / TENTH_NS + WINDOWS_MAX * ((plan->load.duration_ns + SECOND_NS) / TENTH_NS);

    if (plan->load.requests > 0)
        return SECONDS_BY_COUNT * 10;
    return tenths < INT64_C(10) * SECONDS_MAX ? (uint32_t)tenths : 10 * SECONDS_MAX;
}

void window_set(struct worker *w, struct mono begin)
{
    const struct load *load = &w->plan->load;
    bool known = begin.ns != MONO_NEVER.ns, ends = known && !w->by_count;

    w->begin = begin;
    w->end = ends ? mono_after(begin, load->duration_ns) : MONO_NEVER;
    w->drain_end = ends ? mono_after(w->end, load->timeout_ns) : MONO_NEVER;
    w->fold_at = known ? mono_after(begin, SECOND_NS) : MONO_NEVER;
}

/* ---- once a second, and ten times ---- */

/* A thread that had no more to give in this second could not be asked for more. */
static bool was_busy(struct worker *w)
{
    int64_t cpu_ns = usage_cpu_ns();
    bool busy = cpu_ns - w->fold_cpu_ns > SECOND_NS / 10 * 9;

    w->fold_cpu_ns = cpu_ns;
    return busy;
}

/* What the histogram gained since the last whole second becomes that second's own, so that a series
 * costs nothing while requests are counted. */
static void fold_second(struct worker *w)
{
    struct tally *t = w->tally;
    struct tally_second *second;

    w->fold_at = mono_after(w->fold_at, SECOND_NS);
    if (t->second_count == w->seconds_max)
        return;
    second = &t->seconds[t->second_count++];
    second->ok = t->ok_in_window - w->folded_ok;
    second->failed = w->failed_in_window - w->folded_failed;
    second->busy_threads = was_busy(w);
    w->folded_ok = t->ok_in_window;
    w->folded_failed = w->failed_in_window;
    if (t->response.count != w->folded->count) {
        uint32_t low = histogram_index(t->response.min_ns);
        uint32_t high = t->response.max_ns > HISTOGRAM_MAX_NS ? HISTOGRAM_BUCKETS - 1
                                                              : histogram_index(t->response.max_ns);

        for (uint32_t i = low; i <= high; i++) {
            second->counts[second_bucket(i)] +=
                (uint32_t)(t->response.counts[i] - w->folded->counts[i]);
            w->folded->counts[i] = t->response.counts[i];
        }
        w->folded->count = t->response.count;
    }
    atomic_store_explicit(&w->live.seconds, t->second_count, memory_order_release);
}

void window_fold_tenths(struct worker *w, struct mono now)
{
    struct tally *t = w->tally;

    while (w->tenth_at.ns <= now.ns && w->tenth_at.ns <= w->end.ns) {
        if (t->tenth_count < w->tenths_max)
            t->tenths[t->tenth_count++] = (uint32_t)(w->right - w->folded_right);
        w->folded_right = w->right;
        w->tenth_at = mono_after(w->tenth_at, TENTH_NS);
    }
    atomic_store_explicit(&w->live.tenths, t->tenth_count, memory_order_release);
}

/* ---- open, closed, begun anew ---- */

static void open_window(struct worker *w)
{
    w->window_open = true;
    w->usage_begin = usage_now(w->schedstat);
    w->fold_cpu_ns = usage_cpu_ns();
}

static void count_usage(struct worker *w)
{
    struct tally *t = w->tally;
    const struct thread_usage *begin = &w->usage_begin;
    struct thread_usage end = usage_now(w->schedstat);

    t->cpu_user_ns = end.cpu_user_ns - begin->cpu_user_ns;
    t->cpu_system_ns = end.cpu_system_ns - begin->cpu_system_ns;
    t->busiest_thread_share =
        t->window_ns > 0 ? (double)(t->cpu_user_ns + t->cpu_system_ns) / (double)t->window_ns : 0;
    t->preempted = end.preempted - begin->preempted;
    if (begin->run_queue_wait_ns >= 0 && end.run_queue_wait_ns >= 0)
        t->run_queue_wait_ns = end.run_queue_wait_ns - begin->run_queue_wait_ns;
}

void window_close(struct worker *w, struct mono now)
{
    struct tally *t = w->tally;
    int64_t before_ns = mono_diff_ns(w->start, w->begin);

    w->window_closed = true;
    while (w->fold_at.ns <= w->end.ns && w->fold_at.ns <= now.ns)
        fold_second(w);
    t->window_ns = mono_diff_ns(w->begin, w->end);
    if (t->window_ns % SECOND_NS != 0 && w->fold_at.ns > w->end.ns)
        fold_second(w); /* the last one, not a whole one */
    window_fold_tenths(w, now);
    w->tenth_at = MONO_NEVER;
    t->tenths_before = (uint32_t)((before_ns + TENTH_NS - 1) / TENTH_NS);
    if (t->tenths_before > t->tenth_count)
        t->tenths_before = t->tenth_count;
    count_usage(w);
    atomic_store_explicit(&w->live.window_over, true, memory_order_release);
    engine_notify(w->engine);
}

/* In a closed loop who had nothing to ask is not in any list, and asked here whether it has now. */
static void start_parked(struct worker *w, struct mono now)
{
    for (uint32_t slot = 0; slot < w->opened_to; slot++)
        if (w->plan->load.model == LOAD_CLOSED &&
            (w->conns[slot].state == CONN_IDLE || w->conns[slot].state == CONN_CLOSED))
            conn_free(w, slot, now);
}

static void end_share_of_warmup(struct worker *w, struct mono now)
{
    if (!w->warm)
        engine_warmed(w->engine, now);
    w->warm = true;
}

void window_cut(struct worker *w, struct mono now)
{
    end_share_of_warmup(w, now);
    w->begin = mono_earlier(w->begin, now);
    w->end = mono_earlier(w->end, now);
}

/* A warm-up by count: no request of it is out when the window begins, and none that is not of it is
 * sent before. */
static void end_warmup(struct worker *w, struct mono now)
{
    struct mono begin;

    if (w->begin.ns != MONO_NEVER.ns)
        return;
    if (w->warmup_quota == 0 && w->with_request == 0)
        end_share_of_warmup(w, now);
    begin = engine_window_begin(w->engine);
    if (begin.ns > now.ns)
        return;
    window_set(w, begin);
    open_window(w);
    start_parked(w, now);
}

static void begin_anew(struct worker *w, struct mono begin, struct mono now)
{
    tally_begin_anew(w->tally);
    memset(w->folded, 0, sizeof(*w->folded));
    w->folded_ok = w->folded_failed = w->failed_in_window = 0;
    w->window_open = false;
    window_set(w, begin);
    for (uint32_t slot = 0; slot < w->opened_to; slot++) {
        struct conn *c = &w->conns[slot];

        c->measured = false;
        c->right = 0;
    }
    /* The old window's end may have been seen before the new one was heard of. */
    start_parked(w, now);
}

static void hear_restart(struct worker *w, struct mono now)
{
    struct mono begin;
    unsigned asked = engine_restarts(w->engine, &begin);

    if (asked == w->tally->restarts || w->stopping || w->window_closed)
        return;
    begin_anew(w, begin, now);
    w->tally->restarts = asked;
    atomic_store_explicit(&w->live.ok, 0, memory_order_relaxed);
    atomic_store_explicit(&w->live.failed, 0, memory_order_relaxed);
    atomic_store_explicit(&w->live.done, 0, memory_order_relaxed);
    atomic_store_explicit(&w->live.seconds, 0, memory_order_relaxed);
    atomic_store_explicit(&w->live.restarts, asked, memory_order_release);
}

/* ---- timers ---- */

void window_timers(struct worker *w, struct mono now)
{
    end_warmup(w, now);
    hear_restart(w, now);
    if (!w->window_open && now.ns >= w->begin.ns)
        open_window(w);
    if (now.ns >= w->tenth_at.ns)
        window_fold_tenths(w, now);
    while (!w->window_closed && w->fold_at.ns <= now.ns && w->fold_at.ns <= w->end.ns)
        fold_second(w);
    if (!w->window_closed && now.ns >= w->end.ns)
        window_close(w, now);
}

/* When to look whether a warm-up by count is over for all. */
static struct mono next_look(const struct worker *w, struct mono now)
{
    struct mono begin = engine_window_begin(w->engine);

    if (begin.ns != MONO_NEVER.ns)
        return begin;
    return w->warm ? mono_after(now, WARMED_LOOK_NS) : MONO_NEVER;
}

struct mono window_next_timer(const struct worker *w, struct mono now)
{
    struct mono next = mono_earlier(w->fold_at, w->tenth_at);

    if (w->window_closed)
        return w->drain_end;
    if (w->begin.ns == MONO_NEVER.ns)
        return mono_earlier(next, next_look(w, now));
    return mono_earlier(next, w->window_open ? w->end : w->begin);
}

/* ---- the end ---- */

void window_shares(struct worker *w)
{
    for (uint32_t slot = 0; slot < w->conn_count; slot++)
        tally_share(&w->tally->by_connection, w->conns[slot].right);
    tally_share(&w->tally->by_worker, w->tally->ok_in_window);
}
