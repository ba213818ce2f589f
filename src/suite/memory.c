#include "suite/suite_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

bool memory_add(struct suite_memory **list, size_t bytes, struct arena **ret_arena,
                struct error *err)
{
    struct suite_memory *memory;
    struct arena arena;

    if (!arena_map(&arena, bytes + sizeof(struct suite_memory), err))
        return false;
    memory = arena_new(&arena, struct suite_memory, 1);
    memory->arena = arena;
    if (*list == NULL) {
        *list = memory;
    } else {
        memory->next = (*list)->next;
        (*list)->next = memory;
    }
    *ret_arena = &memory->arena;
    return true;
}

void memory_unmap(struct suite_memory *list)
{
    while (list != NULL) {
        struct suite_memory *next = list->next;
        struct arena arena = list->arena; /* the list lives in what is unmapped */

        arena_unmap(&arena);
        list = next;
    }
}

static bool read_all(int fd, size_t size, struct suite_memory **list, struct slice *ret_content,
                     struct error *err)
{
    struct arena *arena;
    char *content;
    size_t len = 0;

    if (!memory_add(list, size + 1, &arena, err))
        return false;
    content = arena_new(arena, char, size + 1);
    while (len < size) {
        ssize_t got = read(fd, content + len, size - len);

        if (got < 0)
            return error_usage(err, "cannot be read: %s", strerror(errno));
        if (got == 0)
            break; /* it has become shorter */
        len += (size_t)got;
    }
    *ret_content = (struct slice){ content, len };
    return true;
}

bool file_read(const char *path, size_t max, struct suite_memory **list, struct slice *ret_content,
               struct error *err)
{
    struct stat st;
    bool ok;
    int fd;

    errno = EMFILE; /* a fault of the test's making looks like this one */
    fd = fault_hit(FAULT_OPEN) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_usage(err, "cannot be opened: %s", strerror(errno));
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        ok = error_usage(err, "is no regular file");
    else if ((size_t)st.st_size > max)
        ok = error_usage(err, "is larger than %zu MiB", max >> 20);
    else
        ok = read_all(fd, (size_t)st.st_size, list, ret_content, err);
    close(fd);
    return ok;
}
