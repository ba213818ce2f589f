/* Tables: RFC 4180, with commas, semicolons or tabs, and a line of titles.
 *
 * Wide: one row a target, each column whose title names a rate is a series of results, the other
 * columns belong to all of them. Long: the columns "metric" and "value", as in the published.csv of
 * our suites: rows of one target, workload and load belong together. */
#include "audit/read_priv.h"

#include <strings.h>

#include "audit/scan_priv.h"

#define COLUMNS_MAX 64

enum what {
    NOTHING,
    TARGET,
    WORKLOAD,
    LOAD,
    MODEL,
    METRIC,
    VALUE,
    CONNECTIONS,
    RATE,
    SECONDS,
    REQUESTS,
    WRONG,
    MEAN,
    MAX,
    PERCENTILE,
    TOTAL_BYTES,
    BODY_BYTES,
};

struct column {
    enum what what;
    double unit_ns; /* of a time */
    double percent; /* of a percentile */
    char title[AUDIT_NAME_MAX];
};

struct table {
    struct reading *reading;
    struct slice rest; /* of the text */
    char separator;
    struct column columns[COLUMNS_MAX];
    struct slice fields[COLUMNS_MAX]; /* of the row */
    size_t count;
    unsigned line; /* where the row begins */
};

/* ---- titles ---- */

/* Of a title in small letters and digits; the first that fits. */
static const struct {
    const char *part;
    enum what what;
    bool whole; /* all of the title, not a part of it */
} titles[] = {
    {"metric",         METRIC,      true },
    { "value",         VALUE,       true },
    { "error",         WRONG,       false},
    { "failed",        WRONG,       false},
    { "non2xx",        WRONG,       false},
    { "5xx",           WRONG,       false},
    { "bodybytes",     BODY_BYTES,  false},
    { "totalbytes",    TOTAL_BYTES, false},
    { "byte",          NOTHING,     false},
    { "transfer",      NOTHING,     false},
    { "persec",        RATE,        false},
    { "/s",            RATE,        false},
    { "rps",           RATE,        false},
    { "qps",           RATE,        false},
    { "throughput",    RATE,        false},
    { "rate",          RATE,        true },
    { "connections",   CONNECTIONS, true },
    { "concurrency",   CONNECTIONS, true },
    { "clients",       CONNECTIONS, true },
    { "users",         CONNECTIONS, true },
    { "requests",      REQUESTS,    true },
    { "totalrequests", REQUESTS,    true },
    { "target",        TARGET,      true },
    { "framework",     TARGET,      true },
    { "server",        TARGET,      true },
    { "name",          TARGET,      true },
    { "workload",      WORKLOAD,    true },
    { "test",          WORKLOAD,    true },
    { "load",          LOAD,        true },
    { "model",         MODEL,       true },
    { "seconds",       SECONDS,     true },
    { "durations",     SECONDS,     true },
    { "windows",       SECONDS,     true },
    { "mean",          MEAN,        false},
    { "average",       MEAN,        false},
    { "avg",           MEAN,        false},
    { "latency",       MEAN,        false},
    { "max",           MAX,         false},
};

static bool ends_with(struct slice text, const char *end)
{
    size_t len = strlen(end);

    return text.len >= len && memcmp(text.ptr + text.len - len, end, len) == 0;
}

/* 0 for a title that names no unit of time. */
static double unit_of(struct slice title)
{
    if (ends_with(title, "ns") || ends_with(title, "ns)"))
        return 1;
    if (ends_with(title, "us") || ends_with(title, "us)"))
        return 1e3;
    if (ends_with(title, "ms") || ends_with(title, "ms)"))
        return 1e6;
    if (ends_with(title, "_s") || ends_with(title, "(s)") || ends_with(title, "sec"))
        return 1e9;
    return 0;
}

/* "p99", "response_p99.9_ns" */
static bool percent_of(struct slice title, double *ret_percent)
{
    struct figure percent;

    while (scan_find(&title, "p"))
        if (scan_number(&title, &percent) && percent.value >= 1 && percent.value <= 100) {
            *ret_percent = percent.value;
            return true;
        }
    return false;
}

static struct slice plain(struct slice title, char ret_plain[AUDIT_NAME_MAX])
{
    size_t len = 0;

    for (size_t i = 0; i < title.len && len < AUDIT_NAME_MAX; i++) {
        char c =
            title.ptr[i] >= 'A' && title.ptr[i] <= 'Z' ? (char)(title.ptr[i] | 0x20) : title.ptr[i];

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/')
            ret_plain[len++] = c;
    }
    return (struct slice){ ret_plain, len };
}

static enum what what_of(struct slice name)
{
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        struct slice part = slice_of(titles[i].part);

        if (titles[i].whole ? slice_equal(name, part) : scan_holds(name, titles[i].part))
            return titles[i].what;
    }
    return NOTHING;
}

static struct column column_of(struct slice title)
{
    struct column column = { .unit_ns = unit_of(title) };
    char letters[AUDIT_NAME_MAX];

    name_copy(column.title, title);
    column.what = what_of(plain(title, letters));
    if (column.what <= MEAN && column.what != RATE && column.unit_ns > 0 &&
        percent_of(title, &column.percent))
        column.what = PERCENTILE;
    if ((column.what == MEAN || column.what == MAX) && column.unit_ns == 0)
        column.what = NOTHING;
    return column;
}

/* ---- rows ---- */

/* One field: in quotes it may hold separators and ends of lines. True when the row goes on. */
static bool take_field(struct table *t, struct slice *ret_field)
{
    struct slice *rest = &t->rest, field = { rest->ptr, 0 };
    bool quoted = rest->len > 0 && rest->ptr[0] == '"', open = quoted, more;

    for (field.len = quoted; field.len < rest->len; field.len++) {
        char c = rest->ptr[field.len];

        if (c == '"')
            open = quoted && !open;
        else if (!open && (c == t->separator || c == '\n'))
            break;
        t->reading->line += c == '\n';
    }
    more = field.len < rest->len && rest->ptr[field.len] == t->separator;
    t->reading->line += field.len < rest->len && !more;
    *rest = (struct slice){ rest->ptr + field.len, rest->len - field.len };
    if (rest->len > 0)
        *rest = (struct slice){ rest->ptr + 1, rest->len - 1 };
    if (field.len > 0 && field.ptr[field.len - 1] == '\r')
        field.len--;
    field = slice_trim(field);
    if (quoted && field.len > 1 && field.ptr[field.len - 1] == '"')
        field = (struct slice){ field.ptr + 1, field.len - 2 };
    *ret_field = field;
    return more;
}

/* Fields that are not there are empty, those beyond the columns are dropped. */
static size_t take_row(struct table *t)
{
    struct slice field;
    size_t count = 0;
    bool more;

    memset(t->fields, 0, sizeof(t->fields));
    t->line = t->reading->line;
    do {
        more = take_field(t, &field);
        if (count < COLUMNS_MAX)
            t->fields[count++] = field;
    } while (more);
    return count;
}

static struct slice field_of(const struct table *t, enum what what)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->columns[i].what == what)
            return t->fields[i];
    return (struct slice){ "", 0 };
}

static bool has_column(const struct table *t, enum what what)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->columns[i].what == what)
            return true;
    return false;
}

/* "54,471.39", and "10622*" with a mark behind it. */
static bool number_of(struct slice field, struct figure *ret)
{
    char digits[32];
    struct text text = TEXT(digits);
    struct slice clean;
    struct figure f;

    for (size_t i = 0; i < field.len; i++)
        if (field.ptr[i] != ',' && field.ptr[i] != '*')
            text_add(&text, (struct slice){ &field.ptr[i], 1 });
    clean = (struct slice){ digits, text.len };
    if (text.cut || !scan_number(&clean, &f) || slice_trim(clean).len > 0)
        return false;
    *ret = f;
    return true;
}

static void take_count(struct slice field, struct figure *ret)
{
    if (!figure_known(*ret) && number_of(field, ret))
        ret->half = 0;
}

static void take_time(const struct column *column, struct slice field, struct figure *ret)
{
    if (!figure_known(*ret) && scan_time(&field, column->unit_ns, ret) && field.len > 0)
        *ret = FIGURE_UNKNOWN;
}

/* Where two columns say the same, the first one counts. */
static void take_percentile(const struct column *column, struct slice field, struct audit_result *r)
{
    struct figure ns = FIGURE_UNKNOWN;

    for (size_t i = 0; i < r->percentile_count; i++)
        if (r->percentiles[i].q == column->percent / 100)
            return;
    take_time(column, field, &ns);
    if (figure_known(ns))
        add_percentile(r, column->percent, ns);
}

static void take_figure(const struct column *column, struct slice field, struct audit_result *r)
{
    switch (column->what) {
    case CONNECTIONS:
        take_count(field, &r->connections);
        break;
    case REQUESTS:
        take_count(field, &r->requests);
        break;
    case WRONG:
        take_count(field, &r->wrong);
        break;
    case TOTAL_BYTES:
        take_count(field, &r->total_bytes);
        break;
    case BODY_BYTES:
        take_count(field, &r->body_bytes);
        break;
    case SECONDS:
        if (!figure_known(r->seconds))
            (void)number_of(field, &r->seconds);
        break;
    case MEAN:
        take_time(column, field, &r->mean_ns);
        break;
    case MAX:
        take_time(column, field, &r->max_ns);
        break;
    case PERCENTILE:
        take_percentile(column, field, r);
        break;
    case MODEL:
        r->open_loop = slice_equal_nocase(field, SLICE("open"));
        break;
    case NOTHING:
    case TARGET:
    case WORKLOAD:
    case LOAD:
    case METRIC:
    case VALUE:
    case RATE:
        break;
    }
}

static bool same_row(const struct audit_result *a, const struct audit_result *b)
{
    return strcmp(a->target, b->target) == 0 && strcmp(a->series, b->series) == 0;
}

/* What has the same target and series are repeats: they stand under one heading, so to speak. */
static void find_section(struct table *t, struct audit_result *r)
{
    struct audit *a = t->reading->audit;

    r->section_id = ++a->section_count;
    for (size_t i = t->reading->first; &a->results[i] < r; i++)
        if (same_row(&a->results[i], r))
            r->section_id = a->results[i].section_id;
}

static struct audit_result *begin_result(struct table *t, const char *series)
{
    struct slice workload = field_of(t, WORKLOAD), load = field_of(t, LOAD);
    struct audit_result *r = reading_begin(t->reading, "table");
    struct text text;

    if (r == NULL)
        return NULL;
    r->line = t->line;
    name_copy(r->target, field_of(t, TARGET));
    text = (struct text){ r->series, 0, AUDIT_NAME_MAX, false };
    text_add(&text, workload);
    text_add(&text, workload.len > 0 && load.len > 0 ? SLICE(" ") : SLICE(""));
    text_add(&text, load);
    text_add(&text, text.len > 0 && series[0] != '\0' ? SLICE(" ") : SLICE(""));
    text_add(&text, slice_of(series));
    find_section(t, r);
    return r;
}

static void take_wide_row(struct table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct figure rate;
        struct audit_result *r;

        if (t->columns[i].what != RATE || !number_of(t->fields[i], &rate))
            continue;
        r = begin_result(t, t->columns[i].title);
        if (r == NULL)
            return;
        r->rate_per_sec = rate;
        for (size_t j = 0; j < t->count; j++)
            take_figure(&t->columns[j], t->fields[j], r);
    }
}

/* The result that a row of a long table belongs to: the last of its target and series, unless it
 * has this figure already. */
static struct audit_result *result_of(struct table *t, enum what what)
{
    struct audit *a = t->reading->audit;
    struct audit_result *r = begin_result(t, "");

    for (size_t i = a->result_count - 1; r != NULL && i-- > t->reading->first;) {
        if (!same_row(&a->results[i], r))
            continue;
        if (what == RATE && figure_known(a->results[i].rate_per_sec))
            break;
        a->result_count--;
        return &a->results[i];
    }
    return r;
}

static void take_long_row(struct table *t)
{
    struct column column = column_of(field_of(t, METRIC));
    struct slice value = field_of(t, VALUE);
    struct audit_result *r;
    struct figure number;

    if (column.what == NOTHING || !number_of(value, &number))
        return;
    r = result_of(t, column.what);
    if (r == NULL)
        return;
    if (column.what == RATE)
        r->rate_per_sec = number;
    else
        take_figure(&column, value, r);
}

/* ---- the table ---- */

static char separator_of(struct slice line)
{
    static const char separators[] = { ',', ';', '\t' };

    for (size_t i = 0; i < sizeof(separators); i++)
        if (line.len > 0 && memchr(line.ptr, separators[i], line.len) != NULL)
            return separators[i];
    return '\0';
}

/* Empty lines and remarks in front of the titles. */
static bool find_titles(struct table *t)
{
    struct slice next = t->rest, line;

    while (scan_line(&next, &line)) {
        t->separator = separator_of(line);
        if (line.len > 0 && line.ptr[0] != '#')
            return t->separator != '\0';
        t->rest = next;
        t->reading->line++;
    }
    return false;
}

/* The rate that was asked for stands beside the one that was reached, in our own CSV too. */
static void drop_offered_rate(struct table *t)
{
    size_t rates = 0;

    for (size_t i = 0; i < t->count; i++)
        rates += t->columns[i].what == RATE;
    for (size_t i = 0; i < t->count && rates > 1; i++)
        if (strcmp(t->columns[i].title, "rate_per_sec") == 0)
            t->columns[i].what = NOTHING;
}

static bool take_titles(struct table *t)
{
    t->count = take_row(t);
    for (size_t i = 0; i < t->count; i++)
        t->columns[i] = column_of(t->fields[i]);
    if (!has_column(t, TARGET))
        t->columns[0].what = TARGET;
    drop_offered_rate(t);
    return has_column(t, RATE) || (has_column(t, METRIC) && has_column(t, VALUE));
}

bool read_table(struct reading *reading, struct slice text)
{
    struct table table = { .reading = reading, .rest = text };
    bool is_long;

    if (!find_titles(&table) || !take_titles(&table))
        return false;
    is_long = has_column(&table, METRIC) && has_column(&table, VALUE);
    while (table.rest.len > 0 && !reading->full) {
        (void)take_row(&table);
        if (field_of(&table, TARGET).len == 0)
            continue;
        if (is_long)
            take_long_row(&table);
        else
            take_wide_row(&table);
    }
    return true;
}
