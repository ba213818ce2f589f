/* assay list: the runs that the database holds. */
#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/common.h"
#include "report/listing.h"

#define LINES_MAX 100000

enum { KEY_DB = 0x100 };

struct options {
    struct common_options common;
    uint64_t most;
    bool json;
};

/* clang-format off */
static const struct argp_option option_table[] = {
    { "most", 'n', "N", 0, "The newest N only (50)", 1 },
    { "json", 'j', NULL, 0, "As JSON", 1 },
    { "db", KEY_DB, "FILE", 0, "The results database (default: $ASSAY_DB, else assay.db)", 1 },
    { NULL, 'h', NULL, OPTION_HIDDEN, NULL, 1 },
    { 0 },
};
/* clang-format on */

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case KEY_DB:
        o->common.db = argument;
        return 0;
    case 'n':
        if (!slice_u64(slice_of(argument), LINES_MAX, &o->most) || o->most == 0)
            argp_error(state, "--most '%s' is no number from 1 to %d", argument, LINES_MAX);
        return 0;
    case 'j':
        o->json = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "list takes no argument, but '%s'; `assay show %s` shows one run",
                   argument, argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp list_argp = { .options = option_table,
                                       .parser = parse_option,
                                       .doc = "Lists the runs in the database, the newest first." };

static json_t *line_to_json(const struct store_line *line)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:b}", "id", line->id, "started",
                     line->started, "suite", line->suite, "target", line->target, "trials",
                     (json_int_t)line->trials, "failed", (json_int_t)line->failed, "partial",
                     line->partial);
}

/* One array, an object a run. */
static bool print_json(const struct store_line *lines, size_t count, struct error *err)
{
    json_t *runs = json_array();
    bool fine;

    for (size_t i = 0; i < count; i++)
        json_array_append_new(runs, line_to_json(&lines[i]));
    fine = json_dumpf(runs, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
    json_decref(runs);
    return fine || error_set(err, errno, "write to standard output");
}

static void print_lines(const struct options *o, const struct store_line *lines, size_t count)
{
    const struct screen out = screen_detect(stdout, o->common.color);

    if (count == 0)
        printf("no runs yet in %s; make one: assay http://127.0.0.1:8080/\n",
               database_name(&o->common));
    else
        listing_runs(&out, lines, count);
}

int cmd_list(int argc, char **argv)
{
    static char program_name[] = "assay list"; /* as which argp's messages speak */
    struct options o = { .most = 50 };
    struct store_line *lines;
    struct store *store;
    struct error err;
    size_t count = 0;
    bool fine;

    argv[0] = program_name;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&list_argp, argc, argv, 0, NULL, &o);
    if (!database_open(&o.common, &store, &err))
        return fail(&err);
    lines = calloc(o.most, sizeof(*lines));
    fine = lines != NULL ? store_list(store, lines, o.most, &count, &err)
                         : error_set(&err, 0, "out of memory");
    store_close(store);
    if (fine && o.json)
        fine = print_json(lines, count, &err);
    else if (fine)
        print_lines(&o, lines, count);
    if (fine && (fflush(stdout) != 0 || ferror(stdout)))
        fine = error_set(&err, errno, "write to standard output");
    free(lines);
    return fine ? EXIT_DONE : fail(&err);
}
