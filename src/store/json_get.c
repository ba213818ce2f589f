#include "store/json_get.h"

#include <math.h>

#include "base/base64.h"

size_t json_get_room(const json_t *document)
{
    size_t room = 0, index;
    const char *key;
    json_t *value;

    if (json_is_string(document))
        return json_string_length(document) + 1;
    /* jansson's loops take a json_t * that they do not change. */
    json_object_foreach((json_t *)(uintptr_t)document, key, value) room +=
        strlen(key) + 1 + json_get_room(value);
    json_array_foreach(document, index, value) room += json_get_room(value);
    return room;
}

void json_get_fail(const struct json_get *g, const char *key, const char *must)
{
    if (g->reader->failed)
        return;
    g->reader->failed = true;
    error_set(g->reader->err, 0, "%s%s%s: must be %s", g->name, g->name[0] != '\0' ? "." : "", key,
              must);
}

/* NULL when it is absent or null, or when something was wrong already. */
static const json_t *value_of(const struct json_get *g, const char *key)
{
    const json_t *value = g->reader->failed ? NULL : json_object_get(g->object, key);

    return json_is_null(value) ? NULL : value;
}

static struct json_get object_of(const struct json_get *g, const char *key, const json_t *value)
{
    if (!json_is_object(value))
        json_get_fail(g, key, "an object");
    return (struct json_get){ .reader = g->reader, .object = value, .name = key };
}

struct json_get json_get_object(const struct json_get *g, const char *key)
{
    return object_of(g, key, value_of(g, key));
}

struct json_get json_get_optional(const struct json_get *g, const char *key)
{
    const json_t *value = value_of(g, key);

    if (value == NULL)
        return (struct json_get){ .reader = g->reader, .name = key };
    return object_of(g, key, value);
}

const json_t *json_get_array(const struct json_get *g, const char *key, size_t max)
{
    const json_t *value = value_of(g, key);

    if (value == NULL)
        return NULL;
    if (!json_is_array(value)) {
        json_get_fail(g, key, "an array");
        return NULL;
    }
    if (json_array_size(value) > max) {
        json_get_fail(g, key, "a shorter array");
        return NULL;
    }
    return json_array_size(value) > 0 ? value : NULL;
}

struct json_get json_get_item(const struct json_get *g, const char *key, const json_t *array,
                              size_t index)
{
    const json_t *item = json_array_get(array, index);

    if (!json_is_object(item))
        json_get_fail(g, key, "an array of objects");
    return (struct json_get){ .reader = g->reader, .object = item, .name = key };
}

static uint64_t count_of(const struct json_get *g, const char *key, const json_t *value,
                         uint64_t max)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > max) {
        json_get_fail(g, key, "a whole number, not negative and not too large");
        return 0;
    }
    return (uint64_t)json_integer_value(value);
}

uint64_t json_get_count(const struct json_get *g, const char *key, uint64_t max)
{
    return count_of(g, key, value_of(g, key), max);
}

uint64_t json_get_some(const struct json_get *g, const char *key, uint64_t max)
{
    const json_t *value = value_of(g, key);

    return value == NULL ? 0 : count_of(g, key, value, max);
}

int64_t json_get_known(const struct json_get *g, const char *key)
{
    const json_t *value = value_of(g, key);

    return value == NULL ? -1 : (int64_t)count_of(g, key, value, INT64_MAX);
}

int64_t json_get_whole(const struct json_get *g, const char *key)
{
    const json_t *value = value_of(g, key);

    if (value != NULL && !json_is_integer(value))
        json_get_fail(g, key, "a whole number");
    return json_integer_value(value);
}

double json_get_real(const struct json_get *g, const char *key)
{
    const json_t *value = value_of(g, key);

    if (value == NULL)
        return (double)NAN;
    if (!json_is_number(value))
        json_get_fail(g, key, "a number");
    return json_number_value(value);
}

bool json_get_flag(const struct json_get *g, const char *key)
{
    const json_t *value = value_of(g, key);

    if (!json_is_boolean(value))
        json_get_fail(g, key, "true or false");
    return json_is_true(value);
}

bool json_get_flag_or(const struct json_get *g, const char *key, bool absent)
{
    return value_of(g, key) == NULL ? absent : json_get_flag(g, key);
}

static struct slice string_of(const struct json_get *g, const char *key, const json_t *value)
{
    if (!json_is_string(value)) {
        json_get_fail(g, key, "a string");
        return SLICE("");
    }
    return (struct slice){ json_string_value(value), json_string_length(value) };
}

uint64_t json_get_seed(const struct json_get *g, const char *key)
{
    const json_t *value = value_of(g, key);
    uint64_t seed = 0;

    if (json_is_string(value)) {
        if (!slice_u64(string_of(g, key, value), UINT64_MAX, &seed))
            json_get_fail(g, key, "digits");
        return seed;
    }
    return count_of(g, key, value, UINT64_MAX);
}

struct slice json_get_word(const struct json_get *g, const char *key)
{
    return string_of(g, key, value_of(g, key));
}

const char *json_get_text(const struct json_get *g, const char *key)
{
    const json_t *value = value_of(g, key);
    struct slice text;

    if (value == NULL)
        return "";
    text = string_of(g, key, value);
    return arena_text(g->reader->arena, text.ptr, text.len);
}

static struct slice decoded(const struct json_get *g, const char *key, const json_t *value)
{
    struct slice text = string_of(g, key, value);
    char *bytes = arena_new(g->reader->arena, char, text.len + 1);
    size_t len = 0;

    if (!base64_decode(text, bytes, &len))
        json_get_fail(g, key, "base64");
    return (struct slice){ bytes, len };
}

struct slice json_get_bytes(const struct json_get *g, const char *key)
{
    const json_t *value = value_of(g, key);
    char other[64];
    struct slice text;

    if (value == NULL) {
        snprintf(other, sizeof(other), "%s_base64", key);
        value = value_of(g, other);
        return value == NULL ? (struct slice){ NULL, 0 } : decoded(g, other, value);
    }
    text = string_of(g, key, value);
    return (struct slice){ arena_text(g->reader->arena, text.ptr, text.len), text.len };
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes one byte off the front, however it is written. False when it is not well written. */
static bool take_escaped(struct slice *text, char *ret_byte)
{
    const char *at = text->ptr;
    size_t used = 2;

    if (at[0] != '\\') {
        *ret_byte = at[0];
        used = 1;
    } else if (text->len >= 2 && at[1] == '\\') {
        *ret_byte = '\\';
    } else if (text->len >= 2 && at[1] == 'r') {
        *ret_byte = '\r';
    } else if (text->len >= 2 && at[1] == 'n') {
        *ret_byte = '\n';
    } else if (text->len >= 4 && at[1] == 'x' && hex_value(at[2]) >= 0 && hex_value(at[3]) >= 0) {
        *ret_byte = (char)(hex_value(at[2]) << 4 | hex_value(at[3]));
        used = 4;
    } else {
        return false;
    }
    *text = (struct slice){ at + used, text->len - used };
    return true;
}

size_t json_get_escaped(const struct json_get *g, const char *key, char *ret_bytes, size_t max)
{
    struct slice text = json_get_word(g, key);
    size_t len = 0;

    while (text.len > 0) {
        if (len == max || !take_escaped(&text, &ret_bytes[len])) {
            json_get_fail(g, key, "escaped bytes, as assay writes them");
            return 0;
        }
        len++;
    }
    return len;
}
