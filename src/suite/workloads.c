#include "suite/suite_priv.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>

#include "load/contract.h"
#include "load/request.h"

/* ---- headers: "Name: value" ---- */

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_token_char(text.ptr[i]))
            return false;
    return text.len > 0;
}

/* May stand in one line of a request: no control characters, but tabs. */
static bool is_line(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool header_convert(const struct node *entry, struct slice line, struct header *ret_header,
                           struct error *err)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    char quoted[QUOTE_MAX];

    if (!is_line(line))
        return node_wrong(
            entry, err, "has a line break or another control character; write one header an entry");
    if (colon != NULL)
        *ret_header = (struct header){
            .name = {line.ptr,   (size_t)(colon - line.ptr)               },
            .value =
                slice_trim((struct slice){ colon + 1, line.len - (size_t)(colon - line.ptr) - 1}
              ),
        };
    if (colon == NULL || !is_token(ret_header->name))
        return node_wrong(entry, err, "must look like \"Accept: text/html\", not '%s'",
                          quote(line, quoted));
    return true;
}

static bool headers_convert(struct suite *suite, const struct node *mapping, char *const *raw,
                            size_t count, struct header *headers, size_t *header_count,
                            struct error *err)
{
    const struct node *entry;

    if (count == 0)
        return true;
    entry = node_get(mapping, "headers")->first;
    for (size_t i = 0; i < count; i++, entry = entry->next)
        if (!header_convert(entry, text_copy(suite, raw[i]), &headers[i], err))
            return false;
    *header_count = count;
    return true;
}

/* ---- bodies: in the suite, or in a file beside it ---- */

static bool body_convert(struct suite *suite, const struct node *mapping, const char *body,
                         const char *body_file, struct slice *value, struct error *err)
{
    char path[PATH_MAX];

    if (body != NULL && body_file != NULL)
        return key_wrong(mapping, "body_file", err, "is given beside 'body'; leave one out");
    if (body != NULL)
        *value = text_copy(suite, body);
    if (body_file == NULL)
        return true;
    if (snprintf(path, sizeof(path), "%s/%s", suite->folder, body_file) >= (int)sizeof(path))
        return key_wrong(mapping, "body_file", err, "is too long for a file's name");
    if (!file_read(path, SUITE_BODY_MAX, &suite->memory, value, err))
        return key_wrong(mapping, "body_file", err, "%s; it is looked for as %s", err->text, path);
    return true;
}

static bool json_check(const struct node *mapping, struct slice text, struct error *err)
{
    json_error_t problem;
    json_t *value = json_loadb(text.ptr, text.len, JSON_DECODE_ANY, &problem);

    if (value == NULL)
        return key_wrong(mapping, "json", err,
                         "is not JSON: %s (its line %d, column %d); write it in single quotes, "
                         "'{\"a\":1}'",
                         problem.text, problem.line, problem.column);
    json_decref(value);
    return true;
}

/* ---- what a right answer is ---- */

static bool expect_body_convert(struct suite *suite, const struct node *mapping,
                                const struct raw_expect *raw, struct expect *expect,
                                struct error *err)
{
    const struct slice none = { NULL, 0 };

    if (raw->body == NULL && raw->body_file == NULL && raw->json == NULL) {
        if (raw->any_body) {
            expect->body = expect->json = none;
            expect->any_body = true;
        }
        return true;
    }
    if (raw->any_body)
        return key_wrong(mapping, "any_body", err, "is given beside a body; leave one out");
    expect->any_body = false;
    if (raw->json != NULL && (raw->body != NULL || raw->body_file != NULL))
        return key_wrong(mapping, "json", err, "is given beside a body; leave one out");
    expect->body = none;
    expect->json = text_copy(suite, raw->json);
    if (raw->json != NULL)
        return json_check(mapping, expect->json, err);
    return body_convert(suite, mapping, raw->body, raw->body_file, &expect->body, err);
}

bool expect_convert(struct suite *suite, const struct node *mapping, const struct raw_expect *raw,
                    struct expect *expect, struct error *err)
{
    struct http1_watch watches[HTTP1_WATCH_MAX];
    uint64_t status = expect->status;
    uint8_t watch_count;

    if (!count_read(mapping, "status", raw->status, 100, 599, &status, err))
        return false;
    expect->status = (uint16_t)status;
    if (!label_check(mapping, "content_type", err))
        return false;
    if (raw->content_type != NULL)
        expect->content_type = text_copy(suite, raw->content_type);
    if (!headers_convert(suite, mapping, raw->headers, raw->headers_count, expect->headers,
                         &expect->header_count, err))
        return false;
    if (!request_watches(expect, watches, &watch_count, err))
        return node_error(mapping, err, "%s", err->text);
    return expect_body_convert(suite, mapping, raw, expect, err);
}

/* ---- nonces ---- */

static size_t count_nonces(struct slice text)
{
    const struct slice mark = SLICE("{nonce}");
    size_t count = 0;

    for (size_t i = 0; i + mark.len <= text.len; i++)
        count += memcmp(text.ptr + i, mark.ptr, mark.len) == 0;
    return count;
}

bool nonces_check(const struct workload *workload, const struct expect *expect,
                  const struct node *mapping, struct error *err)
{
    size_t sent = count_nonces(workload->path) + count_nonces(workload->body);
    size_t expected = count_nonces(expect->body) + count_nonces(expect->json);

    if (sent > REQUEST_NONCES_MAX || expected > CONTRACT_NONCES_MAX)
        return node_error(mapping, err,
                          "{nonce} stands in %zu places of the request and %zu of the answer; the "
                          "limits are %d and %d",
                          sent, expected, REQUEST_NONCES_MAX, CONTRACT_NONCES_MAX);
    if (expected > 0 && sent == 0)
        return node_error(mapping, err,
                          "{nonce} is expected back, but the request has none; put {nonce} into "
                          "the workload's path or body");
    return true;
}

/* ---- workloads ---- */

bool path_check(const struct node *mapping, const char *key, const char *path, struct error *err)
{
    char quoted[QUOTE_MAX];

    if (path == NULL)
        return true;
    if (path[0] != '/')
        return key_wrong(mapping, key, err, "must begin with '/', as in /index.html, not '%s'",
                         quote(slice_of(path), quoted));
    for (const char *c = path; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            return key_wrong(mapping, key, err,
                             "has a space or a character beyond ASCII; write it as %%20 and so on");
    return true;
}

static bool method_check(const struct node *mapping, const char *method, struct error *err)
{
    char quoted[QUOTE_MAX];
    bool good = method != NULL && *method != '\0' && strlen(method) <= SUITE_NAME_MAX;

    for (const char *c = method; good && *c != '\0'; c++)
        good = (*c >= 'A' && *c <= 'Z') || *c == '-';
    if (method != NULL && !good)
        return key_wrong(mapping, "method", err, "must be capitals such as GET or POST, not '%s'",
                         quote(slice_of(method), quoted));
    return true;
}

static bool workload_convert(struct suite *suite, const struct node *mapping,
                             const struct raw_workload *raw, struct workload *ret_workload,
                             struct error *err)
{
    const struct node *expect = node_get(mapping, "expect");
    struct workload *w = ret_workload;

    if (!name_check(mapping, "name", err) || !method_check(mapping, raw->method, err) ||
        !path_check(mapping, "path", raw->path, err))
        return false;
    w->name = text_copy(suite, raw->name);
    w->method = raw->method != NULL ? text_copy(suite, raw->method) : SLICE("GET");
    w->path = text_copy(suite, raw->path);
    w->verify = text_copy(suite, raw->verify);
    if (!headers_convert(suite, mapping, raw->headers, raw->headers_count, w->headers,
                         &w->header_count, err))
        return false;
    if (!body_convert(suite, mapping, raw->body, raw->body_file, &w->body, err))
        return false;
    if (raw->expect != NULL && !expect_convert(suite, expect, raw->expect, &w->expect, err))
        return false;
    return nonces_check(w, &w->expect, mapping, err);
}

bool workloads_convert(struct suite *suite, const struct node *list, const struct raw_suite *raw,
                       struct error *err)
{
    const struct node *mapping = list->first;

    suite->workloads = arena_new(&suite->memory->arena, struct workload, raw->workloads_count);
    for (unsigned i = 0; i < raw->workloads_count; i++, mapping = mapping->next)
        if (!workload_convert(suite, mapping, &raw->workloads[i], &suite->workloads[i], err))
            return false;
    suite->workload_count = raw->workloads_count;
    suite->workloads_mask = mask_all(suite->workload_count);
    return true;
}

/* A target that is called, and a ceiling, are not asked by a command. */
static bool is_verified(const struct suite_target *target, size_t workload)
{
    return (target->workloads_mask >> workload & 1) != 0 && target->process_count > 0 &&
           !target->ceiling;
}

bool workloads_check(const struct suite *suite, const struct node *list, struct error *err)
{
    const struct node *mapping = list->first;

    for (size_t i = 0; i < suite->workload_count; i++, mapping = mapping->next) {
        const struct node *verify = node_get(mapping, "verify");

        for (size_t k = 0; verify != NULL && k < suite->target_count; k++)
            if (is_verified(&suite->targets[k], i) &&
                !placeholders_check(suite, &suite->targets[k], 0, USE_BUILD, verify, err))
                return false;
    }
    return true;
}
