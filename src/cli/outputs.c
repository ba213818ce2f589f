/* Part of common.h: the files that -o and -j name. */
#include "cli/common.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bug.h"
#include "report/csv.h"
#include "report/document.h"
#include "report/terminal.h"

bool stdout_taken(const struct common_options *options)
{
    for (size_t i = 0; i < options->output_count; i++)
        if (strcmp(options->outputs[i].file, "-") == 0)
            return true;
    return false;
}

/* Opened as it will be, to append, so that nothing is lost; what was not there is not there
 * afterwards either, or an empty file would stand for a result that never came. */
static bool check_file(const char *file, struct error *err)
{
    struct stat info;
    bool absent = lstat(file, &info) < 0 && errno == ENOENT;
    FILE *out = fopen(file, "a");

    if (out == NULL)
        return error_usage(err, "cannot write the output %s: %s", file, strerror(errno));
    fclose(out);
    if (absent)
        unlink(file);
    return true;
}

bool check_outputs(const struct common_options *options, struct error *err)
{
    for (size_t i = 0; i < options->output_count; i++)
        if (strcmp(options->outputs[i].file, "-") != 0 &&
            !check_file(options->outputs[i].file, err))
            return false;
    return true;
}

static bool write_one(const struct common_options *options, enum output_format format, FILE *out,
                      const struct run_record *run, bool single, struct error *err)
{
    switch (format) {
    case OUTPUT_JSON:
        if (single && run->trial_count == 1)
            return document_write_trial(out, run->trials[0], err);
        return document_write_run(out, run, err);
    case OUTPUT_CSV:
        return csv_write(out, run, err);
    case OUTPUT_MARKDOWN:
        return markdown_write(out, run, asked_percentiles(options), err);
    case OUTPUT_JUNIT:
        break;
    }
    BUG("no run is written so");
}

static bool write_to(const struct common_options *options, const struct output *output,
                     const struct run_record *run, bool single, struct error *err)
{
    bool standard = strcmp(output->file, "-") == 0;
    FILE *out = standard ? stdout : fopen(output->file, "w");
    bool fine;

    if (out == NULL)
        return error_set(err, errno, "write %s", output->file);
    fine = write_one(options, output->format, out, run, single, err);
    if (!standard && fclose(out) != 0 && fine)
        fine = error_set(err, errno, "close the file");
    return fine || error_wrap(err, "write %s", standard ? "standard output" : output->file);
}

bool write_outputs(const struct common_options *options, const struct run_record *run, bool single,
                   struct error *err)
{
    struct error first;
    bool fine = true;

    /* All of them, whatever happens to one; the first failure is told. */
    for (size_t i = 0; i < options->output_count; i++) {
        if (write_to(options, &options->outputs[i], run, single, &first))
            continue;
        if (fine)
            *err = first;
        fine = false;
    }
    return fine;
}
