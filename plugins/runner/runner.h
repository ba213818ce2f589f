/* plugins/runner/runner.h -- what every in-process runner has in common: the protocol with assay.
 *
 * A runner is an executable that hosts one runtime (CPython, PHP, a shared object in C, ...), so
 * that the core links none of them and a crash of the framework is an outcome, not ours. assay
 * starts it, writes one line of JSON to its descriptor 3 for each command and reads one line of
 * JSON from its descriptor 4 for each answer; stdout and stderr are the application's, and kept.
 * A runtime with a driver in its own language (PyPy) speaks the same lines by itself.
 *
 * Commands, and what is answered. Every answer may be {"error": "what, where, what to do"} instead.
 *
 *   {"cmd":"open", "app":"module:name", "folder":"/path", "interface":"wsgi"|"asgi"|"",
 *    "gc":"on"|"off"|"frozen", "timed":true|false, "cases":[CASE, ...]}
 *        CASE: {"method":"GET", "path":"/a", "query":"", "headers":[["Host","x"],...], "body":"",
 *               "expect":{"status":200, "headers":[["Name","value"],...], "body":"..." or null}}
 *        "body_base64" stands for "body" where the bytes are no text. Status 0 and body null: any.
 *     -> {"runtime":"CPython 3.11.2", "version":"flask 2.2.2" or "",
 *         "interface":"wsgi" or "asgi" or "", "driver":"" or "asyncio", "driver_ns":N or null,
 *         "jit":true|false}
 *        Loads the application and asks each case once; a wrong answer is an error that names it.
 *        "timed":false: this process is looked into, not timed; its allocator may be a slower one
 *        whose bytes can be counted. Only then are "profile" and "growth" asked.
 *        interface: which it was in the end; "" where the runtime has one only.
 *        driver: what had to be put between runner and application, driver_ns what it costs a call.
 *        jit: it goes on compiling while it runs, and has to be warmed up for seconds.
 *        "app":"" is the floor: the runtime's own bare callable, which answers every request with
 *        200, Content-Type text/plain and "Hello World!". "interface":"" is up to the runner.
 *   {"cmd":"ask", "case":I}
 *     -> {"status":200, "headers":[["Name","value"],...], "body_base64":"..."}
 *        One call of that case, unchecked: assay learns from it what the right answer is.
 *   {"cmd":"run", "batches":B, "calls":K}
 *     -> {"wall_ns":[B numbers], "cpu_ns":[B numbers], "instructions":N or null,
 *         "ok":N, "wrong":N, "first_wrong":"..."}
 *        B times K calls, the cases in turn (each batch starts at the first); status, headers and
 *        body of every call are checked. A batch's time spans its K calls and nothing else.
 *        instructions: retired in user mode by all B times K calls, where the machine counts them.
 *   {"cmd":"profile"}
 *     -> {"tcalls":N or null, "funcs":N or null, "allocations":N or null}
 *        Of one warm call of the first case; null where the runtime cannot tell. tcalls: calls
 *        made, of functions in the runtime's language and in C, the application itself included;
 *        the driver's not, nor those by which an event loop turns. funcs: of how many different
 *        ones. allocations: blocks asked of the runtime's allocator.
 *   {"cmd":"growth", "points":P, "calls":K}
 *     -> {"bytes":[P+1 numbers]}
 *        Memory in use before, and after each K calls: by the runtime's own account where it has
 *        one (after a full collection), else the resident set.
 *   {"cmd":"quit"} -> {}, and the runner exits 0.
 *
 * One thread; pinned by assay; PYTHONHASHSEED and the like are set by assay. The end of descriptor
 * 3 ends the runner. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer; /* runner/answer.h */

struct runner_header {
    const char *name, *value;
};

/* One request, and the answer that is right for it. Lives until the runner ends. */
struct runner_case {
    const char *method, *path, *query; /* query without '?', may be "" */
    struct runner_header *headers;
    size_t header_count;
    const char *body;
    size_t body_len;
    int expect_status; /* 0: any */
    /* Each must be there, with this value; names in any case. */
    struct runner_header *expect_headers;
    size_t expect_header_count;
    const char *expect_body; /* NULL: any */
    size_t expect_body_len;
};

struct runner_spec {
    const char *app, *folder, *interface, *gc;
    bool timed;
    struct runner_case *cases;
    size_t case_count;
};

#define RUNNER_TEXT_MAX 4096

struct runner_profile {
    int64_t tcalls, funcs, allocations; /* -1: cannot be told */
};

/* What `open` tells. */
struct runner_facts {
    char runtime[256], version[256];
    char interface[16]; /* "" */
    char driver[32];    /* "" */
    int64_t driver_ns;  /* -1: none */
    bool jit;
};

/* What a runtime brings. All return false with a sentence in ret_error (RUNNER_TEXT_MAX bytes). */
struct runner_ops {
    bool (*open)(const struct runner_spec *spec, struct runner_facts *ret_facts, char *ret_error);
    /* One call of cases[index]: false where there was no answer (an exception, a broken one). What
     * can be prepared is prepared in open(). The answer's memory is good until the next call. */
    bool (*answer)(const struct runner_case *one, size_t index, struct answer *ret_answer,
                   char *ret_error);
    /* The same, and checked as answer_check() does it: for runtimes whose answers cost something
     * to hand over. May be NULL: then it is answer() and answer_check(). */
    bool (*call)(const struct runner_case *one, size_t index, char *ret_error);
    bool (*profile)(struct runner_profile *ret_profile, char *ret_error); /* may be NULL */
    int64_t (*memory_bytes)(void); /* NULL: the resident set is taken */
    void (*close)(void);           /* may be NULL */
};

/* Speaks the protocol until the end; returns the exit code of main(). */
int runner_main(const struct runner_ops *ops);
