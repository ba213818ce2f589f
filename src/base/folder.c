#include "base/folder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool folder_make(const char *path, struct error *err)
{
    char partial[PATH_MAX];
    size_t len = strlen(path);

    if (len >= sizeof(partial))
        return error_set(err, ENAMETOOLONG, "make folder %s", path);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        if (mkdir(partial, 0777) < 0 && errno != EEXIST)
            return error_set(err, errno, "make folder %s", partial);
    }
    return true;
}

void folder_cache(char *ret_path, size_t size)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (cache != NULL && cache[0] == '/')
        snprintf(ret_path, size, "%s/assay", cache);
    else if (home != NULL && home[0] == '/')
        snprintf(ret_path, size, "%s/.cache/assay", home);
    else
        snprintf(ret_path, size, "/tmp/assay-%u", getuid());
}
