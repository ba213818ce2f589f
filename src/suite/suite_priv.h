/* suite/suite_priv.h -- how a suite comes into being: text -> tree -> raw -> suite. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "suite/node_priv.h"
#include "suite/raw_priv.h"
#include "suite/suite.h"

/* ---- memory: arenas that live as long as the suite; the first is the one sized by its text ----
 */

struct suite_memory {
    struct arena arena;
    struct suite_memory *next;
};

/* One arena more for the list, behind its head if it has one. */
bool memory_add(struct suite_memory **list, size_t bytes, struct arena **ret_arena,
                struct error *err);
void memory_unmap(struct suite_memory *list);

/* Reads all of a file into an arena of its own. err->text is then a reason without the path, such
 * as "is larger than 1 MiB". */
bool file_read(const char *path, size_t max, struct suite_memory **list, struct slice *ret_content,
               struct error *err);

/* All of suite_read() but finding and reading the file. `folder` must be absolute. */
bool suite_parse(struct slice text, const char *file, const char *folder, struct suite **ret_suite,
                 struct error *err);

/* ---- from raw to suite, part by part; `node` is the mapping or list that `raw` was read from ----
 */

bool workloads_convert(struct suite *suite, const struct node *list, const struct raw_suite *raw,
                       struct error *err);
/* The placeholders of their `verify`, which is asked of every target that takes part: once these
 * are known. */
bool workloads_check(const struct suite *suite, const struct node *list, struct error *err);
bool loads_convert(struct suite *suite, const struct node *list, const struct raw_suite *raw,
                   struct error *err);
bool presets_convert(struct suite *suite, const struct node *list, const struct raw_suite *raw,
                     struct error *err);
bool targets_convert(struct suite *suite, const struct node *list, const struct raw_suite *raw,
                     struct error *err);

/* ---- references by name (refer.c) ---- */

/* Name number `i` of the suite's workloads, loads or targets. */
typedef struct slice name_at(const struct suite *suite, size_t i);
name_at workload_name, load_name, target_name;

/* Which of `count` names `value` is. */
bool refer(const struct suite *suite, const struct node *value, const char *noun, name_at *name,
           size_t count, size_t *ret_index, struct error *err);

/* The names in the list under `key`, as bits; `otherwise` where there is no such key. */
bool mask_read(const struct suite *suite, const struct node *mapping, const char *key,
               const char *noun, name_at *name, size_t count, uint64_t otherwise,
               uint64_t *ret_mask, struct error *err);

/* The lowest `count` bits, at least one and at most 64. */
uint64_t mask_all(size_t count);

/* The parts of workloads that targets have too. Starts from what *expect says already. */
bool expect_convert(struct suite *suite, const struct node *mapping, const struct raw_expect *raw,
                    struct expect *expect, struct error *err);
bool nonces_check(const struct workload *workload, const struct expect *expect,
                  const struct node *mapping, struct error *err);
/* That a target which takes part in loads of shares takes part in what they are shares of. */
bool shares_check(const struct suite *suite, const struct node *mapping, uint64_t loads_mask,
                  struct error *err);
bool path_check(const struct node *mapping, const char *key, const char *path, struct error *err);
bool factors_convert(struct suite *suite, const struct node *mapping, const struct raw_factor *raw,
                     unsigned count, struct factor **ret_factors, size_t *ret_count,
                     struct error *err);

/* ---- single values (field.c). `key` in `mapping` is where `text` was read from. With `text` NULL
 * the key was not given: true, and *value stays as it is. ---- */

bool count_read(const struct node *mapping, const char *key, const char *text, uint64_t min,
                uint64_t max, uint64_t *value, struct error *err);
bool count32_read(const struct node *mapping, const char *key, const char *text, uint32_t min,
                  uint32_t max, uint32_t *value, struct error *err);
bool duration_read(const struct node *mapping, const char *key, const char *text, int64_t min_ns,
                   int64_t max_ns, int64_t *value_ns, struct error *err);

/* Names are for the command line, file names and tables: letters, digits and ._+- */
bool name_check(const struct node *mapping, const char *key, struct error *err);
/* Names that stand in braces: lower-case letters, digits and _ */
bool word_check(const struct node *mapping, const char *key, struct error *err);
/* One line for people. */
bool label_check(const struct node *mapping, const char *key, struct error *err);

/* A copy in the suite's memory; ptr NULL for NULL. */
struct slice text_copy(struct suite *suite, const char *text);
struct slice *texts_copy(struct suite *suite, char *const *texts, size_t count);

/* ---- placeholders ---- */

/* What a text is for decides what it may ask for: a build knows no port. */
enum text_use { USE_BUILD, USE_RUN };

/* The factors that a target's variants have: the suite's that it does not name itself, then its
 * own. `ret_factors` has room for SUITE_FACTORS_MAX. */
size_t target_factors(const struct suite *suite, const struct suite_target *target,
                      const struct factor **ret_factors);

size_t variants_count(const struct suite *suite, const struct suite_target *target);

/* {port} and others that have a meaning of their own: no factor can be called so. */
bool placeholder_is_builtin(struct slice name);

/* All of them known? The first `processes` processes of the target can be named. */
bool placeholders_check(const struct suite *suite, const struct suite_target *target,
                        size_t processes, enum text_use use, const struct node *value,
                        struct error *err);
