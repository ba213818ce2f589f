#include "store/record_priv.h"

/* ---- figures by name: one list for writing and for reading ---- */

struct figure {
    const char *key;
    size_t at; /* in its struct */
    bool real; /* a double, unknown as NaN; else an int64_t, unknown as -1 */
};

static void put_figures(struct json_put *p, const struct figure *list, size_t count,
                        const void *from)
{
    for (size_t i = 0; i < count; i++) {
        const void *field = (const char *)from + list[i].at;

        if (list[i].real)
            json_put_real(p, list[i].key, *(const double *)field);
        else
            json_put_known(p, list[i].key, *(const int64_t *)field);
    }
}

static void get_figures(const struct json_get *g, const struct figure *list, size_t count, void *to)
{
    for (size_t i = 0; i < count; i++) {
        void *field = (char *)to + list[i].at;

        if (list[i].real)
            *(double *)field = json_get_real(g, list[i].key);
        else
            *(int64_t *)field = json_get_known(g, list[i].key);
    }
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define MACHINE(field, real)                                 \
    {                                                        \
#field, offsetof(struct machine_change, field), real \
    }
static const struct figure machine_figures[] = {
    MACHINE(span_ns, false),
    MACHINE(steal_share, true),
    MACHINE(steal_share_worst, true),
    MACHINE(foreign_cores, true),
    MACHINE(softirq_share_worst, true),
    MACHINE(memory_full_share, true),
    MACHINE(io_full_share, true),
    MACHINE(throttled, false),
    MACHINE(thermal, false),
    MACHINE(resent_share, true),
    MACHINE(segments_resent, false),
    MACHINE(listen_overflows, false),
    MACHINE(listen_drops, false),
    MACHINE(syn_retrans, false),
    MACHINE(timeouts, false),
    MACHINE(backlog_drops, false),
    MACHINE(receive_drops, false),
    MACHINE(request_queue_drops, false),
    MACHINE(time_wait_overflows, false),
    MACHINE(softnet_dropped, false),
    MACHINE(softnet_squeezed, false),
    MACHINE(time_wait_share, true),
    MACHINE(frequency_min_share, true),
    MACHINE(link_bits_per_sec, false),
    MACHINE(link_share, true),
    MACHINE(link_dropped, false),
};

json_t *machine_json(const struct machine_change *machine)
{
    struct json_put p;

    if (machine->span_ns == 0)
        return json_null();
    p = json_put_begin();
    put_figures(&p, machine_figures, COUNT(machine_figures), machine);
    return json_put_end(&p);
}

struct machine_change machine_get(const struct json_get *g, const char *key)
{
    struct json_get m = json_get_optional(g, key);
    struct machine_change machine = machine_change_unknown();

    if (m.object != NULL)
        get_figures(&m, machine_figures, COUNT(machine_figures), &machine);
    return machine;
}

#define HICCUP(key, field, real)                        \
    {                                                   \
        key, offsetof(struct hiccup_found, field), real \
    }
static const struct figure hiccup_figures[] = {
    HICCUP("samples", samples, false),
    HICCUP("p50_ns", p50_ns, false),
    HICCUP("p99_ns", p99_ns, false),
    HICCUP("p99.9_ns", p999_ns, false),
    HICCUP("max_ns", max_ns, false),
    HICCUP("clock_step_ns", clock_step_ns, false),
    HICCUP("clock_jump_ns", clock_jump_ns, false),
    HICCUP("clock_drift_ppm", clock_drift_ppm, true),
};

json_t *hiccup_json(const struct hiccup_found *hiccup)
{
    struct json_put p;

    if (hiccup->samples < 0)
        return json_null();
    p = json_put_begin();
    put_figures(&p, hiccup_figures, COUNT(hiccup_figures), hiccup);
    return json_put_end(&p);
}

struct hiccup_found hiccup_get(const struct json_get *g, const char *key)
{
    struct json_get h = json_get_optional(g, key);
    struct hiccup_found hiccup = hiccup_unknown();

    if (h.object != NULL)
        get_figures(&h, hiccup_figures, COUNT(hiccup_figures), &hiccup);
    return hiccup;
}

/* ---- CPUs and threads ---- */

#define MASK_CPUS 64

/* A set that is empty is one that is not known. */
static json_t *cpu_set_json(uint64_t set)
{
    json_t *array;

    if (set == 0)
        return json_null();
    array = json_array();
    for (int cpu = 0; cpu < MASK_CPUS; cpu++)
        if ((set >> cpu & 1) != 0)
            json_add(&array, json_integer(cpu));
    return array;
}

static uint64_t get_cpu_set(const struct json_get *g, const char *key)
{
    const json_t *array = json_get_array(g, key, MASK_CPUS);
    uint64_t set = 0;

    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        json_int_t cpu = json_integer_value(item);

        if (!json_is_integer(item) || cpu < 0 || cpu >= MASK_CPUS)
            json_get_fail(g, key, "an array of CPU numbers below 64");
        else
            set |= UINT64_C(1) << cpu;
    }
    return set;
}

static json_t *thread_times_json(const struct server_usage *usage)
{
    json_t *array;

    if (usage->thread_count == 0)
        return json_null();
    array = json_array();
    for (uint32_t i = 0; i < usage->thread_count; i++)
        json_add(&array, json_integer(usage->thread_cpu_ns[i]));
    return array;
}

void threads_put(struct json_put *server, const struct server_usage *usage)
{
    json_put_known(server, "run_ns", usage->run_ns);
    json_put_known(server, "run_queue_wait_ns", usage->run_queue_wait_ns);
    json_put(server, "thread_cpu_ns", thread_times_json(usage));
    json_put(server, "cpus_allowed", cpu_set_json(usage->cpus_allowed));
}

void threads_get(const struct json_get *server, struct server_usage *usage)
{
    const json_t *times = json_get_array(server, "thread_cpu_ns", RECORD_THREADS_MAX);

    usage->run_ns = json_get_known(server, "run_ns");
    usage->run_queue_wait_ns = json_get_known(server, "run_queue_wait_ns");
    usage->cpus_allowed = get_cpu_set(server, "cpus_allowed");
    usage->thread_count = (uint32_t)json_array_size(times);
    for (uint32_t i = 0; i < usage->thread_count; i++) {
        usage->thread_cpu_ns[i] = json_integer_value(json_array_get(times, i));
        if (!json_is_integer(json_array_get(times, i)) || usage->thread_cpu_ns[i] < 0)
            json_get_fail(server, "thread_cpu_ns", "an array of whole numbers, not negative");
    }
}

/* ---- the generator ---- */

json_t *shares_json(const struct tally_shares *shares)
{
    struct json_put p;

    if (shares->count == 0)
        return json_null();
    p = json_put_begin();
    json_put_count(&p, "count", shares->count);
    json_put_real(&p, "sum", shares->sum);
    json_put_real(&p, "squares", shares->squares);
    json_put_real(&p, "least", shares->least);
    json_put_real(&p, "most", shares->most);
    return json_put_end(&p);
}

struct tally_shares shares_get(const struct json_get *g, const char *key)
{
    struct json_get s = json_get_optional(g, key);

    if (s.object == NULL)
        return (struct tally_shares){ 0 };
    return (struct tally_shares){ .count = json_get_count(&s, "count", INT64_MAX),
                                  .sum = json_get_real(&s, "sum"),
                                  .squares = json_get_real(&s, "squares"),
                                  .least = json_get_real(&s, "least"),
                                  .most = json_get_real(&s, "most") };
}

static json_t *loop_json(const struct tally *tally)
{
    struct json_put p;

    if (tally->waits == 0)
        return json_null();
    p = json_put_begin();
    json_put_count(&p, "waits", tally->waits);
    json_put_count(&p, "events", tally->events);
    json_put_some(&p, "p50_ns", (uint64_t)second_quantile_ns(&tally->loop, 0.5));
    json_put_some(&p, "p99_ns", (uint64_t)second_quantile_ns(&tally->loop, 0.99));
    json_put(&p, "buckets", buckets_json(&tally->loop));
    return json_put_end(&p);
}

static void get_loop(const struct json_get *g, struct tally *tally)
{
    struct json_get loop = json_get_optional(g, "loop");

    if (loop.object == NULL)
        return;
    tally->waits = json_get_count(&loop, "waits", INT64_MAX);
    tally->events = json_get_count(&loop, "events", INT64_MAX);
    buckets_get(&loop, "buckets", &tally->loop);
}

void generator_put(struct json_put *client, const struct trial_record *t)
{
    const struct tally *tally = &t->tally;

    json_put_known(client, "run_queue_wait_ns", tally->run_queue_wait_ns);
    json_put_count(client, "preempted", tally->preempted);
    json_put_count(client, "seconds_busy", tally->seconds_busy);
    json_put(client, "cpus_allowed", cpu_set_json(t->client.cpus_allowed));
    json_put(client, "loop", loop_json(tally));
    json_put(client, "by_worker", shares_json(&tally->by_worker));
    json_put(client, "gaps_ns", gaps_json(tally));
}

void generator_get(const struct json_get *client, struct trial_record *t)
{
    struct tally *tally = &t->tally;

    tally->run_queue_wait_ns = json_get_known(client, "run_queue_wait_ns");
    tally->preempted = json_get_some(client, "preempted", INT64_MAX);
    tally->seconds_busy = (uint32_t)json_get_some(client, "seconds_busy", UINT32_MAX);
    t->client.cpus_allowed = get_cpu_set(client, "cpus_allowed");
    get_loop(client, tally);
    tally->by_worker = shares_get(client, "by_worker");
    gaps_get(client, "gaps_ns", tally);
}
