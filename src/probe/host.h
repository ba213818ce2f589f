/* probe/host.h -- facts about this machine that belong into every record. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HOST_TEXT_MAX 128

struct host {
    char hostname[HOST_TEXT_MAX];
    char kernel[HOST_TEXT_MAX];      /* "Linux 6.18.44" */
    char distro[HOST_TEXT_MAX];      /* PRETTY_NAME of /etc/os-release */
    char cpu[HOST_TEXT_MAX];         /* "model name" of /proc/cpuinfo */
    char governor[HOST_TEXT_MAX];    /* scaling_governor, or "" when unknown */
    char clocksource[HOST_TEXT_MAX]; /* "tsc" */
    uint32_t cpus_online;
    uint64_t memory_bytes;
    double load_1min;             /* at the time of reading */
    uint32_t somaxconn;           /* 0 unknown */
    uint32_t port_low, port_high; /* local port range; 0 unknown */
};

/* Unknown facts stay empty or 0: this never fails. */
void host_read(const char *root, struct host *ret_host);

/* The CPUs this process may run on: indices into a list of at most `max`; returns how many. */
uint32_t host_cpus(uint32_t *ret_cpus, uint32_t max);

/* Sets of CPUs as the checks compare them: a bit for each CPU below 64; what lies above is left
 * out. Of a list as the kernel writes it ("0-3,8"); of this process; the set and whoever shares a
 * core with one of it (SMT siblings). */
uint64_t host_cpu_bits(const char *list);
uint64_t host_cpus_allowed(void); /* 0: unknown */
uint64_t host_with_siblings(const char *root, uint64_t cpus);

/* Our own executable, absolute; "assay" where the system does not tell. */
const char *host_own_path(void);
