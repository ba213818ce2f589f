#include "cli/foreign.h"

struct foreign {
    int letter;       /* 0: none */
    const char *name; /* NULL: none */
    const char *sentence;
};

/* clang-format off */
static const struct foreign flags[] = {
    { 'z', NULL, "-z TIME is -d TIME here, like -d 30s" },
    { 'D', NULL, "-D is -d TIME here where it is a duration, and -b @FILE where it is a body" },
    { 'a', NULL, "-a N is -n N here: so many requests" },
    { 'w', "workers", "-w N is -t N here: threads of the generator" },
    { 'T', NULL, "-T TIME is --timeout TIME here; a content type is -H 'Content-Type: TYPE'" },
    { 'l', NULL, "-l is not needed: percentiles are always shown" },
    { 'U', NULL, "-U is not needed: nothing is corrected here; with -r RATE times count from when "
                 "a request was due" },
    { 'k', "insecure", "-k, --insecure: there is no TLS yet, so no certificate to pass over; and "
                       "connections are kept unless there is --close" },
    { 's', "script", "-s, --script: scripts are not there yet; a request is told by -m, -H and -b, "
                     "a time-out by --timeout" },
    { 'p', "pipeline", "-p, --pipeline: a connection has one request at a time here, more at once "
                       "are -c N; a body from a file is -b @FILE" },
    { 0, "http1.1", "--http1.1 is not needed: assay speaks HTTP/1.1" },
    { 0, "http2", "--http2: HTTP/2 is not there yet; assay speaks HTTP/1.1" },
    { 0, "http3", "--http3: HTTP/3 is not there yet; assay speaks HTTP/1.1" },
    { 0, "h2c", "--h2c: HTTP/2 is not there yet; assay speaks HTTP/1.1" },
    { 0, "disable-keepalive", "--disable-keepalive is --close here: a connection a request" },
};
/* clang-format on */

#define FLAGS (sizeof(flags) / sizeof(flags[0]))

static int key_of(size_t index)
{
    return flags[index].letter != 0 ? flags[index].letter : FOREIGN_KEY + (int)index;
}

size_t foreign_count(void)
{
    return FLAGS;
}

struct argp_option foreign_option(size_t index)
{
    return (struct argp_option){ .name = flags[index].name,
                                 .key = key_of(index),
                                 .arg = "ANY",
                                 .flags = OPTION_HIDDEN | OPTION_ARG_OPTIONAL };
}

const char *foreign_sentence(int key)
{
    for (size_t i = 0; i < FLAGS; i++)
        if (key_of(i) == key)
            return flags[i].sentence;
    return NULL;
}
