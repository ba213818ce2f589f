/* target/target.h -- runs a target alone, and leaves nothing behind.
 *
 * Each start has a guardian: a small process in a session of its own, made subreaper, that is the
 * parent of everything the target starts. Whatever leaves the process group or double-forks is
 * still found among its descendants. It listens on a socket to us. When told to stop, or when the
 * socket closes because we are gone (a crash, kill -9), it ends the whole tree: TERM, the grace
 * period, KILL, until no descendant is left (at once KILL when we are gone).
 *
 *     target_build -> target_start (spawn, wait for the contract) -> ... drive ... -> target_stop
 *
 * Everything here blocks, in the main thread, between trials. `stop_asked` (may be NULL) is looked
 * at several times a second and ends every wait; the call then fails with "interrupted". */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "load/load.h"
#include "load/workload.h"
#include "net/addr.h"
#include "suite/suite.h"

#define TARGET_ADDRESSES_MAX 64
#define TARGET_PADDING_MAX   4096 /* a page: what a stack can be moved by */

/* Where a variant's files go, and on which CPUs it runs. */
struct target_place {
    const char *folder; /* {dir}: absolute, made if absent, kept between trials (build results) */
    const char *output; /* file that gets stdout and stderr of all its processes; truncated */
    const uint32_t *cpus;
    uint32_t cpu_count;     /* 0: not pinned */
    uint32_t padding_bytes; /* of ASSAY_PADDING, a variable that says nothing, in the environment of
                               what is started; 0: there is no such variable */
};

struct target;         /* a started one */
struct command_waiter; /* target/command.h */

/* Reads `ret_missing` (at least 256 bytes): the packages that are not installed, separated by
 * spaces; true when none is missing. */
bool target_installed(const struct suite_target *target, char *ret_missing, size_t size);

/* Runs the build command in the target's folder, if it has one. *ret_ns: how long it took; -1 when
 * there is nothing to build. The error carries the last lines of its output. */
bool target_build(const struct suite *suite, const struct variant *variant,
                  const struct target_place *place, const struct command_waiter *waiter,
                  int64_t *ret_ns, struct error *err);

/* Starts all processes in their order and asks until the last one gives the right answer to
 * `workload`. Errors say what happened and carry the target's last lines of output: exited (status,
 * signal), never listened, listened but answered wrongly (how), port taken by another program. On
 * failure nothing is left running. `probes` counts the requests that were asked on the way. */
bool target_start(const struct suite *suite, const struct variant *variant,
                  const struct workload *workload, const struct load *load,
                  const struct target_place *place, const volatile sig_atomic_t *stop_asked,
                  struct target **ret_target, struct error *err);

/* A process that was started for one of the target's services: it, its descendants and its process
 * group belong to service number `service`, in the order of the file. */
struct target_leader {
    int32_t pid;
    size_t service;
};

#define TARGET_LEADERS_MAX 1024

/* How many there are, at most TARGET_LEADERS_MAX. Those that cannot be told are left out. */
size_t target_service_leaders(struct target *target, struct target_leader *ret_leaders);

/* How many services there are, and their names. */
size_t target_service_names(const struct target *target, struct slice *ret_names, size_t max);

const struct addr *target_addresses(const struct target *target, size_t *ret_count);
int32_t target_guardian(const struct target *target); /* the ancestor for probe/proc.h */
/* From spawn to the first right answer, without what its `after` commands took. */
int64_t target_ready_ns(const struct target *target);
uint64_t target_probes(const struct target *target); /* requests it was asked to find that out */

/* False, with a sentence, once any process that was started by us has ended by itself. Cheap; waits
 * `patience_ns` for that to happen. */
bool target_alive(struct target *target, int64_t patience_ns, struct error *err);

/* TERM, grace, KILL; returns when the tree is gone, frees `target`. False when something had to be
 * killed or the guardian died: the tree is gone all the same, `err` says what was odd. */
bool target_stop(struct target *target, struct error *err);

/* The workload as this variant has to answer it: with the target's own expectation where it has
 * one. What target_start() asks for; the drive must ask for the same. */
struct workload target_workload(const struct suite *suite, const struct variant *variant,
                                const struct workload *workload);

/* Runs the workload's `verify` command, if it has one, with the target's URL as its last argument,
 * {nonce} in its path filled in; the target must be up. A ceiling is not asked: our own server
 * knows the one answer it was given, and the drive checks that one. False with the command's last
 * lines of output when it says no (any status but 0), or takes longer than 30 s. */
bool target_verify(const struct suite *suite, const struct variant *variant,
                   const struct workload *workload, const struct target_place *place,
                   const struct target *target, const volatile sig_atomic_t *stop_asked,
                   struct error *err);

/* Bytes that have to be shipped to run this variant: its ship_files, and its ship_packages with all
 * the packages they depend on (dpkg's Installed-Size). -1 when the suite does not say. */
int64_t target_shipped_bytes(const struct suite *suite, const struct variant *variant,
                             const struct target_place *place);

/* What the variant's image command prints: the size of a container image of it, in bytes. It may
 * take minutes. -1: there is no such command, or it could not build one. */
int64_t target_image_bytes(const struct suite *suite, const struct variant *variant,
                           const struct target_place *place, const struct command_waiter *waiter);

/* A text of the target with its placeholders replaced, those that need no port. */
bool target_text(const struct suite *suite, const struct variant *variant,
                 const struct target_place *place, struct slice text, struct arena *arena,
                 const char **ret_text, struct error *err);

/* What the variant's version command prints (first line), or "". */
void target_version(const struct suite *suite, const struct variant *variant,
                    const struct target_place *place, char *ret_text, size_t size);
