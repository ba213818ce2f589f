#include "store/json_put.h"

#include <math.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/bug.h"
#include "base/fault.h"

#define EXACT_MAX (UINT64_C(1) << 53)

struct json_put json_put_begin(void)
{
    json_t *object = json_object();

    return (struct json_put){ .object = object, .failed = object == NULL };
}

json_t *json_put_end(struct json_put *p)
{
    if (p->failed) {
        json_decref(p->object);
        p->object = NULL;
    }
    return p->object;
}

void json_put(struct json_put *p, const char *key, json_t *value)
{
    if (fault_hit(FAULT_MEMORY)) {
        json_decref(value);
        value = NULL;
    }
    if (json_object_set_new(p->object, key, value) != 0)
        p->failed = true;
}

void json_add(json_t **array, json_t *item)
{
    if (json_array_append_new(*array, item) == 0)
        return;
    json_decref(*array);
    *array = NULL;
}

void json_put_count(struct json_put *p, const char *key, uint64_t count)
{
    BUG_IF(count > INT64_MAX);
    json_put(p, key, json_integer((json_int_t)count));
}

void json_put_some(struct json_put *p, const char *key, uint64_t count)
{
    if (count == 0)
        json_put(p, key, json_null());
    else
        json_put_count(p, key, count);
}

void json_put_known(struct json_put *p, const char *key, int64_t value)
{
    json_put(p, key, value < 0 ? json_null() : json_integer(value));
}

void json_put_real(struct json_put *p, const char *key, double value)
{
    json_put(p, key, isfinite(value) ? json_real(value) : json_null());
}

void json_put_flag(struct json_put *p, const char *key, bool value)
{
    json_put(p, key, json_boolean(value));
}

void json_put_seed(struct json_put *p, const char *key, uint64_t seed)
{
    if (seed <= EXACT_MAX)
        json_put_count(p, key, seed);
    else
        json_put(p, key, json_sprintf("%llu", (unsigned long long)seed));
}

/* ---- text ---- */

static bool is_text(struct slice text)
{
    size_t at = 0;

    while (at < text.len) {
        size_t len = utf8_len((struct slice){ text.ptr + at, text.len - at });

        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

/* Both ways of escaping make at most four bytes of one. */
static json_t *escaped(struct slice bytes, bool all)
{
    size_t cap = bytes.len * 4 + 1;
    struct text out = { .ptr = malloc(cap), .cap = cap };
    json_t *value;

    if (out.ptr == NULL)
        return NULL;
    for (size_t at = 0; at < bytes.len;) {
        size_t len = all ? 0 : utf8_len((struct slice){ bytes.ptr + at, bytes.len - at });
        struct slice piece = { bytes.ptr + at, len > 0 ? len : 1 };

        if (len > 0)
            text_add(&out, piece);
        else
            text_add_escaped(&out, piece);
        at += piece.len;
    }
    value = json_stringn(out.ptr, out.len);
    free(out.ptr);
    return value;
}

json_t *json_clean(struct slice text)
{
    return is_text(text) ? json_stringn(text.ptr, text.len) : escaped(text, false);
}

void json_put_text(struct json_put *p, const char *key, const char *text)
{
    if (text == NULL || text[0] == '\0')
        json_put(p, key, json_null());
    else
        json_put(p, key, json_clean(slice_of(text)));
}

void json_put_escaped(struct json_put *p, const char *key, struct slice bytes)
{
    json_put(p, key, escaped(bytes, true));
}

static json_t *base64_value(struct slice bytes)
{
    char *text = malloc(BASE64_LEN(bytes.len) + 1);
    json_t *value;

    if (text == NULL)
        return NULL;
    base64_encode(bytes, text);
    value = json_string(text);
    free(text);
    return value;
}

void json_put_bytes(struct json_put *p, const char *key, struct slice bytes)
{
    char other[64];

    if (bytes.ptr != NULL && is_text(bytes)) {
        json_put(p, key, json_stringn(bytes.ptr, bytes.len));
        return;
    }
    json_put(p, key, json_null());
    if (bytes.ptr == NULL)
        return;
    snprintf(other, sizeof(other), "%s_base64", key);
    json_put(p, other, base64_value(bytes));
}
