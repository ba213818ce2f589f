#include "target/command.h"

#include <errno.h>

#include "base/clock.h"
#include "base/units.h"

#define LOOK_AROUND_NS (100 * MILLISECOND_NS) /* how often the waiter is asked and told */
#define GRACE_NS       (1 * SECOND_NS)        /* for what has to be stopped in the middle */

bool command_interrupted(struct error *err)
{
    error_set(err, 0, "interrupted");
    err->sys = EINTR;
    return false;
}

static bool wait_for_end(struct guardian *guardian, int64_t limit_ns,
                         const struct command_waiter *waiter, int *ret_status, struct error *err)
{
    struct mono deadline = mono_after(mono_now(), limit_ns);
    char limit[UNITS_TEXT_MAX];

    while (mono_now().ns < deadline.ns) {
        struct guardian_event event;

        if (waiter->stop_asked != NULL && *waiter->stop_asked)
            return command_interrupted(err);
        if (waiter->still != NULL)
            waiter->still(waiter->context);
        switch (guardian_poll(guardian, LOOK_AROUND_NS, &event)) {
        case GUARDIAN_QUIET:
            break;
        case GUARDIAN_EXITED:
            *ret_status = event.status;
            return true;
        case GUARDIAN_REFUSED:
            return error_set(err, event.status, "start a process");
        case GUARDIAN_GONE:
            return error_set(err, 0, "its guardian has ended");
        }
    }
    return error_set(err, 0, "not done within %s", units_duration(limit_ns, true, limit));
}

bool command_run(const struct order *order, int64_t limit_ns, const struct command_waiter *waiter,
                 int *ret_status, int64_t *ret_ns, struct error *err)
{
    struct mono begin = mono_now();
    struct guardian guardian;
    struct error ignored;
    bool ended;

    if (!guardian_open(order, 1, &guardian, err))
        return false;
    ended = guardian_spawn(&guardian, 0, err) &&
            wait_for_end(&guardian, limit_ns, waiter, ret_status, err);
    *ret_ns = mono_diff_ns(begin, mono_now());
    /* What a command that has ended leaves behind, a compiler's server for instance, is ended
     * without a word: the command did what it was asked for. */
    guardian_stop(&guardian, GRACE_NS, &ignored);
    return ended;
}
