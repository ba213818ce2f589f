/* What each target takes to have and to start. */
#include <math.h>
#include <string.h>

#include "base/bug.h"
#include "report/line_priv.h"
#include "report/table_priv.h"
#include "report/terminal_priv.h"

struct footprint {
    const struct screen *s;
    const struct ranking *rankings;
    size_t count;
};

static bool is_footprint(const struct ranking_row *row)
{
    return row->trials > 0 && !row->ceiling;
}

static bool seen_before(const struct footprint *f, size_t ranking, size_t row)
{
    const char *target = f->rankings[ranking].rows[row].target;

    for (size_t i = 0; i <= ranking; i++) {
        size_t rows = i < ranking ? f->rankings[i].row_count : row;

        for (size_t k = 0; k < rows; k++)
            if (is_footprint(&f->rankings[i].rows[k]) &&
                strcmp(f->rankings[i].rows[k].target, target) == 0)
                return true;
    }
    return false;
}

/* The nth target in the order of the rankings, or NULL. */
static const struct ranking_row *footprint_row(const struct footprint *f, size_t n)
{
    for (size_t i = 0; i < f->count; i++)
        for (size_t k = 0; k < f->rankings[i].row_count; k++) {
            const struct ranking_row *row = &f->rankings[i].rows[k];

            if (is_footprint(row) && !seen_before(f, i, k) && n-- == 0)
                return row;
        }
    return NULL;
}

static void footprint_cell(const void *context, size_t index, size_t column, char *ret_text)
{
    const struct footprint *f = context;
    const struct ranking_row *row = footprint_row(f, index);
    struct text text = { ret_text, 0, TABLE_CELL_MAX, false };

    BUG_IF(row == NULL); /* it was there when the rows were counted */
    switch (column) {
    case 0:
        screen_add_foreign(f->s, &text, slice_of(row->target));
        break;
    case 1:
        cell_bytes(row->shipped_bytes, ret_text);
        break;
    case 2:
        cell_duration(row->build_ms * 1e6, ret_text);
        break;
    case 3:
        cell_duration(row->ready_ms * 1e6, ret_text);
        break;
    case 4:
        cell_bytes(row->rss_idle_bytes, ret_text);
        break;
    case 5:
        cell_bytes(row->image_bytes, ret_text);
        break;
    }
}

void footprint_table(const struct screen *s, const struct ranking *rankings, size_t count)
{
    const struct footprint f = { s, rankings, count };
    static const struct column columns[] = {
        {"server",                       true },
        { "shipped",                     false},
        { "build",                       false},
        { "start to first right answer", false},
        { "idle rss",                    false},
        { "container image",             false},
    };
    struct table table = { s, columns, sizeof(columns) / sizeof(columns[0]), 0, footprint_cell, &f,
                           0, 2 };
    bool known = false;
    const struct ranking_row *row;
    struct line l;

    while ((row = footprint_row(&f, table.row_count)) != NULL) {
        known = known || isfinite(row->build_ms) || row->shipped_bytes >= 0;
        table.row_count++;
    }
    if (!known)
        return;
    line_begin(&l, s, "what has to be shipped, built and started", 0);
    line_end(&l);
    table_print(&table);
    fputc('\n', s->out);
}
