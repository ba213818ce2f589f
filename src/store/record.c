#include "store/record.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/fault.h"

const char *trial_state_name(enum trial_state state)
{
    switch (state) {
    case TRIAL_DONE:
        return "done";
    case TRIAL_NOT_BUILT:
        return "not_built";
    case TRIAL_NOT_READY:
        return "not_ready";
    case TRIAL_DIED:
        return "died";
    }
    BUG("trial state out of range");
}

bool trial_state_named(struct slice name, enum trial_state *ret_state)
{
    for (enum trial_state state = TRIAL_DONE; state <= TRIAL_DIED; state++) {
        if (slice_equal(name, slice_of(trial_state_name(state)))) {
            *ret_state = state;
            return true;
        }
    }
    return false;
}

const char *connection_class_name(enum connection_class class)
{
    switch (class) {
    case CONNECTION_PERSISTENT:
        return "persistent";
    case CONNECTION_EACH:
        return "a connection a request";
    }
    BUG("connection class out of range");
}

/* calloc() and not the arena: it leaves the 1.6 MB of histograms untouched until they are used, and
 * a run may hold hundreds of trials that never came so far. */
static void *new_with_arena(size_t size, size_t arena_bytes, struct arena *ret_arena,
                            struct error *err)
{
    void *record = fault_hit(FAULT_MEMORY) ? NULL : calloc(1, size);

    if (record == NULL) {
        error_set(err, ENOMEM, "make a record");
        return NULL;
    }
    if (!arena_map(ret_arena, arena_bytes, err)) {
        free(record);
        return NULL;
    }
    return record;
}

static struct server_usage unknown_server(void)
{
    return (struct server_usage){
        .processes = -1,
        .threads = -1,
        .descriptors = -1,
        .cpu_user_ns = -1,
        .cpu_system_ns = -1,
        .rss_bytes_start = -1,
        .rss_bytes_peak = -1,
        .rss_bytes_idle = -1,
        .pss_bytes_peak = -1,
        .switches_voluntary = -1,
        .switches_involuntary = -1,
        .ready_ms = RECORD_UNKNOWN,
        .build_ms = RECORD_UNKNOWN,
        .shipped_bytes = -1,
        .image_bytes = -1,
        .run_ns = -1,
        .run_queue_wait_ns = -1,
    };
}

struct trial_record *trial_record_new(size_t arena_bytes, struct error *err)
{
    struct arena arena = { 0 };
    struct trial_record *t = new_with_arena(sizeof(*t), arena_bytes, &arena, err);

    if (t == NULL)
        return NULL;
    t->arena = arena;
    t->suite = t->target = t->target_title = t->language = t->version = t->url = t->application =
        "";
    t->address = "";
    t->ring = t->reason = t->check_text = t->output_tail = "";
    t->probe_answer = (struct probe_answer){ .body_bytes = -1, .encoding = "" };
    t->server = unknown_server();
    t->client.rss_bytes_peak = -1;
    t->tally.run_queue_wait_ns = -1;
    t->machine = machine_change_unknown();
    t->hiccup = hiccup_unknown();
    t->ceiling_per_sec = RECORD_UNKNOWN;
    t->steady_after_ns = -1;
    t->proof = proof_none();
    return t;
}

void trial_record_free(struct trial_record *trial)
{
    if (trial == NULL)
        return;
    arena_unmap(&trial->arena);
    free(trial);
}

struct run_record *run_record_new(size_t arena_bytes, struct error *err)
{
    struct arena arena = { 0 };
    struct run_record *run = new_with_arena(sizeof(*run), arena_bytes, &arena, err);

    if (run == NULL)
        return NULL;
    run->arena = arena;
    run->suite = run->title = run->suite_text = run->published_text = run->preset = run->command =
        "";
    run->assay_version = "";
    return run;
}

void run_record_free(struct run_record *run)
{
    if (run == NULL)
        return;
    for (size_t i = 0; i < run->trial_count; i++)
        trial_record_free(run->trials[i]);
    json_decref(run->inproc);
    arena_unmap(&run->arena);
    free(run);
}

/* ---- derived figures ---- */

double record_throughput_per_sec(const struct trial_record *t)
{
    return t->tally.window_ns > 0 ? tally_throughput_per_sec(&t->tally) : RECORD_UNKNOWN;
}

static double per_right_answer(const struct trial_record *t, int64_t user_ns, int64_t system_ns)
{
    if (user_ns < 0 || system_ns < 0 || t->tally.ok_in_window == 0)
        return RECORD_UNKNOWN;
    return (double)(user_ns + system_ns) / (double)t->tally.ok_in_window;
}

double record_server_cpu_ns_per_request(const struct trial_record *t)
{
    return per_right_answer(t, t->server.cpu_user_ns, t->server.cpu_system_ns);
}

double record_service_cpu_ns_per_request(const struct trial_record *t,
                                         const struct service_usage *service)
{
    return per_right_answer(t, service->cpu_user_ns, service->cpu_system_ns);
}

double record_services_cpu_ns_per_request(const struct trial_record *t)
{
    double sum = t->service_count > 0 ? 0 : RECORD_UNKNOWN;

    for (size_t i = 0; i < t->service_count; i++)
        sum += record_service_cpu_ns_per_request(t, &t->services[i]);
    return sum;
}

double record_client_cpu_ns_per_request(const struct trial_record *t)
{
    return per_right_answer(t, t->tally.cpu_user_ns, t->tally.cpu_system_ns);
}

enum connection_class record_connection_class(const struct trial_record *t)
{
    uint64_t asked = t->tally.sent + t->tally.warmup;

    if (!t->load.keepalive)
        return CONNECTION_EACH;
    return asked > 0 && 2 * t->tally.ended_after_one >= asked ? CONNECTION_EACH
                                                              : CONNECTION_PERSISTENT;
}
