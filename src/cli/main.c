/* assay -- tests what web servers and web frameworks are really worth. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/version.h"

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage, *what;
};

static const struct command commands[] = {
    {"load",     cmd_load,    "load URL",    "one load test of one address (also: assay URL)"     },
    { "run",     cmd_run,     "run SUITE",   "a suite: start, verify, drive, stop, rank targets"  },
    { "inproc",  cmd_inproc,  "inproc APP",  "frameworks without server and network, in-process"  },
    { "compare", cmd_compare, "compare A B", "two runs, targets or result files: which is faster" },
    { "ci",      cmd_ci,      "ci SUITE",    "two versions of one target in turn: a gate for CI"  },
    { "list",    cmd_list,    "list",        "the runs that the database holds"                   },
    { "show",    cmd_show,    "show RUN",    "one run again, as text, JSON, CSV or Markdown"      },
    { "audit",   cmd_audit,   "audit FILE",  "what cannot be true in other tools' output"         },
    { "doctor",  cmd_doctor,  "doctor",      "is this machine fit to measure on"                  },
    { "server",  cmd_server,  "server",      "our own server: what the generator itself can reach"},
    { "schema",  cmd_schema,  "schema WHAT", "the JSON Schema of what the others write with -j"   },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_help(FILE *out)
{
    fprintf(out, "assay benchmarks web servers and frameworks: it generates the load, starts "
                 "the\nservers, checks every answer, and says what each request cost.\n\n"
                 "Usage: assay URL [OPTION...]\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "       assay %-12s %s\n", commands[i].usage, commands[i].what);
    fprintf(out, "\n`assay COMMAND --help` lists its options, `assay --version` what is built in.\n"
                 "\nExit: 0 done, 1 the measurement failed or was not good enough (--strict,\n"
                 "--max-errors; `assay doctor`: not fit), 2 usage or configuration, 3 a gate said\n"
                 "no, 4 inconclusive (where asked for), 130/143 interrupted (what was measured\n"
                 "until then is kept and marked partial).\n");
    return ferror(out) ? EXIT_MEASUREMENT : EXIT_DONE;
}

/* "assay http://..." and "assay -c 64 http://..." mean load. */
static bool means_load(const char *argument)
{
    return argument[0] == '-' || strstr(argument, "://") != NULL;
}

static int unknown_command(const char *name)
{
    fprintf(stderr,
            "error: '%s' is neither a command nor a URL; URLs begin with http://, and the "
            "commands are:",
            name);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stderr, " %s", commands[i].name);
    fprintf(stderr, "\n");
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return print_help(stdout);
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return version_print(stdout) ? EXIT_DONE : EXIT_MEASUREMENT;
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (means_load(argv[1]))
        return cmd_load(argc, argv);
    return unknown_command(argv[1]);
}
