#include "audit/scan_priv.h"

/* More digits than a double keeps are no figure of a load generator. */
#define DIGITS_MAX 15

static void skip(struct slice *at, size_t len)
{
    at->ptr += len;
    at->len -= len;
}

static void skip_blanks(struct slice *at)
{
    while (at->len > 0 && (at->ptr[0] == ' ' || at->ptr[0] == '\t'))
        skip(at, 1);
}

bool scan_line(struct slice *text, struct slice *ret_line)
{
    const char *feed;
    size_t len;

    if (text->len == 0)
        return false;
    feed = memchr(text->ptr, '\n', text->len);
    len = feed == NULL ? text->len : (size_t)(feed - text->ptr);
    *ret_line = (struct slice){ text->ptr, len };
    skip(text, len + (feed != NULL));
    if (len > 0 && ret_line->ptr[len - 1] == '\r')
        ret_line->len--;
    *ret_line = slice_trim(*ret_line);
    return true;
}

bool scan_after(struct slice *at, const char *prefix)
{
    struct slice rest = *at;

    skip_blanks(&rest);
    if (!slice_starts(rest, slice_of(prefix)))
        return false;
    skip(&rest, strlen(prefix));
    *at = rest;
    return true;
}

bool scan_find(struct slice *at, const char *needle)
{
    size_t len = strlen(needle);
    const char *found = at->len == 0 ? NULL : memmem(at->ptr, at->len, needle, len);

    if (found == NULL)
        return false;
    skip(at, (size_t)(found - at->ptr) + len);
    return true;
}

bool scan_holds(struct slice text, const char *needle)
{
    return scan_find(&text, needle);
}

struct slice scan_word(struct slice *at)
{
    struct slice word;

    skip_blanks(at);
    word = (struct slice){ at->ptr, 0 };
    while (word.len < at->len && at->ptr[word.len] != ' ' && at->ptr[word.len] != '\t')
        word.len++;
    skip(at, word.len);
    return word;
}

static bool ends_address(char c)
{
    return c == ' ' || c == '\t' || c == '"' || c == '\'';
}

bool scan_path(struct slice line, struct slice *ret_path)
{
    struct slice path = SLICE("/");
    size_t len = 0;

    if (!scan_find(&line, "://"))
        return false;
    while (len < line.len && !ends_address(line.ptr[len]))
        len++;
    line.len = len;
    if (line.len > 0 && memchr(line.ptr, '/', line.len) != NULL) {
        (void)scan_find(&line, "/");
        path = (struct slice){ line.ptr - 1, line.len + 1 };
    }
    *ret_path = path;
    return true;
}

void name_copy(char ret_name[AUDIT_NAME_MAX], struct slice name)
{
    struct text text = { ret_name, 0, AUDIT_NAME_MAX, false };

    ret_name[0] = '\0';
    text_add(&text, name);
}

/* ---- numbers ---- */

static size_t add_digits(struct slice *at, double *value)
{
    size_t digits = 0;

    for (; at->len > 0 && at->ptr[0] >= '0' && at->ptr[0] <= '9'; digits++) {
        *value = *value * 10 + (at->ptr[0] - '0');
        skip(at, 1);
    }
    return digits;
}

bool scan_number(struct slice *at, struct figure *ret)
{
    struct slice rest = *at;
    double value = 0, unit = 1;
    size_t whole, decimals = 0;

    skip_blanks(&rest);
    whole = add_digits(&rest, &value);
    if (whole == 0)
        return false;
    if (rest.len > 1 && rest.ptr[0] == '.' && rest.ptr[1] >= '0' && rest.ptr[1] <= '9') {
        skip(&rest, 1);
        decimals = add_digits(&rest, &value);
    }
    if (whole + decimals > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < decimals; i++)
        unit *= 10;
    *ret = (struct figure){ value / unit, 0.5 / unit };
    *at = rest;
    return true;
}

bool scan_count(struct slice *at, struct figure *ret)
{
    struct slice rest = *at;
    struct figure count;

    if (!scan_number(&rest, &count) || count.value != floor(count.value))
        return false;
    *ret = FIGURE_COUNT(count.value);
    *at = rest;
    return true;
}

struct figure figure_scaled(struct figure f, double factor)
{
    return (struct figure){ f.value * factor, f.half * factor };
}

void figure_add(struct figure *sum, struct figure more)
{
    if (!figure_known(more))
        return;
    sum->value = (figure_known(*sum) ? sum->value : 0) + more.value;
    sum->half += more.half;
}

/* ---- units ---- */

struct unit {
    const char *name;
    double factor;
};

/* Longer names stand before those they begin with. */
static const struct unit times[] = {
    {"ns",    1     },
    { "us",   1e3   },
    { "µs",  1e3   },
    { "ms",   1e6   },
    { "[ms]", 1e6   },
    { "min",  60e9  },
    { "m",    60e9  },
    { "secs", 1e9   },
    { "sec",  1e9   },
    { "s",    1e9   },
    { "h",    3600e9},
};

static const struct unit sizes[] = {
    {"bytes", 1                  },
    { "KiB",  1024               },
    { "MiB",  1024. * 1024       },
    { "GiB",  1024. * 1024 * 1024},
    { "KB",   1024               },
    { "MB",   1024. * 1024       },
    { "GB",   1024. * 1024 * 1024},
    { "B",    1                  },
};

static bool take_unit(struct slice *at, const struct unit *units, size_t count, double *ret_factor)
{
    for (size_t i = 0; i < count; i++) {
        if (scan_after(at, units[i].name)) {
            *ret_factor = units[i].factor;
            return true;
        }
    }
    return false;
}

bool scan_time(struct slice *at, double unit_ns, struct figure *ret)
{
    struct slice rest = *at;
    double factor = unit_ns;
    struct figure number;

    if (!scan_number(&rest, &number))
        return false;
    if (!take_unit(&rest, times, sizeof(times) / sizeof(times[0]), &factor) && unit_ns == 0)
        return false;
    *ret = figure_scaled(number, factor);
    *at = rest;
    return true;
}

bool scan_bytes(struct slice *at, struct figure *ret)
{
    struct slice rest = *at;
    struct figure number;
    double factor;

    if (!scan_number(&rest, &number))
        return false;
    if (!take_unit(&rest, sizes, sizeof(sizes) / sizeof(sizes[0]), &factor))
        return false;
    *ret = figure_scaled(number, factor);
    if (factor == 1 && number.value == floor(number.value))
        ret->half = 0;
    *at = rest;
    return true;
}

/* ---- lines that several tools print ---- */

void add_percentile(struct audit_result *r, double percent, struct figure ns)
{
    if (r->percentile_count == AUDIT_PERCENTILES_MAX || percent <= 0 || percent > 100)
        return;
    r->percentiles[r->percentile_count++] = (struct percentile){ percent / 100, ns };
}

bool scan_percentile(struct slice line, double unit_ns, struct audit_result *r)
{
    struct figure percent, ns;

    if (!scan_number(&line, &percent) || line.len == 0 || line.ptr[0] != '%')
        return false;
    while (line.len > 0 && line.ptr[0] == '%') /* some versions of hey print two */
        skip(&line, 1);
    (void)scan_after(&line, "in ");
    if (!scan_time(&line, unit_ns, &ns))
        return false;
    add_percentile(r, percent.value, ns);
    return true;
}

void scan_requests(struct slice rest, struct audit_result *r)
{
    struct figure count, done = FIGURE_UNKNOWN, good = FIGURE_UNKNOWN;

    while (scan_count(&rest, &count)) {
        if (scan_after(&rest, "done"))
            done = count;
        else if (scan_after(&rest, "succeeded"))
            good = count;
        if (!scan_find(&rest, ","))
            break;
    }
    if (!figure_known(done) || !figure_known(good) || good.value > done.value)
        return;
    r->requests = done;
    r->wrong = FIGURE_COUNT(done.value - good.value);
}

void scan_statuses(struct slice rest, struct audit_result *r)
{
    struct figure count;

    while (scan_count(&rest, &count)) {
        if (scan_after(&rest, "5xx"))
            r->server_errors = count;
        if (!scan_find(&rest, ","))
            return;
    }
}
