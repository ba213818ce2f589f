#include "ring_sim.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bug.h"
#include "load/engine.h"
#include "net/ring_priv.h"

const struct slice SIM_RIGHT = SLICE("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

struct sim_event {
    int64_t at_ns;
    uint64_t order; /* of two at one moment the earlier made comes first */
    uint32_t generation;
    struct ring_event event;
};

struct sim_slot {
    uint32_t generation, answers;
    bool open;
    int64_t connected_ns; /* the handshake is over then */
    int64_t uploaded_ns;  /* and the request is out then */
};

struct ring_sim {
    struct ring ring;
    struct sim_server *server;
    int64_t now_ns;
    uint64_t made;
    struct sim_slot *slots;
    struct sim_event *heap; /* smallest first */
    size_t count, room;
};

static struct ring_sim *self(struct ring *ring)
{
    return (struct ring_sim *)ring;
}

static bool earlier(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void swap(struct sim_event *a, struct sim_event *b)
{
    struct sim_event kept = *a;

    *a = *b;
    *b = kept;
}

static void push(struct ring_sim *r, int64_t at_ns, struct ring_event event)
{
    size_t i = r->count++;

    if (r->count > r->room) {
        r->room = 2 * r->count;
        r->heap = realloc(r->heap, r->room * sizeof(*r->heap));
        BUG_IF(r->heap == NULL);
    }
    r->heap[i] = (struct sim_event){ .at_ns = at_ns,
                                     .order = r->made++,
                                     .generation = r->slots[event.slot].generation,
                                     .event = event };
    for (; i > 0 && earlier(&r->heap[i], &r->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&r->heap[i], &r->heap[(i - 1) / 2]);
}

static struct sim_event pop(struct ring_sim *r)
{
    struct sim_event top = r->heap[0];
    size_t i = 0;

    r->heap[0] = r->heap[--r->count];
    for (;;) {
        size_t least = 2 * i + 1;

        if (least >= r->count)
            return top;
        if (least + 1 < r->count && earlier(&r->heap[least + 1], &r->heap[least]))
            least++;
        if (!earlier(&r->heap[least], &r->heap[i]))
            return top;
        swap(&r->heap[least], &r->heap[i]);
        i = least;
    }
}

static void sim_connect(struct ring *ring, uint32_t slot, const struct addr *addr)
{
    struct ring_sim *r = self(ring);
    struct sim_server *server = r->server;
    uint64_t number = server->connections++;
    int sys = server->accept == NULL ? 0 : server->accept(server->context, number, r->now_ns);

    (void)addr;
    BUG_IF(r->slots[slot].open);
    r->slots[slot].open = true;
    r->slots[slot].answers = 0;
    r->slots[slot].connected_ns = r->now_ns + server->connect_ns;
    push(r, r->now_ns + server->connect_ns,
         (struct ring_event){
             .what = sys == 0 ? RING_CONNECTED : RING_FAILED, .slot = slot, .sys = sys });
    if (sys == 0 && server->idle_ns > 0)
        push(r, r->slots[slot].connected_ns + server->idle_ns,
             (struct ring_event){ .what = RING_END, .slot = slot });
}

static bool sim_sending(const struct ring *ring, uint32_t slot)
{
    const struct ring_sim *r = (const struct ring_sim *)ring;

    return r->now_ns < r->slots[slot].uploaded_ns;
}

static void sim_send(struct ring *ring, uint32_t slot, struct slice bytes)
{
    struct ring_sim *r = self(ring);
    struct sim_server *server = r->server;
    struct sim_reply reply;
    int64_t at_ns = r->slots[slot].connected_ns; /* a request waits for the handshake */

    BUG_IF(!r->slots[slot].open);
    BUG_IF(sim_sending(ring, slot));
    BUG_IF(bytes.len == 0);
    if (at_ns < r->now_ns)
        at_ns = r->now_ns;
    r->slots[slot].uploaded_ns = at_ns + server->upload_ns;
    reply = server->reply(server->context, server->requests++, at_ns, r->slots[slot].answers++);
    at_ns += reply.delay_ns;
    if (reply.what == SIM_ANSWER)
        push(r, at_ns, (struct ring_event){ .what = RING_DATA, .slot = slot, .data = reply.bytes });
    if (reply.what == SIM_ANSWER && reply.rest.len > 0) {
        at_ns += MILLISECOND_NS;
        push(r, at_ns, (struct ring_event){ .what = RING_DATA, .slot = slot, .data = reply.rest });
    }
    if (reply.what == SIM_END || reply.then_close)
        push(r, at_ns, (struct ring_event){ .what = RING_END, .slot = slot });
    if (reply.what == SIM_RESET)
        push(r, at_ns, (struct ring_event){ .what = RING_FAILED, .slot = slot, .sys = ECONNRESET });
    r->now_ns += server->send_ns;
}

static void sim_close(struct ring *ring, uint32_t slot)
{
    struct ring_sim *r = self(ring);

    r->slots[slot].open = false;
    r->slots[slot].uploaded_ns = 0;
    r->slots[slot].generation++;
}

static int sim_wait(struct ring *ring, struct mono until)
{
    struct ring_sim *r = self(ring);
    int64_t to_ns = until.ns;

    if (r->count > 0 && r->heap[0].at_ns < to_ns)
        to_ns = r->heap[0].at_ns;
    if (to_ns > r->now_ns)
        r->now_ns = to_ns;
    return 0;
}

static bool sim_next(struct ring *ring, struct ring_event *ret_event)
{
    struct ring_sim *r = self(ring);

    while (r->count > 0 && r->heap[0].at_ns <= r->now_ns) {
        struct sim_event top = pop(r);

        if (top.generation != r->slots[top.event.slot].generation)
            continue;
        *ret_event = top.event;
        return true;
    }
    return false;
}

static struct mono sim_now(struct ring *ring)
{
    return (struct mono){ self(ring)->now_ns };
}

static void sim_close_all(struct ring *ring)
{
    free(self(ring)->heap);
    free(self(ring)->slots);
    free(self(ring));
}

static const struct ring_ops sim_ops = {
    .name = "simulated",
    .close_all = sim_close_all,
    .connect = sim_connect,
    .send = sim_send,
    .sending = sim_sending,
    .close = sim_close,
    .wait = sim_wait,
    .next = sim_next,
    .now = sim_now,
};

bool ring_sim_open(void *server, uint32_t worker, const struct ring_config *config,
                   struct ring **ret_ring, struct error *err)
{
    struct ring_sim *r = calloc(1, sizeof(*r));

    (void)err;
    BUG_IF(worker != 0);
    BUG_IF(r == NULL);
    r->ring.ops = &sim_ops;
    r->server = server;
    r->now_ns = SIM_START_NS;
    r->slots = calloc(config->slots, sizeof(*r->slots));
    BUG_IF(r->slots == NULL);
    *ret_ring = &r->ring;
    return true;
}

bool ring_sim_open_own(void *servers, uint32_t worker, const struct ring_config *config,
                       struct ring **ret_ring, struct error *err)
{
    return ring_sim_open((struct sim_server *)servers + worker, 0, config, ret_ring, err);
}

struct sim_reply sim_at_once(void *context, uint64_t number, int64_t now_ns, uint32_t answers)
{
    (void)context;
    (void)number;
    (void)now_ns;
    (void)answers;
    return (struct sim_reply){ .what = SIM_ANSWER, .bytes = SIM_RIGHT };
}

struct sim_reply sim_says_nothing(void *context, uint64_t number, int64_t now_ns, uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    reply.what = SIM_SILENT;
    return reply;
}

struct sim_reply sim_every_tenth_is_silent(void *context, uint64_t number, int64_t now_ns,
                                           uint32_t answers)
{
    struct sim_reply reply = sim_at_once(context, number, now_ns, answers);

    reply.delay_ns = MILLISECOND_NS;
    if (number % 10 == 9)
        reply.what = SIM_SILENT;
    return reply;
}

struct plan sim_plan(struct sim_server *server)
{
    static struct addr nowhere;
    struct plan plan = {
        .load = load_default(),
        .addresses = &nowhere,
        .address_count = 1,
        .request = {.bytes = SLICE("GET / HTTP/1.1\r\nHost: sim\r\n\r\n")},
        .contract = { .status = 200, .body_known = true, .body = SLICE("ok") },
        .seed = 1,
        .open_ring = ring_sim_open,
        .open_ring_context = server
    };

    plan.load.warmup_ns = 0;
    plan.load.arrivals = PACER_EVEN;
    return plan;
}

void sim_drive(struct plan *plan, struct tally *ret_tally)
{
    static struct arena arena;
    struct sim_server *server = plan->open_ring_context;
    struct engine *engine;
    struct error err;

    arena_unmap(&arena);
    assert_true(arena_map(&arena, engine_seconds_bytes(plan), &err));
    assert_true(engine_start(plan, &engine, &err));
    server->engine = engine;
    assert_true(engine_finish(engine, &arena, ret_tally, &err));
    server->engine = NULL;
}

struct engine *sim_engine(struct sim_server *server)
{
    struct engine *engine;

    /* The workers are let go before the one who started them knows the engine. */
    while ((engine = server->engine) == NULL)
        sched_yield();
    return engine;
}
