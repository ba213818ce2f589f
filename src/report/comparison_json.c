#include <errno.h>

#include "report/comparison_out.h"
#include "report/stream_priv.h"
#include "store/json_put.h"

#define SENTENCE_MAX (COMPARISON_TEXT_MAX + 100)

static json_t *side_json(const struct comparison_side *side)
{
    struct json_put p = json_put_begin();

    json_put_text(&p, "name", side->name);
    json_put_text(&p, "run", side->run->id);
    json_put_text(&p, "suite", side->run->suite);
    json_put_text(&p, "target", side->target);
    json_put_flag(&p, "partial", side->run->partial);
    return json_put_end(&p);
}

static json_t *note_json(const struct comparison_note *note)
{
    struct json_put p = json_put_begin();

    json_put(&p, "what", json_string(note->what));
    json_put_flag(&p, "known", !note->unknown);
    json_put_text(&p, "text", note->text);
    return json_put_end(&p);
}

static json_t *noise_json(const struct noise_floor *noise)
{
    struct json_put p = json_put_begin();

    json_put_flag(&p, "known", noise->known);
    json_put_count(&p, "blocks", noise->blocks);
    json_put_real(&p, "ratio", noise->ratio);
    json_put_real(&p, "low", noise->low);
    json_put_real(&p, "high", noise->high);
    json_put_real(&p, "floor", noise->floor);
    json_put_flag(&p, "differs", noise->differs);
    return json_put_end(&p);
}

/* Which side has the better figure, where that is shown. */
static json_t *better_json(const struct comparison_figure *f, enum metric metric)
{
    bool more = f->difference.finding == FINDING_MORE;

    if (f->obstacle != OBSTACLE_NONE || (!more && f->difference.finding != FINDING_LESS))
        return json_null();
    return json_string(more == metric_more_is_better(metric) ? "a" : "b");
}

static json_t *figure_json(const struct comparison *c, const struct comparison_cell *cell,
                           enum metric metric)
{
    const struct comparison_figure *f = &cell->figures[metric];
    const struct difference *d = &f->difference;
    bool found = f->obstacle == OBSTACLE_NONE;
    char text[SENTENCE_MAX], remedy[COMPARISON_TEXT_MAX];
    struct json_put p = json_put_begin();

    json_put(&p, "metric", json_string(metric_key(metric)));
    json_put_real(&p, "a", f->a);
    json_put_real(&p, "b", f->b);
    json_put_count(&p, "a_trials", f->a_n);
    json_put_count(&p, "b_trials", f->b_n);
    json_put_real(&p, "ratio", found ? d->ratio : RECORD_UNKNOWN);
    json_put_real(&p, "low", found ? d->low : RECORD_UNKNOWN);
    json_put_real(&p, "high", found ? d->high : RECORD_UNKNOWN);
    json_put_real(&p, "p", found ? d->p : RECORD_UNKNOWN);
    json_put_real(&p, "p_holm", found ? d->p_holm : RECORD_UNKNOWN);
    json_put(&p, "noise_floor", noise_json(&f->noise));
    json_put(&p, "finding", json_string(comparison_word(f)));
    json_put(&p, "better", better_json(f, metric));
    json_put_some(&p, "trials_needed", found ? d->blocks_needed : f->needed);
    json_put_text(&p, "text", comparison_sentence(cell, metric, text, sizeof(text)));
    json_put_text(&p, "remedy", comparison_remedy(c, cell, metric, remedy, sizeof(remedy)));
    return json_put_end(&p);
}

static json_t *cell_json(const struct comparison *c, const struct comparison_cell *cell)
{
    struct json_put p = json_put_begin();
    json_t *figures = json_array();

    for (enum metric m = 0; m < METRICS; m++)
        json_add(&figures, figure_json(c, cell, m));
    json_put(&p, "workload", json_clean(cell->a->workload.name));
    json_put(&p, "load", json_clean(cell->a->load.name));
    json_put(&p, "a_target", json_clean(slice_of(cell->a->target)));
    json_put(&p, "b_target", json_clean(slice_of(cell->b->target)));
    json_put_flag(&p, "paired", cell->paired);
    json_put_flag(&p, "refused", cell->refused);
    json_put(&p, "metrics", figures);
    return json_put_end(&p);
}

static json_t *document(const struct comparison *c)
{
    struct json_put p = json_put_begin();
    json_t *notes = json_array(), *cells = json_array();

    for (size_t i = 0; i < c->note_count; i++)
        json_add(&notes, note_json(&c->notes[i]));
    for (size_t i = 0; i < c->cell_count; i++)
        json_add(&cells, cell_json(c, &c->cells[i]));
    json_put(&p, "schema", json_string("assay/comparison/1"));
    json_put(&p, "a", side_json(&c->a));
    json_put(&p, "b", side_json(&c->b));
    json_put_flag(&p, "same_run", c->same_run);
    json_put(&p, "not_the_same", notes);
    json_put(&p, "cells", cells);
    json_put_count(&p, "a_alone", c->a_alone);
    json_put_count(&p, "b_alone", c->b_alone);
    return json_put_end(&p);
}

bool comparison_write_json(FILE *out, const struct comparison *c, struct error *err)
{
    json_t *json = document(c);

    if (json == NULL)
        return error_set(err, ENOMEM, "write the comparison as JSON");
    errno = 0;
    (void)json_dumpf(json, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(json);
    return stream_finish(out, err);
}
