#include "report/screen.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct {
    const char *glyph, *ascii;
} GLYPHS[] = {
    {"µs",    "us" },
    { "µ",    "u"  },
    { "✓",   "ok" },
    { "✗",   "x"  },
    { "·",    "-"  },
    { "≥",   ">=" },
    { "≤",   "<=" },
    { "≈",   "~"  },
    { "×",    "x"  },
    { "±",    "+-" },
    { "–",   "-"  },
    { "−",   "-"  },
    { "→",   "->" },
    { "←",   "<-" },
    { "●",   "*"  },
    { "◐",   "o"  },
    { "━",   "="  },
    { "╸",   "="  },
    { "█",   "#"  },
    { "┤",   "|"  },
    { "λ·W", "X*W"},
    { "…",   "..."},
    { "¹",    "(1)"},
    { "▁",   "_"  },
    { "▂",   "_"  },
    { "▃",   "."  },
    { "▄",   "."  },
    { "▅",   "-"  },
    { "▆",   "-"  },
    { "▇",   "="  },
};

#define GLYPH_COUNT (sizeof(GLYPHS) / sizeof(GLYPHS[0]))

/* ---- what the screen can do ---- */

/* NULL where it is not set, or empty. */
static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* CLICOLOR_FORCE=0 and FORCE_COLOR=0 mean "do not force". */
static bool environment_on(const char *name)
{
    const char *value = environment(name);

    return value != NULL && strcmp(value, "0") != 0;
}

static bool terminal_is_dumb(void)
{
    const char *term = environment("TERM");

    return term == NULL || strcmp(term, "dumb") == 0;
}

static bool in_ci(void)
{
    const char *ci = getenv("CI");

    return ci != NULL && (strcasecmp(ci, "true") == 0 || strcmp(ci, "1") == 0);
}

static bool colour_wanted(const char *option, bool terminal)
{
    if (option != NULL && strcmp(option, "always") == 0)
        return true;
    if (option != NULL && strcmp(option, "never") == 0)
        return false;
    if (environment("NO_COLOR") != NULL)
        return false;
    if (environment_on("CLICOLOR_FORCE") || environment_on("FORCE_COLOR"))
        return true;
    return terminal && !terminal_is_dumb();
}

/* The locale the user named, when it is not installed here: the terminal speaks it all the same. */
static const char *locale_named(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = environment(names[i]);

        if (value != NULL)
            return value;
    }
    return "C";
}

/* Asked of the environment, not of the program's locale: that one stays "C", for the sake of the
 * decimal point. */
static bool locale_is_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    bool utf8;

    if (locale == (locale_t)0)
        return strcasestr(locale_named(), "utf-8") != NULL ||
               strcasestr(locale_named(), "utf8") != NULL;
    utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

static int width_of(int fd)
{
    const char *columns = environment("COLUMNS");
    struct winsize size;
    long width = 0;

    if (fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0 && columns != NULL)
        width = strtol(columns, NULL, 10);
    if (width <= 0 || width > SCREEN_WIDTH_MAX)
        return SCREEN_WIDTH_MAX;
    return width < SCREEN_WIDTH_MIN ? SCREEN_WIDTH_MIN : (int)width;
}

struct screen screen_detect(FILE *out, const char *color_option)
{
    int fd = fileno(out);
    bool terminal = fd >= 0 && isatty(fd);

    return (struct screen){
        .out = out,
        .terminal = terminal && !terminal_is_dumb() && !in_ci(),
        .colour = colour_wanted(color_option, terminal),
        .ascii = !locale_is_utf8(),
        .width = width_of(fd),
    };
}

struct screen screen_markdown(FILE *out)
{
    return (struct screen){ .out = out, .markdown = true, .width = SCREEN_WIDTH_MAX };
}

const char *screen_style(const struct screen *s, enum screen_style style)
{
    if (!s->colour)
        return "";
    switch (style) {
    case STYLE_PLAIN:
        return "\033[0m";
    case STYLE_BOLD:
        return "\033[1m";
    case STYLE_DIM:
        return "\033[2m";
    case STYLE_GOOD:
        return "\033[32m";
    case STYLE_WARN:
        return "\033[33m";
    case STYLE_BAD:
        return "\033[31m";
    }
    return "";
}

/* ---- characters ---- */

/* Bytes of the code point at `text`, 1 for a byte that begins none. Never beyond the NUL. */
static size_t point_len(const char *text, size_t room)
{
    unsigned char lead = (unsigned char)text[0];
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

    if (len > room)
        return 1;
    for (size_t i = 1; i < len; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 1;
    return len;
}

/* Bytes of the escape sequence at `text`, 0 when it is none. */
static size_t escape_len(const char *text)
{
    size_t len = 2;

    if (text[0] != '\033' || text[1] != '[')
        return 0;
    while (text[len] != '\0' && (text[len] < '@' || text[len] > '~'))
        len++;
    return text[len] == '\0' ? len : len + 1;
}

static const char *stand_in(struct slice glyph)
{
    for (size_t i = 0; i < GLYPH_COUNT; i++)
        if (slice_equal(glyph, slice_of(GLYPHS[i].glyph)))
            return GLYPHS[i].ascii;
    return NULL;
}

const char *screen_glyph(const struct screen *s, const char *glyph)
{
    const char *ascii = s->ascii ? stand_in(slice_of(glyph)) : NULL;

    return ascii == NULL ? glyph : ascii;
}

void screen_add(const struct screen *s, struct text *into, struct slice own)
{
    for (size_t at = 0; at < own.len;) {
        struct slice point = { own.ptr + at, point_len(own.ptr + at, own.len - at) };
        const char *ascii = s->ascii && point.len > 1 ? stand_in(point) : NULL;

        text_add(into, ascii == NULL ? point : slice_of(ascii));
        at += point.len;
    }
}

/* U+00A1 to U+024F without the soft hyphen: one column each, no marks that combine, no change of
 * direction. */
static bool is_latin(struct slice point)
{
    unsigned value;

    if (point.len != 2)
        return false;
    value = ((unsigned char)point.ptr[0] & 0x1fu) << 6 | ((unsigned char)point.ptr[1] & 0x3fu);
    return value >= 0xa1 && value <= 0x24f && value != 0xad;
}

static bool is_markup(struct slice point)
{
    return point.len == 1 && strchr("\\`*_{}[]<>|#~", point.ptr[0]) != NULL;
}

void screen_add_foreign(const struct screen *s, struct text *into, struct slice foreign)
{
    for (size_t at = 0; at < foreign.len;) {
        struct slice point = { foreign.ptr + at, point_len(foreign.ptr + at, foreign.len - at) };
        bool ours = point.len > 1 && stand_in(point) != NULL;

        if (s->markdown && is_markup(point))
            text_add(into, SLICE("\\"));
        if (ours)
            screen_add(s, into, point);
        else if (!s->ascii && is_latin(point))
            text_add(into, point);
        else
            text_add_escaped(into, point);
        at += point.len;
    }
}

size_t screen_cut(const char *text, int columns)
{
    size_t len = strlen(text), at = 0;
    int used = 0;

    while (at < len) {
        size_t escape = escape_len(text + at);

        if (escape == 0 && used++ == columns)
            break;
        at += escape > 0 ? escape : point_len(text + at, len - at);
    }
    return at;
}

int screen_columns(const char *text)
{
    size_t len = strlen(text), at = 0;
    int columns = 0;

    while (at < len) {
        size_t escape = escape_len(text + at);

        columns += escape == 0;
        at += escape > 0 ? escape : point_len(text + at, len - at);
    }
    return columns;
}

/* ---- bars ---- */

char *screen_bar(const struct screen *s, double share, int cells, char *ret_text, size_t size)
{
    static const char *const EIGHTHS[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
    struct text bar = { ret_text, 0, size, false };
    double filled = share > 0 ? (share < 1 ? share : 1) * cells : 0; /* NaN is nothing */
    int eighths = (int)(filled * 8 + 0.5);

    ret_text[0] = '\0';
    /* What is there is seen: the thinnest bar is an eighth of a cell, not none. */
    if (eighths == 0 && share > 0)
        eighths = 1;
    if (s->ascii)
        eighths = (eighths + 7) / 8 * 8;
    for (int i = 0; i < eighths / 8; i++)
        text_add(&bar, slice_of(screen_glyph(s, "█")));
    text_add(&bar, slice_of(EIGHTHS[eighths % 8]));
    return ret_text;
}
