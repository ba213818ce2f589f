/* store/json_get.h -- reads a JSON object, key by key, and asks once at the end whether it was
 * right.
 *
 * The first thing that is wrong is kept as an error ("requests.sent: must be a whole number"); from
 * then on everything reads as absent, so that callers need no test after each key. A key that is
 * not there is the same as null: documents written before a key was thought of stay readable.
 *
 * Texts are copied into the arena, which json_get_room() measures. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

/* One document being read. */
struct json_reader {
    struct arena *arena;
    struct error *err;
    bool failed; /* and `err` says why */
};

/* One object of it. */
struct json_get {
    struct json_reader *reader;
    const json_t *object; /* NULL: every key is absent */
    const char *name;     /* for the error; "" at the top */
};

/* What every text of the document takes in an arena, at most. */
size_t json_get_room(const json_t *document);

/* Notes that KEY is wrong; `must` says what it must be. */
void json_get_fail(const struct json_get *g, const char *key, const char *must);

/* The object under KEY, which must be there. */
struct json_get json_get_object(const struct json_get *g, const char *key);

/* The same, where it may be null: then its own object is NULL. */
struct json_get json_get_optional(const struct json_get *g, const char *key);

/* The array under KEY; NULL when it is null or empty. More than `max` items are an error. */
const json_t *json_get_array(const struct json_get *g, const char *key, size_t max);

/* Item `index` of such an array, which must be an object. */
struct json_get json_get_item(const struct json_get *g, const char *key, const json_t *array,
                              size_t index);

uint64_t json_get_count(const struct json_get *g, const char *key,
                        uint64_t max);                                           /* must be there */
uint64_t json_get_some(const struct json_get *g, const char *key, uint64_t max); /* null: 0 */
int64_t json_get_known(const struct json_get *g, const char *key);               /* null: -1 */
int64_t json_get_whole(const struct json_get *g, const char *key); /* any sign; null: 0 */
double json_get_real(const struct json_get *g, const char *key);   /* null: NaN */
bool json_get_flag(const struct json_get *g, const char *key);     /* must be there */
bool json_get_flag_or(const struct json_get *g, const char *key, bool absent);
uint64_t json_get_seed(const struct json_get *g, const char *key); /* must be there */

const char *json_get_text(const struct json_get *g, const char *key); /* null: "" */
struct slice json_get_word(const struct json_get *g,
                           const char *key); /* must be there; not copied */

/* What json_put_bytes() wrote. */
struct slice json_get_bytes(const struct json_get *g, const char *key);

/* What json_put_escaped() wrote: at most `max` bytes into ret_bytes; returns how many. */
size_t json_get_escaped(const struct json_get *g, const char *key, char *ret_bytes, size_t max);
