#include "inproc/inproc_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Callgrind runs a program about fifty times slower, and counts the same on every machine. */
#define SLOWER 100

/* The slope between these two has neither the start nor the protocol in it. */
#define CALLS_FEW  50
#define CALLS_MANY 150

/* It writes a file of counts whenever a "run" of runner.c begins, of what came since the one
 * before. The last run is there to end the one that matters: behind it comes the end of the
 * process. */
static const uint64_t runs[] = { CALLS_FEW, CALLS_FEW, CALLS_MANY, 1 };

#define RUNS (sizeof(runs) / sizeof(runs[0]))

enum { PART_LOADING, PART_WARMUP, PART_FEW, PART_MANY, PARTS };

/* "totals: N" or "summary: N" of one file; NaN when there is none. */
static double total_in(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[4096];
    double total = (double)NAN;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "totals: ", 8) == 0)
            total = strtod(line + 8, NULL);
    if (file != NULL)
        fclose(file);
    return total;
}

/* The files are numbered from 1, and removed here, the last one too. */
static void take_totals(const char *base, double ret_totals[PARTS])
{
    char path[128];

    for (int i = 0; i <= PARTS; i++) {
        snprintf(path, sizeof(path), "%s.%d", base, i + 1);
        if (i < PARTS)
            ret_totals[i] = total_in(path);
        unlink(path);
    }
    unlink(base);
}

bool callgrind_is_there(void)
{
    const char *folders = getenv("PATH");
    char path[4096];

    while (folders != NULL) {
        size_t len = strcspn(folders, ":");

        snprintf(path, sizeof(path), "%.*s/valgrind", (int)len, folders);
        if (access(path, X_OK) == 0)
            return true;
        folders = folders[len] == ':' ? folders + len + 1 : NULL;
    }
    return false;
}

static bool run_counted(struct runner *r, const struct inproc_look *look, struct error *err)
{
    json_t *answer = open_app(r, look->cases, err);
    bool fine = answer != NULL;

    json_decref(answer);
    for (size_t i = 0; fine && i < RUNS; i++) {
        fine =
            run_calls(r, 1, runs[i] * r->spec->case_count, look->guess_ns * SLOWER, &answer, err);
        if (fine)
            json_decref(answer);
    }
    return fine;
}

bool callgrind_count(const struct inproc_spec *spec, const struct inproc_look *look,
                     double *ret_instructions, struct inproc_fault *fault, struct error *err)
{
    char base[64] = "/tmp/assay-callgrind-XXXXXX", out[128];
    const char *const wrapper[] = {
        "valgrind", "--tool=callgrind", "-q", out, "--dump-before=runner_counts_from_here", NULL
    };
    struct inproc_spec slow = *spec;
    double totals[PARTS];
    struct runner r;
    int fd = mkstemp(base);
    bool fine;

    if (fd < 0)
        return error_set(err, errno, "make a file for callgrind");
    close(fd);
    snprintf(out, sizeof(out), "--callgrind-out-file=%s", base);
    slow.timeout_ns *= SLOWER;
    fine = runner_start(&r, &slow, true, wrapper, fault, err);
    if (fine) {
        fine = run_counted(&r, look, err);
        runner_end(&r);
    }
    take_totals(base, totals);
    if (!fine)
        return error_wrap(err, "count instructions with callgrind");
    *ret_instructions = (totals[PART_MANY] - totals[PART_FEW]) /
                        (double)((CALLS_MANY - CALLS_FEW) * spec->case_count);
    return true;
}
