#include <errno.h>

#include "report/audit.h"
#include "report/stream_priv.h"
#include "store/json_put.h"

static void put_figure(struct json_put *p, const char *key, struct figure f)
{
    json_put_real(p, key, f.value);
}

static json_t *percentiles_to_json(const struct audit_result *r)
{
    struct json_put p = json_put_begin();
    char key[32];

    for (size_t i = 0; i < r->percentile_count; i++) {
        snprintf(key, sizeof(key), "p%.7g", r->percentiles[i].q * 100);
        put_figure(&p, key, r->percentiles[i].ns);
    }
    return json_put_end(&p);
}

static json_t *result_to_json(const struct audit_result *r)
{
    struct json_put p = json_put_begin();

    json_put_text(&p, "file", r->file);
    json_put_count(&p, "line", r->line);
    json_put_text(&p, "tool", r->tool);
    json_put_text(&p, "section", r->section);
    json_put_text(&p, "target", r->target);
    json_put_text(&p, "series", r->series);
    json_put_flag(&p, "open_loop", r->open_loop);
    put_figure(&p, "connections", r->connections);
    put_figure(&p, "throughput_per_sec", r->rate_per_sec);
    put_figure(&p, "seconds", r->seconds);
    put_figure(&p, "requests", r->requests);
    put_figure(&p, "wrong", r->wrong);
    put_figure(&p, "lost", r->lost);
    json_put_flag(&p, "throughput_has_errors", audit_rate_has_errors(r));
    json_put_real(&p, "right_per_sec", audit_good_per_sec(r));
    put_figure(&p, "latency_mean_ns", r->mean_ns);
    put_figure(&p, "latency_max_ns", r->max_ns);
    json_put(&p, "latency_ns", percentiles_to_json(r));
    json_put_real(&p, "in_flight", audit_in_flight(r));
    json_put_real(&p, "in_flight_limit", audit_capacity(r));
    put_figure(&p, "bytes_each", audit_total_each(r));
    put_figure(&p, "body_bytes_each", audit_body_each(r));
    return json_put_end(&p);
}

static json_t *finding_to_json(const struct audit_finding *f)
{
    struct json_put p = json_put_begin();

    json_put_text(&p, "id", audit_kind_id(f->kind));
    json_put_text(&p, "level", audit_level_name(audit_kind_level(f->kind)));
    json_put_text(&p, "file", f->about->file);
    json_put_count(&p, "line", f->about->line);
    json_put_text(&p, "section", f->about->section);
    json_put_text(&p, "target", f->about->target);
    json_put_real(&p, "value", f->value);
    json_put_real(&p, "limit", f->limit);
    json_put_text(&p, "unit", f->unit);
    json_put_text(&p, "text", f->what);
    json_put_text(&p, "arithmetic", f->arithmetic);
    json_put_text(&p, "means", f->means);
    return json_put_end(&p);
}

static json_t *audit_to_json(const struct audit *audit)
{
    struct json_put p = json_put_begin();
    json_t *findings = json_array(), *results = json_array();

    for (size_t i = 0; i < audit->finding_count; i++)
        json_add(&findings, finding_to_json(&audit->findings[i]));
    for (size_t i = 0; i < audit->result_count; i++)
        json_add(&results, result_to_json(&audit->results[i]));
    json_put_text(&p, "schema", "assay/audit/1");
    json_put_count(&p, "impossible", audit_count(audit, AUDIT_IMPOSSIBLE));
    json_put_count(&p, "incomparable", audit_count(audit, AUDIT_INCOMPARABLE));
    json_put_count(&p, "doubtful", audit_count(audit, AUDIT_DOUBT));
    json_put(&p, "findings", findings);
    json_put(&p, "results", results);
    return json_put_end(&p);
}

bool audit_write_json(FILE *out, const struct audit *audit, struct error *err)
{
    json_t *document = audit_to_json(audit);

    if (document == NULL)
        return error_set(err, ENOMEM, "write the audit");
    errno = 0;
    (void)json_dumpf(document, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(document);
    return stream_finish(out, err);
}
