#include <errno.h>

#include "report/line_priv.h"
#include "report/terminal.h"

/* Above this many a line for each would be most of the page: then a line has all of a target. */
#define TRIALS_LISTED_MAX 60

static void code_begins(struct screen *s)
{
    s->markdown = false;
    fputs("```\n", s->out);
}

static void code_ends(struct screen *s)
{
    fputs("```\n", s->out);
    s->markdown = true;
}

/* Every trial, so that a reader sees what the medians are made of. */
static void list_trials(struct screen *s, const struct run_record *run)
{
    struct line l;

    if (run->trial_count == 0)
        return;
    line_begin(&l, s, "", 0);
    line_piece(&l, 0, STYLE_BOLD, "Trials");
    line_end(&l);
    if (run->trial_count > TRIALS_LISTED_MAX) {
        line_begin(&l, s, "", 0);
        line_prose(&l, STYLE_PLAIN,
                   "Each in the order in which they ran; %s: not to be believed. More of each: "
                   "assay show %s --trials",
                   screen_glyph(s, "✗"), run->id[0] != '\0' ? run->id : "RUN");
        line_end(&l);
    }
    code_begins(s);
    if (run->trial_count > TRIALS_LISTED_MAX)
        terminal_trial_rows(s, run);
    else
        terminal_trials(s, run);
    code_ends(s);
}

bool markdown_write(FILE *out, const struct run_record *run, const struct percentiles *asked,
                    struct error *err)
{
    struct screen s = screen_markdown(out);

    s.percentiles = asked;
    if (run->suite[0] != '\0') {
        terminal_run(&s, run);
        list_trials(&s, run);
    } else {
        code_begins(&s);
        terminal_run(&s, run);
        code_ends(&s);
    }
    if (ferror(out))
        return error_set(err, errno, "write Markdown");
    return true;
}
