#include "load/ask_words_priv.h"

#include <errno.h>
#include <string.h>

#define SHOWN_MAX 48 /* bytes of what came that are quoted, before escaping */

/* A record of TLS: an alert or a handshake of version 3.x (RFC 8446, 5.1). */
static bool is_tls(struct slice head)
{
    return head.len >= 2 && (head.ptr[0] == 0x15 || head.ptr[0] == 0x16) && head.ptr[1] == 3;
}

/* A server's SETTINGS on stream 0, which HTTP/2 begins with (RFC 9113, 3.4). */
static bool is_http2(struct slice head)
{
    return head.len >= 9 && head.ptr[0] == 0 && head.ptr[3] == 4 &&
           memcmp(head.ptr + 5, "\0\0\0\0", 4) == 0;
}

/* What a server speaks that answered with this; NULL: HTTP/1, or who knows. */
static const char *language_of(struct slice head)
{
    return is_tls(head) ? "TLS" : is_http2(head) ? "HTTP/2" : NULL;
}

void ask_say_not_http(struct slice head, const char *reason, struct text *ret_text)
{
    const char *language = language_of(head);
    struct slice shown = { head.ptr, head.len < SHOWN_MAX ? head.len : SHOWN_MAX };

    if (language != NULL) {
        text_format(ret_text, "the answer is %s, not HTTP/1.1", language);
        return;
    }
    text_format(ret_text, "%s", reason);
    if (slice_starts(head, SLICE("HTTP/")))
        return;
    text_add(ret_text, SLICE(": '"));
    text_add_escaped(ret_text, shown);
    text_add(ret_text, shown.len < head.len ? SLICE("...'") : SLICE("'"));
}

void ask_say_overlong(const struct http1 *p, bool answers_head, size_t bytes, struct text *ret_text)
{
    text_format(ret_text, "%zu bytes follow the end of the answer", bytes);
    if (answers_head)
        text_format(ret_text, ": one to HEAD ends with its head");
    else if (p->framing == HTTP1_EMPTY)
        text_format(ret_text, ": a %u ends with its head", p->status);
    else if (p->framing == HTTP1_LENGTH)
        text_format(ret_text, ": its Content-Length is %llu",
                    (unsigned long long)p->content_length);
}

void ask_say_unfinished(const struct http1 *p, const char *patience, struct text *ret_text)
{
    text_format(ret_text, "the answer did not end within %s", patience);
    if (!http1_has_head(p))
        text_format(ret_text, ": not even its head");
    else if (p->framing == HTTP1_LENGTH)
        text_format(ret_text, ": of its Content-Length of %llu came %llu bytes",
                    (unsigned long long)p->content_length, (unsigned long long)p->body_bytes);
    else if (p->framing == HTTP1_CHUNKED)
        text_format(ret_text, ": its last chunk is missing");
    else if (p->framing == HTTP1_CLOSE)
        text_format(ret_text, ": it states no length, and the connection stays open");
}

static const char *remedy_of_protocol(const struct answer *answer)
{
    if (slice_starts(answer->head, SLICE("HTTP/1.")))
        return "assay reads HTTP strictly, and other clients may let that pass";
    if (language_of(answer->head) != NULL)
        return "assay speaks HTTP/1.1 without TLS: is there a port for that?";
    return "is another service listening on that port?";
}

const char *answer_remedy(const struct answer *answer)
{
    switch (answer->outcome) {
    case OUTCOME_CONNECT:
        if (answer->sys == ECONNREFUSED)
            return "nothing listens there: is the server started, are host and port right?";
        if (answer->sys == ENOENT)
            return "there is no such Unix socket: is the server started, is the path right?";
        return "can this machine reach it?";
    case OUTCOME_RESET:
    case OUTCOME_CLOSED_EARLY:
        if (answer->first_byte_ns == 0)
            return "the server's own log may say why; does it want TLS (https) there?";
        return "the server's own log may say why";
    case OUTCOME_TIMEOUT:
        return "if it is that slow, give it a longer time-out (--timeout)";
    case OUTCOME_PROTOCOL:
        return remedy_of_protocol(answer);
    case OUTCOME_STATUS:
        return "if that is the right answer, expect that status (--expect-status)";
    case OUTCOME_BODY:
        return "if that is the right answer, expect that one (--expect-body)";
    case OUTCOME_TLS:
    case OUTCOME_OK:
    case OUTCOME_KINDS:
        break;
    }
    return "";
}
