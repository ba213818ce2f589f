/* load/ask_words_priv.h -- what is wrong with an answer, in words for who asked. Pure. */
#pragma once

#include "base/bytes.h"
#include "load/ask.h"
#include "proto/http1.h"

/* `head`: what came, as far as it was read; `reason`: the parser's. What is no HTTP at all is named
 * or quoted. */
void ask_say_not_http(struct slice head, const char *reason, struct text *ret_text);

/* So many bytes came behind the end of a complete answer. */
void ask_say_overlong(const struct http1 *p, bool answers_head, size_t bytes,
                      struct text *ret_text);

/* Part of an answer came; `patience` is how long it was waited for. */
void ask_say_unfinished(const struct http1 *p, const char *patience, struct text *ret_text);
