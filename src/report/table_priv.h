/* report/table_priv.h -- a table as wide as what is in it, without its rightmost columns where the
 * screen is too narrow for all of them.
 *
 * It stores nothing: each cell is asked for twice, once to measure and once to print. A column
 * whose cells are all empty is left out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "report/screen.h"

#define TABLE_COLUMNS_MAX 16
#define TABLE_CELL_MAX    160

struct column {
    const char *title;
    bool left; /* aligned; else right */
};

/* Writes the cell's text, at most TABLE_CELL_MAX bytes, "" for none; our own glyphs are allowed,
 * what others wrote must have come through screen_add_foreign(). */
typedef void table_cell(const void *context, size_t row, size_t column, char *ret_text);

struct table {
    const struct screen *s;
    const struct column *columns;
    size_t column_count, row_count;
    table_cell *cell;
    const void *context;
    int indent, gap;
};

/* Columns it would take with nothing dropped. */
int table_width(const struct table *table);
void table_print(const struct table *table);
