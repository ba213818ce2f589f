#include "verdict/check_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/units.h"
#include "verdict/leak.h"
#include "verdict/limits_around.h"
#include "verdict/prove.h"
#include "verdict/steady.h"
#include "verdict/words_priv.h"

/* ---- steady ---- */

static const char *what(const struct steady *s)
{
    return s->of_latency ? "median response time" : "throughput";
}

static double seconds(int64_t ns)
{
    return (double)ns / SECOND_NS;
}

/* "throughput fell by 18 % at 21 s", "throughput was 100 % lower before 21 s" */
static void add_change(const struct steady *s, struct text *text)
{
    double percent = 100 * fabs(s->change_share);

    if (s->change_share < 0)
        text_format(text, "%s fell by %.0f %% at %.0f s", what(s), percent, seconds(s->change_ns));
    else
        text_format(text, "%s was %.0f %% lower before %.0f s", what(s), percent,
                    seconds(s->change_ns));
}

static void judge_changes(const struct steady *s, struct check *c)
{
    static const char remedy[] = "look for throttling, collections or other load at that moment; "
                                 "measure longer (-d 60s) after a longer --warmup";
    double limit = s->of_latency ? STEADY_CHANGE_LATENCY_SHARE : STEADY_CHANGE_SHARE;
    char change[CHECK_TEXT_MAX] = "";
    struct text text = TEXT(change);

    if (s->changes == 0)
        return;
    add_change(s, &text);
    if (s->kind == STEADY_NEVER)
        check_worsen(c, CHECK_FAIL, s->change_share, limit, remedy, "no steady state: %s%s", change,
                     s->changes > 1 ? ", and changed again" : "");
    else if (s->kind == STEADY_SLOWDOWN)
        check_worsen(c, CHECK_FAIL, s->change_share, limit, remedy, "the server became slower: %s",
                     change);
}

static void judge_warmup(const struct steady *s, struct check *c)
{
    char remedy[CHECK_TEXT_MAX];
    bool fails = fabs(s->bias_share) > STEADY_BIAS_FAIL;

    if (!(fabs(s->bias_share) > STEADY_BIAS_WARN))
        return;
    snprintf(remedy, sizeof(remedy), "warm up longer: --warmup %.0f", ceil(seconds(s->after_ns)));
    check_worsen(c, fails ? CHECK_FAIL : CHECK_WARN, s->bias_share,
                 fails ? STEADY_BIAS_FAIL : STEADY_BIAS_WARN, remedy,
                 "the window began %.1f s before the server was steady, which makes its mean %s "
                 "%.1f %% too %s",
                 seconds(s->after_ns - s->begin_ns), what(s), 100 * fabs(s->bias_share),
                 s->bias_share < 0 ? "low" : "high");
}

static void judge_drift(const struct steady *s, struct check *c)
{
    double warn = s->of_latency ? STEADY_DRIFT_LATENCY_WARN : STEADY_DRIFT_WARN;
    double fail = s->of_latency ? STEADY_DRIFT_LATENCY_FAIL : STEADY_DRIFT_FAIL;
    bool fails = fabs(s->drift_share) > fail;

    if (!(s->drift_p < STEADY_DRIFT_P) || !(fabs(s->drift_share) > warn))
        return;
    check_worsen(c, fails ? CHECK_FAIL : CHECK_WARN, s->drift_share, fails ? fail : warn,
                 "measure longer (-d 60s) after a longer --warmup, and see whether it goes on",
                 "%s drifted by %+.1f %% over the window", what(s), 100 * s->drift_share);
}

/* What is shorter than 30 s can only be told when it became steady. */
static void judge_unknown(const struct steady *s, struct check *c)
{
    char found[64] = "";

    if (s->known && (s->after_ns >= 0 || s->of_latency))
        return;
    if (!s->known && s->after_ns >= 0)
        snprintf(found, sizeof(found), "steady %.1f s after the start; ", seconds(s->after_ns));
    check_worsen(c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN,
                 s->known ? "measure longer: -d 60s" : "measure for 30 s or more: -d 30s", "%s%s",
                 found,
                 s->known ? "it was not found when the server became steady"
                          : "whether it stays so needs a window of 30 s");
}

struct check check_steady(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_STEADY, "share");
    struct steady s;
    char begin[64] = "";

    if (t->tally.tenth_count == 0 && t->tally.window_ns < STEADY_SECONDS_MIN * SECOND_NS) {
        judge_unknown(&(struct steady){ .after_ns = -1 }, &c);
        return c;
    }
    if (t->tally.tenth_count == 0) {
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN,
                     "measure it again with this version of assay",
                     "how throughput went on was not recorded");
        return c;
    }
    s = steady_of_trial(t);
    judge_changes(&s, &c);
    judge_warmup(&s, &c);
    judge_drift(&s, &c);
    judge_unknown(&s, &c);
    if (s.after_ns >= 0)
        snprintf(begin, sizeof(begin), "steady %.1f s after the start; ", seconds(s.after_ns));
    check_fine(&c, s.drift_share, s.of_latency ? STEADY_DRIFT_LATENCY_WARN : STEADY_DRIFT_WARN,
               "warm-up of %.1f s left out; %s%s drifted by %.1f %%, no change of level",
               seconds(s.begin_ns), begin, what(&s), 100 * fabs(s.drift_share));
    return c;
}

/* ---- memory ---- */

struct leak leak_of_trial(const struct trial_record *t)
{
    size_t count = t->points != NULL ? t->tally.second_count : 0;
    int64_t *rss = calloc(count + 1, sizeof(rss[0]));
    uint64_t *requests = calloc(count + 1, sizeof(requests[0]));
    struct leak leak;

    BUG_IF(rss == NULL || requests == NULL);
    for (size_t i = 0; i < count; i++) {
        rss[i] = t->points[i].rss_bytes;
        requests[i] = t->tally.seconds[i].ok + t->tally.seconds[i].failed;
    }
    leak = leak_of(rss, requests, count);
    free(rss);
    free(requests);
    return leak;
}

static void say_unknown(const struct trial_record *t, const struct leak *leak, struct check *c)
{
    if (leak->points == 0 && t->server.rss_bytes_peak < 0)
        check_worsen(c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN,
                     "let assay start the server: assay run SUITE",
                     "the server's memory could not be read");
    else if (leak->points < LEAK_POINTS_MIN)
        check_worsen(c, CHECK_UNKNOWN, (double)leak->points, LEAK_POINTS_MIN,
                     "measure for 60 s or more: -d 60s",
                     "whether memory grows needs %d readings, a second apart; there are %zu",
                     LEAK_POINTS_MIN, leak->points);
    else
        check_worsen(c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN,
                     "see why nothing was answered", "there were no requests to grow with");
}

static void say_growing(const struct leak *leak, struct check *c)
{
    double per_sec = leak->bytes_per_request * leak->requests / leak->span_s;
    char hourly[UNITS_TEXT_MAX], each[UNITS_TEXT_MAX];

    check_worsen(c, CHECK_WARN, leak->bytes_per_request, leak->floor_bytes / leak->requests,
                 "measure longer (-d 10m): a cache stops growing, a leak does not",
                 "memory grows by %s a request (%s an hour at this rate), still so after %.0f s",
                 units_bytes(leak->bytes_per_request, each), units_bytes(per_sec * 3600, hourly),
                 leak->span_s);
}

static void say_fine(const struct leak *leak, struct check *c)
{
    double limit = leak->floor_bytes / leak->requests;
    char least[UNITS_TEXT_MAX], most[UNITS_TEXT_MAX];

    units_bytes((double)leak->least_bytes, least);
    units_bytes((double)leak->most_bytes, most);
    if (leak->kind == LEAK_STOPPED)
        check_fine(c, leak->bytes_per_request, limit,
                   "memory grew from %s to %s and stopped after %.0f s", least, most,
                   leak->stopped_s);
    else if (leak->kind == LEAK_SLOWING)
        check_fine(c, leak->bytes_per_request, limit,
                   "memory grew from %s to %s, ever more slowly: a cache, not a leak", least, most);
    else if ((double)(leak->most_bytes - leak->least_bytes) <= leak->floor_bytes)
        check_fine(c, leak->bytes_per_request, limit, "memory is flat at %s", most);
    else
        check_fine(c, leak->bytes_per_request, limit,
                   "memory is between %s and %s, and does not grow steadily", least, most);
}

/* Two drives know more than one that was too short, or the same for sure. */
static bool was_proved(const struct trial_record *t, const struct leak *leak, struct check *c)
{
    const struct proof_leak *proof = &t->proof.leak;
    char words[CHECK_TEXT_MAX] = "";
    struct text text = TEXT(words);

    prove_leak_words(proof, &text);
    if (proof->state == LEAK_PROOF_PROVED)
        check_worsen(c, CHECK_WARN, proof->bytes_per_request[1], RECORD_UNKNOWN,
                     "find what each request leaves behind", "%s", words);
    else if (proof->state == LEAK_PROOF_FLAT && leak->kind == LEAK_UNKNOWN)
        check_fine(c, proof->bytes_per_request[1], RECORD_UNKNOWN,
                   "memory did not grow in two drives of %.0f s at %s/s and %s/s",
                   proof->duration_s, words_rate(proof->rate_per_sec[0]).text,
                   words_rate(proof->rate_per_sec[1]).text);
    else
        return false;
    return true;
}

struct check check_memory(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_MEMORY, "bytes_per_request");
    struct leak leak = leak_of_trial(t);

    if (was_proved(t, &leak, &c))
        return c;
    switch (leak.kind) {
    case LEAK_UNKNOWN:
        c.unit = leak.points > 0 && leak.points < LEAK_POINTS_MIN ? "count" : c.unit;
        say_unknown(t, &leak, &c);
        break;
    case LEAK_GROWING:
        say_growing(&leak, &c);
        break;
    case LEAK_NONE:
    case LEAK_STOPPED:
    case LEAK_SLOWING:
        say_fine(&leak, &c);
        break;
    }
    return c;
}
