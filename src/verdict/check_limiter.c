/* What the limit was: of the target, of the way to it, of what was asked, or of the generator. */
#include "verdict/check_priv.h"

#include <math.h>

#include "verdict/limits.h"
#include "verdict/limits_around.h"
#include "verdict/words_priv.h"

static unsigned server_cpus(const struct trial_record *t)
{
    if (t->server.cpus_allowed != 0)
        return (unsigned)__builtin_popcountll(t->server.cpus_allowed);
    return t->client.server_cpu_count;
}

/* CPU time of the server and its services in the window; NaN: the server's is unknown. */
static double target_cpu_ns(const struct trial_record *t)
{
    double sum;

    if (t->server.cpu_user_ns < 0 || t->server.cpu_system_ns < 0)
        return RECORD_UNKNOWN;
    sum = (double)(t->server.cpu_user_ns + t->server.cpu_system_ns);
    for (size_t i = 0; i < t->service_count; i++)
        if (t->services[i].cpu_user_ns >= 0 && t->services[i].cpu_system_ns >= 0)
            sum += (double)(t->services[i].cpu_user_ns + t->services[i].cpu_system_ns);
    return sum;
}

/* Of the CPUs that it may run on; NaN: unknown. */
static double target_share(const struct trial_record *t)
{
    unsigned cpus = server_cpus(t);

    return cpus > 0 ? target_cpu_ns(t) / ((double)t->tally.window_ns * cpus) : RECORD_UNKNOWN;
}

/* Of the CPUs that target and generator share, with all that either may run on; NaN: they share
 * none, or it is not known. */
static double shared_share(const struct trial_record *t)
{
    uint64_t ours = t->client.cpus_allowed, theirs = t->server.cpus_allowed;
    double ours_ns = (double)(t->tally.cpu_user_ns + t->tally.cpu_system_ns);

    if ((ours & theirs) == 0)
        return RECORD_UNKNOWN;
    return (target_cpu_ns(t) + ours_ns) /
           ((double)t->tally.window_ns * __builtin_popcountll(ours | theirs));
}

static bool limited_by_cpu(const struct trial_record *t, struct check *c)
{
    double server = target_share(t), shared = shared_share(t), thread = 0;
    unsigned cpus = server_cpus(t);

    if (t->server.thread_count > 0)
        thread = (double)t->server.thread_cpu_ns[0] / (double)t->tally.window_ns;
    if (server >= LIMITER_BUSY)
        check_fine(c, server, LIMITER_BUSY, "limited by: server CPU%s (%s of %u core%s)",
                   t->service_count > 0 ? " with its services'" : "", words_percent(server).text,
                   cpus, cpus == 1 ? "" : "s");
    else if (thread >= LIMITER_BUSY)
        check_fine(c, thread, LIMITER_BUSY, "limited by: one thread of the server (%s of a core)",
                   words_percent(thread).text);
    else if (shared >= LIMITER_BUSY)
        check_worsen(c, CHECK_WARN, shared, LIMITER_BUSY, words_pin(t),
                     "limited by: the CPUs, which server and generator share (%s of %d in use)",
                     words_percent(shared).text,
                     __builtin_popcountll(t->client.cpus_allowed | t->server.cpus_allowed));
    else
        return false;
    return true;
}

static bool limited_by_rate(const struct trial_record *t, struct check *c)
{
    double share = load_kept_up_share(t, t->tally.ok_in_window);

    if (t->load.model != LOAD_OPEN || !(share >= LOAD_KEPT_UP))
        return false;
    check_fine(c, share, LOAD_KEPT_UP, "limited by: the rate asked for (%s/s)",
               words_rate(t->load.rate_per_sec).text);
    return true;
}

static bool limited_by_network(const struct trial_record *t, struct check *c)
{
    double share = t->machine.link_share;

    if (!(share > NETWORK_LINK_FAIL))
        return false;
    check_worsen(c, CHECK_FAIL, share, NETWORK_LINK_FAIL,
                 "ask for less (-r, -c), or take a faster network",
                 "limited by: the network (%s of %.0f Mbit/s)", words_percent(share).text,
                 (double)t->machine.link_bits_per_sec / 1e6);
    return true;
}

static void limited_by_something_else(const struct trial_record *t, struct check *c)
{
    double server = target_share(t);

    if (isnan(server))
        check_worsen(c, CHECK_UNKNOWN, server, LIMITER_BUSY,
                     "let assay start the server (assay run), or run it on this machine",
                     "not known: the server's CPU time cannot be read");
    else if (t->load.model == LOAD_CLOSED &&
             t->load.connections < LIMITER_CONNECTIONS_PER_CPU * server_cpus(t))
        check_fine(c, server, LIMITER_BUSY,
                   "limited by: latency x connections (%u wait%s %s for an answer; server %s, "
                   "generator %s busy)",
                   t->load.connections, t->load.connections == 1 ? "s" : "",
                   words_duration((int64_t)histogram_mean_ns(&t->tally.response)).text,
                   words_percent(server).text, words_percent(t->tally.busiest_thread_share).text);
    else
        check_worsen(c, CHECK_UNKNOWN, server, LIMITER_BUSY,
                     "look for what the server waits for: locks, files, a database, the network",
                     "not known: neither side was busy (server %s, generator %s CPU)",
                     words_percent(server).text, words_percent(t->tally.busiest_thread_share).text);
}

/* Others took the generator's CPU; whether that was the limit depends on when they did. */
static bool only_waited(const struct trial_record *t)
{
    return generator_wait_share(t) > GENERATOR_WAIT_FAIL &&
           t->tally.busiest_thread_share <= GENERATOR_BUSY_WARN;
}

struct check check_limiter(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_LIMITER, "share");
    struct check generator = check_generator(t);

    if (t->tally.window_ns <= 0 || t->tally.ok == 0)
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN, "",
                     "not known: there was no right answer");
    else if (limited_by_cpu(t, &c) || limited_by_rate(t, &c) || limited_by_network(t, &c))
        return c;
    else if (generator.state == CHECK_FAIL && only_waited(t))
        check_worsen(&c, CHECK_UNKNOWN, generator.value, generator.limit, generator.remedy,
                     "not known: the generator had to wait for a CPU");
    else if (generator.state == CHECK_FAIL)
        check_worsen(&c, CHECK_FAIL, generator.value, generator.limit, generator.remedy,
                     "limited by: the generator");
    else
        limited_by_something_else(t, &c);
    return c;
}
