/* tests/unit/aborts.h -- does this stop the program, as BUG_IF() promises? Asked in a child
 * process. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static inline bool aborts(void (*act)(void *), void *arg)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
        close(STDERR_FILENO); /* the message is expected and would only confuse */
        act(arg);
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}
