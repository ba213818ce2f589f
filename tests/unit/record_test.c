/* tests/unit/record_test.c -- a record that left as JSON comes back as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "asked.h"
#include "base/base64.h"
#include "base/fault.h"
#include "store/record_json.h"

static json_t *written(const struct trial_record *t)
{
    struct error err;
    json_t *json = trial_to_json(t, &err);

    if (json == NULL)
        fail_msg("%s", err.text);
    return json;
}

static struct trial_record *read_back(const json_t *json)
{
    struct error err;
    struct trial_record *t = trial_from_json(json, &err);

    if (t == NULL)
        fail_msg("%s", err.text);
    return t;
}

static char *text_of(json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(1));

    assert_non_null(text);
    return text;
}

static void assert_slice(struct slice got, struct slice expected, int line)
{
    if (!slice_equal(got, expected) || (got.ptr == NULL) != (expected.ptr == NULL))
        fail_msg("line %d: '%.*s' for '%.*s'", line, (int)got.len, got.ptr, (int)expected.len,
                 expected.ptr);
}

static void assert_headers(const struct header *got, const struct header *expected, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_slice(got[i].name, expected[i].name, __LINE__);
        assert_slice(got[i].value, expected[i].value, __LINE__);
    }
}

static void assert_same_workload(const struct workload *got, const struct workload *expected)
{
    const struct {
        int line;
        struct slice got, expected;
    } slices[] = {
        {__LINE__,  got->name,                expected->name               },
        { __LINE__, got->method,              expected->method             },
        { __LINE__, got->path,                expected->path               },
        { __LINE__, got->body,                expected->body               },
        { __LINE__, got->verify,              expected->verify             },
        { __LINE__, got->expect.content_type, expected->expect.content_type},
        { __LINE__, got->expect.body,         expected->expect.body        },
        { __LINE__, got->expect.json,         expected->expect.json        },
    };

    for (size_t i = 0; i < sizeof(slices) / sizeof(slices[0]); i++)
        assert_slice(slices[i].got, slices[i].expected, slices[i].line);
    assert_int_equal(got->expect.status, expected->expect.status);
    assert_int_equal(got->header_count, expected->header_count);
    assert_headers(got->headers, expected->headers, expected->header_count);
    assert_int_equal(got->expect.header_count, expected->expect.header_count);
    assert_headers(got->expect.headers, expected->expect.headers, expected->expect.header_count);
}

static void assert_same_load(const struct load *got, const struct load *expected)
{
    assert_slice(got->name, expected->name, __LINE__);
    assert_int_equal(got->model, expected->model);
    assert_int_equal(got->connections, expected->connections);
    assert_int_equal(got->threads, expected->threads);
    assert_true(got->rate_per_sec == expected->rate_per_sec);
    assert_int_equal(got->arrivals, expected->arrivals);
    assert_int_equal(got->duration_ns, expected->duration_ns);
    assert_int_equal(got->requests, expected->requests);
    assert_int_equal(got->warmup_ns, expected->warmup_ns);
    assert_int_equal(got->warmup_requests, expected->warmup_requests);
    assert_int_equal(got->timeout_ns, expected->timeout_ns);
    assert_int_equal(got->keepalive, expected->keepalive);
    assert_int_equal(got->stage, expected->stage);
    assert_int_equal(got->stage_count, expected->stage_count);
}

/* Byte for byte, so that a counter that is added to the tally and forgotten in the JSON is found.
 */
static void assert_same_tally(struct tally *got, struct tally *expected)
{
    struct tally_second *seconds = got->seconds;
    uint32_t *tenths = got->tenths;

    assert_int_equal(got->second_count, expected->second_count);
    assert_memory_equal(seconds, expected->seconds, expected->second_count * sizeof(*seconds));
    assert_int_equal(got->tenth_count, expected->tenth_count);
    assert_memory_equal(tenths, expected->tenths, expected->tenth_count * sizeof(*tenths));
    got->seconds = expected->seconds;
    got->tenths = expected->tenths;
    assert_int_equal(memcmp(got, expected, sizeof(*got)), 0);
    got->seconds = seconds;
    got->tenths = tenths;
}

static void assert_same_texts(const struct trial_record *got, const struct trial_record *expected)
{
    assert_string_equal(got->suite, expected->suite);
    assert_string_equal(got->target, expected->target);
    assert_string_equal(got->target_title, expected->target_title);
    assert_string_equal(got->language, expected->language);
    assert_string_equal(got->version, expected->version);
    assert_string_equal(got->url, expected->url);
    assert_string_equal(got->address, expected->address);
    assert_string_equal(got->ring, expected->ring);
    assert_string_equal(got->reason, expected->reason);
    assert_string_equal(got->check_text, expected->check_text);
    assert_string_equal(got->probe_answer.encoding, expected->probe_answer.encoding);
    assert_string_equal(got->output_tail, expected->output_tail);
    assert_int_equal(got->factor_count, expected->factor_count);
    for (size_t i = 0; i < expected->factor_count; i++) {
        assert_string_equal(got->factors[i].name, expected->factors[i].name);
        assert_string_equal(got->factors[i].value, expected->factors[i].value);
    }
}

static void assert_same_services(const struct trial_record *got,
                                 const struct trial_record *expected)
{
    assert_int_equal(got->service_count, expected->service_count);
    for (size_t i = 0; i < expected->service_count; i++) {
        const struct service_usage *a = &got->services[i], *b = &expected->services[i];

        assert_string_equal(a->name, b->name);
        assert_int_equal(a->processes, b->processes);
        assert_int_equal(a->cpu_user_ns, b->cpu_user_ns);
        assert_int_equal(a->cpu_system_ns, b->cpu_system_ns);
        assert_int_equal(a->rss_bytes_peak, b->rss_bytes_peak);
    }
}

static bool same_real(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void assert_same_verdict(const struct verdict *got, const struct verdict *expected)
{
    assert_int_equal(got->count, expected->count);
    for (size_t i = 0; i < expected->count; i++) {
        const struct check *a = &got->checks[i], *b = &expected->checks[i];

        assert_int_equal(a->id, b->id);
        assert_int_equal(a->state, b->state);
        assert_true(same_real(a->value, b->value));
        assert_true(same_real(a->limit, b->limit));
        assert_string_equal(a->unit, b->unit);
        assert_string_equal(a->text, b->text);
        assert_string_equal(a->remedy, b->remedy);
    }
}

static void assert_same_proof(const struct proof *got, const struct proof *expected)
{
    const struct proof_elasticity *a = &got->elasticity, *b = &expected->elasticity;

    assert_int_equal(a->state, b->state);
    assert_int_equal(a->burn_ns, b->burn_ns);
    assert_int_equal(a->rounds, b->rounds);
    assert_true(same_real(a->work_share, b->work_share));
    assert_true(same_real(a->without_per_sec, b->without_per_sec));
    assert_true(same_real(a->with_per_sec, b->with_per_sec));
    assert_true(same_real(a->change_share, b->change_share));
    assert_true(same_real(a->noise_share, b->noise_share));
    assert_true(same_real(a->elasticity, b->elasticity));
    assert_int_equal(got->leak.state, expected->leak.state);
    assert_true(same_real(got->leak.duration_s, expected->leak.duration_s));
    for (int i = 0; i < 2; i++) {
        assert_true(same_real(got->leak.rate_per_sec[i], expected->leak.rate_per_sec[i]));
        assert_true(same_real(got->leak.bytes_per_request[i], expected->leak.bytes_per_request[i]));
    }
}

static void every_field_of_a_trial_comes_back(void **state)
{
    struct trial_record *t = full_trial(), *back;
    json_t *json = written(t), *again;
    char *text = text_of(json), *text_again;

    back = read_back(json);
    assert_same_texts(back, t);
    assert_same_services(back, t);
    assert_int_equal(back->workers, t->workers);
    assert_int_equal(back->ceiling, t->ceiling);
    assert_int_equal(back->order, t->order);
    assert_same_workload(&back->workload, &t->workload);
    assert_same_load(&back->load, &t->load);
    assert_int_equal(back->block, t->block);
    assert_int_equal(back->position, t->position);
    assert_int_equal(back->state, t->state);
    assert_int_equal(back->started.ns, t->started.ns);
    assert_true(back->seed == t->seed);
    assert_int_equal(back->probes, t->probes);
    assert_int_equal(back->body_checked, t->body_checked);
    assert_int_equal(back->probe_answer.status, t->probe_answer.status);
    assert_int_equal(back->probe_answer.body_bytes, t->probe_answer.body_bytes);
    assert_same_tally(&back->tally, &t->tally);
    assert_memory_equal(&back->server, &t->server, sizeof(t->server));
    assert_memory_equal(&back->client, &t->client, sizeof(t->client));
    assert_memory_equal(back->points, t->points, 3 * sizeof(*t->points));
    assert_memory_equal(&back->machine, &t->machine, sizeof(t->machine));
    assert_memory_equal(&back->hiccup, &t->hiccup, sizeof(t->hiccup));
    assert_true(back->ceiling_per_sec == t->ceiling_per_sec);
    assert_int_equal(back->control, t->control);
    assert_same_proof(&back->proof, &t->proof);
    assert_same_verdict(&back->verdict, &t->verdict);

    again = written(back);
    text_again = text_of(again);
    assert_string_equal(text_again, text);
    free(text);
    free(text_again);
    json_decref(json);
    json_decref(again);
    trial_record_free(t);
    trial_record_free(back);
    (void)state;
}

static void every_field_of_a_run_comes_back(void **state)
{
    struct run_record *run = new_run(1), *back;
    struct error err;
    json_t *json;

    fill_run(run);
    add_trial(run, full_trial());
    json = run_to_json(run, &err);
    assert_non_null(json);
    json_object_set_new(json, "trials", json_pack("[o]", written(run->trials[0])));
    back = run_from_json(json, &err);
    assert_non_null(back);
    assert_string_equal(back->id, run->id);
    assert_string_equal(back->suite, run->suite);
    assert_string_equal(back->title, run->title);
    assert_string_equal(back->suite_text, run->suite_text);
    assert_string_equal(back->preset, run->preset);
    assert_string_equal(back->command, run->command);
    assert_string_equal(back->assay_version, run->assay_version);
    assert_int_equal(back->seed, run->seed);
    assert_int_equal(back->blocks, run->blocks);
    assert_false(back->partial);
    assert_int_equal(back->started.ns, run->started.ns);
    assert_memory_equal(&back->host, &run->host, sizeof(run->host));
    assert_int_equal(back->trial_count, 1);
    assert_string_equal(back->trials[0]->reason, "killed by signal 9");
    json_decref(json);
    run_record_free(run);
    run_record_free(back);
    (void)state;
}

/* "server.cpu_user_ns" of a document. Keys with a dot in them ("p99.9") are not for this. */
static const json_t *at(const json_t *json, const char *path)
{
    char key[64];

    while (*path != '\0' && json != NULL) {
        size_t len = strcspn(path, ".");

        snprintf(key, sizeof(key), "%.*s", (int)len, path);
        json = json_object_get(json, key);
        path += len + (path[len] == '.');
    }
    return json;
}

static void what_is_not_known_is_null(void **state)
{
    static const char *const absent[] = {
        "suite",
        "reason",
        "window_s",
        "throughput_per_sec",
        "check",
        "proof",
        "verdict",
        "machine",
        "hiccup",
        "tenths",
        "ceiling_per_sec",
        "connections.shares",
        "client.by_worker",
        "client.loop",
        "client.gaps_ns",
        "client.run_queue_wait_ns",
        "client.cpus_allowed",
        "server.run_ns",
        "server.run_queue_wait_ns",
        "server.thread_cpu_ns",
        "server.cpus_allowed",
        "output_tail",
        "load.rate_per_sec",
        "load.requests",
        "load.warmup_requests",
        "workload.body",
        "workload.expect.status",
        "workload.expect.content_type",
        "latency_ns.response.min",
        "latency_ns.response.mean",
        "latency_ns.response.p50",
        "latency_ns.response.stdev",
        "latency_ns.response.max",
        "send_lag_ns.loop_late.p99",
        "histogram.response",
        "client.cpu_ns_per_request",
        "client.rss_bytes_peak",
        "server.processes",
        "server.cpu_user_ns",
        "server.cpu_ns_per_request",
        "server.rss_bytes_peak",
        "server.ready_ms",
        "server.build_ms",
        "server.shipped_bytes",
    };
    struct trial_record *t = new_trial("a", "w", "l");
    json_t *json = written(t);

    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        if (!json_is_null(at(json, absent[i])))
            fail_msg("%s is not null", absent[i]);
    json_decref(json);
    trial_record_free(t);
    (void)state;
}

static void bytes_that_are_no_text_go_in_base64(void **state)
{
    struct trial_record *t = full_trial();
    json_t *json = written(t);

    assert_true(json_is_null(at(json, "workload.body")));
    assert_string_equal(json_string_value(at(json, "workload.body_base64")), "AID/");
    assert_true(json_is_null(at(json, "workload.path")));
    assert_string_equal(json_string_value(at(json, "workload.name")), "j\xc3\xb6son");
    assert_null(at(json, "workload.name_base64"));
    json_decref(json);
    trial_record_free(t);
    (void)state;
}

static void a_hostile_head_is_written_as_plain_ascii(void **state)
{
    struct trial_record *t = full_trial();
    json_t *json = written(t);
    const json_t *example = json_array_get(at(json, "requests.examples"), 0);

    assert_string_equal(json_string_value(at(example, "head")),
                        "HTTP/1.1 503 \\xff\\x1b[2J\\\\\\r\\n\\x00end");
    assert_int_equal(json_integer_value(at(example, "count")), 2);
    example = json_array_get(at(json, "requests.examples"), 1);
    assert_string_equal(json_string_value(at(example, "errno_name")), "ECONNRESET");
    json_decref(json);
    trial_record_free(t);
    (void)state;
}

static void output_that_is_not_utf8_is_kept_readable(void **state)
{
    static const struct {
        int line;
        const char *output, *expected;
    } cases[] = {
        {__LINE__,  "caf\xe9\n",                 "caf\\xe9\n"                 },
        { __LINE__, "caf\xc3\xa9",               "caf\xc3\xa9"                },
        { __LINE__, "\xed\xa0\x80",              "\\xed\\xa0\\x80"            }, /* a surrogate */
        { __LINE__, "\xc0\xaf",                  "\\xc0\\xaf"                 }, /* overlong */
        { __LINE__, "\xe0\x9f\xbf",              "\\xe0\\x9f\\xbf"            }, /* overlong */
        { __LINE__, "\xf0\x8f\xbf\xbf",          "\\xf0\\x8f\\xbf\\xbf"       }, /* overlong */
        { __LINE__, "\xf4\x90\x80\x80",          "\\xf4\\x90\\x80\\x80"       }, /* above U+10FFFF */
        { __LINE__, "\xf0\x9f\x98\x80 \xf0\x9f", "\xf0\x9f\x98\x80 \\xf0\\x9f"}, /* cut */
    };
    struct trial_record *t = new_trial("a", "w", "l");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *json;
        const char *got;

        t->output_tail = cases[i].output;
        json = written(t);
        got = json_string_value(at(json, "output_tail"));
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("line %d: '%s'", cases[i].line, got);
        json_decref(json);
    }
    trial_record_free(t);
    (void)state;
}

static bool lists(const json_t *array, const char *word)
{
    size_t index;
    json_t *item;

    json_array_foreach((json_t *)(uintptr_t)array, index,
                       item) if (strcmp(json_string_value(item), word) == 0) return true;
    return false;
}

/* 1000 samples: ten beyond p99, one beyond p99.9. The slowest twenty are time-outs. */
static void doubtful_percentiles_keep_their_value_and_are_listed(void **state)
{
    struct trial_record *t = new_trial("a", "w", "l");
    const json_t *response;
    json_t *json;

    for (int i = 0; i < 980; i++)
        histogram_record(&t->tally.response, MILLISECOND_NS);
    for (int i = 0; i < 20; i++)
        histogram_record_censored(&t->tally.response, SECOND_NS);
    json = written(t);
    response = at(json, "latency_ns.response");
    assert_true(json_is_integer(json_object_get(response, "p99.9")));
    assert_false(lists(at(response, "unreliable"), "p99"));
    assert_true(lists(at(response, "unreliable"), "p99.9"));
    assert_true(lists(at(response, "unreliable"), "p99.99"));
    assert_false(lists(at(response, "lower_bounds"), "p90"));
    assert_true(lists(at(response, "lower_bounds"), "p99"));
    assert_int_equal(json_integer_value(at(response, "censored")), 20);
    json_decref(json);
    trial_record_free(t);
    (void)state;
}

/* 40,000 of them; of every fifth second all are slow. */
static void answers_that_depend_on_each_other_are_not_enough_for_a_percentile(void **state)
{
    struct trial_record *t = new_trial("a", "w", "l");
    json_t *json;

    answer_seconds(t, ASKED_SECONDS, ASKED_RATE, 1e6, 5, 3);
    histogram_record_many(&t->tally.connect, MILLISECOND_NS, 40000);
    json = written(t);
    assert_false(lists(at(json, "latency_ns.response.unreliable"), "p50"));
    assert_true(lists(at(json, "latency_ns.response.unreliable"), "p99"));
    assert_true(lists(at(json, "latency_ns.service.unreliable"), "p99"));
    assert_false(lists(at(json, "latency_ns.connect.unreliable"), "p99"));
    json_decref(json);
    t->load.model = LOAD_OPEN;
    t->load.rate_per_sec = ASKED_RATE;
    json = written(t);
    assert_true(lists(at(json, "latency_ns.response.unreliable"), "p99"));
    assert_false(lists(at(json, "latency_ns.service.unreliable"), "p99"));
    json_decref(json);
    trial_record_free(t);
    (void)state;
}

static void a_warm_up_is_a_time_or_a_count_and_the_other_is_null(void **state)
{
    struct trial_record *t = full_trial(), *back;
    json_t *json;

    t->load.warmup_ns = 0;
    t->load.warmup_requests = 500;
    json = written(t);
    assert_true(json_is_null(at(json, "load.warmup_s")));
    assert_int_equal(json_integer_value(at(json, "load.warmup_requests")), 500);
    back = read_back(json);
    assert_same_load(&back->load, &t->load);
    json_decref(json);
    trial_record_free(t);
    trial_record_free(back);
    (void)state;
}

static void a_whole_number_is_one_in_factors_too(void **state)
{
    struct trial_record *t = full_trial();
    json_t *json = written(t);

    assert_int_equal(json_integer_value(at(json, "factors.workers")), 8);
    assert_string_equal(json_string_value(at(json, "factors.mode")), "08");
    assert_true(json_is_string(at(json, "factors.size")));
    json_decref(json);
    trial_record_free(t);
    (void)state;
}

/* Others read JSON with doubles. */
static void a_seed_beyond_a_double_is_written_as_digits(void **state)
{
    struct trial_record *t = new_trial("a", "w", "l");
    json_t *json;

    t->seed = UINT64_C(1) << 53;
    json = written(t);
    assert_int_equal(json_integer_value(at(json, "seed")), 9007199254740992);
    json_decref(json);
    t->seed++;
    json = written(t);
    assert_string_equal(json_string_value(at(json, "seed")), "9007199254740993");
    json_decref(json);
    trial_record_free(t);
    (void)state;
}

static void cpu_per_request_is_cpu_in_the_window_per_right_answer_in_it(void **state)
{
    struct trial_record *t = good_trial("a", 100);

    t->tally.ok = 150; /* fifty were answered after the window */
    t->tally.cpu_user_ns = 3000;
    t->tally.cpu_system_ns = 2000;
    assert_true(record_server_cpu_ns_per_request(t) == 1000);
    assert_true(record_client_cpu_ns_per_request(t) == 50);
    assert_true(record_throughput_per_sec(t) == 100);
    t->server.cpu_system_ns = -1;
    assert_true(isnan(record_server_cpu_ns_per_request(t)));
    t->tally.ok_in_window = 0;
    assert_true(isnan(record_client_cpu_ns_per_request(t)));
    t->tally.window_ns = 0;
    assert_true(isnan(record_throughput_per_sec(t)));
    trial_record_free(t);
    (void)state;
}

static void the_class_of_connections_is_what_was_found(void **state)
{
    static const struct {
        int line;
        bool keepalive;
        uint32_t connections;
        uint64_t sent, ended_after_one;
        enum connection_class expected;
    } cases[] = {
        {__LINE__,  true,  64, 10000, 0,     CONNECTION_PERSISTENT},
        { __LINE__, true,  64, 100,   0,     CONNECTION_PERSISTENT}, /* hardly used, but kept */
        { __LINE__, true,  64, 10000, 100,   CONNECTION_PERSISTENT},
        { __LINE__, true,  64, 10000, 10000, CONNECTION_EACH      },
        { __LINE__, true,  10, 10,    10,    CONNECTION_EACH      },
        { __LINE__, true,  1,  1000,  500,   CONNECTION_EACH      },
        { __LINE__, true,  1,  1000,  499,   CONNECTION_PERSISTENT},
        { __LINE__, false, 64, 10000, 0,     CONNECTION_EACH      },
        { __LINE__, false, 64, 0,     0,     CONNECTION_EACH      },
        { __LINE__, true,  64, 0,     0,     CONNECTION_PERSISTENT},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trial_record *t = new_trial("a", "w", "l");

        t->load.keepalive = cases[i].keepalive;
        t->load.connections = cases[i].connections;
        t->tally.sent = cases[i].sent;
        t->tally.ended_after_one = cases[i].ended_after_one;
        if (record_connection_class(t) != cases[i].expected)
            fail_msg("line %d", cases[i].line);
        trial_record_free(t);
    }
    (void)state;
}

/* ---- documents that are wrong ---- */

/* Puts the value (JSON text) where the path leads. */
static void change(json_t *json, const char *path, const char *value)
{
    const char *dot = strrchr(path, '.');
    char parent[64] = "";
    json_t *object, *item = json_loads(value, JSON_DECODE_ANY, NULL);

    if (dot != NULL)
        snprintf(parent, sizeof(parent), "%.*s", (int)(dot - path), path);
    object = (json_t *)(uintptr_t)at(json, parent);
    assert_non_null(item);
    assert_int_equal(json_object_set_new(object, dot != NULL ? dot + 1 : path, item), 0);
}

static void a_wrong_document_is_refused_with_the_place(void **state)
{
    static const struct {
        int line;
        const char *path, *value, *expected;
    } cases[] = {
        {__LINE__,  "schema",                    "\"assay/trial/9\"",
         "schema is \"assay/trial/9\", expected \"assay/trial/1\""                                                                                                  },
        { __LINE__, "schema",                    "null",                                                "not a document of assay: it has no \"schema\""             },
        { __LINE__, "target",                    "[]",                                                  "target: must be an object"                                 },
        { __LINE__, "state",                     "\"gone\"",                                            "state: must be one of the words of the schema"             },
        { __LINE__, "load.model",                "\"half\"",
         "load.model: must be one of the words of the schema"                                                                                                       },
        { __LINE__, "load.connections",          "4294967296",
         "load.connections: must be a whole number, not negative and not too large"                                                                                 },
        { __LINE__, "requests.sent",             "-1",
         "requests.sent: must be a whole number, not negative and not too large"                                                                                    },
        { __LINE__, "requests.sent",             "null",
         "requests.sent: must be a whole number, not negative and not too large"                                                                                    },
        { __LINE__, "requests.sent",             "1.5",
         "requests.sent: must be a whole number, not negative and not too large"                                                                                    },
        { __LINE__, "load.duration_s",           "-1.0",                                                "load.duration_s: must be seconds, not negative"            },
        { __LINE__, "load.duration_s",           "1e300",                                               "load.duration_s: must be seconds, not negative"            },
        { __LINE__, "load.duration_s",           "\"1\"",                                               "load.duration_s: must be a number"                         },
        { __LINE__, "load.keepalive",            "1",                                                   "load.keepalive: must be true or false"                     },
        { __LINE__, "reason",                    "7",                                                   "reason: must be a string"                                  },
        { __LINE__, "seed",                      "\"-1\"",                                              "seed: must be digits"                                      },
        { __LINE__, "workload.path_base64",      "\"AID\"",                                             "workload.path_base64: must be base64"                      },
        { __LINE__, "workload.path_base64",      "\"A*D/\"",                                            "workload.path_base64: must be base64"                      },
        { __LINE__, "workload.path_base64",      "\"A=D/\"",                                            "workload.path_base64: must be base64"                      },
        { __LINE__, "latency_ns.response.count", "1",
         "response.count: must be the sum of the histogram's buckets"                                                                                               },
        { __LINE__, "histogram.response",        "\"!\"",
         "histogram.response: a histogram that is not base64"                                                                                                       },
        { __LINE__, "series",                    "[1]",                                                 "series: must be an array of objects"                       },
        { __LINE__, "series",                    "[{\"ok\":1,\"failed\":0,\"buckets\":\"864:1\"}]",
         "series.buckets: must be bucket:count pairs"                                                                                                               },
        { __LINE__, "series",                    "[{\"ok\":1,\"failed\":0,\"buckets\":\"1:\"}]",
         "series.buckets: must be bucket:count pairs"                                                                                                               },
        { __LINE__, "series",                    "[{\"ok\":1,\"failed\":0,\"buckets\":\"1\"}]",
         "series.buckets: must be bucket:count pairs"                                                                                                               },
        { __LINE__, "requests.examples",
         "[{\"outcome\":\"ok\",\"reason\":\"\",\"count\":1,\"head\":\"\"}]",                            "examples.outcome: must be the name of a failure"           },
        { __LINE__, "requests.examples",
         "[{\"outcome\":\"tls\",\"reason\":\"\",\"count\":1,\"head\":\"\\\\x0\"}]",                     "examples.head: must be escaped bytes, as assay writes them"},
        { __LINE__, "client.cpus",               "[-1]",                                                "client.cpus: must be an array of CPU numbers"              },
        { __LINE__, "client.cpus",               "{}",                                                  "client.cpus: must be an array"                             },
        { __LINE__, "client.cpus_allowed",       "[64]",
         "client.cpus_allowed: must be an array of CPU numbers below 64"                                                                                            },
        { __LINE__, "client.cpus_allowed",       "[\"0\"]",
         "client.cpus_allowed: must be an array of CPU numbers below 64"                                                                                            },
        { __LINE__, "client.gaps_ns",            "\"1 2 -3\"",
         "client.gaps_ns: must be whole numbers, not too many"                                                                                                      },
        { __LINE__, "client.loop",               "{\"waits\":1,\"events\":2,\"buckets\":\"7\"}",
         "loop.buckets: must be bucket:count pairs"                                                                                                                 },
        { __LINE__, "server.thread_cpu_ns",      "[-1]",
         "server.thread_cpu_ns: must be an array of whole numbers, not negative"                                                                                    },
        { __LINE__, "tenths",                    "{\"before_window\":0,\"ok\":\"1  2\"}",
         "tenths.ok: must be whole numbers"                                                                                                                         },
        { __LINE__, "tenths",                    "{\"before_window\":3,\"ok\":\"1 2\"}",
         "tenths.before_window: must be a whole number, not negative and not too large"                                                                             },
        { __LINE__, "machine",                   "[]",                                                  "machine: must be an object"                                },
        { __LINE__, "proof.leak.state",          "\"sure\"",
         "leak.state: must be one of the words of the schema"                                                                                                       },
        { __LINE__, "proof.elasticity.rounds",   "-1",
         "elasticity.rounds: must be a whole number, not negative and not too large"                                                                                },
        { __LINE__, "proof.leak.rates_per_sec",  "[1,\"2\"]",
         "leak.rates_per_sec: must be an array of numbers"                                                                                                          },
        { __LINE__, "verdict",                   "{\"checks\":[{\"id\":\"luck\",\"state\":\"ok\"}]}",
         "checks.id: must be the name of a check"                                                                                                                   },
        { __LINE__, "verdict",                   "{\"checks\":[{\"id\":\"load\",\"state\":\"fine\"}]}",
         "checks.state: must be one of the words of the schema"                                                                                                     },
    };
    struct trial_record *t = full_trial();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *json = written(t);
        struct error err = { .text = "" };

        change(json, cases[i].path, cases[i].value);
        if (trial_from_json(json, &err) != NULL || strcmp(err.text, cases[i].expected) != 0)
            fail_msg("line %d: %s", cases[i].line, err.text);
        json_decref(json);
    }
    trial_record_free(t);
    (void)state;
}

static void too_many_of_anything_is_refused(void **state)
{
    static const struct {
        int line;
        const char *path;
        size_t count;
        const char *item;
    } cases[] = {
        {__LINE__,  "workload.headers",        WORKLOAD_HEADERS_MAX + 1, "{}"},
        { __LINE__, "workload.expect.headers", WORKLOAD_HEADERS_MAX + 1, "{}"},
        { __LINE__, "requests.examples",       TALLY_EXAMPLES_MAX + 1,   "{}"},
        { __LINE__, "client.cpus",             RECORD_CPUS_MAX + 1,      "1" },
        { __LINE__, "server.cpus",             RECORD_CPUS_MAX + 1,      "1" },
        { __LINE__, "server.thread_cpu_ns",    RECORD_THREADS_MAX + 1,   "1" },
        { __LINE__, "verdict.checks",          CHECK_KINDS + 1,          "{}"},
    };
    struct trial_record *t = full_trial();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *json = written(t);
        struct error err = { .text = "" };
        char list[1024];
        struct text text = TEXT(list);

        for (size_t n = 0; n < cases[i].count; n++)
            text_format(&text, "%s%s", n > 0 ? "," : "[", cases[i].item);
        text_format(&text, "]");
        change(json, cases[i].path, list);
        if (trial_from_json(json, &err) != NULL ||
            strstr(err.text, "must be a shorter array") == NULL)
            fail_msg("line %d: %s", cases[i].line, err.text);
        json_decref(json);
    }
    trial_record_free(t);
    (void)state;
}

/* A record that was written before a key was thought of. */
static void a_key_that_is_not_there_reads_as_null(void **state)
{
    struct trial_record *t = full_trial(), *back;
    json_t *json = written(t);

    json_object_del(json, "output_tail");
    json_object_del((json_t *)(uintptr_t)at(json, "server"), "shipped_bytes");
    back = read_back(json);
    assert_string_equal(back->output_tail, "");
    assert_int_equal(back->server.shipped_bytes, -1);
    json_decref(json);
    trial_record_free(t);
    trial_record_free(back);
    (void)state;
}

static void forget(json_t *json, const char *path)
{
    const char *dot = strrchr(path, '.');
    char parent[64] = "";

    if (dot != NULL)
        snprintf(parent, sizeof(parent), "%.*s", (int)(dot - path), path);
    if (json_object_del((json_t *)(uintptr_t)at(json, parent), dot != NULL ? dot + 1 : path) != 0)
        fail_msg("no %s", path);
}

/* Before there were checks, none of what they look at was kept. */
static void a_record_from_before_the_checks_knows_nothing_of_them(void **state)
{
    static const char *const newer[] = {
        "proof",
        "verdict",
        "machine",
        "hiccup",
        "tenths",
        "window_restarts",
        "ceiling_per_sec",
        "control",
        "client.loop",
        "client.run_queue_wait_ns",
        "client.preempted",
        "client.gaps_ns",

        "client.by_worker",
        "server.run_ns",
        "client.seconds_busy",
        "connections.shares",
        "client.cpus_allowed",
        "server.run_queue_wait_ns",
        "server.thread_cpu_ns",
        "server.cpus_allowed",
    };
    struct trial_record *t = full_trial(), *back;
    json_t *json = written(t);

    for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
        forget(json, newer[i]);
    back = read_back(json);
    assert_int_equal(back->proof.elasticity.state, ELASTICITY_NONE);
    assert_int_equal(back->proof.leak.state, LEAK_PROOF_NONE);
    assert_int_equal(back->verdict.count, 0);
    assert_int_equal(back->machine.span_ns, 0);
    assert_true(isnan(back->machine.steal_share));
    assert_int_equal(back->machine.throttled, -1);
    assert_int_equal(back->hiccup.samples, -1);
    assert_true(isnan(back->ceiling_per_sec));
    assert_false(back->control);
    assert_int_equal(back->server.run_ns, -1);
    assert_int_equal(back->server.run_queue_wait_ns, -1);
    assert_int_equal(back->server.thread_count, 0);
    assert_true(back->server.cpus_allowed == 0 && back->client.cpus_allowed == 0);
    assert_int_equal(back->tally.run_queue_wait_ns, -1);
    assert_int_equal(back->tally.waits, 0);
    assert_int_equal(back->tally.gap_count, 0);
    assert_int_equal(back->tally.tenth_count, 0);
    assert_int_equal(back->tally.by_connection.count, 0);
    json_decref(json);
    trial_record_free(t);
    trial_record_free(back);
    (void)state;
}

static void every_gap_that_was_kept_comes_back_and_not_one_more(void **state)
{
    struct trial_record *t = full_trial(), *back;
    struct error err;
    char more[32768];
    json_t *json;

    t->tally.gap_count = TALLY_GAPS_MAX;
    t->tally.gaps_ns[TALLY_GAPS_MAX - 1] = 12;
    json = written(t);
    back = read_back(json);
    assert_int_equal(back->tally.gap_count, TALLY_GAPS_MAX);
    assert_int_equal(back->tally.gaps_ns[TALLY_GAPS_MAX - 1], 12);
    snprintf(more, sizeof(more), "\"%s 13\"", json_string_value(at(json, "client.gaps_ns")));
    change(json, "client.gaps_ns", more);
    assert_null(trial_from_json(json, &err));
    assert_string_equal(err.text, "client.gaps_ns: must be whole numbers, not too many");
    json_decref(json);
    trial_record_free(t);
    trial_record_free(back);
    (void)state;
}

static void a_verdict_says_the_sum_of_its_checks(void **state)
{
    struct trial_record *t = full_trial();
    json_t *json = written(t);
    const json_t *check = json_array_get(at(json, "verdict.checks"), 1);

    assert_string_equal(json_string_value(at(json, "verdict.overall")), "invalid");
    assert_string_equal(json_string_value(at(check, "id")), "generator");
    assert_string_equal(json_string_value(at(check, "state")), "fail");
    assert_true(json_real_value(at(check, "limit")) == 0.5);
    assert_string_equal(json_string_value(at(check, "remedy")), "more threads (-t)");
    assert_true(json_is_null(at(json_array_get(at(json, "verdict.checks"), 0), "remedy")));
    json_decref(json);
    t->verdict.checks[1].state = CHECK_OK;
    json = written(t);
    assert_string_equal(json_string_value(at(json, "verdict.overall")), "warnings");
    json_decref(json);
    trial_record_free(t);
    (void)state;
}

/* A sentence that quotes a byte which is no text comes out longer than it went in. */
static void a_sentence_too_long_is_cut_and_not_refused(void **state)
{
    struct trial_record *t = full_trial(), *back;
    json_t *json;

    memset(t->verdict.checks[1].text, 0xe9, CHECK_TEXT_MAX - 1);
    json = written(t);
    back = read_back(json);
    assert_int_equal(strlen(back->verdict.checks[1].text), CHECK_TEXT_MAX - 1);
    json_decref(json);
    trial_record_free(t);
    trial_record_free(back);
    (void)state;
}

/* ---- memory ---- */

static void memory_that_runs_out_is_an_error_wherever_it_does(void **state)
{
    struct trial_record *t = full_trial(), *back = NULL;
    json_t *json = NULL;
    struct error err;
    unsigned n;

    for (n = 1; json == NULL && n < 10000; n++) {
        fault_arm(FAULT_MEMORY, n);
        err.text[0] = '\0';
        json = trial_to_json(t, &err);
        assert_true(json != NULL || err.text[0] != '\0');
    }
    assert_true(n > 200);
    for (n = 1; back == NULL && n < 10000; n++) {
        fault_arm(FAULT_MEMORY, n);
        err.text[0] = '\0';
        back = trial_from_json(json, &err);
        assert_true(back != NULL || err.text[0] != '\0');
    }
    assert_true(n > 10);
    fault_arm(FAULT_MEMORY, 0);
    json_decref(json);
    trial_record_free(t);
    trial_record_free(back);
    (void)state;
}

static void base64_agrees_with_the_rfc(void **state)
{
    static const struct {
        int line;
        const char *bytes, *text;
    } cases[] = {
        {__LINE__,  "",       ""        },
        { __LINE__, "f",      "Zg=="    },
        { __LINE__, "fo",     "Zm8="    },
        { __LINE__, "foo",    "Zm9v"    },
        { __LINE__, "foob",   "Zm9vYg=="},
        { __LINE__, "fooba",  "Zm9vYmE="},
        { __LINE__, "foobar", "Zm9vYmFy"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[16], bytes[16];
        size_t len;

        base64_encode(slice_of(cases[i].bytes), text);
        if (strcmp(text, cases[i].text) != 0)
            fail_msg("line %d: %s", cases[i].line, text);
        assert_true(base64_decode(slice_of(text), bytes, &len));
        assert_slice((struct slice){ bytes, len }, slice_of(cases[i].bytes), cases[i].line);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_a_trial_comes_back),
        cmocka_unit_test(every_field_of_a_run_comes_back),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(bytes_that_are_no_text_go_in_base64),
        cmocka_unit_test(a_hostile_head_is_written_as_plain_ascii),
        cmocka_unit_test(output_that_is_not_utf8_is_kept_readable),
        cmocka_unit_test(doubtful_percentiles_keep_their_value_and_are_listed),
        cmocka_unit_test(answers_that_depend_on_each_other_are_not_enough_for_a_percentile),
        cmocka_unit_test(a_warm_up_is_a_time_or_a_count_and_the_other_is_null),
        cmocka_unit_test(a_whole_number_is_one_in_factors_too),
        cmocka_unit_test(a_seed_beyond_a_double_is_written_as_digits),
        cmocka_unit_test(cpu_per_request_is_cpu_in_the_window_per_right_answer_in_it),
        cmocka_unit_test(the_class_of_connections_is_what_was_found),
        cmocka_unit_test(a_wrong_document_is_refused_with_the_place),
        cmocka_unit_test(too_many_of_anything_is_refused),
        cmocka_unit_test(a_key_that_is_not_there_reads_as_null),
        cmocka_unit_test(a_record_from_before_the_checks_knows_nothing_of_them),
        cmocka_unit_test(every_gap_that_was_kept_comes_back_and_not_one_more),
        cmocka_unit_test(a_verdict_says_the_sum_of_its_checks),
        cmocka_unit_test(a_sentence_too_long_is_cut_and_not_refused),
        cmocka_unit_test(memory_that_runs_out_is_an_error_wherever_it_does),
        cmocka_unit_test(base64_agrees_with_the_rfc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
