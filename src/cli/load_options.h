/* cli/load_options.h -- what `assay URL` was told, by its command line and by the environment. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "cli/common.h"
#include "cli/demands.h"
#include "cli/request_options.h"
#include "cli/syntax.h"
#include "load/stage.h"
#include "load/workload.h"
#include "proto/url.h"
#include "run/drive.h"
#include "run/prove.h"

struct load_options {
    struct common_options common;
    const char *url_text;
    struct url url;
    struct load load;
    struct workload workload;
    struct places places;
    struct prove_wish prove;
    struct demands demands;
    bool method_given;
    struct words words;
    enum said_by duration_by, requests_by, rate_by, connections_by, stages_by, open_by, closed_by;
    const char *unix_socket; /* NULL: the URL's host and port */
    struct stages stages;
    struct arena arena; /* of texts and stages */
    struct text_files files;
};

/* Complete and free of contradictions, or false and `err`. What argp cannot read (and --help) ends
 * the program here. */
bool load_options_read(int argc, char **argv, struct load_options *ret_options, struct error *err);
void load_options_release(struct load_options *options);
