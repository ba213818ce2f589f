#include "suite/suite_priv.h"

#include "base/bug.h"

/* Long enough for the target's name and SUITE_FACTORS_MAX times " factor=value". */
#define VARIANT_NAME_MAX ((SUITE_FACTORS_MAX * 2 + 1) * (SUITE_NAME_MAX + (size_t)1))

static const struct factor *find_factor(const struct factor *factors, size_t count,
                                        struct slice name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(factors[i].name, name))
            return &factors[i];
    return NULL;
}

size_t target_factors(const struct suite *suite, const struct suite_target *target,
                      const struct factor **ret_factors)
{
    size_t count = 0;

    for (size_t i = 0; i < suite->factor_count; i++)
        if (find_factor(target->factors, target->factor_count, suite->factors[i].name) == NULL)
            ret_factors[count++] = &suite->factors[i];
    BUG_IF(count + target->factor_count > SUITE_FACTORS_MAX); /* refused when it was read */
    for (size_t i = 0; i < target->factor_count; i++)
        ret_factors[count++] = &target->factors[i];
    return count;
}

size_t variants_count(const struct suite *suite, const struct suite_target *target)
{
    const struct factor *factors[SUITE_FACTORS_MAX];
    size_t factor_count = target_factors(suite, target, factors);
    size_t count = 1;

    /* Above the limit it does not matter how far: so the product cannot overflow. */
    for (size_t i = 0; i < factor_count && count <= SUITE_VARIANTS_MAX; i++)
        count *= factors[i]->value_count;
    return count;
}

/* The value of a factor whose values were checked to be numbers; `without` where there is none. */
static uint32_t number_of(const struct variant *variant, struct slice name, uint32_t without)
{
    struct slice value = variant_setting(variant, name);
    uint64_t number = without;

    BUG_IF(value.ptr != NULL && !slice_u64(value, UINT32_MAX, &number));
    return (uint32_t)number;
}

/* Number `number` of the combinations; the last factor turns fastest. */
static void fill(struct arena *arena, struct variant *variant, const struct factor *const *factors,
                 size_t factor_count, size_t number)
{
    char name[VARIANT_NAME_MAX];
    struct text text = TEXT(name);

    variant->settings = arena_new(arena, struct setting, factor_count);
    variant->setting_count = factor_count;
    for (size_t i = factor_count; i-- > 0;) {
        size_t value = number % factors[i]->value_count;

        number /= factors[i]->value_count;
        variant->settings[i] = (struct setting){ factors[i]->name, factors[i]->values[value] };
    }
    text_add(&text, variant->target->name);
    for (size_t i = 0; i < factor_count; i++) {
        const struct setting *setting = &variant->settings[i];

        if (factors[i]->value_count > 1)
            text_format(&text, " %s=%s", setting->name.ptr, setting->value.ptr);
    }
    BUG_IF(text.cut);
    variant->name = (struct slice){ arena_text(arena, text.ptr, text.len), text.len };
    variant->workers = number_of(variant, SLICE("workers"), 1);
    variant->cores = number_of(variant, SLICE("cores"), 0);
}

static bool is_chosen(const struct suite *suite, size_t target)
{
    return suite->targets_chosen == NULL || suite->targets_chosen[target];
}

static void fill_all(const struct suite *suite, struct arena *arena, struct variant *variants)
{
    for (size_t i = 0; i < suite->target_count; i++) {
        const struct factor *factors[SUITE_FACTORS_MAX];
        size_t factor_count = target_factors(suite, &suite->targets[i], factors);
        size_t count = is_chosen(suite, i) ? variants_count(suite, &suite->targets[i]) : 0;

        for (size_t number = 0; number < count; number++, variants++) {
            variants->target = &suite->targets[i];
            variants->target_index = i;
            fill(arena, variants, factors, factor_count, number);
        }
    }
}

/* ---- --only ---- */

/* Cuts the next name off a list with commas. */
static bool next_name(struct slice *rest, struct slice *ret_name)
{
    const char *comma;

    if (rest->ptr == NULL)
        return false;
    comma = memchr(rest->ptr, ',', rest->len);
    if (comma == NULL) {
        *ret_name = slice_trim(*rest);
        *rest = (struct slice){ NULL, 0 };
    } else {
        size_t len = (size_t)(comma - rest->ptr);

        *ret_name = slice_trim((struct slice){ rest->ptr, len });
        *rest = (struct slice){ comma + 1, rest->len - len - 1 };
    }
    return true;
}

static bool is_called(const struct variant *variant, struct slice name)
{
    return slice_equal(variant->name, name) || slice_equal(variant->target->name, name);
}

static bool is_named(const struct variant *variant, struct slice only)
{
    struct slice name;

    while (next_name(&only, &name))
        if (is_called(variant, name))
            return true;
    return false;
}

static bool check_name(const struct variant *variants, size_t count, struct slice name,
                       struct error *err)
{
    struct nearest nearest = nearest_to(name);
    char known[1500], quoted[QUOTE_MAX];
    struct text text = TEXT(known);

    for (size_t i = 0; i < count; i++) {
        if (is_called(&variants[i], name))
            return true;
        nearest_offer(&nearest, variants[i].name);
        nearest_offer(&nearest, variants[i].target->name);
        text_format(&text, "%s%s", i > 0 ? ", " : "", variants[i].name.ptr);
    }
    if (nearest.best.ptr != NULL)
        return error_usage(err,
                           "--only: no target or variant is called '%s'; did you mean '%s'? "
                           "There are: %s",
                           quote(name, quoted), nearest.best.ptr, known);
    return error_usage(err, "--only: no target or variant is called '%s'; there are: %s",
                       quote(name, quoted), known);
}

static bool select_only(struct variant *variants, size_t *count, struct slice only,
                        struct error *err)
{
    struct slice rest = only, name;
    size_t kept = 0;

    while (next_name(&rest, &name))
        if (!check_name(variants, *count, name, err))
            return false;
    for (size_t i = 0; i < *count; i++)
        if (is_named(&variants[i], only))
            variants[kept++] = variants[i];
    *count = kept;
    return true;
}

bool suite_variants(struct suite *suite, const char *only, struct variant **ret_variants,
                    size_t *ret_count, struct error *err)
{
    const size_t each = sizeof(struct variant) + SUITE_FACTORS_MAX * sizeof(struct setting) +
                        VARIANT_NAME_MAX + _Alignof(max_align_t);
    struct variant *variants;
    struct arena *arena;
    size_t count = 0;

    for (size_t i = 0; i < suite->target_count; i++)
        count += is_chosen(suite, i) ? variants_count(suite, &suite->targets[i]) : 0;
    if (!memory_add(&suite->memory, count * each, &arena, err))
        return false;
    variants = arena_new(arena, struct variant, count);
    fill_all(suite, arena, variants);
    if (only != NULL && !select_only(variants, &count, slice_of(only), err))
        return false;
    *ret_variants = variants;
    *ret_count = count;
    return true;
}

struct slice variant_setting(const struct variant *variant, struct slice name)
{
    for (size_t i = 0; i < variant->setting_count; i++)
        if (slice_equal(variant->settings[i].name, name))
            return variant->settings[i].value;
    return (struct slice){ NULL, 0 };
}
