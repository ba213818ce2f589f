#include "suite/node_priv.h"

#include <stdarg.h>
#include <stdio.h>

const struct node *node_get(const struct node *mapping, const char *key)
{
    struct slice wanted = slice_of(key);

    if (mapping->kind != NODE_MAPPING)
        return NULL;
    for (const struct node *entry = mapping->first; entry != NULL; entry = entry->next)
        if (slice_equal(entry->key, wanted))
            return entry;
    return NULL;
}

const char *quote(struct slice text, char ret_text[QUOTE_MAX])
{
    struct text quoted = { ret_text, 0, QUOTE_MAX - 3, false };

    ret_text[0] = '\0';
    text_add_escaped(&quoted, text);
    if (quoted.cut) {
        quoted.cap = QUOTE_MAX;
        text_add(&quoted, SLICE("..."));
    }
    return ret_text;
}

static void add_quoted(struct text *text, struct slice piece)
{
    char quoted[QUOTE_MAX];

    text_format(text, "'%s'", quote(piece, quoted));
}

/* Our lists are called after what is in them: "loads" holds loads, "processes" processes. */
static struct slice singular(struct slice list)
{
    if (slice_equal(list, SLICE("processes")))
        list.len -= 2;
    else if (list.len > 0 && list.ptr[list.len - 1] == 's')
        list.len--;
    return list;
}

/* "load 'json'", or "load 2" where it has no name. */
static void add_entry(const struct node *mapping, struct text *text)
{
    struct slice noun = singular(mapping->parent->key);
    const struct node *name = node_get(mapping, "name");

    if (name == NULL)
        name = node_get(mapping, "workload");
    text_add(text, noun);
    text_add(text, SLICE(" "));
    if (name != NULL && name->kind == NODE_TEXT && name->given)
        add_quoted(text, name->text);
    else
        text_format(text, "%zu", mapping->index + 1);
}

static bool is_list_entry(const struct node *node)
{
    return node->parent != NULL && node->parent->kind == NODE_LIST;
}

void mapping_name(const struct node *mapping, struct text *text)
{
    const struct node *outer = mapping->parent;

    if (outer == NULL) {
        text_add(text, SLICE("the suite"));
        return;
    }
    if (is_list_entry(mapping)) {
        add_entry(mapping, text);
        outer = outer->parent;
    } else {
        text_add(text, mapping->key);
    }
    if (outer != NULL && outer->parent != NULL) {
        text_add(text, SLICE(" of "));
        mapping_name(outer, text);
    }
}

void node_name(const struct node *node, struct text *text)
{
    if (node->parent == NULL || (is_list_entry(node) && node->kind == NODE_MAPPING)) {
        mapping_name(node, text);
    } else if (is_list_entry(node)) {
        text_format(text, "entry %zu of ", node->index + 1);
        node_name(node->parent, text);
    } else {
        add_quoted(text, node->key);
        text_add(text, SLICE(" in "));
        mapping_name(node->parent, text);
    }
}

/* Room for a name, three quotes and a list of known keys; longer texts are cut. */
#define MESSAGE_MAX 1500

static bool error_at(const char *file, struct place place, struct error *err, const char *message)
{
    return error_usage(err, "%s:%u:%u: error: %s", file, place.line, place.column, message);
}

bool place_error(const char *file, struct place place, struct error *err, const char *fmt, ...)
{
    char message[MESSAGE_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    return error_at(file, place, err, message);
}

bool node_error(const struct node *node, struct error *err, const char *fmt, ...)
{
    char message[MESSAGE_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    return error_at(node->file, node->place, err, message);
}

bool node_wrong(const struct node *node, struct error *err, const char *fmt, ...)
{
    char name[MESSAGE_MAX], message[MESSAGE_MAX];
    struct text text = TEXT(name);
    va_list args;

    node_name(node, &text);
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    return node_error(node, err, "%s %s", name, message);
}

bool key_wrong(const struct node *mapping, const char *key, struct error *err, const char *fmt, ...)
{
    char name[MESSAGE_MAX], message[MESSAGE_MAX];
    const struct node *value = node_get(mapping, key);
    struct text text = TEXT(name);
    va_list args;

    text_format(&text, "'%s' in ", key);
    mapping_name(mapping, &text);
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    return node_error(value != NULL ? value : mapping, err, "%s %s", name, message);
}
