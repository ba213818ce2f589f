/* store/record.h -- what is known about a trial and a run: everything needed to compute every
 * figure again later. Reports, rankings and comparisons read these and nothing else.
 *
 * Absent figures are -1 (integers) or NaN (doubles) here and null in JSON, never 0.
 * Records own their memory: an arena each, released by *_free(). */
#pragma once

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "load/load.h"
#include "load/tally.h"
#include "load/workload.h"
#include "probe/hiccup.h"
#include "probe/host.h"
#include "probe/machine.h"
#include "store/check.h"
#include "store/proof.h"

#define RECORD_FACTORS_MAX  16
#define RECORD_CPUS_MAX     64
#define RECORD_SERVICES_MAX 16
#define RECORD_THREADS_MAX  64

/* An absent double. The cast: NAN is a float, which clang does not like to see widened. */
#define RECORD_UNKNOWN ((double)NAN)

enum trial_state {
    TRIAL_DONE,      /* driven to its end, or to the interrupt (partial) */
    TRIAL_NOT_BUILT, /* packages missing, or the build failed */
    TRIAL_NOT_READY, /* did not start, or did not answer rightly */
    TRIAL_DIED,      /* ended by itself while driven; counters are kept */
};

const char *trial_state_name(enum trial_state state); /* "done", "not_built", "not_ready", "died" */

/* The state with that name; false when there is none. */
bool trial_state_named(struct slice name, enum trial_state *ret_state);

/* Whether answers came over kept connections; found in the drive: see record_connection_class(). */
enum connection_class { CONNECTION_PERSISTENT, CONNECTION_EACH };

const char *connection_class_name(
    enum connection_class class); /* "persistent", "a connection a request" */

struct setting_text {
    const char *name, *value;
};

/* What the server's whole tree, without its services, used. -1: not known (a server that assay did
 * not start and may not read). CPU is inside the window. */
struct server_usage {
    int64_t processes, threads, descriptors; /* at the end of the window */
    int64_t cpu_user_ns, cpu_system_ns;
    int64_t rss_bytes_start, rss_bytes_peak,
        rss_bytes_idle; /* idle: after ready, before any load */
    int64_t pss_bytes_peak;
    int64_t switches_voluntary, switches_involuntary;
    double ready_ms, build_ms; /* NaN: not known, nothing to build */
    int64_t shipped_bytes;
    int64_t image_bytes; /* of a container image */
    /* Of all its threads, inside the window: time on a CPU, and time ready to run without one. */
    int64_t run_ns, run_queue_wait_ns;
    uint32_t thread_count; /* how many of thread_cpu_ns are filled in; 0: unknown */
    int64_t thread_cpu_ns[RECORD_THREADS_MAX]; /* of the busiest threads, most first */
    uint64_t cpus_allowed; /* a bit for each CPU below 64 that any of its threads may run on, as
                              the kernel tells; 0: unknown */
};

/* What one service of the target used, apart from the server. CPU is inside the window; -1: not
 * known. */
struct service_usage {
    const char *name;
    int64_t processes; /* at the end of the window */
    int64_t cpu_user_ns, cpu_system_ns;
    int64_t rss_bytes_peak;
};

struct client_usage {
    int64_t rss_bytes_peak; /* of assay itself */
    uint32_t cpu_count;
    uint32_t cpus[RECORD_CPUS_MAX]; /* where the workers were pinned; cpu_count 0: nowhere */
    uint32_t server_cpu_count;
    uint32_t server_cpus[RECORD_CPUS_MAX];
    uint64_t cpus_allowed; /* a bit for each CPU below 64 that a worker may run on, SMT siblings
                              included; 0: unknown */
};

/* What the probes were answered, for the comparison of targets. */
struct probe_answer {
    uint16_t status;      /* 0: unknown */
    int64_t body_bytes;   /* -1: unknown, or it differs from answer to answer */
    const char *encoding; /* Content-Encoding; "" for none */
};

/* One second of the window. */
struct series_point {
    int64_t rss_bytes; /* -1 unknown */
    int64_t cpu_ns;    /* of the server, in this second; -1 unknown */
};

struct trial_record {
    struct arena arena; /* the texts and series below point into it */
    const char *suite;  /* "" for a single load */
    const char *target, *target_title, *language, *version, *url;
    const char *application; /* which one it is, as the suite says; "" */
    const char *address;     /* "127.0.0.1:8080", "unix:/tmp/x"; "" when it never had one */
    struct setting_text factors[RECORD_FACTORS_MAX];
    size_t factor_count;
    uint32_t workers;
    bool ceiling;   /* our own server: not ranked */
    uint32_t order; /* its place among the variants of the suite, from 0 */
    struct workload workload;
    struct load load;         /* effective */
    const char *ring;         /* "io_uring" */
    uint32_t block, position; /* from 0 */
    enum trial_state state;
    const char *reason; /* why it is not TRIAL_DONE, or what was odd in stopping; "" */
    struct wall started;
    uint64_t seed;
    uint64_t probes;        /* asked before the drive */
    const char *check_text; /* "200, 27 B application/json, identical in 3 probes" */
    struct probe_answer probe_answer;
    bool body_checked;  /* bodies were compared under load (they were identical in the probes) */
    struct tally tally; /* seconds point into the arena */
    struct server_usage server;
    struct service_usage services[RECORD_SERVICES_MAX];
    size_t service_count;
    struct client_usage client;
    struct series_point *points;   /* tally.second_count of them, or NULL */
    const char *output_tail;       /* the target's last lines of output; "" */
    struct machine_change machine; /* inside the window */
    struct hiccup_found hiccup;    /* likewise */
    double ceiling_per_sec;  /* what the generator reaches with this load against our own empty
                                server with the same bytes (run/ceiling.h); NaN: unknown */
    int64_t steady_after_ns; /* from the first request to the steady state (verdict/steady.h); -1:
                                unknown, or never */
    /* The target's second entry in its block (A/A): for the noise floor, not ranked. */
    bool control;
    struct proof proof;
    struct verdict verdict;
};

struct run_record {
    struct arena arena;
    char id[16]; /* "7f3a9c" */
    const char *suite, *title;
    const char *suite_text;     /* the suite file as it was; "" for a single load */
    const char *published_text; /* the suite's published table (CSV); "" */
    const char *preset;         /* "" */
    const char *command;        /* how assay was called */
    const char *assay_version;
    uint64_t seed;
    uint32_t blocks;
    bool partial;
    struct wall started;
    struct host host;
    struct trial_record **trials;
    size_t trial_count;
    json_t *inproc; /* an array of tables (store/inproc_json.h), or NULL; goes with the record */
};

/* Nothing counted, nothing known: zero, but texts are "" and absent figures -1 or NaN. With an
 * arena of this many bytes. NULL and `err` when there is no such memory. */
struct trial_record *trial_record_new(size_t arena_bytes, struct error *err);
void trial_record_free(struct trial_record *trial);
struct run_record *run_record_new(size_t arena_bytes, struct error *err);
void run_record_free(struct run_record *run); /* its trials too */

/* ---- derived figures: pure functions of a record ---- */

double record_throughput_per_sec(const struct trial_record *t); /* NaN: there was no window */
double record_server_cpu_ns_per_request(const struct trial_record *t); /* NaN: unknown */
double record_service_cpu_ns_per_request(const struct trial_record *t,
                                         const struct service_usage *service);
double record_services_cpu_ns_per_request(const struct trial_record *t); /* of all; NaN: none, or
                                                                            one unknown */
double record_client_cpu_ns_per_request(const struct trial_record *t);   /* NaN: no right answer */

/* CONNECTION_EACH: asked for by the load, or found: at least every second request cost a connection
 * of its own. The connections a load opens to begin with do not count as that. */
enum connection_class record_connection_class(const struct trial_record *t);
