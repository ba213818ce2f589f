#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/bug.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool slice_starts(struct slice text, struct slice prefix)
{
    return text.len >= prefix.len && slice_equal((struct slice){ text.ptr, prefix.len }, prefix);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice text)
{
    while (text.len > 0 && blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

bool slice_u64(struct slice text, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned char)text.ptr[i] - (unsigned)'0';

        if (digit > 9)
            return false;
        if (__builtin_mul_overflow(value, 10u, &value))
            return false;
        if (__builtin_add_overflow(value, digit, &value))
            return false;
    }
    if (value > max)
        return false;
    *ret_value = value;
    return true;
}

static bool continues(struct slice text, size_t at)
{
    return at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80;
}

size_t utf8_len(struct slice text)
{
    unsigned char first = text.len > 0 ? (unsigned char)text.ptr[0] : 0;
    unsigned char second = text.len > 1 ? (unsigned char)text.ptr[1] : 0;
    size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

    if (first < 0x80)
        return first != 0;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
        return 0;
    for (size_t i = 1; i < len; i++)
        if (!continues(text, i))
            return 0;
    return len;
}

void text_add(struct text *text, struct slice piece)
{
    size_t room;

    BUG_IF(text->cap == 0);
    room = text->cap - 1 - text->len;
    if (piece.len > room) {
        text->cut = true;
        piece.len = room;
    }
    if (piece.len > 0)
        memcpy(text->ptr + text->len, piece.ptr, piece.len);
    text->len += piece.len;
    text->ptr[text->len] = '\0';
}

void text_format(struct text *text, const char *fmt, ...)
{
    size_t room;
    va_list args;
    int len;

    BUG_IF(text->cap == 0);
    room = text->cap - text->len;
    va_start(args, fmt);
    len = vsnprintf(text->ptr + text->len, room, fmt, args);
    va_end(args);
    BUG_IF(len < 0);
    if ((size_t)len >= room) {
        text->cut = true;
        len = (int)room - 1;
    }
    text->len += (size_t)len;
}

void text_add_escaped(struct text *text, struct slice piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        unsigned char c = (unsigned char)piece.ptr[i];

        if (c == '\r')
            text_add(text, SLICE("\\r"));
        else if (c == '\n')
            text_add(text, SLICE("\\n"));
        else if (c == '\\')
            text_add(text, SLICE("\\\\"));
        else if (c < 0x20 || c > 0x7e)
            text_format(text, "\\x%02x", c);
        else
            text_add(text, (struct slice){ &piece.ptr[i], 1 });
    }
}
