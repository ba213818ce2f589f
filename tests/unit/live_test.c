#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>

#include "golden.h"
#include "report/live.h"

/* ---- a terminal of our own ---- */

#define ROWS    40
#define COLUMNS 400 /* wider than any screen: what would wrap is seen */

/* Understands what live.c writes (line feed, return, cursor up, erase, styles), and nothing else.
 */
struct terminal {
    char cells[ROWS][COLUMNS][5]; /* a code point each */
    int row, column, lowest;
    int widest; /* columns ever written to */
};

static void erase(struct terminal *t, int row, int from)
{
    for (int c = from; c < COLUMNS; c++)
        t->cells[row][c][0] = '\0';
}

static const char *escape(struct terminal *t, const char *at)
{
    char *end;
    long number = strtol(at, &end, 10);

    switch (*end) {
    case 'A':
        assert_true(number <= t->row);
        t->row -= (int)number;
        break;
    case 'K':
        erase(t, t->row, 0);
        break;
    case 'J':
        erase(t, t->row, t->column);
        for (int r = t->row + 1; r < ROWS; r++)
            erase(t, r, 0);
        break;
    case 'm':
        break;
    default:
        fail_msg("an escape sequence that ends with %c", *end);
    }
    return end + 1;
}

static const char *put_point(struct terminal *t, const char *at)
{
    size_t len = screen_cut(at, 1);

    assert_in_range(t->column, 0, COLUMNS - 1);
    assert_in_range(len, 1, 4);
    memcpy(t->cells[t->row][t->column], at, len);
    t->cells[t->row][t->column][len] = '\0';
    t->column++;
    t->widest = t->column > t->widest ? t->column : t->widest;
    return at + len;
}

static void terminal_feed(struct terminal *t, const char *at)
{
    while (*at != '\0') {
        if (at[0] == '\033' && at[1] == '[') {
            at = escape(t, at + 2);
        } else if (*at == '\n') {
            assert_in_range(++t->row, 0, ROWS - 1);
            t->column = 0;
            at++;
        } else if (*at == '\r') {
            t->column = 0;
            at++;
        } else {
            at = put_point(t, at);
        }
    }
}

/* What a person sees, without blanks at the ends of lines and of the screen. */
static const char *terminal_text(const struct terminal *t)
{
    static char seen[65536];
    struct text text = TEXT(seen);
    size_t kept = 0;

    seen[0] = '\0';
    for (int r = 0; r < ROWS; r++) {
        size_t start = text.len, end = start;

        for (int c = 0; c < COLUMNS && t->cells[r][c][0] != '\0'; c++) {
            text_add(&text, slice_of(t->cells[r][c]));
            end = t->cells[r][c][0] == ' ' ? end : text.len;
        }
        text.len = end;
        text_add(&text, SLICE("\n"));
        kept = end > start ? text.len : kept;
    }
    seen[kept] = '\0';
    return seen;
}

/* ---- a live region on it ---- */

struct stage {
    struct screen screen;
    struct live *live;
    char *written;
    size_t size;
    struct terminal terminal;
};

static struct stage *stage_new(int width, bool terminal, bool ascii, bool quiet)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    assert_non_null(stage);
    stage->screen = (struct screen){ .terminal = terminal, .width = width, .ascii = ascii };
    stage->screen.out = open_memstream(&stage->written, &stage->size);
    assert_non_null(stage->screen.out);
    stage->live = live_new(&stage->screen, quiet);
    assert_non_null(stage->live);
    return stage;
}

static void stage_free(struct stage *stage)
{
    live_free(stage->live);
    fclose(stage->screen.out);
    free(stage->written);
    free(stage);
}

static const char *stage_seen(struct stage *stage)
{
    fflush(stage->screen.out);
    memset(&stage->terminal, 0, sizeof(stage->terminal));
    terminal_feed(&stage->terminal, stage->written);
    return terminal_text(&stage->terminal);
}

static struct mono at_ms(int64_t ms)
{
    return (struct mono){ ms * MILLISECOND_NS };
}

static const double RATES[] = { 41e3, 45e3, 46e3, 48e3, 20e3, 47e3, 48e3, 0, 48.1e3 };

static struct live_trial measuring(void)
{
    return (struct live_trial){
        .headline = "closed loop · 64 connections · 1 thread · HTTP/1.1 keep-alive · io_uring",
        .target = "127.0.0.1:8080  pid 41873 nginx (2 procs)",
        .check = "200, 27 B application/json, identical in 3 probes",
        .phase = "measure",
        .elapsed_ns = 21400 * MILLISECOND_NS,
        .total_ns = 30 * SECOND_NS,
        .ok = 1018640,
        .now_per_sec = 48100,
        .mean_per_sec = 47600,
        .p50_ns = 1210000,
        .p99_ns = 2930000,
        .max_ns = 31000000,
        .server_cpus = 0.97,
        .client_cpus = 0.61,
        .server_rss_bytes = 14889779,
        .rates = RATES,
        .rate_count = sizeof(RATES) / sizeof(RATES[0]),
    };
}

static const char *const SUITE_ROWS[] = { "assay", "nginx", "flask-gunicorn class=gthread",
                                          "evil \033[31mname" };
static const char *const SUITE_COLUMNS[] = { "plaintext", "json · steady" };
static double suite_medians[8];
static uint8_t suite_cells[4 * 30 * 2];

/* Four targets, two columns; three and a half blocks are done. */
static struct live_run suite(size_t blocks)
{
    static const char *rows[4], *columns[2];

    memcpy(rows, SUITE_ROWS, sizeof(rows));
    memcpy(columns, SUITE_COLUMNS, sizeof(columns));
    memset(suite_cells, LIVE_TO_COME, sizeof(suite_cells));
    for (size_t r = 0; r < 4; r++) {
        for (size_t b = 0; b < 3; b++)
            for (size_t c = 0; c < 2; c++)
                suite_cells[(r * blocks + b) * 2 + c] = LIVE_DONE;
        suite_medians[r * 2] = 66800 / (double)(r + 1);
        suite_medians[r * 2 + 1] = r == 3 ? nan("") : 8900;
    }
    suite_cells[(3 * blocks + 1) * 2 + 1] = LIVE_FAILED;
    suite_cells[(1 * blocks + 3) * 2] = LIVE_RUNNING;
    return (struct live_run){
        .title = "suites/demo  4 targets × 2 workloads × 6 blocks = 48 trials, seed 20261121",
        .done = 24,
        .count = 48,
        .elapsed_ns = 1092 * SECOND_NS,
        .left_ns = 858 * SECOND_NS,
        .rows = rows,
        .row_count = 4,
        .cells = suite_cells,
        .columns = 2,
        .blocks = blocks,
        .column_names = columns,
        .medians = suite_medians,
    };
}

/* ---- tests ---- */

static void a_load_is_shown_in_eight_lines(void **state)
{
    static const struct {
        const char *golden;
        int width;
        bool ascii;
    } cases[] = {
        {"live-load-100",       100, false},
        { "live-load-80",       80,  false},
        { "live-load-80-ascii", 80,  true }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stage *stage = stage_new(cases[i].width, true, cases[i].ascii, false);
        struct live_trial t = measuring();

        t.phase = "warm-up";
        t.elapsed_ns = 5 * SECOND_NS;
        live_show(stage->live, at_ms(0), NULL, &t);
        t = measuring();
        live_show(stage->live, at_ms(300), NULL, &t);
        golden_check(cases[i].golden, stage_seen(stage));
        stage_free(stage);
    }
    (void)state;
}

static void a_suite_is_shown_as_a_matrix(void **state)
{
    static const struct {
        const char *golden;
        int width;
        bool ascii;
        size_t blocks;
    } cases[] = {
        {"live-suite-100",       100, false, 6 },
        { "live-suite-80",       80,  false, 6 },
        { "live-suite-80-ascii", 80,  true,  6 },
        { "live-suite-80-many",  80,  false, 30}
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stage *stage = stage_new(cases[i].width, true, cases[i].ascii, false);
        struct live_run run = suite(cases[i].blocks);
        struct live_trial t = measuring();

        t.target = "block 4 · plaintext · nginx";
        live_show(stage->live, at_ms(0), &run, &t);
        golden_check(cases[i].golden, stage_seen(stage));
        stage_free(stage);
    }
    (void)state;
}

/* A terminal narrower than the content must never wrap a line: then cursor-up would miss. */
static void lines_are_cut_where_the_terminal_ends(void **state)
{
    for (int width = SCREEN_WIDTH_MIN; width <= SCREEN_WIDTH_MAX; width++) {
        struct stage *stage = stage_new(width, true, width % 2 == 0, false);
        struct live_run run = suite(6);
        struct live_trial t = measuring();

        live_show(stage->live, at_ms(0), NULL, &t);
        live_show(stage->live, at_ms(250), &run, &t);
        stage_seen(stage);
        assert_in_range(stage->terminal.widest, 10, width - 1);
        stage_free(stage);
    }
    (void)state;
}

static void it_is_repainted_four_times_a_second_at_most(void **state)
{
    struct stage *stage = stage_new(80, true, false, false);
    struct live_trial t = measuring();
    size_t paints = 0, before = 0;

    for (int64_t ms = 0; ms < 10000; ms += 10) {
        live_show(stage->live, at_ms(ms), NULL, &t);
        fflush(stage->screen.out);
        paints += stage->size > before;
        before = stage->size;
    }
    assert_int_equal(paints, 40);
    stage_free(stage);
    (void)state;
}

/* The region shrinks, grows, and is taken away: what stood above stays, nothing is left below. */
static void what_was_printed_before_stays_and_the_region_vanishes(void **state)
{
    struct stage *stage = stage_new(80, true, false, false);
    struct live_run run = suite(6);
    struct live_trial t = measuring();

    fputs("$ assay run suites/demo\n", stage->screen.out);
    live_show(stage->live, at_ms(0), &run, &t);
    live_show(stage->live, at_ms(250), NULL, &t);
    assert_null(strstr(stage_seen(stage), "evil")); /* the last line of what was longer */
    live_show(stage->live, at_ms(500), &run, NULL);
    assert_non_null(strstr(stage_seen(stage), "$ assay run suites/demo\nsuites/demo  4 targets"));
    live_clear(stage->live);
    assert_string_equal(stage_seen(stage), "$ assay run suites/demo\n");
    fputs("RESULT\n", stage->screen.out);
    live_show(stage->live, at_ms(510), NULL, &t); /* after a clear it may paint at once */
    live_clear(stage->live);
    live_clear(stage->live);
    assert_string_equal(stage_seen(stage), "$ assay run suites/demo\nRESULT\n");
    stage_free(stage);
    (void)state;
}

static void the_cursor_is_never_hidden_and_the_screen_never_switched(void **state)
{
    struct stage *stage = stage_new(100, true, false, false);
    struct live_run run = suite(6);
    struct live_trial t = measuring();

    live_show(stage->live, at_ms(0), &run, &t);
    live_show(stage->live, at_ms(250), NULL, &t);
    live_clear(stage->live);
    fflush(stage->screen.out);
    assert_null(strstr(stage->written, "\033[?"));
    assert_null(strstr(stage->written, "\033[31m")); /* of the evil name */
    stage_free(stage);
    (void)state;
}

/* ---- in a log ---- */

static void show_phase(struct stage *stage, const char *phase, int64_t from_ms, int64_t length_ms)
{
    struct live_trial t = measuring();

    t.phase = phase;
    t.total_ns = length_ms * MILLISECOND_NS;
    for (int64_t ms = 0; ms < length_ms; ms += 100) {
        t.elapsed_ns = ms * MILLISECOND_NS;
        live_show(stage->live, at_ms(from_ms + ms), NULL, &t);
    }
}

static void a_log_gets_a_line_a_phase(void **state)
{
    struct stage *stage = stage_new(80, false, false, false);

    show_phase(stage, "start", 0, 400);
    show_phase(stage, "warm-up", 400, 2000);
    show_phase(stage, "measure", 2400, 20000);
    show_phase(stage, "drain", 22400, 300);
    live_clear(stage->live);
    fflush(stage->screen.out);
    assert_string_equal(stage->written, "ready 0.4s\nwarm-up ok 2.0s\nmeasured 20.0s\n");
    stage_free(stage);
    (void)state;
}

static void an_interrupted_phase_tells_how_long_it_was(void **state)
{
    struct stage *stage = stage_new(80, false, false, false);
    struct live_trial t = measuring();

    t.elapsed_ns = 3200 * MILLISECOND_NS;
    live_show(stage->live, at_ms(3200), NULL, &t);
    live_clear(stage->live);
    fflush(stage->screen.out);
    assert_string_equal(stage->written, "measured 3.2s\n");
    stage_free(stage);
    (void)state;
}

static void a_log_gets_a_line_every_thirty_seconds_at_most(void **state)
{
    struct stage *stage = stage_new(80, false, true, false);
    struct live_run run = suite(6);
    struct live_trial t = measuring();
    size_t lines = 0;

    t.target = "nginx";
    for (int64_t ms = 0; ms <= 100000; ms += 100)
        live_show(stage->live, at_ms(ms), &run, &t);
    live_clear(stage->live);
    fflush(stage->screen.out);
    for (size_t i = 0; i < stage->size; i++)
        lines += stage->written[i] == '\n';
    assert_int_equal(lines, 3);
    assert_non_null(strstr(stage->written, "[25/48] nginx measure 21.4s / 30.0s"));
    assert_null(strchr(stage->written, '\033'));
    stage_free(stage);
    (void)state;
}

/* Builds are announced one by one; the caller prints a line for each trial. */
static void a_suite_in_a_log_gets_no_line_for_a_phase_and_one_in_thirty_seconds(void **state)
{
    static const char *const phases[] = { "build", "start", "warm-up", "measure", "drain", "stop" };
    struct stage *stage = stage_new(80, false, true, false);
    struct live_run run = suite(6);
    struct live_trial t = measuring();

    t.target = "nginx";
    for (size_t i = 0; i < 6; i++) {
        t.phase = phases[i];
        live_show(stage->live, at_ms((int64_t)i * 10000), &run, &t);
    }
    fflush(stage->screen.out);
    assert_int_equal(stage->size, 0);
    t.phase = "build";
    t.total_ns = 0;
    live_show(stage->live, at_ms(100000), &run, &t);
    live_show(stage->live, at_ms(129000), &run, &t);
    t.target = "flask";
    live_show(stage->live, at_ms(130000), &run, &t);
    live_clear(stage->live);
    fflush(stage->screen.out);
    assert_string_equal(stage->written, "[25/48] flask build 21.4s\n");
    stage_free(stage);
    (void)state;
}

/* It is called, and no request is sent. */
static void what_runs_in_process_has_processes_and_no_rate(void **state)
{
    struct stage *log = stage_new(80, false, true, false);
    struct stage *terminal = stage_new(80, true, false, false);
    struct live_run run = suite(6);
    struct live_trial t = {
        .target = "bottle", .phase = "measure", .done = 3, .wanted = 10, .in_process = true
    };

    run.done = run.count;
    live_status(log->live, &run, &t);
    fflush(log->screen.out);
    assert_string_equal(log->written, "bottle measure process 3 of 10\n");
    live_show(terminal->live, at_ms(0), &run, &t);
    assert_non_null(strstr(stage_seen(terminal), "bottle · measure process 3 of 10\n"));
    stage_free(log);
    stage_free(terminal);
    (void)state;
}

static void who_asks_is_told_at_once_and_the_region_begins_below(void **state)
{
    struct stage *stage = stage_new(80, true, false, false);
    struct stage *quiet = stage_new(80, false, false, true);
    struct live_trial t = measuring();

    live_show(stage->live, at_ms(0), NULL, &t);
    live_status(stage->live, NULL, &t);
    assert_int_equal(strncmp(stage_seen(stage), "127.0.0.1:8080  pid 41873 nginx (2 procs) measure",
                             strlen("127.0.0.1:8080  pid 41873 nginx (2 procs) measure")),
                     0);
    assert_string_equal(strchr(stage_seen(stage), '\n'), "\n"); /* and nothing below */
    live_show(stage->live, at_ms(10), NULL, &t);
    assert_non_null(strstr(stage_seen(stage), "errors 0\nclosed loop"));
    live_status(quiet->live, NULL, &t);
    fflush(quiet->screen.out);
    assert_non_null(strstr(quiet->written, "measure 21.4s / 30.0s"));
    stage_free(stage);
    stage_free(quiet);
    (void)state;
}

static void quiet_is_quiet(void **state)
{
    static const bool terminals[] = { true, false };

    for (size_t i = 0; i < 2; i++) {
        struct stage *stage = stage_new(80, terminals[i], false, true);
        struct live_run run = suite(6);
        struct live_trial t = measuring();

        live_show(stage->live, at_ms(0), &run, &t);
        live_show(stage->live, at_ms(60000), NULL, &t);
        live_clear(stage->live);
        fflush(stage->screen.out);
        assert_int_equal(stage->size, 0);
        stage_free(stage);
    }
    (void)state;
}

static void nothing_known_yet_is_no_reason_to_stumble(void **state)
{
    struct stage *stage = stage_new(80, true, false, false);
    struct live_run run = { .count = 0 };
    struct live_trial t = { .server_cpus = -1, .client_cpus = -1, .server_rss_bytes = -1 };

    live_show(stage->live, at_ms(0), NULL, &t);
    live_show(stage->live, at_ms(250), &run, NULL);
    live_show(stage->live, at_ms(500), NULL, NULL);
    live_show(NULL, at_ms(500), NULL, &t);
    live_clear(NULL);
    live_free(NULL);
    stage_seen(stage);
    stage_free(stage);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_load_is_shown_in_eight_lines),
        cmocka_unit_test(a_suite_is_shown_as_a_matrix),
        cmocka_unit_test(lines_are_cut_where_the_terminal_ends),
        cmocka_unit_test(it_is_repainted_four_times_a_second_at_most),
        cmocka_unit_test(what_was_printed_before_stays_and_the_region_vanishes),
        cmocka_unit_test(the_cursor_is_never_hidden_and_the_screen_never_switched),
        cmocka_unit_test(a_log_gets_a_line_a_phase),
        cmocka_unit_test(an_interrupted_phase_tells_how_long_it_was),
        cmocka_unit_test(a_log_gets_a_line_every_thirty_seconds_at_most),
        cmocka_unit_test(a_suite_in_a_log_gets_no_line_for_a_phase_and_one_in_thirty_seconds),
        cmocka_unit_test(what_runs_in_process_has_processes_and_no_rate),
        cmocka_unit_test(who_asks_is_told_at_once_and_the_region_begins_below),
        cmocka_unit_test(quiet_is_quiet),
        cmocka_unit_test(nothing_known_yet_is_no_reason_to_stumble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
