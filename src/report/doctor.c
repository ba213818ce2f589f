#include "report/doctor.h"

#include <errno.h>
#include <jansson.h>

#include "report/line_priv.h"
#include "report/stream_priv.h"
#include "store/json_put.h"

#define REMEDY_INDENT 18 /* behind the mark and the longest name */

static const struct {
    const char *mark;
    enum screen_style style;
} STATES[] = {
    [CHECK_OK] = {"ok",       STYLE_GOOD},
    [CHECK_UNKNOWN] = { "unknown", STYLE_DIM },
    [CHECK_WARN] = { "warn",    STYLE_WARN},
    [CHECK_FAIL] = { "FAIL",    STYLE_BAD },
};

enum check_state doctor_overall(const struct finding_of_doctor *findings, size_t count)
{
    enum check_state worst = CHECK_OK;

    for (size_t i = 0; i < count; i++)
        if (findings[i].state > worst)
            worst = findings[i].state;
    return worst;
}

static void print_finding(const struct screen *s, const struct finding_of_doctor *d)
{
    struct line l;

    line_begin(&l, s, "", 0);
    line_piece(&l, 0, STATES[d->state].style, "%-7s", STATES[d->state].mark);
    line_add(&l, " %-10s", d->id);
    l.indent = REMEDY_INDENT;
    line_words(&l, STYLE_PLAIN, slice_of(d->text)); /* names of programs are in it */
    line_end(&l);
    if (d->remedy[0] == '\0')
        return;
    line_begin(&l, s, "", REMEDY_INDENT);
    line_pad(&l, REMEDY_INDENT);
    line_prose(&l, STYLE_PLAIN, "→ %s", d->remedy);
    line_end(&l);
}

static void print_overall(const struct screen *s, enum check_state overall)
{
    struct line l;

    fputc('\n', s->out);
    line_begin(&l, s, "", 0);
    if (overall == CHECK_FAIL)
        line_prose(&l, STYLE_BAD,
                   "Not fit for absolute figures. Targets can still be compared in interleaved "
                   "blocks (assay run), which says itself when it cannot tell them apart.");
    else if (overall == CHECK_OK)
        line_prose(&l, STYLE_GOOD, "Fit to measure on.");
    else
        line_prose(&l, STYLE_WARN, "Fit to measure on, with care for what is said above.");
    line_end(&l);
}

void doctor_print(const struct screen *s, const struct host *host,
                  const struct finding_of_doctor *findings, size_t count)
{
    struct line l;

    line_begin(&l, s, "", 0);
    line_words(&l, STYLE_PLAIN, slice_of(host->cpu[0] != '\0' ? host->cpu : "unknown processor"));
    line_piece(&l, 1, STYLE_PLAIN, "· %s ·", host->kernel);
    line_words(&l, STYLE_PLAIN, slice_of(host->distro));
    line_end(&l);
    for (size_t i = 0; i < count; i++)
        print_finding(s, &findings[i]);
    print_overall(s, doctor_overall(findings, count));
}

static json_t *finding_json(const struct finding_of_doctor *d)
{
    struct json_put p = json_put_begin();

    json_put(&p, "id", json_string(d->id));
    json_put(&p, "state", json_string(check_state_name(d->state)));
    json_put_text(&p, "text", d->text);
    json_put_text(&p, "remedy", d->remedy);
    return json_put_end(&p);
}

bool doctor_write_json(FILE *out, const struct finding_of_doctor *findings, size_t count,
                       struct error *err)
{
    struct json_put p = json_put_begin();
    json_t *array = json_array(), *document;
    for (size_t i = 0; i < count; i++)
        json_add(&array, finding_json(&findings[i]));
    json_put(&p, "schema", json_string("assay/doctor/1"));
    json_put(&p, "overall", json_string(check_state_name(doctor_overall(findings, count))));
    json_put(&p, "findings", array);
    document = json_put_end(&p);
    if (document == NULL)
        return error_set(err, ENOMEM, "write the findings as JSON");
    errno = 0;
    if (json_dumpf(document, out, JSON_INDENT(2)) == 0)
        fputc('\n', out);
    json_decref(document);
    return stream_finish(out, err);
}
