#include "probe/machine.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/files_priv.h"

#define UNKNOWN ((double)NAN)

/* ---- CPU time ---- */

static bool parse_cpu(const char *line, uint32_t *ret_number, struct machine_cpu *ret_cpu)
{
    int64_t tick_ns = SECOND_NS / sysconf(_SC_CLK_TCK);
    int64_t user, nice, system, idle, iowait, irq, softirq, steal;

    /* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers fit */
    if (sscanf(line,
               "cpu%" SCNu32 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64
               " %" SCNd64 " %" SCNd64,
               ret_number, &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal) != 9)
        return false;
    *ret_cpu = (struct machine_cpu){ .online = true,
                                     .busy_ns = (user + nice + system + irq + softirq) * tick_ns,
                                     .irq_ns = irq * tick_ns,
                                     .softirq_ns = softirq * tick_ns,
                                     .steal_ns = steal * tick_ns,
                                     .idle_ns = (idle + iowait) * tick_ns };
    return true;
}

/* The lines of single CPUs stand between that of all of them, "cpu  ", and one that begins
 * otherwise. */
static void read_cpus(const char *root, struct machine_sample *s)
{
    char text[65536];
    const char *line;

    if (files_text(root, "/proc/stat", text, sizeof(text)) <= 0)
        return;
    line = strchr(text, '\n');
    while (line != NULL && strncmp(line + 1, "cpu", 3) == 0) {
        struct machine_cpu cpu;
        uint32_t number;

        if (!parse_cpu(line + 1, &number, &cpu) || number >= MACHINE_CPUS_MAX) {
            s->cpu_count = 0;
            return;
        }
        s->cpus[number] = cpu;
        s->cpu_count = number + 1 > s->cpu_count ? number + 1 : s->cpu_count;
        line = strchr(line + 1, '\n');
    }
}

/* ---- pressure, throttling, heat, frequency ---- */

static int64_t full_ns(const char *root, const char *path)
{
    char text[256];
    const char *line, *total;

    if (files_text(root, path, text, sizeof(text)) <= 0 || (line = strstr(text, "full ")) == NULL ||
        (total = strstr(line, "total=")) == NULL)
        return -1;
    return (int64_t)strtoll(total + strlen("total="), NULL, 10) * MICROSECOND_NS;
}

static void read_pressure(const char *root, struct machine_sample *s)
{
    char text[256];

    s->memory_full_ns = full_ns(root, "/proc/pressure/memory");
    s->io_full_ns = full_ns(root, "/proc/pressure/io");
    /* The file is there if and only if interrupts are timed apart (CONFIG_IRQ_TIME_ACCOUNTING;
     * since Linux 6.1). */
    s->irq_apart = files_text(root, "/proc/pressure/irq", text, sizeof(text)) > 0;
}

/* Which hierarchy of control groups limits CPU time, and where we stand in it. */
struct cgroup {
    const char *folder;
    char path[512];
};

/* Lines are "number:controllers:path"; the second version has no controllers and number 0. Where
 * both are mounted, the first one has the CPU, if it names it. */
static bool find_cgroup(const char *root, struct cgroup *ret_group)
{
    char text[4096], *rest = text, *line, *at;
    bool found = false;

    if (files_text(root, "/proc/self/cgroup", text, sizeof(text)) <= 0)
        return false;
    while ((line = strsep(&rest, "\n")) != NULL) {
        char padded[256];
        char *controllers = strchr(line, ':');
        char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        bool has_cpu;

        if (path == NULL)
            continue;
        *path++ = '\0';
        snprintf(padded, sizeof(padded), ",%s,", controllers + 1);
        has_cpu = strstr(padded, ",cpu,") != NULL;
        if (!has_cpu && strcmp(padded, ",,") != 0)
            continue;
        ret_group->folder = has_cpu ? "/sys/fs/cgroup/cpu" : "/sys/fs/cgroup";
        if (snprintf(ret_group->path, sizeof(ret_group->path), "%s", path) >=
            (int)sizeof(ret_group->path))
            return false;
        found = true;
        if (has_cpu)
            break;
    }
    at = found ? strrchr(ret_group->path, '/') : NULL;
    if (at != NULL && at[1] == '\0')
        *at = '\0';
    return found;
}

/* A limit holds for all groups below it, and only the group that has it counts. Groups without one
 * say nothing; when the machine's own root is reached (it alone has no events), there was none. */
static int64_t read_throttled(const char *root)
{
    struct cgroup group;
    char file[600], text[4096];
    int64_t sum = -1;

    if (!find_cgroup(root, &group))
        return -1;
    for (char *end = strchr(group.path, '\0'); end != NULL; end = strrchr(group.path, '/')) {
        int64_t throttled = -1;

        *end = '\0';
        snprintf(file, sizeof(file), "%s%s/cpu.stat", group.folder, group.path);
        if (files_text(root, file, text, sizeof(text)) > 0)
            throttled = files_line_number(text, "nr_throttled ");
        if (throttled >= 0)
            sum = (sum < 0 ? 0 : sum) + throttled;
    }
    if (sum >= 0 || files_text(root, file, text, sizeof(text)) < 0)
        return sum;
    snprintf(file, sizeof(file), "%s/cgroup.events", group.folder);
    return files_text(root, file, text, sizeof(text)) < 0 ? 0 : -1;
}

static void read_heat(const char *root, struct machine_sample *s)
{
    for (uint32_t i = 0; i < s->cpu_count; i++) {
        char path[96];
        int64_t count;

        snprintf(path, sizeof(path),
                 "/sys/devices/system/cpu/cpu%" PRIu32 "/thermal_throttle/core_throttle_count", i);
        count = files_number(root, path);
        if (count >= 0)
            s->thermal = (s->thermal < 0 ? 0 : s->thermal) + count;
    }
}

static void read_frequencies(const char *root, struct machine_sample *s)
{
    int64_t khz[MACHINE_FREQUENCIES_MAX]; /* ascending */
    size_t count = 0;

    for (uint32_t i = 0; i < s->cpu_count && i < MACHINE_FREQUENCIES_MAX; i++) {
        char path[96];
        int64_t found;
        size_t at;

        snprintf(path, sizeof(path),
                 "/sys/devices/system/cpu/cpu%" PRIu32 "/cpufreq/scaling_cur_freq", i);
        found = files_number(root, path);
        if (found <= 0)
            continue;
        for (at = count++; at > 0 && khz[at - 1] > found; at--)
            khz[at] = khz[at - 1];
        khz[at] = found;
    }
    if (count == 0)
        return;
    s->frequency_min_khz = khz[0];
    s->frequency_median_khz = khz[count / 2];
}

/* ---- the network ---- */

/* A counter of a table whose rows come in pairs, names above values, each beginning with `group`:
 * -1 when this kernel has no such name. */
static int64_t column(const char *text, const char *group, const char *name)
{
    size_t group_len = strlen(group), name_len = strlen(name);
    const char *names = strstr(text, group);
    const char *values = names == NULL ? NULL : strstr(names + group_len, group);

    if (values == NULL)
        return -1;
    names += group_len;
    values += group_len;
    while (*names == ' ' && *values == ' ') {
        size_t len = strcspn(++names, " \n");

        values++;
        if (len == name_len && strncmp(names, name, len) == 0)
            return (int64_t)strtoll(values, NULL, 10);
        names += len;
        values += strcspn(values, " \n");
    }
    return -1;
}

static void read_tcp(int net, struct machine_sample *s)
{
    char text[16384];

    if (files_read(net, "snmp", text, sizeof(text)) > 0) {
        s->segments_out = column(text, "\nTcp:", "OutSegs");
        s->segments_resent = column(text, "\nTcp:", "RetransSegs");
    }
    /* Its first line begins with the group: a line's end before it makes it like the others. */
    text[0] = '\n';
    if (files_read(net, "netstat", text + 1, sizeof(text) - 1) <= 0)
        return;
    s->listen_overflows = column(text, "\nTcpExt:", "ListenOverflows");
    s->listen_drops = column(text, "\nTcpExt:", "ListenDrops");
    s->syn_retrans = column(text, "\nTcpExt:", "TCPSynRetrans");
    s->timeouts = column(text, "\nTcpExt:", "TCPTimeouts");
    s->backlog_drops = column(text, "\nTcpExt:", "TCPBacklogDrop");
    s->receive_drops = column(text, "\nTcpExt:", "TCPRcvQDrop");
    s->request_queue_drops = column(text, "\nTcpExt:", "TCPReqQFullDrop");
    s->time_wait_overflows = column(text, "\nTcpExt:", "TCPTimeWaitOverflow");
}

/* A line for each CPU, in hexadecimal: packets, dropped, squeezed (left for the next turn). */
static void read_softnet(int net, struct machine_sample *s)
{
    char text[65536];
    uint32_t dropped, squeezed;

    if (files_read(net, "softnet_stat", text, sizeof(text)) <= 0)
        return;
    for (const char *line = text; line != NULL && line[0] != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        /* NOLINTNEXTLINE(cert-err34-c): 32 bits wide in the kernel too */
        if (sscanf(line, "%*x %" SCNx32 " %" SCNx32, &dropped, &squeezed) != 2)
            continue;
        s->softnet_dropped = (s->softnet_dropped < 0 ? 0 : s->softnet_dropped) + dropped;
        s->softnet_squeezed = (s->softnet_squeezed < 0 ? 0 : s->softnet_squeezed) + squeezed;
    }
}

static void read_sockets(const char *root, int net, struct machine_sample *s)
{
    char text[1024];
    const char *line, *waiting;

    s->time_wait_max = files_number(root, "/proc/sys/net/ipv4/tcp_max_tw_buckets");
    if (files_read(net, "sockstat", text, sizeof(text)) <= 0 ||
        (line = strstr(text, "\nTCP:")) == NULL || (waiting = strstr(line, " tw ")) == NULL)
        return;
    s->time_wait = (int64_t)strtoll(waiting + strlen(" tw "), NULL, 10);
}

static void read_network(const char *root, int32_t net_pid, struct machine_sample *s)
{
    char path[32] = "/proc/net";
    int net;

    if (net_pid > 0)
        snprintf(path, sizeof(path), "/proc/%" PRId32 "/net", net_pid);
    net = files_folder(root, path);
    if (net < 0)
        return;
    read_tcp(net, s);
    read_softnet(net, s);
    read_sockets(root, net, s);
    close(net);
}

void machine_sample_read(const char *root, int32_t net_pid, int64_t at_ns,
                         struct machine_sample *ret_sample)
{
    *ret_sample = (struct machine_sample){
        .at_ns = at_ns,
        .memory_full_ns = -1,
        .io_full_ns = -1,
        .throttled = -1,
        .thermal = -1,
        .segments_out = -1,
        .segments_resent = -1,
        .listen_overflows = -1,
        .listen_drops = -1,
        .syn_retrans = -1,
        .timeouts = -1,
        .backlog_drops = -1,
        .receive_drops = -1,
        .request_queue_drops = -1,
        .time_wait_overflows = -1,
        .softnet_dropped = -1,
        .softnet_squeezed = -1,
        .time_wait = -1,
        .time_wait_max = -1,
        .frequency_min_khz = -1,
        .frequency_median_khz = -1,
    };
    read_cpus(root, ret_sample);
    read_pressure(root, ret_sample);
    ret_sample->throttled = read_throttled(root);
    read_heat(root, ret_sample);
    read_frequencies(root, ret_sample);
    read_network(root, net_pid, ret_sample);
}

/* ---- between two moments ---- */

struct machine_change machine_change_unknown(void)
{
    return (struct machine_change){
        .steal_share = UNKNOWN,
        .steal_share_worst = UNKNOWN,
        .foreign_cores = UNKNOWN,
        .softirq_share_worst = UNKNOWN,
        .memory_full_share = UNKNOWN,
        .io_full_share = UNKNOWN,
        .throttled = -1,
        .thermal = -1,
        .resent_share = UNKNOWN,
        .segments_resent = -1,
        .listen_overflows = -1,
        .listen_drops = -1,
        .syn_retrans = -1,
        .timeouts = -1,
        .backlog_drops = -1,
        .receive_drops = -1,
        .request_queue_drops = -1,
        .time_wait_overflows = -1,
        .softnet_dropped = -1,
        .softnet_squeezed = -1,
        .time_wait_share = UNKNOWN,
        .frequency_min_share = UNKNOWN,
        .link_bits_per_sec = -1,
        .link_share = UNKNOWN,
        .link_dropped = -1,
    };
}

/* A counter that went down is another one: the server's namespace, a CPU that came or went. */
static int64_t difference(int64_t from, int64_t to)
{
    return from < 0 || to < from ? -1 : to - from;
}

/* All CPUs that are there at both ends. */
struct cpus_change {
    bool known;
    int64_t busy_ns, irq_ns, steal_ns;
    int64_t softirq_ns_most; /* of one CPU */
};

static struct cpus_change cpus_between(const struct machine_sample *from,
                                       const struct machine_sample *to)
{
    struct cpus_change sum = { .known = from->cpu_count > 0 && to->cpu_count > 0 };

    for (uint32_t i = 0; i < from->cpu_count && i < to->cpu_count; i++) {
        const struct machine_cpu *a = &from->cpus[i], *b = &to->cpus[i];
        int64_t softirq_ns = b->softirq_ns - a->softirq_ns;

        if (!a->online || !b->online)
            continue;
        sum.busy_ns += b->busy_ns - a->busy_ns;
        sum.irq_ns += b->irq_ns - a->irq_ns + softirq_ns;
        sum.steal_ns += b->steal_ns - a->steal_ns;
        if (softirq_ns > sum.softirq_ns_most)
            sum.softirq_ns_most = softirq_ns;
    }
    return sum;
}

static double share(int64_t part, int64_t whole)
{
    if (part < 0 || whole < 0)
        return UNKNOWN;
    return whole == 0 ? 0.0 : (double)part / (double)whole;
}

static void change_cpus(const struct machine_sample *from, const struct machine_sample *to,
                        int64_t ours_ns, struct machine_change *change)
{
    struct cpus_change cpus = cpus_between(from, to);
    int64_t foreign_ns;

    if (!cpus.known)
        return;
    change->steal_share = share(cpus.steal_ns, cpus.busy_ns + cpus.steal_ns);
    change->softirq_share_worst = share(cpus.softirq_ns_most, change->span_ns);
    if (ours_ns < 0)
        return;
    /* Interrupts that are nobody's time are mostly those of our own packets. Ticks are coarser than
     * the clocks of processes: a little below zero is zero. */
    foreign_ns = cpus.busy_ns - (to->irq_apart ? cpus.irq_ns : 0) - ours_ns;
    change->foreign_cores = share(foreign_ns > 0 ? foreign_ns : 0, change->span_ns);
}

void machine_change_between(const struct machine_sample *from, const struct machine_sample *to,
                            int64_t ours_ns, struct machine_change *change)
{
    if (to->at_ns <= from->at_ns)
        return;
    change->span_ns = to->at_ns - from->at_ns;
    change_cpus(from, to, ours_ns, change);
    change->memory_full_share =
        share(difference(from->memory_full_ns, to->memory_full_ns), change->span_ns);
    change->io_full_share = share(difference(from->io_full_ns, to->io_full_ns), change->span_ns);
    change->throttled = difference(from->throttled, to->throttled);
    change->thermal = difference(from->thermal, to->thermal);
    change->segments_resent = difference(from->segments_resent, to->segments_resent);
    change->resent_share =
        share(change->segments_resent, difference(from->segments_out, to->segments_out));
    change->listen_overflows = difference(from->listen_overflows, to->listen_overflows);
    change->listen_drops = difference(from->listen_drops, to->listen_drops);
    change->syn_retrans = difference(from->syn_retrans, to->syn_retrans);
    change->timeouts = difference(from->timeouts, to->timeouts);
    change->backlog_drops = difference(from->backlog_drops, to->backlog_drops);
    change->receive_drops = difference(from->receive_drops, to->receive_drops);
    change->request_queue_drops = difference(from->request_queue_drops, to->request_queue_drops);
    change->time_wait_overflows = difference(from->time_wait_overflows, to->time_wait_overflows);
    change->softnet_dropped = difference(from->softnet_dropped, to->softnet_dropped);
    change->softnet_squeezed = difference(from->softnet_squeezed, to->softnet_squeezed);
}

static void keep_extremes(const struct machine_sample *now, struct machine_change *change)
{
    /* fmin and fmax take the other one where one is NaN. */
    change->time_wait_share =
        fmax(change->time_wait_share, share(now->time_wait, now->time_wait_max));
    change->frequency_min_share =
        fmin(change->frequency_min_share, share(now->frequency_min_khz, now->frequency_median_khz));
}

#define STEAL_OF_NS (200 * MILLISECOND_NS)

void machine_change_second(const struct machine_sample *from, const struct machine_sample *to,
                           struct machine_change *change)
{
    struct cpus_change cpus = cpus_between(from, to);
    int64_t of_ns = cpus.busy_ns + cpus.steal_ns;

    if (cpus.known)
        change->steal_share_worst =
            fmax(change->steal_share_worst,
                 share(cpus.steal_ns, of_ns > STEAL_OF_NS ? of_ns : STEAL_OF_NS));
    keep_extremes(from, change);
    keep_extremes(to, change);
}
