#include "report/csv.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "load/outcome.h"
#include "report/stream_priv.h"

/* New columns are added at the end: people's scripts count. */
static const char header[] =
    "run,suite,target,version,factors,workers,workload,load,model,connections,threads,rate_per_sec,"
    "block,position,state,reason,partial,started,connection_class,window_s,throughput_per_sec,"
    "scheduled,sent,ok,ok_in_window,failed,connect,reset,closed_early,timeout,protocol,status,body,"
    "tls,unsent,in_flight_at_end,resent,"
    "response_min_ns,response_mean_ns,response_p50_ns,response_p90_ns,response_p99_ns,"
    "response_p99.9_ns,response_p99.99_ns,response_max_ns,response_censored,"
    "service_p50_ns,service_p99_ns,loop_late_p99_ns,pool_late_p99_ns,"
    "client_cpu_ns_per_request,client_busiest_thread_share,server_cpu_ns_per_request,"
    "server_cpu_user_ns,server_cpu_system_ns,server_rss_idle_bytes,server_rss_peak_bytes,"
    "server_pss_peak_bytes,server_processes,ready_ms,build_ms,shipped_bytes,seed,"
    "address,stage,stages,services_cpu_ns_per_request,ceiling_per_sec,control,"
    "verdict,checks_failed,checks_warned,checks_unknown,steady_after_s\r\n";

/* One row being written. What the stream refuses is asked for once, at the end. */
struct csv {
    FILE *out;
    bool begun;
};

static void next_field(struct csv *csv)
{
    if (csv->begun)
        putc(',', csv->out);
    csv->begun = true;
}

/* RFC 4180: quoted where it holds a comma, a quote or a line break; quotes are doubled. */
static void put_text(struct csv *csv, struct slice text)
{
    static const char special[] = { ',', '"', '\r', '\n' };
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++)
        quoted = quoted || memchr(special, text.ptr[i], sizeof(special)) != NULL;
    next_field(csv);
    if (!quoted) {
        fwrite(text.ptr, 1, text.len, csv->out);
        return;
    }
    putc('"', csv->out);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            putc('"', csv->out);
        putc(text.ptr[i], csv->out);
    }
    putc('"', csv->out);
}

static void put_word(struct csv *csv, const char *text)
{
    put_text(csv, slice_of(text));
}

static void put_count(struct csv *csv, uint64_t count)
{
    next_field(csv);
    fprintf(csv->out, "%llu", (unsigned long long)count);
}

/* Absent figures are empty fields, never 0. */
static void put_known(struct csv *csv, int64_t value)
{
    next_field(csv);
    if (value >= 0)
        fprintf(csv->out, "%lld", (long long)value);
}

static void put_real(struct csv *csv, double value)
{
    next_field(csv);
    if (isfinite(value))
        fprintf(csv->out, "%.10g", value);
}

static void put_quantile(struct csv *csv, const struct histogram *h, double quantile)
{
    put_known(csv, h->count > 0 ? histogram_quantile_ns(h, quantile) : -1);
}

static void put_what(struct csv *csv, const struct run_record *run, const struct trial_record *t)
{
    char factors_text[1024];
    struct text factors = TEXT(factors_text);

    for (size_t i = 0; i < t->factor_count; i++)
        text_format(&factors, "%s%s=%s", i > 0 ? " " : "", t->factors[i].name, t->factors[i].value);
    put_word(csv, run->id);
    put_word(csv, run->suite);
    put_word(csv, t->target);
    put_word(csv, t->version);
    put_text(csv, (struct slice){ factors_text, factors.len });
    put_count(csv, t->workers);
    put_text(csv, t->workload.name);
    put_text(csv, t->load.name);
    put_word(csv, t->load.model == LOAD_OPEN ? "open" : "closed");
    put_count(csv, t->load.connections);
    put_count(csv, t->load.threads);
    put_real(csv, t->load.model == LOAD_OPEN ? t->load.rate_per_sec : RECORD_UNKNOWN);
}

static void put_how_it_went(struct csv *csv, const struct trial_record *t)
{
    char started[WALL_TEXT_MAX];

    wall_text(t->started, started);
    put_count(csv, t->block);
    put_count(csv, t->position);
    put_word(csv, trial_state_name(t->state));
    put_word(csv, t->reason);
    put_word(csv, t->tally.partial ? "true" : "false");
    put_word(csv, started);
    put_word(csv, connection_class_name(record_connection_class(t)));
    put_real(csv, t->tally.window_ns > 0 ? (double)t->tally.window_ns / 1e9 : RECORD_UNKNOWN);
    put_real(csv, record_throughput_per_sec(t));
}

static void put_requests(struct csv *csv, const struct tally *tally)
{
    put_count(csv, tally->scheduled);
    put_count(csv, tally->sent);
    put_count(csv, tally->ok);
    put_count(csv, tally->ok_in_window);
    put_count(csv, tally_failed(tally));
    for (enum outcome kind = OUTCOME_OK + 1; kind < OUTCOME_KINDS; kind++)
        put_count(csv, tally->failed[kind]);
    put_count(csv, tally->unsent);
    put_count(csv, tally->in_flight);
    put_count(csv, tally->resent);
}

static void put_times(struct csv *csv, const struct tally *tally)
{
    const struct histogram *r = &tally->response;

    put_known(csv, r->count > 0 ? r->min_ns : -1);
    put_real(csv, r->count > 0 ? histogram_mean_ns(r) : RECORD_UNKNOWN);
    put_quantile(csv, r, 0.5);
    put_quantile(csv, r, 0.9);
    put_quantile(csv, r, 0.99);
    put_quantile(csv, r, 0.999);
    put_quantile(csv, r, 0.9999);
    put_known(csv, r->count > 0 ? r->max_ns : -1);
    put_count(csv, r->censored);
    put_quantile(csv, &tally->service, 0.5);
    put_quantile(csv, &tally->service, 0.99);
    put_quantile(csv, &tally->loop_late, 0.99);
    put_quantile(csv, &tally->pool_late, 0.99);
}

static void put_costs(struct csv *csv, const struct trial_record *t)
{
    put_real(csv, record_client_cpu_ns_per_request(t));
    put_real(csv, t->tally.busiest_thread_share);
    put_real(csv, record_server_cpu_ns_per_request(t));
    put_known(csv, t->server.cpu_user_ns);
    put_known(csv, t->server.cpu_system_ns);
    put_known(csv, t->server.rss_bytes_idle);
    put_known(csv, t->server.rss_bytes_peak);
    put_known(csv, t->server.pss_bytes_peak);
    put_known(csv, t->server.processes);
    put_real(csv, t->server.ready_ms);
    put_real(csv, t->server.build_ms);
    put_known(csv, t->server.shipped_bytes);
    put_count(csv, t->seed);
    put_word(csv, t->address);
    put_known(csv, t->load.stage > 0 ? (int64_t)t->load.stage : -1);
    put_known(csv, t->load.stage > 0 ? (int64_t)t->load.stage_count : -1);
    put_real(csv, record_services_cpu_ns_per_request(t));
}

/* "generator;steady": the checks in that state. */
static void put_checks(struct csv *csv, const struct verdict *verdict, enum check_state state)
{
    char names[256] = "";
    struct text text = TEXT(names);

    for (size_t i = 0; i < verdict->count; i++)
        if (verdict->checks[i].state == state)
            text_format(&text, "%s%s", text.len > 0 ? ";" : "", check_name(verdict->checks[i].id));
    put_word(csv, names);
}

static void put_verdict(struct csv *csv, const struct trial_record *t)
{
    const struct verdict *verdict = &t->verdict;

    put_real(csv, t->ceiling_per_sec);
    put_word(csv, t->control ? "true" : "false");
    put_word(csv, verdict->count > 0 ? verdict_overall_name(verdict_overall(verdict)) : "");
    put_checks(csv, verdict, CHECK_FAIL);
    put_checks(csv, verdict, CHECK_WARN);
    put_checks(csv, verdict, CHECK_UNKNOWN);
    put_real(csv, t->steady_after_ns >= 0 ? (double)t->steady_after_ns / 1e9 : RECORD_UNKNOWN);
}

bool csv_write(FILE *out, const struct run_record *run, struct error *err)
{
    errno = 0;
    fputs(header, out);
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *t = run->trials[i];
        struct csv csv = { .out = out };

        put_what(&csv, run, t);
        put_how_it_went(&csv, t);
        put_requests(&csv, &t->tally);
        put_times(&csv, &t->tally);
        put_costs(&csv, t);
        put_verdict(&csv, t);
        fputs("\r\n", out);
    }
    return stream_finish(out, err);
}
