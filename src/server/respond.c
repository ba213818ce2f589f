#include "server/respond_priv.h"

#include "base/bug.h"

#define HEAD_MAX 512 /* of ours, without the content type */

static void add(struct out *out, struct slice piece)
{
    BUG_IF_HOT(out->count >= OUT_MAX);
    /* iovec has no const form; sending does not write. */
    out->pieces[out->count++] =
        (struct iovec){ .iov_base = (void *)(uintptr_t)piece.ptr, .iov_len = piece.len };
}

static size_t head_bytes(const struct server_config *config)
{
    return HEAD_MAX + config->content_type.len;
}

/* `room` bytes behind the head stay free for a body. */
static struct slice render_head(const struct server_config *config, const char *connection,
                                size_t room, struct arena *arena)
{
    size_t cap = head_bytes(config) + room;
    struct text head = { arena_new(arena, char, cap), 0, cap, false };

    text_add(&head, SLICE("HTTP/1.1 200 OK\r\nServer: assay\r\nContent-Type: "));
    text_add(&head, config->content_type);
    text_format(&head, "\r\nContent-Length: %zu\r\n%s\r\n", config->body.len, connection);
    BUG_IF(head.cut);
    return (struct slice){ head.ptr, head.len };
}

size_t answers_bytes(const struct server_config *config)
{
    return 3 * head_bytes(config) + config->body.len;
}

void answers_render(const struct server_config *config, struct arena *arena,
                    struct answers *ret_answers)
{
    const char *ends = "Connection: close\r\n";
    struct slice usual = render_head(config, config->close ? ends : "", config->body.len, arena);
    /* The body right behind the head, so that the usual answer is one piece. */
    char *body = (char *)(uintptr_t)usual.ptr + usual.len;

    if (config->body.len > 0)
        memcpy(body, config->body.ptr, config->body.len);
    *ret_answers = (struct answers){
        .close = config->close,
        .usual = {usual.ptr, usual.len + config->body.len},
        .usual_head = usual,
        .last_head = render_head(config, ends, 0, arena),
        .kept_head = render_head(config, "Connection: keep-alive\r\n", 0, arena),
        .body = { body,     config->body.len            },
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
