#include "load/request.h"

#include <string.h>

#include "base/bug.h"

static const struct slice NONCE_MARK = SLICE("{nonce}");

/* Zeros: before a nonce is put there, the bytes are a valid request all the same. */
static const struct slice NONCE_PLACE = SLICE("0000000000000000");
_Static_assert(sizeof("0000000000000000") - 1 == WORKLOAD_NONCE_LEN, "a place for all digits");

/* ---- what may stand in a request line and a header line (RFC 9110, section 5; RFC 9112, 3) ----
 */

static bool token_char(unsigned char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool visible_char(unsigned char c)
{
    return c > ' ' && c != 0x7f;
}

static bool value_char(unsigned char c)
{
    return c == ' ' || c == '\t' || visible_char(c);
}

static bool all(struct slice text, bool (*allowed)(unsigned char))
{
    for (size_t i = 0; i < text.len; i++)
        if (!allowed((unsigned char)text.ptr[i]))
            return false;
    return true;
}

static bool refuse(struct error *err, const char *what, struct slice text, const char *why)
{
    char shown[200];
    struct text escaped = TEXT(shown);

    text_add_escaped(&escaped, text);
    return error_usage(err, "%s '%s' %s", what, shown, why);
}

static bool check(const struct workload *workload, struct slice host, struct error *err)
{
    if (workload->method.len == 0 || !all(workload->method, token_char))
        return refuse(err, "method", workload->method, "is not one word of letters");
    if (workload->path.len == 0 ||
        (workload->path.ptr[0] != '/' && !slice_equal(workload->path, SLICE("*"))))
        return refuse(err, "path", workload->path, "does not begin with '/'");
    if (!all(workload->path, visible_char))
        return refuse(err, "path", workload->path,
                      "has a space or a control character in it; write %20 for a space");
    if (!all(host, visible_char))
        return refuse(err, "host", host, "has a space or a control character in it");
    for (size_t i = 0; i < workload->header_count; i++) {
        struct header header = workload->headers[i];

        if (header.name.len == 0 || !all(header.name, token_char))
            return refuse(err, "header name", header.name,
                          "is empty, or has a character that a name may not have");
        if (!all(header.value, value_char))
            return refuse(err, "header value", header.value, "has a control character in it");
    }
    return true;
}

/* ---- rendering ---- */

static bool names_header(const struct workload *workload, struct slice name)
{
    for (size_t i = 0; i < workload->header_count; i++)
        if (slice_equal_nocase(workload->headers[i].name, name))
            return true;
    return false;
}

static bool method_wants_length(struct slice method)
{
    return slice_equal(method, SLICE("POST")) || slice_equal(method, SLICE("PUT")) ||
           slice_equal(method, SLICE("PATCH"));
}

static size_t count_nonces(struct slice text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        if (slice_starts((struct slice){ text.ptr + i, text.len - i }, NONCE_MARK))
            count++;
    return count;
}

static size_t len_with_nonces(struct slice text)
{
    return text.len + count_nonces(text) * (WORKLOAD_NONCE_LEN - NONCE_MARK.len);
}

/* Adds `source` with a place for the digits where the mark stands, and notes where that is. */
static void add_with_nonces(struct text *text, struct request_text *request, struct slice source)
{
    for (size_t i = 0; i < source.len;) {
        struct slice rest = { source.ptr + i, source.len - i };

        if (slice_starts(rest, NONCE_MARK)) {
            request->nonce_at[request->nonce_count++] = (uint32_t)text->len;
            text_add(text, NONCE_PLACE);
            i += NONCE_MARK.len;
        } else {
            text_add(text, (struct slice){ rest.ptr, 1 });
            i++;
        }
    }
}

static void add_header(struct text *text, struct slice name, struct slice value)
{
    text_add(text, name);
    text_add(text, SLICE(": "));
    text_add(text, value);
    text_add(text, SLICE("\r\n"));
}

static void add_headers(struct text *text, const struct workload *workload, struct slice host,
                        bool keepalive)
{
    size_t body_len = len_with_nonces(workload->body);

    if (!names_header(workload, SLICE("Host")))
        add_header(text, SLICE("Host"), host);
    for (size_t i = 0; i < workload->header_count; i++)
        add_header(text, workload->headers[i].name, workload->headers[i].value);
    if (!keepalive && !names_header(workload, SLICE("Connection")))
        add_header(text, SLICE("Connection"), SLICE("close"));
    if ((body_len > 0 || method_wants_length(workload->method)) &&
        !names_header(workload, SLICE("Content-Length")) &&
        !names_header(workload, SLICE("Transfer-Encoding")))
        text_format(text, "Content-Length: %zu\r\n", body_len);
}

/* No less than what the rendered request has; a NUL included. */
static size_t room_for(const struct workload *workload, struct slice host)
{
    static const char FIXED[] = " HTTP/1.1\r\nHost: \r\nConnection: close\r\n"
                                "Content-Length: 18446744073709551615\r\n\r\n ";
    size_t room = sizeof(FIXED) + workload->method.len + host.len +
                  len_with_nonces(workload->path) + len_with_nonces(workload->body);

    for (size_t i = 0; i < workload->header_count; i++)
        room += workload->headers[i].name.len + workload->headers[i].value.len + strlen(": \r\n");
    return room;
}

bool request_render(const struct workload *workload, struct slice host, bool keepalive,
                    struct arena *arena, struct request_text *ret_request, struct error *err)
{
    size_t nonces = count_nonces(workload->path) + count_nonces(workload->body);
    struct request_text request = { .is_head = slice_equal(workload->method, SLICE("HEAD")) };
    struct text text;

    if (!check(workload, host, err))
        return false;
    if (nonces > REQUEST_NONCES_MAX)
        return error_usage(err,
                           "{nonce} stands in %zu places of the request; at most %d are possible",
                           nonces, REQUEST_NONCES_MAX);
    text = (struct text){ .cap = room_for(workload, host) };
    text.ptr = arena_new(arena, char, text.cap);
    text_add(&text, workload->method);
    text_add(&text, SLICE(" "));
    add_with_nonces(&text, &request, workload->path);
    text_add(&text, SLICE(" HTTP/1.1\r\n"));
    add_headers(&text, workload, host, keepalive);
    text_add(&text, SLICE("\r\n"));
    add_with_nonces(&text, &request, workload->body);
    BUG_IF(text.cut);
    request.bytes = (struct slice){ text.ptr, text.len };
    *ret_request = request;
    return true;
}

void request_nonce_digits(uint64_t nonce, char *ret_digits)
{
    for (int i = WORKLOAD_NONCE_LEN - 1; i >= 0; i--) {
        ret_digits[i] = "0123456789abcdef"[nonce & 15];
        nonce >>= 4;
    }
}

void request_put_nonce(const struct request_text *request, uint64_t nonce, char *bytes)
{
    for (uint32_t i = 0; i < request->nonce_count; i++)
        request_nonce_digits(nonce, bytes + request->nonce_at[i]);
}

bool request_watches(const struct expect *expect, struct http1_watch *ret_watches,
                     uint8_t *ret_count, struct error *err)
{
    size_t count = expect->header_count + (expect->content_type.ptr != NULL ? 1 : 0);
    uint8_t used = 0;

    for (size_t i = 0; i < expect->header_count; i++)
        if (expect->headers[i].value.len > HTTP1_VALUE_MAX)
            return error_usage(err,
                               "the expected value of header '%.*s' has %zu bytes; at most %d "
                               "can be compared",
                               (int)expect->headers[i].name.len, expect->headers[i].name.ptr,
                               expect->headers[i].value.len, HTTP1_VALUE_MAX);
    if (count > HTTP1_WATCH_MAX)
        return error_usage(err, "%zu headers are expected of an answer; at most %d can be checked",
                           count, HTTP1_WATCH_MAX);
    if (expect->content_type.ptr != NULL)
        ret_watches[used++] = (struct http1_watch){ .name = SLICE("content-type"),
                                                    .value = expect->content_type,
                                                    .media_type = true };
    for (size_t i = 0; i < expect->header_count; i++)
        ret_watches[used++] = (struct http1_watch){ .name = expect->headers[i].name,
                                                    .value = expect->headers[i].value };
    *ret_count = used;
    return true;
}
