#include "proto/http1.h"

#include <endian.h>

#include "base/bug.h"
#include "proto/http1_priv.h"

/* Everything that is read line by line comes first: step_line() bounds these and counts them. */
enum state {
    STATE_START,    /* nothing of this head was read */
    STATE_START_LF, /* CR of an empty line before a request */
    STATE_METHOD,
    STATE_TARGET,
    STATE_VERSION,     /* of a request; or version and status of a response */
    STATE_VERSION_END, /* right behind it */
    STATE_PHRASE,      /* the status in words, which nobody reads */
    STATE_LINE,        /* the first byte of a header line, or of the empty line */
    STATE_NAME,
    STATE_VALUE,
    STATE_LINE_LF,
    STATE_LAST_LF, /* of the empty line */
    STATE_CHUNK_LINE,
    STATE_CHUNK_SIZE,
    STATE_CHUNK_BLANK,
    STATE_CHUNK_EXTENSION,
    STATE_CHUNK_LF,
    STATE_CHUNK_END_CR, /* behind a chunk's data */
    STATE_CHUNK_END_LF,
    /* These take bodies, or nothing. */
    STATE_HEAD_END,
    STATE_LENGTH,
    STATE_CHUNK_DATA,
    STATE_CLOSE,
    STATE_DONE,
    STATE_BAD,
};

bool http1_bad(struct http1 *p, const char *reason)
{
    p->reason = reason;
    p->state = STATE_BAD;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool ends_line(char c)
{
    return c == '\r' || c == '\n';
}

/* ---- runs: how many bytes at the front are all of one kind */

#define ONES UINT64_C(0x0101010101010101)

/* Marks (0x80) the lowest byte that is below 0x20 or is 0x7f; marks above that one may be wrong. */
static uint64_t mark_controls(uint64_t word)
{
    uint64_t zero_if_del = word ^ (ONES * 0x7f);

    return (((word - ONES * 0x20) & ~word) | ((zero_if_del - ONES) & ~zero_if_del)) & (ONES * 0x80);
}

/* Eight bytes at a time, because most of a head is values that nobody asked for: one pass both
 * skips and checks them. */
size_t http1_text_run(struct slice in)
{
    size_t n = 0;

    while (in.len - n >= sizeof(uint64_t)) {
        uint64_t word, marks;

        memcpy(&word, in.ptr + n, sizeof(word));
        marks = mark_controls(le64toh(word));
        if (marks == 0) {
            n += sizeof(word);
            continue;
        }
        n += (size_t)__builtin_ctzll(marks) / 8;
        if (in.ptr[n] != '\t')
            return n;
        n++;
    }
    while (n < in.len && (in.ptr[n] == '\t' || ((uint8_t)in.ptr[n] >= 0x20 && in.ptr[n] != 0x7f)))
        n++;
    return n;
}

static size_t target_run(struct slice in)
{
    size_t n = 0;

    while (n < in.len && in.ptr[n] > 0x20 && in.ptr[n] < 0x7f)
        n++;
    return n;
}

/* ---- the first line */

/* RFC 9112, 2.2 asks servers to ignore at least one empty line before a request. We ignore one. */
static size_t read_start(struct http1 *p, struct slice in)
{
    p->at = 0;
    if (p->side == HTTP1_RESPONSE) {
        p->state = STATE_VERSION;
        return 0;
    }
    if (!ends_line(in.ptr[0]) || (p->flags & FLAG_EMPTY_LINE)) {
        p->state = STATE_METHOD;
        return 0;
    }
    p->flags |= FLAG_EMPTY_LINE;
    p->state = in.ptr[0] == '\r' ? STATE_START_LF : STATE_START;
    return 1;
}

static size_t read_method(struct http1 *p, struct slice in)
{
    size_t room = sizeof(p->method) - p->method_len;
    size_t n = http1_token_run((struct slice){ in.ptr, in.len < room ? in.len : room });

    memcpy(p->method + p->method_len, in.ptr, n);
    p->method_len = (uint8_t)(p->method_len + n);
    if (n == in.len)
        return n;
    if (in.ptr[n] == ' ' && p->method_len > 0) {
        p->state = STATE_TARGET;
        return n + 1;
    }
    http1_bad(p, p->method_len == sizeof(p->method)
                     ? "the method is longer than " DIGITS(HTTP1_METHOD_MAX) " bytes"
                     : "the request does not begin with a method");
    return n;
}

static size_t read_target(struct http1 *p, struct slice in)
{
    size_t room = sizeof(p->target) - p->target_len;
    size_t n = target_run(in);

    memcpy(p->target + p->target_len, in.ptr, n < room ? n : room);
    p->target_len = (uint16_t)(p->target_len + (n < room ? n : room));
    if (n == in.len)
        return n;
    if (in.ptr[n] == ' ' && p->target_len > 0) {
        p->state = STATE_VERSION;
        return n + 1;
    }
    http1_bad(p, p->target_len == 0     ? "the request has no target"
                 : ends_line(in.ptr[n]) ? "the request line does not end in HTTP/1.x"
                                        : "the target has a byte that no URL may have");
    return n;
}

static const char *version_reason(const struct http1 *p)
{
    if (p->at > 7)
        return "the version is not followed by a space and a status of three digits";
    if (p->at > 4)
        return "the version is not HTTP/1.x";
    return p->side == HTTP1_RESPONSE ? "the answer does not begin with HTTP/"
                                     : "the request line does not end in HTTP/1.x";
}

/* A 9 stands for any digit. Of a request, all before the space. Minor versions above 1 are read as
 * 1.1 (RFC 9110, 6.2). */
static size_t read_version(struct http1 *p, struct slice in)
{
    static const char PATTERN[] = "HTTP/1.9 999";
    size_t len = p->side == HTTP1_RESPONSE ? sizeof(PATTERN) - 1 : 8;
    size_t n = 0;

    for (; n < in.len && p->at < len; n++, p->at++) {
        unsigned digit = (unsigned)in.ptr[n] - '0';

        if (PATTERN[p->at] == '9' ? digit > 9 : in.ptr[n] != PATTERN[p->at]) {
            http1_bad(p, version_reason(p));
            return n;
        }
        if (p->at == 7)
            p->version_minor = (uint8_t)digit;
        else if (p->at > 8)
            p->status = (uint16_t)(p->status * 10 + digit);
    }
    if (p->at == len)
        p->state = STATE_VERSION_END;
    return n;
}

/* The line ends at in[n]; its LF is taken along where it is there. */
static size_t end_line(struct http1 *p, struct slice in, size_t n)
{
    p->state = STATE_LINE;
    if (in.ptr[n] == '\n')
        return n + 1;
    if (n + 1 < in.len && in.ptr[n + 1] == '\n')
        return n + 2;
    p->state = STATE_LINE_LF;
    return n + 1;
}

/* A status without a phrase is fine, with or without the space that ought to be there. Codes above
 * 599 are no known kind of answer, but they can be read: the check of the status speaks of them. */
static size_t read_version_end(struct http1 *p, struct slice in)
{
    if (p->side == HTTP1_RESPONSE && p->status < 100)
        return http1_bad(p, "the status is below 100");
    if (ends_line(in.ptr[0]))
        return end_line(p, in, 0);
    if (p->side == HTTP1_REQUEST)
        return http1_bad(p, "the request line goes on behind HTTP/1.x");
    if (in.ptr[0] != ' ')
        return http1_bad(p, "the status is not three digits");
    p->state = STATE_PHRASE;
    return 1;
}

static size_t read_phrase(struct http1 *p, struct slice in)
{
    size_t n = http1_text_run(in);

    if (n == in.len)
        return n;
    if (ends_line(in.ptr[n]))
        return end_line(p, in, n);
    http1_bad(p, "a control character in the status line");
    return n;
}

/* ---- header lines, and trailers, whose meaning is ignored */

static void keep_value(struct http1 *p, struct slice piece)
{
    size_t room = sizeof(p->value) - p->value_len;

    while (p->value_len == 0 && piece.len > 0 && is_blank(piece.ptr[0])) {
        piece.ptr++;
        piece.len--;
    }
    if (piece.len > room) {
        struct slice rest = { piece.ptr + room, piece.len - room };

        if (slice_trim(rest).len > 0)
            p->flags |= FLAG_VALUE_CUT;
        piece.len = room;
    }
    memcpy(p->value + p->value_len, piece.ptr, piece.len);
    p->value_len = (uint16_t)(p->value_len + piece.len);
}

/* A value that came in one piece is looked at where it lies. */
static struct slice whole_value(struct http1 *p, struct slice last)
{
    if (p->value_len > 0) {
        keep_value(p, last);
        return slice_trim((struct slice){ p->value, p->value_len });
    }
    last = slice_trim(last);
    if (last.len > HTTP1_VALUE_MAX) {
        p->flags |= FLAG_VALUE_CUT;
        last.len = HTTP1_VALUE_MAX;
    }
    return last;
}

static size_t read_value(struct http1 *p, struct slice in)
{
    size_t n = http1_text_run(in);
    struct slice piece = { in.ptr, n };

    if (n == in.len) {
        if (p->candidates != 0)
            keep_value(p, piece);
        return n;
    }
    if (!ends_line(in.ptr[n])) {
        http1_bad(p, "a control character in a header's value");
        return n;
    }
    if (p->candidates != 0 && !http1_read_field(p, whole_value(p, piece)))
        return n;
    return end_line(p, in, n);
}

static size_t read_name(struct http1 *p, struct slice in)
{
    size_t n = http1_token_run(in);

    http1_narrow(p, (struct slice){ in.ptr, n }, n < in.len);
    if (n == in.len)
        return n;
    if (in.ptr[n] == ':' && p->at > 0) {
        n++;
        p->state = STATE_VALUE;
        return n == in.len ? n : n + read_value(p, (struct slice){ in.ptr + n, in.len - n });
    }
    http1_bad(p, in.ptr[n] == ':'       ? "a header without a name"
                 : is_blank(in.ptr[n])  ? "a space before the colon of a header"
                 : ends_line(in.ptr[n]) ? "a header line without a colon"
                                        : "a byte that no header's name may have");
    return n;
}

static enum state behind_empty_line(const struct http1 *p)
{
    return p->flags & FLAG_HEAD_OVER ? STATE_DONE : STATE_HEAD_END;
}

/* Folded lines: RFC 9112, 5.2 lets a client unfold them; nobody has sent them for decades. */
static size_t read_line(struct http1 *p, struct slice in)
{
    if (in.ptr[0] == '\r') {
        p->state = STATE_LAST_LF;
        return 1;
    }
    if (in.ptr[0] == '\n') {
        p->state = (uint8_t)behind_empty_line(p);
        return 1;
    }
    if (is_blank(in.ptr[0]))
        return http1_bad(p, "a header line begins with a space (obsolete folding)");
    http1_begin_field(p);
    p->state = STATE_NAME;
    return read_name(p, in);
}

/* ---- chunks */

static unsigned hex_digit(char c)
{
    unsigned digit = (unsigned)c - '0', letter = ((unsigned)c | 0x20) - 'a';

    return digit < 10 ? digit : letter < 6 ? letter + 10 : 16;
}

static size_t read_chunk_size(struct http1 *p, struct slice in)
{
    size_t n = 0;

    for (; n < in.len && hex_digit(in.ptr[n]) < 16; n++, p->at++) {
        if (p->left > (uint64_t)HTTP1_BODY_MAX >> 4) {
            http1_bad(p, "a chunk size is not below 2^63");
            return n;
        }
        p->left = p->left << 4 | hex_digit(in.ptr[n]);
    }
    if (n == in.len)
        return n;
    if (p->at > 0 && in.ptr[n] == '\r')
        p->state = STATE_CHUNK_LF;
    else if (p->at > 0 && in.ptr[n] == ';')
        p->state = STATE_CHUNK_EXTENSION;
    else if (p->at > 0 && is_blank(in.ptr[n]))
        p->state = STATE_CHUNK_BLANK;
    else {
        http1_bad(p, "a chunk size is not a hexadecimal number");
        return n;
    }
    return n + 1;
}

/* Blanks are allowed before an extension only (RFC 9112, 7.1.1). */
static size_t read_chunk_blank(struct http1 *p, struct slice in)
{
    if (is_blank(in.ptr[0]))
        return 1;
    if (in.ptr[0] != ';')
        return http1_bad(p, "a space behind a chunk size");
    p->state = STATE_CHUNK_EXTENSION;
    return 1;
}

static size_t read_chunk_extension(struct http1 *p, struct slice in)
{
    size_t n = http1_text_run(in);

    if (n == in.len)
        return n;
    if (in.ptr[n] == '\r') {
        p->state = STATE_CHUNK_LF;
        return n + 1;
    }
    http1_bad(p, "a control character in a chunk extension");
    return n;
}

#define PLAIN_DIGITS_MAX 15 /* a size of so many digits is below HTTP1_BODY_MAX */

/* What stands between two chunks, taken at once where all of it is here and is as plain as it
 * nearly always is. Everything else is left to the states, which can stop at any byte and know what
 * is wrong: a long body in short chunks would spend half of its time in them. */
static bool take_plain_chunk_line(struct http1 *p, struct slice *input)
{
    struct slice in = *input;
    size_t begin = p->state == STATE_CHUNK_END_CR ? 2 : 0;
    size_t n = begin;
    uint64_t size = 0;

    if (in.len < begin + 3 || memcmp(in.ptr, "\r\n", begin) != 0)
        return false;
    for (; n < in.len && hex_digit(in.ptr[n]) < 16 && n - begin < PLAIN_DIGITS_MAX; n++)
        size = size << 4 | hex_digit(in.ptr[n]);
    if (n == begin || in.len - n < 2 || in.ptr[n] != '\r' || in.ptr[n + 1] != '\n')
        return false;
    n += 2;
    p->line_bytes = (uint32_t)(n - begin);
    p->left = size;
    p->state = size > 0 ? STATE_CHUNK_DATA : STATE_LINE;
    input->ptr += n;
    input->len -= n;
    return true;
}

static size_t read_one(struct http1 *p, struct slice in, char wanted, enum state next,
                       const char *reason)
{
    if (in.ptr[0] != wanted)
        return http1_bad(p, reason);
    p->state = (uint8_t)next;
    return 1;
}

/* ---- lines, all of them */

static size_t read_text(struct http1 *p, struct slice in)
{
    static const char NO_LF[] = "a CR without LF";

    switch ((enum state)p->state) {
    case STATE_START:
        return read_start(p, in);
    case STATE_START_LF:
        return read_one(p, in, '\n', STATE_START, NO_LF);
    case STATE_METHOD:
        return read_method(p, in);
    case STATE_TARGET:
        return read_target(p, in);
    case STATE_VERSION:
        return read_version(p, in);
    case STATE_VERSION_END:
        return read_version_end(p, in);
    case STATE_PHRASE:
        return read_phrase(p, in);
    case STATE_LINE:
        return read_line(p, in);
    case STATE_NAME:
        return read_name(p, in);
    case STATE_VALUE:
        return read_value(p, in);
    case STATE_LINE_LF:
        return read_one(p, in, '\n', STATE_LINE, NO_LF);
    case STATE_LAST_LF:
        return read_one(p, in, '\n', p->flags & FLAG_HEAD_OVER ? STATE_DONE : STATE_HEAD_END,
                        NO_LF);
    case STATE_CHUNK_LINE:
        p->at = 0;
        p->left = 0;
        p->state = STATE_CHUNK_SIZE;
        return 0;
    case STATE_CHUNK_SIZE:
        return read_chunk_size(p, in);
    case STATE_CHUNK_BLANK:
        return read_chunk_blank(p, in);
    case STATE_CHUNK_EXTENSION:
        return read_chunk_extension(p, in);
    case STATE_CHUNK_LF:
        return read_one(p, in, '\n', p->left > 0 ? STATE_CHUNK_DATA : STATE_LINE, NO_LF);
    case STATE_CHUNK_END_CR:
        return read_one(p, in, '\r', STATE_CHUNK_END_LF, "a chunk is longer than its size");
    case STATE_CHUNK_END_LF:
        return read_one(p, in, '\n', STATE_CHUNK_LINE, NO_LF);
    case STATE_HEAD_END:
    case STATE_LENGTH:
    case STATE_CHUNK_DATA:
    case STATE_CLOSE:
    case STATE_DONE:
    case STATE_BAD:
        break;
    }
    BUG("not a state of text");
}

/* Shows the state no more than the limits allow, so that they are looked at in this one place. */
static void step_line(struct http1 *p, struct slice *input)
{
    bool head_over = p->flags & FLAG_HEAD_OVER;
    bool line_begins = p->state == STATE_START || p->state == STATE_CHUNK_LINE ||
                       p->state == STATE_CHUNK_END_CR || (p->state == STATE_LINE && !head_over);
    size_t head_room, room, n;

    if (p->state == STATE_START)
        p->head_bytes = 0;
    if (line_begins)
        p->line_bytes = 0;
    room = HTTP1_LINE_MAX - p->line_bytes;
    head_room = head_over ? SIZE_MAX : HTTP1_HEAD_MAX - p->head_bytes;
    if (head_room == 0) {
        http1_bad(p, "the head is longer than " DIGITS(HTTP1_HEAD_MAX) " bytes");
        return;
    }
    if (room == 0) {
        http1_bad(
            p, head_over
                   ? "a chunk line or the trailers are longer than " DIGITS(HTTP1_LINE_MAX) " bytes"
                   : "a line of the head is longer than " DIGITS(HTTP1_LINE_MAX) " bytes");
        return;
    }
    if (room > head_room)
        room = head_room;
    n = read_text(p, (struct slice){ input->ptr, input->len < room ? input->len : room });
    input->ptr += n;
    input->len -= n;
    p->line_bytes += (uint32_t)n;
    if (!head_over)
        p->head_bytes += (uint32_t)n;
}

/* ---- the end of the head, and the body */

/* Its fields said nothing about the answer that is still to come. */
static void skip_informational(struct http1 *p)
{
    if (p->status == 101) {
        http1_bad(p, "101 Switching Protocols, which nobody asked for");
        return;
    }
    if (p->informational == HTTP1_INFORMATIONAL_MAX) {
        http1_bad(p, "more than " DIGITS(HTTP1_INFORMATIONAL_MAX) " informational answers (1xx)");
        return;
    }
    p->informational++;
    p->status = 0;
    p->content_length = 0;
    p->flags = 0;
    p->watch_seen = 0;
    p->watch_wrong = 0;
    p->state = STATE_START;
}

static enum http1_framing framing_of(const struct http1 *p)
{
    bool bare = p->answers_head || p->status == 204 || p->status == 304;

    if (p->side == HTTP1_RESPONSE && bare)
        return HTTP1_EMPTY;
    if (p->flags & FLAG_CODED)
        return HTTP1_CHUNKED;
    if (p->flags & FLAG_LENGTH)
        return HTTP1_LENGTH;
    return p->side == HTTP1_RESPONSE ? HTTP1_CLOSE : HTTP1_EMPTY;
}

/* RFC 9112, 6.1 lets a recipient prefer one of two framings, and read an answer whose last coding
 * is not chunked to the end of the connection. Peers that send such things do not agree on what
 * they mean, so we refuse them, with a body or without. */
static bool check_framing(struct http1 *p)
{
    if (!(p->flags & FLAG_CODED))
        return true;
    if (p->flags & FLAG_LENGTH)
        return http1_bad(p, "both Transfer-Encoding and Content-Length");
    if (p->version_minor == 0)
        return http1_bad(p, "Transfer-Encoding in HTTP/1.0");
    if (!(p->flags & FLAG_CHUNKED))
        return http1_bad(p, "the last transfer coding is not chunked");
    return true;
}

static bool finish_head(struct http1 *p)
{
    static const uint8_t BODY[] = { [HTTP1_EMPTY] = STATE_DONE,
                                    [HTTP1_LENGTH] = STATE_LENGTH,
                                    [HTTP1_CHUNKED] = STATE_CHUNK_LINE,
                                    [HTTP1_CLOSE] = STATE_CLOSE };
    bool stays_open = p->version_minor > 0 || (p->flags & FLAG_KEEP_ALIVE);

    if (!check_framing(p))
        return false;
    p->framing = framing_of(p);
    p->keeps = stays_open && !(p->flags & FLAG_CLOSE) && p->framing != HTTP1_CLOSE;
    p->head_method = slice_equal(http1_method(p), SLICE("HEAD"));
    p->expects_continue = p->expects_continue && p->version_minor > 0; /* RFC 9110, 10.1.1 */
    p->watch_equal = (uint8_t)(p->watch_seen & ~p->watch_wrong);
    p->left = p->content_length;
    p->flags |= FLAG_HEAD_OVER;
    p->state = BODY[p->framing];
    return true;
}

static enum http1_step take_body(struct http1 *p, uint64_t max, struct slice *input,
                                 struct slice *ret_body)
{
    size_t n = input->len < max ? input->len : (size_t)max;

    if (n == 0)
        return HTTP1_MORE;
    *ret_body = (struct slice){ input->ptr, n };
    input->ptr += n;
    input->len -= n;
    p->body_bytes += n;
    return HTTP1_BODY;
}

static enum http1_step take_counted(struct http1 *p, struct slice *input, struct slice *ret_body)
{
    enum http1_step step = take_body(p, p->left, input, ret_body);

    if (step == HTTP1_BODY)
        p->left -= ret_body->len;
    return step;
}

/* ---- the interface */

void http1_begin(struct http1 *p, enum http1_side side, bool answers_head,
                 const struct http1_watch *watch, uint8_t watch_count)
{
    BUG_IF(watch_count > HTTP1_WATCH_MAX);
    memset(p, 0, RESPONSE_BYTES);
    p->side = side;
    p->answers_head = answers_head;
    p->watch = watch;
    p->watch_count = watch_count;
}

enum http1_step http1_step(struct http1 *p, struct slice *input, struct slice *ret_body)
{
    for (;;) {
        switch ((enum state)p->state) {
        case STATE_HEAD_END:
            if (p->side == HTTP1_RESPONSE && p->status < 200)
                skip_informational(p);
            else if (finish_head(p))
                return HTTP1_HEAD;
            continue;
        case STATE_LENGTH:
            if (p->left > 0)
                return take_counted(p, input, ret_body);
            p->state = STATE_DONE;
            continue;
        case STATE_CHUNK_DATA:
            if (p->left > 0)
                return take_counted(p, input, ret_body);
            p->state = STATE_CHUNK_END_CR;
            continue;
        case STATE_CLOSE:
            return take_body(p, UINT64_MAX, input, ret_body);
        case STATE_DONE:
            return HTTP1_DONE;
        case STATE_BAD:
            return HTTP1_BAD;
        case STATE_CHUNK_LINE:
        case STATE_CHUNK_END_CR:
            if (take_plain_chunk_line(p, input))
                continue;
            break;
        default: /* the other states of text; read_text() names them all */
            break;
        }
        if (input->len == 0)
            return HTTP1_MORE;
        step_line(p, input);
    }
}

enum http1_step http1_end(struct http1 *p)
{
    if (p->state == STATE_BAD)
        return HTTP1_BAD;
    if (http1_is_fresh(p))
        return HTTP1_MORE;
    if (p->state == STATE_CLOSE || (p->state == STATE_LENGTH && p->left == 0))
        p->state = STATE_DONE;
    if (p->state == STATE_DONE)
        return HTTP1_DONE;
    http1_bad(p, p->flags & FLAG_HEAD_OVER ? "closed in the middle of the body"
                                           : "closed in the middle of the head");
    return HTTP1_BAD;
}

bool http1_has_head(const struct http1 *p)
{
    return (p->flags & FLAG_HEAD_OVER) != 0;
}

bool http1_is_fresh(const struct http1 *p)
{
    return p->state == STATE_START && p->informational == 0;
}

struct slice http1_method(const struct http1 *p)
{
    return (struct slice){ p->method, p->method_len };
}

struct slice http1_target(const struct http1 *p)
{
    return (struct slice){ p->target, p->target_len };
}
