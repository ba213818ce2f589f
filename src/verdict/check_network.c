#include "verdict/check_priv.h"

#include <math.h>

#include "base/units.h"
#include "verdict/limits_around.h"

static bool starts(const char *text, const char *prefix)
{
    return slice_starts(slice_of(text), slice_of(prefix));
}

static bool is_unix(const struct trial_record *t)
{
    return starts(t->address, "unix:");
}

static bool is_loopback(const struct trial_record *t)
{
    return starts(t->address, "127.") || starts(t->address, "[::1]") ||
           starts(t->address, "[::ffff:127.");
}

/* What makes connects slow or fail. With connections that are kept it costs a moment at the start;
 * where each request needs one, it is part of what is measured. */
static enum check_state spoils_connects(const struct trial_record *t)
{
    return record_connection_class(t) == CONNECTION_EACH ? CHECK_FAIL : CHECK_WARN;
}

/* Connects that failed spoil the figures. A full table of TIME_WAIT alone does not: see
 * NETWORK_TIME_WAIT_MOST. */
static struct check judge_ports(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_NETWORK, "count");
    const struct machine_change *m = &t->machine;
    uint64_t failed = t->tally.out_of_ports;
    static const char remedy[] = "keep connections alive (no --close), or let ports be used again: "
                                 "sysctl net.ipv4.tcp_tw_reuse=1";

    if (failed > 0)
        check_worsen(&c, CHECK_FAIL, (double)failed, 0, remedy,
                     "the generator ran out of local ports: %llu connect%s failed",
                     (unsigned long long)failed, units_plural(failed));
    if (m->time_wait_overflows > 0)
        check_worsen(&c, CHECK_WARN, (double)m->time_wait_overflows, 0,
                     "raise sysctl net.ipv4.tcp_max_tw_buckets, or keep connections alive",
                     "the kernel had no room for %lld closed connection%s in TIME_WAIT",
                     (long long)m->time_wait_overflows,
                     units_plural((uint64_t)m->time_wait_overflows));
    return c;
}

static struct check judge_time_wait(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_NETWORK, "share");
    const struct machine_change *m = &t->machine;

    if (m->time_wait_share > NETWORK_TIME_WAIT_MOST)
        check_worsen(&c, CHECK_WARN, m->time_wait_share, NETWORK_TIME_WAIT_MOST,
                     "raise sysctl net.ipv4.tcp_max_tw_buckets, or keep connections alive",
                     "closed connections in TIME_WAIT filled %.0f %% of the kernel's table",
                     100 * m->time_wait_share);
    return c;
}

static struct check judge_backlog(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_NETWORK, "count");
    const struct machine_change *m = &t->machine;
    enum check_state state = spoils_connects(t);
    static const char remedy[] = "raise the server's backlog and sysctl net.core.somaxconn, or use "
                                 "fewer connections (-c)";

    if (m->listen_overflows > 0)
        check_worsen(&c, state, (double)m->listen_overflows, 0, remedy,
                     "the server's accept queue overflowed %lld time%s",
                     (long long)m->listen_overflows, units_plural((uint64_t)m->listen_overflows));
    if (m->request_queue_drops > 0)
        check_worsen(&c, state, (double)m->request_queue_drops, 0, remedy,
                     "the server's queue of new connections was full %lld time%s",
                     (long long)m->request_queue_drops,
                     units_plural((uint64_t)m->request_queue_drops));
    if (m->listen_drops > 0)
        check_worsen(&c, CHECK_WARN, (double)m->listen_drops, 0, remedy,
                     "%lld new connection%s dropped", (long long)m->listen_drops,
                     m->listen_drops == 1 ? " was" : "s were");
    return c;
}

static struct check judge_drops(const struct machine_change *m)
{
    struct check c = check_begin(CHECK_NETWORK, "count");
    int64_t full = (m->backlog_drops > 0 ? m->backlog_drops : 0) +
                   (m->receive_drops > 0 ? m->receive_drops : 0);

    if (m->softnet_dropped > 0)
        check_worsen(&c, CHECK_FAIL, (double)m->softnet_dropped, 0,
                     "raise sysctl net.core.netdev_max_backlog, or lower the rate",
                     "the kernel dropped %lld packet%s for want of time",
                     (long long)m->softnet_dropped, units_plural((uint64_t)m->softnet_dropped));
    if (full > 0)
        check_worsen(&c, CHECK_WARN, (double)full, 0,
                     "raise sysctl net.ipv4.tcp_rmem, or use fewer connections (-c)",
                     "%lld packet%s found a socket's buffer full", (long long)full,
                     units_plural((uint64_t)full));
    return c;
}

static struct check judge_squeezed(const struct machine_change *m)
{
    struct check c = check_begin(CHECK_NETWORK, "per_sec");
    double squeezed_per_sec = (double)m->softnet_squeezed / ((double)m->span_ns / SECOND_NS);

    if (m->span_ns > 0 && squeezed_per_sec > NETWORK_SQUEEZED_PER_SEC)
        check_worsen(&c, CHECK_WARN, squeezed_per_sec, NETWORK_SQUEEZED_PER_SEC,
                     "raise sysctl net.core.netdev_budget, or lower the rate",
                     "the kernel put off incoming packets %.1f times a second", squeezed_per_sec);
    return c;
}

static struct check judge_softirq(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_NETWORK, "share");
    const struct machine_change *m = &t->machine;

    /* On loopback a packet is received in the softirq of the CPU that sends it: then this is the
     * work of generator and server themselves, which the checks of those two judge. Only of a
     * card's interrupts does it say that they all go to one CPU. */
    if (!is_loopback(t) && m->softirq_share_worst > NETWORK_SOFTIRQ_WARN)
        check_worsen(&c, CHECK_WARN, m->softirq_share_worst, NETWORK_SOFTIRQ_WARN,
                     "spread the card's interrupts over more CPUs (ethtool -L, irqbalance)",
                     "one CPU spent %.0f %% of a second on packets alone",
                     100 * m->softirq_share_worst);
    return c;
}

/* On loopback nothing is lost without one of the counters above, all of which see it: what is sent
 * again there was late, as when a busy machine let the receiver wait, or is a connect to a backlog
 * that was full. And it is a count of all programs of the machine. */
static struct check judge_resent(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_NETWORK, "share");
    const struct machine_change *m = &t->machine;
    bool fails = !is_loopback(t) && m->resent_share > NETWORK_RESENT_FAIL &&
                 m->segments_resent >= NETWORK_RESENT_MIN;

    if (m->resent_share > NETWORK_RESENT_WARN)
        check_worsen(&c, fails ? CHECK_FAIL : CHECK_WARN, m->resent_share,
                     fails ? NETWORK_RESENT_FAIL : NETWORK_RESENT_WARN,
                     "lower the rate, or see where packets are lost: nstat -az | grep -i -e drop "
                     "-e retrans",
                     "%lld segment%s (%.3f %%) had to be sent again", (long long)m->segments_resent,
                     units_plural((uint64_t)m->segments_resent), 100 * m->resent_share);
    return c;
}

/* Nothing of a target on this machine. */
static struct check judge_link(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_NETWORK, "share");
    const struct machine_change *m = &t->machine;
    bool fails = m->link_share > NETWORK_LINK_FAIL;

    if (is_loopback(t))
        return c;
    if (m->link_share > NETWORK_LINK_WARN)
        check_worsen(&c, fails ? CHECK_FAIL : CHECK_WARN, m->link_share,
                     fails ? NETWORK_LINK_FAIL : NETWORK_LINK_WARN,
                     "ask for less (-r, -c), or take a faster network",
                     "the network card on the way to the target was %.0f %% full (of %.0f Mbit/s)",
                     100 * m->link_share, (double)m->link_bits_per_sec / 1e6);
    else if (isnan(m->link_share))
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, NETWORK_LINK_FAIL,
                     "hold the bytes a second against what the network can carry (ethtool, iperf3)",
                     "how fast the network on the way to the target is, its card does not tell");
    return c;
}

static struct check judge_card_drops(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_NETWORK, "count");

    if (!is_loopback(t) && t->machine.link_dropped > 0)
        check_worsen(&c, CHECK_WARN, (double)t->machine.link_dropped, 0,
                     "see which: ip -s -s link; a longer ring of the card's may do (ethtool -G)",
                     "the network card on the way to the target dropped %lld packet%s",
                     (long long)t->machine.link_dropped,
                     units_plural((uint64_t)t->machine.link_dropped));
    return c;
}

/* Samples from `from_ns` up to `to_ns`, by the middles of their buckets. */
static uint64_t samples_between(const struct histogram *h, double from_ns, double to_ns)
{
    uint64_t count = 0;

    for (uint32_t i = histogram_index((int64_t)from_ns); i <= histogram_index((int64_t)to_ns); i++)
        count += h->counts[i];
    return count;
}

static double share_between(const struct histogram *h, double from_ns, double to_ns)
{
    return h->count == 0 ? 0 : (double)samples_between(h, from_ns, to_ns) / (double)h->count;
}

static double share_at(const struct histogram *h, double wait_ns)
{
    return share_between(h, wait_ns * (1 - COMB_WITHIN), wait_ns * (1 + COMB_WITHIN));
}

static double share_delayed(const struct histogram *h)
{
    return share_between(h, DELAYED_ACK_FROM_NS, DELAYED_ACK_TO_NS);
}

/* Delayed acknowledgements (40 ms) hold back the rest of an answer, never its beginning; a server
 * that takes 40 ms to answer is late with both. No counter tells. */
static struct check judge_delayed_ack(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_NETWORK, "share");
    double share = share_delayed(&t->tally.service) - share_delayed(&t->tally.first_byte);

    if (t->tally.first_byte.count > 0 && share > COMB_SHARE)
        check_worsen(&c, CHECK_WARN, share, COMB_SHARE,
                     "let the server send an answer in one write, or set TCP_NODELAY",
                     "%.1f %% of the answers waited 40 ms for their second part: Nagle's algorithm "
                     "against delayed acknowledgements",
                     100 * share);
    return c;
}

/* The others are the kernel's timers. A figure that most answers have is the server's own. */
static struct check judge_comb(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_NETWORK, "share");
    const struct machine_change *m = &t->machine;
    const struct {
        double wait_ns;
        bool counter_rose;
        const char *what;
    } waits[] = {
        {0.2 * SECOND_NS,  m->segments_resent > 0 || m->timeouts > 0, "200 ms, when TCP resends"                 },
        { 1.0 * SECOND_NS, m->syn_retrans > 0,                        "1 s, when a connect is tried again"       },
        { 3.0 * SECOND_NS, m->syn_retrans > 0,                        "3 s, when a connect is tried a third time"},
    };

    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        double share = share_at(&t->tally.service, waits[i].wait_ns);
        bool usual = 2 * (double)histogram_quantile_ns(&t->tally.service, 0.5) > waits[i].wait_ns;

        if (share > COMB_SHARE && waits[i].counter_rose && !usual)
            check_worsen(&c, CHECK_WARN, share, COMB_SHARE,
                         "lower the rate or the connections (-c) until nothing is dropped",
                         "%.1f %% of the answers took about %s", 100 * share, waits[i].what);
    }
    return c;
}

static struct check judge_counters(const struct trial_record *t)
{
    struct check c = judge_ports(t);

    c = check_worse(c, judge_time_wait(t));
    c = check_worse(c, judge_backlog(t));
    c = check_worse(c, judge_link(t));
    c = check_worse(c, judge_drops(&t->machine));
    c = check_worse(c, judge_card_drops(t));
    c = check_worse(c, judge_resent(t));
    c = check_worse(c, judge_squeezed(&t->machine));
    return check_worse(c, judge_softirq(t));
}

struct check check_network(const struct trial_record *t)
{
    const struct machine_change *m = &t->machine;
    struct check c = check_begin(CHECK_NETWORK, "share");

    if (is_unix(t)) {
        check_fine(&c, RECORD_UNKNOWN, RECORD_UNKNOWN, "a Unix socket: nothing can be lost");
        return c;
    }
    /* First what is seen in the response times themselves: of two that warn it says more. */
    c = check_worse(c, judge_delayed_ack(t));
    c = check_worse(c, judge_comb(t));
    c = check_worse(c, judge_counters(t));
    if (m->span_ns <= 0 || m->listen_overflows < 0 || m->segments_resent < 0 ||
        m->softnet_dropped < 0)
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN,
                     "let assay read /proc/net of this machine: netstat, snmp, softnet_stat",
                     "the kernel's network counters could not be read");
    check_fine(&c, m->resent_share, NETWORK_RESENT_WARN,
               "0 listen overflows, 0 drops, %lld segment%s sent again",
               (long long)m->segments_resent, units_plural((uint64_t)m->segments_resent));
    return c;
}
