/* probe/threads.h -- what each thread of a set of processes ran, and waited for a CPU, between two
 * moments.
 *
 * The kernel counts both in nanoseconds in /proc/PID/task/TID/schedstat, and forgets a thread when
 * it ends. So looks are taken in between too, and what a thread had when it was last seen counts:
 * of one that ends, the time behind the last look is lost; one that comes and goes between two
 * looks is never seen. A thread that was not there in the first look counts from its birth.
 *
 * Everything is bounded: a program of more than THREADS_MAX threads at once is not followed, and
 * nothing is known of it. 1000 threads cost 5 ms a look. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/proc.h"

#define THREADS_MAX 1024
#define THREADS_TOP 64 /* so many of the busiest are told one by one */

struct thread_time {
    int32_t tid;
    int64_t run_ns, wait_ns;             /* since its birth; wait_ns -1: the kernel does not tell */
    int64_t run_begin_ns, wait_begin_ns; /* at the first moment; 0: born later */
};

/* One look. */
struct thread_look {
    size_t count;
    struct thread_time threads[THREADS_MAX];
};

/* All threads of these processes. False when there are too many, or /proc cannot be read. */
bool threads_read(const char *root, const struct proc_tree *tree, struct thread_look *ret_look);

struct threads {
    bool known; /* begun, and never too many since */
    struct thread_look last;
    bool wait_known;
    int64_t run_ns, wait_ns;     /* of those that have ended */
    size_t top_count;            /* likewise */
    int64_t top_ns[THREADS_TOP]; /* likewise, busiest first */
};

/* The first moment, a moment in between, and the last one are all looks; NULL: it could not be
 * taken, and nothing is known from then on. */
void threads_begin(struct threads *threads, const struct thread_look *look);
void threads_next(struct threads *threads, const struct thread_look *look);

/* Between the first moment and the last. */
struct threads_found {
    int64_t run_ns, wait_ns; /* of all; -1: unknown */
    size_t top_count;        /* 0: unknown */
    int64_t top_ns[THREADS_TOP];
};
struct threads_found threads_found(const struct threads *threads);
