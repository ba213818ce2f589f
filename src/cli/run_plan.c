#include "cli/run_plan.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/units.h"
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

bool run_plan_print_json(const struct session *s)
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
    fine = json_dumpf(plan, stdout, JSON_INDENT(2)) == 0 && printf("\n") > 0 && fflush(stdout) == 0;
    json_decref(plan);
    return fine;
}

static void print_cpus(const char *who, const uint32_t *cpus, uint32_t count)
{
    printf("%s", who);
    if (count == 0)
        printf(" not pinned");
    for (uint32_t i = 0; i < count; i++)
        printf("%s%u", i == 0 ? " CPU " : ",", cpus[i]);
}

/* What stands in the plan and cannot be run here. */
static void print_misfits(const struct session *s)
{
    struct places places;
    struct error why;

    for (size_t i = 0; i < s->variant_count; i++)
        if (!cores_places(&s->places, &s->variants[i], &places, &why))
            printf("%s: not measured: %s\n", s->variants[i].name.ptr, why.text);
}

/* Which targets' memory will seem to grow is not known before. */
static void print_proofs(const struct session *s)
{
    const struct prove_wish *prove = &s->options.prove;
    char time_text[UNITS_TEXT_MAX];

    if (prove->wanted)
        printf("proofs are in that time; where memory seems to grow, %s more for a trial\n",
               units_duration(prove_leak_ns(prove), true, time_text));
}

bool run_plan_print(const struct session *s)
{
    const struct estimate estimate = session_estimate(s);
    char time_text[UNITS_TEXT_MAX];

    printf("%s: %.*s\n", s->suite->file, (int)s->suite->title.len, s->suite->title.ptr);
    printf("%zu variants x %d workloads x %d loads, %u blocks: %zu trials, about %s, seed %llu\n",
           s->variant_count, __builtin_popcountll(s->suite->workloads_mask),
           __builtin_popcountll(s->suite->loads_mask), s->blocks, s->record_count,
           units_duration(estimate.ns, true, time_text), (unsigned long long)s->options.seed);
    if (estimate.guessed > 0)
        printf("the time of %zu of %zu starts is a guess: they were not run here before\n",
               estimate.guessed, estimate.starts);
    if (s->control_count > 0)
        printf("%zu of the trials are the A/A control: a target once more, for the noise floor\n",
               s->control_count);
    print_proofs(s);
    if (calls_count(s) > 0)
        printf("%zu applications called in-process, in %u processes each\n", calls_count(s),
               s->blocks);
    print_cpus("generator on", s->places.client, s->places.client_count);
    print_cpus(", targets on", s->places.server, s->places.server_count);
    printf("\n");
    print_misfits(s);
    printf("\n%-6s %-5s %-36s %-20s %s\n", "block", "no.", "target", "workload", "load");
    for (size_t i = 0; i < s->slot_count; i++) {
        const struct trial_slot *slot = &s->slots[i];
        const struct slice target = s->variants[slot->variant].name;
        const struct slice workload = s->suite->workloads[slot->workload].name;
        const struct load *load = &s->suite->loads[slot->load];

        printf("%-6u %-5u %-36.*s %-20.*s %.*s", slot->block + 1, slot->position + 1,
               (int)target.len, target.ptr, (int)workload.len, workload.ptr, (int)load->name.len,
               load->name.ptr);
        if (load->stages != NULL)
            printf(" (%u stages)", load->stage_count);
        if (slot->control)
            printf(" (A/A control)");
        printf("\n");
    }
    return fflush(stdout) == 0;
}
