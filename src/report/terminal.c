#include "report/terminal.h"

#include <math.h>

#include "base/units.h"
#include "report/decomposition.h"
#include "report/inproc_table.h"
#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/percentiles.h"
#include "report/proof_block.h"
#include "report/terminal_priv.h"
#include "report/verdict_block.h"
#include "store/inproc_json.h"
#include "store/samples.h"

/* ---- one line a trial ---- */

static const char *state_words(const struct trial_record *t)
{
    switch (t->state) {
    case TRIAL_DONE:
        return t->tally.partial ? "interrupted" : "";
    case TRIAL_NOT_BUILT:
        return "not built";
    case TRIAL_NOT_READY:
        return "not ready";
    case TRIAL_DIED:
        return "died";
    }
    return "";
}

static struct slice first_line(const char *text)
{
    return (struct slice){ text, strcspn(text, "\n") };
}

/* A piece only where it fits before `end`: a line a trial stays one line. */
static void fitting_piece(struct line *l, int end, enum screen_style style, const char *shown)
{
    if (l->column + 2 + screen_columns(shown) <= end)
        line_piece(l, 2, style, "%s", shown);
}

/* "✗ generator": the checks that failed, as this screen can show it; "" when none did. */
static void failed_checks(const struct screen *s, const struct trial_record *t, struct text *into)
{
    char names[256] = "";
    struct text text = TEXT(names);

    verdict_failed_names(&t->verdict, &text);
    if (text.len > 0)
        text_format(into, "%s %s", screen_glyph(s, "✗"), names);
}

/* Where other figures must end, so that what comes last and counts most has room. */
static int end_before(const struct line *l, const char *last)
{
    int end = l->s->width - 2 - screen_columns(last);

    return last[0] == '\0' || l->column > end ? l->s->width : end;
}

static void trial_figures(struct line *l, const struct trial_record *t)
{
    const struct percentiles *asked =
        l->s->percentiles != NULL ? l->s->percentiles : &PERCENTILES_OF_LINE;
    uint64_t failed = tally_failed(&t->tally);
    char shown[128], invalid[300] = "";
    struct text text = TEXT(invalid);
    int end;

    failed_checks(l->s, t, &text);
    line_add(l, "  %6s req/s  ", number_short(record_throughput_per_sec(t)).text);
    line_piece(l, 0, failed > 0 ? STYLE_BAD : STYLE_PLAIN, "%s error%s", number_whole(failed).text,
               failed == 1 ? "" : "s");
    end = end_before(l, invalid);
    for (size_t i = 0; i < asked->count; i++) {
        struct samples_quantile found = samples_quantile(t, asked->list[i].q);

        if (!found.reliable)
            continue;
        snprintf(shown, sizeof(shown), "%s %s%s", asked->list[i].name, found.is_bound ? "≥" : "",
                 number_duration((double)found.value_ns).text);
        fitting_piece(l, end, STYLE_PLAIN, shown);
    }
    if (isfinite(record_server_cpu_ns_per_request(t))) {
        snprintf(shown, sizeof(shown), "%s CPU/req",
                 number_duration(record_server_cpu_ns_per_request(t)).text);
        fitting_piece(l, end, STYLE_PLAIN, shown);
    }
    if (invalid[0] != '\0')
        fitting_piece(l, l->s->width, STYLE_BAD, invalid);
}

/* "json/wrk": which cell of the suite it is; of a single load there is only one. */
static void cell_name(struct line *l, const struct trial_record *t)
{
    char name[256] = "";
    struct text text = TEXT(name);

    if (t->suite[0] == '\0')
        return;
    screen_add_foreign(l->s, &text, t->workload.name);
    text_add(&text, slice_of(t->workload.name.len > 0 && t->load.name.len > 0 ? "/" : ""));
    screen_add_foreign(l->s, &text, t->load.name);
    if (name[0] != '\0')
        line_add(l, "%s  ", name);
}

void terminal_trial_line(const struct screen *s, const struct trial_record *t, size_t index,
                         size_t count)
{
    int digits = snprintf(NULL, 0, "%zu", count);
    const char *words = state_words(t);
    bool driven = t->state == TRIAL_DONE || t->state == TRIAL_DIED;
    char name[256] = "";
    struct text text = TEXT(name);
    struct line l;
    int start;

    screen_add_foreign(s, &text, slice_of(t->target));
    line_begin(&l, s, "", 0);
    line_add(&l, "[%*zu/%zu] block %u  ", digits, index, count, t->block + 1);
    cell_name(&l, t);
    if (words[0] != '\0')
        line_piece(&l, 0, STYLE_BAD, "✗ ");
    start = l.column;
    line_add(&l, "%s%s", name, t->control ? " (A/A)" : "");
    if (words[0] != '\0')
        line_piece(&l, 0, STYLE_BAD, ": %s", words);
    else
        line_pad(&l, start + 16);
    if (driven)
        trial_figures(&l, t);
    if (words[0] != '\0' && t->reason[0] != '\0' && l.column + 12 < s->width) {
        line_add(&l, ": ");
        line_foreign(&l, 0, first_line(t->reason));
    }
    line_end(&l);
}

void terminal_trials(const struct screen *s, const struct run_record *run)
{
    for (size_t i = 0; i < run->trial_count; i++)
        terminal_trial_line(s, run->trials[i], i + 1, run->trial_count);
}

void terminal_checks(const struct screen *s, const struct run_record *run)
{
    for (size_t i = 0; i < run->trial_count; i++) {
        terminal_trial_line(s, run->trials[i], i + 1, run->trial_count);
        verdict_print_all(s, run->trials[i]);
        proof_print(s, run->trials[i]);
        fputc('\n', s->out);
    }
}

/* ---- a run ---- */

static void seed_piece(struct line *l, const struct run_record *run)
{
    if (strstr(run->command, "--seed") == NULL)
        line_piece(l, 1, STYLE_PLAIN, "--seed %llu", (unsigned long long)run->seed);
}

void terminal_saved(const struct screen *s, const struct run_record *run, const char *database,
                    const char *option)
{
    struct line l;

    line_begin(&l, s, "", 0);
    if (run->id[0] == '\0') {
        line_piece(&l, 0, STYLE_PLAIN, "not saved");
    } else {
        line_piece(&l, 0, STYLE_PLAIN, "saved");
        line_words(&l, STYLE_BOLD, slice_of(run->id));
        line_words(&l, STYLE_PLAIN, SLICE("in"));
        line_words(&l, STYLE_PLAIN, slice_of(database));
        line_piece(&l, 3, STYLE_PLAIN, "next:  assay show");
        line_words(&l, STYLE_PLAIN, slice_of(run->id));
        line_words(&l, STYLE_PLAIN, slice_of(option));
        line_piece(&l, 4, STYLE_PLAIN, "assay list");
        line_words(&l, STYLE_PLAIN, slice_of(option));
    }
    line_end(&l);
    if (run->suite[0] == '\0')
        return;
    line_begin(&l, s, "", 0);
    line_piece(&l, 0, STYLE_PLAIN, "again:");
    if (run->command[0] != '\0')
        line_words(&l, STYLE_PLAIN, slice_of(run->command));
    else
        line_prose(&l, STYLE_PLAIN, "assay run SUITE");
    seed_piece(&l, run);
    line_end(&l);
}

static size_t count_control(const struct run_record *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->trial_count; i++)
        count += run->trials[i]->control;
    return count;
}

static void run_heading(const struct screen *s, const struct run_record *run)
{
    struct warnings warnings = { s, true };
    size_t control = count_control(run);
    struct line l;

    line_begin(&l, s, "", 0);
    line_words(&l, STYLE_BOLD, slice_of(run->title[0] != '\0' ? run->title : run->suite));
    if (run->preset[0] != '\0') {
        line_piece(&l, 3, STYLE_PLAIN, "preset");
        line_words(&l, STYLE_PLAIN, slice_of(run->preset));
    }
    if (control > 0)
        line_piece(&l, 3, STYLE_PLAIN, "%zu trials, %zu of them A/A", run->trial_count, control);
    else
        line_piece(&l, 3, STYLE_PLAIN, "%zu trial%s", run->trial_count,
                   run->trial_count == 1 ? "" : "s");
    line_piece(&l, 1, STYLE_PLAIN, "· seed %llu", (unsigned long long)run->seed);
    line_piece(&l, 3, STYLE_PLAIN, "%u core%s ·", run->host.cpus_online,
               units_plural(run->host.cpus_online));
    line_words(&l, STYLE_PLAIN, slice_of(run->host.kernel));
    line_end(&l);
    if (run->partial)
        line_warning(&warnings,
                     "PARTIAL: interrupted after %zu trial%s; what was measured is below. Run it "
                     "again for the rest",
                     run->trial_count, run->trial_count == 1 ? "" : "s");
    fputc('\n', s->out);
}

/* What was called in-process, a table after the other. */
static void inproc_tables(const struct screen *s, const struct run_record *run)
{
    struct warnings warnings = { s, true };
    struct inproc_table table;
    struct error err;
    json_t *document;
    size_t i;

    json_array_foreach(run->inproc, i, document)
    {
        if (!inproc_from_json(document, &table, &err)) {
            line_warning(&warnings, "a table of applications cannot be shown: %s", err.text);
            continue;
        }
        inproc_table_print(s, &table);
        inproc_table_close(&table);
    }
}

static bool rank(const struct screen *s, const struct run_record *run,
                 struct ranking **ret_rankings, size_t *ret_count)
{
    struct error ignored; /* the reason is memory */

    if (!rankings_make(run, ret_rankings, ret_count, &ignored))
        return false;
    if (s->percentiles == NULL ||
        rankings_ask(run, s->percentiles, *ret_rankings, *ret_count, &ignored))
        return true;
    rankings_free(*ret_rankings, *ret_count);
    return false;
}

static void suite_run(const struct screen *s, const struct run_record *run)
{
    struct warnings warnings = { s, true };
    struct ranking *rankings;
    size_t count;

    run_heading(s, run);
    if (!rank(s, run, &rankings, &count)) {
        line_warning(&warnings, "no ranking: out of memory; the record is whole, see assay show");
        return;
    }
    ranking_tables(s, rankings, count);
    verdict_print_run(s, run);
    proof_print_run(s, run);
    inproc_tables(s, run);
    decomposition_print(s, run);
    if (run->published_text[0] != '\0')
        published_table(s, run, rankings, count);
    rankings_free(rankings, count);
}

/* One load in stages: what was asked is the same in all of them. */
static void staged_run(const struct screen *s, const struct run_record *run)
{
    struct warnings warnings = { s, true }; /* an empty line comes before them as it is */
    struct ranking *rankings;
    size_t count;

    if (!rank(s, run, &rankings, &count)) {
        line_warning(&warnings, "no table: out of memory; the record is whole, see assay show");
        return;
    }
    asked_lines(s, run->trials[0]);
    fputc('\n', s->out);
    stage_tables(s, rankings, count, false);
    warnings.begun = !verdict_print_stages(s, run);
    stage_warnings(&warnings, run);
    rankings_free(rankings, count);
}

void terminal_run(const struct screen *s, const struct run_record *run)
{
    if (run->suite[0] != '\0') {
        suite_run(s, run);
        return;
    }
    if (run->trial_count > 0 && run->trials[0]->load.stage > 0) {
        staged_run(s, run);
        return;
    }
    for (size_t i = 0; i < run->trial_count; i++) {
        terminal_trial(s, run->trials[i]);
        fputc('\n', s->out);
    }
}
