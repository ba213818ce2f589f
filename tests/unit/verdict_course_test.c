/* tests/unit/verdict_course_test.c -- memory and steadiness, on series whose truth is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "records.h"
#include "server/behave.h"
#include "verdict/check_priv.h"
#include "verdict/leak.h"

#define SECONDS 600
#define PAGE    4096
#define MIB     1048576.0
#define BASE    (30 * 1048576)
#define PER_SEC 1000

static double normal(struct rng *rng)
{
    double radius = sqrt(-2 * log(rng_unit(rng)));

    return radius * cos(2 * 3.14159265358979323846 * rng_unit(rng));
}

/* ---- memory: the oracle's own formulas, read once a second ---- */

struct readings {
    int64_t bytes[SECONDS];
    uint64_t requests[SECONDS];
};

static struct readings oracle_memory(const char *mode, size_t seconds)
{
    struct readings r;
    struct behave b = { 0 };
    struct error err;
    uint64_t asked = PER_SEC; /* a second of warm-up */

    if (!behave_add(&b, slice_of(mode), &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < seconds; i++) {
        asked += r.requests[i] = PER_SEC;
        r.bytes[i] =
            BASE + (int64_t)(behave_memory(&b, asked, (int64_t)(i + 2) * SECOND_NS) / PAGE * PAGE);
    }
    return r;
}

static enum leak_kind kind_of(const char *mode, size_t seconds)
{
    struct readings r = oracle_memory(mode, seconds);

    return leak_of(r.bytes, r.requests, seconds).kind;
}

static void a_leak_is_found_and_its_size_within_a_tenth(void **state)
{
    static const struct {
        const char *mode;
        double bytes;
        size_t seconds;
    } cases[] = {
        {"leak:512",   512,  60 },
        { "leak:512",  512,  25 },
        { "leak:4096", 4096, 30 },
        { "leak:64",   64,   120},
        { "leak:512",  512,  600}
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct readings r = oracle_memory(cases[i].mode, cases[i].seconds);
        struct leak leak = leak_of(r.bytes, r.requests, cases[i].seconds);

        assert_int_equal(leak.kind, LEAK_GROWING);
        assert_true(fabs(leak.bytes_per_request / cases[i].bytes - 1) < 0.02);
        assert_true(leak.low <= cases[i].bytes * 1.01 && leak.high >= cases[i].bytes * 0.99);
    }
    (void)state;
}

/* Wherever in the minute it happens. A cache that is full only in the last quarter is not told from
 * a leak. */
static void what_is_not_a_leak_is_not_called_one(void **state)
{
    static const struct {
        const char *mode;
        int begin, end;
    } cases[] = {
        {"onestep:20MiB@%ds",      3, 62},
        { "sawtooth:512,%d000KiB", 1, 31},
        { "plateau:512,%d000KiB",  1, 22},
        { "logcache:8MiB,%d000",   1, 30},
    };
    char mode[64];

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
        for (int i = cases[c].begin; i < cases[c].end; i++) {
            struct slice form = slice_of(cases[c].mode);
            const char *hole = strchr(cases[c].mode, '%');
            int before = (int)(hole - form.ptr);

            snprintf(mode, sizeof(mode), "%.*s%d%s", before, form.ptr, i, hole + 2);
            if (kind_of(mode, 60) == LEAK_GROWING)
                fail_msg("%s is called a leak", mode);
        }
    (void)state;
}

static void a_cache_is_told_by_how_it_grew(void **state)
{
    struct readings r = oracle_memory("plateau:512,14MiB", 60);
    struct leak leak = leak_of(r.bytes, r.requests, 60);

    assert_int_equal(leak.kind, LEAK_STOPPED);
    assert_true(leak.stopped_s > 22 && leak.stopped_s < 30); /* full after 27.7 s */
    assert_int_equal(kind_of("logcache:8MiB,10000", 60), LEAK_SLOWING);
    assert_int_equal(kind_of("sawtooth:512,5000KiB", 60), LEAK_NONE);
    assert_int_equal(kind_of("leak:8", 60), LEAK_NONE); /* half a mebibyte in all */
    (void)state;
}

static void without_readings_or_requests_nothing_is_known(void **state)
{
    struct readings r = oracle_memory("leak:512", 60);

    assert_int_equal(leak_of(r.bytes, r.requests, 19).kind, LEAK_UNKNOWN);
    assert_int_equal(leak_of(r.bytes, r.requests, 19).points, 19);
    assert_int_equal(leak_of(r.bytes, r.requests, 0).least_bytes, -1);
    for (size_t i = 0; i < 60; i++)
        r.requests[i] = 0;
    assert_int_equal(leak_of(r.bytes, r.requests, 60).kind, LEAK_UNKNOWN);
    for (size_t i = 0; i < 60; i++)
        r.bytes[i] = -1;
    assert_int_equal(leak_of(r.bytes, r.requests, 60).points, 0);
    (void)state;
}

/* Noise of 20 % that remembers: no trend in it. */
static int called_leaks(size_t seconds)
{
    struct rng rng = { 2026 };
    int called = 0;

    for (int run = 0; run < 200; run++) {
        struct readings r;
        double value = normal(&rng);

        for (size_t i = 0; i < seconds; i++) {
            r.bytes[i] = (int64_t)(100 * MIB + 20 * MIB * value);
            r.requests[i] = PER_SEC;
            value = 0.9 * value + sqrt(1 - 0.81) * normal(&rng);
        }
        called += leak_of(r.bytes, r.requests, seconds).kind == LEAK_GROWING;
    }
    return called;
}

static void noise_that_remembers_is_seldom_called_a_leak(void **state)
{
    static const size_t seconds[] = { 20, 31, 60, 90, 300 };

    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
        assert_in_range(called_leaks(seconds[i]), 0, 4); /* 2 % of 200 */
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leak_is_found_and_its_size_within_a_tenth),
        cmocka_unit_test(what_is_not_a_leak_is_not_called_one),
        cmocka_unit_test(a_cache_is_told_by_how_it_grew),
        cmocka_unit_test(without_readings_or_requests_nothing_is_known),
        cmocka_unit_test(noise_that_remembers_is_seldom_called_a_leak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
