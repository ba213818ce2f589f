#include "net/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"

#define HOST_NAME_BYTES 256 /* a DNS name has at most 253 characters */

static void keep_answers(const struct addrinfo *answer, struct addr_found *ret_found)
{
    ret_found->count = 0;
    for (; answer != NULL && ret_found->count < ADDR_FOUND_MAX; answer = answer->ai_next) {
        struct addr *addr = &ret_found->list[ret_found->count++];

        BUG_IF(answer->ai_addrlen > sizeof(addr->in6));
        *addr = (struct addr){ .len = answer->ai_addrlen };
        memcpy(&addr->any, answer->ai_addr, answer->ai_addrlen);
    }
}

bool addr_resolve(struct slice host, uint16_t port, struct addr_found *ret_found, struct error *err)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_NUMERICSERV };
    char name[HOST_NAME_BYTES], service[8], shown[2 * HOST_NAME_BYTES];
    struct text escaped = TEXT(shown);
    struct addrinfo *answers;
    int failure;

    text_add_escaped(&escaped, host);
    if (host.len == 0 || host.len >= sizeof(name) || memchr(host.ptr, '\0', host.len) != NULL)
        return error_usage(err, "'%s' is not a host name", shown);
    memcpy(name, host.ptr, host.len);
    name[host.len] = '\0';
    snprintf(service, sizeof(service), "%u", port);
    failure = getaddrinfo(name, service, &hints, &answers);
    if (failure == EAI_SYSTEM)
        return error_set(err, errno, "resolve host '%s'", shown);
    if (failure != 0)
        return error_set(err, 0, "resolve host '%s': %s", shown, gai_strerror(failure));
    keep_answers(answers, ret_found);
    freeaddrinfo(answers);
    return true;
}

struct addr addr_loopback(uint16_t port)
{
    struct addr addr = { .len = sizeof(addr.in) };

    addr.in = (struct sockaddr_in){ .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
    return addr;
}

bool addr_unix(struct slice path, struct addr *ret_addr, struct error *err)
{
    struct addr addr = { 0 };

    if (path.len == 0)
        return error_usage(err, "the path of a Unix socket is empty");
    if (path.len >= sizeof(addr.un.sun_path))
        return error_usage(err, "the path of a Unix socket has %zu bytes; at most %zu fit: '%.*s'",
                           path.len, sizeof(addr.un.sun_path) - 1, (int)path.len, path.ptr);
    addr.un.sun_family = AF_UNIX;
    memcpy(addr.un.sun_path, path.ptr, path.len);
    addr.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len);
    if (path.ptr[0] == '@')
        addr.un.sun_path[0] = '\0';
    else
        addr.len++; /* the NUL of a path; in an abstract name it would be part of it */
    *ret_addr = addr;
    return true;
}

uint16_t addr_port(const struct addr *addr)
{
    switch (addr->any.sa_family) {
    case AF_INET:
        return ntohs(addr->in.sin_port);
    case AF_INET6:
        return ntohs(addr->in6.sin6_port);
    default:
        return 0;
    }
}

bool addr_is_local(const struct addr *addr)
{
    switch (addr->any.sa_family) {
    case AF_INET:
        return ntohl(addr->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    case AF_INET6:
        if (IN6_IS_ADDR_V4MAPPED(&addr->in6.sin6_addr))
            return addr->in6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET;
        return IN6_IS_ADDR_LOOPBACK(&addr->in6.sin6_addr);
    default:
        return addr->any.sa_family == AF_UNIX;
    }
}

char *addr_text(const struct addr *addr, char *ret_text)
{
    char host[INET6_ADDRSTRLEN];

    switch (addr->any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &addr->in.sin_addr, host, sizeof(host));
        snprintf(ret_text, ADDR_TEXT_MAX, "%s:%u", host, addr_port(addr));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &addr->in6.sin6_addr, host, sizeof(host));
        snprintf(ret_text, ADDR_TEXT_MAX, "[%s]:%u", host, addr_port(addr));
        break;
    case AF_UNIX:
        if (addr->un.sun_path[0] != '\0')
            snprintf(ret_text, ADDR_TEXT_MAX, "unix:%s", addr->un.sun_path);
        else
            snprintf(ret_text, ADDR_TEXT_MAX, "unix:@%s", addr->un.sun_path + 1);
        break;
    default:
        snprintf(ret_text, ADDR_TEXT_MAX, "unknown address");
        break;
    }
    return ret_text;
}
