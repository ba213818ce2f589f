#include "load/usage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

int usage_open(void)
{
    return open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

/* "time on a CPU, time ready to run without one, how often": nanoseconds. */
static int64_t run_queue_wait(int schedstat)
{
    char text[96];
    ssize_t len = schedstat < 0 ? -1 : pread(schedstat, text, sizeof(text) - 1, 0);
    int64_t wait_ns;

    if (len <= 0)
        return -1;
    text[len] = '\0';
    /* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers fit */
    return sscanf(text, "%*u %" SCNd64, &wait_ns) == 1 ? wait_ns : -1;
}

struct thread_usage usage_now(int schedstat)
{
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    return (struct thread_usage){
        .cpu_user_ns = usage.ru_utime.tv_sec * SECOND_NS + usage.ru_utime.tv_usec * MICROSECOND_NS,
        .cpu_system_ns =
            usage.ru_stime.tv_sec * SECOND_NS + usage.ru_stime.tv_usec * MICROSECOND_NS,
        .run_queue_wait_ns = run_queue_wait(schedstat),
        .preempted = (uint64_t)usage.ru_nivcsw,
    };
}

int64_t usage_cpu_ns(void)
{
    struct timespec cpu;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    return cpu.tv_sec * SECOND_NS + cpu.tv_nsec;
}
