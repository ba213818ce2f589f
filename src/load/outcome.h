/* load/outcome.h -- what became of one request: right, or which of the named failures. */
#pragma once

#include "base/bytes.h"

enum outcome {
    OUTCOME_OK,           /* answered, and every check said yes */
    OUTCOME_CONNECT,      /* no connection: refused, unreachable, no descriptors or ports left */
    OUTCOME_RESET,        /* the peer reset the connection, or sending failed */
    OUTCOME_CLOSED_EARLY, /* the peer closed before the answer was complete */
    OUTCOME_TIMEOUT,  /* no complete answer in time; stays in the distribution as a lower bound */
    OUTCOME_PROTOCOL, /* what came was not HTTP */
    OUTCOME_STATUS,   /* a whole answer with another status than the right one */
    OUTCOME_BODY,     /* right status, wrong body, length, or header */
    OUTCOME_TLS,      /* the handshake failed */
    OUTCOME_KINDS
};

/* "ok", "connect", "reset", "closed_early", ...: the keys of the JSON contract. */
const char *outcome_name(enum outcome outcome);

/* The outcome with that name, or OUTCOME_KINDS. */
enum outcome outcome_named(struct slice name);
