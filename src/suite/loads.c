#include "suite/suite_priv.h"

#include "base/bug.h"
#include "base/units.h"

/* Shorter windows hold no figure worth printing, longer ones are a slip of the pen. */
#define DURATION_MIN_NS MILLISECOND_NS
#define DURATION_MAX_NS (24 * (3600 * SECOND_NS))
#define REQUESTS_MAX    UINT64_C(1000000000000)

static bool rate_read(const struct node *mapping, const char *text, double *rate_per_sec,
                      struct error *err)
{
    char quoted[QUOTE_MAX];
    double rate;

    if (text == NULL)
        return true;
    if (!units_parse_rate(slice_of(text), &rate) || rate < LOAD_RATE_MIN_PER_SEC ||
        rate > LOAD_RATE_MAX_PER_SEC)
        return key_wrong(mapping, "rate", err,
                         "must be requests a second, from one a day up to 10M, such as 400 or "
                         "20k/s, not '%s'",
                         quote(slice_of(text), quoted));
    *rate_per_sec = rate;
    return true;
}

static bool warmup_read(const struct node *mapping, const char *text, int64_t *warmup_ns,
                        uint64_t *warmup_requests, struct error *err)
{
    char quoted[QUOTE_MAX];

    if (text == NULL || load_parse_warmup(slice_of(text), warmup_ns, warmup_requests))
        return true;
    return key_wrong(mapping, "warmup", err, "must be " LOAD_WARMUP_FORM ", not '%s'",
                     quote(slice_of(text), quoted));
}

/* Keys that mean something in one of the two loops only. */
/* Calls are counted, in one process at a time: nothing else has a meaning. */
static bool inproc_check(const struct node *mapping, struct error *err)
{
    static const char *const meaningless[] = { "connections", "threads",  "rate",
                                               "arrivals",    "duration", "keepalive",
                                               "stages",      "warmup",   "of" };

    for (size_t i = 0; i < sizeof(meaningless) / sizeof(meaningless[0]); i++)
        if (node_get(mapping, meaningless[i]) != NULL)
            return key_wrong(mapping, meaningless[i], err,
                             "has no meaning with model: inproc, which makes 'requests' calls; "
                             "leave it out");
    return true;
}

static bool model_check(const struct node *mapping, const struct raw_load *raw,
                        enum load_model model, struct error *err)
{
    if (model == LOAD_INPROC)
        return inproc_check(mapping, err);
    if (model == LOAD_OPEN && raw->rate == NULL && raw->stages == NULL)
        return key_wrong(mapping, "rate", err,
                         "is missing; an open loop needs one, such as rate: 1000");
    if (model == LOAD_CLOSED && raw->rate != NULL)
        return key_wrong(mapping, "rate", err,
                         "has no meaning in a closed loop; leave it out, or write model: open");
    if (model == LOAD_CLOSED && raw->arrivals != NULL)
        return key_wrong(mapping, "arrivals", err,
                         "has no meaning in a closed loop; leave it out, or write model: open");
    if (raw->duration != NULL && raw->requests != NULL)
        return key_wrong(mapping, "requests", err,
                         "is given beside 'duration'; a load ends by one of them: leave one out");
    return true;
}

/* ---- stages ---- */

/* What the stages say must not be said a second time. */
static bool stages_check(const struct node *mapping, const struct raw_load *raw,
                         const struct load *load, struct error *err)
{
    static const char *const theirs[] = { "rate", "duration", "requests" };

    for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
        if (node_get(mapping, theirs[i]) != NULL)
            return key_wrong(mapping, theirs[i], err,
                             "is given beside 'stages', which say it; leave one out");
    if (raw->model != NULL && *raw->model != load->model)
        return key_wrong(mapping, "model", err,
                         "is not what the stages are: /s is open, c is closed; leave it out");
    if (raw->connections != NULL && load->model == LOAD_CLOSED)
        return key_wrong(mapping, "connections", err,
                         "is given beside stages that say how many; leave it out");
    for (uint32_t i = 0; i < load->stage_count && load->model == LOAD_CLOSED; i++)
        if (load->stages[i].connections < load->threads)
            return key_wrong(mapping, "threads", err,
                             "is %u, more than the connections of stage %u; each thread needs one",
                             load->threads, i + 1);
    return true;
}

static bool stages_read(struct suite *suite, const struct node *mapping, const struct raw_load *raw,
                        struct load *load, struct error *err)
{
    const struct node *list = node_get(mapping, "stages");
    struct stages stages = { .count = 0 };
    struct arena *arena;
    struct error reason;

    if (list == NULL)
        return true;
    for (const struct node *entry = list->first; entry != NULL; entry = entry->next)
        if (!stages_add(&stages, entry->text, &reason))
            return node_wrong(entry, err, "%s", reason.text);
    /* One text can stand for many stages: they are not in the account of suite_parse(). */
    if (!memory_add(&suite->memory, stages_name_bytes(&stages), &arena, err))
        return false;
    load_set_stages(load, stages_name(&stages, load->name, arena), stages.count);
    return stages_check(mapping, raw, load, err);
}

/* ---- a load ---- */

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
        warmup_read(mapping, raw->warmup, &load->warmup_ns, &load->warmup_requests, err) &&
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

    if (!name_check(mapping, "name", err))
        return false;
    load.name = text_copy(suite, raw->name);
    if (raw->model != NULL)
        load.model = *raw->model;
    if (raw->arrivals != NULL)
        load.arrivals = *raw->arrivals;
    if (raw->keepalive != NULL)
        load.keepalive = *raw->keepalive;
    if (raw->requests != NULL || load.model == LOAD_INPROC)
        load.duration_ns = 0;
    if (!amounts_read(mapping, raw, &load, err) || !stages_read(suite, mapping, raw, &load, err) ||
        !model_check(mapping, raw, load.model, err))
        return false;
    *ret_load = load;
    return true;
}

/* Shares are of what another load of this suite reaches, which may stand behind them. */
static bool of_read(struct suite *suite, const struct node *mapping, struct load *load,
                    struct error *err)
{
    const struct node *of = node_get(mapping, "of");
    bool shares = load->stages != NULL && load->stages[0].share > 0;
    const struct load *other;
    size_t index;

    if (of == NULL && shares)
        return key_wrong(mapping, "of", err,
                         "is missing; stages in %% are shares of what the target reaches in a "
                         "closed load of this suite: of: NAME");
    if (of == NULL)
        return true;
    if (!shares)
        return node_wrong(of, err,
                          "has no meaning without stages that are shares, like 10s:70%%; leave it "
                          "out");
    if (!refer(suite, of, "load", load_name, suite->load_count, &index, err))
        return false;
    other = &suite->loads[index];
    if (other->model != LOAD_CLOSED || other->stages != NULL)
        return node_wrong(of, err,
                          "is '%s', which does not tell what a target can do; name a load with "
                          "model: closed and without stages",
                          other->name.ptr);
    load->of = other->name;
    return true;
}

static struct load_mark load_mark(const struct node *mapping)
{
    const struct node *said = node_get(mapping, "connections");

    if (said == NULL)
        said = node_get(mapping, "stages");
    if (said == NULL)
        said = mapping;
    return (struct load_mark){ said->place.line, said->place.column };
}

bool loads_convert(struct suite *suite, const struct node *list, const struct raw_suite *raw,
                   struct error *err)
{
    const struct node *mapping = list->first;

    suite->loads = arena_new(&suite->memory->arena, struct load, raw->loads_count);
    suite->load_marks = arena_new(&suite->memory->arena, struct load_mark, raw->loads_count);
    for (unsigned i = 0; i < raw->loads_count; i++, mapping = mapping->next) {
        if (!load_convert(suite, mapping, &raw->loads[i], &suite->loads[i], err))
            return false;
        suite->load_marks[i] = load_mark(mapping);
        if (!raw->loads[i].preset_only)
            suite->loads_mask |= UINT64_C(1) << i;
    }
    suite->load_count = raw->loads_count;
    mapping = list->first;
    for (size_t i = 0; i < suite->load_count; i++, mapping = mapping->next)
        if (!of_read(suite, mapping, &suite->loads[i], err))
            return false;
    if (suite->loads_mask == 0)
        return node_wrong(list, err,
                          "are all preset_only; without a preset there would be nothing to run");
    return true;
}

bool shares_check(const struct suite *suite, const struct node *mapping, uint64_t loads_mask,
                  struct error *err)
{
    for (size_t i = 0; i < suite->load_count; i++) {
        const struct load *load = &suite->loads[i];
        size_t of = 0;

        if ((loads_mask >> i & 1) == 0 || load->of.len == 0)
            continue;
        while (!slice_equal(suite->loads[of].name, load->of))
            of++;
        if ((loads_mask >> of & 1) == 0)
            return key_wrong(mapping, "loads", err,
                             "has '%s', which asks for shares of what the target reaches in '%s'; "
                             "add that, or leave both out",
                             load->name.ptr, load->of.ptr);
    }
    return true;
}

/* ---- presets ---- */

static bool chosen_read(struct suite *suite, const struct node *mapping,
                        struct suite_preset *preset, struct error *err)
{
    const struct node *list = node_get(mapping, "targets");
    size_t index;

    if (list != NULL)
        preset->targets = arena_new(&suite->memory->arena, bool, suite->target_count);
    for (const struct node *entry = list != NULL ? list->first : NULL; entry != NULL;
         entry = entry->next) {
        if (!refer(suite, entry, "target", target_name, suite->target_count, &index, err))
            return false;
        preset->targets[index] = true;
    }
    return mask_read(suite, mapping, "workloads", "workload", workload_name, suite->workload_count,
                     suite->workloads_mask, &preset->workloads_mask, err) &&
           mask_read(suite, mapping, "loads", "load", load_name, suite->load_count,
                     suite->loads_mask, &preset->loads_mask, err);
}

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
           warmup_read(mapping, raw->warmup, &preset->warmup_ns, &preset->warmup_requests, err) &&
           chosen_read(suite, mapping, preset, err);
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

static void apply_length(const struct suite_preset *preset, int64_t *duration_ns,
                         uint64_t *requests)
{
    if (*duration_ns > 0 && preset->duration_ns > 0)
        *duration_ns = preset->duration_ns;
    if (*requests > 0 && preset->requests > 0)
        *requests = preset->requests;
}

static void apply(struct suite *suite, const struct suite_preset *preset)
{
    if (preset->blocks > 0)
        suite->blocks = preset->blocks;
    suite->workloads_mask = preset->workloads_mask;
    suite->loads_mask = preset->loads_mask;
    suite->targets_chosen = preset->targets;
    for (size_t i = 0; i < suite->load_count; i++) {
        struct load *load = &suite->loads[i];

        apply_length(preset, &load->duration_ns, &load->requests);
        for (uint32_t k = 0; k < load->stage_count; k++)
            apply_length(preset, &load->stages[k].duration_ns, &load->stages[k].requests);
        /* A load by count has no warm-up unless it says so: it would ask more often than told. */
        if (preset->warmup_ns >= 0 && (load->duration_ns > 0 || load_warms_up(load))) {
            load->warmup_ns = preset->warmup_ns;
            load->warmup_requests = preset->warmup_requests;
        }
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
