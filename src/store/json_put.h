/* store/json_put.h -- writes one JSON object, key by key, and asks once at the end whether it
 * worked.
 *
 *     struct json_put p = json_put_begin();
 *     json_put_count(&p, "sent", sent);
 *     json_put(&p, "load", load_object);      takes the reference; NULL is a failure too
 *     return json_put_end(&p);                the object, or NULL and nothing left behind
 *
 * Outside the measured window only. Failure means that memory ran out. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct json_put {
    json_t *object;
    bool failed;
};

struct json_put json_put_begin(void);
json_t *json_put_end(struct json_put *p);

void json_put(struct json_put *p, const char *key, json_t *value);
void json_put_count(struct json_put *p, const char *key, uint64_t count);
void json_put_known(struct json_put *p, const char *key, int64_t value); /* negative: null */
void json_put_real(struct json_put *p, const char *key, double value);   /* NaN, infinite: null */
void json_put_flag(struct json_put *p, const char *key, bool value);

/* A count where 0 means that there is none: null. */
void json_put_some(struct json_put *p, const char *key, uint64_t count);

/* Seeds use all 64 bits. Most readers of JSON keep whole numbers exact to 2^53 only: larger ones
 * are written as a string of digits. */
void json_put_seed(struct json_put *p, const char *key, uint64_t seed);

/* Text for people: "" and NULL are null; bytes that are not UTF-8 become \xNN. */
void json_put_text(struct json_put *p, const char *key, const char *text);

/* Bytes that must come back exactly: ptr NULL is null; what is not UTF-8, or holds a NUL, goes in
 * base64 under "KEY_base64", and KEY is null. */
void json_put_bytes(struct json_put *p, const char *key, struct slice bytes);

/* Bytes of a peer: as text_add_escaped() writes them, so that they come back exactly and a terminal
 * is safe from them. */
void json_put_escaped(struct json_put *p, const char *key, struct slice bytes);

/* A string value with every byte that is not UTF-8 as \xNN; NULL when memory ran out. */
json_t *json_clean(struct slice text);

/* Appends, taking the reference. When that fails, or `item` is NULL, the array is released and
 * becomes NULL, and stays so: ask once, when it is used. */
void json_add(json_t **array, json_t *item);
