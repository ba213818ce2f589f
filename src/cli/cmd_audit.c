/* assay audit FILE...: what cannot be true in other people's figures. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/common.h"
#include "report/audit.h"

#define FILES_MAX 256
#define PIECE     (64 << 10)

enum { KEY_STRICT = 0x100, KEY_COLOR };

struct options {
    const char *files[FILES_MAX];
    size_t file_count;
    const char *color;
    bool json, strict;
};

/* clang-format off */
static const struct argp_option option_table[] = {
    { "json", 'j', NULL, 0, "The findings as JSON on standard output", 1 },
    { "strict", KEY_STRICT, NULL, 0,
      "Exit 1 when something cannot be true or was not comparable", 1 },
    { "color", KEY_COLOR, "WHEN", 0, "auto, always or never", 1 },
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
    case 'j':
        o->json = true;
        return 0;
    case KEY_STRICT:
        o->strict = true;
        return 0;
    case KEY_COLOR:
        if (strcmp(argument, "auto") != 0 && strcmp(argument, "always") != 0 &&
            strcmp(argument, "never") != 0)
            argp_error(state, "--color is auto, always or never, not '%s'", argument);
        o->color = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (o->file_count == FILES_MAX)
            argp_error(state, "more than %d files", FILES_MAX);
        o->files[o->file_count++] = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which file? The output of a load generator, or a table in CSV; '-' is "
                          "standard input");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp audit_argp = {
    .options = option_table,
    .parser = parse_option,
    .args_doc = "FILE...",
    .doc = "Reads what other load generators printed, and says what in it cannot be true, what was "
           "not comparable, and which figures say little, each with its arithmetic.\v"
           "Reads the output of wrk, wrk2, ab, siege, h2load, weighttp, hey, oha, gcannon and "
           "h1load, as text or as JSON where they have it, several results in a file or one; and "
           "tables in CSV that name a target and a rate. All files together are one study: what is "
           "said across them holds for results that are meant to be compared.\n\n"
           "Exit: 0 done, whatever was found (--strict: 1); 2 a file that cannot be read, or in "
           "which nothing is recognised."
};

/* Until the piece is full or the input ends; -1 and errno when it cannot be read. */
static ssize_t read_piece(int fd, char *piece, size_t size)
{
    size_t len = 0;
    ssize_t got = 1;

    while (got != 0 && len < size) {
        got = read(fd, piece + len, size - len);
        if (got < 0 && errno != EINTR)
            return -1;
        len += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)len;
}

/* Pieces taken one after the other from an arena lie behind each other. */
static bool read_all(int fd, const char *name, struct arena *room, struct slice *ret_text,
                     struct error *err)
{
    struct slice text = { room->next, 0 };
    ssize_t got = PIECE;

    while (got == PIECE && text.len <= AUDIT_FILE_MAX) {
        got = read_piece(fd, arena_new(room, char, PIECE), PIECE);
        if (got < 0)
            return error_usage(err, "cannot read %s: %s", name, strerror(errno));
        text.len += (size_t)got;
    }
    *ret_text = text;
    return true;
}

static bool add_file(struct audit *audit, const char *name, struct error *err)
{
    bool standard_input = strcmp(name, "-") == 0, fine;
    int fd = standard_input ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    struct arena room;
    struct slice text = { 0 };

    if (fd < 0)
        return error_usage(err, "cannot read %s: %s", name, strerror(errno));
    /* The limit, and a piece that shows it was passed; what is not touched costs nothing. */
    fine = arena_map(&room, AUDIT_FILE_MAX + PIECE, err);
    if (fine) {
        fine = read_all(fd, standard_input ? "standard input" : name, &room, &text, err) &&
               audit_add(audit, standard_input ? "standard input" : name, text, err);
        arena_unmap(&room);
    }
    if (!standard_input)
        close(fd);
    return fine;
}

static bool audit_files(const struct options *o, struct audit *audit, struct error *err)
{
    for (size_t i = 0; i < o->file_count; i++)
        if (!add_file(audit, o->files[i], err))
            return false;
    return audit_judge(audit, err);
}

static bool print_audit(const struct options *o, const struct audit *audit, struct error *err)
{
    struct screen screen = screen_detect(stdout, o->color);

    if (o->json)
        return audit_write_json(stdout, audit, err);
    audit_print(&screen, audit);
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           error_set(err, errno, "write to standard output");
}

int cmd_audit(int argc, char **argv)
{
    static char program_name[] = "assay audit"; /* as which argp's messages speak */
    struct options o = { .file_count = 0 };
    struct audit audit;
    struct error err;
    size_t accused;
    bool fine;

    argv[0] = program_name;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&audit_argp, argc, argv, 0, NULL, &o);
    if (!audit_init(&audit, &err))
        return fail(&err);
    fine = audit_files(&o, &audit, &err) && print_audit(&o, &audit, &err);
    accused =
        fine ? audit_count(&audit, AUDIT_IMPOSSIBLE) + audit_count(&audit, AUDIT_INCOMPARABLE) : 0;
    audit_release(&audit);
    if (!fine)
        return fail(&err);
    return o.strict && accused > 0 ? EXIT_MEASUREMENT : EXIT_DONE;
}
