/* cli/foreign.h -- flags that fingers know from other load generators: each is refused with a
 * sentence that says how it is told here, or that it is not there yet. */
#pragma once

#include <argp.h>
#include <stddef.h>

/* Below the keys that options share (cli/syntax.h), and above those that commands have. */
#define FOREIGN_KEY 0x800

size_t foreign_count(void);

/* As a hidden option, which takes what follows it either way. */
struct argp_option foreign_option(size_t index);

/* What to type in its place; NULL: it is no flag of others. */
const char *foreign_sentence(int key);
