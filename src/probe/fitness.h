/* probe/fitness.h -- what decides whether this machine is fit to measure on.
 *
 * Facts only, read from /proc and /sys under a root prefix (probe/proc.h), and two that have to be
 * measured here and now: who uses the CPUs, and how late a sleeper is woken. What they mean is
 * verdict/doctor.h. Unknown is -1, NaN or "". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "probe/hiccup.h"
#include "probe/host.h"
#include "probe/proc.h"

struct fitness {
    struct host host;      /* cores, governor, clock source, ports, backlog, load */
    uint32_t cpus_allowed; /* that this process may use */
    int32_t smt_active;    /* 1: some of them share a core */
    int32_t turbo;         /* 1: the clock may rise above its base; 0: it may not */
    bool hypervisor;       /* a virtual machine */

    double pressure_cpu, pressure_memory, pressure_io; /* share of the last 10 s that somebody had
                                                          to wait (some avg10) */
    int64_t memory_available_bytes, swap_used_bytes;

    int64_t files_soft, files_hard; /* open files of this process */
    int64_t syn_backlog;            /* tcp_max_syn_backlog */
    int32_t time_wait_reuse;        /* tcp_tw_reuse: 0 never, 1 always, 2 loopback */
    int64_t tracked, tracked_max;   /* connections that netfilter follows; -1: it does not */
    char io_uring[160];             /* why it cannot be used; "": it can */

    /* Measured in a second of doing nothing. */
    double steal_share;          /* of all CPUs' time that was not idle */
    double busy_cores;           /* kept busy by others */
    char busiest[PROC_NAME_MAX]; /* the program that used most; "" */
    int32_t busiest_pid;
    double busiest_cores;
    struct hiccup_found hiccup;
};

/* Everything that can be read under `root`; what is measured stays unknown. */
void fitness_read(const char *root, struct fitness *ret_fitness);

/* Sleeps for a second and measures the rest, of this machine. */
void fitness_measure(struct fitness *fitness);
