#include "suite/shape_priv.h"

#include "base/bug.h"

static const char *const kind_names[] = {
    [NODE_TEXT] = "text",
    [NODE_LIST] = "a list",
    [NODE_MAPPING] = "a mapping",
};

static bool check_value(const struct node *node, const cyaml_schema_value_t *value,
                        struct error *err);

static bool check_given(const struct node *node, struct error *err)
{
    if (node->kind == NODE_TEXT && !node->given)
        return node_wrong(node, err,
                          "has no value; give one, write \"\" for an empty text, or leave it out");
    return true;
}

/* ---- texts ---- */

static bool check_text(const struct node *node, struct error *err)
{
    if (node->kind != NODE_TEXT)
        return node_wrong(node, err, "must be a text or a number, not %s; quote it if it is text",
                          kind_names[node->kind]);
    return check_given(node, err);
}

/* libcyaml takes any other word for true. */
static bool check_bool(const struct node *node, struct error *err)
{
    char quoted[QUOTE_MAX];

    if (!check_text(node, err))
        return false;
    if (!slice_equal(node->text, SLICE("true")) && !slice_equal(node->text, SLICE("false")))
        return node_wrong(node, err, "must be true or false, not '%s'", quote(node->text, quoted));
    return true;
}

static bool check_enum(const struct node *node, const cyaml_schema_value_t *value,
                       struct error *err)
{
    char words[200], quoted[QUOTE_MAX];
    struct text text = TEXT(words);

    if (!check_text(node, err))
        return false;
    for (uint32_t i = 0; i < value->enumeration.count; i++) {
        const char *word = value->enumeration.strings[i].str;

        if (slice_equal(node->text, slice_of(word)))
            return true;
        text_format(&text, "%s%s",
                    i == 0                              ? ""
                    : i + 1 == value->enumeration.count ? " or "
                                                        : ", ",
                    word);
    }
    return node_wrong(node, err, "must be %s, not '%s'", words, quote(node->text, quoted));
}

/* ---- lists ---- */

/* What tells an entry of a list from the others: its name, the workload it is about, or its text.
 */
static const struct node *identity(const struct node *entry)
{
    const struct node *name = entry;

    if (entry->kind == NODE_MAPPING) {
        name = node_get(entry, "name");
        if (name == NULL)
            name = node_get(entry, "workload");
    }
    BUG_IF(name == NULL); /* all mappings in lists require one of the two */
    return name;
}

static bool twin_error(const struct node *list, const struct node *first, const struct node *second,
                       struct error *err)
{
    char name[300], quoted[QUOTE_MAX];
    struct text text = TEXT(name);

    node_name(list, &text);
    return node_error(second, err,
                      "%s has '%s' twice, first at line %u; rename one, or leave it out", name,
                      quote(second->text, quoted), first->place.line);
}

/* Stages are steps, not names: a staircase may come down the way it went up. */
static bool may_repeat(const struct node *list)
{
    return slice_equal(list->key, SLICE("stages"));
}

/* Compares each with each: the lists are short by now. */
static bool check_twins(const struct node *list, struct error *err)
{
    for (const struct node *entry = list->first; entry != NULL; entry = entry->next)
        for (const struct node *other = list->first; other != entry; other = other->next)
            if (slice_equal(identity(other)->text, identity(entry)->text))
                return twin_error(list, identity(other), identity(entry), err);
    return true;
}

static bool check_list(const struct node *list, const cyaml_schema_value_t *value,
                       struct error *err)
{
    if (!check_given(list, err))
        return false;
    if (list->kind != NODE_LIST)
        return node_wrong(list, err,
                          "must be a list, not %s; write [one, two], or a line '- one' for each",
                          kind_names[list->kind]);
    if (list->count < value->sequence.min)
        return node_wrong(list, err, "is empty; give it at least one entry");
    if (list->count > value->sequence.max)
        return node_wrong(list, err, "has %zu entries; the limit is %u", list->count,
                          value->sequence.max);
    for (const struct node *entry = list->first; entry != NULL; entry = entry->next)
        if (!check_value(entry, value->sequence.entry, err))
            return false;
    return may_repeat(list) || check_twins(list, err);
}

/* ---- mappings ---- */

static bool unknown_key(const struct node *entry, const cyaml_schema_field_t *fields,
                        struct error *err)
{
    char owner[300], known[500], quoted[QUOTE_MAX];
    struct text owner_text = TEXT(owner), known_text = TEXT(known);
    struct nearest nearest = nearest_to(entry->key);

    mapping_name(entry->parent, &owner_text);
    for (const cyaml_schema_field_t *field = fields; field->key != NULL; field++) {
        nearest_offer(&nearest, slice_of(field->key));
        text_format(&known_text, "%s%s", field == fields ? "" : ", ", field->key);
    }
    if (nearest.best.ptr != NULL)
        return place_error(entry->file, entry->key_place, err,
                           "unknown key '%s' in %s; did you mean '%s'?", quote(entry->key, quoted),
                           owner, nearest.best.ptr);
    return place_error(entry->file, entry->key_place, err,
                       "unknown key '%s' in %s; the keys there are %s", quote(entry->key, quoted),
                       owner, known);
}

/* The same key as an earlier entry of the mapping? All of them are known keys, so they are few. */
static bool check_once(const struct node *entry, struct error *err)
{
    char owner[300];
    struct text owner_text = TEXT(owner);
    const struct node *first = node_get(entry->parent, entry->key.ptr);

    if (first == entry)
        return true;
    mapping_name(entry->parent, &owner_text);
    return place_error(entry->file, entry->key_place, err,
                       "key '%s' in %s is there twice, first at line %u; leave one out",
                       entry->key.ptr, owner, first->key_place.line);
}

static bool check_required(const struct node *mapping, const cyaml_schema_field_t *fields,
                           struct error *err)
{
    for (const cyaml_schema_field_t *field = fields; field->key != NULL; field++) {
        bool required = (field->value.flags & CYAML_FLAG_OPTIONAL) == 0;

        if (required && node_get(mapping, field->key) == NULL)
            return key_wrong(mapping, field->key, err, "is missing; it is required");
    }
    return true;
}

static const cyaml_schema_field_t *find_field(const cyaml_schema_field_t *fields, struct slice key)
{
    for (const cyaml_schema_field_t *field = fields; field->key != NULL; field++)
        if (slice_equal(key, slice_of(field->key)))
            return field;
    return NULL;
}

static bool check_mapping(const struct node *mapping, const cyaml_schema_value_t *value,
                          struct error *err)
{
    const cyaml_schema_field_t *fields = value->mapping.fields;

    if (!check_given(mapping, err))
        return false;
    if (mapping->kind != NODE_MAPPING)
        return node_wrong(mapping, err,
                          "must be a mapping, not %s; write { key: value }, or a line 'key: value' "
                          "for each",
                          kind_names[mapping->kind]);
    for (const struct node *entry = mapping->first; entry != NULL; entry = entry->next) {
        const cyaml_schema_field_t *field = find_field(fields, entry->key);

        if (field == NULL)
            return unknown_key(entry, fields, err);
        if (!check_once(entry, err) || !check_value(entry, &field->value, err))
            return false;
    }
    return check_required(mapping, fields, err);
}

static bool check_value(const struct node *node, const cyaml_schema_value_t *value,
                        struct error *err)
{
    switch (value->type) {
    case CYAML_STRING:
        return check_text(node, err);
    case CYAML_BOOL:
        return check_bool(node, err);
    case CYAML_ENUM:
        return check_enum(node, value, err);
    case CYAML_SEQUENCE:
        return check_list(node, value, err);
    case CYAML_MAPPING:
        return check_mapping(node, value, err);
    default:
        BUG("a type that our tables do not use");
    }
}

bool shape_check(const struct node *root, const cyaml_schema_value_t *schema, struct error *err)
{
    return check_value(root, schema, err);
}
