#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/screen.h"

static const struct screen UTF8 = { .width = 100 };
static const struct screen ASCII = { .width = 100, .ascii = true };

static void clear_environment(void)
{
    static const char *const names[] = { "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "TERM", "CI",
                                         "COLUMNS",  "LC_ALL",         "LC_CTYPE",    "LANG" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
}

static struct screen detect(const char *option)
{
    FILE *out = fopen("/dev/null", "w");
    struct screen s;

    assert_non_null(out);
    s = screen_detect(out, option);
    fclose(out);
    s.out = NULL;
    return s;
}

/* --color > NO_COLOR > CLICOLOR_FORCE/FORCE_COLOR > is it a terminal (here it never is). */
static void colour_has_an_order_of_precedence(void **state)
{
    static const struct {
        int line;
        const char *option, *no_color, *clicolor_force, *force_color;
        bool colour;
    } cases[] = {
        {__LINE__,  NULL,     NULL, NULL, NULL, false},
        { __LINE__, "auto",   NULL, NULL, NULL, false},
        { __LINE__, "always", NULL, NULL, NULL, true },
        { __LINE__, "always", "1",  NULL, NULL, true },
        { __LINE__, "never",  NULL, "1",  "1",  false},
        { __LINE__, NULL,     "1",  "1",  "1",  false},
        { __LINE__, NULL,     "",   "1",  NULL, true }, /* empty is as good as not set */
        { __LINE__, NULL,     NULL, "0",  NULL, false},
        { __LINE__, NULL,     NULL, NULL, "1",  true },
        { __LINE__, "auto",   NULL, NULL, "0",  false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        clear_environment();
        if (cases[i].no_color != NULL)
            setenv("NO_COLOR", cases[i].no_color, 1);
        if (cases[i].clicolor_force != NULL)
            setenv("CLICOLOR_FORCE", cases[i].clicolor_force, 1);
        if (cases[i].force_color != NULL)
            setenv("FORCE_COLOR", cases[i].force_color, 1);
        if (detect(cases[i].option).colour != cases[i].colour)
            fail_msg("case of line %d", cases[i].line);
    }
    (void)state;
}

static void a_file_is_never_repainted(void **state)
{
    clear_environment();
    setenv("TERM", "xterm", 1);
    assert_false(detect("always").terminal);
    (void)state;
}

static void width_comes_from_columns_and_stays_within_limits(void **state)
{
    static const struct {
        int line;
        const char *columns;
        int width;
    } cases[] = {
        {__LINE__,  NULL,   100},
        { __LINE__, "80",   80 },
        { __LINE__, "100",  100},
        { __LINE__, "250",  100},
        { __LINE__, "10",   40 },
        { __LINE__, "0",    100},
        { __LINE__, "-5",   100},
        { __LINE__, "wide", 100},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        clear_environment();
        if (cases[i].columns != NULL)
            setenv("COLUMNS", cases[i].columns, 1);
        if (detect(NULL).width != cases[i].width)
            fail_msg("case of line %d: %d", cases[i].line, detect(NULL).width);
    }
    (void)state;
}

/* The last one is what ssh brings to a machine where that locale is not installed. */
static void ascii_follows_the_locale(void **state)
{
    static const struct {
        int line;
        const char *lang, *lc_all;
        bool ascii;
    } cases[] = {
        {__LINE__,  NULL,          NULL, true },
        { __LINE__, "C",           NULL, true },
        { __LINE__, "POSIX",       NULL, true },
        { __LINE__, "C.UTF-8",     NULL, false},
        { __LINE__, "C.UTF-8",     "C",  true },
        { __LINE__, "xx_YY.UTF-8", NULL, false},
        { __LINE__, "xx_YY.utf8",  NULL, false},
        { __LINE__, "xx_YY",       NULL, true },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        clear_environment();
        if (cases[i].lang != NULL)
            setenv("LANG", cases[i].lang, 1);
        if (cases[i].lc_all != NULL)
            setenv("LC_ALL", cases[i].lc_all, 1);
        if (detect(NULL).ascii != cases[i].ascii)
            fail_msg("case of line %d", cases[i].line);
    }
    (void)state;
}

static void glyphs_have_ascii_stand_ins(void **state)
{
    static const struct {
        int line;
        const char *glyph, *ascii;
    } cases[] = {
        {__LINE__,  "✓",   "ok"   },
        { __LINE__, "✗",   "x"    },
        { __LINE__, "·",    "-"    },
        { __LINE__, "µs",   "us"   },
        { __LINE__, "≥",   ">="   },
        { __LINE__, "×",    "x"    },
        { __LINE__, "±",    "+-"   },
        { __LINE__, "–",   "-"    },
        { __LINE__, "→",   "->"   },
        { __LINE__, "●",   "*"    },
        { __LINE__, "━",   "="    },
        { __LINE__, "█",   "#"    },
        { __LINE__, "é",    "é"   },
        { __LINE__, "plain", "plain"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (strcmp(screen_glyph(&ASCII, cases[i].glyph), cases[i].ascii) != 0)
            fail_msg("case of line %d", cases[i].line);
        if (strcmp(screen_glyph(&UTF8, cases[i].glyph), cases[i].glyph) != 0)
            fail_msg("case of line %d", cases[i].line);
    }
    (void)state;
}

static void our_text_is_translated_glyph_by_glyph(void **state)
{
    char shown[64] = "";
    struct text text = TEXT(shown);

    screen_add(&ASCII, &text, SLICE("1.34ms ± 20µs ✓"));
    assert_string_equal(shown, "1.34ms +- 20us ok");
    (void)state;
}

static void text_of_others_cannot_steer_the_terminal(void **state)
{
    static const struct {
        int line;
        bool ascii;
        const char *foreign, *shown;
    } cases[] = {
        {__LINE__,  false, "nginx 1.22",  "nginx 1.22"       },
        { __LINE__, false, "\033[2J",     "\\x1b[2J"         },
        { __LINE__, false, "a\r\nb\t",    "a\\r\\nb\\x09"    },
        { __LINE__, false,
         "\xc2\x9b"
          "31m",                          "\\xc2\\x9b31m"    }, /* C1: CSI in one byte */
        { __LINE__, false,
         "\xe2\x80\xae"
          "evil",                         "\\xe2\\x80\\xae"
          "evil"                            }, /* right to left */
        { __LINE__, false, "\xff\xc3",    "\\xff\\xc3"       },
        { __LINE__, false, "café × 2",  "café × 2"       },
        { __LINE__, true,  "café × 2",  "caf\\xc3\\xa9 x 2"},
        { __LINE__, false, "back\\slash", "back\\\\slash"    },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char shown[64] = "";
        struct text text = TEXT(shown);

        screen_add_foreign(cases[i].ascii ? &ASCII : &UTF8, &text, slice_of(cases[i].foreign));
        if (strcmp(shown, cases[i].shown) != 0)
            fail_msg("case of line %d: %s", cases[i].line, shown);
    }
    (void)state;
}

static void columns_are_code_points_without_styles(void **state)
{
    assert_int_equal(screen_columns(""), 0);
    assert_int_equal(screen_columns("req/s"), 5);
    assert_int_equal(screen_columns("≥1.2µs"), 6);
    assert_int_equal(screen_columns("\033[1mbold\033[0m"), 4);
    assert_int_equal(screen_columns("\xff\xfe"), 2);
    (void)state;
}

static void a_cut_never_splits_a_character(void **state)
{
    assert_int_equal(screen_cut("abc", 2), 2);
    assert_int_equal(screen_cut("abc", 9), 3);
    assert_int_equal(screen_cut("µµµ", 2), 4);
    assert_int_equal(screen_cut("µ\033[1mx\033[0m", 1), 6);
    assert_int_equal(screen_cut("", 0), 0);
    (void)state;
}

static void bars_are_filled_in_eighths(void **state)
{
    static const struct {
        int line;
        double share;
        const char *utf8, *ascii;
    } cases[] = {
        {__LINE__,  0,       "",             ""    },
        { __LINE__, 1,       "████", "####"},
        { __LINE__, 2,       "████", "####"},
        { __LINE__, 0.5,     "██",       "##"  },
        { __LINE__, -1,      "",             ""    },
        { __LINE__, 0.28125, "█▏",       "##"  },
        { __LINE__, 0.001,   "▏",          "#"   }, /* there, and seen */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char bar[64];

        if (strcmp(screen_bar(&UTF8, cases[i].share, 4, bar, sizeof(bar)), cases[i].utf8) != 0)
            fail_msg("case of line %d: %s", cases[i].line, bar);
        if (strcmp(screen_bar(&ASCII, cases[i].share, 4, bar, sizeof(bar)), cases[i].ascii) != 0)
            fail_msg("case of line %d: %s", cases[i].line, bar);
    }
    (void)state;
}

static void styles_are_empty_without_colour(void **state)
{
    struct screen colour = { .colour = true };

    assert_string_equal(screen_style(&UTF8, STYLE_BAD), "");
    assert_string_equal(screen_style(&colour, STYLE_BAD), "\033[31m");
    assert_string_equal(screen_style(&colour, STYLE_PLAIN), "\033[0m");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colour_has_an_order_of_precedence),
        cmocka_unit_test(a_file_is_never_repainted),
        cmocka_unit_test(width_comes_from_columns_and_stays_within_limits),
        cmocka_unit_test(ascii_follows_the_locale),
        cmocka_unit_test(glyphs_have_ascii_stand_ins),
        cmocka_unit_test(our_text_is_translated_glyph_by_glyph),
        cmocka_unit_test(text_of_others_cannot_steer_the_terminal),
        cmocka_unit_test(columns_are_code_points_without_styles),
        cmocka_unit_test(a_cut_never_splits_a_character),
        cmocka_unit_test(bars_are_filled_in_eighths),
        cmocka_unit_test(styles_are_empty_without_colour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
