#include "report/phrase.h"

#include <ctype.h>
#include <stdlib.h>

static bool is_digit(struct slice s, size_t at)
{
    return at < s.len && isdigit((unsigned char)s.ptr[at]);
}

static struct slice number_at(struct slice s, size_t at)
{
    size_t end = at;

    while (is_digit(s, end) ||
           (end < s.len && (s.ptr[end] == '.' || s.ptr[end] == ',') && is_digit(s, end + 1)))
        end++;
    return (struct slice){ s.ptr + at, end - at };
}

/* What words, hyphens and dots touch is part of a name, a date or an address. */
static bool begins_figure(struct slice s, size_t at)
{
    unsigned char before = at > 0 ? (unsigned char)s.ptr[at - 1] : ' ';
    unsigned dots = 0;

    if (!is_digit(s, at) || isalnum(before) || strchr("-_.,", before) != NULL || before >= 0x80)
        return false;
    for (size_t i = 0; i < number_at(s, at).len; i++)
        dots += s.ptr[at + i] == '.';
    return dots <= 1;
}

static double value_of(struct slice figure)
{
    char digits[40];
    size_t len = 0;

    for (size_t i = 0; i < figure.len && len < sizeof(digits) - 1; i++)
        if (figure.ptr[i] != ',')
            digits[len++] = figure.ptr[i];
    digits[len] = '\0';
    return strtod(digits, NULL);
}

/* Of a text: how many figures, the first PHRASE_FIGURES_MAX of them in ret. */
static size_t figures_of(struct slice text, struct slice *ret)
{
    size_t count = 0;

    for (size_t at = 0; at < text.len; at++) {
        if (!begins_figure(text, at))
            continue;
        if (count < PHRASE_FIGURES_MAX)
            ret[count] = number_at(text, at);
        count++;
        at += number_at(text, at).len - 1;
    }
    return count;
}

/* What stands in front of a figure, from the end of the one before it. */
static struct slice words_before(struct slice text, const struct slice *figures, size_t i)
{
    const char *begin = i == 0 ? text.ptr : figures[i - 1].ptr + figures[i - 1].len;

    return (struct slice){ begin, (size_t)(figures[i].ptr - begin) };
}

static struct slice words_behind(struct slice text, const struct slice *figures, size_t count)
{
    const char *begin = count == 0 ? text.ptr : figures[count - 1].ptr + figures[count - 1].len;

    return (struct slice){ begin, (size_t)(text.ptr + text.len - begin) };
}

static bool same_words(struct slice a, const struct slice *in_a, struct slice b,
                       const struct slice *in_b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!slice_equal(words_before(a, in_a, i), words_before(b, in_b, i)))
            return false;
    return slice_equal(words_behind(a, in_a, count), words_behind(b, in_b, count));
}

void phrase_begin(struct phrase *phrase, struct slice text)
{
    *phrase = (struct phrase){ .text = text };
    phrase->figures = figures_of(text, phrase->least);
    if (phrase->figures > PHRASE_FIGURES_MAX)
        phrase->figures = 0;
    for (size_t i = 0; i < phrase->figures; i++)
        phrase->most[i] = phrase->least[i];
}

bool phrase_join(struct phrase *phrase, struct slice text)
{
    struct slice first[PHRASE_FIGURES_MAX], figures[PHRASE_FIGURES_MAX];
    size_t count = phrase->figures;

    if (slice_equal(phrase->text, text))
        return true;
    if (count == 0 || figures_of(phrase->text, first) != count ||
        figures_of(text, figures) != count ||
        !same_words(phrase->text, first, text, figures, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (value_of(figures[i]) < value_of(phrase->least[i]))
            phrase->least[i] = figures[i];
        if (value_of(figures[i]) > value_of(phrase->most[i]))
            phrase->most[i] = figures[i];
    }
    return true;
}

void phrase_add(struct text *text, const struct phrase *phrase, const char *dash)
{
    struct slice first[PHRASE_FIGURES_MAX];
    size_t count = phrase->figures;

    figures_of(phrase->text, first);
    for (size_t i = 0; i < count; i++) {
        text_add(text, words_before(phrase->text, first, i));
        text_add(text, phrase->least[i]);
        if (slice_equal(phrase->least[i], phrase->most[i]))
            continue;
        text_add(text, slice_of(dash));
        text_add(text, phrase->most[i]);
    }
    text_add(text, words_behind(phrase->text, first, count));
}
