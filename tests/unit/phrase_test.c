/* tests/unit/phrase_test.c -- sentences that differ in their figures only are said once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/phrase.h"

/* "" when they do not all say the same. */
static const char *said_once(const char *const *texts, size_t count)
{
    static char bytes[1000];
    struct text text = TEXT(bytes);
    struct phrase phrase;

    phrase_begin(&phrase, slice_of(texts[0]));
    for (size_t i = 1; i < count; i++)
        if (!phrase_join(&phrase, slice_of(texts[i])))
            return "";
    phrase_add(&text, &phrase, "-");
    return bytes;
}

static const char *both(const char *a, const char *b)
{
    return said_once((const char *const[]){ a, b }, 2);
}

static void figures_become_ranges(void **state)
{
    static const char *const three[] = { "no CPU 17 % of the time", "no CPU 5.1 % of the time",
                                         "no CPU 31 % of the time" };

    assert_string_equal(said_once(three, 3), "no CPU 5.1-31 % of the time");
    assert_string_equal(
        both("9,322 of 31,013 wrong: 9,322 x 502", "12,001 of 31,013 wrong: 1 x 502"),
        "9,322-12,001 of 31,013 wrong: 1-9,322 x 502");
    assert_string_equal(both("2 of 7", "3 of 7"), "2-3 of 7");
    (void)state;
}

static void the_same_text_stays_as_it_is(void **state)
{
    assert_string_equal(both("needs 4 cores, this run has 2", "needs 4 cores, this run has 2"),
                        "needs 4 cores, this run has 2");
    assert_string_equal(both("no figure", "no figure"), "no figure");
    assert_string_equal(both("", ""), "");
    /* More figures than are looked at. */
    assert_string_equal(both("1 2 3 4 5 6 7 8 9 of 10", "1 2 3 4 5 6 7 8 9 of 10"),
                        "1 2 3 4 5 6 7 8 9 of 10");
    (void)state;
}

static void other_words_are_another_sentence(void **state)
{
    assert_string_equal(both("needs 4 cores", "has 4 cores"), "");
    assert_string_equal(both("waited 12 ms", "waited 12 s"), "");
    assert_string_equal(both("waited 12", "waited 12 ms"), "");
    assert_string_equal(both("waited 12", "waited"), "");
    assert_string_equal(both("waited 12", "waited 12 13"), "");
    assert_string_equal(both("1 2 3 4 5 6 7 8 9 of 10", "1 2 3 4 5 6 7 8 9 of 11"), "");
    (void)state;
}

static void numbers_in_names_are_no_figures(void **state)
{
    assert_string_equal(both("p99 is 4", "p50 is 4"), "");
    assert_string_equal(both("host 127.0.0.1", "host 127.0.0.2"), "");
    assert_string_equal(both("at -1", "at -2"), "");
    assert_string_equal(both("p99 is 4", "p99 is 6"), "p99 is 4-6");
    (void)state;
}

static void what_does_not_join_changes_nothing(void **state)
{
    char bytes[100];
    struct text text = TEXT(bytes);
    struct phrase phrase;

    phrase_begin(&phrase, SLICE("waited 5 ms"));
    assert_false(phrase_join(&phrase, SLICE("waited 1 s")));
    assert_true(phrase_join(&phrase, SLICE("waited 7 ms")));
    phrase_add(&text, &phrase, "-");
    assert_string_equal(bytes, "waited 5-7 ms");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_become_ranges),
        cmocka_unit_test(the_same_text_stays_as_it_is),
        cmocka_unit_test(other_words_are_another_sentence),
        cmocka_unit_test(numbers_in_names_are_no_figures),
        cmocka_unit_test(what_does_not_join_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
