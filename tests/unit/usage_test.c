/* tests/unit/usage_test.c -- what the kernel says of this thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "load/usage.h"

static void work_is_seen_as_cpu_time_of_this_thread(void **state)
{
    int schedstat = usage_open();
    struct thread_usage before = usage_now(schedstat), after;
    int64_t began_ns = usage_cpu_ns();

    while (usage_cpu_ns() < began_ns + 20 * MILLISECOND_NS)
        ;
    after = usage_now(schedstat);
    assert_true(after.cpu_user_ns + after.cpu_system_ns - before.cpu_user_ns -
                    before.cpu_system_ns >=
                19 * MILLISECOND_NS);
    assert_true(after.preempted >= before.preempted);
    if (schedstat >= 0) {
        assert_true(before.run_queue_wait_ns >= 0);
        assert_true(after.run_queue_wait_ns >= before.run_queue_wait_ns);
        close(schedstat);
    }
    (void)state;
}

/* The second of three numbers; what says something else says nothing. */
static void the_wait_is_the_second_number_of_schedstat_or_unknown(void **state)
{
    const struct {
        int line;
        const char *text;
        int64_t wait_ns;
    } cases[] = {
        {__LINE__,  "366257 2010940 40\n", 2010940},
        { __LINE__, "0 0 0\n",             0      },
        { __LINE__, "366257",              -1     },
        { __LINE__, "none\n",              -1     },
        { __LINE__, "",                    -1     }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        FILE *file = tmpfile();

        assert_non_null(file);
        fputs(cases[i].text, file);
        fflush(file);
        if (usage_now(fileno(file)).run_queue_wait_ns != cases[i].wait_ns)
            fail_msg("line %d", cases[i].line);
        fclose(file);
    }
    assert_int_equal(usage_now(-1).run_queue_wait_ns, -1);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_seen_as_cpu_time_of_this_thread),
        cmocka_unit_test(the_wait_is_the_second_number_of_schedstat_or_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
