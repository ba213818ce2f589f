/* assay schema WHAT: the JSON Schema that our documents keep. */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "report/schema.h"

int cmd_schema(int argc, char **argv)
{
    const char *text = argc == 2 ? schema_text(argv[1]) : NULL;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("Usage: assay schema trial|run|inproc|audit|comparison|gate\n"
               "Prints the JSON Schema of `assay URL -j` (trial), `assay run -o json` (run),\n"
               "`assay inproc -j` (inproc), `assay audit -j` (audit), `assay compare -j`\n"
               "(comparison) or `assay ci -j` (gate).\n");
        return EXIT_DONE;
    }
    if (text == NULL) {
        fprintf(stderr, "error: which schema? There are: assay schema trial, assay schema run, "
                        "assay schema inproc, assay schema audit, assay schema comparison, "
                        "assay schema gate\n");
        return EXIT_USAGE;
    }
    return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_MEASUREMENT : EXIT_DONE;
}
