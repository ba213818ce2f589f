#include "stats/hdr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/base64.h"
#include "base/bug.h"
#include "base/fault.h"

#define COOKIE_PLAIN  0x1c849303u /* the digits that tell the version */
#define COOKIE_PACKED 0x1c849304u
#define COOKIE_WORDS  0x10u /* counts of variable length: all that V2 knows */
#define COOKIE_MASK   0xffffff0fu

#define HEADER_BYTES        40
#define PACKED_HEADER_BYTES 8
#define COUNT_BYTES_MAX     9 /* of one count: 8 times 7 bits, then 8 */

/* The most buckets a histogram of 3 digits can have: 64 - 11 + 1 powers of two cut into 1024, and
 * the first 1024 values. */
#define FOREIGN_BUCKETS_MAX ((64 - 11 + 2) << 10)

/* Limits for what others wrote; ours has fewer buckets. Zlib adds less than a thousandth to what it
 * cannot compress. */
#define PLAIN_BYTES_MAX  (HEADER_BYTES + FOREIGN_BUCKETS_MAX * COUNT_BYTES_MAX)
#define PACKED_BYTES_MAX (PACKED_HEADER_BYTES + PLAIN_BYTES_MAX + PLAIN_BYTES_MAX / 1000 + 64)

struct scratch {
    uint8_t plain[PLAIN_BYTES_MAX];
    uint8_t packed[PACKED_BYTES_MAX];
};

static void *take_memory(size_t bytes, struct error *err)
{
    void *memory = fault_hit(FAULT_MEMORY) ? NULL : malloc(bytes);

    if (memory == NULL)
        error_set(err, ENOMEM, "reserve %zu bytes for a histogram's text", bytes);
    return memory;
}

/* ---- big-endian numbers ---- */

static void put_big_endian(uint8_t *at, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0) {
        at[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

static uint64_t get_big_endian(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/* ---- counts: ZigZag (the sign in the lowest bit), then 7 bits a byte, lowest first ---- */

static uint8_t *put_count(uint8_t *at, int64_t count)
{
    uint64_t bits = (uint64_t)count << 1 ^ (uint64_t)(count >> 63);

    for (unsigned i = 0; i < COUNT_BYTES_MAX - 1 && bits > 0x7f; i++) {
        *at++ = (uint8_t)(bits | 0x80);
        bits >>= 7;
    }
    *at++ = (uint8_t)bits;
    return at;
}

/* What follows the count, or NULL when the bytes end within it. */
static const uint8_t *get_count(const uint8_t *at, const uint8_t *end, int64_t *ret_count)
{
    uint64_t bits = 0;
    unsigned i = 0;
    uint8_t byte;

    do {
        if (at == end)
            return NULL;
        byte = *at++;
        /* The ninth byte has no bit to say that more follows: it is all number. */
        bits |= (uint64_t)(i < COUNT_BYTES_MAX - 1 ? byte & 0x7f : byte) << (7 * i);
    } while (byte & 0x80 && ++i < COUNT_BYTES_MAX);
    *ret_count = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
    return at;
}

/* ---- out ---- */

static uint8_t *put_counts(uint8_t *at, const struct histogram *h)
{
    uint32_t end = HISTOGRAM_BUCKETS;
    uint32_t i = 0;

    while (end > 0 && h->counts[end - 1] == 0)
        end--;
    while (i < end) {
        uint32_t zeros = 0;

        while (h->counts[i + zeros] == 0) /* stops before `end`: the last one is not zero */
            zeros++;
        BUG_IF(h->counts[i] > INT64_MAX);
        at = put_count(at, zeros > 1 ? -(int64_t)zeros : (int64_t)h->counts[i]);
        i += zeros > 1 ? zeros : 1;
    }
    return at;
}

static size_t put_plain(uint8_t *at, const struct histogram *h)
{
    size_t payload = (size_t)(put_counts(at + HEADER_BYTES, h) - at) - HEADER_BYTES;
    uint64_t ratio_bits;

    memcpy(&ratio_bits, &(double){ 1.0 }, sizeof(ratio_bits));
    put_big_endian(at, COOKIE_PLAIN | COOKIE_WORDS, 4);
    put_big_endian(at + 4, payload, 4);
    put_big_endian(at + 8, 0, 4);                 /* normalising offset */
    put_big_endian(at + 12, 3, 4);                /* significant digits */
    put_big_endian(at + 16, 1, 8);                /* lowest value told from 0 */
    put_big_endian(at + 24, HISTOGRAM_MAX_NS, 8); /* highest value */
    put_big_endian(at + 32, ratio_bits, 8);
    return HEADER_BYTES + payload;
}

char *hdr_encode(const struct histogram *h, struct error *err)
{
    struct scratch *scratch = take_memory(sizeof(*scratch), err);
    uLongf packed_len = PACKED_BYTES_MAX - PACKED_HEADER_BYTES;
    size_t plain_len;
    char *text;
    int rc;

    if (scratch == NULL)
        return NULL;
    plain_len = put_plain(scratch->plain, h);
    rc = fault_hit(FAULT_MEMORY) ? Z_MEM_ERROR
                                 : compress(scratch->packed + PACKED_HEADER_BYTES, &packed_len,
                                            scratch->plain, plain_len);
    if (rc != Z_OK) {
        BUG_IF(rc != Z_MEM_ERROR); /* there is room for what cannot be compressed at all */
        error_set(err, ENOMEM, "compress a histogram");
        free(scratch);
        return NULL;
    }
    put_big_endian(scratch->packed, COOKIE_PACKED | COOKIE_WORDS, 4);
    put_big_endian(scratch->packed + 4, packed_len, 4);
    text = take_memory(BASE64_LEN(PACKED_HEADER_BYTES + packed_len) + 1, err);
    if (text != NULL)
        base64_encode(
            (struct slice){ (const char *)scratch->packed, PACKED_HEADER_BYTES + packed_len },
            text);
    free(scratch);
    return text;
}

/* ---- in ---- */

/* How a histogram cuts its values into buckets: as ours, with other powers of two. */
struct geometry {
    unsigned half_bits; /* 2^half_bits buckets to a power of two; ours: 10 */
    unsigned unit_bits; /* every width is a multiple of 2^unit_bits; ours: 0 */
};

static bool read_geometry(const uint8_t *header, struct geometry *ret_geometry, struct error *err)
{
    /* ceil(log2(2 * 10^digits)) - 1 */
    static const uint8_t half_bits[] = { 0, 4, 7, 10 };
    uint64_t digits = get_big_endian(header + 12, 4);
    uint64_t lowest = get_big_endian(header + 16, 8);

    if (digits >= sizeof(half_bits))
        return error_usage(err, "a histogram of %llu significant digits, more than 3 are not read",
                           (unsigned long long)digits);
    if (lowest == 0 || lowest > INT64_MAX)
        return error_usage(err, "a histogram whose lowest value is out of range");
    *ret_geometry = (struct geometry){ .half_bits = half_bits[digits],
                                       .unit_bits = 63u - (unsigned)__builtin_clzll(lowest) };
    return true;
}

/* The middle of a bucket. False when it lies beyond 63 bits. */
static bool bucket_middle(struct geometry g, uint64_t index, int64_t *ret_value)
{
    uint64_t half = UINT64_C(1) << g.half_bits;
    uint64_t octave = index < 2 * half ? 0 : (index >> g.half_bits) - 1;
    uint64_t width_bits = octave + g.unit_bits;

    if (width_bits + g.half_bits + 1 > 63)
        return false;
    *ret_value = (int64_t)((index - octave * half) << width_bits) + (INT64_C(1) << width_bits) / 2;
    return true;
}

static bool read_counts(const uint8_t *at, const uint8_t *end, struct geometry geometry,
                        struct histogram *h, struct error *err)
{
    uint64_t index = 0;

    while (at != end) {
        int64_t count = 0, value = 0;

        at = get_count(at, end, &count);
        if (at == NULL)
            return error_usage(err, "a histogram that ends in the middle of a count");
        if (count < -FOREIGN_BUCKETS_MAX || index >= FOREIGN_BUCKETS_MAX)
            return error_usage(err, "a histogram with more than %d buckets", FOREIGN_BUCKETS_MAX);
        if (count > 0 && !bucket_middle(geometry, index, &value))
            return error_usage(err, "a histogram with values beyond 63 bits");
        if (count > 0 && (uint64_t)count > UINT64_MAX - h->count)
            return error_usage(err, "a histogram with more samples than 64 bits can count");
        if (count > 0)
            histogram_record_many(h, value, (uint64_t)count);
        index += count < 0 ? (uint64_t)-count : 1;
    }
    return true;
}

/* The normalising offset is not looked at: counts are written in the order of their values whatever
 * it was, and some writers leave a 1 there. Nor is the ratio, which belongs to another format's
 * decimal values, and which the same writers leave at 5e-324. */
static bool read_plain(const uint8_t *plain, size_t len, struct histogram *h, struct error *err)
{
    struct geometry geometry = { 0 };

    if (len < HEADER_BYTES)
        return error_usage(err, "a histogram that ends within its header");
    if ((get_big_endian(plain, 4) & COOKIE_MASK) != COOKIE_PLAIN)
        return error_usage(err, "a histogram in another encoding than HdrHistogram V2");
    if (get_big_endian(plain + 4, 4) != len - HEADER_BYTES)
        return error_usage(err, "a histogram whose length is not the one it states");
    return read_geometry(plain, &geometry, err) &&
           read_counts(plain + HEADER_BYTES, plain + len, geometry, h, err);
}

static bool unpack(struct slice text, struct scratch *scratch, size_t *ret_len, struct error *err)
{
    uLongf plain_len = PLAIN_BYTES_MAX;
    size_t packed_len;
    int rc;

    if (!base64_decode(text, (char *)scratch->packed, &packed_len))
        return error_usage(err, "a histogram that is not base64");
    if (packed_len < PACKED_HEADER_BYTES ||
        (get_big_endian(scratch->packed, 4) & COOKIE_MASK) != COOKIE_PACKED)
        return error_usage(err, "a histogram in another encoding than HdrHistogram V2, compressed");
    if (get_big_endian(scratch->packed + 4, 4) != packed_len - PACKED_HEADER_BYTES)
        return error_usage(err, "a histogram whose compressed length is not the one it states");
    rc = fault_hit(FAULT_MEMORY)
             ? Z_MEM_ERROR
             : uncompress(scratch->plain, &plain_len, scratch->packed + PACKED_HEADER_BYTES,
                          packed_len - PACKED_HEADER_BYTES);
    if (rc == Z_MEM_ERROR)
        return error_set(err, ENOMEM, "decompress a histogram");
    if (rc != Z_OK)
        return error_usage(err, "a histogram that does not decompress, or to more than %d bytes",
                           PLAIN_BYTES_MAX);
    *ret_len = plain_len;
    return true;
}

bool hdr_decode(struct slice text, struct histogram *ret_h, struct error *err)
{
    struct scratch *scratch;
    size_t plain_len = 0;
    bool done;

    memset(ret_h, 0, sizeof(*ret_h));
    if (text.len > BASE64_LEN(PACKED_BYTES_MAX) - 4)
        return error_usage(err, "a histogram of more than %d bytes", PACKED_BYTES_MAX);
    scratch = take_memory(sizeof(*scratch), err);
    if (scratch == NULL)
        return false;
    done =
        unpack(text, scratch, &plain_len, err) && read_plain(scratch->plain, plain_len, ret_h, err);
    if (!done)
        memset(ret_h, 0, sizeof(*ret_h));
    free(scratch);
    return done;
}
