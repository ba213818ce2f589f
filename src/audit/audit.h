/* audit/audit.h -- reads what other load generators printed, and says what cannot be true in it,
 * what was not comparable, and which figures say little.
 *
 * Text in, findings out: nothing here opens a file or prints. Every finding holds for every value
 * that would have been printed as it was; what a tool does not say is not assumed.
 *
 *     audit_init(&a, &err);
 *     audit_add(&a, "gin.txt", text, &err);     once a file; all of them are one study
 *     audit_judge(&a, &err);
 *     ... a.results, a.findings ...
 *     audit_release(&a); */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "audit/result.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

#define AUDIT_FILE_MAX    (16u << 20)
#define AUDIT_RESULTS_MAX 2000

enum audit_level { AUDIT_IMPOSSIBLE, AUDIT_INCOMPARABLE, AUDIT_DOUBT, AUDIT_LEVELS };

/* In the order in which they are told, within their level. */
enum audit_kind {
    AUDIT_IN_FLIGHT,   /* more in flight than the connections carry (Little's law) */
    AUDIT_SUMS,        /* the rate is not requests by seconds */
    AUDIT_ORDER,       /* a percentile below a smaller one, a mean above the maximum */
    AUDIT_ERRORS,      /* the rate counts errors */
    AUDIT_LENGTHS,     /* answers of more than one length in one measurement */
    AUDIT_BYTES,       /* answers of different size in different measurements */
    AUDIT_CONNECTIONS, /* one keeps its connections, another opens one a request */
    AUDIT_LOADS,       /* different loads under one heading, as if they were repeats */
    AUDIT_CEILING,     /* one rate for all, where another column tells them apart */
    AUDIT_PLATEAU,     /* one rate for the best or for all; nothing beside it to tell why */
    AUDIT_SYNTHETIC,   /* latency samples that were never taken */
    AUDIT_SAMPLES,     /* percentiles of too few samples */
    AUDIT_ROUNDING,    /* printed too coarsely to say anything */
    AUDIT_LEFT_OUT,    /* failures that the rate and the latencies leave out */
    AUDIT_IDLE,        /* far less in flight than there are connections */
    AUDIT_KINDS,
};

struct audit_finding {
    enum audit_kind kind;
    const struct audit_result *about; /* the first that it is about */
    double value, limit;              /* NaN where there is none */
    const char *unit;
    char what[400];       /* may hold names out of the files */
    char arithmetic[600]; /* likewise */
    char means[300];
};

struct audit {
    struct arena memory; /* of the results */
    struct arena told;   /* of the findings */
    struct audit_result *results;
    size_t result_count, result_room;
    struct audit_finding *findings;
    size_t finding_count;
    unsigned section_count;
};

bool audit_init(struct audit *audit, struct error *err);
void audit_release(struct audit *audit);

/* Finds every result in the text, by whatever known tool. False, and the user's fault, when there
 * is none. The name is kept as a pointer. */
bool audit_add(struct audit *audit, const char *file, struct slice text, struct error *err);

/* Fills the findings, worst first. Once, when all files were added. */
bool audit_judge(struct audit *audit, struct error *err);

const char *audit_kind_id(enum audit_kind kind); /* "in-flight" */
enum audit_level audit_kind_level(enum audit_kind kind);
const char *audit_level_name(enum audit_level level); /* "impossible" */
size_t audit_count(const struct audit *audit, enum audit_level level);

/* ---- what follows from a result; NaN where something is missing ---- */

double audit_in_flight(const struct audit_result *r); /* rate x mean */
double audit_capacity(const struct audit_result *r);  /* connections x streams */
bool audit_fits(const struct audit_result *r); /* the one into the other, as exactly as printed */
double audit_good_per_sec(const struct audit_result *r);      /* right answers only */
bool audit_rate_has_errors(const struct audit_result *r);     /* as the arithmetic shows */
struct figure audit_total_each(const struct audit_result *r); /* bytes an answer, heads too */
struct figure audit_body_each(const struct audit_result *r);
