/* h1load: one line a second. The busiest one is taken for the rate and its latency, because the
 * lines before and after it are start and end. */
#include "audit/scan_priv.h"
#include "audit/tools_priv.h"

#define COLUMNS 12

/* What is taken from a line. */
enum { CONNS = 1, TOT_CONN, TOT_REQ, TOT_BYTES, ERR, RPS = 7, TTLB = 11 };

static bool begins(struct slice line, const struct audit_result *r)
{
    static const char *const titles[COLUMNS] = { "time",      "conns", "tot_conn", "tot_req",
                                                 "tot_bytes", "err",   "cps",      "rps",
                                                 "Bps",       "bps",   "ttfb",     "ttlb" };

    (void)r;
    if (!scan_after(&line, "#"))
        return false;
    for (size_t i = 0; i < COLUMNS; i++)
        if (!slice_equal(scan_word(&line), slice_of(titles[i])))
            return false;
    return true;
}

/* "142k", "32.0", or with a decimal behind the letter: "94k3" is 94.3 thousand. */
static bool take_short(struct slice word, struct figure *ret)
{
    static const char letters[] = "kMG";
    const char *letter;
    double factor = 1;
    struct figure f;

    if (!scan_number(&word, &f))
        return false;
    letter = word.len == 0 ? NULL : memchr(letters, word.ptr[0], sizeof(letters) - 1);
    if (letter == NULL) {
        *ret = f;
        return word.len == 0;
    }
    for (const char *l = letters; l <= letter; l++)
        factor *= 1000;
    for (size_t i = 1; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9')
            return false;
        f.value = f.value * 10 + (word.ptr[i] - '0');
        factor /= 10;
    }
    *ret = figure_scaled(f, factor);
    return true;
}

/* "112.0u": microseconds; "-" where nothing came. */
static struct figure take_ttlb(struct slice word)
{
    struct figure f;

    if (!scan_number(&word, &f) || word.len != 1)
        return FIGURE_UNKNOWN;
    if (word.ptr[0] == 'u')
        return figure_scaled(f, 1e3);
    if (word.ptr[0] == 'm')
        return figure_scaled(f, 1e6);
    return word.ptr[0] == 's' ? figure_scaled(f, 1e9) : FIGURE_UNKNOWN;
}

static void take(struct audit_result *r, struct slice line)
{
    struct slice words[COLUMNS];
    struct figure requests, opened, errors, connections, rate;

    for (size_t i = 0; i < COLUMNS; i++)
        words[i] = scan_word(&line);
    if (!scan_count(&words[CONNS], &connections) || !scan_count(&words[TOT_CONN], &opened) ||
        !scan_count(&words[TOT_REQ], &requests) || !scan_count(&words[ERR], &errors) ||
        !take_short(words[RPS], &rate))
        return;
    r->requests = requests;
    r->lost = errors;
    (void)scan_count(&words[TOT_BYTES], &r->total_bytes);
    r->kept = FIGURE_COUNT(opened.value < requests.value ? requests.value - opened.value : 0);
    if (figure_known(r->rate_per_sec) && rate.value <= r->rate_per_sec.value)
        return;
    r->connections = connections;
    r->rate_per_sec = rate;
    r->mean_ns = take_ttlb(words[TTLB]);
}

const struct tool tool_h1load = {
    .name = "h1load",
    .looked_for = "\"# time conns tot_conn tot_req\"",
    .begins = begins,
    .take = take,
};
