#include "inproc/inproc_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "load/ask.h"

/* Where {nonce} stands. The same in every call: what is prepared once is not rewritten. */
static const char NONCE[] = "0123456789abcdef";
static const struct slice NONCE_MARK = SLICE("{nonce}");

/* What a browser sends, so that an environ has the size that it has in life. */
static const struct header browser_headers[] = {
    {SLICE("Host"),                       SLICE("127.0.0.1:8080")                                                 },
    { SLICE("User-Agent"),
     SLICE("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")                              },
    { SLICE("Accept"),                    SLICE("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")},
    { SLICE("Accept-Language"),           SLICE("en-US,en;q=0.5")                                                 },
    { SLICE("Accept-Encoding"),           SLICE("gzip, deflate, br")                                              },
    { SLICE("Connection"),                SLICE("keep-alive")                                                     },
    { SLICE("Upgrade-Insecure-Requests"), SLICE("1")                                                              },
    { SLICE("Sec-Fetch-Dest"),            SLICE("document")                                                       },
    { SLICE("Sec-Fetch-Mode"),            SLICE("navigate")                                                       },
    { SLICE("Sec-Fetch-Site"),            SLICE("none")                                                           },
    { SLICE("Sec-Fetch-User"),            SLICE("?1")                                                             },
};

/* Of the answer's headers these are compared in every call: others may hold a date or a nonce. */
static const char *const checked_headers[] = { "Content-Type", "Content-Length", "Location" };

/* ---- requests ---- */

static json_t *text_json(struct slice text)
{
    char *filled = malloc(text.len / NONCE_MARK.len * (sizeof(NONCE) - 1) + text.len + 1);
    size_t len = 0;
    json_t *json;

    if (filled == NULL)
        return NULL;
    for (size_t i = 0; i < text.len;) {
        struct slice rest = { text.ptr + i, text.len - i };

        if (slice_starts(rest, NONCE_MARK)) {
            memcpy(filled + len, NONCE, sizeof(NONCE) - 1);
            len += sizeof(NONCE) - 1;
            i += NONCE_MARK.len;
        } else {
            filled[len++] = text.ptr[i++];
        }
    }
    json = json_stringn(filled, len);
    free(filled);
    return json;
}

static json_t *base64_json(struct slice bytes)
{
    char *text = malloc(BASE64_LEN(bytes.len) + 1);
    json_t *json = NULL;

    if (text != NULL) {
        base64_encode(bytes, text);
        json = json_string(text);
    }
    free(text);
    return json;
}

static bool names(const struct workload *w, struct slice name)
{
    for (size_t i = 0; i < w->header_count; i++)
        if (slice_equal_nocase(w->headers[i].name, name))
            return true;
    return false;
}

static json_t *pair_json(struct header header)
{
    return json_pack("[o,o]", json_stringn(header.name.ptr, header.name.len),
                     text_json(header.value));
}

static json_t *headers_json(const struct workload *w)
{
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof(browser_headers) / sizeof(browser_headers[0]); i++)
        if (!names(w, browser_headers[i].name))
            json_array_append_new(list, pair_json(browser_headers[i]));
    for (size_t i = 0; i < w->header_count; i++)
        json_array_append_new(list, pair_json(w->headers[i]));
    return list;
}

static json_t *case_json(const struct workload *w)
{
    const char *mark = memchr(w->path.ptr, '?', w->path.len);
    size_t path_len = mark != NULL ? (size_t)(mark - w->path.ptr) : w->path.len;
    struct slice path = { w->path.ptr, path_len };
    struct slice query =
        mark != NULL ? (struct slice){ mark + 1, w->path.len - path_len - 1 } : SLICE("");
    json_t *body = w->body.ptr != NULL ? text_json(w->body) : json_string("");
    json_t *one = json_pack("{s:o, s:o, s:o, s:o, s:{s:i, s:[], s:n}}", "method",
                            json_stringn(w->method.ptr, w->method.len), "path", text_json(path),
                            "query", text_json(query), "headers", headers_json(w), "expect",
                            "status", 0, "headers", "body");

    /* Bytes that are no text go in base64, without marks in them. */
    if (body != NULL)
        json_object_set_new(one, "body", body);
    else
        json_object_set_new(one, "body_base64", base64_json(w->body));
    return one;
}

json_t *cases_new(const struct inproc_spec *spec)
{
    json_t *cases = json_array();

    for (size_t i = 0; i < spec->case_count; i++)
        json_array_append_new(cases, case_json(&spec->cases[i]));
    return cases;
}

/* ---- answers ---- */

/* An answer of the protocol's "ask". */
struct seen {
    int status;
    const json_t *headers;
    const char *coded; /* the body */
    char *body;        /* decoded; to be freed */
    size_t body_len;
};

static bool read_answer(const json_t *answer, struct seen *ret_seen, struct error *err)
{
    const char *coded = json_string_value(json_object_get(answer, "body_base64"));
    char *body = coded != NULL ? malloc(strlen(coded) + 1) : NULL;
    size_t len;

    if (body == NULL || !base64_decode(slice_of(coded), body, &len)) {
        free(body);
        return error_set(err, 0, "the runner's answer holds no body");
    }
    *ret_seen = (struct seen){ .status = (int)json_integer_value(json_object_get(answer, "status")),
                               .headers = json_object_get(answer, "headers"),
                               .coded = coded,
                               .body = body,
                               .body_len = len };
    return true;
}

static const char *header_of(const struct seen *seen, struct slice name)
{
    size_t i;
    json_t *pair;

    json_array_foreach(seen->headers, i, pair)
    {
        const char *this = json_string_value(json_array_get(pair, 0));

        if (this != NULL && slice_equal_nocase(slice_of(this), name))
            return json_string_value(json_array_get(pair, 1));
    }
    return NULL;
}

/* "text/html; charset=utf-8" is "text/html" where no parameter is asked for. */
static bool type_matches(struct slice wanted, const char *type)
{
    struct slice given = slice_of(type);

    if (memchr(wanted.ptr, ';', wanted.len) == NULL)
        given.len = strcspn(type, ";");
    return slice_equal_nocase(slice_trim(given), slice_trim(wanted));
}

static bool check_status(const struct expect *expect, int status, struct error *err)
{
    if (expect->status != 0 && status != expect->status)
        return error_set(err, 0, "status %d, expected %u", status, expect->status);
    if (expect->status == 0 && (status < 200 || status >= 400))
        return error_set(err, 0, "status %d (--expect-status %d if that is right)", status, status);
    return true;
}

static bool check_headers(const struct expect *expect, const struct seen *seen, struct error *err)
{
    const char *type = header_of(seen, SLICE("Content-Type"));

    if (expect->content_type.ptr != NULL &&
        (type == NULL || !type_matches(expect->content_type, type)))
        return error_set(err, 0, "Content-Type is %s, expected %.*s",
                         type != NULL ? type : "not there", (int)expect->content_type.len,
                         expect->content_type.ptr);
    for (size_t i = 0; i < expect->header_count; i++) {
        const struct header *want = &expect->headers[i];
        const char *value = header_of(seen, want->name);

        if (value == NULL || !slice_equal(slice_of(value), want->value))
            return error_set(err, 0, "header %.*s is %s, expected %.*s", (int)want->name.len,
                             want->name.ptr, value != NULL ? value : "not there",
                             (int)want->value.len, want->value.ptr);
    }
    return true;
}

static bool check_answer(const struct expect *expect, const struct seen *seen, struct error *err)
{
    char reason[300];

    if (!check_status(expect, seen->status, err) || !check_headers(expect, seen, err))
        return false;
    if (answer_body_matches(expect, (struct slice){ seen->body, seen->body_len },
                            (struct slice){ NONCE, sizeof(NONCE) - 1 }, reason, sizeof(reason)))
        return true;
    return error_set(err, 0, "%s", reason);
}

/* ---- learning ---- */

static void learn_header(json_t *list, const char *name, const struct seen *first,
                         const struct seen *second)
{
    const char *value = header_of(first, slice_of(name));
    const char *again = header_of(second, slice_of(name));

    if (value != NULL && again != NULL && strcmp(value, again) == 0)
        json_array_append_new(list, json_pack("[s,s]", name, value));
}

static json_t *learnt(const struct workload *w, const struct seen *first, const struct seen *second,
                      bool same_body)
{
    json_t *headers = json_array();
    json_t *expect;

    for (size_t i = 0; i < sizeof(checked_headers) / sizeof(checked_headers[0]); i++)
        learn_header(headers, checked_headers[i], first, second);
    for (size_t i = 0; i < w->expect.header_count; i++) {
        char name[256];

        snprintf(name, sizeof(name), "%.*s", (int)w->expect.headers[i].name.len,
                 w->expect.headers[i].name.ptr);
        learn_header(headers, name, first, second);
    }
    expect = json_pack("{s:i, s:o}", "status", first->status, "headers", headers);
    if (same_body)
        json_object_set_new(expect, "body_base64", json_string(first->coded));
    return expect;
}

static void describe(const struct seen *seen, bool same_body, char *ret_check, size_t size)
{
    const char *type = header_of(seen, SLICE("Content-Type"));
    struct text text = { ret_check, 0, size, false };

    text_format(&text, "%d, %zu B ", seen->status, seen->body_len);
    text_add_escaped(&text, slice_of(type != NULL ? type : "without a type"));
    text_format(&text, same_body ? ", the same twice" : ", its body varies and is not checked");
}

bool cases_learn(json_t *cases, const struct inproc_spec *spec, size_t index, const json_t *first,
                 const json_t *second, char *ret_check, size_t size, struct error *err)
{
    const struct workload *w = &spec->cases[index];
    struct seen one = { 0 }, two = { 0 };
    bool fine = read_answer(first, &one, err) && read_answer(second, &two, err) &&
                check_answer(&w->expect, &one, err) && check_answer(&w->expect, &two, err);

    if (fine && one.status != two.status)
        fine = error_set(err, 0, "status %d, and when asked again %d", one.status, two.status);
    if (fine) {
        bool same = slice_equal((struct slice){ one.body, one.body_len },
                                (struct slice){ two.body, two.body_len });

        json_object_set_new(json_array_get(cases, index), "expect", learnt(w, &one, &two, same));
        describe(&one, same, ret_check, size);
    }
    free(one.body);
    free(two.body);
    return fine || error_wrap(err, "%.*s %.*s", (int)w->method.len, w->method.ptr, (int)w->path.len,
                              w->path.ptr);
}
