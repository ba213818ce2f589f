/* run/prepare.h -- builds what a session starts, before its first trial. */
#pragma once

#include "run/progress.h"
#include "run/session.h"
#include "run/trial.h"

/* All variants, in their order, into folders below `folder`. What could not be built says so in its
 * place; these live as long as the session. */
struct prepared *prepare_all(struct session *session, const char *folder,
                             const struct observer *observer);
