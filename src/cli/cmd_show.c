/* assay show RUN: one run again, from the database. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/inproc_output.h"
#include "cli/syntax.h"
#include "report/terminal.h"
#include "store/inproc_json.h"

enum { KEY_TRIALS = 0x100, KEY_CHECKS, KEY_PERCENTILES };

/* clang-format off */
static const struct argp_option option_table[] = {
    { "trials", KEY_TRIALS, NULL, 0, "Every trial, one line each, instead of the tables", 1 },
    { "checks", KEY_CHECKS, NULL, 0,
      "Every check of every trial with its figure, instead of the tables", 1 },
    { "percentiles", KEY_PERCENTILES, "LIST", 0,
      "Which to show of response times: 50,99,99.9; at most 8 (those that each table has)", 90 },
    { 0 },
};
/* clang-format on */

struct options {
    struct common_options common;
    const char *run;
    bool trials, checks;
};

static bool take_option(void *options, int key, const char *argument, enum said_by by,
                        struct error *err)
{
    struct options *o = options;

    (void)by;
    switch (key) {
    case ARGP_KEY_ARG:
        if (o->run != NULL)
            return error_usage(err, "one run at a time: '%s' or '%s'?", o->run, argument);
        o->run = argument;
        return true;
    case ARGP_KEY_END:
        return o->run != NULL ||
               error_usage(err, "which run? `assay list` tells them; 'last' is the newest");
    case KEY_TRIALS:
        return o->trials = true;
    case KEY_PERCENTILES:
        return percentiles_parse(slice_of(argument), &o->common.percentiles, err);
    case KEY_CHECKS:
        return o->checks = true;
    default:
        return error_usage(err, "option %d has no meaning", key);
    }
}

static const struct syntax syntax = {
    .name = "assay show",
    .kind = SYNTAX_SHOWS,
    .table = option_table,
    .args_doc = "RUN",
    .doc = "Shows a run. RUN is its number, a unique beginning of it, or 'last'.",
    .take = take_option,
};

static void show(const struct options *o, const struct run_record *run)
{
    struct screen out = result_screen(&o->common);

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

static bool read_run(const struct options *o, struct run_record **ret_run, json_t **ret_document,
                     struct error *err)
{
    struct store *store;
    bool fine;

    if (!database_open(&o->common, &store, err))
        return false;
    fine = store_read_run(store, o->run, ret_run, err);
    if (fine && !store_read_inproc(store, (*ret_run)->id, ret_document, err)) {
        run_record_free(*ret_run);
        fine = false;
    }
    store_close(store);
    return fine;
}

static bool show_run(const struct options *o, struct run_record *run, json_t *document,
                     struct error *err)
{
    if (json_is_array(document)) /* of a suite */
        run->inproc = json_incref(document);
    else if (document != NULL)
        return show_inproc(o, run, document, err);
    if (o->common.quiet < 2 && !stdout_taken(&o->common))
        show(o, run);
    if (!write_outputs(&o->common, run, run->suite[0] == '\0', err))
        return false;
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           error_set(err, errno, "write to standard output");
}

int cmd_show(int argc, char **argv)
{
    struct options o = { 0 };
    struct run_record *run;
    struct words words;
    struct error err;
    json_t *document = NULL;
    bool fine;

    if (!syntax_read(&syntax, argc, argv, &o, &words, &err))
        return fail(&err);
    fine = read_run(&o, &run, &document, &err);
    if (fine) {
        fine = show_run(&o, run, document, &err);
        json_decref(document);
        run_record_free(run);
    }
    words_free(&words);
    return fine ? EXIT_DONE : fail(&err);
}
