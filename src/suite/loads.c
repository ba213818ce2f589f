#include "suite/suite_priv.h"

#include "base/bug.h"
#include "base/units.h"

/* Shorter windows hold no figure worth printing, longer ones are a slip of the pen. */
#define DURATION_MIN_NS MILLISECOND_NS
#define DURATION_MAX_NS (24 * 3600 * SECOND_NS)
#define WARMUP_MAX_NS   (3600 * SECOND_NS)
#define REQUESTS_MAX    UINT64_C(1000000000000)

static bool rate_read(const struct node *mapping, const char *text, double *rate_per_sec,
                      struct error *err)
{
    char quoted[QUOTE_MAX];
    double rate;

    if (text == NULL)
        return true;
    if (!units_parse_rate(slice_of(text), &rate) || rate > LOAD_RATE_MAX_PER_SEC)
        return key_wrong(mapping, "rate", err,
                         "must be requests a second, above 0 and at most 10M, such as 400 or "
                         "20k/s, not '%s'",
                         quote(slice_of(text), quoted));
    *rate_per_sec = rate;
    return true;
}

/* Keys that mean something in one of the two loops only. */
static bool model_check(const struct node *mapping, const struct raw_load *raw, struct error *err)
{
    if (raw->model == LOAD_OPEN && raw->rate == NULL)
        return key_wrong(mapping, "rate", err,
                         "is missing; an open loop needs one, such as rate: 1000");
    if (raw->model == LOAD_CLOSED && raw->rate != NULL)
        return key_wrong(mapping, "rate", err,
                         "has no meaning in a closed loop; leave it out, or write model: open");
    if (raw->model == LOAD_CLOSED && raw->arrivals != NULL)
        return key_wrong(mapping, "arrivals", err,
                         "has no meaning in a closed loop; leave it out, or write model: open");
    if (raw->duration != NULL && raw->requests != NULL)
        return key_wrong(mapping, "requests", err,
                         "is given beside 'duration'; a load ends by one of them: leave one out");
    return true;
}

static bool amounts_read(const struct node *mapping, const struct raw_load *raw, struct load *load,
                         struct error *err)
{
    bool ok =
        count32_read(mapping, "connections", raw->connections, 1, LOAD_CONNECTIONS_MAX,
                     &load->connections, err) &&
        count32_read(mapping, "threads", raw->threads, 1, LOAD_THREADS_MAX, &load->threads, err) &&
        rate_read(mapping, raw->rate, &load->rate_per_sec, err) &&
        duration_read(mapping, "duration", raw->duration, DURATION_MIN_NS, DURATION_MAX_NS,
                      &load->duration_ns, err) &&
        count_read(mapping, "requests", raw->requests, 1, REQUESTS_MAX, &load->requests, err) &&
        duration_read(mapping, "warmup", raw->warmup, 0, WARMUP_MAX_NS, &load->warmup_ns, err) &&
        duration_read(mapping, "timeout", raw->timeout, MILLISECOND_NS, LOAD_TIMEOUT_MAX_NS,
                      &load->timeout_ns, err);

    if (!ok)
        return false;
    if (raw->connections != NULL && load->connections < load->threads)
        return key_wrong(mapping, "connections", err,
                         "is %u, fewer than its %u threads; each thread needs one",
                         load->connections, load->threads);
    return true;
}

static bool load_convert(struct suite *suite, const struct node *mapping,
                         const struct raw_load *raw, struct load *ret_load, struct error *err)
{
    struct load load = load_default();

    if (!name_check(mapping, "name", err) || !model_check(mapping, raw, err))
        return false;
    load.name = text_copy(suite, raw->name);
    load.model = raw->model;
    if (raw->arrivals != NULL)
        load.arrivals = *raw->arrivals;
    if (raw->keepalive != NULL)
        load.keepalive = *raw->keepalive;
    if (raw->requests != NULL)
        load.duration_ns = 0;
    if (!amounts_read(mapping, raw, &load, err))
        return false;
    *ret_load = load;
    return true;
}

bool loads_convert(struct suite *suite, const struct node *list, const struct raw_suite *raw,
                   struct error *err)
{
    const struct node *mapping = list->first;

    suite->loads = arena_new(&suite->memory->arena, struct load, raw->loads_count);
    for (unsigned i = 0; i < raw->loads_count; i++, mapping = mapping->next)
        if (!load_convert(suite, mapping, &raw->loads[i], &suite->loads[i], err))
            return false;
    suite->load_count = raw->loads_count;
    return true;
}

/* ---- presets ---- */

static bool preset_convert(struct suite *suite, const struct node *mapping,
                           const struct raw_preset *raw, struct suite_preset *preset,
                           struct error *err)
{
    preset->warmup_ns = -1;
    if (!name_check(mapping, "name", err))
        return false;
    preset->name = text_copy(suite, raw->name);
    return count32_read(mapping, "blocks", raw->blocks, 1, SUITE_BLOCKS_MAX, &preset->blocks,
                        err) &&
           duration_read(mapping, "duration", raw->duration, DURATION_MIN_NS, DURATION_MAX_NS,
                         &preset->duration_ns, err) &&
           count_read(mapping, "requests", raw->requests, 1, REQUESTS_MAX, &preset->requests,
                      err) &&
           duration_read(mapping, "warmup", raw->warmup, 0, WARMUP_MAX_NS, &preset->warmup_ns, err);
}

bool presets_convert(struct suite *suite, const struct node *list, const struct raw_suite *raw,
                     struct error *err)
{
    const struct node *mapping = list != NULL ? list->first : NULL;

    suite->presets = arena_new(&suite->memory->arena, struct suite_preset, raw->presets_count);
    for (unsigned i = 0; i < raw->presets_count; i++, mapping = mapping->next) {
        BUG_IF(mapping == NULL);
        if (!preset_convert(suite, mapping, &raw->presets[i], &suite->presets[i], err))
            return false;
    }
    suite->preset_count = raw->presets_count;
    return true;
}

static void apply(struct suite *suite, const struct suite_preset *preset)
{
    if (preset->blocks > 0)
        suite->blocks = preset->blocks;
    for (size_t i = 0; i < suite->load_count; i++) {
        struct load *load = &suite->loads[i];

        if (load->duration_ns > 0 && preset->duration_ns > 0)
            load->duration_ns = preset->duration_ns;
        if (load->requests > 0 && preset->requests > 0)
            load->requests = preset->requests;
        /* A load by count has no warm-up unless it says so: it would ask more often than told. */
        if (preset->warmup_ns >= 0 && (load->duration_ns > 0 || load->warmup_ns > 0))
            load->warmup_ns = preset->warmup_ns;
    }
}

bool suite_apply_preset(struct suite *suite, struct slice name, struct error *err)
{
    const struct slice as_it_stands = SLICE("published");
    char known[1000], quoted[QUOTE_MAX];
    struct text text = TEXT(known);

    text_add(&text, as_it_stands);
    for (size_t i = 0; i < suite->preset_count; i++) {
        if (slice_equal(suite->presets[i].name, name)) {
            apply(suite, &suite->presets[i]);
            return true;
        }
        if (!slice_equal(suite->presets[i].name, as_it_stands)) {
            text_add(&text, SLICE(", "));
            text_add(&text, suite->presets[i].name);
        }
    }
    if (slice_equal(name, as_it_stands))
        return true;
    return error_usage(err, "suite %s has no preset '%s'; it has %s", suite->name.ptr,
                       quote(name, quoted), known);
}
