/* cli/show_progress.h -- what is going on, as --progress says: painted, in lines, as events, or not
 * at all. Turns what run/ tells into what report/ shows. */
#pragma once

#include "cli/common.h"
#include "report/live.h"
#include "run/progress.h"

struct progress_view {
    struct screen screen;  /* standard error; a terminal only where it may be repainted */
    bool hidden;           /* from people */
    struct live *live;     /* NULL: no memory */
    struct events *events; /* NULL: nobody reads them */
};

/* Not `painted`: people see nothing of it unless they ask. */
void progress_view_open(struct progress_view *view, const struct common_options *options,
                        bool painted);

/* Takes what is painted off the screen. */
void progress_view_close(struct progress_view *view);

/* `run` as of live_show(). */
void progress_view_show(struct progress_view *view, const struct live_run *run,
                        const struct progress *progress);

/* The part of a live region that describes one trial. Its texts live in *texts. */
struct progress_texts {
    char headline[160], target[160];
};

struct live_trial live_trial_of(const struct progress *progress, const struct screen *screen,
                                struct progress_texts *texts);

/* "closed loop · 64 connections · 1 thread · HTTP/1.1 keep-alive · io_uring" */
void describe_load(const struct trial_record *record, const struct screen *screen, char *ret_text,
                   size_t size);
