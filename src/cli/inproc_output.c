#include "cli/inproc_output.h"

#include <errno.h>
#include <string.h>

#include "report/inproc_table.h"
#include "report/terminal.h"

bool inproc_check_outputs(const struct common_options *options, struct error *err)
{
    for (size_t i = 0; i < options->output_count; i++)
        if (options->outputs[i].format == OUTPUT_CSV)
            return error_usage(err, "a table of applications is written as json or markdown, not "
                                    "as csv");
    return check_outputs(options, err);
}

static bool write_one(const struct output *output, FILE *out, const struct inproc_table *table,
                      const json_t *document)
{
    struct screen markdown = screen_markdown(out);

    if (output->format == OUTPUT_JSON)
        return json_dumpf(document, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    inproc_table_print(&markdown, table);
    return ferror(out) == 0;
}

static bool write_to(const struct output *output, const struct inproc_table *table,
                     const json_t *document, struct error *err)
{
    bool standard = strcmp(output->file, "-") == 0;
    FILE *out = standard ? stdout : fopen(output->file, "we");
    bool fine = out != NULL && write_one(output, out, table, document);

    if (out != NULL && (standard ? fflush(out) : fclose(out)) != 0)
        fine = false;
    return fine || error_set(err, errno, "write %s", standard ? "standard output" : output->file);
}

bool inproc_output(const struct common_options *options, const struct inproc_table *table,
                   const json_t *document, const struct run_record *run, struct error *err)
{
    bool fine = true;

    if (options->quiet < 2 && !stdout_taken(options)) {
        struct screen out = screen_detect(stdout, options->color);

        inproc_table_print(&out, table);
        print_saved(&out, run, options);
        if (fflush(stdout) != 0 || ferror(stdout))
            fine = error_set(err, errno, "write the result to standard output");
    }
    for (size_t i = 0; fine && i < options->output_count; i++)
        fine = write_to(&options->outputs[i], table, document, err);
    return fine;
}
