/* assay schema WHAT: the JSON Schema that our documents keep. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "report/schema.h"

int cmd_schema(int argc, char **argv)
{
    const char *text = argc == 2 ? schema_text(argv[1]) : NULL;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("Usage: assay schema trial|run|inproc|audit|comparison|gate|doctor|progress\n"
               "Prints the JSON Schema of `assay URL -j` (trial), `assay run -o json` (run),\n"
               "`assay inproc -j` (inproc), `assay audit -j` (audit), `assay compare -j`\n"
               "(comparison), `assay ci -j` (gate), `assay doctor -j` (doctor), or of each line\n"
               "of --progress=json (progress).\n");
        return EXIT_DONE;
    }
    if (text == NULL) {
        fprintf(stderr, "error: which schema? There are: assay schema trial, assay schema run, "
                        "assay schema inproc, assay schema audit, assay schema comparison, "
                        "assay schema gate, assay schema doctor, assay schema progress\n");
        return EXIT_USAGE;
    }
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
        return EXIT_DONE;
    fprintf(stderr, "error: write to standard output: %s\n", strerror(errno));
    return EXIT_MEASUREMENT;
}
