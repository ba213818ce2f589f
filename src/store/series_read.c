#include <string.h>

#include "store/record_priv.h"

/* Takes what stands before the next space, and the space, off the front. */
static struct slice take_word(struct slice *text)
{
    const char *space = memchr(text->ptr, ' ', text->len);
    struct slice word = { text->ptr, space != NULL ? (size_t)(space - text->ptr) : text->len };
    size_t skip = space != NULL ? word.len + 1 : word.len;

    *text = (struct slice){ text->ptr + skip, text->len - skip };
    return word;
}

/* "131:12" */
static bool take_bucket(struct slice *text, uint64_t *ret_bucket, uint64_t *ret_count)
{
    struct slice pair = take_word(text);
    const char *colon = memchr(pair.ptr, ':', pair.len);
    struct slice count;

    if (colon == NULL)
        return false;
    count = (struct slice){ colon + 1, pair.len - (size_t)(colon + 1 - pair.ptr) };
    pair.len = (size_t)(colon - pair.ptr);
    return slice_u64(pair, SECOND_BUCKETS - 1, ret_bucket) &&
           slice_u64(count, UINT32_MAX, ret_count);
}

void buckets_get(const struct json_get *g, const char *key, struct tally_second *second)
{
    struct slice text = json_get_word(g, key);
    uint64_t bucket, count;

    while (text.len > 0) {
        if (!take_bucket(&text, &bucket, &count)) {
            json_get_fail(g, key, "bucket:count pairs");
            return;
        }
        second->counts[bucket] = (uint32_t)count;
    }
}

static void get_second(const struct json_get *g, struct tally_second *second,
                       struct series_point *point)
{
    second->ok = json_get_count(g, "ok", INT64_MAX);
    second->failed = json_get_count(g, "failed", INT64_MAX);
    point->rss_bytes = json_get_known(g, "rss_bytes");
    point->cpu_ns = json_get_known(g, "cpu_ns");
    buckets_get(g, "buckets", second);
}

void series_get(const struct json_get *g, struct trial_record *t)
{
    const json_t *array = json_get_array(g, "series", UINT32_MAX);
    uint32_t count = (uint32_t)json_array_size(array);

    if (count == 0)
        return;
    t->tally.second_count = count;
    t->tally.seconds = arena_new(&t->arena, struct tally_second, count);
    t->points = arena_new(&t->arena, struct series_point, count);
    for (uint32_t i = 0; i < count; i++) {
        struct json_get second = json_get_item(g, "series", array, i);

        get_second(&second, &t->tally.seconds[i], &t->points[i]);
    }
}

/* ---- lists of numbers ---- */

static size_t count_words(struct slice text)
{
    size_t count = 0;

    while (text.len > 0) {
        take_word(&text);
        count++;
    }
    return count;
}

void tenths_get(const struct json_get *g, struct trial_record *t)
{
    struct json_get tenths = json_get_optional(g, "tenths");
    struct tally *tally = &t->tally;
    struct slice text;
    uint64_t value = 0;

    if (tenths.object == NULL)
        return;
    text = json_get_word(&tenths, "ok");
    tally->tenth_count = (uint32_t)count_words(text);
    tally->tenths = arena_new(&t->arena, uint32_t, tally->tenth_count);
    for (uint32_t i = 0; i < tally->tenth_count; i++) {
        if (!slice_u64(take_word(&text), UINT32_MAX, &value))
            json_get_fail(&tenths, "ok", "whole numbers");
        tally->tenths[i] = (uint32_t)value;
    }
    tally->tenths_before = (uint32_t)json_get_count(&tenths, "before_window", tally->tenth_count);
}

void gaps_get(const struct json_get *g, const char *key, struct tally *tally)
{
    struct slice text = slice_of(json_get_text(g, key));
    uint64_t value = 0;

    for (; text.len > 0; tally->gap_count++) {
        if (tally->gap_count == TALLY_GAPS_MAX || !slice_u64(take_word(&text), INT64_MAX, &value)) {
            json_get_fail(g, key, "whole numbers, not too many");
            return;
        }
        tally->gaps_ns[tally->gap_count] = (int64_t)value;
    }
}

size_t series_room(const json_t *document)
{
    size_t seconds = json_array_size(json_object_get(document, "series"));
    const json_t *tenths = json_object_get(json_object_get(document, "tenths"), "ok");

    /* A number and its space take two characters at least. */
    return seconds * (sizeof(struct tally_second) + sizeof(struct series_point)) +
           (json_string_length(tenths) / 2 + 1) * sizeof(uint32_t);
}
