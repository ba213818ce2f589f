/* audit/read_priv.h -- what the readers of text and of tables share. */
#pragma once

#include "audit/audit.h"

/* One file while it is read. */
struct reading {
    struct audit *audit;
    const char *file;
    struct slice section; /* the heading; empty before the first */
    unsigned section_id;
    unsigned line; /* of what is read now, from 1 */
    bool full;     /* more results than we hold */
    size_t first;  /* the file's first result */
};

/* An empty result at the current line; NULL, and `full`, when there is no room. */
struct audit_result *reading_begin(struct reading *reading, const char *tool);

/* Rows of a table as results. False when it is no table of measurements. */
bool read_table(struct reading *reading, struct slice text);

/* The load generator's own command line in front of its output, as far as it says something that
 * the output does not. */
struct command {
    struct figure connections, streams;
    struct figure spawned; /* "spawning thread #0: 16 total client(s)", all of them */
    char path[AUDIT_NAME_MAX];
    bool open_loop;
    bool given; /* a command line was there, so that what it does not say is not so */
};

struct command command_unknown(void);
/* False when the line is none. */
bool command_take(struct command *command, struct slice line);
void command_apply(const struct command *command, struct audit_result *r);
