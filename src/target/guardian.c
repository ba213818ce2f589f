#include "target/guardian.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "target/guardian_priv.h"

/* On top of the grace period and of GUARDIAN_KILL_NS: a guardian that has not reported by then
 * hangs. */
#define REPORT_NS (5 * SECOND_NS)

bool guardian_open(const struct order *orders, size_t count, struct guardian *ret_guardian,
                   struct error *err)
{
    int sockets[2];
    pid_t pid;

    BUG_IF(count > GUARDIAN_ORDERS_MAX);
    if (!proc_children_read("", getpid(), &ret_guardian->strangers, err))
        return false;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return error_set(err, errno, "become a subreaper");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
        return error_set(err, errno, "make a pair of sockets");
    pid = fork();
    if (pid == 0)
        guardian_live(orders, count, sockets[1]);
    close(sockets[1]);
    if (pid < 0) {
        close(sockets[0]);
        return error_set(err, errno, "fork a guardian");
    }
    ret_guardian->pid = pid;
    ret_guardian->socket = sockets[0];
    memset(ret_guardian->leaders, 0, sizeof(ret_guardian->leaders));
    return true;
}

static bool tell(struct guardian *guardian, const struct message *message)
{
    ssize_t sent;

    do
        sent = send(guardian->socket, message, sizeof(*message), MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == sizeof(*message);
}

bool guardian_spawn(struct guardian *guardian, size_t order, struct error *err)
{
    if (!tell(guardian, &(struct message){ .kind = MESSAGE_SPAWN, .order = (uint32_t)order }))
        return error_set(err, errno, "the guardian of the target does not listen");
    return true;
}

/* 1: there is a message, 0: none within the time, -1: the guardian has ended. */
static int hear(struct guardian *guardian, struct mono until, struct message *ret_message)
{
    for (;;) {
        struct pollfd wanted = { .fd = guardian->socket, .events = POLLIN };
        int64_t left_ns = mono_diff_ns(mono_now(), until);
        struct timespec patience = { 0 };
        int ready;

        if (left_ns > 0)
            patience = (struct timespec){ left_ns / SECOND_NS, left_ns % SECOND_NS };
        ready = ppoll(&wanted, 1, &patience, NULL);
        if (ready > 0)
            return recv(guardian->socket, ret_message, sizeof(*ret_message), MSG_DONTWAIT) ==
                           sizeof(*ret_message)
                       ? 1
                       : -1;
        /* A signal is for the caller to look at, who comes again. */
        if (ready == 0 || errno == EINTR)
            return 0;
        return -1;
    }
}

/* Starts are noted, and are no news. */
static bool note_start(struct guardian *guardian, const struct message *message)
{
    if (message->kind != MESSAGE_STARTED || message->order >= GUARDIAN_ORDERS_MAX)
        return false;
    guardian->leaders[message->order] = message->pid;
    return true;
}

int32_t guardian_leader(struct guardian *guardian, size_t order)
{
    struct message message;

    BUG_IF(order >= GUARDIAN_ORDERS_MAX);
    while (recv(guardian->socket, &message, sizeof(message), MSG_DONTWAIT | MSG_PEEK) ==
               sizeof(message) &&
           note_start(guardian, &message))
        recv(guardian->socket, &message, sizeof(message), MSG_DONTWAIT);
    return guardian->leaders[order];
}

enum guardian_news guardian_poll(struct guardian *guardian, int64_t timeout_ns,
                                 struct guardian_event *ret_event)
{
    struct mono until = mono_after(mono_now(), timeout_ns);
    struct message message;
    int heard;

    do
        heard = hear(guardian, until, &message);
    while (heard > 0 && note_start(guardian, &message));
    if (heard == 0)
        return GUARDIAN_QUIET;
    if (heard < 0)
        return GUARDIAN_GONE;
    *ret_event = (struct guardian_event){ message.order, message.pid, message.status };
    return message.kind == MESSAGE_REFUSED ? GUARDIAN_REFUSED : GUARDIAN_EXITED;
}

char *guardian_status_text(int status, char *ret_text)
{
    if (WIFSIGNALED(status))
        snprintf(ret_text, GUARDIAN_TEXT_MAX, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(ret_text, GUARDIAN_TEXT_MAX, "exited with status %d", WEXITSTATUS(status));
    return ret_text;
}

/* ---- stopping ---- */

/* Kills what the guardian left to us: its orphans are our children now, and theirs will be when
 * they have ended. Returns how many there were; *ret_left is what could not be killed. */
static size_t end_orphans(const struct proc_tree *strangers, size_t *ret_left)
{
    struct mono deadline = mono_after(mono_now(), GUARDIAN_KILL_NS);
    const struct timespec pause = { 0, 2 * MILLISECOND_NS };
    struct proc_tree children;
    struct error ignored;
    size_t killed = 0;

    for (;;) {
        *ret_left = 0;
        proc_children_read("", getpid(), &children, &ignored);
        for (size_t i = 0; i < children.count; i++) {
            if (proc_tree_has(strangers, children.pids[i]))
                continue;
            kill(children.pids[i], SIGKILL);
            if (waitpid(children.pids[i], NULL, WNOHANG) == children.pids[i])
                killed++;
            ++*ret_left;
        }
        if (*ret_left == 0 || mono_now().ns >= deadline.ns)
            return killed;
        nanosleep(&pause, NULL);
    }
}

static bool guardian_was_lost(struct guardian *guardian, struct error *err)
{
    char text[GUARDIAN_TEXT_MAX];
    size_t killed, left;
    int status = 0;

    kill(guardian->pid, SIGKILL); /* it may only have stopped to listen */
    while (waitpid(guardian->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    killed = end_orphans(&guardian->strangers, &left);
    if (left > 0)
        return error_set(err, 0,
                         "the guardian of the target %s, and %zu of its processes could not be "
                         "ended",
                         guardian_status_text(status, text), left);
    return error_set(err, 0,
                     "the guardian of the target %s; %zu processes were killed in its place",
                     guardian_status_text(status, text), killed);
}

bool guardian_stop(struct guardian *guardian, int64_t grace_ns, struct error *err)
{
    struct mono until = mono_after(mono_now(), grace_ns + GUARDIAN_KILL_NS + REPORT_NS);
    struct message message = { .kind = MESSAGE_STOP, .grace_ns = grace_ns };
    bool reported = false;

    if (tell(guardian, &message)) {
        int heard = 0;

        while (!reported && heard >= 0 && mono_now().ns < until.ns) {
            heard = hear(guardian, until, &message);
            reported = heard > 0 && message.kind == MESSAGE_STOPPED;
        }
    }
    close(guardian->socket);
    if (!reported)
        return guardian_was_lost(guardian, err);
    while (waitpid(guardian->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (message.left > 0)
        return error_set(err, 0, "%u process%s of the target cannot be ended, not even by SIGKILL",
                         message.left, message.left == 1 ? "" : "es");
    if (message.killed > 0)
        return error_set(err, 0, "%u process%s did not end within %.1f s of SIGTERM and %s killed",
                         message.killed, message.killed == 1 ? "" : "es",
                         (double)grace_ns / (double)SECOND_NS,
                         message.killed == 1 ? "was" : "were");
    return true;
}
