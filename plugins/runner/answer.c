#include "runner/answer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Of a body, in a sentence. */
#define SHOWN_MAX 200

/* Cut where a character of UTF-8 ends: half of one makes the whole sentence unreadable. */
static int shown_len(const char *text, size_t len)
{
    size_t shown = len < SHOWN_MAX ? len : SHOWN_MAX;

    if (len > SHOWN_MAX)
        while (shown > SHOWN_MAX - 3 && ((unsigned char)text[shown] & 0xc0) == 0x80)
            shown--;
    return (int)shown;
}

static bool complain(char *ret_error, const char *what, const char *expected, size_t expected_len,
                     const char *found, size_t found_len)
{
    snprintf(ret_error, RUNNER_TEXT_MAX,
             "%s is not as expected: '%.*s' (%zu B) instead of '%.*s' (%zu B)", what,
             shown_len(found, found_len), found, found_len, shown_len(expected, expected_len),
             expected, expected_len);
    return false;
}

static bool named(const struct answer_header *header, const char *name)
{
    return strncasecmp(header->name, name, header->name_len) == 0 && name[header->name_len] == '\0';
}

/* As the generator does it too (load/workload.h): "text/plain" is content with any charset. */
static size_t compared_len(const struct answer_header *header, const char *expected)
{
    const char *semicolon = memchr(header->value, ';', header->value_len);
    size_t length = header->value_len;

    if (semicolon == NULL || !named(header, "Content-Type") || strchr(expected, ';') != NULL)
        return length;
    length = (size_t)(semicolon - header->value);
    while (length > 0 && header->value[length - 1] == ' ')
        length--;
    return length;
}

/* A header may come more than once: one of them has to have the value. */
static bool check_header(const struct runner_header *expected, const struct answer *found,
                         char *ret_error)
{
    size_t value_len = strlen(expected->value);
    const struct answer_header *near = NULL;
    char what[SHOWN_MAX];

    for (size_t i = 0; i < found->header_count; i++) {
        const struct answer_header *header = &found->headers[i];

        if (!named(header, expected->name))
            continue;
        if (compared_len(header, expected->value) == value_len &&
            memcmp(header->value, expected->value, value_len) == 0)
            return true;
        near = header;
    }
    snprintf(what, sizeof(what), "header %s", expected->name);
    if (near != NULL)
        return complain(ret_error, what, expected->value, value_len, near->value, near->value_len);
    snprintf(ret_error, RUNNER_TEXT_MAX, "%s is missing", what);
    return false;
}

bool answer_check(const struct runner_case *one, const struct answer *found, char *ret_error)
{
    if (one->expect_status != 0 && found->status != one->expect_status) {
        snprintf(ret_error, RUNNER_TEXT_MAX, "status %d instead of %d", found->status,
                 one->expect_status);
        return false;
    }
    for (size_t i = 0; i < one->expect_header_count; i++)
        if (!check_header(&one->expect_headers[i], found, ret_error))
            return false;
    if (one->expect_body == NULL)
        return true;
    if (found->body_len == one->expect_body_len &&
        (found->body_len == 0 || memcmp(found->body, one->expect_body, found->body_len) == 0))
        return true;
    return complain(ret_error, "the body", one->expect_body, one->expect_body_len, found->body,
                    found->body_len);
}
