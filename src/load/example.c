/* Examples of wrong answers: why each is wrong, and how it began. All of it is rare. */
#include "load/worker_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/units.h"

/* ---- how it began ---- */

static bool is_under_way(const struct worker *w, const struct beginning *b)
{
    const struct conn *c = &w->conns[b->slot];

    return b->len > 0 && c->state == CONN_BUSY && c->sent.ns == b->sent.ns;
}

/* What was kept of this connection's answer, or NULL. */
static struct beginning *beginning_of(struct worker *w, uint32_t slot)
{
    for (size_t i = 0; i < BEGINNINGS_MAX; i++)
        if (w->beginnings[i].slot == slot && is_under_way(w, &w->beginnings[i]))
            return &w->beginnings[i];
    return NULL;
}

static struct beginning *new_beginning(struct worker *w, uint32_t slot)
{
    for (size_t i = 0; i < BEGINNINGS_MAX; i++) {
        struct beginning *b = &w->beginnings[i];

        if (is_under_way(w, b))
            continue;
        b->slot = slot;
        b->sent = w->conns[slot].sent;
        b->len = 0;
        return b;
    }
    return NULL;
}

static void add_bytes(struct beginning *b, struct slice input)
{
    size_t room = sizeof(b->bytes) - b->len;
    size_t taken = input.len < room ? input.len : room;

    memcpy(b->bytes + b->len, input.ptr, taken);
    b->len = (uint16_t)(b->len + taken);
}

void conn_keep_beginning(struct worker *w, uint32_t slot, struct slice input)
{
    struct beginning *b = beginning_of(w, slot);

    if (b == NULL)
        b = new_beginning(w, slot);
    if (b != NULL)
        add_bytes(b, input);
}

/* ---- why it is wrong ---- */

static void explain_body(const struct worker *w, const struct conn *c, char *ret_reason,
                         size_t size)
{
    const struct http1 *p = &c->parser;
    uint8_t wanted = (uint8_t)((1u << w->plan->contract.watch_count) - 1);

    for (uint8_t i = 0; i < w->plan->contract.watch_count; i++)
        if ((p->watch_equal & wanted & (1u << i)) == 0) {
            snprintf(ret_reason, size, "header %.*s is not as expected",
                     (int)w->plan->contract.watch[i].name.len, w->plan->contract.watch[i].name.ptr);
            return;
        }
    if (p->body_bytes > w->plan->contract.body.len || c->wrong_at == UINT64_MAX)
        snprintf(ret_reason, size, "body has %s%llu byte%s, expected %zu",
                 c->wrong_at == UINT64_MAX ? "" : "at least ", (unsigned long long)p->body_bytes,
                 units_plural(p->body_bytes), w->plan->contract.body.len);
    else
        snprintf(ret_reason, size, "body differs in the %zu byte%s from byte %llu",
                 (size_t)(p->body_bytes - c->wrong_at), units_plural(p->body_bytes - c->wrong_at),
                 (unsigned long long)c->wrong_at);
}

static void explain(const struct worker *w, const struct conn *c, enum outcome outcome, int sys,
                    char *ret_reason, size_t size)
{
    switch (outcome) {
    case OUTCOME_STATUS:
        snprintf(ret_reason, size, "%u", c->parser.status);
        break;
    case OUTCOME_BODY:
        explain_body(w, c, ret_reason, size);
        break;
    case OUTCOME_PROTOCOL:
        snprintf(ret_reason, size, "%s",
                 c->parser.reason != NULL ? c->parser.reason : "bytes after the end of the answer");
        break;
    case OUTCOME_CLOSED_EARLY:
        snprintf(ret_reason, size, "closed after %llu byte%s of body",
                 (unsigned long long)c->parser.body_bytes, units_plural(c->parser.body_bytes));
        if (!c->answering)
            snprintf(ret_reason, size, "closed without an answer");
        break;
    case OUTCOME_TIMEOUT:
        snprintf(ret_reason, size, "no %s within %.3g s",
                 c->state == CONN_CONNECTING ? "connection" : "complete answer",
                 (double)w->plan->load.timeout_ns / 1e9);
        break;
    case OUTCOME_CONNECT:
    case OUTCOME_RESET:
    case OUTCOME_TLS:
        snprintf(ret_reason, size, "%s", strerrordesc_np(sys));
        break;
    case OUTCOME_OK:
    case OUTCOME_KINDS:
        BUG("an example of a right answer");
    }
}

void conn_keep_example(struct worker *w, uint32_t slot, enum outcome outcome, int sys,
                       struct slice input)
{
    const struct conn *c = &w->conns[slot];
    struct beginning *b;
    char reason[sizeof(w->tally->examples[0].reason)] = "";
    uint16_t status = c->answering ? c->parser.status : 0;

    if (tally_example_again(w->tally, outcome, sys, status))
        return;
    b = beginning_of(w, slot);
    if (b != NULL) {
        add_bytes(b, input);
        input = (struct slice){ b->bytes, b->len };
    }
    explain(w, c, outcome, sys, reason, sizeof(reason));
    tally_example(w->tally, outcome, sys, status, reason, input.ptr, input.len);
}
