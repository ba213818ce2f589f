#include "target/shell.h"

#include <stddef.h>
#include <string.h>

/* Words that `exec` cannot run, or that mean something else behind it. */
static const char *const SHELL_WORDS[] = {
    "!",    ".",     ":",    "alias", "break",  "case",     "cd",   "command", "continue", "eval",
    "exec", "exit",  "for",  "if",    "export", "readonly", "set",  "return",  "shift",    "source",
    "time", "times", "trap", "umask", "unset",  "until",    "wait", "while",   "ulimit",   "{",
};

static bool is_shell_word(struct slice word)
{
    for (size_t i = 0; i < sizeof(SHELL_WORDS) / sizeof(SHELL_WORDS[0]); i++)
        if (slice_equal(word, slice_of(SHELL_WORDS[i])))
            return true;
    return false;
}

/* Behind the closing quote, or NULL when there is none or the shell looks for a command inside. */
static const char *skip_quoted(const char *at)
{
    const char quote = *at++;

    for (; *at != quote; at++) {
        if (*at == '\0')
            return NULL;
        if (quote == '\'')
            continue;
        if (*at == '`' || (*at == '$' && at[1] == '('))
            return NULL;
        if (*at == '\\' && at[1] != '\0')
            at++;
    }
    return at + 1;
}

struct slice shell_trim(struct slice command)
{
    while (command.len > 0 && strchr(" \t\n", command.ptr[command.len - 1]) != NULL)
        command.len--;
    return command;
}

bool shell_is_simple(const char *command)
{
    const char *at = command + strspn(command, " \t");
    const char *end = command + shell_trim(slice_of(command)).len;
    size_t first_len = strcspn(at, " \t\n");

    if (first_len == 0 || memchr(at, '=', first_len) != NULL ||
        is_shell_word((struct slice){ at, first_len }))
        return false;
    while (at != NULL && at < end) {
        if (strchr(";&|()`<>#\n", *at) != NULL)
            return false;
        if (*at == '\'' || *at == '"')
            at = skip_quoted(at);
        else if (*at == '\\')
            at += at[1] != '\0' ? 2 : 1;
        else
            at++;
    }
    return at != NULL;
}
