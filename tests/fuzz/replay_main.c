/* Runs every file named, and every file below the folders named, through one fuzzer: so that past
 * crashes and the corpus are tried in each `make check`, with any compiler. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

#define OPEN_FOLDERS_MAX 16

static unsigned replayed;

static int replay(const char *path, const struct stat *info, int type, struct FTW *where)
{
    size_t size = (size_t)info->st_size, got;
    uint8_t *data;
    FILE *file;

    (void)where;
    if (type != FTW_F)
        return type == FTW_D ? 0 : 1;
    file = fopen(path, "rb");
    if (file == NULL)
        return 1;
    data = malloc(size > 0 ? size : 1); /* its very size: a read beyond is seen by the sanitizer */
    if (data == NULL)
        abort();
    got = fread(data, 1, size, file);
    fclose(file);
    if (got != size) {
        free(data);
        return 1;
    }
    fprintf(stderr, "%s\n", path); /* the last one is the one that broke it */
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    replayed++;
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (nftw(argv[i], replay, OPEN_FOLDERS_MAX, FTW_PHYS) != 0) {
            fprintf(stderr, "%s: cannot be read\n", argv[i]);
            return 1;
        }
    }
    printf("%u inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
