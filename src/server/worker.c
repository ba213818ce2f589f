#include "server/worker_priv.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/fault.h"

/* Accepts in a row before other connections get their turn. */
#define ACCEPT_MAX 64

/* With no descriptors left, a readable listener would keep the loop spinning. */
#define ACCEPT_PAUSE_MS 10

/* How long server_stop() waits for clients that never pause. */
#define STOP_MAX_NS (200 * MILLISECOND_NS)

#define LINGER_MAX_BYTES (1024 * 1024)

/* What waits while a client does not read, or an oracle lets it wait: the answers under way, and
 * the requests behind them. */
struct blocked {
    struct blocked *next; /* held back by an oracle, as the next three */
    int64_t leaves_ns;
    int fd;
    uint8_t end; /* of the connection, afterwards */
    struct out out;
    size_t input_len;
    char input[];
};

enum sent { SENT_ALL, SENT_PART, SENT_DEAD };

static void drop(struct worker *w, int fd)
{
    struct conn *conn = &w->conns[fd];

    free(conn->blocked);
    free(conn->parser);
    *conn = (struct conn){ 0 };
    close(fd); /* leaves the epoll set by itself */
}

/* Level-triggered: one read an event is then always right. Edge-triggered was measured 1 % cheaper
 * (5.20 against 5.25 us a request, wrk -c 64, 2026-11-21), which does not pay for the care it
 * wants. */
static bool watch(struct worker *w, int fd, uint32_t wanted)
{
    struct conn *conn = &w->conns[fd];
    struct epoll_event event = { .events = wanted, .data.fd = fd };

    if (conn->watched == wanted)
        return true;
    if (epoll_ctl(w->epoll, conn->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) < 0)
        return false;
    conn->watched = wanted;
    return true;
}

/* What is recalled of a head has no target, which an echo needs. */
static bool may_learn(const struct worker *w)
{
    return w->oracle == NULL || !behave_echoes(&w->oracle->plan->behave);
}

/* http1_step(), with the short way for a head that is the same as the one before. */
static enum http1_step next_step(struct worker *w, struct http1 *p, struct slice *input)
{
    struct slice from = *input, body;
    bool fresh = http1_is_fresh(p);
    enum http1_step step;

    if (fresh && http1_recall(p, &w->known, input))
        return HTTP1_HEAD;
    step = http1_step(p, input, &body);
    if (step == HTTP1_HEAD && fresh && may_learn(w))
        http1_learn(&w->known, (struct slice){ from.ptr, (size_t)(input->ptr - from.ptr) }, p);
    return step;
}

static bool put_aside(struct worker *w, int fd, struct slice input)
{
    struct blocked *blocked = fault_hit(FAULT_MEMORY) ? NULL : malloc(sizeof(*blocked) + input.len);

    if (blocked == NULL)
        return false;
    out_copy(&blocked->out, &w->out);
    blocked->input_len = input.len;
    if (input.len > 0)
        memcpy(blocked->input, input.ptr, input.len);
    w->conns[fd].blocked = blocked;
    return true;
}

/* Behind all that is held already: answers leave in the order in which requests came. What becomes
 * of the connection is held back too. */
static bool hold(struct worker *w, int fd, struct slice input, int64_t leaves_ns)
{
    struct oracle *o = w->oracle;
    struct conn *conn = &w->conns[fd];

    if (!put_aside(w, fd, input))
        return false;
    conn->blocked->fd = fd;
    conn->blocked->leaves_ns = leaves_ns;
    conn->blocked->end = conn->end;
    conn->blocked->next = NULL;
    if (o->first == NULL)
        o->first = conn->blocked;
    else
        o->last->next = conn->blocked;
    o->last = conn->blocked;
    conn->held = true;
    conn->end = END_NO;
    return true;
}

/* An oracle's answer. One that has to wait leaves `out` and the input empty. */
static void answer_as_told(struct worker *w, struct conn *conn, const struct http1 *p,
                           struct slice *input)
{
    struct oracle *o = w->oracle;
    int64_t leaves_ns;

    if (!oracle_answer(o, w->answers, p, ++conn->answered, &w->out, &leaves_ns))
        conn->end = input->len > 0 ? END_LINGER : END_CLOSE;
    else if (o->plan->behave.workers > 0 && input->len == 0)
        conn->end = END_DEALT;
    if (o->first == NULL && leaves_ns <= oracle_now_ns(o))
        return;
    if (!hold(w, (int)(conn - w->conns), *input, leaves_ns))
        conn->end = END_CLOSE; /* no memory: without an answer */
    w->out.first = w->out.count = 0;
    input->len = 0;
}

/* Reads requests and collects their answers, until the input is used up, the connection ends, or
 * `out` is full; then *p is between two requests. */
static void answer(struct worker *w, struct conn *conn, struct http1 *p, struct slice *input)
{
    for (;;) {
        switch (next_step(w, p, input)) {
        case HTTP1_MORE:
            return;
        case HTTP1_HEAD:
            count(&w->requests);
            if (p->expects_continue && input->len == 0)
                respond_continue(&w->out);
            break;
        case HTTP1_BODY:
            break;
        case HTTP1_DONE:
            if (__builtin_expect(w->oracle != NULL, false)) {
                answer_as_told(w, conn, p, input);
                http1_begin(p, HTTP1_REQUEST, false, NULL, 0);
                return;
            }
            if (!respond(w->answers, p, &w->out))
                conn->end = input->len > 0 ? END_LINGER : END_CLOSE;
            http1_begin(p, HTTP1_REQUEST, false, NULL, 0);
            if (conn->end != END_NO || !out_has_room(&w->out))
                return;
            break;
        case HTTP1_BAD:
            respond_bad(p->reason, &w->out);
            conn->end = END_LINGER;
            http1_begin(p, HTTP1_REQUEST, false, NULL, 0);
            return;
        }
    }
}

static void forget_sent(struct out *out, size_t bytes)
{
    while (bytes > 0 && bytes >= out->pieces[out->first].iov_len)
        bytes -= out->pieces[out->first++].iov_len;
    if (bytes > 0) {
        struct iovec *piece = &out->pieces[out->first];

        piece->iov_base = (char *)piece->iov_base + bytes;
        piece->iov_len -= bytes;
    }
}

/* One system call, nearly always: nobody asks again after a short one, epoll tells when to go on.
 * What has to leave piece by piece is sent short on purpose.
 * MSG_MORE before a close: the last bytes wait for the FIN and share its packet (18.6 us of CPU
 * time a connection instead of 22.1: wrk -c 64 with Connection: close, 2026-11-21). */
static enum sent send_out(int fd, struct out *out, bool last)
{
    struct msghdr message = { .msg_iov = &out->pieces[out->first],
                              .msg_iovlen = out->count - out->first };
    int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (last && !out->apart ? MSG_MORE : 0);
    ssize_t sent;

    if (out->first == out->count)
        return SENT_ALL;
    if (message.msg_iovlen == 1 || out->apart)
        sent = send(fd, message.msg_iov->iov_base, message.msg_iov->iov_len, flags);
    else
        sent = sendmsg(fd, &message, flags);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR ? SENT_PART : SENT_DEAD;
    forget_sent(out, (size_t)sent);
    return out->first == out->count ? SENT_ALL : SENT_PART;
}

/* Closing a socket that holds unread bytes, or gets some afterwards, resets the connection, and the
 * reset can overtake our last answer (RFC 9112, 9.6). Where the client may still be sending, we end
 * only our side and throw away what comes until it ends its own. */
static bool linger(struct worker *w, int fd)
{
    w->conns[fd].lingers = true;
    return shutdown(fd, SHUT_WR) == 0 && watch(w, fd, EPOLLIN);
}

/* Hands a connection to the worker whose turn it is: it waits for the next request there. */
static bool deal(struct worker *w, int fd)
{
    struct oracle_plan *plan = w->oracle->plan;
    uint64_t turn = atomic_fetch_add_explicit(&plan->turn, 1, memory_order_acq_rel);
    struct worker *next = &plan->workers[behave_worker(&plan->behave, turn)];
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    struct conn moved;

    w->conns[fd].end = END_NO;
    moved = w->conns[fd];
    if (next == w)
        return watch(w, fd, EPOLLIN);
    if (moved.watched != 0 && epoll_ctl(w->epoll, EPOLL_CTL_DEL, fd, NULL) < 0)
        return false;
    w->conns[fd] = (struct conn){ 0 };
    moved.watched = EPOLLIN;
    next->conns[fd] = moved; /* before the registration: from then on it is the other's */
    if (epoll_ctl(next->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
        return true;
    next->conns[fd] = (struct conn){ 0 };
    w->conns[fd] = moved;
    return false;
}

/* All answers have left. */
static bool finish(struct worker *w, int fd)
{
    switch ((enum conn_end)w->conns[fd].end) {
    case END_NO:
        return watch(w, fd, EPOLLIN);
    case END_DEALT:
        return deal(w, fd);
    case END_CLOSE:
        return false;
    case END_LINGER:
        return linger(w, fd);
    }
    BUG("end out of range");
}

/* The worker's parser serves every connection whose requests come whole. One that stops midway gets
 * a parser of its own. */
static bool keep_parser(struct worker *w, struct conn *conn, const struct http1 *p)
{
    conn->midway = !http1_is_fresh(p);
    if (!conn->midway || p == conn->parser)
        return true;
    if (conn->parser == NULL)
        conn->parser = fault_hit(FAULT_MEMORY) ? NULL : malloc(sizeof(*p));
    if (conn->parser == NULL)
        return false;
    *conn->parser = *p;
    http1_begin(&w->parser, HTTP1_REQUEST, false, NULL, 0);
    return true;
}

/* Answers what is in `input`. False: the connection is over. */
static bool serve(struct worker *w, int fd, struct slice input)
{
    struct conn *conn = &w->conns[fd];
    struct http1 *p = conn->midway ? conn->parser : &w->parser;
    enum sent sent;

    do {
        w->out.first = w->out.count = 0;
        answer(w, conn, p, &input);
        sent = send_out(fd, &w->out, conn->end >= END_CLOSE);
    } while (sent == SENT_ALL && conn->end == END_NO && input.len > 0);
    if (!keep_parser(w, conn, p) || sent == SENT_DEAD)
        return false;
    return sent == SENT_ALL ? finish(w, fd) : put_aside(w, fd, input) && watch(w, fd, EPOLLOUT);
}

/* The socket takes bytes again, or the time has come. */
static bool unblock(struct worker *w, int fd)
{
    struct conn *conn = &w->conns[fd];
    struct blocked *blocked = conn->blocked;
    bool lives = true;

    switch (send_out(fd, &blocked->out, conn->end >= END_CLOSE)) {
    case SENT_DEAD:
        return false;
    case SENT_PART:
        return watch(w, fd, EPOLLOUT);
    case SENT_ALL:
        break;
    }
    conn->blocked = NULL;
    if (conn->end == END_NO && blocked->input_len > 0)
        lives = serve(w, fd, (struct slice){ blocked->input, blocked->input_len });
    else
        lives = finish(w, fd);
    free(blocked);
    return lives;
}

static bool readable(struct worker *w, int fd)
{
    struct conn *conn = &w->conns[fd];
    ssize_t got = recv(fd, w->buffer, sizeof(w->buffer), MSG_DONTWAIT);

    if (got == 0)
        return false;
    if (got < 0)
        return (errno == EAGAIN || errno == EINTR) && watch(w, fd, EPOLLIN);
    if (conn->lingers) {
        conn->lingered_bytes += (uint32_t)got;
        return conn->lingered_bytes < LINGER_MAX_BYTES;
    }
    return serve(w, fd, (struct slice){ w->buffer, (size_t)got });
}

/* An oracle that is late does not want to know who waits. */
static uint32_t listener_events(const struct worker *w)
{
    bool late = w->oracle != NULL && w->oracle->plan->behave.accept_every_ns > 0;

    return w->accepting && !late ? EPOLLIN : 0;
}

static void set_accepting(struct worker *w, bool accepting)
{
    struct epoll_event event = { .data.fd = w->listener };

    w->accepting = accepting;
    event.events = listener_events(w);
    BUG_IF(epoll_ctl(w->epoll, EPOLL_CTL_MOD, w->listener, &event) < 0);
}

static bool begin_conn(struct worker *w, int fd)
{
    if (w->oracle != NULL && w->oracle->plan->behave.workers > 0)
        return deal(w, fd);
    return readable(w, fd);
}

/* The first request is usually there with the handshake: reading at once saves the round through
 * epoll, and for one request a connection also the registration. */
static void accept_some(struct worker *w)
{
    for (int i = 0; i < ACCEPT_MAX; i++) {
        int fd = accept4(w->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                set_accepting(w, false);
            return;
        }
        count(&w->connections);
        if ((uint32_t)fd >= w->conn_limit)
            close(fd);
        else if (!begin_conn(w, fd))
            drop(w, fd);
    }
}

/* While an answer is held back its client may ask on, or leave: both are looked at afterwards. */
static bool blocked_is_ready(struct worker *w, int fd)
{
    if (!w->conns[fd].held)
        return unblock(w, fd);
    w->conns[fd].watched = 0;
    return epoll_ctl(w->epoll, EPOLL_CTL_DEL, fd, NULL) == 0;
}

static void happen(struct worker *w, int fd)
{
    bool lives;

    if (fd == w->listener) {
        accept_some(w);
        return;
    }
    if (fd == w->stop) {
        w->stopping = true;
        epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->stop, NULL);
        return;
    }
    lives = w->conns[fd].blocked != NULL ? blocked_is_ready(w, fd) : readable(w, fd);
    if (!lives)
        drop(w, fd);
}

static int wait_ms(const struct worker *w)
{
    if (w->stopping)
        return 0;
    return w->accepting ? -1 : ACCEPT_PAUSE_MS;
}

/* ---- an oracle's time ---- */

static void release_due(struct worker *w, int64_t now_ns)
{
    struct oracle *o = w->oracle;

    while (o->first != NULL && o->first->leaves_ns <= now_ns) {
        const struct blocked *held = o->first;
        int fd = held->fd;

        o->first = held->next;
        w->conns[fd].held = false;
        w->conns[fd].end = held->end;
        if (!unblock(w, fd))
            drop(w, fd);
    }
}

static void run_timers(struct worker *w)
{
    struct oracle *o = w->oracle;
    int64_t every_ns = o->plan->behave.accept_every_ns;
    int64_t now_ns = oracle_now_ns(o);

    release_due(w, now_ns);
    if (every_ns == 0 || now_ns < o->accept_at_ns)
        return;
    o->accept_at_ns = (now_ns / every_ns + 1) * every_ns;
    accept_some(w);
}

/* What is due, then until something happens or is due. Not with a timeout in milliseconds: answers
 * leave when they have to. */
static int wait_as_told(struct worker *w)
{
    const struct oracle *o = w->oracle;
    struct timespec patience = { 0 };
    int64_t due_ns, left_ns;

    run_timers(w);
    due_ns = o->plan->behave.accept_every_ns > 0 ? o->accept_at_ns : INT64_MAX;
    if (o->first != NULL && o->first->leaves_ns < due_ns)
        due_ns = o->first->leaves_ns;
    if (due_ns == INT64_MAX || w->stopping || !w->accepting)
        return epoll_wait(w->epoll, w->events, EVENTS_MAX, wait_ms(w));
    left_ns = due_ns - oracle_now_ns(o);
    if (left_ns > 0)
        patience = (struct timespec){ left_ns / SECOND_NS, left_ns % SECOND_NS };
    return epoll_pwait2(w->epoll, w->events, EVENTS_MAX, &patience, NULL);
}

/* ---- the loop ---- */

void *worker_run(void *worker)
{
    struct worker *w = worker;
    struct mono stop_by = MONO_NEVER;

    if (w->oracle != NULL)
        prctl(PR_SET_TIMERSLACK, 1); /* the kernel may be late by 50 us otherwise */

    /* Once told to stop: until nothing is ready, and not for ever. */
    for (;;) {
        bool paused = !w->accepting;
        int ready = w->oracle != NULL ? wait_as_told(w)
                                      : epoll_wait(w->epoll, w->events, EVENTS_MAX, wait_ms(w));

        for (int i = 0; i < ready; i++)
            happen(w, w->events[i].data.fd);
        if (paused)
            set_accepting(w, true);
        if (!w->stopping)
            continue;
        if (stop_by.ns == MONO_NEVER.ns)
            stop_by = mono_after(mono_now(), STOP_MAX_NS);
        else if (ready <= 0 || mono_now().ns >= stop_by.ns)
            return NULL;
    }
}

bool worker_open(struct worker *w, struct error *err)
{
    struct epoll_event listener = { .data.fd = w->listener };
    struct epoll_event stop = { .events = EPOLLIN, .data.fd = w->stop };

    w->accepting = true;
    listener.events = listener_events(w);
    http1_begin(&w->parser, HTTP1_REQUEST, false, NULL, 0);
    if (fault_hit(FAULT_OPEN))
        return error_set(err, EMFILE, "open epoll");
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll < 0)
        return error_set(err, errno, "open epoll");
    if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->listener, &listener) < 0 ||
        epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->stop, &stop) < 0) {
        close(w->epoll);
        return error_set(err, errno, "watch the listening socket");
    }
    return true;
}

/* A connection that lives is registered with epoll, or its answer is held back. */
void worker_close(struct worker *w)
{
    for (uint32_t fd = 0; fd < w->conn_limit; fd++) {
        if (w->conns[fd].watched != 0 || w->conns[fd].blocked != NULL)
            drop(w, (int)fd);
    }
    close(w->epoll);
}
