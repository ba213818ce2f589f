#include "cli/show_progress.h"

#include <stdio.h>

#include "base/units.h"
#include "load/load.h"
#include "store/record.h"

static const char *phase_name(enum progress_phase phase)
{
    switch (phase) {
    case PROGRESS_BUILD:
        return "build";
    case PROGRESS_START:
        return "start";
    case PROGRESS_CHECK:
        return "check";
    case PROGRESS_WARMUP:
        return "warm-up";
    case PROGRESS_MEASURE:
        return "measure";
    case PROGRESS_DRAIN:
        return "drain";
    case PROGRESS_STOP:
        return "stop";
    case PROGRESS_CEILING:
        return "ceiling";
    case PROGRESS_PROVE:
        return "prove";
    }
    return "";
}

void describe_load(const struct trial_record *record, const struct screen *screen, char *ret_text,
                   size_t size)
{
    const struct load *load = &record->load;
    const char *dot = screen_glyph(screen, "·");
    struct text text = { ret_text, 0, size, false };
    char rate[UNITS_TEXT_MAX];

    if (load->model == LOAD_OPEN)
        text_format(&text, "open loop, %s/s %s %s ", units_count(load->rate_per_sec, rate),
                    load->arrivals == PACER_EVEN ? "even" : "Poisson", dot);
    else
        text_format(&text, "closed loop %s ", dot);
    text_format(&text, "%u connection%s %s %u thread%s %s HTTP/1.1 %s", load->connections,
                load->connections == 1 ? "" : "s", dot, load->threads,
                load->threads == 1 ? "" : "s", dot,
                load->keepalive ? "keep-alive" : "a connection a request");
    if (record->ring[0] != '\0')
        text_format(&text, " %s %s", dot, record->ring);
}

struct live_trial live_trial_of(const struct progress *p, const struct screen *screen,
                                struct progress_texts *texts)
{
    describe_load(p->record, screen, texts->headline, sizeof(texts->headline));
    snprintf(texts->target, sizeof(texts->target), "%s%s%s", p->record->target,
             p->record->url[0] != '\0' && p->record->target[0] != '\0' ? "  " : "", p->record->url);
    return (struct live_trial){
        .headline = texts->headline,
        .target = texts->target,
        .check = p->record->check_text,
        .phase = phase_name(p->phase),
        .elapsed_ns = p->elapsed_ns,
        .total_ns = p->total_ns,
        .done = p->done,
        .wanted = p->wanted,
        .in_process = p->record->workload.name.len == 0 && p->wanted > 0,
        .ok = p->ok,
        .failed = p->failed,
        .now_per_sec = p->now_per_sec,
        .mean_per_sec = p->mean_per_sec,
        .p50_ns = p->p50_ns,
        .p99_ns = p->p99_ns,
        .server_cpus = p->server_cpus,
        .client_cpus = p->client_cpus,
        .server_rss_bytes = p->server_rss_bytes,
        .rates = p->rates,
        .rate_count = p->rate_count,
    };
}

void progress_view_open(struct progress_view *view, const struct common_options *options,
                        bool painted)
{
    view->screen = screen_detect(stderr, options->color);
    view->screen.terminal = view->screen.terminal && options->progress == PROGRESS_AUTO;
    view->screen.percentiles = asked_percentiles(options);
    view->hidden = progress_hidden(options);
    view->live = live_new(&view->screen, view->hidden || !painted);
    view->events = options->events;
}

void progress_view_close(struct progress_view *view)
{
    live_free(view->live);
    view->live = NULL;
}

void progress_view_show(struct progress_view *view, const struct live_run *run,
                        const struct progress *progress)
{
    struct progress_texts texts;
    struct live_trial trial = live_trial_of(progress, &view->screen, &texts);
    struct mono now = mono_now();
    bool asked = status_wanted();

    if (asked && view->events == NULL)
        live_status(view->live, run, &trial);
    live_show(view->live, now, run, &trial);
    events_progress(view->events, now, trial.phase, progress, asked);
}
