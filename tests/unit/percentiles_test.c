#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "report/percentiles.h"

/* The names of what was read, with blanks between. */
static const char *names(const struct percentiles *p)
{
    static char bytes[500];
    struct text text = TEXT(bytes);

    for (size_t i = 0; i < p->count; i++)
        text_format(&text, "%s%s", i > 0 ? " " : "", p->list[i].name);
    return bytes;
}

static void percentiles_are_read_as_people_write_them_and_put_in_order(void **state)
{
    static const struct {
        int line;
        const char *text, *names;
    } cases[] = {
        {__LINE__,  "50,99,99.9",       "p50 p99 p99.9"          },
        { __LINE__, "99.9,50",          "p50 p99.9"              },
        { __LINE__, "p50, p99 , 99.9%", "p50 p99 p99.9"          },
        { __LINE__, "P75 %",            "p75"                    },
        { __LINE__, "0.5,5,50",         "p0.5 p5 p50"            },
        { __LINE__, "99.0,33.3333333",  "p33.33333 p99"          },
        { __LINE__, "0.00001,99.99999", "p0.00001 p99.99999"     },
        { __LINE__, "8,7,6,5,4,3,2,1",  "p1 p2 p3 p4 p5 p6 p7 p8"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct percentiles found;
        struct error err;

        if (!percentiles_parse(slice_of(cases[i].text), &found, &err))
            fail_msg("line %d: %s", cases[i].line, err.text);
        if (strcmp(names(&found), cases[i].names) != 0)
            fail_msg("line %d: %s", cases[i].line, names(&found));
        for (size_t k = 1; k < found.count; k++)
            assert_true(found.list[k - 1].q < found.list[k].q);
    }
    (void)state;
}

static void what_is_no_list_of_percentiles_is_refused_with_what_is_right(void **state)
{
    static const struct {
        int line;
        const char *text, *words;
    } cases[] = {
        {__LINE__,  "",                  "write them like 50,99,99.9"},
        { __LINE__, "50,",               "write them like"           },
        { __LINE__, ",50",               "write them like"           },
        { __LINE__, "many",              "'many' is no percentile"   },
        { __LINE__, "p",                 "write them like"           },
        { __LINE__, "5.0.1",             "write them like"           },
        { __LINE__, "-5",                "write them like"           },
        { __LINE__, "1e1",               "write them like"           },
        { __LINE__, "nan",               "write them like"           },
        { __LINE__, "50;99",             "write them like"           },
        { __LINE__, "0",                 "0 is out of range"         },
        { __LINE__, "100",               "100 is out of range"       },
        { __LINE__, "99.999999",         "from 0.00001 to 99.99999"  },
        { __LINE__, "250",               "out of range"              },
        { __LINE__, "50,99,50",          "50 stands there twice"     },
        { __LINE__, "99,99.0",           "99.0 stands there twice"   },
        { __LINE__, "1,2,3,4,5,6,7,8,9", "more than 8"               },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct percentiles found;
        struct error err;

        if (percentiles_parse(slice_of(cases[i].text), &found, &err))
            fail_msg("line %d: %s", cases[i].line, names(&found));
        if (strstr(err.text, cases[i].words) == NULL || !err.usage)
            fail_msg("line %d: %s", cases[i].line, err.text);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_read_as_people_write_them_and_put_in_order),
        cmocka_unit_test(what_is_no_list_of_percentiles_is_refused_with_what_is_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
