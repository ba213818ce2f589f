#include "probe/hiccup.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sabotage.h"
#include "probe/hiccup_priv.h"

/* ---- how late the sleeper was woken ---- */

/* As stats/histogram.h numbers them, with 16 for 1024. */
static uint32_t bucket_of(int64_t value)
{
    unsigned exponent = 59u - (unsigned)__builtin_clzll((uint64_t)value | 31u);

    return (exponent << 4) + (uint32_t)((uint64_t)value >> exponent);
}

static int64_t bucket_high(uint32_t bucket)
{
    unsigned exponent = bucket < 32 ? 0 : (bucket >> 4) - 1;

    return (int64_t)(((uint64_t)(bucket - (exponent << 4) + 1) << exponent) - 1);
}

void lateness_add(struct lateness *l, int64_t late_ns)
{
    if (late_ns < 0)
        late_ns = 0;
    if (late_ns > l->max_ns)
        l->max_ns = late_ns;
    l->count++;
    l->counts[bucket_of(late_ns)]++;
}

int64_t lateness_quantile_ns(const struct lateness *l, double q)
{
    int64_t rank = (int64_t)ceil(q * (double)l->count), seen = 0;

    if (l->count == 0)
        return -1;
    for (uint32_t i = 0; i < LATENESS_BUCKETS; i++) {
        seen += l->counts[i];
        if (seen >= rank)
            return bucket_high(i) < l->max_ns ? bucket_high(i) : l->max_ns;
    }
    return l->max_ns;
}

/* The wait is what came last, behind the sleep. Who was late for several moments at once, and was
 * woken for one after the other, waited once for all of them. */
int64_t turns_late_ns(struct turns *t, int64_t due_ns, int64_t now_ns, int64_t waited_ns)
{
    bool was_late_already = due_ns <= t->woken_ns;
    int64_t more_ns = t->waited_ns < 0 || waited_ns < 0 ? 0 : waited_ns - t->waited_ns;

    t->excused_ns = (was_late_already ? t->excused_ns : 0) + more_ns;
    t->waited_ns = waited_ns;
    t->woken_ns = now_ns;
    return now_ns - due_ns - t->excused_ns;
}

/* ---- our clock beside the hardware's ---- */

/* A pair is known to 10 us (BRACKET_NS): below a tenth of a second that would be a drift of more
 * than 100 ppm. */
#define DRIFT_SPAN_NS (100 * MILLISECOND_NS)

void clock_watch_look(struct clock_watch *w, struct clock_pair now)
{
    int64_t jump_ns;

    if (!w->begun) {
        w->begun = true;
        w->first = w->last = now;
        return;
    }
    jump_ns = (now.ours_ns - w->last.ours_ns) - (now.hardware_ns - w->last.hardware_ns);
    jump_ns = jump_ns < 0 ? -jump_ns : jump_ns;
    if (jump_ns > w->jump_ns)
        w->jump_ns = jump_ns;
    w->last = now;
}

void clock_watch_restart(struct clock_watch *w)
{
    w->first = w->last;
    w->jump_ns = 0;
}

double clock_watch_drift_ppm(const struct clock_watch *w)
{
    double ours_ns = (double)(w->last.ours_ns - w->first.ours_ns);
    double hardware_ns = (double)(w->last.hardware_ns - w->first.hardware_ns);

    return hardware_ns < (double)DRIFT_SPAN_NS ? (double)NAN : (ours_ns / hardware_ns - 1) * 1e6;
}

/* ---- the thread ---- */

struct hiccup {
    pthread_t thread;
    atomic_bool stopped;
    _Atomic int64_t begin_ns; /* moments before it are forgotten */
    /* Only the thread's, until it has ended: */
    int64_t step_ns;
    struct lateness late;
    struct clock_watch clocks;
};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * SECOND_NS + ts.tv_nsec;
}

/* What wakes a sleeper. Not mono_now(), which is what is looked at here: in test builds it can be
 * ahead of the kernel's, and who compares the two never catches up. */
static int64_t sleepers_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC) - sabotage_clock_ahead();
}

#define BRACKET_NS    (20 * MICROSECOND_NS)
#define BRACKET_TRIES 5

/* Ours is read before and after the hardware's. Where the two are far from each other, somebody
 * else had the CPU in between, or our clock jumped just then: the next look will see that. */
static bool read_clocks(struct clock_pair *ret_pair)
{
    for (int i = 0; i < BRACKET_TRIES; i++) {
        int64_t before_ns = mono_now().ns;
        int64_t hardware_ns = clock_ns(CLOCK_MONOTONIC_RAW);
        int64_t width_ns = mono_now().ns - before_ns;

        if (width_ns < 0 || width_ns > BRACKET_NS)
            continue;
        *ret_pair = (struct clock_pair){ before_ns + width_ns / 2, hardware_ns };
        return true;
    }
    return false;
}

#define STEP_READINGS  4096
#define STEP_SEARCH_NS (50 * MILLISECOND_NS) /* for the first step of a very coarse clock */

static int64_t measure_step_ns(void)
{
    int64_t until_ns = clock_ns(CLOCK_MONOTONIC_RAW) + STEP_SEARCH_NS;
    int64_t last_ns = mono_now().ns;
    int64_t smallest_ns = -1;

    for (int i = 0;
         i < STEP_READINGS || (smallest_ns < 0 && clock_ns(CLOCK_MONOTONIC_RAW) < until_ns); i++) {
        int64_t now_ns = mono_now().ns;

        if (now_ns > last_ns && (smallest_ns < 0 || now_ns - last_ns < smallest_ns))
            smallest_ns = now_ns - last_ns;
        last_ns = now_ns;
    }
    return smallest_ns;
}

/* Of this thread so far: the second number of its schedstat. -1: the kernel does not tell. */
static int64_t waited_ns(int schedstat)
{
    char text[64], *end;
    ssize_t len = schedstat < 0 ? -1 : pread(schedstat, text, sizeof(text) - 1, 0);

    if (len <= 0)
        return -1;
    text[len] = '\0';
    strtoull(text, &end, 10);
    return (int64_t)strtoll(end, NULL, 10);
}

static void sleep_until(int64_t moment_ns)
{
    const struct timespec moment = { (time_t)(moment_ns / SECOND_NS),
                                     (long)(moment_ns % SECOND_NS) };

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL) == EINTR)
        continue;
}

static void forget(struct hiccup *h)
{
    h->late = (struct lateness){ 0 };
    clock_watch_restart(&h->clocks);
}

/* The moments are a timetable: after a long sleep those that were missed are all late, each by so
 * much, as requests would have been. */
static void *watch_the_clock(void *context)
{
    struct hiccup *h = (struct hiccup *)context;
    int schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    struct turns turns = { 0, waited_ns(schedstat), 0 };
    int64_t begin_ns = INT64_MIN, due_ns, now_ns;

    prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul); /* by default the kernel adds 50 us */
    h->step_ns = measure_step_ns();
    due_ns = sleepers_now_ns();
    do {
        struct clock_pair pair;
        int64_t late_ns;

        due_ns += HICCUP_EVERY_NS;
        sleep_until(due_ns);
        now_ns = sleepers_now_ns();
        late_ns = turns_late_ns(&turns, due_ns, now_ns, waited_ns(schedstat));
        if (atomic_load(&h->begin_ns) != begin_ns) {
            begin_ns = atomic_load(&h->begin_ns);
            forget(h);
        }
        if (due_ns >= begin_ns)
            lateness_add(&h->late, late_ns);
        if (read_clocks(&pair))
            clock_watch_look(&h->clocks, pair);
    } while (!atomic_load(&h->stopped) || due_ns + HICCUP_EVERY_NS <= now_ns);
    if (schedstat >= 0)
        close(schedstat);
    return NULL;
}

#define STACK_BYTES (UINT64_C(64) << 10)

static int start_thread(struct hiccup *h, int32_t cpu)
{
    pthread_attr_t attributes;
    cpu_set_t cpus;
    int answer;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    if (cpu >= 0) {
        CPU_ZERO(&cpus);
        CPU_SET((unsigned)cpu, &cpus);
        pthread_attr_setaffinity_np(&attributes, sizeof(cpus), &cpus);
    }
    answer = pthread_create(&h->thread, &attributes, watch_the_clock, h);
    pthread_attr_destroy(&attributes);
    return answer;
}

bool hiccup_start(int32_t cpu, struct hiccup **ret_hiccup, struct error *err)
{
    struct hiccup *h = calloc(1, sizeof(*h));
    int answer;

    if (h == NULL)
        return error_set(err, ENOMEM, "watch for hiccups");
    atomic_init(&h->begin_ns, INT64_MIN);
    answer = start_thread(h, cpu);
    if (answer != 0) {
        free(h);
        return error_set(err, answer, "watch for hiccups on CPU %d", cpu);
    }
    *ret_hiccup = h;
    return true;
}

void hiccup_restart(struct hiccup *hiccup)
{
    if (hiccup != NULL)
        atomic_store(&hiccup->begin_ns, sleepers_now_ns());
}

struct hiccup_found hiccup_unknown(void)
{
    return (struct hiccup_found){ -1, -1, -1, -1, -1, -1, -1, (double)NAN };
}

struct hiccup_found hiccup_stop(struct hiccup *hiccup)
{
    struct hiccup_found found = hiccup_unknown();

    if (hiccup == NULL)
        return found;
    atomic_store(&hiccup->stopped, true);
    pthread_join(hiccup->thread, NULL);
    found.clock_step_ns = hiccup->step_ns;
    if (hiccup->late.count > 0) {
        found.samples = hiccup->late.count;
        found.p50_ns = lateness_quantile_ns(&hiccup->late, 0.5);
        found.p99_ns = lateness_quantile_ns(&hiccup->late, 0.99);
        found.p999_ns = lateness_quantile_ns(&hiccup->late, 0.999);
        found.max_ns = hiccup->late.max_ns;
    }
    if (hiccup->clocks.last.hardware_ns > hiccup->clocks.first.hardware_ns) {
        found.clock_jump_ns = hiccup->clocks.jump_ns;
        found.clock_drift_ppm = clock_watch_drift_ppm(&hiccup->clocks);
    }
    free(hiccup);
    return found;
}
