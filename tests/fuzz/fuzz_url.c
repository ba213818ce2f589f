/* A URL that is taken is made of its parts: written anew from them, it is taken apart alike. One
 * that is refused has a sentence. */
#include <stdio.h>

#include "base/bug.h"
#include "fuzz.h"
#include "proto/url.h"

static bool lies_in(struct slice part, struct slice text)
{
    return part.ptr >= text.ptr && part.ptr + part.len <= text.ptr + text.len;
}

static void check_parts(struct slice text, const struct url *url)
{
    BUG_IF(!lies_in(url->scheme, text));
    BUG_IF(!lies_in(url->host, text));
    BUG_IF(!lies_in(url->path, text));
    BUG_IF(url->host.len == 0);
    BUG_IF(url->host.len > URL_HOST_MAX);
    BUG_IF(url->port == 0);
    BUG_IF(!url->port_given && url->port != (url->tls ? 443 : 80));
    BUG_IF(url->path.len > 0 && url->path.ptr[0] != '/');
}

static void check_rewritten(const struct url *url)
{
    char buffer[URL_MAX + 64];
    struct text text = TEXT(buffer);
    struct url again;
    struct error err;

    text_format(&text, "%s://%s", url->tls ? "https" : "http", url->host_is_ipv6 ? "[" : "");
    text_add(&text, url->host);
    text_format(&text, "%s:%u", url->host_is_ipv6 ? "]" : "", url->port);
    text_add(&text, url->path);
    BUG_IF(text.cut);
    if (text.len > URL_MAX) /* the port that was not given has made it too long */
        return;
    BUG_IF(!url_parse((struct slice){ buffer, text.len }, &again, &err));
    BUG_IF(again.tls != url->tls);
    BUG_IF(again.port != url->port);
    BUG_IF(again.host_is_ipv6 != url->host_is_ipv6);
    BUG_IF(!slice_equal(again.host, url->host));
    BUG_IF(!slice_equal(again.path, url->path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    struct error err = { .usage = false };
    struct url url;

    if (url_parse(text, &url, &err)) {
        check_parts(text, &url);
        check_rewritten(&url);
    } else {
        BUG_IF(!err.usage);
        BUG_IF(strstr(err.text, "; a URL looks like ") == NULL);
    }
    return 0;
}
