/* tests/unit/csv_test.c -- one row a trial, that a spreadsheet reads as it was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "records.h"
#include "report/csv.h"

static char *written(const struct run_record *run)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct error err;

    assert_non_null(out);
    if (!csv_write(out, run, &err))
        fail_msg("%s", err.text);
    fclose(out);
    return text;
}

/* RFC 4180, read by the letter: field `number` of line `line`, both from 0, into ret_field. */
static void field(const char *at, size_t line, size_t number, char *ret_field, size_t size)
{
    struct text out = { ret_field, 0, size, false };
    bool quoted = false;

    ret_field[0] = '\0';
    for (; *at != '\0'; at++) {
        bool wanted = line == 0 && number == 0;

        if (*at == '"' && quoted && at[1] == '"')
            at++;
        else if (*at == '"') {
            quoted = !quoted;
            continue;
        } else if (!quoted && (*at == ',' || *at == '\r')) {
            if (wanted)
                return;
            number -= *at == ',' && line == 0;
            continue;
        } else if (!quoted && *at == '\n') {
            line--;
            continue;
        }
        if (wanted)
            text_add(&out, (struct slice){ at, 1 });
    }
    fail_msg("no such field");
}

static void assert_column(const char *csv, const char *name, const char *expected, int line)
{
    char got[2048];

    for (size_t number = 0; number < 100; number++) {
        field(csv, 0, number, got, sizeof(got));
        if (strcmp(got, name) != 0)
            continue;
        field(csv, 1, number, got, sizeof(got));
        if (strcmp(got, expected) != 0)
            fail_msg("line %d: %s is '%s'", line, name, got);
        return;
    }
    fail_msg("line %d: no column %s", line, name);
}

static void figures_stand_under_their_names(void **state)
{
    static const struct {
        int line;
        const char *name, *expected;
    } cases[] = {
        {__LINE__,  "run",                         "7f3a9c"                                     },
        { __LINE__, "target",                      "nginx mode=\"x\""                           },
        { __LINE__, "factors",                     "workers=8 mode=08 size=18446744073709551616"},
        { __LINE__, "workers",                     "8"                                          },
        { __LINE__, "model",                       "open"                                       },
        { __LINE__, "connections",                 "64"                                         },
        { __LINE__, "rate_per_sec",                "33333.33333"                                },
        { __LINE__, "block",                       "5"                                          },
        { __LINE__, "position",                    "6"                                          },
        { __LINE__, "state",                       "died"                                       },
        { __LINE__, "reason",                      "one,\r\n\"two\""                            },
        { __LINE__, "partial",                     "true"                                       },
        { __LINE__, "started",                     "2026-11-21T03:42:07Z"                       },
        { __LINE__, "scheduled",                   "1000"                                       },
        { __LINE__, "ok",                          "1002"                                       },
        { __LINE__, "failed",                      "16036"                                      },
        { __LINE__, "connect",                     "2001"                                       },
        { __LINE__, "tls",                         "2008"                                       },
        { __LINE__, "unsent",                      "1003"                                       },
        { __LINE__, "in_flight_at_end",            "1004"                                       },
        { __LINE__, "resent",                      "1005"                                       },
        { __LINE__, "response_censored",           "4"                                          },
        { __LINE__, "client_busiest_thread_share", "0.1"                                        },
        { __LINE__, "server_cpu_user_ns",          "4003"                                       },
        { __LINE__, "server_rss_peak_bytes",       "4006"                                       },
        { __LINE__, "server_processes",            "4000"                                       },
        { __LINE__, "ready_ms",                    "12.25"                                      },
        { __LINE__, "build_ms",                    "333.3333333"                                },
        { __LINE__, "shipped_bytes",               "4011"                                       },
        { __LINE__, "seed",                        "18446744073709551615"                       },
        { __LINE__, "ceiling_per_sec",             "66666.66667"                                },
        { __LINE__, "control",                     "true"                                       },
        { __LINE__, "verdict",                     "invalid"                                    },
        { __LINE__, "checks_failed",               "generator;limiter"                          },
        { __LINE__, "checks_warned",               "machine"                                    },
        { __LINE__, "checks_unknown",              "steady"                                     },
    };
    struct run_record *run = new_run(1);
    char *csv;

    fill_run(run);
    add_trial(run, full_trial());
    run->trials[0]->reason = "one,\r\n\"two\"";
    add_check(run->trials[0], CHECK_LIMITER, CHECK_FAIL, "the network was the limit", "");
    csv = written(run);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_column(csv, cases[i].name, cases[i].expected, cases[i].line);
    free(csv);
    run_record_free(run);
    (void)state;
}

static void what_is_not_known_is_empty(void **state)
{
    static const char *const absent[] = { "version",          "rate_per_sec",
                                          "reason",           "window_s",
                                          "response_min_ns",  "response_p50_ns",
                                          "response_mean_ns", "throughput_per_sec",
                                          "loop_late_p99_ns", "server_cpu_ns_per_request",
                                          "ready_ms",         "shipped_bytes",
                                          "ceiling_per_sec",  "verdict",
                                          "checks_failed",    "checks_unknown" };
    struct run_record *run = new_run(1);
    char *csv;

    add_trial(run, new_trial("a", "w", "l"));
    csv = written(run);
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        assert_column(csv, absent[i], "", __LINE__);
    free(csv);
    run_record_free(run);
    (void)state;
}

static size_t count_of(const char *text, char c)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == c;
    return count;
}

static void every_row_has_as_many_fields_as_the_header(void **state)
{
    struct run_record *run = new_run(3);
    char *csv, *row;
    size_t commas;

    for (int i = 0; i < 3; i++)
        add_trial(run, good_trial("a", 10));
    csv = written(run);
    assert_int_equal(count_of(csv, '\n'), 4);
    assert_int_equal(count_of(csv, '\r'), 4);
    row = strchr(csv, '\n');
    *row++ = '\0';
    commas = count_of(csv, ',');
    assert_int_equal(count_of(row, ','), 3 * commas);
    free(csv);
    run_record_free(run);
    (void)state;
}

static void a_full_disk_is_an_error_that_says_what_to_do(void **state)
{
    struct run_record *run = new_run(200);
    FILE *out = fopen("/dev/full", "w");
    struct error err;

    assert_non_null(out);
    for (int i = 0; i < 200; i++)
        add_trial(run, good_trial("a", 1));
    assert_false(csv_write(out, run, &err));
    assert_string_equal(err.text,
                        "the document is not whole: free some space, or write it elsewhere: "
                        "No space left on device");
    fclose(out);
    run_record_free(run);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_stand_under_their_names),
        cmocka_unit_test(what_is_not_known_is_empty),
        cmocka_unit_test(every_row_has_as_many_fields_as_the_header),
        cmocka_unit_test(a_full_disk_is_an_error_that_says_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
