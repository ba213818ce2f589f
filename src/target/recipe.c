#include "target/recipe.h"

#include <string.h>

#include "base/bug.h"
#include "probe/host.h"

const char *recipe_folder(const struct suite *suite, const struct suite_target *target,
                          struct arena *arena)
{
    if (target->directory.len == 0)
        return suite->folder;
    if (target->directory.ptr[0] == '/')
        return arena_text(arena, target->directory.ptr, target->directory.len);
    return arena_format(arena, "%s/%.*s", suite->folder, (int)target->directory.len,
                        target->directory.ptr);
}

static struct scope scope_of(const struct recipe_place *at)
{
    uint32_t any[4096];

    return (struct scope){
        .variant = at->variant,
        .folder = at->place->folder,
        .suite_folder = at->suite->folder,
        .assay = host_own_path(),
        .cpus = at->place->cpu_count > 0 ? at->place->cpu_count
                                         : host_cpus(any, sizeof(any) / sizeof(any[0])),
        .workload = at->workload,
        .load = at->load,
        .sockets = at->sockets,
    };
}

bool recipe_count_ports(const struct recipe_place *at, struct arena *arena, size_t *ret_count,
                        struct error *err)
{
    const struct suite_target *target = at->variant->target;
    struct scope scope = scope_of(at);
    size_t count = 0;

    for (size_t i = 0; i < target->process_count; i++) {
        size_t instances;

        if (!expand_instances(target->processes[i].instances, &scope, arena, &instances, err))
            return false;
        count += instances;
    }
    if (count > SOCK_PORTS_MAX)
        return error_usage(err, "%zu processes; at most %d are possible", count, SOCK_PORTS_MAX);
    *ret_count = count;
    return true;
}

/* ---- what a process listens on ---- */

enum door { DOOR_UNNAMED, DOOR_PORT, DOOR_SOCKET };

static enum door door_in(struct slice text)
{
    if (mentions_port(text))
        return DOOR_PORT;
    return mentions_socket(text, false) ? DOOR_SOCKET : DOOR_UNNAMED;
}

/* Its own command tells. Where that names neither, the environment does, which all processes of the
 * target share. */
static enum door door_of(const struct suite_target *target, const struct suite_process *process)
{
    enum door door = door_in(process->start);

    if (door != DOOR_UNNAMED)
        return door;
    for (size_t i = 0; i < target->env_count && door != DOOR_PORT; i++)
        if (door_in(target->env[i]) != DOOR_UNNAMED)
            door = door_in(target->env[i]);
    return door;
}

bool recipe_wants_sockets(const struct suite_target *target)
{
    if (mentions_socket(target->address, true))
        return true;
    for (size_t i = 0; i < target->env_count; i++)
        if (mentions_socket(target->env[i], true))
            return true;
    for (size_t i = 0; i < target->process_count; i++)
        if (mentions_socket(target->processes[i].start, true) ||
            mentions_socket(target->processes[i].after, true))
            return true;
    return false;
}

/* ---- where it can be asked ---- */

/* The target's own `address`, for this instance of the last process. */
static bool stated_address(struct slice text, const struct scope *scope, struct arena *arena,
                           struct addr *ret_addr, struct error *err)
{
    const char *address;

    if (!expand(text, scope, arena, &address, err))
        return false;
    return addr_unix(slice_of(address + strlen("unix:")), ret_addr, err);
}

static bool own_socket(const struct scope *scope, struct slice process, struct addr *ret_addr,
                       struct error *err)
{
    char path[EXPANDED_MAX + 1];
    struct text text = TEXT(path);

    socket_path(scope->sockets, process, scope->instance, &text);
    return addr_unix((struct slice){ text.ptr, text.len }, ret_addr, err);
}

/* A process is asked at its port; where it has none, at its socket; the last one where the target
 * says, if it does. */
static bool make_addresses(const struct suite_target *target, struct scope *scope,
                           struct arena *arena, struct recipe_process *made, struct error *err)
{
    const struct suite_process *process = &target->processes[scope->process];
    bool is_last = scope->process + 1 == target->process_count;
    bool is_stated = is_last && target->address.len > 0;
    bool is_socket = !is_stated && door_of(target, process) == DOOR_SOCKET;
    struct addr *addresses = arena_new(arena, struct addr, made->instances);

    if (!is_stated && !is_socket && !is_last && !made->has_port)
        return true;
    for (size_t i = 0; i < made->instances; i++) {
        scope->instance = i;
        if (is_stated && !stated_address(target->address, scope, arena, &addresses[i], err))
            return error_wrap(err, "address");
        if (is_socket && !own_socket(scope, process->name, &addresses[i], err))
            return error_wrap(err, "{socket}");
        if (!is_stated && !is_socket)
            addresses[i] = addr_loopback(made->ports[i]);
    }
    scope->instance = 0;
    made->addresses = addresses;
    return true;
}

static char *padding(uint32_t bytes, struct arena *arena)
{
    static const char name[] = "ASSAY_PADDING=";
    char *entry = arena_new(arena, char, strlen(name) + bytes + 1);

    memcpy(entry, name, strlen(name));
    memset(entry + strlen(name), 'x', bytes);
    return entry;
}

static bool expand_env(const struct recipe_place *at, const struct scope *scope,
                       struct arena *arena, struct order *order, struct error *err)
{
    const struct suite_target *target = at->variant->target;
    char **env = arena_new(arena, char *, target->env_count + 1);

    for (size_t i = 0; i < target->env_count; i++) {
        const char *entry;

        if (expand(target->env[i], scope, arena, &entry, err))
            env[order->env_count++] = arena_text(arena, entry, strlen(entry));
        else if (scope->lists != NULL)
            return error_wrap(err, "env");
        /* else a build or the like: PORT={port} says nothing to it, and is left out */
    }
    if (at->place->padding_bytes > 0)
        env[order->env_count++] = padding(at->place->padding_bytes, arena);
    order->env = env;
    return true;
}

static bool make_order(const struct recipe_place *at, const struct scope *scope,
                       struct slice command, struct arena *arena, struct order *order,
                       struct error *err)
{
    order->folder = recipe_folder(at->suite, at->variant->target, arena);
    order->output = at->place->output;
    if (!expand(command, scope, arena, &order->command, err))
        return false;
    return expand_env(at, scope, arena, order, err);
}

/* As for the process itself, on its CPUs. */
static bool make_after(const struct recipe_place *at, struct scope *scope, struct slice command,
                       struct arena *arena, struct recipe_process *made, struct error *err)
{
    made->has_after = command.len > 0;
    if (!made->has_after)
        return true;
    scope->instance = 0;
    made->after.cpus = at->place->cpus;
    made->after.cpu_count = at->place->cpu_count;
    return make_order(at, scope, command, arena, &made->after, err) || error_wrap(err, "after");
}

/* The orders of one process, one an instance. */
static bool make_orders(const struct recipe_place *at, struct scope *scope, size_t index,
                        struct arena *arena, struct recipe *recipe, struct error *err)
{
    const struct suite_process *process = &at->variant->target->processes[index];
    struct recipe_process *made = &recipe->processes[index];
    const char *ready;

    scope->process = index;
    *made = (struct recipe_process){ .name = process->name,
                                     .has_port = door_of(at->variant->target, process) == DOOR_PORT,
                                     .ports = scope->lists[index].ports,
                                     .first_order = recipe->order_count,
                                     .role = process->role,
                                     .instances = scope->lists[index].count };
    for (size_t i = 0; i < made->instances; i++) {
        struct order *order = &recipe->orders[recipe->order_count++];

        scope->instance = i;
        if (!make_order(at, scope, process->start, arena, order, err))
            return error_wrap(err, "process %.*s", (int)process->name.len, process->name.ptr);
        order->cpus = at->place->cpus;
        order->cpu_count = at->place->cpu_count;
        order->process = index;
        order->may_detach = true;
        order->sockets = at->sockets;
    }
    if (!make_addresses(at->variant->target, scope, arena, made, err) ||
        !make_after(at, scope, process->after, arena, made, err))
        return error_wrap(err, "process %.*s", (int)process->name.len, process->name.ptr);
    scope->instance = 0;
    if (process->ready.ptr == NULL)
        return true;
    if (!expand(process->ready, scope, arena, &ready, err))
        return error_wrap(err, "ready");
    made->ready = slice_of(ready);
    return true;
}

bool recipe_make(const struct recipe_place *at, const uint16_t *ports, size_t port_count,
                 struct arena *arena, struct recipe *ret_recipe, struct error *err)
{
    const struct suite_target *target = at->variant->target;
    struct port_list *lists = arena_new(arena, struct port_list, target->process_count);
    struct scope scope = scope_of(at);
    struct recipe recipe = {
        .processes = arena_new(arena, struct recipe_process, target->process_count),
        .process_count = target->process_count,
        .orders = arena_new(arena, struct order, port_count),
    };
    size_t used = 0;

    for (size_t i = 0; i < target->process_count; i++) {
        if (!expand_instances(target->processes[i].instances, &scope, arena, &lists[i].count, err))
            return false;
        lists[i].ports = ports + used;
        used += lists[i].count;
        BUG_IF(used > port_count);
    }
    scope.lists = lists;
    for (size_t i = 0; i < target->process_count; i++)
        if (!make_orders(at, &scope, i, arena, &recipe, err))
            return false;
    *ret_recipe = recipe;
    return true;
}

bool recipe_command(const struct recipe_place *at, struct slice command, const char *output,
                    struct arena *arena, struct order *ret_order, struct error *err)
{
    struct scope scope = scope_of(at);
    struct order order = { 0 };

    if (!make_order(at, &scope, command, arena, &order, err))
        return false;
    order.output = output;
    order.fetches = at->fetches;
    *ret_order = order;
    return true;
}

bool recipe_text(const struct recipe_place *at, struct slice text, struct arena *arena,
                 const char **ret_text, struct error *err)
{
    struct scope scope = scope_of(at);

    return expand(text, &scope, arena, ret_text, err);
}
