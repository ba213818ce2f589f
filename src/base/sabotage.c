#include "base/sabotage.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/bytes.h"
#include "base/units.h"

struct stall {
    int64_t length_ns, every_ns; /* 0: none */
};

/* Set before the workers start, then only read. */
static struct {
    struct stall loop, receive;
    int64_t burn_ns, quantum_ns;
    int64_t jump_ns, jump_at_ns; /* the second on the kernel's clock */
    uint64_t drop_every;
} wrong;

static int64_t program_began_ns;

/* ---- the clock: what the linker puts in place of clock_gettime() ---- */

int __real_clock_gettime(clockid_t clock, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time);

static int64_t kernel_now_ns(void)
{
    struct timespec now;

    __real_clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static int64_t ahead_ns(int64_t kernel_ns)
{
    return wrong.jump_ns > 0 && kernel_ns >= wrong.jump_at_ns ? wrong.jump_ns : 0;
}

int64_t sabotage_clock_ahead(void)
{
    return ahead_ns(kernel_now_ns());
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    int answer = __real_clock_gettime(clock, ret_time);
    int64_t now_ns = ret_time->tv_sec * SECOND_NS + ret_time->tv_nsec;

    if (clock != CLOCK_MONOTONIC || answer != 0)
        return answer;
    now_ns += ahead_ns(now_ns);
    if (wrong.quantum_ns > 0)
        now_ns -= now_ns % wrong.quantum_ns;
    *ret_time = (struct timespec){ now_ns / SECOND_NS, now_ns % SECOND_NS };
    return 0;
}

/* ---- the loop ---- */

/* Sleeps if it is time to: a stall takes no CPU. `next_ns` is the thread's own. */
static bool stalled(const struct stall *stall, int64_t *next_ns)
{
    struct timespec length = { stall->length_ns / SECOND_NS, stall->length_ns % SECOND_NS };
    int64_t now_ns;

    if (stall->length_ns == 0)
        return false;
    now_ns = kernel_now_ns();
    if (*next_ns == 0)
        *next_ns = now_ns + stall->every_ns;
    if (now_ns < *next_ns)
        return false;
    nanosleep(&length, NULL);
    *next_ns = now_ns + stall->every_ns;
    return true;
}

void sabotage_loop(void)
{
    static _Thread_local int64_t next_ns;

    stalled(&wrong.loop, &next_ns);
}

bool sabotage_receive(void)
{
    static _Thread_local int64_t next_ns;

    return stalled(&wrong.receive, &next_ns);
}

int64_t sabotage_burn_ns(void)
{
    return wrong.burn_ns;
}

bool sabotage_drops_slot(void)
{
    static _Thread_local uint64_t slots;

    return wrong.drop_every > 0 && ++slots % wrong.drop_every == 0;
}

/* ---- what the environment says ---- */

static struct slice cut_at(struct slice *rest, char mark)
{
    const char *at = memchr(rest->ptr, mark, rest->len);
    struct slice piece = *rest;

    if (at == NULL) {
        *rest = (struct slice){ rest->ptr + rest->len, 0 };
        return piece;
    }
    piece.len = (size_t)(at - rest->ptr);
    *rest = (struct slice){ at + 1, rest->len - piece.len - 1 };
    return piece;
}

/* "5ms/100ms": two durations with a mark between them. */
static bool parse_pair(struct slice text, char mark, int64_t *ret_first_ns, int64_t *ret_second_ns)
{
    struct slice first = cut_at(&text, mark);

    return units_parse_duration(first, ret_first_ns) && units_parse_duration(text, ret_second_ns);
}

static bool parse_fault(struct slice name, struct slice value)
{
    if (slice_equal(name, SLICE("loop-stall")))
        return parse_pair(value, '/', &wrong.loop.length_ns, &wrong.loop.every_ns);
    if (slice_equal(name, SLICE("receive-stall")))
        return parse_pair(value, '/', &wrong.receive.length_ns, &wrong.receive.every_ns);
    if (slice_equal(name, SLICE("burn")))
        return units_parse_duration(value, &wrong.burn_ns);
    if (slice_equal(name, SLICE("coarse-clock")))
        return units_parse_duration(value, &wrong.quantum_ns);
    if (slice_equal(name, SLICE("drop-slots")))
        return units_parse_count(value, &wrong.drop_every);
    if (!slice_equal(name, SLICE("clock-jump")) ||
        !parse_pair(value, '@', &wrong.jump_ns, &wrong.jump_at_ns))
        return false;
    wrong.jump_at_ns += program_began_ns;
    return true;
}

void sabotage_set(const char *faults)
{
    struct slice rest = slice_of(faults);

    memset(&wrong, 0, sizeof(wrong));
    while (rest.len > 0) {
        struct slice value = cut_at(&rest, ',');
        struct slice name = cut_at(&value, '=');

        if (!parse_fault(name, value))
            BUG("a test asks in ASSAY_FAULTS for a fault that there is not");
    }
}

__attribute__((constructor)) static void read_environment(void)
{
    const char *faults = getenv("ASSAY_FAULTS");

    program_began_ns = kernel_now_ns();
    if (faults != NULL)
        sabotage_set(faults);
}
