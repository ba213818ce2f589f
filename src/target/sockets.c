#include "target/sockets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PATTERN "/tmp/assay-XXXXXX"

_Static_assert(sizeof(PATTERN) <= SOCKETS_FOLDER_MAX, "room for the pattern");

bool sockets_make(char *ret_folder, struct error *err)
{
    snprintf(ret_folder, SOCKETS_FOLDER_MAX, "%s", PATTERN);
    if (mkdtemp(ret_folder) != NULL)
        return true;
    ret_folder[0] = '\0';
    return error_set(err, errno, "make a folder %s for Unix sockets", PATTERN);
}

void sockets_remove(const char *folder)
{
    DIR *entries = folder[0] != '\0' ? opendir(folder) : NULL;
    struct dirent *entry;

    if (entries == NULL)
        return;
    /* "." and ".." refuse by themselves. */
    while ((entry = readdir(entries)) != NULL)
        unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
    rmdir(folder);
}
