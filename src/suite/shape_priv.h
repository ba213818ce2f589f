/* suite/shape_priv.h -- is the file built as the tables say?
 *
 * Walks the tree and libcyaml's tables side by side: unknown keys, missing keys, keys given twice,
 * values of the wrong kind, lists too long or too short, and entries of a list that are there twice
 * (by their name, or by their text). */
#pragma once

#include <cyaml/cyaml.h>
#include <stdbool.h>

#include "base/error.h"
#include "suite/node_priv.h"

bool shape_check(const struct node *root, const cyaml_schema_value_t *schema, struct error *err);
