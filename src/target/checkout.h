/* target/checkout.h -- a tree of some version of a git repository, to be built and run beside
 * others: `git worktree add` below the cache folder, and removed again.
 *
 * git runs in a process group of its own, so that a Ctrl-C meant for us does not stop it from
 * tidying up. What a killed assay left behind is removed by the next one that needs a tree. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define CHECKOUT_PATH_MAX 4096
#define COMMIT_TEXT_MAX   64

struct checkout {
    char repository[CHECKOUT_PATH_MAX]; /* its working tree */
    char tree[CHECKOUT_PATH_MAX];       /* the other one, absolute; "" : none is open */
    char commit[COMMIT_TEXT_MAX];       /* short: "3f1c2ab" */
    int lock;
};

/* The tree of `ref` in the repository that holds `path`; *ret_path is where the same path is in
 * that tree (CHECKOUT_PATH_MAX bytes). Errors: no git, no repository, no such ref, no such path
 * there. On failure nothing is left behind. */
bool checkout_open(const char *path, const char *ref, struct checkout *ret_checkout, char *ret_path,
                   struct error *err);

/* Removes the tree. False, with what is left, when git could not. */
bool checkout_close(struct checkout *checkout, struct error *err);
