#include "proto/http1_priv.h"

/* Bits of `candidates`; the watched headers follow. */
enum { NAME_LENGTH, NAME_CODING, NAME_CONNECTION, NAME_EXPECT, NAME_COUNT };

#define NAME_BIT(name) (1u << (name))
#define FRAMING_NAMES  (NAME_BIT(NAME_COUNT) - 1)

/* In the case in which most servers send them: see equal_nocase(). */
static const struct slice NAMES[NAME_COUNT] = {
    [NAME_LENGTH] = {"content-length",     14},
    [NAME_CODING] = { "Transfer-Encoding", 17},
    [NAME_CONNECTION] = { "connection",        10},
    [NAME_EXPECT] = { "expect",            6 },
};

_Static_assert(NAME_COUNT + HTTP1_WATCH_MAX <= 16, "candidates has 16 bits");
_Static_assert(HTTP1_LINE_MAX <= UINT16_MAX, "names are counted in 16 bits");

static const bool IN_TOKEN[256] = {
    ['0' ... '9'] = true,  ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['!'] = true,
    ['#' ... '\''] = true, ['*'] = true,         ['+'] = true,         ['-'] = true,
    ['.'] = true,          ['^'] = true,         ['_'] = true,         ['`'] = true,
    ['|'] = true,          ['~'] = true,
};

size_t http1_token_run(struct slice in)
{
    size_t n = 0;

    while (n < in.len && IN_TOKEN[(uint8_t)in.ptr[n]])
        n++;
    return n;
}

/* Most are equal to the byte, and that is seen many bytes at a time. */
static bool equal_nocase(struct slice a, struct slice b)
{
    return slice_equal(a, b) || slice_equal_nocase(a, b);
}

/* ---- names */

static unsigned looked_for(const struct http1 *p)
{
    unsigned all = NAME_BIT(NAME_COUNT + p->watch_count) - 1;

    if (p->flags & FLAG_HEAD_OVER)
        return 0;
    return p->side == HTTP1_RESPONSE ? all & ~NAME_BIT(NAME_EXPECT) : all;
}

void http1_begin_field(struct http1 *p)
{
    p->candidates = (uint16_t)looked_for(p);
    p->at = 0;
    p->value_len = 0;
    p->flags &= (uint16_t)~FLAG_VALUE_CUT;
}

static struct slice candidate_name(const struct http1 *p, unsigned i)
{
    return i < NAME_COUNT ? NAMES[i] : p->watch[i - NAME_COUNT].name;
}

bool http1_looks_for(const struct http1 *p, struct slice name)
{
    for (unsigned bits = looked_for(p); bits != 0; bits &= bits - 1)
        if (equal_nocase(candidate_name(p, (unsigned)__builtin_ctz(bits)), name))
            return true;
    return false;
}

void http1_narrow(struct http1 *p, struct slice piece, bool complete)
{
    size_t len = p->at + piece.len;

    for (unsigned bits = p->candidates; bits != 0; bits &= bits - 1) {
        struct slice name = candidate_name(p, (unsigned)__builtin_ctz(bits));
        bool fits = complete ? name.len == len : name.len >= len;

        if (!fits || !equal_nocase((struct slice){ name.ptr + p->at, piece.len }, piece))
            p->candidates &= (uint16_t) ~(bits & -bits);
    }
    p->at = (uint16_t)len;
}

/* ---- values */

/* Takes the part before the next separator off the front, and trims it. The last part, which may be
 * empty, leaves list->ptr NULL. */
static bool take_part(struct slice *list, char separator, struct slice *ret_part)
{
    const char *end;

    if (list->ptr == NULL)
        return false;
    end = memchr(list->ptr, separator, list->len);
    if (end == NULL) {
        *ret_part = slice_trim(*list);
        *list = (struct slice){ NULL, 0 };
        return true;
    }
    *ret_part = slice_trim((struct slice){ list->ptr, (size_t)(end - list->ptr) });
    list->len -= (size_t)(end + 1 - list->ptr);
    list->ptr = end + 1;
    return true;
}

/* RFC 9112, 6.3: said twice, in one line or in two, is fine as long as it is the same. */
static bool read_length(struct http1 *p, struct slice value)
{
    struct slice part;
    uint64_t length;

    while (take_part(&value, ',', &part)) {
        if (!slice_u64(part, HTTP1_BODY_MAX, &length))
            return http1_bad(p, "Content-Length is not a whole number below 2^63");
        if ((p->flags & FLAG_LENGTH) && length != p->content_length)
            return http1_bad(p, "two different Content-Lengths");
        p->content_length = length;
        p->flags |= FLAG_LENGTH;
    }
    return true;
}

/* Other codings may stand before chunked: the body is then counted as it was coded. That chunked is
 * the last is checked when all lines are read. Parameters are refused: no coding in use has any. */
static bool read_codings(struct http1 *p, struct slice value)
{
    struct slice part;

    p->flags |= FLAG_CODED;
    while (take_part(&value, ',', &part)) {
        if (part.len == 0)
            continue;
        if (http1_token_run(part) != part.len)
            return http1_bad(p, "Transfer-Encoding is not a list of codings");
        if (p->flags & FLAG_CHUNKED)
            return http1_bad(p, "a transfer coding after chunked");
        if (equal_nocase(part, SLICE("chunked")))
            p->flags |= FLAG_CHUNKED;
    }
    return true;
}

static void read_connection(struct http1 *p, struct slice value)
{
    struct slice part;

    while (take_part(&value, ',', &part)) {
        if (equal_nocase(part, SLICE("close")))
            p->flags |= FLAG_CLOSE;
        else if (equal_nocase(part, SLICE("keep-alive")))
            p->flags |= FLAG_KEEP_ALIVE;
    }
}

static void read_expect(struct http1 *p, struct slice value)
{
    struct slice part;

    while (take_part(&value, ',', &part))
        if (equal_nocase(part, SLICE("100-continue")))
            p->expects_continue = true;
}

/* `cut`: there was more of the value than we have. */
static bool media_type_equal(struct slice wanted, struct slice value, bool cut)
{
    bool with_parameters = memchr(wanted.ptr, ';', wanted.len) != NULL;
    struct slice wanted_part, value_part;

    while (take_part(&wanted, ';', &wanted_part)) {
        if (!take_part(&value, ';', &value_part))
            return false;
        if (!equal_nocase(wanted_part, value_part))
            return false;
    }
    if (with_parameters)
        return value.ptr == NULL && !cut;
    return value.ptr != NULL || !cut;
}

static void compare_watched(struct http1 *p, struct slice value)
{
    bool cut = p->flags & FLAG_VALUE_CUT;

    for (unsigned bits = (unsigned)p->candidates >> NAME_COUNT; bits != 0; bits &= bits - 1) {
        const struct http1_watch *watch = &p->watch[__builtin_ctz(bits)];
        struct slice wanted = slice_trim(watch->value);
        bool equal = watch->media_type ? media_type_equal(wanted, value, cut)
                                       : !cut && slice_equal(wanted, value);

        p->watch_seen |= (uint8_t)(bits & -bits);
        if (!equal)
            p->watch_wrong |= (uint8_t)(bits & -bits);
    }
}

bool http1_read_field(struct http1 *p, struct slice value)
{
    unsigned is = p->candidates;

    if ((is & FRAMING_NAMES) && (p->flags & FLAG_VALUE_CUT))
        return http1_bad(p, "a value of Content-Length, Transfer-Encoding, Connection or Expect is "
                            "longer than " DIGITS(HTTP1_VALUE_MAX) " bytes");
    if ((is & NAME_BIT(NAME_LENGTH)) && !read_length(p, value))
        return false;
    if ((is & NAME_BIT(NAME_CODING)) && !read_codings(p, value))
        return false;
    if (is & NAME_BIT(NAME_CONNECTION))
        read_connection(p, value);
    if (is & NAME_BIT(NAME_EXPECT))
        read_expect(p, value);
    compare_watched(p, value);
    return true;
}
