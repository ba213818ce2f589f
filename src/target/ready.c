#include "target/ready.h"

#include <errno.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/units.h"
#include "load/ask.h"
#include "net/addr.h"
#include "net/sock.h"
#include "target/command.h"
#include "target/taken.h"

#define PAUSE_MIN_NS (1 * MILLISECOND_NS)
#define PAUSE_MAX_NS (100 * MILLISECOND_NS)
#define SUBJECT_MAX  (SUITE_NAME_MAX + 2)

/* What the last question brought. */
enum reply {
    REPLY_RIGHT,
    REPLY_NOBODY, /* refused: nobody listens yet */
    REPLY_SILENT, /* connected, and not one byte came */
    REPLY_WRONG,
};

/* One address being asked. */
struct asked {
    const struct recipe_process *process;
    const struct workload *workload; /* NULL: a connect is enough */
    bool any_answer;                 /* of HTTP */
    struct addr addr;
    bool owner_known;        /* the listener was seen to be ours */
    char reason[200];        /* why the last answer that came was wrong; "": none came */
    struct mono wrong_since; /* it has been this one ever since */
    enum reply reply;
};

/* "back " where a target has several processes, else nothing: who is spoken of. */
static void subject(const struct ready *ready, const struct recipe_process *process, char *ret_text)
{
    struct text text = { ret_text, 0, SUBJECT_MAX, false };

    ret_text[0] = '\0';
    if (ready->recipe->process_count > 1)
        text_format(&text, "%.*s ", (int)process->name.len, process->name.ptr);
}

/* ---- one question ---- */

static bool is_interrupted(const struct ready *ready)
{
    return ready->stop_asked != NULL && *ready->stop_asked;
}

static enum reply ask_connect(const struct ready *ready, struct asked *a)
{
    struct sock_limit limit = { ready->deadline, ready->stop_asked };
    int fd = sock_connect(&a->addr, &limit);

    if (fd < 0)
        return REPLY_NOBODY;
    close(fd);
    return REPLY_RIGHT;
}

static bool ask_http(struct ready *ready, struct asked *a, enum reply *ret_reply, struct error *err)
{
    struct arena scratch = *ready->arena;
    int64_t left_ns = mono_diff_ns(mono_now(), ready->deadline);
    struct answer answer;

    if (!ask_until(ready->stop_asked, &a->addr, a->workload, (struct slice){ 0 },
                   left_ns > PAUSE_MAX_NS ? left_ns : PAUSE_MAX_NS, 1, &scratch, &answer, err))
        return false;
    ready->probes += answer.outcome != OUTCOME_CONNECT;
    if (answer.outcome == OUTCOME_OK ||
        (a->any_answer && (answer.outcome == OUTCOME_STATUS || answer.outcome == OUTCOME_BODY)))
        *ret_reply = REPLY_RIGHT;
    else if (answer.outcome == OUTCOME_CONNECT)
        *ret_reply = REPLY_NOBODY;
    else if (answer.outcome == OUTCOME_TIMEOUT && answer.first_byte_ns == 0)
        *ret_reply = REPLY_SILENT;
    else
        *ret_reply = REPLY_WRONG;
    if (*ret_reply == REPLY_WRONG &&
        (a->reply != REPLY_WRONG || strcmp(a->reason, answer.reason) != 0)) {
        memcpy(a->reason, answer.reason, sizeof(a->reason));
        a->wrong_since = mono_now();
    }
    return true;
}

/* Somebody listens there: is it one of ours? Asked once, the first time that a connect succeeds. */
static bool check_owner(struct ready *ready, struct asked *a, struct error *err)
{
    uint16_t port = addr_port(&a->addr);

    a->owner_known = true;
    if (port == 0) /* a Unix socket, in a folder of the target's own */
        return true;
    ready->port_taken = !taken_by_another(ready->guardian, port, err);
    return !ready->port_taken;
}

static bool ask_address(struct ready *ready, struct asked *a, struct error *err)
{
    enum reply reply;

    if (a->workload == NULL)
        reply = ask_connect(ready, a);
    else if (!ask_http(ready, a, &reply, err))
        return false;
    a->reply = reply;
    return reply == REPLY_NOBODY || a->owner_known || check_owner(ready, a, err);
}

/* ---- giving up ---- */

static bool explain_wrong(const struct ready *ready, const struct asked *a, struct error *err)
{
    char who[SUBJECT_MAX], addr[ADDR_TEXT_MAX];

    subject(ready, a->process, who);
    return error_set(err, 0, "%slistens on %s but answers wrongly: %s", who,
                     addr_text(&a->addr, addr), a->reason);
}

static bool explain_timeout(const struct ready *ready, const struct asked *a, struct error *err)
{
    char who[SUBJECT_MAX], addr[ADDR_TEXT_MAX], limit[UNITS_TEXT_MAX];

    /* The last question may have had no time for an answer; what came before it tells more. */
    if (a->reason[0] != '\0')
        return explain_wrong(ready, a, err);
    subject(ready, a->process, who);
    addr_text(&a->addr, addr);
    units_duration(ready->timeout_ns, true, limit);
    switch (a->reply) {
    case REPLY_NOBODY:
        return error_set(err, 0, "%snever listened on %s within %s%s", who, addr, limit,
                         a->process->has_port || addr_port(&a->addr) == 0
                             ? ""
                             : "; nothing in its command says {port}");
    case REPLY_SILENT:
        return error_set(err, 0, "%saccepts connections on %s and says nothing for %s", who, addr,
                         limit);
    case REPLY_WRONG:
        return explain_wrong(ready, a, err);
    case REPLY_RIGHT:
        break;
    }
    BUG("gave up on a right answer");
}

/* Whose order this is, and which of its instances. */
static const struct recipe_process *process_of(const struct recipe *recipe, size_t order,
                                               size_t *ret_instance)
{
    for (size_t i = 0; i < recipe->process_count; i++) {
        const struct recipe_process *process = &recipe->processes[i];

        *ret_instance = order - process->first_order;
        if (order >= process->first_order && *ret_instance < process->instances)
            return process;
    }
    BUG("an order that belongs to no process");
}

bool ready_explain_exit(struct ready *ready, const struct guardian_event *event, struct error *err)
{
    const struct order *order = &ready->recipe->orders[event->order];
    size_t instance;
    const struct recipe_process *process = process_of(ready->recipe, event->order, &instance);
    char text[GUARDIAN_TEXT_MAX], who[SUBJECT_MAX];

    if (process->has_port && !taken_by_another(ready->guardian, process->ports[instance], err)) {
        ready->port_taken = true;
        return false;
    }
    if (taken_is_mentioned(ready->guardian, order->command, err))
        return false;
    subject(ready, process, who);
    return error_set(err, 0, "%s%s before it answered", who,
                     guardian_status_text(event->status, text));
}

/* ---- waiting ---- */

static int64_t pause_ns(const struct ready *ready)
{
    int64_t pause_ns = mono_diff_ns(ready->begin, mono_now()) / 20;

    if (pause_ns < PAUSE_MIN_NS)
        return PAUSE_MIN_NS;
    return pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS;
}

/* Pauses, and is woken when a process of the target ends. */
static bool pause_alive(struct ready *ready, struct error *err)
{
    struct guardian_event event;

    switch (guardian_poll(ready->guardian, pause_ns(ready), &event)) {
    case GUARDIAN_QUIET:
        return true;
    case GUARDIAN_EXITED:
        return ready_explain_exit(ready, &event, err);
    case GUARDIAN_REFUSED:
        return error_set(err, event.status, "start a process");
    case GUARDIAN_GONE:
        return error_set(err, 0, "the guardian of the target has ended");
    }
    BUG("news out of range");
}

static bool wait_for_address(struct ready *ready, struct asked *a, struct error *err)
{
    for (;;) {
        if (!ask_address(ready, a, err) && !is_interrupted(ready))
            return false;
        if (is_interrupted(ready))
            return command_interrupted(err);
        if (a->reply == REPLY_RIGHT)
            return true;
        if (a->reply == REPLY_WRONG && mono_diff_ns(a->wrong_since, mono_now()) >= ready->wrong_ns)
            return explain_wrong(ready, a, err);
        if (!pause_alive(ready, err))
            return false;
        if (mono_now().ns >= ready->deadline.ns)
            return explain_timeout(ready, a, err);
    }
}

bool ready_wait(struct ready *ready, size_t process, const struct workload *workload,
                struct error *err)
{
    const struct recipe_process *asked = &ready->recipe->processes[process];
    struct workload any = { .method = SLICE("GET"), .path = asked->ready };
    bool any_answer = workload == NULL && asked->ready.ptr != NULL;

    /* A back end at an address that we do not know: there is nothing to wait for; the front end's
     * right answer tells. */
    if (asked->addresses == NULL)
        return true;
    for (size_t i = 0; i < asked->instances; i++) {
        struct asked a = { .process = asked,
                           .workload = any_answer ? &any : workload,
                           .any_answer = any_answer,
                           .addr = asked->addresses[i] };

        if (!wait_for_address(ready, &a, err))
            return false;
    }
    return true;
}
