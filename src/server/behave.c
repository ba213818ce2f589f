#include "server/behave.h"

#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/units.h"

/* ---- reading ---- */

enum kind {
    KIND_DELAY,
    KIND_MM1,
    KIND_MD1,
    KIND_WARMUP,
    KIND_STEP,
    KIND_SQUARE,
    KIND_SLOWDOWN,
    KIND_PAUSE,
    KIND_LEAK,
    KIND_SAWTOOTH,
    KIND_PLATEAU,
    KIND_LOGCACHE,
    KIND_ONESTEP,
    KIND_LIAR,
    KIND_CLOSE_EVERY,
    KIND_TWO_WRITES,
    KIND_LATE_ACCEPT,
    KIND_WORKERS,
    KINDS,
};

/* In the order of the enum. A mode's name is its form up to the colon. */
static const struct behave_mode modes[] = {
    {"delay:D",          "d",     "each answer leaves D after its request came"                },
    { "mm1:S",           "d",     "one FIFO worker, exponential service of mean S: M/M/1"      },
    { "md1:S",           "d",     "one FIFO worker, S for every request: M/D/1"                },
    { "warmup:S,TAU",    "d,d",   "one FIFO worker, S(1 + 2e^(-t/TAU)) each"                   },
    { "step:S,Fx@T",     "d,f@d", "one FIFO worker, S each before T, F times S from T on"      },
    { "square:S,Fx/T",   "d,f/d", "one FIFO worker, S in one half of T, F times S in the other"},
    { "slowdown:S,Fx/T", "d,f/d", "one FIFO worker, S(1 + (F - 1)t/T) each: F times S at T"    },
    { "pause:P/T",       "d/d",   "at T, 2T, ... nothing leaves for P, then all that was due"  },
    { "leak:B",          "b",     "memory grows by B bytes a request"                          },
    { "sawtooth:B,MAX",  "b,b",   "the same, and falls to nothing when it reaches MAX"         },
    { "plateau:B,MAX",   "b,b",   "the same, until it is MAX"                                  },
    { "logcache:B,N",    "b,n",   "B ln(1 + requests/N) bytes are kept"                        },
    { "onestep:B@T",     "b@d",   "B bytes more from the first request after T on"             },
    { "liar:KIND/K",     "l/n",   "one of each K answers is wrong, but none of the first 16"   },
    { "closeevery:K",    "n",     "every connection ends with its Kth answer, which says so"   },
    { "twowrites",       "",      "head and body in two writes, without TCP_NODELAY"           },
    { "lateaccept:D",    "d",     "a backlog of 1, and accepts only at D, 2D, ..."             },
    { "workers:A/B/...", "s",     "a thread for each share; 100 us of its CPU time a request"  },
    { NULL,              NULL,    NULL                                                         },
};
_Static_assert(sizeof(modes) / sizeof(modes[0]) == KINDS + 1, "a mode for each kind");

const struct behave_mode *behave_modes(void)
{
    return modes;
}

static const char *const lie_names[LIE_KINDS] = {
    "none", "500", "flip", "short", "length", "previous",
};

const char *lie_name(enum lie lie)
{
    BUG_IF(lie >= LIE_KINDS);
    return lie_names[lie];
}

union value {
    int64_t ns;
    double factor;
    uint64_t count;
    enum lie lie;
    struct slice text;
};

#define VALUES_MAX 3

static bool read_factor(struct slice text, double *ret_factor)
{
    if (text.len < 2 || text.ptr[text.len - 1] != 'x')
        return false;
    text.len--;
    for (size_t i = 0; i < text.len; i++) {
        if ((text.ptr[i] < '0' || text.ptr[i] > '9') && text.ptr[i] != '.')
            return false;
    }
    return units_parse_rate(text, ret_factor) && *ret_factor <= BEHAVE_FACTOR_MAX;
}

static bool read_lie(struct slice text, enum lie *ret_lie)
{
    for (unsigned lie = LIE_NONE + 1; lie < LIE_KINDS; lie++) {
        if (slice_equal(text, slice_of(lie_names[lie]))) {
            *ret_lie = (enum lie)lie;
            return true;
        }
    }
    return false;
}

static bool read_value(char type, struct slice text, union value *ret_value)
{
    switch (type) {
    case 'd':
        return units_parse_duration(text, &ret_value->ns) && ret_value->ns > 0;
    case 'f':
        return read_factor(text, &ret_value->factor);
    case 'b':
        return units_parse_bytes(text, &ret_value->count) && ret_value->count > 0 &&
               ret_value->count <= BEHAVE_MEMORY_MAX;
    case 'n':
        return units_parse_count(text, &ret_value->count) && ret_value->count > 0 &&
               ret_value->count <= UINT32_MAX;
    case 'l':
        return read_lie(text, &ret_value->lie);
    case 's':
        ret_value->text = text;
        return true;
    default:
        BUG("no such type of argument");
    }
}

static struct slice cut_at(struct slice *rest, char end)
{
    const char *found = rest->len > 0 ? memchr(rest->ptr, end, rest->len) : NULL;
    struct slice piece = { rest->ptr, found != NULL ? (size_t)(found - rest->ptr) : rest->len };
    size_t used = piece.len + (found != NULL);

    rest->ptr += used;
    rest->len -= used;
    return piece;
}

/* A separator that is missing leaves the next value empty, which none may be; one too many stays in
 * the last value, which does not understand it. */
static bool read_values(const char *arguments, struct slice text, union value *ret_values)
{
    if (*arguments == '\0')
        return text.len == 0;
    for (;;) {
        char end = arguments[1];
        struct slice piece = end != '\0' ? cut_at(&text, end) : text;

        if (piece.len == 0 || !read_value(*arguments, piece, ret_values++))
            return false;
        if (end == '\0')
            return true;
        arguments += 2;
    }
}

/* ---- what the modes set ---- */

static bool set_service(struct behave *b, enum behave_service service, const union value *v)
{
    b->service = service;
    b->service_ns = v[0].ns;
    return true;
}

static bool set_curve(struct behave *b, enum behave_service service, const union value *v)
{
    b->factor = v[1].factor;
    b->span_ns = v[2].ns;
    return set_service(b, service, v);
}

static bool set_memory(struct behave *b, enum behave_memory memory, const union value *v)
{
    b->memory = memory;
    b->memory_bytes = v[0].count;
    return true;
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* Spreads each worker's turns evenly: at every step each one's claim grows by its share, and the
 * largest claim is met. */
static void spread_turns(struct behave *b, const uint32_t *shares)
{
    int64_t claims[BEHAVE_WORKERS_MAX] = { 0 };

    for (uint32_t turn = 0; turn < b->turn_count; turn++) {
        uint32_t chosen = 0;

        for (uint32_t i = 0; i < b->workers; i++) {
            claims[i] += shares[i];
            if (claims[i] > claims[chosen])
                chosen = i;
        }
        claims[chosen] -= b->turn_count;
        b->turns[turn] = (uint8_t)chosen;
    }
}

static bool set_workers(struct behave *b, struct slice text)
{
    uint32_t shares[BEHAVE_WORKERS_MAX], count = 0, common = 0, sum = 0;

    while (text.len > 0) {
        struct slice piece = cut_at(&text, '/');
        uint64_t share;

        if (count == BEHAVE_WORKERS_MAX || !slice_u64(piece, BEHAVE_TURNS_MAX, &share))
            return false;
        shares[count++] = (uint32_t)share;
        common = common_divisor(common, (uint32_t)share);
        sum += (uint32_t)share;
    }
    if (common == 0 || sum / common > BEHAVE_TURNS_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++)
        shares[i] /= common;
    b->workers = count;
    b->turn_count = sum / common;
    spread_turns(b, shares);
    return true;
}

/* False: these values make no sense. */
static bool apply(struct behave *b, enum kind kind, const union value *v)
{
    switch (kind) {
    case KIND_DELAY:
        return set_service(b, SERVICE_DELAY, v);
    case KIND_MM1:
        return set_service(b, SERVICE_MM1, v);
    case KIND_MD1:
        return set_service(b, SERVICE_MD1, v);
    case KIND_WARMUP:
        b->span_ns = v[1].ns;
        return set_service(b, SERVICE_WARMUP, v);
    case KIND_STEP:
        return set_curve(b, SERVICE_STEP, v);
    case KIND_SQUARE:
        return set_curve(b, SERVICE_SQUARE, v);
    case KIND_SLOWDOWN:
        return v[1].factor >= 1 && set_curve(b, SERVICE_SLOWDOWN, v);
    case KIND_PAUSE:
        b->pause_ns = v[0].ns;
        b->pause_every_ns = v[1].ns;
        return b->pause_ns < b->pause_every_ns;
    case KIND_LEAK:
        return set_memory(b, MEMORY_LEAK, v);
    case KIND_SAWTOOTH:
        b->memory_max = v[1].count;
        return set_memory(b, MEMORY_SAWTOOTH, v);
    case KIND_PLATEAU:
        b->memory_max = v[1].count;
        return set_memory(b, MEMORY_PLATEAU, v);
    case KIND_LOGCACHE:
        b->memory_requests = v[1].count;
        return set_memory(b, MEMORY_LOGCACHE, v);
    case KIND_ONESTEP:
        b->memory_at_ns = v[1].ns;
        return set_memory(b, MEMORY_ONESTEP, v);
    case KIND_LIAR:
        b->lie_every[v[0].lie] = v[1].count;
        return true;
    case KIND_CLOSE_EVERY:
        b->close_every = v[0].count;
        return true;
    case KIND_TWO_WRITES:
        b->two_writes = true;
        return true;
    case KIND_LATE_ACCEPT:
        b->accept_every_ns = v[0].ns;
        return true;
    case KIND_WORKERS:
        return set_workers(b, v[0].text);
    case KINDS:
        break;
    }
    BUG("kind out of range");
}

/* ---- adding a mode ---- */

#define BIT(kind) (UINT32_C(1) << (kind))
#define SERVICES  (BIT(KIND_PAUSE) - 1) /* all before it */
#define MEMORIES  (BIT(KIND_LIAR) - BIT(KIND_LEAK))

static uint32_t excluded_by(enum kind kind)
{
    if (kind == KIND_WORKERS)
        return UINT32_MAX;
    if ((BIT(kind) & SERVICES) != 0)
        return SERVICES | BIT(KIND_WORKERS);
    if ((BIT(kind) & MEMORIES) != 0)
        return MEMORIES | BIT(KIND_WORKERS);
    return BIT(KIND_WORKERS) | (kind == KIND_LIAR ? 0 : BIT(kind));
}

static bool find_kind(struct slice name, enum kind *ret_kind)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct slice form = slice_of(modes[kind].form);

        if (slice_equal(name, cut_at(&form, ':'))) {
            *ret_kind = (enum kind)kind;
            return true;
        }
    }
    return false;
}

static bool refuse_second(const struct behave *b, enum kind kind, struct error *err)
{
    for (unsigned other = 0; other < KINDS; other++) {
        if ((b->given & excluded_by(kind) & BIT(other)) != 0)
            return error_usage(err, "oracle: %s cannot be told together with %s", modes[kind].form,
                               modes[other].form);
    }
    return true;
}

bool behave_add(struct behave *b, struct slice mode, struct error *err)
{
    union value values[VALUES_MAX] = { 0 };
    struct slice arguments = mode;
    struct slice name = cut_at(&arguments, ':');
    struct behave changed = *b;
    enum kind kind;

    if (!find_kind(name, &kind))
        return error_usage(err, "oracle: there is no mode '%.*s'; see assay server --help",
                           (int)name.len, name.ptr);
    if (!refuse_second(b, kind, err))
        return false;
    if (!read_values(modes[kind].arguments, arguments, values) || !apply(&changed, kind, values))
        return error_usage(err,
                           "oracle: '%.*s' is not understood; it is %s, see assay server --help",
                           (int)mode.len, mode.ptr, modes[kind].form);
    changed.given |= BIT(kind);
    *b = changed;
    return true;
}

/* ---- how it goes ---- */

/* Of a liar: one in each K requests, at a place that is drawn for each. */
static void plan_lie(const struct behave *b, struct behave_state *s, enum lie lie)
{
    uint64_t every = b->lie_every[lie];

    s->lie_at[lie] =
        BEHAVE_HONEST + s->lies_due[lie] * every + 1 + rng_below(&s->lie_rng[lie], every);
    s->lies_due[lie]++;
}

void behave_begin(const struct behave *b, struct behave_state *s, uint32_t worker)
{
    uint64_t seed = rng_split(b->seed, worker).state;

    *s = (struct behave_state){ .service_rng = rng_split(seed, 0) };
    for (unsigned lie = 1; lie < LIE_KINDS; lie++) {
        s->lie_rng[lie] = rng_split(seed, lie);
        if (b->lie_every[lie] > 0)
            plan_lie(b, s, (enum lie)lie);
    }
}

/* How many times as long as at its usual speed. */
static double pace(const struct behave *b, int64_t now_ns)
{
    double spans = (double)now_ns / (double)b->span_ns;

    switch (b->service) {
    case SERVICE_WARMUP:
        return 1 + 2 * exp(-spans);
    case SERVICE_STEP:
        return now_ns < b->span_ns ? 1 : b->factor;
    case SERVICE_SQUARE:
        return now_ns % b->span_ns < b->span_ns / 2 ? 1 : b->factor;
    case SERVICE_SLOWDOWN:
        return 1 + (b->factor - 1) * spans;
    case SERVICE_NONE:
    case SERVICE_DELAY:
    case SERVICE_MM1:
    case SERVICE_MD1:
        break;
    }
    return 1;
}

int64_t behave_service_ns(const struct behave *b, int64_t now_ns, struct rng *rng)
{
    double usual_ns = (double)b->service_ns;

    if (b->service == SERVICE_MM1)
        return llround(-log(rng_unit(rng)) * usual_ns);
    return llround(usual_ns * pace(b, now_ns));
}

/* The first pause begins one period after the start, so that whole periods hold whole pauses. */
static int64_t after_pause(const struct behave *b, int64_t due_ns)
{
    int64_t since_ns;

    if (b->pause_ns == 0 || due_ns < b->pause_every_ns)
        return due_ns;
    since_ns = due_ns % b->pause_every_ns;
    return since_ns < b->pause_ns ? due_ns - since_ns + b->pause_ns : due_ns;
}

int64_t behave_leaves_ns(const struct behave *b, struct behave_state *s, int64_t now_ns,
                         bool *ret_stalled)
{
    bool alone = b->service == SERVICE_NONE || b->service == SERVICE_DELAY;
    int64_t begins_ns = alone || now_ns > s->free_at_ns ? now_ns : s->free_at_ns;
    int64_t due_ns = begins_ns + behave_service_ns(b, begins_ns, &s->service_rng);
    int64_t leaves_ns = after_pause(b, due_ns);

    *ret_stalled = leaves_ns > due_ns && leaves_ns != s->stall_ends_ns;
    if (*ret_stalled)
        s->stall_ends_ns = leaves_ns;
    s->free_at_ns = leaves_ns;
    return leaves_ns;
}

enum lie behave_lie(const struct behave *b, struct behave_state *s, bool may_lie)
{
    s->asked++;
    if (!may_lie)
        return LIE_NONE;
    for (unsigned lie = 1; lie < LIE_KINDS; lie++) {
        if (b->lie_every[lie] > 0 && s->lie_at[lie] <= s->asked) {
            plan_lie(b, s, (enum lie)lie);
            return (enum lie)lie;
        }
    }
    return LIE_NONE;
}

/* Its product may be far above what can be kept: then the most that can. */
static uint64_t grown(const struct behave *b, uint64_t requests)
{
    uint64_t bytes;

    return __builtin_mul_overflow(b->memory_bytes, requests, &bytes) ? UINT64_MAX : bytes;
}

static uint64_t wanted(const struct behave *b, uint64_t requests, int64_t now_ns)
{
    switch (b->memory) {
    case MEMORY_FLAT:
        return 0;
    case MEMORY_LEAK:
        return grown(b, requests);
    case MEMORY_SAWTOOTH:
        return grown(b, requests) % b->memory_max;
    case MEMORY_PLATEAU:
        return grown(b, requests) < b->memory_max ? grown(b, requests) : b->memory_max;
    case MEMORY_LOGCACHE:
        return (uint64_t)((double)b->memory_bytes *
                          log1p((double)requests / (double)b->memory_requests));
    case MEMORY_ONESTEP:
        return now_ns < b->memory_at_ns ? 0 : b->memory_bytes;
    }
    BUG("memory out of range");
}

uint64_t behave_memory(const struct behave *b, uint64_t requests, int64_t now_ns)
{
    uint64_t bytes = wanted(b, requests, now_ns);

    return bytes < BEHAVE_MEMORY_MAX ? bytes : BEHAVE_MEMORY_MAX;
}

uint32_t behave_worker(const struct behave *b, uint64_t n)
{
    return b->turns[n % b->turn_count];
}
