#include "load/engine.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/bug.h"
#include "load/engine_priv.h"
#include "load/worker_priv.h"

struct engine {
    const struct plan *plan;
    uint32_t worker_count;
    struct worker *workers;
    atomic_uint stops;
    int wake_fd;

    /* How all set off together. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t ready_count;
    bool any_failed;
    bool go;
    struct mono start; /* with go */

    /* The window's begin. Set at the start; or by the last worker that is warm, once; then by the
     * main thread, which begins it anew (release with restarts). */
    _Atomic int64_t begin_ns;
    atomic_uint warming; /* workers whose share of a warm-up by count is not over */
    atomic_uint restarts;
};

/* ---- for the workers ---- */

bool engine_all_ready(struct engine *e, bool failed, struct mono *ret_start)
{
    bool all_ready;

    pthread_mutex_lock(&e->lock);
    e->ready_count++;
    e->any_failed = e->any_failed || failed;
    pthread_cond_broadcast(&e->changed);
    while (!e->go)
        pthread_cond_wait(&e->changed, &e->lock);
    *ret_start = e->start;
    all_ready = !e->any_failed;
    pthread_mutex_unlock(&e->lock);
    return all_ready;
}

unsigned engine_stops(const struct engine *e)
{
    return atomic_load_explicit(&e->stops, memory_order_relaxed);
}

unsigned engine_restarts(const struct engine *e, struct mono *ret_begin)
{
    unsigned restarts = atomic_load_explicit(&e->restarts, memory_order_acquire);

    *ret_begin = engine_window_begin(e);
    return restarts;
}

void engine_warmed(struct engine *e, struct mono now)
{
    int64_t ahead_ns = e->worker_count > 1 ? WARMED_AHEAD_NS : 0;

    if (atomic_fetch_sub(&e->warming, 1) > 1)
        return;
    atomic_store(&e->begin_ns, now.ns + ahead_ns);
    engine_notify(e);
}

void engine_notify(struct engine *e)
{
    uint64_t one = 1;
    ssize_t written = write(e->wake_fd, &one, sizeof(one));

    (void)written; /* full means that a wake-up is pending already */
}

/* ---- starting ---- */

static bool start_thread(struct worker *w, struct error *err)
{
    const struct plan *plan = w->plan;
    pthread_attr_t attributes;
    cpu_set_t cpus;
    int answer;

    pthread_attr_init(&attributes);
    if (plan->cpu_count > 0) {
        CPU_ZERO(&cpus);
        CPU_SET(plan->cpus[w->index % plan->cpu_count], &cpus);
        pthread_attr_setaffinity_np(&attributes, sizeof(cpus), &cpus);
    }
    answer = pthread_create(&w->thread, &attributes, worker_main, w);
    pthread_attr_destroy(&attributes);
    if (answer != 0)
        return error_set(err, answer, "start worker %u of %u", w->index + 1, plan->load.threads);
    return true;
}

static void free_engine(struct engine *e)
{
    for (uint32_t i = 0; i < e->worker_count; i++)
        arena_unmap(&e->workers[i].arena);
    pthread_mutex_destroy(&e->lock);
    pthread_cond_destroy(&e->changed);
    if (e->wake_fd >= 0)
        close(e->wake_fd);
    free(e->workers);
    free(e);
}

static void join(struct engine *e, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        pthread_join(e->workers[i].thread, NULL);
}

static bool first_failure(const struct engine *e, struct error *err)
{
    for (uint32_t i = 0; i < e->worker_count; i++)
        if (e->workers[i].failed) {
            *err = e->workers[i].error;
            return true;
        }
    return false;
}

static struct engine *new_engine(const struct plan *plan)
{
    uint32_t threads = plan->load.threads;
    struct engine *e = calloc(1, sizeof(*e));

    if (e == NULL)
        return NULL;
    e->plan = plan;
    e->workers = calloc(threads, sizeof(*e->workers));
    e->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->changed, NULL);
    if (e->workers == NULL || e->wake_fd < 0) {
        free_engine(e);
        return NULL;
    }
    e->worker_count = threads;
    e->warming = threads;
    for (uint32_t i = 0; i < threads; i++)
        e->workers[i] = (struct worker){
            .plan = plan,
            .engine = e,
            .index = i,
            .conn_count =
                plan->load.connections / threads + (i < plan->load.connections % threads ? 1 : 0),
            .one_shot = plan_one_shot(plan),
        };
    return e;
}

/* -1: not known before, because it ends with an answer. */
static int64_t warmup_length_ns(const struct plan *plan)
{
    const struct load *load = &plan->load;

    if (load->warmup_requests == 0)
        return load->warmup_ns;
    return load->model == LOAD_OPEN ? dispatch_due_ns(plan, load->warmup_requests) : -1;
}

/* When all workers that were started are ready: lets them go from one moment on. False when they
 * are not all there, or not all well; they go home then. */
static bool let_go(struct engine *e, uint32_t started)
{
    int64_t warmup_ns = warmup_length_ns(e->plan);
    bool all_well;

    pthread_mutex_lock(&e->lock);
    while (e->ready_count < started)
        pthread_cond_wait(&e->changed, &e->lock);
    e->any_failed = e->any_failed || started < e->worker_count;
    all_well = !e->any_failed;
    if (all_well) {
        e->start = ring_now(e->workers[0].ring);
        e->begin_ns = warmup_ns < 0 ? MONO_NEVER.ns : e->start.ns + warmup_ns;
    }
    e->go = true;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
    return all_well;
}

bool engine_start(const struct plan *plan, struct engine **ret_engine, struct error *err)
{
    struct engine *e;
    uint32_t started = 0;

    BUG_IF(plan->load.threads == 0);
    BUG_IF(plan->load.connections < plan->load.threads);
    BUG_IF(plan->address_count == 0);
    BUG_IF(plan->load.warmup_ns < 0);
    e = new_engine(plan);
    if (e == NULL)
        return error_set(err, errno, "prepare %u workers", plan->load.threads);
    while (started < e->worker_count && start_thread(&e->workers[started], err))
        started++;
    if (!let_go(e, started)) {
        join(e, started);
        first_failure(e, err);
        free_engine(e);
        return false;
    }
    *ret_engine = e;
    return true;
}

/* ---- while it runs ---- */

struct mono engine_start_moment(const struct engine *e)
{
    return e->start;
}

struct mono engine_window_begin(const struct engine *e)
{
    return (struct mono){ atomic_load_explicit(&e->begin_ns, memory_order_acquire) };
}

static enum engine_phase phase_now(const struct engine *e)
{
    bool all_over = true, all_finished = true;

    for (uint32_t i = 0; i < e->worker_count; i++) {
        const struct worker_live *live = &e->workers[i].live;

        all_over = all_over && atomic_load_explicit(&live->window_over, memory_order_acquire);
        all_finished = all_finished && atomic_load_explicit(&live->finished, memory_order_acquire);
    }
    if (all_finished)
        return ENGINE_DONE;
    if (all_over)
        return ENGINE_DRAIN;
    return mono_now().ns < engine_window_begin(e).ns ? ENGINE_WARMUP : ENGINE_WINDOW;
}

enum engine_phase engine_wait(struct engine *e, enum engine_phase known, struct mono until)
{
    for (;;) {
        enum engine_phase phase = phase_now(e);
        struct mono wake = until;
        struct pollfd notified = { .fd = e->wake_fd, .events = POLLIN };
        struct timespec timeout;
        int64_t left_ns;
        uint64_t count;

        if (phase == ENGINE_WARMUP)
            wake = mono_earlier(wake, engine_window_begin(e));
        left_ns = mono_diff_ns(mono_now(), wake);
        if (phase != known || (left_ns <= 0 && wake.ns == until.ns))
            return phase;
        if (left_ns < 0)
            left_ns = 0;
        timeout = (struct timespec){ left_ns / SECOND_NS, left_ns % SECOND_NS };
        if (ppoll(&notified, 1, &timeout, NULL) < 0 && errno == EINTR)
            return phase_now(e);                        /* a signal: the caller may want to know */
        (void)!read(e->wake_fd, &count, sizeof(count)); /* empty: it was the time that was over */
    }
}

void engine_stop(struct engine *e)
{
    atomic_fetch_add(&e->stops, 1);
}

bool engine_restart_window(struct engine *e, struct mono begin)
{
    BUG_IF(e->plan->load.requests > 0);
    BUG_IF(begin.ns < e->begin_ns);
    if (mono_diff_ns(engine_window_begin(e), begin) > e->plan->load.duration_ns)
        return false;
    atomic_store_explicit(&e->begin_ns, begin.ns, memory_order_relaxed);
    atomic_fetch_add_explicit(&e->restarts, 1, memory_order_release);
    return true;
}

/* What a worker has published is of the window that the main thread knows. Until it heard of a
 * restart nothing of it may be looked at: it may be clearing it. */
static bool has_heard(const struct engine *e, const struct worker *w)
{
    return atomic_load_explicit(&w->live.restarts, memory_order_acquire) ==
           atomic_load_explicit(&e->restarts, memory_order_relaxed);
}

struct engine_live engine_live(struct engine *e)
{
    struct engine_live sum = { 0 };
    struct tally_second second = { 0 };
    uint32_t seconds = UINT32_MAX;

    for (uint32_t i = 0; i < e->worker_count; i++) {
        struct worker *w = &e->workers[i];
        uint32_t known = 0;
        clockid_t clock;
        struct timespec cpu;

        if (has_heard(e, w)) {
            known = atomic_load_explicit(&w->live.seconds, memory_order_acquire);
            sum.ok += atomic_load_explicit(&w->live.ok, memory_order_relaxed);
            sum.failed += atomic_load_explicit(&w->live.failed, memory_order_relaxed);
            sum.done += atomic_load_explicit(&w->live.done, memory_order_relaxed);
        }
        sum.warmed += atomic_load_explicit(&w->live.warmed, memory_order_relaxed);
        seconds = known < seconds ? known : seconds;
        /* The clock of a thread that has ended is nobody's. */
        if (!atomic_load_explicit(&w->live.finished, memory_order_acquire) &&
            pthread_getcpuclockid(w->thread, &clock) == 0 && clock_gettime(clock, &cpu) == 0)
            w->cpu_seen_ns = cpu.tv_sec * SECOND_NS + cpu.tv_nsec;
        sum.cpu_ns += w->cpu_seen_ns;
    }
    if (seconds == 0)
        return sum;
    for (uint32_t i = 0; i < e->worker_count; i++) {
        const struct tally_second *from = &e->workers[i].tally->seconds[seconds - 1];

        second.ok += from->ok;
        for (uint32_t bucket = 0; bucket < SECOND_BUCKETS; bucket++)
            second.counts[bucket] += from->counts[bucket];
    }
    sum.p50_ns = second_quantile_ns(&second, 0.5);
    sum.p99_ns = second_quantile_ns(&second, 0.99);
    return sum;
}

uint32_t engine_tenths(const struct engine *e, uint32_t *ret_tenths, uint32_t max)
{
    uint32_t count = max, most = 0;

    for (uint32_t i = 0; i < e->worker_count; i++) {
        const struct worker_live *live = &e->workers[i].live;
        bool over = atomic_load_explicit(&live->window_over, memory_order_acquire);
        uint32_t known = atomic_load_explicit(&live->tenths, memory_order_acquire);

        most = known > most ? known : most;
        if (!over && known < count) /* who is done, by count, adds nothing to the later ones */
            count = known;
    }
    count = most < count ? most : count;
    memset(ret_tenths, 0, count * sizeof(ret_tenths[0]));
    for (uint32_t i = 0; i < e->worker_count; i++) {
        const struct worker *w = &e->workers[i];
        uint32_t known = atomic_load_explicit(&w->live.tenths, memory_order_acquire);

        for (uint32_t tenth = 0; tenth < count && tenth < known; tenth++)
            ret_tenths[tenth] += w->tally->tenths[tenth];
    }
    return count;
}

const char *engine_ring_name(const struct engine *e)
{
    return e->workers[0].ring_name;
}

/* ---- the end ---- */

size_t engine_seconds_bytes(const struct plan *plan)
{
    return window_seconds_max(plan) * sizeof(struct tally_second) +
           window_tenths_max(plan) * sizeof(uint32_t) + 64;
}

static void merge_workers(const struct engine *e, struct arena *arena, struct tally *ret_tally)
{
    uint32_t seconds = 0, tenths = 0;

    for (uint32_t i = 0; i < e->worker_count; i++) {
        const struct tally *t = e->workers[i].tally;

        seconds = t->second_count > seconds ? t->second_count : seconds;
        tenths = t->tenth_count > tenths ? t->tenth_count : tenths;
    }
    tally_clear(ret_tally);
    ret_tally->seconds = arena_new(arena, struct tally_second, seconds);
    ret_tally->tenths = arena_new(arena, uint32_t, tenths);
    for (uint32_t i = 0; i < e->worker_count; i++)
        tally_merge(ret_tally, e->workers[i].tally);
    if (e->plan->load.model == LOAD_CLOSED)
        ret_tally->service = ret_tally->response;
}

bool engine_finish(struct engine *e, struct arena *arena, struct tally *ret_tally,
                   struct error *err)
{
    bool failed;

    join(e, e->worker_count);
    merge_workers(e, arena, ret_tally);
    tally_balance(ret_tally);
    failed = first_failure(e, err);
    free_engine(e);
    return !failed;
}

uint64_t engine_descriptors(const struct plan *plan)
{
    /* A ring, an epoll set or both sides of one, the wake-up and schedstat, for each worker. */
    return plan->load.connections + 5u * plan->load.threads + 8u;
}
