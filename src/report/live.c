#include "report/live.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "report/number_priv.h"

#define REPAINT_NS (SECOND_NS / 4)
#define LOG_NS     (30 * SECOND_NS)

#define HEIGHT_MAX   100
#define REGION_BYTES 65536 /* HEIGHT_MAX lines of SCREEN_WIDTH_MAX columns, 6 bytes each */
#define LABEL        13    /* "measure      " */
#define NAME_MAX     28
#define SPARK_MAX    24

/* A repaint is made here and written in one piece, so that it does not flicker. */
struct region {
    int width, height; /* of the terminal; lines are cut to it, never wrapped */
    int lines;
    struct text text;
    char bytes[REGION_BYTES];
};

struct live {
    struct screen screen;
    bool quiet;
    bool painted;
    struct mono painted_at;
    int lines; /* of ours that are on the screen now */
    struct region region;

    /* The phase that goes on, and how long the warm-up took. */
    bool single; /* a load, not a suite */
    char phase[32];
    struct mono seen_at;
    int64_t elapsed_ns, total_ns, warmup_ns;
    struct mono logged_at;
};

static const char *text_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

struct live *live_new(const struct screen *screen, bool quiet)
{
    struct live *live = calloc(1, sizeof(*live));

    if (live == NULL)
        return NULL;
    live->screen = *screen;
    live->quiet = quiet;
    return live;
}

void live_free(struct live *live)
{
    live_clear(live);
    free(live);
}

/* ---- one line of the region ---- */

struct row {
    const struct screen *s;
    struct text text;
    char bytes[4096];
};

static void row_begin(struct row *row, const struct screen *s)
{
    row->s = s;
    row->text = TEXT(row->bytes);
    row->bytes[0] = '\0';
}

__attribute__((format(printf, 2, 3))) static void row_add(struct row *row, const char *fmt, ...)
{
    char own[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(own, sizeof(own), fmt, args);
    va_end(args);
    screen_add(row->s, &row->text, slice_of(own));
}

static void row_foreign(struct row *row, const char *foreign)
{
    screen_add_foreign(row->s, &row->text, slice_of(text_or_empty(foreign)));
}

static void row_pad(struct row *row, int column)
{
    while (screen_columns(row->bytes) < column && !row->text.cut)
        text_add(&row->text, SLICE(" "));
}

static void row_styled(struct row *row, enum screen_style style, const char *own)
{
    text_add(&row->text, slice_of(screen_style(row->s, style)));
    screen_add(row->s, &row->text, slice_of(own));
    text_add(&row->text, slice_of(screen_style(row->s, STYLE_PLAIN)));
}

/* The last column stays free: some terminals wrap when it is written. A cut may fall between a
 * style and its end, so the end is written again. */
static void row_end(struct row *row, struct region *region)
{
    if (region->lines >= region->height - 1)
        return;
    row->text.len = screen_cut(row->bytes, region->width - 1);
    text_add(&region->text, SLICE("\033[2K"));
    text_add(&region->text, (struct slice){ row->bytes, row->text.len });
    text_add(&region->text, slice_of(screen_style(row->s, STYLE_PLAIN)));
    text_add(&region->text, SLICE("\n"));
    region->lines++;
}

static void label(struct row *row, const struct screen *s, const char *text)
{
    row_begin(row, s);
    row_styled(row, STYLE_BOLD, text);
    row_pad(row, LABEL);
}

/* ---- parts ---- */

static double share_done(const struct live_trial *t)
{
    if (t->wanted > 0)
        return (double)t->done / (double)t->wanted;
    return t->total_ns > 0 ? (double)t->elapsed_ns / (double)t->total_ns : nan("");
}

static void add_progress(struct row *row, double share, int cells)
{
    int full;

    if (!isfinite(share))
        return;
    full = (int)(fmin(fmax(share, 0), 1) * cells);
    for (int i = 0; i < cells; i++)
        row_add(row, "%s", i < full ? "━" : i == full ? "╸" : "·");
    row_add(row, "  ");
}

static int progress_cells(const struct region *region)
{
    int room = region->width - 60;

    return room > 40 ? 40 : room < 8 ? 8 : room;
}

static void add_sparkline(struct row *row, const double *rates, size_t count)
{
    static const char *const levels[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    size_t first = count > SPARK_MAX ? count - SPARK_MAX : 0;
    double highest = 0;

    for (size_t i = first; i < count; i++)
        highest = fmax(highest, rates[i]);
    for (size_t i = first; i < count; i++) {
        int level = highest > 0 ? (int)(rates[i] / highest * 7.999) : 0;

        row_add(row, "%s", levels[level < 0 ? 0 : level > 7 ? 7 : level]);
    }
    if (count > 0)
        row_add(row, "  ");
}

static void add_elapsed(struct row *row, const struct live_trial *t)
{
    if (t->in_process) {
        row_add(row, "process %s of %s", number_whole(t->done).text, number_whole(t->wanted).text);
        return;
    }
    row_add(row, "%s", number_duration((double)t->elapsed_ns).text);
    if (t->total_ns > 0)
        row_add(row, " / %s", number_duration((double)t->total_ns).text);
    if (t->wanted > 0)
        row_add(row, "   %s of %s requests", number_whole(t->done).text,
                number_whole(t->wanted).text);
    if (t->total_ns > t->elapsed_ns)
        row_add(row, "   %s left", number_duration((double)(t->total_ns - t->elapsed_ns)).text);
}

static void add_latency(struct row *row, const char *name, int64_t ns)
{
    if (ns > 0)
        row_add(row, "%s %s   ", name, number_duration((double)ns).text);
}

static void add_cpus(struct row *row, const char *name, double cpus, int64_t rss_bytes)
{
    if (!(cpus >= 0) && rss_bytes < 0)
        return;
    row_add(row, "%s", name);
    if (cpus >= 0)
        row_add(row, " %.2f cores", cpus);
    if (rss_bytes >= 0)
        row_add(row, "%s %s", cpus >= 0 ? "," : "", number_bytes((double)rss_bytes).text);
    row_add(row, "   ");
}

static void add_errors(struct row *row, uint64_t failed)
{
    char errors[80];

    snprintf(errors, sizeof(errors), "errors %s", number_whole(failed).text);
    row_styled(row, failed > 0 ? STYLE_BAD : STYLE_PLAIN, errors);
}

/* ---- a single load: eight lines ---- */

static void paint_setting(struct live *live, const struct live_trial *t)
{
    const struct screen *s = &live->screen;
    struct row row;

    row_begin(&row, s);
    row_foreign(&row, t->headline);
    row_end(&row, &live->region);
    label(&row, s, "target");
    row_foreign(&row, t->target);
    row_end(&row, &live->region);
    label(&row, s, "check");
    if (text_or_empty(t->check)[0] != '\0')
        row_styled(&row, STYLE_GOOD, "✓ ");
    row_foreign(&row, t->check);
    row_end(&row, &live->region);
    if (live->warmup_ns == 0 || strcmp(text_or_empty(t->phase), "warm-up") == 0)
        return;
    label(&row, s, "warm-up");
    row_styled(&row, STYLE_GOOD, "✓ ");
    row_add(&row, "%s", number_duration((double)live->warmup_ns).text);
    row_end(&row, &live->region);
}

static void paint_progress(struct live *live, const struct live_trial *t)
{
    const struct screen *s = &live->screen;
    struct row row;

    label(&row, s, text_or_empty(t->phase));
    add_progress(&row, share_done(t), progress_cells(&live->region));
    add_elapsed(&row, t);
    row_end(&row, &live->region);
    label(&row, s, "req/s");
    add_sparkline(&row, t->rates, t->rate_count);
    row_add(&row, "now %s   mean %s", number_short(t->now_per_sec).text,
            number_short(t->mean_per_sec).text);
    row_end(&row, &live->region);
    label(&row, s, "latency");
    add_latency(&row, "p50", t->p50_ns);
    add_latency(&row, "p99", t->p99_ns);
    add_latency(&row, "max", t->max_ns);
    add_errors(&row, t->failed);
    row_end(&row, &live->region);
    label(&row, s, "cpu · rss");
    add_cpus(&row, "server", t->server_cpus, t->server_rss_bytes);
    add_cpus(&row, "client", t->client_cpus, -1);
    row_add(&row, "Ctrl-C stops");
    row_end(&row, &live->region);
}

/* ---- a suite: where it is, and a matrix of all trials ---- */

static void paint_now(struct live *live, const struct live_run *run, const struct live_trial *t)
{
    const struct screen *s = &live->screen;
    struct row row;

    label(&row, s, "");
    add_progress(&row, run->count > 0 ? (double)run->done / (double)run->count : 0,
                 progress_cells(&live->region));
    row_add(&row, "%zu/%zu   %s", run->done, run->count,
            number_duration((double)run->elapsed_ns).text);
    if (run->left_ns > 0)
        row_add(&row, ", %s left", number_duration((double)run->left_ns).text);
    row_end(&row, &live->region);
    if (t == NULL)
        return;
    label(&row, s, "now");
    row_foreign(&row, t->target);
    row_add(&row, " · %s ", text_or_empty(t->phase));
    add_elapsed(&row, t);
    if (t->now_per_sec > 0)
        row_add(&row, "   %s req/s", number_short(t->now_per_sec).text);
    if (t->failed > 0)
        row_add(&row, "   ");
    if (t->failed > 0)
        add_errors(&row, t->failed);
    row_end(&row, &live->region);
}

static int name_columns(const struct screen *s, const char *name)
{
    struct row row;

    row_begin(&row, s);
    row_foreign(&row, name);
    return screen_columns(row.bytes);
}

static int widest_name(const struct screen *s, const struct live_run *run)
{
    int widest = LABEL - 2;

    for (size_t i = 0; i < run->row_count; i++) {
        int columns = name_columns(s, run->rows[i]);

        widest = columns > widest ? columns : widest;
    }
    return widest > NAME_MAX ? NAME_MAX : widest;
}

static int widest_title(const struct screen *s, const struct live_run *run)
{
    int widest = 12;

    for (size_t i = 0; i < run->columns && run->column_names != NULL; i++) {
        int columns = name_columns(s, run->column_names[i]);

        widest = columns > widest ? columns : widest;
    }
    return widest > NAME_MAX ? NAME_MAX : widest;
}

static enum live_cell cell_of(const struct live_run *run, size_t row, size_t block, size_t column)
{
    return (enum live_cell)run->cells[(row * run->blocks + block) * run->columns + column];
}

static void add_marks(struct row *out, const struct live_run *run, size_t row, size_t column)
{
    for (size_t block = 0; block < run->blocks; block++) {
        switch (cell_of(run, row, block, column)) {
        case LIVE_TO_COME:
            row_add(out, "·");
            break;
        case LIVE_RUNNING:
            row_add(out, "◐");
            break;
        case LIVE_DONE:
            row_add(out, "●");
            break;
        case LIVE_FAILED:
            row_styled(out, STYLE_BAD, "✗");
            break;
        }
    }
}

/* Where the marks do not fit: "7/30 ✗1". */
static void add_counts(struct row *out, const struct live_run *run, size_t row, size_t column)
{
    size_t done = 0, failed = 0;

    for (size_t block = 0; block < run->blocks; block++) {
        done += cell_of(run, row, block, column) == LIVE_DONE;
        failed += cell_of(run, row, block, column) == LIVE_FAILED;
    }
    row_add(out, "%zu/%zu", done, run->blocks);
    if (failed > 0)
        row_add(out, " ✗%zu", failed);
}

static void paint_matrix_row(struct live *live, const struct live_run *run, size_t index,
                             int name_width, int cell_width, bool marks)
{
    struct row row;
    int at = name_width + 2;

    row_begin(&row, &live->screen);
    row_foreign(&row, run->rows[index]);
    row.text.len = screen_cut(row.bytes, name_width);
    row.bytes[row.text.len] = '\0';
    for (size_t c = 0; c < run->columns; c++, at += cell_width + 2) {
        double median = run->medians == NULL ? nan("") : run->medians[index * run->columns + c];

        row_pad(&row, at);
        if (marks)
            add_marks(&row, run, index, c);
        else
            add_counts(&row, run, index, c);
        if (isfinite(median)) {
            row_pad(&row, at + cell_width - 5);
            row_add(&row, "%5s", number_short(median).text);
        }
    }
    row_end(&row, &live->region);
}

static void paint_matrix(struct live *live, const struct live_run *run)
{
    int name_width = widest_name(&live->screen, run);
    int title_width = widest_title(&live->screen, run);
    int marks_width = (int)run->blocks + 7; /* and a median: "  47.6k" */
    int cell_width = marks_width > title_width ? marks_width : title_width;
    bool marks = name_width + (int)run->columns * (cell_width + 2) < live->region.width;
    struct row row;

    if (!marks)
        cell_width = title_width > 16 ? title_width : 16;

    row_begin(&row, &live->screen);
    row_end(&row, &live->region);
    row_begin(&row, &live->screen);
    for (size_t c = 0; c < run->columns; c++) {
        int at = name_width + 2 + (int)c * (cell_width + 2);

        row_pad(&row, at);
        row_foreign(&row, run->column_names == NULL ? "" : run->column_names[c]);
        row.text.len = screen_cut(row.bytes, at + cell_width);
        row.bytes[row.text.len] = '\0';
    }
    row_end(&row, &live->region);
    for (size_t i = 0; i < run->row_count; i++)
        paint_matrix_row(live, run, i, name_width, cell_width, marks);
}

/* ---- on a terminal ---- */

/* Asked anew for each repaint: people resize windows. */
static void region_begin(struct live *live)
{
    struct winsize size;
    int fd = fileno(live->screen.out);

    live->region.width = live->screen.width;
    live->region.height = 24;
    if (fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        live->region.width = size.ws_col < SCREEN_WIDTH_MAX ? size.ws_col : SCREEN_WIDTH_MAX;
        live->region.height = size.ws_row < HEIGHT_MAX ? size.ws_row : HEIGHT_MAX;
    }
    live->region.lines = 0;
    live->region.text = TEXT(live->region.bytes);
}

/* To where the region begins. */
static void add_return(struct live *live)
{
    if (live->lines > 0)
        text_format(&live->region.text, "\r\033[%dA", live->lines);
}

static void paint(struct live *live, const struct live_run *run, const struct live_trial *trial)
{
    struct row row;

    region_begin(live);
    add_return(live);
    if (run == NULL && trial != NULL) {
        paint_setting(live, trial);
        paint_progress(live, trial);
    } else if (run != NULL) {
        row_begin(&row, &live->screen);
        row_foreign(&row, run->title);
        row_end(&row, &live->region);
        paint_now(live, run, trial);
        paint_matrix(live, run);
    }
    /* What an earlier, longer region left below. */
    text_add(&live->region.text, SLICE("\033[J"));
    live->lines = live->region.lines;
    fwrite(live->region.text.ptr, 1, live->region.text.len, live->screen.out);
    fflush(live->screen.out);
}

/* ---- in a log ---- */

static void log_phase_end(struct live *live, struct mono now, const char *next)
{
    int64_t ns = live->elapsed_ns + mono_diff_ns(live->seen_at, now);
    const char *words =
        strcmp(live->phase, "build") == 0     ? "built"
        : strcmp(live->phase, "start") == 0   ? "ready"
        : strcmp(live->phase, "warm-up") == 0 ? "warm-up ok"
        : strcmp(live->phase, "measure") == 0
            ? (strcmp(next, "warm-up") == 0 ? "still warming up: the window begins anew after"
                                            : "measured")
        : strcmp(live->phase, "prove") == 0 ? "proved"
                                            : NULL;

    if (words == NULL)
        return;
    /* It ended somewhere between two looks, and not after its time. */
    if (live->total_ns > 0 && ns > live->total_ns)
        ns = live->total_ns;
    fprintf(live->screen.out, "%s %.1fs\n", words, (double)ns / 1e9);
    fflush(live->screen.out);
}

static void log_status(struct live *live, const struct live_run *run, const struct live_trial *t)
{
    struct row row;

    row_begin(&row, &live->screen);
    if (run != NULL && !t->in_process)
        row_add(&row, "[%zu/%zu] ", run->done + 1, run->count);
    row_foreign(&row, t->target);
    row_add(&row, " %s ", text_or_empty(t->phase));
    if (t->in_process || t->elapsed_ns > 0) /* else nobody measured it */
        add_elapsed(&row, t);
    if (!t->in_process && (t->total_ns > 0 || t->wanted > 0)) { /* it is driven */
        row_add(&row, "   %s req/s   ", number_short(t->mean_per_sec).text);
        add_errors(&row, t->failed);
    }
    fprintf(live->screen.out, "%s\n", row.bytes);
    fflush(live->screen.out);
}

/* ---- both ---- */

static void change_phase(struct live *live, struct mono now, const char *phase)
{
    if (strcmp(live->phase, phase) == 0)
        return;
    if (!live->quiet && !live->screen.terminal && live->single)
        log_phase_end(live, now, phase);
    live->logged_at = now;
    snprintf(live->phase, sizeof(live->phase), "%s", phase);
}

static void note_phase(struct live *live, struct mono now, const struct live_trial *t)
{
    const char *phase = t == NULL ? "" : text_or_empty(t->phase);

    change_phase(live, now, phase);
    live->seen_at = now;
    live->elapsed_ns = t == NULL ? 0 : t->elapsed_ns;
    live->total_ns = t == NULL ? 0 : t->total_ns;
    if (strcmp(phase, "warm-up") == 0)
        live->warmup_ns = live->elapsed_ns;
}

void live_show(struct live *live, struct mono now, const struct live_run *run,
               const struct live_trial *trial)
{
    if (live == NULL)
        return;
    live->single = run == NULL;
    note_phase(live, now, trial);
    if (live->quiet)
        return;
    if (!live->screen.terminal) {
        if (trial != NULL && mono_diff_ns(live->logged_at, now) >= LOG_NS) {
            log_status(live, run, trial);
            live->logged_at = now;
        }
        return;
    }
    if (live->painted && mono_diff_ns(live->painted_at, now) < REPAINT_NS)
        return;
    paint(live, run, trial);
    live->painted = true;
    live->painted_at = now;
}

static void take_off(struct live *live)
{
    if (live->lines > 0)
        fprintf(live->screen.out, "\r\033[%dA\033[J", live->lines);
    fflush(live->screen.out);
    live->lines = 0;
    live->painted = false;
}

void live_status(struct live *live, const struct live_run *run, const struct live_trial *trial)
{
    if (live == NULL || trial == NULL)
        return;
    take_off(live);
    log_status(live, run, trial);
}

void live_clear(struct live *live)
{
    if (live == NULL)
        return;
    change_phase(live, live->seen_at, "");
    take_off(live);
}
