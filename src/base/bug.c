#include "base/bug.h"

#include <stdio.h>
#include <stdlib.h>

/* The one place below cli/ that prints: nobody above could be trusted to do it. */
void bug(const char *file, int line, const char *text)
{
    fprintf(
        stderr,
        "BUG: %s:%d: %s\nassay stops here, for a wrong number would look right. Please report.\n",
        file, line, text);
    abort();
}
