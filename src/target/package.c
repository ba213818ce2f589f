#include "target/package.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"

/* ---- reading ---- */

/* Cuts off what stands before the separator, and the separator. */
static struct slice take_until(struct slice *rest, char separator)
{
    const char *end = rest->len > 0 ? memchr(rest->ptr, separator, rest->len) : NULL;
    struct slice piece = { rest->ptr, end != NULL ? (size_t)(end - rest->ptr) : rest->len };

    rest->ptr += piece.len;
    rest->len -= piece.len;
    if (end != NULL) {
        rest->ptr++;
        rest->len--;
    }
    return piece;
}

static bool parse_line(struct slice line, struct package *ret_package)
{
    struct package p = { .name = take_until(&line, '\t') };
    struct slice status = take_until(&line, '\t');
    struct slice size = take_until(&line, '\t');

    /* "ii ": wanted and installed; "hi " is on hold. Virtual packages have no size. */
    if (p.name.len == 0 || status.len < 2 || status.ptr[1] != 'i')
        return false;
    if (!slice_u64(size, UINT64_MAX / 1024, &p.installed_kib))
        p.installed_kib = 0;
    p.provides = take_until(&line, '\t');
    p.pre_depends = take_until(&line, '\t');
    p.depends = take_until(&line, '\t');
    *ret_package = p;
    return true;
}

struct package_list package_list_parse(struct slice lines, struct arena *arena)
{
    struct package_list list = { 0 };
    size_t most = 0;

    for (size_t i = 0; i < lines.len; i++)
        most += lines.ptr[i] == '\n';
    list.packages = arena_new(arena, struct package, most + 1);
    while (lines.len > 0)
        if (parse_line(take_until(&lines, '\n'), &list.packages[list.count]))
            list.count++;
    return list;
}

/* All that the command prints, in the arena; half of it at most, the other half is for the list. */
static bool read_all(FILE *pipe, struct arena *arena, struct slice *ret_text, struct error *err)
{
    size_t room = (size_t)(arena->end - arena->next) / 2;
    struct slice text = { arena->next, 0 };
    char buffer[65536];
    size_t got;

    while ((got = fread(buffer, 1, sizeof(buffer), pipe)) > 0) {
        char *to;

        if (text.len + got > room)
            return error_set(err, 0, "dpkg-query prints more than %zu bytes", room);
        to = arena_new(arena, char, got);
        BUG_IF(to != text.ptr + text.len);
        memcpy(to, buffer, got);
        text.len += got;
    }
    *ret_text = text;
    return true;
}

bool package_list_read(struct arena *arena, struct package_list *ret_list, struct error *err)
{
    FILE *pipe =
        popen("exec dpkg-query -W -f '${Package}\\t${db:Status-Abbrev}\\t${Installed-Size}\\t"
              "${Provides}\\t${Pre-Depends}\\t${Depends}\\n' 2>/dev/null",
              "re");
    struct slice text;
    bool good;

    if (pipe == NULL)
        return error_set(err, errno, "run dpkg-query");
    good = read_all(pipe, arena, &text, err);
    if (pclose(pipe) != 0 && good)
        return error_set(err, 0, "dpkg-query failed, or is not there");
    if (good)
        *ret_list = package_list_parse(text, arena);
    return good;
}

/* ---- who needs whom ---- */

/* "python3:any (>= 3.9)" is about python3. */
static struct slice bare_name(struct slice entry)
{
    entry = slice_trim(entry);
    for (size_t i = 0; i < entry.len; i++)
        if (entry.ptr[i] == ' ' || entry.ptr[i] == '(' || entry.ptr[i] == ':' ||
            entry.ptr[i] == '[')
            return (struct slice){ entry.ptr, i };
    return entry;
}

static bool provides(const struct package *package, struct slice name)
{
    struct slice rest = package->provides;

    while (rest.len > 0)
        if (slice_equal(bare_name(take_until(&rest, ',')), name))
            return true;
    return false;
}

const struct package *package_find(const struct package_list *list, struct slice name)
{
    for (size_t i = 0; i < list->count; i++)
        if (slice_equal(list->packages[i].name, name))
            return &list->packages[i];
    for (size_t i = 0; i < list->count; i++)
        if (provides(&list->packages[i], name))
            return &list->packages[i];
    return NULL;
}

/* Of "a (>= 1) | b" the first that is installed, or NULL. */
static const struct package *first_installed(const struct package_list *list,
                                             struct slice alternatives)
{
    while (alternatives.len > 0) {
        const struct package *found = package_find(list, bare_name(take_until(&alternatives, '|')));

        if (found != NULL)
            return found;
    }
    return NULL;
}

/* Marks what is needed; whether that was anything new. */
static bool mark_needed(const struct package_list *list, struct slice needed, bool *marks)
{
    bool more = false;

    while (needed.len > 0) {
        const struct package *found = first_installed(list, take_until(&needed, ','));

        if (found == NULL || marks[found - list->packages])
            continue;
        marks[found - list->packages] = true;
        more = true;
    }
    return more;
}

int64_t package_closure_bytes(const struct package_list *list, const struct slice *names,
                              size_t name_count, bool *marks)
{
    uint64_t kib = 0;
    bool more = true;

    for (size_t i = 0; i < name_count; i++) {
        const struct package *found = package_find(list, names[i]);

        if (found == NULL)
            return -1;
        marks[found - list->packages] = true;
    }
    /* Until a pass over all marked ones marks nothing new. */
    while (more) {
        more = false;
        for (size_t i = 0; i < list->count; i++) {
            if (!marks[i])
                continue;
            more |= mark_needed(list, list->packages[i].pre_depends, marks);
            more |= mark_needed(list, list->packages[i].depends, marks);
        }
    }
    for (size_t i = 0; i < list->count; i++)
        kib += marks[i] ? list->packages[i].installed_kib : 0;
    return (int64_t)(kib * 1024);
}
