#include "run/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/folder.h"

#define FOLDER_MAX 4096
#define FOLDERS    64

void cache_times(struct slice suite, char *ret_path, size_t size)
{
    char cache[FOLDER_MAX];

    folder_cache(cache, sizeof(cache));
    snprintf(ret_path, size, "%s/%.*s.times.json", cache, (int)suite.len, suite.ptr);
}

bool cache_take(struct slice suite, char *ret_path, size_t size, int *ret_lock, struct error *err)
{
    char cache[FOLDER_MAX], lock_path[FOLDER_MAX + 8];

    folder_cache(cache, sizeof(cache));
    for (unsigned number = 1; number <= FOLDERS; number++) {
        int len = snprintf(ret_path, size, "%s/%.*s-%u", cache, (int)suite.len, suite.ptr, number);

        if (len < 0 || (size_t)len >= size)
            return error_set(err, ENAMETOOLONG, "make a folder below %s", cache);
        if (!folder_make(ret_path, err))
            return error_wrap(err, "cache folder (XDG_CACHE_HOME=FOLDER for another)");
        snprintf(lock_path, sizeof(lock_path), "%s/lock", ret_path);
        *ret_lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (*ret_lock < 0)
            return error_set(err, errno, "open %s", lock_path);
        if (flock(*ret_lock, LOCK_EX | LOCK_NB) == 0)
            return true;
        close(*ret_lock);
    }
    return error_set(err, 0, "%d runs of this suite go on at once: all folders below %s are locked",
                     FOLDERS, cache);
}

void cache_name(struct slice variant, char ret_name[CACHE_NAME_MAX])
{
    size_t len = 0;

    for (size_t i = 0; i < variant.len && len < CACHE_NAME_MAX - 1; i++) {
        char c = variant.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '=';

        ret_name[len++] = plain ? c : '_';
    }
    ret_name[len] = '\0';
}
