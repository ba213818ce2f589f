#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct slice bytes, char *ret_text)
{
    const unsigned char *in = (const unsigned char *)bytes.ptr;

    for (size_t left = bytes.len; left > 0;) {
        size_t taken = left < 3 ? left : 3;
        uint32_t group = (uint32_t)in[0] << 16;

        if (taken > 1)
            group |= (uint32_t)in[1] << 8;
        if (taken > 2)
            group |= in[2];
        *ret_text++ = digits[group >> 18];
        *ret_text++ = digits[group >> 12 & 63];
        *ret_text++ = taken > 1 ? digits[group >> 6 & 63] : '=';
        *ret_text++ = taken > 2 ? digits[group & 63] : '=';
        in += taken;
        left -= taken;
    }
    *ret_text = '\0';
}

static bool digit_value(char c, uint32_t *ret_value)
{
    const char *found = c == '\0' ? NULL : strchr(digits, c);

    if (found == NULL)
        return false;
    *ret_value = (uint32_t)(found - digits);
    return true;
}

/* One group of four characters, of which the last `padding` are '='. */
static bool decode_group(const char *in, size_t padding, char *ret_bytes)
{
    uint32_t group = 0;

    for (size_t i = 0; i < 4; i++) {
        uint32_t value = 0;

        if (i < 4 - padding && !digit_value(in[i], &value))
            return false;
        group = group << 6 | value;
    }
    ret_bytes[0] = (char)(group >> 16);
    if (padding < 2)
        ret_bytes[1] = (char)(group >> 8);
    if (padding < 1)
        ret_bytes[2] = (char)group;
    return true;
}

bool base64_decode(struct slice text, char *ret_bytes, size_t *ret_len)
{
    size_t len = 0;

    if (text.len % 4 != 0)
        return false;
    for (size_t at = 0; at < text.len; at += 4) {
        const char *in = text.ptr + at;
        size_t padding = 0;

        if (at + 4 == text.len)
            padding = in[3] != '=' ? 0 : in[2] != '=' ? 1 : 2;
        if (!decode_group(in, padding, ret_bytes + len))
            return false;
        len += 3 - padding;
    }
    *ret_len = len;
    return true;
}
