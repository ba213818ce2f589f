#include "suite/suite_priv.h"

#include "base/units.h"

bool count_read(const struct node *mapping, const char *key, const char *text, uint64_t min,
                uint64_t max, uint64_t *value, struct error *err)
{
    char quoted[QUOTE_MAX];
    uint64_t count;

    if (text == NULL)
        return true;
    if (!units_parse_count(slice_of(text), &count) || count < min || count > max)
        return key_wrong(mapping, key, err, "must be a whole number from %ju to %ju, not '%s'",
                         (uintmax_t)min, (uintmax_t)max, quote(slice_of(text), quoted));
    *value = count;
    return true;
}

bool count32_read(const struct node *mapping, const char *key, const char *text, uint32_t min,
                  uint32_t max, uint32_t *value, struct error *err)
{
    uint64_t wide = *value;

    if (!count_read(mapping, key, text, min, max, &wide, err))
        return false;
    *value = (uint32_t)wide;
    return true;
}

bool duration_read(const struct node *mapping, const char *key, const char *text, int64_t min_ns,
                   int64_t max_ns, int64_t *value_ns, struct error *err)
{
    char quoted[QUOTE_MAX], least[UNITS_TEXT_MAX], most[UNITS_TEXT_MAX];
    int64_t ns;

    if (text == NULL)
        return true;
    if (!units_parse_duration(slice_of(text), &ns) || ns < min_ns || ns > max_ns)
        return key_wrong(mapping, key, err,
                         "must be a duration from %s to %s, such as 30s or 250ms, not '%s'",
                         min_ns > 0 ? units_duration(min_ns, true, least) : "0",
                         units_duration(max_ns, true, most), quote(slice_of(text), quoted));
    *value_ns = ns;
    return true;
}

/* ---- names ---- */

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_letter_or_digit(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool name_check(const struct node *mapping, const char *key, struct error *err)
{
    struct slice name = node_get(mapping, key)->text;
    bool good = name.len > 0 && name.len <= SUITE_NAME_MAX && is_letter_or_digit(name.ptr[0]);
    char quoted[QUOTE_MAX];

    for (size_t i = 0; i < name.len; i++)
        good = good && (is_letter_or_digit(name.ptr[i]) || strchr("._+-", name.ptr[i]) != NULL);
    if (!good)
        return key_wrong(mapping, key, err,
                         "must be a letter or digit and up to %d more of them or of . _ + -, "
                         "not '%s'",
                         SUITE_NAME_MAX - 1, quote(name, quoted));
    return true;
}

bool word_check(const struct node *mapping, const char *key, struct error *err)
{
    struct slice word = node_get(mapping, key)->text;
    bool good = word.len > 0 && word.len <= SUITE_NAME_MAX && word.ptr[0] >= 'a';
    char quoted[QUOTE_MAX];

    for (size_t i = 0; i < word.len; i++)
        good = good && (is_lower_or_digit(word.ptr[i]) || word.ptr[i] == '_');
    if (!good)
        return key_wrong(mapping, key, err,
                         "must be a lower-case letter and up to %d more, or digits or _, so that "
                         "it can stand in braces, not '%s'",
                         SUITE_NAME_MAX - 1, quote(word, quoted));
    return true;
}

#define LABEL_MAX 200

bool label_check(const struct node *mapping, const char *key, struct error *err)
{
    const struct node *value = node_get(mapping, key);

    if (value == NULL)
        return true;
    if (value->text.len > LABEL_MAX)
        return key_wrong(mapping, key, err, "has %zu bytes; the limit is %d", value->text.len,
                         LABEL_MAX);
    for (size_t i = 0; i < value->text.len; i++) {
        unsigned char c = (unsigned char)value->text.ptr[i];

        if (c < 0x20 || c == 0x7f)
            return key_wrong(mapping, key, err,
                             "has a control character or a line break; write it in one line");
    }
    return true;
}

/* ---- copies ---- */

struct slice text_copy(struct suite *suite, const char *text)
{
    size_t len;

    if (text == NULL)
        return (struct slice){ NULL, 0 };
    len = strlen(text);
    return (struct slice){ arena_text(&suite->memory->arena, text, len), len };
}

struct slice *texts_copy(struct suite *suite, char *const *texts, size_t count)
{
    struct slice *copies = arena_new(&suite->memory->arena, struct slice, count);

    for (size_t i = 0; i < count; i++)
        copies[i] = text_copy(suite, texts[i]);
    return copies;
}
