#include <math.h>

#include "base/bug.h"
#include "base/units.h"
#include "report/line_priv.h"
#include "report/number_priv.h"
#include "report/table_priv.h"
#include "report/terminal_priv.h"

/* The median's interval at 95 % exists from 6 trials on (stats/interval.h). */
#define TRIALS_NEEDED 6
#define WIDE          0.5 /* half of the median: "±116 %" would reach below nothing */

struct view {
    const struct screen *s;
    const struct ranking *ranking;
    int bar_cells;
    const size_t *meanings; /* of the columns that are shown (table_ask) */
};

enum {
    COLUMN_RANK,
    COLUMN_SERVER,
    COLUMN_RATE,
    COLUMN_INTERVAL,
    COLUMN_SECONDS,
    COLUMN_EACH,
    COLUMN_RELATIVE,
    COLUMN_BAR,
    COLUMN_CPU,
    COLUMN_P99,
    COLUMN_SERVICES,
    COLUMN_RSS,
    COLUMN_PSS,
    COLUMN_READY,
    COLUMN_COUNT
};

static size_t table_rows(const struct ranking *ranking)
{
    size_t count = 0;

    while (count < ranking->row_count && ranking_row_has_figures(&ranking->rows[count]))
        count++;
    return count;
}

static bool is_by_count(const struct ranking *ranking)
{
    return ranking->load_spec != NULL && ranking->load_spec->requests > 0;
}

static bool is_closed(const struct ranking *ranking)
{
    return ranking->load_spec == NULL || ranking->load_spec->model == LOAD_CLOSED;
}

/* ---- cells ---- */

static void server_cell(const struct view *view, const struct ranking_row *row, char *ret_text)
{
    struct text text = { ret_text, 0, TABLE_CELL_MAX, false };

    screen_add_foreign(view->s, &text, slice_of(row->target));
    if (screen_columns(ret_text) > 32) {
        text.len = screen_cut(ret_text, 31);
        text_add(&text, SLICE("…"));
    }
    if (row->ceiling)
        text_add(&text, SLICE(" (ceiling)"));
}

static bool any_interval(const struct ranking *ranking)
{
    for (size_t i = 0; i < table_rows(ranking); i++)
        if (ranking->rows[i].throughput_per_sec.bounded)
            return true;
    return false;
}

/* "±0.5 %" when both sides are about as far (the larger of the two is printed, so it covers) and
 * not too far for that to be read, else "[45.1k–48.0k]". */
static void interval_cell(const struct ranking *ranking, struct interval i, char *ret_text)
{
    double below = (i.median - i.low) / i.median, above = (i.high - i.median) / i.median;
    double larger = fmax(below, above), smaller = fmin(below, above);

    if (!any_interval(ranking))
        return;
    if (!i.bounded)
        snprintf(ret_text, TABLE_CELL_MAX, "needs %d trials", TRIALS_NEEDED);
    else if (larger > WIDE || (larger > 1.5 * smaller && larger - smaller > 0.005))
        snprintf(ret_text, TABLE_CELL_MAX, "[%s–%s]", number_short(i.low).text,
                 number_short(i.high).text);
    else
        snprintf(ret_text, TABLE_CELL_MAX, "±%.1f %%", larger * 100);
}

static void rank_cell(const struct ranking_row *row, char *ret_text)
{
    if (row->rank == 0)
        snprintf(ret_text, TABLE_CELL_MAX, "–");
    else if (row->rank_worst > row->rank)
        snprintf(ret_text, TABLE_CELL_MAX, "%u–%u =", row->rank, row->rank_worst);
    else
        snprintf(ret_text, TABLE_CELL_MAX, "%u", row->rank);
}

/* Of those that are ranked; and of the ceiling, as the measure of how near to it they are. */
static void relative_cell(const struct ranking *ranking, const struct ranking_row *row,
                          char *ret_text)
{
    const struct ranking_row *best = &ranking->rows[0];

    if (row->rank > 0 || (row->ceiling && best->rank > 0))
        snprintf(ret_text, TABLE_CELL_MAX, "%.2f",
                 row->throughput_per_sec.median / best->throughput_per_sec.median);
}

/* What a client waited for each, in a closed loop with this many of them. */
static double each_ns(const struct ranking *ranking, const struct ranking_row *row)
{
    return row->seconds.median * 1e9 * ranking->load_spec->connections /
           (double)ranking->load_spec->requests;
}

static bool shows_share(const struct ranking *ranking)
{
    for (size_t i = 0; i < ranking->row_count; i++)
        if (ranking->rows[i].p99_at_share_ns >= 0)
            return true;
    return false;
}

/* Which check refuses the p99 that is shown; NULL: none does. */
static const struct check *p99_refused(const struct ranking *ranking, const struct ranking_row *row)
{
    return shows_share(ranking) ? row->at_share_refused : row->latency_refused;
}

/* At a share of its own capacity, where the suite asks that: else as it was. */
static void p99_cell(const struct ranking *ranking, const struct ranking_row *row, char *ret_text)
{
    bool at_share = shows_share(ranking);
    int64_t ns = at_share ? row->p99_at_share_ns : row->p99_ns;
    bool reliable = at_share ? row->p99_at_share_reliable : row->p99_reliable;

    if (!reliable)
        snprintf(ret_text, TABLE_CELL_MAX, "–");
    else
        snprintf(ret_text, TABLE_CELL_MAX, "%s%s",
                 (at_share ? row->p99_at_share_bound : row->p99_bound) ? "≥" : "",
                 number_duration((double)ns).text);
}

static void asked_cell(const struct ranking *ranking, const struct ranking_row *row, size_t which,
                       char *ret_text)
{
    const struct ranking_quantile *asked =
        shows_share(ranking) ? &row->asked_at_share[which] : &row->asked[which];

    if (!asked->reliable)
        snprintf(ret_text, TABLE_CELL_MAX, "–");
    else
        snprintf(ret_text, TABLE_CELL_MAX, "%s%s", asked->is_bound ? "≥" : "",
                 number_duration((double)asked->ns).text);
}

/* One flat switch: a case a column. */
static void ranking_cell(const void *context, size_t index, size_t column, char *ret_text)
{
    const struct view *view = context;
    const struct ranking *ranking = view->ranking;
    const struct ranking_row *row = &ranking->rows[index];
    size_t meaning = view->meanings[column];

    if (meaning >= TABLE_ASKED) {
        asked_cell(ranking, row, meaning - TABLE_ASKED, ret_text);
        return;
    }
    switch (meaning) {
    case COLUMN_RANK:
        rank_cell(row, ret_text);
        break;
    case COLUMN_SERVER:
        server_cell(view, row, ret_text);
        break;
    case COLUMN_RATE:
        snprintf(ret_text, TABLE_CELL_MAX, "%s", number_short(row->throughput_per_sec.median).text);
        break;
    case COLUMN_INTERVAL:
        interval_cell(ranking, row->throughput_per_sec, ret_text);
        break;
    case COLUMN_SECONDS:
        if (is_by_count(ranking))
            snprintf(ret_text, TABLE_CELL_MAX, "%s",
                     number_duration(row->seconds.median * 1e9).text);
        break;
    case COLUMN_EACH:
        if (is_by_count(ranking) && is_closed(ranking))
            cell_duration(each_ns(ranking, row), ret_text);
        break;
    case COLUMN_RELATIVE:
        relative_cell(ranking, row, ret_text);
        break;
    case COLUMN_BAR:
        if (row->rank > 0 && view->bar_cells > 0)
            screen_bar(view->s, row->relative, view->bar_cells, ret_text, TABLE_CELL_MAX);
        break;
    case COLUMN_CPU:
        cell_duration(row->server_cpu_ns.n > 0 ? row->server_cpu_ns.median : nan(""), ret_text);
        break;
    case COLUMN_SERVICES:
        cell_duration(row->services_cpu_ns.n > 0 ? row->services_cpu_ns.median : nan(""), ret_text);
        break;
    case COLUMN_RSS:
        cell_bytes(row->rss_peak_bytes, ret_text);
        break;
    case COLUMN_P99:
        p99_cell(ranking, row, ret_text);
        break;
    case COLUMN_PSS:
        cell_bytes(row->pss_peak_bytes, ret_text);
        break;
    case COLUMN_READY:
        cell_duration(row->ready_ms * 1e6, ret_text);
        break;
    }
}

/* ---- around the table ---- */

static void trials_piece(struct line *l, const struct ranking *ranking)
{
    size_t fewest = SIZE_MAX, most = 0;

    for (size_t i = 0; i < table_rows(ranking); i++) {
        size_t trials = ranking->rows[i].trials;

        fewest = trials < fewest ? trials : fewest;
        most = trials > most ? trials : most;
    }
    if (most == 0)
        return;
    if (fewest == most)
        line_piece(l, 1, STYLE_PLAIN, "· %zu trial%s,", most, most == 1 ? "" : "s");
    else
        line_piece(l, 1, STYLE_PLAIN, "· %zu to %zu trials,", fewest, most);
    line_piece(l, 1, STYLE_PLAIN, "each a fresh start");
    line_piece(l, 1, STYLE_PLAIN, "· median");
    if (any_interval(ranking))
        line_piece(l, 1, STYLE_PLAIN, "[95 %% CI]");
    else
        line_piece(l, 1, STYLE_PLAIN, "(an interval needs %d trials: --blocks %d)", TRIALS_NEEDED,
                   TRIALS_NEEDED);
}

static void load_pieces(struct line *l, const struct load *load)
{
    if (load == NULL)
        return;
    line_piece(l, 3, STYLE_PLAIN, "%s connection%s", number_whole(load->connections).text,
               load->connections == 1 ? "" : "s");
    if (load->model == LOAD_OPEN)
        line_piece(l, 1, STYLE_PLAIN, "· %s/s asked", number_rate(load->rate_per_sec).text);
    if (load->requests > 0)
        line_piece(l, 1, STYLE_PLAIN, "· %s request%s", number_whole(load->requests).text,
                   units_plural(load->requests));
    else
        line_piece(l, 1, STYLE_PLAIN, "· %s", number_duration((double)load->duration_ns).text);
}

static bool has_other_class(const struct ranking *rankings, size_t count, const struct ranking *one)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rankings[i].workload, one->workload) == 0 &&
            strcmp(rankings[i].load, one->load) == 0 &&
            rankings[i].connections != one->connections && table_rows(&rankings[i]) > 0)
            return true;
    return false;
}

static void heading(const struct screen *s, const struct ranking *ranking, bool other_class)
{
    struct line l;

    line_begin(&l, s, "", 0);
    line_words(&l, STYLE_BOLD, slice_of(ranking->workload));
    if (ranking->load[0] != '\0') {
        line_piece(&l, 1, STYLE_BOLD, "·");
        line_words(&l, STYLE_BOLD, slice_of(ranking->load));
    }
    load_pieces(&l, ranking->load_spec);
    trials_piece(&l, ranking);
    line_end(&l);
    if (!other_class && ranking->connections == CONNECTION_PERSISTENT)
        return;
    line_begin(&l, s, "", 0);
    line_piece(&l, 1, STYLE_BOLD, "%s",
               ranking->connections == CONNECTION_EACH ? "a connection a request"
                                                       : "kept connections");
    if (other_class)
        line_piece(&l, 0, STYLE_PLAIN, ": no order across the two classes");
    line_end(&l);
}

static const char *p99_title(const struct ranking *ranking)
{
    if (shows_share(ranking))
        return "p99@70%";
    return is_closed(ranking) ? "p99 (closed)" : "p99";
}

/* The bar gives way before a column does. */
static void print_table(const struct screen *s, const struct ranking *ranking)
{
    const struct column usual[COLUMN_COUNT] = {
        [COLUMN_RANK] = {"rank",                 true },
        [COLUMN_SERVER] = { "server",              true },
        [COLUMN_RATE] = { "req/s",               false},
        [COLUMN_INTERVAL] = { "95 % CI",             true },
        [COLUMN_SECONDS] = { "total",               false},
        [COLUMN_EACH] = { "each",                false},
        [COLUMN_RELATIVE] = { "× best",             false},
        [COLUMN_BAR] = { "0       0.5       1", true },
        [COLUMN_P99] = { p99_title(ranking),    false},
        [COLUMN_CPU] = { "CPU/req",             false},
        [COLUMN_SERVICES] = { "service CPU",         false},
        [COLUMN_RSS] = { "rss peak",            false},
        [COLUMN_PSS] = { "pss peak",            false},
        [COLUMN_READY] = { "ready",               false},
    };
    struct column columns[TABLE_COLUMNS_MAX];
    size_t meanings[TABLE_COLUMNS_MAX],
        more = s->percentiles == NULL ? 0 : s->percentiles->count - 1;
    size_t count =
        table_ask(s->percentiles, usual, COLUMN_COUNT, COLUMN_P99, COLUMN_P99, columns, meanings);
    struct view view = { s, ranking, 20, meanings };
    struct table table = {
        s, columns, COLUMN_RSS + 1 + more, table_rows(ranking), ranking_cell, &view, 0, 2,
    };

    if (table.row_count == 0)
        return;
    if (table_width(&table) > s->width) {
        columns[COLUMN_BAR].title = "0   0.5  1";
        view.bar_cells = 10;
    }
    if (table_width(&table) > s->width)
        view.bar_cells = 0;
    table.column_count = count;
    table_print(&table);
}

/* The usual title says it; those that were asked for have no room to. */
static void asked_note(const struct screen *s, const struct ranking *ranking)
{
    const char *loop = shows_share(ranking) ? "open loop at 70 % of what each reaches here"
                       : is_closed(ranking) ? "a closed loop, which hides queueing"
                                            : "open loop";
    struct line l;

    if (s->percentiles == NULL || table_rows(ranking) == 0)
        return;
    line_begin(&l, s, "", 0);
    line_prose(&l, STYLE_PLAIN,
               "percentiles: response times in %s; – where there are too few samples", loop);
    line_end(&l);
}

/* A row that is refused as a whole is told of below, with the reason. */
static void refused_p99s(const struct screen *s, const struct ranking *ranking)
{
    bool any = false;
    struct line l;

    line_begin(&l, s, "–", 2);
    for (size_t i = 0; i < table_rows(ranking); i++) {
        const struct ranking_row *row = &ranking->rows[i];
        const struct check *by = p99_refused(ranking, row);

        if (by == NULL || row->refused)
            continue;
        line_piece(&l, 0, STYLE_PLAIN,
                   any                      ? ","
                   : s->percentiles != NULL ? "percentiles are refused:"
                                            : "p99 is refused:");
        any = true;
        line_words(&l, STYLE_PLAIN, slice_of(row->target));
        line_piece(&l, 1, STYLE_PLAIN, "(%s)", check_name(by->id));
    }
    if (any)
        line_end(&l);
}

static void print_ranking(const struct screen *s, const struct ranking *ranking, bool other_class)
{
    heading(s, ranking, other_class);
    print_table(s, ranking);
    asked_note(s, ranking);
    refused_p99s(s, ranking);
    ranking_notes(s, ranking);
    fputc('\n', s->out);
}

void ranking_tables(const struct screen *s, const struct ranking *rankings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!ranking_is_stage(&rankings[i]))
            print_ranking(s, &rankings[i], has_other_class(rankings, count, &rankings[i]));
    stage_tables(s, rankings, count, true);
    footprint_table(s, rankings, count);
}
