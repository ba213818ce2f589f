#include "load/ask.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/rng.h"
#include "base/units.h"
#include "load/ask_words_priv.h"
#include "load/request.h"
#include "net/sock.h"
#include "proto/http1.h"

static const struct slice NONCE_MARK = SLICE("{nonce}");

#define SHOWN_MAX 48 /* bytes of a body that are quoted in a reason, before escaping */

/* ---- is the body right ---- */

static bool reason_set(char *ret_reason, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static bool reason_set(char *ret_reason, size_t size, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(ret_reason, size, fmt, args);
    va_end(args);
    return false;
}

/* The first bytes from `at` on, escaped, in quotes; in `ret_shown`, of at least 4 * SHOWN_MAX + 8.
 */
#define SHOWN_TEXT_MAX (4 * SHOWN_MAX + 8)
static const char *show(struct slice bytes, size_t at, char *ret_shown)
{
    struct text text = { ret_shown, 0, SHOWN_TEXT_MAX, false };
    struct slice rest = { bytes.ptr + at, bytes.len - at };

    text_add(&text, SLICE("'"));
    text_add_escaped(&text,
                     (struct slice){ rest.ptr, rest.len < SHOWN_MAX ? rest.len : SHOWN_MAX });
    text_add(&text, rest.len > SHOWN_MAX ? SLICE("...'") : SLICE("'"));
    return ret_shown;
}

/* `pattern` with its marks replaced by the nonce; to be freed, NULL when there is no memory. */
static char *with_nonce(struct slice pattern, struct slice nonce, size_t *ret_len)
{
    size_t marks = pattern.len / NONCE_MARK.len;
    char *filled = malloc(pattern.len + marks * nonce.len + 1);
    size_t len = 0;

    if (filled == NULL)
        return NULL;
    for (size_t i = 0; i < pattern.len;) {
        struct slice rest = { pattern.ptr + i, pattern.len - i };

        if (nonce.len > 0 && slice_starts(rest, NONCE_MARK)) {
            memcpy(filled + len, nonce.ptr, nonce.len);
            len += nonce.len;
            i += NONCE_MARK.len;
        } else {
            filled[len++] = pattern.ptr[i++];
        }
    }
    filled[len] = '\0';
    *ret_len = len;
    return filled;
}

static bool bytes_match(struct slice wanted, struct slice body, char *ret_reason, size_t size)
{
    char got_shown[SHOWN_TEXT_MAX], wanted_shown[SHOWN_TEXT_MAX];
    size_t at = 0;

    if (slice_equal(wanted, body))
        return true;
    while (at < wanted.len && at < body.len && wanted.ptr[at] == body.ptr[at])
        at++;
    if (at == wanted.len || at == body.len)
        return reason_set(ret_reason, size, "body has %zu byte%s, expected %zu: it %s %s", body.len,
                          units_plural(body.len), wanted.len, at == body.len ? "lacks" : "also has",
                          at == body.len ? show(wanted, at, wanted_shown)
                                         : show(body, at, got_shown));
    return reason_set(ret_reason, size, "body differs at byte %zu: %s, expected %s", at,
                      show(body, at, got_shown), show(wanted, at, wanted_shown));
}

static bool json_matches(struct slice wanted, struct slice body, char *ret_reason, size_t size)
{
    /* JSON_DECODE_ANY: a bare string or number is a JSON text too. */
    const size_t flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES;
    char got_shown[SHOWN_TEXT_MAX], wanted_shown[SHOWN_TEXT_MAX];
    json_error_t why;
    json_t *right, *got;
    bool equal;

    right = json_loadb(wanted.ptr, wanted.len, flags, &why);
    if (right == NULL)
        return reason_set(ret_reason, size, "the expected JSON is not valid: %s", why.text);
    got = json_loadb(body.ptr, body.len, flags, &why);
    if (got == NULL) {
        json_decref(right);
        return reason_set(ret_reason, size, "body is not JSON (%s): %s", why.text,
                          show(body, 0, got_shown));
    }
    equal = json_equal(right, got);
    json_decref(right);
    json_decref(got);
    if (equal)
        return true;
    return reason_set(ret_reason, size, "body has another JSON value: %s, expected %s",
                      show(body, 0, got_shown), show(wanted, 0, wanted_shown));
}

bool answer_body_matches(const struct expect *expect, struct slice body, struct slice nonce,
                         char *ret_reason, size_t size)
{
    bool as_json = expect->body.ptr == NULL;
    struct slice pattern = as_json ? expect->json : expect->body;
    struct slice wanted;
    char *filled;
    bool right;

    if (pattern.ptr == NULL)
        return true;
    if (body.ptr == NULL)
        body = SLICE("");
    filled = with_nonce(pattern, nonce, &wanted.len);
    if (filled == NULL)
        return reason_set(ret_reason, size, "no memory to compare the body");
    wanted.ptr = filled;
    right = as_json ? json_matches(wanted, body, ret_reason, size)
                    : bytes_match(wanted, body, ret_reason, size);
    free(filled);
    return right;
}

/* ---- one answer ---- */

struct asker {
    const struct addr *addr;
    const struct workload *workload;
    struct request_text request;
    char *bytes; /* of the request, with the nonce of the moment */
    char nonce[WORKLOAD_NONCE_LEN];
    struct http1_watch watches[HTTP1_WATCH_MAX];
    uint8_t watch_count;
    int64_t timeout_ns;
    struct sock_limit limit; /* of the answer of the moment */
    struct arena *arena;
    int fd; /* -1: no connection */
};

/* Bytes of one answer as they come: head and body grow in the arena, one after the other. */
struct intake {
    struct http1 parser;
    struct slice head, body;
    struct mono sent;
    bool head_done;
};

static void close_connection(struct asker *a)
{
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
}

static enum outcome fail(struct answer *answer, enum outcome outcome, int sys, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static enum outcome fail(struct answer *answer, enum outcome outcome, int sys, const char *fmt, ...)
{
    va_list args;

    answer->sys = sys;
    va_start(args, fmt);
    vsnprintf(answer->reason, sizeof(answer->reason), fmt, args);
    va_end(args);
    return outcome;
}

/* `failure`: -errno of a send or a receive. */
static enum outcome fail_sock(const struct asker *a, const struct intake *in, struct answer *answer,
                              int failure)
{
    char patience[UNITS_TEXT_MAX], system[128], line[sizeof(answer->reason)] = "";
    struct text words = TEXT(line);

    units_duration(a->timeout_ns, true, patience);
    if (failure != -ETIMEDOUT)
        return fail(answer, OUTCOME_RESET, -failure, "%s",
                    strerror_r(-failure, system, sizeof(system)));
    if (answer->first_byte_ns == 0)
        return fail(answer, OUTCOME_TIMEOUT, 0, "no answer within %s", patience);
    ask_say_unfinished(&in->parser, patience, &words);
    return fail(answer, OUTCOME_TIMEOUT, 0, "%s", line);
}

/* Adds to what is kept; false when it does not fit. The pieces of one slice are neighbours, because
 * nothing else is taken from the arena in between. */
static bool keep(struct arena *arena, struct slice *kept, const char *bytes, size_t len)
{
    char *room;

    if (len == 0)
        return true;
    if (len > (size_t)(arena->end - arena->next) || kept->len + len > ASK_BODY_MAX)
        return false;
    room = arena_new(arena, char, len);
    memcpy(room, bytes, len);
    if (kept->ptr == NULL)
        kept->ptr = room;
    BUG_IF(kept->ptr + kept->len != room);
    kept->len += len;
    return true;
}

static enum outcome fail_too_long(const struct asker *a, struct answer *answer, struct slice kept)
{
    char limit[UNITS_TEXT_MAX];
    size_t room = kept.len + (size_t)(a->arena->end - a->arena->next);

    units_bytes(room < ASK_BODY_MAX ? (double)room : (double)ASK_BODY_MAX, limit);
    return fail(answer, OUTCOME_BODY, 0, "the answer is longer than %s, the most that is looked at",
                limit);
}

/* Works through what came. *ret_done: the answer is complete, or spoilt (then the outcome is not
 * OUTCOME_OK). */
static enum outcome digest(struct asker *a, struct intake *in, struct slice input,
                           struct answer *answer, bool *ret_done)
{
    char line[sizeof(answer->reason)] = "";
    struct text words = TEXT(line);

    for (;;) {
        const char *before = input.ptr;
        struct slice piece = { 0 };
        enum http1_step step = http1_step(&in->parser, &input, &piece);
        bool fits = true;

        if (!in->head_done)
            fits = keep(a->arena, &in->head, before, (size_t)(input.ptr - before));
        else if (step == HTTP1_BODY)
            fits = keep(a->arena, &in->body, piece.ptr, piece.len);
        if (step == HTTP1_HEAD)
            in->head_done = true;
        *ret_done = !fits || step == HTTP1_DONE || step == HTTP1_BAD;
        if (!fits)
            return fail_too_long(a, answer, in->head_done ? in->body : in->head);
        if (step == HTTP1_BAD) {
            if (!in->head_done) /* for people: what came instead of a head */
                keep(a->arena, &in->head, input.ptr,
                     input.len < SHOWN_MAX + 1 ? input.len : SHOWN_MAX + 1);
            ask_say_not_http(in->head, in->parser.reason, &words);
            return fail(answer, OUTCOME_PROTOCOL, 0, "%s", line);
        }
        if (step == HTTP1_DONE && input.len > 0) {
            ask_say_overlong(&in->parser, a->request.is_head, input.len, &words);
            return fail(answer, OUTCOME_PROTOCOL, 0, "%s", line);
        }
        if (step == HTTP1_DONE || step == HTTP1_MORE)
            return OUTCOME_OK;
    }
}

static enum outcome peer_closed(struct intake *in, struct answer *answer)
{
    enum http1_step step = http1_end(&in->parser);

    if (step == HTTP1_DONE)
        return OUTCOME_OK;
    if (step == HTTP1_BAD && in->parser.reason != NULL)
        return fail(answer, OUTCOME_CLOSED_EARLY, 0, "%s", in->parser.reason);
    return fail(answer, OUTCOME_CLOSED_EARLY, 0, "the connection was closed without an answer");
}

/* Reads one whole answer. */
static enum outcome receive(struct asker *a, struct intake *in, struct answer *answer)
{
    char buffer[16384];
    bool done = false;
    enum outcome outcome = OUTCOME_OK;

    while (!done) {
        ssize_t got = sock_receive(a->fd, buffer, sizeof(buffer), &a->limit);

        if (got < 0)
            return fail_sock(a, in, answer, (int)got);
        if (got == 0)
            return peer_closed(in, answer);
        if (answer->first_byte_ns == 0)
            answer->first_byte_ns = mono_diff_ns(in->sent, mono_now());
        outcome = digest(a, in, (struct slice){ buffer, (size_t)got }, answer, &done);
    }
    return outcome;
}

/* ---- is the head right ---- */

/* The value of a header in a head that the parser has accepted; ptr NULL when it is not there. */
static struct slice head_value(struct slice head, struct slice name)
{
    while (head.len > 0) {
        const char *end = memchr(head.ptr, '\n', head.len);
        size_t len = end != NULL ? (size_t)(end - head.ptr) + 1 : head.len;
        struct slice line = { head.ptr, len };
        const char *colon;

        head.ptr += len;
        head.len -= len;
        while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
            line.len--;
        colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;
        if (colon == NULL)
            continue;
        if (slice_equal_nocase((struct slice){ line.ptr, (size_t)(colon - line.ptr) }, name))
            return slice_trim(
                (struct slice){ colon + 1, line.len - (size_t)(colon + 1 - line.ptr) });
    }
    return (struct slice){ 0 };
}

static enum outcome fail_header(struct answer *answer, const struct http1_watch *wanted)
{
    struct slice got = head_value(answer->head, wanted->name);
    char got_shown[SHOWN_TEXT_MAX], wanted_shown[SHOWN_TEXT_MAX];

    show(wanted->value, 0, wanted_shown);
    if (got.ptr == NULL)
        return fail(answer, OUTCOME_BODY, 0, "no header %.*s, expected %s", (int)wanted->name.len,
                    wanted->name.ptr, wanted_shown);
    return fail(answer, OUTCOME_BODY, 0, "header %.*s is %s, expected %s", (int)wanted->name.len,
                wanted->name.ptr, show(got, 0, got_shown), wanted_shown);
}

static enum outcome judge(const struct asker *a, const struct intake *in, struct answer *answer)
{
    const struct expect *expect = &a->workload->expect;
    struct slice nonce = { a->nonce, a->request.nonce_count > 0 ? sizeof(a->nonce) : 0 };

    if (expect->status != 0 && answer->status != expect->status)
        return fail(answer, OUTCOME_STATUS, 0, "status %u, expected %u", answer->status,
                    expect->status);
    if (expect->status == 0 && answer->status >= 400)
        return fail(answer, OUTCOME_STATUS, 0, "status %u, expected one below 400", answer->status);
    for (uint8_t i = 0; i < a->watch_count; i++)
        if ((in->parser.watch_equal >> i & 1) == 0)
            return fail_header(answer, &a->watches[i]);
    if (a->request.is_head)
        return OUTCOME_OK;
    if (!answer_body_matches(expect, answer->body, nonce, answer->reason, sizeof(answer->reason)))
        return OUTCOME_BODY;
    return OUTCOME_OK;
}

static void describe(const struct intake *in, struct answer *answer)
{
    struct text type = TEXT(answer->content_type);
    struct text encoding = TEXT(answer->content_encoding);
    struct text location = TEXT(answer->location);

    answer->head = in->head;
    answer->body = in->body;
    if (!in->head_done)
        return;
    /* Informational heads came before it, if any: the last bytes are the answer's own head. */
    if (in->parser.head_bytes < in->head.len) {
        answer->head.ptr += in->head.len - in->parser.head_bytes;
        answer->head.len = in->parser.head_bytes;
    }
    answer->status = in->parser.status;
    text_add(&type, head_value(answer->head, SLICE("content-type")));
    text_add(&encoding, head_value(answer->head, SLICE("content-encoding")));
    text_add(&location, head_value(answer->head, SLICE("location")));
}

/* ---- asking ---- */

/* Sends and receives on the connection that there is. */
static enum outcome exchange(struct asker *a, struct answer *answer)
{
    struct intake in = { .sent = mono_now() };
    enum outcome outcome = OUTCOME_OK;
    int failure;

    http1_begin(&in.parser, HTTP1_RESPONSE, a->request.is_head, a->watches, a->watch_count);
    failure = sock_send(a->fd, (struct slice){ a->bytes, a->request.bytes.len }, &a->limit);
    /* A server may answer and close before it has read all: what it said counts, not our send. */
    if (failure == 0 || failure == -EPIPE || failure == -ECONNRESET)
        outcome = receive(a, &in, answer);
    else
        outcome = fail_sock(a, &in, answer, failure);
    answer->total_ns = mono_diff_ns(in.sent, mono_now());
    describe(&in, answer);
    if (outcome == OUTCOME_OK) {
        answer->keeps = in.parser.keeps;
        outcome = judge(a, &in, answer);
    }
    if (!answer->keeps)
        close_connection(a);
    return outcome;
}

static enum outcome ask_fresh(struct asker *a, struct answer *answer)
{
    char system[128];

    answer->reused = false;
    a->fd = sock_connect(a->addr, &a->limit);
    if (a->fd >= 0)
        return exchange(a, answer);
    return fail(answer, OUTCOME_CONNECT, -a->fd, "connect: %s",
                strerror_r(-a->fd, system, sizeof(system)));
}

static void ask_once(struct asker *a, struct answer *answer)
{
    *answer = (struct answer){ .reused = a->fd >= 0 };
    a->limit.deadline = mono_after(mono_now(), a->timeout_ns);
    if (!answer->reused) {
        answer->outcome = ask_fresh(a, answer);
        return;
    }
    answer->outcome = exchange(a, answer);
    /* The server closed the connection that it had said it keeps: that is no verdict on the
     * request, which is asked again on one of its own. */
    if (answer->first_byte_ns == 0 &&
        (answer->outcome == OUTCOME_CLOSED_EARLY || answer->outcome == OUTCOME_RESET)) {
        *answer = (struct answer){ 0 };
        answer->outcome = ask_fresh(a, answer);
    }
}

bool ask_until(const volatile sig_atomic_t *stop_asked, const struct addr *addr,
               const struct workload *workload, struct slice host, int64_t timeout_ns,
               uint32_t count, struct arena *arena, struct answer *ret_answers, struct error *err)
{
    struct asker a = { .addr = addr,
                       .workload = workload,
                       .timeout_ns = timeout_ns,
                       .limit = { .stop_asked = stop_asked },
                       .arena = arena,
                       .fd = -1 };
    struct rng rng = { (uint64_t)mono_now().ns };
    char name[ADDR_TEXT_MAX];

    if (host.len == 0)
        host = slice_of(addr->any.sa_family == AF_UNIX ? "localhost" : addr_text(addr, name));
    if (!request_watches(&workload->expect, a.watches, &a.watch_count, err))
        return false;
    if (!request_render(workload, host, true, arena, &a.request, err))
        return false;
    a.bytes = arena_text(arena, a.request.bytes.ptr, a.request.bytes.len);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t nonce = rng_next(&rng);

        request_nonce_digits(nonce, a.nonce);
        request_put_nonce(&a.request, nonce, a.bytes);
        ask_once(&a, &ret_answers[i]);
        for (uint32_t rest = i; ret_answers[i].outcome != OUTCOME_OK && rest < count; rest++)
            ret_answers[rest] = ret_answers[i];
        if (stop_asked != NULL && *stop_asked) {
            close_connection(&a);
            return error_set(err, EINTR, "ask %s", addr_text(addr, name));
        }
        if (ret_answers[i].outcome != OUTCOME_OK)
            break;
    }
    close_connection(&a);
    return true;
}

bool ask(const struct addr *addr, const struct workload *workload, struct slice host,
         int64_t timeout_ns, uint32_t count, struct arena *arena, struct answer *ret_answers,
         struct error *err)
{
    return ask_until(NULL, addr, workload, host, timeout_ns, count, arena, ret_answers, err);
}
