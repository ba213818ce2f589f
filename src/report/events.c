#include "report/events.h"

#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bug.h"
#include "store/samples.h"

#define PROGRESS_NS SECOND_NS

/* Of texts that are not ours so many bytes are told; a byte can take five in the line. */
#define NAME_BYTES 80
#define TEXT_BYTES 400

struct events {
    int fd; /* -1: the reader has left */
    bool started, in_trial, told;
    struct mono told_at; /* the last progress */
    uint64_t lost;
    size_t trial, trials; /* begun; planned, or 0 */
};

struct events *events_new(int fd)
{
    struct events *e = calloc(1, sizeof(*e));

    if (e != NULL)
        e->fd = fd;
    return e;
}

void events_free(struct events *e)
{
    free(e);
}

/* ---- one line ---- */

struct event {
    struct text text;
    char bytes[EVENTS_LINE_MAX];
};

static void begin(struct event *event, const struct events *e, struct mono now, const char *type)
{
    event->text = TEXT(event->bytes);
    text_format(&event->text,
                "{\"v\":1,\"type\":\"%s\",\"t_ns\":%" PRId64 ",\"lost_events\":%" PRIu64, type,
                now.ns, e->lost);
}

static void put_null(struct event *event, const char *key)
{
    text_format(&event->text, ",\"%s\":null", key);
}

static void put_count(struct event *event, const char *key, uint64_t count)
{
    text_format(&event->text, ",\"%s\":%" PRIu64, key, count);
}

/* 0 is none. */
static void put_some(struct event *event, const char *key, uint64_t count)
{
    if (count > 0)
        put_count(event, key, count);
    else
        put_null(event, key);
}

static void put_real(struct event *event, const char *key, double value)
{
    if (isfinite(value))
        text_format(&event->text, ",\"%s\":%.6g", key, value);
    else
        put_null(event, key);
}

/* "" is null. What is no character, and what steers a terminal, comes out as \xNN. */
static void put_text(struct event *event, const char *key, struct slice text, size_t max)
{
    if (text.len == 0) {
        put_null(event, key);
        return;
    }
    text_format(&event->text, ",\"%s\":\"", key);
    for (size_t at = 0; at < text.len && at < max;) {
        struct slice rest = { text.ptr + at, text.len - at };
        size_t len = utf8_len(rest);
        unsigned char c = (unsigned char)rest.ptr[0];

        if (c == '"' || c == '\\')
            text_format(&event->text, "\\%c", c);
        else if (len == 0 || c < ' ' || c == 0x7f)
            text_format(&event->text, "\\\\x%02x", c);
        else
            text_add(&event->text, (struct slice){ rest.ptr, len });
        at += len > 0 ? len : 1;
    }
    text_add(&event->text, SLICE("\""));
}

/* A pipe with room takes a line whole (PIPE_BUF), so this never waits. */
static bool has_room(int fd)
{
    struct pollfd ask = { .fd = fd, .events = POLLOUT };

    return poll(&ask, 1, 0) == 1;
}

static void end(struct event *event, struct events *e)
{
    text_add(&event->text, SLICE("}\n"));
    BUG_IF(event->text.cut); /* the limits of its texts see to that */
    if (e->fd < 0)
        return;
    if (!has_room(e->fd)) {
        e->lost++;
        return;
    }
    if (write(e->fd, event->text.ptr, event->text.len) == (ssize_t)event->text.len)
        e->lost = 0;
    else
        e->fd = -1; /* what came after half a line could not be read */
}

/* ---- the events ---- */

void events_run_start(struct events *e, struct mono now, const char *what, const char *command,
                      size_t trials)
{
    struct event event;

    if (e == NULL)
        return;
    e->started = true;
    e->trials = trials;
    begin(&event, e, now, "run_start");
    put_text(&event, "what", slice_of(what), NAME_BYTES);
    put_text(&event, "command", slice_of(command), TEXT_BYTES);
    put_some(&event, "trials", trials);
    end(&event, e);
}

/* What is built, or called in-process, is no trial. */
static bool is_trial(const struct trial_record *t)
{
    return t->workload.name.len > 0;
}

static void put_trial(struct event *event, const struct events *e, const struct trial_record *t)
{
    put_some(event, "trial", is_trial(t) ? e->trial : 0);
    put_some(event, "trials", is_trial(t) ? e->trials : 0);
    put_text(event, "target", slice_of(t->target), NAME_BYTES);
    put_text(event, "workload", t->workload.name, NAME_BYTES);
    put_text(event, "load", t->load.name, NAME_BYTES);
}

static void trial_start(struct events *e, struct mono now, const struct trial_record *t)
{
    struct event event;

    if (e->in_trial)
        return;
    e->in_trial = true;
    e->trial++;
    begin(&event, e, now, "trial_start");
    put_trial(&event, e, t);
    put_count(&event, "block", t->block + 1);
    text_format(&event.text, ",\"control\":%s", t->control ? "true" : "false");
    end(&event, e);
}

/* 0 and below is none. */
static void put_duration(struct event *event, const char *key, int64_t ns)
{
    put_some(event, key, ns > 0 ? (uint64_t)ns : 0);
}

/* What only the window has: a 0 of the warm-up would be no figure. */
static void put_window(struct event *event, const struct progress *p)
{
    if (!is_trial(p->record) || (p->phase != PROGRESS_MEASURE && p->phase != PROGRESS_DRAIN)) {
        put_null(event, "ok");
        put_null(event, "failed");
        put_null(event, "now_per_sec");
        put_null(event, "mean_per_sec");
        return;
    }
    put_count(event, "ok", p->ok);
    put_count(event, "failed", p->failed);
    put_real(event, "now_per_sec", p->now_per_sec);
    put_real(event, "mean_per_sec", p->mean_per_sec);
}

void events_progress(struct events *e, struct mono now, const char *phase, const struct progress *p,
                     bool asked)
{
    struct event event;

    if (e == NULL)
        return;
    if (is_trial(p->record))
        trial_start(e, now, p->record);
    if (!asked && e->told && mono_diff_ns(e->told_at, now) < PROGRESS_NS)
        return;
    e->told = true;
    e->told_at = now;
    begin(&event, e, now, "progress");
    put_trial(&event, e, p->record);
    put_text(&event, "phase", slice_of(phase), NAME_BYTES);
    put_duration(&event, "elapsed_ns", p->elapsed_ns);
    put_duration(&event, "total_ns", p->total_ns);
    put_window(&event, p);
    put_duration(&event, "second_p50_ns", p->p50_ns);
    put_duration(&event, "second_p99_ns", p->p99_ns);
    put_some(&event, "done", p->done);
    put_some(&event, "wanted", p->wanted);
    put_real(&event, "server_cpus", p->server_cpus >= 0 ? p->server_cpus : RECORD_UNKNOWN);
    put_real(&event, "client_cpus", p->client_cpus >= 0 ? p->client_cpus : RECORD_UNKNOWN);
    put_some(&event, "server_rss_bytes",
             p->server_rss_bytes > 0 ? (uint64_t)p->server_rss_bytes : 0);
    end(&event, e);
}

/* By the rule of everything that is printed: none where there are too few samples. */
static void put_percentile(struct event *event, const char *key, const struct trial_record *t,
                           double q)
{
    struct samples_quantile found = samples_quantile(t, q);

    put_some(event, key, found.reliable && found.value_ns > 0 ? (uint64_t)found.value_ns : 0);
}

void events_trial_end(struct events *e, struct mono now, const struct trial_record *t)
{
    struct event event;
    bool judged = t->verdict.count > 0;

    if (e == NULL)
        return;
    trial_start(e, now, t);
    e->in_trial = false;
    begin(&event, e, now, "trial_end");
    put_trial(&event, e, t);
    put_text(&event, "state", slice_of(trial_state_name(t->state)), NAME_BYTES);
    put_text(&event, "reason", slice_of(t->reason), TEXT_BYTES);
    text_format(&event.text, ",\"partial\":%s", t->tally.partial ? "true" : "false");
    put_count(&event, "ok", t->tally.ok);
    put_count(&event, "failed", tally_failed(&t->tally));
    put_real(&event, "throughput_per_sec", record_throughput_per_sec(t));
    put_percentile(&event, "p50_ns", t, 0.5);
    put_percentile(&event, "p99_ns", t, 0.99);
    put_text(&event, "verdict",
             slice_of(judged ? verdict_overall_name(verdict_overall(&t->verdict)) : ""),
             NAME_BYTES);
    end(&event, e);
}

void events_run_end(struct events *e, struct mono now, const char *id, int exit_code)
{
    struct event event;

    if (e == NULL || !e->started)
        return;
    begin(&event, e, now, "run_end");
    put_text(&event, "run", slice_of(id), NAME_BYTES);
    put_count(&event, "trials_begun", e->trial);
    put_count(&event, "exit_code", (uint64_t)exit_code);
    end(&event, e);
}
