/* cli/cmd.h -- the commands: one file each, one line each in main.c's table.
 *
 * A command gets its own arguments (argv[0] is its name), prints, and returns the exit code. */
#pragma once

/* The exit codes of `assay` (design.md, section 5). */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_MEASUREMENT = 1,  /* the measurement failed */
    EXIT_USAGE = 2,        /* usage or configuration */
    EXIT_GATE = 3,         /* a gate said no */
    EXIT_INCONCLUSIVE = 4, /* only where it was asked for */
    EXIT_INTERRUPTED = 130,
    EXIT_TERMINATED = 143,
};

int cmd_load(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_inproc(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_ci(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_schema(int argc, char **argv);
int cmd_server(int argc, char **argv);
