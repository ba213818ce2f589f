#include "store/record_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load/outcome.h"
#include "stats/hdr.h"
#include "store/json_put.h"
#include "store/record_priv.h"
#include "store/samples.h"

/* Null where the bytes of a histogram say nothing that its figures do not. */
static json_t *counts_json(const struct histogram *h)
{
    struct error err;
    char *text;
    json_t *value;

    if (h->count == h->too_large)
        return json_null();
    text = hdr_encode(h, &err);
    if (text == NULL)
        return NULL;
    value = json_string(text);
    free(text);
    return value;
}

static json_t *histograms_json(const struct tally *tally)
{
    struct json_put p = json_put_begin();

    json_put(&p, "response", counts_json(&tally->response));
    json_put(&p, "service", counts_json(&tally->service));
    json_put(&p, "first_byte", counts_json(&tally->first_byte));
    json_put(&p, "connect", counts_json(&tally->connect));
    json_put(&p, "loop_late", counts_json(&tally->loop_late));
    json_put(&p, "pool_late", counts_json(&tally->pool_late));
    return json_put_end(&p);
}

/* ---- latencies ---- */

/* The keys of the percentiles that rest on too few samples; none of an empty histogram. `of`: the
 * trial whose response times they are, which are worth fewer where they depend on each other; NULL:
 * they are none. */
static json_t *unreliable_json(const struct histogram *h, const struct trial_record *of)
{
    json_t *keys = json_array();

    for (size_t i = 0; i < SAMPLES_PERCENTILES && h->count > 0; i++) {
        double q = SAMPLES_PERCENTILE[i].q;

        if (!histogram_quantile_is_reliable(h, q) ||
            (of != NULL && !samples_enough(samples_worth(of, q), q)))
            json_add(&keys, json_string(SAMPLES_PERCENTILE[i].name));
    }
    return keys;
}

static json_t *lower_bounds_json(const struct histogram *h)
{
    json_t *keys = json_array();

    for (size_t i = 0; i < SAMPLES_PERCENTILES && h->count > 0; i++)
        if (histogram_quantile_is_bound(h, SAMPLES_PERCENTILE[i].q))
            json_add(&keys, json_string(SAMPLES_PERCENTILE[i].name));
    return keys;
}

static json_t *latency_json(const struct histogram *h, const struct trial_record *of)
{
    struct json_put p = json_put_begin();
    bool any = h->count > 0;

    json_put_count(&p, "count", h->count);
    json_put_known(&p, "min", any ? h->min_ns : -1);
    json_put_real(&p, "mean", any ? histogram_mean_ns(h) : RECORD_UNKNOWN);
    json_put_real(&p, "stdev", h->count > 1 ? histogram_stdev_ns(h) : RECORD_UNKNOWN);
    for (size_t i = 0; i < SAMPLES_PERCENTILES; i++)
        json_put_known(&p, SAMPLES_PERCENTILE[i].name,
                       any ? histogram_quantile_ns(h, SAMPLES_PERCENTILE[i].q) : -1);
    json_put_known(&p, "max", any ? h->max_ns : -1);
    json_put_real(&p, "sum", h->sum_ns);
    json_put_count(&p, "censored", h->censored);
    json_put_known(&p, "censored_min", h->censored > 0 ? h->censored_min_ns : -1);
    json_put_count(&p, "too_large", h->too_large);
    json_put_count(&p, "negative", h->negative);
    json_put(&p, "unreliable", unreliable_json(h, of));
    json_put(&p, "lower_bounds", lower_bounds_json(h));
    return json_put_end(&p);
}

/* In a closed loop service times are the response times. In an open one a queue in front of the
 * connections makes these depend on each other and not those, and what they are worth is not known.
 */
static json_t *latencies_json(const struct trial_record *t)
{
    const struct trial_record *same = t->load.model == LOAD_CLOSED ? t : NULL;
    struct json_put p = json_put_begin();

    json_put(&p, "response", latency_json(&t->tally.response, t));
    json_put(&p, "service", latency_json(&t->tally.service, same));
    json_put(&p, "connect", latency_json(&t->tally.connect, NULL));
    json_put(&p, "first_byte", latency_json(&t->tally.first_byte, same));
    return json_put_end(&p);
}

static json_t *send_lags_json(const struct tally *tally)
{
    struct json_put p = json_put_begin();

    json_put(&p, "loop_late", latency_json(&tally->loop_late, NULL));
    json_put(&p, "pool_late", latency_json(&tally->pool_late, NULL));
    return json_put_end(&p);
}

/* ---- what was asked ---- */

/* Whole numbers as people write them ("8", not "08" and not "8s") are numbers in JSON too. */
static bool plain_number(const char *text, uint64_t *ret_value)
{
    struct slice all = slice_of(text);

    return slice_u64(all, UINT32_MAX, ret_value) && (all.ptr[0] != '0' || all.len == 1);
}

/* Keys must be clean as values are. */
static void put_factor(struct json_put *p, const struct setting_text *factor)
{
    json_t *key = json_clean(slice_of(factor->name));
    uint64_t number;

    if (key == NULL)
        p->failed = true;
    else if (plain_number(factor->value, &number))
        json_put_count(p, json_string_value(key), number);
    else
        json_put(p, json_string_value(key), json_clean(slice_of(factor->value)));
    json_decref(key);
}

static json_t *factors_json(const struct trial_record *t)
{
    struct json_put p = json_put_begin();

    for (size_t i = 0; i < t->factor_count; i++)
        put_factor(&p, &t->factors[i]);
    return json_put_end(&p);
}

static json_t *target_json(const struct trial_record *t)
{
    struct json_put p = json_put_begin();

    json_put(&p, "name", json_clean(slice_of(t->target)));
    json_put_text(&p, "title", t->target_title);
    json_put_text(&p, "language", t->language);
    json_put_text(&p, "application", t->application);
    json_put_text(&p, "version", t->version);
    json_put(&p, "url", json_clean(slice_of(t->url)));
    json_put_text(&p, "address", t->address);
    json_put_count(&p, "workers", t->workers);
    json_put_flag(&p, "ceiling", t->ceiling);
    json_put_count(&p, "order", t->order);
    return json_put_end(&p);
}

/* A double holds every nanosecond of the 1000 hours that a duration may have. */
static void put_seconds(struct json_put *p, const char *key, int64_t duration_ns)
{
    json_put_real(p, key, duration_ns >= 0 ? (double)duration_ns / 1e9 : RECORD_UNKNOWN);
}

static json_t *load_json(const struct trial_record *t)
{
    const struct load *load = &t->load;
    struct json_put p = json_put_begin();
    bool open = load->model == LOAD_OPEN;

    json_put_bytes(&p, "name", load->name);
    json_put(&p, "model", json_string(open ? "open" : "closed"));
    json_put_count(&p, "connections", load->connections);
    json_put_count(&p, "threads", load->threads);
    json_put(&p, "rate_per_sec", open ? json_real(load->rate_per_sec) : json_null());
    json_put(&p, "arrivals", json_string(load->arrivals == PACER_EVEN ? "even" : "poisson"));
    put_seconds(&p, "duration_s", load->duration_ns > 0 ? load->duration_ns : -1);
    json_put_some(&p, "requests", load->requests);
    put_seconds(&p, "warmup_s", load->warmup_requests > 0 ? -1 : load->warmup_ns);
    json_put_some(&p, "warmup_requests", load->warmup_requests);
    put_seconds(&p, "timeout_s", load->timeout_ns);
    json_put_flag(&p, "keepalive", load->keepalive);
    json_put_some(&p, "stage", load->stage);
    json_put_some(&p, "stages", load->stage > 0 ? load->stage_count : 0);
    json_put_real(&p, "share", load->share > 0 ? load->share : RECORD_UNKNOWN);
    json_put_bytes(&p, "share_of", load->of);
    json_put_text(&p, "ring", t->ring);
    return json_put_end(&p);
}

static json_t *header_json(const struct header *header)
{
    struct json_put p = json_put_begin();

    json_put_bytes(&p, "name", header->name);
    json_put_bytes(&p, "value", header->value);
    return json_put_end(&p);
}

static json_t *headers_json(const struct header *headers, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        json_add(&array, header_json(&headers[i]));
    }
    return array;
}

static json_t *expect_json(const struct expect *expect)
{
    struct json_put p = json_put_begin();

    json_put_some(&p, "status", expect->status);
    json_put_bytes(&p, "content_type", expect->content_type);
    json_put(&p, "headers", headers_json(expect->headers, expect->header_count));
    json_put_bytes(&p, "body", expect->body);
    json_put_bytes(&p, "json", expect->json);
    return json_put_end(&p);
}

static json_t *workload_json(const struct workload *workload)
{
    struct json_put p = json_put_begin();

    json_put_bytes(&p, "name", workload->name);
    json_put_bytes(&p, "method", workload->method);
    json_put_bytes(&p, "path", workload->path);
    json_put(&p, "headers", headers_json(workload->headers, workload->header_count));
    json_put_bytes(&p, "body", workload->body);
    json_put(&p, "expect", expect_json(&workload->expect));
    json_put_bytes(&p, "verify", workload->verify);
    return json_put_end(&p);
}

/* ---- what came of it ---- */

static json_t *failed_json(const struct tally *tally)
{
    struct json_put p = json_put_begin();

    for (enum outcome kind = OUTCOME_OK + 1; kind < OUTCOME_KINDS; kind++)
        json_put_count(&p, outcome_name(kind), tally->failed[kind]);
    return json_put_end(&p);
}

static json_t *example_json(const struct example *example)
{
    struct json_put p = json_put_begin();
    struct slice reason = { example->reason, strnlen(example->reason, sizeof(example->reason)) };
    struct slice head = { example->head, example->head_len };

    json_put(&p, "outcome", json_string(outcome_name(example->outcome)));
    json_put(&p, "errno", example->sys != 0 ? json_integer(example->sys) : json_null());
    json_put_text(&p, "errno_name", example->sys != 0 ? strerrorname_np(example->sys) : NULL);
    json_put_some(&p, "status", example->status);
    json_put_count(&p, "count", example->count);
    json_put(&p, "reason", json_clean(reason));
    json_put_escaped(&p, "head", head);
    return json_put_end(&p);
}

static json_t *examples_json(const struct tally *tally)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < tally->example_count; i++) {
        json_add(&array, example_json(&tally->examples[i]));
    }
    return array;
}

static json_t *requests_json(const struct trial_record *t)
{
    const struct tally *tally = &t->tally;
    struct json_put p = json_put_begin();

    json_put_count(&p, "scheduled", tally->scheduled);
    json_put_count(&p, "sent", tally->sent);
    json_put_count(&p, "ok", tally->ok);
    json_put_count(&p, "ok_in_window", tally->ok_in_window);
    json_put_count(&p, "unsent", tally->unsent);
    json_put_count(&p, "unsent_pool", tally->unsent_pool);
    json_put_count(&p, "in_flight_at_end", tally->in_flight);
    json_put_count(&p, "resent", tally->resent);
    json_put_count(&p, "warmup", tally->warmup);
    json_put_count(&p, "probes", t->probes);
    json_put(&p, "failed", failed_json(tally));
    json_put(&p, "examples", examples_json(tally));
    json_put_count(&p, "examples_left_out", tally->examples_left_out);
    return json_put_end(&p);
}

static json_t *bytes_json(const struct tally *tally)
{
    struct json_put p = json_put_begin();

    json_put_count(&p, "sent", tally->bytes_sent);
    json_put_count(&p, "received", tally->bytes_received);
    return json_put_end(&p);
}

static json_t *connections_json(const struct trial_record *t)
{
    const struct tally *tally = &t->tally;
    struct json_put p = json_put_begin();

    json_put_count(&p, "opened", tally->opened);
    json_put_count(&p, "closed_by_server", tally->closed_by_server);
    json_put_count(&p, "closed_by_client", tally->closed_by_client);
    json_put_count(&p, "ended_after_one", tally->ended_after_one);
    json_put_count(&p, "connect_failed", tally->connect_failed);
    json_put_some(&p, "connect_errno", (uint64_t)tally->connect_sys);
    json_put_text(&p, "connect_errno_name",
                  tally->connect_sys != 0 ? strerrorname_np(tally->connect_sys) : NULL);
    json_put_count(&p, "out_of_ports", tally->out_of_ports);
    json_put(&p, "class", json_string(connection_class_name(record_connection_class(t))));
    json_put(&p, "shares", shares_json(&tally->by_connection));
    return json_put_end(&p);
}

static json_t *cpus_json(const uint32_t *cpus, uint32_t count)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < count; i++) {
        json_add(&array, json_integer(cpus[i]));
    }
    return array;
}

static json_t *client_json(const struct trial_record *t)
{
    struct json_put p = json_put_begin();

    json_put_known(&p, "cpu_user_ns", t->tally.cpu_user_ns);
    json_put_known(&p, "cpu_system_ns", t->tally.cpu_system_ns);
    json_put_real(&p, "cpu_ns_per_request", record_client_cpu_ns_per_request(t));
    json_put_real(&p, "busiest_thread_share", t->tally.busiest_thread_share);
    json_put_known(&p, "rss_bytes_peak", t->client.rss_bytes_peak);
    json_put(&p, "cpus", cpus_json(t->client.cpus, t->client.cpu_count));
    generator_put(&p, t);
    return json_put_end(&p);
}

static json_t *server_json(const struct trial_record *t)
{
    const struct server_usage *server = &t->server;
    struct json_put p = json_put_begin();

    json_put_known(&p, "processes", server->processes);
    json_put_known(&p, "threads", server->threads);
    json_put_known(&p, "descriptors", server->descriptors);
    json_put_known(&p, "cpu_user_ns", server->cpu_user_ns);
    json_put_known(&p, "cpu_system_ns", server->cpu_system_ns);
    json_put_real(&p, "cpu_ns_per_request", record_server_cpu_ns_per_request(t));
    json_put_known(&p, "rss_bytes_idle", server->rss_bytes_idle);
    json_put_known(&p, "rss_bytes_start", server->rss_bytes_start);
    json_put_known(&p, "rss_bytes_peak", server->rss_bytes_peak);
    json_put_known(&p, "pss_bytes_peak", server->pss_bytes_peak);
    json_put_known(&p, "switches_voluntary", server->switches_voluntary);
    json_put_known(&p, "switches_involuntary", server->switches_involuntary);
    json_put_real(&p, "ready_ms", server->ready_ms);
    json_put_real(&p, "build_ms", server->build_ms);
    json_put_known(&p, "shipped_bytes", server->shipped_bytes);
    json_put_known(&p, "image_bytes", server->image_bytes);
    json_put(&p, "cpus", cpus_json(t->client.server_cpus, t->client.server_cpu_count));
    threads_put(&p, server);
    return json_put_end(&p);
}

static json_t *service_json(const struct trial_record *t, const struct service_usage *service)
{
    struct json_put p = json_put_begin();

    json_put(&p, "name", json_clean(slice_of(service->name)));
    json_put_known(&p, "processes", service->processes);
    json_put_known(&p, "cpu_user_ns", service->cpu_user_ns);
    json_put_known(&p, "cpu_system_ns", service->cpu_system_ns);
    json_put_real(&p, "cpu_ns_per_request", record_service_cpu_ns_per_request(t, service));
    json_put_known(&p, "rss_bytes_peak", service->rss_bytes_peak);
    return json_put_end(&p);
}

static json_t *services_json(const struct trial_record *t)
{
    json_t *array = json_array();

    for (size_t i = 0; i < t->service_count; i++) {
        json_add(&array, service_json(t, &t->services[i]));
    }
    return array;
}

/* ---- the documents ---- */

static void put_moment(struct json_put *p, struct wall moment)
{
    char text[WALL_TEXT_MAX];

    wall_text(moment, text);
    json_put(p, "started", json_string(text));
    json_put(p, "started_unix_ns", json_integer(moment.ns));
}

static json_t *finished(struct json_put *p, const char *what, struct error *err)
{
    json_t *object = json_put_end(p);

    if (object == NULL)
        error_set(err, ENOMEM, "write %s as JSON", what);
    return object;
}

json_t *trial_to_json(const struct trial_record *t, struct error *err)
{
    struct json_put p = json_put_begin();

    json_put(&p, "schema", json_string(RECORD_TRIAL_SCHEMA));
    json_put_text(&p, "suite", t->suite);
    json_put(&p, "target", target_json(t));
    json_put(&p, "load", load_json(t));
    json_put(&p, "workload", workload_json(&t->workload));
    json_put(&p, "factors", factors_json(t));
    json_put_count(&p, "block", t->block);
    json_put_count(&p, "position", t->position);
    json_put_flag(&p, "control", t->control);
    json_put_seed(&p, "seed", t->seed);
    put_moment(&p, t->started);
    json_put(&p, "state", json_string(trial_state_name(t->state)));
    json_put_text(&p, "reason", t->reason);
    json_put_flag(&p, "partial", t->tally.partial);
    json_put_flag(&p, "gave_up", t->tally.gave_up);
    json_put_text(&p, "check", t->check_text);
    json_put_flag(&p, "body_checked", t->body_checked);
    json_put_some(&p, "probe_status", t->probe_answer.status);
    json_put_known(&p, "probe_body_bytes", t->probe_answer.body_bytes);
    json_put_text(&p, "probe_encoding", t->probe_answer.encoding);
    put_seconds(&p, "window_s", t->tally.window_ns > 0 ? t->tally.window_ns : -1);
    json_put_count(&p, "window_restarts", t->tally.restarts);
    json_put(&p, "requests", requests_json(t));
    json_put_real(&p, "throughput_per_sec", record_throughput_per_sec(t));
    json_put_real(&p, "ceiling_per_sec", t->ceiling_per_sec);
    put_seconds(&p, "steady_after_s", t->steady_after_ns);
    json_put(&p, "bytes", bytes_json(&t->tally));
    json_put(&p, "connections", connections_json(t));
    json_put(&p, "latency_ns", latencies_json(t));
    json_put(&p, "send_lag_ns", send_lags_json(&t->tally));
    json_put(&p, "client", client_json(t));
    json_put(&p, "server", server_json(t));
    json_put(&p, "services", services_json(t));
    json_put(&p, "machine", machine_json(&t->machine));
    json_put(&p, "hiccup", hiccup_json(&t->hiccup));
    json_put(&p, "series", series_json(t));
    json_put(&p, "tenths", tenths_json(&t->tally));
    json_put(&p, "histogram", histograms_json(&t->tally));
    json_put_text(&p, "output_tail", t->output_tail);
    json_put(&p, "proof", proof_json(&t->proof));
    json_put(&p, "verdict", verdict_json(&t->verdict));
    return finished(&p, "a trial", err);
}

static json_t *host_json(const struct host *host)
{
    struct json_put p = json_put_begin();

    json_put_text(&p, "hostname", host->hostname);
    json_put_text(&p, "kernel", host->kernel);
    json_put_text(&p, "distro", host->distro);
    json_put_text(&p, "cpu", host->cpu);
    json_put_text(&p, "governor", host->governor);
    json_put_text(&p, "clocksource", host->clocksource);
    json_put_some(&p, "cpus_online", host->cpus_online);
    json_put_some(&p, "memory_bytes", host->memory_bytes);
    json_put_real(&p, "load_1min", host->load_1min);
    json_put_some(&p, "somaxconn", host->somaxconn);
    json_put_some(&p, "port_low", host->port_low);
    json_put_some(&p, "port_high", host->port_high);
    return json_put_end(&p);
}

json_t *run_to_json(const struct run_record *run, struct error *err)
{
    struct json_put p = json_put_begin();

    json_put(&p, "schema", json_string(RECORD_RUN_SCHEMA));
    json_put_text(&p, "id", run->id);
    json_put_text(&p, "suite", run->suite);
    json_put_text(&p, "title", run->title);
    json_put_text(&p, "preset", run->preset);
    json_put_text(&p, "command", run->command);
    json_put_text(&p, "assay_version", run->assay_version);
    json_put_seed(&p, "seed", run->seed);
    json_put_count(&p, "blocks", run->blocks);
    json_put_flag(&p, "partial", run->partial);
    put_moment(&p, run->started);
    json_put(&p, "host", host_json(&run->host));
    json_put_text(&p, "suite_text", run->suite_text);
    json_put_text(&p, "published_text", run->published_text);
    return finished(&p, "a run", err);
}
