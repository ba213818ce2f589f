#include "store/record_json.h"

#include <math.h>
#include <string.h>

#include "stats/hdr.h"
#include "store/json_get.h"
#include "store/record_priv.h"

/* Beside the texts: what the arrays of a document take in an arena, and their alignment. */
#define ROOM_SPARE 4096

static uint32_t get_u32(const struct json_get *g, const char *key)
{
    return (uint32_t)json_get_count(g, key, UINT32_MAX);
}

static uint64_t get_u64(const struct json_get *g, const char *key)
{
    return json_get_count(g, key, INT64_MAX);
}

/* Null is `absent`. Not above what an int64_t of nanoseconds can hold. */
static int64_t get_seconds_ns(const struct json_get *g, const char *key, int64_t absent)
{
    double seconds = json_get_real(g, key);

    if (isnan(seconds))
        return absent;
    if (seconds < 0 || seconds > 9e9) {
        json_get_fail(g, key, "seconds, not negative");
        return absent;
    }
    return llround(seconds * 1e9);
}

/* ---- histograms ---- */

static bool counts_agree(const struct histogram *h)
{
    uint64_t sum = h->too_large;

    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        sum += h->counts[i];
    return sum == h->count && h->censored <= h->count;
}

/* The buckets from the encoded text; what they do not tell exactly, from the figures beside. */
static void get_histogram(const struct json_get *figures, const struct json_get *encoded,
                          const char *key, struct histogram *h)
{
    struct json_get g = json_get_object(figures, key);
    const char *text = json_get_text(encoded, key);
    int64_t censored_min_ns, min_ns, max_ns;

    if (g.reader->failed)
        return;
    if (text[0] != '\0' && !hdr_decode(slice_of(text), h, g.reader->err)) {
        g.reader->failed = true;
        error_wrap(g.reader->err, "histogram.%s", key);
        return;
    }
    h->count = get_u64(&g, "count");
    h->too_large = get_u64(&g, "too_large");
    h->negative = get_u64(&g, "negative");
    h->censored = get_u64(&g, "censored");
    censored_min_ns = json_get_known(&g, "censored_min");
    min_ns = json_get_known(&g, "min");
    max_ns = json_get_known(&g, "max");
    h->censored_min_ns = censored_min_ns < 0 ? 0 : censored_min_ns;
    h->min_ns = min_ns < 0 ? 0 : min_ns;
    h->max_ns = max_ns < 0 ? 0 : max_ns;
    h->sum_ns = json_get_real(&g, "sum");
    if (!counts_agree(h))
        json_get_fail(&g, "count", "the sum of the histogram's buckets");
}

static void get_histograms(const struct json_get *g, struct tally *tally)
{
    struct json_get latency = json_get_object(g, "latency_ns");
    struct json_get lag = json_get_object(g, "send_lag_ns");
    struct json_get encoded = json_get_object(g, "histogram");

    get_histogram(&latency, &encoded, "response", &tally->response);
    get_histogram(&latency, &encoded, "service", &tally->service);
    get_histogram(&latency, &encoded, "first_byte", &tally->first_byte);
    get_histogram(&latency, &encoded, "connect", &tally->connect);
    get_histogram(&lag, &encoded, "loop_late", &tally->loop_late);
    get_histogram(&lag, &encoded, "pool_late", &tally->pool_late);
}

/* ---- what was asked ---- */

static void get_target(const struct json_get *g, struct trial_record *t)
{
    struct json_get target = json_get_object(g, "target");

    t->target = json_get_text(&target, "name");
    t->target_title = json_get_text(&target, "title");
    t->language = json_get_text(&target, "language");
    t->application = json_get_text(&target, "application");
    t->version = json_get_text(&target, "version");
    t->url = json_get_text(&target, "url");
    t->address = json_get_text(&target, "address");
    t->workers = get_u32(&target, "workers");
    t->ceiling = json_get_flag(&target, "ceiling");
    t->order = (uint32_t)json_get_some(&target, "order", UINT32_MAX);
}

/* The one of two words that stands there: false the first, true the second. */
static bool get_choice(const struct json_get *g, const char *key, const char *first,
                       const char *second)
{
    struct slice word = json_get_word(g, key);

    if (slice_equal(word, slice_of(second)))
        return true;
    if (!slice_equal(word, slice_of(first)))
        json_get_fail(g, key, "one of the words of the schema");
    return false;
}

static void get_load(const struct json_get *g, struct trial_record *t)
{
    struct json_get load = json_get_object(g, "load");
    double rate_per_sec = json_get_real(&load, "rate_per_sec");
    double share = json_get_real(&load, "share");

    t->load.name = json_get_bytes(&load, "name");
    t->load.model = get_choice(&load, "model", "closed", "open") ? LOAD_OPEN : LOAD_CLOSED;
    t->load.connections = get_u32(&load, "connections");
    t->load.threads = get_u32(&load, "threads");
    t->load.rate_per_sec = isnan(rate_per_sec) ? 0 : rate_per_sec;
    t->load.arrivals =
        get_choice(&load, "arrivals", "even", "poisson") ? PACER_POISSON : PACER_EVEN;
    t->load.duration_ns = get_seconds_ns(&load, "duration_s", 0);
    t->load.requests = json_get_some(&load, "requests", INT64_MAX);
    t->load.warmup_requests = json_get_some(&load, "warmup_requests", LOAD_WARMUP_REQUESTS_MAX);
    t->load.warmup_ns = get_seconds_ns(&load, "warmup_s", t->load.warmup_requests > 0 ? 0 : -1);
    t->load.timeout_ns = get_seconds_ns(&load, "timeout_s", 0);
    t->load.keepalive = json_get_flag(&load, "keepalive");
    t->load.stage = (uint32_t)json_get_some(&load, "stage", STAGES_MAX);
    t->load.stage_count = (uint32_t)json_get_some(&load, "stages", STAGES_MAX);
    t->load.share = isnan(share) ? 0 : share;
    t->load.of = json_get_bytes(&load, "share_of");
    t->ring = json_get_text(&load, "ring");
}

static size_t get_headers(const struct json_get *g, struct header *headers)
{
    const json_t *array = json_get_array(g, "headers", WORKLOAD_HEADERS_MAX);
    size_t count = json_array_size(array);

    for (size_t i = 0; i < count; i++) {
        struct json_get header = json_get_item(g, "headers", array, i);

        headers[i].name = json_get_bytes(&header, "name");
        headers[i].value = json_get_bytes(&header, "value");
    }
    return count;
}

static void get_workload(const struct json_get *g, struct workload *workload)
{
    struct json_get w = json_get_object(g, "workload");
    struct json_get expect = json_get_object(&w, "expect");

    workload->name = json_get_bytes(&w, "name");
    workload->method = json_get_bytes(&w, "method");
    workload->path = json_get_bytes(&w, "path");
    workload->header_count = get_headers(&w, workload->headers);
    workload->body = json_get_bytes(&w, "body");
    workload->verify = json_get_bytes(&w, "verify");
    workload->expect.status = (uint16_t)json_get_some(&expect, "status", 999);
    workload->expect.content_type = json_get_bytes(&expect, "content_type");
    workload->expect.header_count = get_headers(&expect, workload->expect.headers);
    workload->expect.body = json_get_bytes(&expect, "body");
    workload->expect.json = json_get_bytes(&expect, "json");
}

static void get_factors(const struct json_get *g, struct trial_record *t)
{
    struct json_get factors = json_get_object(g, "factors");
    const char *key;
    json_t *value;

    if (g->reader->failed)
        return;
    if (json_object_size(factors.object) > RECORD_FACTORS_MAX) {
        json_get_fail(g, "factors", "a smaller object");
        return;
    }
    /* jansson's loop takes a json_t * that it does not change. */
    json_object_foreach((json_t *)(uintptr_t)factors.object, key, value)
    {
        struct setting_text *factor = &t->factors[t->factor_count++];

        factor->name = arena_text(&t->arena, key, strlen(key));
        factor->value = json_is_integer(value)
                            ? arena_format(&t->arena, "%lld", (long long)json_integer_value(value))
                            : json_get_text(&factors, key);
    }
}

/* ---- what came of it ---- */

static void get_failed(const struct json_get *g, struct tally *tally)
{
    struct json_get failed = json_get_object(g, "failed");

    for (enum outcome kind = OUTCOME_OK + 1; kind < OUTCOME_KINDS; kind++)
        tally->failed[kind] = get_u64(&failed, outcome_name(kind));
}

static void get_example(const struct json_get *g, struct example *example)
{
    struct slice reason = json_get_word(g, "reason");

    example->outcome = outcome_named(json_get_word(g, "outcome"));
    if (example->outcome == OUTCOME_OK || example->outcome == OUTCOME_KINDS)
        json_get_fail(g, "outcome", "the name of a failure");
    example->sys = (int)json_get_some(g, "errno", 4095);
    example->status = (uint16_t)json_get_some(g, "status", 999);
    example->count = get_u64(g, "count");
    if (reason.len >= sizeof(example->reason))
        json_get_fail(g, "reason", "shorter");
    else
        memcpy(example->reason, reason.ptr, reason.len);
    example->head_len = (uint16_t)json_get_escaped(g, "head", example->head, TALLY_HEAD_MAX);
}

static void get_examples(const struct json_get *g, struct tally *tally)
{
    const json_t *array = json_get_array(g, "examples", TALLY_EXAMPLES_MAX);

    tally->example_count = (uint32_t)json_array_size(array);
    for (uint32_t i = 0; i < tally->example_count; i++) {
        struct json_get example = json_get_item(g, "examples", array, i);

        get_example(&example, &tally->examples[i]);
    }
    tally->examples_left_out = get_u64(g, "examples_left_out");
}

static void get_requests(const struct json_get *g, struct trial_record *t)
{
    struct json_get requests = json_get_object(g, "requests");
    struct tally *tally = &t->tally;

    tally->scheduled = get_u64(&requests, "scheduled");
    tally->sent = get_u64(&requests, "sent");
    tally->ok = get_u64(&requests, "ok");
    tally->ok_in_window = get_u64(&requests, "ok_in_window");
    tally->unsent = get_u64(&requests, "unsent");
    tally->unsent_pool = json_get_some(&requests, "unsent_pool", INT64_MAX);
    tally->in_flight = get_u64(&requests, "in_flight_at_end");
    tally->resent = get_u64(&requests, "resent");
    tally->warmup = get_u64(&requests, "warmup");
    t->probes = get_u64(&requests, "probes");
    get_failed(&requests, tally);
    get_examples(&requests, tally);
}

static void get_traffic(const struct json_get *g, struct tally *tally)
{
    struct json_get bytes = json_get_object(g, "bytes");
    struct json_get connections = json_get_object(g, "connections");

    tally->bytes_sent = get_u64(&bytes, "sent");
    tally->bytes_received = get_u64(&bytes, "received");
    tally->opened = get_u64(&connections, "opened");
    tally->closed_by_server = get_u64(&connections, "closed_by_server");
    tally->closed_by_client = get_u64(&connections, "closed_by_client");
    tally->ended_after_one = get_u64(&connections, "ended_after_one");
    tally->connect_failed = get_u64(&connections, "connect_failed");
    tally->connect_sys = (int)json_get_some(&connections, "connect_errno", 4095);
    tally->out_of_ports = json_get_some(&connections, "out_of_ports", INT64_MAX);
    tally->by_connection = shares_get(&connections, "shares");
}

static uint32_t get_cpus(const struct json_get *g, uint32_t *cpus)
{
    const json_t *array = json_get_array(g, "cpus", RECORD_CPUS_MAX);
    uint32_t count = (uint32_t)json_array_size(array);

    for (uint32_t i = 0; i < count; i++) {
        json_int_t cpu = json_integer_value(json_array_get(array, i));

        if (cpu < 0 || cpu > UINT32_MAX)
            json_get_fail(g, "cpus", "an array of CPU numbers");
        cpus[i] = (uint32_t)cpu;
    }
    return count;
}

static void get_client(const struct json_get *g, struct trial_record *t)
{
    struct json_get client = json_get_object(g, "client");

    t->tally.cpu_user_ns = json_get_known(&client, "cpu_user_ns");
    t->tally.cpu_system_ns = json_get_known(&client, "cpu_system_ns");
    t->tally.busiest_thread_share = json_get_real(&client, "busiest_thread_share");
    t->client.rss_bytes_peak = json_get_known(&client, "rss_bytes_peak");
    t->client.cpu_count = get_cpus(&client, t->client.cpus);
    generator_get(&client, t);
}

static void get_server(const struct json_get *g, struct trial_record *t)
{
    struct json_get s = json_get_object(g, "server");
    struct server_usage *server = &t->server;

    server->processes = json_get_known(&s, "processes");
    server->threads = json_get_known(&s, "threads");
    server->descriptors = json_get_known(&s, "descriptors");
    server->cpu_user_ns = json_get_known(&s, "cpu_user_ns");
    server->cpu_system_ns = json_get_known(&s, "cpu_system_ns");
    server->rss_bytes_idle = json_get_known(&s, "rss_bytes_idle");
    server->rss_bytes_start = json_get_known(&s, "rss_bytes_start");
    server->rss_bytes_peak = json_get_known(&s, "rss_bytes_peak");
    server->pss_bytes_peak = json_get_known(&s, "pss_bytes_peak");
    server->switches_voluntary = json_get_known(&s, "switches_voluntary");
    server->switches_involuntary = json_get_known(&s, "switches_involuntary");
    server->ready_ms = json_get_real(&s, "ready_ms");
    server->build_ms = json_get_real(&s, "build_ms");
    server->shipped_bytes = json_get_known(&s, "shipped_bytes");
    server->image_bytes = json_get_known(&s, "image_bytes");
    t->client.server_cpu_count = get_cpus(&s, t->client.server_cpus);
    threads_get(&s, server);
}

static void get_services(const struct json_get *g, struct trial_record *t)
{
    const json_t *array = json_get_array(g, "services", RECORD_SERVICES_MAX);

    t->service_count = json_array_size(array);
    for (size_t i = 0; i < t->service_count; i++) {
        struct json_get s = json_get_item(g, "services", array, i);

        t->services[i] =
            (struct service_usage){ .name = json_get_text(&s, "name"),
                                    .processes = json_get_known(&s, "processes"),
                                    .cpu_user_ns = json_get_known(&s, "cpu_user_ns"),
                                    .cpu_system_ns = json_get_known(&s, "cpu_system_ns"),
                                    .rss_bytes_peak = json_get_known(&s, "rss_bytes_peak") };
    }
}

/* ---- the documents ---- */

static void get_state(const struct json_get *g, struct trial_record *t)
{
    if (!trial_state_named(json_get_word(g, "state"), &t->state))
        json_get_fail(g, "state", "one of the words of the schema");
    t->reason = json_get_text(g, "reason");
    t->tally.partial = json_get_flag(g, "partial");
    t->tally.gave_up = json_get_flag(g, "gave_up");
    t->tally.window_ns = get_seconds_ns(g, "window_s", 0);
    t->tally.restarts = (uint32_t)json_get_some(g, "window_restarts", UINT32_MAX);
}

static void get_trial(const struct json_get *g, struct trial_record *t)
{
    t->suite = json_get_text(g, "suite");
    get_target(g, t);
    get_load(g, t);
    get_workload(g, &t->workload);
    get_factors(g, t);
    t->block = get_u32(g, "block");
    t->position = get_u32(g, "position");
    t->control = json_get_flag_or(g, "control", false);
    t->seed = json_get_seed(g, "seed");
    t->started.ns = json_get_whole(g, "started_unix_ns");
    get_state(g, t);
    t->check_text = json_get_text(g, "check");
    t->body_checked = json_get_flag(g, "body_checked");
    t->probe_answer.status = (uint16_t)json_get_some(g, "probe_status", UINT16_MAX);
    t->probe_answer.body_bytes = json_get_known(g, "probe_body_bytes");
    t->probe_answer.encoding = json_get_text(g, "probe_encoding");
    get_requests(g, t);
    get_traffic(g, &t->tally);
    get_histograms(g, &t->tally);
    get_client(g, t);
    get_server(g, t);
    get_services(g, t);
    t->machine = machine_get(g, "machine");
    t->hiccup = hiccup_get(g, "hiccup");
    series_get(g, t);
    tenths_get(g, t);
    t->output_tail = json_get_text(g, "output_tail");
    t->ceiling_per_sec = json_get_real(g, "ceiling_per_sec");
    t->steady_after_ns = get_seconds_ns(g, "steady_after_s", -1);
    t->proof = proof_get(g, "proof");
    verdict_get(g, "verdict", &t->verdict);
}

static bool is_document(const json_t *json, const char *schema, struct error *err)
{
    const char *found = json_string_value(json_object_get(json, "schema"));

    if (found == NULL)
        return error_set(err, 0, "not a document of assay: it has no \"schema\"");
    if (strcmp(found, schema) != 0)
        return error_set(err, 0, "schema is \"%.40s\", expected \"%s\"", found, schema);
    return true;
}

struct trial_record *trial_from_json(const json_t *json, struct error *err)
{
    struct trial_record *t;
    struct json_reader reader = { .err = err };
    struct json_get top = { .reader = &reader, .object = json, .name = "" };

    if (!is_document(json, RECORD_TRIAL_SCHEMA, err))
        return NULL;
    t = trial_record_new(json_get_room(json) + ROOM_SPARE + series_room(json), err);
    if (t == NULL)
        return NULL;
    reader.arena = &t->arena;
    get_trial(&top, t);
    if (reader.failed) {
        trial_record_free(t);
        return NULL;
    }
    return t;
}

/* Cut to what a host's fields hold: they come from files that may be longer. */
static void get_name(const struct json_get *g, const char *key, char *ret_text, size_t size)
{
    snprintf(ret_text, size, "%s", json_get_text(g, key));
}

static void get_host(const struct json_get *g, struct host *host)
{
    struct json_get h = json_get_object(g, "host");

    get_name(&h, "hostname", host->hostname, sizeof(host->hostname));
    get_name(&h, "kernel", host->kernel, sizeof(host->kernel));
    get_name(&h, "distro", host->distro, sizeof(host->distro));
    get_name(&h, "cpu", host->cpu, sizeof(host->cpu));
    get_name(&h, "governor", host->governor, sizeof(host->governor));
    get_name(&h, "clocksource", host->clocksource, sizeof(host->clocksource));
    host->cpus_online = (uint32_t)json_get_some(&h, "cpus_online", UINT32_MAX);
    host->memory_bytes = json_get_some(&h, "memory_bytes", INT64_MAX);
    host->load_1min = json_get_real(&h, "load_1min");
    host->somaxconn = (uint32_t)json_get_some(&h, "somaxconn", UINT32_MAX);
    host->port_low = (uint32_t)json_get_some(&h, "port_low", UINT32_MAX);
    host->port_high = (uint32_t)json_get_some(&h, "port_high", UINT32_MAX);
}

static void get_run(const struct json_get *g, struct run_record *run)
{
    get_name(g, "id", run->id, sizeof(run->id));
    run->suite = json_get_text(g, "suite");
    run->title = json_get_text(g, "title");
    run->preset = json_get_text(g, "preset");
    run->command = json_get_text(g, "command");
    run->assay_version = json_get_text(g, "assay_version");
    run->suite_text = json_get_text(g, "suite_text");
    run->published_text = json_get_text(g, "published_text");
    run->seed = json_get_seed(g, "seed");
    run->blocks = get_u32(g, "blocks");
    run->partial = json_get_flag(g, "partial");
    run->started.ns = json_get_whole(g, "started_unix_ns");
    get_host(g, &run->host);
}

/* On failure the run holds the trials that were read so far. */
static bool get_trials(const json_t *trials, struct run_record *run, struct error *err)
{
    size_t count = json_array_size(trials);

    run->trials = arena_new(&run->arena, struct trial_record *, count);
    for (size_t i = 0; i < count; i++) {
        run->trials[i] = trial_from_json(json_array_get(trials, i), err);
        if (run->trials[i] == NULL)
            return error_wrap(err, "trial %zu of %zu", i + 1, count);
        run->trial_count++;
    }
    return true;
}

struct run_record *run_from_json(const json_t *json, struct error *err)
{
    const json_t *trials = json_object_get(json, "trials");
    size_t trials_bytes = json_array_size(trials) * sizeof(struct trial_record *);
    struct run_record *run;
    struct json_reader reader = { .err = err };
    struct json_get top = { .reader = &reader, .object = json, .name = "" };

    if (!is_document(json, RECORD_RUN_SCHEMA, err))
        return NULL;
    run = run_record_new(json_get_room(json) + ROOM_SPARE + trials_bytes, err);
    if (run == NULL)
        return NULL;
    reader.arena = &run->arena;
    get_run(&top, run);
    if (reader.failed || !get_trials(trials, run, err)) {
        run_record_free(run);
        return NULL;
    }
    return run;
}
