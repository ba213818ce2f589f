/* report/line_priv.h -- lines that know how wide they are, for what is printed to people.
 *
 * A line is made of pieces. A piece that does not fit begins a new line at the indent; nothing is
 * cut off, because half a number is a wrong number. Text of our own comes by format and must not
 * contain what others wrote; that comes through line_foreign() and line_words(). */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "report/screen.h"

#define LINE_INDENT 9 /* "Latency  " */

struct line {
    const struct screen *s;
    int indent, column;
    bool fresh;   /* nothing on this line yet but its label or indent */
    bool heading; /* in Markdown: a line without an indent that begins in bold */
    struct text text;
    char bytes[2048];
};

/* Begins with the label in bold (may be ""), the rest starts at column `indent`. */
void line_begin(struct line *l, const struct screen *s, const char *label, int indent);
/* Our own text, as it is. */
void line_add(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Our own text, after `gap` spaces or on a line of its own. */
void line_piece(struct line *l, int gap, enum screen_style style, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Somebody else's text, word by word, its line feeds as line breaks. */
void line_words(struct line *l, enum screen_style style, struct slice foreign);
/* Somebody else's text as one piece on the rest of this line, cut with "…" when it is longer. */
void line_foreign(struct line *l, int gap, struct slice foreign);
/* Ours, word by word. */
void line_prose(struct line *l, enum screen_style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A sentence less its full stop, which makes room for what follows. */
struct slice line_sentence(const char *text);
/* What was found, and what to do about it unless that is "": "FOUND. Remedy: REMEDY". */
void line_finding(struct line *l, struct slice found, const char *remedy);
void line_pad(struct line *l, int column);
void line_end(struct line *l);

/* A group of warnings: an empty line comes before the first, nothing where there is none. */
struct warnings {
    const struct screen *s;
    bool begun;
};

/* "! text": one warning, wrapped, with its remedy in it. */
void line_warning(struct warnings *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
