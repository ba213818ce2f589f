#include <stdlib.h>

#include "base/bug.h"
#include "store/record_priv.h"

/* For a text of `count` items, each at most `item_size` long. ptr NULL: no memory. */
static void begin(struct text *out, size_t count, size_t item_size)
{
    *out = (struct text){ .cap = count * item_size + 1 };
    out->ptr = calloc(out->cap, 1);
}

static json_t *finished(struct text *text)
{
    json_t *value = text->ptr != NULL ? json_string(text->ptr) : NULL;

    free(text->ptr);
    return value;
}

json_t *buckets_json(const struct tally_second *second)
{
    struct text out;
    size_t used = 0;

    for (uint32_t i = 0; i < SECOND_BUCKETS; i++)
        used += second->counts[i] > 0;
    begin(&out, used, sizeof("863:4294967295 "));
    for (uint32_t i = 0; out.ptr != NULL && i < SECOND_BUCKETS; i++)
        if (second->counts[i] > 0)
            text_format(&out, "%s%u:%u", out.len > 0 ? " " : "", i, second->counts[i]);
    return finished(&out);
}

static json_t *second_json(const struct tally_second *second, const struct series_point *point,
                           uint32_t number)
{
    struct json_put p = json_put_begin();
    int64_t p50_ns = second_quantile_ns(second, 0.5), p99_ns = second_quantile_ns(second, 0.99);

    json_put_count(&p, "t_s", number);
    json_put_count(&p, "ok", second->ok);
    json_put_count(&p, "failed", second->failed);
    json_put_some(&p, "p50_ns", (uint64_t)p50_ns);
    json_put_some(&p, "p99_ns", (uint64_t)p99_ns);
    json_put_known(&p, "rss_bytes", point != NULL ? point->rss_bytes : -1);
    json_put_known(&p, "cpu_ns", point != NULL ? point->cpu_ns : -1);
    json_put(&p, "buckets", buckets_json(second));
    return json_put_end(&p);
}

json_t *series_json(const struct trial_record *t)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < t->tally.second_count; i++) {
        const struct series_point *point = t->points != NULL ? &t->points[i] : NULL;

        json_add(&array, second_json(&t->tally.seconds[i], point, i));
    }
    return array;
}

/* ---- lists of numbers, as one string too ---- */

static json_t *tenths_text(const struct tally *tally)
{
    struct text out;

    begin(&out, tally->tenth_count, sizeof("4294967295 "));
    for (uint32_t i = 0; out.ptr != NULL && i < tally->tenth_count; i++)
        text_format(&out, "%s%u", i > 0 ? " " : "", tally->tenths[i]);
    return finished(&out);
}

json_t *tenths_json(const struct tally *tally)
{
    struct json_put p;

    if (tally->tenth_count == 0)
        return json_null();
    p = json_put_begin();
    json_put_count(&p, "before_window", tally->tenths_before);
    json_put(&p, "ok", tenths_text(tally));
    return json_put_end(&p);
}

json_t *gaps_json(const struct tally *tally)
{
    struct text out;

    BUG_IF(tally->gap_count > TALLY_GAPS_MAX);
    if (tally->gap_count == 0)
        return json_null();
    begin(&out, (size_t)tally->gap_count, sizeof("9223372036854775807 "));
    for (size_t i = 0; out.ptr != NULL && i < tally->gap_count; i++)
        text_format(&out, "%s%lld", i > 0 ? " " : "", (long long)tally->gaps_ns[i]);
    return finished(&out);
}
