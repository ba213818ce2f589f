/* probe/proc.h -- what the kernel tells about processes, read from /proc under a root prefix.
 *
 * The root is "" for this machine, or a folder that holds a recorded tree (DIR/proc/1234/stat ...),
 * so that everything here is tested against recordings. Nothing is cached between calls. A process
 * that ends while it is read is left out, which is not an error. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PROC_TREE_MAX 4096 /* processes of one target; more is an error with this number in it */

/* The processes whose chain of parents leads to `ancestor`, without itself. False when /proc cannot
 * be read or the limit is passed; what was read until then is in it. */
struct proc_tree {
    int32_t pids[PROC_TREE_MAX]; /* a parent stands before its children */
    int32_t parents[PROC_TREE_MAX], groups[PROC_TREE_MAX];
    size_t count;
};

bool proc_tree_read(const char *root, int32_t ancestor, struct proc_tree *ret_tree,
                    struct error *err);

/* Only those whose parent is `parent`. */
bool proc_children_read(const char *root, int32_t parent, struct proc_tree *ret_children,
                        struct error *err);

/* Adds process number `i` of the other tree. */
void proc_tree_add(struct proc_tree *tree, const struct proc_tree *other, size_t i);

bool proc_tree_has(const struct proc_tree *tree, int32_t pid);

/* Sums over a set of processes at one moment. */
struct proc_usage {
    uint32_t processes, threads, descriptors;
    int64_t cpu_user_ns, cpu_system_ns; /* their own and their reaped children's. Resolution: one
                                           clock tick, 10 ms, a process; total refined where the
                                           kernel can, so that it goes down by a tick or two when a
                                           child is reaped. By more it goes down when ... */
    bool forgets_children; /* ... a process that has children ignores SIGCHLD: then the kernel gives
                              the time of those that end to nobody. (Who asks for that with
                              SA_NOCLDWAIT cannot be seen.) */
    uint64_t rss_bytes;
    uint64_t pss_bytes; /* 0 when not asked for */
    bool pss_known;
    /* 0 when not asked for: */
    uint64_t switches_voluntary, switches_involuntary;
    uint64_t cpus_allowed; /* a bit for each CPU below 64 that any thread may run on; 0: unknown */
};

/* What is dear, and read when it is asked for. */
enum {
    /* Proportional memory walks every page table and holds the target's lock for it; ask once a
     * second at most, and not while a trial is timed to the microsecond. */
    PROC_PSS = 1,
    /* Switches and CPUs are asked of every thread: 22 ms for a thousand. */
    PROC_THREADS = 2,
};

/* `dear`: PROC_PSS, PROC_THREADS or both, or 0. The CPU time of children that `ancestor` itself
 * reaped counts as theirs; 0: there is none. */
bool proc_usage_read(const char *root, int32_t ancestor, const struct proc_tree *tree,
                     unsigned dear, struct proc_usage *ret_usage, struct error *err);

/* The process that listens on this TCP port (of several, one that 127.0.0.1 leads to). 0: none
 * does, -1: one does that we may not look into. `ret_name` gets its name, "" unless above 0. */
#define PROC_NAME_MAX        64
#define PROC_LISTENER_UNSEEN (-1)
int32_t proc_listener(const char *root, uint16_t port, char *ret_name);

/* The name in /proc/PID/stat, "" when there is no such process. Names are whatever the process
 * says: escape them before they reach a terminal. */
void proc_name(const char *root, int32_t pid, char *ret_name);

/* Its parent, 0 when there is no such process. */
int32_t proc_parent(const char *root, int32_t pid);
