#include "verdict/parity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "verdict/check_priv.h"
#include "verdict/limits.h"
#include "verdict/words_priv.h"

#define NAMES_MAX 3 /* that are written out */

static bool takes_part(const struct trial_record *t)
{
    return !t->ceiling && t->state == TRIAL_DONE && t->tally.ok > 0;
}

/* ---- one way of differing ---- */

/* How far two trials differ in it: CHECK_OK is not at all, CHECK_UNKNOWN that it cannot be told. */
typedef enum check_state differ(const struct trial_record *a, const struct trial_record *b);
/* What a trial does, as in "A: persistent connections". */
typedef void describe(const struct trial_record *t, struct text *text);

struct way {
    differ *differ;
    describe *describe;
    const char *remedy;
};

/* ---- status ---- */

static enum check_state differ_in_status(const struct trial_record *a, const struct trial_record *b)
{
    if (a->probe_answer.status == 0 || b->probe_answer.status == 0)
        return CHECK_UNKNOWN;
    return a->probe_answer.status / 100 == b->probe_answer.status / 100 ? CHECK_OK : CHECK_FAIL;
}

static void describe_status(const struct trial_record *t, struct text *text)
{
    if (t->probe_answer.status == 0)
        text_format(text, "status not known");
    else
        text_format(text, "status %u", t->probe_answer.status);
}

/* ---- compression ---- */

static enum check_state differ_in_encoding(const struct trial_record *a,
                                           const struct trial_record *b)
{
    return strcasecmp(a->probe_answer.encoding, b->probe_answer.encoding) == 0 ? CHECK_OK
                                                                               : CHECK_FAIL;
}

static void describe_encoding(const struct trial_record *t, struct text *text)
{
    if (t->probe_answer.encoding[0] == '\0')
        text_format(text, "not compressed");
    else
        text_format(text, "compressed (%s)", t->probe_answer.encoding);
}

/* ---- bodies ---- */

/* Where a JSON value was asked for, all gave it: how they wrote it is theirs, up to a point. */
static enum check_state differ_in_body(const struct trial_record *a, const struct trial_record *b)
{
    int64_t bytes_a = a->probe_answer.body_bytes, bytes_b = b->probe_answer.body_bytes;
    double off = fabs((double)(bytes_a - bytes_b));
    bool json = a->workload.expect.json.ptr != NULL;
    double smaller = (double)(bytes_a < bytes_b ? bytes_a : bytes_b);

    if (bytes_a < 0 || bytes_b < 0)
        return bytes_a == bytes_b ? CHECK_OK : CHECK_UNKNOWN;
    if (off > fmax(PARITY_BODY_BYTES, PARITY_BODY_SHARE * smaller))
        return json ? CHECK_WARN : CHECK_FAIL;
    return off > 0 && !json ? CHECK_WARN : CHECK_OK;
}

static void describe_body(const struct trial_record *t, struct text *text)
{
    if (t->probe_answer.body_bytes < 0)
        text_format(text, "bodies of no fixed length");
    else
        text_format(text, "%s B of body", words_whole((uint64_t)t->probe_answer.body_bytes).text);
}

/* ---- connections ---- */

/* Connections that the target ended, for each request. */
static double closed_share(const struct trial_record *t)
{
    uint64_t asked = t->tally.sent + t->tally.warmup;

    if (record_connection_class(t) == CONNECTION_EACH)
        return 1;
    return asked > 0 ? (double)t->tally.closed_by_server / (double)asked : 0;
}

static enum check_state differ_in_connections(const struct trial_record *a,
                                              const struct trial_record *b)
{
    double off = fabs(closed_share(a) - closed_share(b));

    if (off > PARITY_CLOSE_FAIL)
        return CHECK_FAIL;
    return off > PARITY_CLOSE_WARN ? CHECK_WARN : CHECK_OK;
}

static void describe_connections(const struct trial_record *t, struct text *text)
{
    double closed = closed_share(t);

    if (closed >= 1)
        text_format(text, "a connection a request");
    else if (closed > PARITY_CLOSE_WARN)
        text_format(text, "closes every %s requests",
                    words_whole((uint64_t)llround(1 / closed)).text);
    else
        text_format(text, "persistent connections");
}

static const struct way WAYS[] = {
    {differ_in_status,       describe_status,      "expect one status of all: expect: { status: 200 }"},
    { differ_in_encoding,    describe_encoding,
     "make all compress or none: header Accept-Encoding: identity in the workload"                    },
    { differ_in_connections, describe_connections,
     "let all keep connections, or none: keepalive: false in the load"                                },
    { differ_in_body,        describe_body,        "expect one body of all: expect: { body: ... }"    },
};

/* ---- all of them ---- */

/* The first of the trials that most others do not differ from. NULL: none takes part. */
static const struct trial_record *most_common(const struct trial_record *const *trials,
                                              size_t count, differ *differs)
{
    const struct trial_record *usual = NULL;
    size_t most = 0;

    for (size_t i = 0; i < count; i++) {
        size_t alike = 0;

        for (size_t j = 0; takes_part(trials[i]) && j < count; j++)
            alike += takes_part(trials[j]) && differs(trials[i], trials[j]) == CHECK_OK;
        if (takes_part(trials[i]) && (usual == NULL || alike > most)) {
            most = alike;
            usual = trials[i];
        }
    }
    return usual;
}

static bool is_odd(const struct trial_record *t, const struct trial_record *usual, differ *differs,
                   enum check_state state)
{
    return takes_part(t) && differs(usual, t) == state;
}

/* Targets by name, each once: "B, C". Returns how many. */
static size_t name_odd(const struct trial_record *const *trials, size_t count,
                       const struct trial_record *usual, differ *differs, enum check_state state,
                       struct text *text)
{
    size_t named = 0;

    for (size_t i = 0; i < count; i++) {
        size_t before = 0;

        while (before < i && !(is_odd(trials[before], usual, differs, state) &&
                               strcmp(trials[before]->target, trials[i]->target) == 0))
            before++;
        if (before < i || !is_odd(trials[i], usual, differs, state))
            continue;
        if (++named <= NAMES_MAX)
            text_format(text, "%s%.40s", named > 1 ? ", " : "", trials[i]->target);
    }
    if (named > NAMES_MAX)
        text_format(text, " and %zu more", named - NAMES_MAX);
    return named;
}

/* The worst difference from what most do, if there is one. */
static void judge(const struct way *way, const struct trial_record *const *trials, size_t count,
                  struct check *c)
{
    const struct trial_record *usual = most_common(trials, count, way->differ), *odd = NULL;
    enum check_state worst = CHECK_OK;
    char names[160], theirs[80], others[80];
    struct text names_text = TEXT(names), theirs_text = TEXT(theirs), others_text = TEXT(others);
    size_t named;

    for (size_t i = 0; usual != NULL && i < count; i++)
        if (takes_part(trials[i]) && way->differ(usual, trials[i]) > worst) {
            odd = trials[i];
            worst = way->differ(usual, odd);
        }
    if (odd == NULL)
        return;
    named = name_odd(trials, count, usual, way->differ, worst, &names_text);
    way->describe(odd, &theirs_text);
    way->describe(usual, &others_text);
    if (worst == CHECK_UNKNOWN)
        check_worsen(c, worst, (double)named, 0, way->remedy,
                     "not known to be the same work: %s: %s", names, theirs);
    else
        check_worsen(c, worst, (double)named, 0, way->remedy, "%s: %s, %.40s: %s: %s work", names,
                     theirs, usual->target, others,
                     worst == CHECK_FAIL ? "different" : "not quite the same");
}

struct check check_parity(const struct trial_record *const *trials, size_t count)
{
    struct check c = check_begin(CHECK_PARITY, "count");
    const struct trial_record *first = NULL;
    char body[80], connections[80];
    struct text body_text = TEXT(body), connections_text = TEXT(connections);

    for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++)
        judge(&WAYS[i], trials, count, &c);
    for (size_t i = 0; first == NULL && i < count; i++)
        if (takes_part(trials[i]))
            first = trials[i];
    if (first == NULL) {
        check_worsen(&c, CHECK_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN, "",
                     "no target was driven to a right answer");
        return c;
    }
    describe_body(first, &body_text);
    describe_connections(first, &connections_text);
    check_fine(&c, 0, 0, "the same work of all: status %u, %s, %s", first->probe_answer.status,
               body, connections);
    return c;
}
