#include "verdict/check_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/units.h"
#include "stats/spread.h"
#include "verdict/limits_around.h"
#include "verdict/words_priv.h"

/* ---- machine ---- */

static void judge_share(struct check *c, double share, double warn, double fail, const char *remedy,
                        const char *sentence)
{
    bool fails = share > fail;

    if (share > warn)
        check_worsen(c, fails ? CHECK_FAIL : CHECK_WARN, share, fails ? fail : warn, remedy,
                     "%s (%.1f %%)", sentence, 100 * share);
}

static struct check judge_others(const struct machine_change *m)
{
    struct check c = check_begin(CHECK_MACHINE, "cores");
    bool fails = m->foreign_cores > MACHINE_FOREIGN_FAIL;

    if (m->foreign_cores > MACHINE_FOREIGN_WARN)
        check_worsen(&c, fails ? CHECK_FAIL : CHECK_WARN, m->foreign_cores,
                     fails ? MACHINE_FOREIGN_FAIL : MACHINE_FOREIGN_WARN,
                     "stop what else runs here; top shows it", "other programs kept %.2f CPUs busy",
                     m->foreign_cores);
    return c;
}

static struct check judge_waits(const struct machine_change *m)
{
    struct check c = check_begin(CHECK_MACHINE, "share");

    judge_share(&c, m->steal_share, MACHINE_STEAL_WARN, MACHINE_STEAL_FAIL,
                "use a machine of your own; on this one, compare in blocks (assay run)",
                "the host took CPU time away");
    if (m->steal_share_worst > MACHINE_STEAL_WORST)
        check_worsen(&c, CHECK_WARN, m->steal_share_worst, MACHINE_STEAL_WORST,
                     "use a machine of your own; on this one, compare in blocks (assay run)",
                     "in one second the host took %.0f %% of the CPU time",
                     100 * m->steal_share_worst);
    judge_share(&c, m->memory_full_share, MACHINE_MEMORY_WARN, HUGE_VAL,
                "free memory; vmstat 1 shows swapping", "everything waited for memory");
    judge_share(&c, m->io_full_share, MACHINE_IO_WARN, HUGE_VAL,
                "find who writes: iotop, or the server's log", "everything waited for the disk");
    if (m->frequency_min_share < MACHINE_FREQUENCY_WARN)
        check_worsen(&c, CHECK_WARN, m->frequency_min_share, MACHINE_FREQUENCY_WARN,
                     "cpupower frequency-set -g performance",
                     "a CPU ran at %.0f %% of the others' frequency", 100 * m->frequency_min_share);
    return c;
}

static struct check judge_slowed(const struct machine_change *m)
{
    struct check c = check_begin(CHECK_MACHINE, "count");

    if (m->thermal > 0)
        check_worsen(&c, CHECK_FAIL, (double)m->thermal, 0, "let the machine cool down, and wait",
                     "the CPU was too hot and slowed itself down %lld time%s",
                     (long long)m->thermal, units_plural((uint64_t)m->thermal));
    if (m->throttled > 0)
        check_worsen(&c, CHECK_FAIL, (double)m->throttled, 0,
                     "raise this control group's CPU quota (cpu.max)",
                     "the control group's CPU quota stopped it %lld time%s",
                     (long long)m->throttled, units_plural((uint64_t)m->throttled));
    return c;
}

/* Later than usual: the usual lateness is what a sleeping CPU needs, and every answer pays it. */
static double hiccup_share(const struct trial_record *t, int64_t hiccup_ns, double q)
{
    int64_t reported_ns = histogram_quantile_ns(&t->tally.response, q);

    return reported_ns > 0 ? (double)(hiccup_ns - t->hiccup.p50_ns) / (double)reported_ns : 0;
}

/* Of a few sleepers, the quantile is the latest of them, and no claim about a thousand. */
static const char *sleeper(const struct hiccup_found *h, int64_t of)
{
    if (h->samples < of)
        return "the latest sleeper was";
    return of == 100 ? "one sleeper in 100 was" : "one sleeper in 1000 was";
}

static struct check judge_hiccups(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_MACHINE, "share");
    static const char remedy[] = "stop what else runs here, or use a machine of your own";
    double tail = hiccup_share(t, t->hiccup.p999_ns, 0.999);
    double p99 = hiccup_share(t, t->hiccup.p99_ns, 0.99);
    char late[UNITS_TEXT_MAX];

    if (t->hiccup.samples <= 0)
        return c;
    if (p99 >= MACHINE_HICCUP_FAIL && t->hiccup.p99_ns >= MACHINE_HICCUP_MIN_NS)
        check_worsen(&c, CHECK_FAIL, p99, MACHINE_HICCUP_FAIL, remedy,
                     "p99 belongs to the machine: %s woken %s late", sleeper(&t->hiccup, 100),
                     units_duration(t->hiccup.p99_ns, false, late));
    else if (tail >= MACHINE_HICCUP_WARN)
        check_worsen(&c, CHECK_WARN, tail, MACHINE_HICCUP_WARN, remedy,
                     "the tail belongs to the machine: %s woken %s late", sleeper(&t->hiccup, 1000),
                     units_duration(t->hiccup.p999_ns, false, late));
    return c;
}

/* The kernel counts CPU time in ticks of 10 ms: in less than this, one of them is already more than
 * other programs may have. */
static bool too_short_to_look(const struct machine_change *m)
{
    return m->span_ns < MACHINE_SPAN_MIN_NS;
}

/* What every kernel tells. Pressure, throttling and frequency are not told everywhere: a sentence
 * that is fine does not speak of them. */
static const char *machine_missing(const struct trial_record *t)
{
    if (t->machine.span_ns <= 0 || isnan(t->machine.steal_share))
        return "/proc/stat could not be read";
    if (too_short_to_look(&t->machine))
        return "the window was too short to see what else ran";
    if (isnan(t->machine.foreign_cores))
        return "the server's CPU time is not known, so nor is that of other programs";
    if (t->hiccup.samples <= 0)
        return "how late this machine wakes was not measured";
    return NULL;
}

struct check check_machine(const struct trial_record *t)
{
    const struct machine_change *m = &t->machine;
    struct check c = check_begin(CHECK_MACHINE, "share");
    const char *missing = machine_missing(t);
    const char *remedy = m->span_ns > 0 && too_short_to_look(m)
                             ? "measure longer (-d), or ask more (-n)"
                             : "let assay start the server (assay run), with /proc readable";
    char late[UNITS_TEXT_MAX];

    c = check_worse(c, judge_slowed(m));
    if (!too_short_to_look(m)) {
        c = check_worse(c, judge_waits(m));
        c = check_worse(c, judge_others(m));
    }
    c = check_worse(c, judge_hiccups(t));
    if (missing != NULL)
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN, remedy, "%s", missing);
    else
        check_fine(&c, m->steal_share, MACHINE_STEAL_WARN,
                   "steal %.1f %%, other programs %.2f CPUs, %s woken %s late",
                   100 * m->steal_share, m->foreign_cores, sleeper(&t->hiccup, 1000),
                   units_duration(t->hiccup.p999_ns, false, late));
    return c;
}

/* ---- cores ---- */

#define CPU_LIST_MAX 64

/* "0", "0-3,5"; a list that is too long ends in "...". */
static const char *cpu_list(uint64_t cpus, char *ret_text)
{
    size_t used = 0;

    ret_text[0] = '\0';
    for (int cpu = 0; cpu < 64; cpu++) {
        int last = cpu;

        if ((cpus >> cpu & 1) == 0)
            continue;
        while (last < 63 && (cpus >> (last + 1) & 1) != 0)
            last++;
        if (used + sizeof(",63-63,...") > CPU_LIST_MAX) {
            snprintf(ret_text + used, CPU_LIST_MAX - used, ",...");
            break;
        }
        used += (size_t)snprintf(ret_text + used, CPU_LIST_MAX - used, "%s%d", used > 0 ? "," : "",
                                 cpu);
        if (last > cpu)
            used += (size_t)snprintf(ret_text + used, CPU_LIST_MAX - used, "-%d", last);
        cpu = last;
    }
    return ret_text;
}

struct check check_cores(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_CORES, "share");
    uint64_t client = t->client.cpus_allowed, server = t->server.cpus_allowed;
    double waited = t->server.run_ns > 0 && t->server.run_queue_wait_ns >= 0
                        ? (double)t->server.run_queue_wait_ns / (double)t->server.run_ns
                        : RECORD_UNKNOWN;
    char ours[CPU_LIST_MAX], theirs[CPU_LIST_MAX];

    if (client == 0 || server == 0) {
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN,
                     "let assay start the server: assay run SUITE",
                     "which CPUs the server may use is not known");
        return c;
    }
    if ((client & server) == 0) {
        check_fine(&c, 0, CORES_WAIT_FAIL, "generator on CPU %s, server on CPU %s",
                   cpu_list(client, ours), cpu_list(server, theirs));
        return c;
    }
    cpu_list(client & server, ours);
    if (waited > CORES_WAIT_FAIL &&
        (double)t->server.run_queue_wait_ns > CORES_WAIT_MIN * (double)t->tally.window_ns)
        check_worsen(&c, CHECK_FAIL, waited, CORES_WAIT_FAIL, words_pin(t),
                     "generator and server competed for CPU %s: for each second that the server "
                     "ran, it waited %.0f ms for a CPU",
                     ours, 1000 * waited);
    else
        check_worsen(&c, CHECK_WARN, waited, CORES_WAIT_FAIL, words_pin(t),
                     "generator and server share CPU %s", ours);
    return c;
}

/* ---- clock ---- */

static void judge_step(const struct trial_record *t, double p50_ns, struct check *c)
{
    double step_ns = (double)t->hiccup.clock_step_ns;
    double limit_ns = step_ns > CLOCK_STEP_FAIL * p50_ns
                          ? CLOCK_STEP_FAIL * p50_ns
                          : fmin(CLOCK_STEP_WARN * p50_ns, (double)CLOCK_COARSE_NS);
    char step[UNITS_TEXT_MAX];

    if (step_ns <= CLOCK_STEP_WARN * p50_ns && t->hiccup.clock_step_ns < CLOCK_COARSE_NS)
        return;
    check_worsen(c, step_ns > CLOCK_STEP_FAIL * p50_ns ? CHECK_FAIL : CHECK_WARN, step_ns, limit_ns,
                 "use the tsc clock: clocksource=tsc on the kernel's command line",
                 "the clock moves in steps of %s, %.0f %% of the median response time",
                 units_duration(t->hiccup.clock_step_ns, false, step), 100 * step_ns / p50_ns);
}

static struct check judge_time(const struct trial_record *t, double p50_ns)
{
    struct check c = check_begin(CHECK_CLOCK, "ns");
    const struct hiccup_found *h = &t->hiccup;
    char text[UNITS_TEXT_MAX];

    if (h->clock_jump_ns > CLOCK_JUMP_FAIL_NS)
        check_worsen(&c, CHECK_FAIL, (double)h->clock_jump_ns, (double)CLOCK_JUMP_FAIL_NS,
                     "measure again; see dmesg for the clock source", "the clock jumped by %s",
                     units_duration(h->clock_jump_ns, false, text));
    if (p50_ns > 0)
        judge_step(t, p50_ns, &c);
    if (t->load.model == LOAD_OPEN && p50_ns > 0 && (double)h->p99_ns > CLOCK_WAKE_WARN * p50_ns)
        check_worsen(&c, CHECK_WARN, (double)h->p99_ns, CLOCK_WAKE_WARN * p50_ns,
                     "stop what else runs here; pin the generator to a CPU of its own (--cpus)",
                     "%s woken %s late, %.0f %% of the median response time", sleeper(h, 100),
                     units_duration(h->p99_ns, false, text), 100 * (double)h->p99_ns / p50_ns);
    return c;
}

static struct check judge_rate(const struct hiccup_found *h)
{
    struct check c = check_begin(CHECK_CLOCK, "ppm");

    if (fabs(h->clock_drift_ppm) > CLOCK_DRIFT_WARN_PPM)
        check_worsen(&c, CHECK_WARN, fabs(h->clock_drift_ppm), CLOCK_DRIFT_WARN_PPM,
                     "let the time service settle, then measure again (chronyc tracking)",
                     "the clock ran %.0f ppm off the hardware's", h->clock_drift_ppm);
    return c;
}

struct check check_clock(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_CLOCK, "ns");
    const struct hiccup_found *h = &t->hiccup;
    double p50_ns = (double)histogram_quantile_ns(&t->tally.response, 0.5);
    char step[UNITS_TEXT_MAX], late[UNITS_TEXT_MAX];

    if (h->samples > 0) {
        c = check_worse(c, judge_time(t, p50_ns));
        c = check_worse(c, judge_rate(h));
    }
    if (h->samples <= 0 || h->clock_step_ns < 0 || h->clock_jump_ns < 0)
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN,
                     t->tally.window_ns < SECOND_NS ? "measure longer: -d 1s" : "measure again",
                     "the clock was not tested");
    else
        check_fine(&c, (double)h->clock_step_ns, CLOCK_STEP_WARN * p50_ns,
                   "the clock moves in steps of %s; %s woken %s late",
                   units_duration(h->clock_step_ns, false, step), sleeper(h, 100),
                   units_duration(h->p99_ns, false, late));
    return c;
}

/* ---- balance ---- */

/* Whether even few answers scatter as chance does not let them. */
static bool surely_uneven(const struct tally_shares *s, double each)
{
    double freedom = (double)s->count - 1;
    double chi_squared = (s->squares - s->sum * each) / each;

    return each >= BALANCE_FEW_MIN &&
           chi_squared > freedom + BALANCE_FEW_SIGMAS * sqrt(2 * freedom);
}

/* Jain's index over what a fair draw would give: 1 + 1/m is what m answers a connection scatter by
 * chance alone. NaN where there is too little to tell. */
static double fairness(const struct tally_shares *s)
{
    double each = s->count > 0 ? s->sum / (double)s->count : 0;

    if (s->count < 2 || (each < BALANCE_COUNT_MIN && !surely_uneven(s, each)))
        return RECORD_UNKNOWN;
    return s->sum * s->sum / ((double)s->count * s->squares) * (1 + 1 / each);
}

static void judge_clients(const struct trial_record *t, struct check *c)
{
    const struct tally_shares *s = &t->tally.by_connection;
    double even = fairness(s), threads = fairness(&t->tally.by_worker);

    /* First: connections of a thread that had less than the others have less, too. */
    if (threads < BALANCE_JAIN_WARN)
        check_worsen(c, CHECK_WARN, threads, BALANCE_JAIN_WARN,
                     t->load.connections % t->load.threads != 0
                         ? "use a multiple of the threads (-t) as connections (-c)"
                         : "use fewer threads (-t), or give them CPUs of their own (--cpus)",
                     "the generator's threads had uneven shares (fairness %.2f)", threads);
    /* A pool takes the connection that has waited longest: its shares say nothing of the server. */
    if (t->load.model == LOAD_CLOSED && even < BALANCE_JAIN_WARN)
        check_worsen(c, CHECK_WARN, even, BALANCE_JAIN_WARN,
                     record_connection_class(t) == CONNECTION_EACH
                         ? "use fewer connections (-c); some wait longer than others to be accepted"
                         : "see how the server shares its connections out; for one that serves one "
                           "at a time use --close",
                     "connections had uneven shares (fairness %.2f): %.0f to %.0f answers each",
                     even, s->least, s->most);
}

/* So many workers can have been busy at once, and left a trace: the busiest threads. */
static size_t workers_of(const struct trial_record *t)
{
    size_t workers = t->workers;

    if (workers > t->load.connections)
        workers = t->load.connections;
    return workers > t->server.thread_count ? t->server.thread_count : workers;
}

/* An idle worker makes a throughput that is not the most the server can do; at a given rate that
 * nobody claims. */
static void judge_workers(const struct trial_record *t, struct check *c)
{
    size_t workers = workers_of(t);
    double busy[RECORD_THREADS_MAX], sum = 0, even, least;

    for (size_t i = 0; i < workers; i++)
        sum += busy[i] = (double)t->server.thread_cpu_ns[i];
    if (workers < 2 || !(sum > BALANCE_BUSY_MIN * (double)t->tally.window_ns))
        return;
    even = jain(busy, workers);
    least = busy[workers - 1] / (sum / (double)workers);
    if (least < BALANCE_IDLE)
        check_worsen(c, t->load.model == LOAD_CLOSED ? CHECK_FAIL : CHECK_WARN, least, BALANCE_IDLE,
                     "use more connections (-c 64), or see how the server spreads them",
                     "one of %zu workers was idle (%.0f %% of the mean), the busiest did %.0f %% "
                     "of the work",
                     workers, 100 * least, 100 * busy[0] / sum);
    else if (even < BALANCE_JAIN_WARN)
        check_worsen(c, CHECK_WARN, even, BALANCE_JAIN_WARN,
                     "use more connections (-c 64), or see how the server spreads them",
                     "one of %zu workers did %.0f %% of the work", workers, 100 * busy[0] / sum);
    check_fine(c, even, BALANCE_JAIN_WARN, "%zu workers had even shares (fairness %.2f)", workers,
               even);
}

struct check check_balance(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_BALANCE, "share");
    double even = fairness(&t->tally.by_connection);

    judge_clients(t, &c);
    judge_workers(t, &c);
    if (t->tally.by_connection.count == 0)
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN, "measure again",
                     "the shares of the connections were not recorded");
    else if (t->workers > 1 && t->server.thread_count == 0)
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN,
                     "let assay start the server: assay run SUITE",
                     "how busy each of the server's %u workers was is not known", t->workers);
    if (c.text[0] == '\0')
        check_fine(&c, even, BALANCE_JAIN_WARN,
                   isnan(even) ? "nothing to share out: one connection, or few answers"
                               : "connections had even shares");
    return c;
}
