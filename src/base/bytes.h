/* base/bytes.h -- text and bytes as slices, and a bounded writer.
 *
 * A slice is a pointer and a length; it owns nothing and needs no NUL. NUL-terminated strings live
 * only at the operating system's door and where a whole program's worth of C library wants them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

static inline struct slice slice_of(const char *text)
{
    return (struct slice){ text, strlen(text) };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII letters count as equal in either case. No locale. */
bool slice_equal_nocase(struct slice a, struct slice b);

bool slice_starts(struct slice text, struct slice prefix);

/* Without spaces and tabs at either end. */
struct slice slice_trim(struct slice text);

/* Decimal digits only, all of the slice, no sign. False when empty, not digits, or above `max`. */
bool slice_u64(struct slice text, uint64_t max, uint64_t *ret_value);

/* Bytes of the UTF-8 character that the text begins with, as RFC 3629 has it: no surrogates, no
 * overlong forms, nothing above U+10FFFF; 0 when there is none. NUL is none either: C strings and
 * readers of JSON do not take it. */
size_t utf8_len(struct slice text);

/* Text built into a buffer of fixed size. Never writes past `cap`, always leaves a NUL; what did
 * not fit is left out and `cut` is set, to be looked at once at the end. `cap` must be above zero.
 */
struct text {
    char *ptr;
    size_t len, cap;
    bool cut;
};

#define TEXT(array) ((struct text){ ((array)[0] = '\0', (array)), 0, sizeof(array), false })

void text_add(struct text *text, struct slice piece);
void text_format(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Bytes that are not printable ASCII become \xNN, '\\' becomes "\\\\", so that a hostile server
 * cannot write to the user's terminal through us. CR and LF become \r and \n. */
void text_add_escaped(struct text *text, struct slice piece);
