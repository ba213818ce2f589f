#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "report/events.h"

/* ---- a reader ---- */

struct reader {
    int ends[2];
    struct events *events;
};

static struct reader reader_open(void)
{
    struct reader r;

    assert_int_equal(pipe2(r.ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(r.ends[0], F_SETFL, O_NONBLOCK), 0);
    r.events = events_new(r.ends[1]);
    assert_non_null(r.events);
    return r;
}

static void reader_close(struct reader *r)
{
    events_free(r->events);
    close(r->ends[0]);
    close(r->ends[1]);
}

/* What there is to read now: events, in an array. */
static json_t *read_events(struct reader *r)
{
    static char bytes[1 << 16];
    ssize_t got = read(r->ends[0], bytes, sizeof(bytes) - 1);
    json_t *array = json_array();
    char *rest = bytes, *line;

    bytes[got > 0 ? got : 0] = '\0';
    while ((line = strsep(&rest, "\n")) != NULL) {
        json_error_t why;
        json_t *event = line[0] == '\0' ? NULL : json_loads(line, 0, &why);

        if (line[0] != '\0' && event == NULL)
            fail_msg("%s: %s", why.text, line);
        if (event != NULL)
            json_array_append_new(array, event);
    }
    return array;
}

static const json_t *member(const json_t *array, size_t index, const char *key)
{
    const json_t *value = json_object_get(json_array_get(array, index), key);

    if (value == NULL)
        fail_msg("no %s in event %zu of %zu", key, index, json_array_size(array));
    return value;
}

static void assert_types(const json_t *array, const char *types)
{
    char found[500];
    struct text text = TEXT(found);

    for (size_t i = 0; i < json_array_size(array); i++)
        text_format(&text, "%s%s", i > 0 ? " " : "", json_string_value(member(array, i, "type")));
    assert_string_equal(found, types);
}

static struct mono at_ms(int64_t ms)
{
    return (struct mono){ ms * MILLISECOND_NS };
}

static struct trial_record *trial_of(const char *workload)
{
    struct error err;
    struct trial_record *t = trial_record_new(4096, &err);

    assert_non_null(t);
    t->target = "nginx";
    t->workload.name = slice_of(workload);
    return t;
}

static void tell(struct reader *r, int64_t ms, const struct trial_record *t, bool asked)
{
    const struct progress progress = { .phase = PROGRESS_MEASURE,
                                       .record = t,
                                       .total_ns = SECOND_NS,
                                       .ok = 7,
                                       .server_cpus = -1,
                                       .client_cpus = 0.5,
                                       .server_rss_bytes = -1 };

    events_progress(r->events, at_ms(ms), "measure", &progress, asked);
}

/* ---- the tests ---- */

static void a_trial_starts_with_its_first_progress_and_ends_once(void **state)
{
    struct reader r = reader_open();
    struct trial_record *t = trial_of("json");
    json_t *events;

    events_run_start(r.events, at_ms(0), "run", "assay run demo", 2);
    tell(&r, 1, t, false);
    tell(&r, 5000, t, false);
    events_trial_end(r.events, at_ms(6000), t);
    events_trial_end(r.events, at_ms(7000), t); /* one that never got so far as to be shown */
    events_run_end(r.events, at_ms(8000), "7f3a9c", 0);
    events = read_events(&r);
    assert_types(events, "run_start trial_start progress progress trial_end trial_start trial_end "
                         "run_end");
    assert_int_equal(json_integer_value(member(events, 4, "trial")), 1);
    assert_int_equal(json_integer_value(member(events, 6, "trial")), 2);
    assert_int_equal(json_integer_value(member(events, 6, "t_ns")), 7 * SECOND_NS);
    assert_int_equal(json_integer_value(member(events, 7, "trials_begun")), 2);
    json_decref(events);
    trial_record_free(t);
    reader_close(&r);
    (void)state;
}

static void progress_comes_once_a_second_and_when_somebody_asks(void **state)
{
    struct reader r = reader_open();
    struct trial_record *t = trial_of("json");
    json_t *events;

    for (int64_t ms = 0; ms <= 3000; ms += 100)
        tell(&r, ms, t, ms == 1500);
    events = read_events(&r);
    assert_types(events, "trial_start progress progress progress progress");
    assert_int_equal(json_integer_value(member(events, 2, "t_ns")), SECOND_NS);
    assert_int_equal(json_integer_value(member(events, 3, "t_ns")), 1500 * MILLISECOND_NS);
    assert_int_equal(json_integer_value(member(events, 4, "t_ns")), 2500 * MILLISECOND_NS);
    json_decref(events);
    trial_record_free(t);
    reader_close(&r);
    (void)state;
}

static void what_is_built_or_called_is_no_trial_and_has_no_figures_of_one(void **state)
{
    struct reader r = reader_open();
    struct trial_record *t = trial_of("");
    json_t *events;

    tell(&r, 0, t, false);
    events = read_events(&r);
    assert_types(events, "progress");
    assert_true(json_is_null(member(events, 0, "trial")));
    assert_true(json_is_null(member(events, 0, "ok")));
    assert_true(json_is_null(member(events, 0, "server_cpus")));
    assert_true(json_is_null(member(events, 0, "server_rss_bytes")));
    assert_true(json_real_value(member(events, 0, "client_cpus")) == 0.5);
    json_decref(events);
    trial_record_free(t);
    reader_close(&r);
    (void)state;
}

static void without_samples_there_are_no_percentiles(void **state)
{
    struct reader r = reader_open();
    struct trial_record *t = trial_of("json");
    json_t *events;

    histogram_record_many(&t->tally.response, MILLISECOND_NS, 500);
    events_trial_end(r.events, at_ms(0), t);
    events = read_events(&r);
    assert_true(json_integer_value(member(events, 1, "p50_ns")) > 0);
    assert_true(json_is_null(member(events, 1, "p99_ns"))); /* of 500: five lie above it */
    assert_true(json_is_null(member(events, 1, "throughput_per_sec")));
    assert_true(json_is_null(member(events, 1, "verdict")));
    json_decref(events);
    trial_record_free(t);
    reader_close(&r);
    (void)state;
}

/* The longest there can be, of what takes most room. */
static void names_of_others_are_told_whatever_is_in_them(void **state)
{
    char longest[3000];
    struct reader r = reader_open();
    struct trial_record *t = trial_of("json");
    json_t *events;

    memset(longest, '\001', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    t->target = "na\xc3\xafve \"\\ \xff\n";
    events_trial_end(r.events, at_ms(0), t);
    t->target = t->reason = longest;
    t->workload.name = t->load.name = slice_of(longest);
    events_trial_end(r.events, at_ms(0), t);
    events = read_events(&r);
    assert_string_equal(json_string_value(member(events, 0, "target")),
                        "na\xc3\xafve \"\\ \\xff\\x0a");
    assert_int_equal(json_array_size(events), 4);
    json_decref(events);
    trial_record_free(t);
    reader_close(&r);
    (void)state;
}

static void a_full_pipe_is_not_waited_for_and_the_next_event_says_so(void **state)
{
    struct reader r = reader_open();
    struct trial_record *t = trial_of("json");
    json_t *events;
    size_t left;

    for (int i = 0; i < 1000; i++)
        tell(&r, 0, t, true);
    do {
        events = read_events(&r);
        left = json_array_size(events);
        json_decref(events);
    } while (left > 0);
    events_run_start(r.events, at_ms(0), "run", "assay run demo", 0);
    events = read_events(&r);
    assert_types(events, "run_start");
    assert_in_range(json_integer_value(member(events, 0, "lost_events")), 1, 999);
    json_decref(events);
    events_run_end(r.events, at_ms(0), "", 0);
    events = read_events(&r);
    assert_int_equal(json_integer_value(member(events, 0, "lost_events")), 0);
    json_decref(events);
    trial_record_free(t);
    reader_close(&r);
    (void)state;
}

static void a_reader_that_left_is_no_failure(void **state)
{
    struct reader r = reader_open();
    struct trial_record *t = trial_of("json");

    signal(SIGPIPE, SIG_IGN); /* as cli/common.c does */
    close(r.ends[0]);
    tell(&r, 0, t, true);
    events_trial_end(r.events, at_ms(0), t);
    events_run_end(r.events, at_ms(0), "", 0);
    r.ends[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    trial_record_free(t);
    reader_close(&r);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trial_starts_with_its_first_progress_and_ends_once),
        cmocka_unit_test(progress_comes_once_a_second_and_when_somebody_asks),
        cmocka_unit_test(what_is_built_or_called_is_no_trial_and_has_no_figures_of_one),
        cmocka_unit_test(without_samples_there_are_no_percentiles),
        cmocka_unit_test(names_of_others_are_told_whatever_is_in_them),
        cmocka_unit_test(a_full_pipe_is_not_waited_for_and_the_next_event_says_so),
        cmocka_unit_test(a_reader_that_left_is_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
