#include <errno.h>
#include <math.h>
#include <string.h>

#include "report/gate_out.h"
#include "report/stream_priv.h"

#define NAME_MAX_BYTES 400

/* XML has no way to write most control characters at all. */
static void put_xml(FILE *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '&')
            fputs("&amp;", out);
        else if (*c == '<')
            fputs("&lt;", out);
        else if (*c == '>')
            fputs("&gt;", out);
        else if (*c == '"')
            fputs("&quot;", out);
        else
            fputc((unsigned char)*c < ' ' ? ' ' : *c, out);
    }
}

static void write_case(FILE *out, const struct gate_row *row, bool fails)
{
    char name[NAME_MAX_BYTES], change[120], sentence[GATE_TEXT_MAX * 2];
    const char *element = row->word == GATE_REGRESSION     ? (fails ? "failure" : "skipped")
                          : row->word == GATE_INCONCLUSIVE ? "skipped"
                                                           : NULL;

    fputs("    <testcase classname=\"", out);
    put_xml(out, gate_row_name(row, name, sizeof(name)));
    fprintf(out, "\" name=\"%s\">\n", metric_short(row->metric));
    if (element == NULL)
        fputs("      <system-out>", out);
    else
        fprintf(out, "      <%s message=\"", element);
    put_xml(out, gate_change(&row->difference, change, sizeof(change)));
    fputs(", ", out);
    put_xml(out, gate_sentence(row, sentence, sizeof(sentence)));
    fputs(element == NULL ? "</system-out>\n" : "\"/>\n", out);
    fputs("    </testcase>\n", out);
}

bool gate_write_junit(FILE *out, const struct gate *g, const struct gate_about *about,
                      struct error *err)
{
    size_t bad = gate_count(g, GATE_REGRESSION), open = gate_count(g, GATE_INCONCLUSIVE);
    bool fails = strcmp(about->policy, "fail") == 0;
    size_t tests = 0;

    errno = 0;
    for (size_t i = 0; i < g->row_count; i++)
        tests += !isnan(g->rows[i].limit);
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            "  <testsuite name=\"assay ci\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
            "skipped=\"%zu\">\n    <properties>\n      <property name=\"base\" value=\"",
            tests, fails ? bad : 0, fails ? open : open + bad);
    put_xml(out, about->base);
    fputs("\"/>\n      <property name=\"head\" value=\"", out);
    put_xml(out, about->head);
    fputs("\"/>\n    </properties>\n", out);
    for (size_t i = 0; i < g->row_count; i++)
        if (!isnan(g->rows[i].limit))
            write_case(out, &g->rows[i], fails);
    fputs("  </testsuite>\n</testsuites>\n", out);
    return stream_finish(out, err);
}
