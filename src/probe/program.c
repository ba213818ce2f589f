#include "probe/program.h"

#include <string.h>

#include "probe/proc.h"

int32_t program_root(const char *root, int32_t pid)
{
    char name[PROC_NAME_MAX], parents_name[PROC_NAME_MAX];

    proc_name(root, pid, name);
    for (;;) {
        int32_t parent = proc_parent(root, pid);

        if (parent <= 1)
            return pid;
        proc_name(root, parent, parents_name);
        if (strcmp(name, parents_name) != 0)
            return pid;
        pid = parent;
    }
}
