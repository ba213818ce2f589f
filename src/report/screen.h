/* report/screen.h -- what a terminal can show, and how wide it is.
 *
 * Decided once, by cli/: colour from --color, NO_COLOR, CLICOLOR_FORCE, FORCE_COLOR, TERM and
 * whether it is a terminal; ASCII where the locale's character set is not UTF-8; width from the
 * terminal, else COLUMNS, else 100, and never used beyond 100. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/bytes.h"

#define SCREEN_WIDTH_MIN 40
#define SCREEN_WIDTH_MAX 100

struct percentiles; /* report/percentiles.h */

struct screen {
    FILE *out;
    bool terminal; /* may be repainted: a terminal, not TERM=dumb, not CI=true */
    bool colour;
    bool ascii;
    bool markdown; /* no screen: what is printed is Markdown, tables as pipes */
    int width;     /* 40 .. 100 */
    const struct percentiles *percentiles; /* that were asked for; NULL: as each table has them */
};

enum screen_style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_WARN, STYLE_BAD };

struct screen screen_detect(FILE *out,
                            const char *color_option); /* NULL, "auto", "always", "never" */

/* The same text as Markdown (GitHub's tables), for files. */
struct screen screen_markdown(FILE *out);

/* Escape sequences when there is colour, else "". */
const char *screen_style(const struct screen *s, enum screen_style style);

/* The UTF-8 text, or its plain ASCII stand-in: "✓" "ok", "✗" "x", "·" "-", "µs" "us", "≥" ">=",
 * "×" "x", "±" "+-", "–" "-", "→" "->", "●" "*", "━" "=", "█" "#", ... Unknown ones pass. */
const char *screen_glyph(const struct screen *s, const char *glyph);

/* Adds text of our own: each known glyph in it as this screen can show it. */
void screen_add(const struct screen *s, struct text *into, struct slice own);

/* Adds text that somebody else wrote (names, reasons, heads of answers, output): what is not
 * printable ASCII, a Latin letter or one of our glyphs comes out as \xNN (base/bytes.h), so that
 * nobody writes to the user's terminal through us. Line feeds come out as \n. In Markdown, what
 * would be markup gets a backslash. */
void screen_add_foreign(const struct screen *s, struct text *into, struct slice foreign);

/* A bar of `cells` character cells filled by share (0..1), in eighths where the screen can. Writes
 * at most `size` bytes; returns ret_text. */
char *screen_bar(const struct screen *s, double share, int cells, char *ret_text, size_t size);

/* How many columns a UTF-8 text takes: one a code point (we print no wide ones), none for the
 * escape sequences of screen_style(). */
int screen_columns(const char *text);

/* How many bytes of the text fill at most that many columns. */
size_t screen_cut(const char *text, int columns);
