#include "base/units.h"

#include <math.h>

__extension__ typedef unsigned __int128 uint128;

struct unit {
    const char *name;
    uint64_t factor;
};

/* ---- reading ---- */

#define DURATION_MAX_NS UINT64_C(3600000000000000) /* 1000 hours */

/* 18: the powers of ten that fit 64 bits; nobody means more. */
#define DECIMALS_MAX 18

/* A number as it was written: digits / 10^decimals. Kept exact, so that "0.3s" is 300000000 ns and
 * "1.5" of something that cannot be halved is noticed. */
struct decimal {
    uint64_t digits;
    uint64_t power; /* 10^decimals */
    struct slice rest;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool add_digits(struct decimal *number, bool decimals)
{
    size_t i = 0;

    while (i < number->rest.len && is_digit(number->rest.ptr[i])) {
        unsigned digit = (unsigned)(number->rest.ptr[i++] - '0');

        if (__builtin_mul_overflow(number->digits, 10u, &number->digits))
            return false;
        if (__builtin_add_overflow(number->digits, digit, &number->digits))
            return false;
        if (decimals)
            number->power *= 10;
        if (decimals && i > DECIMALS_MAX)
            return false;
    }
    number->rest.ptr += i;
    number->rest.len -= i;
    return i > 0;
}

/* "12" or "12.5", with whatever follows in ->rest. */
static bool read_decimal(struct slice text, struct decimal *ret_number)
{
    struct decimal number = { .power = 1, .rest = text };

    if (!add_digits(&number, false))
        return false;
    if (number.rest.len > 0 && number.rest.ptr[0] == '.') {
        number.rest.ptr++;
        number.rest.len--;
        if (!add_digits(&number, true))
            return false;
    }
    *ret_number = number;
    return true;
}

static bool find_unit(const struct unit *units, size_t count, struct slice name, bool nocase,
                      uint64_t *ret_factor)
{
    for (size_t i = 0; i < count; i++) {
        struct slice unit = slice_of(units[i].name);

        if (nocase ? slice_equal_nocase(name, unit) : slice_equal(name, unit)) {
            *ret_factor = units[i].factor;
            return true;
        }
    }
    return false;
}

/* number * factor, when that is a whole number of at most `max`. */
static bool whole_product(struct decimal number, uint64_t factor, uint64_t max, uint64_t *ret_value)
{
    uint128 product = (uint128)number.digits * factor;

    if (product % number.power != 0 || product / number.power > max)
        return false;
    *ret_value = (uint64_t)(product / number.power);
    return true;
}

bool units_parse_duration(struct slice text, int64_t *ret_ns)
{
    static const struct unit units[] = {
        {"",           1000000000   },
        { "s",         1000000000   },
        { "ms",        1000000      },
        { "us",        1000         },
        { "\xc2\xb5s", 1000         },
        { "ns",        1            },
        { "m",         60000000000  },
        { "h",         3600000000000},
    };
    struct decimal number;
    uint64_t factor, ns;

    if (!read_decimal(text, &number))
        return false;
    if (!find_unit(units, sizeof(units) / sizeof(units[0]), number.rest, false, &factor))
        return false;
    if (!whole_product(number, factor, DURATION_MAX_NS, &ns))
        return false;
    *ret_ns = (int64_t)ns;
    return true;
}

static const struct unit multipliers[] = {
    {"",   1         },
    { "k", 1000      },
    { "M", 1000000   },
    { "G", 1000000000}
};

static bool find_multiplier(struct slice name, uint64_t *ret_factor)
{
    return find_unit(multipliers, sizeof(multipliers) / sizeof(multipliers[0]), name, true,
                     ret_factor);
}

bool units_parse_count(struct slice text, uint64_t *ret_count)
{
    struct decimal number;
    uint64_t factor;

    return read_decimal(text, &number) && find_multiplier(number.rest, &factor) &&
           whole_product(number, factor, UINT64_MAX, ret_count);
}

bool units_parse_length(struct slice text, int64_t *ret_ns, uint64_t *ret_count)
{
    int64_t ns = 0;
    uint64_t count = 0;

    if (text.len > 0 && text.ptr[text.len - 1] == 'n') {
        text.len--;
        if (!units_parse_count(text, &count) || count == 0)
            return false;
    } else if (!units_parse_duration(text, &ns)) {
        return false;
    }
    *ret_ns = ns;
    *ret_count = count;
    return true;
}

bool units_parse_rate(struct slice text, double *ret_per_sec)
{
    struct slice per_sec = SLICE("/s");
    struct decimal number;
    uint64_t factor;

    if (text.len >= per_sec.len &&
        slice_equal((struct slice){ text.ptr + text.len - per_sec.len, per_sec.len }, per_sec))
        text.len -= per_sec.len;
    if (!read_decimal(text, &number) || !find_multiplier(number.rest, &factor))
        return false;
    if (number.digits == 0)
        return false;
    *ret_per_sec = (double)number.digits * (double)factor / (double)number.power;
    return true;
}

bool units_parse_bytes(struct slice text, uint64_t *ret_bytes)
{
    static const struct unit units[] = {
        {"",     1         },
        { "B",   1         },
        { "k",   1 << 10   },
        { "m",   1 << 20   },
        { "g",   1 << 30   },
        { "KiB", 1 << 10   },
        { "MiB", 1 << 20   },
        { "GiB", 1 << 30   },
        { "KB",  1000      },
        { "MB",  1000000   },
        { "GB",  1000000000},
    };
    struct decimal number;
    uint64_t factor;

    return read_decimal(text, &number) &&
           find_unit(units, sizeof(units) / sizeof(units[0]), number.rest, true, &factor) &&
           whole_product(number, factor, UINT64_MAX, ret_bytes);
}

/* ---- writing ---- */

/* Built from whole numbers, because printf's %f asks the locale for its point. */
static void add_three_digits(struct text *out, double value)
{
    if (value < 9.995) {
        long hundredths = lround(value * 100);

        text_format(out, "%ld.%02ld", hundredths / 100, hundredths % 100);
    } else if (value < 99.95) {
        long tenths = lround(value * 10);

        text_format(out, "%ld.%ld", tenths / 10, tenths % 10);
    } else {
        text_format(out, "%ld", lround(value));
    }
}

/* In the largest unit that keeps the figure at 1 or above; `steps` units, each `base` times the one
 * before. What is whole in the smallest unit is written without decimals. */
static void add_scaled(struct text *out, double value, double base, const char *const *units,
                       size_t steps)
{
    size_t step = 0;

    if (!isfinite(value)) {
        text_add(out, SLICE("n/a"));
        return;
    }
    if (signbit(value) && value != 0)
        text_add(out, SLICE("-"));
    value = fabs(value);
    /* From half below the step on, rounding would write the step itself: 1000 for 1.00k. */
    while (value >= base - 0.5 && step + 1 < steps) {
        value /= base;
        step++;
    }
    if (value >= base - 0.5)
        text_format(out, ">%.0f", base - 1);
    else if (step == 0 && value == floor(value))
        text_format(out, "%.0f", value);
    else
        add_three_digits(out, value);
    text_add(out, slice_of(units[step]));
}

/* From a minute on people read minutes: "2m05s", "1h02m". */
static void add_minutes(struct text *out, uint64_t seconds)
{
    if (seconds < 3600)
        text_format(out, "%um%02us", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
    else
        text_format(out, "%lluh%02um", (unsigned long long)(seconds / 3600),
                    (unsigned)(seconds % 3600 / 60));
}

char *units_duration(int64_t ns, bool ascii, char *ret_text)
{
    static const char *const plain[] = { "ns", "us", "ms", "s" };
    static const char *const greek[] = { "ns", "\xc2\xb5s", "ms", "s" };
    struct text out = { ret_text, 0, UNITS_TEXT_MAX, false };
    uint64_t magnitude_ns = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

    /* 59.95 s is the first that three digits would round to 60.0s. */
    if (magnitude_ns < UINT64_C(59950000000)) {
        add_scaled(&out, (double)ns, 1000, ascii ? plain : greek, 4);
        return ret_text;
    }
    if (ns < 0)
        text_add(&out, SLICE("-"));
    add_minutes(&out, (magnitude_ns + 500000000) / 1000000000);
    return ret_text;
}

char *units_count(double count, char *ret_text)
{
    static const char *const units[] = { "", "k", "M", "G", "T", "P", "E" };
    struct text out = { ret_text, 0, UNITS_TEXT_MAX, false };

    add_scaled(&out, count, 1000, units, sizeof(units) / sizeof(units[0]));
    return ret_text;
}

char *units_whole(uint64_t count, char *ret_text)
{
    char digits[UNITS_TEXT_MAX];
    struct text plain = TEXT(digits);
    struct text out = { ret_text, 0, UNITS_TEXT_MAX, false };

    text_format(&plain, "%llu", (unsigned long long)count);
    for (size_t i = 0; i < plain.len; i++) {
        if (i > 0 && (plain.len - i) % 3 == 0)
            text_add(&out, SLICE(","));
        text_add(&out, (struct slice){ &digits[i], 1 });
    }
    return ret_text;
}

char *units_rate(double per_sec, char *ret_text)
{
    /* Below 1000 the decimals say something, above they are noise. */
    return per_sec < 999.5 ? units_count(per_sec, ret_text)
                           : units_whole((uint64_t)llround(per_sec), ret_text);
}

char *units_bytes(double bytes, char *ret_text)
{
    static const char *const units[] = { " B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB" };
    struct text out = { ret_text, 0, UNITS_TEXT_MAX, false };

    add_scaled(&out, bytes, 1024, units, sizeof(units) / sizeof(units[0]));
    return ret_text;
}
