#include "base/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bug.h"
#include "base/fault.h"

#ifndef __has_feature /* clang's way to ask; gcc defines __SANITIZE_ADDRESS__ */
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(ptr, len)   ASAN_POISON_MEMORY_REGION((ptr), (len))
#define UNPOISON(ptr, len) ASAN_UNPOISON_MEMORY_REGION((ptr), (len))
#else
#define POISON(ptr, len)   ((void)(ptr), (void)(len))
#define UNPOISON(ptr, len) ((void)(ptr), (void)(len))
#endif

#define PAGE_BYTES ((size_t)4096)

bool arena_map(struct arena *arena, size_t bytes, struct error *err)
{
    size_t rounded = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    void *base;

    if (fault_hit(FAULT_MEMORY))
        return error_set(err, ENOMEM, "reserve %zu bytes", rounded);
    base = mmap(NULL, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                -1, 0);
    if (base == MAP_FAILED)
        return error_set(err, errno, "reserve %zu bytes", rounded);
    *arena = (struct arena){ .base = base, .next = base, .end = (char *)base + rounded };
    POISON(base, rounded);
    return true;
}

void arena_unmap(struct arena *arena)
{
    if (arena->base == NULL)
        return;
    UNPOISON(arena->base, (size_t)(arena->end - arena->base));
    munmap(arena->base, (size_t)(arena->end - arena->base));
    *arena = (struct arena){ 0 };
}

void *arena_take(struct arena *arena, size_t size, size_t align, size_t count)
{
    size_t skip = -(uintptr_t)arena->next & (align - 1);
    size_t bytes;
    void *taken;

    BUG_IF(arena->sealed);
    BUG_IF(__builtin_mul_overflow(size, count, &bytes));
    BUG_IF(bytes > (size_t)(arena->end - arena->next) - skip);
    BUG_IF(skip > (size_t)(arena->end - arena->next));
    taken = arena->next + skip;
    UNPOISON(taken, bytes);
    /* Fresh from mmap it is zero already; a scratch copy may have been here before. */
    memset(taken, 0, bytes);
    arena->next += skip + bytes;
    return taken;
}

char *arena_text(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_new(arena, char, len + 1);

    if (len > 0)
        memcpy(copy, text, len);
    return copy;
}

char *arena_format(struct arena *arena, const char *fmt, ...)
{
    va_list args;
    char *text;
    int len;

    va_start(args, fmt);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    BUG_IF(len < 0);
    text = arena_new(arena, char, (size_t)len + 1);
    va_start(args, fmt);
    vsnprintf(text, (size_t)len + 1, fmt, args);
    va_end(args);
    return text;
}
