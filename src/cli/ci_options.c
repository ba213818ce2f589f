#include "cli/ci_options.h"

#include <stdlib.h>
#include <string.h>

#include "run/pairs.h"

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
    KEY_CONCLUSIVE,
    KEY_GATE,
    KEY_CPUS
};

/* clang-format off */
static const struct argp_option option_table[] = {
    { "base", KEY_BASE, "WHAT", 0,
      "A git ref of SUITE's repository, or a command (with a blank in it) that starts the target",
      1 },
    { "head", KEY_HEAD, "WHAT", 0, "Likewise the version that may pass or not (SUITE as it stands)", 1 },
    { "base-cmd", KEY_BASE_CMD, "CMD", 0, "Like --base, but always a command", 1 },
    { "head-cmd", KEY_HEAD_CMD, "CMD", 0, "Like --head, but always a command", 1 },
    { "only", KEY_ONLY, "NAMES", 0, "These targets or variants only, separated by commas", 1 },
    { "pairs", KEY_PAIRS, "N", 0,
      "This many pairs of three trials each: base, head, base again (12)", 1 },
    { "limit", KEY_LIMIT, "METRIC=PERCENT", 0,
      "How much worse head may be (throughput=-3%, p99=+10%, rss=+5%; p50 and cpu have none); "
      "METRIC=off for no limit", 1 },
    { "alpha", KEY_ALPHA, "P", 0,
      "How often two equal versions may be called different (0.05)", 1 },
    { "preset", KEY_PRESET, "NAME", 0, "Durations and counts as the suite's preset says", 1 },
    { "require-conclusive", KEY_CONCLUSIVE, NULL, 0, "Exit 4 when a gate is inconclusive", 2 },
    { "gate", KEY_GATE, "POLICY", 0,
      "What a regression does: fail (exit 3), warn or off (exit 0)", 2 },
    { "cpus", KEY_CPUS, "WHERE", 0,
      "client=LIST,server=LIST: the CPUs of each side, like 0 or 2-3 (each its own)", 4 },
    { 0 },
};
/* clang-format on */

/* The command line wins over what the environment says, and comes after it. */
static bool take_version(struct ci_version *version, const char *text, bool is_command,
                         enum said_by by, struct error *err)
{
    if (version->asked != NULL && version->by == by)
        return error_usage(err, "one version a side: '%s' or '%s'?", version->asked, text);
    if (text[0] == '\0')
        return error_usage(err, "a ref or a command cannot be empty");
    version->asked = text;
    version->by = by;
    version->is_command = is_command || strpbrk(text, " \t\n") != NULL;
    return true;
}

static bool take_alpha(struct ci_options *o, const char *text, struct error *err)
{
    char *end;

    o->limits.alpha = strtod(text, &end);
    if (end != text && *end == '\0' && o->limits.alpha > 0 && o->limits.alpha <= 0.5)
        return true;
    return error_usage(err, "--alpha '%s' is no probability from above 0 to 0.5; write 0.05", text);
}

static bool take_policy(struct ci_options *o, const char *text, struct error *err)
{
    o->policy = text;
    if (strcmp(text, "fail") == 0 || strcmp(text, "warn") == 0 || strcmp(text, "off") == 0)
        return true;
    return error_usage(err, "--gate is fail, warn or off, not '%s'", text);
}

static bool take_pairs(struct ci_options *o, const char *text, struct error *err)
{
    uint64_t number = 0;

    if (!parse_count("--pairs", text, 1, PAIRS_MAX / 2, &number, err))
        return false;
    o->pairs = (uint32_t)number;
    return true;
}

static bool take_suite(struct ci_options *o, const char *text, struct error *err)
{
    if (o->suite != NULL)
        return error_usage(err, "one suite at a time: '%s' or '%s'?", o->suite, text);
    o->suite = text;
    return true;
}

static bool nothing_missing(const struct ci_options *o, struct error *err)
{
    if (o->suite == NULL)
        return error_usage(err, "which suite? A folder with a suite.yaml in it");
    return o->versions[0].asked != NULL ||
           error_usage(err, "against what? --base REF, like --base origin/main, or --base-cmd CMD");
}

static bool take_option(void *options, int key, const char *argument, enum said_by by,
                        struct error *err)
{
    struct ci_options *o = options;

    switch (key) {
    case ARGP_KEY_ARG:
        return take_suite(o, argument, err);
    case ARGP_KEY_END:
        return nothing_missing(o, err);
    case KEY_BASE:
    case KEY_HEAD:
        return take_version(&o->versions[key - KEY_BASE], argument, false, by, err);
    case KEY_BASE_CMD:
    case KEY_HEAD_CMD:
        return take_version(&o->versions[key - KEY_BASE_CMD], argument, true, by, err);
    case KEY_ONLY:
        o->session.only = argument;
        return true;
    case KEY_PRESET:
        o->session.preset = argument;
        return true;
    case KEY_PAIRS:
        return take_pairs(o, argument, err);
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
    default:
        return error_usage(err, "option %d has no meaning", key);
    }
}

static const struct syntax syntax = {
    .name = "assay ci",
    .kind = SYNTAX_DRIVES,
    .table = option_table,
    .args_doc = "SUITE",
    .doc = "Runs two versions of a suite's targets in turn, pair by pair, and says whether the "
           "newer one, head, may pass: a gate for CI.\v"
           "Of a git ref the whole tree is checked out below the cache folder, SUITE is read from "
           "there, and the tree is removed at the end. A command takes the place of the target's "
           "`start`.\n\n"
           "What looks like a regression is measured again in as many new pairs; only what these "
           "confirm stops head. With GITHUB_ACTIONS=true regressions are printed as annotations, "
           "and the table goes into $GITHUB_STEP_SUMMARY. -o json=FILE, md=FILE, junit=FILE.\n\n"
           "Exit: 0 may pass, 1 could not be measured, 2 usage or configuration, 3 a gate said no, "
           "4 inconclusive (with --require-conclusive), 130/143 interrupted.",
    .take = take_option,
};

bool ci_options_read(int argc, char **argv, struct ci_options *ret_options, struct error *err)
{
    *ret_options = (struct ci_options){ .common = { .gates = true },
                                        .limits = gate_limits_default(),
                                        .policy = "fail",
                                        .pairs = PAIRS_DEFAULT };
    return syntax_read(&syntax, argc, argv, ret_options, &ret_options->words, err);
}
