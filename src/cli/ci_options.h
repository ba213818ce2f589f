/* cli/ci_options.h -- what `assay ci` was told. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "cli/syntax.h"
#include "report/gate.h"
#include "target/checkout.h"

/* One side: what was asked for, and where it was checked out. */
struct ci_version {
    const char *asked; /* NULL: SUITE as it stands */
    bool is_command;
    enum said_by by;
    struct checkout checkout;
    char path[CHECKOUT_PATH_MAX];
    char shown[300];
};

struct ci_options {
    struct common_options common;
    struct session_options session;
    struct ci_version versions[2]; /* base, head */
    struct gate_limits limits;
    const char *suite, *policy;
    uint32_t pairs;
    bool conclusive;
    struct words words;
    char run_id[16]; /* of what was measured; "" */
};

/* Ends the program where the command line cannot be read. */
bool ci_options_read(int argc, char **argv, struct ci_options *ret_options, struct error *err);
