#include "verdict/doctor.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"

/* Where nothing else says, the limits are those of the checks (validity, T8, T14, T16). */
#define STEAL_WARN        0.01
#define STEAL_FAIL        0.05
#define PRESSURE_WARN     0.02
#define PRESSURE_FAIL     0.10
#define BUSY_WARN_CORES   0.03
#define BUSY_FAIL_CORES   0.30 /* a third of a core: no figure of a loaded core is its own then */
#define WAKE_P99_WARN_NS  (500 * MICROSECOND_NS)
#define WAKE_P99_FAIL_NS  (10 * MILLISECOND_NS)
#define CLOCK_STEP_NS     MICROSECOND_NS
#define CLOCK_JUMP_NS     (10 * MILLISECOND_NS)
#define FILES_WANTED      10240 /* ten thousand connections, and what else is open */
#define PORTS_WANTED      20000
#define BACKLOG_WANTED    1024
#define MEMORY_WANTED     (INT64_C(512) << 20)
#define TRACKED_MAX_SHARE 0.5

typedef void look(const struct fitness *f, struct finding_of_doctor *d);

static void say(struct finding_of_doctor *d, enum check_state state, const char *remedy,
                const char *text, ...) __attribute__((format(printf, 4, 5)));

static void say(struct finding_of_doctor *d, enum check_state state, const char *remedy,
                const char *text, ...)
{
    va_list rest;

    d->state = state;
    va_start(rest, text);
    vsnprintf(d->text, sizeof(d->text), text, rest);
    va_end(rest);
    snprintf(d->remedy, sizeof(d->remedy), "%s", remedy);
}

static enum check_state graded(double value, double warn, double fail)
{
    return value > fail ? CHECK_FAIL : value > warn ? CHECK_WARN : CHECK_OK;
}

static const char *remedy_if(enum check_state state, const char *remedy)
{
    return state == CHECK_OK ? "" : remedy;
}

/* ---- the processor ---- */

static void look_cores(const struct fitness *f, struct finding_of_doctor *d)
{
    if (f->cpus_allowed == 0)
        say(d, CHECK_UNKNOWN, "", "the kernel does not tell which CPUs may be used");
    else if (f->cpus_allowed == 1)
        say(d, CHECK_FAIL, "give the machine (or the container) two CPUs at least",
            "one CPU for generator and target: each figure is a joint one");
    else if (f->smt_active == 1)
        say(d, CHECK_WARN, "echo off > /sys/devices/system/cpu/smt/control",
            "%u CPUs, and some of them share a core (SMT): they slow each other down",
            f->cpus_allowed);
    else if (f->cpus_allowed == 2)
        say(d, CHECK_OK, "", "2 CPUs: one for the generator, one for the target");
    else
        say(d, CHECK_OK, "", "%u CPUs", f->cpus_allowed);
}

static void look_governor(const struct fitness *f, struct finding_of_doctor *d)
{
    if (f->host.governor[0] == '\0')
        say(d, CHECK_UNKNOWN, "",
            f->hypervisor ? "none: the host of this virtual machine decides the frequency"
                          : "no cpufreq: who decides the frequency is not known");
    else if (strcmp(f->host.governor, "performance") != 0)
        say(d, CHECK_WARN, "cpupower frequency-set -g performance",
            "'%s' changes the frequency while it is measured", f->host.governor);
    else
        say(d, CHECK_OK, "", "performance");
}

static void look_turbo(const struct fitness *f, struct finding_of_doctor *d)
{
    if (f->turbo < 0)
        say(d, CHECK_UNKNOWN, "",
            f->hypervisor ? "not ours to see in a virtual machine" : "the kernel does not tell");
    else if (f->turbo == 1)
        say(d, CHECK_WARN,
            "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo (or echo 0 > "
            "/sys/devices/system/cpu/cpufreq/boost)",
            "on: how fast a core is depends on its heat and its neighbours");
    else
        say(d, CHECK_OK, "", "off");
}

/* ---- other people's time ---- */

static void look_steal(const struct fitness *f, struct finding_of_doctor *d)
{
    enum check_state state;

    if (isnan(f->steal_share)) {
        say(d, CHECK_UNKNOWN, "",
            "nothing ran while it was looked at, or the kernel does not tell");
        return;
    }
    state = graded(f->steal_share, STEAL_WARN, STEAL_FAIL);
    say(d, state,
        remedy_if(state, "measure on a machine of its own, or compare interleaved blocks only"),
        "the host took %.1f %% of the busy time", f->steal_share * 100);
}

static void look_pressure(const struct fitness *f, struct finding_of_doctor *d)
{
    double worst = fmax(fmax(f->pressure_cpu, f->pressure_memory), f->pressure_io);
    enum check_state state;

    if (isnan(worst)) {
        say(d, CHECK_UNKNOWN, "boot with psi=1", "this kernel does not tell (/proc/pressure)");
        return;
    }
    state = graded(worst, PRESSURE_WARN, PRESSURE_FAIL);
    say(d, state, remedy_if(state, "end what else is running; `top` shows it"),
        "of the last 10 s somebody waited %.1f %% for a CPU, %.1f %% for memory, %.1f %% for a "
        "disk",
        f->pressure_cpu * 100, f->pressure_memory * 100, f->pressure_io * 100);
}

static void look_load(const struct fitness *f, struct finding_of_doctor *d)
{
    enum check_state state;
    char remedy[CHECK_TEXT_MAX];

    if (isnan(f->busy_cores)) {
        say(d, CHECK_UNKNOWN, "", "CPU time of other programs is not known");
        return;
    }
    state = graded(f->busy_cores, BUSY_WARN_CORES, BUSY_FAIL_CORES);
    snprintf(remedy, sizeof(remedy), f->busiest_cores > 0 ? "end it, or wait: ps -fp %d" : "wait",
             f->busiest_pid);
    if (f->busiest_cores > BUSY_WARN_CORES)
        say(d, state, remedy_if(state, remedy),
            "other programs keep %.2f cores busy, most of all %s (pid %d, %.2f); load %.2f",
            f->busy_cores, f->busiest, f->busiest_pid, f->busiest_cores, f->host.load_1min);
    else
        say(d, state, remedy_if(state, remedy), "other programs keep %.2f cores busy; load %.2f",
            f->busy_cores, f->host.load_1min);
}

static void look_memory(const struct fitness *f, struct finding_of_doctor *d)
{
    char available[UNITS_TEXT_MAX];

    if (f->memory_available_bytes < 0) {
        say(d, CHECK_UNKNOWN, "", "the kernel does not tell what is available");
        return;
    }
    units_bytes((double)f->memory_available_bytes, available);
    if (f->memory_available_bytes < MEMORY_WANTED)
        say(d, CHECK_WARN, "end what else holds memory",
            "%s available: a target may be swapped out", available);
    else if (f->swap_used_bytes > MEMORY_WANTED)
        say(d, CHECK_WARN, "swapoff -a && swapon -a",
            "%s available, but something lies in the swap", available);
    else
        say(d, CHECK_OK, "", "%s available", available);
}

/* ---- time ---- */

static void look_clock(const struct fitness *f, struct finding_of_doctor *d)
{
    const char *source = f->host.clocksource;
    bool quick = strcmp(source, "tsc") == 0 || strcmp(source, "kvm-clock") == 0 ||
                 strcmp(source, "arch_sys_counter") == 0;

    if (f->hiccup.clock_jump_ns > CLOCK_JUMP_NS)
        say(d, CHECK_FAIL, "dmesg | grep -i clocksource",
            "the clock jumped by %.1f ms against the hardware's",
            (double)f->hiccup.clock_jump_ns / 1e6);
    else if (f->hiccup.clock_step_ns > CLOCK_STEP_NS)
        say(d, CHECK_WARN,
            "echo tsc > "
            "/sys/devices/system/clocksource/clocksource0/current_clocksource",
            "goes in steps of %" PRId64 " ns", f->hiccup.clock_step_ns);
    else if (source[0] == '\0')
        say(d, CHECK_UNKNOWN, "", "the kernel does not tell its clock source");
    else if (!quick)
        say(d, CHECK_WARN,
            "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource",
            "'%s' takes long to read", source);
    else
        say(d, CHECK_OK, "", "%s, steps of %" PRId64 " ns", source, f->hiccup.clock_step_ns);
}

static void look_wakeup(const struct fitness *f, struct finding_of_doctor *d)
{
    char p50[UNITS_TEXT_MAX], p99[UNITS_TEXT_MAX], most[UNITS_TEXT_MAX];
    enum check_state state;

    if (f->hiccup.samples <= 0) {
        say(d, CHECK_UNKNOWN, "", "could not be measured");
        return;
    }
    state = graded((double)f->hiccup.p99_ns, (double)WAKE_P99_WARN_NS, (double)WAKE_P99_FAIL_NS);
    say(d, state,
        remedy_if(state, "end what else is running; response times below that are the machine's"),
        "a sleeper is woken %s too late, one in a hundred %s, at most %s",
        units_duration(f->hiccup.p50_ns, false, p50), units_duration(f->hiccup.p99_ns, false, p99),
        units_duration(f->hiccup.max_ns, false, most));
}

/* ---- the kernel's limits ---- */

static void look_files(const struct fitness *f, struct finding_of_doctor *d)
{
    if (f->files_hard < 0)
        say(d, CHECK_UNKNOWN, "", "the limit of open files is not known");
    else if (f->files_hard < FILES_WANTED)
        say(d, CHECK_WARN, "ulimit -Hn 1048576 (as root), or LimitNOFILE= of the service",
            "%" PRId64 " open files at most: so many connections, and no more", f->files_hard);
    else
        say(d, CHECK_OK, "", "%" PRId64 " open files, which assay raises itself", f->files_hard);
}

static void look_ports(const struct fitness *f, struct finding_of_doctor *d)
{
    uint32_t ports = f->host.port_high - f->host.port_low + 1;

    if (f->host.port_high == 0)
        say(d, CHECK_UNKNOWN, "", "the range of local ports is not known");
    else if (ports < PORTS_WANTED)
        say(d, CHECK_WARN, "sysctl -w net.ipv4.ip_local_port_range='1024 65535'",
            "%u local ports: one connection a request runs out of them", ports);
    else if (f->time_wait_reuse == 0)
        say(d, CHECK_WARN, "sysctl -w net.ipv4.tcp_tw_reuse=2",
            "%u local ports, each closed one barred for a minute: %u connections a second", ports,
            ports / 60);
    else
        say(d, CHECK_OK, "", "%u local ports, used again on loopback", ports);
}

static void look_backlog(const struct fitness *f, struct finding_of_doctor *d)
{
    if (f->host.somaxconn == 0)
        say(d, CHECK_UNKNOWN, "", "net.core.somaxconn is not known");
    else if (f->host.somaxconn < BACKLOG_WANTED)
        say(d, CHECK_WARN, "sysctl -w net.core.somaxconn=4096",
            "%u connections may wait to be accepted, whatever a server asks for",
            f->host.somaxconn);
    else
        say(d, CHECK_OK, "", "%u connections may wait to be accepted", f->host.somaxconn);
}

static void look_conntrack(const struct fitness *f, struct finding_of_doctor *d)
{
    if (f->tracked < 0)
        say(d, CHECK_OK, "", "no connection is followed by netfilter");
    else if (f->tracked_max > 0 && (double)f->tracked > TRACKED_MAX_SHARE * (double)f->tracked_max)
        say(d, CHECK_FAIL, "sysctl -w net.netfilter.nf_conntrack_max=1048576",
            "netfilter follows %" PRId64 " of at most %" PRId64
            " connections; beyond it drops packets",
            f->tracked, f->tracked_max);
    else
        say(d, CHECK_WARN, "iptables -t raw -A OUTPUT -o lo -j NOTRACK (and PREROUTING -i lo)",
            "netfilter follows each connection, on loopback too: that costs both sides CPU time");
}

static void look_io_uring(const struct fitness *f, struct finding_of_doctor *d)
{
    if (f->io_uring[0] == '\0')
        say(d, CHECK_OK, "", "can be used");
    else
        say(d, CHECK_WARN, "sysctl -w kernel.io_uring_disabled=0 (in a container, allow it there)",
            "cannot be used, epoll takes its place: %.150s", f->io_uring);
}

static const struct {
    const char *id;
    look *look;
} LOOKS[] = {
    {"cores",      look_cores    },
    { "governor",  look_governor },
    { "turbo",     look_turbo    },
    { "steal",     look_steal    },
    { "pressure",  look_pressure },
    { "load",      look_load     },
    { "memory",    look_memory   },
    { "clock",     look_clock    },
    { "wake-up",   look_wakeup   },
    { "files",     look_files    },
    { "ports",     look_ports    },
    { "backlog",   look_backlog  },
    { "conntrack", look_conntrack},
    { "io_uring",  look_io_uring },
};

size_t doctor_examine(const struct fitness *fitness,
                      struct finding_of_doctor ret_findings[DOCTOR_FINDINGS])
{
    size_t count = sizeof(LOOKS) / sizeof(LOOKS[0]);

    _Static_assert(sizeof(LOOKS) / sizeof(LOOKS[0]) <= DOCTOR_FINDINGS, "room for all of them");
    for (size_t i = 0; i < count; i++) {
        ret_findings[i] = (struct finding_of_doctor){ .id = LOOKS[i].id };
        LOOKS[i].look(fitness, &ret_findings[i]);
    }
    return count;
}
