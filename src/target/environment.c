#include "target/environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"

static bool unwanted(struct slice name)
{
    return slice_equal(name, SLICE("PYTHONUNBUFFERED")) ||
           slice_equal(name, SLICE("PYTHONDONTWRITEBYTECODE")) ||
           slice_equal(name, SLICE("LD_PRELOAD")) || slice_starts(name, SLICE("ASSAY_"));
}

void environment_clean(void)
{
    char **kept = environ;

    if (environ == NULL)
        return;
    for (char **entry = environ; *entry != NULL; entry++)
        if (!unwanted((struct slice){ *entry, strcspn(*entry, "=") }))
            *kept++ = *entry;
    *kept = NULL;
}
