/* tests/unit/tally_test.c -- the books of a trial, their sums, examples and seconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "aborts.h"
#include "base/rng.h"
#include "load/tally.h"

static struct tally sum, worker;

/* ---- seconds ---- */

/* Every value goes to a bucket that begins at it or below it, and is 1/32 of it wide. */
static void a_second_keeps_times_within_three_percent(void **state)
{
    struct rng rng = { 1 };

    for (int i = 0; i < 10000; i++) {
        static struct tally_second second;
        int64_t value = (int64_t)(rng_next(&rng) >> (27 + rng_below(&rng, 27)));
        int64_t got;

        if (value < 1024 || value >= INT64_C(1024) << SECOND_OCTAVES)
            continue;
        memset(&second, 0, sizeof(second));
        second.counts[second_bucket(histogram_index(value))] = 1;
        got = second_quantile_ns(&second, 0.5);
        if (llabs(got - value) > value / 64 + 1)
            fail_msg("%lld for %lld", (long long)got, (long long)value);
    }
    (void)state;
}

static void a_second_holds_what_is_faster_or_slower_in_its_first_and_last_bucket(void **state)
{
    const int64_t end = INT64_C(1024) << SECOND_OCTAVES;

    assert_int_equal(second_bucket(histogram_index(0)), 0);
    assert_int_equal(second_bucket(histogram_index(1023)), 0);
    assert_int_equal(second_bucket(histogram_index(1024 + 31)), 0);
    assert_int_equal(second_bucket(histogram_index(1024 + 32)), 1);
    assert_int_equal(second_bucket(histogram_index(2047)), 31);
    assert_int_equal(second_bucket(histogram_index(2048)), 32);
    assert_int_equal(second_bucket(histogram_index(end - 1)), SECOND_BUCKETS - 1);
    assert_int_equal(second_bucket(histogram_index(end)), SECOND_BUCKETS - 1);
    assert_int_equal(second_bucket(HISTOGRAM_BUCKETS - 1), SECOND_BUCKETS - 1);
    (void)state;
}

static void quantiles_of_a_second_count_from_its_fastest(void **state)
{
    static struct tally_second second;

    assert_int_equal(second_quantile_ns(&second, 0.99), 0);
    second.counts[0] = 98;
    second.counts[100] = 1;
    second.counts[SECOND_BUCKETS - 1] = 1;
    assert_int_equal(second_quantile_ns(&second, 0.98), 1024 + 16);
    assert_int_equal(second_quantile_ns(&second, 0.99), (36 * 32 + 16) << 3); /* octave 3, fifth */
    assert_int_equal(second_quantile_ns(&second, 1), (63 * 32 + 16) * (INT64_C(1) << 26));
    (void)state;
}

/* ---- examples ---- */

static void the_first_of_each_kind_is_kept_and_the_others_counted(void **state)
{
    memset(&sum, 0, sizeof(sum));
    tally_example(&sum, OUTCOME_STATUS, 0, 503, "503", "HTTP/1.1 503 No", 15);
    tally_example(&sum, OUTCOME_STATUS, 0, 503, "another", "x", 1);
    tally_example(&sum, OUTCOME_STATUS, 0, 500, "500", NULL, 0);
    tally_example(&sum, OUTCOME_RESET, 104, 0, "Connection reset by peer", "", 0);
    assert_int_equal(sum.example_count, 3);
    assert_int_equal(sum.examples[0].count, 2);
    assert_string_equal(sum.examples[0].reason, "503");
    assert_int_equal(sum.examples[0].head_len, 15);
    assert_memory_equal(sum.examples[0].head, "HTTP/1.1 503 No", 15);
    assert_int_equal(sum.examples[1].status, 500);
    assert_int_equal(sum.examples[2].sys, 104);
    assert_int_equal(sum.examples_left_out, 0);
    (void)state;
}

static void long_heads_and_reasons_are_cut_and_many_kinds_left_out(void **state)
{
    char head[TALLY_HEAD_MAX + 1], reason[200];

    memset(&sum, 0, sizeof(sum));
    memset(head, 'h', sizeof(head));
    memset(reason, 'r', sizeof(reason));
    reason[sizeof(reason) - 1] = '\0';
    for (int kind = 0; kind < TALLY_EXAMPLES_MAX + 3; kind++)
        tally_example(&sum, OUTCOME_STATUS, 0, (uint16_t)(400 + kind), reason, head, sizeof(head));
    assert_int_equal(sum.example_count, TALLY_EXAMPLES_MAX);
    assert_int_equal(sum.examples_left_out, 3);
    assert_int_equal(sum.examples[15].head_len, TALLY_HEAD_MAX);
    assert_int_equal(strlen(sum.examples[15].reason), sizeof(sum.examples[15].reason) - 1);
    (void)state;
}

static void merged_examples_join_their_kind_or_are_counted_as_left_out(void **state)
{
    memset(&sum, 0, sizeof(sum));
    memset(&worker, 0, sizeof(worker));
    for (int kind = 0; kind < TALLY_EXAMPLES_MAX - 1; kind++)
        tally_example(&sum, OUTCOME_STATUS, 0, (uint16_t)(400 + kind), "sum's", NULL, 0);
    tally_example(&worker, OUTCOME_STATUS, 0, 403, "worker's", NULL, 0); /* the same kind */
    tally_example(&worker, OUTCOME_BODY, 0, 403, "fits", NULL, 0);
    for (int times = 0; times < 5; times++)
        tally_example(&worker, OUTCOME_TLS, 0, 0, "does not fit", NULL, 0);
    worker.examples_left_out = 7;
    tally_merge(&sum, &worker);
    assert_int_equal(sum.example_count, TALLY_EXAMPLES_MAX);
    assert_int_equal(sum.examples[3].count, 2);
    assert_string_equal(sum.examples[3].reason, "sum's");
    assert_string_equal(sum.examples[TALLY_EXAMPLES_MAX - 1].reason, "fits");
    assert_int_equal(sum.examples_left_out, 5 + 7);
    (void)state;
}

/* ---- sums ---- */

/* Every counter a different number, so that none can stand in for another. */
static void fill(struct tally *t, uint64_t base)
{
    uint64_t *numbers[] = { &t->scheduled,        &t->sent,           &t->ok,
                            &t->unsent,           &t->in_flight,      &t->resent,
                            &t->warmup,           &t->ok_in_window,   &t->bytes_sent,
                            &t->bytes_received,   &t->opened,         &t->closed_by_server,
                            &t->closed_by_client, &t->connect_failed, &t->unsent_pool,
                            &t->out_of_ports };
    struct histogram *histograms[] = { &t->response, &t->service,   &t->first_byte,
                                       &t->connect,  &t->loop_late, &t->pool_late };

    memset(t, 0, sizeof(*t));
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        *numbers[i] = base + i;
    for (unsigned kind = 1; kind < OUTCOME_KINDS; kind++)
        t->failed[kind] = base * 10 + kind;
    for (size_t i = 0; i < sizeof(histograms) / sizeof(histograms[0]); i++)
        histogram_record_many(histograms[i], (int64_t)(1000 + i), base);
    t->cpu_user_ns = (int64_t)(base * 3);
    t->cpu_system_ns = (int64_t)(base * 5);
}

static void a_merge_adds_every_counter(void **state)
{

    fill(&sum, 100);
    fill(&worker, 7000);
    tally_merge(&sum, &worker);
    assert_int_equal(sum.scheduled, 7100);
    assert_int_equal(sum.sent, 7102);
    assert_int_equal(sum.ok, 7104);
    assert_int_equal(sum.unsent, 7106);
    assert_int_equal(sum.in_flight, 7108);
    assert_int_equal(sum.resent, 7110);
    assert_int_equal(sum.warmup, 7112);
    assert_int_equal(sum.ok_in_window, 7114);
    assert_int_equal(sum.bytes_sent, 7116);
    assert_int_equal(sum.bytes_received, 7118);
    assert_int_equal(sum.opened, 7120);
    assert_int_equal(sum.closed_by_server, 7122);
    assert_int_equal(sum.closed_by_client, 7124);
    assert_int_equal(sum.connect_failed, 7126);
    assert_int_equal(sum.unsent_pool, 7128);
    assert_int_equal(sum.out_of_ports, 7130);
    for (unsigned kind = 1; kind < OUTCOME_KINDS; kind++)
        assert_int_equal(sum.failed[kind], 71000 + 2 * kind);
    assert_int_equal(sum.cpu_user_ns, 7100 * 3);
    assert_int_equal(sum.cpu_system_ns, 7100 * 5);
    assert_int_equal(sum.response.counts[1000], 7100);
    assert_int_equal(sum.service.counts[1001], 7100);
    assert_int_equal(sum.first_byte.counts[1002], 7100);
    assert_int_equal(sum.connect.counts[1003], 7100);
    assert_int_equal(sum.loop_late.counts[1004], 7100);
    assert_int_equal(sum.pool_late.counts[1005], 7100);
    (void)state;
}

static void a_merge_takes_the_longest_window_the_busiest_thread_and_any_interrupt(void **state)
{
    memset(&sum, 0, sizeof(sum));
    memset(&worker, 0, sizeof(worker));
    worker.window_ns = 900;
    worker.busiest_thread_share = 0.4;
    worker.partial = true;
    tally_merge(&sum, &worker);
    worker.window_ns = 1000;
    worker.busiest_thread_share = 0.3;
    worker.partial = false;
    tally_merge(&sum, &worker);
    assert_int_equal(sum.window_ns, 1000);
    assert_true(sum.busiest_thread_share == 0.4);
    assert_true(sum.partial);
    (void)state;
}

static void seconds_are_added_one_by_one_and_the_longer_row_stays(void **state)
{
    static struct tally_second into[3], from[3];

    memset(&sum, 0, sizeof(sum));
    memset(&worker, 0, sizeof(worker));
    into[0] = (struct tally_second){ .ok = 1, .failed = 2, .counts[7] = 3 };
    into[1].ok = 999; /* not yet in use: whatever stood there */
    for (int i = 0; i < 3; i++)
        from[i] = (struct tally_second){ .ok = 10, .failed = 20, .counts[7] = 30 };
    sum.seconds = into;
    sum.second_count = 1;
    worker.seconds = from;
    worker.second_count = 3;
    tally_merge(&sum, &worker);
    assert_int_equal(sum.second_count, 3);
    assert_int_equal(into[0].ok, 11);
    assert_int_equal(into[0].failed, 22);
    assert_int_equal(into[0].counts[7], 33);
    assert_int_equal(into[1].ok, 10);
    assert_int_equal(into[2].counts[7], 30);
    worker.second_count = 1;
    tally_merge(&sum, &worker);
    assert_int_equal(sum.second_count, 3);
    assert_int_equal(into[0].ok, 21);
    assert_int_equal(into[2].ok, 10);
    (void)state;
}

static void tenths_are_added_one_by_one_and_the_longer_row_stays(void **state)
{
    uint32_t into[4] = { 1, 2, 999, 999 }, from[4] = { 10, 20, 30, 40 };

    tally_clear(&sum);
    tally_clear(&worker);
    sum.tenths = into;
    sum.tenth_count = 2;
    sum.tenths_before = 1;
    worker.tenths = from;
    worker.tenth_count = 4;
    worker.tenths_before = 2;
    tally_merge(&sum, &worker);
    worker.tenth_count = 1;
    worker.tenths_before = 0;
    tally_merge(&sum, &worker);
    assert_int_equal(sum.tenth_count, 4);
    assert_int_equal(sum.tenths_before, 2);
    assert_int_equal(into[0], 21);
    assert_int_equal(into[1], 22);
    assert_int_equal(into[2], 30);
    assert_int_equal(into[3], 40);
    (void)state;
}

/* ---- how the generator was ---- */

static void a_second_is_busy_when_any_thread_was(void **state)
{
    static struct tally_second into[3], first[3], second[3];

    tally_clear(&sum);
    sum.seconds = into;
    first[0].busy_threads = first[1].busy_threads = second[1].busy_threads = 1;
    for (int i = 0; i < 2; i++) {
        tally_clear(&worker);
        worker.seconds = i == 0 ? first : second;
        worker.second_count = 3;
        tally_merge(&sum, &worker);
    }
    assert_int_equal(sum.seconds_busy, 2);
    assert_int_equal(into[1].busy_threads, 2);
    (void)state;
}

static void the_worker_that_waited_most_speaks_and_none_is_unknown(void **state)
{
    tally_clear(&sum);
    tally_clear(&worker);
    tally_merge(&sum, &worker);
    assert_int_equal(sum.run_queue_wait_ns, -1);
    for (int64_t wait_ns = 300; wait_ns >= 0; wait_ns -= 100) {
        worker.run_queue_wait_ns = wait_ns;
        worker.preempted = 7;
        worker.waits = 10;
        worker.events = 100;
        worker.loop.counts[3] = 5;
        tally_merge(&sum, &worker);
    }
    assert_int_equal(sum.run_queue_wait_ns, 300);
    assert_int_equal(sum.preempted, 28);
    assert_int_equal(sum.waits, 40);
    assert_int_equal(sum.events, 400);
    assert_int_equal(sum.loop.counts[3], 20);
    (void)state;
}

static void only_one_workers_gaps_are_kept(void **state)
{
    tally_clear(&sum);
    tally_clear(&worker);
    tally_merge(&sum, &worker);
    worker.gap_count = 2;
    worker.gaps_ns[0] = 5;
    worker.gaps_ns[1] = 6;
    tally_merge(&sum, &worker);
    worker.gap_count = 3;
    worker.gaps_ns[0] = 999;
    tally_merge(&sum, &worker);
    assert_int_equal(sum.gap_count, 2);
    assert_int_equal(sum.gaps_ns[0], 5);
    assert_int_equal(sum.gaps_ns[1], 6);
    (void)state;
}

static void shares_keep_what_a_mean_and_a_deviation_need(void **state)
{
    tally_clear(&sum);
    tally_clear(&worker);
    tally_merge(&sum, &worker); /* nobody's share is not a share of nothing */
    assert_int_equal(sum.by_connection.count, 0);
    for (uint64_t right = 3; right <= 5; right++) {
        tally_clear(&worker);
        tally_share(&worker.by_connection, right);
        tally_share(&worker.by_connection, 10 * right);
        tally_merge(&sum, &worker);
    }
    assert_int_equal(sum.by_connection.count, 6);
    assert_true(sum.by_connection.sum == 11 * 12);
    assert_true(sum.by_connection.squares == 101 * (9 + 16 + 25));
    assert_true(sum.by_connection.least == 3);
    assert_true(sum.by_connection.most == 50);
    (void)state;
}

/* ---- a window begun anew ---- */

static void what_was_measured_becomes_warm_up_and_what_counts_all_phases_stays(void **state)
{
    static struct tally_second seconds[2];
    uint32_t tenths[2] = { 4, 5 };

    fill(&worker, 100);
    worker.seconds = seconds;
    worker.second_count = 2;
    seconds[0].ok = seconds[1].counts[3] = 8;
    worker.tenths = tenths;
    worker.tenth_count = 2;
    worker.gap_count = 9;
    worker.loop.counts[1] = 6;
    worker.waits = worker.events = 6;
    tally_example(&worker, OUTCOME_RESET, 104, 0, "Connection reset by peer", "", 0);
    tally_begin_anew(&worker);
    assert_int_equal(worker.warmup, 106 + 101);
    assert_int_equal(worker.scheduled + worker.sent + worker.ok + worker.ok_in_window, 0);
    assert_int_equal(tally_failed(&worker), 0);
    assert_int_equal(worker.response.count + worker.service.count + worker.first_byte.count, 0);
    assert_int_equal(worker.loop_late.count + worker.pool_late.count, 0);
    assert_int_equal(worker.response.counts[1000], 0);
    assert_int_equal(worker.example_count + worker.second_count + worker.gap_count, 0);
    assert_int_equal(seconds[0].ok + seconds[1].counts[3], 0);
    assert_int_equal(worker.loop.counts[1] + worker.waits + worker.events, 0);
    /* Of all phases. */
    assert_int_equal(worker.resent, 105);
    assert_int_equal(worker.bytes_sent, 108);
    assert_int_equal(worker.opened, 110);
    assert_int_equal(worker.connect_failed, 113);
    assert_int_equal(worker.connect.count, 100);
    assert_int_equal(worker.tenth_count, 2);
    assert_int_equal(tenths[1], 5);
    (void)state;
}

/* ---- the books ---- */

static void keep_good_books(struct tally *t)
{
    memset(t, 0, sizeof(*t));
    t->scheduled = 110;
    t->unsent = 10;
    t->sent = 100;
    t->ok = 60;
    t->in_flight = 5;
    t->failed[OUTCOME_CONNECT] = 20;
    t->failed[OUTCOME_TLS] = 15;
    histogram_record_many(&t->response, 1000, 59);
    histogram_record(&t->response, -1); /* a broken clock is odd, but it is counted */
    for (int i = 0; i < 50; i++)
        histogram_record_censored(&t->response, 5000);
    t->ok_in_window = 50;
    tally_share(&t->by_worker, 50);
    tally_share(&t->by_connection, 20);
    tally_share(&t->by_connection, 30);
}

static void balance(void *t)
{
    tally_balance(t);
}

static void books_that_do_not_balance_stop_the_program(void **state)
{
    uint64_t *entries[] = { &sum.scheduled,
                            &sum.unsent,
                            &sum.sent,
                            &sum.ok,
                            &sum.in_flight,
                            &sum.failed[OUTCOME_CONNECT],
                            &sum.failed[OUTCOME_BODY],
                            &sum.response.count,
                            &sum.ok_in_window };

    keep_good_books(&sum);
    assert_false(aborts(balance, &sum));
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        ++*entries[i];
        if (!aborts(balance, &sum))
            fail_msg("entry %zu is one too high, and nobody noticed", i);
        --*entries[i];
    }
    sum.failed[OUTCOME_OK]++; /* a success booked as a failure, with the sums kept */
    sum.failed[OUTCOME_CONNECT]--;
    assert_true(aborts(balance, &sum));
    (void)state;
}

static void throughput_is_right_answers_by_the_length_of_the_window(void **state)
{
    keep_good_books(&sum);
    assert_int_equal(tally_failed(&sum), 35);
    assert_true(tally_throughput_per_sec(&sum) == 0); /* no window, no division by it */
    sum.window_ns = 2500000000;
    sum.ok_in_window = 50;
    assert_true(fabs(tally_throughput_per_sec(&sum) - 20) < 1e-12);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_keeps_times_within_three_percent),
        cmocka_unit_test(a_second_holds_what_is_faster_or_slower_in_its_first_and_last_bucket),
        cmocka_unit_test(quantiles_of_a_second_count_from_its_fastest),
        cmocka_unit_test(the_first_of_each_kind_is_kept_and_the_others_counted),
        cmocka_unit_test(long_heads_and_reasons_are_cut_and_many_kinds_left_out),
        cmocka_unit_test(merged_examples_join_their_kind_or_are_counted_as_left_out),
        cmocka_unit_test(a_merge_adds_every_counter),
        cmocka_unit_test(a_merge_takes_the_longest_window_the_busiest_thread_and_any_interrupt),
        cmocka_unit_test(seconds_are_added_one_by_one_and_the_longer_row_stays),
        cmocka_unit_test(tenths_are_added_one_by_one_and_the_longer_row_stays),
        cmocka_unit_test(a_second_is_busy_when_any_thread_was),
        cmocka_unit_test(the_worker_that_waited_most_speaks_and_none_is_unknown),
        cmocka_unit_test(only_one_workers_gaps_are_kept),
        cmocka_unit_test(shares_keep_what_a_mean_and_a_deviation_need),
        cmocka_unit_test(what_was_measured_becomes_warm_up_and_what_counts_all_phases_stays),
        cmocka_unit_test(books_that_do_not_balance_stop_the_program),
        cmocka_unit_test(throughput_is_right_answers_by_the_length_of_the_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
