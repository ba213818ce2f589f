/* base/bug.h -- stops the program when it has caught itself being wrong.
 *
 * A measuring instrument that goes on after a broken invariant prints a wrong number that looks
 * right. So these are on in release builds too. They are for our own mistakes only: what the world
 * refuses is a struct error, what a peer does is an outcome. */
#pragma once

_Noreturn void bug(const char *file, int line, const char *text);

/* This point cannot be reached. */
#define BUG(text) bug(__FILE__, __LINE__, (text))

/* One condition a line, so that the message names the one that broke. */
#define BUG_IF(cond)                        \
    do {                                    \
        if (__builtin_expect(!!(cond), 0))  \
            bug(__FILE__, __LINE__, #cond); \
    } while (0)

/* For places inside the measured window where the test itself was measured to cost: debug only. */
#ifdef NDEBUG
#define BUG_IF_HOT(cond) ((void)sizeof(cond))
#else
#define BUG_IF_HOT(cond) BUG_IF(cond)
#endif
