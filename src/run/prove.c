#include "run/prove.h"

#include <math.h>

#include "run/drive.h"
#include "verdict/prove.h"
#include "verdict/verdict.h"

/* A drive of the elasticity: so long that each connection asks 200 times, because the first and the
 * last of them are cut by the window's ends, and that is to be half a percent. */
#define DRIVE_MIN_NS   (2 * SECOND_NS)
#define DRIVE_MAX_NS   (10 * SECOND_NS)
#define DRIVE_CYCLES   200
#define WARMUP_NS      (300 * MILLISECOND_NS)
#define LEAK_WARMUP_NS SECOND_NS

/* Of a closed loop's throughput, the lower of a leak's two rates. */
#define LEAK_RATE_SHARE 0.25
/* A leak of a page a request must not take more of the machine's memory than this; where it is
 * known how much a request leaves behind, that counts. */
#define LEAK_BYTES_MAX      1073741824.0
#define LEAK_BYTES_EXPECTED 4096.0

/* One proof: its drives, and what is shown of them. */
struct proving {
    const struct observer *to;
    struct trial_record *record; /* of the trial that is being proved */
    struct mono began;
    int64_t total_ns;
    bool died; /* the target has ended in one of them */
};

/* ---- what is shown ---- */

static void tell(void *context, const struct progress *progress)
{
    const struct proving *proving = context;
    struct progress ours = *progress;

    ours.phase = PROGRESS_PROVE;
    ours.record = proving->record;
    ours.elapsed_ns = mono_diff_ns(proving->began, mono_now());
    ours.total_ns = proving->total_ns;
    ours.done = ours.wanted = 0;
    proving->to->progress(proving->to->context, &ours);
}

/* ---- a drive ---- */

static bool is_stopped(const struct drive *drive)
{
    return drive->stop_asked != NULL && *drive->stop_asked > 0;
}

static bool came_to_an_end(const struct trial_record *t)
{
    return t->state == TRIAL_DONE && !t->tally.partial && t->tally.ok > 0;
}

/* Nothing else would tell: the trial itself had come to its end. */
static void note_end(const struct drive *drive, const struct trial_record *driven,
                     struct proving *proving)
{
    const char *how = driven->reason;
    struct error end;

    proving->died = driven->state == TRIAL_DIED;
    if (driven->state == TRIAL_NOT_READY && drive->target != NULL &&
        !target_alive(drive->target, END_NS, &end)) {
        proving->died = true;
        how = end.text;
    }
    if (proving->died)
        proving->record->reason =
            arena_format(&proving->record->arena, "%s while it was driven again", how);
}

/* The caller frees *ret_record. */
static bool drive_again(const struct drive *of, const struct load *load, int64_t burn_ns,
                        struct proving *proving, struct trial_record **ret_record,
                        struct error *err)
{
    const struct observer observer = { .context = proving, .progress = tell };
    struct drive drive = *of;
    struct trial_record *record;

    drive.load = load;
    drive.burn_ns = burn_ns;
    drive.again = true;
    drive.observer = of->observer != NULL ? &observer : NULL;
    proving->to = of->observer;
    record = trial_record_new(drive_arena_bytes(&drive), err);
    if (record == NULL)
        return false;
    if (!drive_run(&drive, record, err)) {
        trial_record_free(record);
        return false;
    }
    note_end(of, record, proving);
    *ret_record = record;
    return true;
}

/* ---- elasticity ---- */

static struct load elasticity_load(const struct load *of, double response_ns)
{
    struct load load = *of;

    load.requests = 0;
    load.duration_ns = (int64_t)fmin(fmax(DRIVE_CYCLES * response_ns, DRIVE_MIN_NS), DRIVE_MAX_NS);
    load.warmup_ns = WARMUP_NS;
    load.warmup_requests = 0;
    return load;
}

/* One drive's throughput into *ret_per_sec; NaN: it came to no end. */
static bool measure(const struct drive *drive, const struct load *load, int64_t burn_ns,
                    struct proving *proving, double *ret_per_sec, struct error *err)
{
    struct trial_record *driven;

    if (!drive_again(drive, load, burn_ns, proving, &driven, err))
        return false;
    *ret_per_sec = came_to_an_end(driven) ? record_throughput_per_sec(driven) : RECORD_UNKNOWN;
    trial_record_free(driven);
    return true;
}

static bool try_elasticity(const struct drive *drive, struct trial_record *record,
                           struct error *err)
{
    const struct load load =
        elasticity_load(drive->load, histogram_mean_ns(&record->tally.response));
    const int64_t burn_ns = llround(PROVE_WORK_SHARE * record_client_cpu_ns_per_request(record));
    struct proving proving = { .record = record, .began = mono_now() };
    struct proof_elasticity *e = &record->proof.elasticity;
    double without[PROVE_ROUNDS_MAX], with[PROVE_ROUNDS_MAX];

    proving.total_ns = INT64_C(2) * PROVE_ROUNDS_MIN * (load.duration_ns + load.warmup_ns);
    *e = prove_elasticity(without, with, 0, burn_ns, PROVE_WORK_SHARE);
    for (uint32_t i = 0; i < PROVE_ROUNDS_MAX && e->state == ELASTICITY_OPEN; i++) {
        with[i] = RECORD_UNKNOWN;
        if (!measure(drive, &load, 0, &proving, &without[i], err) ||
            (!proving.died && !measure(drive, &load, burn_ns, &proving, &with[i], err)))
            return false;
        if (isnan(without[i]) || isnan(with[i]))
            break;
        *e = prove_elasticity(without, with, i + 1, burn_ns, PROVE_WORK_SHARE);
    }
    if (proving.died)
        e->state = ELASTICITY_DIED;
    return true;
}

/* ---- a leak ---- */

static int64_t leak_drive_ns(const struct prove_wish *wish)
{
    return wish->leak_ns > 0 ? wish->leak_ns : PROVE_LEAK_DEFAULT_NS;
}

int64_t prove_leak_ns(const struct prove_wish *wish)
{
    return 2 * (leak_drive_ns(wish) + LEAK_WARMUP_NS);
}

/* The lower of the two rates: what the target can do twice of without being slowed down, and what
 * the machine has memory for. */
static double leak_rate(const struct trial_record *record, double bytes_per_request,
                        int64_t duration_ns)
{
    double seconds = (double)(duration_ns + LEAK_WARMUP_NS) / 1e9;
    double wanted = record->load.model == LOAD_OPEN
                        ? record->load.rate_per_sec / 2
                        : record_throughput_per_sec(record) * LEAK_RATE_SHARE;

    return fmin(wanted, LEAK_BYTES_MAX / (3 * bytes_per_request * seconds));
}

static struct load leak_load(const struct load *of, double rate_per_sec, int64_t duration_ns)
{
    struct load load = *of;

    load.model = LOAD_OPEN;
    load.arrivals = PACER_EVEN;
    load.rate_per_sec = rate_per_sec;
    load.requests = 0;
    load.duration_ns = duration_ns;
    load.warmup_ns = LEAK_WARMUP_NS;
    load.warmup_requests = 0;
    return load;
}

static bool drive_at_two_rates(const struct drive *drive, const struct prove_wish *wish,
                               struct trial_record *record, struct error *err)
{
    const int64_t duration_ns = leak_drive_ns(wish);
    const struct leak unknown = { .kind = LEAK_UNKNOWN, .bytes_per_request = RECORD_UNKNOWN };
    const struct leak seen = leak_of_trial(record);
    struct leak leaks[2] = { unknown, unknown };
    double bytes = seen.kind == LEAK_GROWING ? seen.bytes_per_request : LEAK_BYTES_EXPECTED;
    const double rate = leak_rate(record, bytes, duration_ns);
    const double rates[2] = { rate, 2 * rate };
    struct proving proving = { .record = record, .began = mono_now() };

    proving.total_ns = prove_leak_ns(wish);
    for (int i = 0; i < 2; i++) {
        const struct load load = leak_load(drive->load, rates[i], duration_ns);
        struct trial_record *driven;

        if (is_stopped(drive) || proving.died)
            break;
        if (!drive_again(drive, &load, 0, &proving, &driven, err))
            return false;
        if (came_to_an_end(driven))
            leaks[i] = leak_of_trial(driven);
        trial_record_free(driven);
    }
    record->proof.leak = prove_leak(leaks, rates, (double)duration_ns / 1e9);
    if (proving.died)
        record->proof.leak.state = LEAK_PROOF_DIED;
    return true;
}

static bool try_leak(const struct drive *drive, const struct prove_wish *wish,
                     struct trial_record *record, struct error *err)
{
    struct proof_leak *proof = &record->proof.leak;
    const struct check *memory;

    verdict_trial(record);
    memory = verdict_check(&record->verdict, CHECK_MEMORY);
    if (memory == NULL)
        return true;
    if (memory->state == CHECK_OK)
        proof->state = LEAK_PROOF_FLAT;
    else if (record->server.rss_bytes_start < 0)
        proof->state = LEAK_PROOF_OPEN;
    else if (memory->state != CHECK_UNKNOWN || wish->unknown_memory)
        return drive_at_two_rates(drive, wish, record, err);
    return true;
}

/* ---- both ---- */

static bool try_both(const struct drive *drive, const struct prove_wish *wish,
                     struct trial_record *record, struct error *err)
{
    if (drive->load->model == LOAD_CLOSED && !try_elasticity(drive, record, err))
        return false;
    return is_stopped(drive) || record->proof.elasticity.state == ELASTICITY_DIED ||
           try_leak(drive, wish, record, err);
}

bool prove_trial(const struct drive *drive, const struct prove_wish *wish,
                 struct trial_record *record, struct error *err)
{
    if (!wish->wanted || record->ceiling || drive->load->stage > 0 || !came_to_an_end(record) ||
        is_stopped(drive))
        return true;
    /* Who interrupts a proof, wherever it is, wants what was measured. */
    return try_both(drive, wish, record, err) || is_stopped(drive);
}

int64_t prove_least_ns(const struct prove_wish *wish, const struct load *load)
{
    const struct load drive = elasticity_load(load, 0);

    if (!wish->wanted || load->model != LOAD_CLOSED || load->stages != NULL)
        return 0;
    return INT64_C(2) * PROVE_ROUNDS_MIN * (drive.duration_ns + drive.warmup_ns);
}
