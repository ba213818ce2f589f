/* cli/request_options.h -- what is sent and what is expected back, as -H, -b and --expect-body say
 * it: the same for `assay URL` and `assay inproc`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "load/workload.h"

/* The files that were read, which live until text_files_release(). All zero is none. */
struct text_files {
    struct arena files[WORKLOAD_HEADERS_MAX + 2]; /* headers, a body, the expected body */
    size_t count;
};

void text_files_release(struct text_files *files);

/* TEXT as it is, or what is in @FILE. */
bool text_or_file(struct text_files *files, const char *argument, struct slice *ret_text,
                  struct error *err);

/* "NAME: VALUE", or @FILE with one a line. */
bool add_headers(struct text_files *files, struct workload *workload, const char *argument,
                 struct error *err);
