#include "server/respond_priv.h"

#include <inttypes.h>

#include "base/bug.h"

#define HEAD_MAX 512 /* of ours, without the content type */
#define OK       "200 OK"

static void add(struct out *out, struct slice piece)
{
    /* A last piece without bytes would never count as sent. */
    if (piece.len == 0)
        return;
    BUG_IF_HOT(out->count >= OUT_MAX);
    /* iovec has no const form; sending does not write. */
    out->pieces[out->count++] =
        (struct iovec){ .iov_base = (void *)(uintptr_t)piece.ptr, .iov_len = piece.len };
}

static size_t head_bytes(const struct server_config *config)
{
    return HEAD_MAX + config->content_type.len;
}

struct head {
    const char *status;
    const char *connection; /* a header line, or nothing */
    uint64_t body_bytes;
};

/* `room` bytes behind the head stay free for a body. */
static struct slice render_head(const struct server_config *config, struct head what, size_t room,
                                struct arena *arena)
{
    size_t cap = head_bytes(config) + room;
    struct text head = { arena_new(arena, char, cap), 0, cap, false };

    text_format(&head, "HTTP/1.1 %s\r\nServer: assay\r\nContent-Type: ", what.status);
    text_add(&head, config->content_type);
    text_format(&head, "\r\nContent-Length: %" PRIu64 "\r\n%s\r\n", what.body_bytes,
                what.connection);
    BUG_IF(head.cut);
    return (struct slice){ head.ptr, head.len };
}

static const struct slice failure_body = SLICE("no\n");

static struct slice render_failure(const struct server_config *config, const char *connection,
                                   struct arena *arena)
{
    struct head what = { "500 Internal Server Error", connection, failure_body.len };
    struct slice head = render_head(config, what, failure_body.len, arena);

    memcpy((char *)(uintptr_t)head.ptr + head.len, failure_body.ptr, failure_body.len);
    return (struct slice){ head.ptr, head.len + failure_body.len };
}

size_t answers_bytes(const struct server_config *config)
{
    return 5 * head_bytes(config) + config->body.len + failure_body.len;
}

void answers_render(const struct server_config *config, struct arena *arena,
                    struct answers *ret_answers)
{
    const char *ends = "Connection: close\r\n";
    const char *usually = config->close ? ends : "";
    uint64_t len = config->body.len;
    struct slice usual = render_head(config, (struct head){ OK, usually, len }, len, arena);
    /* The body right behind the head, so that the usual answer is one piece. */
    char *body = (char *)(uintptr_t)usual.ptr + usual.len;

    if (len > 0)
        memcpy(body, config->body.ptr, len);
    *ret_answers = (struct answers){
        .close = config->close,
        .usual = {usual.ptr,                     usual.len + len},
        .usual_head = usual,
        .last_head = render_head(config, (struct head){  OK,                         ends,             len },
          0, arena),
        .kept_head =
            render_head(config, (struct head){ OK, "Connection: keep-alive\r\n",             len },
          0, arena),
        .body = { body,                          len              },
        .failure = render_failure(config, usually, arena),
        .long_head = render_head(config, (struct head){ OK,                      usually,                                    len + 1 },
          0, arena),
    };
}

static struct slice head_for(const struct answers *answers, const struct http1 *request)
{
    if (answers->close)
        return answers->usual_head;
    if (!request->keeps)
        return answers->last_head;
    return request->version_minor == 0 ? answers->kept_head : answers->usual_head;
}

bool respond(const struct answers *answers, const struct http1 *request, struct out *out)
{
    struct slice head = head_for(answers, request);

    if (request->head_method) {
        add(out, head);
    } else if (head.ptr == answers->usual_head.ptr) {
        add(out, answers->usual);
    } else {
        add(out, head);
        add(out, answers->body);
    }
    return request->keeps && !answers->close;
}

static struct slice echo_into(struct out *out, struct slice echo)
{
    BUG_IF(echo.len > BEHAVE_ECHO);
    memcpy(out->own, echo.ptr, echo.len);
    return (struct slice){ out->own, echo.len };
}

static void add_flipped(struct out *out, struct slice body, size_t at)
{
    char *wrong = &out->own[BEHAVE_ECHO];

    BUG_IF(at >= body.len);
    *wrong = (char)(body.ptr[at] ^ 1);
    add(out, (struct slice){ body.ptr, at });
    add(out, (struct slice){ wrong, 1 });
    add(out, (struct slice){ body.ptr + at + 1, body.len - at - 1 });
}

bool respond_oddly(const struct answers *answers, const struct http1 *request,
                   const struct oddity *oddity, struct out *out)
{
    bool keeps = request->keeps && !answers->close && !oddity->last;
    /* HTTP/1.0 would have to be told that the connection stays, which the wrong heads do not. */
    bool stays = keeps && request->version_minor > 0;
    struct slice head = oddity->last ? answers->last_head : head_for(answers, request);
    struct slice body = answers->body;

    if (request->head_method) {
        add(out, head);
        return keeps;
    }
    if (oddity->echo.len > 0)
        body = echo_into(out, oddity->echo);
    switch (oddity->lie) {
    case LIE_NONE:
    case LIE_PREVIOUS: /* by its echo */
        add(out, head);
        add(out, body);
        return keeps;
    case LIE_500:
        add(out, answers->failure);
        return stays;
    case LIE_FLIP:
        add(out, head);
        add_flipped(out, body, oddity->flip_at);
        return keeps;
    case LIE_SHORT:
        add(out, head);
        add(out, (struct slice){ body.ptr, body.len / 2 });
        return false;
    case LIE_LENGTH:
        add(out, answers->long_head);
        add(out, body);
        add(out, SLICE("!"));
        return stays;
    case LIE_KINDS:
        break;
    }
    BUG("lie out of range");
}

static bool is_own(const struct out *out, const char *at)
{
    return at >= out->own && at < out->own + OWN_BYTES;
}

void out_copy(struct out *to, const struct out *from)
{
    *to = *from;
    for (unsigned i = to->first; i < to->count; i++) {
        char *at = from->pieces[i].iov_base;

        if (is_own(from, at))
            to->pieces[i].iov_base = to->own + (at - from->own);
    }
}

void respond_continue(struct out *out)
{
    add(out, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
}

/* Without a length: the body is all until the close that is announced. */
void respond_bad(const char *reason, struct out *out)
{
    add(out, SLICE("HTTP/1.1 400 Bad Request\r\nServer: assay\r\nContent-Type: text/plain\r\n"
                   "Connection: close\r\n\r\n"));
    add(out, slice_of(reason));
    add(out, SLICE("\n"));
}
