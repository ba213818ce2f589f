/* cli/syntax.h -- how a command is told what to do: by its environment first, then by its command
 * line, which wins; with a table of its own and the options that it shares with others.
 *
 * ASSAY_CONNECTIONS=64 is --connections=64, ASSAY_CLOSE=1 is --close: for all long options. */
#pragma once

#include <argp.h>
#include <stdbool.h>

#include "base/error.h"
#include "cli/common.h"
#include "run/session.h"

enum said_by { BY_DEFAULT, BY_ENVIRONMENT, BY_COMMAND };

/* Each kind has the shared options of those above it, too. */
enum syntax_kind {
    SYNTAX_SHOWS,    /* a result: what is written, and where to */
    SYNTAX_MEASURES, /* something */
    SYNTAX_DRIVES,   /* it over HTTP */
};

struct syntax {
    const char *name; /* as which messages speak: "assay run" */
    enum syntax_kind kind;
    const struct argp_option *table; /* its own; their keys are below FOREIGN_KEY */
    const char *args_doc, *doc;      /* as of argp */
    /* Takes an option of the table (an alias as what it stands for), an argument (ARGP_KEY_ARG), or
     * the end, at which nothing that is needed may be missing (ARGP_KEY_END). */
    bool (*take)(void *options, int key, const char *argument, enum said_by by, struct error *err);
    bool refuses_foreign; /* with a sentence each: cli/foreign.h */
};

/* What a command was told. Options point into it. It must stay where it is. */
struct words {
    char **list;
    int count, given; /* given: from 1 on, by the environment */
    char name[32];
    char command[4096]; /* the command line, as a shell takes it */
};

/* Into *options, of which a struct common_options is the first member. False when the environment
 * cannot be read; what the command line cannot mean (and --help) ends the program here. */
bool syntax_read(const struct syntax *syntax, int argc, char **argv, void *options,
                 struct words *ret_words, struct error *err);

void words_free(struct words *words);

/* What the options of SYNTAX_DRIVES say of a session. */
void session_told(struct session_options *session, const struct common_options *options,
                  const struct words *words);
