#include "suite/suite_priv.h"

#include "base/bug.h"

struct slice workload_name(const struct suite *suite, size_t i)
{
    return suite->workloads[i].name;
}

struct slice load_name(const struct suite *suite, size_t i)
{
    return suite->loads[i].name;
}

struct slice target_name(const struct suite *suite, size_t i)
{
    return suite->targets[i].name;
}

bool refer(const struct suite *suite, const struct node *value, const char *noun, name_at *name,
           size_t count, size_t *ret_index, struct error *err)
{
    struct nearest nearest = nearest_to(value->text);
    char quoted[QUOTE_MAX];

    for (size_t i = 0; i < count; i++) {
        if (slice_equal(value->text, name(suite, i))) {
            *ret_index = i;
            return true;
        }
        nearest_offer(&nearest, name(suite, i));
    }
    if (nearest.best.ptr == NULL) /* the first is as good an example as any */
        return node_wrong(value, err, "names no %s of this suite: '%s'; there is '%s'", noun,
                          quote(value->text, quoted), name(suite, 0).ptr);
    return node_wrong(value, err, "names no %s of this suite: '%s'; did you mean '%s'?", noun,
                      quote(value->text, quoted), nearest.best.ptr);
}

uint64_t mask_all(size_t count)
{
    BUG_IF(count == 0);
    BUG_IF(count > 64);
    return UINT64_MAX >> (64 - count);
}

bool mask_read(const struct suite *suite, const struct node *mapping, const char *key,
               const char *noun, name_at *name, size_t count, uint64_t otherwise,
               uint64_t *ret_mask, struct error *err)
{
    const struct node *list = node_get(mapping, key);
    uint64_t mask = 0;
    size_t index = 0;

    *ret_mask = otherwise;
    if (list == NULL)
        return true;
    for (const struct node *entry = list->first; entry != NULL; entry = entry->next) {
        if (!refer(suite, entry, noun, name, count, &index, err))
            return false;
        mask |= UINT64_C(1) << index;
    }
    *ret_mask = mask;
    return true;
}
