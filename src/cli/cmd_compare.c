/* assay compare A B: two runs, targets or result files: which is faster. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/syntax.h"
#include "report/comparison_out.h"
#include "store/record_json.h"

#define NAME_MAX_BYTES 4096

struct options {
    struct common_options common;
    const char *names[2];
    size_t name_count;
};

static bool take_option(void *options, int key, const char *argument, enum said_by by,
                        struct error *err)
{
    struct options *o = options;

    (void)by;
    if (key == ARGP_KEY_END)
        return o->name_count == 2 ||
               error_usage(err, "which two? Runs (`assay list` tells them; 'last' is the newest), "
                                "RUN:TARGET, or files that -o json= wrote");
    if (o->name_count == 2)
        return error_usage(err, "two at a time: '%s' is a third", argument);
    o->names[o->name_count++] = argument;
    return true;
}

static const struct syntax syntax = {
    .name = "assay compare",
    .kind = SYNTAX_SHOWS,
    .args_doc = "A B",
    .doc =
        "Says which of two is faster, as far as their trials can tell. A and B are runs (a number, "
        "a unique beginning of it, or 'last'), targets of runs (RUN:TARGET), or files written by "
        "-o json=, of a run or of a trial.\v"
        "Compared are the cells that have the same workload, load and target on both sides. Where "
        "each side has one target only, these two are compared whatever they are called. Targets "
        "of one run are "
        "compared block by block, other runs as two samples. What was not the same on both sides "
        "is said first.\n\n"
        "Exit: 0 done, whatever was found; 2 a run or a file that is not there, or nothing to "
        "compare.",
    .take = take_option,
};

/* ---- one side ---- */

/* What was named, and what it was read into. */
struct side {
    char room[NAME_MAX_BYTES]; /* the name up to the colon */
    struct run_record *run;
    struct comparison_side side;
};

/* A single trial as a run that holds nothing else. */
static struct run_record *run_of_trial(const json_t *json, struct error *err)
{
    struct trial_record *trial = trial_from_json(json, err);
    struct run_record *run = trial == NULL ? NULL : run_record_new(4096, err);

    if (run == NULL) {
        trial_record_free(trial);
        return NULL;
    }
    run->trials = arena_new(&run->arena, struct trial_record *, 1);
    run->trials[run->trial_count++] = trial;
    run->started = trial->started;
    return run;
}

static bool read_file(const char *path, struct side *side, struct error *err)
{
    json_error_t why;
    json_t *json = json_load_file(path, 0, &why);
    const char *schema = json_string_value(json_object_get(json, "schema"));

    if (json == NULL)
        return error_usage(err, "%s is no JSON (line %d: %s); it should be what -o json= wrote",
                           path, why.line, why.text);
    side->side.single = schema != NULL && strcmp(schema, RECORD_TRIAL_SCHEMA) == 0;
    side->run = side->side.single ? run_of_trial(json, err) : run_from_json(json, err);
    json_decref(json);
    if (side->run != NULL)
        return true;
    error_wrap(err, "%s (it should be what -o json= wrote of a load or a suite)", path);
    err->usage = true;
    return false;
}

static bool is_file(const char *name)
{
    return access(name, F_OK) == 0;
}

static bool read_run(const struct options *o, struct side *side, struct error *err)
{
    struct store *store;
    bool fine;

    if (!database_open(&o->common, &store, err))
        return error_wrap(err, "%s is no file, so it should be a run", side->room);
    fine = store_read_run(store, side->room, &side->run, err);
    store_close(store);
    return fine;
}

/* A name that is a file as a whole is that file, colons and all. */
static bool read_side(const struct options *o, const char *name, struct side *side,
                      struct error *err)
{
    const char *colon = is_file(name) ? NULL : strchr(name, ':');
    size_t len = colon == NULL ? strlen(name) : (size_t)(colon - name);

    if (len >= sizeof(side->room))
        return error_usage(err, "'%.40s...' is too long for the name of a run or a file", name);
    memcpy(side->room, name, len);
    side->room[len] = '\0';
    side->side.name = name;
    side->side.target = colon == NULL ? NULL : colon + 1;
    if (!(is_file(side->room) ? read_file(side->room, side, err) : read_run(o, side, err)))
        return false;
    side->side.run = side->run;
    return true;
}

/* ---- the comparison ---- */

static bool write_one(const struct output *output, const struct comparison *c, FILE *out,
                      struct error *err)
{
    return output->format == OUTPUT_JSON ? comparison_write_json(out, c, err)
                                         : comparison_write_markdown(out, c, err);
}

static bool write_to(const struct output *output, const struct comparison *c, struct error *err)
{
    bool standard = strcmp(output->file, "-") == 0;
    FILE *out = standard ? stdout : fopen(output->file, "w");
    bool fine;

    if (out == NULL)
        return error_set(err, errno, "write %s", output->file);
    fine = write_one(output, c, out, err);
    if (!standard && fclose(out) != 0 && fine)
        fine = error_set(err, errno, "close the file");
    return fine || error_wrap(err, "write %s", standard ? "standard output" : output->file);
}

static bool put_out(const struct options *o, const struct comparison *c, struct error *err)
{
    if (o->common.quiet < 2 && !stdout_taken(&o->common)) {
        struct screen screen = screen_detect(stdout, o->common.color);

        comparison_print(&screen, c);
        if (fflush(stdout) != 0 || ferror(stdout))
            return error_set(err, errno, "write to standard output");
    }
    for (size_t i = 0; i < o->common.output_count; i++)
        if (!write_to(&o->common.outputs[i], c, err))
            return false;
    return true;
}

static bool formats_fit(const struct options *o, struct error *err)
{
    for (size_t i = 0; i < o->common.output_count; i++)
        if (o->common.outputs[i].format == OUTPUT_CSV)
            return error_usage(err, "a comparison is no table of trials: -o json=FILE or -o "
                                    "md=FILE, and -o csv=FILE of `assay show`");
    return check_outputs(&o->common, err);
}

static bool compare(const struct options *o, struct side sides[2], struct error *err)
{
    struct comparison comparison;
    bool fine;

    if (!formats_fit(o, err) || !read_side(o, o->names[0], &sides[0], err) ||
        !read_side(o, o->names[1], &sides[1], err) ||
        !comparison_make(&sides[0].side, &sides[1].side, &comparison, err))
        return false;
    fine = put_out(o, &comparison, err);
    comparison_free(&comparison);
    return fine;
}

int cmd_compare(int argc, char **argv)
{
    static struct side sides[2];
    struct options o = { 0 };
    struct words words;
    struct error err;
    bool fine;

    if (!syntax_read(&syntax, argc, argv, &o, &words, &err))
        return fail(&err);
    fine = compare(&o, sides, &err);
    run_record_free(sides[0].run);
    run_record_free(sides[1].run);
    words_free(&words);
    return fine ? EXIT_DONE : fail(&err);
}
