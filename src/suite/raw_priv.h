/* suite/raw_priv.h -- a suite as libcyaml reads it: the keys of the file, one struct a mapping.
 *
 * The tables in schema.c are the one truth about which keys there are, which of them are required
 * and what kind of value each has: shape.c checks the file against them with positions, libcyaml
 * fills these structs by them. NULL: not given. Numbers are texts here, because "30s", "10k" and
 * "400/s" are numbers to our users, and because libcyaml would read "010" as eight. */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "load/load.h"
#include "suite/node_priv.h"

struct raw_expect {
    char *workload; /* in a target's `expects` only */
    char *status, *content_type;
    char **headers;
    unsigned headers_count;
    char *body, *body_file, *json;
    bool any_body;
};

struct raw_workload {
    char *name, *method, *path;
    char **headers;
    unsigned headers_count;
    char *body, *body_file;
    struct raw_expect *expect;
    char *verify;
};

struct raw_load {
    char *name;
    enum load_model *model;
    char *connections, *threads, *rate;
    enum pacer_shape *arrivals;
    char *duration, *requests, *warmup, *timeout;
    bool *keepalive;
    char **stages;
    unsigned stages_count;
    char *of;
    bool preset_only;
};

struct raw_preset {
    char *name, *blocks, *duration, *requests, *warmup;
    char **loads;
    unsigned loads_count;
    char **workloads;
    unsigned workloads_count;
    char **targets;
    unsigned targets_count;
};

struct raw_factor {
    char *name;
    char **values;
    unsigned values_count;
};

struct raw_process {
    char *name, *start, *instances, *ready, *after;
    enum process_role *role;
};

struct raw_inproc {
    char *runtime, *app, *interface, *gc;
};

struct raw_ship {
    char *image;
    char **files;
    unsigned files_count;
    char **packages;
    unsigned packages_count;
};

struct raw_target {
    char *name, *title, *language, *directory;
    char **packages;
    unsigned packages_count;
    char *build, *version, *start, *instances, *address;
    struct raw_process *processes;
    unsigned processes_count;
    char **env;
    unsigned env_count;
    struct raw_factor *factors;
    unsigned factors_count;
    struct raw_expect *expects;
    unsigned expects_count;
    struct raw_inproc *inproc;
    char *application;
    struct raw_ship *ship;
    char *ready_timeout, *grace;
    bool ceiling;
    char **workloads;
    unsigned workloads_count;
    char **loads;
    unsigned loads_count;
};

struct raw_suite {
    char *suite, *title, *blocks, *published;
    bool *control;
    struct raw_factor *factors;
    unsigned factors_count;
    struct raw_workload *workloads;
    unsigned workloads_count;
    struct raw_load *loads;
    unsigned loads_count;
    struct raw_preset *presets;
    unsigned presets_count;
    struct raw_target *targets;
    unsigned targets_count;
};

/* Checks `root`, the tree of the same `text`, against the tables, then lets libcyaml fill the
 * structs. They are on the heap: raw_free(). */
bool raw_load(struct slice text, const struct node *root, struct raw_suite **ret_raw,
              struct error *err);
void raw_free(struct raw_suite *raw);
