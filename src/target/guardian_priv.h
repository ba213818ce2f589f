/* target/guardian_priv.h -- what the guardian and we tell each other. */
#pragma once

#include "target/guardian.h"

enum message_kind {
    MESSAGE_SPAWN,   /* to it: order */
    MESSAGE_STOP,    /* to it: grace_ns */
    MESSAGE_STARTED, /* from it: order, pid */
    MESSAGE_EXITED,  /* from it: order, pid, status */
    MESSAGE_REFUSED, /* from it: order, status = errno */
    MESSAGE_STOPPED, /* from it, its last: killed, left */
};

struct message {
    enum message_kind kind;
    uint32_t order;
    int32_t pid, status;
    uint32_t killed; /* alive when the grace period was over */
    uint32_t left;   /* could not be killed */
    int64_t grace_ns;
};

/* The guardian's whole life, in the forked process. */
_Noreturn void guardian_live(const struct order *orders, size_t count, int socket);

/* In a process that is about to become a target's: never returns, ends with 126 or 127 and a line
 * in the order's output when it cannot. */
_Noreturn void order_execute(const struct order *order);
