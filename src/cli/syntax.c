#include "cli/syntax.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "cli/cmd.h"
#include "cli/foreign.h"
#include "cli/version.h"

/* ---- what is shared ---- */

enum {
    KEY_DB = 0x1000,
    KEY_COLOR,
    KEY_PROGRESS,
    KEY_PROGRESS_FD,
    KEY_NO_SAVE,
    KEY_RING,
    KEY_SEED,
    KEY_NO_CEILING,
};

/* clang-format off */
static const struct argp_option shows[] = {
    { "output", 'o', "FORMAT=FILE", 0,
      "Also write json=FILE, csv=FILE or md=FILE; '-' is standard output", 90 },
    { "json", 'j', NULL, 0, "The result as JSON on standard output: -o json=-", 90 },
    { "quiet", 'q', NULL, 0, "No progress; twice: no summary either", 90 },
    { "db", KEY_DB, "FILE", 0, "The results database (default: $ASSAY_DB, else assay.db)", 90 },
    { "color", KEY_COLOR, "WHEN", 0, "auto, always or never", 90 },
    { NULL, 'h', NULL, OPTION_HIDDEN, NULL, 90 },
    { 0 },
};
static const struct argp_option measures[] = {
    { "progress", KEY_PROGRESS, "FORM", 0,
      "auto (repainted on a terminal, else lines), plain (lines), json (events, one a line; `assay "
      "schema progress`) or none", 90 },
    { "progress-fd", KEY_PROGRESS_FD, "N", 0,
      "Where the events of --progress=json go (2, standard error)", 90 },
    { "no-save", KEY_NO_SAVE, NULL, 0, "Do not write to the results database", 4 },
    { 0 },
};
static const struct argp_option drives[] = {
    { "ring", KEY_RING, "NAME", 0, "io_uring or epoll (what works here)", 4 },
    { "seed", KEY_SEED, "N", 0,
      "Of the order of trials, of arrivals and nonces; printed, so that it can be repeated", 4 },
    { "no-ceiling", KEY_NO_CEILING, NULL, 0,
      "Do not measure what the generator reaches against an empty server, unless that is known", 4 },
    { 0 },
};
/* clang-format on */
static const struct argp_option *const shared[] = {
    [SYNTAX_SHOWS] = shows, [SYNTAX_MEASURES] = measures, [SYNTAX_DRIVES] = drives
};

static bool take_output(struct common_options *options, const char *text, struct error *err)
{
    const char *equals = strchr(text, '=');
    struct slice format = { text, equals == NULL ? strlen(text) : (size_t)(equals - text) };
    struct output *output = &options->outputs[options->output_count];

    if (options->output_count == OUTPUTS_MAX)
        return error_usage(err, "more than %d outputs", OUTPUTS_MAX);
    if (slice_equal(format, SLICE("json")))
        output->format = OUTPUT_JSON;
    else if (options->gates && slice_equal(format, SLICE("junit")))
        output->format = OUTPUT_JUNIT;
    else if (!options->gates && slice_equal(format, SLICE("csv")))
        output->format = OUTPUT_CSV;
    else if (slice_equal(format, SLICE("md")))
        output->format = OUTPUT_MARKDOWN;
    else
        return error_usage(
            err, "output format '%.*s' is not known; there are json, %s and md (-o json=FILE)",
            (int)format.len, format.ptr, options->gates ? "junit" : "csv");
    output->file = equals == NULL || equals[1] == '\0' ? "-" : equals + 1;
    options->output_count++;
    return true;
}

static bool take_progress(struct common_options *o, const char *text, struct error *err)
{
    static const char *const forms[] = { [PROGRESS_AUTO] = "auto",
                                         [PROGRESS_PLAIN] = "plain",
                                         [PROGRESS_JSON] = "json",
                                         [PROGRESS_NONE] = "none" };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strcmp(text, forms[i]) == 0) {
            o->progress = (enum progress_form)i;
            return true;
        }
    return error_usage(err, "--progress is auto, plain, json or none, not '%s'", text);
}

/* Asked before anything is opened: what is open now was meant by who started us. Our children are
 * not to hold it open. */
static bool take_progress_fd(struct common_options *o, const char *text, struct error *err)
{
    uint64_t fd;
    int flags;

    if (!parse_count("--progress-fd", text, STDERR_FILENO, INT_MAX, &fd, err))
        return false;
    flags = fcntl((int)fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
        return error_usage(err,
                           "--progress-fd %s is not open for writing; in a shell: %s>events.jsonl",
                           text, text);
    if (fd != STDERR_FILENO)
        fcntl((int)fd, F_SETFD, FD_CLOEXEC);
    o->progress_fd = (int)fd;
    return true;
}

static bool take_shared(struct common_options *o, int key, const char *argument, struct error *err)
{
    switch (key) {
    case 'o':
        return take_output(o, argument, err);
    case 'j':
        return take_output(o, "json=-", err);
    case 'q':
        o->quiet++;
        return true;
    case KEY_DB:
        o->db = argument;
        return true;
    case KEY_COLOR:
        o->color = argument;
        return parse_color(argument, err);
    case KEY_PROGRESS:
        return take_progress(o, argument, err);
    case KEY_PROGRESS_FD:
        return take_progress_fd(o, argument, err);
    case KEY_NO_SAVE:
        o->no_save = true;
        return true;
    case KEY_RING:
        return parse_ring(argument, &o->ring, err);
    case KEY_SEED:
        o->seed_given = true;
        return parse_count("--seed", argument, 0, UINT64_MAX, &o->seed, err);
    case KEY_NO_CEILING:
        o->no_ceiling = true;
        return true;
    }
    BUG("a shared option that nobody takes");
}

/* ---- one table ---- */

#define OPTIONS_MAX 96

struct reading {
    const struct syntax *syntax;
    struct argp_option table[OPTIONS_MAX + 1]; /* its own options, then the shared ones */
    size_t own, ours, count; /* its own, with the shared ones, with those of others */
    struct common_options *options;
    int given;
};

static bool is_end(const struct argp_option *option)
{
    return option->name == NULL && option->key == 0;
}

static void add_option(struct reading *r, struct argp_option option)
{
    BUG_IF(r->count == OPTIONS_MAX);
    r->table[r->count++] = option;
}

static void add_table(struct reading *r, const struct argp_option *table)
{
    for (; table != NULL && !is_end(table); table++)
        add_option(r, *table);
}

static void make_table(struct reading *r)
{
    add_table(r, r->syntax->table);
    r->own = r->count;
    for (size_t kind = 0; kind <= r->syntax->kind; kind++)
        add_table(r, shared[kind]);
    r->ours = r->count;
    for (size_t i = 0; r->syntax->refuses_foreign && i < foreign_count(); i++)
        add_option(r, foreign_option(i));
}

/* argp hands out an alias of one letter as it was typed: curl's -X, wrk2's -R. */
static bool find_option(const struct reading *r, int key, size_t *ret_index)
{
    size_t i = 0;

    while (i < r->count && r->table[i].key != key)
        i++;
    if (i == r->count)
        return false;
    while ((r->table[i].flags & OPTION_ALIAS) != 0)
        i--;
    *ret_index = i;
    return true;
}

/* ---- the environment ---- */

/* "--connections" is asked for as ASSAY_CONNECTIONS, "--expect-status" as ASSAY_EXPECT_STATUS. */
static const char *from_environment(const char *option, char *ret_name, size_t size)
{
    struct text name = { ret_name, 0, size, false };

    text_format(&name, "ASSAY_%s", option);
    for (char *c = ret_name; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return getenv(ret_name);
}

static bool is_one_of(const char *value, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasecmp(value, *words) == 0)
            return true;
    return false;
}

/* The word that the environment adds for this option: NULL when none. */
static bool environment_word(const struct argp_option *option, char **ret_word, struct error *err)
{
    static const char *const on[] = { "1", "yes", "true", "on", NULL };
    static const char *const off[] = { "0", "no", "false", "off", NULL };
    char name[64];
    const char *value =
        option->name == NULL ? NULL : from_environment(option->name, name, sizeof(name));

    *ret_word = NULL;
    if (value == NULL || *value == '\0' || (option->flags & OPTION_ALIAS) != 0)
        return true;
    if (option->arg == NULL && is_one_of(value, off))
        return true;
    if (option->arg == NULL && !is_one_of(value, on))
        return error_usage(err, "%s is '%s'; it is a switch, 1 or 0", name, value);
    if (asprintf(ret_word, option->arg == NULL ? "--%s" : "--%s=%s", option->name, value) < 0)
        return error_set(err, ENOMEM, "read the environment");
    return true;
}

/* argp moves what is no option behind the options; those in front stay where they are. */
void words_free(struct words *words)
{
    for (int i = 1; i <= words->given; i++)
        free(words->list[i]);
    free(words->list);
}

static bool collect_words(const struct reading *r, int argc, char **argv, struct words *words,
                          struct error *err)
{
    struct text command = TEXT(words->command);

    snprintf(words->name, sizeof(words->name), "%s", r->syntax->name);
    words->given = 0;
    words->list = calloc((size_t)argc + r->ours + 1, sizeof(*words->list));
    if (words->list == NULL)
        return error_set(err, ENOMEM, "read the command line");
    words->list[0] = words->name;
    for (size_t i = 0; i < r->ours; i++) {
        char *word;

        if (!environment_word(&r->table[i], &word, err)) {
            words_free(words);
            return false;
        }
        if (word != NULL)
            words->list[++words->given] = word;
    }
    text_add(&command, slice_of(words->name));
    for (int i = 1; i < argc; i++) {
        words->list[words->given + i] = argv[i];
        text_add(&command, SLICE(" "));
        add_shell_word(&command, argv[i]);
    }
    words->count = words->given + argc;
    return true;
}

/* ---- all of it ---- */

static bool take(const struct reading *r, size_t option, const char *argument, enum said_by by,
                 struct error *err)
{
    int key = r->table[option].key;

    if (option < r->own)
        return r->syntax->take(r->options, key, argument, by, err);
    if (option < r->ours)
        return take_shared(r->options, key, argument, err);
    return error_usage(err, "%s", foreign_sentence(key));
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    const struct reading *r = state->input;
    enum said_by by = state->next - 1 > r->given ? BY_COMMAND : BY_ENVIRONMENT;
    struct error err;
    size_t option;
    bool fine = true;

    if (key == ARGP_KEY_ARG || key == ARGP_KEY_END)
        fine = r->syntax->take(r->options, key, argument, by, &err);
    else if (key == 'h')
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
    else if (find_option(r, key, &option))
        fine = take(r, option, argument, by, &err);
    else
        return ARGP_ERR_UNKNOWN;
    if (!fine)
        argp_error(state, "%s", err.text);
    return 0;
}

static bool open_events(struct common_options *o, struct error *err)
{
    if (o->progress_fd != 0 && o->progress != PROGRESS_JSON)
        return error_usage(err, "--progress-fd is where events go: add --progress=json, or leave "
                                "it out");
    if (o->progress == PROGRESS_JSON)
        o->events = events_new(o->progress_fd != 0 ? o->progress_fd : STDERR_FILENO);
    return true;
}

bool syntax_read(const struct syntax *syntax, int argc, char **argv, void *options,
                 struct words *ret_words, struct error *err)
{
    struct reading r = { .syntax = syntax, .options = options };
    const struct argp argp = {
        .options = r.table, .parser = parse, .args_doc = syntax->args_doc, .doc = syntax->doc
    };

    make_table(&r);
    if (!collect_words(&r, argc, argv, ret_words, err))
        return false;
    r.given = ret_words->given;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, ret_words->count, ret_words->list, 0, NULL, &r);
    if (!r.options->seed_given)
        r.options->seed = random_seed();
    if (open_events(r.options, err))
        return true;
    words_free(ret_words);
    return false;
}

void session_told(struct session_options *session, const struct common_options *options,
                  const struct words *words)
{
    session->seed = options->seed;
    session->ring = options->ring;
    session->kept_ceiling_only = options->no_ceiling;
    session->command = words->command;
    session->version = VERSION_TEXT;
    session->stop_asked = &stop_asked;
}
