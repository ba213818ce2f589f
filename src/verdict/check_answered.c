/* What came back: were the answers right, is none left out, are there enough of them. */
#include "verdict/check_priv.h"

#include <math.h>

#include "base/bytes.h"
#include "store/samples.h"
#include "verdict/limits.h"
#include "verdict/words_priv.h"

/* ---- omission ---- */

/* The first percentile that is only a lower bound, and with it all above; NULL: none. */
static const struct samples_percentile *first_bound(const struct trial_record *t)
{
    for (size_t i = 0; i < SAMPLES_PERCENTILES; i++)
        if (histogram_quantile_is_bound(&t->tally.response, SAMPLES_PERCENTILE[i].q))
            return &SAMPLES_PERCENTILE[i];
    return NULL;
}

/* Requests that were due and have no place in the distribution, not even as a lower bound. By count
 * those that an interrupt left over were never due. */
static uint64_t left_out(const struct trial_record *t)
{
    const struct tally *tally = &t->tally;
    uint64_t unfinished = tally->in_flight + tally->failed[OUTCOME_TIMEOUT];

    if (t->load.model == LOAD_OPEN && t->load.requests == 0)
        unfinished += tally->unsent;
    return unfinished > tally->response.censored ? unfinished - tally->response.censored : 0;
}

static void add_unfinished(const struct trial_record *t, struct text *text)
{
    const struct histogram *h = &t->tally.response;
    const struct samples_percentile *bound = first_bound(t);

    if (h->censored == 0)
        return;
    text_format(text, "; %s unfinished, counted as at least %s", words_whole(h->censored).text,
                words_duration(h->censored_min_ns).text);
    if (bound != NULL)
        text_format(text, "; from %s on percentiles are lower bounds", bound->name);
}

static void say_how_counted(const struct trial_record *t, struct text *text)
{
    if (t->load.model == LOAD_CLOSED)
        text_format(text, "closed loop: response times are those of clients that wait; no latency "
                          "at a rate is claimed");
    else
        text_format(text, "latency counted from when it was due: p99 %s (from sending %s)",
                    words_duration(histogram_quantile_ns(&t->tally.response, 0.99)).text,
                    words_duration(histogram_quantile_ns(&t->tally.service, 0.99)).text);
    add_unfinished(t, text);
}

struct check check_omission(const struct trial_record *t)
{
    const struct histogram *h = &t->tally.response;
    struct check c = check_begin(CHECK_OMISSION, "share");
    double censored = h->count > 0 ? (double)h->censored / (double)h->count : 0;
    char sentence[CHECK_TEXT_MAX];
    struct text text = TEXT(sentence);

    if (h->count == 0) {
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN, "",
                     "no response time was measured");
        return c;
    }
    say_how_counted(t, &text);
    if (left_out(t) > 0 || h->negative > 0)
        check_worsen(&c, CHECK_FAIL, (double)(left_out(t) + h->negative) / (double)h->count, 0,
                     "this is a fault of assay: please report it with the seed",
                     "%s request%s missing from the response times",
                     words_whole(left_out(t) + h->negative).text,
                     left_out(t) + h->negative == 1 ? " is" : "s are");
    if (histogram_quantile_is_bound(h, 0.99))
        check_worsen(&c, CHECK_WARN, censored, 0.01,
                     "lower the rate (-r), or wait longer for answers (--timeout)", "%s", sentence);
    check_fine(&c, censored, 0.01, "%s", sentence);
    return c;
}

/* ---- answers ---- */

static const char *wrong_how(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_CONNECT:
        return "without a connection";
    case OUTCOME_RESET:
        return "reset";
    case OUTCOME_CLOSED_EARLY:
        return "closed early";
    case OUTCOME_TIMEOUT:
        return "timed out";
    case OUTCOME_PROTOCOL:
        return "not HTTP";
    case OUTCOME_STATUS:
        return "wrong status";
    case OUTCOME_BODY:
        return "wrong body";
    case OUTCOME_TLS:
        return "TLS failed";
    case OUTCOME_OK:
    case OUTCOME_KINDS:
        break;
    }
    return "";
}

/* The status of the first answers of that kind, 0: none is kept. */
static unsigned example_status(const struct tally *t, enum outcome outcome)
{
    for (uint32_t i = 0; i < t->example_count; i++)
        if (t->examples[i].outcome == outcome && outcome == OUTCOME_STATUS)
            return t->examples[i].status;
    return 0;
}

/* "1,200 wrong status (500), 7 wrong body" */
static void list_failures(const struct tally *t, struct text *text)
{
    const char *between = "";

    for (unsigned kind = OUTCOME_OK + 1; kind < OUTCOME_KINDS; kind++) {
        unsigned status = example_status(t, (enum outcome)kind);

        if (t->failed[kind] == 0)
            continue;
        text_format(text, "%s%s %s", between, words_whole(t->failed[kind]).text,
                    wrong_how((enum outcome)kind));
        if (status != 0)
            text_format(text, " (%u)", status);
        between = ", ";
    }
}

static const char *answers_remedy(const struct tally *t)
{
    if (t->failed[OUTCOME_BODY] + t->failed[OUTCOME_STATUS] + t->failed[OUTCOME_PROTOCOL] > 0)
        return "mend the target, or ask for less (-r, -c); if the answer is right, say so "
               "(--expect-status, --expect-body), or that any body is (--any-body)";
    return "ask for less (-r, -c), or wait longer (--timeout); the server's own log may say why";
}

static void judge_failures(const struct tally *t, struct check *c)
{
    uint64_t failed = tally_failed(t);
    double share = t->sent > 0 ? (double)failed / (double)t->sent : 0;
    bool other_answers = t->failed[OUTCOME_BODY] + t->failed[OUTCOME_PROTOCOL] > 0;
    char kinds[CHECK_TEXT_MAX];
    struct text text = TEXT(kinds);

    if (failed == 0)
        return;
    list_failures(t, &text);
    check_worsen(c, other_answers || share > ANSWERS_FAILED_FAIL ? CHECK_FAIL : CHECK_WARN, share,
                 other_answers ? 0 : ANSWERS_FAILED_FAIL, answers_remedy(t), "%s of %s wrong: %s",
                 words_whole(failed).text, words_whole(t->sent).text, kinds);
}

struct check check_answers(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_ANSWERS, "share");
    uint64_t all = t->tally.ok + tally_failed(&t->tally);

    judge_failures(&t->tally, &c);
    if (t->tally.ok == 0)
        check_worsen(&c, CHECK_FAIL, 1, ANSWERS_FAILED_FAIL, answers_remedy(&t->tally),
                     "there was no right answer");
    if (!t->body_checked)
        check_worsen(&c, CHECK_WARN, RECORD_UNKNOWN, RECORD_UNKNOWN,
                     "make the answer the same each time, or say what is right (--expect-body)",
                     "%s answer%s had the right status and framing; their bodies were not compared",
                     words_whole(t->tally.ok).text, units_plural(t->tally.ok));
    check_fine(&c, 0, ANSWERS_FAILED_FAIL, "%s of %s answer%s right", words_whole(t->tally.ok).text,
               words_whole(all).text, units_plural(all));
    return c;
}

/* ---- samples ---- */

/* "p99.99 not printed: needs 100,000 effective samples, has 41,000", of the first such one. */
static void add_unprinted(const struct trial_record *t, struct text *text)
{
    for (size_t i = 0; i < SAMPLES_PERCENTILES; i++) {
        struct samples_quantile s = samples_quantile(t, SAMPLES_PERCENTILE[i].q);
        bool known = !isnan(s.effective);

        if (s.reliable)
            continue;
        text_format(text, "; %s%s not printed: needs %s%s samples, has %s",
                    SAMPLES_PERCENTILE[i].name, i + 1 < SAMPLES_PERCENTILES ? " and above" : "",
                    words_whole(samples_needed(s.q)).text, known ? " effective" : "",
                    words_whole(known ? (uint64_t)s.effective : t->tally.response.count).text);
        return;
    }
}

static void say_p99(const struct trial_record *t, const struct samples_quantile *p99,
                    struct text *text)
{
    uint64_t n = t->tally.response.count;

    if (!p99->reliable) {
        text_format(text, "%s answer%s", words_whole(n).text, units_plural(n));
        return;
    }
    text_format(text, "p99 %s%s", p99->is_bound ? "at least " : "",
                words_duration(p99->value_ns).text);
    text_format(text, " [%s, %s]", words_duration(p99->low_ns).text,
                p99->bounded ? words_duration(p99->high_ns).text : "open");
    text_format(text, " (%s beyond", words_whole((uint64_t)((double)n * 0.01)).text);
    if (isnan(p99->effective))
        text_format(text, "; the window is too short to know how independent they are)");
    else
        text_format(text, "; effective %s)", words_whole((uint64_t)(p99->effective * 0.01)).text);
}

struct check check_samples(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_SAMPLES, "count");
    struct samples_quantile p99 = samples_quantile(t, 0.99);
    double n = isnan(p99.effective) ? (double)t->tally.response.count : p99.effective;
    double needed = (double)samples_needed(0.99);
    const char *longer = "measure longer (-d), or ask more (-n)";
    char sentence[CHECK_TEXT_MAX];
    struct text text = TEXT(sentence);

    say_p99(t, &p99, &text);
    add_unprinted(t, &text);
    if (!p99.reliable)
        check_worsen(&c, CHECK_WARN, n, needed, longer, "%s", sentence);
    else if (samples_half_width(&p99) > SAMPLES_HALF_WIDTH)
        check_worsen(&c, CHECK_WARN, n, needed, longer,
                     "p99 cannot be ranked, its interval is too "
                     "wide: %s",
                     sentence);
    else if (isnan(p99.effective))
        check_worsen(&c, CHECK_UNKNOWN, n, needed, "measure for 10 s at least (-d 10)", "%s",
                     sentence);
    check_fine(&c, n, needed, "%s", sentence);
    return c;
}
