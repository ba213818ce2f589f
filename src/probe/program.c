#include "probe/program.h"

#include <stdbool.h>
#include <string.h>

#include "probe/proc.h"

static bool descends_from(const char *root, int32_t pid, int32_t ancestor)
{
    for (; pid > 1; pid = proc_parent(root, pid))
        if (pid == ancestor)
            return true;
    return false;
}

int32_t program_root(const char *root, int32_t pid, int32_t self)
{
    char name[PROC_NAME_MAX], parents_name[PROC_NAME_MAX];

    proc_name(root, pid, name);
    for (;;) {
        int32_t parent = proc_parent(root, pid);

        if (parent <= 1)
            return pid;
        proc_name(root, parent, parents_name);
        if (strcmp(name, parents_name) != 0 || descends_from(root, self, parent))
            return pid;
        pid = parent;
    }
}
