#include "run/ceiling.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "probe/host.h"
#include "run/cpus.h"
#include "run/drive.h"
#include "server/server.h"

#define WINDOW_MIN_NS SECOND_NS /* of a trial: a shorter one is not worth the time it takes */
#define WARMUP_NS     (300 * MILLISECOND_NS)
#define DURATION_NS   (700 * MILLISECOND_NS)
#define ROUNDS        2 /* the better one: what disturbs can only lower it */
#define PASSED        1.1
#define HEAD_BYTES    82 /* of our own server's answer */
#define PATH_MAX_TEXT 4096

struct shape {
    uint32_t connections, threads;
    bool keepalive, unix_socket;
    uint64_t answer_bytes; /* head and body, rounded up: close ones share a ceiling */
    uint64_t body_bytes;   /* of the request */
};

/* Powers of two up to here, where bytes cost little beside the answer itself; then eighths of one.
 */
#define COARSE_UP_TO 4096

static uint64_t rounded_up(uint64_t bytes)
{
    uint64_t power = 128, step;

    while (power < bytes && power < SERVER_BODY_MAX)
        power *= 2;
    step = power / 16; /* an eighth of the octave that ends with it */
    return power <= COARSE_UP_TO || bytes > power ? power : (bytes + step - 1) / step * step;
}

static struct shape shape_of(const struct trial_record *t)
{
    const struct tally *tally = &t->tally;
    uint64_t answers = tally->ok + tally_failed(tally) + tally->warmup;
    uint64_t bytes = answers > 0 ? tally->bytes_received / answers : 0;
    struct shape shape = { .connections = t->load.connections,
                           .threads = t->load.threads,
                           .keepalive = record_connection_class(t) == CONNECTION_PERSISTENT,
                           .unix_socket = strncmp(t->address, "unix:", 5) == 0,
                           .answer_bytes = rounded_up(bytes),
                           .body_bytes = t->workload.body.len };

    return shape;
}

/* ---- what is kept ---- */

static void cpus_text(const uint32_t *cpus, uint32_t count, char *ret_text, size_t size)
{
    struct text text = { ret_text, 0, size, false };

    for (uint32_t i = 0; i < count; i++)
        text_format(&text, "%s%u", i > 0 ? "," : "", cpus[i]);
}

static void shape_name(const struct shape *shape, const struct ceiling_order *order, char *ret_name,
                       size_t size)
{
    char client[512] = "", server[512] = "";

    cpus_text(order->places->client, order->places->client_count, client, sizeof(client));
    cpus_text(order->places->server, order->places->server_count, server, sizeof(server));
    snprintf(ret_name, size,
             "%u connections, %u threads, %s, %s, %llu B for %llu B, %s, client=%s server=%s",
             shape->connections, shape->threads, shape->keepalive ? "kept" : "one a request",
             shape->unix_socket ? "unix" : "tcp", (unsigned long long)shape->answer_bytes,
             (unsigned long long)shape->body_bytes, order->record->ring, client, server);
}

/* What has to be the same for a kept figure to hold: the machine, and this very program. */
static void machine_name(char *ret_name, size_t size)
{
    struct host host;
    struct stat program = { 0 };

    host_read("", &host);
    if (stat(host_own_path(), &program) < 0)
        program.st_size = 0;
    snprintf(ret_name, size, "%s, %u x %s, %s, program %lld.%lld", host.hostname, host.cpus_online,
             host.cpu, host.kernel, (long long)program.st_mtim.tv_sec, (long long)program.st_size);
}

static void file_path(char *ret_path, size_t size)
{
    char folder[PATH_MAX_TEXT - 32];

    folder_cache(folder, sizeof(folder));
    snprintf(ret_path, size, "%s/ceilings.json", folder);
}

/* {"machine": "...", "per_sec": {SHAPE: number}}; a new one when it is of another machine, is not
 * there, or is no JSON: what it holds can be measured again. */
static json_t *read_kept(const char *path, const char *machine)
{
    json_t *kept = json_load_file(path, 0, NULL);
    const char *of = json_string_value(json_object_get(kept, "machine"));

    if (of != NULL && strcmp(of, machine) == 0 && json_is_object(json_object_get(kept, "per_sec")))
        return kept;
    json_decref(kept);
    return json_pack("{s:s, s:{}}", "machine", machine, "per_sec");
}

/* Whole or not at all: several assays may write it. Failure only means to measure again. */
static void write_kept(const char *path, const json_t *kept)
{
    char folder[PATH_MAX_TEXT], partial[PATH_MAX_TEXT + 32];
    struct error ignored;

    folder_cache(folder, sizeof(folder));
    snprintf(partial, sizeof(partial), "%s.%d", path, getpid());
    if (!folder_make(folder, &ignored))
        return;
    if (json_dump_file(kept, partial, JSON_INDENT(1)) < 0 || rename(partial, path) < 0)
        unlink(partial);
}

/* ---- measuring ---- */

/* The server's threads run where the target's would. */
static struct server *start_server(const struct shape *shape, const struct places *places,
                                   const char *socket)
{
    struct server_config config = { .threads = places->server_count > 0 ? places->server_count : 1,
                                    .unix_socket = shape->unix_socket ? socket : NULL,
                                    .content_type = SLICE("text/plain") };
    size_t body = shape->answer_bytes - HEAD_BYTES;
    char *bytes = calloc(1, body + 1);
    struct server *server = NULL;
    struct error ignored;
    cpu_set_t before;

    if (bytes == NULL)
        return NULL;
    memset(bytes, 'x', body);
    config.body = (struct slice){ bytes, body };
    cpus_go_to(places->server, places->server_count, &before);
    if (!server_start(&config, &server, &ignored))
        server = NULL;
    sched_setaffinity(0, sizeof(before), &before);
    free(bytes);
    return server;
}

/* The target's own request, as far as it costs: our server answers whatever it is asked. */
static struct workload workload_of(const struct trial_record *t)
{
    bool sends = t->workload.body.len > 0;

    return (struct workload){ .name = SLICE("ceiling"),
                              .method = sends ? t->workload.method : SLICE("GET"),
                              .path = SLICE("/"),
                              .body = t->workload.body };
}

static double drive_once(const struct ceiling_order *order, const struct shape *shape,
                         const struct addr *addr)
{
    const struct workload workload = workload_of(order->record);
    struct load load = load_default();
    struct drive drive = { .addresses = addr,
                           .address_count = 1,
                           .host = SLICE("localhost"),
                           .workload = &workload,
                           .load = &load,
                           .ring = order->ring,
                           .cpus = order->places->client,
                           .cpu_count = order->places->client_count,
                           .stop_asked = order->stop_asked };
    struct trial_record *record;
    struct error ignored;
    double per_sec = RECORD_UNKNOWN;

    load.connections = shape->connections;
    load.threads = shape->threads;
    load.keepalive = shape->keepalive;
    load.duration_ns = DURATION_NS;
    load.warmup_ns = WARMUP_NS;
    load.warmup_requests = 0;
    record = trial_record_new(drive_arena_bytes(&drive), &ignored);
    if (record == NULL)
        return per_sec;
    if (drive_run(&drive, record, &ignored) && record->state == TRIAL_DONE &&
        !record->tally.partial)
        per_sec = record_throughput_per_sec(record);
    trial_record_free(record);
    return per_sec;
}

static double measure(const struct ceiling_order *order, const struct shape *shape)
{
    char socket[64];
    struct server *server;
    struct addr addr;
    struct error ignored;
    double best = RECORD_UNKNOWN;

    snprintf(socket, sizeof(socket), "@assay-ceiling-%d", getpid()); /* leaves no file if killed */
    server = start_server(shape, order->places, socket);
    if (server == NULL)
        return best;
    addr = addr_loopback(server_port(server));
    if (!shape->unix_socket || addr_unix(slice_of(socket), &addr, &ignored))
        for (unsigned i = 0; i < ROUNDS; i++)
            best = fmax(best, drive_once(order, shape, &addr));
    server_stop(server);
    return best;
}

static void say(const struct ceiling_order *order)
{
    struct progress progress = { .phase = PROGRESS_CEILING,
                                 .record = order->record,
                                 .server_cpus = -1,
                                 .client_cpus = -1,
                                 .server_rss_bytes = -1 };

    if (order->observer != NULL)
        order->observer->progress(order->observer->context, &progress);
}

/* A target that is faster by more than noise shows that the empty server had a bad moment, twice:
 * what it reached is the end of nothing. */
static double unless_passed(double per_sec, const struct trial_record *t)
{
    return record_throughput_per_sec(t) > PASSED * per_sec ? RECORD_UNKNOWN : per_sec;
}

static bool wanted(const struct ceiling_order *order)
{
    const struct trial_record *t = order->record;

    return !t->ceiling && t->state == TRIAL_DONE && !t->tally.partial && t->tally.ok > 0 &&
           t->tally.window_ns >= WINDOW_MIN_NS &&
           (order->stop_asked == NULL || *order->stop_asked == 0);
}

double ceiling_find(const struct ceiling_order *order)
{
    char machine[1024], path[PATH_MAX_TEXT], name[1536];
    struct shape shape = shape_of(order->record);
    json_t *kept, *figures;
    double per_sec;

    if (!wanted(order))
        return RECORD_UNKNOWN;
    machine_name(machine, sizeof(machine));
    file_path(path, sizeof(path));
    shape_name(&shape, order, name, sizeof(name));
    kept = read_kept(path, machine);
    figures = json_object_get(kept, "per_sec");
    per_sec = json_is_number(json_object_get(figures, name))
                  ? json_number_value(json_object_get(figures, name))
                  : RECORD_UNKNOWN;
    if (!order->kept_only &&
        (isnan(per_sec) || per_sec < record_throughput_per_sec(order->record))) {
        say(order);
        per_sec = fmax(per_sec, measure(order, &shape));
        if (isfinite(per_sec) && json_object_set_new(figures, name, json_real(per_sec)) == 0)
            write_kept(path, kept);
    }
    json_decref(kept);
    return unless_passed(per_sec, order->record);
}
