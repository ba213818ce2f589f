#include "probe/threads.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/files_priv.h"

/* ---- one look ---- */

/* Its own CPU time in ticks: all there is where the kernel keeps no schedstat. */
static bool read_ticks(int proc, const char *task, int64_t *ret_run_ns)
{
    char path[64], line[1024];
    uint64_t user, system;
    const char *end;

    snprintf(path, sizeof(path), "%s/stat", task);
    if (files_read(proc, path, line, sizeof(line)) <= 0 || (end = strrchr(line, ')')) == NULL)
        return false;
    /* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers fit */
    if (sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &user,
               &system) != 2)
        return false;
    *ret_run_ns = (int64_t)(user + system) * (SECOND_NS / sysconf(_SC_CLK_TCK));
    return true;
}

/* False: it is gone. */
static bool read_thread(int proc, int32_t pid, int32_t tid, struct thread_time *ret_thread)
{
    struct thread_time t = { .tid = tid };
    char task[48], path[64], line[128];

    snprintf(task, sizeof(task), "%d/task/%d", pid, tid);
    snprintf(path, sizeof(path), "%s/schedstat", task);
    /* NOLINTBEGIN(cert-err34-c): the kernel's own numbers fit */
    if (files_read(proc, path, line, sizeof(line)) <= 0 ||
        sscanf(line, "%" SCNd64 " %" SCNd64, &t.run_ns, &t.wait_ns) != 2)
        t.wait_ns = -1;
    /* NOLINTEND(cert-err34-c) */
    /* A kernel that does not count writes zeros: a thread that has run gives it away. */
    if (t.wait_ns == -1 || (t.run_ns == 0 && t.wait_ns == 0)) {
        if (!read_ticks(proc, task, &t.run_ns))
            return false;
        if (t.run_ns > 0)
            t.wait_ns = -1;
    }
    *ret_thread = t;
    return true;
}

static bool read_process(int proc, int32_t pid, struct thread_look *look)
{
    struct listing threads;
    char path[32];
    int32_t tid;
    bool fits = true;

    snprintf(path, sizeof(path), "%d/task", pid);
    if (!listing_open(&threads, proc, path))
        return true; /* it has ended */
    while (fits && listing_take_number(&threads, &tid)) {
        fits = look->count < THREADS_MAX;
        if (fits && read_thread(proc, pid, tid, &look->threads[look->count]))
            look->count++;
    }
    close(threads.fd);
    return fits;
}

bool threads_read(const char *root, const struct proc_tree *tree, struct thread_look *ret_look)
{
    int proc = files_folder(root, "/proc");
    bool fits = true;

    ret_look->count = 0;
    if (proc < 0)
        return false;
    for (size_t i = 0; fits && i < tree->count; i++)
        fits = read_process(proc, tree->pids[i], ret_look);
    close(proc);
    return fits;
}

/* ---- from look to look ---- */

/* Puts one thread's time among the busiest. */
static void offer(int64_t run_ns, int64_t *top_ns, size_t *count)
{
    size_t at = *count;

    if (at == THREADS_TOP && top_ns[--at] >= run_ns)
        return;
    for (; at > 0 && top_ns[at - 1] < run_ns; at--)
        top_ns[at] = top_ns[at - 1];
    top_ns[at] = run_ns;
    if (*count < THREADS_TOP)
        ++*count;
}

static void add_thread(const struct thread_time *t, struct threads *sums)
{
    sums->run_ns += t->run_ns - t->run_begin_ns;
    if (t->wait_ns < 0 || t->wait_begin_ns < 0)
        sums->wait_known = false;
    else
        sums->wait_ns += t->wait_ns - t->wait_begin_ns;
    offer(t->run_ns - t->run_begin_ns, sums->top_ns, &sums->top_count);
}

void threads_begin(struct threads *threads, const struct thread_look *look)
{
    threads->known = look != NULL;
    threads->wait_known = true;
    threads->run_ns = threads->wait_ns = 0;
    threads->top_count = 0;
    if (look == NULL)
        return;
    threads->last = *look;
    for (size_t i = 0; i < look->count; i++) {
        threads->last.threads[i].run_begin_ns = look->threads[i].run_ns;
        threads->last.threads[i].wait_begin_ns = look->threads[i].wait_ns;
    }
}

/* Its place among `look`, or look->count. They come in nearly the same order each time: the search
 * goes on where the last one ended. */
static size_t find(const struct thread_look *look, int32_t tid, size_t from)
{
    for (size_t i = 0; i < look->count; i++) {
        size_t at = (from + i) % look->count;

        if (look->threads[at].tid == tid)
            return at;
    }
    return look->count;
}

void threads_next(struct threads *threads, const struct thread_look *look)
{
    struct thread_look before = threads->last;
    bool lives_on[THREADS_MAX] = { false };
    size_t from = 0;

    if (!threads->known || look == NULL) {
        threads->known = false;
        return;
    }
    threads->last = *look;
    for (size_t i = 0; i < look->count; i++) {
        struct thread_time *t = &threads->last.threads[i];
        size_t at = find(&before, t->tid, from);

        /* Who has run less than before is another one, with the number of one that ended. */
        if (at == before.count || t->run_ns < before.threads[at].run_ns)
            continue;
        t->run_begin_ns = before.threads[at].run_begin_ns;
        t->wait_begin_ns = before.threads[at].wait_begin_ns;
        lives_on[at] = true;
        from = at + 1;
    }
    for (size_t i = 0; i < before.count; i++)
        if (!lives_on[i])
            add_thread(&before.threads[i], threads);
}

struct threads_found threads_found(const struct threads *threads)
{
    struct threads_found found = { .run_ns = -1, .wait_ns = -1 };
    struct threads sums;

    if (!threads->known)
        return found;
    sums = *threads;
    for (size_t i = 0; i < threads->last.count; i++)
        add_thread(&threads->last.threads[i], &sums);
    if (sums.top_count == 0)
        return found;
    found.run_ns = sums.run_ns;
    found.wait_ns = sums.wait_known ? sums.wait_ns : -1;
    found.top_count = sums.top_count;
    memcpy(found.top_ns, sums.top_ns, sums.top_count * sizeof(sums.top_ns[0]));
    return found;
}
