/* tests/unit/golden.h -- what was printed, against a file in tests/data/golden that a person has
 * looked at. ASSAY_GOLDEN_WRITE=1 in the environment writes the files anew: look at the difference.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void golden_path(const char *name, char *ret_path, size_t size)
{
    const char *data = getenv("ASSAY_TEST_DATA");

    snprintf(ret_path, size, "%s/golden/%s.txt", data == NULL ? "tests/data" : data, name);
}

static void golden_write(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    if (out == NULL)
        fail_msg("cannot write %s", path);
    fputs(text, out);
    fclose(out);
}

static void golden_check(const char *name, const char *text)
{
    static char expected[65536];
    char path[512];
    size_t at = 0, line = 1;
    FILE *in;

    golden_path(name, path, sizeof(path));
    if (getenv("ASSAY_GOLDEN_WRITE") != NULL)
        golden_write(path, text);
    in = fopen(path, "r");
    if (in == NULL)
        fail_msg("no %s", path);
    expected[fread(expected, 1, sizeof(expected) - 1, in)] = '\0';
    fclose(in);
    for (; text[at] != '\0' && text[at] == expected[at]; at++)
        line += text[at] == '\n';
    if (text[at] != expected[at])
        fail_msg("%s differs in line %zu; what was printed:\n%s", path, line, text);
}
