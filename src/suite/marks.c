#include "suite/node_priv.h"

#include <errno.h>
#include <stdio.h>
#include <yaml.h>

struct marks {
    yaml_parser_t parser;
    yaml_event_t event; /* the one we stand at */
    struct slice text;
    const char *file;
    struct arena *arena;
};

static struct place place_of(yaml_mark_t mark)
{
    return (struct place){ (unsigned)mark.line + 1, (unsigned)mark.column + 1 };
}

/* libyaml's reader knows only how many bytes it had read. */
static struct place place_of_byte(struct slice text, size_t offset)
{
    struct place place = { 1, 1 };

    for (size_t i = 0; i < text.len && i < offset; i++) {
        bool continues = ((unsigned char)text.ptr[i] & 0xc0) == 0x80; /* inside a UTF-8 character */

        if (text.ptr[i] == '\n')
            place = (struct place){ place.line + 1, 1 };
        else if (!continues)
            place.column++;
    }
    return place;
}

static bool syntax_error(const struct marks *m, struct error *err)
{
    const yaml_parser_t *parser = &m->parser;
    char context[160] = "";

    if (parser->context != NULL)
        snprintf(context, sizeof(context), " %s that began at line %zu", parser->context,
                 parser->context_mark.line + 1);
    return place_error(m->file, place_of(parser->problem_mark), err,
                       "not YAML: %s%s; indent with spaces, and quote a text that contains ': ' or "
                       "begins with {, [, *, &, !, %% or @",
                       parser->problem, context);
}

static bool next_event(struct marks *m, struct error *err)
{
    yaml_event_delete(&m->event);
    if (yaml_parser_parse(&m->parser, &m->event))
        return true;
    if (m->parser.error == YAML_MEMORY_ERROR)
        return error_set(err, ENOMEM, "read %s", m->file);
    if (m->parser.error == YAML_READER_ERROR)
        return place_error(m->file, place_of_byte(m->text, m->parser.problem_offset), err,
                           "not YAML: %s; save the file as UTF-8 text", m->parser.problem);
    return syntax_error(m, err);
}

static bool error_here(const struct marks *m, struct error *err, const char *text)
{
    return place_error(m->file, place_of(m->event.start_mark), err, "%s", text);
}

/* "key:" with nothing behind it, and YAML's two ways to say so. */
static bool says_nothing(struct slice text)
{
    return text.len == 0 || slice_equal(text, SLICE("~")) || slice_equal(text, SLICE("null"));
}

static bool take_text(struct marks *m, struct slice *ret_text, struct error *err)
{
    const char *value = (const char *)m->event.data.scalar.value;
    size_t len = m->event.data.scalar.length;

    if (memchr(value, '\0', len) != NULL)
        return error_here(m, err,
                          "a text cannot contain NUL; put such bytes into a file and give its name "
                          "as body_file");
    *ret_text = (struct slice){ arena_text(m->arena, value, len), len };
    return true;
}

static bool read_value(struct marks *m, struct node *node, unsigned depth, struct error *err);

static struct node *add_child(struct marks *m, struct node *parent, struct node *last)
{
    struct node *child = arena_new(m->arena, struct node, 1);

    *child = (struct node){ .file = m->file, .parent = parent, .index = parent->count++ };
    if (last == NULL)
        parent->first = child;
    else
        last->next = child;
    return child;
}

static bool read_list(struct marks *m, struct node *list, unsigned depth, struct error *err)
{
    struct node *last = NULL;

    list->kind = NODE_LIST;
    for (;;) {
        if (!next_event(m, err))
            return false;
        if (m->event.type == YAML_SEQUENCE_END_EVENT)
            return true;
        last = add_child(m, list, last);
        if (!read_value(m, last, depth + 1, err))
            return false;
    }
}

static bool read_mapping(struct marks *m, struct node *mapping, unsigned depth, struct error *err)
{
    struct node *last = NULL;

    mapping->kind = NODE_MAPPING;
    for (;;) {
        if (!next_event(m, err))
            return false;
        if (m->event.type == YAML_MAPPING_END_EVENT)
            return true;
        if (m->event.type != YAML_SCALAR_EVENT)
            return error_here(m, err,
                              "a key must be text; quote a text that begins with {, [ or *");
        last = add_child(m, mapping, last);
        last->key_place = place_of(m->event.start_mark);
        if (!take_text(m, &last->key, err) || !next_event(m, err))
            return false;
        if (!read_value(m, last, depth + 1, err))
            return false;
    }
}

static bool read_text(struct marks *m, struct node *node, struct error *err)
{
    node->kind = NODE_TEXT;
    if (!take_text(m, &node->text, err))
        return false;
    node->given =
        m->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE || !says_nothing(node->text);
    return true;
}

/* "!!str", "!include": libcyaml would read on as if they were not there. */
static bool has_tag(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return event->data.scalar.tag != NULL;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return event->data.sequence_start.tag != NULL;
    return event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.tag != NULL;
}

/* The value that begins with the event at hand. */
static bool read_value(struct marks *m, struct node *node, unsigned depth, struct error *err)
{
    node->place = place_of(m->event.start_mark);
    if (depth > NODE_DEPTH_MAX)
        return error_here(m, err, "nested deeper than any suite is; see the line's indentation");
    if (has_tag(&m->event))
        return error_here(m, err,
                          "tags are not supported; leave out the word with '!', or quote the text");
    if (m->event.type == YAML_SEQUENCE_START_EVENT)
        return read_list(m, node, depth, err);
    if (m->event.type == YAML_MAPPING_START_EVENT)
        return read_mapping(m, node, depth, err);
    if (m->event.type == YAML_ALIAS_EVENT)
        return error_here(m, err,
                          "aliases are not supported; write the value out, or quote a text that "
                          "begins with '*'");
    return read_text(m, node, err);
}

static bool read_document(struct marks *m, struct node *root, struct error *err)
{
    /* The start of the stream, then of the document: or of nothing. */
    if (!next_event(m, err) || !next_event(m, err))
        return false;
    if (m->event.type == YAML_STREAM_END_EVENT)
        return place_error(m->file, (struct place){ 1, 1 }, err,
                           "the file is empty; a suite has at least the keys suite, workloads, "
                           "loads and targets");
    if (!next_event(m, err) || !read_value(m, root, 0, err))
        return false;
    /* The end of the document, then of the stream: or one document more. */
    if (!next_event(m, err) || !next_event(m, err))
        return false;
    if (m->event.type != YAML_STREAM_END_EVENT)
        return error_here(m, err, "a second document begins here; remove it, a file is one suite");
    return true;
}

bool node_read(struct slice text, const char *file, struct arena *arena,
               const struct node **ret_root, struct error *err)
{
    struct marks m = { .text = text, .file = file, .arena = arena };
    struct node *root = arena_new(arena, struct node, 1);
    bool ok;

    root->file = file;
    if (!yaml_parser_initialize(&m.parser))
        return error_set(err, ENOMEM, "read %s", file);
    yaml_parser_set_input_string(&m.parser, (const unsigned char *)text.ptr, text.len);
    ok = read_document(&m, root, err);
    yaml_event_delete(&m.event);
    yaml_parser_delete(&m.parser);
    if (ok)
        *ret_root = root;
    return ok;
}
