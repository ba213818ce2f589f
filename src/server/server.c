#include "server/server.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/fault.h"
#include "server/listen_priv.h"
#include "server/worker_priv.h"

struct server {
    struct arena arena; /* holds this struct too */
    struct answers answers;
    uint32_t conn_limit;
    struct worker *workers;
    uint32_t threads, opened, running; /* workers planned, open, with a thread */
    int *listeners;
    int stop; /* an eventfd that every worker watches */
    uint16_t port;
};

static bool check(const struct server_config *config, struct error *err)
{
    if (config->threads == 0 || config->threads > SERVER_THREADS_MAX)
        return error_usage(err, "%u threads: 1 to %d can serve", config->threads,
                           SERVER_THREADS_MAX);
    if (config->body.len > SERVER_BODY_MAX)
        return error_usage(err, "a body of %zu bytes: at most 1 GiB is answered", config->body.len);
    if (config->content_type.len == 0 || config->content_type.len > 256)
        return error_usage(err, "a content type has 1 to 256 characters");
    for (size_t i = 0; i < config->content_type.len; i++) {
        if (config->content_type.ptr[i] < ' ' || config->content_type.ptr[i] > '~')
            return error_usage(err, "the content type has a character that no header may have");
    }
    return true;
}

/* How many descriptors there can be, and so connections. */
static uint32_t raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 1024;
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = { limit.rlim_max, limit.rlim_max };

        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    return limit.rlim_cur < SERVER_DESCRIPTORS_MAX ? (uint32_t)limit.rlim_cur
                                                   : SERVER_DESCRIPTORS_MAX;
}

static bool build(const struct server_config *config, struct server **ret_server, struct error *err)
{
    uint32_t conn_limit = raise_descriptors();
    size_t slack = 4096; /* for alignment */
    struct arena arena;
    struct server *s;

    if (!arena_map(&arena,
                   sizeof(*s) + answers_bytes(config) + slack +
                       config->threads *
                           (sizeof(struct worker) + sizeof(int) + conn_limit * sizeof(struct conn)),
                   err))
        return false;
    s = arena_new(&arena, struct server, 1);
    *s = (struct server){ .conn_limit = conn_limit, .threads = config->threads, .stop = -1 };
    answers_render(config, &arena, &s->answers);
    s->workers = arena_new(&arena, struct worker, config->threads);
    s->listeners = arena_new(&arena, int, config->threads);
    for (uint32_t i = 0; i < config->threads; i++)
        s->workers[i].conns = arena_new(&arena, struct conn, conn_limit);
    s->port = config->port;
    s->arena = arena;
    *ret_server = s;
    return true;
}

static bool open_workers(struct server *s, struct error *err)
{
    for (; s->opened < s->threads; s->opened++) {
        struct worker *w = &s->workers[s->opened];

        w->answers = &s->answers;
        w->conn_limit = s->conn_limit;
        w->listener = s->listeners[s->opened];
        w->stop = s->stop;
        if (!worker_open(w, err))
            return false;
    }
    return true;
}

static bool run_workers(struct server *s, struct error *err)
{
    for (; s->running < s->threads; s->running++) {
        struct worker *w = &s->workers[s->running];
        int sys = pthread_create(&w->thread, NULL, worker_run, w);

        if (sys != 0)
            return error_set(err, sys, "start thread %u of %u", s->running + 1, s->threads);
    }
    return true;
}

static void end_threads(struct server *s)
{
    uint64_t one = 1;

    if (s->running > 0)
        BUG_IF(write(s->stop, &one, sizeof(one)) != sizeof(one));
    while (s->running > 0)
        pthread_join(s->workers[--s->running].thread, NULL);
}

static void close_all(struct server *s)
{
    for (uint32_t i = 0; i < s->opened; i++)
        worker_close(&s->workers[i]);
    for (uint32_t i = 0; i < s->threads; i++)
        close(s->listeners[i]);
    if (s->stop >= 0)
        close(s->stop);
}

static void release(struct server *s)
{
    struct arena arena = s->arena;

    arena_unmap(&arena);
}

static bool start(struct server *s, struct error *err)
{
    if (fault_hit(FAULT_OPEN))
        return error_set(err, EMFILE, "open an event descriptor");
    s->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->stop < 0)
        return error_set(err, errno, "open an event descriptor");
    return open_workers(s, err) && run_workers(s, err);
}

bool server_start(const struct server_config *config, struct server **ret_server, struct error *err)
{
    struct server *s;

    if (!check(config, err) || !build(config, &s, err))
        return false;
    if (!listen_open(&s->port, s->threads, s->listeners, err)) {
        release(s);
        return false;
    }
    if (!start(s, err)) {
        end_threads(s);
        close_all(s);
        release(s);
        return false;
    }
    *ret_server = s;
    return true;
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

struct server_counts server_counts(const struct server *server)
{
    struct server_counts sum = { 0 };

    for (uint32_t i = 0; i < server->threads; i++) {
        const struct worker *w = &server->workers[i];

        sum.connections += atomic_load_explicit(&w->connections, memory_order_relaxed);
        sum.requests += atomic_load_explicit(&w->requests, memory_order_relaxed);
    }
    return sum;
}

struct server_counts server_stop(struct server *server)
{
    struct server_counts counts;

    end_threads(server);
    counts = server_counts(server);
    close_all(server);
    release(server);
    return counts;
}
