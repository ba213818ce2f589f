#include "server/server.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/descriptors.h"
#include "base/fault.h"
#include "server/listen_priv.h"
#include "server/worker_priv.h"

struct server {
    struct arena arena; /* holds this struct too */
    struct answers answers;
    uint32_t conn_limit;
    struct worker *workers;
    struct oracle_plan plan;
    struct oracle *oracles;            /* one a worker; NULL: none */
    uint32_t threads, opened, running; /* workers planned, open, with a thread */
    int *listeners;
    int stop; /* an eventfd that every worker watches */
    uint16_t port;
    struct addr unix_addr; /* len 0: none */
};

static bool check_oracle(const struct server_config *config, struct error *err)
{
    const struct behave *b = config->oracle;
    bool needs_body = b->lie_every[LIE_FLIP] > 0 || b->lie_every[LIE_SHORT] > 0;

    if (config->threads > 1)
        return error_usage(err, "an oracle has one thread, or those of workers:A/B/...");
    if (b->two_writes && config->unix_socket != NULL)
        return error_usage(err, "twowrites needs TCP: a Unix socket sends every write at once");
    if (needs_body && config->body.len == 0)
        return error_usage(err, "an empty body has nothing to flip or to leave out");
    if (b->close_every > 0 && config->close)
        return error_usage(err, "closeevery and a close after every answer exclude each other");
    return true;
}

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
    return config->oracle == NULL || check_oracle(config, err);
}

/* The oracle's own threads, and a body of the length that its echo will have. */
static struct server_config as_told(const struct server_config *config)
{
    static const char place[BEHAVE_ECHO];
    struct server_config told = *config;

    if (told.oracle != NULL && told.oracle->workers > 0)
        told.threads = told.oracle->workers;
    if (told.oracle != NULL && behave_echoes(told.oracle))
        told.body = (struct slice){ place, sizeof(place) };
    return told;
}

static bool build(const struct server_config *config, struct server **ret_server, struct error *err)
{
    uint64_t descriptors = descriptors_raise(); /* as many as there can be, and so connections */
    uint32_t conn_limit =
        descriptors < SERVER_DESCRIPTORS_MAX ? (uint32_t)descriptors : SERVER_DESCRIPTORS_MAX;
    size_t slack = 4096; /* for alignment */
    struct arena arena;
    size_t worker_bytes = sizeof(struct worker) + sizeof(struct oracle) + sizeof(int) +
                          conn_limit * sizeof(struct conn);
    struct server *s;

    if (!arena_map(&arena,
                   sizeof(*s) + answers_bytes(config) + slack + config->threads * worker_bytes,
                   err))
        return false;
    s = arena_new(&arena, struct server, 1);
    *s = (struct server){ .conn_limit = conn_limit, .threads = config->threads, .stop = -1 };
    answers_render(config, &arena, &s->answers);
    s->workers = arena_new(&arena, struct worker, config->threads);
    s->listeners = arena_new(&arena, int, config->threads);
    for (uint32_t i = 0; i < config->threads; i++)
        s->workers[i].conns = arena_new(&arena, struct conn, conn_limit);
    if (config->oracle != NULL) {
        s->plan = (struct oracle_plan){ .behave = *config->oracle, .workers = s->workers };
        s->oracles = arena_new(&arena, struct oracle, config->threads);
    }
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
        if (s->oracles != NULL) {
            w->oracle = &s->oracles[s->opened];
            if (!oracle_open(w->oracle, &s->plan, s->opened, w->listener, err))
                return false;
        }
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
    for (uint32_t i = 0; s->oracles != NULL && i < s->threads; i++)
        oracle_close(&s->oracles[i]);
    for (uint32_t i = 0; i < s->threads; i++)
        close(s->listeners[i]);
    if (s->unix_addr.len > 0)
        unlink(s->unix_addr.un.sun_path);
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
    s->plan.start = mono_now();
    return open_workers(s, err) && run_workers(s, err);
}

static bool open_listeners(struct server *s, const struct server_config *config, struct error *err)
{
    if (config->unix_socket == NULL)
        return listen_open(&s->port, s->threads, s->listeners, err);
    return addr_unix(slice_of(config->unix_socket), &s->unix_addr, err) &&
           listen_open_unix(&s->unix_addr, s->threads, s->listeners, err);
}

bool server_start(const struct server_config *config, struct server **ret_server, struct error *err)
{
    struct server_config told;
    struct server *s;

    if (!check(config, err))
        return false;
    told = as_told(config);
    if (!build(&told, &s, err))
        return false;
    if (!open_listeners(s, &told, err)) {
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

static void add_oracle(struct server_counts *sum, const struct oracle *o)
{
    for (unsigned lie = 0; lie < LIE_KINDS; lie++)
        sum->lies[lie] += atomic_load_explicit(&o->lies[lie], memory_order_relaxed);
    sum->closes += atomic_load_explicit(&o->closes, memory_order_relaxed);
    sum->stalls += atomic_load_explicit(&o->stalls, memory_order_relaxed);
}

struct server_counts server_counts(const struct server *server)
{
    struct server_counts sum = { 0 };

    for (uint32_t i = 0; i < server->threads; i++) {
        const struct worker *w = &server->workers[i];

        sum.connections += atomic_load_explicit(&w->connections, memory_order_relaxed);
        sum.requests += atomic_load_explicit(&w->requests, memory_order_relaxed);
        if (server->oracles != NULL)
            add_oracle(&sum, &server->oracles[i]);
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
