#include <errno.h>

#include "report/terminal.h"

bool markdown_write(FILE *out, const struct run_record *run, struct error *err)
{
    struct screen s = screen_markdown(out);
    bool suite = run->suite[0] != '\0';

    if (!suite) {
        s.markdown = false;
        fputs("```\n", out);
    }
    terminal_run(&s, run);
    if (!suite)
        fputs("```\n", out);
    if (ferror(out))
        return error_set(err, errno, "write Markdown");
    return true;
}
