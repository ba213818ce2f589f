#include "report/table_priv.h"

#include <math.h>
#include <stdio.h>

#include "base/bug.h"
#include "report/line_priv.h"
#include "report/number_priv.h"

static int cell_columns(const struct table *t, size_t row, size_t column)
{
    char own[TABLE_CELL_MAX] = "", shown[TABLE_CELL_MAX * 2] = "";
    struct text text = TEXT(shown);

    t->cell(t->context, row, column, own);
    screen_add(t->s, &text, slice_of(own));
    return screen_columns(shown);
}

static int title_columns(const struct table *t, size_t column)
{
    char shown[TABLE_CELL_MAX] = "";
    struct text text = TEXT(shown);

    screen_add(t->s, &text, slice_of(t->columns[column].title));
    return screen_columns(shown);
}

void cell_bytes(int64_t bytes, char *ret_text)
{
    if (bytes >= 0)
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_bytes((double)bytes).text);
}

void cell_duration(double ns, char *ret_text)
{
    if (isfinite(ns))
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_duration(ns).text);
}

/* Widths of all columns, 0 for the empty ones; returns the sum with gaps. */
static int measure(const struct table *t, int widths[TABLE_COLUMNS_MAX])
{
    int total = t->indent;

    BUG_IF(t->column_count > TABLE_COLUMNS_MAX);
    for (size_t c = 0; c < t->column_count; c++) {
        widths[c] = 0;
        for (size_t r = 0; r < t->row_count; r++) {
            int columns = cell_columns(t, r, c);

            widths[c] = columns > widths[c] ? columns : widths[c];
        }
        if (widths[c] > 0 && title_columns(t, c) > widths[c])
            widths[c] = title_columns(t, c);
        if (widths[c] > 0)
            total += widths[c] + (total > t->indent ? t->gap : 0);
    }
    return total;
}

/* Takes the rightmost columns away until the rest fits; the first one stays. */
static void drop_columns(const struct table *t, int total, int widths[TABLE_COLUMNS_MAX])
{
    for (size_t c = t->column_count; c-- > 1 && total > t->s->width;) {
        total -= widths[c] > 0 ? widths[c] + t->gap : 0;
        widths[c] = 0;
    }
}

static void put_cell(struct line *l, const struct column *column, int start, int width,
                     const char *text)
{
    char shown[TABLE_CELL_MAX * 2] = "";
    struct text out = TEXT(shown);

    screen_add(l->s, &out, slice_of(text));
    line_pad(l, column->left ? start : start + width - screen_columns(shown));
    line_add(l, "%s", shown);
}

static void put_row(const struct table *t, const int *widths, size_t row, bool title)
{
    int start = t->indent;
    struct line l;

    line_begin(&l, t->s, "", t->indent);
    for (size_t c = 0; c < t->column_count; c++) {
        char own[TABLE_CELL_MAX] = "";

        if (widths[c] == 0)
            continue;
        if (!title)
            t->cell(t->context, row, c, own);
        put_cell(&l, &t->columns[c], start, widths[c], title ? t->columns[c].title : own);
        start += widths[c] + t->gap;
    }
    line_end(&l);
}

/* As GitHub reads it: a line of titles, one that tells how they are aligned, the rows. */
static void print_markdown(const struct table *t, const int *widths)
{
    FILE *out = t->s->out;

    for (size_t c = 0; c < t->column_count; c++)
        if (widths[c] > 0)
            fprintf(out, "| %s ", t->columns[c].title);
    fputs("|\n", out);
    for (size_t c = 0; c < t->column_count; c++)
        if (widths[c] > 0)
            fputs(t->columns[c].left ? "| :-- " : "| --: ", out);
    fputs("|\n", out);
    for (size_t r = 0; r < t->row_count; r++) {
        for (size_t c = 0; c < t->column_count; c++) {
            char own[TABLE_CELL_MAX] = "";

            if (widths[c] == 0)
                continue;
            t->cell(t->context, r, c, own);
            fprintf(out, "| %s ", own);
        }
        fputs("|\n", out);
    }
    fputc('\n', out);
}

size_t table_ask(const struct percentiles *asked, const struct column *usual, size_t count,
                 size_t first, size_t last, struct column *ret_columns, size_t *ret_meanings)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; asked != NULL && i == first && k < asked->count; k++, n++) {
            ret_columns[n] = (struct column){ asked->list[k].name, false };
            ret_meanings[n] = TABLE_ASKED + k;
        }
        if (asked != NULL && i >= first && i <= last)
            continue;
        ret_columns[n] = usual[i];
        ret_meanings[n++] = i;
    }
    return n;
}

static bool was_asked_for(const struct table *t, size_t column)
{
    const struct percentiles *asked = t->s->percentiles;

    for (size_t k = 0; asked != NULL && k < asked->count; k++)
        if (t->columns[column].title == asked->list[k].name)
            return true;
    return false;
}

/* A column that was asked for does not go away without a word. */
static void name_dropped(const struct table *t, const bool *had, const int *widths)
{
    bool any = false;
    struct line l;

    line_begin(&l, t->s, "", t->indent);
    for (size_t c = 0; c < t->column_count; c++) {
        if (!had[c] || widths[c] > 0)
            continue;
        line_piece(&l, any ? 1 : 0, STYLE_PLAIN, "%s%s", any ? "" : "no room for ",
                   t->columns[c].title);
        any = true;
    }
    if (!any)
        return;
    line_piece(&l, 0, STYLE_PLAIN, ": a wider terminal shows them, and -o md=FILE");
    line_end(&l);
}

int table_width(const struct table *table)
{
    int widths[TABLE_COLUMNS_MAX];

    return measure(table, widths);
}

void table_print(const struct table *table)
{
    int widths[TABLE_COLUMNS_MAX];
    bool had[TABLE_COLUMNS_MAX] = { false };
    int total = measure(table, widths);

    if (table->s->markdown) {
        print_markdown(table, widths);
        return;
    }
    for (size_t c = 0; c < table->column_count; c++)
        had[c] = was_asked_for(table, c) && widths[c] > 0;
    drop_columns(table, total, widths);
    put_row(table, widths, 0, true);
    for (size_t r = 0; r < table->row_count; r++)
        put_row(table, widths, r, false);
    name_dropped(table, had, widths);
}
