/* cli/common.h -- what several commands need: signals, the database's name, outputs, messages. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "net/ring.h"
#include "report/events.h"
#include "report/percentiles.h"
#include "report/screen.h"
#include "run/prove.h"
#include "run/trial.h"
#include "store/record.h"
#include "store/store.h"

/* How many times SIGINT, SIGTERM or SIGHUP asked us to stop. */
extern volatile sig_atomic_t stop_asked;

void signals_catch(void);

/* Whether SIGUSR1 came since this was last asked: a line of status is wanted. */
bool status_wanted(void);
/* 130 after SIGINT, 143 after SIGTERM or SIGHUP, else `otherwise`. */
int signals_exit_code(int otherwise);

/* Prints "error: ..." and returns the exit code that goes with it. A text that begins with
 * "FILE:LINE:COL: error:" is printed as it is. */
int fail(const struct error *err);

/* ---- options (read by cli/syntax.h) ---- */

/* Where results go: "-o json=FILE", "-o csv=-", "-j". */
#define OUTPUTS_MAX 8
struct output {
    enum output_format { OUTPUT_JSON, OUTPUT_CSV, OUTPUT_MARKDOWN, OUTPUT_JUNIT } format;
    const char *file; /* "-": standard output */
};

/* How it is told what is going on. */
enum progress_form { PROGRESS_AUTO, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_NONE };

struct common_options {
    const char *db;    /* NULL: $ASSAY_DB, else assay.db in the current folder */
    const char *color; /* NULL: by the screen */
    struct output outputs[OUTPUTS_MAX];
    size_t output_count;
    unsigned quiet; /* 1: no progress, 2: no summary either */
    bool gates;     /* of a command whose results are gates: -o junit= in place of -o csv= */
    struct percentiles percentiles; /* count 0: the usual ones */
    enum progress_form progress;
    int progress_fd;       /* 0: not said, standard error */
    struct events *events; /* NULL: nobody reads them */
    bool no_save;
    bool no_ceiling;
    enum ring_kind ring;
    uint64_t seed; /* at random unless it was said */
    bool seed_given;
};

/* "0,2-3" into a list. CPUs that this process may not use are an error. */
bool parse_cpus(struct slice text, uint32_t *ret_cpus, uint32_t max, uint32_t *ret_count,
                struct error *err);

/* "0,2-3", "client=0", "server=1", "client=0,server=1,2": a plain list is the client's. */
bool parse_places(const char *text, struct places *places, struct error *err);

/* How long each of the drives that prove a leak takes, within what run/prove.h allows. */
bool parse_prove_duration(const char *text, struct prove_wish *wish, struct error *err);

/* Whether people are told nothing of what is going on. */
bool progress_hidden(const struct common_options *options);

/* "auto", "always", "never": of --color. */
bool parse_color(const char *text, struct error *err);

bool parse_ring(const char *text, enum ring_kind *ret_ring, struct error *err);

/* A whole number like 64 or 10k, from `low` to `high`. */
bool parse_count(const char *option, const char *text, uint64_t low, uint64_t high,
                 uint64_t *ret_count, struct error *err);

/* Short enough to be typed again. */
uint64_t random_seed(void);

/* As a shell takes it: in single quotes where it has to be. */
void add_shell_word(struct text *text, const char *word);

/* Standard output, as the options want to see it. */
struct screen result_screen(const struct common_options *options);

/* NULL: the usual ones. */
const struct percentiles *asked_percentiles(const struct common_options *options);

const char *database_name(const struct common_options *options);

/* The last lines of a result: where it is kept, and the commands that show it from here. */
void print_saved(const struct screen *out, const struct run_record *run,
                 const struct common_options *options);

/* For commands that only read: a database that is not there is an error, and is not made. */
bool database_open(const struct common_options *options, struct store **ret_store,
                   struct error *err);

/* For commands that measure: what cannot be kept should not be measured first. */
bool database_open_to_write(const struct common_options *options, struct store **ret_store,
                            struct error *err);

/* ---- outputs (outputs.c) ---- */

/* True when some output takes standard output, so that nothing else may be printed there. */
bool stdout_taken(const struct common_options *options);

/* Whether all outputs can be written, found out before anything is measured for them. Leaves no
 * file behind that was not there. */
bool check_outputs(const struct common_options *options, struct error *err);

/* Writes all outputs. A trial of a single load is written as a trial, a suite as a run. */
bool write_outputs(const struct common_options *options, const struct run_record *run, bool single,
                   struct error *err);
