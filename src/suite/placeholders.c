#include "suite/suite_priv.h"

static bool is_word_start(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_word_char(char c)
{
    return is_word_start(c) || (c >= '0' && c <= '9') || c == '_';
}

/* The end of a word that begins at `at`, or `at` where none does. */
static size_t word_end(struct slice text, size_t at)
{
    if (at >= text.len || !is_word_start(text.ptr[at]))
        return at;
    while (at < text.len && is_word_char(text.ptr[at]))
        at++;
    return at;
}

/* Where the name that begins at `at` ends, if a brace closes it there; else 0. */
static size_t name_end(struct slice text, size_t at)
{
    size_t end = word_end(text, at);

    if (end == at)
        return 0;
    if (end < text.len && text.ptr[end] == '.') {
        at = end + 1;
        end = word_end(text, at);
        if (end == at)
            return 0;
    }
    return end < text.len && text.ptr[end] == '}' ? end : 0;
}

bool placeholder_next(struct slice text, size_t *pos, size_t *ret_start, struct slice *ret_name)
{
    for (size_t i = *pos; i < text.len; i++) {
        size_t end = text.ptr[i] == '{' ? name_end(text, i + 1) : 0;

        if (end > 0) {
            *ret_start = i;
            *ret_name = (struct slice){ text.ptr + i + 1, end - i - 1 };
            *pos = end + 1;
            return true;
        }
    }
    return false;
}

/* ---- is it known? ---- */

struct builtin {
    const char *name;
    enum text_use use; /* USE_RUN: only there */
};

static const struct builtin builtins[] = {
    {"dir",       USE_BUILD},
    { "suite",    USE_BUILD},
    { "assay",    USE_BUILD},
    { "host",     USE_BUILD},
    { "cpus",     USE_BUILD},
    { "port",     USE_RUN  },
    { "ports",    USE_RUN  },
    { "socket",   USE_RUN  },
    { "workload", USE_RUN  },
    { "load",     USE_RUN  },
};

#define BUILTIN_COUNT (sizeof(builtins) / sizeof(builtins[0]))

bool placeholder_is_builtin(struct slice name)
{
    for (size_t i = 0; i < BUILTIN_COUNT; i++)
        if (slice_equal(name, slice_of(builtins[i].name)))
            return true;
    return false;
}

/* Compares one known name, and adds it to the list for the message. */
static bool offer(struct text *known, struct slice wanted, struct slice name)
{
    text_format(known, " {%.*s}", (int)name.len, name.ptr);
    return slice_equal(wanted, name);
}

static bool offer_process(struct text *known, struct slice wanted, struct slice process)
{
    static const char *const words[] = { "port", "ports", "socket" };
    bool found = false;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char name[SUITE_NAME_MAX + 10];
        struct text text = TEXT(name);

        text_format(&text, "%.*s.%s", (int)process.len, process.ptr, words[i]);
        found |= offer(known, wanted, (struct slice){ text.ptr, text.len });
    }
    return found;
}

static bool is_known(const struct suite *suite, const struct suite_target *target, size_t processes,
                     enum text_use use, struct slice name, struct text *known)
{
    const struct factor *factors[SUITE_FACTORS_MAX];
    size_t factor_count = target_factors(suite, target, factors);
    bool found = offer(known, name, SLICE("workers"));

    for (size_t i = 0; i < factor_count; i++)
        if (!slice_equal(factors[i]->name, SLICE("workers")))
            found |= offer(known, name, factors[i]->name);
    for (size_t i = 0; i < BUILTIN_COUNT; i++)
        if (use == USE_RUN || builtins[i].use == USE_BUILD)
            found |= offer(known, name, slice_of(builtins[i].name));
    for (size_t i = 0; use == USE_RUN && i < processes; i++)
        found |= offer_process(known, name, target->processes[i].name);
    return found;
}

bool placeholders_check(const struct suite *suite, const struct suite_target *target,
                        size_t processes, enum text_use use, const struct node *value,
                        struct error *err)
{
    char list[1000];
    struct slice name;
    size_t start, pos = 0;

    while (placeholder_next(value->text, &pos, &start, &name)) {
        struct text known = TEXT(list);

        if (!is_known(suite, target, processes, use, name, &known))
            return node_wrong(value, err, "has an unknown placeholder {%.*s}; the known ones are%s",
                              (int)(name.len < QUOTE_MAX ? name.len : QUOTE_MAX), name.ptr, list);
    }
    return true;
}
