/* target/recipe.h -- all the processes of one variant, ready to be ordered: what target/ makes of a
 * suite's texts and a set of ports. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "net/addr.h"
#include "net/sock.h"
#include "suite/suite.h"
#include "target/expand.h"
#include "target/guardian.h"
#include "target/target.h"

/* Memory for one recipe: reserved, hardly used. */
#define RECIPE_BYTES ((size_t)64 << 20)

/* One line of the target's `processes`, and the orders that come of it. */
struct recipe_process {
    struct slice name;
    struct slice ready;           /* path, expanded; ptr NULL: a connect will do */
    bool has_port;                /* it listens on a port: it can be asked there */
    const uint16_t *ports;        /* one an instance */
    const struct addr *addresses; /* where each instance can be asked; NULL: nowhere */
    size_t first_order, instances;
    enum process_role role;
    bool has_after;
    struct order after; /* run once, when it is ready */
};

struct recipe {
    struct recipe_process *processes; /* in the order of their start */
    size_t process_count;
    struct order *orders;
    size_t order_count;
};

/* What is started, where, and what for. */
struct recipe_place {
    const struct suite *suite;
    const struct variant *variant;
    const struct target_place *place;
    struct slice workload, load; /* names */
    const char *sockets;         /* folder for Unix sockets; NULL: none is wanted */
    bool fetches;                /* of recipe_command(): as in struct order */
};

/* Whether any text of the target asks for a Unix socket. */
bool recipe_wants_sockets(const struct suite_target *target);

/* How many ports recipe_make() wants: at most SOCK_PORTS_MAX. */
bool recipe_count_ports(const struct recipe_place *at, struct arena *arena, size_t *ret_count,
                        struct error *err);

/* `ports`: as many as recipe_count_ports() said, different from each other. They must last as long
 * as the recipe. */
bool recipe_make(const struct recipe_place *at, const uint16_t *ports, size_t port_count,
                 struct arena *arena, struct recipe *ret_recipe, struct error *err);

/* A single command of the target: its build, its version. Not pinned, no ports; the output goes to
 * `output`. */
bool recipe_command(const struct recipe_place *at, struct slice command, const char *output,
                    struct arena *arena, struct order *ret_order, struct error *err);

/* A text of the target that is no command: a path. No ports. */
bool recipe_text(const struct recipe_place *at, struct slice text, struct arena *arena,
                 const char **ret_text, struct error *err);

/* The folder in which the target's commands run. */
const char *recipe_folder(const struct suite *suite, const struct suite_target *target,
                          struct arena *arena);
