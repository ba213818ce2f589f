/* tests/unit/units_test.c -- numbers as people write and read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/units.h"

static void durations_are_read_exactly_or_not_at_all(void **state)
{
    static const struct {
        int line;
        const char *text;
        int64_t ns; /* -1: refused */
    } cases[] = {
        {__LINE__,  "30s",                         INT64_C(30000000000)     },
        { __LINE__, "1.5s",                        1500000000               },
        { __LINE__, "0.3s",                        300000000                }, /* 0.3 * 1e9 in doubles is 299999999.99999994 */
        { __LINE__, "250ms",                       250000000                },
        { __LINE__, "10us",                        10000                    },
        { __LINE__, "10\xc2\xb5s",                 10000                    },
        { __LINE__, "100ns",                       100                      },
        { __LINE__, "2m",                          INT64_C(120000000000)    },
        { __LINE__, "1h",                          INT64_C(3600000000000)   },
        { __LINE__, "10",                          INT64_C(10000000000)     },
        { __LINE__, "0",                           0                        },
        { __LINE__, "0.000000001",                 1                        },
        { __LINE__, "0.0000000010",                1                        },
        { __LINE__, "1000h",                       INT64_C(3600000000000000)},
        { __LINE__, "1000.1h",                     -1                       },
        { __LINE__, "99999999999999999999h",       -1                       },
        { __LINE__, "0.5ns",                       -1                       },
        { __LINE__, "0.0000000000000000000000001", -1                       },
        { __LINE__, "",                            -1                       },
        { __LINE__, "s",                           -1                       },
        { __LINE__, ".5s",                         -1                       },
        { __LINE__, "1.s",                         -1                       },
        { __LINE__, "-1s",                         -1                       },
        { __LINE__, "+1s",                         -1                       },
        { __LINE__, " 1s",                         -1                       },
        { __LINE__, "1s ",                         -1                       },
        { __LINE__, "1 s",                         -1                       },
        { __LINE__, "1S",                          -1                       },
        { __LINE__, "1d",                          -1                       },
        { __LINE__, "1,5s",                        -1                       },
        { __LINE__, "1e3",                         -1                       },
        { __LINE__, "0x10",                        -1                       },
        { __LINE__, "inf",                         -1                       },
        { __LINE__, "nan",                         -1                       },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ns = -1;
        bool good = units_parse_duration(slice_of(cases[i].text), &ns);

        if (good != (cases[i].ns >= 0) || ns != cases[i].ns)
            fail_msg("line %d: %d, %lld", cases[i].line, good, (long long)ns);
    }
    (void)state;
}

static void a_length_is_a_duration_or_a_count(void **state)
{
    static const struct {
        int line;
        const char *text;
        int64_t ns; /* -1: refused */
        uint64_t count;
    } cases[] = {
        {__LINE__,  "3s",    INT64_C(3000000000), 0    },
        { __LINE__, "100ns", 100,                 0    },
        { __LINE__, "0",     0,                   0    },
        { __LINE__, "500n",  0,                   500  },
        { __LINE__, "20kn",  0,                   20000},
        { __LINE__, "0n",    -1,                  0    },
        { __LINE__, "n",     -1,                  0    },
        { __LINE__, "1.5n",  -1,                  0    },
        { __LINE__, "500nn", -1,                  0    },
        { __LINE__, "500N",  -1,                  0    },
        { __LINE__, "-5n",   -1,                  0    },
        { __LINE__, "",      -1,                  0    },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ns = -1;
        uint64_t count = 0;
        bool good = units_parse_length(slice_of(cases[i].text), &ns, &count);

        if (good != (cases[i].ns >= 0) || ns != cases[i].ns || count != cases[i].count)
            fail_msg("line %d: %d, %lld, %llu", cases[i].line, good, (long long)ns,
                     (unsigned long long)count);
    }
    (void)state;
}

static void counts_are_whole_or_refused(void **state)
{
    static const struct {
        int line;
        const char *text;
        bool good;
        uint64_t count;
    } cases[] = {
        {__LINE__,  "10000",                 true,  10000     },
        { __LINE__, "0",                     true,  0         },
        { __LINE__, "20k",                   true,  20000     },
        { __LINE__, "20K",                   true,  20000     },
        { __LINE__, "1.5M",                  true,  1500000   },
        { __LINE__, "2G",                    true,  2000000000},
        { __LINE__, "1.0",                   true,  1         },
        { __LINE__, "1.2345k",               false, 0         },
        { __LINE__, "0.5",                   false, 0         },
        { __LINE__, "18446744073709551615",  true,  UINT64_MAX},
        { __LINE__, "18446744073709551616",  false, 0         },
        { __LINE__, "18446744073709551615k", false, 0         },
        { __LINE__, "",                      false, 0         },
        { __LINE__, "k",                     false, 0         },
        { __LINE__, "-1",                    false, 0         },
        { __LINE__, "10kk",                  false, 0         },
        { __LINE__, "10 k",                  false, 0         },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t count = 77;
        bool good = units_parse_count(slice_of(cases[i].text), &count);

        if (good != cases[i].good || count != (good ? cases[i].count : 77))
            fail_msg("line %d: %d, %llu", cases[i].line, good, (unsigned long long)count);
    }
    (void)state;
}

static void rates_are_above_zero_and_may_say_per_second(void **state)
{
    static const struct {
        int line;
        const char *text;
        double rate; /* 0: refused */
    } cases[] = {
        {__LINE__,  "400",     400  },
        { __LINE__, "20k",     20000},
        { __LINE__, "0.5",     0.5  },
        { __LINE__, "400/s",   400  },
        { __LINE__, "20k/s",   20000},
        { __LINE__, "0.1",     0.1  },
        { __LINE__, "1.1k",    1100 },
        { __LINE__, "0",       0    },
        { __LINE__, "0.0/s",   0    },
        { __LINE__, "/s",      0    },
        { __LINE__, "",        0    },
        { __LINE__, "400/min", 0    },
        { __LINE__, "-5",      0    },
        { __LINE__, "400/s/s", 0    },
        { __LINE__, "inf",     0    },
        { __LINE__, "1e3",     0    },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double rate = 0;
        bool good = units_parse_rate(slice_of(cases[i].text), &rate);

        if (good != (cases[i].rate > 0) || fabs(rate - cases[i].rate) > 1e-15 * rate)
            fail_msg("line %d: %d, %.17g", cases[i].line, good, rate);
    }
    (void)state;
}

static void bytes_have_binary_and_decimal_units(void **state)
{
    static const struct {
        int line;
        const char *text;
        bool good;
        uint64_t bytes;
    } cases[] = {
        {__LINE__,  "1024",                  true,  1024                },
        { __LINE__, "178B",                  true,  178                 },
        { __LINE__, "4k",                    true,  4096                },
        { __LINE__, "4K",                    true,  4096                },
        { __LINE__, "64KiB",                 true,  65536               },
        { __LINE__, "64kib",                 true,  65536               },
        { __LINE__, "1MiB",                  true,  1048576             },
        { __LINE__, "1.5m",                  true,  1572864             },
        { __LINE__, "2GiB",                  true,  UINT64_C(2147483648)},
        { __LINE__, "2g",                    true,  UINT64_C(2147483648)},
        { __LINE__, "1KB",                   true,  1000                },
        { __LINE__, "1MB",                   true,  1000000             },
        { __LINE__, "1GB",                   true,  1000000000          },
        { __LINE__, "0.3k",                  false, 0                   },
        { __LINE__, "1TiB",                  false, 0                   },
        { __LINE__, "1Ki",                   false, 0                   },
        { __LINE__, "",                      false, 0                   },
        { __LINE__, "-1",                    false, 0                   },
        { __LINE__, "18446744073709551615g", false, 0                   },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t bytes = 77;
        bool good = units_parse_bytes(slice_of(cases[i].text), &bytes);

        if (good != cases[i].good || bytes != (good ? cases[i].bytes : 77))
            fail_msg("line %d: %d, %llu", cases[i].line, good, (unsigned long long)bytes);
    }
    (void)state;
}

static void durations_are_written_with_three_digits(void **state)
{
    static const struct {
        int line;
        int64_t ns;
        const char *text;
    } cases[] = {
        {__LINE__,  0,                      "0ns"         },
        { __LINE__, 7,                      "7ns"         },
        { __LINE__, 999,                    "999ns"       },
        { __LINE__, 1000,                   "1.00us"      },
        { __LINE__, 312000,                 "312us"       },
        { __LINE__, 9994,                   "9.99us"      },
        { __LINE__, 9995,                   "10.0us"      },
        { __LINE__, 99949,                  "99.9us"      },
        { __LINE__, 99950,                  "100us"       },
        { __LINE__, 999499,                 "999us"       },
        { __LINE__, 999500,                 "1.00ms"      },
        { __LINE__, 1210000,                "1.21ms"      },
        { __LINE__, 26300000,               "26.3ms"      },
        { __LINE__, 1340000000,             "1.34s"       },
        { __LINE__, INT64_C(59949999999),   "59.9s"       },
        { __LINE__, INT64_C(59950000000),   "1m00s"       },
        { __LINE__, INT64_C(125000000000),  "2m05s"       },
        { __LINE__, INT64_C(3599499999999), "59m59s"      },
        { __LINE__, INT64_C(3599500000000), "1h00m"       },
        { __LINE__, INT64_C(3720000000000), "1h02m"       },
        { __LINE__, -1210000,               "-1.21ms"     },
        { __LINE__, INT64_C(-125000000000), "-2m05s"      },
        { __LINE__, INT64_MAX,              "2562047h47m" },
        { __LINE__, INT64_MIN,              "-2562047h47m"},
    };
    char text[UNITS_TEXT_MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(units_duration(cases[i].ns, true, text), cases[i].text) != 0)
            fail_msg("line %d: %s", cases[i].line, text);
    assert_string_equal(units_duration(312000, false, text), "312\xc2\xb5s");
    (void)state;
}

static void counts_are_written_with_three_digits(void **state)
{
    static const struct {
        int line;
        double count;
        const char *text;
    } cases[] = {
        {__LINE__,  0,                "0"     },
        { __LINE__, -0.0,             "0"     },
        { __LINE__, 12,               "12"    },
        { __LINE__, 870,              "870"   },
        { __LINE__, 870.4,            "870"   },
        { __LINE__, 12.34,            "12.3"  },
        { __LINE__, 0.5,              "0.50"  },
        { __LINE__, 999,              "999"   },
        { __LINE__, 999.5,            "1.00k" },
        { __LINE__, 47600,            "47.6k" },
        { __LINE__, 1428600,          "1.43M" },
        { __LINE__, 2e9,              "2.00G" },
        { __LINE__, 1e12,             "1.00T" },
        { __LINE__, 1e15,             "1.00P" },
        { __LINE__, 1e18,             "1.00E" },
        { __LINE__, 1e30,             ">999E" },
        { __LINE__, -47600,           "-47.6k"},
        { __LINE__, (double)NAN,      "n/a"   },
        { __LINE__, (double)INFINITY, "n/a"   },
    };
    char text[UNITS_TEXT_MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(units_count(cases[i].count, text), cases[i].text) != 0)
            fail_msg("line %d: %s", cases[i].line, text);
    (void)state;
}

static void bytes_are_written_in_powers_of_1024(void **state)
{
    static const struct {
        int line;
        double bytes;
        const char *text;
    } cases[] = {
        {__LINE__,  178,           "178 B"    },
        { __LINE__, 1023,          "1023 B"   },
        { __LINE__, 1024,          "1.00 KiB" },
        { __LINE__, 1024.0 * 1023, "1023 KiB" },
        { __LINE__, 14889779,      "14.2 MiB" },
        { __LINE__, 0x1p30,        "1.00 GiB" },
        { __LINE__, 0x1p40,        "1.00 TiB" },
        { __LINE__, 0x1p50,        "1.00 PiB" },
        { __LINE__, 0x1p60,        "1.00 EiB" },
        { __LINE__, 0x1p90,        ">1023 EiB"},
        { __LINE__, (double)NAN,   "n/a"      },
    };
    char text[UNITS_TEXT_MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(units_bytes(cases[i].bytes, text), cases[i].text) != 0)
            fail_msg("line %d: %s", cases[i].line, text);
    (void)state;
}

static void whole_numbers_are_grouped_by_three(void **state)
{
    char text[UNITS_TEXT_MAX];

    assert_string_equal(units_whole(0, text), "0");
    assert_string_equal(units_whole(999, text), "999");
    assert_string_equal(units_whole(1000, text), "1,000");
    assert_string_equal(units_whole(1428600, text), "1,428,600");
    assert_string_equal(units_whole(UINT64_MAX, text), "18,446,744,073,709,551,615");
    assert_string_equal(units_rate(4.52, text), "4.52");
    assert_string_equal(units_rate(999.4, text), "999");
    assert_string_equal(units_rate(999.6, text), "1,000");
    assert_string_equal(units_rate(47620.4, text), "47,620");
    (void)state;
}

/* Whatever is written in three digits reads back within half of the third. */
static void what_is_written_reads_back(void **state)
{
    char text[UNITS_TEXT_MAX];

    for (int64_t ns = 1; ns < INT64_C(59000000000); ns += ns / 7 + 1) {
        int64_t again = -1;

        assert_true(units_parse_duration(slice_of(units_duration(ns, true, text)), &again));
        assert_true(fabs((double)(again - ns)) <= 0.005 * (double)ns);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_exactly_or_not_at_all),
        cmocka_unit_test(a_length_is_a_duration_or_a_count),
        cmocka_unit_test(counts_are_whole_or_refused),
        cmocka_unit_test(rates_are_above_zero_and_may_say_per_second),
        cmocka_unit_test(bytes_have_binary_and_decimal_units),
        cmocka_unit_test(durations_are_written_with_three_digits),
        cmocka_unit_test(counts_are_written_with_three_digits),
        cmocka_unit_test(bytes_are_written_in_powers_of_1024),
        cmocka_unit_test(whole_numbers_are_grouped_by_three),
        cmocka_unit_test(what_is_written_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
