/* What several results of one study say about each other. */
#include <stdlib.h>

#include "audit/judge_priv.h"

/* Sizes that differ by less are one: lengths have more digits now and then, and a Date has not. */
#define SAME_BYTES  1.0
#define SAME_SHARE  0.005
#define CLOSE_BYTES 19 /* "Connection: close" and its end of line */
#define LISTED_MAX  4

#define KEPT_SHARE 0.9

/* ---- bytes an answer ---- */

struct size {
    struct figure each, bytes;
    const struct audit_result *r;
};

static int smaller_first(const void *a, const void *b)
{
    const struct size *x = a, *y = b;

    return x->each.value < y->each.value ? -1 : x->each.value > y->each.value;
}

/* Of results without errors: pages that say what went wrong have sizes of their own. */
static size_t collect_sizes(const struct audit *audit, bool body, const char *path,
                            struct size *ret_sizes)
{
    size_t count = 0;

    for (size_t i = 0; i < audit->result_count; i++) {
        const struct audit_result *r = &audit->results[i];
        struct figure size = body ? audit_body_each(r) : audit_total_each(r);

        if (path != NULL && strcmp(r->path, path) != 0)
            continue;
        if (figure_known(size) && !(r->wrong.value > 0) && !(r->other_length.value > 0))
            ret_sizes[count++] = (struct size){ size, body ? r->body_bytes : r->total_bytes, r };
    }
    qsort(ret_sizes, count, sizeof(*ret_sizes), smaller_first);
    return count;
}

/* Keeps the first of each size. */
static size_t keep_different(struct size *sizes, size_t count)
{
    size_t kept = 0;
    struct figure last = { 0, 0 };

    for (size_t i = 0; i < count; i++) {
        struct figure next = sizes[i].each;
        double same = fmax(SAME_BYTES, SAME_SHARE * next.value) + last.half + next.half;

        if (i == 0 || next.value - last.value > same)
            sizes[kept++] = sizes[i];
        last = next;
    }
    return kept;
}

static void name_sizes(const struct size *sizes, size_t count, bool body, struct audit_finding *f)
{
    struct text what = { f->what, 0, sizeof(f->what), false };

    if (count == 2)
        text_format(&what, "%.1f against %.1f", sizes[1].each.value, sizes[0].each.value);
    for (size_t i = 0; i < count && count > 2; i++)
        text_format(&what, "%s%.1f",
                    i == 0           ? ""
                    : i + 1 == count ? " and "
                                     : ", ",
                    sizes[i].each.value);
    text_format(&what, " bytes %s", body ? "of body an answer" : "an answer");
}

/* The smallest ones and the largest. */
static void divide_sizes(const struct size *sizes, size_t count, struct audit_finding *f)
{
    struct text sums = { f->arithmetic, 0, sizeof(f->arithmetic), false };

    for (size_t i = 0; i < count; i++) {
        if (i + 1 == LISTED_MAX && i + 1 < count)
            text_add(&sums, SLICE(", …"));
        if (i + 1 == count || i + 1 < LISTED_MAX)
            text_format(&sums, "%s%s / %s = %.1f (%s)", i == 0 ? "" : ", ",
                        printed_bytes(sizes[i].bytes).text,
                        printed_count(sizes[i].r->requests.value).text, sizes[i].each.value,
                        result_name(sizes[i].r).text);
    }
}

static void explain_sizes(double apart, bool body, struct audit_finding *f)
{
    if (body)
        snprintf(f->means, sizeof(f->means), "different bodies: not the same work");
    else if (apart < CLOSE_BYTES)
        snprintf(f->means, sizeof(f->means), "different work, or other headers");
    else
        snprintf(f->means, sizeof(f->means),
                 "different work, or other headers: %.1f bytes more have room for the %d of "
                 "\"Connection: close\", and then each request paid for a connection",
                 apart, CLOSE_BYTES);
}

static void judge_sizes_of(struct audit *audit, bool body, const char *path, struct arena scratch)
{
    struct size *sizes = arena_new(&scratch, struct size, audit->result_count + 1);
    size_t count = keep_different(sizes, collect_sizes(audit, body, path, sizes));
    struct audit_finding *f;

    if (count < 2)
        return;
    f = finding_add(audit, AUDIT_BYTES, sizes[count - 1].r);
    f->value = sizes[count - 1].each.value;
    f->limit = sizes[0].each.value;
    f->unit = body ? "bytes of body" : "bytes an answer";
    name_sizes(sizes, count, body, f);
    divide_sizes(sizes, count, f);
    explain_sizes(f->value - f->limit, body, f);
}

static bool first_of_path(const struct audit *audit, const struct audit_result *r)
{
    for (const struct audit_result *other = audit->results; other < r; other++)
        if (strcmp(other->path, r->path) == 0)
            return false;
    return true;
}

/* Different paths are different work by intent. Whoever does not tell his path belongs to the only
 * one there is, or to none. */
static void judge_sizes(struct audit *audit, bool body, struct arena scratch)
{
    size_t paths = 0;

    for (size_t i = 0; i < audit->result_count; i++)
        paths += audit->results[i].path[0] != '\0' && first_of_path(audit, &audit->results[i]);
    if (paths < 2)
        judge_sizes_of(audit, body, NULL, scratch);
    for (size_t i = 0; i < audit->result_count && paths > 1; i++)
        if (audit->results[i].path[0] != '\0' && first_of_path(audit, &audit->results[i]))
            judge_sizes_of(audit, body, audit->results[i].path, scratch);
}

/* ---- connections kept and not kept ---- */

static void judge_kept(struct audit *audit)
{
    const struct audit_result *kept = NULL, *closed = NULL;
    struct audit_finding *f;

    for (size_t i = 0; i < audit->result_count; i++) {
        const struct audit_result *r = &audit->results[i];
        double share = r->kept.value / r->requests.value;

        if (kept == NULL && share >= KEPT_SHARE)
            kept = r;
        if (closed == NULL && share <= 1 - KEPT_SHARE)
            closed = r;
    }
    if (kept == NULL || closed == NULL)
        return;
    f = finding_add(audit, AUDIT_CONNECTIONS, closed);
    f->value = closed->kept.value / closed->requests.value;
    f->limit = kept->kept.value / kept->requests.value;
    f->unit = "share of kept connections";
    snprintf(f->what, sizeof(f->what), "a connection a request here, kept connections in %s",
             result_name(kept).text);
    snprintf(f->arithmetic, sizeof(f->arithmetic),
             "%s of %s requests over a connection that was there, against %s of %s",
             printed_count(closed->kept.value).text, printed_count(closed->requests.value).text,
             printed_count(kept->kept.value).text, printed_count(kept->requests.value).text);
    snprintf(f->means, sizeof(f->means), "one paid for a handshake each time, the other did not");
}

/* ---- means over different loads ---- */

struct load_sum {
    double connections, rates;
    size_t runs;
};

static int fewer_first(const void *a, const void *b)
{
    const struct load_sum *x = a, *y = b;

    return x->connections < y->connections ? -1 : x->connections > y->connections;
}

/* The loads of one section, each with its mean; returns how many. */
static size_t sum_loads(const struct audit *audit, unsigned section_id, struct load_sum *ret_sums)
{
    size_t count = 0;

    for (size_t i = 0; i < audit->result_count; i++) {
        const struct audit_result *r = &audit->results[i];
        size_t at = 0;

        if (r->section_id != section_id || !figure_known(r->connections))
            continue;
        while (at < count && ret_sums[at].connections != r->connections.value)
            at++;
        if (at == count)
            ret_sums[count++] = (struct load_sum){ .connections = r->connections.value };
        ret_sums[at].rates += r->rate_per_sec.value;
        ret_sums[at].runs++;
    }
    qsort(ret_sums, count, sizeof(*ret_sums), fewer_first);
    return count;
}

static void tell_loads(const struct load_sum *sums, size_t count, struct audit_finding *f)
{
    struct text what = { f->what, 0, sizeof(f->what), false };
    struct text means = { f->arithmetic, 0, sizeof(f->arithmetic), false };
    double rates = 0;
    size_t runs = 0;

    text_add(&what, SLICE("loads of "));
    for (size_t i = 0; i < count; i++) {
        text_format(&what, "%s%.0f",
                    i == 0           ? ""
                    : i + 1 == count ? " and "
                                     : ", ",
                    sums[i].connections);
        text_format(&means, "%s%.1f/s at %.0f (%zu)", i == 0 ? "" : ", ",
                    sums[i].rates / (double)sums[i].runs, sums[i].connections, sums[i].runs);
        rates += sums[i].rates;
        runs += sums[i].runs;
    }
    f->value = rates / (double)runs;
    f->unit = "1/s";
    text_format(&what, " connections under one %s",
                f->about->target[0] != '\0' ? "name" : "heading");
    text_format(&means, "; the mean of all is %.2f/s", f->value);
}

/* One run of each load is a series, and nobody's mean. */
static void judge_loads(struct audit *audit, const struct audit_result *r, struct arena scratch)
{
    struct load_sum *sums = arena_new(&scratch, struct load_sum, audit->result_count);
    size_t count = sum_loads(audit, r->section_id, sums), runs = 0;
    struct audit_finding *f;

    for (size_t i = 0; i < count; i++)
        runs += sums[i].runs;
    if (count < 2 || runs == count)
        return;
    f = finding_add(audit, AUDIT_LOADS, r);
    tell_loads(sums, count, f);
    snprintf(f->means, sizeof(f->means), "a mean over these is of neither load");
}

void judge_together(struct audit *audit)
{
    struct arena scratch = audit->told; /* what is taken of a copy vanishes with it */

    judge_sizes(audit, false, scratch);
    judge_sizes(audit, true, scratch);
    judge_kept(audit);
    for (size_t i = 0; i < audit->result_count; i++) {
        const struct audit_result *r = &audit->results[i];

        if (r->nth == 1 && (r->section[0] != '\0' || r->target[0] != '\0'))
            judge_loads(audit, r, scratch);
        if (r->first_of_race)
            judge_race(audit, r, scratch);
    }
}
