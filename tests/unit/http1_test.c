/* Every message of the tables is read whole, byte by byte, and cut in two at every point, each
 * piece flush against a page that cannot be read; what is found must be the same in all ways. */
#include "proto/http1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../fuzz/http1_reading.h"

#define OK11      "HTTP/1.1 200 OK\r\n"
#define CHUNKED   OK11 "Transfer-Encoding: chunked\r\n\r\n"
#define PIECE_MAX (2 * HTTP1_HEAD_MAX)

/* A slice as an initialiser of a table. */
#define TEXT_OF(literal)             \
    {                                \
        literal, sizeof(literal) - 1 \
    }

static struct guarded guarded;

/* What the messages are begun with. */
struct setting {
    enum http1_side side;
    bool answers_head;
    const struct http1_watch *watch;
    uint8_t watch_count;
};

static const struct setting RESPONSE = { .side = HTTP1_RESPONSE };
static const struct setting TO_HEAD = { .side = HTTP1_RESPONSE, .answers_head = true };
static const struct setting REQUEST = { .side = HTTP1_REQUEST };

static struct reading begin(const struct setting *s)
{
    struct reading r;

    memset(&r, 0x55, sizeof(r)); /* http1_begin() leaves nothing to luck */
    r.step = HTTP1_MORE;
    r.heads = 0;
    r.consumed = r.body_bytes = r.body_hash = 0;
    http1_begin(&r.p, s->side, s->answers_head, s->watch, s->watch_count);
    return r;
}

/* Pieces of `first` bytes, then of `then` bytes, then the peer closes if `ends`. */
static struct reading read_cut(const struct setting *s, struct slice bytes, size_t first,
                               size_t then, bool ends)
{
    struct reading r = begin(s);
    size_t size = first;
    bool more = true;

    while (more && bytes.len > 0) {
        size_t n = size < bytes.len ? size : bytes.len;

        more = reading_feed(&r, guarded_put(&guarded, (struct slice){ bytes.ptr, n }));
        bytes.ptr += n;
        bytes.len -= n;
        size = then;
    }
    if (more && ends)
        r.step = http1_end(&r.p);
    return r;
}

static void assert_same(const struct reading *whole, const struct reading *cut, int line, size_t at)
{
    if (!reading_equal(whole, cut))
        fail_msg("line %d: cut at %zu reads otherwise: step %d, %s", line, at, (int)cut->step,
                 cut->p.reason);
}

static struct reading read_all_ways(const struct setting *s, struct slice bytes, bool ends,
                                    int line)
{
    struct reading whole = read_cut(s, bytes, bytes.len, 1, ends);
    struct reading bytewise = read_cut(s, bytes, 1, 1, ends);

    assert_same(&whole, &bytewise, line, 0);
    for (size_t at = 1; at < bytes.len; at++) {
        struct reading cut = read_cut(s, bytes, at, bytes.len, ends);

        assert_same(&whole, &cut, line, at);
    }
    return whole;
}

static uint64_t hash(struct slice text)
{
    struct reading r = { 0 };

    if (text.len > 0)
        reading_note_body(&r, text, text);
    return r.body_hash;
}

static void assert_number(int line, const char *what, uint64_t got, uint64_t want)
{
    if (got != want)
        fail_msg("line %d: %s is %llu, not %llu", line, what, (unsigned long long)got,
                 (unsigned long long)want);
}

static void assert_text(int line, const char *what, struct slice got, struct slice want)
{
    if (!slice_equal(got, want))
        fail_msg("line %d: %s is \"%.*s\", not \"%.*s\"", line, what, (int)got.len, got.ptr,
                 (int)want.len, want.ptr);
}

/* What was not read. */
static struct slice rest_of(struct slice bytes, const struct reading *r)
{
    return (struct slice){ bytes.ptr + r->consumed, bytes.len - r->consumed };
}

static void assert_refused(int line, const struct reading *r, const char *reason)
{
    assert_number(line, "the step", r->step, HTTP1_BAD);
    if (strstr(r->p.reason, reason) == NULL)
        fail_msg("line %d: the reason is \"%s\", not \"%s\"", line, r->p.reason, reason);
}

/* ---- answers */

struct answer_case {
    int line;
    struct slice bytes;
    const struct setting *setting;
    bool ends; /* the peer closes behind these bytes */
    uint16_t status;
    enum http1_framing framing;
    bool keeps;
    struct slice body, rest;
};

#define HAS(bytes, status, framing, keeps, body, rest)                                     \
    {                                                                                      \
        __LINE__, TEXT_OF(bytes), &RESPONSE, false, status, framing, keeps, TEXT_OF(body), \
            TEXT_OF(rest)                                                                  \
    }
#define CLOSED(bytes, status, body)                                                           \
    {                                                                                         \
        __LINE__, TEXT_OF(bytes), &RESPONSE, true, status, HTTP1_CLOSE, false, TEXT_OF(body), \
            TEXT_OF("")                                                                       \
    }
#define BARE(bytes, status, keeps, rest)                                                    \
    {                                                                                       \
        __LINE__, TEXT_OF(bytes), &TO_HEAD, false, status, HTTP1_EMPTY, keeps, TEXT_OF(""), \
            TEXT_OF(rest)                                                                   \
    }

static const struct answer_case ANSWERS[] = {
    /* Content-Length */
    HAS(OK11 "Content-Length: 5\r\n\r\nhello", 200, HTTP1_LENGTH, true, "hello", ""),
    HAS(OK11 "content-length:5\r\n\r\nhello", 200, HTTP1_LENGTH, true, "hello", ""),
    HAS(OK11 "CONTENT-LENGTH: \t 0005 \t\r\n\r\nhello", 200, HTTP1_LENGTH, true, "hello", ""),
    HAS(OK11 "Content-Length: 0\r\n\r\n", 200, HTTP1_LENGTH, true, "", ""),
    HAS(OK11 "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", 200, HTTP1_LENGTH, true, "ab", ""),
    HAS(OK11 "Content-Length: 2, 2\r\n\r\nab", 200, HTTP1_LENGTH, true, "ab", ""),
    HAS(OK11 "Content-Length: 2\r\n\r\nabHTTP/1.1", 200, HTTP1_LENGTH, true, "ab", "HTTP/1.1"),
    HAS(OK11 "Content-Lengths: 9\r\nContent-Lengt: 8\r\nContent-Length: 1\r\n\r\na", 200,
        HTTP1_LENGTH, true, "a", ""),
    HAS(OK11 "Content-Length: 3\r\n\r\n\0\r\n", 200, HTTP1_LENGTH, true, "\0\r\n", ""),
    /* the status line */
    HAS("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, HTTP1_LENGTH, true, "", ""),
    HAS("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, HTTP1_LENGTH, true, "", ""),
    HAS("HTTP/1.1 404 Nicht gef\xc3\xbcndet\t!\r\nContent-Length: 0\r\n\r\n", 404, HTTP1_LENGTH,
        true, "", ""),
    HAS("HTTP/1.9 999 ?\r\nContent-Length: 0\r\n\r\n", 999, HTTP1_LENGTH, true, "", ""),
    /* chunked */
    HAS(CHUNKED "5\r\nhello\r\n0\r\n\r\n", 200, HTTP1_CHUNKED, true, "hello", ""),
    HAS(CHUNKED "0\r\n\r\n", 200, HTTP1_CHUNKED, true, "", ""),
    HAS(CHUNKED "3\r\nabc\r\n00000000000000000000002\r\nde\r\n000\r\n\r\nHTTP", 200, HTTP1_CHUNKED,
        true, "abcde", "HTTP"),
    HAS(CHUNKED "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", 200, HTTP1_CHUNKED, true,
        "01234567890123456789", ""),
    HAS(CHUNKED "1;n=v\r\na\r\n1 \t;n=\"q;\tr\"\r\nb\r\n1;\r\nc\r\n0;last\r\n\r\n", 200,
        HTTP1_CHUNKED, true, "abc", ""),
    HAS(CHUNKED "1\r\na\r\n0\r\nExpires: x\r\nContent-Length: 7\r\nConnection: close\r\n\r\nZ", 200,
        HTTP1_CHUNKED, true, "a", "Z"),
    HAS(CHUNKED "1\r\na\r\n0\r\nA: b\n\n", 200, HTTP1_CHUNKED, true, "a", ""),
    HAS(OK11 "Transfer-Encoding: gzip, Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 200, HTTP1_CHUNKED,
        true, "a", ""),
    HAS(OK11 "Transfer-Encoding: gzip\r\nTransfer-Encoding:, chunked ,\r\n\r\n0\r\n\r\n", 200,
        HTTP1_CHUNKED, true, "", ""),
    /* no body, whatever the head announces */
    HAS("HTTP/1.1 204 No Content\r\n\r\nHTTP", 204, HTTP1_EMPTY, true, "", "HTTP"),
    HAS("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nHTTP", 204, HTTP1_EMPTY, true, "",
        "HTTP"),
    HAS("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, HTTP1_EMPTY, true, "", ""),
    HAS("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", 304, HTTP1_EMPTY, true,
        "", ""),
    BARE(OK11 "Content-Length: 5\r\n\r\nHTTP", 200, true, "HTTP"),
    BARE(OK11 "Transfer-Encoding: chunked\r\n\r\n", 200, true, ""),
    BARE(OK11 "\r\n", 200, true, ""),
    BARE("HTTP/1.0 200 OK\r\n\r\n", 200, false, ""),
    /* until the peer closes */
    CLOSED(OK11 "\r\nall of it", 200, "all of it"),
    CLOSED(OK11 "Connection: keep-alive\r\n\r\nx", 200, "x"),
    CLOSED(OK11 "\r\n", 200, ""),
    CLOSED("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nx", 200, "x"),
    /* who keeps the connection */
    HAS(OK11 "Connection: close\r\nContent-Length: 0\r\n\r\n", 200, HTTP1_LENGTH, false, "", ""),
    HAS(OK11 "Connection: Upgrade ,\tCLOSE\r\nContent-Length: 0\r\n\r\n", 200, HTTP1_LENGTH, false,
        "", ""),
    HAS(OK11 "Connection: a\r\nConnection: b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        200, HTTP1_LENGTH, false, "", ""),
    HAS(OK11 "Connection: keep-alive, close\r\nContent-Length: 0\r\n\r\n", 200, HTTP1_LENGTH, false,
        "", ""),
    HAS(OK11 "Connection: closed, not-close\r\nContent-Length: 0\r\n\r\n", 200, HTTP1_LENGTH, true,
        "", ""),
    HAS(OK11 "X: close\r\nConnection:\r\nContent-Length: 0\r\n\r\n", 200, HTTP1_LENGTH, true, "",
        ""),
    HAS("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 200, HTTP1_LENGTH, false, "", ""),
    HAS("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", 200, HTTP1_LENGTH,
        true, "", ""),
    HAS("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\nContent-Length: "
        "0\r\n\r\n",
        200, HTTP1_LENGTH, false, "", ""),
    HAS(CHUNKED "0\r\n\r\n", 200, HTTP1_CHUNKED, true, "", ""),
    /* 1xx first; its fields are not those of the answer */
    HAS("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", 200,
        HTTP1_LENGTH, true, "a", ""),
    HAS("HTTP/1.1 102 \r\nContent-Length: 5\r\nTransfer-Encoding: x\r\nConnection: close\r\n\r\n"
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK11 "Content-Length: 1\r\n\r\na",
        200, HTTP1_LENGTH, true, "a", ""),
    /* bare LF in a head */
    HAS("HTTP/1.1 200 OK\nContent-Length: 1\nA:b\r\n\na", 200, HTTP1_LENGTH, true, "a", ""),
    /* odd, and right */
    HAS(OK11 "!#$%&'*+-.^_`|~9aZ: x\r\nA:\r\nB: \r\nContent-Length: 0\r\n\r\n", 200, HTTP1_LENGTH,
        true, "", ""),
    HAS(OK11 "A: tabs\tand \xff\x80 and: \"colons\"\r\nContent-Length: 0\r\n\r\n", 200,
        HTTP1_LENGTH, true, "", ""),
    HAS(OK11 "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", 200, HTTP1_LENGTH, true, "", ""),
};

static void check_answer(const struct answer_case *c)
{
    struct reading r = read_all_ways(c->setting, c->bytes, c->ends, c->line);

    if (r.step == HTTP1_BAD)
        fail_msg("line %d: bad: %s", c->line, r.p.reason);
    assert_number(c->line, "the step", r.step, HTTP1_DONE);
    assert_number(c->line, "heads", r.heads, 1);
    assert_number(c->line, "the status", r.p.status, c->status);
    assert_number(c->line, "the framing", r.p.framing, c->framing);
    assert_number(c->line, "keeps", r.p.keeps, c->keeps);
    assert_number(c->line, "body_bytes", r.p.body_bytes, c->body.len);
    assert_number(c->line, "the body seen", r.body_bytes, c->body.len);
    assert_number(c->line, "the body's hash", r.body_hash, hash(c->body));
    assert_number(c->line, "expects_continue", r.p.expects_continue, false);
    assert_text(c->line, "the rest", rest_of(c->bytes, &r), c->rest);
}

static void answers_are_read_alike_however_they_come(void **state)
{
    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++)
        check_answer(&ANSWERS[i]);
    (void)state;
}

static void a_length_is_known_where_no_body_comes(void **state)
{
    struct slice bytes = SLICE(OK11 "Content-Length: 9223372036854775807\r\n\r\n");
    struct reading bare = read_all_ways(&TO_HEAD, bytes, false, __LINE__);
    struct reading full = read_all_ways(&RESPONSE, bytes, false, __LINE__);

    assert_int_equal(bare.p.content_length, INT64_MAX);
    assert_int_equal(bare.step, HTTP1_DONE);
    assert_int_equal(full.p.content_length, INT64_MAX);
    assert_int_equal(full.step, HTTP1_MORE);
    (void)state;
}

static void a_length_in_a_1xx_is_not_the_answers(void **state)
{
    struct slice bytes = SLICE("HTTP/1.1 102 \r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 \r\n\r\n");
    struct reading r = read_all_ways(&RESPONSE, bytes, false, __LINE__);

    assert_int_equal(r.step, HTTP1_DONE);
    assert_int_equal(r.p.content_length, 0);
    (void)state;
}

static void the_head_is_counted_and_1xx_apart(void **state)
{
    struct slice bytes =
        SLICE("HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 \r\n\r\n" OK11 "Content-Length: 2\r\n\r\nab");
    struct reading r = read_all_ways(&RESPONSE, bytes, false, __LINE__);

    assert_int_equal(r.p.informational, 2);
    assert_int_equal(r.p.head_bytes, sizeof(OK11 "Content-Length: 2\r\n\r\n") - 1);
    assert_int_equal(r.p.version_minor, 1);
    (void)state;
}

/* ---- what is refused */

struct bad_case {
    int line;
    const struct setting *setting;
    struct slice bytes;
    const char *reason; /* a part of it */
    struct slice rest;  /* begins with the byte that was refused */
};

#define REFUSED(setting, bytes, reason, rest)                       \
    {                                                               \
        __LINE__, &(setting), TEXT_OF(bytes), reason, TEXT_OF(rest) \
    }

static const struct bad_case BAD[] = {
    /* the status line */
    REFUSED(RESPONSE, "SSH-2.0-x\r\n", "begin with HTTP/", "SSH-2.0-x\r\n"),
    REFUSED(RESPONSE, "\r\nHTTP/1.1 200 OK\r\n", "begin with HTTP/", "\r\nHTTP/1.1 200 OK\r\n"),
    REFUSED(RESPONSE, "HTTP 200 OK\r\n", "begin with HTTP/", " 200 OK\r\n"),
    REFUSED(RESPONSE, "http/1.1 200 OK\r\n", "begin with HTTP/", "http/1.1 200 OK\r\n"),
    REFUSED(RESPONSE, "HTTP/2 200 OK\r\n", "not HTTP/1.x", "2 200 OK\r\n"),
    REFUSED(RESPONSE, "HTTP/1.x 200\r\n", "not HTTP/1.x", "x 200\r\n"),
    REFUSED(RESPONSE, "HTTP/1.10 200\r\n", "three digits", "0 200\r\n"),
    REFUSED(RESPONSE, "HTTP/1.1  200\r\n", "three digits", " 200\r\n"),
    REFUSED(RESPONSE, "HTTP/1.1\t200\r\n", "three digits", "\t200\r\n"),
    REFUSED(RESPONSE, "HTTP/1.1 20\r\n", "three digits", "\r\n"),
    REFUSED(RESPONSE, "HTTP/1.1 2000\r\n", "three digits", "0\r\n"),
    REFUSED(RESPONSE, "HTTP/1.1 099 x\r\n", "below 100", " x\r\n"),
    REFUSED(RESPONSE, "HTTP/1.1 200 a\0b\r\n", "control character in the status", "\0b\r\n"),
    REFUSED(RESPONSE, "HTTP/1.1 200 a\rb\r\n", "CR without LF", "b\r\n"),
    /* header lines */
    REFUSED(RESPONSE, OK11 " A: b\r\n", "folding", " A: b\r\n"),
    REFUSED(RESPONSE, OK11 "A: b\r\n\tc\r\n", "folding", "\tc\r\n"),
    REFUSED(RESPONSE, OK11 "A : b\r\n", "before the colon", " : b\r\n"),
    REFUSED(RESPONSE, OK11 "A\t: b\r\n", "before the colon", "\t: b\r\n"),
    REFUSED(RESPONSE, OK11 "Content-Length : 5\r\n", "before the colon", " : 5\r\n"),
    REFUSED(RESPONSE, OK11 "no colon\r\n", "before the colon", " colon\r\n"),
    REFUSED(RESPONSE, OK11 "nocolon\r\n", "without a colon", "\r\n"),
    REFUSED(RESPONSE, OK11 "nocolon\n", "without a colon", "\n"),
    REFUSED(RESPONSE, OK11 ": b\r\n", "without a name", ": b\r\n"),
    REFUSED(RESPONSE, OK11 "A(: b\r\n", "no header's name", "(: b\r\n"),
    REFUSED(RESPONSE, OK11 "\x80: b\r\n", "no header's name", "\x80: b\r\n"),
    REFUSED(RESPONSE, OK11 "A: b\0\r\n", "header's value", "\0\r\n"),
    REFUSED(RESPONSE, OK11 "A: 0123456789abc\x7fz\r\n", "header's value", "\x7fz\r\n"),
    REFUSED(RESPONSE, OK11 "A: b\rc\r\n", "CR without LF", "c\r\n"),
    REFUSED(RESPONSE, OK11 "A: b\r\n\rc", "CR without LF", "c"),
    /* framing */
    REFUSED(RESPONSE, OK11 "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "two different",
            "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Content-Length: 5, 6\r\n\r\n", "two different", "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Content-Length: 9223372036854775808\r\n\r\n", "2^63", "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Content-Length: 99999999999999999999999\r\n\r\n", "2^63", "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Content-Length: -1\r\n\r\n", "whole number", "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Content-Length: +1\r\n\r\n", "whole number", "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Content-Length: 1 2\r\n\r\n", "whole number", "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Content-Length: 0x1\r\n\r\n", "whole number", "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Content-Length: 1,\r\n\r\n", "whole number", "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Content-Length:\r\n\r\n", "whole number", "\r\n\r\n"),
    REFUSED(RESPONSE, "HTTP/1.1 204 x\r\nContent-Length: x\r\n\r\n", "whole number", "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nx", "both", "x"),
    REFUSED(RESPONSE, OK11 "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nx", "both", "x"),
    REFUSED(TO_HEAD, OK11 "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nx", "both", "x"),
    REFUSED(RESPONSE, OK11 "Transfer-Encoding: gzip\r\n\r\nx", "not chunked", "x"),
    REFUSED(RESPONSE, OK11 "Transfer-Encoding: identity\r\n\r\nx", "not chunked", "x"),
    REFUSED(RESPONSE, OK11 "Transfer-Encoding:\r\n\r\nx", "not chunked", "x"),
    REFUSED(RESPONSE, OK11 "Transfer-Encoding: xchunked\r\n\r\nx", "not chunked", "x"),
    REFUSED(RESPONSE, OK11 "Transfer-Encoding: chunked, gzip\r\n\r\n", "after chunked", "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Transfer-Encoding: chunked, chunked\r\n\r\n", "after chunked",
            "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n",
            "after chunked", "\r\n\r\n"),
    REFUSED(RESPONSE, OK11 "Transfer-Encoding: chunked;a=b\r\n\r\n", "list of codings", "\r\n\r\n"),
    REFUSED(RESPONSE, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx", "HTTP/1.0", "x"),
    REFUSED(RESPONSE, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nx", "101", "x"),
    /* chunks */
    REFUSED(RESPONSE, CHUNKED "\r\n", "hexadecimal", "\r\n"),
    REFUSED(RESPONSE, CHUNKED "x\r\n", "hexadecimal", "x\r\n"),
    REFUSED(RESPONSE, CHUNKED "-1\r\n", "hexadecimal", "-1\r\n"),
    REFUSED(RESPONSE, CHUNKED "0x1\r\n", "hexadecimal", "x1\r\n"),
    REFUSED(RESPONSE, CHUNKED " 1\r\n", "hexadecimal", " 1\r\n"),
    REFUSED(RESPONSE, CHUNKED ";a\r\n", "hexadecimal", ";a\r\n"),
    REFUSED(RESPONSE, CHUNKED "1\n", "hexadecimal", "\n"),
    REFUSED(RESPONSE, CHUNKED "1 \r\n", "space behind a chunk size", "\r\n"),
    REFUSED(RESPONSE, CHUNKED "1 1\r\n", "space behind a chunk size", "1\r\n"),
    REFUSED(RESPONSE, CHUNKED "1\rx", "CR without LF", "x"),
    REFUSED(RESPONSE, CHUNKED "1;a\n", "chunk extension", "\n"),
    REFUSED(RESPONSE, CHUNKED "1;a\rb\n", "CR without LF", "b\n"),
    REFUSED(RESPONSE, CHUNKED "1\r\nab\r\n", "longer than its size", "b\r\n"),
    REFUSED(RESPONSE, CHUNKED "1\r\na\n", "longer than its size", "\n"),
    REFUSED(RESPONSE, CHUNKED "1\r\nabc1\r\n", "longer than its size", "bc1\r\n"),
    REFUSED(RESPONSE, CHUNKED "1\r\na\rc1\r\n", "CR without LF", "c1\r\n"),
    REFUSED(RESPONSE, CHUNKED "1\r\na\rb", "CR without LF", "b"),
    REFUSED(RESPONSE, CHUNKED "8000000000000000\r\n", "2^63", "0\r\n"),
    REFUSED(RESPONSE, CHUNKED "fffffffffffffffffffff\r\n", "2^63", "ffffff\r\n"),
    REFUSED(RESPONSE, CHUNKED "0\r\nA : b\r\n", "before the colon", " : b\r\n"),
    REFUSED(RESPONSE, CHUNKED "0\r\n A: b\r\n", "folding", " A: b\r\n"),
    REFUSED(RESPONSE, CHUNKED "0\r\n\rx", "CR without LF", "x"),
    /* requests */
    REFUSED(REQUEST, "\r\n\r\nGET / HTTP/1.1\r\n", "begin with a method", "\r\nGET / HTTP/1.1\r\n"),
    REFUSED(REQUEST, "\rGET / HTTP/1.1\r\n", "CR without LF", "GET / HTTP/1.1\r\n"),
    REFUSED(REQUEST, " GET / HTTP/1.1\r\n", "begin with a method", " GET / HTTP/1.1\r\n"),
    REFUSED(REQUEST, "\x16\x03\x01", "begin with a method", "\x16\x03\x01"),
    REFUSED(REQUEST, "ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\n", "24 bytes", "YZ / HTTP/1.1\r\n"),
    REFUSED(REQUEST, "GET\r\n", "begin with a method", "\r\n"),
    REFUSED(REQUEST, "GET  / HTTP/1.1\r\n", "no target", " / HTTP/1.1\r\n"),
    REFUSED(REQUEST, "GET /\r\n", "end in HTTP/1.x", "\r\n"),
    REFUSED(REQUEST, "GET / \r\n", "end in HTTP/1.x", "\r\n"),
    REFUSED(REQUEST, "GET /a b HTTP/1.1\r\n", "end in HTTP/1.x", "b HTTP/1.1\r\n"),
    REFUSED(REQUEST, "GET /\x80 HTTP/1.1\r\n", "no URL", "\x80 HTTP/1.1\r\n"),
    REFUSED(REQUEST, "GET / HTTP/1.1 \r\n", "goes on", " \r\n"),
    REFUSED(REQUEST, "GET / HTTP/1.12\r\n", "goes on", "2\r\n"),
    REFUSED(REQUEST, "PRI * HTTP/2.0\r\n", "not HTTP/1.x", "2.0\r\n"),
    REFUSED(REQUEST, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
            "both", ""),
    REFUSED(REQUEST, "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "not chunked", ""),
    REFUSED(REQUEST, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0", ""),
};

static void what_is_not_http_is_refused_at_its_byte(void **state)
{
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        const struct bad_case *c = &BAD[i];
        struct reading r = read_all_ways(c->setting, c->bytes, true, c->line);

        assert_refused(c->line, &r, c->reason);
        assert_text(c->line, "the rest", rest_of(c->bytes, &r), c->rest);
        assert_int_equal(http1_end(&r.p), HTTP1_BAD);
    }
    (void)state;
}

/* ---- requests */

struct request_case {
    int line;
    struct slice bytes;
    struct slice method, target;
    enum http1_framing framing;
    bool keeps, expects_continue;
    struct slice body, rest;
};

#define ASKS(bytes, method, target, framing, keeps, expects, body, rest)                     \
    {                                                                                        \
        __LINE__, TEXT_OF(bytes), TEXT_OF(method), TEXT_OF(target), framing, keeps, expects, \
            TEXT_OF(body), TEXT_OF(rest)                                                     \
    }

static const struct request_case REQUESTS[] = {
    ASKS("GET / HTTP/1.1\r\n\r\n", "GET", "/", HTTP1_EMPTY, true, false, "", ""),
    ASKS("GET /json?x=1#f HTTP/1.1\r\nHost: a\r\n\r\nGET", "GET", "/json?x=1#f", HTTP1_EMPTY, true,
         false, "", "GET"),
    ASKS("\r\nGET / HTTP/1.1\r\n\r\n", "GET", "/", HTTP1_EMPTY, true, false, "", ""),
    ASKS("\nGET / HTTP/1.1\n\n", "GET", "/", HTTP1_EMPTY, true, false, "", ""),
    ASKS("HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n", "HEAD", "/", HTTP1_EMPTY, false, false, "",
         ""),
    ASKS("GET / HTTP/1.0\r\n\r\n", "GET", "/", HTTP1_EMPTY, false, false, "", ""),
    ASKS("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET", "/", HTTP1_EMPTY, true, false,
         "", ""),
    ASKS("POST /p HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET", "POST", "/p", HTTP1_LENGTH, true,
         false, "abc", "GET"),
    ASKS("POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-Continue\r\n\r\n"
         "2\r\nab\r\n0\r\nT: x\r\n\r\nG",
         "POST", "/p", HTTP1_CHUNKED, true, true, "ab", "G"),
    ASKS("PUT * HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na", "PUT", "*",
         HTTP1_LENGTH, false, false, "a", ""),
    ASKS("UPDATEREDIRECTREF http://a/ HTTP/1.1\r\nExpect: 200-ok\r\n\r\n", "UPDATEREDIRECTREF",
         "http://a/", HTTP1_EMPTY, true, false, "", ""),
};

static void requests_are_read_alike_however_they_come(void **state)
{
    for (size_t i = 0; i < sizeof(REQUESTS) / sizeof(REQUESTS[0]); i++) {
        const struct request_case *c = &REQUESTS[i];
        struct reading r = read_all_ways(&REQUEST, c->bytes, false, c->line);

        if (r.step == HTTP1_BAD)
            fail_msg("line %d: bad: %s", c->line, r.p.reason);
        assert_number(c->line, "the step", r.step, HTTP1_DONE);
        assert_text(c->line, "the method", http1_method(&r.p), c->method);
        assert_text(c->line, "the target", http1_target(&r.p), c->target);
        assert_number(c->line, "head_method", r.p.head_method,
                      slice_equal(c->method, SLICE("HEAD")));
        assert_number(c->line, "the framing", r.p.framing, c->framing);
        assert_number(c->line, "keeps", r.p.keeps, c->keeps);
        assert_number(c->line, "expects_continue", r.p.expects_continue, c->expects_continue);
        assert_number(c->line, "the body", r.body_hash, hash(c->body));
        assert_text(c->line, "the rest", rest_of(c->bytes, &r), c->rest);
    }
    (void)state;
}

static void pipelined_requests_are_read_one_after_the_other(void **state)
{
    struct slice input =
        SLICE("GET /a HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"
              "\r\nGET /c HTTP/1.1\r\n\r\n");
    static const struct slice TARGETS[] = { TEXT_OF("/a"), TEXT_OF("/b"), TEXT_OF("/c") };

    for (size_t i = 0; i < 3; i++) {
        struct reading r = begin(&REQUEST);

        assert_false(reading_feed(&r, input));
        assert_int_equal(r.step, HTTP1_DONE);
        assert_text(__LINE__, "the target", http1_target(&r.p), TARGETS[i]);
        input.ptr += r.consumed;
        input.len -= r.consumed;
    }
    assert_int_equal(input.len, 0);
    (void)state;
}

/* ---- the end of the connection */

static const struct end_case {
    int line;
    const struct setting *setting;
    struct slice bytes;
    enum http1_step step;
    const char *reason;
} ENDS[] = {
#define THEN_ENDS(setting, bytes, step, reason)            \
    {                                                      \
        __LINE__, &(setting), TEXT_OF(bytes), step, reason \
    }
    THEN_ENDS(RESPONSE, "", HTTP1_MORE, NULL),
    THEN_ENDS(REQUEST, "", HTTP1_MORE, NULL),
    THEN_ENDS(REQUEST, "\r\n", HTTP1_MORE, NULL),
    THEN_ENDS(REQUEST, "\r", HTTP1_BAD, "in the middle of the head"),
    THEN_ENDS(RESPONSE, "H", HTTP1_BAD, "in the middle of the head"),
    THEN_ENDS(RESPONSE, "HTTP/1.1 100 \r\n\r\n", HTTP1_BAD, "in the middle of the head"),
    THEN_ENDS(RESPONSE, "HTTP/1.1 200 \r\n\r", HTTP1_BAD, "in the middle of the head"),
    THEN_ENDS(RESPONSE, "HTTP/1.1 200 \r\n\r\n", HTTP1_DONE, NULL),
    THEN_ENDS(TO_HEAD, "HTTP/1.1 200 \r\n\r\n", HTTP1_DONE, NULL),
    THEN_ENDS(RESPONSE, OK11 "Content-Length: 2\r\n\r\n", HTTP1_BAD, "in the middle of the body"),
    THEN_ENDS(RESPONSE, OK11 "Content-Length: 2\r\n\r\na", HTTP1_BAD, "in the middle of the body"),
    THEN_ENDS(RESPONSE, OK11 "Content-Length: 1\r\n\r\na", HTTP1_DONE, NULL),
    THEN_ENDS(RESPONSE, CHUNKED, HTTP1_BAD, "in the middle of the body"),
    THEN_ENDS(RESPONSE, CHUNKED "0\r\n", HTTP1_BAD, "in the middle of the body"),
    THEN_ENDS(RESPONSE, CHUNKED "0\r\n\r\n", HTTP1_DONE, NULL),
};

static void a_close_completes_or_cuts_short(void **state)
{
    for (size_t i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        const struct end_case *c = &ENDS[i];
        struct reading r = read_all_ways(c->setting, c->bytes, true, c->line);

        assert_number(c->line, "the step", r.step, c->step);
        if (c->reason != NULL)
            assert_refused(c->line, &r, c->reason);
        assert_number(c->line, "the end, asked again", http1_end(&r.p), c->step);
    }
    (void)state;
}

static void the_end_may_come_before_the_last_step(void **state)
{
    struct slice input = SLICE(OK11 "Content-Length: 1\r\n\r\na"), body;
    struct reading r = begin(&RESPONSE);

    assert_int_equal(http1_step(&r.p, &input, &body), HTTP1_HEAD);
    assert_int_equal(http1_step(&r.p, &input, &body), HTTP1_BODY);
    assert_int_equal(http1_end(&r.p), HTTP1_DONE);
    assert_int_equal(http1_step(&r.p, &input, &body), HTTP1_DONE);
    (void)state;
}

static void fresh_is_what_consumed_nothing(void **state)
{
    struct slice none = { "", 0 }, one = SLICE("H"), informed = SLICE("HTTP/1.1 100 \r\n\r\n"),
                 body;
    struct reading r = begin(&RESPONSE);

    assert_true(http1_is_fresh(&r.p));
    assert_int_equal(http1_step(&r.p, &none, &body), HTTP1_MORE);
    assert_true(http1_is_fresh(&r.p));
    assert_int_equal(http1_step(&r.p, &one, &body), HTTP1_MORE);
    assert_false(http1_is_fresh(&r.p));
    r = begin(&RESPONSE);
    assert_int_equal(http1_step(&r.p, &informed, &body), HTTP1_MORE);
    assert_false(http1_is_fresh(&r.p));
    (void)state;
}

/* ---- watched headers */

#define WATCH(name, value, media)            \
    {                                        \
        TEXT_OF(name), TEXT_OF(value), media \
    }
#define LONG_NAME "X-A-Name-That-Is-Longer-Than-Anything-That-Anybody-Would-Keep-In-A-Small-Buffer"
#define A64       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A256      A64 A64 A64 A64

struct watch_case {
    int line;
    struct http1_watch watch;
    bool equal;
    struct slice lines;
};

#define SEES(watch, equal, lines)                                               \
    {                                                                           \
        __LINE__, watch, equal, TEXT_OF(OK11 lines "Content-Length: 0\r\n\r\n") \
    }

static const struct watch_case WATCHED[] = {
    SEES(WATCH("x", "v", false), true, "X: v\r\n"),
    SEES(WATCH("X", " v ", false), true, "x:\t v \t\r\n"),
    SEES(WATCH("x", "v", false), false, "y: v\r\n"),
    SEES(WATCH("x", "v", false), false, "xx: v\r\n"),
    SEES(WATCH("xx", "v", false), false, "x: v\r\n"),
    SEES(WATCH("x", "v", false), false, "x: V\r\n"),
    SEES(WATCH("x", "v", false), false, "x:\r\n"),
    SEES(WATCH("x", "", false), true, "x: \r\n"),
    SEES(WATCH("x", "v", false), true, "x: v\r\nx: v\r\n"),
    SEES(WATCH("x", "v", false), false, "x: v\r\nx: w\r\n"),
    SEES(WATCH("x", "v", false), false, "x: w\r\nx: v\r\n"),
    SEES(WATCH("content-length", "0", false), true, ""),
    SEES(WATCH("Connection", "close", false), true, "connection: close\r\n"),
    SEES(WATCH(LONG_NAME, "v", false), true, LONG_NAME ": v\r\n"),
    SEES(WATCH(LONG_NAME, "v", false), false, LONG_NAME "s: v\r\n"),
    SEES(WATCH("x", A256, false), true, "x: " A256 " \t \r\n"),
    SEES(WATCH("x", A256, false), false, "x: " A256 "a\r\n"),
    SEES(WATCH("x", A256, false), false, "x: " A256 "  a\r\n"),
    SEES(WATCH("x", A256, false), false, "x: " A64 "\r\n"),
    SEES(WATCH("t", "text/html", true), true, "t: Text/HTML\r\n"),
    SEES(WATCH("t", "text/html", true), true, "t: text/html; charset=utf-8\r\n"),
    SEES(WATCH("t", "text/html", true), true, "t: text/html;" A256 "\r\n"),
    SEES(WATCH("t", "text/html", true), false, "t: text/htm\r\n"),
    SEES(WATCH("t", "text/html", true), false, "t: text/html5; charset=utf-8\r\n"),
    SEES(WATCH("t", "text/html;charset=UTF-8", true), true, "t: text/html ; charset=utf-8\r\n"),
    SEES(WATCH("t", "text/html; charset=utf-8", true), false, "t: text/html\r\n"),
    SEES(WATCH("t", "text/html; charset=utf-8", true), false,
         "t: text/html; charset=utf-8; q=1\r\n"),
    SEES(WATCH("t", "text/html; charset=utf-8", true), false, "t: text/html; charset=latin-1\r\n"),
    SEES(WATCH("t", A256, true), true, "t: " A256 "\r\n"),
    SEES(WATCH("t", A256, true), false, "t: " A256 "a\r\n"),
    SEES(WATCH("x", "v", false), false, "\r\nx: v\r\n"),
};

static void watched_headers_are_compared_across_cuts(void **state)
{
    for (size_t i = 0; i < sizeof(WATCHED) / sizeof(WATCHED[0]); i++) {
        const struct watch_case *c = &WATCHED[i];
        struct setting setting = { HTTP1_RESPONSE, true, &c->watch, 1 };
        struct reading r = read_all_ways(&setting, c->lines, false, c->line);

        assert_number(c->line, "the step", r.step, HTTP1_DONE);
        assert_number(c->line, "watch_equal", r.p.watch_equal, c->equal);
    }
    (void)state;
}

static void eight_headers_are_watched_each_on_its_own(void **state)
{
    static const struct http1_watch watch[] = {
        WATCH("a", "1", false), WATCH("b", "2", false),  WATCH("a", "2", false),
        WATCH("c", "3", false), WATCH("ab", "4", false), WATCH("d", "5", true),
        WATCH("e", "6", false), WATCH("f", "7", false),
    };
    struct setting setting = { HTTP1_RESPONSE, false, watch, 8 };
    struct slice bytes = SLICE("HTTP/1.1 103 \r\ne: 6\r\na: 9\r\n\r\n" OK11
                               "A: 1\r\nB: 2\r\nAB: 4\r\nC: 4\r\nF: 7\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n0\r\nc: 3\r\nd: 5\r\n\r\n");
    struct reading r = read_all_ways(&setting, bytes, false, __LINE__);

    assert_int_equal(r.step, HTTP1_DONE);
    assert_int_equal(r.p.watch_equal, 0x01 | 0x02 | 0x10 | 0x80);
    (void)state;
}

/* ---- limits */

static char large[PIECE_MAX];

/* `head`, then `count` times `fill`, then `tail`. */
static struct slice filled(const char *head, char fill, size_t count, const char *tail)
{
    struct text text = TEXT(large);

    text_add(&text, slice_of(head));
    assert_true(text.len + count + strlen(tail) < sizeof(large));
    memset(large + text.len, fill, count);
    text.len += count;
    text_add(&text, slice_of(tail));
    return (struct slice){ large, text.len };
}

static struct reading read_large(const struct setting *s, struct slice bytes, int line)
{
    static const size_t SIZES[] = { 1, 7, 255, 4096, HTTP1_LINE_MAX, HTTP1_LINE_MAX + 1 };
    struct reading whole = read_cut(s, bytes, bytes.len, 1, false);

    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        struct reading cut = read_cut(s, bytes, SIZES[i], SIZES[i], false);

        assert_same(&whole, &cut, line, SIZES[i]);
    }
    return whole;
}

/* What counts as one line: `begin`, a filling, `end`. */
static const struct line_case {
    int line;
    const struct setting *setting;
    const char *before, *begin;
    char fill;
    const char *end, *behind, *reason;
} LINES[] = {
#define LINE(setting, before, begin, fill, end, behind, reason)        \
    {                                                                  \
        __LINE__, &(setting), before, begin, fill, end, behind, reason \
    }
    LINE(RESPONSE, OK11, "A: ", 'a', "\r\n", "Content-Length: 0\r\n\r\n", "line of the head"),
    LINE(RESPONSE, OK11, "A", 'a', ":\r\n", "Content-Length: 0\r\n\r\n", "line of the head"),
    LINE(RESPONSE, "", "HTTP/1.1 204 ", 'a', "\r\n", "\r\n", "line of the head"),
    LINE(REQUEST, "", "GET /", 'a', " HTTP/1.1\r\n", "\r\n", "line of the head"),
    LINE(RESPONSE, CHUNKED, "1;", 'a', "\r\n", "a\r\n0\r\n\r\n", "chunk line"),
    LINE(RESPONSE, CHUNKED, "", '0', "1\r\n", "a\r\n0\r\n\r\n", "chunk line"),
    LINE(RESPONSE, CHUNKED, "0;", 'a', "\r\nA: b\r\n\r\n", "", "trailers"),
    LINE(RESPONSE, CHUNKED, "0\r\nA: b\r\nC: ", 'a', "\r\n\r\n", "", "trailers"),
};

static struct reading read_line_case(const struct line_case *c, size_t fill_bytes)
{
    char before[200], behind[200];

    snprintf(before, sizeof(before), "%s%s", c->before, c->begin);
    snprintf(behind, sizeof(behind), "%s%s", c->end, c->behind);
    return read_large(c->setting, filled(before, c->fill, fill_bytes, behind), c->line);
}

static void a_line_may_fill_its_limit_and_not_one_byte_more(void **state)
{
    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        const struct line_case *c = &LINES[i];
        size_t fill_bytes = HTTP1_LINE_MAX - strlen(c->begin) - strlen(c->end);
        struct reading r = read_line_case(c, fill_bytes);

        assert_number(c->line, "the step", r.step, HTTP1_DONE);
        r = read_line_case(c, fill_bytes + 1);
        assert_refused(c->line, &r, c->reason);
        assert_refused(c->line, &r, "16384 bytes");
        assert_number(c->line, "consumed", r.consumed, strlen(c->before) + HTTP1_LINE_MAX);
    }
    (void)state;
}

/* Lines of `line_bytes` each, then one that makes the head `total` bytes long. */
static struct slice head_of(size_t total, size_t line_bytes)
{
    struct text text = TEXT(large);

    text_add(&text, SLICE("HTTP/1.1 204 \r\n"));
    while (text.len < total - 2) {
        size_t room = total - 2 - text.len, n = room < 2 * line_bytes ? room : line_bytes;

        text_add(&text, SLICE("A:"));
        memset(large + text.len, 'a', n - 4);
        text.len += n - 4;
        text_add(&text, SLICE("\r\n"));
    }
    text_add(&text, SLICE("\r\n"));
    assert_int_equal(text.len, total);
    return (struct slice){ large, text.len };
}

static void a_head_may_fill_its_limit_and_not_one_byte_more(void **state)
{
    struct reading r = read_large(&RESPONSE, head_of(HTTP1_HEAD_MAX, 80), __LINE__);

    assert_int_equal(r.step, HTTP1_DONE);
    assert_int_equal(r.p.head_bytes, HTTP1_HEAD_MAX);
    r = read_large(&RESPONSE, head_of(HTTP1_HEAD_MAX + 1, 80), __LINE__);
    assert_refused(__LINE__, &r, "the head is longer than 65536 bytes");
    assert_int_equal(r.consumed, HTTP1_HEAD_MAX);
    r = read_large(&RESPONSE, head_of(HTTP1_HEAD_MAX + 300, 200), __LINE__); /* met in a value */
    assert_refused(__LINE__, &r, "the head is longer than 65536 bytes");
    assert_int_equal(r.consumed, HTTP1_HEAD_MAX);
    (void)state;
}

static void values_that_are_looked_at_have_a_limit(void **state)
{
    struct slice zeros = filled(OK11 "Content-Length: ", '0', HTTP1_VALUE_MAX, "\r\n\r\n");
    struct reading r = read_large(&RESPONSE, zeros, __LINE__);

    assert_int_equal(r.step, HTTP1_DONE);
    zeros = filled(OK11 "Content-Length: ", '0', HTTP1_VALUE_MAX + 1, "\r\n\r\n");
    r = read_large(&RESPONSE, zeros, __LINE__);
    assert_refused(__LINE__, &r, "256 bytes");
    (void)state;
}

static void a_long_target_is_cut_and_a_long_method_is_not(void **state)
{
    struct slice bytes = filled("GET ", '/', HTTP1_TARGET_MAX + 1, " HTTP/1.1\r\n\r\n");
    struct reading r = read_large(&REQUEST, bytes, __LINE__);

    assert_int_equal(r.step, HTTP1_DONE);
    assert_int_equal(http1_target(&r.p).len, HTTP1_TARGET_MAX);
    r = read_large(&REQUEST, filled("", 'M', HTTP1_METHOD_MAX, " / HTTP/1.1\r\n\r\n"), __LINE__);
    assert_int_equal(r.step, HTTP1_DONE);
    r = read_large(&REQUEST, filled("", 'M', HTTP1_METHOD_MAX + 1, " / HTTP/1.1\r\n\r\n"),
                   __LINE__);
    assert_int_equal(r.step, HTTP1_BAD);
    (void)state;
}

static void informational_answers_have_a_limit(void **state)
{
    struct text text = TEXT(large);
    struct reading r;

    for (unsigned i = 0; i < HTTP1_INFORMATIONAL_MAX; i++)
        text_add(&text, SLICE("HTTP/1.1 102 Processing\r\n\r\n"));
    text_add(&text, SLICE("HTTP/1.1 204 \r\n\r\n"));
    r = read_large(&RESPONSE, (struct slice){ large, text.len }, __LINE__);
    assert_int_equal(r.step, HTTP1_DONE);
    assert_int_equal(r.p.informational, HTTP1_INFORMATIONAL_MAX);
    text.len -= strlen("HTTP/1.1 204 \r\n\r\n");
    text_add(&text, SLICE("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 \r\n\r\n"));
    r = read_large(&RESPONSE, (struct slice){ large, text.len }, __LINE__);
    assert_refused(__LINE__, &r, "more than 64 informational");
    (void)state;
}

/* ---- heads that are known */

static void learn_from(struct http1_known *known, const struct setting *s, struct slice bytes)
{
    struct reading r = begin(s);
    struct slice input = bytes, body;

    memset(known, 0, sizeof(*known));
    assert_int_equal(http1_step(&r.p, &input, &body), HTTP1_HEAD);
    http1_learn(known, (struct slice){ bytes.ptr, bytes.len - input.len }, &r.p);
}

static void assert_recall_equals_parse(const struct setting *s, struct slice bytes, bool ends,
                                       int line)
{
    struct reading parsed = read_cut(s, bytes, bytes.len, 1, ends), recalled = begin(s);
    static struct http1_known known;
    struct slice rest = guarded_put(&guarded, bytes);

    learn_from(&known, s, bytes);
    if (parsed.p.informational > 0) {
        assert_number(line, "known.len", known.len, 0);
        return;
    }
    assert_number(line, "known.len", known.len, parsed.p.head_bytes);
    assert_true(http1_recall(&recalled.p, &known, &rest));
    assert_number(line, "the rest", rest.len, bytes.len - known.len);
    recalled.consumed = known.len;
    recalled.heads = 1;
    if (reading_feed(&recalled, rest) && ends)
        recalled.step = http1_end(&recalled.p);
    assert_same(&parsed, &recalled, line, 0);
}

static void a_recalled_head_leads_where_parsing_it_leads(void **state)
{
    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++)
        assert_recall_equals_parse(ANSWERS[i].setting, ANSWERS[i].bytes, ANSWERS[i].ends,
                                   ANSWERS[i].line);
    for (size_t i = 0; i < sizeof(REQUESTS) / sizeof(REQUESTS[0]); i++)
        if (!slice_starts(REQUESTS[i].bytes, SLICE("\r")) &&
            !slice_starts(REQUESTS[i].bytes, SLICE("\n")))
            assert_recall_equals_parse(&REQUEST, REQUESTS[i].bytes, false, REQUESTS[i].line);
    for (size_t i = 0; i < sizeof(WATCHED) / sizeof(WATCHED[0]); i++) {
        struct setting setting = { HTTP1_RESPONSE, true, &WATCHED[i].watch, 1 };

        assert_recall_equals_parse(&setting, WATCHED[i].lines, false, WATCHED[i].line);
    }
    (void)state;
}

static void nothing_is_recalled_of_half_a_head_or_behind_its_first_byte(void **state)
{
    struct slice bytes = SLICE(OK11 "Date: 12\r\nContent-Length: 1\r\n\r\na");
    static struct http1_known nothing, known;
    struct slice body;

    learn_from(&known, &RESPONSE, bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        struct reading r = begin(&RESPONSE);
        struct slice cut = guarded_put(&guarded, (struct slice){ bytes.ptr, i });

        assert_int_equal(http1_recall(&r.p, &known, &cut), i >= known.len);
        r = begin(&RESPONSE);
        cut = bytes;
        assert_false(http1_recall(&r.p, &nothing, &cut));
        assert_true(http1_is_fresh(&r.p));
        cut.len = 1;
        assert_int_equal(http1_step(&r.p, &cut, &body), HTTP1_MORE);
        cut = bytes;
        assert_false(http1_recall(&r.p, &known, &cut)); /* no longer fresh */
    }
    (void)state;
}

/* What comes behind `learnt` is recalled, or not; and where it is, that leads where parsing leads,
 * and this is the head that is known now. */
static void assert_recall_after(const struct setting *s, struct slice learnt, struct slice bytes,
                                bool expected, int line)
{
    static struct http1_known known;
    struct reading recalled = begin(s), parsed;
    struct slice rest = guarded_put(&guarded, bytes);

    learn_from(&known, s, learnt);
    assert_number(line, "recalled", http1_recall(&recalled.p, &known, &rest), expected);
    assert_number(line, "consumed", bytes.len - rest.len, expected ? known.len : 0);
    if (!expected)
        return;
    assert_memory_equal(known.bytes, bytes.ptr, known.len);
    recalled.consumed = known.len;
    recalled.heads = 1;
    reading_feed(&recalled, rest);
    parsed = read_cut(s, bytes, bytes.len, 1, false);
    assert_same(&parsed, &recalled, line, 0);
}

static void any_byte_may_differ_in_a_value_that_nobody_looks_at_and_none_elsewhere(void **state)
{
    static const char TEXT_BYTES[] = OK11 "Date: 12\r\nContent-Length: 1\r\n\r\na";
    struct slice bytes = { TEXT_BYTES, sizeof(TEXT_BYTES) - 1 };
    size_t value = strlen(OK11 "Date:"), value_end = value + strlen(" 12");

    for (size_t i = 0; i < bytes.len - 1; i++) {
        for (unsigned c = 0; c < 256; c++) {
            char other[sizeof(TEXT_BYTES)];
            bool idle = i >= value && i < value_end && (c == '\t' || (c >= 0x20 && c != 0x7f));

            memcpy(other, bytes.ptr, bytes.len);
            other[i] = (char)c;
            assert_recall_after(&RESPONSE, bytes, (struct slice){ other, bytes.len },
                                idle || other[i] == bytes.ptr[i], (int)(i * 1000 + c));
        }
    }
    (void)state;
}

static const struct similar {
    int line;
    bool recalled;
    struct slice bytes;
} SIMILAR[] = {
#define SIMILAR_TO(recalled, text)      \
    {                                   \
        __LINE__, recalled, SLICE(text) \
    }
    SIMILAR_TO(true, OK11 "A: 1\r\nContent-Length: 1\r\nB: x\r\nC: \r\n\r\na"),
    SIMILAR_TO(true, OK11 "A: 2345678901234\r\nContent-Length: 1\r\nB:y\r\nC:\r\n\r\na"),
    SIMILAR_TO(true, OK11 "A:\r\nContent-Length: 1\r\nB:\r\nC: not empty\r\n\r\na"),
    SIMILAR_TO(true, OK11 "A: 1: 2\r\nContent-Length: 1\r\nB: \xe4\t\r\nC: \r\n\r\nb"),
    SIMILAR_TO(false, "HTTP/1.1 200 Ok\r\nA: 1\r\nContent-Length: 1\r\nB: x\r\nC: \r\n\r\na"),
    SIMILAR_TO(false, OK11 "A: 1\r\nContent-Length: 2\r\nB: x\r\nC: \r\n\r\na"),
    SIMILAR_TO(false, OK11 "A: 1\r\nContent-Length: 01\r\nB: x\r\nC: \r\n\r\na"),
    SIMILAR_TO(false, OK11 "A: 1\r\nContent-Length: 1\r\nb: x\r\nC: \r\n\r\na"),
    SIMILAR_TO(false, OK11 "A: 1\r\nContent-Length: 1\r\nB : x\r\nC: \r\n\r\na"),
    SIMILAR_TO(false, OK11 "A: 1\r\nContent-Length: 1\r\nB: x\nC: \r\n\r\na"),
    SIMILAR_TO(false, OK11 "A: 1\r\nContent-Length: 1\r\nB: x\r\r\nC: \r\n\r\na"),
    SIMILAR_TO(false,
               OK11 "A: 1\r\nContent-Length: 1\r\nB: x\r\nC: \r\nConnection: close\r\n\r\na"),
    SIMILAR_TO(false,
               OK11 "A: 1\r\nContent-Length: 1\r\nB: x\r\nConnection: close\r\nC: \r\n\r\na"),
    SIMILAR_TO(false, OK11 "A: 1\r\nContent-Length: 1\r\nB: x\r\n folded\r\nC: \r\n\r\na"),
    SIMILAR_TO(false, OK11 "A: 1\r\nContent-Length: 1\r\nB: x\r\n\r\na"),
};

static void heads_that_differ_in_idle_values_are_recalled_and_others_are_parsed(void **state)
{
    const struct http1_watch watch = { SLICE("b"), SLICE("x"), false };
    const struct setting watching = { HTTP1_RESPONSE, false, &watch, 1 };

    for (size_t i = 0; i < sizeof(SIMILAR) / sizeof(SIMILAR[0]); i++)
        assert_recall_after(&RESPONSE, SIMILAR[0].bytes, SIMILAR[i].bytes, SIMILAR[i].recalled,
                            SIMILAR[i].line);
    /* B is looked at now. */
    assert_recall_after(&watching, SIMILAR[0].bytes, SIMILAR[1].bytes, false, __LINE__);
    assert_recall_after(&watching, SIMILAR[0].bytes,
                        SLICE(OK11 "A: 2\r\nContent-Length: 1\r\nB: x\r\nC: 3\r\n\r\na"), true,
                        __LINE__);
    (void)state;
}

/* Too long a line, or too long a head, is the parser's to refuse. */
static void a_recalled_head_keeps_to_the_limits(void **state)
{
    static struct http1_known known;
    struct slice short_one = SLICE("HTTP/1.1 204 \r\nA: 1\r\n\r\n");
    struct reading r;

    for (size_t len = HTTP1_LINE_MAX - 2; len <= HTTP1_LINE_MAX + 2; len++) {
        struct slice bytes = filled("HTTP/1.1 204 \r\nA:", 'v', len - strlen("A:\r\n"), "\r\n\r\n");

        learn_from(&known, &RESPONSE, short_one);
        r = begin(&RESPONSE);
        http1_recall(&r.p, &known, &bytes);
        reading_feed(&r, bytes);
        assert_int_equal(r.step, len <= HTTP1_LINE_MAX ? HTTP1_DONE : HTTP1_BAD);
    }
    (void)state;
}

static void heads_that_cannot_be_recalled_are_not_learnt(void **state)
{
    struct slice informed = SLICE("HTTP/1.1 100 \r\n\r\nHTTP/1.1 204 \r\n\r\n");
    static struct http1_known known;
    struct reading r = read_cut(&RESPONSE, informed, informed.len, 1, false);

    http1_learn(&known, SLICE("HTTP/1.1 204 \r\n\r\n"), &r.p); /* the answer's head alone */
    assert_int_equal(known.len, 0);
    learn_from(&known, &RESPONSE, head_of(HTTP1_KNOWN_MAX, 80));
    assert_int_equal(known.len, HTTP1_KNOWN_MAX);
    learn_from(&known, &RESPONSE, head_of(HTTP1_KNOWN_MAX + 1, 80));
    assert_int_equal(known.len, 0);
    learn_from(&known, &RESPONSE, informed);
    assert_int_equal(known.len, 0);
    learn_from(&known, &REQUEST, SLICE("\r\nGET / HTTP/1.1\r\n\r\n"));
    assert_int_equal(known.len, 0);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read_alike_however_they_come),
        cmocka_unit_test(a_length_is_known_where_no_body_comes),
        cmocka_unit_test(a_length_in_a_1xx_is_not_the_answers),
        cmocka_unit_test(the_head_is_counted_and_1xx_apart),
        cmocka_unit_test(what_is_not_http_is_refused_at_its_byte),
        cmocka_unit_test(requests_are_read_alike_however_they_come),
        cmocka_unit_test(pipelined_requests_are_read_one_after_the_other),
        cmocka_unit_test(a_close_completes_or_cuts_short),
        cmocka_unit_test(the_end_may_come_before_the_last_step),
        cmocka_unit_test(fresh_is_what_consumed_nothing),
        cmocka_unit_test(watched_headers_are_compared_across_cuts),
        cmocka_unit_test(eight_headers_are_watched_each_on_its_own),
        cmocka_unit_test(a_line_may_fill_its_limit_and_not_one_byte_more),
        cmocka_unit_test(a_head_may_fill_its_limit_and_not_one_byte_more),
        cmocka_unit_test(values_that_are_looked_at_have_a_limit),
        cmocka_unit_test(a_long_target_is_cut_and_a_long_method_is_not),
        cmocka_unit_test(informational_answers_have_a_limit),
        cmocka_unit_test(a_recalled_head_leads_where_parsing_it_leads),
        cmocka_unit_test(nothing_is_recalled_of_half_a_head_or_behind_its_first_byte),
        cmocka_unit_test(any_byte_may_differ_in_a_value_that_nobody_looks_at_and_none_elsewhere),
        cmocka_unit_test(heads_that_differ_in_idle_values_are_recalled_and_others_are_parsed),
        cmocka_unit_test(a_recalled_head_keeps_to_the_limits),
        cmocka_unit_test(heads_that_cannot_be_recalled_are_not_learnt),
    };

    guarded = guarded_new(PIECE_MAX);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
