#include "cli/run_plan.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "report/listing.h"
#include "run/calls.h"
#include "run/cores.h"

static json_t *names(const struct slice *list, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_stringn(list[i].ptr, list[i].len));
    return array;
}

/* Those that are run. */
static size_t workload_names(const struct suite *suite, struct slice *ret_names)
{
    size_t count = 0;

    for (size_t i = 0; i < suite->workload_count; i++)
        if (suite_runs_workload(suite, i))
            ret_names[count++] = suite->workloads[i].name;
    return count;
}

/* With each stage by its own name. */
static size_t load_names(const struct suite *suite, struct slice *ret_names)
{
    size_t count = 0;

    for (size_t i = 0; i < suite->load_count; i++)
        for (uint32_t k = 0; suite_runs_load(suite, i) && k < load_drives(&suite->loads[i]); k++)
            ret_names[count++] = load_drive(&suite->loads[i], k).name;
    return count;
}

bool run_plan_write_json(FILE *out, const struct session *s)
{
    struct slice list[SUITE_LOADS_MAX * STAGES_MAX]; /* a quarter of a megabyte */
    json_t *plan = json_object();
    json_t *targets = json_array();
    const struct estimate estimate = session_estimate(s);
    bool fine;

    for (size_t i = 0; i < s->variant_count; i++)
        json_array_append_new(targets,
                              json_stringn(s->variants[i].name.ptr, s->variants[i].name.len));
    json_object_set_new(plan, "suite", json_stringn(s->suite->name.ptr, s->suite->name.len));
    json_object_set_new(plan, "seed", json_integer((json_int_t)s->options.seed));
    json_object_set_new(plan, "blocks", json_integer(s->blocks));
    json_object_set_new(plan, "targets", targets);
    json_object_set_new(plan, "workloads", names(list, workload_names(s->suite, list)));
    json_object_set_new(plan, "loads", names(list, load_names(s->suite, list)));
    json_object_set_new(plan, "trials", json_integer((json_int_t)s->record_count));
    json_object_set_new(plan, "control_trials", json_integer((json_int_t)s->control_count));
    json_object_set_new(plan, "calls", json_integer((json_int_t)calls_count(s)));
    json_object_set_new(plan, "seconds", json_real(round((double)estimate.ns / 1e8) / 10));
    json_object_set_new(plan, "guessed", json_integer((json_int_t)estimate.guessed));
    fine =
        json_dumpf(plan, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF && fflush(out) == 0;
    json_decref(plan);
    return fine;
}

static void add_cpus(struct text *text, const char *who, const uint32_t *cpus, uint32_t count)
{
    text_format(text, "%s", who);
    if (count == 0)
        text_format(text, " not pinned");
    for (uint32_t i = 0; i < count; i++)
        text_format(text, "%s%u", i == 0 ? " CPU " : ",", cpus[i]);
}

static void print_cpus(const struct screen *out, const struct places *places)
{
    char bytes[1024];
    struct text text = TEXT(bytes);

    add_cpus(&text, "generator on", places->client, places->client_count);
    add_cpus(&text, ", targets on", places->server, places->server_count);
    listing_sentence(out, "%s", bytes);
}

/* What stands in the plan and cannot be run here. */
static void print_misfits(const struct screen *out, const struct session *s)
{
    struct places places;
    struct error why;

    for (size_t i = 0; i < s->variant_count; i++)
        if (!cores_places(&s->places, &s->variants[i], &places, &why))
            listing_sentence(out, "%.*s: not measured: %s", (int)s->variants[i].name.len,
                             s->variants[i].name.ptr, why.text);
}

/* Which targets' memory will seem to grow is not known before. */
static void print_proofs(const struct screen *out, const struct session *s)
{
    const struct prove_wish *prove = &s->options.prove;
    char time_text[UNITS_TEXT_MAX];

    if (prove->wanted)
        listing_sentence(out,
                         "proofs are in that time; where memory seems to grow, %s more for a trial",
                         units_duration(prove_leak_ns(prove), true, time_text));
}

static void print_what(const struct screen *out, const struct session *s)
{
    const struct estimate estimate = session_estimate(s);
    unsigned workloads = (unsigned)__builtin_popcountll(s->suite->workloads_mask);
    unsigned loads = (unsigned)__builtin_popcountll(s->suite->loads_mask);
    char time_text[UNITS_TEXT_MAX];

    listing_sentence(out, "%s: %.*s", s->suite->file, (int)s->suite->title.len,
                     s->suite->title.ptr);
    listing_sentence(
        out,
        "%zu variant%s x %u workload%s x %u load%s, %u block%s: %zu trial%s, about %s, "
        "seed %llu",
        s->variant_count, units_plural(s->variant_count), workloads, units_plural(workloads), loads,
        units_plural(loads), s->blocks, units_plural(s->blocks), s->record_count,
        units_plural(s->record_count), units_duration(estimate.ns, true, time_text),
        (unsigned long long)s->options.seed);
    if (estimate.guessed > 0)
        listing_sentence(out, "the time of %zu of %zu start%s is a guess: %s not run here before",
                         estimate.guessed, estimate.starts, units_plural(estimate.starts),
                         estimate.guessed == 1 ? "it was" : "they were");
}

static struct planned_trial planned(const void *context, size_t index)
{
    const struct session *s = context;
    const struct trial_slot *slot = &s->slots[index];
    const struct load *load = &s->suite->loads[slot->load];

    return (struct planned_trial){ .block = slot->block,
                                   .position = slot->position,
                                   .target = s->variants[slot->variant].name,
                                   .workload = s->suite->workloads[slot->workload].name,
                                   .load = load->name,
                                   .stages = load->stages != NULL ? load->stage_count : 0,
                                   .control = slot->control };
}

bool run_plan_print(const struct screen *out, const struct session *s)
{
    size_t calls = calls_count(s);

    print_what(out, s);
    if (s->control_count > 0)
        listing_sentence(out,
                         "%zu of the trials are the A/A control: a target once more, for the noise "
                         "floor",
                         s->control_count);
    print_proofs(out, s);
    if (calls > 0)
        listing_sentence(out, "%zu application%s called in-process, in %u process%s each", calls,
                         units_plural(calls), s->blocks, s->blocks == 1 ? "" : "es");
    print_cpus(out, &s->places);
    print_misfits(out, s);
    fputc('\n', out->out);
    listing_plan(out, planned, s, s->slot_count);
    return fflush(out->out) == 0 && !ferror(out->out);
}
