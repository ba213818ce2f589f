/* assay doctor: is this machine fit to measure on, and what to change. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>

#include "cli/cmd.h"
#include "cli/common.h"
#include "report/doctor.h"

enum { KEY_COLOR = 0x100 };

struct options {
    const char *color;
    bool json;
};

/* clang-format off */
static const struct argp_option option_table[] = {
    { "json", 'j', NULL, 0, "As JSON", 1 },
    { "color", KEY_COLOR, "WHEN", 0, "auto, always or never (auto)", 1 },
    { NULL, 'h', NULL, OPTION_HIDDEN, NULL, 1 },
    { 0 },
};
/* clang-format on */

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;
    struct error err;

    switch (key) {
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case KEY_COLOR:
        if (!parse_color(argument, &err))
            argp_error(state, "%s", err.text);
        o->color = argument;
        return 0;
    case 'j':
        o->json = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "doctor takes no argument, but '%s'; it looks at this machine", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp doctor_argp = {
    .options = option_table,
    .parser = parse_option,
    .doc =
        "Tells whether this machine is fit to measure on, and what to change. Takes a second, "
        "in which it measures who uses the CPUs and how late a sleeper is woken."
        "\vEach line is ok, warn, FAIL or unknown; the command that mends it stands below. Exit 0 "
        "unless something is FAIL, then 1.",
};

int cmd_doctor(int argc, char **argv)
{
    static char program_name[] = "assay doctor"; /* as which argp's messages speak */
    struct finding_of_doctor findings[DOCTOR_FINDINGS];
    struct options o = { .json = false };
    struct fitness fitness;
    struct error err;
    size_t count;

    argv[0] = program_name;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&doctor_argp, argc, argv, 0, NULL, &o);
    fitness_read("", &fitness);
    fitness_measure(&fitness);
    count = doctor_examine(&fitness, findings);
    if (o.json && !doctor_write_json(stdout, findings, count, &err))
        return fail(&err);
    if (!o.json) {
        struct screen out = screen_detect(stdout, o.color);

        doctor_print(&out, &fitness.host, findings, count);
        if (fflush(stdout) != 0 || ferror(stdout)) {
            error_set(&err, errno, "write to standard output");
            return fail(&err);
        }
    }
    return doctor_overall(findings, count) == CHECK_FAIL ? EXIT_MEASUREMENT : EXIT_DONE;
}
