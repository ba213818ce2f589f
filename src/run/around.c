#include "run/around.h"

#include "base/error.h"

void around_start(struct around *around, const char *root, int32_t cpu)
{
    struct error ignored;

    *around = (struct around){ .root = root };
    if (!hiccup_start(cpu, &around->hiccup, &ignored))
        around->hiccup = NULL;
}

void around_target(struct around *around, const struct addr *target)
{
    if (!addr_is_local(target))
        link_find(around->root, target, around->link);
}

void around_window_begins(struct around *around, struct mono now, int32_t net_pid, int64_t ours_ns,
                          struct machine_change *ret_machine)
{
    around->in_window = true;
    around->net_pid = net_pid;
    around->ours_begin_ns = ours_ns;
    machine_sample_read(around->root, net_pid, now.ns, &around->begin);
    around->last = around->begin;
    link_read(around->root, around->link, &around->link_begin);
    *ret_machine = machine_change_unknown();
    hiccup_restart(around->hiccup);
}

static void look(struct around *around, struct mono now, struct machine_change *machine)
{
    struct machine_sample before = around->last;

    machine_sample_read(around->root, around->net_pid, now.ns, &around->last);
    machine_change_second(&before, &around->last, machine);
}

void around_in_window(struct around *around, struct mono now, struct machine_change *machine)
{
    if (around->in_window && now.ns - around->last.at_ns >= SECOND_NS)
        look(around, now, machine);
}

/* A counter that went down is another one: the card came up anew. */
static void look_at_link(const struct around *around, struct machine_change *machine)
{
    const struct link_sample *from = &around->link_begin;
    struct link_sample to;

    link_read(around->root, around->link, &to);
    machine->link_bits_per_sec = to.bits_per_sec;
    machine->link_share = link_share(from, &to, around->last.at_ns - around->begin.at_ns);
    machine->link_dropped =
        from->dropped < 0 || to.dropped < from->dropped ? -1 : to.dropped - from->dropped;
}

void around_window_ends(struct around *around, struct mono now, int64_t ours_ns,
                        struct machine_change *machine, struct hiccup_found *ret_hiccup)
{
    bool known = ours_ns >= 0 && around->ours_begin_ns >= 0;

    if (!around->in_window)
        return;
    look(around, now, machine);
    machine_change_between(&around->begin, &around->last,
                           known ? ours_ns - around->ours_begin_ns : -1, machine);
    look_at_link(around, machine);
    *ret_hiccup = hiccup_stop(around->hiccup);
    around->hiccup = NULL;
    around->in_window = false;
}

void around_stop(struct around *around)
{
    hiccup_stop(around->hiccup);
    around->hiccup = NULL;
}
