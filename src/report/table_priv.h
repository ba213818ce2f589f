/* report/table_priv.h -- a table as wide as what is in it, without its rightmost columns where the
 * screen is too narrow for all of them.
 *
 * It stores nothing: each cell is asked for twice, once to measure and once to print. A column
 * whose cells are all empty is left out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/percentiles.h"
#include "report/screen.h"

#define TABLE_COLUMNS_MAX 24
#define TABLE_CELL_MAX    160

struct column {
    const char *title;
    bool left; /* aligned; else right */
};

/* Writes the cell's text, at most TABLE_CELL_MAX bytes, "" for none; our own glyphs are allowed,
 * what others wrote must have come through screen_add_foreign(). */
typedef void table_cell(const void *context, size_t row, size_t column, char *ret_text);

/* Cells of figures; "" for one that is not known: below 0, not finite. */
void cell_bytes(int64_t bytes, char *ret_text);
void cell_duration(double ns, char *ret_text);

struct table {
    const struct screen *s;
    const struct column *columns;
    size_t column_count, row_count;
    table_cell *cell;
    const void *context;
    int indent, gap;
};

/* The columns of a table in which `first` to `last` of the usual ones give way to percentiles that
 * were asked for (NULL: none were). Room for TABLE_COLUMNS_MAX; returns how many. *ret_meanings
 * tells what each is: the index of a usual one, or TABLE_ASKED and more. */
#define TABLE_ASKED 100
size_t table_ask(const struct percentiles *asked, const struct column *usual, size_t count,
                 size_t first, size_t last, struct column *ret_columns, size_t *ret_meanings);

/* Columns it would take with nothing dropped. */
int table_width(const struct table *table);
void table_print(const struct table *table);
