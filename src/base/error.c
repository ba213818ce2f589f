#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append_reason(struct error *err, int sys)
{
    size_t used = strlen(err->text);
    char reason[128];

    snprintf(err->text + used, sizeof(err->text) - used, "%s%s", used > 0 ? ": " : "",
             strerror_r(sys, reason, sizeof(reason)));
}

bool error_set(struct error *err, int sys, const char *fmt, ...)
{
    va_list args;

    err->sys = sys;
    err->usage = false;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    if (sys != 0)
        append_reason(err, sys);
    return false;
}

bool error_usage(struct error *err, const char *fmt, ...)
{
    va_list args;

    err->sys = 0;
    err->usage = true;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    return false;
}

bool error_wrap(struct error *err, const char *fmt, ...)
{
    char inner[sizeof(err->text)];
    va_list args;
    size_t used;

    memcpy(inner, err->text, sizeof(inner));
    va_start(args, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    used = strlen(err->text);
    snprintf(err->text + used, sizeof(err->text) - used, ": %s", inner);
    return false;
}
