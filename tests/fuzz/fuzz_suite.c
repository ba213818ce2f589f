/* A suite that is refused is refused with a place, by us and not by libcyaml (whose tables we check
 * by); one that is taken has variants, lets each of its presets be applied, and is taken again. */
#include <stdlib.h>

#include "base/bug.h"
#include "fuzz.h"
#include "suite/suite_priv.h"

#define FILE_NAME "f"

/* Behind "f:", "LINE:COL: error: " and a sentence. */
static void check_refusal(const struct error *err)
{
    char *end;

    BUG_IF(!err->usage);
    BUG_IF(strncmp(err->text, FILE_NAME ":", 2) != 0);
    BUG_IF(strtoul(err->text + 2, &end, 10) == 0);
    BUG_IF(*end != ':');
    BUG_IF(strtoul(end + 1, &end, 10) == 0);
    BUG_IF(strncmp(end, ": error: ", 9) != 0);
    BUG_IF(strlen(end) < 20);
    BUG_IF(strncmp(end, ": error: libcyaml", 17) == 0);
}

static void check_placeholders(struct slice text)
{
    struct slice name;
    size_t start, pos = 0, last = 0;

    while (placeholder_next(text, &pos, &start, &name)) {
        BUG_IF(start < last);
        BUG_IF(pos > text.len);
        BUG_IF(pos != start + name.len + 2);
        last = pos;
    }
}

static void check_suite(struct suite *suite)
{
    struct variant *variants;
    struct error err;
    size_t count;

    BUG_IF(!suite_variants(suite, NULL, &variants, &count, &err));
    BUG_IF(count < suite->target_count);
    BUG_IF(count > SUITE_VARIANTS_MAX);
    for (size_t i = 0; i < suite->preset_count; i++)
        BUG_IF(!suite_apply_preset(suite, suite->presets[i].name, &err));
    BUG_IF(suite->blocks == 0);
    for (size_t i = 0; i < suite->load_count; i++)
        load_complete(&suite->loads[i]);
    for (size_t i = 0; i < suite->target_count; i++) {
        BUG_IF(suite->targets[i].process_count == 0);
        check_placeholders(suite->targets[i].processes[0].start);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    struct suite *suite, *again;
    struct error err = { .text = "" };

    if (size > SUITE_FILE_MAX)
        return 0;
    if (!suite_parse(text, FILE_NAME, "/usr", &suite, &err)) {
        check_refusal(&err);
        return 0;
    }
    BUG_IF(!suite_parse((struct slice){ suite->text, suite->text_len }, FILE_NAME, "/usr", &again,
                        &err));
    suite_free(again);
    check_suite(suite);
    suite_free(suite);
    return 0;
}
