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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_is_not_out_ends_its_connection),
    };

    return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
