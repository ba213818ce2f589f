/* The input: one byte that says what is read, one that says how it is cut, and a stream of
 * messages. Low bits of the first: 1 requests, 2 answers to HEAD, 4 the peer closes behind the
 * stream. */
#include <stdlib.h>

#include "fuzz.h"
#include "http1_reading.h"

#define PIECE_MAX    (1 << 20)
#define MESSAGES_MAX 16

static const struct http1_watch WATCH[] = {
    {{ "content-type", 12 },    { "text/plain", 10 },                true },
    { { "content-type", 12 },   { "text/plain; charset=utf-8", 25 }, true },
    { { "content-length", 14 }, { "5", 1 },                          false},
    { { "x", 1 },               { "", 0 },                           false},
};

struct way {
    bool request, answers_head, ends;
    unsigned cut; /* 0: whole; 1: byte by byte; else a seed for the sizes of the pieces */
};

static struct guarded guarded;
static struct http1_known known; /* of the messages of one input */

static struct reading begin(const struct way *way)
{
    struct reading r = { .step = HTTP1_MORE };

    http1_begin(&r.p, way->request ? HTTP1_REQUEST : HTTP1_RESPONSE, way->answers_head, WATCH,
                sizeof(WATCH) / sizeof(WATCH[0]));
    return r;
}

static size_t next_piece(unsigned *cut, size_t left)
{
    size_t size = left;

    if (*cut == 1)
        size = 1;
    if (*cut > 1) {
        *cut = *cut * 1103515245u + 12345u;
        size = (*cut >> 16) % 23 + 1;
        *cut |= 2;
    }
    return size < left ? size : left;
}

static struct reading read_message(const struct way *way, struct slice bytes)
{
    struct reading r = begin(way);
    unsigned cut = way->cut;
    bool more = true;

    while (more && bytes.len > 0) {
        size_t n = next_piece(&cut, bytes.len);

        more = reading_feed(&r, guarded_put(&guarded, (struct slice){ bytes.ptr, n }));
        bytes.ptr += n;
        bytes.len -= n;
    }
    if (more && way->ends)
        r.step = http1_end(&r.p);
    return r;
}

/* What holds for every message, however it was cut. */
static void check(const struct way *way, const struct reading *r, size_t len)
{
    const struct http1 *p = &r->p;

    BUG_IF(r->consumed > len);
    BUG_IF((r->step == HTTP1_BAD) != (p->reason != NULL));
    BUG_IF(r->body_bytes != p->body_bytes);
    BUG_IF(r->step == HTTP1_DONE && r->heads != 1);
    BUG_IF(p->head_bytes > HTTP1_HEAD_MAX);
    if (r->heads == 0)
        return;
    BUG_IF(!way->request && (p->status < 200 || p->status > 999));
    BUG_IF(p->framing == HTTP1_CLOSE && (p->keeps || way->request));
    BUG_IF(p->framing == HTTP1_EMPTY && r->body_bytes > 0);
    BUG_IF(p->framing == HTTP1_LENGTH && r->body_bytes > p->content_length);
    BUG_IF(p->framing == HTTP1_LENGTH && r->step == HTTP1_DONE &&
           r->body_bytes != p->content_length);
    BUG_IF(way->answers_head && !way->request && p->framing != HTTP1_EMPTY);
}

/* A head that is recalled leads where reading it leads: behind the message before it, whose head
 * may be a little different, and behind itself. */
static void check_recall(const struct way *way, const struct reading *whole, struct slice bytes)
{
    for (unsigned i = 0; i < 2; i++) {
        struct reading r = begin(way);
        struct slice input = bytes, body;

        if (http1_recall(&r.p, &known, &input)) {
            r.heads = 1;
            r.consumed = bytes.len - input.len;
            if (reading_feed(&r, input) && way->ends)
                r.step = http1_end(&r.p);
            BUG_IF(!reading_equal(whole, &r));
        }
        r = begin(way);
        input = bytes;
        if (http1_step(&r.p, &input, &body) != HTTP1_HEAD)
            return;
        http1_learn(&known, (struct slice){ bytes.ptr, bytes.len - input.len }, &r.p);
    }
}

static size_t check_message(struct way way, struct slice bytes)
{
    struct reading whole, cut;
    unsigned seed = way.cut;

    way.cut = 0;
    whole = read_message(&way, bytes);
    check(&way, &whole, bytes.len);
    check_recall(&way, &whole, bytes);
    way.cut = 1;
    cut = read_message(&way, bytes);
    BUG_IF(!reading_equal(&whole, &cut));
    way.cut = seed | 2;
    cut = read_message(&way, bytes);
    BUG_IF(!reading_equal(&whole, &cut));
    return whole.step == HTTP1_DONE ? (size_t)whole.consumed : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = { (const char *)data + 2, size - 2 };
    struct way way;

    if (size < 2 || size > PIECE_MAX)
        return 0;
    if (guarded.end == NULL)
        guarded = guarded_new(PIECE_MAX);
    known.len = 0;
    way = (struct way){ data[0] & 1, data[0] & 2, data[0] & 4, data[1] };
    for (unsigned i = 0; i < MESSAGES_MAX && bytes.len > 0; i++) {
        size_t consumed = check_message(way, bytes);

        if (consumed == 0)
            break;
        bytes.ptr += consumed;
        bytes.len -= consumed;
    }
    return 0;
}
