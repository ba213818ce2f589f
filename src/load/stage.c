#include "load/stage.h"

#include <math.h>
#include <stdio.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/units.h"
#include "load/load.h"

#define NAME_MAX_BYTES 160 /* PREFIX, slash, a number, #, a number */

#define SHARE_MAX 10.0 /* ten times what it can do is no question any more */

/* What is behind the number. */
enum kind { KIND_RATE, KIND_CONNECTIONS, KIND_SHARE };

static const struct slice KIND_ENDS[] = { SLICE("/s"), SLICE("c"), SLICE("%") };

/* FROM..TO+STEP, or one number: then all three are the same. */
struct range {
    double from, to, step;
};

/* What was wrong, and the text that it was. */
static bool wrong(struct slice text, const char *must, struct error *err)
{
    char shown[80];
    struct text escaped = { shown, 0, sizeof(shown) - 3, false };

    shown[0] = '\0';
    text_add_escaped(&escaped, text);
    return error_usage(err, "must %s, not '%s%s'", must, shown, escaped.cut ? "..." : "");
}

static bool ends_with(struct slice text, struct slice end)
{
    return text.len >= end.len && memcmp(text.ptr + text.len - end.len, end.ptr, end.len) == 0;
}

static struct slice without_end(struct slice text, size_t len)
{
    return (struct slice){ text.ptr, text.len - len };
}

/* Cuts the text at `mark`; false when it is not in it. */
static bool cut(struct slice text, const char *mark, struct slice *ret_left,
                struct slice *ret_right)
{
    size_t len = strlen(mark);
    const char *at = text.len >= len ? memmem(text.ptr, text.len, mark, len) : NULL;

    if (at == NULL)
        return false;
    *ret_left = (struct slice){ text.ptr, (size_t)(at - text.ptr) };
    *ret_right = (struct slice){ at + len, text.len - ret_left->len - len };
    return true;
}

/* ---- how long ---- */

static bool read_length(struct slice text, struct load_stage *stage)
{
    if (!units_parse_length(text, &stage->duration_ns, &stage->requests))
        return false;
    if (stage->requests > 0)
        return stage->requests <= STAGE_REQUESTS_MAX;
    return stage->duration_ns >= MILLISECOND_NS &&
           stage->duration_ns <= STAGE_DURATION_HOURS * (3600 * SECOND_NS);
}

/* ---- how much ---- */

/* A rate, a number of connections, a share in percent: what these are limited to. */
static bool read_number(struct slice text, enum kind kind, double *ret_number)
{
    uint64_t count;

    if (kind != KIND_CONNECTIONS)
        return !ends_with(text, SLICE("/s")) && units_parse_rate(text, ret_number) &&
               *ret_number >= (kind == KIND_RATE ? LOAD_RATE_MIN_PER_SEC : 0) &&
               *ret_number <= (kind == KIND_RATE ? LOAD_RATE_MAX_PER_SEC : 100 * SHARE_MAX);
    if (!units_parse_count(text, &count) || count == 0 || count > LOAD_CONNECTIONS_MAX)
        return false;
    *ret_number = (double)count;
    return true;
}

static bool read_range(struct slice text, enum kind kind, struct range *ret_range)
{
    struct slice from, rest, to, step;

    if (!cut(text, "..", &from, &rest)) {
        if (!read_number(text, kind, &ret_range->from))
            return false;
        ret_range->to = ret_range->step = ret_range->from;
        return true;
    }
    return cut(rest, "+", &to, &step) && read_number(from, kind, &ret_range->from) &&
           read_number(to, kind, &ret_range->to) && read_number(step, kind, &ret_range->step) &&
           ret_range->from <= ret_range->to;
}

static bool read_amount(struct slice text, enum kind *ret_kind, struct range *ret_range)
{
    for (enum kind kind = KIND_RATE; kind <= KIND_SHARE; kind++) {
        if (!ends_with(text, KIND_ENDS[kind]))
            continue;
        *ret_kind = kind;
        return read_range(without_end(text, KIND_ENDS[kind].len), kind, ret_range);
    }
    return false;
}

/* ---- stages ---- */

static enum kind kind_of(const struct load_stage *stage)
{
    return stage->share > 0 ? KIND_SHARE : stage->connections > 0 ? KIND_CONNECTIONS : KIND_RATE;
}

static void set_amount(struct load_stage *stage, enum kind kind, double number)
{
    stage->rate_per_sec = kind == KIND_RATE ? number : 0;
    stage->connections = kind == KIND_CONNECTIONS ? (uint32_t)number : 0;
    stage->share = kind == KIND_SHARE ? number / 100 : 0;
}

bool stages_add(struct stages *stages, struct slice text, struct error *err)
{
    struct slice length, amount;
    struct load_stage stage = {
        .name = {NULL, 0}
    };
    struct range range = { 0, 0, 0 };
    enum kind kind = KIND_RATE;
    double steps;

    text = slice_trim(text);
    if (!cut(text, ":", &length, &amount))
        return wrong(text, "look like 10s:400/s or 10000n:20c", err);
    if (!read_length(length, &stage))
        return wrong(length, "begin with a duration up to 24h, like 10s, or a count, like 10000n",
                     err);
    if (!read_amount(amount, &kind, &range))
        return wrong(amount,
                     "end with a rate from one a day up to 10M/s, like 400/s, or connections up to "
                     "1M, like 20c, or a share up to 1000%, like 70%, or a range, like "
                     "400..9000+1200/s",
                     err);
    if (stages->count > 0 && kind_of(&stages->list[0]) != kind)
        return wrong(text, "be of one kind in all stages of a load, /s or c or %", err);
    /* The hair: 0.1..0.3+0.1 has three steps, though 0.2 / 0.1 may be 1.9999. */
    steps = floor((range.to - range.from) / range.step + 1e-6);
    if (steps >= (double)(STAGES_MAX - stages->count))
        return wrong(text, "be 256 stages of one load at most", err);
    for (size_t i = 0; i <= (size_t)steps; i++) {
        set_amount(&stage, kind, range.from + (double)i * range.step);
        stages->list[stages->count++] = stage;
    }
    return true;
}

bool stages_add_list(struct stages *stages, struct slice text, struct error *err)
{
    struct slice rest = text, one;
    unsigned number = 1;
    bool more;

    do {
        more = cut(rest, ",", &one, &rest);
        if (!stages_add(stages, more ? one : rest, err))
            return error_wrap(err, "stage %u", number);
        number++;
    } while (more);
    return true;
}

/* ---- names ---- */

static unsigned occurrence(const struct stages *stages, size_t index)
{
    const struct load_stage *stage = &stages->list[index];
    unsigned number = 1;

    for (size_t i = 0; i < index; i++)
        number += stages->list[i].rate_per_sec == stage->rate_per_sec &&
                  stages->list[i].connections == stage->connections &&
                  stages->list[i].share == stage->share;
    return number;
}

static void add_amount(const struct load_stage *stage, struct text *name)
{
    switch (kind_of(stage)) {
    case KIND_RATE:
        text_format(name, "%.10g", stage->rate_per_sec);
        return;
    case KIND_CONNECTIONS:
        text_format(name, "%uc", stage->connections);
        return;
    case KIND_SHARE:
        text_format(name, "%.10g%%", stage->share * 100);
        return;
    }
    BUG("kind of stage out of range");
}

struct load_stage *stages_name(const struct stages *stages, struct slice prefix,
                               struct arena *arena)
{
    struct load_stage *copies = arena_new(arena, struct load_stage, stages->count);

    for (size_t i = 0; i < stages->count; i++) {
        char name[NAME_MAX_BYTES];
        struct text text = TEXT(name);
        unsigned number = occurrence(stages, i);

        copies[i] = stages->list[i];
        if (prefix.len > 0)
            text_format(&text, "%.*s/", (int)prefix.len, prefix.ptr);
        add_amount(&copies[i], &text);
        if (number > 1)
            text_format(&text, "#%u", number);
        BUG_IF(text.cut);
        copies[i].name = (struct slice){ arena_text(arena, text.ptr, text.len), text.len };
    }
    return copies;
}

size_t stages_name_bytes(const struct stages *stages)
{
    return stages->count * (sizeof(struct load_stage) + NAME_MAX_BYTES) +
           _Alignof(struct load_stage);
}
