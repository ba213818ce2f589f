/* cli/show_progress.h -- turns what run/ tells into what report/ shows. */
#pragma once

#include "report/live.h"
#include "run/progress.h"

/* The part of a live region that describes one trial. Its texts live in *texts. */
struct progress_texts {
    char headline[160], target[160];
};

struct live_trial live_trial_of(const struct progress *progress, const struct screen *screen,
                                struct progress_texts *texts);

/* "closed loop · 64 connections · 1 thread · HTTP/1.1 keep-alive · io_uring" */
void describe_load(const struct trial_record *record, const struct screen *screen, char *ret_text,
                   size_t size);
