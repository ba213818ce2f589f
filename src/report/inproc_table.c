#include "report/inproc_table.h"

#include <math.h>
#include <string.h>

#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/table_priv.h"

/* With less of the CPU than this the wall-clock times belong to somebody else too. */
#define CPU_SHARE_MIN 0.97

enum {
    COLUMN_APP,
    COLUMN_TIME,
    COLUMN_INTERVAL,
    COLUMN_FLOOR,
    COLUMN_RATE,
    COLUMN_TCALLS,
    COLUMN_FUNCS,
    COLUMN_ALLOCATIONS,
    COLUMN_GROWTH,
    COLUMN_INSTRUCTIONS,
    COLUMN_COUNT
};

struct view {
    const struct screen *s;
    const struct inproc_table *table;
};

static bool is_shown(const struct inproc_row *row)
{
    return row->state == INPROC_DONE && row->timing_count > 0;
}

/* The nth row that has figures. */
static const struct inproc_row *shown_row(const struct inproc_table *table, size_t n)
{
    for (size_t i = 0; i < table->row_count; i++)
        if (is_shown(&table->rows[i]) && n-- == 0)
            return &table->rows[i];
    return NULL;
}

/* ---- cells ---- */

/* "±1.3 %", or both ends where one side is much longer. */
static void interval_cell(struct interval i, char *ret_text)
{
    double below = (i.median - i.low) / i.median, above = (i.high - i.median) / i.median;
    double larger = fmax(below, above), smaller = fmin(below, above);

    if (!i.bounded)
        snprintf(ret_text, TABLE_CELL_MAX, "needs %llu processes",
                 (unsigned long long)interval_needs(0.5, 0.95));
    else if (larger > 1.5 * smaller && larger - smaller > 0.005)
        snprintf(ret_text, TABLE_CELL_MAX, "[%.3g–%.3g]", i.low / 1e3, i.high / 1e3);
    else
        snprintf(ret_text, TABLE_CELL_MAX, "±%.1f %%", larger * 100);
}

static void count_cell(int64_t count, char *ret_text)
{
    snprintf(ret_text, TABLE_CELL_MAX, "%s", count < 0 ? "–" : number_whole((uint64_t)count).text);
}

/* Nothing grows unless the whole interval says so. The interval stands in the warning. */
static void growth_cell(const struct inproc_row *row, char *ret_text)
{
    struct trend t = inproc_growth(row);

    if (isnan(t.slope))
        snprintf(ret_text, TABLE_CELL_MAX, "–");
    else if (t.low <= 0)
        snprintf(ret_text, TABLE_CELL_MAX, "0");
    else
        snprintf(ret_text, TABLE_CELL_MAX, t.slope < 99.5 ? "%.3g" : "%.0f", t.slope);
}

static void app_cell(const struct view *view, const struct inproc_row *row, char *ret_text)
{
    struct text text = { ret_text, 0, TABLE_CELL_MAX, false };

    screen_add_foreign(view->s, &text, slice_of(row->label));
    if (screen_columns(ret_text) > 30) {
        text.len = screen_cut(ret_text, 29);
        text_add(&text, SLICE("…"));
    }
}

static void floor_cell(const struct view *view, const struct inproc_row *row, char *ret_text)
{
    struct interval times = inproc_times_floor(row, inproc_floor_of(view->table, row));

    if (times.n == 0)
        snprintf(ret_text, TABLE_CELL_MAX, "–");
    else
        snprintf(ret_text, TABLE_CELL_MAX, times.median < 99.5 ? "%.3g" : "%.0f", times.median);
}

/* One flat switch: a case a column. */
static void inproc_cell(const void *context, size_t index, size_t column, char *ret_text)
{
    const struct view *view = context;
    const struct inproc_row *row = shown_row(view->table, index);
    struct interval ns = inproc_ns(row);

    switch (column) {
    case COLUMN_APP:
        app_cell(view, row, ret_text);
        break;
    case COLUMN_TIME:
        snprintf(ret_text, TABLE_CELL_MAX, ns.median < 1e6 ? "%.3g" : "%.0f", ns.median / 1e3);
        break;
    case COLUMN_INTERVAL:
        interval_cell(ns, ret_text);
        break;
    case COLUMN_FLOOR:
        floor_cell(view, row, ret_text);
        break;
    case COLUMN_RATE:
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_short(1e9 / ns.median).text);
        break;
    case COLUMN_TCALLS:
        count_cell(row->look.tcalls, ret_text);
        break;
    case COLUMN_FUNCS:
        count_cell(row->look.funcs, ret_text);
        break;
    case COLUMN_ALLOCATIONS:
        count_cell(row->look.allocations, ret_text);
        break;
    case COLUMN_GROWTH:
        growth_cell(row, ret_text);
        break;
    case COLUMN_INSTRUCTIONS:
        if (!isnan(inproc_instructions(row)))
            snprintf(ret_text, TABLE_CELL_MAX, "%s", number_short(inproc_instructions(row)).text);
        break;
    }
}

static void print_table(const struct screen *s, const struct inproc_table *table)
{
    static const struct column columns[COLUMN_COUNT] = {
        [COLUMN_APP] = {"application", true },
          [COLUMN_TIME] = { "µs/req",    false},
        [COLUMN_INTERVAL] = { "95 % CI",    true },
          [COLUMN_FLOOR] = { "× floor",   false},
        [COLUMN_RATE] = { "req/s",      false},
          [COLUMN_TCALLS] = { "tcalls",     false},
        [COLUMN_FUNCS] = { "funcs",      false},
          [COLUMN_ALLOCATIONS] = { "allocs",     false},
        [COLUMN_GROWTH] = { "growth B",   false},
          [COLUMN_INSTRUCTIONS] = { "instr",      false},
    };
    struct view view = { s, table };
    struct table out = { s, columns, COLUMN_COUNT, 0, inproc_cell, &view, 0, 2 };

    while (shown_row(table, out.row_count) != NULL)
        out.row_count++;
    if (table_width(&out) > s->width)
        out.gap = 1;
    if (out.row_count > 0)
        table_print(&out);
}

/* ---- beside the table ---- */

struct name {
    char text[TABLE_CELL_MAX];
};

/* The application's, as this screen can show it. */
static struct name name_of(const struct screen *s, const struct inproc_row *row)
{
    struct name name;
    struct text text = TEXT(name.text);

    screen_add_foreign(s, &text, slice_of(row->label));
    return name;
}

static void heading(const struct screen *s, const struct inproc_table *table)
{
    const struct inproc_spec *spec = &table->rows[table->row_count - 1].spec;
    struct line l;

    line_begin(&l, s, "in-process", 12);
    line_words(&l, STYLE_PLAIN, spec->cases[0].method);
    line_words(&l, STYLE_PLAIN, spec->cases[0].path);
    if (spec->case_count > 1)
        line_prose(&l, STYLE_PLAIN, "and %zu more in turn", spec->case_count - 1);
    for (size_t i = 0; i < table->row_count; i++)
        if (table->rows[i].looked) {
            line_piece(&l, 1, STYLE_PLAIN, "·");
            line_words(&l, STYLE_PLAIN, slice_of(table->rows[i].look.runtime));
            break;
        }
    line_piece(&l, 1, STYLE_PLAIN, "·");
    line_prose(&l, STYLE_PLAIN, "gc %s", inproc_gc_name(spec->gc));
    if (spec->pinned)
        line_prose(&l, STYLE_PLAIN, "· CPU %u", spec->cpu);
    line_end(&l);
}

static void failed_line(const struct screen *s, const struct inproc_row *row)
{
    struct line l;

    line_begin(&l, s, "–", 2);
    line_words(&l, STYLE_PLAIN, slice_of(row->label));
    line_piece(&l, 0, STYLE_BAD, ":");
    line_words(&l, STYLE_PLAIN, slice_of(row->reason));
    line_end(&l);
}

/* How long the warm-ups and the measured calls of all processes were: from, to. */
static void range(uint64_t low, uint64_t high, char *ret_text, size_t size)
{
    if (low == high)
        snprintf(ret_text, size, "%s", number_whole(low).text);
    else
        snprintf(ret_text, size, "%s to %s", number_whole(low).text, number_whole(high).text);
}

static void method_line(const struct screen *s, const struct inproc_table *table)
{
    int64_t low_ns = INT64_MAX, high_ns = 0;
    uint64_t low = UINT64_MAX, high = 0;
    char calls[160];
    struct line l;

    for (size_t i = 0; i < table->row_count; i++)
        for (size_t k = 0; k < table->rows[i].timing_count; k++) {
            const struct inproc_timing *t = &table->rows[i].timings[k];

            low_ns = t->warmup_ns < low_ns ? t->warmup_ns : low_ns;
            high_ns = t->warmup_ns > high_ns ? t->warmup_ns : high_ns;
            low = t->calls < low ? t->calls : low;
            high = t->calls > high ? t->calls : high;
        }
    if (high == 0)
        return;
    range(low, high, calls, sizeof(calls));
    line_begin(&l, s, "", 2);
    line_prose(&l, STYLE_DIM,
               "%zu fresh process%s for each, in turn; %s calls in each, every answer checked; "
               "warm-up of %s to %s before, not counted",
               table->processes, table->processes == 1 ? "" : "es", calls,
               number_duration((double)low_ns).text, number_duration((double)high_ns).text);
    line_end(&l);
}

static void driver_warning(struct warnings *w, const struct inproc_row *row)
{
    if (row->look.driver[0] == '\0')
        return;
    line_warning(w,
                 "%s waits within a call, so an event loop (%s) has to drive it: about %s of each "
                 "call is the loop's, and contained in the figure",
                 name_of(w->s, row).text, row->look.driver,
                 number_duration((double)row->look.driver_ns).text);
}

/* Of the one that had least: what takes the CPU from one takes it from all. */
static void cpu_warning(struct warnings *w, const struct inproc_table *table)
{
    const struct inproc_row *least = NULL;

    for (size_t i = 0; i < table->row_count; i++)
        if (is_shown(&table->rows[i]) &&
            (least == NULL || inproc_cpu_share(&table->rows[i]) < inproc_cpu_share(least)))
            least = &table->rows[i];
    if (least == NULL || inproc_cpu_share(least) >= CPU_SHARE_MIN)
        return;
    line_warning(w,
                 "%s used its CPU %.0f %% of the time only: it waited for something, or something "
                 "else ran there. Then the times are too long: use another CPU (--cpus), or repeat "
                 "it when the machine is quiet",
                 name_of(w->s, least).text, inproc_cpu_share(least) * 100);
}

static void growth_warning(struct warnings *w, const struct inproc_row *row)
{
    struct trend t = inproc_growth(row);

    if (t.low > 0)
        line_warning(w,
                     "%s keeps %.4g B of memory with each request [%.4g–%.4g]: a leak, or a cache "
                     "without an end",
                     name_of(w->s, row).text, t.slope, t.low, t.high);
}

void inproc_table_print(const struct screen *s, const struct inproc_table *table)
{
    struct warnings warnings = { s, false };

    heading(s, table);
    print_table(s, table);
    for (size_t i = 0; i < table->row_count; i++)
        if (table->rows[i].state == INPROC_FAILED)
            failed_line(s, &table->rows[i]);
    method_line(s, table);
    for (size_t i = 0; i < table->row_count; i++)
        if (is_shown(&table->rows[i])) {
            driver_warning(&warnings, &table->rows[i]);
            growth_warning(&warnings, &table->rows[i]);
        }
    cpu_warning(&warnings, table);
    if (table->partial)
        line_warning(&warnings, "stopped before its end: the figures are of fewer processes");
    fputc('\n', s->out);
}
