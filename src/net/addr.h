/* net/addr.h -- where to connect to: an IPv4, IPv6 or Unix address, resolved. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/bytes.h"
#include "base/error.h"

struct addr {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
    socklen_t len;
};

#define ADDR_TEXT_MAX 128

/* What a name stands for, in the resolver's order: "localhost" is [::1] and 127.0.0.1 on many
 * machines, and a server may listen at one of them only. */
#define ADDR_FOUND_MAX 16 /* answers beyond are not looked at */

struct addr_found {
    struct addr list[ADDR_FOUND_MAX];
    size_t count; /* one at least */
};

/* Asks the resolver for `host`. False with the resolver's words. */
bool addr_resolve(struct slice host, uint16_t port, struct addr_found *ret_found,
                  struct error *err);

/* 127.0.0.1:port. */
struct addr addr_loopback(uint16_t port);

/* False when the path is too long for a Unix address (107 bytes). One that begins with '@' is no
 * path but an abstract name: without a file, gone with its server, however that ends. */
bool addr_unix(struct slice path, struct addr *ret_addr, struct error *err);

uint16_t addr_port(const struct addr *addr); /* 0 for Unix */
bool addr_is_local(const struct addr *addr); /* 127.0.0.0/8, ::1, or Unix */

/* "127.0.0.1:8080", "[::1]:8080", "unix:/run/x"; returns ret_text. */
char *addr_text(const struct addr *addr, char *ret_text);
