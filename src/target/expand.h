/* target/expand.h -- replaces the placeholders in a target's texts. Pure: bytes in, bytes out.
 *
 * suite/ has refused every placeholder that it does not know, with its position; what is replaced
 * by what is said at placeholder_next(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "suite/suite.h"

/* Linux takes no longer word than this on a command line or in an environment. */
#define EXPANDED_MAX 131071

/* The ports of one process of a target, one an instance. */
struct port_list {
    const uint16_t *ports;
    size_t count;
};

/* For whom a text is expanded. Members that are empty have no value: to ask for them is an error.
 */
struct scope {
    const struct variant *variant;
    const char *folder; /* {dir} */
    const char *suite_folder;
    const char *assay; /* our own executable: {assay} */
    uint32_t cpus;
    struct slice workload, load;
    const struct port_list *lists; /* one a process of the target; NULL: there are no ports */
    const char *sockets;           /* folder of {socket}; NULL: there are none */
    size_t process;                /* whose {port}, {ports} and {socket} are meant */
    size_t instance;
};

/* The text with everything replaced, NUL-terminated, in the arena. */
bool expand(struct slice text, const struct scope *scope, struct arena *arena,
            const char **ret_expanded, struct error *err);

/* A process's `instances`: a number, or a placeholder for one. */
bool expand_instances(struct slice text, const struct scope *scope, struct arena *arena,
                      size_t *ret_count, struct error *err);

/* Whether {port} or {ports} stands in the text. */
bool mentions_port(struct slice text);

/* Whether {socket} does; with `any`, {NAME.socket} too. */
bool mentions_socket(struct slice text, bool any);

/* The path that {socket} is for this instance of this process. */
void socket_path(const char *sockets, struct slice process, size_t instance, struct text *out);
