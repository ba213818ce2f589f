/* base/arena.h -- memory that lives as long as a run, a trial or a worker.
 *
 * Mapped once, sized from the plan; objects are taken from it in order and given back all together.
 * Nobody frees them one by one. Pages are touched only when used, so a generous size costs nothing.
 *
 * Pass by pointer to build something that lasts; copy the struct by value for scratch that vanishes
 * on return. Bytes that are not taken are poisoned under AddressSanitizer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct arena {
    char *next, *end;
    char *base;  /* of the mapping: for arena_unmap() */
    bool sealed; /* the measured window is open: from now on arena_take() is a BUG */
};

/* False when the system has no such memory. `bytes` is rounded up to whole pages. */
bool arena_map(struct arena *arena, size_t bytes, struct error *err);
void arena_unmap(struct arena *arena);

/* Zeroed memory for `count` objects. Cannot fail: a size that the plan did not foresee is a BUG. */
void *arena_take(struct arena *arena, size_t size, size_t align, size_t count);

#define arena_new(a, type, count) ((type *)arena_take((a), sizeof(type), _Alignof(type), (count)))

/* A copy of `len` bytes with a NUL behind it. */
char *arena_text(struct arena *arena, const char *text, size_t len);

/* printf into the arena. */
char *arena_format(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
