#include "target/checkout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/folder.h"

#define OUTPUT_MAX 2000
#define TREES_MAX  64

/* ---- git ---- */

/* Until it ends; what does not fit is read and dropped, so that git never waits for us. */
static void read_output(int fd, char *ret_output, size_t size)
{
    char piece[512];
    size_t len = 0;
    ssize_t got;

    while ((got = read(fd, piece, sizeof(piece))) != 0) {
        size_t room = size - 1 - len;
        size_t kept = got < 0 ? 0 : (size_t)got < room ? (size_t)got : room;

        if (got < 0 && errno != EINTR)
            break;
        memcpy(ret_output + len, piece, kept);
        len += kept;
    }
    while (len > 0 && ret_output[len - 1] == '\n')
        len--;
    ret_output[len] = '\0';
}

static bool spawn_git(const char *const *arguments, int output, int32_t *ret_pid, struct error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    /* exec() does not write to what it is given; C before const could not say so. */
    code = posix_spawnp(ret_pid, "git", &actions, &attributes, (char *const *)(uintptr_t)arguments,
                        environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return code == 0 || error_set(err, code, "run git (apt-get install git)");
}

/* git -C FOLDER ...: what it printed, in OUTPUT_MAX bytes; false, with that, when it failed. */
static bool git(const char *folder, const char *const *words, char *ret_output, struct error *err)
{
    const char *arguments[12] = { "git", "-C", folder };
    int ends[2], status = 0;
    int32_t pid;
    bool fine;

    for (size_t i = 0; words[i] != NULL; i++)
        arguments[3 + i] = words[i];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set(err, errno, "run git");
    fine = spawn_git(arguments, ends[1], &pid, err);
    close(ends[1]);
    if (fine) {
        read_output(ends[0], ret_output, OUTPUT_MAX);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    close(ends[0]);
    if (fine && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        return error_set(err, 0, "git %s: %s", words[0], ret_output);
    return fine;
}

/* ---- where ---- */

/* The folder that holds `path`, and what `path` is called from the repository's top: "" or "a/b".
 */
static bool find_repository(const char *path, struct checkout *c, char *ret_inside,
                            struct error *err)
{
    static const char *const words[] = { "rev-parse", "--show-toplevel", NULL };
    char full[PATH_MAX], folder[PATH_MAX], output[OUTPUT_MAX];
    struct stat st;
    char *slash;
    size_t len;

    if (realpath(path, full) == NULL || stat(full, &st) < 0)
        return error_usage(err, "suite %s: %s", path, strerror(errno));
    snprintf(folder, sizeof(folder), "%s", full);
    slash = strrchr(folder, '/');
    if (!S_ISDIR(st.st_mode) && slash != NULL)
        *slash = '\0';
    if (!git(folder, words, output, err)) {
        err->usage = true;
        return error_wrap(err, "a ref is of the git repository that holds %s", path);
    }
    snprintf(c->repository, sizeof(c->repository), "%s", output);
    len = strlen(c->repository);
    snprintf(ret_inside, PATH_MAX, "%s", full[len] == '/' ? full + len + 1 : full + len);
    return true;
}

static bool find_commit(struct checkout *c, const char *ref, struct error *err)
{
    char commit[OUTPUT_MAX], output[OUTPUT_MAX];
    const char *const words[] = { "rev-parse", "--short", "--verify", "--quiet", commit, NULL };

    snprintf(commit, sizeof(commit), "%s^{commit}", ref);
    if (ref[0] == '-' || !git(c->repository, words, output, err))
        return error_usage(err,
                           "'%s' is no commit, branch or tag of %s; a command has a blank in it, "
                           "or is given by --base-cmd or --head-cmd",
                           ref, c->repository);
    snprintf(c->commit, sizeof(c->commit), "%.*s", COMMIT_TEXT_MAX - 1, output);
    return true;
}

/* ---- the tree ---- */

static bool remove_tree(const struct checkout *c, struct error *err)
{
    const char *const words[] = { "worktree", "remove", "--force", c->tree, NULL };
    char output[OUTPUT_MAX];

    return git(c->repository, words, output, err);
}

static bool add_tree(const struct checkout *c, struct error *err)
{
    const char *const words[] = {
        "worktree", "add", "--detach", "--force", c->tree, c->commit, NULL
    };
    char output[OUTPUT_MAX];

    return git(c->repository, words, output, err);
}

/* The first folder that nobody has; one that a killed assay left there is removed. Whose repository
 * it was is unknown, which its own files say to git. */
static bool take_tree(struct checkout *c, const char *folder, struct error *err)
{
    char lock[CHECKOUT_PATH_MAX + 16];

    for (unsigned number = 1; number <= TREES_MAX; number++) {
        struct checkout left = { .lock = -1 };

        snprintf(c->tree, sizeof(c->tree), "%.*s/%u", CHECKOUT_PATH_MAX - 16, folder, number);
        snprintf(lock, sizeof(lock), "%s.lock", c->tree);
        c->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (c->lock < 0)
            return error_set(err, errno, "open %s", lock);
        memcpy(left.tree, c->tree, sizeof(left.tree));
        memcpy(left.repository, c->tree, sizeof(left.repository));
        if (flock(c->lock, LOCK_EX | LOCK_NB) == 0 &&
            (access(c->tree, F_OK) < 0 || remove_tree(&left, err)))
            return true;
        close(c->lock);
    }
    return error_set(err, 0, "all %d folders for checkouts are in use: %s", TREES_MAX, folder);
}

bool checkout_open(const char *path, const char *ref, struct checkout *ret_checkout, char *ret_path,
                   struct error *err)
{
    char inside[PATH_MAX], cache[CHECKOUT_PATH_MAX], folder[CHECKOUT_PATH_MAX + 16];
    struct checkout *c = ret_checkout;
    struct error ignored;

    *c = (struct checkout){ .lock = -1 };
    folder_cache(cache, sizeof(cache));
    snprintf(folder, sizeof(folder), "%s/checkouts", cache);
    if (!find_repository(path, c, inside, err) || !find_commit(c, ref, err) ||
        !folder_make(folder, err) || !take_tree(c, folder, err)) {
        c->tree[0] = '\0';
        return false;
    }
    if (!add_tree(c, err)) {
        close(c->lock);
        c->tree[0] = '\0';
        return error_wrap(err, "check out %s", ref);
    }
    snprintf(ret_path, CHECKOUT_PATH_MAX, "%.*s/%.*s", (int)strlen(c->tree), c->tree,
             CHECKOUT_PATH_MAX - 1 - (int)strlen(c->tree) - 1, inside);
    if (access(ret_path, F_OK) == 0)
        return true;
    error_usage(err, "there is no %s in %s (%s)", inside, ref, c->commit);
    checkout_close(c, &ignored);
    return false;
}

bool checkout_close(struct checkout *checkout, struct error *err)
{
    bool fine = true;

    if (checkout->tree[0] == '\0')
        return true;
    fine = remove_tree(checkout, err);
    close(checkout->lock);
    if (!fine)
        error_wrap(err, "%s is left behind", checkout->tree);
    checkout->tree[0] = '\0';
    return fine;
}
