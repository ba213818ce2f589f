/* load/usage.h -- what the kernel says of the thread that asks: CPU time, and time it had to do
 * without. Real time always, also where the ring's clock is virtual. */
#pragma once

#include <stdint.h>

struct thread_usage {
    int64_t cpu_user_ns, cpu_system_ns;
    int64_t run_queue_wait_ns; /* ready to run, and no CPU; -1 unknown */
    uint64_t preempted;        /* involuntary switches */
};

/* A descriptor of this thread's schedstat, so that no path is walked inside the window; -1 where
 * there is none (a kernel without it, a container that hides /proc). */
int usage_open(void);

struct thread_usage usage_now(int schedstat);

int64_t usage_cpu_ns(void); /* user and system; a system call, 1 us on a slow machine */
