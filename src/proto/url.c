#include "proto/url.h"

#include <arpa/inet.h>

/* As much of a wrong URL as an error quotes. */
#define QUOTE_MAX 200

static bool refuse(struct slice text, struct error *err, const char *what)
{
    char quoted[4 * QUOTE_MAX + 1] = ""; /* each byte can become \xNN */
    struct text quote = TEXT(quoted);
    bool cut = text.len > QUOTE_MAX;

    text_add_escaped(&quote, (struct slice){ text.ptr, cut ? QUOTE_MAX : text.len });
    return error_usage(err, "\"%s%s\": %s; a URL looks like http://127.0.0.1:8080/path", quoted,
                       cut ? "..." : "", what);
}

/* What may stand nowhere in a URL, or NULL. */
static const char *bad_byte(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c == ' ')
            return "a URL has no spaces: write %20";
        if (c < 0x20 || c == 0x7f)
            return "a URL has no control characters";
        if (c > 0x7f)
            return "a URL is ASCII: write other characters as %XX, and names of hosts as xn--...";
    }
    return NULL;
}

/* Takes what stands before the first of the bytes in `ends` off the front. */
static struct slice take_until(struct slice *text, const char *ends)
{
    struct slice front = { text->ptr, 0 };

    while (front.len < text->len && strchr(ends, text->ptr[front.len]) == NULL)
        front.len++;
    text->ptr += front.len;
    text->len -= front.len;
    return front;
}

static void skip(struct slice *text, size_t count)
{
    text->ptr += count;
    text->len -= count;
}

static bool take_scheme(struct slice *rest, struct url *url)
{
    url->scheme = take_until(rest, ":/?#");
    url->tls = slice_equal_nocase(url->scheme, SLICE("https"));
    if (!url->tls && !slice_equal_nocase(url->scheme, SLICE("http")))
        return false;
    if (!slice_starts(*rest, SLICE("://")))
        return false;
    skip(rest, 3);
    return true;
}

static bool is_ipv6(struct slice host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr addr;

    if (host.len >= sizeof(text))
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET6, text, &addr) == 1;
}

/* Letters, digits, and what stands between them in names; IPv4 addresses are made of the same. */
static bool is_name(struct slice host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i], letter = (char)(c | 0x20);
        bool good = (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                    c == '.' || c == '_';

        if (!good)
            return false;
    }
    return true;
}

/* What is wrong with the host at the front of `rest`, or NULL. */
static const char *take_host(struct slice *rest, struct url *url)
{
    url->host_is_ipv6 = slice_starts(*rest, SLICE("["));
    if (url->host_is_ipv6) {
        skip(rest, 1);
        url->host = take_until(rest, "]");
        if (rest->len == 0)
            return "the bracket of the IPv6 address is not closed";
        skip(rest, 1);
        if (!is_ipv6(url->host))
            return "this is no IPv6 address: write one like [::1]";
        return rest->len > 0 && rest->ptr[0] != ':' ? "there is something behind the bracket"
                                                    : NULL;
    }
    url->host = take_until(rest, ":");
    if (url->host.len == 0)
        return "the host is missing";
    if (url->host.len > URL_HOST_MAX)
        return "the host is longer than 253 bytes";
    if (!is_name(url->host))
        return "the host has a character that no host's name may have";
    return NULL;
}

/* What is wrong with the port, all that is left of the authority, or NULL. */
static const char *take_port(struct slice rest, struct url *url)
{
    uint64_t port;

    url->port_given = rest.len > 0;
    url->port = url->tls ? 443 : 80;
    if (!url->port_given)
        return NULL;
    skip(&rest, 1);
    if (rest.len == 0)
        return "the port behind the colon is missing";
    if (memchr(rest.ptr, ':', rest.len) != NULL)
        return "there are too many colons: an IPv6 address stands in brackets, like [::1]";
    if (!slice_u64(rest, UINT16_MAX, &port) || port == 0)
        return "the port is not a number from 1 to 65535";
    url->port = (uint16_t)port;
    return NULL;
}

static const char *take_authority(struct slice authority, struct url *url)
{
    const char *wrong;

    if (authority.len > 0 && memchr(authority.ptr, '@', authority.len) != NULL)
        return "it names a user: leave that out, and give -H 'Authorization: ...' instead";
    wrong = take_host(&authority, url);
    return wrong != NULL ? wrong : take_port(authority, url);
}

bool url_parse(struct slice text, struct url *ret_url, struct error *err)
{
    struct url url = { 0 };
    struct slice rest = text;
    const char *wrong;

    if (text.len == 0)
        return refuse(text, err, "this is empty");
    if (text.len > URL_MAX)
        return refuse(text, err, "this is longer than 8192 bytes");
    wrong = bad_byte(text);
    if (wrong != NULL)
        return refuse(text, err, wrong);
    if (!take_scheme(&rest, &url))
        return refuse(text, err, "it does not begin with http:// or https://");
    wrong = take_authority(take_until(&rest, "/?#"), &url);
    if (wrong != NULL)
        return refuse(text, err, wrong);
    if (slice_starts(rest, SLICE("?")))
        return refuse(text, err, "write a / before the ?");
    url.path = take_until(&rest, "#");
    *ret_url = url;
    return true;
}
