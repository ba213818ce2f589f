#include "base/bug.h"
#include "suite/suite_priv.h"

/* The values of a factor that assay itself counts with. */
static bool numbers_check(const struct node *mapping, const struct factor *factor, uint32_t most,
                          struct error *err)
{
    const struct node *entry = node_get(mapping, "values")->first;
    char quoted[QUOTE_MAX];
    uint64_t number;

    for (; entry != NULL; entry = entry->next)
        if (!slice_u64(entry->text, most, &number) || number == 0)
            return node_wrong(entry, err, "must be a whole number from 1 to %u, not '%s'", most,
                              quote(entry->text, quoted));
    BUG_IF(factor->value_count == 0);
    return true;
}

static bool values_check(const struct node *mapping, struct error *err)
{
    const struct node *entry = node_get(mapping, "values")->first;

    for (; entry != NULL; entry = entry->next) {
        if (entry->text.len > SUITE_NAME_MAX)
            return node_wrong(entry, err, "has %zu bytes; the limit is %d", entry->text.len,
                              SUITE_NAME_MAX);
        for (size_t i = 0; i < entry->text.len; i++)
            if ((unsigned char)entry->text.ptr[i] < 0x20 || entry->text.ptr[i] == 0x7f)
                return node_wrong(entry, err,
                                  "has a control character; a value stands in tables and names");
    }
    return true;
}

static bool factor_convert(struct suite *suite, const struct node *mapping,
                           const struct raw_factor *raw, struct factor *factor, struct error *err)
{
    if (!word_check(mapping, "name", err) || !values_check(mapping, err))
        return false;
    factor->name = text_copy(suite, raw->name);
    factor->values = texts_copy(suite, raw->values, raw->values_count);
    factor->value_count = raw->values_count;
    if (placeholder_is_builtin(factor->name))
        return key_wrong(mapping, "name", err,
                         "is '%s', which {%s} stands for already; use another word", raw->name,
                         raw->name);
    if (slice_equal(factor->name, SLICE("workers")))
        return numbers_check(mapping, factor, SUITE_WORKERS_MAX, err);
    if (slice_equal(factor->name, SLICE("cores")))
        return numbers_check(mapping, factor, SUITE_CORES_MAX, err);
    return true;
}

bool factors_convert(struct suite *suite, const struct node *mapping, const struct raw_factor *raw,
                     unsigned count, struct factor **ret_factors, size_t *ret_count,
                     struct error *err)
{
    const struct node *entry = count > 0 ? node_get(mapping, "factors")->first : NULL;
    struct factor *factors = arena_new(&suite->memory->arena, struct factor, count);

    for (unsigned i = 0; i < count; i++, entry = entry->next)
        if (!factor_convert(suite, entry, &raw[i], &factors[i], err))
            return false;
    *ret_factors = factors;
    *ret_count = count;
    return true;
}
