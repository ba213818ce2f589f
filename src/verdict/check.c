#include "verdict/check_priv.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

struct check check_begin(enum check_id id, const char *unit)
{
    return (struct check){
        .id = id, .state = CHECK_OK, .value = RECORD_UNKNOWN, .limit = RECORD_UNKNOWN, .unit = unit
    };
}

__attribute__((format(printf, 4, 0))) static void say(struct check *c, double value, double limit,
                                                      const char *sentence, va_list rest)
{
    c->value = value;
    c->limit = limit;
    vsnprintf(c->text, sizeof(c->text), sentence, rest);
}

void check_worsen(struct check *c, enum check_state state, double value, double limit,
                  const char *remedy, const char *sentence, ...)
{
    va_list rest;

    if (state <= c->state)
        return;
    c->state = state;
    va_start(rest, sentence);
    say(c, value, limit, sentence, rest);
    va_end(rest);
    snprintf(c->remedy, sizeof(c->remedy), "%s", remedy);
}

void check_fine(struct check *c, double value, double limit, const char *sentence, ...)
{
    va_list rest;

    if (c->state != CHECK_OK)
        return;
    va_start(rest, sentence);
    say(c, value, limit, sentence, rest);
    va_end(rest);
}

struct check check_worse(struct check a, struct check b)
{
    return b.state > a.state ? b : a;
}
