/* run/session.h -- a whole suite: build, then block by block every trial, each kept as it ends. */
#pragma once

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "net/ring.h"
#include "run/blocks.h"
#include "run/progress.h"
#include "run/prove.h"
#include "run/trial.h"
#include "store/record.h"
#include "store/store.h"
#include "suite/suite.h"

struct session_options {
    const char *path;   /* a folder with suite.yaml, or a file */
    const char *preset; /* NULL: the suite as it stands */
    const char *only;   /* NULL: all */
    uint32_t blocks;    /* 0: as the suite or the preset says */
    uint64_t seed;
    enum ring_kind ring;
    struct places places;   /* counts 0: chosen here */
    bool kept_ceiling_only; /* run/ceiling.h */
    struct prove_wish prove;
    const char *command, *version; /* for the record */
    const volatile sig_atomic_t *stop_asked;
};

/* A suite, read and planned, nothing started yet. */
struct session {
    struct session_options options;
    struct suite *suite;
    struct variant *variants;
    size_t variant_count;
    struct trial_slot *slots;
    size_t slot_count;
    size_t record_count;  /* trials: a slot has one, or one a stage */
    size_t control_count; /* of these, those of the A/A control */
    uint32_t blocks;
    json_t *times; /* how long the trials took the last time (run/times.h) */
    struct places places;
    struct arena arena;
};

bool session_plan(const struct session_options *options, struct session *ret_session,
                  struct error *err);
void session_release(struct session *session);

/* The variant whose trials have this target's name; NULL when none has. */
const struct variant *session_variant(const struct session *session, const char *name);

/* About how long all trials take, builds not counted: each as long as the last time it was run here
 * with this load, or a guess (blocks_trial_ns). */
struct estimate {
    int64_t ns;
    size_t starts, guessed; /* how many are guesses */
};

struct estimate session_estimate(const struct session *session);

/* Runs it. *ret_run holds what was measured, also when it was interrupted (partial) and when false
 * is returned for what happened in the middle; NULL when nothing was begun. The caller frees it.
 * `store` may be NULL: nothing is kept. */
bool session_run(struct session *session, struct store *store, const struct observer *observer,
                 struct run_record **ret_run, struct error *err);

/* ---- parts of it, for those who order trials otherwise (run/pairs.h) ---- */

/* Builds all variants in a folder that is ours as long as *ret_lock is open. What could not be
 * built says so in its place; these live as long as the session. */
bool session_prepare(struct session *session, const struct observer *observer,
                     struct prepared **ret_prepared, int *ret_lock, struct error *err);

/* With room for so many trials, none in it yet. */
struct run_record *session_new_run(const struct session *session, size_t trials, struct error *err);
