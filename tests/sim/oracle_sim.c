/* The oracle in virtual time: what queueing theory says of a server, what the server itself knows
 * to have done, and what the generator reports of it.
 *
 * The server's own times hold to the nanosecond: what differs from them is a fault of the
 * generator. Theory holds within the sample's error, which the comments give: one seed, so what
 * passes once passes always. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "load/engine.h"
#include "ring_sim.h"
#include "server/behave.h"

/* Too large for a stack. */
static struct tally tally;

struct oracle {
    struct behave behave;
    struct behave_state state;
    struct histogram times; /* of every request, from its arrival to its answer */
};

static struct sim_reply obeys(void *context, uint64_t number, int64_t now_ns, uint32_t answers)
{
    struct oracle *oracle = context;
    bool stalled;
    int64_t leaves_ns = behave_leaves_ns(&oracle->behave, &oracle->state, now_ns, &stalled);

    (void)number;
    (void)answers;
    histogram_record(&oracle->times, leaves_ns - now_ns);
    return (
        struct sim_reply){ .what = SIM_ANSWER, .delay_ns = leaves_ns - now_ns, .bytes = SIM_RIGHT };
}

/* Begins an oracle with one mode, or two with a space between them. */
static struct oracle *told(const char *modes)
{
    static struct oracle oracle;
    struct error err;

    memset(&oracle, 0, sizeof(oracle));
    oracle.behave.seed = 1;
    while (*modes != '\0') {
        size_t len = strcspn(modes, " ");

        assert_true(behave_add(&oracle.behave, (struct slice){ modes, len }, &err));
        modes += len + (modes[len] == ' ');
    }
    behave_begin(&oracle.behave, &oracle.state, 0);
    return &oracle;
}

static double ms(double ns)
{
    return ns / MILLISECOND_NS;
}

static void assert_within(double value, double truth, double share)
{
    if (!(fabs(value - truth) <= share * truth))
        fail_msg("%.6g is not within %.1f %% of %.6g", value, 100 * share, truth);
}

static double p_ms(double q)
{
    return ms((double)histogram_quantile_ns(&tally.response, q));
}

static double mean_ms(void)
{
    return ms(histogram_mean_ns(&tally.response));
}

/* Where each request is sent when it is due, the report is the server's own, to the last one. */
static void assert_as_the_server_knows(const struct oracle *oracle)
{
    const struct histogram *own = &oracle->times, *reported = &tally.response;

    assert_int_equal(reported->count, own->count);
    assert_true(reported->min_ns == own->min_ns && reported->max_ns == own->max_ns);
    assert_within(reported->sum_ns, own->sum_ns, 1e-9);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (reported->counts[i] != own->counts[i])
            fail_msg("bucket %zu", i);
}

/* So many connections that none has to be waited for: of 900 at 1000/s, one moment in 10^40. */
static void drive_open(struct oracle *oracle, enum pacer_shape arrivals, double rate_per_sec,
                       int64_t duration_ns)
{
    struct sim_server server = { .reply = obeys, .context = oracle };
    struct plan plan = sim_plan(&server);

    plan.load.model = LOAD_OPEN;
    plan.load.arrivals = arrivals;
    plan.load.rate_per_sec = rate_per_sec;
    plan.load.duration_ns = duration_ns;
    plan.load.connections = 1200;
    plan.load.timeout_ns = 600 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.ok, tally.scheduled);
    assert_int_equal(tally.pool_late.count, 0);
    assert_as_the_server_knows(oracle);
}

static void drive_closed(struct oracle *oracle, uint32_t connections, int64_t duration_ns)
{
    struct sim_server server = { .reply = obeys, .context = oracle };
    struct plan plan = sim_plan(&server);

    plan.load.connections = connections;
    plan.load.duration_ns = duration_ns;
    plan.load.timeout_ns = 600 * SECOND_NS;
    sim_drive(&plan, &tally);
    assert_as_the_server_knows(oracle);
}

/* 900 of 1000 a second: response times are Exp(100/s). Neighbours are so alike that the mean of n
 * has a standard deviation of sqrt(35,900 / n) ms (Daley: rho (2 + 5 rho - 4 rho^2 + rho^3) /
 * (1 - rho)^4 services squared): of 3.6 million 0.1 ms, 1 %. Three of them; p99 has as many. */
static void an_open_loop_finds_the_queue_of_mm1(void **state)
{
    struct oracle *oracle = told("mm1:1ms");

    drive_open(oracle, PACER_POISSON, 900, 4000 * SECOND_NS);
    assert_within(mean_ms(), 10.0, 0.03);
    assert_within(p_ms(0.5), 6.93, 0.03);
    assert_within(p_ms(0.99), 46.05, 0.03);
    assert_within(p_ms(0.999), 69.08, 0.05);
    (void)state;
}

/* The same server, ten clients that wait: the sum of ten services, Erlang(10). Its mean is the
 * same, and its p99 2.5 times smaller. A million services have a mean within 0.1 %. */
static void a_closed_loop_of_ten_finds_erlangs_tail(void **state)
{
    struct oracle *oracle = told("mm1:1ms");

    drive_closed(oracle, 10, 1000 * SECOND_NS);
    assert_within(mean_ms(), 10.0, 0.003);
    assert_within(p_ms(0.5), 9.67, 0.005);
    assert_within(p_ms(0.99), 18.78, 0.01);
    assert_within(p_ms(0.999), 22.66, 0.01);
    (void)state;
}

/* Half the wait of M/M/1, and less than half of its scatter. */
static void an_open_loop_finds_the_queue_of_md1(void **state)
{
    struct oracle *oracle = told("md1:1ms");

    drive_open(oracle, PACER_POISSON, 900, 2000 * SECOND_NS);
    assert_within(mean_ms(), 5.5, 0.02);
    assert_within((double)tally.response.min_ns, 1e6, 1e-9);
    (void)state;
}

/* 1 s in every 10 s, else busy one tenth of the time, 200 s: x_q = P - (1 - q)(1 - rho)T. Even
 * arrivals at 1000/s make it a sum over milliseconds; the histogram adds half of one in a thousand.
 */
static void an_open_loop_finds_every_percentile_of_a_pause(void **state)
{
    static const struct {
        double q, x_ms;
    } truth[] = {
        {0.90,   100},
        { 0.95,  550},
        { 0.99,  910},
        { 0.999, 991},
    };
    struct oracle *oracle = told("md1:100us pause:1s/10s");

    drive_open(oracle, PACER_EVEN, 1000, 200 * SECOND_NS);
    for (size_t i = 0; i < sizeof(truth) / sizeof(truth[0]); i++)
        if (fabs(p_ms(truth[i].q) - truth[i].x_ms) > 1 + truth[i].x_ms * 0.0005)
            fail_msg("p%g: %g ms, not %g", 100 * truth[i].q, p_ms(truth[i].q), truth[i].x_ms);
    (void)state;
}

/* One client that waits asks the same server 9000 times a period and is kept waiting once: one in
 * 9000 says nothing of a second in ten. */
static void a_closed_loop_sees_each_pause_once(void **state)
{
    struct oracle *oracle = told("md1:1ms pause:1s/10s");

    drive_closed(oracle, 1, 200 * SECOND_NS);
    assert_within(p_ms(0.999), 1.0, 0.001);
    assert_true(tally.response.max_ns >= SECOND_NS - MILLISECOND_NS);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_loop_finds_the_queue_of_mm1),
        cmocka_unit_test(a_closed_loop_of_ten_finds_erlangs_tail),
        cmocka_unit_test(an_open_loop_finds_the_queue_of_md1),
        cmocka_unit_test(an_open_loop_finds_every_percentile_of_a_pause),
        cmocka_unit_test(a_closed_loop_sees_each_pause_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
