/* inproc-php/host.h -- PHP's embed SAPI, made to believe that it sits in a web server.
 *
 * One script is the application, as a front controller is: every case runs it from the start, with
 * a request of its own (startup, execution, shutdown), which is what PHP does behind php-fpm too.
 * $_SERVER, $_GET, $_POST, $_COOKIE and php://input come from the case; output, status and headers
 * are collected and checked. One process hosts one script. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "runner/runner.h"

struct answer;
struct profile;

/* Warnings and errors of the script go to stderr, never into the body; what php.ini says of the
 * rest holds (Debian: /etc/php/8.2/embed). */
bool host_start(const struct runner_spec *spec, struct runner_facts *ret_facts, char *ret_error);

/* What PHP answers, whatever it is, but for the blank page of a fatal error; good until the next
 * call. `profile` is NULL but for the one call that is looked into. */
bool host_ask(const struct runner_case *one, size_t index, struct profile *profile,
              struct answer *ret_answer, char *ret_error);

/* The last error or warning that the script raised in that call, and where; or "". */
const char *host_last_error(void);

void host_stop(void);
