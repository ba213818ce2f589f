#include "cli/demands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool demands_parse_share(const char *text, struct demands *demands, struct error *err)
{
    char *end;
    double percent = strtod(text, &end);
    bool number = end != text;

    end += strspn(end, " ");
    end += *end == '%';
    if (!number || *end != '\0' || !(percent >= 0 && percent <= 100))
        return error_usage(
            err, "--max-errors '%s' is no share from 0%% to 100%%; write it like 1%%", text);
    demands->max_errors = percent / 100;
    return true;
}

static bool all_believed(const struct run_record *run)
{
    size_t invalid = 0;

    for (size_t i = 0; i < run->trial_count; i++) {
        const struct verdict *verdict = &run->trials[i]->verdict;

        invalid += verdict->count > 0 && verdict_overall(verdict) == VERDICT_INVALID;
    }
    if (invalid == 0)
        return true;
    fprintf(stderr, "error: --strict: %zu of %zu trial%s INVALID; what failed stands beside %s\n",
            invalid, run->trial_count, invalid == 1 ? " is" : "s are",
            invalid == 1 ? "it" : "them");
    return false;
}

/* Of the requests that came to an end; 0 where none did. */
static double failed_share(const struct trial_record *t)
{
    uint64_t failed = tally_failed(&t->tally);

    return failed == 0 ? 0 : (double)failed / (double)(failed + t->tally.ok);
}

static bool few_errors(double max_errors, const struct run_record *run)
{
    double worst = 0;
    size_t over = 0;

    for (size_t i = 0; i < run->trial_count; i++) {
        double share = failed_share(run->trials[i]);

        over += share > max_errors;
        worst = share > worst ? share : worst;
    }
    if (over == 0)
        return true;
    fprintf(stderr,
            "error: --max-errors %g%%: more requests failed in %zu of %zu trial%s, %.3g %% in %s\n",
            max_errors * 100, over, run->trial_count, run->trial_count == 1 ? "" : "s", worst * 100,
            over == 1 ? "it" : "the worst");
    return false;
}

bool demands_met(const struct demands *demands, const struct run_record *run)
{
    return few_errors(demands->max_errors, run) && (!demands->strict || all_believed(run));
}
