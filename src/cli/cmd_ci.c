/* assay ci SUITE: two versions of one target in turn, and whether the newer one may pass. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/ci_options.h"
#include "cli/cmd.h"
#include "cli/show_progress.h"
#include "report/gate_out.h"
#include "run/pairs.h"

/* ---- the versions ---- */

static bool open_version(const struct ci_options *o, struct ci_version *v, struct pair_version *ret,
                         struct error *err)
{
    *ret = (struct pair_version){ .path = o->suite };
    snprintf(v->shown, sizeof(v->shown), "%s", v->asked == NULL ? "as it stands" : v->asked);
    if (v->asked == NULL)
        return true;
    if (v->is_command) {
        ret->start = v->asked;
        return true;
    }
    if (!checkout_open(o->suite, v->asked, &v->checkout, v->path, err))
        return false;
    ret->path = v->path;
    if (strcmp(v->asked, v->checkout.commit) != 0)
        snprintf(v->shown, sizeof(v->shown), "%s (%.200s)", v->checkout.commit, v->asked);
    return true;
}

static bool close_versions(struct ci_options *o, struct error *err)
{
    bool fine = true;

    for (size_t i = 0; i < 2; i++)
        fine = checkout_close(&o->versions[i].checkout, err) && fine;
    return fine;
}

/* ---- the pairs ---- */

/* Pairs get a line each; inside of one only who asks is told. */
static void show_when_asked(void *context, const struct progress *progress)
{
    progress_view_show(context, NULL, progress);
}

static void tell_end(void *context, const struct trial_record *record, size_t index, size_t count)
{
    const struct progress_view *view = context;

    (void)index;
    (void)count;
    events_trial_end(view->events, mono_now(), record);
}

__attribute__((format(printf, 2, 3))) static void say(const struct ci_options *o, const char *fmt,
                                                      ...)
{
    va_list args;

    if (progress_hidden(&o->common))
        return;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
}

static bool run_pairs(const struct ci_options *o, struct pairs *pairs, struct error *err)
{
    struct mono started = mono_now();

    for (uint32_t i = 1; i <= o->pairs && stop_asked == 0; i++) {
        char text[UNITS_TEXT_MAX];

        if (!pairs_next(pairs, err))
            return false;
        say(o, "pair %2u/%u   %s\n", i, o->pairs,
            units_duration(mono_diff_ns(started, mono_now()), true, text));
    }
    return true;
}

/* As many new pairs of the cells in which a regression is suspected. */
static bool confirm(const struct ci_options *o, struct pairs *pairs, struct gate *gate,
                    struct error *err)
{
    size_t suspected = gate_count(gate, GATE_SUSPECTED);
    uint32_t first = pairs->done;

    if (suspected == 0)
        return true;
    say(o, "confirming %zu suspected regression%s with %u new pairs\n", suspected,
        suspected == 1 ? "" : "s", o->pairs);
    pairs_choose_none(pairs);
    for (size_t i = 0; i < gate->row_count; i++)
        if (gate->rows[i].word == GATE_SUSPECTED)
            pairs_choose(pairs, gate->rows[i].cell);
    return run_pairs(o, pairs, err) &&
           (stop_asked > 0 || gate_confirm(gate, pairs->run, first, err));
}

/* ---- what is said ---- */

static int exit_code_of(const struct ci_options *o, const struct gate *gate)
{
    if (strcmp(o->policy, "fail") == 0 && gate_count(gate, GATE_REGRESSION) > 0)
        return EXIT_GATE;
    if (o->conclusive && gate_count(gate, GATE_INCONCLUSIVE) > 0)
        return EXIT_INCONCLUSIVE;
    return EXIT_DONE;
}

static bool write_one(const struct output *output, FILE *out, const struct gate *gate,
                      const struct gate_about *about, struct error *err)
{
    if (output->format == OUTPUT_JSON)
        return gate_write_json(out, gate, about, err);
    if (output->format == OUTPUT_JUNIT)
        return gate_write_junit(out, gate, about, err);
    return gate_write_markdown(out, gate, about, err);
}

static bool write_to(const struct output *output, const char *mode, const struct gate *gate,
                     const struct gate_about *about, struct error *err)
{
    bool standard = strcmp(output->file, "-") == 0;
    FILE *out = standard ? stdout : fopen(output->file, mode);
    bool fine;

    if (out == NULL)
        return error_set(err, errno, "write %s", output->file);
    fine = write_one(output, out, gate, about, err);
    if (!standard && fclose(out) != 0 && fine)
        fine = error_set(err, errno, "close the file");
    return fine || error_wrap(err, "write %s", standard ? "standard output" : output->file);
}

static bool tell_github(const struct ci_options *o, const struct gate *gate,
                        const struct gate_about *about, struct error *err)
{
    const char *there = getenv("GITHUB_ACTIONS"), *summary = getenv("GITHUB_STEP_SUMMARY");
    const struct output output = { .format = OUTPUT_MARKDOWN, .file = summary };

    if (there == NULL || strcmp(there, "true") != 0)
        return true;
    if (strcmp(o->policy, "off") != 0)
        gate_annotate(stdout_taken(&o->common) ? stderr : stdout, gate, about);
    return summary == NULL || *summary == '\0' || write_to(&output, "a", gate, about, err);
}

static bool put_out(const struct ci_options *o, const struct gate *gate,
                    const struct gate_about *about, struct error *err)
{
    if (o->common.quiet < 2 && !stdout_taken(&o->common)) {
        struct screen screen = screen_detect(stdout, o->common.color);

        gate_print(&screen, gate, about);
    }
    for (size_t i = 0; i < o->common.output_count; i++)
        if (!write_to(&o->common.outputs[i], "w", gate, about, err))
            return false;
    if (!tell_github(o, gate, about, err))
        return false;
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           error_set(err, errno, "write to standard output");
}

static bool report(const struct ci_options *o, const struct pairs *pairs, const struct gate *gate,
                   int *ret_code, struct error *err)
{
    char again[4300];
    struct gate_about about = { .base = o->versions[0].shown,
                                .head = o->versions[1].shown,
                                .policy = o->policy,
                                .run = pairs->run->id,
                                .again = again,
                                .pairs = o->pairs,
                                .seed = o->session.seed,
                                .exit_code = exit_code_of(o, gate) };

    /* What the environment said would not be there the next time. */
    snprintf(again, sizeof(again), "%s", o->session.command);
    if (strstr(o->session.command, " --seed") == NULL)
        snprintf(again, sizeof(again), "%.4200s --seed %llu", o->session.command,
                 (unsigned long long)o->session.seed);
    *ret_code = about.exit_code;
    return put_out(o, gate, &about, err);
}

/* ---- from the suite to the exit code ---- */

static bool measure(const struct ci_options *o, struct pairs *pairs, struct store *store,
                    int *ret_code, struct error *err)
{
    struct progress_view view;
    const struct observer observer = { .context = &view,
                                       .progress = show_when_asked,
                                       .trial_done = tell_end };
    struct gate gate = { 0 };
    bool fine;

    progress_view_open(&view, &o->common, false);
    fine = pairs_begin(pairs, store, &observer, err) && run_pairs(o, pairs, err);
    if (fine && stop_asked == 0)
        fine = gate_make(pairs->run, 0, pairs->done, &o->limits, &gate, err) &&
               confirm(o, pairs, &gate, err);
    if (pairs->run != NULL && pairs->run->id[0] != '\0') {
        struct error why;

        if (!pairs_end(pairs, &why) && fine) {
            *err = why;
            fine = false;
        }
    }
    if (fine && stop_asked == 0)
        fine = report(o, pairs, &gate, ret_code, err);
    gate_free(&gate);
    progress_view_close(&view);
    return fine;
}

/* With fewer pairs than that no regression could ever be told from chance, and all would pass. */
static bool enough_pairs(const struct ci_options *o, size_t cells, struct error *err)
{
    size_t needed = gate_pairs_needed(&o->limits, cells);

    if (o->pairs >= needed || strcmp(o->policy, "off") == 0)
        return true;
    return error_usage(
        err,
        "%u pair%s cannot show a regression: with %zu cell%s and these limits it takes "
        "%zu (--pairs %zu), or fewer targets (--only) and limits (--limit p99=off)",
        o->pairs, units_plural(o->pairs), cells, units_plural(cells), needed, needed);
}

static bool plan_and_measure(struct ci_options *o, int *ret_code, struct error *err)
{
    struct pair_version versions[2];
    struct store *store = NULL;
    struct pairs pairs;
    char text[UNITS_TEXT_MAX];
    bool fine;

    for (size_t i = 0; i < 2; i++)
        if (!open_version(o, &o->versions[i], &versions[i], err))
            return error_wrap(err, i == 0 ? "--base" : "--head");
    if (!pairs_plan(&o->session, versions, 2 * o->pairs, &pairs, err))
        return false;
    if (!enough_pairs(o, pairs_compared(&pairs), err)) {
        pairs_release(&pairs);
        return false;
    }
    say(o,
        "base %s   head %s\n%zu cell%s, %u pair%s of base, head and base again: about %s, seed "
        "%llu\n",
        o->versions[0].shown, o->versions[1].shown, pairs.cell_count,
        units_plural(pairs.cell_count), o->pairs, units_plural(o->pairs),
        units_duration(o->pairs * pairs_ns(&pairs), true, text),
        (unsigned long long)o->session.seed);
    if (pairs.base_alone + pairs.head_alone > 0)
        say(o,
            "left out, as the other side has no such target, workload and load: %zu of base, "
            "%zu of head\n",
            pairs.base_alone, pairs.head_alone);
    fine = o->common.no_save || database_open_to_write(&o->common, &store, err);
    if (fine) {
        events_run_start(o->common.events, mono_now(), "ci", o->words.command,
                         PAIR_SIDES * pairs_compared(&pairs) * o->pairs);
        fine = measure(o, &pairs, store, ret_code, err);
        snprintf(o->run_id, sizeof(o->run_id), "%s", pairs.run != NULL ? pairs.run->id : "");
    }
    store_close(store);
    pairs_release(&pairs);
    return fine;
}

static int run_ci(struct ci_options *o)
{
    struct error err, left;
    int code = EXIT_DONE;
    bool fine = check_outputs(&o->common, &err) && plan_and_measure(o, &code, &err);

    /* Whatever happened: also when it was interrupted, or could not be measured. */
    if (!close_versions(o, &left) && fine) {
        err = left;
        fine = false;
    }
    if (!fine)
        return fail(&err);
    if (stop_asked > 0)
        fprintf(stderr, "interrupted: no gate was asked\n");
    return signals_exit_code(code);
}

int cmd_ci(int argc, char **argv)
{
    static struct ci_options o;
    struct error err;
    int code;

    if (!ci_options_read(argc, argv, &o, &err))
        return fail(&err);
    session_told(&o.session, &o.common, &o.words);
    signals_catch();
    code = run_ci(&o);
    events_run_end(o.common.events, mono_now(), o.run_id, code);
    words_free(&o.words);
    events_free(o.common.events);
    return code;
}
