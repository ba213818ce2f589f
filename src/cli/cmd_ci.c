/* assay ci SUITE: two versions of one target in turn, and whether the newer one may pass. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/units.h"
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/show_progress.h"
#include "cli/version.h"
#include "report/gate_out.h"
#include "run/pairs.h"
#include "target/checkout.h"

#define PAIRS_DEFAULT 12

enum {
    KEY_BASE = 0x100,
    KEY_HEAD,
    KEY_BASE_CMD,
    KEY_HEAD_CMD,
    KEY_ONLY,
    KEY_PAIRS,
    KEY_LIMIT,
    KEY_ALPHA,
    KEY_PRESET,
    KEY_SEED,
    KEY_CONCLUSIVE,
    KEY_GATE,
    KEY_CPUS,
    KEY_RING,
    KEY_NO_CEILING,
    KEY_NO_SAVE
};

/* clang-format off */
static const struct argp_option option_table[] = {
    { "base", KEY_BASE, "WHAT", 0,
      "A git ref of SUITE's repository, or a command (with a blank in it) that starts the target",
      1 },
    { "head", KEY_HEAD, "WHAT", 0, "The same of what may pass or not (SUITE as it stands)", 1 },
    { "base-cmd", KEY_BASE_CMD, "CMD", 0, "A command, blank or not", 1 },
    { "head-cmd", KEY_HEAD_CMD, "CMD", 0, "A command, blank or not", 1 },
    { "only", KEY_ONLY, "NAMES", 0, "These targets or variants only, separated by commas", 1 },
    { "pairs", KEY_PAIRS, "N", 0,
      "So many pairs, each three trials: base, head, base again (12)", 1 },
    { "limit", KEY_LIMIT, "METRIC=PERCENT", 0,
      "How much worse it may be (throughput=-3%, p99=+10%, rss=+5%; p50 and cpu have none); "
      "METRIC=off for no limit", 1 },
    { "alpha", KEY_ALPHA, "P", 0,
      "How often two that are the same may be called different (0.05)", 1 },
    { "preset", KEY_PRESET, "NAME", 0, "Durations and counts as the suite's preset says", 1 },
    { "seed", KEY_SEED, "N", 0, "Of arrivals and nonces", 1 },
    { "require-conclusive", KEY_CONCLUSIVE, NULL, 0, "Exit 4 when a gate is inconclusive", 2 },
    { "gate", KEY_GATE, "POLICY", 0,
      "What a regression does: fail (exit 3), warn or off (exit 0)", 2 },
    { "cpus", KEY_CPUS, "WHERE", 0,
      "client=LIST,server=LIST; lists like 0 or 2-3 (each their own)", 3 },
    { "ring", KEY_RING, "NAME", 0, "io_uring or epoll (what works here)", 3 },
    { "no-ceiling", KEY_NO_CEILING, NULL, 0,
      "Do not measure what the generator reaches against an empty server, unless that is known",
      3 },
    { "no-save", KEY_NO_SAVE, NULL, 0, "Do not write to the results database", 3 },
    { 0 },
};
/* clang-format on */

struct version {
    const char *asked; /* NULL: SUITE as it stands */
    bool is_command, by_environment;
    struct checkout checkout;
    char path[CHECKOUT_PATH_MAX];
    char shown[300];
};

struct options {
    struct common_options common;
    struct session_options session;
    struct version versions[2]; /* base, head */
    struct gate_limits limits;
    const char *suite, *policy;
    uint32_t pairs;
    int given; /* of the words, the environment's */
    bool seed_given, no_save, conclusive;
};

/* ---- options ---- */

/* The command line wins over what the environment says, and comes after it. */
static bool take_version(struct version *version, const char *text, bool is_command,
                         bool by_environment, struct error *err)
{
    if (version->asked != NULL && version->by_environment == by_environment)
        return error_usage(err, "one version a side: '%s' or '%s'?", version->asked, text);
    if (text[0] == '\0')
        return error_usage(err, "a ref or a command cannot be empty");
    version->asked = text;
    version->by_environment = by_environment;
    version->is_command = is_command || strpbrk(text, " \t\n") != NULL;
    return true;
}

static bool take_alpha(struct options *o, const char *text, struct error *err)
{
    char *end;

    o->limits.alpha = strtod(text, &end);
    if (end != text && *end == '\0' && o->limits.alpha > 0 && o->limits.alpha <= 0.5)
        return true;
    return error_usage(err, "--alpha '%s' is no probability from above 0 to 0.5; write 0.05", text);
}

static bool take_policy(struct options *o, const char *text, struct error *err)
{
    o->policy = text;
    if (strcmp(text, "fail") == 0 || strcmp(text, "warn") == 0 || strcmp(text, "off") == 0)
        return true;
    return error_usage(err, "--gate is fail, warn or off, not '%s'", text);
}

static bool take_number(struct options *o, int key, const char *argument, struct error *err)
{
    uint64_t number = 0;

    if (key == KEY_SEED) {
        o->seed_given = true;
        return parse_count("--seed", argument, 0, UINT64_MAX, &o->session.seed, err);
    }
    if (!parse_count("--pairs", argument, 1, PAIRS_MAX / 2, &number, err))
        return false;
    o->pairs = (uint32_t)number;
    return true;
}

static bool take_option(struct options *o, int key, const char *argument, bool by_environment,
                        struct error *err)
{
    switch (key) {
    case KEY_BASE:
    case KEY_HEAD:
        return take_version(&o->versions[key - KEY_BASE], argument, false, by_environment, err);
    case KEY_BASE_CMD:
    case KEY_HEAD_CMD:
        return take_version(&o->versions[key - KEY_BASE_CMD], argument, true, by_environment, err);
    case KEY_ONLY:
        o->session.only = argument;
        return true;
    case KEY_PRESET:
        o->session.preset = argument;
        return true;
    case KEY_PAIRS:
    case KEY_SEED:
        return take_number(o, key, argument, err);
    case KEY_LIMIT:
        return gate_limit_parse(argument, &o->limits, err);
    case KEY_ALPHA:
        return take_alpha(o, argument, err);
    case KEY_GATE:
        return take_policy(o, argument, err);
    case KEY_CONCLUSIVE:
        o->conclusive = true;
        return true;
    case KEY_CPUS:
        return parse_places(argument, &o->session.places, err);
    case KEY_RING:
        return parse_ring(argument, &o->session.ring, err);
    case KEY_NO_CEILING:
        o->session.kept_ceiling_only = true;
        return true;
    case KEY_NO_SAVE:
        o->no_save = true;
        return true;
    default:
        return error_usage(err, "option %d has no meaning", key);
    }
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;
    struct error err;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->common;
        return 0;
    case ARGP_KEY_ARG:
        if (o->suite != NULL)
            argp_error(state, "one suite at a time: '%s' or '%s'?", o->suite, argument);
        o->suite = argument;
        return 0;
    case ARGP_KEY_END:
        if (o->suite == NULL)
            argp_error(state, "which suite? A folder with a suite.yaml in it");
        if (o->versions[0].asked == NULL)
            argp_error(state, "against what? --base REF, like --base origin/main, or --base-cmd "
                              "CMD");
        return 0;
    default:
        if (key < KEY_BASE || key > KEY_NO_SAVE)
            return ARGP_ERR_UNKNOWN;
        if (!take_option(o, key, argument, state->next - 1 <= o->given, &err))
            argp_error(state, "%s", err.text);
        return 0;
    }
}

static const struct argp_child children[] = {
    {&common_argp, 0, NULL, 90 },
    { 0       }
};
static const struct argp ci_argp = {
    .options = option_table,
    .parser = parse_option,
    .args_doc = "SUITE",
    .doc = "Runs two versions of a suite's targets in turn, pair by pair, and says whether the "
           "newer one, head, may pass: a gate for CI.\v"
           "Of a git ref the whole tree is checked out below the cache folder, SUITE is read from "
           "there, and the tree is removed at the end. A command takes the place of the target's "
           "`start`.\n\n"
           "What looks like a regression is measured again, in as many new pairs, and only what "
           "these confirm fails. With GITHUB_ACTIONS=true regressions are printed as annotations, "
           "and the table goes into $GITHUB_STEP_SUMMARY. -o json=FILE, md=FILE, junit=FILE.\n\n"
           "Exit: 0 may pass, 1 could not be measured, 2 usage or configuration, 3 a gate said no, "
           "4 inconclusive (with --require-conclusive), 130/143 interrupted.",
    .children = children,
};

/* ---- the versions ---- */

static bool open_version(const struct options *o, struct version *v, struct pair_version *ret,
                         struct error *err)
{
    *ret = (struct pair_version){ .path = o->suite };
    snprintf(v->shown, sizeof(v->shown), "%s", v->asked == NULL ? "as it stands" : v->asked);
    if (v->asked == NULL)
        return true;
    if (v->is_command) {
        ret->start = v->asked;
        return true;
    }
    if (!checkout_open(o->suite, v->asked, &v->checkout, v->path, err))
        return false;
    ret->path = v->path;
    if (strcmp(v->asked, v->checkout.commit) != 0)
        snprintf(v->shown, sizeof(v->shown), "%s (%.200s)", v->checkout.commit, v->asked);
    return true;
}

static bool close_versions(struct options *o, struct error *err)
{
    bool fine = true;

    for (size_t i = 0; i < 2; i++)
        fine = checkout_close(&o->versions[i].checkout, err) && fine;
    return fine;
}

/* ---- the pairs ---- */

struct view {
    struct screen screen;
    struct live *live;
};

/* Pairs get a line each; inside of one only who asks is told. */
static void show_when_asked(void *context, const struct progress *progress)
{
    const struct view *view = context;
    struct progress_texts texts;
    struct live_trial trial = live_trial_of(progress, &view->screen, &texts);

    if (status_wanted())
        live_status(view->live, NULL, &trial);
}

__attribute__((format(printf, 2, 3))) static void say(const struct options *o, const char *fmt, ...)
{
    va_list args;

    if (o->common.quiet > 0)
        return;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
}

static bool run_pairs(const struct options *o, struct pairs *pairs, struct error *err)
{
    struct mono started = mono_now();

    for (uint32_t i = 1; i <= o->pairs && stop_asked == 0; i++) {
        char text[UNITS_TEXT_MAX];

        if (!pairs_next(pairs, err))
            return false;
        say(o, "pair %2u/%u   %s\n", i, o->pairs,
            units_duration(mono_diff_ns(started, mono_now()), true, text));
    }
    return true;
}

/* As many new pairs of the cells in which a regression is suspected. */
static bool confirm(const struct options *o, struct pairs *pairs, struct gate *gate,
                    struct error *err)
{
    size_t suspected = gate_count(gate, GATE_SUSPECTED);
    uint32_t first = pairs->done;

    if (suspected == 0)
        return true;
    say(o, "confirming %zu suspected regression%s with %u new pairs\n", suspected,
        suspected == 1 ? "" : "s", o->pairs);
    pairs_choose_none(pairs);
    for (size_t i = 0; i < gate->row_count; i++)
        if (gate->rows[i].word == GATE_SUSPECTED)
            pairs_choose(pairs, gate->rows[i].cell);
    return run_pairs(o, pairs, err) &&
           (stop_asked > 0 || gate_confirm(gate, pairs->run, first, err));
}

/* ---- what is said ---- */

static int exit_code_of(const struct options *o, const struct gate *gate)
{
    if (strcmp(o->policy, "fail") == 0 && gate_count(gate, GATE_REGRESSION) > 0)
        return EXIT_GATE;
    if (o->conclusive && gate_count(gate, GATE_INCONCLUSIVE) > 0)
        return EXIT_INCONCLUSIVE;
    return EXIT_DONE;
}

static bool write_one(const struct output *output, FILE *out, const struct gate *gate,
                      const struct gate_about *about, struct error *err)
{
    if (output->format == OUTPUT_JSON)
        return gate_write_json(out, gate, about, err);
    if (output->format == OUTPUT_JUNIT)
        return gate_write_junit(out, gate, about, err);
    return gate_write_markdown(out, gate, about, err);
}

static bool write_to(const struct output *output, const char *mode, const struct gate *gate,
                     const struct gate_about *about, struct error *err)
{
    bool standard = strcmp(output->file, "-") == 0;
    FILE *out = standard ? stdout : fopen(output->file, mode);
    bool fine;

    if (out == NULL)
        return error_set(err, errno, "write %s", output->file);
    fine = write_one(output, out, gate, about, err);
    if (!standard && fclose(out) != 0 && fine)
        fine = error_set(err, errno, "close the file");
    return fine || error_wrap(err, "write %s", standard ? "standard output" : output->file);
}

static bool tell_github(const struct options *o, const struct gate *gate,
                        const struct gate_about *about, struct error *err)
{
    const char *there = getenv("GITHUB_ACTIONS"), *summary = getenv("GITHUB_STEP_SUMMARY");
    const struct output output = { .format = OUTPUT_MARKDOWN, .file = summary };

    if (there == NULL || strcmp(there, "true") != 0)
        return true;
    if (strcmp(o->policy, "off") != 0)
        gate_annotate(stdout_taken(&o->common) ? stderr : stdout, gate, about);
    return summary == NULL || *summary == '\0' || write_to(&output, "a", gate, about, err);
}

static bool put_out(const struct options *o, const struct gate *gate,
                    const struct gate_about *about, struct error *err)
{
    if (o->common.quiet < 2 && !stdout_taken(&o->common)) {
        struct screen screen = screen_detect(stdout, o->common.color);

        gate_print(&screen, gate, about);
    }
    for (size_t i = 0; i < o->common.output_count; i++)
        if (!write_to(&o->common.outputs[i], "w", gate, about, err))
            return false;
    if (!tell_github(o, gate, about, err))
        return false;
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           error_set(err, errno, "write to standard output");
}

static bool report(const struct options *o, const struct pairs *pairs, const struct gate *gate,
                   int *ret_code, struct error *err)
{
    char again[4300];
    struct gate_about about = { .base = o->versions[0].shown,
                                .head = o->versions[1].shown,
                                .policy = o->policy,
                                .run = pairs->run->id,
                                .again = again,
                                .pairs = o->pairs,
                                .seed = o->session.seed,
                                .exit_code = exit_code_of(o, gate) };

    /* What the environment said would not be there the next time. */
    snprintf(again, sizeof(again), "%s", o->session.command);
    if (strstr(o->session.command, " --seed") == NULL)
        snprintf(again, sizeof(again), "%.4200s --seed %llu", o->session.command,
                 (unsigned long long)o->session.seed);
    *ret_code = about.exit_code;
    return put_out(o, gate, &about, err);
}

/* ---- from the suite to the exit code ---- */

static bool measure(const struct options *o, struct pairs *pairs, struct store *store,
                    int *ret_code, struct error *err)
{
    struct view view = { .screen = screen_detect(stderr, o->common.color) };
    const struct observer observer = { .context = &view, .progress = show_when_asked };
    struct gate gate = { 0 };
    bool fine;

    view.live = live_new(&view.screen, true);
    fine = pairs_begin(pairs, store, &observer, err) && run_pairs(o, pairs, err);
    if (fine && stop_asked == 0)
        fine = gate_make(pairs->run, 0, pairs->done, &o->limits, &gate, err) &&
               confirm(o, pairs, &gate, err);
    if (pairs->run != NULL && pairs->run->id[0] != '\0') {
        struct error why;

        if (!pairs_end(pairs, &why) && fine) {
            *err = why;
            fine = false;
        }
    }
    if (fine && stop_asked == 0)
        fine = report(o, pairs, &gate, ret_code, err);
    gate_free(&gate);
    live_free(view.live);
    return fine;
}

/* With fewer pairs than that no regression could ever be told from chance, and all would pass. */
static bool enough_pairs(const struct options *o, size_t cells, struct error *err)
{
    size_t needed = gate_pairs_needed(&o->limits, cells);

    if (o->pairs >= needed || strcmp(o->policy, "off") == 0)
        return true;
    return error_usage(
        err,
        "%u pairs cannot show a regression: with %zu cell%s and these limits it takes "
        "%zu (--pairs %zu), or fewer targets (--only) and limits (--limit p99=off)",
        o->pairs, cells, cells == 1 ? "" : "s", needed, needed);
}

static bool plan_and_measure(struct options *o, int *ret_code, struct error *err)
{
    struct pair_version versions[2];
    struct store *store = NULL;
    struct pairs pairs;
    char text[UNITS_TEXT_MAX];
    bool fine;

    for (size_t i = 0; i < 2; i++)
        if (!open_version(o, &o->versions[i], &versions[i], err))
            return error_wrap(err, i == 0 ? "--base" : "--head");
    if (!pairs_plan(&o->session, versions, 2 * o->pairs, &pairs, err))
        return false;
    if (!enough_pairs(o, pairs_compared(&pairs), err)) {
        pairs_release(&pairs);
        return false;
    }
    say(o,
        "base %s   head %s\n%zu cell%s, %u pairs of base, head and base again: about %s, seed "
        "%llu\n",
        o->versions[0].shown, o->versions[1].shown, pairs.cell_count,
        pairs.cell_count == 1 ? "" : "s", o->pairs,
        units_duration(o->pairs * pairs_ns(&pairs), true, text),
        (unsigned long long)o->session.seed);
    if (pairs.base_alone + pairs.head_alone > 0)
        say(o,
            "left out, as the other side has no such target, workload and load: %zu of base, "
            "%zu of head\n",
            pairs.base_alone, pairs.head_alone);
    fine = (o->no_save || database_open_to_write(&o->common, &store, err)) &&
           measure(o, &pairs, store, ret_code, err);
    store_close(store);
    pairs_release(&pairs);
    return fine;
}

static int run_ci(struct options *o)
{
    struct error err, left;
    int code = EXIT_DONE;
    bool fine = check_outputs(&o->common, &err) && plan_and_measure(o, &code, &err);

    /* Whatever happened: also when it was interrupted, or could not be measured. */
    if (!close_versions(o, &left) && fine) {
        err = left;
        fine = false;
    }
    if (!fine)
        return fail(&err);
    if (stop_asked > 0)
        fprintf(stderr, "interrupted: no gate was asked\n");
    return signals_exit_code(code);
}

int cmd_ci(int argc, char **argv)
{
    static char program_name[] = "assay ci"; /* as which argp's messages speak */
    static struct options o = { .policy = "fail", .pairs = PAIRS_DEFAULT };
    struct arena arena;
    struct error err;
    uint32_t random = 1;
    int full_argc, given;
    char **full_argv;
    int code;

    if (!with_environment(argc, argv, option_table, &full_argc, &full_argv, &given, &err) ||
        !arena_map(&arena, 65536, &err))
        return fail(&err);
    o.limits = gate_limits_default();
    o.common.gates = true;
    full_argv[0] = program_name;
    o.given = given;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&ci_argp, full_argc, full_argv, 0, NULL, &o);
    if (!o.seed_given && getrandom(&random, sizeof(random), 0) == sizeof(random))
        o.session.seed = random;
    o.session.command =
        arena_format(&arena, "assay ci %s", command_line(&arena, argc, argv) + strlen("assay "));
    o.session.version = VERSION_TEXT;
    o.session.stop_asked = &stop_asked;
    signals_catch();
    code = run_ci(&o);
    arena_unmap(&arena);
    free_words(full_argv, given);
    return code;
}
