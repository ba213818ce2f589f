/* What the generator was asked to do, did, and could have done. */
#include "verdict/check_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "stats/spread.h"
#include "verdict/limits.h"
#include "verdict/prove.h"
#include "verdict/words_priv.h"

static double per_sec(const struct trial_record *t, uint64_t count)
{
    return (double)count * 1e9 / (double)t->tally.window_ns;
}

/* ---- load ---- */

/* Sends of which the generator itself was late by more than `limit_ns`, of all sends. */
static double late_share(const struct tally *t, int64_t limit_ns)
{
    uint64_t late = t->loop_late.too_large;

    for (uint32_t i = histogram_index(limit_ns) + 1; i < HISTOGRAM_BUCKETS; i++)
        late += t->loop_late.counts[i];
    return t->sent > 0 ? (double)late / (double)t->sent : 0;
}

/* p99 of the generator's lag over all sends; those that it was not late with count as 0. */
static int64_t lag_p99_ns(const struct tally *t)
{
    double beyond = 0.01 * (double)t->sent, late = (double)t->loop_late.count;

    return beyond < late ? histogram_quantile_ns(&t->loop_late, 1 - beyond / late) : 0;
}

static int64_t late_limit_ns(const struct trial_record *t, int64_t least_ns, double of_p50)
{
    int64_t p50_ns = histogram_quantile_ns(&t->tally.response, 0.5);

    return (int64_t)fmax((double)least_ns, of_p50 * (double)p50_ns);
}

/* Of all that was due, what found no free connection. */
static double pool_share(const struct tally *t)
{
    double waited = (double)(t->pool_late.count + t->unsent_pool);

    return t->scheduled > 0 ? waited / (double)t->scheduled : 0;
}

/* Whether the timetable had as many requests as rate and window say. By count it has what was asked
 * for, and an interrupt ends each worker's window at a moment of its own. */
static void judge_timetable(const struct trial_record *t, struct check *c)
{
    const struct load *load = &t->load;
    double due = load->rate_per_sec * (double)t->tally.window_ns / 1e9;
    double off = fabs((double)t->tally.scheduled - due), chance;

    if (load->requests > 0 || t->tally.partial)
        return;
    /* Each worker's share of even arrivals may begin and end between two of them. */
    chance = load->arrivals == PACER_EVEN ? load->threads : LOAD_POISSON_SIGMAS * sqrt(due);
    if (off <= chance * (1 + 1e-9))
        return;
    check_worsen(
        c, load->arrivals == PACER_EVEN || off > LOAD_TIMETABLE_OFF * due ? CHECK_FAIL : CHECK_WARN,
        off / due, load->arrivals == PACER_EVEN ? chance / due : LOAD_TIMETABLE_OFF,
        "this is a fault of assay: please report it with the seed",
        "%s request%s due where %s/s for %s make %s: the timetable has holes",
        words_whole(t->tally.scheduled).text, t->tally.scheduled == 1 ? " was" : "s were",
        words_rate(load->rate_per_sec).text, words_duration(t->tally.window_ns).text,
        words_whole((uint64_t)llround(due)).text);
}

/* No connection was free: because none could be made, or because all were waiting for answers. */
static void pool_was_short(const struct trial_record *t, uint64_t due, double unsent,
                           struct check *c)
{
    const struct tally *tally = &t->tally;
    struct words offered = words_rate(per_sec(t, due));
    struct words sent = words_rate(per_sec(t, tally->sent));
    bool none_made = tally->opened < t->load.connections || /* one refused at the start is none */
                     tally->connect_failed >= t->load.connections;

    if (tally->connect_sys != 0 && none_made)
        check_worsen(c, CHECK_WARN, unsent, LOAD_UNSENT_WARN,
                     "see the target's log, its backlog and its limit of connections",
                     "offered %s/s, sent %s/s: for the rest no connection was free, %s connect%s "
                     "failed (%s)",
                     offered.text, sent.text, words_whole(tally->connect_failed).text,
                     units_plural(tally->connect_failed), strerrordesc_np(tally->connect_sys));
    else
        check_worsen(c, CHECK_WARN, unsent, LOAD_UNSENT_WARN,
                     "lower the rate (-r), or give it more connections (-c)",
                     "offered %s/s, sent %s/s: for the rest no connection was free, the target was "
                     "too slow or the connections too few",
                     offered.text, sent.text);
}

static void judge_sent(const struct trial_record *t, struct check *c)
{
    const struct tally *tally = &t->tally;
    /* By count what is left at an early end was never due. */
    bool cut = t->load.requests > 0 && tally->partial;
    uint64_t due = cut ? tally->sent + tally->unsent_pool : tally->scheduled;
    double unsent = due > 0 ? (double)(due - tally->sent) / (double)due : 0;

    if (unsent <= LOAD_UNSENT_WARN)
        return;
    if ((double)tally->unsent_pool < LOAD_POOL_SHARE * (double)(due - tally->sent))
        check_worsen(c, unsent > LOAD_UNSENT_FAIL ? CHECK_FAIL : CHECK_WARN, unsent,
                     LOAD_UNSENT_FAIL,
                     "lower the rate (-r), or give the generator a thread more (-t)",
                     "the generator could not send %s of what was due (offered %s/s, sent %s/s)",
                     words_percent(unsent).text, words_rate(per_sec(t, due)).text,
                     words_rate(per_sec(t, tally->sent)).text);
    else
        pool_was_short(t, due, unsent, c);
}

/* What Poisson arrivals may owe to chance. */
static double chance_of(const struct trial_record *t, double due)
{
    return t->load.arrivals == PACER_POISSON ? LOAD_POISSON_SIGMAS * sqrt(due) : 0;
}

/* By count the window ends with the last answer: what was due in it is what the rate makes of it,
 * less chance. Where that is no small part of so few, it is told by who found a connection. */
double load_kept_up_share(const struct trial_record *t, uint64_t answers)
{
    double due = t->load.rate_per_sec * (double)t->tally.window_ns / 1e9;
    double chance = chance_of(t, due), served = (double)(answers + t->load.connections);

    if (t->load.requests == 0)
        return fmin(1, served / (double)t->tally.scheduled);
    if (chance > LOAD_CHANCE_MOST * due)
        return 1 - pool_share(&t->tally);
    return fmin(1, served / (due - chance));
}

/* A wrong answer is one, too, here: those are judged by `answers`. */
static void judge_kept_up(const struct trial_record *t, struct check *c)
{
    double share = load_kept_up_share(t, t->tally.ok_in_window + tally_failed(&t->tally));

    if (t->load.requests == 0 && share < LOAD_KEPT_UP)
        check_worsen(c, CHECK_WARN, share, LOAD_KEPT_UP,
                     "lower the rate (-r), or give it more connections (-c)",
                     "asked %s/s, answered %s/s in the window: the rest had to queue",
                     words_rate(t->load.rate_per_sec).text,
                     words_rate(per_sec(t, t->tally.ok_in_window)).text);
}

static void judge_lateness(const struct trial_record *t, struct check *c)
{
    int64_t fail_ns = late_limit_ns(t, LOAD_LATE_FAIL_NS, LOAD_LATE_FAIL_OF_P50);
    int64_t warn_ns = late_limit_ns(t, LOAD_LATE_WARN_NS, LOAD_LATE_WARN_OF_P50);
    bool fails = late_share(&t->tally, fail_ns) > LOAD_LATE_SHARE;
    int64_t limit_ns = fails ? fail_ns : warn_ns;
    double late = late_share(&t->tally, limit_ns);

    if (late > LOAD_LATE_SHARE)
        check_worsen(c, fails ? CHECK_FAIL : CHECK_WARN, late, LOAD_LATE_SHARE,
                     "lower the rate (-r), give the generator a thread more (-t) or a CPU of its "
                     "own (--cpus)",
                     "the generator, not the target, held back requests: %s left over %s late "
                     "while a connection was free, p99 %s",
                     words_percent(late).text, words_duration(limit_ns).text,
                     words_duration(lag_p99_ns(&t->tally)).text);
}

/* Whether Poisson arrivals went out as such. */
static void judge_gaps(const struct trial_record *t, struct check *c)
{
    double gaps[TALLY_GAPS_MAX];
    size_t n = t->tally.gap_count < TALLY_GAPS_MAX ? t->tally.gap_count : TALLY_GAPS_MAX;
    double mean = 0, limit;
    struct exponential_fit fit;

    if (t->load.arrivals != PACER_POISSON || n < LOAD_GAPS_MIN ||
        pool_share(&t->tally) > LOAD_GAPS_POOL)
        return;
    for (size_t i = 0; i < n; i++) {
        gaps[i] = fmax(1, (double)t->tally.gaps_ns[i]); /* two in one turn of the loop: 0 */
        mean += gaps[i] / (double)n;
    }
    limit = LOAD_GAPS_DISTANCE + LOAD_LATE_FAIL_NS / mean;
    fit = exponential_fit(gaps, n);
    if (fit.a_squared > EXPONENTIAL_1_PERCENT && fit.distance > limit)
        check_worsen(c, CHECK_FAIL, fit.distance, limit,
                     "lower the rate (-r), or ask for even arrivals (--arrivals=even)",
                     "requests did not go out at random moments: the gaps between %zu of them are "
                     "%s off an exponential distribution (limit %s)",
                     n, words_percent(fit.distance).text, words_percent(limit).text);
}

/* Connections that wait to be let in until the window is over carry nothing, and fail at nothing
 * either. By count the first ones may have had all requests before the last were opened. Where none
 * came about at all, `answers` says so. */
static struct check judge_opened(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_LOAD, "share");
    const struct load *load = &t->load;
    uint64_t opened = t->tally.opened;

    if (opened == 0 || opened >= load->connections || load->requests > 0 || t->tally.partial)
        return c;
    check_worsen(
        &c, CHECK_WARN, (double)opened / load->connections, 1,
        "raise the target's backlog and its limit of connections, use fewer (-c), or warm "
        "up longer (--warmup)",
        "asked over %s connections, %s came about: for the rest the target had no room, or the "
        "load no time",
        words_whole(load->connections).text, words_whole(opened).text);
    return c;
}

static void load_is_fine(const struct trial_record *t, struct check *c)
{
    const struct tally *tally = &t->tally;
    double late;

    if (t->load.model == LOAD_CLOSED) {
        check_fine(c, per_sec(t, tally->sent), RECORD_UNKNOWN,
                   "closed loop: %s connection%s asked again when answered, %s/s sent",
                   words_whole(t->load.connections).text, t->load.connections == 1 ? "" : "s",
                   words_rate(per_sec(t, tally->sent)).text);
        return;
    }
    late = late_share(tally, late_limit_ns(t, LOAD_LATE_FAIL_NS, LOAD_LATE_FAIL_OF_P50));
    check_fine(c, late, LOAD_LATE_SHARE, "offered %s/s, sent %s/s, %s late by the generator",
               words_rate(per_sec(t, tally->scheduled)).text,
               words_rate(per_sec(t, tally->sent)).text, words_percent(late).text);
}

struct check check_load(const struct trial_record *t)
{
    bool open = t->load.model == LOAD_OPEN;
    struct check c = check_begin(CHECK_LOAD, open ? "share" : "per_sec");

    if (t->tally.sent == 0 && t->tally.connect_sys != 0) {
        check_worsen(&c, CHECK_FAIL, 0, 1,
                     "see the target's log, its backlog and its limit of connections",
                     "no request was sent in the measured window: %s connect%s failed (%s)",
                     words_whole(t->tally.connect_failed).text,
                     units_plural(t->tally.connect_failed), strerrordesc_np(t->tally.connect_sys));
        return c;
    }
    if (t->tally.sent == 0 || t->tally.window_ns <= 0) {
        check_worsen(&c, CHECK_FAIL, 0, 1, "let it take longer (-d), or ask for more (-n)",
                     "no request was sent in the measured window");
        return c;
    }
    if (open) {
        judge_timetable(t, &c);
        judge_sent(t, &c);
        judge_kept_up(t, &c);
        judge_lateness(t, &c);
        judge_gaps(t, &c);
    } else {
        c = check_worse(c, judge_opened(t));
    }
    if (t->tally.partial)
        check_worsen(&c, CHECK_WARN, RECORD_UNKNOWN, RECORD_UNKNOWN, "let it run to its end",
                     "ended before its time, after %s with %s request%s sent",
                     words_duration(t->tally.window_ns).text, words_whole(t->tally.sent).text,
                     units_plural(t->tally.sent));
    load_is_fine(t, &c);
    return c;
}

/* ---- generator ---- */

double generator_wait_share(const struct trial_record *t)
{
    const struct tally *tally = &t->tally;
    double wakes = (double)tally->waits / t->load.threads;

    if (tally->run_queue_wait_ns < 0)
        return RECORD_UNKNOWN;
    return fmax(0, (double)tally->run_queue_wait_ns - wakes * GENERATOR_WAKE_FREE_NS) /
           (double)tally->window_ns;
}

/* Some connection had far less than its share. What it waited for was asked in the warm-up, whose
 * requests have no response time; or it was never let in. */
static bool some_starved(const struct tally_shares *s)
{
    return s->count > 0 && s->least < GENERATOR_GAP_STARVED * s->sum / (double)s->count;
}

/* The share of connections' time in a closed loop that is not waiting for an answer: 1 - X R / N.
 * NaN where the books do not give it: time-outs aside, failed requests have no response time;
 * connections that could not be made, or starved, stood still; by count they end one after the
 * other. */
static double cycle_gap(const struct trial_record *t)
{
    const struct tally *tally = &t->tally;
    double connections = t->load.connections;
    double untimed = (double)(tally_failed(tally) - tally->failed[OUTCOME_TIMEOUT]);

    if (t->load.model != LOAD_CLOSED || tally->connect_failed > 0 ||
        some_starved(&tally->by_connection) || (t->load.requests > 0 && t->load.connections > 1) ||
        (double)tally->response.count < GENERATOR_GAP_CYCLES * connections ||
        untimed > GENERATOR_GAP_FAILED * (double)tally->sent)
        return RECORD_UNKNOWN;
    return 1 - tally->response.sum_ns / ((double)tally->window_ns * connections);
}

static void judge_busy(const struct tally *t, struct check *c)
{
    double seconds = t->second_count > 0 ? (double)t->seconds_busy / t->second_count : 0;
    const char *remedy = "give the generator more threads (-t), or ask for less (-r, -c)";

    if (t->busiest_thread_share > GENERATOR_BUSY_FAIL)
        check_worsen(c, CHECK_FAIL, t->busiest_thread_share, GENERATOR_BUSY_FAIL, remedy,
                     "the generator was the limit: its busiest thread used %s of a CPU",
                     words_percent(t->busiest_thread_share).text);
    else if (seconds > GENERATOR_BUSY_SECONDS && t->seconds_busy >= GENERATOR_BUSY_SECONDS_MIN)
        check_worsen(c, CHECK_FAIL, seconds, GENERATOR_BUSY_SECONDS, remedy,
                     "the generator was the limit in %u of %u seconds: a thread used over %s of a "
                     "CPU",
                     t->seconds_busy, t->second_count, words_percent(GENERATOR_BUSY_FAIL).text);
    else if (t->busiest_thread_share > GENERATOR_BUSY_WARN || t->seconds_busy > 0)
        check_worsen(c, CHECK_WARN, t->busiest_thread_share, GENERATOR_BUSY_WARN, remedy,
                     "the generator's busiest thread used %s of a CPU%s",
                     words_percent(t->busiest_thread_share).text,
                     t->seconds_busy > 0 ? ", over 90 % in some seconds" : "");
}

static bool has_cpus_of_its_own(const struct trial_record *t)
{
    return t->client.cpus_allowed != 0 && t->server.cpus_allowed != 0 &&
           (t->client.cpus_allowed & t->server.cpus_allowed) == 0;
}

static void judge_wait(const struct trial_record *t, struct check *c)
{
    double wait = generator_wait_share(t);
    const char *remedy =
        has_cpus_of_its_own(t)
            ? "stop what else runs on the generator's CPU; top shows it"
            : "give the generator a CPU of its own (--cpus), and stop what else runs there";

    if (isnan(wait))
        check_worsen(c, CHECK_UNKNOWN, wait, GENERATOR_WAIT_FAIL, "",
                     "how long the generator waited for a CPU is not known");
    else if (wait > GENERATOR_WAIT_WARN)
        check_worsen(c, wait > GENERATOR_WAIT_FAIL ? CHECK_FAIL : CHECK_WARN, wait,
                     wait > GENERATOR_WAIT_FAIL ? GENERATOR_WAIT_FAIL : GENERATOR_WAIT_WARN, remedy,
                     "the generator was ready and had no CPU %s of the time",
                     words_percent(wait).text);
}

/* What speaks against the generator by inference gives way to what was tried. */
static bool is_cleared(const struct trial_record *t)
{
    return t->proof.elasticity.state == ELASTICITY_NOT_LIMITING;
}

static void judge_proof(const struct trial_record *t, struct check *c)
{
    const struct proof_elasticity *e = &t->proof.elasticity;
    char words[CHECK_TEXT_MAX] = "";
    struct text text = TEXT(words);

    prove_elasticity_words(e, &text);
    if (e->state == ELASTICITY_LIMITING)
        check_worsen(c, CHECK_FAIL, e->change_share, PROVE_LIMITING,
                     "give the generator more threads (-t), or ask for less (-r, -c)", "proved: %s",
                     words);
    else if (is_cleared(t))
        check_fine(c, e->change_share, PROVE_LIMITING, "proved: %s", words);
}

static void judge_gap(const struct trial_record *t, struct check *c)
{
    double gap = cycle_gap(t);

    if (gap > (is_cleared(t) ? GENERATOR_GAP_FAIL : GENERATOR_GAP_WARN))
        check_worsen(c, gap > GENERATOR_GAP_FAIL ? CHECK_FAIL : CHECK_WARN, gap,
                     gap > GENERATOR_GAP_FAIL ? GENERATOR_GAP_FAIL : GENERATOR_GAP_WARN,
                     "give the generator more threads (-t), or fewer connections (-c)",
                     "connections spent %s of their time inside the generator, not waiting for "
                     "answers",
                     words_percent(gap).text);
}

static void judge_loop(const struct trial_record *t, struct check *c)
{
    int64_t loop_ns = second_quantile_ns(&t->tally.loop, 0.99);
    int64_t p50_ns = histogram_quantile_ns(&t->tally.response, 0.5);
    bool fails = loop_ns > late_limit_ns(t, LOAD_LATE_FAIL_NS, GENERATOR_LOOP_FAIL);

    if (p50_ns > 0 && (fails || loop_ns > late_limit_ns(t, LOAD_LATE_WARN_NS, GENERATOR_LOOP_WARN)))
        check_worsen(c, fails ? CHECK_FAIL : CHECK_WARN, (double)loop_ns / (double)p50_ns,
                     fails ? GENERATOR_LOOP_FAIL : GENERATOR_LOOP_WARN,
                     "give the generator more threads (-t) or a CPU of its own (--cpus)",
                     "answers waited unread while the generator was at work: up to %s (p99), the "
                     "median response time is %s",
                     words_duration(loop_ns).text, words_duration(p50_ns).text);
}

static void judge_ceiling(const struct trial_record *t, struct check *c)
{
    double share = record_throughput_per_sec(t) / t->ceiling_per_sec;
    bool busy = t->tally.busiest_thread_share > GENERATOR_BUSY_WARN;

    if (share > GENERATOR_CEILING_FAIL && busy)
        check_worsen(c, CHECK_FAIL, share, GENERATOR_CEILING_FAIL,
                     "give the generator more threads (-t), or ask for less (-r, -c)",
                     "too close to what this generator can do with an empty server (%.2f of it)",
                     share);
    else if (is_cleared(t))
        return;
    else if (share > GENERATOR_CEILING_FAIL)
        check_worsen(c, CHECK_WARN, share, GENERATOR_CEILING_FAIL,
                     "ask over more connections (-c), if the target itself is to be measured",
                     "an empty server is hardly faster (%.2f of it): most of the time is the way "
                     "there and back",
                     share);
    else if (share > GENERATOR_CEILING_WARN)
        check_worsen(c, CHECK_WARN, share, GENERATOR_CEILING_WARN,
                     "give the generator more threads (-t), or ask for less (-r, -c)",
                     "not far from what this generator can do with an empty server (%.2f of it)",
                     share);
}

/* What was looked at and found well; "" for what does not apply. */
static void generator_is_fine(const struct trial_record *t, struct check *c)
{
    double gap = cycle_gap(t), share = record_throughput_per_sec(t) / t->ceiling_per_sec;
    char gap_text[48] = "", ceiling_text[64] = "ceiling unknown";

    if (is_cleared(t))
        return;
    if (!isnan(gap))
        snprintf(gap_text, sizeof(gap_text), "cycle gap %s, ", words_percent(fmax(0, gap)).text);
    if (!isnan(share))
        snprintf(ceiling_text, sizeof(ceiling_text), "%.2f of the empty server's ceiling", share);
    else
        check_worsen(c, CHECK_UNKNOWN, share, GENERATOR_CEILING_FAIL, "",
                     "busiest thread %s CPU, %s%s",
                     words_percent(t->tally.busiest_thread_share).text, gap_text, ceiling_text);
    check_fine(c, t->tally.busiest_thread_share, GENERATOR_BUSY_FAIL, "busiest thread %s CPU, %s%s",
               words_percent(t->tally.busiest_thread_share).text, gap_text, ceiling_text);
}

struct check check_generator(const struct trial_record *t)
{
    struct check c = check_begin(CHECK_GENERATOR, "share");

    if (t->tally.window_ns <= 0) {
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN, "", "nothing was measured");
        return c;
    }
    judge_proof(t, &c);
    judge_busy(&t->tally, &c);
    judge_wait(t, &c);
    judge_gap(t, &c);
    judge_loop(t, &c);
    judge_ceiling(t, &c);
    generator_is_fine(t, &c);
    return c;
}
