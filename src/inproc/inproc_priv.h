/* inproc/inproc_priv.h -- a running runner, and the requests it is given. */
#pragma once

#include <sys/types.h>

#include "base/clock.h"
#include "inproc/inproc.h"

struct runner {
    const struct inproc_spec *spec;
    bool timed; /* else it is looked into */
    struct inproc_fault *fault;
    pid_t pid;            /* 0: reaped */
    int to, from, output; /* commands, answers, what the application prints */
    char *line;           /* what came of the answer so far */
    size_t line_len, line_room;
};

/* Where the runner of this runtime is: $ASSAY_RUNNERS, beside assay, in its libexec folder. */
bool runner_find(const char *runtime, char *ret_path, size_t size, struct error *err);

/* `wrapper`: words in front of the runner's path, ended by NULL; for callgrind. */
bool runner_start(struct runner *r, const struct inproc_spec *spec, bool timed,
                  const char *const *wrapper, struct inproc_fault *fault, struct error *err);

/* Sends the command, whose reference it takes, and waits for its answer at most that long. NULL and
 * a sentence when the runner says so, dies, or does not answer. */
json_t *runner_ask(struct runner *r, json_t *command, int64_t limit_ns, struct error *err);

/* Lets it end by itself where it still can, else kills it. */
void runner_end(struct runner *r);

/* ---- cases.c ---- */

/* The requests as the runner gets them, with no right answer in them yet. NULL: no memory. */
json_t *cases_new(const struct inproc_spec *spec);

/* Two answers to cases[index]: are they right, and what can every later one be compared with?
 * ret_check is the sentence about it. */
bool cases_learn(json_t *cases, const struct inproc_spec *spec, size_t index, const json_t *first,
                 const json_t *second, char *ret_check, size_t size, struct error *err);

/* ---- look.c ---- */

/* Opens the application in a runner that was started. */
json_t *open_app(struct runner *r, json_t *cases, struct error *err);

/* One "run"; *ret_answer is to be released. False too when an answer was wrong. */
bool run_calls(struct runner *r, uint64_t batches, uint64_t calls, double guess_ns,
               json_t **ret_answer, struct error *err);

/* ---- callgrind.c ---- */

bool callgrind_is_there(void);

/* Instructions a call: the slope between two numbers of calls. */
bool callgrind_count(const struct inproc_spec *spec, const struct inproc_look *look,
                     double *ret_instructions, struct inproc_fault *fault, struct error *err);
