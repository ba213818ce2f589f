#include "probe/link.h"

#include <inttypes.h>
#include <math.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/files_priv.h"

#define ROUTES_TEXT   65536
#define USABLE(flags) (((flags) & (RTF_UP | RTF_REJECT)) == RTF_UP)

/* ---- which card ---- */

/* A route that leads there; of several the one with the longest prefix counts, then the lowest
 * metric. */
struct route {
    char name[LINK_NAME_MAX];
    int prefix; /* bits; -1: none yet */
    uint32_t metric;
};

static void keep_better(const struct route *found, struct route *best)
{
    if (found->prefix > best->prefix ||
        (found->prefix == best->prefix && found->metric < best->metric))
        *best = *found;
}

/* "eth0 0002000A 0102000A 0003 0 0 100 00FFFFFF ...": destination and mask as they are in memory.
 */
static void look_at_route(const char *line, const struct sockaddr_in *to, struct route *best)
{
    uint32_t destination, flags, mask;
    struct route found;

    /* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers fit */
    if (sscanf(line, "%31s %" SCNx32 " %*x %" SCNx32 " %*d %*d %" SCNu32 " %" SCNx32, found.name,
               &destination, &flags, &found.metric, &mask) != 5)
        return;
    found.prefix = __builtin_popcount(mask);
    if (USABLE(flags) && (to->sin_addr.s_addr & mask) == destination)
        keep_better(&found, best);
}

static bool same_bits(const uint8_t *a, const char *hex, unsigned bits)
{
    for (unsigned i = 0; i < bits; i++) {
        unsigned digit = 0;

        /* NOLINTNEXTLINE(cert-err34-c): one digit */
        if (sscanf(hex + i / 4, "%1x", &digit) != 1 ||
            (a[i / 8] >> (7 - i % 8) & 1) != (digit >> (3 - i % 4) & 1))
            return false;
    }
    return true;
}

/* "fd00000...00 40 0...0 00 0...0 00000100 00000001 00000000 00000001 eth0": everything in
 * hexadecimal, addresses as they are written. */
static void look_at_route6(const char *line, const struct sockaddr_in6 *to, struct route *best)
{
    char destination[33];
    uint32_t bits, flags;
    struct route found;

    /* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers fit */
    if (sscanf(line, "%32s %" SCNx32 " %*32s %*x %*32s %" SCNx32 " %*x %*x %" SCNx32 " %31s",
               destination, &bits, &found.metric, &flags, found.name) != 5 ||
        strlen(destination) != 32 || bits > 128)
        return;
    found.prefix = (int)bits;
    if (USABLE(flags) && same_bits(to->sin6_addr.s6_addr, destination, bits))
        keep_better(&found, best);
}

void link_find(const char *root, const struct addr *to, char *ret_name)
{
    bool six = to->any.sa_family == AF_INET6;
    struct route best = { .prefix = -1 };
    char text[ROUTES_TEXT];

    ret_name[0] = '\0';
    if ((!six && to->any.sa_family != AF_INET) ||
        files_text(root, six ? "/proc/net/ipv6_route" : "/proc/net/route", text, sizeof(text)) <= 0)
        return;
    for (const char *line = text; line != NULL && line[0] != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (six)
            look_at_route6(line, &to->in6, &best);
        else
            look_at_route(line, &to->in, &best);
    }
    if (best.prefix >= 0)
        snprintf(ret_name, LINK_NAME_MAX, "%s", best.name);
}

/* ---- what it says ---- */

static int64_t number_of(const char *root, const char *name, const char *what)
{
    char path[96];

    snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, what);
    return files_number(root, path);
}

/* Only a card has a device; the speed that others claim to have (10 Gbit/s of a pair of virtual
 * ones, 10 Mbit/s of a tunnel) limits nothing. */
static bool is_a_card(const char *root, const char *name)
{
    char path[96];
    int folder;

    snprintf(path, sizeof(path), "/sys/class/net/%s/device", name);
    folder = files_folder(root, path);
    if (folder >= 0)
        close(folder);
    return folder >= 0;
}

static bool is_half_duplex(const char *root, const char *name)
{
    char path[96], text[32];

    snprintf(path, sizeof(path), "/sys/class/net/%s/duplex", name);
    return files_text(root, path, text, sizeof(text)) > 0 && strncmp(text, "half", 4) == 0;
}

static int64_t sum_of(int64_t a, int64_t b)
{
    return a < 0 || b < 0 ? -1 : a + b;
}

void link_read(const char *root, const char *name, struct link_sample *ret_sample)
{
    int64_t megabits = -1;

    *ret_sample = (struct link_sample){
        .bits_per_sec = -1, .received_bytes = -1, .sent_bytes = -1, .dropped = -1
    };
    if (name[0] == '\0')
        return;
    if (is_a_card(root, name))
        megabits = number_of(root, name, "speed");
    ret_sample->bits_per_sec = megabits > 0 ? megabits * 1000000 : -1;
    ret_sample->half_duplex = is_half_duplex(root, name);
    ret_sample->received_bytes = number_of(root, name, "statistics/rx_bytes");
    ret_sample->sent_bytes = number_of(root, name, "statistics/tx_bytes");
    ret_sample->dropped = sum_of(number_of(root, name, "statistics/rx_dropped"),
                                 number_of(root, name, "statistics/tx_dropped"));
}

double link_share(const struct link_sample *from, const struct link_sample *to, int64_t span_ns)
{
    double received = (double)(to->received_bytes - from->received_bytes);
    double sent = (double)(to->sent_bytes - from->sent_bytes);
    double bytes = to->half_duplex ? received + sent : fmax(received, sent);

    if (from->received_bytes < 0 || from->sent_bytes < 0 || received < 0 || sent < 0 ||
        to->bits_per_sec <= 0 || span_ns <= 0)
        return (double)NAN;
    return bytes * 8 / ((double)to->bits_per_sec * (double)span_ns / SECOND_NS);
}
