/* The way from a fork of the guardian to a target's own program. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "target/guardian_priv.h"
#include "target/shell.h"

#define STATUS_CANNOT_START 126 /* as shells have it */

_Noreturn static void give_up(const char *what, const char *which)
{
    dprintf(STDERR_FILENO, "assay: %s %s: %s\n", what, which, strerror(errno));
    _exit(STATUS_CANNOT_START);
}

static void connect_streams(const struct order *order)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int output = open(order->output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0)
        _exit(STATUS_CANNOT_START);
    if (output < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
        _exit(STATUS_CANNOT_START);
}

/* What was ignored or blocked here would be so in the new program too. */
static void reset_signals(void)
{
    sigset_t none;

    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void pin(const struct order *order)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    for (uint32_t i = 0; i < order->cpu_count; i++)
        CPU_SET(order->cpus[i], &set);
    if (order->cpu_count > 0 && sched_setaffinity(0, sizeof(set), &set) < 0)
        give_up("pin", order->command);
}

_Noreturn void order_execute(const struct order *order)
{
    setpgid(0, 0);
    connect_streams(order);
    pin(order);
    if (chdir(order->folder) < 0)
        give_up("change to folder", order->folder);
    for (size_t i = 0; i < order->env_count; i++)
        if (putenv(order->env[i]) != 0)
            give_up("set", order->env[i]);
    reset_signals();
    descriptors_restore();
    /* The shell becomes the program where it can; it would not do so by itself (dash 0.5.12). */
    if (shell_is_simple(order->command))
        execl("/bin/sh", "sh", "-c", "eval \"exec $1\"", "sh", order->command, (char *)NULL);
    else
        execl("/bin/sh", "sh", "-c", order->command, (char *)NULL);
    give_up("run", "/bin/sh");
}
