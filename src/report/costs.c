#include <math.h>

#include "base/units.h"
#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/terminal_priv.h"
#include "report/verdict_block.h"

/* Little's law is met within this. More requests in flight than connections is impossible; fewer
 * than 85 % of them means that connections waited in the generator (validity.md, T1.4). */
#define LITTLE       "λ·W"
#define LITTLE_CLOSE 0.05
#define LITTLE_FAR   0.15

/* ---- who runs where ---- */

enum sharing { SHARING_NO, SHARING_YES, SHARING_PERHAPS };

static bool is_local(const struct trial_record *t)
{
    const char *host = strstr(t->url, "://");

    if (t->server.processes >= 0) /* we started it, or found it in /proc */
        return true;
    if (slice_starts(slice_of(t->address), SLICE("unix:")))
        return true;
    if (host == NULL)
        return false;
    host += 3;
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 ||
           strncmp(host, "[::1]", 5) == 0;
}

static enum sharing sharing_of(const struct client_usage *client, bool local, uint32_t *ret_cores)
{
    *ret_cores = 0;
    if (!local)
        return SHARING_NO;
    if (client->cpu_count == 0 || client->server_cpu_count == 0)
        return SHARING_PERHAPS;
    for (uint32_t i = 0; i < client->cpu_count; i++)
        for (uint32_t k = 0; k < client->server_cpu_count; k++)
            *ret_cores += client->cpus[i] == client->server_cpus[k];
    return *ret_cores > 0 ? SHARING_YES : SHARING_NO;
}

static void sharing_warning(struct warnings *w, const struct trial_record *t)
{
    /* What assay did not start it can watch (its figures are known), but not pin. */
    const char *remedy = isfinite(t->server.ready_ms)
                             ? "Pin: --cpus client=0,server=1"
                             : "Pin: --cpus client=0, and the server with taskset";
    uint32_t cores;
    enum sharing sharing = sharing_of(&t->client, is_local(t), &cores);

    if (sharing == SHARING_YES)
        line_warning(w, "client and server share %u core%s: a joint figure. %s", cores,
                     cores == 1 ? "" : "s", remedy);
    if (sharing == SHARING_PERHAPS)
        line_warning(w, "client and server share this machine's cores: a joint figure. %s", remedy);
}

/* ---- Server ---- */

static double per_request(int64_t ns, const struct trial_record *t)
{
    return (double)ns / (double)t->tally.ok_in_window;
}

static void server_memory(struct line *l, const struct server_usage *u)
{
    if (u->rss_bytes_start >= 0 && u->rss_bytes_peak >= 0)
        line_piece(l, 3, STYLE_PLAIN, "rss %s → %s", number_bytes((double)u->rss_bytes_start).text,
                   number_bytes((double)u->rss_bytes_peak).text);
    else if (u->rss_bytes_peak >= 0)
        line_piece(l, 3, STYLE_PLAIN, "rss peak %s", number_bytes((double)u->rss_bytes_peak).text);
    if (u->pss_bytes_peak >= 0)
        line_piece(l, 3, STYLE_PLAIN, "pss peak %s", number_bytes((double)u->pss_bytes_peak).text);
}

static void server_line(const struct screen *s, const struct trial_record *t)
{
    const struct server_usage *u = &t->server;
    struct line l;

    line_begin(&l, s, "Server", LINE_INDENT);
    if (isfinite(record_server_cpu_ns_per_request(t))) {
        line_piece(&l, 3, STYLE_PLAIN, "%s CPU/request",
                   number_duration(record_server_cpu_ns_per_request(t)).text);
        line_piece(&l, 1, STYLE_PLAIN, "(user %s + sys %s)",
                   number_duration(per_request(u->cpu_user_ns, t)).text,
                   number_duration(per_request(u->cpu_system_ns, t)).text);
    } else if (u->rss_bytes_start >= 0 && t->tally.ok_in_window > 0) {
        /* It leaves children behind whose time the kernel gives to nobody (probe/proc.h). */
        line_piece(&l, 3, STYLE_PLAIN, "CPU unknown");
    }
    server_memory(&l, u);
    if (u->descriptors >= 0)
        line_piece(&l, 3, STYLE_PLAIN, "fds %s", number_whole((uint64_t)u->descriptors).text);
    if (u->processes > 1)
        line_piece(&l, 3, STYLE_PLAIN, "%s processes", number_whole((uint64_t)u->processes).text);
    if (isfinite(u->ready_ms))
        line_piece(&l, 3, STYLE_PLAIN, "ready in %s", number_duration(u->ready_ms * 1e6).text);
    if (l.fresh)
        line_prose(&l, STYLE_PLAIN,
                   "CPU and memory unknown: not started by assay (a suite starts "
                   "it: assay run)");
    line_end(&l);
}

static void services_line(const struct screen *s, const struct trial_record *t)
{
    struct line l;

    if (t->service_count == 0)
        return;
    line_begin(&l, s, "Services", LINE_INDENT);
    for (size_t i = 0; i < t->service_count; i++) {
        const struct service_usage *service = &t->services[i];
        double cpu_ns = record_service_cpu_ns_per_request(t, service);

        line_words(&l, STYLE_PLAIN, slice_of(service->name));
        line_piece(&l, 1, STYLE_PLAIN, "%s CPU/request",
                   isfinite(cpu_ns) ? number_duration(cpu_ns).text : "unknown");
        if (service->rss_bytes_peak >= 0)
            line_piece(&l, 3, STYLE_PLAIN, "rss peak %s%s",
                       number_bytes((double)service->rss_bytes_peak).text,
                       i + 1 < t->service_count ? " ·" : "");
    }
    line_end(&l);
}

/* ---- Client ---- */

static bool is_busy(const struct trial_record *t)
{
    return t->tally.busiest_thread_share >= BUSY_SHARE_LIMIT;
}

static void client_line(const struct screen *s, const struct trial_record *t)
{
    const struct histogram *lag = &t->tally.loop_late;
    uint32_t cores;
    struct line l;

    line_begin(&l, s, "Client", LINE_INDENT);
    if (isfinite(record_client_cpu_ns_per_request(t)))
        line_piece(&l, 3, STYLE_PLAIN, "%s CPU/request",
                   number_duration(record_client_cpu_ns_per_request(t)).text);
    line_piece(&l, 3, STYLE_PLAIN, "busiest thread %.0f %%", t->tally.busiest_thread_share * 100);
    if (t->ceiling_per_sec > 0)
        line_piece(&l, 3, STYLE_PLAIN, "%.2f of its ceiling (%s req/s)",
                   record_throughput_per_sec(t) / t->ceiling_per_sec,
                   number_short(t->ceiling_per_sec).text);
    if (t->load.model == LOAD_OPEN && histogram_quantile_is_reliable(lag, 0.99))
        line_piece(&l, 3, STYLE_PLAIN, "send lag p99 %s",
                   number_duration((double)histogram_quantile_ns(lag, 0.99)).text);
    if (t->client.rss_bytes_peak > 0)
        line_piece(&l, 3, STYLE_PLAIN, "rss peak %s",
                   number_bytes((double)t->client.rss_bytes_peak).text);
    /* On a shared core even an idle-looking generator takes time from the server. */
    if (!is_busy(t) && !verdict_objects(t, CHECK_GENERATOR) &&
        sharing_of(&t->client, is_local(t), &cores) == SHARING_NO)
        line_piece(&l, 3, STYLE_GOOD, "not the limit ✓");
    line_end(&l);
}

/* ---- Wire ---- */

/* Bytes are counted in all phases, so they are spread over the answers of all phases. Exact when
 * nothing failed. */
static double bytes_per_response(const struct tally *tally)
{
    uint64_t answers =
        tally->warmup + tally->ok + tally->failed[OUTCOME_STATUS] + tally->failed[OUTCOME_BODY];

    return answers == 0 ? nan("") : (double)tally->bytes_received / (double)answers;
}

/* Requests on the wire at a time: L = rate x time, of the same samples. */
static double in_service(const struct tally *tally)
{
    return tally->service.sum_ns / (double)tally->window_ns;
}

/* What is measured of a load without failures and interruptions; else there is nothing to compare.
 */
static bool little_applies(const struct trial_record *t)
{
    return t->load.model == LOAD_CLOSED && t->load.duration_ns > 0 && !t->tally.partial &&
           tally_failed(&t->tally) == 0 && t->tally.service.count > 0;
}

/* Requests due in the window are followed to their end, beyond it: at most one a connection. */
static double little_excess(const struct trial_record *t)
{
    return 2 * histogram_mean_ns(&t->tally.service) / (double)t->tally.window_ns;
}

double in_flight_short(const struct trial_record *t)
{
    double in_flight = in_service(&t->tally);
    uint64_t opened = t->tally.opened;

    /* By count the last requests leave connections idle; those that were never opened were none. */
    if (t->load.requests > 0)
        return opened > 0 && opened < t->load.connections ? (double)opened : nan("");
    return little_applies(t) && in_flight < (1 - LITTLE_FAR) * t->load.connections ? in_flight
                                                                                   : nan("");
}

/* Some connection was never let in, or had not one answer: the checks `load` and `balance` say so,
 * and those waited for the server. */
static bool some_unserved(const struct trial_record *t)
{
    const struct tally *tally = &t->tally;

    return (tally->by_connection.count > 0 && tally->by_connection.least == 0) ||
           (tally->opened > 0 && tally->opened < t->load.connections);
}

static void little_pieces(struct line *l, const struct trial_record *t)
{
    const struct histogram *service = &t->tally.service;
    double share = in_service(&t->tally) / t->load.connections;
    bool met = share >= 1 - LITTLE_CLOSE && share <= 1 + LITTLE_CLOSE + little_excess(t);

    if (service->count == 0 || t->tally.window_ns == 0)
        return;
    line_piece(l, 3, STYLE_PLAIN, "L = %s: %.1f = %s/s × %s%s", screen_glyph(l->s, LITTLE),
               in_service(&t->tally),
               number_rate((double)service->count * 1e9 / (double)t->tally.window_ns).text,
               number_duration_fine(histogram_mean_ns(service)).text,
               little_applies(t) && met ? " ✓" : "");
}

static void wire_line(const struct screen *s, const struct trial_record *t)
{
    const struct tally *tally = &t->tally;
    double bytes = bytes_per_response(tally);
    struct line l;

    line_begin(&l, s, "Wire", LINE_INDENT);
    if (isfinite(bytes)) {
        line_piece(&l, 3, STYLE_PLAIN, "%s%s/response", tally_failed(tally) > 0 ? "≈" : "",
                   number_bytes(bytes).text);
        if (t->tally.window_ns > 0)
            line_piece(&l, 3, STYLE_PLAIN, "%s/s",
                       number_bytes(bytes * record_throughput_per_sec(t)).text);
    }
    line_piece(&l, 3, STYLE_PLAIN, "%s connect%s", number_whole(tally->opened).text,
               tally->opened == 1 ? "" : "s");
    if (tally->connect_failed > 0)
        line_piece(&l, 1, STYLE_WARN, "(and %s failed%s%s)",
                   number_whole(tally->connect_failed).text, tally->connect_sys != 0 ? ": " : "",
                   tally->connect_sys != 0 ? strerrordesc_np(tally->connect_sys) : "");
    if (tally->closed_by_server > 0)
        line_piece(&l, 3, STYLE_PLAIN, "%s closed by the server",
                   number_whole(tally->closed_by_server).text);
    if (tally->resent > 0)
        line_piece(&l, 3, STYLE_PLAIN, "%s resent", number_whole(tally->resent).text);
    little_pieces(&l, t);
    line_end(&l);
}

static void little_warnings(struct warnings *w, const struct trial_record *t)
{
    double share = in_service(&t->tally) / t->load.connections;

    if (!little_applies(t))
        return;
    if (share < 1 - LITTLE_FAR && !some_unserved(t) && !verdict_speaks_of(t, CHECK_GENERATOR))
        line_warning(w,
                     "only %.1f of %u connection%s had a request on the wire (L = %s): the others "
                     "waited in the generator. More threads (-t), or a core of its own "
                     "(--cpus)",
                     in_service(&t->tally), t->load.connections, units_plural(t->load.connections),
                     screen_glyph(w->s, LITTLE));
    if (share > 1 + LITTLE_CLOSE + little_excess(t))
        line_warning(w,
                     "%.1f requests on the wire on %u connection%s cannot be (L = %s): do not "
                     "trust these latencies, and report it",
                     in_service(&t->tally), t->load.connections, units_plural(t->load.connections),
                     screen_glyph(w->s, LITTLE));
}

static void other_warnings(struct warnings *w, const struct trial_record *t)
{
    const struct expect *expect = &t->workload.expect;
    bool expected = expect->body.ptr != NULL || expect->json.ptr != NULL;

    if (is_busy(t) && !verdict_speaks_of(t, CHECK_GENERATOR))
        line_warning(w,
                     "the generator may be the limit: its busiest thread used %.0f %% of a core. "
                     "More threads (-t), or a core of its own (--cpus)",
                     t->tally.busiest_thread_share * 100);
    if (t->tally.resent > 0)
        line_warning(w,
                     "the server ended %s kept connections without saying so; their requests were "
                     "sent once more. Raise its keep-alive limits, or use --close",
                     number_whole(t->tally.resent).text);
    if (t->check_text[0] != '\0' && !t->body_checked && !expected &&
        !verdict_objects(t, CHECK_ANSWERS))
        line_warning(w, "bodies were not compared: they differed in the probes. Say what is right: "
                        "--expect-body");
    if (t->tally.response.negative > 0 && !verdict_objects(t, CHECK_CLOCK))
        line_warning(w,
                     "%s response times came out negative: this machine's clock is broken (see "
                     "/sys/devices/system/clocksource)",
                     number_whole(t->tally.response.negative).text);
}

void costs_print(const struct screen *s, const struct trial_record *t)
{
    fputc('\n', s->out);
    server_line(s, t);
    services_line(s, t);
    client_line(s, t);
    wire_line(s, t);
}

void costs_warnings(struct warnings *w, const struct trial_record *t)
{
    other_warnings(w, t);
    little_warnings(w, t);
    if (!verdict_speaks_of(t, CHECK_CORES))
        sharing_warning(w, t);
}
