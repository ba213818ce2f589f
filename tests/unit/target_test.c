/* The pure parts of target/: what is started, how its output is quoted, what packages weigh. That a
 * tree of processes is found, measured and ended is shown in tests/e2e. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "target/environment.h"
#include "target/expand.h"
#include "target/guardian.h"
#include "target/output.h"
#include "target/package.h"
#include "target/recipe.h"
#include "target/shell.h"

static struct arena arena;

static int map(void **state)
{
    struct error err;

    (void)state;
    return arena_map(&arena, 8 << 20, &err) ? 0 : -1;
}

static int unmap(void **state)
{
    arena_unmap(&arena);
    (void)state;
    return 0;
}

/* ---- a target of two processes, to expand for ---- */

static struct setting settings[] = {
    {SLICE("mode"),     SLICE("release")},
    { SLICE("workers"), SLICE("4")      }
};
static struct suite_process processes[] = {
    {.name = SLICE("back"),
     .start = SLICE("back -p {port}"),
     .instances = SLICE("{workers}"),
     .ready = SLICE("/ready?{mode}") },
    { .name = SLICE("front"),
     .start = SLICE("front {port} to {back.ports}"),
     .instances = SLICE("1")},
};
static struct slice env[] = { SLICE("MODE={mode}"), SLICE("PORT={port}") };
static struct suite_target target = { .name = SLICE("pair"),
                                      .directory = SLICE("targets/pair"),
                                      .processes = processes,
                                      .process_count = 2,
                                      .env = env,
                                      .env_count = 2 };
static struct variant variant = {
    .target = &target, .settings = settings, .setting_count = 2, .workers = 4
};
static const uint16_t BACK_PORTS[] = { 1001, 1002, 1003 };
static const uint16_t FRONT_PORTS[] = { 2001 };
static const struct port_list LISTS[] = {
    {BACK_PORTS,   3},
    { FRONT_PORTS, 1}
};

static struct scope scope_of_back(size_t instance)
{
    return (struct scope){ .variant = &variant,
                           .folder = "/build/pair",
                           .suite_folder = "/suites/one",
                           .cpus = 2,
                           .workload = SLICE("hello"),
                           .load = SLICE("few"),
                           .lists = LISTS,
                           .sockets = "/tmp/s",
                           .process = 0,
                           .instance = instance };
}

static void placeholders_are_replaced_and_other_braces_are_not(void **state)
{
    static const struct {
        int line;
        struct slice text;
        const char *expanded;
    } CASES[] = {
        {__LINE__,  SLICE(""),                                       ""                        },
        { __LINE__, SLICE("plain"),                                  "plain"                   },
        { __LINE__, SLICE("{port}"),                                 "1002"                    },
        { __LINE__, SLICE("-b {host}:{port},"),                      "-b 127.0.0.1:1002,"      },
        { __LINE__, SLICE("{ports}"),                                "1001 1002 1003"          },
        { __LINE__, SLICE("{back.port} {back.ports}"),               "1001 1001 1002 1003"     },
        { __LINE__, SLICE("{front.port}/{front.ports}"),             "2001/2001"               },
        { __LINE__, SLICE("unix:{socket}"),                          "unix:/tmp/s/back.1"      },
        { __LINE__, SLICE("{back.socket} {front.socket}"),           "/tmp/s/back /tmp/s/front"},
        { __LINE__, SLICE("{dir}{suite}"),                           "/build/pair/suites/one"  },
        { __LINE__, SLICE("{workers} {cpus} {mode}"),                "4 2 release"             },
        { __LINE__, SLICE("{workload}-{load}"),                      "hello-few"               },
        { __LINE__, SLICE("{{mode}}"),                               "{release}"               },
        { __LINE__, SLICE("awk '{ print $1 }' ${PORT} {\"a\":1} {"),
         "awk '{ print $1 }' ${PORT} {\"a\":1} {"                                              },
    };
    const struct scope scope = scope_of_back(1);

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const char *expanded;
        struct error err = { 0 };

        if (!expand(CASES[i].text, &scope, &arena, &expanded, &err))
            fail_msg("line %d: %s", CASES[i].line, err.text);
        if (strcmp(expanded, CASES[i].expanded) != 0)
            fail_msg("line %d: '%s'", CASES[i].line, expanded);
    }
    (void)state;
}

static void a_placeholder_without_a_value_is_an_error_that_names_it(void **state)
{
    static const struct slice TEXTS[] = { SLICE("{port}"), SLICE("{ports}"), SLICE("{back.port}"),
                                          SLICE("{workload}"), SLICE("{socket}") };
    struct scope scope = scope_of_back(0);

    scope.lists = NULL;
    scope.sockets = NULL;
    scope.workload = (struct slice){ 0 };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        const char *expanded;
        struct error err = { 0 };

        assert_false(expand(TEXTS[i], &scope, &arena, &expanded, &err));
        assert_true(err.usage);
        assert_non_null(strstr(err.text, TEXTS[i].ptr));
    }
    (void)state;
}

static void a_command_longer_than_the_system_takes_is_refused(void **state)
{
    char *text = arena_new(&arena, char, EXPANDED_MAX + 2);
    const struct scope scope = scope_of_back(0);
    const char *expanded;
    struct error err = { 0 };

    memset(text, 'x', EXPANDED_MAX + 1);
    assert_true(expand((struct slice){ text, EXPANDED_MAX }, &scope, &arena, &expanded, &err));
    assert_int_equal(strlen(expanded), EXPANDED_MAX);
    assert_false(expand((struct slice){ text, EXPANDED_MAX + 1 }, &scope, &arena, &expanded, &err));
    (void)state;
}

static void instances_are_a_number_from_1_to_64(void **state)
{
    static const struct {
        int line;
        struct slice text;
        size_t count; /* 0: refused */
    } CASES[] = {
        {__LINE__,  SLICE("1"),         1 },
        { __LINE__, SLICE("64"),        64},
        { __LINE__, SLICE("65"),        0 },
        { __LINE__, SLICE("0"),         0 },
        { __LINE__, SLICE(""),          0 },
        { __LINE__, SLICE("{workers}"), 4 },
        { __LINE__, SLICE("{mode}"),    0 },
    };
    const struct scope scope = scope_of_back(0);

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct error err = { 0 };
        size_t count = 0;
        bool good = expand_instances(CASES[i].text, &scope, &arena, &count, &err);

        if (good != (CASES[i].count > 0) || count != CASES[i].count)
            fail_msg("line %d: %zu, %s", CASES[i].line, count, err.text);
    }
    (void)state;
}

/* ---- recipes ---- */

static void a_recipe_has_an_order_for_each_instance_with_a_port_of_its_own(void **state)
{
    static char folder[] = "/suites/one";
    static const struct suite SUITE = { .folder = folder };
    static const uint32_t CPUS[] = { 1 };
    static const struct target_place PLACE = {
        .folder = "/build/pair", .output = "/out", .cpus = CPUS, .cpu_count = 1
    };
    static const uint16_t PORTS[] = { 11, 12, 13, 14, 21 };
    const struct recipe_place at = { .suite = &SUITE,
                                     .variant = &variant,
                                     .place = &PLACE,
                                     .workload = SLICE("w"),
                                     .load = SLICE("l") };
    struct recipe recipe;
    struct error err = { 0 };
    size_t port_count;

    assert_true(recipe_count_ports(&at, &arena, &port_count, &err));
    assert_int_equal(port_count, 5);
    assert_true(recipe_make(&at, PORTS, port_count, &arena, &recipe, &err));
    assert_int_equal(recipe.process_count, 2);
    assert_int_equal(recipe.order_count, 5);
    assert_int_equal(recipe.processes[0].instances, 4);
    assert_int_equal(recipe.processes[1].first_order, 4);
    assert_int_equal(recipe.processes[1].ports[0], 21);
    assert_true(slice_equal(recipe.processes[0].ready, SLICE("/ready?release")));
    assert_string_equal(recipe.orders[2].command, "back -p 13");
    assert_string_equal(recipe.orders[4].command, "front 21 to 11 12 13 14");
    assert_string_equal(recipe.orders[2].folder, "/suites/one/targets/pair");
    assert_string_equal(recipe.orders[2].output, "/out");
    assert_string_equal(recipe.orders[2].env[1], "PORT=13");
    assert_int_equal(recipe.orders[2].cpu_count, 1);
    assert_true(recipe.orders[2].may_detach);
    assert_int_equal(recipe.orders[2].process, 0);
    assert_int_equal(recipe.orders[4].process, 1);
    assert_int_equal(recipe.orders[2].env_count, 2);
    (void)state;
}

static void padding_is_one_variable_more_of_what_is_started(void **state)
{
    static char folder[] = "/suites/one";
    static const struct suite SUITE = { .folder = folder };
    static const uint16_t PORTS[] = { 11, 12, 13, 14, 21 };
    const struct target_place place = { .folder = "/build/pair",
                                        .output = "/out",
                                        .padding_bytes = TARGET_PADDING_MAX };
    const struct recipe_place at = { .suite = &SUITE, .variant = &variant, .place = &place };
    struct recipe recipe;
    struct error err = { 0 };

    assert_true(recipe_make(&at, PORTS, 5, &arena, &recipe, &err));
    for (size_t i = 0; i < recipe.order_count; i++) {
        assert_int_equal(recipe.orders[i].env_count, 3);
        assert_memory_equal(recipe.orders[i].env[2], "ASSAY_PADDING=xx", 16);
        assert_int_equal(strlen(recipe.orders[i].env[2]), 14 + TARGET_PADDING_MAX);
    }
    (void)state;
}

/* Where each can be asked: at its port; at its socket, where it has no port; where the target says,
 * for the last one. */
static void a_process_is_asked_where_it_listens(void **state)
{
    static char folder[] = "/suites/one";
    static const struct suite SUITE = { .folder = folder };
    static const struct target_place PLACE = { .folder = "/build/x", .output = "/out" };
    static const uint16_t PORTS[] = { 11, 12, 13, 14, 15 };
    static struct suite_process four[] = {
        {.name = SLICE("a"),      .start = SLICE("a {port}"), .instances = SLICE("1")},
        { .name = SLICE("b"),
         .start = SLICE("b {socket}"),
         .instances = SLICE("2"),
         .after = SLICE("fill {socket} from {a.port}") },
        { .name = SLICE("c"),
         .start = SLICE("c"),
         .instances = SLICE("1"),
         .role = PROCESS_SERVICE },
        { .name = SLICE("d"), .start = SLICE("d {socket}"),                          .instances = SLICE("1")                              },
    };
    struct suite_target own = { .processes = four, .process_count = 4 };
    struct variant one = { .target = &own, .workers = 1 };
    struct recipe_place at = {
        .suite = &SUITE, .variant = &one, .place = &PLACE, .sockets = "/tmp/s"
    };
    struct error err = { 0 };
    struct recipe recipe;
    char where[ADDR_TEXT_MAX];

    own.address = SLICE("unix:{dir}/{b.socket}");
    assert_true(recipe_wants_sockets(&own));
    assert_false(recipe_wants_sockets(&target));
    assert_true(recipe_make(&at, PORTS, 5, &arena, &recipe, &err));
    assert_string_equal(addr_text(&recipe.processes[0].addresses[0], where), "127.0.0.1:11");
    assert_string_equal(addr_text(&recipe.processes[1].addresses[0], where), "unix:/tmp/s/b");
    assert_string_equal(addr_text(&recipe.processes[1].addresses[1], where), "unix:/tmp/s/b.1");
    assert_true(recipe.processes[1].has_after);
    assert_string_equal(recipe.processes[1].after.command, "fill /tmp/s/b from 11");
    assert_null(recipe.processes[2].addresses);
    assert_int_equal(recipe.processes[2].role, PROCESS_SERVICE);
    assert_false(recipe.processes[2].has_after);
    assert_string_equal(addr_text(&recipe.processes[3].addresses[0], where),
                        "unix:/build/x//tmp/s/b");
    assert_string_equal(recipe.orders[0].sockets, "/tmp/s");
    (void)state;
}

/* The environment is everybody's: PORT={port} is meant for those whose commands name nothing. */
static void the_environment_names_the_port_of_those_whose_command_names_nothing(void **state)
{
    static char folder[] = "/suites/one";
    static const struct suite SUITE = { .folder = folder };
    static const struct target_place PLACE = { .folder = "/build/x", .output = "/out" };
    static const uint16_t PORTS[] = { 11, 12 };
    static struct suite_process two[] = {
        {.name = SLICE("a"),  .start = SLICE("a {socket}"), .instances = SLICE("1")},
        { .name = SLICE("b"), .start = SLICE("b"),          .instances = SLICE("1")},
    };
    static struct slice both[] = { SLICE("SOCKET={socket}"), SLICE("PORT={port}") };
    struct suite_target own = { .processes = two, .process_count = 2, .env = both, .env_count = 2 };
    struct variant one = { .target = &own, .workers = 1 };
    struct recipe_place at = {
        .suite = &SUITE, .variant = &one, .place = &PLACE, .sockets = "/tmp/s"
    };
    struct error err = { 0 };
    struct recipe recipe;
    char where[ADDR_TEXT_MAX];

    assert_true(recipe_make(&at, PORTS, 2, &arena, &recipe, &err));
    assert_string_equal(addr_text(&recipe.processes[0].addresses[0], where), "unix:/tmp/s/a");
    assert_false(recipe.processes[0].has_port);
    assert_string_equal(addr_text(&recipe.processes[1].addresses[0], where), "127.0.0.1:12");
    own.env_count = 1;
    assert_true(recipe_make(&at, PORTS, 2, &arena, &recipe, &err));
    assert_string_equal(addr_text(&recipe.processes[1].addresses[0], where), "unix:/tmp/s/b");
    (void)state;
}

static void a_socket_whose_path_grows_too_long_is_refused(void **state)
{
    static char folder[] = "/suites/one";
    static const struct suite SUITE = { .folder = folder };
    static const struct target_place PLACE = {
        .folder = "/0123456789012345678901234567890123456789/01234567890123456789/"
                  "0123456789012345678901234567890123456789",
        .output = "/out"
    };
    static const uint16_t PORT = 11;
    static struct suite_process only = { .name = SLICE("a"),
                                         .start = SLICE("a"),
                                         .instances = SLICE("1") };
    struct suite_target own = { .processes = &only,
                                .process_count = 1,
                                .address = SLICE("unix:{dir}/a.socket") };
    struct variant one = { .target = &own, .workers = 1 };
    const struct recipe_place at = { .suite = &SUITE, .variant = &one, .place = &PLACE };
    struct error err = { 0 };
    struct recipe recipe;

    assert_false(recipe_make(&at, &PORT, 1, &arena, &recipe, &err));
    assert_non_null(strstr(err.text, "address: the path of a Unix socket has 112 bytes; at most "
                                     "107 fit"));
    (void)state;
}

static void a_build_knows_no_port_and_is_not_pinned(void **state)
{
    static char folder[] = "/suites/one";
    static const struct suite SUITE = { .folder = folder };
    static const uint32_t CPUS[] = { 1 };
    static const struct target_place PLACE = { .folder = "/build/pair",
                                               .cpus = CPUS,
                                               .cpu_count = 1 };
    const struct recipe_place at = { .suite = &SUITE, .variant = &variant, .place = &PLACE };
    struct order order;
    struct error err = { 0 };

    assert_true(recipe_command(&at, SLICE("make {dir}/x"), "/log", &arena, &order, &err));
    assert_string_equal(order.command, "make /build/pair/x");
    assert_string_equal(order.output, "/log");
    assert_int_equal(order.env_count, 1);
    assert_string_equal(order.env[0], "MODE=release");
    assert_int_equal(order.cpu_count, 0);
    assert_false(order.may_detach);
    (void)state;
}

/* ---- shells and environments ---- */

static void only_one_plain_program_replaces_its_shell(void **state)
{
    static const struct {
        int line;
        const char *command;
        bool simple;
    } CASES[] = {
        {__LINE__,  "nginx",                                             true },
        { __LINE__, "  /usr/sbin/nginx -c $PWD/x.conf -g 'daemon off;'", true },
        { __LINE__, "python3 -c \"import a; b('x')\"",                   true },
        { __LINE__, "echo a\\;b",                                        true },
        { __LINE__, "echo \"a \\\" ; b\"",                               true },
        { __LINE__, "nginx -g x\n",                                      true },
        { __LINE__, "nginx \t\n\n",                                      true },
        { __LINE__, "\n nginx",                                          false},
        { __LINE__, "wait\n",                                            false},
        { __LINE__, "a\nb\n",                                            false},
        { __LINE__, "a 'b\n",                                            false},
        { __LINE__, "\n",                                                false},
        { __LINE__, "",                                                  false},
        { __LINE__, "   ",                                               false},
        { __LINE__, "a; b",                                              false},
        { __LINE__, "a && b",                                            false},
        { __LINE__, "a | b",                                             false},
        { __LINE__, "a &",                                               false},
        { __LINE__, "a\nb",                                              false},
        { __LINE__, "a > b",                                             false},
        { __LINE__, "a $(b)",                                            false},
        { __LINE__, "a \"$(b)\"",                                        false},
        { __LINE__, "a \"`b`\"",                                         false},
        { __LINE__, "a `b`",                                             false},
        { __LINE__, "a # b",                                             false},
        { __LINE__, "A=1 b",                                             false},
        { __LINE__, "exec a",                                            false},
        { __LINE__, ". ./a",                                             false},
        { __LINE__, "cd a",                                              false},
        { __LINE__, "{ a",                                               false},
        { __LINE__, "a 'b",                                              false},
        { __LINE__, "a \"b\\",                                           false},
        { __LINE__, "a\\",                                               true },
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        if (shell_is_simple(CASES[i].command) != CASES[i].simple)
            fail_msg("line %d: %s", CASES[i].line, CASES[i].command);
    (void)state;
}

static void targets_do_not_see_what_would_change_them(void **state)
{
    static char dropped[][32] = {
        "ASSAY_DB=x",   "LD_PRELOAD=y", "PYTHONPATH=z",     "PYTHONUNBUFFERED=1",     "PYTHON=",
        "GOMAXPROCS=1", "GOFLAGS=",     "http_proxy=x",     "HTTPS_PROXY=x",          "no_proxy=*",
        "GO111MODULE=", "RUBYOPT=-d",   "PERL5LIB=x",       "NODE_OPTIONS=--inspect", "PHPRC=x",
        "GOGC=off",     "PERL5OPT=-d",  "_JAVA_OPTIONS=-x", "JAVA_TOOL_OPTIONS=-x",
    };
    static char kept[][32] = {
        "PATH=/bin",    "ASSAY=x",        "HOME=/root",      "GOOGLE_CLOUD_PROJECT=x",
        "MY_PYTHON=3",  "VIRTUAL_ENV=/v", "LD_PRELOADED=1",  "URL=http://GO_proxy",
        "LANGUAGE=GO=", "NODE_ENV=x",     "http_proxy_of=x", "JAVA_HOME=x",
    };
    enum { DROPPED = sizeof(dropped) / sizeof(dropped[0]), KEPT = sizeof(kept) / sizeof(kept[0]) };
    char *entries[DROPPED + KEPT + 1];
    char **ours = environ, **cleaned = entries;
    size_t count = 0;

    for (size_t i = 0; i < DROPPED; i++) {
        entries[count++] = dropped[i];
        if (i < KEPT)
            entries[count++] = kept[i];
    }
    entries[count] = NULL;
    environ = entries;
    environment_clean(false);
    environ = ours;
    for (size_t i = 0; i < KEPT; i++) {
        assert_non_null(cleaned[i]);
        assert_string_equal(cleaned[i], kept[i]);
    }
    assert_null(cleaned[KEPT]);
    (void)state;
}

static void what_fetches_keeps_the_proxies_and_nothing_else(void **state)
{
    static char proxy[] = "https_proxy=x", modules[] = "GOPROXY=y", path[] = "PYTHONPATH=z";
    char *entries[] = { proxy, path, modules, NULL };
    char **ours = environ, **cleaned = entries;

    environ = entries;
    environment_clean(true);
    environ = ours;
    assert_ptr_equal(cleaned[0], proxy);
    assert_ptr_equal(cleaned[1], modules);
    assert_null(cleaned[2]);
    (void)state;
}

static void the_end_of_a_process_reads_as_a_sentence(void **state)
{
    char text[GUARDIAN_TEXT_MAX];

    assert_string_equal(guardian_status_text(W_EXITCODE(3, 0), text), "exited with status 3");
    assert_string_equal(guardian_status_text(W_EXITCODE(0, 11), text),
                        "was killed by signal 11 (Segmentation fault)");
    (void)state;
}

/* ---- the last lines of output ---- */

static const char *tail_of(struct slice content, size_t size)
{
    static char room[4096];
    struct text text = { room, 0, size, false };

    room[0] = '\0';
    output_tail(content, &text);
    assert_false(text.cut);
    return room;
}

static void the_last_ten_lines_are_shown_and_none_of_them_rules_the_terminal(void **state)
{
    assert_string_equal(tail_of(SLICE(""), 4096), "");
    assert_string_equal(tail_of(SLICE("\n\n"), 4096), "");
    assert_string_equal(tail_of(SLICE("a"), 4096), "\n  | a");
    assert_string_equal(tail_of(SLICE("a\r\n\r\n\x1b[31mb\n"), 4096), "\n  | a\n  | \\x1b[31mb");
    assert_string_equal(
        tail_of(SLICE("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n"), 4096),
        "\n  | 3\n  | 4\n  | 5\n  | 6\n  | 7\n  | 8\n  | 9\n  | 10\n  | 11\n  | 12");
    (void)state;
}

static void where_room_is_short_the_last_lines_are_kept(void **state)
{
    assert_string_equal(tail_of(SLICE("first\nsecond\nlast\n"), sizeof("\n  | second\n  | last")),
                        "\n  | second\n  | last");
    assert_string_equal(tail_of(SLICE("first\nsecond\nlast\n"), sizeof("\n  | second\n  | las")),
                        "\n  | last");
    (void)state;
}

static void a_long_line_is_cut(void **state)
{
    char line[OUTPUT_LINE_BYTES_MAX + 1];
    const char *shown;

    memset(line, 'x', sizeof(line));
    shown = tail_of((struct slice){ line, sizeof(line) }, 4096);
    assert_int_equal(strlen(shown), strlen("\n  | ") + OUTPUT_LINE_BYTES_MAX + strlen("..."));
    (void)state;
}

/* ---- packages ---- */

static const struct slice DPKG =
    SLICE("app\tii \t100\t\t\tpython3:any (>= 3.9), lib | other-lib, web-server\n"
          "python3\tii \t10\t\tpython3-minimal (= 3.11)\tlibc6\n"
          "python3-minimal\tii \t5\t\t\tlibc6 (>= 2.36)\n"
          "libc6\tii \t1000\t\t\tlibgcc\n"
          "libgcc\tii \t7\t\t\tlibc6\n"
          "lib\trc \t999\t\t\t\n"
          "other-lib\thi \t30\t\t\tnot-here\n"
          "nginx\tii \t2000\thttpd, web-server (= 1)\t\t\n"
          "unrelated\tii \t9999\t\t\tapp\n");

static int64_t closure(const struct package_list *list, struct slice name)
{
    return package_closure_bytes(list, &name, 1, arena_new(&arena, bool, list->count));
}

static void packages_weigh_with_all_they_depend_on_each_counted_once(void **state)
{
    struct package_list list = package_list_parse(DPKG, &arena);

    assert_int_equal(list.count, 8); /* "lib" was removed, only its configuration is left */
    assert_int_equal(closure(&list, SLICE("libgcc")), 1007 * 1024);
    assert_int_equal(closure(&list, SLICE("python3")), 1022 * 1024);
    assert_int_equal(closure(&list, SLICE("app")), (100 + 1022 + 30 + 2000) * 1024);
    assert_int_equal(closure(&list, SLICE("lib")), -1);
    (void)state;
}

static void a_package_is_found_by_its_name_or_by_what_it_provides(void **state)
{
    struct package_list list = package_list_parse(DPKG, &arena);

    assert_true(slice_equal(package_find(&list, SLICE("httpd"))->name, SLICE("nginx")));
    assert_true(slice_equal(package_find(&list, SLICE("web-server"))->name, SLICE("nginx")));
    assert_true(slice_equal(package_find(&list, SLICE("app"))->name, SLICE("app")));
    assert_null(package_find(&list, SLICE("lib")));
    assert_null(package_find(&list, SLICE("htt")));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_are_replaced_and_other_braces_are_not),
        cmocka_unit_test(a_placeholder_without_a_value_is_an_error_that_names_it),
        cmocka_unit_test(a_command_longer_than_the_system_takes_is_refused),
        cmocka_unit_test(instances_are_a_number_from_1_to_64),
        cmocka_unit_test(a_recipe_has_an_order_for_each_instance_with_a_port_of_its_own),
        cmocka_unit_test(padding_is_one_variable_more_of_what_is_started),
        cmocka_unit_test(a_process_is_asked_where_it_listens),
        cmocka_unit_test(the_environment_names_the_port_of_those_whose_command_names_nothing),
        cmocka_unit_test(a_socket_whose_path_grows_too_long_is_refused),
        cmocka_unit_test(a_build_knows_no_port_and_is_not_pinned),
        cmocka_unit_test(only_one_plain_program_replaces_its_shell),
        cmocka_unit_test(targets_do_not_see_what_would_change_them),
        cmocka_unit_test(what_fetches_keeps_the_proxies_and_nothing_else),
        cmocka_unit_test(the_end_of_a_process_reads_as_a_sentence),
        cmocka_unit_test(the_last_ten_lines_are_shown_and_none_of_them_rules_the_terminal),
        cmocka_unit_test(where_room_is_short_the_last_lines_are_kept),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(packages_weigh_with_all_they_depend_on_each_counted_once),
        cmocka_unit_test(a_package_is_found_by_its_name_or_by_what_it_provides),
    };

    return cmocka_run_group_tests(tests, map, unmap);
}
