/* The loop around the connections: timers in, completions out, until the drive is over. */
#include "load/worker_priv.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/sabotage.h"
#include "load/engine.h"
#include "load/engine_priv.h"

/* How long it sleeps at most, so that a wish to stop is heard. */
#define HEARING_NS (50 * MILLISECOND_NS)

/* A drain that was asked for by an interrupt. */
#define HURRIED_DRAIN_NS SECOND_NS

/* By count, so many time-outs' lengths without one whole answer are taken for the target's end. */
#define GIVE_UP_TIMEOUTS 4

size_t worker_arena_bytes(const struct plan *plan, uint32_t conn_count)
{
    return sizeof(struct tally) + sizeof(struct histogram) +
           window_seconds_max(plan) * sizeof(struct tally_second) +
           window_tenths_max(plan) * sizeof(uint32_t) +
           conn_count * (sizeof(struct conn) +
                         (plan->request.nonce_count > 0 ? plan->request.bytes.len : 0)) +
           4096;
}

/* ---- timers ---- */

/* Requests of the window that nobody has started yet. */
static bool work_left(const struct worker *w, struct mono now)
{
    if (w->stopping)
        return false;
    if (w->by_count)
        return w->quota > 0;
    if (w->plan->load.model == LOAD_CLOSED)
        return now.ns < w->end.ns;
    return pacer_next(&w->pacer).ns < w->end.ns;
}

static void hear_stop(struct worker *w, struct mono now)
{
    unsigned asked = engine_stops(w->engine);

    if (asked == 0 || (w->stopping && asked == 1))
        return;
    w->stopping = true;
    w->tally->partial = w->tally->partial || !w->window_closed;
    window_cut(w, now);
    w->drain_end =
        asked > 1 ? now : mono_earlier(w->drain_end, mono_after(w->end, HURRIED_DRAIN_NS));
}

/* A load by count, or its warm-up, has no end of its own when nobody answers any more. Time in
 * which nobody was asked says nothing: a slow timetable has gaps as long as any time-out. */
static void give_up(struct worker *w, struct mono now)
{
    bool warming = w->begin.ns == MONO_NEVER.ns;
    struct mono from = warming || w->silent_from.ns > w->begin.ns ? w->silent_from : w->begin;

    if (!(w->by_count || warming) || w->stopping || w->silent_from.ns < w->last_answer.ns ||
        mono_diff_ns(from, w->silent_to) < GIVE_UP_TIMEOUTS * w->plan->load.timeout_ns)
        return;
    w->stopping = true;
    w->tally->partial = true;
    w->tally->gave_up = true;
    window_cut(w, now);
    w->drain_end = now;
}

static void open_more(struct worker *w, struct mono now)
{
    while (w->opened_to < w->conn_count && w->connecting < w->connecting_max) {
        if (w->plan->load.model == LOAD_CLOSED) {
            if (!worker_may_start(w, now))
                return;
            conn_start(w, w->opened_to++, now, now);
        } else if (w->one_shot) {
            if (w->idle.head == NO_CONN)
                w->idle_since = w->start;
            list_append(w, &w->idle, w->opened_to++, now);
        } else {
            conn_open(w, w->opened_to++, now);
        }
    }
}

static void run_timers(struct worker *w, struct mono now)
{
    hear_stop(w, now);
    give_up(w, now);
    window_timers(w, now);
    while (w->in_flight.head != NO_CONN &&
           w->conns[w->in_flight.head].listed.ns + w->plan->load.timeout_ns <= now.ns)
        conn_timed_out(w, w->in_flight.head, now);
    for (unsigned step = 0; step < BACKOFF_STEPS; step++)
        while (w->backoff[step].head != NO_CONN &&
               w->conns[w->backoff[step].head].listed.ns + worker_backoff_ns(step) <= now.ns)
            conn_backed_off(w, step, now);
    open_more(w, now);
    if (w->plan->load.model == LOAD_OPEN)
        worker_dispatch(w, now);
}

static struct mono next_timer(const struct worker *w, struct mono now)
{
    struct mono next = mono_earlier(mono_after(now, HEARING_NS), window_next_timer(w, now));

    if (w->in_flight.head != NO_CONN)
        next = mono_earlier(
            next, mono_after(w->conns[w->in_flight.head].listed, w->plan->load.timeout_ns));
    for (unsigned step = 0; step < BACKOFF_STEPS; step++)
        if (w->backoff[step].head != NO_CONN)
            next = mono_earlier(
                next, mono_after(w->conns[w->backoff[step].head].listed, worker_backoff_ns(step)));
    if (w->plan->load.model == LOAD_OPEN && w->idle.head != NO_CONN && work_left(w, now))
        next = mono_earlier(next, pacer_next(&w->pacer));
    return next;
}

/* ---- the end ---- */

static bool drive_is_over(struct worker *w, struct mono now)
{
    if (work_left(w, now) || w->with_request > 0)
        return w->window_closed && now.ns >= w->drain_end.ns;
    if (w->by_count && !w->window_closed && w->window_open) {
        /* By count the window ends with the last answer. */
        w->end = w->last_done.ns > w->begin.ns ? w->last_done : now;
        window_close(w, now);
    }
    return w->window_closed;
}

/* What is still out, and what was due and never sent, is carried at the age it has reached. */
static void count_unfinished(struct worker *w, struct mono now)
{
    struct tally *t = w->tally;
    struct mono due;

    for (uint32_t slot = w->in_flight.head; slot != NO_CONN; slot = w->conns[slot].next) {
        const struct conn *c = &w->conns[slot];

        if (!c->measured || c->state == CONN_OPENING)
            continue;
        t->in_flight++;
        histogram_record_censored(&t->response, mono_diff_ns(c->due, now));
        if (w->plan->load.model == LOAD_OPEN)
            histogram_record_censored(&t->service, mono_diff_ns(c->sent, now));
    }
    if (w->plan->load.model == LOAD_OPEN) {
        while ((!w->by_count || w->quota > 0) &&
               pacer_take(&w->pacer, mono_after(w->end, -1), &due)) {
            if (due.ns < w->begin.ns)
                continue;
            if (w->by_count)
                w->quota--;
            t->scheduled++;
            t->unsent++;
            t->unsent_pool += worker_lacked_conn(w, due);
            histogram_record_censored(&t->response, mono_diff_ns(due, now));
        }
    }
    if (w->by_count) { /* interrupted: the rest was asked for, and never due */
        t->scheduled += w->quota;
        t->unsent += w->quota;
    }
}

static void publish(struct worker *w)
{
    const struct tally *t = w->tally;

    atomic_store_explicit(&w->live.ok, t->ok_in_window, memory_order_relaxed);
    atomic_store_explicit(&w->live.failed, w->failed_in_window, memory_order_relaxed);
    atomic_store_explicit(&w->live.done, t->ok + w->failed_in_window, memory_order_relaxed);
    if (w->begin.ns == MONO_NEVER.ns)
        atomic_store_explicit(&w->live.warmed, t->warmup - w->with_request, memory_order_relaxed);
}

/* What came while it was awake waited unread for as long. */
static void count_turn(struct worker *w, struct mono woken, struct mono asleep, uint64_t events)
{
    struct tally *t = w->tally;

    if (!w->window_open || w->window_closed)
        return;
    t->waits++;
    t->events += events;
    t->loop.counts[second_bucket(histogram_index(mono_diff_ns(woken, asleep)))]++;
}

/* The first one is as old as the waking; for each of the others the clock is read. */
static uint64_t handle_events(struct worker *w, struct mono woken)
{
    struct ring_event event;
    uint64_t count = 1;

    if (sabotage_receive())
        woken = ring_now(w->ring);
    if (!ring_next(w->ring, &event))
        return 0;
    conn_event(w, &event, woken);
    for (; ring_next(w->ring, &event); count++)
        conn_event(w, &event, ring_now(w->ring));
    return count;
}

static void wait_failed(struct worker *w, int sys, struct mono now)
{
    w->failed = true;
    error_set(&w->error, sys, "wait for the network (%s)", ring_name(w->ring));
    w->tally->partial = true;
    window_cut(w, now);
    if (!w->window_closed)
        window_close(w, now);
}

static void drive(struct worker *w)
{
    struct mono now = ring_now(w->ring), woken = now, until = now;
    uint64_t events = 0;

    for (;;) {
        bool timer_due;
        int answer;

        sabotage_loop();
        now = ring_now(w->ring);
        timer_due = now.ns >= until.ns;
        run_timers(w, now);
        if (drive_is_over(w, now))
            break;
        until = next_timer(w, now);
        /* Where no timer was due run_timers() took no time: that saves a look at the clock. */
        count_turn(w, woken, timer_due ? ring_now(w->ring) : now, events);
        answer = ring_wait(w->ring, until);
        if (answer < 0) {
            wait_failed(w, -answer, now);
            break;
        }
        woken = ring_now(w->ring);
        events = handle_events(w, woken);
        publish(w);
    }
    /* What the ring still holds back has been counted as sent: let it go. */
    ring_wait(w->ring, now);
    count_unfinished(w, now);
    window_shares(w);
}

/* ---- the thread ---- */

/* So many for all workers together. */
static uint64_t share_of(const struct worker *w, uint64_t requests)
{
    uint32_t threads = w->plan->load.threads;

    return requests / threads + (w->index < requests % threads ? 1 : 0);
}

static void set_timetable(struct worker *w, struct mono start)
{
    const struct load *load = &w->plan->load;

    w->start = start;
    w->last_answer = start;
    w->tenth_at = mono_after(start, TENTH_NS);
    w->by_count = load->requests > 0;
    w->quota = share_of(w, load->requests);
    window_set(w, engine_window_begin(w->engine));
    w->warm = w->begin.ns != MONO_NEVER.ns;
    w->warmup_quota = w->warm ? 0 : share_of(w, load->warmup_requests);
    if (load->model == LOAD_OPEN)
        w->pacer = dispatch_timetable(w->plan, w->index, start);
}

static bool make_ready(struct worker *w)
{
    const struct plan *plan = w->plan;
    struct ring_config config = { .slots = w->conn_count,
                                  .receive_bytes = plan->receive_bytes,
                                  .one_shot = w->one_shot };

    if (!arena_map(&w->arena, worker_arena_bytes(plan, w->conn_count), &w->error))
        return false;
    w->tally = arena_new(&w->arena, struct tally, 1);
    w->folded = arena_new(&w->arena, struct histogram, 1);
    tally_clear(w->tally);
    w->seconds_max = window_seconds_max(plan);
    w->tally->seconds = arena_new(&w->arena, struct tally_second, w->seconds_max);
    w->tenths_max = window_tenths_max(plan);
    w->tally->tenths = arena_new(&w->arena, uint32_t, w->tenths_max);
    w->conns = arena_new(&w->arena, struct conn, w->conn_count);
    if (plan->request.nonce_count > 0) {
        w->requests = arena_new(&w->arena, char, w->conn_count * plan->request.bytes.len);
        for (uint32_t slot = 0; slot < w->conn_count; slot++)
            memcpy(w->requests + slot * plan->request.bytes.len, plan->request.bytes.ptr,
                   plan->request.bytes.len);
    }
    w->may_end = w->one_shot || plan->request.bytes.len > RING_SENT_AT_ONCE_BYTES;
    w->prepares = plan->request.nonce_count > 0 || plan->burn_ns + sabotage_burn_ns() > 0;
    w->connecting_max =
        plan->load.threads < CONNECTING_MAX ? CONNECTING_MAX / plan->load.threads : 1;
    w->nonces = rng_split(plan->seed, UINT64_C(1) << 32 | w->index);
    list_init(&w->in_flight);
    list_init(&w->idle);
    for (unsigned step = 0; step < BACKOFF_STEPS; step++)
        list_init(&w->backoff[step]);
    w->arena.sealed = true;
    if (plan->open_ring != NULL
            ? !plan->open_ring(plan->open_ring_context, w->index, &config, &w->ring, &w->error)
            : !ring_open(plan->ring, &config, &w->ring, &w->error))
        return false;
    w->ring_name = ring_name(w->ring);
    return true;
}

void *worker_main(void *argument)
{
    struct worker *w = argument;
    struct mono start;
    char name[16];

    snprintf(name, sizeof(name), "worker-%u", w->index);
    prctl(PR_SET_NAME, name);
    /* The kernel may round a sleep up by 50 us to save power; the timetable pays for it. */
    prctl(PR_SET_TIMERSLACK, 1UL);
    w->schedstat = usage_open();
    w->failed = !make_ready(w);
    if (engine_all_ready(w->engine, w->failed, &start)) {
        set_timetable(w, start);
        drive(w);
    }
    ring_close_all(w->ring);
    w->ring = NULL;
    if (w->schedstat >= 0)
        close(w->schedstat);
    atomic_store_explicit(&w->live.window_over, true, memory_order_release);
    atomic_store_explicit(&w->live.finished, true, memory_order_release);
    engine_notify(w->engine);
    return NULL;
}
