#include "report/line_priv.h"

#include <stdarg.h>

/* In Markdown an indent would be code; one space keeps words apart. */
void line_pad(struct line *l, int column)
{
    bool at_start = l->text.len == 0;

    if (l->s->markdown && l->column < column) {
        text_add(&l->text, slice_of(at_start ? "" : " "));
        l->column = column;
    }
    for (; l->column < column; l->column++)
        text_add(&l->text, SLICE(" "));
}

static void flush(struct line *l)
{
    while (l->text.len > 0 && l->text.ptr[l->text.len - 1] == ' ')
        l->text.len--;
    fwrite(l->text.ptr, 1, l->text.len, l->s->out);
    fputc('\n', l->s->out);
}

/* In Markdown lines flow together: an empty one keeps the next apart. */
void line_end(struct line *l)
{
    flush(l);
    if (l->s->markdown)
        fputc('\n', l->s->out);
}

static void begin_again(struct line *l)
{
    l->text = TEXT(l->bytes);
    l->column = 0;
    line_pad(l, l->indent);
    l->fresh = true;
}

/* `shown`: as the screen can show it. */
static void put(struct line *l, enum screen_style style, const char *shown)
{
    bool styled = style != STYLE_PLAIN && !l->s->markdown;

    if (l->s->markdown && l->text.len == 0 && l->indent == 0 && style == STYLE_BOLD) {
        l->heading = true;
        text_add(&l->text, SLICE("### "));
    }
    text_add(&l->text, slice_of(styled ? screen_style(l->s, style) : ""));
    text_add(&l->text, slice_of(shown));
    text_add(&l->text, slice_of(styled ? screen_style(l->s, STYLE_PLAIN) : ""));
    l->column += screen_columns(shown);
    l->fresh = false;
}

static void put_piece(struct line *l, int gap, enum screen_style style, const char *shown)
{
    bool full = l->column + gap + screen_columns(shown) > l->s->width;

    if (!l->fresh && full && !l->heading) {
        flush(l);
        begin_again(l);
    }
    if (!l->fresh && l->s->markdown && gap > 1)
        line_add(l, " ·"); /* many spaces would be one there */
    if (!l->fresh)
        line_pad(l, l->column + gap);
    put(l, style, shown);
}

static void begin(struct line *l, const struct screen *s, enum screen_style style,
                  const char *label, int indent)
{
    char shown[256] = "";
    struct text text = TEXT(shown);

    l->s = s;
    l->indent = indent;
    l->text = TEXT(l->bytes);
    l->column = 0;
    l->heading = false;
    screen_add(s, &text, slice_of(label));
    if (shown[0] != '\0')
        put(l, style, shown);
    line_pad(l, indent);
    l->fresh = true;
}

void line_begin(struct line *l, const struct screen *s, const char *label, int indent)
{
    begin(l, s, STYLE_BOLD, label, indent);
}

/* One word; one that is longer than a whole line is broken where the line ends. */
static void put_word(struct line *l, enum screen_style style, char *word)
{
    int room = l->s->width - l->indent;

    while (screen_columns(word) > room) {
        size_t len = screen_cut(word, room);
        char kept = word[len];

        word[len] = '\0';
        put_piece(l, 1, style, word);
        word[len] = kept;
        word += len;
    }
    if (word[0] != '\0')
        put_piece(l, 1, style, word);
}

static void put_words(struct line *l, enum screen_style style, char *shown)
{
    while (shown != NULL) {
        char *space = strchr(shown, ' ');

        if (space != NULL)
            *space++ = '\0';
        put_word(l, style, shown);
        shown = space;
    }
}

/* A piece stays whole, unless a whole line is too short for it. */
static void put_shown(struct line *l, int gap, enum screen_style style, char *shown)
{
    if (screen_columns(shown) > l->s->width - l->indent)
        put_words(l, style, shown);
    else
        put_piece(l, gap, style, shown);
}

__attribute__((format(printf, 3, 0))) static void format(const struct screen *s,
                                                         struct text *ret_shown, const char *fmt,
                                                         va_list args)
{
    char own[2048];

    vsnprintf(own, sizeof(own), fmt, args);
    screen_add(s, ret_shown, slice_of(own));
}

void line_add(struct line *l, const char *fmt, ...)
{
    char shown[2048] = "";
    struct text text = TEXT(shown);
    va_list args;

    va_start(args, fmt);
    format(l->s, &text, fmt, args);
    va_end(args);
    put(l, STYLE_PLAIN, shown);
}

void line_piece(struct line *l, int gap, enum screen_style style, const char *fmt, ...)
{
    char shown[2048] = "";
    struct text text = TEXT(shown);
    va_list args;

    va_start(args, fmt);
    format(l->s, &text, fmt, args);
    va_end(args);
    put_shown(l, gap, style, shown);
}

void line_words(struct line *l, enum screen_style style, struct slice foreign)
{
    while (foreign.len > 0) {
        const char *feed = memchr(foreign.ptr, '\n', foreign.len);
        size_t len = feed == NULL ? foreign.len : (size_t)(feed - foreign.ptr);
        char shown[8192] = "";
        struct text text = TEXT(shown);

        screen_add_foreign(l->s, &text, (struct slice){ foreign.ptr, len });
        put_words(l, style, shown);
        len += feed != NULL;
        foreign = (struct slice){ foreign.ptr + len, foreign.len - len };
        if (feed != NULL && foreign.len > 0) {
            line_end(l);
            begin_again(l);
        }
    }
}

void line_prose(struct line *l, enum screen_style style, const char *fmt, ...)
{
    char shown[2048] = "";
    struct text text = TEXT(shown);
    va_list args;

    va_start(args, fmt);
    format(l->s, &text, fmt, args);
    va_end(args);
    put_words(l, style, shown);
}

struct slice line_sentence(const char *text)
{
    struct slice s = slice_of(text);

    while (s.len > 0 && s.ptr[s.len - 1] == '.')
        s.len--;
    return s;
}

void line_finding(struct line *l, struct slice found, const char *remedy)
{
    char stopped[2048] = "";
    struct text text = TEXT(stopped);

    if (remedy[0] == '\0') {
        line_words(l, STYLE_PLAIN, found);
        return;
    }
    /* The full stop must not stand where its word had no room for it. */
    text_format(&text, "%.*s.", (int)found.len, found.ptr);
    line_words(l, STYLE_PLAIN, slice_of(stopped));
    line_prose(l, STYLE_BOLD, "Remedy:");
    line_words(l, STYLE_PLAIN, line_sentence(remedy));
}

void line_foreign(struct line *l, int gap, struct slice foreign)
{
    char shown[4096] = "";
    struct text text = TEXT(shown);
    int room = l->s->width - l->column - gap;

    screen_add_foreign(l->s, &text, foreign);
    if (screen_columns(shown) > room) {
        const char *dots = screen_glyph(l->s, "…");
        int kept = room - screen_columns(dots);

        text.len = screen_cut(shown, kept > 0 ? kept : 0);
        text_add(&text, slice_of(dots));
    }
    put_piece(l, gap, STYLE_PLAIN, shown);
}

void line_warning(struct warnings *w, const char *fmt, ...)
{
    char shown[2048] = "";
    struct text text = TEXT(shown);
    struct line l;
    va_list args;

    if (!w->begun)
        fputc('\n', w->s->out);
    w->begun = true;
    begin(&l, w->s, STYLE_WARN, "!", 2);
    va_start(args, fmt);
    format(w->s, &text, fmt, args);
    va_end(args);
    put_words(&l, STYLE_PLAIN, shown);
    line_end(&l);
}
