/* base/base64.h -- bytes that are no text, inside JSON (RFC 4648, section 4, with padding). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#define BASE64_LEN(bytes) (((bytes) + 2) / 3 * 4)

/* Writes BASE64_LEN(bytes.len) characters and a NUL. */
void base64_encode(struct slice bytes, char *ret_text);

/* Writes at most text.len / 4 * 3 bytes. False when the text is not base64. */
bool base64_decode(struct slice text, char *ret_bytes, size_t *ret_len);
