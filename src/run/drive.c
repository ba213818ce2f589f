#include "run/drive.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/bug.h"
#include "base/units.h"
#include "load/ask.h"
#include "load/contract.h"
#include "load/engine.h"
#include "load/plan.h"
#include "load/request.h"
#include "probe/host.h"
#include "run/around.h"
#include "run/room.h"
#include "run/watch.h"
#include "verdict/steady.h"

#define PROBES 3
/* Ten times a second: what the probes cost is below what they could disturb. */
#define SAMPLE_NS (100 * MILLISECOND_NS)
#define RATES_MAX 600 /* tenths of a second that are shown */

/* A window of 30 s or more that turns out to have begun inside the warm-up begins anew, with its
 * full length, so often at most: three times the time that was asked for. */
#define STEADY_WINDOW_NS (30 * SECOND_NS)
#define RESTARTS_MAX     2
/* When that is decided, before the window's end: late enough to know all of it. */
#define DECIDE_NS (RESTART_AHEAD_NS + 3 * SAMPLE_NS)

size_t drive_arena_bytes(const struct drive *drive)
{
    struct plan plan = { .load = *drive->load };

    return engine_seconds_bytes(&plan) + 65536 +
           (engine_seconds_bytes(&plan) / sizeof(struct tally_second) + 1) *
               sizeof(struct series_point) +
           drive->workload->body.len + drive->workload->expect.body.len;
}

/* ---- before: ask, and make a plan of the answers ---- */

struct asked {
    struct arena arena; /* answers, request, contract */
    struct answer answers[PROBES];
    struct plan plan;
};

static bool not_ready(struct trial_record *record, const struct answer *answer)
{
    record->state = TRIAL_NOT_READY;
    record->reason = arena_format(&record->arena, "%s; %s", answer->reason, answer_remedy(answer));
    return true;
}

/* It said that it keeps the connection, and did not: what it really does is a connection a request.
 */
static bool closes_silently(const struct answer *answers)
{
    for (unsigned i = 1; i < PROBES; i++)
        if (!answers[i - 1].keeps || answers[i].reused)
            return false;
    return true;
}

/* What becomes of connections that are to be kept, for people. */
static const char *closing_words(const struct drive *d, const struct answer *answers)
{
    if (!d->load->keepalive)
        return "";
    if (closes_silently(answers))
        return "; closes after every answer without saying so";
    for (unsigned i = 0; i < PROBES; i++)
        if (answers[i].keeps)
            return "";
    return "; closes after every answer";
}

static void keep_answer(const struct answer *answers, struct trial_record *record)
{
    struct probe_answer *kept = &record->probe_answer;
    char line[4 * sizeof(answers[0].content_encoding)]; /* escaped, a byte can become four */
    struct text encoding = TEXT(line);

    kept->status = answers[0].status;
    kept->body_bytes = (int64_t)answers[0].body.len;
    for (unsigned i = 1; i < PROBES; i++)
        if (answers[i].body.len != answers[0].body.len)
            kept->body_bytes = -1;
    text_add_escaped(&encoding, slice_of(answers[0].content_encoding));
    kept->encoding = arena_text(&record->arena, line, encoding.len);
}

static bool make_plan(const struct drive *d, struct asked *a, struct trial_record *record,
                      struct error *err)
{
    struct plan *plan = &a->plan;
    const struct answer *first = &a->answers[0];

    *plan = (struct plan){ .load = *d->load,
                           .addresses = d->addresses,
                           .address_count = d->address_count,
                           .own_close = d->load->keepalive && closes_silently(a->answers),
                           .ring = d->ring,
                           .cpus = d->cpus,
                           .cpu_count = d->cpu_count,
                           .seed = d->seed,
                           .burn_ns = d->burn_ns };
    if (!request_render(d->workload, d->host, d->load->keepalive, &a->arena, &plan->request, err))
        return false;
    if (!contract_learn(d->workload, a->answers, PROBES, &a->arena, &plan->contract,
                        &record->check_text, err))
        return false;
    record->check_text =
        arena_format(&record->arena, "%s%s", record->check_text, closing_words(d, a->answers));
    record->body_checked = plan->contract.body_known;
    keep_answer(a->answers, record);
    plan->receive_bytes = (uint32_t)(first->head.len + first->body.len);
    return true;
}

static bool ask_first(const struct drive *d, struct asked *a, struct trial_record *record,
                      struct error *err)
{
    struct error few;

    if (!room_ports("", d->load, d->addresses, d->address_count, &few)) {
        record->state = TRIAL_NOT_READY;
        record->reason = arena_text(&record->arena, few.text, strlen(few.text));
        return true;
    }
    /* One after the other: who did not answer rightly is not asked again. */
    if (!ask_until(d->stop_asked, &d->addresses[0], d->workload, d->host, d->load->timeout_ns,
                   PROBES, &a->arena, a->answers, err))
        return false;
    record->probes += PROBES;
    for (unsigned i = 0; i < PROBES; i++)
        if (a->answers[i].outcome != OUTCOME_OK)
            return not_ready(record, &a->answers[i]);
    return make_plan(d, a, record, err);
}

/* ---- while it is driven ---- */

struct ride {
    const struct drive *drive;
    struct trial_record *record;
    struct engine *engine;
    struct watch watch;
    struct around around;
    enum engine_phase phase;
    struct mono started;
    uint32_t points_max;
    struct mono last_at;
    uint64_t last_ok;
    int64_t last_cpu_ns;
    double rates[RATES_MAX];
    size_t rate_count;
    int stops_heard;
    uint32_t restarts;
    bool decided; /* whether this window stays */
};

static enum progress_phase shown_phase(enum engine_phase phase)
{
    switch (phase) {
    case ENGINE_WARMUP:
        return PROGRESS_WARMUP;
    case ENGINE_WINDOW:
        return PROGRESS_MEASURE;
    case ENGINE_DRAIN:
    case ENGINE_DONE:
        return PROGRESS_DRAIN;
    }
    BUG("engine phase out of range");
}

static void tell(struct ride *r, struct mono now)
{
    const struct load *load = r->drive->load;
    struct engine_live live = engine_live(r->engine);
    struct mono begin = engine_window_begin(r->engine);
    bool warming = begin.ns == MONO_NEVER.ns; /* by count */
    double step_s = (double)mono_diff_ns(r->last_at, now) / 1e9;
    double since_s = (double)mono_diff_ns(begin, now) / 1e9;
    /* A window that begins anew counts from 0. */
    uint64_t ok_before = live.ok < r->last_ok ? 0 : r->last_ok;
    struct progress p = { .phase = shown_phase(r->phase),
                          .record = r->record,
                          .done = warming ? live.warmed : live.done,
                          .wanted = warming ? load->warmup_requests : load->requests,
                          .ok = live.ok,
                          .failed = live.failed,
                          .p50_ns = live.p50_ns,
                          .p99_ns = live.p99_ns,
                          .server_cpus = r->watch.server_cpus,
                          .client_cpus = -1,
                          .server_rss_bytes = -1 };

    p.elapsed_ns = mono_diff_ns(r->phase == ENGINE_WARMUP ? r->started : begin, now);
    if (!warming)
        p.total_ns =
            r->phase == ENGINE_WARMUP ? mono_diff_ns(r->started, begin) : load->duration_ns;
    if (step_s > 0) {
        p.now_per_sec = (double)(live.ok - ok_before) / step_s;
        p.client_cpus = (double)(live.cpu_ns - r->last_cpu_ns) / 1e9 / step_s;
    }
    if (since_s > 0)
        p.mean_per_sec = (double)live.ok / since_s;
    if (r->phase == ENGINE_WINDOW && r->rate_count < RATES_MAX)
        r->rates[r->rate_count++] = p.now_per_sec;
    p.rates = r->rates;
    p.rate_count = r->rate_count;
    if (r->watch.known)
        p.server_rss_bytes = (int64_t)r->watch.last.rss_bytes;
    r->last_at = now;
    r->last_ok = live.ok;
    r->last_cpu_ns = live.cpu_ns;
    if (r->drive->observer != NULL)
        r->drive->observer->progress(r->drive->observer->context, &p);
}

/* CPU time that this trial's programs have used on this machine so far; -1: unknown. */
static int64_t ours_ns(const struct ride *r)
{
    int64_t server_ns = watch_cpu_ns(&r->watch);
    struct timespec own;

    if (server_ns < 0 || clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own) < 0)
        return -1;
    return (int64_t)own.tv_sec * SECOND_NS + own.tv_nsec + server_ns;
}

static void begin_window(struct ride *r, struct mono now)
{
    watch_window_begins(&r->watch, now, &r->record->server);
    around_window_begins(&r->around, now, watch_first_pid(&r->watch), ours_ns(r),
                         &r->record->machine);
}

static void look_in_window(struct ride *r, struct mono now)
{
    watch_in_window(&r->watch, now, &r->record->server, r->record->points, r->points_max);
    around_in_window(&r->around, now, &r->record->machine);
}

static void end_window(struct ride *r, struct mono now)
{
    watch_window_ends(&r->watch, now, &r->record->server);
    around_window_ends(&r->around, now, ours_ns(r), &r->record->machine, &r->record->hiccup);
    watch_in_window(&r->watch, now, &r->record->server, r->record->points, r->points_max);
}

static void enter_phase(struct ride *r, enum engine_phase phase, struct mono now)
{
    /* A window that began and ended between two looks has no figures of the server. */
    if (r->phase == ENGINE_WARMUP && phase == ENGINE_WINDOW)
        begin_window(r, now);
    if (r->phase == ENGINE_WINDOW && phase >= ENGINE_DRAIN)
        end_window(r, now);
    r->phase = phase;
}

static bool began_in_warmup(const struct ride *r, struct mono now)
{
    struct mono begin = engine_window_begin(r->engine);
    struct mono start = engine_start_moment(r->engine);
    size_t before = (size_t)(mono_diff_ns(start, begin) / TENTH_NS);
    uint32_t max = (uint32_t)(mono_diff_ns(start, now) / TENTH_NS) + 1;
    uint32_t *tenths = calloc(max, sizeof(*tenths));
    bool wants;

    if (tenths == NULL)
        return false; /* the check will say that it was not steady */
    wants = steady_wants_more(tenths, engine_tenths(r->engine, tenths, max), before);
    free(tenths);
    return wants;
}

/* The steady state is found, not assumed. What the user told to be measured without any warm-up, or
 * a stage of it, or so many requests, is measured as told. */
static void find_steady(struct ride *r, struct mono now)
{
    const struct load *load = r->drive->load;
    struct mono end = mono_after(engine_window_begin(r->engine), load->duration_ns);

    if (load->duration_ns < STEADY_WINDOW_NS || !load_warms_up(load) || load->stage > 0 ||
        r->drive->again || r->decided || r->restarts == RESTARTS_MAX ||
        mono_diff_ns(now, end) > DECIDE_NS)
        return;
    r->decided = true;
    if (began_in_warmup(r, now) &&
        engine_restart_window(r->engine, mono_after(now, RESTART_AHEAD_NS + SAMPLE_NS))) {
        r->phase = ENGINE_WARMUP;
        r->restarts++;
        r->decided = false;
    }
}

static void look_for_trouble(struct ride *r)
{
    const struct drive *d = r->drive;
    struct error died;

    if (d->stop_asked != NULL)
        for (; r->stops_heard < *d->stop_asked; r->stops_heard++)
            engine_stop(r->engine);
    if (d->target == NULL || r->record->state == TRIAL_DIED || target_alive(d->target, 0, &died))
        return;
    r->record->state = TRIAL_DIED;
    r->record->reason = arena_text(&r->record->arena, died.text, strlen(died.text));
    engine_stop(r->engine);
}

static void ride(struct ride *r)
{
    struct server_usage *server = &r->record->server;

    r->started = mono_now();
    r->last_at = r->started;
    while (r->phase != ENGINE_DONE) {
        enum engine_phase phase =
            engine_wait(r->engine, r->phase, mono_after(mono_now(), SAMPLE_NS));
        struct mono now = mono_now();

        if (phase != r->phase)
            enter_phase(r, phase, now);
        else if (phase == ENGINE_WINDOW) {
            look_in_window(r, now);
            find_steady(r, now);
        } else
            watch_sample(&r->watch, now, server);
        look_for_trouble(r);
        if (mono_diff_ns(r->last_at, now) >= SAMPLE_NS / 2)
            tell(r, now);
    }
}

static void count_client(const struct drive *d, struct client_usage *client)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    client->rss_bytes_peak = usage.ru_maxrss * INT64_C(1024);
    client->cpus_allowed = d->cpu_count > 0 ? 0 : host_cpus_allowed();
    for (uint32_t i = 0; i < d->cpu_count && i < RECORD_CPUS_MAX; i++) {
        client->cpus[client->cpu_count++] = d->cpus[i];
        client->cpus_allowed |= d->cpus[i] < 64 ? UINT64_C(1) << d->cpus[i] : 0;
    }
    client->cpus_allowed = host_with_siblings("", client->cpus_allowed);
}

static void watch_target(struct ride *r)
{
    struct target_leader leaders[TARGET_LEADERS_MAX];
    struct slice names[RECORD_SERVICES_MAX];
    struct trial_record *record = r->record;
    size_t leader_count;

    watch_init(&r->watch, "", r->drive->ancestor, r->drive->ancestor_counts);
    if (r->drive->target == NULL)
        return;
    leader_count = target_service_leaders(r->drive->target, leaders);
    record->service_count = target_service_names(r->drive->target, names, RECORD_SERVICES_MAX);
    for (size_t i = 0; i < record->service_count; i++)
        record->services[i] = (struct service_usage){
            .name = arena_text(&record->arena, names[i].ptr, names[i].len),
            .processes = -1,
            .cpu_user_ns = -1,
            .cpu_system_ns = -1,
            .rss_bytes_peak = -1,
        };
    watch_services(&r->watch, leaders, leader_count, record->services, record->service_count);
}

static bool drive_by(const struct drive *d, const struct plan *plan, struct trial_record *record,
                     struct error *err)
{
    struct ride r = { .drive = d, .record = record, .phase = ENGINE_WARMUP };
    bool fine;

    r.points_max = (uint32_t)(engine_seconds_bytes(plan) / sizeof(struct tally_second));
    record->points = arena_new(&record->arena, struct series_point, r.points_max);
    watch_target(&r);
    /* Its tree has settled, and been idle, before the first stage only. */
    if (d->target != NULL && d->load->stage <= 1 && !d->again)
        watch_settle(&r.watch, &record->server);
    else
        watch_sample(&r.watch, mono_now(), &record->server);
    around_start(&r.around, "", d->cpu_count > 0 ? (int32_t)d->cpus[0] : -1);
    around_target(&r.around, &d->addresses[0]);
    if (!load_warms_up(d->load)) {
        /* The window begins with the engine: who looks behind its start has missed some of it. */
        begin_window(&r, mono_now());
        r.phase = ENGINE_WINDOW;
    }
    if (!engine_start(plan, &r.engine, err)) {
        around_stop(&r.around);
        return false;
    }
    record->ring = engine_ring_name(r.engine);
    ride(&r);
    around_stop(&r.around);
    fine = engine_finish(r.engine, &record->arena, &record->tally, err);
    for (uint32_t i = r.watch.points; i < record->tally.second_count; i++)
        record->points[i] = (struct series_point){ .rss_bytes = -1, .cpu_ns = -1 };
    count_client(d, &record->client);
    if (record->state == TRIAL_DIED)
        record->tally.partial = true;
    if (record->tally.gave_up && record->reason[0] == '\0')
        record->reason = "given up: for four time-outs' length not one whole answer had come";
    return fine;
}

/* Room for the answers, for the request as it is asked and as it is driven, for the contract. */
static size_t asked_bytes(const struct workload *workload)
{
    size_t request = workload->path.len + workload->body.len + 65536;

    for (size_t i = 0; i < workload->header_count; i++)
        request += workload->headers[i].name.len + workload->headers[i].value.len + 4;
    return (PROBES + 1) * request + PROBES * ((size_t)ASK_BODY_MAX + 65536) +
           2 * workload->expect.body.len + workload->expect.json.len + (1u << 20);
}

bool drive_run(const struct drive *drive, struct trial_record *record, struct error *err)
{
    struct asked asked = { 0 };
    bool fine;

    if (!arena_map(&asked.arena, asked_bytes(drive->workload), err))
        return false;
    record->load = *drive->load;
    record->seed = drive->seed;
    fine = ask_first(drive, &asked, record, err);
    if (fine && record->state == TRIAL_DONE)
        fine = drive_by(drive, &asked.plan, record, err);
    arena_unmap(&asked.arena);
    return fine;
}
