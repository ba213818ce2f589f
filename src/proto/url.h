/* proto/url.h -- http URLs, taken apart. Pure; results point into the text given. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

#define URL_MAX      8192 /* bytes: what RFC 9110, 4.1 asks everybody to support, and no more */
#define URL_HOST_MAX 253  /* bytes: the longest name in the DNS */

struct url {
    struct slice scheme; /* "http" or "https", lower or upper case as given */
    bool tls;
    struct slice host; /* without the brackets of an IPv6 address */
    bool host_is_ipv6; /* it stood in brackets: put them back in a Host header */
    uint16_t port;     /* 80 or 443 where the URL names none */
    bool port_given;
    struct slice path; /* with the query, without the fragment; empty means "/" */
};

/* False with a sentence that quotes the text and says what is wrong with it and what a right one
 * looks like. User information ("user:pw@") is refused; spaces, control characters and what is not
 * ASCII too; and "host:" with nothing behind the colon, which is most often an unset variable. */
bool url_parse(struct slice text, struct url *ret_url, struct error *err);
