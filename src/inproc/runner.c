#include "inproc/inproc_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "probe/host.h"
#include "target/environment.h"
#include "target/output.h"

#define ANSWER_BYTES_MAX (256u << 20)
#define OUTPUT_BYTES_MAX (256 << 20) /* of what it prints, which is kept in memory */
#define OUTPUT_SHOWN     65536 /* of the end of what it printed, before the last lines are taken */
#define END_MS           2000  /* to end by itself, lifespan's shut-down included */

/* In the child these become descriptors 3 and 4; until then they lie out of their way. */
#define FD_ABOVE 10

/* ---- which ---- */

static bool runner_in(const char *folder, size_t len, const char *more, const char *runtime,
                      char *ret_path, size_t size)
{
    int used = snprintf(ret_path, size, "%.*s%s/assay-runner-%s", (int)len, folder, more, runtime);

    return used > 0 && (size_t)used < size && access(ret_path, X_OK) == 0;
}

bool runner_find(const char *runtime, char *ret_path, size_t size, struct error *err)
{
    const char *override = getenv("ASSAY_RUNNERS");
    const char *own = host_own_path();
    const char *slash = strrchr(own, '/');
    size_t len = slash != NULL ? (size_t)(slash - own) : 0;

    if (runtime[0] == '\0' || strchr(runtime, '/') != NULL)
        return error_usage(err, "'%s' is no name of a runtime; there are cpython, pypy, php and c",
                           runtime);
    if (override != NULL && override[0] != '\0') {
        if (runner_in(override, strlen(override), "", runtime, ret_path, size))
            return true;
        return error_usage(err, "no assay-runner-%s in %s ($ASSAY_RUNNERS)", runtime, override);
    }
    if (runner_in(own, len, "", runtime, ret_path, size) ||
        runner_in(own, len, "/../libexec/assay", runtime, ret_path, size))
        return true;
    return error_usage(err,
                       "no runner for the runtime '%s': there is no assay-runner-%s beside %s nor "
                       "in ../libexec/assay. It is built where its runtime's package is installed "
                       "(packages/inproc.txt)",
                       runtime, runtime, own);
}

bool inproc_runs(const char *runtime)
{
    char path[4096];
    struct error why;

    return runner_find(runtime, path, sizeof(path), &why);
}

/* ---- starting ---- */

struct pipes {
    int command[2], answer[2]; /* read end, write end */
};

static void close_pipes(struct pipes *p)
{
    int *all[] = { &p->command[0], &p->command[1], &p->answer[0], &p->answer[1] };

    for (size_t i = 0; i < 4; i++)
        if (*all[i] >= 0)
            close(*all[i]);
}

static void pin(const struct inproc_spec *spec)
{
    cpu_set_t set;

    if (!spec->pinned)
        return;
    CPU_ZERO(&set);
    CPU_SET(spec->cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

/* What makes two runs of the same program differ, or Python another Python. */
static void clean_environment(const struct inproc_spec *spec)
{
    environment_clean(false);
    setenv("PYTHONHASHSEED", "0", 1);
    if (spec->python_path != NULL)
        setenv("PYTHONPATH", spec->python_path, 1);
}

/* Objects that are hashed by their address make one allocation more or less: counts are to be the
 * same every time. Times are taken at another address in each process. Where a container forbids
 * it, counts may differ by a few. */
static void fix_addresses(void)
{
    personality(PER_LINUX | ADDR_NO_RANDOMIZE);
}

_Noreturn static void become_runner(const struct runner *r, const struct pipes *p, pid_t parent,
                                    const char *const *argv)
{
    struct rlimit none = { 0, 0 };
    int nothing = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127); /* it died before we could say that we die with it */
    setrlimit(RLIMIT_CORE, &none);
    descriptors_restore();
    pin(r->spec);
    if (!r->timed)
        fix_addresses();
    clean_environment(r->spec);
    dup2(nothing, 0);
    dup2(r->output, 1);
    dup2(r->output, 2);
    dup2(p->command[0], 3);
    dup2(p->answer[1], 4);
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static bool make_pipe(int ret_ends[2])
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    for (size_t i = 0; i < 2; i++) {
        ret_ends[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, FD_ABOVE);
        close(ends[i]);
    }
    return ret_ends[0] >= 0 && ret_ends[1] >= 0;
}

static bool fork_runner(struct runner *r, struct pipes *p, const char *const *argv,
                        struct error *err)
{
    pid_t parent = getpid();

    if (!make_pipe(p->command) || !make_pipe(p->answer))
        return error_set(err, errno, "make a pipe");
    r->output = memfd_create("output", MFD_CLOEXEC);
    if (r->output < 0)
        return error_set(err, errno, "make a file for the output");
    r->pid = fork();
    if (r->pid < 0) {
        r->pid = 0;
        return error_set(err, errno, "start a process");
    }
    if (r->pid == 0)
        become_runner(r, p, parent, argv);
    return true;
}

bool runner_start(struct runner *r, const struct inproc_spec *spec, bool timed,
                  const char *const *wrapper, struct inproc_fault *fault, struct error *err)
{
    struct pipes p = {
        {-1,  -1},
        { -1, -1}
    };
    const char *argv[16];
    char path[4096];
    size_t count = 0;

    *r = (struct runner){
        .spec = spec, .timed = timed, .fault = fault, .to = -1, .from = -1, .output = -1
    };
    *fault = (struct inproc_fault){ 0 };
    if (!runner_find(spec->runtime, path, sizeof(path), err))
        return false;
    while (wrapper != NULL && wrapper[count] != NULL && count < 14) {
        argv[count] = wrapper[count];
        count++;
    }
    argv[count++] = path;
    argv[count] = NULL;
    if (!fork_runner(r, &p, argv, err)) {
        close_pipes(&p);
        runner_end(r);
        return false;
    }
    r->to = p.command[1];
    r->from = p.answer[0];
    fcntl(r->to, F_SETFL, O_NONBLOCK); /* who does not read must not stop us */
    p.command[1] = p.answer[0] = -1;
    close_pipes(&p);
    return true;
}

/* ---- ending ---- */

static bool reap(struct runner *r, int *ret_status, int wait_ms)
{
    struct mono limit = mono_after(mono_now(), wait_ms * MILLISECOND_NS);

    while (r->pid > 0) {
        if (waitpid(r->pid, ret_status, WNOHANG) == r->pid)
            return true;
        if (mono_now().ns >= limit.ns)
            return false;
        poll(NULL, 0, 1);
    }
    return false;
}

/* The whole group: what the application started goes with it. */
static void kill_runner(struct runner *r)
{
    int status;

    if (r->pid <= 0)
        return;
    kill(-r->pid, SIGKILL);
    kill(r->pid, SIGKILL);
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
        ;
    r->pid = 0;
}

void runner_end(struct runner *r)
{
    static const char quit[] = "{\"cmd\":\"quit\"}\n";
    pid_t group = r->pid;
    int status;

    /* Whether it takes it or not, the end of the pipe says the same. */
    if (r->to >= 0 && write(r->to, quit, sizeof(quit) - 1) >= 0 && r->pid > 0) {
        close(r->to);
        r->to = -1;
        if (reap(r, &status, END_MS)) {
            r->pid = 0;
            kill(-group, SIGKILL);
        }
    }
    kill_runner(r);
    if (r->to >= 0)
        close(r->to);
    if (r->from >= 0)
        close(r->from);
    if (r->output >= 0)
        close(r->output);
    free(r->line);
    r->to = r->from = r->output = -1;
    r->line = NULL;
}

/* ---- what went wrong ---- */

/* Its last lines of output, into the fault and behind the sentence. */
static bool explain(struct runner *r, struct error *err)
{
    struct text tail = TEXT(r->fault->output);
    off_t size = lseek(r->output, 0, SEEK_END);
    off_t from = size > OUTPUT_SHOWN ? size - OUTPUT_SHOWN : 0;
    char *content = malloc(OUTPUT_SHOWN);
    ssize_t got = content != NULL && size > 0 ? pread(r->output, content, OUTPUT_SHOWN, from) : 0;
    size_t used = strlen(err->text);

    if (got > 0)
        output_tail((struct slice){ content, (size_t)got }, &tail);
    free(content);
    if (tail.len > 0)
        snprintf(err->text + used, sizeof(err->text) - used, ". Its last output:%s", tail.ptr);
    return false;
}

static bool died(struct runner *r, struct error *err)
{
    const char *when =
        r->fault->opened ? "while it was called" : "when it was loaded or first asked";
    int status = 0;

    if (!reap(r, &status, END_MS)) {
        kill_runner(r);
        error_set(err, 0, "it closed the line to assay %s", when);
        return explain(r, err);
    }
    kill(-r->pid, SIGKILL);
    r->pid = 0;
    if (WIFSIGNALED(status)) {
        r->fault->signal = WTERMSIG(status);
        error_set(err, 0, "it crashed %s: SIG%s (%s)", when, sigabbrev_np(r->fault->signal),
                  strsignal(r->fault->signal));
    } else {
        error_set(err, 0, "it ended by itself %s, with exit code %d", when, WEXITSTATUS(status));
    }
    return explain(r, err);
}

static bool silent(struct runner *r, int64_t limit_ns, struct error *err)
{
    kill_runner(r);
    error_set(err, 0, "it did not return within %.3g s %s (--timeout for more)",
              (double)limit_ns / (double)SECOND_NS,
              r->fault->opened ? "when it was called" : "when it was loaded or first asked");
    return explain(r, err);
}

static bool noisy(struct runner *r, struct error *err)
{
    kill_runner(r);
    error_set(err, 0,
              "it printed more than %d MiB, which are kept until its end: have it print less, or "
              "measure fewer calls (--calls)",
              OUTPUT_BYTES_MAX >> 20);
    return explain(r, err);
}

/* ---- asking ---- */

struct deadline {
    struct mono at;
    int64_t limit_ns; /* how long that was, in the beginning */
};

/* Its end of the pipes need not say so: what the application started may hold it open. */
static bool is_gone(const struct runner *r)
{
    siginfo_t info = { 0 };

    return waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == r->pid;
}

static bool prints_too_much(const struct runner *r)
{
    struct stat output;

    return fstat(r->output, &output) == 0 && output.st_size > OUTPUT_BYTES_MAX;
}

/* True when our end of a pipe is ready, if only to be told of the other one's end. */
static bool wait_for(struct runner *r, int fd, short events, const struct deadline *deadline,
                     struct error *err)
{
    struct pollfd pipe = { .fd = fd, .events = events };

    for (;;) {
        int64_t left_ns = mono_diff_ns(mono_now(), deadline->at);
        bool gone = is_gone(r); /* asked before: what it has written until then is still read */

        if (r->spec->stop_asked != NULL && *r->spec->stop_asked != 0)
            return error_set(err, EINTR, "stopped");
        if (prints_too_much(r))
            return noisy(r, err);
        if (left_ns <= 0 && !gone)
            return silent(r, deadline->limit_ns, err);
        /* At most a tenth of a second: a signal may have come just before. */
        left_ns = left_ns < 100 * MILLISECOND_NS ? left_ns : 100 * MILLISECOND_NS;
        if (poll(&pipe, 1, gone ? 0 : (int)(left_ns / MILLISECOND_NS) + 1) > 0)
            return true;
        if (gone)
            return died(r, err);
    }
}

static bool send_command(struct runner *r, json_t *command, const struct deadline *deadline,
                         struct error *err)
{
    char *text = command != NULL ? json_dumps(command, JSON_COMPACT) : NULL;
    size_t len = text != NULL ? strlen(text) : 0, sent = 0;
    bool fine = true;

    json_decref(command);
    if (text == NULL)
        return error_set(err, ENOMEM, "write a command");
    text[len++] = '\n'; /* where its NUL was: it goes by length */
    while (sent < len && (fine = wait_for(r, r->to, POLLOUT, deadline, err))) {
        ssize_t wrote = write(r->to, text + sent, len - sent);

        if (wrote < 0 && errno != EINTR && errno != EAGAIN)
            break;
        sent += wrote > 0 ? (size_t)wrote : 0;
    }
    free(text);
    return fine && (sent == len || died(r, err));
}

static bool more_room(struct runner *r, struct error *err)
{
    size_t room = r->line_room > 0 ? r->line_room * 2 : 65536;
    char *line = room <= ANSWER_BYTES_MAX ? realloc(r->line, room) : NULL;

    if (line == NULL)
        return error_set(err, 0, "an answer of the runner is longer than %u MiB",
                         ANSWER_BYTES_MAX >> 20);
    r->line = line;
    r->line_room = room;
    return true;
}

static bool read_line(struct runner *r, const struct deadline *deadline, struct error *err)
{
    r->line_len = 0;
    while (r->line_len == 0 || r->line[r->line_len - 1] != '\n') {
        ssize_t got;

        if (r->line_len == r->line_room && !more_room(r, err))
            return false;
        if (!wait_for(r, r->from, POLLIN, deadline, err))
            return false;
        got = read(r->from, r->line + r->line_len, r->line_room - r->line_len);
        if (got == 0)
            return died(r, err);
        if (got > 0)
            r->line_len += (size_t)got;
    }
    return true;
}

json_t *runner_ask(struct runner *r, json_t *command, int64_t limit_ns, struct error *err)
{
    struct deadline deadline = { mono_after(mono_now(), limit_ns), limit_ns };
    json_error_t why;
    json_t *answer;
    const char *refusal;

    if (!send_command(r, command, &deadline, err) || !read_line(r, &deadline, err))
        return NULL;
    answer = json_loadb(r->line, r->line_len, 0, &why);
    if (answer == NULL) {
        error_set(err, 0, "the runner answered what is no JSON: %s", why.text);
        return NULL;
    }
    refusal = json_string_value(json_object_get(answer, "error"));
    if (refusal != NULL) {
        char escaped[1500];
        struct text text = TEXT(escaped);

        text_add_escaped(&text, slice_of(refusal));
        error_set(err, 0, "%s", escaped);
        json_decref(answer);
        return NULL;
    }
    return answer;
}
