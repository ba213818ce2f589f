/* Servers that freeze, refuse, lose a request or speak too early: what the generator makes of them,
 * and whom it blames. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "load/engine.h"
#include "net/ring.h"
#include "ring_sim.h"
#include "store/record.h"
#include "verdict/check_priv.h"

#define SIM_START_NS SECOND_NS /* ring_sim's clock begins there */

/* Too large for a stack. */
static struct tally tally;

static struct sim_reply at_once(void *context, uint64_t number, int64_t now_ns, uint32_t answers)
{
    (void)context;
    (void)number;
    (void)now_ns;
    (void)answers;
    return (struct sim_reply){ .what = SIM_ANSWER, .bytes = SIM_RIGHT };
}

static struct plan counted(struct plan plan, uint64_t requests)
{
    plan.load.duration_ns = 0;
    plan.load.requests = requests;
    return plan;
}

/* ---- answers that come too early, in pieces, or never ---- */

static void a_request_that_is_not_out_ends_its_connection(void **state)
{
    static const char request[RING_SENT_AT_ONCE_BYTES + 1];
    struct sim_server server = { .reply = at_once, .upload_ns = 10 * MILLISECOND_NS };
    struct plan plan = counted(sim_plan(&server), 100);

    plan.request.bytes = (struct slice){ request, sizeof(request) };
    plan.load.connections = 2;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.ok, 100);
    assert_int_equal(tally.closed_by_client, 100);
    assert_int_equal(server.connections, 100);
    (void)state;
}

#define HALF "HTTP/1.1 503 Bu"
#define HEAD HALF "sy\r\nContent-Length: 10\r\n\r\n"

static struct sim_reply is_busy(void *context, uint64_t number, int64_t now_ns, uint32_t answers)
{
    static const struct sim_reply kinds[] = {
        {.bytes = SLICE(HEAD "01234"),      .rest = SLICE("56789")                                     },
        { .bytes = SLICE(HALF),             .rest = SLICE("sy\r\nContent-Length: 10\r\n\r\n0123456789")},
        { .bytes = SLICE("HTTP/1.1 200 O"), .rest = SLICE("K\r\nContent-Length: 2\r\n\r\nok")          },
    };

    (void)context;
    (void)now_ns;
    (void)answers;
    return kinds[number % 3 == 2 ? 2 : number / 3 % 2];
}

/* Whichever of the three comes first; the right one leaves nothing of itself behind. */
static void an_example_shows_how_the_answer_began(void **state)
{
    static const struct {
        uint32_t connections;
        uint64_t first;
    } cases[] = {
        {3,  0},
        { 3, 3},
        { 1, 2},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sim_server server = { .reply = is_busy, .requests = cases[i].first };
        struct plan plan = counted(sim_plan(&server), 60);
        const struct example *e = &tally.examples[0];

        plan.load.connections = cases[i].connections;
        sim_drive(&plan, &tally);
        assert_int_equal(tally.ok, 20);
        assert_int_equal(tally.failed[OUTCOME_STATUS], 40);
        assert_int_equal(tally.example_count, 1);
        assert_int_equal(e->head_len, sizeof(HEAD "0123456789") - 1);
        assert_memory_equal(e->head, HEAD "0123456789", e->head_len);
    }
    (void)state;
}

static struct sim_reply begins_and_stops(void *context, uint64_t number, int64_t now_ns,
                                         uint32_t answers)
{
    struct sim_reply reply = at_once(context, number, now_ns, answers);

    reply.bytes = SLICE(HALF);
    return reply;
}

static void half_an_answer_is_shown_too(void **state)
{
    struct sim_server server = { .reply = begins_and_stops };
    struct plan plan = counted(sim_plan(&server), 2);

    plan.load.connections = 1;
    plan.load.timeout_ns = SECOND_NS;
    sim_drive(&plan, &tally);
    assert_int_equal(tally.failed[OUTCOME_TIMEOUT], 2);
    assert_int_equal(tally.examples[0].head_len, sizeof(HALF) - 1);
    assert_memory_equal(tally.examples[0].head, HALF, sizeof(HALF) - 1);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_is_not_out_ends_its_connection),
        cmocka_unit_test(an_example_shows_how_the_answer_began),
        cmocka_unit_test(half_an_answer_is_shown_too),
    };

    return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
