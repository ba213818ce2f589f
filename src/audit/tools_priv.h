/* audit/tools_priv.h -- the load generators whose output we read: one line each in the table of
 * read.c, one file each. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "audit/result.h"
#include "base/bytes.h"

struct tool {
    const char *name;
    const char *looked_for; /* by what it is recognised, for the message that it was not */
    /* Does this line begin a result? `r` is the unfinished one of this tool, or NULL. */
    bool (*begins)(struct slice line, const struct audit_result *r);
    /* One line of a result, its first one too. May rename r->tool to a relative's. */
    void (*take)(struct audit_result *r, struct slice line);
    /* The whole of a result as JSON; false when the document is not this tool's. NULL: it has none.
     */
    bool (*take_json)(struct audit_result *r, const json_t *document);
};

extern const struct tool tool_wrk, tool_ab, tool_siege, tool_h2load, tool_weighttp, tool_hey,
    tool_oha, tool_gcannon, tool_h1load;

/* Behind all figures of `key`: a number with this resolution, scaled. */
struct figure json_figure(const json_t *object, const char *key, double half, double factor);
