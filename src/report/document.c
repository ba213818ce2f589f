#include "report/document.h"

#include <errno.h>
#include <jansson.h>

#include "report/ranking.h"
#include "report/stream_priv.h"
#include "store/json_put.h"
#include "store/record_json.h"

/* ---- rankings ---- */

/* Absent bounds: fewer trials than the interval needs. */
static json_t *interval_json(const struct interval *interval)
{
    struct json_put p = json_put_begin();
    bool bounded = interval->n > 0 && interval->bounded;

    json_put_real(&p, "median", interval->n > 0 ? interval->median : RECORD_UNKNOWN);
    json_put_real(&p, "low", bounded ? interval->low : RECORD_UNKNOWN);
    json_put_real(&p, "high", bounded ? interval->high : RECORD_UNKNOWN);
    json_put_count(&p, "n", interval->n);
    return json_put_end(&p);
}

/* A ranking refuses percentiles with too few samples, and those of trials whose response times are
 * not believed; the trials keep them. */
static void put_percentiles(struct json_put *p, const struct ranking_row *row)
{
    json_put_known(p, "p50_ns", row->p50_reliable ? row->p50_ns : -1);
    json_put_flag(p, "p50_is_lower_bound", row->p50_bound);
    json_put_known(p, "p99_ns", row->p99_reliable ? row->p99_ns : -1);
    json_put_flag(p, "p99_is_lower_bound", row->p99_bound);
    json_put_known(p, "p99_at_70_percent_ns",
                   row->p99_at_share_reliable ? row->p99_at_share_ns : -1);
    json_put_flag(p, "p99_at_70_percent_is_lower_bound", row->p99_at_share_bound);
}

static json_t *row_json(const struct ranking_row *row)
{
    struct json_put p = json_put_begin();

    json_put(&p, "target", json_clean(slice_of(row->target)));
    json_put_text(&p, "title", row->title);
    json_put_some(&p, "rank", row->rank);
    json_put_some(&p, "rank_best", row->rank);
    json_put_some(&p, "rank_worst", row->rank_worst);
    json_put_flag(&p, "tie", row->rank_worst > row->rank);
    json_put_flag(&p, "ceiling", row->ceiling);
    json_put_text(&p, "reason", row->reason);
    json_put_text(&p, "refused", row->refused ? check_name(row->refused_by) : "");
    json_put_text(&p, "remedy", row->remedy);
    json_put_count(&p, "trials", row->trials);
    json_put(&p, "throughput_per_sec", interval_json(&row->throughput_per_sec));
    json_put_real(&p, "relative", row->relative);
    json_put(&p, "cpu_ns_per_request", interval_json(&row->server_cpu_ns));
    json_put(&p, "services_cpu_ns_per_request", interval_json(&row->services_cpu_ns));
    json_put(&p, "window_s", interval_json(&row->seconds));
    put_percentiles(&p, row);
    json_put_count(&p, "ok", row->ok);
    json_put_count(&p, "failed", row->failed);
    json_put_text(&p, "example", row->example);
    json_put_known(&p, "rss_bytes_peak", row->rss_peak_bytes);
    json_put_known(&p, "pss_bytes_peak", row->pss_peak_bytes);
    json_put_known(&p, "rss_bytes_idle", row->rss_idle_bytes);
    json_put_real(&p, "ready_ms", row->ready_ms);
    json_put_real(&p, "build_ms", row->build_ms);
    json_put_known(&p, "shipped_bytes", row->shipped_bytes);
    json_put_known(&p, "image_bytes", row->image_bytes);
    return json_put_end(&p);
}

static json_t *noise_json(const struct noise_floor *noise)
{
    struct json_put p = json_put_begin();

    json_put_flag(&p, "known", noise->known);
    json_put_count(&p, "blocks", noise->blocks);
    json_put_real(&p, "ratio", noise->ratio);
    json_put_real(&p, "low", noise->known ? noise->low : RECORD_UNKNOWN);
    json_put_real(&p, "high", noise->known ? noise->high : RECORD_UNKNOWN);
    json_put_real(&p, "floor", noise->floor);
    json_put_flag(&p, "differs", noise->differs);
    return json_put_end(&p);
}

static const char *finding_word(enum finding finding)
{
    switch (finding) {
    case FINDING_MORE:
        return "faster";
    case FINDING_LESS:
        return "slower";
    case FINDING_SAME:
        return "same";
    case FINDING_NOT_SHOWN:
        return "not_shown";
    }
    return "not_shown";
}

static json_t *pair_json(const struct ranking *ranking, const struct difference *d)
{
    struct json_put p = json_put_begin();

    json_put(&p, "a", json_clean(slice_of(ranking->rows[d->a].target)));
    json_put(&p, "b", json_clean(slice_of(ranking->rows[d->b].target)));
    json_put_count(&p, "blocks", d->blocks);
    json_put_real(&p, "ratio", d->ratio);
    json_put_real(&p, "low", d->bounded ? d->low : RECORD_UNKNOWN);
    json_put_real(&p, "high", d->bounded ? d->high : RECORD_UNKNOWN);
    json_put_real(&p, "p", d->p);
    json_put_real(&p, "p_holm", d->p_holm);
    json_put(&p, "finding", json_string(finding_word(d->finding)));
    json_put_some(&p, "blocks_needed", d->blocks_needed);
    return json_put_end(&p);
}

static json_t *ranking_json(const struct ranking *ranking)
{
    struct json_put p = json_put_begin();
    json_t *rows = json_array(), *pairs = json_array();

    for (size_t i = 0; i < ranking->row_count; i++)
        json_add(&rows, row_json(&ranking->rows[i]));
    for (size_t i = 0; i < ranking->pair_count; i++)
        json_add(&pairs, pair_json(ranking, &ranking->pairs[i]));
    json_put(&p, "workload", json_clean(slice_of(ranking->workload)));
    json_put(&p, "load", json_clean(slice_of(ranking->load)));
    json_put(&p, "connections", json_string(connection_class_name(ranking->connections)));
    json_put_count(&p, "blocks", ranking->blocks);
    json_put_some(&p, "blocks_needed", ranking->blocks_needed);
    json_put_text(&p, "reason", ranking->reason);
    json_put_text(&p, "remedy", ranking->remedy);
    json_put(&p, "noise_floor", noise_json(&ranking->noise));
    json_put(&p, "parity", check_json(&ranking->parity));
    json_put(&p, "repeat", check_json(&ranking->repeat));
    json_put(&p, "pairs", pairs);
    json_put(&p, "rows", rows);
    return json_put_end(&p);
}

/* NULL when memory ran out. */
static json_t *rankings_json(const struct run_record *run, struct error *err)
{
    struct ranking *rankings;
    json_t *array;
    size_t count;

    if (!rankings_make(run, &rankings, &count, err))
        return NULL;
    array = json_array();
    for (size_t i = 0; i < count; i++)
        json_add(&array, ranking_json(&rankings[i]));
    rankings_free(rankings, count);
    return array;
}

/* ---- documents ---- */

/* Consumes `json`. What goes wrong in writing is for stream_finish(), but for want of memory. */
static bool write_json(FILE *out, json_t *json, struct error *err)
{
    int failed;

    errno = 0;
    failed = json_dumpf(json, out, JSON_INDENT(2));
    json_decref(json);
    if (failed != 0 && ferror(out) == 0)
        return error_set(err, ENOMEM, "write the document");
    putc('\n', out);
    return stream_finish(out, err);
}

bool document_write_trial(FILE *out, const struct trial_record *trial, struct error *err)
{
    json_t *json = trial_to_json(trial, err);

    return json != NULL && write_json(out, json, err);
}

static json_t *trials_json(const struct run_record *run, struct error *err)
{
    json_t *array = json_array();

    for (size_t i = 0; i < run->trial_count; i++)
        json_add(&array, trial_to_json(run->trials[i], err));
    return array;
}

bool document_write_run(FILE *out, const struct run_record *run, struct error *err)
{
    struct json_put p = { .object = run_to_json(run, err) };

    if (p.object == NULL)
        return false;
    json_put(&p, "trials", trials_json(run, err));
    json_put(&p, "inproc", run->inproc != NULL ? json_incref(run->inproc) : json_array());
    json_put(&p, "ranking", rankings_json(run, err));
    if (json_put_end(&p) == NULL)
        return error_set(err, ENOMEM, "write the run as JSON");
    return write_json(out, p.object, err);
}
