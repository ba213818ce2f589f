/* tests/unit/suite_test.c -- what is right in a suite is read right; presets, variants, --only.
 * What is wrong: suite_wrong_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "suite/suite_priv.h"

#define SUITE     "suite: s\n"
#define WORKLOADS "workloads: [{name: w, path: /}]\n"
#define LOADS     "loads: [{name: l}]\n"
#define TARGETS   "targets: [{name: t, start: run}]\n"

/* The example of the design, section 5. */
static const char gin_flask[] =
    "suite: gin-flask-2019\n"
    "title: Gin against Flask\n"
    "blocks: 10\n"
    "workloads:\n"
    "  - name: equal-work\n"
    "    method: GET\n"
    "    path: /\n"
    "    expect: { status: 200, content_type: application/json, json: '{\"message\":\"pong\"}' }\n"
    "loads:\n"
    "  - { name: one-at-a-time, model: closed, connections: 1, requests: 10000 }\n"
    "  - { name: wrk, model: closed, connections: 32, duration: 30s, warmup: 3s }\n"
    "presets:\n"
    "  - { name: quick, blocks: 3, duration: 3s, requests: 2000 }\n"
    "targets:\n"
    "  - name: gin\n"
    "    language: Go\n"
    "    packages: [golang-go, golang-github-gin-gonic-gin-dev]\n"
    "    directory: targets/gin\n"
    "    build: go build -o {dir}/gin .\n"
    "    start: \"{dir}/gin\"\n"
    "    env: [GO111MODULE=off, GOPATH=/usr/share/gocode, \"GOCACHE={dir}/cache\", "
    "\"PORT={port}\", "
    "\"GIN_MODE={mode}\"]\n"
    "    factors:\n"
    "      - { name: mode, values: [release, debug] }\n"
    "  - name: flask-gunicorn\n"
    "    language: Python\n"
    "    packages: [python3-flask, gunicorn]\n"
    "    directory: targets/flask\n"
    "    start: /usr/bin/python3 -m gunicorn -w {workers} -k {class} -b 127.0.0.1:{port} app:app\n"
    "    factors:\n"
    "      - { name: workers, values: [8] }\n"
    "      - { name: class, values: [sync, gthread] }\n";

static struct suite *parsed(const char *text)
{
    struct suite *suite = NULL;
    struct error err;

    if (!suite_parse(slice_of(text), "suite.yaml", ".", &suite, &err))
        fail_msg("%s", err.text);
    return suite;
}

static void check_text(struct slice text, const char *expected)
{
    assert_non_null(text.ptr);
    assert_string_equal(text.ptr, expected); /* a NUL stands behind all of them */
    assert_int_equal(text.len, strlen(expected));
}

static void check_absent(struct slice text)
{
    assert_null(text.ptr);
    assert_int_equal(text.len, 0);
}

/* ---- the example ---- */

static void check_example_workload(const struct suite *suite)
{
    const struct workload *w = &suite->workloads[0];

    assert_int_equal(suite->workload_count, 1);
    check_text(w->name, "equal-work");
    check_text(w->method, "GET");
    check_text(w->path, "/");
    check_absent(w->body);
    check_absent(w->verify);
    assert_int_equal(w->header_count, 0);
    assert_int_equal(w->expect.status, 200);
    check_text(w->expect.content_type, "application/json");
    check_text(w->expect.json, "{\"message\":\"pong\"}");
    check_absent(w->expect.body);
}

static void check_example_loads(const struct suite *suite)
{
    const struct load *one = &suite->loads[0], *wrk = &suite->loads[1];

    assert_int_equal(suite->load_count, 2);
    check_text(one->name, "one-at-a-time");
    assert_int_equal(one->model, LOAD_CLOSED);
    assert_int_equal(one->connections, 1);
    assert_int_equal(one->requests, 10000);
    assert_int_equal(one->duration_ns, 0);
    assert_int_equal(one->warmup_ns, -1);
    assert_true(one->keepalive);
    check_text(wrk->name, "wrk");
    assert_int_equal(wrk->connections, 32);
    assert_int_equal(wrk->requests, 0);
    assert_int_equal(wrk->duration_ns, 30 * SECOND_NS);
    assert_int_equal(wrk->warmup_ns, 3 * SECOND_NS);
    assert_int_equal(wrk->timeout_ns, LOAD_TIMEOUT_DEFAULT_NS);
}

static void check_example_targets(const struct suite *suite)
{
    const struct suite_target *gin = &suite->targets[0], *flask = &suite->targets[1];

    assert_int_equal(suite->target_count, 2);
    check_text(gin->name, "gin");
    check_absent(gin->title);
    check_text(gin->language, "Go");
    check_text(gin->directory, "targets/gin");
    assert_int_equal(gin->package_count, 2);
    check_text(gin->packages[1], "golang-github-gin-gonic-gin-dev");
    check_text(gin->build, "go build -o {dir}/gin .");
    assert_int_equal(gin->process_count, 1);
    check_text(gin->processes[0].name, "gin");
    check_text(gin->processes[0].start, "{dir}/gin");
    check_text(gin->processes[0].instances, "1");
    check_absent(gin->processes[0].ready);
    assert_int_equal(gin->env_count, 5);
    check_text(gin->env[4], "GIN_MODE={mode}");
    assert_int_equal(gin->ready_timeout_ns, 30 * SECOND_NS);
    assert_int_equal(gin->ready_wrong_ns, 15 * SECOND_NS);
    assert_int_equal(gin->grace_ns, 5 * SECOND_NS);
    assert_false(gin->ceiling);
    assert_int_equal(gin->workloads_mask, 1);
    assert_int_equal(gin->loads_mask, 3);
    assert_int_equal(gin->line, 15);
    assert_int_equal(flask->factor_count, 2);
    check_text(flask->factors[1].name, "class");
    assert_int_equal(flask->factors[1].value_count, 2);
    check_text(flask->factors[1].values[1], "gthread");
    check_absent(flask->build);
    check_absent(flask->version);
}

static void the_example_of_the_design_is_read_right(void **state)
{
    struct suite *suite = parsed(gin_flask);

    check_text(suite->name, "gin-flask-2019");
    check_text(suite->title, "Gin against Flask");
    assert_int_equal(suite->blocks, 10);
    assert_string_equal(suite->file, "suite.yaml");
    assert_string_equal(suite->folder, ".");
    assert_string_equal(suite->text, gin_flask);
    assert_int_equal(suite->text_len, sizeof(gin_flask) - 1);
    check_absent(suite->published);
    check_example_workload(suite);
    check_example_loads(suite);
    check_example_targets(suite);
    assert_int_equal(suite->preset_count, 1);
    check_text(suite->presets[0].name, "quick");
    assert_int_equal(suite->presets[0].blocks, 3);
    assert_int_equal(suite->presets[0].duration_ns, 3 * SECOND_NS);
    assert_int_equal(suite->presets[0].requests, 2000);
    assert_int_equal(suite->presets[0].warmup_ns, -1);
    suite_free(suite);
    (void)state;
}

/* ---- what the example does not have ---- */

static void a_load_that_says_nothing_is_the_default_one(void **state)
{
    struct suite *suite = parsed(SUITE WORKLOADS LOADS TARGETS);
    struct load expected = load_default();
    const struct load *load = &suite->loads[0];

    assert_int_equal(load->model, expected.model);
    assert_int_equal(load->connections, expected.connections);
    assert_int_equal(load->threads, expected.threads);
    assert_int_equal(load->arrivals, expected.arrivals);
    assert_int_equal(load->duration_ns, expected.duration_ns);
    assert_int_equal(load->requests, 0);
    assert_int_equal(load->warmup_ns, expected.warmup_ns);
    assert_int_equal(load->warmup_requests, 0);
    assert_int_equal(load->timeout_ns, expected.timeout_ns);
    assert_true(load->keepalive);
    assert_int_equal(suite->blocks, 10);
    assert_true(suite->control);
    suite_free(suite);
    (void)state;
}

static void a_suite_may_do_without_a_control(void **state)
{
    struct suite *suite = parsed(SUITE WORKLOADS LOADS TARGETS "control: false\n");

    assert_false(suite->control);
    suite_free(suite);
    suite = parsed(SUITE WORKLOADS LOADS TARGETS "control: true\n");
    assert_true(suite->control);
    suite_free(suite);
    (void)state;
}

static void an_open_loop_has_a_rate_and_arrivals(void **state)
{
    struct suite *suite =
        parsed(SUITE WORKLOADS TARGETS
               "loads:\n"
               "- {name: a, model: open, rate: 20k/s, connections: 1k, threads: 2, duration: 90, "
               "timeout: 250ms, warmup: 0, keepalive: false}\n"
               "- {name: b, model: open, rate: 0.5, arrivals: even}\n");
    const struct load *a = &suite->loads[0], *b = &suite->loads[1];

    assert_int_equal(a->model, LOAD_OPEN);
    assert_true(a->rate_per_sec == 20000.0);
    assert_int_equal(a->arrivals, PACER_POISSON);
    assert_int_equal(a->connections, 1000);
    assert_int_equal(a->threads, 2);
    assert_int_equal(a->duration_ns, 90 * SECOND_NS);
    assert_int_equal(a->timeout_ns, 250 * MILLISECOND_NS);
    assert_int_equal(a->warmup_ns, 0);
    assert_false(a->keepalive);
    assert_true(b->rate_per_sec == 0.5);
    assert_int_equal(b->arrivals, PACER_EVEN);
    suite_free(suite);
    (void)state;
}

static void a_workload_has_headers_and_bodies(void **state)
{
    struct suite *suite = parsed(
        SUITE LOADS TARGETS
        "workloads:\n"
        "  - name: post\n"
        "    method: POST\n"
        "    path: /items?x={nonce}\n"
        "    headers: [\"Content-Type: application/json\", \"X-Empty:\"]\n"
        "    body: '{\"a\": {b}}'\n"
        "    expect: { status: 201, headers: [ 'Location:/1 ' ], body: '{nonce}' }\n"
        "    verify: ./verify\n"
        "  - { name: file, path: /f, body_file: body.bin, expect: { body_file: body.bin } }\n"
        "  - { name: empty, path: /e, body: \"\", expect: { body: \"\" } }\n");
    const struct workload *w = suite->workloads;

    check_text(w[0].method, "POST");
    check_text(w[0].path, "/items?x={nonce}");
    assert_int_equal(w[0].header_count, 2);
    assert_true(slice_equal(w[0].headers[0].name, SLICE("Content-Type")));
    check_text(w[0].headers[0].value, "application/json");
    assert_int_equal(w[0].headers[1].value.len, 0);
    check_text(w[0].body, "{\"a\": {b}}");
    assert_int_equal(w[0].expect.header_count, 1);
    assert_true(slice_equal(w[0].expect.headers[0].value, SLICE("/1")));
    check_text(w[0].verify, "./verify");
    assert_true(slice_equal(w[1].body, SLICE("all\0of it")));
    assert_true(slice_equal(w[1].expect.body, SLICE("all\0of it")));
    check_text(w[2].body, "");
    check_text(w[2].expect.body, "");
    suite_free(suite);
    (void)state;
}

static void what_a_target_expects_replaces_only_what_it_says(void **state)
{
    struct suite *suite = parsed(
        SUITE LOADS
        "workloads:\n"
        "  - { name: a, path: /, expect: { status: 200, content_type: text/html, json: '{}' } }\n"
        "  - { name: b, path: /b, expect: { body: y } }\n"
        "targets:\n"
        "  - name: t\n"
        "    start: run\n"
        "    expects:\n"
        "      - { workload: b, status: 204, json: '[]' }\n"
        "      - { workload: a, body: x }\n");
    const struct suite_target *target = &suite->targets[0];
    const struct expect *b = &target->expects[0].expect, *a = &target->expects[1].expect;

    assert_int_equal(target->expect_count, 2);
    assert_int_equal(target->expects[0].workload, 1);
    assert_int_equal(b->status, 204);
    check_text(b->json, "[]");
    check_absent(b->body);
    assert_int_equal(target->expects[1].workload, 0);
    assert_int_equal(a->status, 200);
    check_text(a->content_type, "text/html");
    check_text(a->body, "x");
    check_absent(a->json);
    suite_free(suite);
    (void)state;
}

static void any_body_is_right_where_it_is_said_and_no_body_is_given(void **state)
{
    struct suite *suite =
        parsed(SUITE LOADS "workloads:\n"
                           "  - { name: a, path: /, expect: { any_body: true } }\n"
                           "  - { name: b, path: /b, expect: { body: y } }\n"
                           "targets:\n"
                           "  - { name: t, start: run, expects: [ { workload: a, body: x },\n"
                           "      { workload: b, any_body: true } ] }\n");
    const struct suite_target *target = &suite->targets[0];

    assert_true(suite->workloads[0].expect.any_body);
    assert_false(suite->workloads[1].expect.any_body);
    assert_false(target->expects[0].expect.any_body);
    check_text(target->expects[0].expect.body, "x");
    assert_true(target->expects[1].expect.any_body);
    check_absent(target->expects[1].expect.body);
    suite_free(suite);
    (void)state;
}

static void a_target_takes_part_in_the_workloads_and_loads_it_names(void **state)
{
    struct suite *suite = parsed(SUITE "workloads: [{name: a, path: /}, {name: b, path: /}]\n"
                                       "loads: [{name: x}, {name: y}, {name: z}]\n"
                                       "targets: [{name: t, start: run, workloads: [b], "
                                       "loads: [z, x]}]\n");

    assert_int_equal(suite->targets[0].workloads_mask, 2);
    assert_int_equal(suite->targets[0].loads_mask, 5);
    suite_free(suite);
    (void)state;
}

static void a_target_may_be_several_processes(void **state)
{
    struct suite *suite =
        parsed(SUITE WORKLOADS LOADS
               "targets:\n"
               "  - name: front+back\n"
               "    processes:\n"
               "      - { name: back, start: 'back {port}', instances: '{workers}', ready: /up }\n"
               "      - { name: front, start: \"front {port} $X ${A} {'a':1} {back.ports}\" }\n"
               "    env: ['BACK={back.port}', 'ME={port}', 'E=']\n"
               "    factors: [{ name: workers, values: [1, 4] }]\n"
               "    version: 'front --version # {dir} {suite} {workers}'\n"
               "    ship: { files: ['{dir}/front', app], packages: [nginx, libstdc++6] }\n"
               "    ready_timeout: 2m\n"
               "    grace: 0\n"
               "    ceiling: true\n"
               "    loads: [l]\n");
    const struct suite_target *target = &suite->targets[0];

    assert_int_equal(target->process_count, 2);
    check_text(target->processes[0].name, "back");
    check_text(target->processes[0].instances, "{workers}");
    check_text(target->processes[0].ready, "/up");
    check_text(target->processes[1].instances, "1");
    check_absent(target->processes[1].ready);
    assert_int_equal(target->ship_file_count, 2);
    check_text(target->ship_files[1], "app");
    assert_int_equal(target->ship_package_count, 2);
    check_text(target->ship_packages[1], "libstdc++6");
    assert_int_equal(target->ready_timeout_ns, 120 * SECOND_NS);
    assert_int_equal(target->ready_wrong_ns, 120 * SECOND_NS); /* it was said: no less */
    assert_int_equal(target->grace_ns, 0);
    assert_true(target->ceiling);
    assert_int_equal(target->loads_mask, 1);
    suite_free(suite);
    (void)state;
}

static void sixty_four_workloads_all_take_part(void **state)
{
    static char buffer[4096];
    struct text text = TEXT(buffer);
    struct suite *suite;

    text_format(&text, SUITE LOADS TARGETS "workloads:\n");
    for (unsigned i = 0; i < SUITE_WORKLOADS_MAX; i++)
        text_format(&text, "- {name: w%u, path: /}\n", i);
    suite = parsed(buffer);
    assert_true(suite->targets[0].workloads_mask == UINT64_MAX);
    suite_free(suite);
    (void)state;
}

/* The structs that are largest for what they take in the file: the memory planned for a file of its
 * length must do. */
static void a_suite_full_of_expectations_fits_its_memory(void **state)
{
    static const char names[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static char buffer[SUITE_FILE_MAX];
    struct text text = TEXT(buffer);
    struct suite *suite;

    text_format(&text, SUITE LOADS "workloads: [");
    for (const char *name = names; *name != '\0'; name++)
        text_format(&text, "{name: %c,path: /},", *name);
    text_format(&text, "]\ntargets: [");
    for (unsigned i = 0; i < SUITE_TARGETS_MAX; i++) {
        text_format(&text, "{name: %x,start: a,expects: [", i);
        for (const char *name = names; *name != '\0'; name++)
            text_format(&text, "{workload: %c},", *name);
        text_format(&text, "]},");
    }
    text_format(&text, "]\n");
    assert_false(text.cut);
    suite = parsed(buffer);
    assert_int_equal(suite->targets[SUITE_TARGETS_MAX - 1].expect_count, sizeof(names) - 1);
    suite_free(suite);
    (void)state;
}

/* ---- placeholders ---- */

static void only_lower_case_names_in_braces_are_placeholders(void **state)
{
    static const struct {
        int line;
        const char *text, *names; /* found, each with a space behind it */
    } cases[] = {
        {__LINE__,  "",                                                                     ""                       },
        { __LINE__, "{port}",                                                               "port "                  },
        { __LINE__, "a{b}{c_1}d",                                                           "b c_1 "                 },
        { __LINE__, "{redis.port} {redis.ports}",                                           "redis.port redis.ports "},
        { __LINE__, "{{port}}",                                                             "port "                  },
        { __LINE__, "${HOME} {A} {1} {} { port } {port {_a} {a-b} {a.} {.a} {a.b.c} {a.1}", ""                       },
        { __LINE__, "{\"a\":1} '{print $1}' {a,b} {1..3}",                                  ""                       },
        { __LINE__, "{a{b}",                                                                "b "                     },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice text = slice_of(cases[i].text), name;
        char found[100] = "";
        struct text names = TEXT(found);
        size_t start, pos = 0;

        while (placeholder_next(text, &pos, &start, &name)) {
            text_format(&names, "%.*s ", (int)name.len, name.ptr);
            assert_int_equal(text.ptr[start], '{');
            assert_int_equal(text.ptr[pos - 1], '}');
            assert_int_equal(pos - start, name.len + 2);
        }
        if (strcmp(found, cases[i].names) != 0)
            fail_msg("line %d: found %s", cases[i].line, found);
    }
    (void)state;
}

/* ---- presets ---- */

static void a_preset_changes_what_it_names_and_nothing_else(void **state)
{
    struct suite *suite = parsed(gin_flask);
    struct error err;

    assert_true(suite_apply_preset(suite, SLICE("quick"), &err));
    assert_int_equal(suite->blocks, 3);
    assert_int_equal(suite->loads[0].requests, 2000);
    assert_int_equal(suite->loads[0].duration_ns, 0);
    assert_int_equal(suite->loads[1].requests, 0);
    assert_int_equal(suite->loads[1].duration_ns, 3 * SECOND_NS);
    assert_int_equal(suite->loads[1].warmup_ns, 3 * SECOND_NS);
    suite_free(suite);
    (void)state;
}

static void a_preset_gives_no_warm_up_to_a_load_by_count(void **state)
{
    struct suite *suite =
        parsed(SUITE WORKLOADS TARGETS "loads: [{name: a, requests: 5}, {name: b}, "
                                       "{name: c, requests: 5, warmup: 2s}]\n"
                                       "presets: [{name: p, warmup: 1s}]\n");
    struct error err;

    assert_true(suite_apply_preset(suite, SLICE("p"), &err));
    assert_int_equal(suite->loads[0].warmup_ns, -1);
    assert_int_equal(suite->loads[1].warmup_ns, SECOND_NS);
    assert_int_equal(suite->loads[2].warmup_ns, SECOND_NS);
    assert_int_equal(suite->blocks, 10);
    suite_free(suite);
    (void)state;
}

static void a_warm_up_may_be_a_count(void **state)
{
    struct suite *suite =
        parsed(SUITE WORKLOADS TARGETS
               "loads: [{name: a, requests: 5, warmup: 500n}, {name: b}, "
               "{name: c, warmup: 1s}, {name: d, requests: 5}]\n"
               "presets: [{name: count, warmup: 2kn}, {name: time, warmup: 3s}]\n");
    struct error err;

    assert_int_equal(suite->loads[0].warmup_requests, 500);
    assert_int_equal(suite->loads[0].warmup_ns, 0);
    assert_int_equal(suite->loads[2].warmup_requests, 0);
    assert_true(suite_apply_preset(suite, SLICE("count"), &err));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(suite->loads[i].warmup_requests, 2000);
        assert_int_equal(suite->loads[i].warmup_ns, 0);
    }
    assert_false(load_warms_up(&suite->loads[3])); /* by count it has one only if it says so */
    assert_true(suite_apply_preset(suite, SLICE("time"), &err));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(suite->loads[i].warmup_requests, 0);
        assert_int_equal(suite->loads[i].warmup_ns, 3 * SECOND_NS);
    }
    suite_free(suite);
    (void)state;
}

/* ---- stages ---- */

static void a_load_may_have_stages_and_its_kind_is_theirs(void **state)
{
    struct suite *suite = parsed(SUITE WORKLOADS TARGETS
                                 "loads:\n"
                                 "- {name: up, connections: 400, warmup: 1s,\n"
                                 "   stages: [\"2s:400..2800+1200/s\", \"2s:400/s\", \"9n:1/s\"]}\n"
                                 "- {name: wide, stages: [10n:20c, 1s:30c]}\n");
    const struct load *up = &suite->loads[0], *wide = &suite->loads[1];

    assert_int_equal(up->model, LOAD_OPEN);
    assert_int_equal(up->connections, 400);
    assert_int_equal(load_drives(up), 5);
    check_text(load_drive(up, 2).name, "up/2800");
    check_text(load_drive(up, 3).name, "up/400#2");
    assert_int_equal(load_drive(up, 4).requests, 9);
    assert_int_equal(load_drive(up, 0).warmup_ns, SECOND_NS);
    assert_int_equal(wide->model, LOAD_CLOSED);
    assert_int_equal(wide->connections, 30);
    check_text(load_drive(wide, 0).name, "wide/20c");
    suite_free(suite);
    (void)state;
}

static void a_preset_gives_each_stage_its_length_by_its_kind(void **state)
{
    struct suite *suite =
        parsed(SUITE WORKLOADS TARGETS "loads: [{name: a, stages: [4s:5/s, 50n:5/s]}]\n"
                                       "presets: [{name: p, duration: 1s, requests: 3}]\n");
    struct error err;

    assert_true(suite_apply_preset(suite, SLICE("p"), &err));
    load_complete(&suite->loads[0]);
    assert_int_equal(load_drive(&suite->loads[0], 0).duration_ns, SECOND_NS);
    assert_int_equal(load_drive(&suite->loads[0], 0).warmup_ns, SECOND_NS / 10);
    assert_int_equal(load_drive(&suite->loads[0], 1).requests, 3);
    assert_int_equal(load_drive(&suite->loads[0], 1).duration_ns, 0);
    suite_free(suite);
    (void)state;
}

/* ---- what is run ---- */

static const char chosen[] = SUITE "workloads: [{name: small, path: /s}, {name: large, path: /l}]\n"
                                   "loads: [{name: a}, {name: b, preset_only: true}, {name: c}]\n"
                                   "targets: [{name: t, start: x}, {name: u, start: x}]\n"
                                   "presets:\n"
                                   "- {name: plain, blocks: 2}\n"
                                   "- {name: few, loads: [b], workloads: [large], targets: [u]}\n";

static void what_is_for_presets_only_is_not_run_unless_one_names_it(void **state)
{
    struct suite *suite = parsed(chosen);
    struct error err;

    assert_int_equal(suite->loads_mask, 5);
    assert_int_equal(suite->workloads_mask, 3);
    assert_true(suite_apply_preset(suite, SLICE("plain"), &err));
    assert_int_equal(suite->loads_mask, 5);
    assert_int_equal(suite->workloads_mask, 3);
    assert_true(suite_apply_preset(suite, SLICE("few"), &err));
    assert_int_equal(suite->loads_mask, 2);
    assert_int_equal(suite->workloads_mask, 2);
    suite_free(suite);
    (void)state;
}

static void targets_that_a_preset_leaves_out_have_no_variants(void **state)
{
    struct suite *suite = parsed(chosen);
    struct variant *variants;
    struct error err;
    size_t count;

    assert_true(suite_variants(suite, NULL, &variants, &count, &err));
    assert_int_equal(count, 2);
    assert_true(suite_apply_preset(suite, SLICE("few"), &err));
    assert_true(suite_variants(suite, NULL, &variants, &count, &err));
    assert_int_equal(count, 1);
    check_text(variants[0].name, "u");
    assert_false(suite_variants(suite, "t", &variants, &count, &err));
    suite_free(suite);
    (void)state;
}

static void a_process_may_be_a_service_that_is_filled(void **state)
{
    struct suite *suite =
        parsed(SUITE WORKLOADS LOADS
               "targets:\n"
               "- name: t\n"
               "  address: unix:{socket}\n"
               "  processes:\n"
               "  - {name: db, role: service, start: 'db {port} {socket}', after: 'fill {port}'}\n"
               "  - {name: app, start: 'app {db.port} {db.socket} {socket}'}\n");
    const struct suite_target *target = &suite->targets[0];

    assert_int_equal(target->processes[0].role, PROCESS_SERVICE);
    check_text(target->processes[0].after, "fill {port}");
    assert_int_equal(target->processes[1].role, PROCESS_FRONT);
    check_absent(target->processes[1].after);
    check_text(target->address, "unix:{socket}");
    suite_free(suite);
    (void)state;
}

static void published_is_the_suite_as_it_stands_unless_it_says_otherwise(void **state)
{
    struct suite *suite = parsed(gin_flask);
    struct error err;

    assert_true(suite_apply_preset(suite, SLICE("published"), &err));
    assert_int_equal(suite->blocks, 10);
    assert_int_equal(suite->loads[0].requests, 10000);
    suite_free(suite);
    suite = parsed(SUITE WORKLOADS LOADS TARGETS "presets: [{name: published, blocks: 7}]\n");
    assert_true(suite_apply_preset(suite, SLICE("published"), &err));
    assert_int_equal(suite->blocks, 7);
    suite_free(suite);
    (void)state;
}

static void a_preset_that_is_not_there_is_refused_with_those_that_are(void **state)
{
    struct suite *suite = parsed(gin_flask);
    struct error err;

    assert_false(suite_apply_preset(suite, SLICE("quik"), &err));
    assert_true(err.usage);
    assert_string_equal(err.text,
                        "suite gin-flask-2019 has no preset 'quik'; it has published, quick");
    suite_free(suite);
    (void)state;
}

/* ---- variants ---- */

/* The names, each with a bar behind it. */
static const char *names_of(const struct variant *variants, size_t count)
{
    static char buffer[1000];
    struct text text = TEXT(buffer);

    buffer[0] = '\0';
    for (size_t i = 0; i < count; i++)
        text_format(&text, "%s|", variants[i].name.ptr);
    return buffer;
}

static void variants_are_named_by_the_factors_that_vary(void **state)
{
    struct suite *suite = parsed(gin_flask);
    struct variant *variants;
    struct error err;
    size_t count;

    assert_true(suite_variants(suite, NULL, &variants, &count, &err));
    assert_int_equal(count, 4);
    assert_string_equal(names_of(variants, count), "gin mode=release|gin mode=debug|"
                                                   "flask-gunicorn class=sync|"
                                                   "flask-gunicorn class=gthread|");
    assert_int_equal(variants[1].target_index, 0);
    assert_ptr_equal(variants[1].target, &suite->targets[0]);
    assert_int_equal(variants[1].workers, 1);
    assert_int_equal(variants[3].target_index, 1);
    assert_int_equal(variants[3].workers, 8);
    assert_int_equal(variants[3].setting_count, 2);
    check_text(variant_setting(&variants[3], SLICE("workers")), "8");
    check_text(variant_setting(&variants[3], SLICE("class")), "gthread");
    check_absent(variant_setting(&variants[3], SLICE("mode")));
    suite_free(suite);
    (void)state;
}

static void factors_of_the_suite_are_for_targets_that_have_none_of_the_name(void **state)
{
    struct suite *suite = parsed(SUITE WORKLOADS LOADS
                                 "factors: [{name: workers, values: [1, 2]}, "
                                 "{name: x, values: [a, b]}]\n"
                                 "targets:\n"
                                 "- {name: t, start: 'run {workers} {x}'}\n"
                                 "- {name: u, start: run, factors: [{name: x, values: [c]}]}\n");
    struct variant *variants;
    struct error err;
    size_t count;

    assert_true(suite_variants(suite, NULL, &variants, &count, &err));
    assert_string_equal(names_of(variants, count),
                        "t workers=1 x=a|t workers=1 x=b|t workers=2 x=a|t workers=2 x=b|"
                        "u workers=1|u workers=2|");
    assert_int_equal(variants[3].workers, 2);
    check_text(variant_setting(&variants[5], SLICE("x")), "c");
    suite_free(suite);
    (void)state;
}

static void only_takes_targets_and_variants_in_the_order_of_the_file(void **state)
{
    static const struct {
        int line;
        const char *only, *names;
    } cases[] = {
        {__LINE__,  "gin",                                          "gin mode=release|gin mode=debug|"},
        { __LINE__, "gin mode=debug",                               "gin mode=debug|"                 },
        { __LINE__, "flask-gunicorn class=gthread, gin mode=debug",
         "gin mode=debug|flask-gunicorn class=gthread|"                                               },
        { __LINE__, "gin,gin mode=debug",                           "gin mode=release|gin mode=debug|"},
    };
    struct suite *suite = parsed(gin_flask);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct variant *variants;
        struct error err;
        size_t count;

        if (!suite_variants(suite, cases[i].only, &variants, &count, &err))
            fail_msg("line %d: %s", cases[i].line, err.text);
        assert_string_equal(names_of(variants, count), cases[i].names);
    }
    suite_free(suite);
    (void)state;
}

static void only_refuses_a_name_that_matches_nothing(void **state)
{
    static const struct {
        int line;
        const char *only, *error;
    } cases[] = {
        {__LINE__,  "gni",
         "--only: no target or variant is called 'gni'; did you mean 'gin'? There are: "
          "gin mode=release, gin mode=debug, flask-gunicorn class=sync, "
          "flask-gunicorn class=gthread"},
        { __LINE__, "gin,",
         "--only: no target or variant is called ''; there are: "
          "gin mode=release, gin mode=debug, flask-gunicorn class=sync, "
          "flask-gunicorn class=gthread"},
    };
    struct suite *suite = parsed(gin_flask);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct variant *variants;
        struct error err;
        size_t count;

        assert_false(suite_variants(suite, cases[i].only, &variants, &count, &err));
        assert_true(err.usage);
        assert_string_equal(err.text, cases[i].error);
    }
    suite_free(suite);
    (void)state;
}

/* ---- files ---- */

static void write_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void a_folder_is_its_suite_yaml_and_a_file_is_taken_as_it_is(void **state)
{
    static const struct {
        int line;
        const char *path, *file;
    } cases[] = {
        {__LINE__,  ".",                     "./suite.yaml"         },
        { __LINE__, "./",                    "./suite.yaml"         },
        { __LINE__, "suite.yaml",            "suite.yaml"           },
        { __LINE__, "targets/../suite.yaml", "targets/../suite.yaml"},
    };
    char here[PATH_MAX];

    write_file("suite.yaml", gin_flask, sizeof(gin_flask) - 1);
    assert_non_null(getcwd(here, sizeof(here)));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct suite *suite;
        struct error err;

        if (!suite_read(cases[i].path, &suite, &err))
            fail_msg("line %d: %s", cases[i].line, err.text);
        assert_string_equal(suite->file, cases[i].file);
        assert_string_equal(suite->folder, here);
        suite_free(suite);
    }
    (void)state;
}

static void a_file_that_cannot_be_read_is_refused_with_the_reason(void **state)
{
    static const struct {
        int line;
        const char *path, *error;
    } cases[] = {
        {__LINE__,  "absent",
         "absent cannot be opened: No such file or directory; name a folder with a suite.yaml in "
          "it, or a suite's file"                                                   },
        { __LINE__, "targets/",
         "targets/ has no suite.yaml; name a folder that has one, or a suite's file"},
        { __LINE__, "large.yaml", "read the suite large.yaml: is larger than 1 MiB" },
        { __LINE__, "/dev/null",  "read the suite /dev/null: is no regular file"    },
        { __LINE__, "body.bin",
         "body.bin:1:4: error: not YAML: control characters are not "
          "allowed; save the file as UTF-8 text"                                    },
    };

    write_file("large.yaml", "", 0);
    assert_int_equal(truncate("large.yaml", SUITE_FILE_MAX + 1), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct suite *suite;
        struct error err;

        assert_false(suite_read(cases[i].path, &suite, &err));
        assert_true(err.usage);
        if (strcmp(err.text, cases[i].error) != 0)
            fail_msg("line %d: %s", cases[i].line, err.text);
    }
    (void)state;
}

/* Each step that the world can refuse, one after the other, until there is none left. */
static void every_refusal_of_the_world_is_one_message(void **state)
{
    static const char text[] =
        SUITE LOADS TARGETS "workloads: [{name: w, path: /, body_file: body.bin}]\n";
    static const enum fault_kind kinds[] = { FAULT_MEMORY, FAULT_OPEN };
    static const unsigned steps[] = { 3, 2 }; /* the file, the suite, the body; the two files */

    write_file("faults.yaml", text, sizeof(text) - 1);
    for (size_t i = 0; i < 2; i++) {
        struct suite *suite = NULL;
        unsigned nth = 1;

        for (;; nth++) {
            struct error err = { .text = "" };
            bool ok;

            fault_arm(kinds[i], nth);
            ok = suite_read("faults.yaml", &suite, &err);
            fault_arm(kinds[i], 0);
            if (ok)
                break;
            assert_true(strlen(err.text) > 0);
        }
        suite_free(suite);
        assert_int_equal(nth, steps[i] + 1);
    }
    (void)state;
}

static void freeing_nothing_is_allowed(void **state)
{
    suite_free(NULL);
    (void)state;
}

/* ---- the folder that the suites lie in ---- */

static char folder[] = "/tmp/assay-suite-test-XXXXXX";
static const char *const folders[] = { "targets", "targets/gin", "targets/flask" };
static const char *const files[] = { "body.bin", "suite.yaml", "large.yaml", "faults.yaml" };

static int enter_folder(void **state)
{
    FILE *body;

    (void)state;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (mkdir(folders[i], 0777) != 0)
            return -1;
    body = fopen("body.bin", "w");
    if (body == NULL)
        return -1;
    fwrite("all\0of it", 1, 9, body);
    return fclose(body);
}

static int leave_folder(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(files[i]);
    for (size_t i = sizeof(folders) / sizeof(folders[0]); i-- > 0;)
        rmdir(folders[i]);
    return chdir("/") != 0 || rmdir(folder) != 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_design_is_read_right),
        cmocka_unit_test(a_load_that_says_nothing_is_the_default_one),
        cmocka_unit_test(a_suite_may_do_without_a_control),
        cmocka_unit_test(an_open_loop_has_a_rate_and_arrivals),
        cmocka_unit_test(a_workload_has_headers_and_bodies),
        cmocka_unit_test(what_a_target_expects_replaces_only_what_it_says),
        cmocka_unit_test(any_body_is_right_where_it_is_said_and_no_body_is_given),
        cmocka_unit_test(a_target_takes_part_in_the_workloads_and_loads_it_names),
        cmocka_unit_test(a_target_may_be_several_processes),
        cmocka_unit_test(sixty_four_workloads_all_take_part),
        cmocka_unit_test(a_suite_full_of_expectations_fits_its_memory),
        cmocka_unit_test(only_lower_case_names_in_braces_are_placeholders),
        cmocka_unit_test(a_preset_changes_what_it_names_and_nothing_else),
        cmocka_unit_test(a_preset_gives_no_warm_up_to_a_load_by_count),
        cmocka_unit_test(a_warm_up_may_be_a_count),
        cmocka_unit_test(a_load_may_have_stages_and_its_kind_is_theirs),
        cmocka_unit_test(a_preset_gives_each_stage_its_length_by_its_kind),
        cmocka_unit_test(what_is_for_presets_only_is_not_run_unless_one_names_it),
        cmocka_unit_test(targets_that_a_preset_leaves_out_have_no_variants),
        cmocka_unit_test(a_process_may_be_a_service_that_is_filled),
        cmocka_unit_test(published_is_the_suite_as_it_stands_unless_it_says_otherwise),
        cmocka_unit_test(a_preset_that_is_not_there_is_refused_with_those_that_are),
        cmocka_unit_test(variants_are_named_by_the_factors_that_vary),
        cmocka_unit_test(factors_of_the_suite_are_for_targets_that_have_none_of_the_name),
        cmocka_unit_test(only_takes_targets_and_variants_in_the_order_of_the_file),
        cmocka_unit_test(only_refuses_a_name_that_matches_nothing),
        cmocka_unit_test(a_folder_is_its_suite_yaml_and_a_file_is_taken_as_it_is),
        cmocka_unit_test(a_file_that_cannot_be_read_is_refused_with_the_reason),
        cmocka_unit_test(every_refusal_of_the_world_is_one_message),
        cmocka_unit_test(freeing_nothing_is_allowed),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
