/* The guardian's own side: everything here runs in the forked process. It allocates nothing
 * before the end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "target/environment.h"
#include "target/guardian_priv.h"
#include "target/sockets.h"

#define SOCKET_FD 3

enum leader_state {
    LEADER_NONE, /* not started, or reported as ended */
    LEADER_RUNS,
    LEADER_DETACHED, /* has ended with status 0, and left processes behind */
};

/* A child of ours that we did not start: what one of the target's processes left behind. */
struct orphan {
    int32_t pid;
    size_t process;  /* whose it is, as far as can be told */
    uint64_t burial; /* in which it was first seen */
};

struct watch {
    const struct order *orders;
    size_t count;
    int signals; /* a descriptor that is readable when a child has ended */
    enum leader_state states[GUARDIAN_ORDERS_MAX];
    int32_t leaders[GUARDIAN_ORDERS_MAX];
    struct orphan orphans[PROC_TREE_MAX];
    size_t orphan_count;
    size_t process;   /* that was started last */
    uint64_t burials; /* rounds of reap() */
};

/* Never waits: a parent that does not read must not keep us from our work. */
static void report(const struct message *message)
{
    send(SOCKET_FD, message, sizeof(*message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void report_exit(struct watch *w, size_t order, int status)
{
    w->states[order] = LEADER_NONE;
    report(&(struct message){ .kind = MESSAGE_EXITED,
                              .order = (uint32_t)order,
                              .pid = w->leaders[order],
                              .status = status });
}

/* ---- orphans ---- */

static bool is_leader(const struct watch *w, int32_t pid)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->states[i] == LEADER_RUNS && w->leaders[i] == pid)
            return true;
    return false;
}

static struct orphan *find_orphan(struct watch *w, int32_t pid)
{
    for (size_t i = 0; i < w->orphan_count; i++)
        if (w->orphans[i].pid == pid)
            return &w->orphans[i];
    return NULL;
}

/* What came to light in this burial may be anybody's who is buried in it: when in doubt, a leader
 * is in the background rather than gone. */
static bool has_orphans(const struct watch *w, size_t process)
{
    for (size_t i = 0; i < w->orphan_count; i++)
        if (w->orphans[i].process == process || w->orphans[i].burial == w->burials)
            return true;
    return false;
}

/* Children that we see for the first time belong to what has just ended: they are ours because of
 * that. When a process is started they belong to the one before, which has answered since. */
static void note_orphans(struct watch *w, size_t process)
{
    struct proc_tree children;
    struct error ignored;

    proc_children_read("", getpid(), &children, &ignored);
    for (size_t i = 0; i < children.count && w->orphan_count < PROC_TREE_MAX; i++)
        if (!is_leader(w, children.pids[i]) && find_orphan(w, children.pids[i]) == NULL)
            w->orphans[w->orphan_count++] =
                (struct orphan){ children.pids[i], process, w->burials };
}

/* ---- starting ---- */

static void spawn(struct watch *w, size_t order)
{
    pid_t guardian = getpid();
    pid_t pid;

    if (order >= w->count)
        return;
    if (w->process != w->orders[order].process)
        note_orphans(w, w->process);
    w->process = w->orders[order].process;
    pid = fork();
    if (pid == 0) {
        /* Dies with us; looked at again, as we may have died before it was said. */
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (getppid() != guardian)
            _exit(1);
        order_execute(&w->orders[order]);
    }
    if (pid < 0) {
        report(&(struct message){
            .kind = MESSAGE_REFUSED, .order = (uint32_t)order, .status = errno });
        return;
    }
    w->leaders[order] = pid;
    w->states[order] = LEADER_RUNS;
    report(&(struct message){ .kind = MESSAGE_STARTED, .order = (uint32_t)order, .pid = pid });
}

/* ---- the ends of processes ---- */

static void leader_ended(struct watch *w, size_t order, int status)
{
    size_t process = w->orders[order].process;
    bool may_detach = WIFEXITED(status) && WEXITSTATUS(status) == 0 && w->orders[order].may_detach;

    w->states[order] = LEADER_NONE;
    if (may_detach)
        note_orphans(w, process);
    if (may_detach && has_orphans(w, process))
        w->states[order] = LEADER_DETACHED;
    else
        report_exit(w, order, status);
}

static bool is_detached(const struct watch *w, size_t order, size_t process)
{
    return w->states[order] == LEADER_DETACHED && w->orders[order].process == process;
}

/* When the last orphan of a process has ended, so have its leaders that had gone into the
 * background. */
static void orphan_ended(struct watch *w, struct orphan *orphan)
{
    size_t process = orphan->process;
    bool detached = false;

    *orphan = w->orphans[--w->orphan_count];
    for (size_t i = 0; i < w->count; i++)
        detached = detached || is_detached(w, i, process);
    if (!detached)
        return;
    note_orphans(w, process);
    for (size_t i = 0; i < w->count && !has_orphans(w, process); i++)
        if (is_detached(w, i, process))
            report_exit(w, i, 0);
}

static void child_ended(struct watch *w, int32_t pid, int status)
{
    struct orphan *orphan = find_orphan(w, pid);

    for (size_t i = 0; i < w->count; i++) {
        if (w->states[i] == LEADER_RUNS && w->leaders[i] == pid) {
            leader_ended(w, i, status);
            return;
        }
    }
    if (orphan != NULL)
        orphan_ended(w, orphan);
}

/* Buries all that have ended. False when there is no child left at all. */
static bool reap(struct watch *w)
{
    struct signalfd_siginfo drained;
    int status;
    pid_t pid;

    while (read(w->signals, &drained, sizeof(drained)) > 0)
        continue;
    w->burials++;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        child_ended(w, pid, status);
    return pid == 0;
}

/* ---- the end of the tree ---- */

/* Sends to all; how many there were. What could not be listed completely is signalled as far as it
 * was: the caller comes again. */
static uint32_t signal_tree(int first, int second)
{
    struct proc_tree tree;
    struct error ignored;

    proc_tree_read("", getpid(), &tree, &ignored);
    for (size_t i = 0; i < tree.count; i++) {
        kill(tree.pids[i], first);
        if (second != 0)
            kill(tree.pids[i], second);
    }
    return (uint32_t)tree.count;
}

/* Waits for a child to end, at most until then. True when the parent calls, or is gone. */
static bool wait_for_child(const struct watch *w, int64_t at_most_ns, bool listen)
{
    struct pollfd wanted[] = {
        {.fd = w->signals, .events = POLLIN},
        { .fd = SOCKET_FD, .events = POLLIN}
    };
    struct timespec patience = { at_most_ns / SECOND_NS, at_most_ns % SECOND_NS };

    if (at_most_ns <= 0)
        return false;
    return ppoll(wanted, listen ? 2 : 1, &patience, NULL) > 0 && listen && wanted[1].revents != 0;
}

/* KILL, again and again, because a process may fork before it dies. */
static void kill_tree(struct watch *w, uint32_t *ret_killed, uint32_t *ret_left)
{
    struct mono deadline = mono_after(mono_now(), GUARDIAN_KILL_NS);
    uint32_t found = 0;

    *ret_killed = 0;
    while (reap(w) && mono_now().ns < deadline.ns) {
        found = signal_tree(SIGKILL, 0);
        if (*ret_killed == 0)
            *ret_killed = found;
        wait_for_child(w, 10 * MILLISECOND_NS, false);
    }
    *ret_left = reap(w) ? found : 0;
}

static bool parent_is_there(void)
{
    char byte;
    ssize_t got = recv(SOCKET_FD, &byte, sizeof(byte), MSG_DONTWAIT | MSG_PEEK);

    return got > 0 || (got < 0 && errno == EAGAIN);
}

/* What our parent does itself, unless it is gone. */
static void remove_sockets(const struct watch *w)
{
    if (parent_is_there())
        return;
    for (size_t i = 0; i < w->count; i++)
        if (w->orders[i].sockets != NULL)
            sockets_remove(w->orders[i].sockets);
}

_Noreturn static void end_now(struct watch *w)
{
    uint32_t killed, left;

    kill_tree(w, &killed, &left);
    remove_sockets(w);
    _exit(0);
}

/* TERM goes to every process, not to the leaders only: a shell in front of a server would take it
 * for itself and not pass it on. CONT, because a stopped process does not hear. */
_Noreturn static void stop(struct watch *w, int64_t grace_ns)
{
    struct mono deadline = mono_after(mono_now(), grace_ns);
    struct message last = { .kind = MESSAGE_STOPPED };
    bool hurry = false;

    if (reap(w))
        signal_tree(SIGTERM, SIGCONT);
    while (reap(w) && !hurry && mono_now().ns < deadline.ns)
        hurry = wait_for_child(w, mono_diff_ns(mono_now(), deadline), true);
    kill_tree(w, &last.killed, &last.left);
    remove_sockets(w);
    report(&last);
    _exit(0);
}

/* ---- the life before it ---- */

/* Out of reach of the terminal's Ctrl-C, holding nothing that is not ours: an open pipe of our
 * parent's would keep its reader waiting after the parent's death. */
static void leave_parent(int socket)
{
    int nothing;

    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_NAME, "assay-guard", 0, 0, 0);
    if (socket != SOCKET_FD)
        dup2(socket, SOCKET_FD);
    fcntl(SOCKET_FD, F_SETFD, FD_CLOEXEC);
    nothing = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && nothing >= 0; fd++)
        dup2(nothing, fd);
    close_range(SOCKET_FD + 1, ~0U, 0);
}

static int watch_signals(void)
{
    sigset_t ended;

    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_SETMASK, &ended, NULL);
    return signalfd(-1, &ended, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void listen_to_parent(struct watch *w)
{
    struct message message;

    if (recv(SOCKET_FD, &message, sizeof(message), MSG_DONTWAIT) != sizeof(message))
        end_now(w);
    if (message.kind == MESSAGE_SPAWN)
        spawn(w, message.order);
    if (message.kind == MESSAGE_STOP)
        stop(w, message.grace_ns);
}

_Noreturn void guardian_live(const struct order *orders, size_t count, int socket)
{
    struct watch w = { .orders = orders, .count = count };

    leave_parent(socket);
    w.signals = watch_signals();
    environment_clean(orders[0].fetches);
    if (w.signals < 0)
        _exit(1);
    for (;;) {
        struct pollfd wanted[] = {
            {.fd = w.signals,  .events = POLLIN},
            { .fd = SOCKET_FD, .events = POLLIN}
        };

        if (ppoll(wanted, 2, NULL, NULL) < 0)
            continue;
        if (wanted[0].revents != 0)
            reap(&w);
        if (wanted[1].revents != 0)
            listen_to_parent(&w);
    }
}
