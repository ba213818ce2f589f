#include "target/taken.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>

#include "base/bytes.h"
#include "probe/proc.h"

bool taken_by_another(const struct guardian *guardian, uint16_t port, struct error *err)
{
    char name[PROC_NAME_MAX], shown[4 * PROC_NAME_MAX];
    struct text text = TEXT(shown);
    struct proc_tree tree;
    int32_t owner = proc_listener("", port, name);

    if (owner <= 0)
        return true;
    /* Read after the owner was found: it may just have been forked, or have ended since. What
     * cannot be told to be outside of the tree is ours. */
    if (!proc_tree_read("", guardian->pid, &tree, err) || proc_tree_has(&tree, owner))
        return true;
    if (kill(owner, 0) < 0 && errno == ESRCH)
        return true;
    text_add_escaped(&text, slice_of(name));
    return error_set(err, 0,
                     "port %u is taken by another program: pid %d (%s); end it, or choose another "
                     "port",
                     port, owner, shown);
}

bool taken_is_mentioned(const struct guardian *guardian, const char *command,
                        struct error *ret_taken)
{
    for (const char *at = command; *at != '\0';) {
        size_t digits = strspn(at, "0123456789");
        uint64_t number;

        if (digits == 0) {
            /* A word with digits in it, "python3", is no number. */
            at += isalnum((unsigned char)*at) ? strspn(at, "abcdefghijklmnopqrstuvwxyz"
                                                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
                                              : 1;
            continue;
        }
        if (slice_u64((struct slice){ at, digits }, UINT16_MAX, &number) && number > 0 &&
            !taken_by_another(guardian, (uint16_t)number, ret_taken))
            return true;
        at += digits;
    }
    return false;
}
