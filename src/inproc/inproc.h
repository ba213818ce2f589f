/* inproc/inproc.h -- drives an application inside the process of its own runtime: no server, no
 * network, only the framework.
 *
 * assay links no runtime. It starts a runner (plugins/runner/runner.h has the protocol), a fresh
 * process for each measurement, pinned to one CPU and thrown away afterwards; so a crash of the
 * application is an outcome. Two kinds of process:
 *
 *   inproc_look_at()  one, not timed: asks each case twice and learns what the right answer is,
 *                     finds about how long a call takes, counts function calls and allocations of
 *                     one warm call, and measures how memory grows with the calls.
 *   inproc_time()     one that is timed: warms up, then calls in batches, every answer checked
 *                     against what was learnt. It is called several times for each application,
 *                     the applications in turn, and every call is one figure of the statistics.
 *
 * inproc_measure() does all of it for a table of applications, the bare callable first. */
#pragma once

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "load/workload.h"
#include "stats/interval.h"
#include "stats/trend.h"

#define INPROC_CASES_MAX     64
#define INPROC_PROCESSES_MAX 100
#define INPROC_BATCHES       20 /* of a timed process */
#define INPROC_GROWTH_POINTS 24 /* Theil-Sen wants 20 (validity.md, leaks) */
#define INPROC_TEXT_MAX      256

/* Whether there is a runner for it. */
bool inproc_runs(const char *runtime);

enum inproc_gc { INPROC_GC_ON, INPROC_GC_OFF, INPROC_GC_FROZEN };

const char *inproc_gc_name(enum inproc_gc gc); /* "on", "off", "frozen" */
bool inproc_gc_named(const char *name, enum inproc_gc *ret_gc);

struct inproc_spec {
    const char *runtime;   /* "cpython": the executable assay-runner-cpython */
    const char *app;       /* "module:name"; "" is the runtime's bare callable, the floor */
    const char *folder;    /* where it is found */
    const char *interface; /* "wsgi", "asgi", "": up to the runner */
    enum inproc_gc gc;
    const struct workload *cases; /* asked in turn; {nonce} stands for the same digits throughout */
    size_t case_count;            /* 1 .. INPROC_CASES_MAX */
    uint64_t calls;               /* in each timed process; 0: about one second of them */
    bool pinned;
    uint32_t cpu;       /* where, when pinned */
    int64_t timeout_ns; /* for one answer, and for all that is not calls */
    bool instructions;  /* count them with callgrind where the machine does not */
    const volatile sig_atomic_t *stop_asked; /* NULL: nobody asks */
    const char *python_path; /* further folders to find it in, as in $PYTHONPATH; NULL: none */
};

/* What is known beside the error when an application failed. */
struct inproc_fault {
    int signal;                       /* that killed it; 0: none did */
    bool opened;                      /* it had been loaded and had answered rightly */
    char output[INPROC_TEXT_MAX * 8]; /* its last lines, escaped; "" */
};

struct inproc_look {
    char runtime[INPROC_TEXT_MAX], version[INPROC_TEXT_MAX], interface[16];
    char driver[32];             /* "asyncio": an event loop had to be put in between; "" */
    int64_t driver_ns;           /* what that costs a call, contained in the times; -1 none. Of
                                  * the timed processes the least: their allocator is faster */
    char check[INPROC_TEXT_MAX]; /* "200, 12 B text/plain, identical in 2 probes" */
    json_t *cases;               /* as the runner gets them, with the right answers */
    double guess_ns;             /* a call, about */
    int64_t tcalls, funcs, allocations; /* -1: the runtime cannot tell */
    double instructions;                /* a call, by callgrind; NaN: not asked for, or not known */
    uint64_t growth_calls;              /* between two points */
    int64_t growth_bytes[INPROC_GROWTH_POINTS + 1];
};

/* False: it cannot be loaded, answers wrongly, crashes, never answers. Release what came with true.
 */
bool inproc_look_at(const struct inproc_spec *spec, struct inproc_look *ret_look,
                    struct inproc_fault *ret_fault, struct error *err);
void inproc_look_release(struct inproc_look *look);

/* One timed process. */
struct inproc_timing {
    uint64_t calls, warmup_calls;
    int64_t warmup_ns, wall_ns, cpu_ns; /* wall and CPU: of all measured calls */
    int64_t batch_ns[INPROC_BATCHES];
    size_t batch_count;
    double instructions; /* a call, by the machine's counter; NaN: it has none */
    int64_t driver_ns;   /* as this process found it; goes into its row's look */
};

bool inproc_time(const struct inproc_spec *spec, const struct inproc_look *look,
                 struct inproc_timing *ret_timing, struct inproc_fault *ret_fault,
                 struct error *err);

/* ---- a table of applications ---- */

enum inproc_state { INPROC_DONE, INPROC_FAILED };

struct inproc_row {
    char label[INPROC_TEXT_MAX];
    char application[64]; /* in a suite: which one it is, also where it is served; "" */
    struct inproc_spec spec;
    bool floor, looked;
    enum inproc_state state;
    char reason[2000]; /* why it failed */
    struct inproc_fault fault;
    struct inproc_look look; /* when looked */
    struct inproc_timing timings[INPROC_PROCESSES_MAX];
    size_t timing_count;
};

#define INPROC_FLOORS_MAX 2 /* WSGI's and ASGI's, where there are applications of both */

struct inproc_table {
    size_t processes;
    bool partial; /* it was stopped before its end */
    struct inproc_row *rows;
    size_t row_count;
    struct inproc_row *room; /* rows point into it; the floors are put in front */
    struct workload *floor_cases;
    json_t *document; /* that it was read from (store/inproc_json.h), or NULL */
};

/* One row an application; inproc_measure() puts the floors in front of them. */
bool inproc_table_open(struct inproc_table *table, const struct inproc_spec *specs, size_t count,
                       size_t processes, struct error *err);
void inproc_table_close(struct inproc_table *table);

struct inproc_observer {
    void *context;
    /* What comes next: `round` 0 is the look, then 1 .. processes. */
    void (*next)(void *context, const struct inproc_row *row, size_t round, size_t rounds);
};

/* Looks at each, then times them in rounds, every application once in each. One that fails has its
 * reason in its row, and the others go on. False only when assay itself cannot: no such runner. */
bool inproc_measure(struct inproc_table *table, const struct inproc_observer *observer,
                    struct error *err);

/* ---- figures: pure functions of a row ---- */

/* The floor of the same interface; NULL: it failed, or there is none. */
const struct inproc_row *inproc_floor_of(const struct inproc_table *table,
                                         const struct inproc_row *row);

struct interval inproc_ns(const struct inproc_row *row); /* a request */

/* Round by round against the floor, so that what slows both is no difference. */
struct interval inproc_times_floor(const struct inproc_row *row, const struct inproc_row *floor);

struct trend inproc_growth(const struct inproc_row *row); /* bytes a call */

/* CPU time per wall time of the measured calls: well below 1, something else had its CPU. */
double inproc_cpu_share(const struct inproc_row *row);

/* The machine's counter if it has one, else callgrind's; NaN: neither. */
double inproc_instructions(const struct inproc_row *row);
