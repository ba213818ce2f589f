#include "report/listing.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/units.h"
#include "report/line_priv.h"
#include "report/table_priv.h"

#define GAP 2

/* The last column takes what the others leave, and is dropped where that is less. */
#define LAST_COLUMNS_MIN 8

static void put_cell(char *ret_text, const char *shown)
{
    struct text cell = { ret_text, 0, TABLE_CELL_MAX, false };

    text_add(&cell, slice_of(shown));
}

static void put_number(char *ret_text, size_t number)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%zu", number);
    put_cell(ret_text, digits);
}

static void put_name(const struct screen *s, char *ret_text, struct slice name, int columns)
{
    char shown[1024] = "";
    struct text text = TEXT(shown);
    const char *dots = screen_glyph(s, "…");

    screen_add_foreign(s, &text, name);
    if (screen_columns(shown) > columns) {
        text.len = screen_cut(shown, columns - screen_columns(dots));
        text_add(&text, slice_of(dots));
    }
    put_cell(ret_text, shown);
}

/* How many columns the last one has. */
static int last_columns(const struct table *table)
{
    struct table others = *table;
    int room;

    others.column_count--;
    room = table->s->width - table_width(&others) - table->gap;
    return room > LAST_COLUMNS_MIN ? room : LAST_COLUMNS_MIN;
}

/* The cells of the last column are asked for once it is known how many columns they have. */
static void print_list(const struct screen *s, const struct column *columns, size_t column_count,
                       size_t row_count, table_cell *cell, const void *context,
                       int *ret_last_columns)
{
    const struct table table = { .s = s,
                                 .columns = columns,
                                 .column_count = column_count,
                                 .row_count = row_count,
                                 .cell = cell,
                                 .context = context,
                                 .gap = GAP };

    *ret_last_columns = last_columns(&table);
    table_print(&table);
}

/* ---- the runs of a database ---- */

struct runs {
    const struct screen *s;
    const struct store_line *lines;
    int target_columns;
};

enum { RUN_ID, RUN_STARTED, RUN_TRIALS, RUN_FAILED, RUN_PARTIAL, RUN_SUITE, RUN_TARGET };

static void run_cell(const void *context, size_t row, size_t column, char *ret_text)
{
    const struct runs *runs = context;
    const struct store_line *line = &runs->lines[row];

    if (column == RUN_ID)
        put_cell(ret_text, line->id);
    else if (column == RUN_STARTED)
        put_cell(ret_text, line->started);
    else if (column == RUN_TRIALS)
        put_number(ret_text, line->trials);
    else if (column == RUN_FAILED)
        put_number(ret_text, line->failed);
    else if (column == RUN_PARTIAL)
        put_cell(ret_text, line->partial ? "partial" : "");
    else if (column == RUN_SUITE)
        put_name(runs->s, ret_text, slice_of(line->suite[0] != '\0' ? line->suite : "(one load)"),
                 runs->s->width / 4);
    else
        put_name(runs->s, ret_text, slice_of(line->target), runs->target_columns);
}

void listing_runs(const struct screen *s, const struct store_line *lines, size_t count)
{
    static const struct column columns[] = {
        [RUN_ID] = {"run",      true },
          [RUN_STARTED] = { "started", true },
        [RUN_TRIALS] = { "trials",  false},
          [RUN_FAILED] = { "failed",  false},
        [RUN_PARTIAL] = { "",        true },
          [RUN_SUITE] = { "suite",   true },
        [RUN_TARGET] = { "target",  true },
    };
    struct runs runs = { s, lines, s->width };

    print_list(s, columns, sizeof(columns) / sizeof(columns[0]), count, run_cell, &runs,
               &runs.target_columns);
}

/* ---- the trials of a plan ---- */

struct plan {
    const struct screen *s;
    planned_at *at;
    const void *context;
    int load_columns;
};

enum { PLAN_BLOCK, PLAN_POSITION, PLAN_TARGET, PLAN_WORKLOAD, PLAN_LOAD };

static void put_load(const struct plan *plan, const struct planned_trial *t, char *ret_text)
{
    char note[64] = "";
    struct text text = TEXT(note), cell = { ret_text, 0, TABLE_CELL_MAX, false };

    if (t->stages > 0)
        text_format(&text, " (%u stage%s)", t->stages, units_plural(t->stages));
    if (t->control)
        text_format(&text, " (A/A control)");
    put_name(plan->s, ret_text, t->load,
             plan->load_columns > (int)text.len + LAST_COLUMNS_MIN
                 ? plan->load_columns - (int)text.len
                 : LAST_COLUMNS_MIN);
    cell.len = strlen(ret_text);
    text_add(&cell, slice_of(note));
}

static void plan_cell(const void *context, size_t row, size_t column, char *ret_text)
{
    const struct plan *plan = context;
    const struct planned_trial t = plan->at(plan->context, row);

    if (column == PLAN_BLOCK)
        put_number(ret_text, t.block + 1);
    else if (column == PLAN_POSITION)
        put_number(ret_text, t.position + 1);
    else if (column == PLAN_TARGET)
        put_name(plan->s, ret_text, t.target, plan->s->width / 3);
    else if (column == PLAN_WORKLOAD)
        put_name(plan->s, ret_text, t.workload, plan->s->width / 6);
    else
        put_load(plan, &t, ret_text);
}

void listing_plan(const struct screen *s, planned_at *at, const void *context, size_t count)
{
    static const struct column columns[] = {
        [PLAN_BLOCK] = {"block",     true},
          [PLAN_POSITION] = { "no.",      true},
        [PLAN_TARGET] = { "target",   true},
          [PLAN_WORKLOAD] = { "workload", true},
        [PLAN_LOAD] = { "load",     true},
    };
    struct plan plan = { s, at, context, s->width };

    print_list(s, columns, sizeof(columns) / sizeof(columns[0]), count, plan_cell, &plan,
               &plan.load_columns);
}

void listing_sentence(const struct screen *s, const char *fmt, ...)
{
    char bytes[2048];
    struct line l;
    va_list args;

    va_start(args, fmt);
    vsnprintf(bytes, sizeof(bytes), fmt, args);
    va_end(args);
    line_begin(&l, s, "", 0);
    line_words(&l, STYLE_PLAIN, slice_of(bytes));
    line_end(&l);
}
