/* assay run SUITE: start, verify, drive, stop, every target; rank them; keep the record. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/demands.h"
#include "cli/run_plan.h"
#include "cli/run_view.h"
#include "cli/syntax.h"
#include "report/ranking.h"
#include "report/terminal.h"
#include "run/cores.h"
#include "run/session.h"

enum {
    KEY_ONLY = 0x100,
    KEY_BLOCKS,
    KEY_PRESET,
    KEY_DRY_RUN,
    KEY_CPUS,
    KEY_PROVE,
    KEY_PROVE_DURATION,
    KEY_STRICT,
    KEY_MAX_ERRORS,
    KEY_PERCENTILES,
};

/* clang-format off */
static const struct argp_option option_table[] = {
    { "only", KEY_ONLY, "NAMES", 0, "These targets or variants only, separated by commas", 1 },
    { "blocks", KEY_BLOCKS, "N", 0, "This many trials of each target", 1 },
    { "preset", KEY_PRESET, "NAME", 0,
      "Blocks, durations and counts as the suite's preset says", 1 },
    { "dry-run", KEY_DRY_RUN, NULL, 0, "Print the plan and how long it takes; start nothing", 1 },
    { "cpus", KEY_CPUS, "WHERE", 0,
      "client=LIST,server=LIST: the CPUs of each side, like 0 or 2-3 (each its own)", 4 },
    { "prove", KEY_PROVE, NULL, 0,
      "Drive the target again after each trial, to prove whether the generator was the limit and "
      "whether memory that grows is a leak", 4 },
    { "prove-duration", KEY_PROVE_DURATION, "TIME", 0,
      "Length of each of the two drives that prove a leak (60s)", 4 },
    { "strict", KEY_STRICT, NULL, 0, "Exit 1 when a trial is INVALID", 4 },
    { "max-errors", KEY_MAX_ERRORS, "SHARE", 0,
      "Exit 1 when a larger share of a trial's requests failed: 1%, 0 (100%)", 4 },
    { "percentiles", KEY_PERCENTILES, "LIST", 0,
      "Which to show of response times: 50,99,99.9; at most 8 (those that each table has)", 90 },
    { 0 },
};
/* clang-format on */

struct options {
    struct common_options common;
    struct session_options session;
    struct demands demands;
    bool dry_run;
};

/* ---- options ---- */

static bool take_option(void *options, int key, const char *argument, enum said_by by,
                        struct error *err)
{
    struct options *o = options;
    uint64_t number = 0;
    bool fine = true;

    (void)by;
    switch (key) {
    case ARGP_KEY_ARG:
        if (o->session.path != NULL)
            return error_usage(err, "one suite at a time: '%s' or '%s'?", o->session.path,
                               argument);
        o->session.path = argument;
        return true;
    case ARGP_KEY_END:
        return o->session.path != NULL ||
               error_usage(err, "which suite? A folder with a suite.yaml in it, for example "
                                "suites/demo");
    case KEY_ONLY:
        o->session.only = argument;
        return true;
    case KEY_PRESET:
        o->session.preset = argument;
        return true;
    case KEY_BLOCKS:
        fine = parse_count("--blocks", argument, 1, 10000, &number, err);
        o->session.blocks = (uint32_t)number;
        return fine;
    case KEY_DRY_RUN:
        o->dry_run = true;
        return true;
    case KEY_PROVE:
        o->session.prove.wanted = true;
        return true;
    case KEY_PROVE_DURATION:
        return parse_prove_duration(argument, &o->session.prove, err);
    case KEY_STRICT:
        o->demands.strict = true;
        return true;
    case KEY_MAX_ERRORS:
        return demands_parse_share(argument, &o->demands, err);
    case KEY_PERCENTILES:
        return percentiles_parse(slice_of(argument), &o->common.percentiles, err);
    case KEY_CPUS:
        return parse_places(argument, &o->session.places, err);
    default:
        return error_usage(err, "option %d has no meaning", key);
    }
}

static const struct syntax syntax = {
    .name = "assay run",
    .kind = SYNTAX_DRIVES,
    .table = option_table,
    .args_doc = "SUITE",
    .doc = "Runs a suite: for each trial a target is started afresh, verified, driven and stopped; "
           "then "
           "the targets are ranked, as far as their trials can tell.",
    .take = take_option,
};

/* ---- the run ---- */

static bool calls_complete(const json_t *tables)
{
    json_t *table, *row;
    size_t i, k;

    json_array_foreach(tables, i, table) json_array_foreach(
        json_object_get(table, "rows"), k,
        row) if (json_string_length(json_object_get(row, "reason")) > 0) return false;
    return true;
}

/* Of a variant that needs more cores than there are: no failure, there is nothing to mend. */
static bool is_misfit(const struct session *s, const struct trial_record *t)
{
    const struct variant *variant = session_variant(s, t->target);
    struct places places;
    struct error why;

    return variant != NULL && !cores_places(&s->places, variant, &places, &why);
}

/* Whether each target could be measured: what could not be has its reason in the ranking. */
static bool all_complete(const struct session *s, const struct run_record *run)
{
    for (size_t i = 0; i < run->trial_count; i++)
        if ((run->trials[i]->state != TRIAL_DONE || run->trials[i]->tally.ok == 0) &&
            !is_misfit(s, run->trials[i]))
            return false;
    return calls_complete(run->inproc) && (run->trial_count > 0 || run->inproc != NULL);
}

static int report(const struct options *o, const struct session *s, const struct run_record *run,
                  struct error *err)
{
    if (o->common.quiet < 2 && !stdout_taken(&o->common)) {
        struct screen out = result_screen(&o->common);

        terminal_run(&out, run);
        print_saved(&out, run, &o->common);
    }
    if (!write_outputs(&o->common, run, false, err))
        return fail(err);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        error_set(err, errno, "write the result to standard output");
        return fail(err);
    }
    if (stop_asked == 0 && !all_complete(s, run)) {
        fprintf(stderr,
                "error: not every target could be measured; the reasons stand beside them\n");
        return EXIT_MEASUREMENT;
    }
    if (stop_asked == 0 && !demands_met(&o->demands, run))
        return EXIT_MEASUREMENT;
    return signals_exit_code(EXIT_DONE);
}

static int run_suite(struct options *o, struct session *s, struct error *err)
{
    struct store *store = NULL;
    struct run_record *run = NULL;
    struct run_view *view;
    struct observer observer;
    struct error failure;
    bool fine;
    int code;

    if (!o->common.no_save && !database_open_to_write(&o->common, &store, err))
        return fail(err);
    events_run_start(o->common.events, mono_now(), "run", s->options.command, s->record_count);
    view = run_view_new(&o->common, s);
    if (view == NULL) {
        fine = error_set(&failure, ENOMEM, "prepare the screen");
    } else {
        observer = run_view_observer(view);
        fine = session_run(s, store, &observer, &run, &failure);
    }
    run_view_free(view);
    code = run == NULL ? EXIT_DONE : report(o, s, run, err);
    if (!fine)
        code = fail(&failure);
    events_run_end(o->common.events, mono_now(), run != NULL ? run->id : "", code);
    run_record_free(run);
    store_close(store);
    return code;
}

static bool write_plan(const struct output *output, const struct session *s, struct error *err)
{
    bool standard = strcmp(output->file, "-") == 0;
    FILE *out = standard ? stdout : fopen(output->file, "w");
    bool fine = out != NULL && run_plan_write_json(out, s);

    if (out != NULL && !standard && fclose(out) != 0)
        fine = false;
    return fine || error_set(err, errno, "write %s", standard ? "standard output" : output->file);
}

static int show_plan(const struct options *o, const struct session *s, struct error *err)
{
    const struct screen out = result_screen(&o->common);

    if (o->common.quiet < 2 && !stdout_taken(&o->common) && !run_plan_print(&out, s)) {
        error_set(err, errno, "write the plan to standard output");
        return fail(err);
    }
    for (size_t i = 0; i < o->common.output_count; i++)
        if (!write_plan(&o->common.outputs[i], s, err))
            return fail(err);
    return EXIT_DONE;
}

static bool formats_fit(const struct options *o, struct error *err)
{
    for (size_t i = 0; o->dry_run && i < o->common.output_count; i++)
        if (o->common.outputs[i].format != OUTPUT_JSON)
            return error_usage(err, "a plan holds no results: with --dry-run there is -o json=FILE "
                                    "alone");
    return check_outputs(&o->common, err);
}

static int plan_and_run(struct options *o, struct error *err)
{
    struct session session;
    int code;

    if (!formats_fit(o, err) || !session_plan(&o->session, &session, err))
        return fail(err);
    code = o->dry_run ? show_plan(o, &session, err) : run_suite(o, &session, err);
    session_release(&session);
    return code;
}

int cmd_run(int argc, char **argv)
{
    struct options o = { .demands = DEMANDS_NONE };
    struct words words;
    struct error err;
    int code;

    if (!syntax_read(&syntax, argc, argv, &o, &words, &err))
        return fail(&err);
    session_told(&o.session, &o.common, &words);
    signals_catch();
    code = plan_and_run(&o, &err);
    words_free(&words);
    events_free(o.common.events);
    return code;
}
