#include "probe/fitness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/ring.h"
#include "probe/files_priv.h"
#include "probe/machine.h"
#include "probe/proc.h"

#define UNKNOWN   ((double)NAN)
#define LOOK_NS   SECOND_NS
#define RUN_MAX   4096 /* processes whose CPU time is looked at */
#define FILE_TEXT 8192

/* ---- what can be read ---- */

/* "avg10=" behind "some" of a pressure file: percent of the last ten seconds. */
static double pressure(const char *root, const char *path)
{
    char text[256];
    const char *at;

    if (files_text(root, path, text, sizeof(text)) <= 0)
        return UNKNOWN;
    at = strstr(text, "avg10=");
    return at == NULL ? UNKNOWN : strtod(at + strlen("avg10="), NULL) / 100;
}

/* "Name:   123 kB" of /proc/meminfo, in bytes. */
static int64_t memory_line(const char *text, const char *name)
{
    int64_t kib = files_line_number(text, name);

    return kib < 0 ? -1 : kib * 1024;
}

static void read_memory(const char *root, struct fitness *f)
{
    char text[FILE_TEXT];
    int64_t swap_total, swap_free;

    f->memory_available_bytes = f->swap_used_bytes = -1;
    if (files_text(root, "/proc/meminfo", text, sizeof(text)) <= 0)
        return;
    f->memory_available_bytes = memory_line(text, "MemAvailable:");
    swap_total = memory_line(text, "SwapTotal:");
    swap_free = memory_line(text, "SwapFree:");
    if (swap_total >= 0 && swap_free >= 0)
        f->swap_used_bytes = swap_total - swap_free;
}

/* Intel's own switch says "no turbo", everybody else's "boost". */
static int32_t read_turbo(const char *root)
{
    int64_t off = files_number(root, "/sys/devices/system/cpu/intel_pstate/no_turbo");
    int64_t on = files_number(root, "/sys/devices/system/cpu/cpufreq/boost");

    if (off >= 0)
        return off == 0;
    return (int32_t)on;
}

static bool read_hypervisor(const char *root)
{
    char text[FILE_TEXT];

    return files_text(root, "/proc/cpuinfo", text, sizeof(text)) > 0 &&
           strstr(text, " hypervisor") != NULL;
}

static void read_limits(const char *root, struct fitness *f)
{
    char text[4096];
    const char *at;
    char *end;

    f->files_soft = f->files_hard = -1;
    if (files_text(root, "/proc/self/limits", text, sizeof(text)) <= 0)
        return;
    at = strstr(text, "Max open files");
    if (at == NULL)
        return;
    f->files_soft = (int64_t)strtoll(at + strlen("Max open files"), &end, 10);
    f->files_hard = (int64_t)strtoll(end, NULL, 10);
}

void fitness_read(const char *root, struct fitness *ret_fitness)
{
    struct fitness *f = ret_fitness;
    struct error why;
    uint32_t cpus[1024];

    *f = (struct fitness){ .steal_share = UNKNOWN,
                           .busy_cores = UNKNOWN,
                           .busiest_cores = UNKNOWN,
                           .hiccup = hiccup_unknown() };
    host_read(root, &f->host);
    f->cpus_allowed = host_cpus(cpus, 1024);
    f->smt_active = (int32_t)files_number(root, "/sys/devices/system/cpu/smt/active");
    f->turbo = read_turbo(root);
    f->hypervisor = read_hypervisor(root);
    f->pressure_cpu = pressure(root, "/proc/pressure/cpu");
    f->pressure_memory = pressure(root, "/proc/pressure/memory");
    f->pressure_io = pressure(root, "/proc/pressure/io");
    read_memory(root, f);
    read_limits(root, f);
    f->syn_backlog = files_number(root, "/proc/sys/net/ipv4/tcp_max_syn_backlog");
    f->time_wait_reuse = (int32_t)files_number(root, "/proc/sys/net/ipv4/tcp_tw_reuse");
    f->tracked = files_number(root, "/proc/sys/net/netfilter/nf_conntrack_count");
    f->tracked_max = files_number(root, "/proc/sys/net/netfilter/nf_conntrack_max");
    if (!ring_probe_io_uring(&why))
        snprintf(f->io_uring, sizeof(f->io_uring), "%.150s", why.text);
}

/* ---- what has to be measured ---- */

struct process {
    int32_t pid;
    int64_t ticks;
};

/* User and system time, behind the name, which may hold blanks and parentheses. */
static int64_t ticks_of(int proc, int32_t pid)
{
    char path[32], text[1024];
    const char *at;
    long long user, system;

    snprintf(path, sizeof(path), "%d/stat", pid);
    if (files_read(proc, path, text, sizeof(text)) <= 0)
        return -1;
    at = strrchr(text, ')');
    if (at == NULL ||
        /* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers fit */
        sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld", &user, &system) != 2)
        return -1;
    return user + system;
}

static size_t list_processes(struct process *ret_list)
{
    struct listing all;
    size_t count = 0;
    int proc = files_folder("", "/proc");
    int32_t pid;

    if (proc < 0)
        return 0;
    if (listing_open(&all, proc, ".")) {
        while (count < RUN_MAX && listing_take_number(&all, &pid)) {
            int64_t ticks = ticks_of(proc, pid);

            if (ticks >= 0)
                ret_list[count++] = (struct process){ pid, ticks };
        }
        close(all.fd);
    }
    close(proc);
    return count;
}

/* Both lists are in the kernel's order, by number. One that has been born since has had no time. */
static void find_busiest(const struct process *before, size_t before_count,
                         const struct process *after, size_t after_count, double seconds,
                         struct fitness *f)
{
    int64_t most = 0;
    size_t at = 0;

    for (size_t i = 0; i < after_count; i++) {
        while (at < before_count && before[at].pid < after[i].pid)
            at++;
        if (at == before_count || before[at].pid != after[i].pid || after[i].pid == getpid() ||
            after[i].ticks - before[at].ticks <= most)
            continue;
        most = after[i].ticks - before[at].ticks;
        f->busiest_pid = after[i].pid;
    }
    f->busiest_cores = (double)most / (double)sysconf(_SC_CLK_TCK) / seconds;
    if (most > 0)
        proc_name("", f->busiest_pid, f->busiest);
}

static int64_t own_cpu_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * SECOND_NS + used.tv_nsec;
}

void fitness_measure(struct fitness *f)
{
    static struct process before[RUN_MAX], after[RUN_MAX];
    const struct timespec look = { LOOK_NS / SECOND_NS, LOOK_NS % SECOND_NS };
    struct machine_sample from, to;
    struct machine_change change = machine_change_unknown();
    size_t before_count, after_count;
    struct hiccup *hiccup = NULL;
    struct error ignored;
    int64_t own_ns;

    if (!hiccup_start(-1, &hiccup, &ignored))
        hiccup = NULL;
    before_count = list_processes(before);
    own_ns = own_cpu_ns();
    machine_sample_read("", 0, mono_now().ns, &from);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &look, NULL);
    machine_sample_read("", 0, mono_now().ns, &to);
    own_ns = own_cpu_ns() - own_ns;
    after_count = list_processes(after);
    machine_change_between(&from, &to, own_ns, &change);
    f->steal_share = change.steal_share;
    f->busy_cores = change.foreign_cores;
    find_busiest(before, before_count, after, after_count, (double)(to.at_ns - from.at_ns) / 1e9,
                 f);
    f->hiccup = hiccup_stop(hiccup);
}
