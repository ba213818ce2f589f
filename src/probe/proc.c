#include "probe/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "probe/files_priv.h"
#include "probe/host.h"

/* Processes of the whole machine that fit on the stack, as nothing here should allocate while a
 * trial is measured. Only where there are more, memory is mapped for as many as Linux can have. */
#define LINKS_FEW 1024
#define LINKS_MAX 4194304

/* ---- /proc/PID/stat ---- */

struct stat_line {
    char name[PROC_NAME_MAX];
    int32_t parent, group;
    uint64_t ticks_user, ticks_system;                   /* its own */
    uint64_t ticks_user_children, ticks_system_children; /* of the children that it reaped */
    uint32_t threads;
};

/* The name stands in parentheses and may hold anything, ") R 1 (" too: it ends at the last ')'. */
static bool parse_stat(const char *line, struct stat_line *ret_stat)
{
    const char *begin = strchr(line, '(');
    const char *end = strrchr(line, ')');
    struct stat_line s = { 0 };
    size_t len;

    if (begin == NULL || end == NULL || end < begin)
        return false;
    len = (size_t)(end - begin - 1);
    len = len < sizeof(s.name) - 1 ? len : sizeof(s.name) - 1;
    memcpy(s.name, begin + 1, len);
    /* Fields 3 to 5 are state, parent and process group, 14 to 17 the times, 20 the number of
     * threads. The kernel wrote them, each from a variable as wide as ours.
     * NOLINTNEXTLINE(cert-err34-c) */
    if (sscanf(end + 1,
               " %*c %" SCNd32 " %" SCNd32 " %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
               " %" SCNu64 " %" SCNu64 " %*d %*d %" SCNu32,
               &s.parent, &s.group, &s.ticks_user, &s.ticks_system, &s.ticks_user_children,
               &s.ticks_system_children, &s.threads) != 7)
        return false;
    *ret_stat = s;
    return true;
}

static bool read_stat(int proc, int32_t pid, struct stat_line *ret_stat)
{
    char path[32], line[1024];

    snprintf(path, sizeof(path), "%d/stat", pid);
    return files_read(proc, path, line, sizeof(line)) > 0 && parse_stat(line, ret_stat);
}

void proc_name(const char *root, int32_t pid, char *ret_name)
{
    int proc = files_folder(root, "/proc");
    struct stat_line s;

    ret_name[0] = '\0';
    if (proc < 0)
        return;
    if (read_stat(proc, pid, &s))
        memcpy(ret_name, s.name, sizeof(s.name));
    close(proc);
}

int32_t proc_parent(const char *root, int32_t pid)
{
    int proc = files_folder(root, "/proc");
    struct stat_line s = { .parent = 0 };

    if (proc < 0)
        return 0;
    if (!read_stat(proc, pid, &s))
        s.parent = 0;
    close(proc);
    return s.parent;
}

/* ---- the tree ---- */

struct link {
    int32_t pid, parent, group;
};

struct links {
    struct link *all; /* the few, or mapped */
    size_t count, room;
    struct link few[LINKS_FEW];
};

#define SPENT        (-1)
#define MAPPED_BYTES (LINKS_MAX * sizeof(struct link))

static bool links_grow(struct links *links, struct error *err)
{
    void *mapped = MAP_FAILED;

    if (links->room < LINKS_MAX)
        mapped = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
        return error_set(err, 0, "more than %zu processes on this machine", links->room);
    memcpy(mapped, links->few, sizeof(links->few));
    links->all = mapped;
    links->room = LINKS_MAX;
    return true;
}

static void links_release(struct links *links)
{
    if (links->all != links->few)
        munmap(links->all, MAPPED_BYTES);
}

/* Every process there is but `except`, with its parent. */
static bool read_links(int proc, int32_t except, struct links *links, struct error *err)
{
    struct listing all;
    bool good = true;
    int32_t pid;

    if (!listing_open(&all, proc, "."))
        return error_set(err, errno, "read the list of processes");
    while (good && listing_take_number(&all, &pid)) {
        struct stat_line s;

        if (pid == except || !read_stat(proc, pid, &s))
            continue;
        good = links->count < links->room || links_grow(links, err);
        if (good)
            links->all[links->count++] = (struct link){ pid, s.parent, s.group };
    }
    close(all.fd);
    return good;
}

/* A link is spent when it was followed: pids that were used again while the list was read could tie
 * it into a ring. */
static bool add_children(struct links *links, int32_t parent, struct proc_tree *tree,
                         struct error *err)
{
    for (size_t i = 0; i < links->count; i++) {
        struct link *link = &links->all[i];

        if (link->parent != parent)
            continue;
        if (tree->count == PROC_TREE_MAX)
            return error_set(err, 0, "more than %d processes in one target", PROC_TREE_MAX);
        tree->parents[tree->count] = parent;
        tree->groups[tree->count] = link->group;
        tree->pids[tree->count++] = link->pid;
        link->parent = SPENT;
    }
    return true;
}

/* What was read before something went wrong is in the tree all the same: who wants to end it has to
 * begin somewhere. */
static bool read_descendants(const char *root, int32_t ancestor, bool deep,
                             struct proc_tree *ret_tree, struct error *err)
{
    struct links links;
    bool read, fits;
    int proc = files_folder(root, "/proc");

    ret_tree->count = 0;
    if (proc < 0)
        return error_set(err, errno, "open %s/proc", root);
    links.all = links.few;
    links.count = 0;
    links.room = LINKS_FEW;
    read = read_links(proc, ancestor, &links, err);
    close(proc);
    fits = add_children(&links, ancestor, ret_tree, err);
    for (size_t i = 0; deep && fits && i < ret_tree->count; i++)
        fits = add_children(&links, ret_tree->pids[i], ret_tree, err);
    links_release(&links);
    return read && fits;
}

bool proc_tree_read(const char *root, int32_t ancestor, struct proc_tree *ret_tree,
                    struct error *err)
{
    return read_descendants(root, ancestor, true, ret_tree, err);
}

bool proc_children_read(const char *root, int32_t parent, struct proc_tree *ret_children,
                        struct error *err)
{
    return read_descendants(root, parent, false, ret_children, err);
}

void proc_tree_add(struct proc_tree *tree, const struct proc_tree *other, size_t i)
{
    tree->pids[tree->count] = other->pids[i];
    tree->parents[tree->count] = other->parents[i];
    tree->groups[tree->count] = other->groups[i];
    tree->count++;
}

bool proc_tree_has(const struct proc_tree *tree, int32_t pid)
{
    for (size_t i = 0; i < tree->count; i++)
        if (tree->pids[i] == pid)
            return true;
    return false;
}

/* ---- usage ---- */

/* The number there, or 0. */
static uint64_t field(const char *text, const char *name)
{
    const char *value = files_line(text, name);

    return value == NULL ? 0 : strtoull(value, NULL, 10);
}

static int64_t ns_of_ticks(uint64_t ticks)
{
    return (int64_t)ticks * (SECOND_NS / sysconf(_SC_CLK_TCK));
}

/* Ticks of 10 ms are coarse for a short trial. The process's CPU clock is exact, but knows no user
 * and system: what the ticks do not show yet is shared out in their proportion, all of it to the
 * user where there is none (as the kernel does). */
static void add_cpu_time(const struct stat_line *s, int32_t pid, bool live,
                         struct proc_usage *usage)
{
    uint64_t ticks = s->ticks_user + s->ticks_system;
    int64_t user_ns = ns_of_ticks(s->ticks_user);
    int64_t system_ns = ns_of_ticks(s->ticks_system);
    struct timespec exact;
    clockid_t clock;

    if (live && clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &exact) == 0) {
        int64_t rest_ns = (int64_t)exact.tv_sec * SECOND_NS + exact.tv_nsec - user_ns - system_ns;

        if (rest_ns > 0) {
            double share = ticks == 0 ? 1.0 : (double)s->ticks_user / (double)ticks;
            int64_t rest_user_ns = (int64_t)((double)rest_ns * share);

            user_ns += rest_user_ns;
            system_ns += rest_ns - rest_user_ns;
        }
    }
    usage->cpu_user_ns += user_ns;
    usage->cpu_system_ns += system_ns;
}

static void add_children_time(const struct stat_line *s, struct proc_usage *usage)
{
    usage->cpu_user_ns += ns_of_ticks(s->ticks_user_children);
    usage->cpu_system_ns += ns_of_ticks(s->ticks_system_children);
}

/* A process's own status counts the switches of its main thread only: its threads are asked. What
 * they say of the CPUs they may run on is taken along. */
static void add_switches(int proc, int32_t pid, struct proc_usage *usage)
{
    struct listing threads;
    char path[48], text[8192];
    const char *cpus;
    int32_t tid;

    snprintf(path, sizeof(path), "%d/task", pid);
    if (!listing_open(&threads, proc, path))
        return;
    while (listing_take_number(&threads, &tid)) {
        snprintf(path, sizeof(path), "%d/task/%d/status", pid, tid);
        if (files_read(proc, path, text, sizeof(text)) < 0)
            continue;
        usage->switches_voluntary += field(text, "voluntary_ctxt_switches:");
        usage->switches_involuntary += field(text, "nonvoluntary_ctxt_switches:");
        cpus = files_line(text, "Cpus_allowed_list:");
        usage->cpus_allowed |= cpus == NULL ? 0 : host_cpu_bits(cpus);
    }
    close(threads.fd);
}

static void add_descriptors(int proc, int32_t pid, bool live, struct proc_usage *usage)
{
    struct listing open_files;
    struct stat about;
    char path[32];
    int32_t number;

    snprintf(path, sizeof(path), "%d/fd", pid);
    /* Since Linux 6.2 the folder's size is their number; to list ten thousand of them takes 10 ms.
     * In a recorded tree it is the size of a folder. */
    if (live && fstatat(proc, path, &about, 0) == 0 && about.st_size > 0) {
        usage->descriptors += (uint32_t)about.st_size;
        return;
    }
    if (!listing_open(&open_files, proc, path))
        return;
    while (listing_take_number(&open_files, &number))
        usage->descriptors++;
    close(open_files.fd);
}

static bool ignores_children(const char *status)
{
    const char *ignored = files_line(status, "SigIgn:");

    return ignored != NULL && (strtoull(ignored, NULL, 16) >> (SIGCHLD - 1) & 1) != 0;
}

static bool has_children(const struct proc_tree *tree, int32_t pid)
{
    for (size_t i = 0; i < tree->count; i++)
        if (tree->parents[i] == pid)
            return true;
    return false;
}

static void add_status(int proc, const struct proc_tree *tree, int32_t pid,
                       struct proc_usage *usage)
{
    char path[32], text[8192];

    snprintf(path, sizeof(path), "%d/status", pid);
    if (files_read(proc, path, text, sizeof(text)) <= 0)
        return;
    usage->rss_bytes += field(text, "VmRSS:") * 1024;
    usage->forgets_children |= ignores_children(text) && has_children(tree, pid);
}

static void add_pss(int proc, int32_t pid, struct proc_usage *usage)
{
    char path[32], text[8192];

    snprintf(path, sizeof(path), "%d/smaps_rollup", pid);
    if (files_read(proc, path, text, sizeof(text)) >= 0) {
        usage->pss_bytes += field(text, "Pss:") * 1024;
        return;
    }
    /* ESRCH is a process without memory, which waits to be reaped. Else it is there and does not
     * tell: it is another user's, or the kernel has no such file (before 4.14). */
    snprintf(path, sizeof(path), "%d", pid);
    if (errno != ESRCH && faccessat(proc, path, F_OK, 0) == 0)
        usage->pss_known = false;
}

bool proc_usage_read(const char *root, int32_t ancestor, const struct proc_tree *tree,
                     unsigned dear, struct proc_usage *ret_usage, struct error *err)
{
    bool with_pss = (dear & PROC_PSS) != 0;
    struct proc_usage usage = { .pss_known = with_pss };
    bool live = root[0] == '\0';
    struct stat_line s;
    int proc = files_folder(root, "/proc");

    if (proc < 0)
        return error_set(err, errno, "open %s/proc", root);
    if (ancestor != 0 && read_stat(proc, ancestor, &s))
        add_children_time(&s, &usage);
    for (size_t i = 0; i < tree->count; i++) {
        if (!read_stat(proc, tree->pids[i], &s))
            continue;
        usage.processes++;
        usage.threads += s.threads;
        add_cpu_time(&s, tree->pids[i], live, &usage);
        add_children_time(&s, &usage);
        if ((dear & PROC_THREADS) != 0)
            add_switches(proc, tree->pids[i], &usage);
        add_descriptors(proc, tree->pids[i], live, &usage);
        add_status(proc, tree, tree->pids[i], &usage);
        if (with_pss)
            add_pss(proc, tree->pids[i], &usage);
    }
    close(proc);
    if (!usage.pss_known)
        usage.pss_bytes = 0;
    *ret_usage = usage;
    return true;
}

/* ---- who listens ---- */

/* How surely a listener's address is where a connection to 127.0.0.1 ends. */
enum closeness { OTHER_ADDRESS = 1, ANY_ADDRESS, LOOPBACK_ADDRESS };

/* /proc/net/tcp writes addresses as hexadecimal words of the machine's own byte order. */
static enum closeness closeness_of(const char *address)
{
    if (strcmp(address, "0100007F") == 0 ||
        strcmp(address, "0000000000000000FFFF00000100007F") == 0)
        return LOOPBACK_ADDRESS;
    if (strspn(address, "0") == strlen(address))
        return ANY_ADDRESS;
    return OTHER_ADDRESS;
}

#define STATE_LISTEN 0x0A

/* Looks through one table of sockets for a better listener than *best. */
static void find_listener(int proc, const char *path, uint16_t port, int *best, uint64_t *ret_inode)
{
    char line[512];
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    FILE *table = fd >= 0 ? fdopen(fd, "r") : NULL;

    if (table == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while (fgets(line, sizeof(line), table) != NULL) {
        char address[40];
        unsigned local_port, state;
        uint64_t inode;

        /* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers fit */
        if (sscanf(line,
                   " %*d: %39[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %" SCNu64,
                   address, &local_port, &state, &inode) != 4)
            continue;
        /* The kernel lists those that listen first. Behind them a busy machine has thirty thousand
         * that wait out their end, and to read them all takes a tenth of a second. */
        if (state != STATE_LISTEN)
            break;
        if (local_port != port || (int)closeness_of(address) <= *best)
            continue;
        *best = (int)closeness_of(address);
        *ret_inode = inode;
    }
    fclose(table);
}

static bool holds_socket(int proc, int32_t pid, uint64_t inode)
{
    struct listing open_files;
    char path[32], wanted[40];
    bool found = false;

    snprintf(wanted, sizeof(wanted), "socket:[%" PRIu64 "]", inode);
    snprintf(path, sizeof(path), "%d/fd", pid);
    if (!listing_open(&open_files, proc, path))
        return false;
    for (const char *name; !found && (name = listing_take(&open_files)) != NULL;) {
        char what[64];
        ssize_t len = readlinkat(open_files.fd, name, what, sizeof(what) - 1);

        if (len < 0)
            continue;
        what[len] = '\0';
        found = strcmp(what, wanted) == 0;
    }
    close(open_files.fd);
    return found;
}

static int32_t find_owner(int proc, uint64_t inode, char *ret_name)
{
    struct listing all;
    int32_t pid, owner = PROC_LISTENER_UNSEEN;

    if (!listing_open(&all, proc, "."))
        return owner;
    while (owner < 0 && listing_take_number(&all, &pid)) {
        struct stat_line s;

        if (!holds_socket(proc, pid, inode) || !read_stat(proc, pid, &s))
            continue;
        memcpy(ret_name, s.name, sizeof(s.name));
        owner = pid;
    }
    close(all.fd);
    return owner;
}

int32_t proc_listener(const char *root, uint16_t port, char *ret_name)
{
    int proc = files_folder(root, "/proc");
    uint64_t inode = 0;
    int best = 0;
    int32_t owner = 0;

    ret_name[0] = '\0';
    if (proc < 0)
        return 0;
    find_listener(proc, "net/tcp", port, &best, &inode);
    find_listener(proc, "net/tcp6", port, &best, &inode);
    if (best > 0)
        owner = find_owner(proc, inode, ret_name);
    close(proc);
    return owner;
}
