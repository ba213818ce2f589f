/* tests/unit/hdr_test.c -- histograms out of and into HdrHistogram V2, with what others wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/fault.h"
#include "base/rng.h"
#include "stats/hdr.h"

static struct histogram out, in;

/* Written by HdrHistogram 2.1.11, the Java original (Debian package libhdrhistogram-java):
 * 10 000 times 1000 and one 100 000 000 in a histogram of 1 .. 3.6e9 and 3 digits; */
static const char java_raw[] =
    "HISTFAAAACl4nJNpmSzMwMDAyQABzFCaEURcm7yEwf4DROA8/4I5jNM7mJgAjtkHzg==";
/* the same, corrected for an expected interval of 10 000; */
static const char java_corrected[] =
    "HISTFAAAAP94nJNpmSzMwCCyiAECmKE0I4i4NnkJg/0HiMB5/gVzGD8aM/3lZ7rPyTSbjektC9N7FqaHzEzbmZi2"
    "whCEvZKRaSYj02wwiYng4tFM3lDoC2dhhwh5UyZlJlUMjClCmgpMEUUmQSZ+IBZEojFFCMvQRwUxenmZ2MGQFUqz"
    "4+CTo4I2pg4dFdQylZWJgYkZCaPyMEUIydPLjMHrssFixuB12XD0HRAwMMFJgkwilZHJHHKmjzp41MFDOjhYmFiQ"
    "EUEmMWqGsvKBd8Fwd/Co/waTC9jYOMAIiSJRhLbKh5x9Q87Bo/YNbfsoM4CPhw+IIJAkxnDXN+QcTIpyANOGhd4=";
/* 1 digit, 1 .. 1e9: 1 x 0, 2 x 31, 3 x 100, 5e9 x 777 777 777; */
static const char java_one_digit[] =
    "HISTFAAAACp4nJNpmSzMwMDAwwABjMi09axTDPYfIAJM1iyGbDdZG06sX6AKAJIuCDU=";
/* 2 digits, 1000 .. 3.6e12: 1 x 1500, 7 x 1 234 567, 300 x 98 765 432 100; */
static const char java_two_digits[] =
    "HISTFAAAACp4nJNpmSzMwMDAyQABTBCK+QUQuxnsWMBg/wEqwrSUi2+/wg0WAJg7B7o=";
/* no digit, 1 .. 1000: 1 x 100; */
static const char java_no_digits[] = "HISTFAAAAB14nJNpmSzMwMDAxIAKGCEU8wv7DxAWLxMASToDcw==";
/* 3 digits, 1 .. 2^50: 2^62 x 5, 4 x 2^45. */
static const char java_beyond[] = "HISTFAAAACV4nJNpmSzMwMDAxwABzFCakYEFwrD/AKE5G2Dg834WDgCO4gjT";

/* Written by hdr-histogram-js 3: 1000 i^2 for i = 1 .. 1000, 1 .. 3.6e12 and 3 digits. It leaves a
 * 1 as the normalising offset and 5e-324 as the ratio. */
static const char js_squares[] =
    "HISTFAAAAdx4nJWKMWjUUByH3//LxRCOcNSjFDmPIkWkHEVFpJRyiJQqpZRSSnEoDkUcShEREQcHhyoOIlJucBCp"
    "0OEQcRQEEXFwKqWDODl2dHYUpC9N8l5ekqv5+P1+3/+R0096TaWCv0opUUp5Kv5EKe/ahU9vVXLvN9gbpX+SHxFb"
    "Ib2QdyfoB3ytsV/jhc9mjU2PHY9vHgceH+AlbHMoX2APduGj8Fn4LuwKP4VfwoHwW/gjvBce81R4JjwXtoSe8Ep4"
    "LWwLO0Jf//JGuMEqq9xkjTVucZt11tngDne5x30e8JBHbNClyxWuamaYZYbrmjnmmGeeBRZYZJElllhmmRVWmGWc"
    "Dh0mdA45n3JRcynlsmZSZ5IpnSmmdbpMM0H7iFGdjDM6cY9pG9NJOJsm5lyamPE0MR1GaNJkOE3SJiNWkk44lXYW"
    "m1bacVrGtmgb2047cmhY27BidyPnQ8brUK7j2J2tSTNnTSdJZ2szTJ2QgDDX2ea9jLpj5tYtc2Oau6aVExV4lGvb"
    "suTNXNMi/GMQVNxB5Ra3be4Vp+wqb3dNs73spZiw8iV0LCy9srZtcEJ8vCNUgbmXe1e9/j/+sV79kqvKqtevfCu/"
    "y8wf+Jpl0Eveiu+iLr7KN7N/s5tnyg==";

static void decode(const char *text)
{
    struct error err = { 0 };

    if (!hdr_decode(slice_of(text), &in, &err))
        fail_msg("%s", err.text);
}

static void assert_within_a_thousandth(int64_t got, int64_t value, int line)
{
    if (llabs(got - value) > value / 1000)
        fail_msg("line %d: %lld for %lld", line, (long long)got, (long long)value);
}

static void the_originals_histograms_are_read(void **state)
{
    decode(java_raw);
    assert_int_equal(in.count, 10001);
    assert_int_equal(in.counts[1000], 10000);
    assert_int_equal(in.counts[histogram_index(100000000)], 1);
    assert_int_equal(in.min_ns, 1000);
    assert_within_a_thousandth(in.max_ns, 100000000, __LINE__);
    assert_int_equal(histogram_quantile_ns(&in, 0.9999), 1000);
    assert_within_a_thousandth(histogram_quantile_ns(&in, 0.99999), 100000000, __LINE__);

    decode(java_corrected);
    assert_int_equal(in.count, 20000);
    assert_int_equal(histogram_quantile_ns(&in, 0.5), 1000);
    assert_within_a_thousandth(histogram_quantile_ns(&in, 0.75), 50000000, __LINE__);
    assert_within_a_thousandth(histogram_quantile_ns(&in, 0.9), 80000000, __LINE__);
    assert_within_a_thousandth(histogram_quantile_ns(&in, 0.99), 98000000, __LINE__);
    (void)state;
}

/* In a coarser histogram of 16 (or 128) buckets to a power of two, values stand in the middle of
 * theirs. */
static void coarser_histograms_are_read_at_their_own_precision(void **state)
{
    decode(java_one_digit);
    assert_int_equal(in.count, 5000000006);
    assert_int_equal(in.counts[0], 1);
    assert_int_equal(in.counts[31], 2);
    assert_int_equal(in.counts[100 / 4 * 4 + 2], 3);
    assert_int_equal(in.max_ns, (777777777 >> 25 << 25) + (1 << 24));

    decode(java_two_digits);
    assert_int_equal(in.count, 308);
    assert_int_equal(in.min_ns,
                     (1500 >> 9 << 9) + 256); /* the unit of a lowest value of 1000 is 512 */
    assert_int_equal(histogram_quantile_ns(&in, 8.0 / 308) >> 13, 1234567 >> 13);
    assert_int_equal(in.max_ns >> 29, INT64_C(98765432100) >> 29);

    decode(java_no_digits);
    assert_int_equal(in.count, 1);
    assert_int_equal(in.max_ns, 96); /* 64 .. 127 */
    (void)state;
}

static void values_beyond_our_range_are_counted_as_too_large(void **state)
{
    decode(java_beyond);
    assert_true(in.counts[5] == UINT64_C(1) << 62);
    assert_int_equal(in.too_large, 4);
    assert_true(in.count == (UINT64_C(1) << 62) + 4);
    assert_true(in.max_ns == (INT64_C(1) << 45) + (INT64_C(1) << 34));
    (void)state;
}

static void headers_that_others_fill_carelessly_do_no_harm(void **state)
{
    decode(js_squares);
    assert_int_equal(in.count, 1000);
    for (int64_t i = 1; i <= 1000; i++)
        assert_within_a_thousandth(histogram_quantile_ns(&in, (double)i / 1000), i * i * 1000,
                                   __LINE__);
    (void)state;
}

/* Ours, written and read back: every bucket the same; min, max and sum as the buckets tell them. */
static void assert_round_trip(int line)
{
    struct error err = { 0 };
    char *text = hdr_encode(&out, &err);

    assert_non_null(text);
    if (!hdr_decode(slice_of(text), &in, &err))
        fail_msg("line %d: %s", line, err.text);
    free(text);
    if (memcmp(in.counts, out.counts, sizeof(in.counts)) != 0)
        fail_msg("line %d: counts differ", line);
    assert_true(in.count == out.count - out.too_large);
}

static void what_is_written_reads_back(void **state)
{
    struct rng rng = { 4 };

    memset(&out, 0, sizeof(out));
    assert_round_trip(__LINE__); /* empty */
    histogram_record(&out, 0);
    assert_round_trip(__LINE__);
    histogram_record(&out, 2); /* one zero between them */
    assert_round_trip(__LINE__);
    histogram_record(&out, HISTOGRAM_MAX_NS);
    assert_round_trip(__LINE__);
    histogram_record(&out, HISTOGRAM_MAX_NS + 1); /* travels beside it */
    assert_round_trip(__LINE__);
    assert_int_equal(in.too_large, 0);
    for (int i = 0; i < 10000; i++)
        histogram_record_many(&out, (int64_t)(rng_next(&rng) >> (22 + rng_below(&rng, 42))),
                              rng_next(&rng) >> (14 + rng_below(&rng, 50)));
    assert_round_trip(__LINE__);

    memset(&out, 0, sizeof(out));
    histogram_record_many(&out, 1, INT64_MAX); /* the longest count: nine bytes */
    assert_round_trip(__LINE__);

    memset(&out, 0, sizeof(out)); /* the longest text: nothing that could be compressed */
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        out.counts[i] = rng_next(&rng) >> 15;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        out.count += out.counts[i];
    assert_round_trip(__LINE__);
    (void)state;
}

static void a_text_cut_anywhere_is_refused_and_leaves_nothing(void **state)
{
    struct error err = { 0 };

    for (size_t len = 0; len < strlen(java_raw); len++) {
        if (hdr_decode((struct slice){ java_raw, len }, &in, &err))
            fail_msg("accepted %zu bytes", len);
        assert_true(err.usage);
        assert_int_equal(in.count, 0);
    }
    (void)state;
}

/* Whatever is changed, nothing but a histogram or an error may come of it (sanitizers watch). */
static void a_damaged_text_does_no_harm(void **state)
{
    char text[sizeof(java_corrected)];
    struct error err = { 0 };
    size_t accepted = 0;

    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        memcpy(text, java_corrected, sizeof(text));
        text[i] = text[i] == 'A' ? 'B' : 'A';
        accepted += hdr_decode(slice_of(text), &in, &err);
    }
    assert_true(accepted < 3); /* bits that are no part of the number: word size, padding */
    (void)state;
}

/* Bytes as they are before compression, made into a text that only their content can spoil. */
static char *pack(const uint8_t *plain, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static uint8_t packed[4096];
    static char text[8192];
    uLongf packed_len = sizeof(packed) - 12;
    size_t bits = 0, at = 0;

    assert_int_equal(compress(packed + 8, &packed_len, plain, len), Z_OK);
    memcpy(packed, (uint8_t[]){ 0x1c, 0x84, 0x93, 0x14, 0, 0, 0, 0 }, 8);
    packed[6] = (uint8_t)(packed_len >> 8);
    packed[7] = (uint8_t)packed_len;
    memset(packed + 8 + packed_len, 0, 4);
    for (; bits < 8 * (8 + packed_len); bits += 6) {
        size_t i = bits / 8, shift = 10 - bits % 8;

        text[at++] = digits[(packed[i] << 8 | packed[i + 1]) >> shift & 63];
    }
    while (at % 4 != 0)
        text[at++] = '=';
    text[at] = '\0';
    return text;
}

enum { COOKIE = 3, LENGTH = 7, DIGITS = 15, LOWEST = 23, COUNTS = 40 };

static void histograms_that_cannot_be_true_are_refused_with_the_reason(void **state)
{
    static const struct {
        int line;
        size_t at; /* this byte of a good header */
        uint8_t value;
        const uint8_t counts[24];
        size_t counts_len;
        const char *reason; /* "": accepted */
    } cases[] = {
        {__LINE__,  DIGITS,     3,    { 2, 4 },                        2, ""                       },
        { __LINE__, COOKIE,     0x12, { 2 },                           1, "another encoding"       },
        { __LINE__, LENGTH,     9,    { 2 },                           1, "length is not"          },
        { __LINE__, DIGITS,     4,    { 2 },                           1, "more than 3"            },
        { __LINE__, LOWEST,     0,    { 2 },                           1, "lowest value"           },
        { __LINE__, LOWEST - 7, 0x80, { 2 },                           1, "lowest value"           },
        { __LINE__, DIGITS,     3,    { 2, 0x80 },                     2, "middle of a count"      },
 /* -100 000, and the smallest number there is */
        { __LINE__, DIGITS,     3,    { 0xbf, 0x9a, 0x0c },            3, "more than 56320 buckets"},
        { __LINE__,
         DIGITS,                3,
         { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
         9,                                                               "more than 56320 buckets"},
 /* -50 000 twice, then a sample */
        { __LINE__,
         DIGITS,                3,
         { 0x9f, 0x8d, 0x06, 0x9f, 0x8d, 0x06, 2 },
         7,                                                               "more than 56320 buckets"},
 /* a sample in the 56 000th of 3 digits, and in the 100th of no digit */
        { __LINE__, DIGITS,     3,    { 0xff, 0xea, 0x06, 2 },         4, "beyond 63 bits"         },
        { __LINE__, DIGITS,     0,    { 0xc7, 0x01, 2 },               3, "beyond 63 bits"         },
        { __LINE__, LOWEST - 7, 0x40, { 0, 2 },                        2, "beyond 63 bits"         },
 /* 2^63 - 1 three times */
        { __LINE__,
         DIGITS,                3,
         { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,    2 },
         20,                                                              "64 bits can count"      },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t plain[COUNTS + 24] = {
            0x1c,         0x84,        0x93, 0x13, [LENGTH] = (uint8_t)cases[i].counts_len,
            [DIGITS] = 3, [LOWEST] = 1
        };
        struct error err = { 0 };
        bool good;

        plain[cases[i].at] = cases[i].value;
        memcpy(plain + COUNTS, cases[i].counts, cases[i].counts_len);
        good = hdr_decode(slice_of(pack(plain, COUNTS + cases[i].counts_len)), &in, &err);
        if (good != (cases[i].reason[0] == '\0') || strstr(err.text, cases[i].reason) == NULL)
            fail_msg("line %d: %d, %s", cases[i].line, good, err.text);
        if (!good && (in.count != 0 || !err.usage))
            fail_msg("line %d: not empty, or not called the input's fault", cases[i].line);
    }
    (void)state;
}

static void texts_that_are_no_histogram_are_refused_with_the_reason(void **state)
{
    static const struct {
        int line;
        const char *text, *reason;
    } cases[] = {
        {__LINE__,  "",             "another encoding"   },
        { __LINE__, "AAA",          "not base64"         },
        { __LINE__, "AA!A",         "not base64"         },
        { __LINE__, "A===",         "not base64"         },
        { __LINE__, "HISTEwAAAAAA", "another encoding"   }, /* V2 without compression */
        { __LINE__, "HISTFAAAAAB4", "compressed length"  },
        { __LINE__, "HISTFAAAAAF4", "does not decompress"},
    };
    struct error err = { 0 };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (hdr_decode(slice_of(cases[i].text), &in, &err) ||
            strstr(err.text, cases[i].reason) == NULL)
            fail_msg("line %d: %s", cases[i].line, err.text);
    assert_false(hdr_decode(slice_of(pack((uint8_t[10]){ 0 }, 10)), &in, &err));
    assert_non_null(strstr(err.text, "ends within its header"));
    /* Longer than any: refused by its length, not read. */
    assert_false(hdr_decode((struct slice){ java_raw, 100000000 }, &in, &err));
    assert_non_null(strstr(err.text, "more than"));
    (void)state;
}

/* A kilobyte that would grow to a megabyte. */
static void a_compressed_bomb_is_refused(void **state)
{
    static const uint8_t zeros[1 << 20];
    struct error err = { 0 };

    assert_false(hdr_decode(slice_of(pack(zeros, sizeof(zeros))), &in, &err));
    assert_non_null(strstr(err.text, "does not decompress"));
    (void)state;
}

static void without_memory_there_is_an_error_and_no_leak(void **state)
{
    unsigned encode_at = 1, decode_at = 1;
    struct error err = { 0 };
    char *text;

    memset(&out, 0, sizeof(out));
    histogram_record(&out, 1234567);
    for (;; encode_at++) {
        fault_arm(FAULT_MEMORY, encode_at);
        text = hdr_encode(&out, &err);
        if (text != NULL)
            break;
        assert_int_equal(err.sys, ENOMEM);
    }
    assert_int_equal(encode_at, 4);
    for (;; decode_at++) {
        fault_arm(FAULT_MEMORY, decode_at);
        if (hdr_decode(slice_of(text), &in, &err))
            break;
        assert_int_equal(err.sys, ENOMEM);
        assert_false(err.usage);
    }
    assert_int_equal(decode_at, 3);
    fault_arm(FAULT_MEMORY, 0);
    free(text);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_originals_histograms_are_read),
        cmocka_unit_test(coarser_histograms_are_read_at_their_own_precision),
        cmocka_unit_test(values_beyond_our_range_are_counted_as_too_large),
        cmocka_unit_test(headers_that_others_fill_carelessly_do_no_harm),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_text_cut_anywhere_is_refused_and_leaves_nothing),
        cmocka_unit_test(a_damaged_text_does_no_harm),
        cmocka_unit_test(histograms_that_cannot_be_true_are_refused_with_the_reason),
        cmocka_unit_test(texts_that_are_no_histogram_are_refused_with_the_reason),
        cmocka_unit_test(a_compressed_bomb_is_refused),
        cmocka_unit_test(without_memory_there_is_an_error_and_no_leak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
