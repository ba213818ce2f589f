/* tests/unit/times_test.c -- what is remembered of how long trials took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/times.h"

static struct times_key key_of(const char *variant, int64_t guess_ns)
{
    return (struct times_key){ slice_of(variant), SLICE("hello"), SLICE("few"), guess_ns };
}

static void a_time_is_found_again_for_the_same_trial_alone(void **state)
{
    const struct times_key slow = key_of("slow", 100), quick = key_of("quick", 100),
                           longer = key_of("slow", 200);
    json_t *times = times_read("/no/such/file");

    (void)state;
    assert_int_equal(times_of(times, &slow), -1);
    times_note(times, &slow, 5000);
    assert_int_equal(times_of(times, &slow), 5000);
    assert_int_equal(times_of(times, &quick), -1);
    assert_int_equal(times_of(times, &longer), -1); /* another preset's */
    times_note(times, &slow, 6000);
    assert_int_equal(times_of(times, &slow), 6000);
    json_decref(times);
}

static void what_another_run_wrote_meanwhile_is_kept(void **state)
{
    char path[] = "/tmp/assay-times-XXXXXX";
    const struct times_key a = key_of("a", 1), b = key_of("b", 1);
    json_t *mine = json_object(), *other = json_object(), *read;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    times_note(mine, &a, 10);
    times_note(other, &b, 20);
    times_write(other, path);
    times_write(mine, path);
    read = times_read(path);
    assert_int_equal(times_of(read, &a), 10);
    assert_int_equal(times_of(read, &b), 20);
    json_decref(read);
    json_decref(mine);
    json_decref(other);
    unlink(path);
}

static void a_file_that_is_none_of_ours_is_no_time(void **state)
{
    char path[] = "/tmp/assay-times-XXXXXX";
    const struct times_key a = key_of("a", 1);
    int fd = mkstemp(path);
    json_t *times;

    (void)state;
    assert_int_equal(write(fd, "[1, 2", 5), 5);
    close(fd);
    times = times_read(path);
    assert_int_equal(times_of(times, &a), -1);
    json_decref(times);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_found_again_for_the_same_trial_alone),
        cmocka_unit_test(what_another_run_wrote_meanwhile_is_kept),
        cmocka_unit_test(a_file_that_is_none_of_ours_is_no_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
