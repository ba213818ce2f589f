#include "target/expand.h"

#include "base/bug.h"

static bool add_ports(const struct port_list *list, struct text *out)
{
    for (size_t i = 0; i < list->count; i++)
        text_format(out, i == 0 ? "%u" : " %u", list->ports[i]);
    return list->count > 0;
}

/* {port} is this instance's own; of another process, and {ports}, the first and all of them. */
static bool add_own_ports(const struct scope *scope, bool all, struct text *out)
{
    const struct port_list *own;

    if (scope->lists == NULL)
        return false;
    own = &scope->lists[scope->process];
    if (all)
        return add_ports(own, out);
    BUG_IF(scope->instance >= own->count);
    text_format(out, "%u", own->ports[scope->instance]);
    return true;
}

void socket_path(const char *sockets, struct slice process, size_t instance, struct text *out)
{
    text_format(out, "%s/%.*s", sockets, (int)process.len, process.ptr);
    if (instance > 0)
        text_format(out, ".%zu", instance);
}

static bool add_socket(const struct scope *scope, size_t process, size_t instance, struct text *out)
{
    if (scope->sockets == NULL)
        return false;
    socket_path(scope->sockets, scope->variant->target->processes[process].name, instance, out);
    return true;
}

static bool add_others(const struct scope *scope, struct slice name, struct text *out)
{
    const struct suite_target *target = scope->variant->target;

    for (size_t i = 0; scope->lists != NULL && i < target->process_count; i++) {
        struct slice process = target->processes[i].name;
        struct slice word = { name.ptr + process.len, name.len - process.len };

        if (!slice_starts(name, process))
            continue;
        if (slice_equal(word, SLICE(".ports")))
            return add_ports(&scope->lists[i], out);
        if (slice_equal(word, SLICE(".port")))
            return add_ports(&(struct port_list){ scope->lists[i].ports, 1 }, out);
        if (slice_equal(word, SLICE(".socket")))
            return add_socket(scope, i, 0, out);
    }
    return false;
}

static bool add_text(struct slice value, struct text *out)
{
    text_add(out, value);
    return value.len > 0;
}

static bool add_value(const struct scope *scope, struct slice name, struct text *out)
{
    struct slice setting = variant_setting(scope->variant, name);

    /* First, so that a factor can fix what would be chosen: a port. */
    if (setting.ptr != NULL) {
        text_add(out, setting);
        return true;
    }
    if (slice_equal(name, SLICE("port")) || slice_equal(name, SLICE("ports")))
        return add_own_ports(scope, name.len > strlen("port"), out);
    if (slice_equal(name, SLICE("dir")))
        return add_text(slice_of(scope->folder), out);
    if (slice_equal(name, SLICE("suite")))
        return add_text(slice_of(scope->suite_folder), out);
    if (slice_equal(name, SLICE("assay")))
        return add_text(slice_of(scope->assay), out);
    if (slice_equal(name, SLICE("host")))
        return add_text(SLICE("127.0.0.1"), out);
    if (slice_equal(name, SLICE("workload")))
        return add_text(scope->workload, out);
    if (slice_equal(name, SLICE("load")))
        return add_text(scope->load, out);
    if (slice_equal(name, SLICE("cpus"))) {
        text_format(out, "%u", scope->cpus);
        return true;
    }
    if (slice_equal(name, SLICE("workers"))) {
        text_format(out, "%u", scope->variant->workers);
        return true;
    }
    if (slice_equal(name, SLICE("socket")))
        return add_socket(scope, scope->process, scope->instance, out);
    return add_others(scope, name, out);
}

bool expand(struct slice text, const struct scope *scope, struct arena *arena,
            const char **ret_expanded, struct error *err)
{
    char room[EXPANDED_MAX + 1];
    struct text out = TEXT(room);
    struct slice name;
    size_t pos = 0, copied = 0, start;

    room[0] = '\0';
    while (placeholder_next(text, &pos, &start, &name)) {
        text_add(&out, (struct slice){ text.ptr + copied, start - copied });
        if (!add_value(scope, name, &out))
            return error_usage(err, "{%.*s} has no value in '%.*s'", (int)name.len, name.ptr,
                               (int)text.len, text.ptr);
        copied = pos;
    }
    text_add(&out, (struct slice){ text.ptr + copied, text.len - copied });
    if (out.cut)
        return error_usage(err,
                           "longer than %d bytes when its placeholders are replaced: '%.60s...'",
                           EXPANDED_MAX, room);
    if (out.len >= (size_t)(arena->end - arena->next))
        return error_usage(err,
                           "all commands and environments of the target together are too long");
    *ret_expanded = arena_text(arena, room, out.len);
    return true;
}

bool expand_instances(struct slice text, const struct scope *scope, struct arena *arena,
                      size_t *ret_count, struct error *err)
{
    const char *number = "";
    uint64_t count;

    if (!expand(text, scope, arena, &number, err))
        return false;
    if (!slice_u64(slice_of(number), SUITE_INSTANCES_MAX, &count) || count == 0)
        return error_usage(err, "instances: '%s' is not a number from 1 to %d", number,
                           SUITE_INSTANCES_MAX);
    *ret_count = (size_t)count;
    return true;
}

bool mentions_port(struct slice text)
{
    struct slice name;
    size_t pos = 0, start;

    while (placeholder_next(text, &pos, &start, &name))
        if (slice_equal(name, SLICE("port")) || slice_equal(name, SLICE("ports")))
            return true;
    return false;
}

bool mentions_socket(struct slice text, bool any)
{
    const struct slice word = SLICE("socket"), others = SLICE(".socket");
    struct slice name;
    size_t pos = 0, start;

    while (placeholder_next(text, &pos, &start, &name)) {
        bool of_other = name.len > others.len &&
                        memcmp(name.ptr + name.len - others.len, others.ptr, others.len) == 0;

        if (slice_equal(name, word) || (any && of_other))
            return true;
    }
    return false;
}
