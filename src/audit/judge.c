#include "audit/judge_priv.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/units.h"

static const struct {
    const char *id;
    enum audit_level level;
} kinds[AUDIT_KINDS] = {
    [AUDIT_IN_FLIGHT] = {"in-flight",    AUDIT_IMPOSSIBLE  },
    [AUDIT_SUMS] = { "sums",        AUDIT_IMPOSSIBLE  },
    [AUDIT_ORDER] = { "order",       AUDIT_IMPOSSIBLE  },
    [AUDIT_ERRORS] = { "errors",      AUDIT_INCOMPARABLE},
    [AUDIT_LENGTHS] = { "lengths",     AUDIT_INCOMPARABLE},
    [AUDIT_BYTES] = { "bytes",       AUDIT_INCOMPARABLE},
    [AUDIT_CONNECTIONS] = { "connections", AUDIT_INCOMPARABLE},
    [AUDIT_LOADS] = { "loads",       AUDIT_INCOMPARABLE},
    [AUDIT_CEILING] = { "ceiling",     AUDIT_INCOMPARABLE},
    [AUDIT_PLATEAU] = { "plateau",     AUDIT_DOUBT       },
    [AUDIT_SYNTHETIC] = { "synthetic",   AUDIT_DOUBT       },
    [AUDIT_SAMPLES] = { "samples",     AUDIT_DOUBT       },
    [AUDIT_ROUNDING] = { "rounding",    AUDIT_DOUBT       },
    [AUDIT_LEFT_OUT] = { "left-out",    AUDIT_DOUBT       },
    [AUDIT_IDLE] = { "idle",        AUDIT_DOUBT       },
};

const char *audit_kind_id(enum audit_kind kind)
{
    return kinds[kind].id;
}

enum audit_level audit_kind_level(enum audit_kind kind)
{
    return kinds[kind].level;
}

const char *audit_level_name(enum audit_level level)
{
    static const char *const names[AUDIT_LEVELS] = { "impossible", "incomparable", "doubt" };

    return names[level];
}

size_t audit_count(const struct audit *audit, enum audit_level level)
{
    size_t count = 0;

    for (size_t i = 0; i < audit->finding_count; i++)
        count += audit_kind_level(audit->findings[i].kind) == level;
    return count;
}

/* ---- what follows from a result ---- */

double audit_in_flight(const struct audit_result *r)
{
    return r->rate_per_sec.value * r->mean_ns.value / 1e9;
}

double audit_capacity(const struct audit_result *r)
{
    return r->connections.value * r->streams.value;
}

/* 5 %: versions of wrk before 4.0 took their latencies from random samples, and honest runs of 2013
 * come to 1.03 of their connections (tests/data/audit/wsgi-servers-2013.txt). */
#define IN_FLIGHT_SLACK 1.05

bool audit_fits(const struct audit_result *r)
{
    double least =
        (r->rate_per_sec.value - r->rate_per_sec.half) * (r->mean_ns.value - r->mean_ns.half) / 1e9;

    return least <= audit_capacity(r) * IN_FLIGHT_SLACK;
}

static double good(const struct audit_result *r)
{
    return r->requests.value - r->wrong.value;
}

/* Whether the rate is all that ended, or only what was right, divided by the seconds: whichever is
 * nearer. Tools differ, and so do their versions; the arithmetic does not. */
bool audit_rate_has_errors(const struct audit_result *r)
{
    double all = r->requests.value / r->seconds.value, right = good(r) / r->seconds.value;

    return r->wrong.value > 0 &&
           fabs(r->rate_per_sec.value - all) < fabs(r->rate_per_sec.value - right);
}

double audit_good_per_sec(const struct audit_result *r)
{
    return good(r) / r->seconds.value;
}

static struct figure each(struct figure bytes, const struct audit_result *r)
{
    if (!(r->requests.value > 0))
        return (struct figure){ FIGURE_NONE, 0 };
    return (struct figure){ bytes.value / r->requests.value, bytes.half / r->requests.value };
}

struct figure audit_total_each(const struct audit_result *r)
{
    return each(r->total_bytes, r);
}

struct figure audit_body_each(const struct audit_result *r)
{
    return each(r->body_bytes, r);
}

/* ---- words ---- */

struct result_name result_name(const struct audit_result *r)
{
    struct result_name name;
    struct text text = TEXT(name.text);

    if (r->target[0] != '\0') {
        text_format(&text, "%.80s", r->target);
        return name;
    }
    /* The end of a long path says more than its beginning. */
    text_add(&text, slice_of(strlen(r->file) > 80 ? r->file + strlen(r->file) - 80 : r->file));
    if (r->of > 1 || r->section[0] != '\0')
        text_format(&text, ":%u", r->line);
    return name;
}

struct printed printed_count(double count)
{
    struct printed p;

    units_whole(count < 1e18 ? (uint64_t)llround(count) : (uint64_t)1e18, p.text);
    return p;
}

/* As many decimals as were printed. */
struct printed printed_figure(struct figure f)
{
    int decimals = f.half > 0 && f.half < 0.5 ? (int)lround(-log10(f.half * 2)) : 0;
    struct printed p = printed_count(floor(f.value));
    char fraction[32];

    if (decimals == 0 || decimals > 9)
        return printed_count(f.value);
    /* "0.39" without its 0, behind the whole part with its commas. */
    snprintf(fraction, sizeof(fraction), "%.*f", decimals, f.value - floor(f.value));
    if (fraction[0] == '1')
        return printed_count(floor(f.value) + 1);
    snprintf(p.text + strlen(p.text), sizeof(p.text) - strlen(p.text), "%s", fraction + 1);
    return p;
}

struct printed printed_time(struct figure ns)
{
    struct printed p;

    if (ns.value == 0)
        snprintf(p.text, sizeof(p.text), "0");
    else if (ns.value < 1e6)
        snprintf(p.text, sizeof(p.text), "%.4gµs", ns.value / 1e3);
    else if (ns.value < 1e9)
        snprintf(p.text, sizeof(p.text), "%.4gms", ns.value / 1e6);
    else
        snprintf(p.text, sizeof(p.text), "%.4gs", ns.value / 1e9);
    return p;
}

/* Two decimals of K, M or G are how those print who do not print all bytes. */
struct printed printed_bytes(struct figure bytes)
{
    static const char *const units[] = { "KB", "MB", "GB" };
    struct printed p;
    double unit = 1;

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        unit *= 1024;
        if (fabs(bytes.half * 200 - unit) < 0.01 * unit) {
            snprintf(p.text, sizeof(p.text), "%.2f%s", bytes.value / unit, units[i]);
            return p;
        }
    }
    return printed_count(bytes.value);
}

/* ---- the audit ---- */

bool audit_init(struct audit *audit, struct error *err)
{
    *audit = (struct audit){ .result_count = 0 };
    /* Room for the most there may be; pages that are not used cost nothing. */
    if (!arena_map(&audit->memory, AUDIT_RESULTS_MAX * sizeof(struct audit_result), err))
        return false;
    audit->results = arena_new(&audit->memory, struct audit_result, 0);
    return true;
}

void audit_release(struct audit *audit)
{
    arena_unmap(&audit->memory);
    if (audit->findings != NULL)
        arena_unmap(&audit->told);
}

struct audit_finding *finding_add(struct audit *audit, enum audit_kind kind,
                                  const struct audit_result *r)
{
    struct audit_finding *f = &audit->findings[audit->finding_count++];

    BUG_IF(audit->finding_count > (audit->result_count + 1) * FINDINGS_EACH);
    f->kind = kind;
    f->about = r;
    f->value = FIGURE_NONE;
    f->limit = FIGURE_NONE;
    f->unit = "";
    return f;
}

/* By kind, which are in the order of their levels; within one as they stand in the files. */
static int worse_first(const void *a, const void *b)
{
    const struct audit_finding *x = a, *y = b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->about < y->about ? -1 : x->about > y->about;
}

bool audit_judge(struct audit *audit, struct error *err)
{
    size_t room = (audit->result_count + 1) * FINDINGS_EACH;

    if (!arena_map(&audit->told,
                   room * sizeof(struct audit_finding) + (audit->result_count + 1) * SCRATCH_EACH +
                       4096,
                   err))
        return false;
    audit->findings = arena_new(&audit->told, struct audit_finding, room);
    number_races(audit);
    for (size_t i = 0; i < audit->result_count; i++)
        judge_one(audit, &audit->results[i]);
    judge_together(audit);
    qsort(audit->findings, audit->finding_count, sizeof(*audit->findings), worse_first);
    return true;
}
