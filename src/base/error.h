/* base/error.h -- a failure on its way to the user.
 *
 * Functions that the world can refuse return bool and take a `struct error *` last. False means
 * that the error is filled in; true leaves it alone. Each level adds only what it alone knows, so
 * the text reads from the outside in: "suite json: start nginx: exec /opt/nginx: No such file or
 * directory". Only cli/ prints. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Fixed size: reporting that memory ran out must not need memory. Longer texts are cut.
 * 2000: a target's last lines of output belong to the error of its start. */
struct error {
    int sys;         /* the errno behind it, or 0 */
    bool usage;      /* the user's input is at fault: exit code 2, not 1 */
    char text[2000]; /* outermost context first */
};

/* Both return false, so that `return error_...` is the whole error path. With `sys` not 0 the
 * system's own words for it are appended. */
bool error_set(struct error *err, int sys, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool error_wrap(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As error_set(), and marks the input as what is wrong. */
bool error_usage(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
