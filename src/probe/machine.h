/* probe/machine.h -- what the machine did between two moments: steal, pressure, other programs'
 * CPU time, network counters. Read from /proc and /sys under a root prefix (probe/proc.h), so that
 * it is tested on recorded trees.
 *
 * Counters are read twice and subtracted. What a kernel does not tell is -1 (counts) or NaN
 * (shares): unknown, never 0. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_CPUS_MAX 256
/* Up to Linux 5.16, to ask an idle core for its frequency may take 10 ms. */
#define MACHINE_FREQUENCIES_MAX 16

/* All counters at one moment. */
struct machine_sample {
    int64_t at_ns; /* CLOCK_MONOTONIC, given by the caller */
    uint32_t cpu_count;
    struct machine_cpu { /* of /proc/stat, in nanoseconds; by the CPU's number */
        bool online;
        int64_t busy_ns; /* user + nice + system + irq + softirq, without steal */
        int64_t irq_ns, softirq_ns, steal_ns, idle_ns; /* idle: waiting for a disk too */
    } cpus[MACHINE_CPUS_MAX]; /* a machine with more: cpu_count 0, unknown */
    bool irq_apart; /* this kernel does not count interrupts as the time of whom they hit */
    int64_t memory_full_ns, io_full_ns; /* pressure stall totals (/proc/pressure) */
    int64_t throttled;                  /* nr_throttled of our cgroup and those above it */
    int64_t thermal;                    /* core_throttle_count of all cores */
    /* /proc/net/snmp, netstat, softnet_stat, sockstat: of this network namespace */
    int64_t segments_out, segments_resent;
    int64_t listen_overflows, listen_drops, syn_retrans, timeouts, backlog_drops, receive_drops,
        request_queue_drops, time_wait_overflows;
    int64_t softnet_dropped, softnet_squeezed;
    int64_t time_wait, time_wait_max; /* sockets now; tcp_max_tw_buckets (ours: a namespace has the
                                         same unless it was set). Not differences. */
    int64_t frequency_min_khz, frequency_median_khz; /* of the first MACHINE_FREQUENCIES_MAX cores
                                                        now; no cpufreq: -1 */
};

/* Never fails: what cannot be read is unknown. `net_pid` 0: our own namespace's counters, else
 * those of that process (/proc/PID/net). */
void machine_sample_read(const char *root, int32_t net_pid, int64_t at_ns,
                         struct machine_sample *ret_sample);

/* Between two of them; kept in a trial's record. */
struct machine_change {
    int64_t span_ns;          /* 0: nothing is known */
    double steal_share;       /* of the busy time of all CPUs: steal / (busy + steal) */
    double steal_share_worst; /* the same of the worst single second; of 0.2 s at least: where less
                                 was busy, one tick of the kernel's would be half of it */
    double foreign_cores;     /* CPUs that other programs kept busy on average: all busy time, less
                                 ours and the server's */
    double softirq_share_worst;              /* of one CPU's time, of the CPU that had most */
    double memory_full_share, io_full_share; /* of the time */
    int64_t throttled, thermal;
    double resent_share; /* segments sent again / segments sent */
    int64_t segments_resent, listen_overflows, listen_drops, syn_retrans, timeouts, backlog_drops,
        receive_drops, request_queue_drops, time_wait_overflows, softnet_dropped, softnet_squeezed;
    double time_wait_share;     /* the most seen / tcp_max_tw_buckets */
    double frequency_min_share; /* lowest core's frequency / the median core's, the least seen */
    /* The network card on the way to the target (probe/link.h); unknown on loopback. */
    int64_t link_bits_per_sec;
    double link_share; /* how full, in the fuller direction */
    int64_t link_dropped;
};

/* Everything unknown. */
struct machine_change machine_change_unknown(void);

/* `ours_ns`: CPU time that generator and server used in between; negative: unknown, and then
 * foreign_cores is too. The worst second and the extremes are left as they are in *change, which
 * the caller began with machine_change_unknown() and fed with machine_change_second(). */
void machine_change_between(const struct machine_sample *from, const struct machine_sample *to,
                            int64_t ours_ns, struct machine_change *change);

/* About once a second while it goes on: keeps the worst of what can only be seen now. */
void machine_change_second(const struct machine_sample *from, const struct machine_sample *to,
                           struct machine_change *change);
