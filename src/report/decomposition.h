/* report/decomposition.h -- one application called in-process, served over a Unix socket and over
 * loopback: what do the framework, the server and the kernel each cost?
 *
 * The suite says which targets are one application (their `application` key). Of a request's CPU
 * time over loopback, the framework's part is what the call costs in-process, the kernel's is the
 * server's system time, and the server's own is the rest of its user time. The Unix socket is the
 * test of it: what loopback costs more must be alike for all applications, since a framework cannot
 * know which socket it is. Medians of the trials, of one workload. */
#pragma once

#include "report/screen.h"
#include "store/record.h"

/* An application that is not there in all three ways, or was called in several (other runtimes,
 * other states of the collector), has the reason in place of its row. Prints nothing where none was
 * driven over a Unix socket. */
void decomposition_print(const struct screen *s, const struct run_record *run);
