/* cli/run_view.h -- what `assay run` shows while it runs: the live region with the table of all
 * trials, or, where nothing can be repainted, one line a trial, and one every 30 s inside a long
 * one. On standard error. */
#pragma once

#include "cli/common.h"
#include "run/session.h"

struct run_view;

/* The session must live as long as the view, and its arena gets the names. NULL: no memory. */
struct run_view *run_view_new(const struct common_options *options, struct session *session);

/* Clears the live region. NULL is fine. */
void run_view_free(struct run_view *view);

/* For session_run(). */
struct observer run_view_observer(struct run_view *view);
