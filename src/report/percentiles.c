#include "report/percentiles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Percent. To tell one of ten million takes a hundred million samples. */
#define FINEST 0.00001

const struct percentiles PERCENTILES_OF_RESULT = {
    5, {{ 0.5, "p50" }, { 0.9, "p90" }, { 0.99, "p99" }, { 0.999, "p99.9" }, { 0.9999, "p99.99" }}
};

const struct percentiles PERCENTILES_OF_LINE = {
    2, {{ 0.5, "p50" }, { 0.99, "p99" }}
};

/* One, without what is around the number. */
static struct slice bare(struct slice text)
{
    text = slice_trim(text);
    if (text.len > 0 && (text.ptr[0] == 'p' || text.ptr[0] == 'P'))
        text = (struct slice){ text.ptr + 1, text.len - 1 };
    if (text.len > 0 && text.ptr[text.len - 1] == '%')
        text.len--;
    return slice_trim(text);
}

static bool read_one(struct slice text, double *ret_percent, struct error *err)
{
    struct slice number = bare(text);
    char copy[16], *end = copy;

    *ret_percent = 0;
    if (number.len > 0 && number.len < sizeof(copy) &&
        strspn(number.ptr, "0123456789.") >= number.len) {
        memcpy(copy, number.ptr, number.len);
        copy[number.len] = '\0';
        *ret_percent = strtod(copy, &end);
    }
    if (end == copy || *end != '\0')
        return error_usage(err,
                           "--percentiles: '%.*s' is no percentile; write them like 50,99,99.9",
                           (int)text.len, text.ptr);
    if (*ret_percent >= FINEST * 0.999 && *ret_percent <= 100 - FINEST * 0.999)
        return true;
    return error_usage(err,
                       "--percentiles: %.*s is out of range; from 0.00001 to 99.99999 (the "
                       "smallest and the largest are always shown)",
                       (int)text.len, text.ptr);
}

/* How many it takes to tell it, up to those of the finest. */
static int decimals(double percent)
{
    int count = 0;

    for (double scaled = percent; count < 5 && fabs(scaled - round(scaled)) > 1e-6; scaled *= 10)
        count++;
    return count;
}

/* In order; false when it is there already. */
static bool insert(struct percentiles *p, double percent)
{
    size_t at = p->count;

    while (at > 0 && p->list[at - 1].q * 100 > percent - FINEST / 2)
        at--;
    if (at < p->count && p->list[at].q * 100 < percent + FINEST / 2)
        return false;
    memmove(&p->list[at + 1], &p->list[at], (p->count - at) * sizeof(p->list[0]));
    p->list[at].q = percent / 100;
    snprintf(p->list[at].name, sizeof(p->list[at].name), "p%.*f", decimals(percent), percent);
    p->count++;
    return true;
}

bool percentiles_parse(struct slice text, struct percentiles *ret_percentiles, struct error *err)
{
    struct percentiles found = { 0 };

    for (;;) {
        const char *comma = text.len > 0 ? memchr(text.ptr, ',', text.len) : NULL;
        struct slice one = { text.ptr, comma == NULL ? text.len : (size_t)(comma - text.ptr) };
        double percent;

        if (!read_one(one, &percent, err))
            return false;
        if (found.count == PERCENTILES_MAX)
            return error_usage(err, "--percentiles: more than %d have no room in a row",
                               PERCENTILES_MAX);
        if (!insert(&found, percent))
            return error_usage(err, "--percentiles: %.*s stands there twice; once is enough",
                               (int)one.len, one.ptr);
        if (comma == NULL)
            break;
        text = (struct slice){ comma + 1, text.len - one.len - 1 };
    }
    *ret_percentiles = found;
    return true;
}
