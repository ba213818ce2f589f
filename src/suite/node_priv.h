/* suite/node_priv.h -- the suite file as a tree in which every value knows where it stands.
 *
 * libcyaml fills structs but forgets positions. So libyaml's events are kept here first, and
 * whoever finds something wrong, now or after libcyaml, says where with one of the functions below.
 * All of them are about the user's file: they set error.usage, and return false. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAPPING };

struct place {
    unsigned line, column; /* from 1; columns are characters, as editors count them */
};

struct node {
    enum node_kind kind;
    bool given; /* a text: false for "key:" with nothing behind it, ~ and null */
    struct place place, key_place;
    struct slice key;  /* of an entry of a mapping; elsewhere ptr NULL */
    struct slice text; /* NUL behind it, none in it */
    const char *file;  /* as named to the user */
    const struct node *parent;
    struct node *first, *next;
    size_t index; /* among its siblings */
    size_t count; /* of its entries */
};

/* Deeper than any suite is: "values" of a factor of a target is level 6. */
#define NODE_DEPTH_MAX 16

/* Reads one YAML document (marks.c). Refused, because a suite does without them and something would
 * be lost in silence: aliases, tags, a second document, NUL in a text, keys that are no text. */
bool node_read(struct slice text, const char *file, struct arena *arena,
               const struct node **ret_root, struct error *err);

/* The value of `key`, or NULL. */
const struct node *node_get(const struct node *mapping, const char *key);

/* What a reader would call a mapping: "the suite", "load 'json'", "factor 2 of target 'gin'",
 * "expect of workload 'json'". And any value: "'rate' in load 'json'", "entry 2 of 'env' in target
 * 'gin'". */
void mapping_name(const struct node *mapping, struct text *text);
void node_name(const struct node *node, struct text *text);

/* FILE:LINE:COL: error: TEXT */
bool place_error(const char *file, struct place place, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool node_error(const struct node *node, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* FILE:LINE:COL: error: NAME TEXT: what is wrong with this value. */
bool node_wrong(const struct node *node, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a key, at the place of its value, or of the mapping where the key is not given. */
bool key_wrong(const struct node *mapping, const char *key, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A text from the file, fit for a message: escaped, and cut when it is long. */
#define QUOTE_MAX 80
const char *quote(struct slice text, char ret_text[QUOTE_MAX]);

/* Finds, among names offered one by one, the one that was probably meant (nearest.c). */
struct nearest {
    struct slice wanted;
    struct slice best; /* ptr NULL: nothing near was offered */
    unsigned distance;
};

struct nearest nearest_to(struct slice wanted);
void nearest_offer(struct nearest *nearest, struct slice name);
