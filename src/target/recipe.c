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

static bool any_mentions_port(const struct suite_target *target,
                              const struct suite_process *process)
{
    if (mentions_port(process->start))
        return true;
    for (size_t i = 0; i < target->env_count; i++)
        if (mentions_port(target->env[i]))
            return true;
    return false;
}

static bool expand_env(const struct suite_target *target, const struct scope *scope,
                       struct arena *arena, struct order *order, struct error *err)
{
    char **env = arena_new(arena, char *, target->env_count);

    for (size_t i = 0; i < target->env_count; i++) {
        const char *entry;

        if (expand(target->env[i], scope, arena, &entry, err))
            env[order->env_count++] = arena_text(arena, entry, strlen(entry));
        else if (scope->lists != NULL)
            return error_wrap(err, "env");
        /* else a build or the like: PORT={port} says nothing to it, and is left out */
    }
    order->env = env;
    return true;
}

static bool make_order(const struct recipe_place *at, const struct scope *scope,
                       struct slice command, struct arena *arena, struct order *order,
                       struct error *err)
{
    const struct suite_target *target = at->variant->target;

    order->folder = recipe_folder(at->suite, target, arena);
    order->output = at->place->output;
    if (!expand(command, scope, arena, &order->command, err))
        return false;
    return expand_env(target, scope, arena, order, err);
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
                                     .has_port = any_mentions_port(at->variant->target, process),
                                     .ports = scope->lists[index].ports,
                                     .first_order = recipe->order_count,
                                     .instances = scope->lists[index].count };
    for (size_t i = 0; i < made->instances; i++) {
        struct order *order = &recipe->orders[recipe->order_count++];

        scope->instance = i;
        if (!make_order(at, scope, process->start, arena, order, err))
            return error_wrap(err, "process %.*s", (int)process->name.len, process->name.ptr);
        order->cpus = at->place->cpus;
        order->cpu_count = at->place->cpu_count;
        order->may_detach = true;
    }
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
    *ret_order = order;
    return true;
}

bool recipe_text(const struct recipe_place *at, struct slice text, struct arena *arena,
                 const char **ret_text, struct error *err)
{
    struct scope scope = scope_of(at);

    return expand(text, &scope, arena, ret_text, err);
}
