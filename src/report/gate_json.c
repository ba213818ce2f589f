#include <errno.h>
#include <math.h>

#include "report/gate_out.h"
#include "report/stream_priv.h"
#include "store/json_put.h"

#define NAME_MAX_BYTES 400

static json_t *difference_json(const struct difference *d)
{
    struct json_put p = json_put_begin();

    json_put_count(&p, "pairs", d->blocks);
    json_put_real(&p, "ratio", d->ratio);
    json_put_real(&p, "low", d->low);
    json_put_real(&p, "high", d->high);
    json_put_real(&p, "p", d->p);
    json_put_real(&p, "p_holm", d->p_holm);
    return json_put_end(&p);
}

static json_t *row_json(const struct gate_row *row)
{
    char text[GATE_TEXT_MAX * 2], name[NAME_MAX_BYTES];
    struct json_put p = json_put_begin();

    json_put_text(&p, "name", gate_row_name(row, name, sizeof(name)));
    json_put(&p, "workload", json_clean(row->cell->workload.name));
    json_put(&p, "load", json_clean(row->cell->load.name));
    json_put(&p, "metric", json_string(metric_key(row->metric)));
    json_put_real(&p, "limit", row->limit);
    json_put_real(&p, "base", row->base);
    json_put_real(&p, "head", row->head);
    json_put(&p, "change", difference_json(&row->difference));
    json_put(&p, "confirmation", row->again ? difference_json(&row->confirmation) : json_null());
    json_put_count(&p, "refused_pairs", row->refused);
    json_put_text(&p, "refused_why", row->why);
    json_put_flag(&p, "noise_floor_known", row->noise.known);
    json_put_real(&p, "noise_floor", row->noise.floor);
    json_put(&p, "word", isnan(row->limit) ? json_null() : json_string(gate_word_name(row->word)));
    json_put_flag(&p, "passed", isnan(row->limit) || row->word != GATE_REGRESSION);
    json_put_some(&p, "pairs_needed", row->pairs_needed);
    json_put_text(&p, "text", gate_sentence(row, text, sizeof(text)));
    return json_put_end(&p);
}

static json_t *document(const struct gate *g, const struct gate_about *about)
{
    struct json_put p = json_put_begin();
    json_t *rows = json_array();

    for (size_t i = 0; i < g->row_count; i++)
        json_add(&rows, row_json(&g->rows[i]));
    json_put(&p, "schema", json_string("assay/gate/1"));
    json_put_text(&p, "base", about->base);
    json_put_text(&p, "head", about->head);
    json_put_text(&p, "run", about->run);
    json_put_count(&p, "pairs", about->pairs);
    json_put_seed(&p, "seed", about->seed);
    json_put_real(&p, "alpha", g->limits.alpha);
    json_put_text(&p, "policy", about->policy);
    json_put_count(&p, "regressions", gate_count(g, GATE_REGRESSION));
    json_put_count(&p, "inconclusive", gate_count(g, GATE_INCONCLUSIVE));
    json_put_flag(&p, "passed", gate_count(g, GATE_REGRESSION) == 0);
    json_put_count(&p, "exit_code", (uint64_t)about->exit_code);
    json_put(&p, "gates", rows);
    return json_put_end(&p);
}

bool gate_write_json(FILE *out, const struct gate *g, const struct gate_about *about,
                     struct error *err)
{
    json_t *json = document(g, about);

    if (json == NULL)
        return error_set(err, ENOMEM, "write the gates as JSON");
    errno = 0;
    (void)json_dumpf(json, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(json);
    return stream_finish(out, err);
}
