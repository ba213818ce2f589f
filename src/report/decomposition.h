/* report/decomposition.h -- one application called in-process, served over a Unix socket and over
 * loopback: what do the framework, the server and the kernel each cost?
 *
 * The suite says which targets are one application (their `application` key). Of a request's CPU
 * time over loopback, the framework's part is what the call costs in-process, the kernel's is the
 * server's system time, and the server's own is the rest of its user time. The Unix socket is the
 * test of it: what loopback costs more must be alike for all applications, since a framework cannot
 * know which socket it is. Medians of the trials. */
#pragma once

#include "report/screen.h"
#include "store/record.h"

/* Prints nothing where no application is there in all three ways. */
void decomposition_print(const struct screen *s, const struct run_record *run);
