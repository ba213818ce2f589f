#include "inproc/inproc_priv.h"

#include <math.h>
#include <string.h>

#include "base/bytes.h"

/* A warm-up goes in steps of about this long, until so many of them in a row brought no further
 * gain. A compiler at run time rests between its gains; an interpreter has none after its first
 * calls. */
#define STEP_NS       (30 * MILLISECOND_NS)
#define CALM_STEPS    3
#define JIT_STEP_NS   (100 * MILLISECOND_NS)
#define CALM_JIT      20
#define GAIN          0.95
#define WARMUP_MAX_NS (15 * SECOND_NS)

/* What a runner may say: no call is so fast that a step has as many, no batch takes so long. */
#define STEP_CALLS_MAX (UINT64_C(1) << 36)
#define BATCH_NS_MAX   (1000000 * SECOND_NS)

/* What a call does is looked at behind so many calls of each case: caches are filled, and Python's
 * interpreter has specialised its instructions. */
#define WARM_CALLS 100

/* A timed process measures about this long when nobody says how many calls. */
#define MEASURED_NS SECOND_NS

/* All points of memory's growth together. */
#define GROWTH_NS (SECOND_NS / 2)

/* A command may take this many times what was expected, beside the time-out: neighbours come and
 * go.
 */
#define PATIENCE 20

const char *inproc_gc_name(enum inproc_gc gc)
{
    switch (gc) {
    case INPROC_GC_ON:
        return "on";
    case INPROC_GC_OFF:
        return "off";
    case INPROC_GC_FROZEN:
        return "frozen";
    }
    return "";
}

bool inproc_gc_named(const char *name, enum inproc_gc *ret_gc)
{
    static const enum inproc_gc all[] = { INPROC_GC_ON, INPROC_GC_OFF, INPROC_GC_FROZEN };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(name, inproc_gc_name(all[i])) == 0) {
            *ret_gc = all[i];
            return true;
        }
    return false;
}

/* ---- what both kinds of process do ---- */

json_t *open_app(struct runner *r, json_t *cases, struct error *err)
{
    const struct inproc_spec *s = r->spec;
    json_t *command = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:O}", "cmd", "open", "app", s->app,
                                "folder", s->folder, "interface", s->interface, "gc",
                                inproc_gc_name(s->gc), "timed", r->timed, "cases", cases);
    json_t *answer = runner_ask(r, command, s->timeout_ns, err);

    r->fault->opened = answer != NULL;
    return answer;
}

static bool is_jit(const json_t *facts)
{
    return json_is_true(json_object_get(facts, "jit"));
}

static int64_t limit_of(const struct inproc_spec *spec, double expected_ns)
{
    double more = expected_ns * PATIENCE;

    return spec->timeout_ns + (more < 1e15 ? (int64_t)more : INT64_C(1000000000000000));
}

static int64_t count_in(const json_t *answer, const char *key)
{
    const json_t *value = json_object_get(answer, key);

    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static void text_in(const json_t *answer, const char *key, char *ret_text, size_t size)
{
    const char *text = json_string_value(json_object_get(answer, key));

    snprintf(ret_text, size, "%s", text != NULL ? text : "");
}

/* A runner is a program of its own, and need not be one of ours: what it says is looked at before
 * anything is computed from it. */
static bool are_numbers(const json_t *answer, const char *key, uint64_t count, int64_t min,
                        int64_t max)
{
    const json_t *list = json_object_get(answer, key);

    if (json_array_size(list) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, i);

        if (!json_is_integer(value) || json_integer_value(value) < min ||
            json_integer_value(value) > max)
            return false;
    }
    return true;
}

static bool check_run(const json_t *answer, uint64_t batches, uint64_t calls, struct error *err)
{
    int64_t ok = count_in(answer, "ok"), wrong = count_in(answer, "wrong");
    int64_t all = (int64_t)(batches * calls);
    char first[1000], escaped[1500];
    struct text text = TEXT(escaped);

    if (ok < 0 || wrong < 0 || wrong > all || ok != all - wrong)
        return error_set(err, 0, "the runner's counts (ok, wrong) are not those of %lld calls",
                         (long long)all);
    text_in(answer, "first_wrong", first, sizeof(first));
    text_add_escaped(&text, slice_of(first));
    if (wrong > 0)
        return error_set(err, 0, "%lld of %lld answers were wrong; the first: %s", (long long)wrong,
                         (long long)all, escaped);
    if (!are_numbers(answer, "wall_ns", batches, 1, BATCH_NS_MAX) ||
        !are_numbers(answer, "cpu_ns", batches, 0, BATCH_NS_MAX))
        return error_set(err, 0, "the runner's times (wall_ns, cpu_ns) are not those of %d batches",
                         (int)batches);
    return true;
}

bool run_calls(struct runner *r, uint64_t batches, uint64_t calls, double guess_ns,
               json_t **ret_answer, struct error *err)
{
    json_t *answer = runner_ask(r,
                                json_pack("{s:s, s:I, s:I}", "cmd", "run", "batches",
                                          (json_int_t)batches, "calls", (json_int_t)calls),
                                limit_of(r->spec, guess_ns * (double)(batches * calls)), err);

    if (answer == NULL)
        return false;
    if (!check_run(answer, batches, calls, err)) {
        json_decref(answer);
        return false;
    }
    *ret_answer = answer;
    return true;
}

static int64_t sum_of(const json_t *answer, const char *key)
{
    const json_t *list = json_object_get(answer, key);
    int64_t sum = 0;

    for (size_t i = 0; i < json_array_size(list); i++)
        sum += json_integer_value(json_array_get(list, i));
    return sum;
}

/* Each batch begins with the first case: only whole turns are fair to all of them. */
static uint64_t whole_turns(const struct inproc_spec *spec, double calls)
{
    uint64_t turns = (uint64_t)ceil(fmax(calls, 1) / (double)spec->case_count);

    return turns * spec->case_count;
}

/* ---- warming up ---- */

struct warmth {
    bool jit;
    double ns; /* a call, about; 0: nobody knows yet */
    uint64_t calls;
    int64_t wall_ns; /* all of them */
};

static bool warm_by(struct runner *r, uint64_t calls, struct warmth *w, int64_t *ret_wall_ns,
                    struct error *err)
{
    json_t *answer = NULL;

    if (!run_calls(r, 1, calls, w->ns, &answer, err))
        return false;
    *ret_wall_ns = sum_of(answer, "wall_ns");
    json_decref(answer);
    w->ns = fmax((double)*ret_wall_ns, 1) / (double)calls;
    w->calls += calls;
    w->wall_ns += *ret_wall_ns;
    return true;
}

/* Until it gets no faster any more. Steps that are too short to tell anything only grow. */
static bool warm_up(struct runner *r, struct warmth *w, struct error *err)
{
    int64_t step_ns = w->jit ? JIT_STEP_NS : STEP_NS;
    int enough = w->jit ? CALM_JIT : CALM_STEPS;
    uint64_t calls = r->spec->case_count;
    double calm_ns = HUGE_VAL; /* where the calm began: gains too small to see add up */
    int calm = 0;

    while (calm < enough && w->wall_ns < WARMUP_MAX_NS) {
        int64_t wall_ns;

        if (!warm_by(r, calls, w, &wall_ns, err))
            return false;
        if (wall_ns < step_ns / 2 && calls > STEP_CALLS_MAX)
            return error_set(err, 0, "the runner says that %llu calls took %lld ns",
                             (unsigned long long)calls, (long long)wall_ns);
        if (wall_ns < step_ns / 2) {
            calls *= 2;
            continue;
        }
        calm = w->ns > calm_ns * GAIN ? calm + 1 : 0;
        if (calm == 0)
            calm_ns = w->ns;
    }
    return true;
}

/* ---- looking ---- */

static bool learn(struct runner *r, struct inproc_look *look, struct error *err)
{
    for (size_t i = 0; i < r->spec->case_count; i++) {
        json_t *answers[2] = { NULL, NULL };
        char check[INPROC_TEXT_MAX];
        bool fine = true;

        for (size_t k = 0; fine && k < 2; k++) {
            answers[k] = runner_ask(r, json_pack("{s:s, s:I}", "cmd", "ask", "case", (json_int_t)i),
                                    r->spec->timeout_ns, err);
            fine = answers[k] != NULL;
        }
        fine = fine && cases_learn(look->cases, r->spec, i, answers[0], answers[1], check,
                                   sizeof(check), err);
        json_decref(answers[0]);
        json_decref(answers[1]);
        if (!fine)
            return false;
        if (i == 0)
            snprintf(look->check, sizeof(look->check), "%s", check);
    }
    return true;
}

/* A fixed number of calls, so that the one that is profiled is the same one every time. The first
 * ones tell how long the others may take. */
static bool warm_a_little(struct runner *r, struct warmth *w, struct error *err)
{
    int64_t wall_ns;

    return warm_by(r, r->spec->case_count, w, &wall_ns, err) &&
           warm_by(r, (WARM_CALLS - 1) * r->spec->case_count, w, &wall_ns, err);
}

static bool profile(struct runner *r, struct inproc_look *look, struct error *err)
{
    json_t *answer = runner_ask(r, json_pack("{s:s}", "cmd", "profile"), r->spec->timeout_ns, err);

    if (answer == NULL)
        return false;
    look->tcalls = count_in(answer, "tcalls");
    look->funcs = count_in(answer, "funcs");
    look->allocations = count_in(answer, "allocations");
    json_decref(answer);
    return true;
}

static bool grow(struct runner *r, struct inproc_look *look, struct error *err)
{
    double calls = (double)GROWTH_NS / INPROC_GROWTH_POINTS / look->guess_ns;
    const json_t *bytes;
    json_t *answer;
    bool fine;

    look->growth_calls = whole_turns(r->spec, fmin(fmax(calls, 10), 20000));
    answer = runner_ask(
        r,
        json_pack("{s:s, s:i, s:I}", "cmd", "growth", "points", INPROC_GROWTH_POINTS, "calls",
                  (json_int_t)look->growth_calls),
        limit_of(r->spec, look->guess_ns * (double)look->growth_calls * INPROC_GROWTH_POINTS), err);
    if (answer == NULL)
        return false;
    bytes = json_object_get(answer, "bytes");
    fine = are_numbers(answer, "bytes", INPROC_GROWTH_POINTS + 1, 0, INT64_MAX) ||
           error_set(err, 0, "the runner's bytes are not those of %d points in time",
                     INPROC_GROWTH_POINTS + 1);
    for (size_t i = 0; fine && i <= INPROC_GROWTH_POINTS; i++)
        look->growth_bytes[i] = json_integer_value(json_array_get(bytes, i));
    json_decref(answer);
    return fine;
}

static bool open_and_learn(struct runner *r, struct inproc_look *look, struct error *err)
{
    json_t *facts = open_app(r, look->cases, err);
    struct warmth warmth = { .jit = is_jit(facts) };

    if (facts == NULL)
        return false;
    text_in(facts, "runtime", look->runtime, sizeof(look->runtime));
    text_in(facts, "version", look->version, sizeof(look->version));
    text_in(facts, "interface", look->interface, sizeof(look->interface));
    text_in(facts, "driver", look->driver, sizeof(look->driver));
    look->driver_ns = count_in(facts, "driver_ns");
    json_decref(facts);
    if (!learn(r, look, err) || !warm_a_little(r, &warmth, err) || !profile(r, look, err) ||
        !warm_up(r, &warmth, err))
        return false;
    look->guess_ns = warmth.ns;
    return grow(r, look, err);
}

bool inproc_look_at(const struct inproc_spec *spec, struct inproc_look *ret_look,
                    struct inproc_fault *ret_fault, struct error *err)
{
    struct inproc_look look = { .driver_ns = -1, .instructions = (double)NAN };
    struct runner r;
    bool fine;

    look.cases = cases_new(spec);
    fine = look.cases != NULL || error_set(err, 0, "out of memory");
    fine = fine && runner_start(&r, spec, false, NULL, ret_fault, err);
    if (fine) {
        fine = open_and_learn(&r, &look, err);
        runner_end(&r);
    }
    if (fine && spec->instructions)
        fine = callgrind_count(spec, &look, &look.instructions, ret_fault, err);
    if (fine)
        *ret_look = look;
    else
        inproc_look_release(&look);
    return fine;
}

void inproc_look_release(struct inproc_look *look)
{
    json_decref(look->cases);
    look->cases = NULL;
}

/* ---- timing ---- */

static void take_batches(const json_t *answer, struct inproc_timing *t)
{
    const json_t *list = json_object_get(answer, "wall_ns");
    int64_t instructions = count_in(answer, "instructions");

    t->batch_count = json_array_size(list);
    for (size_t i = 0; i < t->batch_count; i++)
        t->batch_ns[i] = json_integer_value(json_array_get(list, i));
    t->wall_ns = sum_of(answer, "wall_ns");
    t->cpu_ns = sum_of(answer, "cpu_ns");
    t->instructions = instructions < 0 ? (double)NAN : (double)instructions / (double)t->calls;
}

static bool warm_and_run(struct runner *r, bool jit, struct inproc_timing *t, struct error *err)
{
    struct warmth warmth = { .jit = jit };
    uint64_t batches, calls;
    double wanted;
    json_t *answer;

    if (!warm_up(r, &warmth, err))
        return error_wrap(err, "warm-up");
    wanted = r->spec->calls > 0 ? (double)r->spec->calls : MEASURED_NS / warmth.ns;
    batches = wanted < INPROC_BATCHES ? 1 : INPROC_BATCHES;
    calls = whole_turns(r->spec, wanted / (double)batches);
    t->warmup_calls = warmth.calls;
    t->warmup_ns = warmth.wall_ns;
    t->calls = batches * calls;
    if (!run_calls(r, batches, calls, warmth.ns, &answer, err))
        return false;
    take_batches(answer, t);
    json_decref(answer);
    return true;
}

bool inproc_time(const struct inproc_spec *spec, const struct inproc_look *look,
                 struct inproc_timing *ret_timing, struct inproc_fault *ret_fault,
                 struct error *err)
{
    struct inproc_timing timing = { 0 };
    struct runner r;
    json_t *facts;
    bool fine;

    if (!runner_start(&r, spec, true, NULL, ret_fault, err))
        return false;
    facts = open_app(&r, look->cases, err);
    timing.driver_ns = count_in(facts, "driver_ns");
    fine = facts != NULL && warm_and_run(&r, is_jit(facts), &timing, err);
    json_decref(facts);
    runner_end(&r);
    if (fine)
        *ret_timing = timing;
    return fine;
}
