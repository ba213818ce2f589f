#include <math.h>

#include "base/units.h"
#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/percentiles.h"
#include "report/proof_block.h"
#include "report/table_priv.h"
#include "report/terminal_priv.h"
#include "report/verdict_block.h"
#include "store/samples.h"

static double window_s(const struct trial_record *t)
{
    return (double)t->tally.window_ns / 1e9;
}

/* ---- what came out, what was asked ---- */

static void result_line(const struct screen *s, const struct trial_record *t)
{
    uint64_t failed = tally_failed(&t->tally);
    struct line l;

    line_begin(&l, s, "RESULT", LINE_INDENT);
    if (t->tally.sent == 0)
        line_piece(&l, 3, STYLE_BAD, "nothing was measured");
    else if (t->tally.ok_in_window == 0)
        line_piece(&l, 3, STYLE_BAD, "no right answer");
    else
        line_piece(&l, 3, STYLE_BOLD, "%s req/s", number_rate(record_throughput_per_sec(t)).text);
    if (t->load.requests > 0 && t->tally.ok > 0)
        line_piece(&l, 3, STYLE_PLAIN, "%s answer%s in %.2f s, %s each",
                   number_whole(t->tally.ok).text, t->tally.ok == 1 ? "" : "s", window_s(t),
                   number_duration((double)t->tally.window_ns / (double)t->tally.ok).text);
    line_piece(&l, 3, failed > 0 ? STYLE_BAD : STYLE_PLAIN, "%s error%s / %s%s%s",
               number_whole(failed).text, units_plural(failed), number_whole(t->tally.sent).text,
               failed > 0 ? " request" : "", failed > 0 ? units_plural(t->tally.sent) : "");
    if (failed > 0)
        line_piece(&l, 1, STYLE_BAD, "(%s)",
                   number_percent((double)failed / (double)t->tally.sent).text);
    line_end(&l);
}

static void amount_pieces(struct line *l, const struct load *load)
{
    line_piece(l, 1, STYLE_PLAIN, "· %s connection%s", number_whole(load->connections).text,
               load->connections == 1 ? "" : "s");
    if (load->requests > 0)
        line_piece(l, 1, STYLE_PLAIN, "· %s request%s", number_whole(load->requests).text,
                   load->requests == 1 ? "" : "s");
    else
        line_piece(l, 1, STYLE_PLAIN, "· %s", number_duration((double)load->duration_ns).text);
}

void asked_lines(const struct screen *s, const struct trial_record *t)
{
    const struct load *load = &t->load;
    struct line l;

    line_begin(&l, s, "", LINE_INDENT);
    line_words(&l, STYLE_PLAIN, t->workload.method);
    line_words(&l, STYLE_PLAIN, slice_of(t->url));
    line_piece(&l, 3, STYLE_PLAIN, "%s loop", load->model == LOAD_OPEN ? "open" : "closed");
    if (load->model == LOAD_OPEN)
        line_piece(&l, 1, STYLE_PLAIN, "· %s arrivals",
                   load->arrivals == PACER_POISSON ? "Poisson" : "even");
    if (load->stage > 0) /* its amounts are its own; the table has them */
        line_piece(&l, 1, STYLE_PLAIN, "· %u stage%s", load->stage_count,
                   units_plural(load->stage_count));
    else
        amount_pieces(&l, load);
    line_piece(&l, 1, STYLE_PLAIN, "· %u thread%s", load->threads, load->threads == 1 ? "" : "s");
    line_piece(&l, 1, STYLE_PLAIN, "· %s",
               load->keepalive ? "keep-alive" : "a connection a request");
    line_piece(&l, 1, STYLE_PLAIN, "·");
    line_words(&l, STYLE_PLAIN, slice_of(t->ring));
    line_end(&l);
    if (t->check_text[0] == '\0')
        return;
    line_begin(&l, s, "Checked", LINE_INDENT);
    line_words(&l, STYLE_PLAIN, slice_of(t->check_text));
    line_end(&l);
}

/* Warm-up is found, not assumed: when the target had become steady, whatever was asked for. */
static void steady_line(const struct screen *s, const struct trial_record *t)
{
    struct line l;

    if (t->steady_after_ns < 0 && t->tally.restarts == 0)
        return;
    line_begin(&l, s, "Steady", LINE_INDENT);
    if (t->steady_after_ns >= 0)
        line_piece(&l, 3, STYLE_PLAIN, "%.1f s after the first request",
                   (double)t->steady_after_ns / 1e9);
    if (t->tally.restarts > 0)
        line_piece(&l, 3, STYLE_PLAIN, "the window was begun anew %s: it had begun in the warm-up",
                   t->tally.restarts == 1 ? "once" : "twice");
    line_end(&l);
}

static void partial_line(const struct screen *s, const struct trial_record *t)
{
    struct line l;

    if (!t->tally.partial && t->state != TRIAL_DIED)
        return;
    line_begin(&l, s, "", LINE_INDENT);
    if (t->state == TRIAL_DIED)
        line_piece(&l, 1, STYLE_BAD, "PARTIAL: the server ended by itself after %.1f s",
                   window_s(t));
    else if (t->tally.gave_up)
        line_piece(&l, 1, STYLE_WARN, "PARTIAL: given up after %.1f s", window_s(t));
    else if (t->load.duration_ns > 0)
        line_piece(&l, 1, STYLE_WARN, "PARTIAL: interrupted after %.1f s of %.1f s", window_s(t),
                   (double)t->load.duration_ns / 1e9);
    else
        line_piece(&l, 1, STYLE_WARN, "PARTIAL: interrupted after %.1f s", window_s(t));
    line_end(&l);
}

/* ---- latency ---- */

struct latency {
    size_t rows;
    const char *labels[2];
    const struct histogram *histograms[2];
    const struct percentiles *shown;
    struct samples_quantile response[PERCENTILES_MAX];
};

/* The percentiles stand behind the smallest, and before the largest and the mean. */
enum { LATENCY_MIN = 1, LATENCY_FIRST_QUANTILE };

/* The queue that makes response times depend on each other is in no service time, and what these
 * are worth is not known. */
static void quantile_cell(const struct latency *latency, size_t row, size_t quantile,
                          char *ret_text)
{
    const struct histogram *h = latency->histograms[row];
    double q = latency->shown->list[quantile].q;

    if (row == 0 ? !latency->response[quantile].reliable : !histogram_quantile_is_reliable(h, q))
        snprintf(ret_text, TABLE_CELL_MAX, "–");
    else
        snprintf(ret_text, TABLE_CELL_MAX, "%s%s", histogram_quantile_is_bound(h, q) ? "≥" : "",
                 number_duration((double)histogram_quantile_ns(h, q)).text);
}

static void latency_cell(const void *context, size_t row, size_t column, char *ret_text)
{
    const struct latency *latency = context;
    const struct histogram *h = latency->histograms[row];
    const size_t last = LATENCY_FIRST_QUANTILE + latency->shown->count;
    const char *bound = h->censored > 0 ? "≥" : "";

    if (column == 0)
        snprintf(ret_text, TABLE_CELL_MAX, "%s", latency->labels[row]);
    else if (h->count == 0)
        snprintf(ret_text, TABLE_CELL_MAX, "–");
    else if (column == LATENCY_MIN)
        snprintf(ret_text, TABLE_CELL_MAX, "%s%s",
                 h->censored > 0 && h->censored_min_ns <= h->min_ns ? "≥" : "",
                 number_duration((double)h->min_ns).text);
    else if (column == last)
        snprintf(ret_text, TABLE_CELL_MAX, "%s%s", bound, number_duration((double)h->max_ns).text);
    else if (column > last)
        snprintf(ret_text, TABLE_CELL_MAX, "%s%s ± %s", bound,
                 number_duration(histogram_mean_ns(h)).text,
                 number_duration(histogram_stdev_ns(h)).text);
    else
        quantile_cell(latency, row, column - LATENCY_FIRST_QUANTILE, ret_text);
}

static void latency_table(const struct screen *s, const struct latency *latency)
{
    const size_t last = LATENCY_FIRST_QUANTILE + latency->shown->count;
    struct column columns[PERCENTILES_MAX + 5] = {
        {"", true}
    };
    struct table table = { s, columns, last + 2, latency->rows, latency_cell, latency, 0, 3 };

    columns[LATENCY_MIN].title = "min";
    for (size_t i = 0; i < latency->shown->count; i++)
        columns[LATENCY_FIRST_QUANTILE + i].title = latency->shown->list[i].name;
    columns[last].title = "max";
    columns[last + 1].title = "mean ± sd";
    if (table_width(&table) > s->width)
        table.gap = 2;
    table_print(&table);
}

/* Which percentiles are not shown, and what they would take. Answers that depend on each other are
 * worth fewer, for each percentile another number: that of the first one is said. */
static void needs_note(const struct screen *s, const struct latency *latency)
{
    const struct samples_quantile *first = NULL;
    uint64_t count = latency->histograms[0]->count;
    struct line l;

    line_begin(&l, s, "", LINE_INDENT);
    for (size_t i = 0; i < latency->shown->count; i++) {
        if (latency->response[i].reliable)
            continue;
        line_piece(&l, 1, STYLE_DIM, "%s%s needs %s samples", first != NULL ? "· " : "– ",
                   latency->shown->list[i].name,
                   number_whole(samples_needed(latency->shown->list[i].q)).text);
        first = first != NULL ? first : &latency->response[i];
    }
    if (first == NULL)
        return;
    if (samples_enough((double)count, first->q))
        line_prose(&l, STYLE_DIM, "(there are %s, worth %s: they depend on each other)",
                   number_whole(count).text, number_whole((uint64_t)first->effective).text);
    else
        line_piece(&l, 1, STYLE_DIM, "(there are %s)", number_whole(count).text);
    line_end(&l);
}

static void bounds_note(const struct screen *s, const struct trial_record *t)
{
    uint64_t censored = t->tally.response.censored;
    struct line l;

    if (censored == 0)
        return;
    line_begin(&l, s, "", LINE_INDENT);
    line_prose(&l, STYLE_DIM,
               "≥ %s of %s samples had no whole answer: they count with the time they",
               number_whole(censored).text, number_whole(t->tally.response.count).text);
    line_prose(&l, STYLE_DIM, "waited (in flight at the end: %s)",
               number_whole(t->tally.in_flight).text);
    line_end(&l);
}

static void latency_block(const struct screen *s, const struct trial_record *t)
{
    bool is_open = t->load.model == LOAD_OPEN;
    struct latency latency = {
        .rows = is_open ? 2 : 1,
        .labels = {is_open ? "response (from due)" : "", "service (from send)"},
        .shown = s->percentiles != NULL ? s->percentiles : &PERCENTILES_OF_RESULT,
        .histograms = { &t->tally.response,                  &t->tally.service    },
    };
    struct line l;

    for (size_t i = 0; i < latency.shown->count; i++)
        latency.response[i] = samples_quantile(t, latency.shown->list[i].q);

    if (!is_open)
        fputc('\n', s->out);
    line_begin(&l, s, "Latency", LINE_INDENT);
    if (is_open)
        line_piece(&l, 1, STYLE_PLAIN, "response time is what a user waits");
    else if (isfinite(in_flight_short(t)))
        line_piece(&l, 1, STYLE_WARN, "%.1f of %u in flight, response time;", in_flight_short(t),
                   t->load.connections);
    else
        line_piece(&l, 1, STYLE_PLAIN, "%u in flight, response time;", t->load.connections);
    if (!is_open)
        line_piece(&l, 1, STYLE_PLAIN, "a closed loop hides queueing (use -r RATE)");
    line_end(&l);
    latency_table(s, &latency);
    needs_note(s, &latency);
    bounds_note(s, t);
}

/* ---- open loop: was it asked as planned ---- */

uint64_t count_above(const struct histogram *h, int64_t limit_ns)
{
    uint64_t count = h->too_large;

    for (uint32_t i = histogram_index(limit_ns) + 1; i < HISTOGRAM_BUCKETS; i++)
        count += h->counts[i];
    return count;
}

static void late_pieces(struct line *l, const struct tally *tally)
{
    uint64_t loop = count_above(&tally->loop_late, LATE_NS);
    uint64_t pool = count_above(&tally->pool_late, LATE_NS);
    uint64_t sends = tally->loop_late.count + tally->pool_late.count;

    if (sends == 0)
        return;
    line_piece(l, 3, STYLE_PLAIN, "late > 1 ms: %s",
               number_percent((double)(loop + pool) / (double)sends).text);
    if (loop + pool > 0) {
        line_piece(l, 1, STYLE_PLAIN, "(generator %s,",
                   number_percent((double)loop / (double)sends).text);
        line_piece(l, 1, STYLE_PLAIN, "no free connection %s)",
                   number_percent((double)pool / (double)sends).text);
    }
}

static void rate_line(const struct screen *s, const struct trial_record *t)
{
    const struct tally *tally = &t->tally;
    struct line l;

    fputc('\n', s->out);
    line_begin(&l, s, "Rate", LINE_INDENT);
    line_piece(&l, 3, STYLE_PLAIN, "asked %s/s", number_rate(t->load.rate_per_sec).text);
    if (tally->window_ns > 0 && tally->scheduled > 0)
        line_piece(&l, 3, STYLE_PLAIN, "sent %s/s (%.2f %% of what was due)",
                   number_rate((double)tally->sent / window_s(t)).text,
                   100.0 * (double)tally->sent / (double)tally->scheduled);
    if (tally->unsent > 0)
        line_piece(&l, 3, STYLE_WARN, "unsent %s", number_whole(tally->unsent).text);
    late_pieces(&l, tally);
    line_end(&l);
}

/* Whose fault late sends were decides the remedy. */
static void rate_warnings(struct warnings *w, const struct trial_record *t)
{
    const struct tally *tally = &t->tally;
    double sends = (double)(tally->loop_late.count + tally->pool_late.count);

    if (!verdict_speaks_of(t, CHECK_LOAD) && sends > 0 &&
        (double)count_above(&tally->loop_late, LATE_NS) > sends * LATE_SHARE_LIMIT)
        line_warning(w,
                     "the generator sent late though a connection was free. Remedy: more threads "
                     "(-t), a core of its own (--cpus), or a lower rate (-r)");
    if (verdict_objects(t, CHECK_LOAD))
        return; /* it has said why */
    if (tally->unsent > 0)
        line_warning(w,
                     "%s request%s due but never sent: the server does not keep up with "
                     "%s/s. Remedy: a lower rate (-r), or more connections (-c)",
                     number_whole(tally->unsent).text, tally->unsent == 1 ? " was" : "s were",
                     number_rate(t->load.rate_per_sec).text);
    else if (sends > 0 &&
             (double)count_above(&tally->pool_late, LATE_NS) > sends * LATE_SHARE_LIMIT)
        line_warning(w,
                     "requests waited for a free connection: the server is slower than the rate, "
                     "or the pool too small. Remedy: a lower rate (-r), or more connections (-c)");
}

/* ---- all of it ---- */

static void output_tail(const struct screen *s, const struct trial_record *t)
{
    struct line l;

    if (t->output_tail[0] == '\0')
        return;
    line_begin(&l, s, "Output", LINE_INDENT);
    line_words(&l, STYLE_DIM, slice_of(t->output_tail));
    line_end(&l);
}

static void not_measured(const struct screen *s, const struct trial_record *t)
{
    struct line l;

    line_begin(&l, s, "RESULT", LINE_INDENT);
    line_piece(&l, 1, STYLE_BAD, "✗ not measured: %s",
               t->state == TRIAL_NOT_BUILT ? "not built:" : "not ready:");
    line_words(&l, STYLE_PLAIN, slice_of(t->reason));
    line_end(&l);
}

/* Why it ended, or what was odd in stopping it. */
static void reason_line(struct warnings *w, const struct trial_record *t)
{
    struct line l;

    if (t->reason[0] == '\0')
        return;
    if (!w->begun)
        fputc('\n', w->s->out);
    w->begun = true;
    line_begin(&l, w->s, "!", 2);
    line_words(&l, STYLE_PLAIN, slice_of(t->reason));
    line_end(&l);
}

void terminal_trial(const struct screen *s, const struct trial_record *t)
{
    struct warnings warnings = { s, false };

    if (t->state == TRIAL_NOT_BUILT || t->state == TRIAL_NOT_READY) {
        not_measured(s, t);
        return;
    }
    result_line(s, t);
    partial_line(s, t);
    asked_lines(s, t);
    steady_line(s, t);
    if (t->load.model == LOAD_OPEN)
        rate_line(s, t);
    if (t->tally.response.count > 0)
        latency_block(s, t);
    octaves_print(s, t);
    failures_print(s, t);
    costs_print(s, t);
    costs_warnings(&warnings, t);
    if (t->load.model == LOAD_OPEN)
        rate_warnings(&warnings, t);
    reason_line(&warnings, t);
    verdict_print(s, t);
    proof_print(s, t);
    if (t->state == TRIAL_DIED)
        output_tail(s, t);
}
