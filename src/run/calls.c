#include "run/calls.h"

#include <errno.h>
#include <string.h>

#include "inproc/inproc.h"
#include "run/times.h"
#include "store/inproc_json.h"

#define TEXTS_BYTES       16384 /* of one call */
#define ANSWER_TIMEOUT_NS (30 * SECOND_NS)

/* A guess until it was measured: loading an application, asking it and counting, once; a process
 * with its warm-up; and a call in it, of which there are a second without a number. */
#define LOOK_NS    (3 * SECOND_NS / 2)
#define PROCESS_NS (8 * SECOND_NS / 10)
#define CALL_NS    INT64_C(20000)

/* One application as it is called for one workload. */
struct call {
    const struct variant *variant;
    size_t variant_index, workload, load;
    struct inproc_spec spec;
    struct workload right; /* with this target's own expectation */
    const char *unusable;  /* why it cannot even be tried; NULL */
    bool taken;            /* it stands in a table */
};

/* All of a session's, walked by index. */
static bool call_at(const struct session *s, size_t index, struct call *ret_call)
{
    for (size_t v = 0; v < s->variant_count; v++)
        for (size_t w = 0; w < s->suite->workload_count; w++)
            for (size_t l = 0; l < s->suite->load_count; l++) {
                if (!blocks_calls(s->suite, s->variants[v].target, w, l))
                    continue;
                if (index-- > 0)
                    continue;
                *ret_call = (struct call){
                    .variant = &s->variants[v], .variant_index = v, .workload = w, .load = l
                };
                return true;
            }
    return false;
}

size_t calls_count(const struct session *session)
{
    struct call call;
    size_t count = 0;

    while (call_at(session, count, &call))
        count++;
    return count;
}

size_t calls_bytes(const struct session *session)
{
    return calls_count(session) * (sizeof(struct call) + sizeof(struct call *) +
                                   sizeof(struct inproc_spec) + TEXTS_BYTES) +
           4096;
}

static struct times_key times_key(const struct session *s, const struct call *call)
{
    const struct load *load = &s->suite->loads[call->load];
    int64_t calls_ns = load->requests > 0 ? (int64_t)load->requests * CALL_NS : SECOND_NS;

    return (struct times_key){ call->variant->name, s->suite->workloads[call->workload].name,
                               load->name, LOOK_NS + s->blocks * (PROCESS_NS + calls_ns) };
}

void calls_estimate(const struct session *session, struct estimate *estimate)
{
    struct call call;

    for (size_t i = 0; call_at(session, i, &call); i++) {
        const struct times_key key = times_key(session, &call);
        int64_t took_ns = times_of(session->times, &key);

        estimate->ns += took_ns >= 0 ? took_ns : key.guess_ns;
        estimate->guessed += took_ns < 0;
        estimate->starts++;
    }
}

/* The applications of a table are measured in turn: each gets its share. */
static void note_times(struct session *s, const struct call *const *calls, size_t count,
                       int64_t took_ns)
{
    for (size_t i = 0; i < count; i++) {
        const struct times_key key = times_key(s, calls[i]);

        if (calls[i]->unusable == NULL)
            times_note(s->times, &key, took_ns / (int64_t)count);
    }
}

/* ---- what is called ---- */

static bool fill_spec(struct session *s, const struct prepared *prepared, struct call *call,
                      struct error *err)
{
    const struct suite_target *target = call->variant->target;
    const struct suite_inproc *inproc = &target->inproc;
    const struct target_place *place = &prepared[call->variant_index].place;
    struct inproc_spec *spec = &call->spec;
    const char *gc;

    call->right = target_workload(s->suite, call->variant, &s->suite->workloads[call->workload]);
    *spec = (struct inproc_spec){
        .runtime = arena_text(&s->arena, inproc->runtime.ptr, inproc->runtime.len),
        .interface = arena_text(&s->arena, inproc->interface.ptr, inproc->interface.len),
        .folder = arena_format(&s->arena, "%s/%.*s", s->suite->folder, (int)target->directory.len,
                               target->directory.ptr),
        .cases = &call->right,
        .case_count = 1,
        .calls = s->suite->loads[call->load].requests,
        .pinned = s->places.server_count > 0,
        .cpu = s->places.server[0],
        .timeout_ns = ANSWER_TIMEOUT_NS,
        .stop_asked = s->options.stop_asked,
    };
    if (!target_text(s->suite, call->variant, place, inproc->app, &s->arena, &spec->app, err) ||
        !target_text(s->suite, call->variant, place, inproc->gc, &s->arena, &gc, err))
        return false;
    if (gc[0] != '\0' && !inproc_gc_named(gc, &spec->gc))
        return error_usage(err, "target %.*s: gc is on, off or frozen, not '%s'",
                           (int)call->variant->name.len, call->variant->name.ptr, gc);
    call->unusable = prepared[call->variant_index].not_built;
    return true;
}

/* Compared with each other, and with one floor. */
static bool belong_together(const struct call *a, const struct call *b)
{
    return a->workload == b->workload && a->load == b->load && a->spec.gc == b->spec.gc &&
           strcmp(a->spec.runtime, b->spec.runtime) == 0;
}

/* ---- one table ---- */

struct telling {
    const struct observer *observer;
};

static void tell(void *context, const struct inproc_row *row, size_t round, size_t rounds)
{
    const struct telling *telling = context;
    struct error ignored;
    struct trial_record *record = trial_record_new(4096, &ignored);
    struct progress progress = { .phase = round == 0 ? PROGRESS_CHECK : PROGRESS_MEASURE,
                                 .record = record,
                                 .done = round,
                                 .wanted = rounds,
                                 .server_cpus = -1,
                                 .client_cpus = -1,
                                 .server_rss_bytes = -1 };

    if (record == NULL)
        return;
    record->target = arena_format(&record->arena, "%s", row->label);
    if (telling->observer != NULL)
        telling->observer->progress(telling->observer->context, &progress);
    trial_record_free(record);
}

static void fail_row(struct inproc_row *row, const char *reason)
{
    row->state = INPROC_FAILED;
    snprintf(row->reason, sizeof(row->reason), "%s", reason);
}

static void name_rows(struct inproc_table *table, const struct call *const *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct variant *variant = calls[i]->variant;
        struct inproc_row *row = &table->rows[i];

        snprintf(row->label, sizeof(row->label), "%.*s", (int)variant->name.len, variant->name.ptr);
        snprintf(row->application, sizeof(row->application), "%.*s",
                 (int)variant->target->application.len, variant->target->application.ptr);
        if (calls[i]->unusable != NULL)
            fail_row(row, calls[i]->unusable);
    }
}

static bool keep_table(const struct inproc_table *table, struct store *store,
                       struct run_record *run, struct error *err)
{
    json_t *document = inproc_to_json(table, run, err);

    if (document == NULL)
        return false;
    if (run->inproc == NULL)
        run->inproc = json_array();
    if (json_array_append_new(run->inproc, document) < 0)
        return error_set(err, ENOMEM, "keep a table of applications");
    return store == NULL || store_add_inproc(store, run->id, run->inproc, err);
}

static bool run_table(struct session *s, const struct call *const *calls, size_t count,
                      struct store *store, const struct observer *observer, struct run_record *run,
                      struct error *err)
{
    struct inproc_spec *specs = arena_new(&s->arena, struct inproc_spec, count);
    struct telling telling = { observer };
    const struct inproc_observer inproc_observer = { &telling, tell };
    struct inproc_table table;
    size_t rounds = s->blocks < INPROC_PROCESSES_MAX ? s->blocks : INPROC_PROCESSES_MAX;
    bool fine;

    for (size_t i = 0; i < count; i++)
        specs[i] = calls[i]->spec;
    if (!inproc_table_open(&table, specs, count, rounds, err))
        return false;
    name_rows(&table, calls, count);
    /* A runner that was not built is no reason to lose the rest of the suite. */
    if (!inproc_measure(&table, &inproc_observer, err))
        for (size_t i = 0; i < table.row_count; i++)
            fail_row(&table.rows[i], err->text);
    fine = keep_table(&table, store, run, err);
    inproc_table_close(&table);
    return fine;
}

/* ---- all of them ---- */

static bool stopped(const struct session *s)
{
    return s->options.stop_asked != NULL && *s->options.stop_asked > 0;
}

bool calls_run(struct session *session, const struct prepared *prepared, struct store *store,
               const struct observer *observer, struct run_record *run, struct error *err)
{
    size_t count = calls_count(session);
    struct call *calls = arena_new(&session->arena, struct call, count);
    const struct call **together = arena_new(&session->arena, const struct call *, count);

    for (size_t i = 0; i < count; i++)
        if (!call_at(session, i, &calls[i]) || !fill_spec(session, prepared, &calls[i], err))
            return false;
    for (size_t first = 0; first < count && !stopped(session); first++) {
        const struct mono begin = mono_now();
        size_t members = 0;

        for (size_t i = first; i < count && !calls[first].taken; i++)
            if (belong_together(&calls[first], &calls[i]))
                together[members++] = &calls[i];
        for (size_t i = first + 1; i < count && members > 0; i++)
            calls[i].taken = calls[i].taken || belong_together(&calls[first], &calls[i]);
        if (members > 0 && !run_table(session, together, members, store, observer, run, err))
            return false;
        if (!stopped(session))
            note_times(session, together, members, mono_diff_ns(begin, mono_now()));
    }
    return true;
}
