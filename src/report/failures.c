#include <errno.h>

#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/terminal_priv.h"

static const char *connect_remedy(int sys)
{
    switch (sys) {
    case EADDRNOTAVAIL:
        return "local ports are used up: keep connections alive (no --close), or wait a minute";
    case EMFILE:
    case ENFILE:
        return "descriptors are used up: raise ulimit -n, or use fewer connections (-c)";
    default:
        return "does it listen at that address? See its log, its backlog (somaxconn) and its "
               "limit of connections";
    }
}

static const char *status_remedy(uint16_t status)
{
    if (status == 429)
        return "the server limits the rate: lift its limit, or ask for less (-r)";
    return "see the server's log; if that answer is right, use --expect-status";
}

/* `first`: the first example of this kind, NULL when there is none. */
static const char *remedy(enum outcome outcome, const struct example *first)
{
    int sys = first == NULL ? 0 : first->sys;

    switch (outcome) {
    case OUTCOME_CONNECT:
        return connect_remedy(sys);
    case OUTCOME_RESET:
        return "the server dropped connections: see its log, its backlog and its limits; or use "
               "fewer connections (-c)";
    case OUTCOME_CLOSED_EARLY:
        return "the server closed before its answer was complete: see its log; if it never keeps "
               "connections use --close";
    case OUTCOME_TIMEOUT:
        if (sys == ETIMEDOUT) /* of the connect */
            return connect_remedy(sys);
        return "use fewer connections (-c), a lower rate (-r), or a longer --timeout";
    case OUTCOME_PROTOCOL:
        return "what came is not HTTP/1.1: is it the right port, and not https?";
    case OUTCOME_STATUS:
        return status_remedy(first == NULL ? 0 : first->status);
    case OUTCOME_BODY:
        return "see the server's log; if that answer is right, use --expect-body; if it changes "
               "with time, --any-body";
    case OUTCOME_TLS:
        return "check the certificate, or use --insecure";
    case OUTCOME_OK:
    case OUTCOME_KINDS:
        break;
    }
    return "";
}

static void add_example(struct line *l, const struct example *example)
{
    line_piece(l, 3, STYLE_PLAIN, "%s ×", number_whole(example->count).text);
    line_words(l, STYLE_PLAIN, slice_of(example->reason));
    if (example->sys != 0)
        line_piece(l, 1, STYLE_PLAIN, "(errno %d)", example->sys);
}

static void head_line(const struct screen *s, const struct example *example)
{
    struct line l;

    if (example->head_len == 0)
        return;
    line_begin(&l, s, "", LINE_INDENT);
    line_add(&l, "for example: ");
    line_foreign(&l, 0, (struct slice){ example->head, example->head_len });
    line_end(&l);
}

/* The kind and its count, what was seen of it, one whole example, what to do. */
static void print_kind(const struct screen *s, const struct tally *tally, enum outcome outcome,
                       const char *label)
{
    const struct example *first = NULL;
    struct line l;

    line_begin(&l, s, label, LINE_INDENT);
    line_piece(&l, 0, STYLE_BAD, "%s %s", outcome_name(outcome),
               number_whole(tally->failed[outcome]).text);
    for (uint32_t i = 0; i < tally->example_count; i++) {
        const struct example *example = &tally->examples[i];

        if (example->outcome != outcome)
            continue;
        add_example(&l, example);
        first = first == NULL ? example : first;
    }
    line_end(&l);
    if (first != NULL)
        head_line(s, first);
    line_begin(&l, s, "         →", LINE_INDENT + 3);
    line_prose(&l, STYLE_PLAIN, "%s", remedy(outcome, first));
    line_end(&l);
}

void failures_print(const struct screen *s, const struct trial_record *t)
{
    const struct tally *tally = &t->tally;
    const char *label = "Failed";
    struct warnings warnings = { s, true };

    if (tally_failed(tally) == 0)
        return;
    fputc('\n', s->out);
    for (int kind = OUTCOME_OK + 1; kind < OUTCOME_KINDS; kind++) {
        if (tally->failed[kind] == 0)
            continue;
        print_kind(s, tally, (enum outcome)kind, label);
        label = "";
    }
    if (tally->examples_left_out > 0)
        line_warning(&warnings,
                     "%s wrong answer%s of further kinds; only the first %d kinds are kept",
                     number_whole(tally->examples_left_out).text,
                     tally->examples_left_out == 1 ? " was" : "s were", TALLY_EXAMPLES_MAX);
}
