#include "target/environment.h"

#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "base/bytes.h"

/* A star at one end stands for whatever is there. */
static const struct slice UNWANTED[] = {
    SLICE("ASSAY_*"),    /* is for us */
    SLICE("LD_PRELOAD"), /* whatever it likes */
    /* Where modules are found, how output is written, which allocator, which warnings. */
    SLICE("PYTHON*"),
    /* The collector and the number of threads; flags, sources and caches of what is built. */
    SLICE("GO*"),
    /* Options and modules for every program that the runtime starts. */
    SLICE("NODE_OPTIONS"),
    SLICE("NODE_PATH"),
    SLICE("RUBYOPT"),
    SLICE("RUBYLIB"),
    SLICE("PERL5OPT"),
    SLICE("PERL5LIB"),
    SLICE("JAVA_TOOL_OPTIONS"),
    SLICE("JDK_JAVA_OPTIONS"),
    SLICE("_JAVA_OPTIONS"),
    SLICE("PHPRC"),
    SLICE("PHP_INI_SCAN_DIR"),
};

/* A front that asks its back end by HTTP would ask the proxy for it; a build has nobody else. */
static const struct slice PROXIES[] = { SLICE("*_proxy"), SLICE("*_PROXY"), SLICE("GOPROXY") };

static bool ends(struct slice text, struct slice suffix)
{
    return text.len >= suffix.len &&
           slice_equal((struct slice){ text.ptr + text.len - suffix.len, suffix.len }, suffix);
}

static bool matches(struct slice name, struct slice pattern)
{
    if (pattern.ptr[0] == '*')
        return ends(name, (struct slice){ pattern.ptr + 1, pattern.len - 1 });
    if (pattern.ptr[pattern.len - 1] == '*')
        return slice_starts(name, (struct slice){ pattern.ptr, pattern.len - 1 });
    return slice_equal(name, pattern);
}

static bool unwanted(struct slice name, bool fetches)
{
    if (slice_starts(name, SLICE("GOOGLE_")))
        return false; /* a cloud's, not the language's */
    for (size_t i = 0; i < sizeof(PROXIES) / sizeof(PROXIES[0]); i++)
        if (matches(name, PROXIES[i]))
            return !fetches;
    for (size_t i = 0; i < sizeof(UNWANTED) / sizeof(UNWANTED[0]); i++)
        if (matches(name, UNWANTED[i]))
            return true;
    return false;
}

void environment_clean(bool fetches)
{
    char **kept = environ;

    if (environ == NULL)
        return;
    for (char **entry = environ; *entry != NULL; entry++)
        if (!unwanted((struct slice){ *entry, strcspn(*entry, "=") }, fetches))
            *kept++ = *entry;
    *kept = NULL;
}
