/* suite/suite.h -- a suite file, read: targets x workloads x loads x factors, and how many blocks.
 *
 * suite_read() walks libyaml's marks for what needs a position (unknown keys with the nearest right
 * one, keys missing or given twice, values of the wrong kind), lets libcyaml fill structs by the
 * same tables, and turns these into the structs below: ranges, references to nothing, placeholders.
 * Every error is "FILE:LINE:COL: error: what, where, what to do" (of the first problem).
 *
 * Everything read lives in the suite's own memory until suite_free(). Placeholders ({port}, {dir},
 * {workers}, factors, ...) are still in the texts; target/ replaces them. A placeholder that
 * nothing will replace is an error here, with its position.
 *
 * Loads are as written: load_complete() fills in the rest, after suite_apply_preset(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "load/load.h"
#include "load/workload.h"

/* One thing that is varied: each value gives the target a variant of its own. */
struct factor {
    struct slice name;
    struct slice *values;
    size_t value_count;
};

/* A service is a back end: what it uses is not the front's, and is measured apart. */
enum process_role { PROCESS_FRONT, PROCESS_SERVICE };

/* One command of a target. A target with a plain `start:` has one of these, named like itself.
 * Processes are started in this order, each when the one before answers; the load goes to the last.
 * `instances` above 1 starts the command as often, each with a {port} of its own, and they count as
 * one: where it is the last, the load is spread over all of their addresses. */
struct suite_process {
    struct slice name;
    struct slice start;
    struct slice instances; /* a number or a placeholder: "1", "{workers}" */
    struct slice ready;     /* path asked until any HTTP answer comes; ptr NULL: a TCP connect is
                               enough. The last process is asked for the workload's contract, and
                               for this only before its `after`. */
    struct slice after;     /* command run once when it is ready, to fill a database; empty: none */
    enum process_role role; /* of the last one always front */
};

/* A right answer of this target that differs from the workload's: complete, what the file does not
 * say here is as in the workload. */
struct suite_expect {
    size_t workload; /* index into the suite's workloads */
    struct expect expect;
};

/* An application that is called inside the process of its own runtime, in place of being started as
 * a server (inproc/inproc.h). Such a target takes part in loads with model: inproc, and only these
 * have such targets. */
struct suite_inproc {
    struct slice runtime;   /* "cpython", ...: a runner; empty: a target that is started */
    struct slice app;       /* "module:name", found in the target's directory */
    struct slice interface; /* "wsgi", "asgi"; empty: up to the runner */
    struct slice gc;        /* "on", "off", "frozen" or a placeholder; empty: on */
};

struct suite_target {
    struct slice name, title, language;
    struct slice
        directory; /* below the suite's folder; commands run in it. Empty: the suite's folder */
    struct slice *packages; /* Debian packages it needs; missing ones make it "not installed" */
    size_t package_count;
    struct slice build;   /* shell command; empty: nothing to build. Run once a variant. */
    struct slice version; /* shell command that prints the version; empty: none */
    struct suite_process *processes;
    size_t process_count;
    struct slice *env; /* "NAME=value" */
    size_t env_count;
    struct slice address; /* "unix:PATH", where the load goes; empty: to the last {port} */
    struct suite_inproc inproc;
    struct slice application; /* the same in several targets that are one application, called, on a
                                 Unix socket and on loopback: the report takes them apart */
    struct factor *factors;
    size_t factor_count;
    struct suite_expect *expects;
    size_t expect_count;
    struct slice *ship_files; /* what has to be shipped: files and folders, placeholders allowed */
    size_t ship_file_count;
    struct slice *ship_packages; /* and Debian packages, with all they depend on */
    size_t ship_package_count;
    struct slice ship_image;  /* shell command that builds a container image of it and prints the
                                 image's size in bytes; empty: none */
    int64_t ready_timeout_ns; /* default 30 s */
    int64_t ready_wrong_ns;   /* of that, with the same wrong answer: all of it where the file says
                                 how long it may take, else 15 s */
    int64_t grace_ns;         /* from TERM to KILL; default 5 s */
    bool ceiling;             /* our own server: a row of its own, not ranked */
    uint64_t workloads_mask, loads_mask; /* bit i: takes part in workload / load i. Default all */
    unsigned line;                       /* where it stands, for later messages */
};

struct suite_preset {
    struct slice name;
    uint32_t blocks;                     /* 0: as the suite says */
    int64_t duration_ns;                 /* 0: as the load says; else for loads by duration */
    uint64_t requests;                   /* 0: as the load says; else for loads by count */
    int64_t warmup_ns;                   /* -1: as the load says */
    uint64_t warmup_requests;            /* with warmup_ns 0: by count */
    uint64_t loads_mask, workloads_mask; /* bit i: load / workload i takes part */
    bool *targets;                       /* [i]: target i takes part. NULL: all do */
};

#define SUITE_WORKLOADS_MAX 64
#define SUITE_LOADS_MAX     64
#define SUITE_TARGETS_MAX   256
#define SUITE_FACTORS_MAX   16 /* of one target, with the suite's */
#define SUITE_VARIANTS_MAX  1024
#define SUITE_BLOCKS_MAX    10000
#define SUITE_INSTANCES_MAX 64   /* of one process */
#define SUITE_WORKERS_MAX   1024 /* the highest value of the factor `workers` */
#define SUITE_CORES_MAX     64   /* and of the factor `cores` */
#define SUITE_NAME_MAX      63 /* bytes: of everything that has a name, and of a factor's values */
#define SUITE_FILE_MAX      (1u << 20)  /* bytes of suite.yaml */
#define SUITE_BODY_MAX      (64u << 20) /* bytes of a body_file */

struct suite_memory; /* what everything here lives in */

struct suite {
    struct slice name, title;
    char *file;   /* as named to the user */
    char *folder; /* absolute, where relative paths start */
    uint32_t blocks;
    bool control; /* one target twice in each block, for the noise floor; default true */
    struct workload *workloads;
    size_t workload_count;
    struct load *loads;
    struct load_mark {
        unsigned line, column;
    } * load_marks; /* [i]: where load i says how many connections: see suite_load_wrong() */
    size_t load_count;
    /* Bit i: workload / load i is run. Until a preset says otherwise all workloads, and all loads
     * that are not marked preset_only. */
    uint64_t workloads_mask, loads_mask;
    const bool *targets_chosen; /* [i]: target i is run. NULL: all are */
    struct suite_preset *presets;
    size_t preset_count;
    struct suite_target *targets;
    size_t target_count;
    struct factor *factors; /* for every target that has none of the same name */
    size_t factor_count;
    struct slice published; /* file name of the published table; empty: none */
    char *text;             /* the file's content, for the record */
    size_t text_len;
    struct suite_memory *memory;
};

/* `path` is a folder with suite.yaml in it, or a file. */
bool suite_read(const char *path, struct suite **ret_suite, struct error *err);
void suite_free(struct suite *suite);

/* For what turns out to be wrong with a load once it is read: puts "FILE:LINE:COL: error: load
 * 'NAME'" before the text. Returns false. */
bool suite_load_wrong(const struct suite *suite, size_t load, struct error *err);

/* Changes blocks, loads and what is run as the preset says. False, with the names there are, when
 * there is none called that. A preset "published" that the file does not name is the suite as it
 * stands. */
bool suite_apply_preset(struct suite *suite, struct slice name, struct error *err);

/* Whether a workload, a load is run: see the masks above. */
static inline bool suite_runs_workload(const struct suite *suite, size_t i)
{
    return (suite->workloads_mask >> i & 1) != 0;
}

static inline bool suite_runs_load(const struct suite *suite, size_t i)
{
    return (suite->loads_mask >> i & 1) != 0;
}

/* ---- the variants: targets x factors, what is started, listed and ranked ---- */

struct setting {
    struct slice name, value;
};

struct variant {
    const struct suite_target *target;
    size_t target_index;
    struct slice name;        /* "gin", or "gin mode=debug" where the factor has several values */
    struct setting *settings; /* one a factor */
    size_t setting_count;
    uint32_t workers; /* the factor `workers`, else 1 */
    uint32_t cores;   /* the factor `cores`: on how many CPUs it runs. 0: on all that targets get */
};

/* All variants of the targets that are run, in the file's order; they live as long as the suite.
 * `only` (may be NULL): names of targets or variants, separated by commas; a name that matches
 * nothing is an error that lists what there is. */
bool suite_variants(struct suite *suite, const char *only, struct variant **ret_variants,
                    size_t *ret_count, struct error *err);

/* Our own: the value a setting has in this variant, or ptr NULL. */
struct slice variant_setting(const struct variant *variant, struct slice name);

/* ---- placeholders ---- */

/* A placeholder is {lower_case_name} or {process.word}; whatever else stands in braces (JSON,
 * shell) is text. Finds the next one at or after *pos: its name, where it begins, and *pos behind
 * its end. False when there is none.
 *
 *     {port}             the port of this process (of the first instance)
 *     {ports}            of all its instances, separated by spaces
 *     {NAME.port} {NAME.ports}   the same of a process of this target that is started earlier; in
 *                        env, which all its processes share: of any of them but the last
 *     {socket}           the path of a Unix socket made for this process alone (of the first
 *                        instance), in a folder of its own that is removed afterwards
 *     {NAME.socket}      the same of an earlier process
 *     {workload} {load}  names of what it is started for
 *     {dir} {suite}      the variant's build folder, the suite's folder
 *     {assay}            this program itself
 *     {host} {cpus}      the address to listen on, the number of CPUs the target may use
 *     {workers} {FACTOR} values of the variant's factors; workers is 1 where no factor says so
 *
 * What is known only once it starts (ports, sockets, workload, load) is refused in build, version,
 * ship and a workload's verify.
 */
bool placeholder_next(struct slice text, size_t *pos, size_t *ret_start, struct slice *ret_name);
