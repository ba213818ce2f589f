/* target/guardian.h -- the process that stands between us and everything that a target starts.
 *
 * It is a fork of ours, in a session of its own, that closes all it inherited but one socket to us.
 * It is a subreaper: what a target starts has it as ancestor for ever, however often it forks or
 * calls setsid(), and becomes its child when the parents in between have ended. So "all is gone" is
 * simply "wait() says that I have no children".
 *
 *     guardian_open -> guardian_spawn ... guardian_poll ... -> guardian_stop
 *
 * The orders are known before the fork; it has them in its memory, and the socket carries numbers
 * only. When the socket closes, because we crashed or were killed, it kills the whole tree at once.
 * When it is killed itself, the processes it spawned die with it (PR_SET_PDEATHSIG), and whatever
 * else they had started becomes a child of ours, as we are a subreaper too: guardian_stop() ends
 * that.
 *
 * Open one only while no other thread runs, and stop the one that was opened last first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "probe/proc.h"

#define GUARDIAN_ORDERS_MAX 1024 /* processes that one target is made of: 16 kinds, 64 of each */

/* From when a tree has to be killed until it is given up: what the kernel holds back that long
 * (a process in uninterruptible sleep) may never end. */
#define GUARDIAN_KILL_NS (10 * SECOND_NS)

/* A process to be started: `command` by /bin/sh -c, with stdin from /dev/null, all signals at their
 * defaults, the limit of open files that we were started with, our environment without what would
 * change a server's behaviour (environment.h) and with `env` on top. */
struct order {
    const char *command;
    const char *folder; /* to run in */
    const char *output; /* stdout and stderr are appended to this file */
    char *const *env;   /* "NAME=value", env_count of them */
    size_t env_count;
    const uint32_t *cpus;
    uint32_t cpu_count;  /* 0: not pinned */
    const char *sockets; /* folder of its Unix sockets, removed after the tree's end when we are
                            gone; NULL: none */
    size_t process;      /* which of the target's it is an instance of */
    bool fetches;        /* a build or the like, which may need the user's proxies */
    bool may_detach; /* ending with status 0 while processes of its stay behind is going into the
                        background; it has exited when the last of those has. All instances of one
                        process go by what is left of any of them. */
};

struct guardian {
    int32_t pid;
    int socket;
    struct proc_tree strangers;           /* children that we had before: never touched */
    int32_t leaders[GUARDIAN_ORDERS_MAX]; /* process of each order; see guardian_leader() */
};

/* `orders` are read by the fork only: they may go afterwards. */
bool guardian_open(const struct order *orders, size_t count, struct guardian *ret_guardian,
                   struct error *err);

/* Starts the process of this order; how that went is told by guardian_poll(). */
bool guardian_spawn(struct guardian *guardian, size_t order, struct error *err);

/* The process that was started for this order, its process group's leader; 0 when it was not, or
 * something has happened that guardian_poll() was not asked about yet. */
int32_t guardian_leader(struct guardian *guardian, size_t order);

enum guardian_news {
    GUARDIAN_QUIET,   /* nothing new within the time */
    GUARDIAN_EXITED,  /* the process of an order has ended by itself */
    GUARDIAN_REFUSED, /* the system would not start it: `status` is the errno */
    GUARDIAN_GONE,    /* the guardian itself has ended */
};

struct guardian_event {
    size_t order;
    int32_t pid;
    int status; /* as from wait() */
};

enum guardian_news guardian_poll(struct guardian *guardian, int64_t timeout_ns,
                                 struct guardian_event *ret_event);

/* "exited with status 1", "was killed by signal 11 (Segmentation fault)". Returns ret_text. */
#define GUARDIAN_TEXT_MAX 96
char *guardian_status_text(int status, char *ret_text);

/* TERM to every process of the tree, up to `grace_ns`, then KILL; returns when nothing is left.
 * False when something had to be killed, could not be killed, or the guardian had ended before:
 * `err` then says what was odd, and the tree is gone all the same unless it says otherwise. */
bool guardian_stop(struct guardian *guardian, int64_t grace_ns, struct error *err);
