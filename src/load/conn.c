/* The life of one request, from due to its outcome. */
#include "load/worker_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/sabotage.h"

/* An answer that runs on past the body it should have is given up after this much. */
#define OVERLONG_BYTES (64u << 10)

int64_t worker_backoff_ns(unsigned step)
{
    int64_t wait_ns = BACKOFF_FIRST_NS << step;

    return wait_ns < BACKOFF_MAX_NS ? wait_ns : BACKOFF_MAX_NS;
}

bool worker_in_window(const struct worker *w, struct mono now)
{
    return now.ns >= w->begin.ns && now.ns <= w->end.ns;
}

static bool take_one(uint64_t *quota)
{
    if (*quota == 0)
        return false;
    (*quota)--;
    return true;
}

bool worker_may_start(struct worker *w, struct mono now)
{
    if (w->stopping || now.ns >= w->end.ns)
        return false;
    if (w->begin.ns == MONO_NEVER.ns)
        return take_one(&w->warmup_quota);
    return !w->by_count || now.ns < w->begin.ns || take_one(&w->quota);
}

/* ---- sending ---- */

static struct slice request_bytes(struct worker *w, uint32_t slot)
{
    const struct request_text *request = &w->plan->request;
    struct conn *c = &w->conns[slot];
    char *own;

    if (request->nonce_count == 0)
        return request->bytes;
    own = w->requests + (size_t)slot * request->bytes.len;
    for (size_t i = 0; i < request->nonce_count; i++)
        memcpy(own + request->nonce_at[i], c->nonce, sizeof(c->nonce));
    return (struct slice){ own, request->bytes.len };
}

static const struct addr *address_of(const struct worker *w, uint32_t slot)
{
    /* Slots of all workers together take the addresses in turn. */
    size_t turn = (size_t)slot * w->plan->load.threads + w->index;

    return &w->plan->addresses[turn % w->plan->address_count];
}

static void begin_connect(struct worker *w, uint32_t slot, enum conn_state state, struct mono now)
{
    struct conn *c = &w->conns[slot];

    c->state = (uint8_t)state;
    c->answers = 0;
    c->connect_began = now;
    w->connecting++;
    ring_connect(w->ring, slot, address_of(w, slot));
}

/* Sends the request that *c describes, over a fresh connection if there is none. Its life counts
 * from the moment in which it was sent first. */
static void send_request(struct worker *w, uint32_t slot, struct mono now)
{
    struct conn *c = &w->conns[slot];
    const struct contract *contract = &w->plan->contract;
    struct slice bytes = request_bytes(w, slot);

    c->answering = false;
    c->wrong = OUTCOME_OK;
    http1_begin(&c->parser, HTTP1_RESPONSE, contract->answers_head, contract->watch,
                contract->watch_count);
    c->fresh = c->state != CONN_IDLE;
    if (c->fresh) {
        begin_connect(w, slot, CONN_CONNECTING, now);
    } else {
        c->state = CONN_BUSY;
        w->tally->bytes_sent += bytes.len;
    }
    list_insert(w, &w->in_flight, slot, c->sent);
    w->with_request++;
    ring_send(w->ring, slot, bytes);
}

/* Uses CPU. By the clock of all, not the thread's: that one takes a system call, 1 us on a slow
 * machine, which is more than is to be burnt; and to be preempted in here is rare. */
static void burn(int64_t duration_ns)
{
    struct mono until;

    if (duration_ns <= 0)
        return;
    until = mono_after(mono_now(), duration_ns);
    while (mono_now().ns < until.ns)
        ;
}

/* Out of line: few loads ask for it, and all others would save registers for it. */
__attribute__((noinline)) static void prepare_request(struct worker *w, uint32_t slot)
{
    if (w->plan->request.nonce_count > 0)
        request_nonce_digits(rng_next(&w->nonces), w->conns[slot].nonce);
    /* Before it leaves, as all the generator's work: behind it, it would go on beside the server's,
     * and one connection would not get slower by it. */
    burn(w->plan->burn_ns + sabotage_burn_ns());
}

void conn_start(struct worker *w, uint32_t slot, struct mono due, struct mono now)
{
    struct conn *c = &w->conns[slot];

    c->due = due;
    c->sent = now;
    c->resent = false;
    c->measured = due.ns >= w->begin.ns && due.ns < w->end.ns;
    if (c->measured) {
        w->tally->scheduled++;
        w->tally->sent++;
    } else {
        w->tally->warmup++;
    }
    if (w->prepares)
        prepare_request(w, slot);
    send_request(w, slot, now);
}

void conn_open(struct worker *w, uint32_t slot, struct mono now)
{
    begin_connect(w, slot, CONN_OPENING, now);
    list_append(w, &w->in_flight, slot, now);
}

/* ---- free connections ---- */

/* `c->state` says whether the connection is still open. */
void conn_free(struct worker *w, uint32_t slot, struct mono now)
{
    struct conn *c = &w->conns[slot];

    if (w->plan->load.model == LOAD_CLOSED) {
        if (worker_may_start(w, now))
            conn_start(w, slot, now, now);
        return;
    }
    if (c->state == CONN_CLOSED && !w->one_shot && !w->stopping && now.ns < w->end.ns) {
        conn_open(w, slot, now);
        return;
    }
    if (w->idle.head == NO_CONN)
        w->idle_since = now;
    list_append(w, &w->idle, slot, now);
    worker_dispatch(w, now);
}

static void back_off(struct worker *w, uint32_t slot, struct mono now)
{
    struct conn *c = &w->conns[slot];

    c->state = CONN_BACKOFF;
    list_append(w, &w->backoff[c->backoff_step], slot, now);
    if (c->backoff_step < BACKOFF_STEPS - 1)
        c->backoff_step++;
}

void conn_backed_off(struct worker *w, unsigned step, struct mono now)
{
    uint32_t slot = w->backoff[step].head;

    list_remove(w, &w->backoff[step], slot);
    w->conns[slot].state = CONN_CLOSED;
    conn_free(w, slot, now);
}

/* ---- ending ---- */

static void conn_close(struct worker *w, uint32_t slot, bool by_server)
{
    struct conn *c = &w->conns[slot];

    if (by_server)
        w->tally->closed_by_server++;
    else
        w->tally->closed_by_client++;
    if (c->answers == 1)
        w->tally->ended_after_one++;
    ring_close(w->ring, slot);
    c->state = CONN_CLOSED;
}

/* Takes the connection out of the flight. */
static void land(struct worker *w, uint32_t slot)
{
    struct conn *c = &w->conns[slot];

    list_remove(w, &w->in_flight, slot);
    if (c->state == CONN_CONNECTING || c->state == CONN_OPENING)
        w->connecting--;
    if (c->state == CONN_CONNECTING || c->state == CONN_BUSY)
        w->with_request--;
}

/* By count the window is made of its own requests; its end is not known until an interrupt sets it.
 */
static bool counts_in_window(const struct worker *w, const struct conn *c, struct mono now)
{
    return (!w->by_count || c->measured) && worker_in_window(w, now);
}

static void count_right(struct worker *w, struct conn *c, struct mono now)
{
    struct tally *t = w->tally;

    window_right(w, now);
    if (counts_in_window(w, c, now)) {
        t->ok_in_window++;
        c->right++;
    }
    if (!c->measured)
        return;
    t->ok++;
    histogram_record(&t->response, mono_diff_ns(c->due, now));
    histogram_record(&t->first_byte, mono_diff_ns(c->sent, c->first_byte));
    /* In a closed loop a request is due when it is sent: engine_finish() copies. */
    if (w->plan->load.model == LOAD_OPEN)
        histogram_record(&t->service, mono_diff_ns(c->sent, now));
}

static void count_wrong(struct worker *w, const struct conn *c, enum outcome outcome,
                        struct mono now)
{
    struct tally *t = w->tally;

    if (counts_in_window(w, c, now))
        w->failed_in_window++;
    if (!c->measured)
        return;
    t->failed[outcome]++;
    if (outcome != OUTCOME_TIMEOUT)
        return;
    histogram_record_censored(&t->response, mono_diff_ns(c->due, now));
    /* A second has times of right answers only: this one passes for folded already. */
    histogram_record(w->folded, mono_diff_ns(c->due, now));
    if (w->plan->load.model == LOAD_OPEN)
        histogram_record_censored(&t->service, mono_diff_ns(c->sent, now));
}

/* What becomes of the connection behind an outcome. */
enum conn_end { CONN_KEPT, CONN_ENDED_BY_SERVER, CONN_ENDED_BY_US };

/* The request has its outcome. */
static void conn_finish(struct worker *w, uint32_t slot, enum outcome outcome, enum conn_end then,
                        struct mono now)
{
    struct conn *c = &w->conns[slot];
    bool was_connecting = c->state == CONN_CONNECTING;
    /* Not let in, or sent away without a word: not to be asked again at once. */
    bool unwelcome =
        outcome == OUTCOME_CONNECT || (then == CONN_ENDED_BY_SERVER && !c->answering && c->fresh);

    land(w, slot);
    if (outcome == OUTCOME_OK)
        count_right(w, c, now);
    else
        count_wrong(w, c, outcome, now);
    if (c->measured)
        w->last_done = now;
    if (then == CONN_KEPT) {
        c->state = CONN_IDLE;
    } else if (was_connecting) {
        ring_close(w->ring, slot); /* never was a connection */
        c->state = CONN_CLOSED;
    } else {
        conn_close(w, slot, then == CONN_ENDED_BY_SERVER);
    }
    if (unwelcome)
        back_off(w, slot, now);
    else
        conn_free(w, slot, now);
}

/* A request that was asked, or due, then has had no whole answer until now. */
static void count_silence(struct worker *w, struct mono asked, struct mono now)
{
    if (w->silent_from.ns < w->last_answer.ns)
        w->silent_from = asked.ns > w->last_answer.ns ? asked : w->last_answer;
    w->silent_to = now;
}

static void conn_fail(struct worker *w, uint32_t slot, enum outcome outcome, int sys,
                      struct slice input, struct mono now)
{
    bool by_server = outcome == OUTCOME_CLOSED_EARLY || outcome == OUTCOME_RESET;

    count_silence(w, w->conns[slot].sent, now);
    if (w->conns[slot].measured)
        conn_keep_example(w, slot, outcome, sys, input);
    conn_finish(w, slot, outcome, by_server ? CONN_ENDED_BY_SERVER : CONN_ENDED_BY_US, now);
}

/* ---- what the ring tells ---- */

static void on_connected(struct worker *w, uint32_t slot, struct mono now)
{
    struct conn *c = &w->conns[slot];

    w->tally->opened++;
    w->connecting--;
    histogram_record(&w->tally->connect, mono_diff_ns(c->connect_began, now));
    if (c->state == CONN_CONNECTING) {
        c->state = CONN_BUSY;
        w->tally->bytes_sent += w->plan->request.bytes.len;
        return;
    }
    list_remove(w, &w->in_flight, slot);
    c->state = CONN_IDLE;
    conn_free(w, slot, now);
}

/* A reused connection that ends before the first byte of an answer is no verdict on the request:
 * the server may have closed it before the request arrived (RFC 9110, 9.2.2 and 9112, 9.3.1). */
static bool send_once_more(struct worker *w, uint32_t slot, struct mono now)
{
    struct conn *c = &w->conns[slot];

    if (c->state != CONN_BUSY || c->answering || c->fresh || c->resent)
        return false;
    land(w, slot);
    conn_close(w, slot, true);
    c->resent = true;
    w->tally->resent++;
    send_request(w, slot, now);
    return true;
}

static void on_lost_idle(struct worker *w, uint32_t slot, struct mono now)
{
    struct conn *c = &w->conns[slot];
    bool lasted = mono_diff_ns(c->connect_began, now) > worker_backoff_ns(c->backoff_step);

    BUG_IF(c->state != CONN_IDLE);
    conn_close(w, slot, true);
    if (w->plan->load.model == LOAD_CLOSED)
        return; /* parked: the drive is over for it */
    list_remove(w, &w->idle, slot);
    if (lasted)
        conn_free(w, slot, now);
    else
        back_off(w, slot, now); /* a server that accepts and closes is not to be asked at once */
}

static void count_connect_failed(struct tally *t, int sys)
{
    if (t->connect_failed++ == 0)
        t->connect_sys = sys;
    if (sys == EADDRNOTAVAIL)
        t->out_of_ports++;
}

/* A connection of the pool did not come about. */
static void pool_failed(struct worker *w, uint32_t slot, int sys, struct mono now)
{
    struct mono due = pacer_next(&w->pacer);

    count_connect_failed(w->tally, sys);
    if (w->idle.head == NO_CONN && due.ns <= now.ns)
        count_silence(w, due, now); /* a request waits for it */
    land(w, slot);
    ring_close(w->ring, slot);
    back_off(w, slot, now);
}

static void on_failed(struct worker *w, uint32_t slot, int sys, struct mono now)
{
    struct conn *c = &w->conns[slot];

    switch ((enum conn_state)c->state) {
    case CONN_OPENING:
        pool_failed(w, slot, sys, now);
        return;
    case CONN_CONNECTING:
        count_connect_failed(w->tally, sys);
        conn_fail(w, slot, OUTCOME_CONNECT, sys, SLICE(""), now);
        return;
    case CONN_BUSY:
        if (!send_once_more(w, slot, now))
            conn_fail(w, slot, OUTCOME_RESET, sys, SLICE(""), now);
        return;
    case CONN_IDLE:
        on_lost_idle(w, slot, now);
        return;
    case CONN_CLOSED:
    case CONN_BACKOFF:
        BUG("the ring spoke of a closed connection");
    }
}

/* The next request would be spoilt: by bytes that are no part of its answer, or by the rest of the
 * last request, which the server answered before it had come. */
static bool is_spent(const struct worker *w, uint32_t slot, struct slice rest)
{
    return rest.len > 0 || (w->may_end && (w->one_shot || ring_sending(w->ring, slot)));
}

static void answer_complete(struct worker *w, uint32_t slot, struct slice input, struct slice rest,
                            struct mono now)
{
    struct conn *c = &w->conns[slot];
    const struct contract *contract = &w->plan->contract;
    enum conn_end then = !c->parser.keeps          ? CONN_ENDED_BY_SERVER
                         : is_spent(w, slot, rest) ? CONN_ENDED_BY_US
                                                   : CONN_KEPT;

    c->answers++;
    w->last_answer = now;
    c->backoff_step = 0;
    if (c->wrong == OUTCOME_OK && contract->body_known && !contract->answers_head &&
        c->parser.body_bytes != contract->body.len) {
        c->wrong = OUTCOME_BODY;
        c->wrong_at = UINT64_MAX;
    }
    if (rest.len > 0)
        c->wrong = OUTCOME_PROTOCOL;
    if (c->wrong != OUTCOME_OK && c->measured)
        conn_keep_example(w, slot, (enum outcome)c->wrong, 0, input);
    conn_finish(w, slot, (enum outcome)c->wrong, then, now);
}

/* True: go on reading. False: the answer is given up. */
static bool check_piece(const struct worker *w, struct conn *c, struct slice piece)
{
    const struct contract *contract = &w->plan->contract;
    uint64_t offset = c->parser.body_bytes - piece.len;

    if (!contract->body_known)
        return true;
    if (c->wrong == OUTCOME_OK && !contract_piece_matches(contract, c->nonce, offset, piece)) {
        c->wrong = OUTCOME_BODY;
        c->wrong_at = offset;
    }
    return c->wrong != OUTCOME_BODY || c->parser.body_bytes <= contract->body.len + OVERLONG_BYTES;
}

static void check_head(struct worker *w, struct conn *c, struct slice whole_head)
{
    c->wrong = (uint8_t)contract_check_head(&w->plan->contract, &c->parser);
    if (c->wrong == OUTCOME_OK && whole_head.len > 0)
        http1_learn(&w->known, whole_head, &c->parser);
}

static void on_data(struct worker *w, uint32_t slot, struct slice input, struct mono now)
{
    struct conn *c = &w->conns[slot];
    struct slice rest = input;
    struct slice piece;
    bool from_first_byte = !c->answering;

    w->tally->bytes_received += input.len;
    if (c->state != CONN_BUSY) {
        on_lost_idle(w, slot, now); /* nobody asked: the next answer could not be told from this */
        return;
    }
    if (!c->answering) {
        c->answering = true;
        c->first_byte = now;
        http1_recall(&c->parser, &w->known, &rest);
    }
    for (;;) {
        switch (http1_step(&c->parser, &rest, &piece)) {
        case HTTP1_MORE:
            if (c->wrong != OUTCOME_OK || !http1_has_head(&c->parser))
                conn_keep_beginning(w, slot, input);
            return;
        case HTTP1_HEAD:
            check_head(
                w, c,
                (struct slice){ input.ptr, from_first_byte ? (size_t)(rest.ptr - input.ptr) : 0 });
            break;
        case HTTP1_BODY:
            if (check_piece(w, c, piece))
                break;
            conn_fail(w, slot, OUTCOME_BODY, 0, input, now);
            return;
        case HTTP1_DONE:
            answer_complete(w, slot, input, rest, now);
            return;
        case HTTP1_BAD:
            conn_fail(w, slot, OUTCOME_PROTOCOL, 0, input, now);
            return;
        }
    }
}

static void on_end(struct worker *w, uint32_t slot, struct mono now)
{
    struct conn *c = &w->conns[slot];

    if (c->state == CONN_IDLE) {
        on_lost_idle(w, slot, now);
        return;
    }
    if (c->state != CONN_BUSY) {
        on_failed(w, slot, ECONNRESET, now); /* the end of a connection that never began */
        return;
    }
    if (c->answering && http1_end(&c->parser) == HTTP1_DONE)
        answer_complete(w, slot, SLICE(""), SLICE(""), now);
    else if (!send_once_more(w, slot, now))
        conn_fail(w, slot, OUTCOME_CLOSED_EARLY, 0, SLICE(""), now);
}

void conn_event(struct worker *w, const struct ring_event *event, struct mono now)
{
    switch (event->what) {
    case RING_DATA:
        on_data(w, event->slot, event->data, now);
        return;
    case RING_CONNECTED:
        on_connected(w, event->slot, now);
        return;
    case RING_END:
        on_end(w, event->slot, now);
        return;
    case RING_FAILED:
        on_failed(w, event->slot, event->sys, now);
        return;
    }
    BUG("ring event out of range");
}

void conn_timed_out(struct worker *w, uint32_t slot, struct mono now)
{
    switch ((enum conn_state)w->conns[slot].state) {
    case CONN_OPENING:
        pool_failed(w, slot, ETIMEDOUT, now);
        return;
    case CONN_CONNECTING:
        count_connect_failed(w->tally, ETIMEDOUT);
        conn_fail(w, slot, OUTCOME_TIMEOUT, ETIMEDOUT, SLICE(""), now);
        return;
    case CONN_BUSY:
        conn_fail(w, slot, OUTCOME_TIMEOUT, 0, SLICE(""), now);
        return;
    case CONN_CLOSED:
    case CONN_IDLE:
    case CONN_BACKOFF:
        BUG("who is not in flight timed out");
    }
}
