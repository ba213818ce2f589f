/* assay show RUN: one run again, from the database. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/inproc_output.h"
#include "report/terminal.h"
#include "store/inproc_json.h"

enum { KEY_TRIALS = 0x100, KEY_CHECKS };

/* clang-format off */
static const struct argp_option option_table[] = {
    { "trials", KEY_TRIALS, NULL, 0, "Every trial in a line, instead of the tables", 1 },
    { "checks", KEY_CHECKS, NULL, 0,
      "Every check of every trial with its figure, instead of the tables", 1 },
    { 0 },
};
/* clang-format on */

struct options {
    struct common_options common;
    const char *run;
    bool trials, checks;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->common;
        return 0;
    case ARGP_KEY_ARG:
        if (o->run != NULL)
            argp_error(state, "one run at a time: '%s' or '%s'?", o->run, argument);
        o->run = argument;
        return 0;
    case KEY_TRIALS:
        o->trials = true;
        return 0;
    case KEY_CHECKS:
        o->checks = true;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which run? `assay list` tells them; 'last' is the newest");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {
    {&common_argp, 0, NULL, 90 },
    { 0       }
};
static const struct argp show_argp = {
    .options = option_table,
    .parser = parse_option,
    .args_doc = "RUN",
    .doc = "Shows a run: its number, a unique beginning of it, or 'last'.",
    .children = children
};

static void show(const struct options *o, const struct run_record *run)
{
    struct screen out = screen_detect(stdout, o->common.color);

    if (o->checks) /* with the trials' lines above them */
        terminal_checks(&out, run);
    else if (o->trials)
        terminal_trials(&out, run);
    else
        terminal_run(&out, run);
    print_saved(&out, run, &o->common);
}

static bool show_inproc(const struct options *o, const struct run_record *run, json_t *document,
                        struct error *err)
{
    struct inproc_table table;
    bool fine;

    if (!inproc_check_outputs(&o->common, err) || !inproc_from_json(document, &table, err))
        return false;
    fine = inproc_output(&o->common, &table, document, run, err);
    inproc_table_close(&table);
    return fine;
}

int cmd_show(int argc, char **argv)
{
    static char program_name[] = "assay show"; /* as which argp's messages speak */
    struct options o = { 0 };
    struct run_record *run;
    struct store *store;
    struct error err;
    json_t *document = NULL;
    bool fine;

    argv[0] = program_name;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&show_argp, argc, argv, 0, NULL, &o);
    if (!database_open(&o.common, &store, &err))
        return fail(&err);
    fine = store_read_run(store, o.run, &run, &err);
    if (fine && !store_read_inproc(store, run->id, &document, &err)) {
        run_record_free(run);
        fine = false;
    }
    store_close(store);
    if (!fine)
        return fail(&err);
    if (json_is_array(document)) { /* of a suite */
        run->inproc = document;
        document = NULL;
    }
    if (document != NULL) {
        fine = show_inproc(&o, run, document, &err);
        json_decref(document);
        run_record_free(run);
        return fine ? EXIT_DONE : fail(&err);
    }
    if (o.common.quiet < 2 && !stdout_taken(&o.common))
        show(&o, run);
    fine = write_outputs(&o.common, run, run->suite[0] == '\0', &err);
    if (fine && (fflush(stdout) != 0 || ferror(stdout)))
        fine = error_set(&err, errno, "write to standard output");
    run_record_free(run);
    return fine ? EXIT_DONE : fail(&err);
}
