#include "server/oracle_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/fault.h"

/* ---- memory ---- */

/* Huge pages would let the resident memory jump by 2 MiB. */
static bool reserve(struct oracle *o, struct error *err)
{
    void *memory = MAP_FAILED;

    errno = ENOMEM;
    if (!fault_hit(FAULT_MEMORY))
        memory = mmap(NULL, BEHAVE_MEMORY_MAX, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return error_set(err, errno, "reserve memory to keep");
    madvise(memory, BEHAVE_MEMORY_MAX, MADV_NOHUGEPAGE);
    o->memory = memory;
    return true;
}

/* What grows is written to, so that it is resident. Where it shrinks the pages go back at once. */
static void keep(struct oracle *o, uint64_t bytes)
{
    if (bytes > o->memory_bytes) {
        memset(o->memory + o->memory_bytes, 0xa5, bytes - o->memory_bytes);
    } else if (bytes < o->memory_bytes) {
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        uint64_t whole = (bytes + page - 1) / page * page;

        BUG_IF(whole < BEHAVE_MEMORY_MAX &&
               madvise(o->memory + whole, BEHAVE_MEMORY_MAX - whole, MADV_DONTNEED) < 0);
    }
    o->memory_bytes = bytes;
}

/* ---- opening ---- */

bool oracle_open(struct oracle *o, struct oracle_plan *plan, uint32_t number, int listener,
                 struct error *err)
{
    const struct behave *b = &plan->behave;
    int off = 0;

    o->plan = plan;
    o->accept_at_ns = b->accept_every_ns;
    behave_begin(b, &o->state, number);
    if (b->two_writes && setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &off, sizeof(off)) < 0)
        return error_set(err, errno, "switch TCP_NODELAY off");
    if (b->accept_every_ns > 0 && listen(listener, 1) < 0)
        return error_set(err, errno, "shorten the backlog");
    return b->memory == MEMORY_FLAT || reserve(o, err);
}

void oracle_close(struct oracle *o)
{
    if (o->memory != NULL)
        munmap(o->memory, BEHAVE_MEMORY_MAX);
}

/* ---- answering ---- */

int64_t oracle_now_ns(const struct oracle *o)
{
    return mono_diff_ns(o->plan->start, mono_now());
}

/* Not so much a request, but so much for all of them: what a request costs anyway is in it. */
static void work(const struct oracle *o)
{
    int64_t until_ns = (int64_t)o->state.asked * BEHAVE_WORK_NS;
    struct timespec used;

    do {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    } while ((int64_t)used.tv_sec * SECOND_NS + used.tv_nsec < until_ns);
}

static void end_of(struct slice path, char *ret_end)
{
    size_t len = path.len < BEHAVE_ECHO ? path.len : BEHAVE_ECHO;

    memset(ret_end, ' ', BEHAVE_ECHO - len);
    memcpy(ret_end + BEHAVE_ECHO - len, path.ptr + path.len - len, len);
}

/* Says which lie, if any. A lie has a body, and leaves the announcement of a close to others. */
static enum lie tell(struct oracle *o, const struct http1 *request, bool last)
{
    enum lie lie = behave_lie(&o->plan->behave, &o->state, !request->head_method && !last);

    if (lie != LIE_NONE)
        count(&o->lies[lie]);
    return lie;
}

static bool say(struct oracle *o, const struct answers *answers, const struct http1 *request,
                bool last, struct out *out)
{
    struct oddity odd = { .lie = tell(o, request, last), .last = last };
    char end[BEHAVE_ECHO];
    bool keeps;

    if (odd.lie == LIE_FLIP)
        odd.flip_at = rng_below(&o->state.lie_rng[LIE_FLIP], answers->body.len);
    if (!behave_echoes(&o->plan->behave))
        return respond_oddly(answers, request, &odd, out);
    end_of(http1_target(request), end);
    odd.echo = (struct slice){ odd.lie == LIE_PREVIOUS ? o->previous : end, BEHAVE_ECHO };
    keeps = respond_oddly(answers, request, &odd, out);
    memcpy(o->previous, end, BEHAVE_ECHO);
    return keeps;
}

bool oracle_answer(struct oracle *o, const struct answers *answers, const struct http1 *request,
                   uint32_t nth, struct out *out, int64_t *ret_leaves_ns)
{
    const struct behave *b = &o->plan->behave;
    bool last = b->close_every > 0 && nth >= b->close_every;
    int64_t now_ns = oracle_now_ns(o);
    bool keeps, stalled;

    out->apart = b->two_writes;
    keeps = say(o, answers, request, last, out);
    if (last)
        count(&o->closes);
    if (b->memory != MEMORY_FLAT)
        keep(o, behave_memory(b, o->state.asked, now_ns));
    if (b->workers > 0)
        work(o);
    *ret_leaves_ns = behave_leaves_ns(b, &o->state, now_ns, &stalled);
    if (stalled)
        count(&o->stalls);
    return keeps;
}
