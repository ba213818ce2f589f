#include "load/tally.h"

#include <math.h>
#include <string.h>

#include "base/bug.h"

/* ---- seconds ---- */

/* Both scales are log-linear and cut octaves evenly, so 32 neighbours of the fine one make one of
 * the coarse one: octave 0 of a second begins at 1024 ns, which is also bucket 1024 there. */
#define FINE_PER_COARSE 32

uint32_t second_bucket(uint32_t histogram_index)
{
    uint32_t bucket;

    if (histogram_index < 1024)
        return 0;
    bucket = (histogram_index - 1024) / FINE_PER_COARSE;
    return bucket < SECOND_BUCKETS ? bucket : SECOND_BUCKETS - 1;
}

static int64_t bucket_middle_ns(uint32_t bucket)
{
    uint32_t fine = 1024 + bucket * FINE_PER_COARSE;

    return histogram_bucket_low_ns(fine) + histogram_bucket_width_ns(fine) * FINE_PER_COARSE / 2;
}

int64_t second_quantile_ns(const struct tally_second *second, double q)
{
    uint64_t count = 0, seen = 0, rank;
    uint32_t bucket = 0;

    BUG_IF(!(q > 0 && q <= 1));
    /* Not ->ok: the live display reads while a worker writes, and what was counted here can only
     * have grown until the loop below reads it again. */
    for (uint32_t i = 0; i < SECOND_BUCKETS; i++)
        count += second->counts[i];
    if (count == 0)
        return 0;
    rank = (uint64_t)ceil(q * (double)count);
    while (bucket < SECOND_BUCKETS - 1 && (seen += second->counts[bucket]) < rank)
        bucket++;
    return bucket_middle_ns(bucket);
}

/* ---- examples ---- */

static struct example *find_example(struct tally *t, enum outcome outcome, int sys, uint16_t status)
{
    for (uint32_t i = 0; i < t->example_count; i++) {
        struct example *kept = &t->examples[i];

        if (kept->outcome == outcome && kept->sys == sys && kept->status == status)
            return kept;
    }
    return NULL;
}

/* Runs inside the measured window: copies bytes, formats nothing. */
bool tally_example_again(struct tally *t, enum outcome outcome, int sys, uint16_t status)
{
    struct example *kept = find_example(t, outcome, sys, status);

    if (kept != NULL)
        kept->count++;
    return kept != NULL;
}

void tally_example(struct tally *t, enum outcome outcome, int sys, uint16_t status,
                   const char *reason, const char *head, size_t head_len)
{
    struct example *kept;
    size_t reason_len;

    BUG_IF(outcome == OUTCOME_OK);
    if (tally_example_again(t, outcome, sys, status))
        return;
    if (t->example_count == TALLY_EXAMPLES_MAX) {
        t->examples_left_out++;
        return;
    }
    kept = &t->examples[t->example_count++];
    *kept = (struct example){ .outcome = outcome, .sys = sys, .status = status, .count = 1 };
    reason_len = strnlen(reason, sizeof(kept->reason) - 1);
    memcpy(kept->reason, reason, reason_len);
    kept->head_len = (uint16_t)(head_len < TALLY_HEAD_MAX ? head_len : TALLY_HEAD_MAX);
    if (kept->head_len > 0)
        memcpy(kept->head, head, kept->head_len);
}

static void merge_examples(struct tally *into, const struct tally *from)
{
    for (uint32_t i = 0; i < from->example_count; i++) {
        const struct example *other = &from->examples[i];
        struct example *kept = find_example(into, other->outcome, other->sys, other->status);

        if (kept != NULL)
            kept->count += other->count;
        else if (into->example_count < TALLY_EXAMPLES_MAX)
            into->examples[into->example_count++] = *other;
        else
            into->examples_left_out += other->count;
    }
    into->examples_left_out += from->examples_left_out;
}

/* ---- shares ---- */

void tally_share(struct tally_shares *shares, uint64_t right)
{
    double value = (double)right;

    if (shares->count == 0 || value < shares->least)
        shares->least = value;
    if (shares->count == 0 || value > shares->most)
        shares->most = value;
    shares->count++;
    shares->sum += value;
    shares->squares += value * value;
}

static void merge_shares(struct tally_shares *into, const struct tally_shares *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0 || from->least < into->least)
        into->least = from->least;
    if (into->count == 0 || from->most > into->most)
        into->most = from->most;
    into->count += from->count;
    into->sum += from->sum;
    into->squares += from->squares;
}

/* ---- sums ---- */

static void merge_second(struct tally_second *into, const struct tally_second *from)
{
    into->ok += from->ok;
    into->failed += from->failed;
    into->busy_threads += from->busy_threads;
    for (uint32_t i = 0; i < SECOND_BUCKETS; i++)
        into->counts[i] += from->counts[i];
}

static void merge_seconds(struct tally *into, const struct tally *from)
{
    for (uint32_t i = 0; i < from->second_count; i++) {
        if (i == into->second_count)
            into->seconds[into->second_count++] = from->seconds[i];
        else
            merge_second(&into->seconds[i], &from->seconds[i]);
    }
    into->seconds_busy = 0;
    for (uint32_t i = 0; i < into->second_count; i++)
        into->seconds_busy += into->seconds[i].busy_threads > 0 ? 1 : 0;
}

static void merge_tenths(struct tally *into, const struct tally *from)
{
    for (uint32_t i = 0; i < from->tenth_count; i++) {
        if (i == into->tenth_count)
            into->tenths[into->tenth_count++] = from->tenths[i];
        else
            into->tenths[i] += from->tenths[i];
    }
    if (from->tenths_before > into->tenths_before)
        into->tenths_before = from->tenths_before;
}

/* How the generator itself was. */
static void merge_generator(struct tally *into, const struct tally *from)
{
    merge_second(&into->loop, &from->loop);
    into->waits += from->waits;
    into->events += from->events;
    into->preempted += from->preempted;
    if (from->run_queue_wait_ns > into->run_queue_wait_ns)
        into->run_queue_wait_ns = from->run_queue_wait_ns;
    merge_shares(&into->by_connection, &from->by_connection);
    merge_shares(&into->by_worker, &from->by_worker);
    if (into->gap_count > 0) /* one timetable is enough: only its own gaps are told apart */
        return;
    into->gap_count = from->gap_count;
    memcpy(into->gaps_ns, from->gaps_ns, from->gap_count * sizeof(from->gaps_ns[0]));
}

static void merge_histograms(struct tally *into, const struct tally *from)
{
    histogram_merge(&into->response, &from->response);
    histogram_merge(&into->service, &from->service);
    histogram_merge(&into->first_byte, &from->first_byte);
    histogram_merge(&into->connect, &from->connect);
    histogram_merge(&into->loop_late, &from->loop_late);
    histogram_merge(&into->pool_late, &from->pool_late);
}

void tally_merge(struct tally *into, const struct tally *from)
{
    into->scheduled += from->scheduled;
    into->sent += from->sent;
    into->ok += from->ok;
    into->unsent += from->unsent;
    into->unsent_pool += from->unsent_pool;
    into->in_flight += from->in_flight;
    for (unsigned kind = 0; kind < OUTCOME_KINDS; kind++)
        into->failed[kind] += from->failed[kind];
    into->resent += from->resent;
    into->warmup += from->warmup;
    into->ok_in_window += from->ok_in_window;
    into->bytes_sent += from->bytes_sent;
    into->bytes_received += from->bytes_received;
    into->opened += from->opened;
    into->closed_by_server += from->closed_by_server;
    into->closed_by_client += from->closed_by_client;
    into->connect_failed += from->connect_failed;
    into->out_of_ports += from->out_of_ports;
    if (into->connect_sys == 0)
        into->connect_sys = from->connect_sys;
    into->ended_after_one += from->ended_after_one;
    into->cpu_user_ns += from->cpu_user_ns;
    into->cpu_system_ns += from->cpu_system_ns;

    /* By count, each worker's window ends with its own last answer; the trial's with the last. */
    if (from->window_ns > into->window_ns)
        into->window_ns = from->window_ns;
    into->partial = into->partial || from->partial;
    into->gave_up = into->gave_up || from->gave_up;
    into->busiest_thread_share = fmax(into->busiest_thread_share, from->busiest_thread_share);

    merge_histograms(into, from);
    merge_examples(into, from);
    merge_seconds(into, from);
    merge_tenths(into, from);
    merge_generator(into, from);
    if (from->restarts > into->restarts) /* each worker heard of the same ones */
        into->restarts = from->restarts;
}

void tally_clear(struct tally *t)
{
    memset(t, 0, sizeof(*t));
    t->run_queue_wait_ns = -1;
}

void tally_begin_anew(struct tally *t)
{
    /* The handshakes are of all phases, as `opened` is: kept connections were made long ago. */
    struct histogram *measured[] = { &t->response, &t->service, &t->first_byte, &t->loop_late,
                                     &t->pool_late };

    t->warmup += t->sent;
    t->scheduled = t->sent = t->ok = t->ok_in_window = 0;
    memset(t->failed, 0, sizeof(t->failed));
    for (size_t i = 0; i < sizeof(measured) / sizeof(measured[0]); i++)
        memset(measured[i], 0, sizeof(*measured[i]));
    t->example_count = 0;
    t->examples_left_out = 0;
    memset(t->seconds, 0, t->second_count * sizeof(t->seconds[0]));
    t->second_count = 0;
    memset(&t->loop, 0, sizeof(t->loop));
    t->waits = t->events = t->gap_count = 0;
}

uint64_t tally_failed(const struct tally *t)
{
    uint64_t sum = 0;

    for (unsigned kind = 0; kind < OUTCOME_KINDS; kind++)
        sum += t->failed[kind];
    return sum;
}

void tally_balance(const struct tally *t)
{
    const struct histogram *r = &t->response;

    BUG_IF(t->failed[OUTCOME_OK] != 0);
    BUG_IF(t->scheduled != t->sent + t->unsent);
    BUG_IF(t->unsent_pool > t->unsent);
    BUG_IF(t->sent != t->ok + tally_failed(t) + t->in_flight);
    BUG_IF(r->count - r->censored + r->negative != t->ok);
    BUG_IF(t->by_connection.count > 0 && t->by_connection.sum != (double)t->ok_in_window);
    BUG_IF(t->by_worker.count > 0 && t->by_worker.sum != (double)t->ok_in_window);
}

double tally_throughput_per_sec(const struct tally *t)
{
    if (t->window_ns <= 0)
        return 0;
    return (double)t->ok_in_window * 1e9 / (double)t->window_ns;
}
