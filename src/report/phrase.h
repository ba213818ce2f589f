/* report/phrase.h -- sentences that differ in their figures only, said once: "no CPU 5.1 % of the
 * time" and "no CPU 31 % of the time" are "no CPU 5.1–31 % of the time". Pure.
 *
 * A figure is a number that stands by itself, like 7, 0.83 or 17,322; those in p99 or http2 are
 * part of the word. The texts must live as long as the phrase. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#define PHRASE_FIGURES_MAX 8 /* of a text with more, only the same text says the same */

struct phrase {
    struct slice text; /* the first one */
    size_t figures;
    struct slice least[PHRASE_FIGURES_MAX], most[PHRASE_FIGURES_MAX];
};

void phrase_begin(struct phrase *phrase, struct slice text);

/* False, and nothing is changed, when the text says something else. */
bool phrase_join(struct phrase *phrase, struct slice text);

/* With "5.1–31" where figures differ; `dash` stands between the two. */
void phrase_add(struct text *text, const struct phrase *phrase, const char *dash);
